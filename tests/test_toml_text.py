"""TOML from strangers is read or refused in little time."""

from __future__ import annotations

import time
import tomllib
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lichtbild.devices import reader
from lichtbild.errors import LichtbildError
from lichtbild.look.catalog import folder
from lichtbild.look.reading import Source
from lichtbild.packs.tables import Tables
from lichtbild.toml_text import MOST_PARTS, parse, plain_lines

BOMBS = [
    ".".join(["a"] * 100_000) + " = 1\n",
    "[" + ".".join(["a"] * 100_000) + "]\n",
    "x = 1\n" + " . ".join(['"a"'] * 60_000) + " = 1\n",
    "a" * 200_000 + ".b = 1\n",
    "'='" + ".a" * 20_000 + " = 1\n",
    "x = {" + ".".join(["a"] * 30_000) + " = 1}\n",
    "x = " + "[" * 100_000,
    "x = " + "9" * 100_000,
    "a" * 200_000,
    '"' * 200_000,
    "\n".join("a." * 30 + f"b{i} = 1" for i in range(2500)),
]


@pytest.mark.parametrize("bomb", BOMBS, ids=lambda bomb: bomb[:12])
@pytest.mark.parametrize("read", [reader.read, Tables, Source])
def test_a_bomb_is_refused_at_once(tmp_path: Path, read: type, bomb: str) -> None:
    path = tmp_path / "x.toml"
    path.write_text(bomb)
    begun = time.process_time()
    try:
        read(path)  # some are TOML, and no fault is seen before their keys are looked at
    except LichtbildError as error:
        assert "\n" not in str(error) and "x.toml" in str(error)
    assert time.process_time() - begun < 3


def test_what_is_no_bomb_is_read() -> None:
    text = "\n".join(
        [
            'say = "' + "a." * 100 + '"',
            "values = [" + ", ".join(["0.25"] * 200) + "]",
            "rows = [[0.1,0.2],[0.3,0.4]] # " + "1.2." * 50,
            "[" + ".".join(["a"] * (MOST_PARTS - 1)) + "]",
            "version = '1.0.0'",
        ]
    )
    assert parse(text) == tomllib.loads(text)
    with pytest.raises(ValueError, match=r"line 2\b"):
        parse("a = 1\n" + ".".join("abc" * 20) + " = 1")


PLAIN = ['title = "Natural"', 'said = ""', "format = 2", "name_1 = 250000000", 'words = "ä, = # and [more]"', ""]
NOT_PLAIN = [
    "a = 07", "a = 0", "a = -1", "a = 1_000", "a = 1.5", "a = true", "a = ٣", "ä = 1", "a-b = 1", "a.b = 1", "a=1",
    "a = 1 # one", "# one", "[a]", "[[a]]", "a = [1]", "a = 'b'", 'a = "\\n"', 'a = "b" # c', 'a = "b\tc"', 'a = "',
    'a = """b"""', 'a = "b""', "a = 1\r", " a = 1", "a  = 1", "a = 1\na = 2", "a = 9999999999", "1a = 2", "a", "= 1",
    'a = "\x7f"', "a = ", '"a" = 1',
]  # fmt: skip


@pytest.mark.parametrize("text", [*PLAIN, *NOT_PLAIN, "\n".join(PLAIN), "\n\n".join(PLAIN) + "\n"])
def test_a_few_plain_lines_mean_the_same_to_the_shorter_reader(text: str) -> None:
    try:
        wanted = tomllib.loads(text)
    except ValueError:
        with pytest.raises(ValueError, match=r"\(at "):
            parse(text)
        return
    assert parse(text) == wanted
    assert [type(v) for v in parse(text).values()] == [type(v) for v in wanted.values()]


@given(st.text("a1_-.=\"'\\# \n\t[]é\x00\ud800", max_size=30))
def test_any_text_means_the_same_to_the_shorter_reader(text: str) -> None:
    if (found := plain_lines(text)) is not None:
        assert found == tomllib.loads(text)


def test_the_look_of_most_photographs_is_plain() -> None:
    text = (folder("natural") / "look.toml").read_text(encoding="utf-8")
    assert plain_lines(text) == tomllib.loads(text)
    assert all(plain_lines(line) is not None for line in PLAIN)
