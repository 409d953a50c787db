"""TOML from strangers is read or refused in little time."""

from __future__ import annotations

import time
import tomllib
from pathlib import Path

import pytest

from lichtbild.devices import reader
from lichtbild.errors import LichtbildError
from lichtbild.look.reading import Source
from lichtbild.packs.tables import Tables
from lichtbild.toml_text import MOST_PARTS, parse

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
