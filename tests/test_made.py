"""A photograph's own recipe makes it again, bit for bit, in every format; what is other than it was is told."""

from __future__ import annotations

import json
import shutil
import struct
import subprocess
import zlib
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import imagecodecs
import numpy as np
import pytest

from lichtbild import made
from lichtbild.cli.root import root
from lichtbild.errors import LichtbildError, RecipeError
from lichtbild.look.catalog import folder
from lichtbild.metadata.packets import packets
from lichtbild.recipe import Recipe, load
from lichtbild.report import Report
from test_output_save import META, RECIPE, picture

ALL = {
    "--look": "vibrant",
    "--ev": "0.35",
    "--wb": "4800,7",
    "--reference": "2",
    "--denoise": "0.6",
    "--sharpen": "1.4",
    "--lens": "file",
    "--size": "300",
    "--quality": "83",
    "--space": "p3",
    "--hdr": "on",
}
ENDINGS = ["jpg", "png", "tif", "avif", "jxl", "heic", "exr", "dng"]
Run = Callable[..., str]


@pytest.fixture
def run(capsys: pytest.CaptureFixture[str]) -> Run:
    """Runs a command in this process; what it said on standard error."""

    def run(*args: str | Path) -> str:
        capsys.readouterr()
        root.main([str(a) for a in args], standalone_mode=False)
        return capsys.readouterr().err

    return run


@pytest.fixture(scope="module")
def shots(tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    folder = tmp_path_factory.mktemp("burst")
    size = ["--frames", "3", "--size", "400x300", "--iso", "400", "--truth", "none"]
    root.main(["simulate", "still-life", "-o", str(folder), *size], standalone_mode=False)
    return sorted(folder.glob("shot_*.dng"))


def without_heif(ending: str) -> None:
    if ending == "heic":
        pytest.importorskip("pillow_heif")


@pytest.mark.parametrize("ending", ENDINGS)
def test_bit_for_bit_with_every_option(shots: list[Path], tmp_path: Path, run: Run, ending: str) -> None:
    without_heif(ending)
    first, again = tmp_path / f"a.{ending}", tmp_path / f"b.{ending}"
    options = ALL if ending not in ("png", "tif") else {**ALL, "--hdr": "off"}
    run("develop", *shots, "-o", first, "--strip-location", *[w for pair in options.items() for w in pair])
    assert run("develop", *reversed(shots), "-o", again, "--recipe", first) == ""
    assert again.read_bytes() == first.read_bytes()
    its = made.read(first)
    assert its and its.frames == tuple(s.name for s in shots) and its.digests == tuple(made.digest(s) for s in shots)
    assert its.decided and its.decided["burst"]["reference"] == 2 and its.software.startswith("Lichtbild ")
    recipe = load(first)
    assert (recipe.ev, recipe.wb, recipe.size, recipe.strip_location) == (0.35, "4800,7", 300, True)


def test_options_go_before_the_photograph(shots: list[Path], tmp_path: Path, run: Run) -> None:
    run("develop", *shots, "-o", tmp_path / "a.jpg", "--ev", "0.5", "--look", "mono")
    run("develop", *shots, "-o", tmp_path / "b.jpg", "--recipe", tmp_path / "a.jpg", "--ev", "-1")
    assert (load(tmp_path / "b.jpg").ev, load(tmp_path / "b.jpg").look) == (-1, "mono")
    run("develop", *shots, "-o", tmp_path / "c.avif", "--recipe", tmp_path / "a.jpg")  # 8 bits are the JPEG's
    assert (load(tmp_path / "c.avif").depth, load(tmp_path / "c.avif").ev) == ("10", 0.5)
    run("develop", *shots, "-o", tmp_path / "d.jpg", "--recipe", tmp_path / "c.avif")
    assert (tmp_path / "d.jpg").read_bytes() == (tmp_path / "a.jpg").read_bytes()


def test_it_is_read_after_another_program_wrote_the_file(shots: list[Path], tmp_path: Path, run: Run) -> None:
    if not shutil.which("exiftool"):
        pytest.skip("exiftool is not installed")
    for ending in ("jpg", "png", "tif", "jxl", "dng", "heic"):
        without_heif(ending)
        path = tmp_path / f"a.{ending}"
        run("develop", *shots, "-o", path, "--ev", "0.25")
        subprocess.run(["exiftool", "-q", "-overwrite_original", "-XMP-dc:Title=x", path], check=True)
        assert load(path).ev == 0.25, ending


def test_other_frames_are_told(shots: list[Path], tmp_path: Path, run: Run) -> None:
    photo = tmp_path / "a.jpg"
    run("develop", *shots, "-o", photo)
    told = run("develop", *shots[:2], "-o", tmp_path / "b.jpg", "--recipe", photo)
    assert "a.jpg was made with shot_03.dng; its settings" in told
    other = tmp_path / "other.dng"
    shutil.copy(shots[0], other)
    told = run("develop", other, "-o", tmp_path / "c.jpg", "--recipe", photo)
    assert "of other frames (shot_01.dng, shot_02.dng, shot_03.dng)" in told
    changed = tmp_path / shots[0].name
    data = bytearray(shots[0].read_bytes())
    data[-1000:] = bytes(1000)
    changed.write_bytes(data)
    told = run("develop", changed, *shots[1:], "-o", tmp_path / "d.jpg", "--recipe", photo)
    assert "same names but other contents (shot_01.dng)" in told


def test_a_look_that_was_changed_under_its_name_is_told(shots: list[Path], tmp_path: Path, run: Run) -> None:
    look = tmp_path / "mine"
    shutil.copytree(folder("soft"), look)
    run("develop", shots[0], "-o", tmp_path / "a.jpg", "--look", look)
    assert run("develop", shots[0], "-o", tmp_path / "b.jpg", "--recipe", tmp_path / "a.jpg") == ""
    assert (tmp_path / "b.jpg").read_bytes() == (tmp_path / "a.jpg").read_bytes()
    (look / "look.toml").write_text((look / "look.toml").read_text() + "\n# another idea\n")
    told = run("develop", shots[0], "-o", tmp_path / "c.jpg", "--recipe", tmp_path / "a.jpg")
    assert "other decided numbers (look)" in told


def resolved(**changes: Any) -> dict[str, Any]:
    return {
        "software": "Lichtbild 0.1.0",
        "frames": ["a.dng"],
        "digests": ["1"],
        "settings": {"ev": 0.0},
        "decided": {"look": {"ev": 1.5}, "burst": {"used": 1}},
        **changes,
    }


def test_other_numbers_are_told_once() -> None:
    its = made.Made(Path("p.jpg"), {"ev": 0.0}, ("a.dng",), ("1",), {"look": {"ev": 1.25}}, "Lichtbild 0.0.9")
    for change, words in (
        ({}, "other decided numbers (look), by Lichtbild 0.0.9"),
        ({"settings": {"ev": 1.0}}, ""),  # which is what was asked for
        ({"decided": {"look": {"ev": 1.25}, "burst": {"used": 1}}}, ""),
        ({"digests": ["2"]}, "same names but other contents (a.dng)"),
        ({"digests": ["2"], "frames": ["b.dng"]}, "of other frames (a.dng)"),
    ):
        report = Report()
        made.compare(its, resolved(**change), report)
        assert len(report.notices) == bool(words) and words in "".join(report.notices)


@pytest.mark.parametrize("software", ["Lichtbild 0.2", "Lichtbild 12.0.1", "Lichtbild 0.1.0.1"])
def test_a_newer_version_is_refused(tmp_path: Path, software: str) -> None:
    picture(recipe={**RECIPE, "software": software}).save(tmp_path / "a.jpg")
    with pytest.raises(RecipeError, match=r"a\.jpg: was made by Lichtbild .* newer than this .*update"):
        load(tmp_path / "a.jpg")
    (tmp_path / "report.json").write_text(json.dumps({"software": software, "settings": {"ev": 1}}))
    with pytest.raises(RecipeError, match="newer"):
        load(tmp_path / "report.json")


def test_a_look_that_is_missing_is_refused(tmp_path: Path) -> None:
    for look in ("no-such-look", "some-pack/evening@1.2"):
        picture(recipe={**RECIPE, "settings": {"look": look}}).save(tmp_path / "a.jpg", overwrite=True)
        with pytest.raises(LichtbildError, match=r"a\.jpg: .*(no-such-look|some-pack)"):
            load(tmp_path / "a.jpg")


@pytest.mark.parametrize("ending", [e for e in ENDINGS if e != "dng"])
def test_damaged_files_are_refused_in_one_line(tmp_path: Path, ending: str) -> None:
    without_heif(ending)
    path = tmp_path / f"a.{ending}"
    dtype: Any = np.float32 if ending == "exr" else np.uint8
    depth = {"exr": "16f"}.get(ending, "8")
    picture(dtype, recipe={**RECIPE, "settings": {"ev": 1.0, "depth": depth}}).save(path)
    assert load(path).ev == 1.0
    whole = path.read_bytes()
    end = min(whole.index(b"lichtbild:Settings") + 300, len(whole))
    pieces = [whole[:n] for n in range(0, len(whole), max(1, len(whole) // 40))]
    pieces += [whole[:n] + bytes([whole[n] ^ 0xFF]) + whole[n + 1 :] for n in range(0, end, 37)]
    for piece in pieces:
        path.write_bytes(piece)
        try:
            assert isinstance(load(path), Recipe)
        except RecipeError as error:
            assert str(error).startswith(str(path)) and "\n" not in str(error)


def test_a_recipe_in_extended_xmp_is_read_back(tmp_path: Path) -> None:
    frames = [f"{i}{'n' * 200}.dng" for i in range(600)]
    shifts = {"burst": {"shifts": [[i, i / 7] for i in range(9000)]}}
    picture(recipe={**RECIPE, "frames": frames, "decided": shifts, "settings": {"ev": 1.0}}).save(tmp_path / "a.jpg")
    assert len(packets(tmp_path / "a.jpg")) == 2
    its = made.read(tmp_path / "a.jpg")
    assert its and list(its.frames) == frames and its.decided == shifts and load(tmp_path / "a.jpg").ev == 1.0


def test_packets_as_other_programs_pack_them(tmp_path: Path) -> None:
    """Compressed text of a PNG, ImageMagick's hexadecimal digits in one, and a box that libjxl compressed."""
    picture(recipe=RECIPE).save(tmp_path / "a.png")
    (packet,) = packets(tmp_path / "a.png")

    def chunk(kind: bytes, body: bytes) -> bytes:
        return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))

    digits = f"\nxmp\n{len(packet):8d}\n{packet.hex()}\n".encode()
    head = b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", bytes(13))
    forms = {
        "packed.png": head + chunk(b"iTXt", b"XML:com.adobe.xmp\0\1\0\0\0" + zlib.compress(packet)),
        "digits.png": head + chunk(b"zTXt", b"Raw profile type xmp\0\0" + zlib.compress(digits)),
    }
    packed = b"xml " + imagecodecs.brotli_encode(packet)
    boxes = (b"JXL ", b"\r\n\x87\n"), (b"ftyp", b"jxl \0\0\0\0jxl "), (b"brob", packed)
    forms["a.jxl"] = b"".join(struct.pack(">I", len(body) + 8) + kind + body for kind, body in boxes)
    for name, data in forms.items():
        (tmp_path / name).write_bytes(data)
        assert packets(tmp_path / name) == [packet], name
        assert load(tmp_path / name) == load(tmp_path / "a.png")
        for cut in (7, 20, 200):  # what is left of one is no packet, or a shorter one
            (tmp_path / name).write_bytes(data[:-cut] + bytes(cut % 2 * cut))
            assert all(packet.startswith(found[:100]) for found in packets(tmp_path / name))


def test_what_is_no_photograph_of_ours_holds_no_recipe(tmp_path: Path) -> None:
    for name, data in (("a.jpg", b"\xff\xd8\xff\xe0\0\4ab\xff\xd9"), ("b.jpg", b""), ("c.avif", b"\0\0\0\x10ftypavif")):
        (tmp_path / name).write_bytes(data)
        with pytest.raises(RecipeError, match="no recipe is in it"):
            load(tmp_path / name)
    replace(picture(recipe={}), metadata=META).save(tmp_path / "d.jpg")
    with pytest.raises(RecipeError, match="no recipe is in it"):
        load(tmp_path / "d.jpg")


def test_a_raw_frame_without_xmp_holds_no_recipe(shots: list[Path]) -> None:
    with pytest.raises(RecipeError, match="no recipe is in it"):
        load(shots[0])


def test_a_digest_tells_frames_apart_and_waits_for_nothing(tmp_path: Path) -> None:
    (tmp_path / "a").write_bytes(bytes(5_000_000))
    (tmp_path / "b").write_bytes(bytes(5_000_001))
    assert made.digest(tmp_path / "a") != made.digest(tmp_path / "b") != ""
    assert made.digest(tmp_path) == made.digest(tmp_path / "none") == ""
