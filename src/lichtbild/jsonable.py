"""JSON of what was decided: numpy numbers, paths and missing values in plain, valid JSON."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from pathlib import Path
from typing import Any


def plain(value: Any) -> Any:
    """The same value in JSON's types: arrays and tuples as lists, bytes as their length, NaN and infinity as null."""
    if isinstance(value, Mapping):
        return {str(k): plain(v) for k, v in value.items()}
    if isinstance(value, (list, tuple)):
        return [plain(v) for v in value]
    if isinstance(value, (bool, int, str)) or value is None:
        return value
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    if isinstance(value, (bytes, bytearray)):
        return f"{len(value)} bytes"
    if isinstance(value, Path):
        return str(value)
    if hasattr(value, "tolist"):  # numpy scalars and arrays, without importing numpy
        return plain(value.tolist())
    return str(value)


def to_json(value: Any, indent: int | None = None, sort: bool = False) -> str:
    """ASCII JSON text, safe to put into XML once escaped. sort: keys in order, whichever thread came first."""
    return json.dumps(plain(value), indent=indent, sort_keys=sort, allow_nan=False)
