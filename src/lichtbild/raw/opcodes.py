"""DNG opcode lists: what the camera maker asks to be done to the pixels (DNG 1.7, chapter 7).

Lists are big-endian in every file. `parse_opcodes` never reads outside its bytes, and gives what it understands;
what it does not understand comes back as `Unknown`, so that the caller can say so. List 1 works on the raw as
stored, list 2 on linear raw values, list 3 on the demosaiced image.
"""

from __future__ import annotations

import struct
from collections.abc import Collection

import numpy as np
import numpy.typing as npt

from lichtbild.record import record

MAX_OPCODES = 1024
MAX_MAP_VALUES = 1 << 20
LEAST_GAIN = 1e-3  # of a gain map; less, and more than its inverse, no lens needs
MAX_BAD_PIXELS = 1 << 20


@record
class Opcode:
    """optional: a reader that does not know the opcode may leave it out. preview: may be left out of previews."""

    optional: bool
    preview: bool


@record
class Area:
    """The part of the image an opcode works on: planes first to first + count, every pitch-th row and column."""

    top: int
    left: int
    bottom: int
    right: int
    plane: int
    planes: int
    row_pitch: int
    column_pitch: int


@record
class WarpRectilinear(Opcode):
    """Distortion and lateral chromatic aberration (opcode 1).

    coefficients: per plane (kr0, kr1, kr2, kr3, kt0, kt1); one plane stands for all. center: (x, y) relative to the
    image, 0..1. With r the distance from the centre over the distance of the farthest corner, the source of an
    output point at (dx, dy) is (kr0 + kr1 r^2 + kr2 r^4 + kr3 r^6)(dx, dy) plus the tangential terms.
    """

    coefficients: tuple[tuple[float, ...], ...]
    center: tuple[float, float]


@record
class WarpFisheye(Opcode):
    """Fisheye to rectilinear (opcode 2): per plane (kr0, kr1, kr2, kr3). The source of a point at the distance r lies
    at the distance kr0 a + kr1 a^3 + kr2 a^5 + kr3 a^7 with a = atan r; r as in `WarpRectilinear`."""

    coefficients: tuple[tuple[float, ...], ...]
    center: tuple[float, float]


@record
class WarpRectilinear2(Opcode):
    """As `WarpRectilinear`, finer (opcode 14, DNG 1.6): per plane (kr0 .. kr14, kt0, kt1), the factor is
    kr0 + kr1 r + kr2 r^2 ..., or one over it if `reciprocal`, with r held in the plane's range `valid`."""

    coefficients: tuple[tuple[float, ...], ...]
    center: tuple[float, float]
    valid: tuple[tuple[float, float], ...]
    reciprocal: bool


@record
class FixVignetteRadial(Opcode):
    """Gain 1 + k0 r^2 + k1 r^4 + k2 r^6 + k3 r^8 + k4 r^10 (opcode 3), r as in `WarpRectilinear`."""

    coefficients: tuple[float, float, float, float, float]
    center: tuple[float, float]


@record
class FixBadPixelsConstant(Opcode):
    """Pixels that hold `constant` in the raw as stored are bad (opcode 4)."""

    constant: int
    bayer_phase: int


@record
class FixBadPixelsList(Opcode):
    """Bad pixels (n, 2) as (y, x), and bad rectangles (n, 4) as top, left, bottom, right (opcode 5)."""

    bayer_phase: int
    points: npt.NDArray[np.int64]
    rectangles: npt.NDArray[np.int64]


@record
class MapTable(Opcode):
    """Values 0..65535 through a table (opcode 7); past its end the last entry holds."""

    area: Area
    table: npt.NDArray[np.uint16]


@record
class MapPolynomial(Opcode):
    """Values x in 0..1 become c0 + c1 x + c2 x^2 ..., cut to 0..1 (opcode 8)."""

    area: Area
    coefficients: tuple[float, ...]


@record
class GainMap(Opcode):
    """Gains on a grid (opcode 9): (points_v, points_h, map_planes) float32, to be interpolated linearly.

    origin, spacing: (v, h), of the image's size 0..1; the centre of pixel i of n is at (i + 0.5) / n. Outside the
    grid its border holds.
    """

    area: Area
    origin: tuple[float, float]
    spacing: tuple[float, float]
    gains: npt.NDArray[np.float32]


@record
class Unknown(Opcode):
    """An opcode that this reader does nothing with, or a damaged one."""

    id: int
    damaged: bool = False


NAMES = {
    1: "WarpRectilinear", 2: "WarpFisheye", 3: "FixVignetteRadial", 4: "FixBadPixelsConstant", 5: "FixBadPixelsList",
    6: "TrimBounds", 7: "MapTable", 8: "MapPolynomial", 9: "GainMap", 10: "DeltaPerRow", 11: "DeltaPerColumn",
    12: "ScalePerRow", 13: "ScalePerColumn", 14: "WarpRectilinear2",
}  # fmt: skip


def name_of(opcode: Opcode) -> str:
    """The specification's name, for people."""
    if isinstance(opcode, Unknown):
        return NAMES.get(opcode.id, f"opcode {opcode.id}") + (", damaged" if opcode.damaged else "")
    return type(opcode).__name__


class _ShortError(Exception):
    """The opcode's data end too early or make no sense."""


class _Cursor:
    """Big-endian numbers, one after the other, never past the end."""

    def __init__(self, data: bytes) -> None:
        self.data, self.at = data, 0

    def take(self, form: str) -> tuple[float, ...]:
        size = struct.calcsize(">" + form)
        if self.at + size > len(self.data):
            raise _ShortError
        values = struct.unpack_from(">" + form, self.data, self.at)
        self.at += size
        return values

    def integers(self, n: int) -> tuple[int, ...]:
        return tuple(int(v) for v in self.take(f"{n}I"))

    def floats(self, n: int) -> tuple[float, ...]:
        values = self.take(f"{n}d")
        if not np.isfinite(values).all():
            raise _ShortError
        return values

    def array(self, n: int, dtype: str) -> npt.NDArray[np.generic]:
        size = n * np.dtype(dtype).itemsize
        if self.at + size > len(self.data):
            raise _ShortError
        values = np.frombuffer(self.data, dtype, n, self.at)
        self.at += size
        return values.astype(values.dtype.newbyteorder("="))


def without(data: bytes, positions: Collection[int]) -> bytes:
    """The list as stored, without the opcodes at these positions and without what lies behind damage."""
    kept: list[bytes] = []
    at = 4
    (count,) = struct.unpack_from(">I", data) if len(data) >= 4 else (0,)
    for i in range(min(count, MAX_OPCODES)):
        if at + 16 > len(data):
            break
        end = at + 16 + int(struct.unpack_from(">I", data, at + 12)[0])
        if end > len(data):
            break
        if i not in positions:
            kept.append(data[at:end])
        at = end
    return struct.pack(">I", len(kept)) + b"".join(kept) if kept else b""


def parse_opcodes(data: bytes) -> tuple[Opcode, ...]:
    """The opcodes of a list in their order. Empty, damaged or hostile bytes give what could be read, and `Unknown`."""
    found: list[Opcode] = []
    if len(data) < 4:
        return ()
    (count,) = struct.unpack_from(">I", data)
    at = 4
    for _ in range(min(count, MAX_OPCODES)):
        if at + 16 > len(data):
            break
        id_, _version, flags, size = struct.unpack_from(">4I", data, at)
        at += 16
        body = data[at : at + size]
        at += size
        optional, preview = bool(flags & 1), bool(flags & 2)
        try:
            if len(body) < size:
                raise _ShortError
            found.append(_parse(id_, optional, preview, _Cursor(body)))
        except (_ShortError, ValueError):
            found.append(Unknown(optional, preview, id_, damaged=True))
    return tuple(found)


def _parse(id_: int, optional: bool, preview: bool, c: _Cursor) -> Opcode:
    match id_:
        case 1 | 2:
            (planes,) = c.integers(1)
            if not 1 <= planes <= 4:
                raise _ShortError
            terms = tuple(c.floats(6 if id_ == 1 else 4) for _ in range(planes))
            center = c.floats(2)
            warp = WarpRectilinear if id_ == 1 else WarpFisheye
            return warp(optional, preview, terms, (center[0], center[1]))
        case 3:
            k = c.floats(7)
            return FixVignetteRadial(optional, preview, (k[0], k[1], k[2], k[3], k[4]), (k[5], k[6]))
        case 14:
            (planes,) = c.integers(1)
            if not 1 <= planes <= 4:
                raise _ShortError
            rows = tuple(c.floats(19) for _ in range(planes))
            center, (reciprocal,) = c.floats(2), c.integers(1)
            valid = tuple((row[17], row[18]) for row in rows)
            if not all(0 <= least < most <= 1 for least, most in valid):
                raise _ShortError
            terms = tuple(row[:17] for row in rows)
            return WarpRectilinear2(optional, preview, terms, (center[0], center[1]), valid, reciprocal != 0)
        case 4:
            constant, phase = c.integers(2)
            return FixBadPixelsConstant(optional, preview, constant, phase)
        case 5:
            phase, points, rectangles = c.integers(3)
            if points + rectangles > MAX_BAD_PIXELS:
                raise _ShortError
            return FixBadPixelsList(
                optional,
                preview,
                phase,
                c.array(2 * points, ">u4").astype(np.int64).reshape(-1, 2),
                c.array(4 * rectangles, ">u4").astype(np.int64).reshape(-1, 4),
            )
        case 7:
            area = Area(*c.integers(8))
            (size,) = c.integers(1)
            if not 1 <= size <= 65536:
                raise _ShortError
            return MapTable(optional, preview, area, c.array(size, ">u2").astype(np.uint16))
        case 8:
            area = Area(*c.integers(8))
            (degree,) = c.integers(1)
            if degree > 8:
                raise _ShortError
            return MapPolynomial(optional, preview, area, c.floats(degree + 1))
        case 9:
            return _gain_map(optional, preview, c)
        case _:
            return Unknown(optional, preview, id_)


def _gain_map(optional: bool, preview: bool, c: _Cursor) -> GainMap:
    area = Area(*c.integers(8))
    points_v, points_h = c.integers(2)
    spacing_v, spacing_h, origin_v, origin_h = c.floats(4)
    (planes,) = c.integers(1)
    if not (points_v >= 1 and points_h >= 1 and 1 <= planes <= 4 and points_v * points_h * planes <= MAX_MAP_VALUES):
        raise _ShortError
    if (spacing_v <= 0 and points_v > 1) or (spacing_h <= 0 and points_h > 1):
        raise _ShortError
    gains = c.array(points_v * points_h * planes, ">f4").astype(np.float32).reshape(points_v, points_h, planes)
    if not (gains.min() > LEAST_GAIN and gains.max() < 1 / LEAST_GAIN):  # nor numbers that are none
        raise _ShortError
    return GainMap(optional, preview, area, (origin_v, origin_h), (spacing_v, spacing_h), gains)
