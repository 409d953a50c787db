"""Opcode lists as DNG stores them (DNG 1.7, chapter 7): big-endian in every file.

`parse_opcodes` never reads outside its bytes, and gives what it understands; what it does not understand comes back as
`Unknown`, so that the caller can say so.
"""

from __future__ import annotations

import struct
from collections.abc import Collection

import numpy as np
import numpy.typing as npt

from lichtbild.raw.opcodes import (
    Area,
    FixBadPixelsConstant,
    FixBadPixelsList,
    FixVignetteRadial,
    GainMap,
    MapPolynomial,
    MapTable,
    Opcode,
    Unknown,
    WarpFisheye,
    WarpRectilinear,
    WarpRectilinear2,
)

MAX_OPCODES = 1024
MAX_MAP_VALUES = 1 << 20
LEAST_GAIN = 1e-3  # of a gain map; less, and more than its inverse, no lens needs
MAX_BAD_PIXELS = 1 << 20


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
