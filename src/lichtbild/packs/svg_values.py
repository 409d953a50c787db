"""Attributes of SVG elements: numbers, transforms, and the few styles that filled shapes have."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping

import numpy as np
import numpy.typing as npt

Points = npt.NDArray[np.float64]
FAR, MOST = 1e6, 6000
_NUMBER = re.compile(r"[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d{1,2})?")
# What changes nothing where nothing is stroked, clipped or styled by class.
_IDLE = {
    *("class", "stroke-width", "stroke-linecap", "stroke-linejoin", "stroke-miterlimit", "stroke-dasharray"),
    *("stroke-opacity", "clip-rule", "paint-order", "enable-background"),
}
_IDLE_ON_SVG = {"x", "y", "version", "role", "baseProfile"}
_OPAQUE = ("opacity", "fill-opacity")
_STYLES = ("fill", "fill-rule", "stroke")


def plain(name: str, attributes: Mapping[str, str], known: tuple[str, ...]) -> dict[str, str]:
    """Those attributes that count, with the declarations of `style` among them; what editors note for themselves is
    left out. Raises `ValueError` for one that would be drawn otherwise, or run."""
    given = {key: value for key, value in attributes.items() if " " not in key}  # without those of other namespaces
    styles = (part.partition(":") for part in given.pop("style", "").split(";") if part.strip())
    found: dict[str, str] = {}
    for source, key, value in [
        *(("attribute", key, value) for key, value in given.items()),
        *(("style", key.strip(), value.strip()) for key, _, value in styles),
    ]:
        if key in known if source == "attribute" else key in _STYLES:
            found[key] = value
        elif key in _OPAQUE and re.fullmatch(r"1(\.0*)?|100%", value):
            continue
        elif key not in _IDLE and not (name == "svg" and key in _IDLE_ON_SVG):
            raise ValueError(f"{key[:40]} is not known on <{name}>; allowed are {', '.join(known)}")
    return found


def numbers(text: str, count: int | None = None) -> list[float]:
    """The numbers of a list. Raises `ValueError`."""
    parts = [p for p in re.split(r"[\s,]+", text.strip()) if p]
    if len(parts) > MOST or not all(len(p) < 40 and _NUMBER.fullmatch(p) for p in parts):
        raise ValueError(f"{text[:40]!r} is not a list of numbers")
    values = [float(p) for p in parts]
    if count not in (None, len(values)) or any(abs(v) > FAR for v in values):
        raise ValueError(f"{text[:40]!r} has a wrong count of numbers, or one too large")
    return values


def transform(text: str) -> Points:
    """The matrix (3, 3) of a list of transforms (SVG 1.1, 7.6). Raises `ValueError`."""
    matrix: Points = np.eye(3)
    rest = text.strip()
    for _ in range(8):
        if not rest:
            return matrix
        found = re.match(r"(matrix|translate|scale|rotate)\s*\(([^)]{0,200})\)[\s,]*", rest)
        if not found:
            break
        matrix = matrix @ _one(found[1], numbers(found[2]))
        rest = rest[found.end() :]
    if not rest:
        return matrix
    raise ValueError("transform is up to 8 of matrix, translate, scale and rotate")


def _one(kind: str, v: list[float]) -> Points:
    if kind == "matrix" and len(v) == 6:
        return np.array([[v[0], v[2], v[4]], [v[1], v[3], v[5]], [0, 0, 1]])
    if kind == "translate" and len(v) in (1, 2):
        return np.array([[1, 0, v[0]], [0, 1, v[1] if len(v) == 2 else 0], [0, 0, 1]], np.float64)
    if kind == "scale" and len(v) in (1, 2):
        return np.diag([v[0], v[-1], 1.0])
    if kind == "rotate" and len(v) in (1, 3):
        c, s = math.cos(math.radians(v[0])), math.sin(math.radians(v[0]))
        x, y = v[1:] or (0.0, 0.0)
        return np.array([[c, -s, x - c * x + s * y], [s, c, y - s * x - c * y], [0, 0, 1]])
    raise ValueError(f"{kind} has a wrong count of numbers")
