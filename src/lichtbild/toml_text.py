"""TOML of strangers: `tomllib`, less what would keep it busy for minutes.

A key of n dotted parts takes it n² steps, so that a page of "a.a.a.a..." stops everything. No key of ours has more
than a few parts.
"""

from __future__ import annotations

import re
import tomllib
from typing import Any

MOST_PARTS = 32  # of a dotted key
# A part, bare or quoted, and its dot. What was matched is not given back, so that no text makes this slow either.
_DOTTED = re.compile(rf"(?<![\w\"-])(?:[\w\"-]++[ \t]*+\.[ \t]*+){{{MOST_PARTS}}}[\w\"-]")
_QUOTED = re.compile(r"\"(?:[^\"\\]|\\.)*+\"|'[^']*+'")


def parse(text: str) -> dict[str, Any]:
    """The values. Raises `ValueError`, or `RecursionError` where brackets are nested too deep."""
    for line, content in enumerate(text.split("\n"), 1):
        if content.count(".") >= MOST_PARTS and _DOTTED.search(_QUOTED.sub('""', content).partition("#")[0]):
            raise ValueError(f"a key of more than {MOST_PARTS} parts (at line {line}, column 1)")
    return tomllib.loads(text)
