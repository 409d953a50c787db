"""What the numbers of a picture mean: ICC profiles of matrix and curve kind (ICC.1:2010, chapters 7 to 10).

A profile is three colorants under D50 and three curves. Profiles with lookup tables alone, and damaged ones, give None.
"""

from __future__ import annotations

import struct
from collections.abc import Callable
from typing import Any

import numpy as np
import numpy.typing as npt

from lichtbild.color import D50, D65, Floats, adaptation, decode_srgb, rgb_to_xyz, xyz_from_xy
from lichtbild.record import record

Curve = Callable[[Floats], Floats]
_STEPS = 65536


@record
class ColorSpace:
    """name: as the profile says it.   to_xyz: (3, 3), linear RGB to XYZ under D50, white has Y = 1.
    curves: (3, 65536) linear light of encoded values 0..1 per channel; None when samples are linear."""

    name: str
    to_xyz: Floats
    curves: npt.NDArray[np.float32] | None

    @property
    def luminance(self) -> npt.NDArray[np.float32]:
        """Weights of linear R, G, B in Y."""
        return np.asarray(self.to_xyz[1], np.float32)

    def same_as(self, other: ColorSpace) -> bool:
        """Do equal numbers mean equal colours, to within 8 bits?"""
        if not np.allclose(self.to_xyz, other.to_xyz, atol=2e-3) or (self.curves is None) != (other.curves is None):
            return False
        return self.curves is None or bool(np.allclose(self.curves, other.curves, atol=2e-3))  # type: ignore[arg-type]


def standard(name: str = "srgb", linear: bool = False) -> ColorSpace:
    """The space "srgb", "p3" or "rec2020", with the curve of IEC 61966-2-1, or linear."""
    matrix = adaptation(D65, D50) @ rgb_to_xyz(name)
    curve = None if linear else np.tile(decode_srgb(np.linspace(0, 1, _STEPS)).astype(np.float32), (3, 1))
    title = {"srgb": "sRGB", "p3": "Display P3", "rec2020": "Rec. 2020"}[name]
    return ColorSpace(title + (", linear" if linear else ""), matrix, curve)


def read_profile(data: bytes) -> ColorSpace | None:
    """The space that an ICC profile describes; None when it is no RGB or grey profile of matrix and curves."""
    try:
        tags = _tags(data)
        kind = data[16:20]
        if kind == b"GRAY":
            curve = _curve(tags[b"kTRC"])
            white = np.tile(xyz_from_xy(D50)[:, None] / 3, (1, 3))
            return _space(_name(tags), white, [curve] * 3)
        if kind != b"RGB " or not {b"rXYZ", b"gXYZ", b"bXYZ"} <= tags.keys():
            return None
        columns = [np.array(struct.unpack(">3i", tags[c][8:20])) / 65536 for c in (b"rXYZ", b"gXYZ", b"bXYZ")]
        matrix = np.stack(columns, axis=1).astype(np.float64)
        if not 0.2 < matrix.sum(1)[1] < 2 or abs(np.linalg.det(matrix)) < 1e-3:
            return None
        return _space(_name(tags), matrix, [_curve(tags[c]) for c in (b"rTRC", b"gTRC", b"bTRC")])
    except (struct.error, KeyError, ValueError, IndexError):
        return None


def _space(name: str, matrix: Floats, curves: list[Curve]) -> ColorSpace:
    grid = np.linspace(0.0, 1.0, _STEPS)
    with np.errstate(all="ignore"):
        tables = np.stack([curve(grid) for curve in curves])
    if not (np.abs(tables) < 100).all():
        raise ValueError("the curve is damaged")
    linear = bool(np.abs(tables - grid).max() < 1e-4)
    return ColorSpace(name, matrix, None if linear else tables.astype(np.float32))


def _tags(data: bytes) -> dict[bytes, bytes]:
    if len(data) < 132 or data[36:40] != b"acsp":
        raise ValueError("no profile")
    (count,) = struct.unpack_from(">I", data, 128)
    found = {}
    for i in range(min(count, 200)):
        name, offset, size = struct.unpack_from(">4sII", data, 132 + 12 * i)
        found[name] = data[offset : offset + size]
    return found


def _name(tags: dict[bytes, bytes]) -> str:
    text = tags.get(b"desc", b"")
    if text[:4] == b"mluc" and len(text) >= 28:
        size, offset = struct.unpack_from(">II", text, 20)
        name = text[offset : offset + min(size, 200)].decode("utf-16-be", "replace")
    else:
        (size,) = struct.unpack_from(">I", text, 8) if len(text) >= 12 else (0,)
        name = text[12 : 12 + min(size, 100)].decode("latin-1")
    return "".join(c for c in name if c.isprintable()).strip() or "its own profile"


def _curve(tag: bytes) -> Curve:
    """A `curv` or `para` element as a function of 0..1."""
    if tag[:4] == b"para":
        return _parametric(tag)
    if tag[:4] != b"curv":
        raise ValueError("no curve")
    (count,) = struct.unpack_from(">I", tag, 8)
    if count == 0:
        return lambda x: x
    if count == 1:
        gamma = struct.unpack_from(">H", tag, 12)[0] / 256
        return lambda x: np.asarray(x**gamma, np.float64)
    table = np.frombuffer(tag, ">u2", min(count, 1 << 17), 12) / 65535
    nodes = np.linspace(0, 1, len(table))
    return lambda x: np.asarray(np.interp(x, nodes, table), np.float64)


def _parametric(tag: bytes) -> Curve:
    (kind,) = struct.unpack_from(">H", tag, 8)
    count = (1, 3, 4, 5, 7)[kind]
    g, *rest = (v / 65536 for v in struct.unpack_from(f">{count}i", tag, 12))
    a, b, c, d, e, f = 1.0, 0.0, 0.0, 0.0, 0.0, 0.0
    if kind in (1, 2):
        a, b = rest[:2]
        e = f = rest[2] if kind == 2 else 0.0
        d = -b / a
    elif kind >= 3:
        a, b, c, d = rest[:4]
        e, f = rest[4:] if kind == 4 else (0.0, 0.0)

    def curve(x: Any) -> Floats:
        return np.asarray(np.where(x >= d, np.maximum(a * x + b, 0) ** g + e, c * x + f), np.float64)

    return curve
