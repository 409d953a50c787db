"""TOML of strangers: `tomllib`, less what would keep it busy for minutes.

A key of n dotted parts takes it n² steps, so that a page of "a.a.a.a..." stops everything. No key of ours has more
than a few parts. And less itself where the text is a few plain lines, as of the look of most photographs: to load it
takes longer than to read them.
"""

from __future__ import annotations

import re
from typing import Any

MOST_PARTS = 32  # of a dotted key
# A part, bare or quoted, and its dot. What was matched is not given back, so that no text makes this slow either.
_DOTTED = rf"(?<![\w\"-])(?:[\w\"-]++[ \t]*+\.[ \t]*+){{{MOST_PARTS}}}[\w\"-]"
_QUOTED = r"\"(?:[^\"\\]|\\.)*+\"|'[^']*+'"


def parse(text: str) -> dict[str, Any]:
    """The values. Raises `ValueError`, or `RecursionError` where brackets are nested too deep."""
    if (plain := plain_lines(text)) is not None:
        return plain
    import tomllib

    for line, content in enumerate(text.split("\n"), 1):
        if content.count(".") >= MOST_PARTS and re.search(_DOTTED, re.sub(_QUOTED, '""', content).partition("#")[0]):
            raise ValueError(f"a key of more than {MOST_PARTS} parts (at line {line}, column 1)")
    return tomllib.loads(text)


def plain_lines(text: str) -> dict[str, Any] | None:
    """The values of lines like `name = 2` and `name = "words"`; None where there is any other, right or wrong."""
    found: dict[str, Any] = {}
    for line in filter(None, text.split("\n")):
        name, _, value = line.partition(" = ")
        words = value[1:-1]
        if not (name.isascii() and name.isidentifier()) or name in found:
            return None
        if value.isascii() and value.isdecimal() and len(value) < 10 and value[0] != "0":
            found[name] = int(value)
        elif value == f'"{words}"' and words.isprintable() and '"' not in words and "\\" not in words:
            found[name] = words
        else:
            return None
    return found
