"""`look.toml` as a format: versions, every number's limits, the line of a fault, and files from strangers."""

from __future__ import annotations

from dataclasses import fields
from pathlib import Path

import numpy as np
import pytest

from lichtbild.errors import RecipeError
from lichtbild.look import catalog, look, reading
from lichtbild.look.lines import places
from lichtbild.look.numbers import SECTIONS, HueMove
from lichtbild.recipe import Recipe

WHOLE = """\
format = 2
title = "Evening" # [tone]
version = "1.2"
author = "Somebody"
license = "CC BY 4.0"
notes = \"\"\"
[tone]
contrast = 9
\"\"\"

[tone]
contrast = 1.2
points = [
  [0.25, 0.2], # a comment ] with brackets [
  [0.75, 0.8],
]

[[hue]]
at = 135
[[hue]] # the second
at = 250
chroma = 0.1

[mono]
filter = 'yellow'
"""


def written(folder: Path, text: str) -> Path:
    path = folder / "evening" / "look.toml"
    path.parent.mkdir(exist_ok=True)
    path.write_text(text, encoding="utf-8")
    return path


def refused(folder: Path, text: str) -> str:
    with pytest.raises(RecipeError) as caught:
        look.read(written(folder, text))
    assert "\n" not in str(caught.value)
    return str(caught.value)


def test_everything_is_read(tmp_path: Path) -> None:
    found = look.read(written(tmp_path, WHOLE))
    assert (found.name, found.version, found.author, found.license) == ("evening", "1.2", "Somebody", "CC BY 4.0")
    assert found.notes == "[tone]\ncontrast = 9" and found.tone.contrast == 1.2
    assert found.tone.points == ((0.0, 0.0), (0.25, 0.2), (0.75, 0.8), (1.0, 1.0))
    assert [move.at for move in found.hue] == [135, 250] and found.mono and found.mono.filter == "yellow"
    assert found.swatch is None
    (tmp_path / "evening" / "swatch.png").write_bytes(b"")
    assert look.read(tmp_path / "evening" / "look.toml").swatch == tmp_path / "evening" / "swatch.png"


@pytest.mark.parametrize(
    ("old", "new", "line", "words"),
    [
        ("contrast = 1.2", "contrast = 5", 12, "tone.contrast is 5; allowed is a number from 1.0 to 1.6"),
        ("contrast = 1.2", "contrast = nan", 12, "tone.contrast"),
        ("contrast = 1.2", "contrast = -inf", 12, "tone.contrast"),
        ("contrast = 1.2", "contrast = true", 12, "tone.contrast"),
        ("contrast = 1.2", "contrast = " + "9" * 3000, 12, "tone.contrast"),
        ("contrast = 1.2", "contrats = 1.2", 12, "tone.contrats is not known; allowed are contrast, toe"),
        ("[0.75, 0.8]", "[0.75, 0.1]", 13, "2 to 16 pairs"),
        ("[0.75, 0.8]", "[0.25, 0.8]", 13, "2 to 16 pairs"),
        ("[0.75, 0.8]", '["a", 0.8]', 13, "2 to 16 pairs"),
        ("at = 250", "at = 400", 21, "hue.at is 400; allowed is a number from 0.0 to 360.0 °"),
        ("at = 135", "at = -1", 19, "hue.at is -1"),
        ("chroma = 0.1", "chrome = 0.1", 22, "hue.chrome is not known"),
        ("'yellow'", "'pink'", 25, "allowed is none, yellow"),
        ("'yellow'", "3", 25, "mono.filter is 3"),
        ("[mono]", "[mona]", 24, "'mona' is not known; allowed are format"),
        ("format = 2", "format = 2\nlinear = true", 12, "linear = true stands alone; nothing is done of tone"),
        ("format = 2", "format = 3", 1, "newer"),
        ("format = 2", "format = 0", 1, "format is 0"),
        ("format = 2", "format = true", 1, "format is True"),
        ("format = 2", "format = 1", 3, "version came with format 2"),
        ('"1.2"', '"' + "x" * 41 + '"', 3, "40 characters"),
        ('"Somebody"', '"a\\u0000b"', 4, "author"),
        ("'yellow'", "'yellow'\nred = 0.9", 24, "add up to 1"),
        ("'yellow'", "'yellow'\n[lut]\nstrength = 0.5", 26, "lut.file is missing"),
        ("'yellow'", "'yellow'\n[lut]\nfile = 7", 27, "the name of a file"),
        ("contrast = 1.2", "contrast = ", 12, "not a readable look"),
        ("contrast = 1.2", "contrast = 1.2\ncontrast = 1.2", 13, "not a readable look"),
    ],
)
def test_a_fault_is_told_with_its_line(tmp_path: Path, old: str, new: str, line: int, words: str) -> None:
    said = refused(tmp_path, WHOLE.replace(old, new, 1))
    assert said.startswith(f"{tmp_path / 'evening' / 'look.toml'}:{line}: ") and words in said and len(said) < 700, said


@pytest.mark.parametrize("section", [*SECTIONS, "hue"])
def test_every_number_has_limits_that_hold(tmp_path: Path, section: str) -> None:
    for f in fields(SECTIONS.get(section, HueMove)):
        if "low" not in f.metadata or "most" in f.metadata:
            continue
        low, high = f.metadata["low"], f.metadata["high"]
        head = f"format = 2\n{'[[hue]]' if section == 'hue' else f'[{section}]'}\n"
        head += 'file = "a.cube"\n' if section == "lut" else ""
        for value in (low, high):
            if section != "mono":  # whose shares must add up
                look.read(written(tmp_path, f"{head}{f.name} = {value}\n"))
        for value in (low - 0.01, high + 0.01, 1e300):
            said = refused(tmp_path, f"{head}{f.name} = {value}\n")
            assert f":{head.count(chr(10)) + 1}: {section}.{f.name} is {value}; allowed" in said, said


def test_older_files_mean_what_they_did(tmp_path: Path) -> None:
    text = 'title = "A"\n[tone]\ncontrast = 1.4\n[[hue]]\nat = 30\nrotate = -4\n[mono]\nred = 0.3\n'
    old, new = look.read(written(tmp_path, text)), look.read(written(tmp_path, "format = 2\n" + text))
    assert old == new
    said = refused(tmp_path, text + "[grain]\nstrength = 0.1\n")
    assert ":9: grain came with format 2; write format = 2 at the top" in said
    assert ":4: tone.points came with format 2" in refused(tmp_path, text.replace("1.4", "1.4\npoints = [[0.5, 0.6]]"))


def test_keys_are_found_in_every_way_of_writing_them() -> None:
    text = "tone.contrast = 1.2\ncolor = { saturation = 1 }\n\n[\"tone\"]\n'toe' = 3\n[a.b]\nx = [1,\n 2]\ny = 1\n"
    found = places(text)
    assert found["tone", 0, "contrast"] == 1 and found["color", 0, ""] == 2 and found["tone", 0, "toe"] == 5
    assert found["a.b", 0, "x"] == 7 and found["a.b", 0, "y"] == 9


@pytest.mark.parametrize(
    "content",
    [
        b"\xff\xfe\x00",
        b"a = " + b"[" * 5000,
        b"x" * (reading.LARGEST + 1),
        b"a=1\n" * 3000,
        b"\0" * 100,
        b"[[hue]]\n" * 17,
    ],
)
def test_files_from_strangers_are_refused(tmp_path: Path, content: bytes) -> None:
    path = written(tmp_path, "")
    path.write_bytes(content)
    with pytest.raises(RecipeError) as caught:
        look.read(path)
    assert "\n" not in str(caught.value) and str(caught.value).startswith(str(path))


def test_broken_files_never_do_worse_than_be_refused(tmp_path: Path) -> None:
    path, rng = written(tmp_path, ""), np.random.default_rng(0)
    data, alphabet = WHOLE.encode(), b"[]{}=\"'#.,\n\\ 019e-xtrue\xc3\x00"
    for trial in range(400):
        broken = bytearray(data)
        for _ in range(1 + trial % 6):
            at = int(rng.integers(0, len(broken)))
            broken[at : at + int(rng.integers(0, 3))] = bytes(
                rng.choice(list(alphabet), int(rng.integers(0, 4))).tolist()
            )
        path.write_bytes(broken)
        try:
            look.read(path)
        except RecipeError as error:
            assert "\n" not in str(error)


def test_a_look_is_named_by_itself_or_by_its_folder(tmp_path: Path) -> None:
    path = written(tmp_path, WHOLE)
    for name in (str(path.parent), str(path)):
        assert Recipe(look=name).look == name and look.load(name).title == "Evening"
    assert catalog.folder("natural") == catalog.LOOKS / "natural"
    for name in ("", "nothing", "../looks", str(tmp_path), "x" * 5000, "a\0b", "~nobody/x", 3):
        with pytest.raises(RecipeError) as caught:
            Recipe(look=name)
        assert "\n" not in str(caught.value) and len(str(caught.value)) < 1500


def test_a_look_that_was_changed_is_read_again(tmp_path: Path) -> None:
    path = written(tmp_path, 'title = "A"\n')
    assert look.load(str(path.parent)).title == "A"
    written(tmp_path, 'title = "Another"\n')
    assert look.load(str(path.parent)).title == "Another"
