"""JPEG XL: pictures by libjxl, in any colour space (ISO/IEC 18181-1).

Lossy JPEG XL keeps light in a space of its own, XYB, that has no edges; its header only says which space a decoder
shall give. So sRGB of 8 bits goes to the encoder as it is, and all else as linear light in sRGB's primaries, where
values below 0 and above 1 are allowed; then the header is written anew with the space that was meant.
"""

from __future__ import annotations

import os
import struct
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import numpy.typing as npt

from lichtbild.carriers import GainMap
from lichtbild.errors import OutputError
from lichtbild.output.avif import interpolated
from lichtbild.output.ultrahdr import iso_metadata

MAP_DISTANCE = 0.6
EFFORT = {"quick": 3, "small": 7}
COARSER = {"quick": 1.0, "small": 1.4}  # by which the distance may be greater at the same quality
ENCODER_WHITE = 255.0  # cd/m2 that libjxl takes for 1.0 where nothing else is told
# Quality of a JPEG, and distance of a JPEG XL of the same structural similarity (benchmarks/formats.py).
LIKE_JPEG = (
    *((1, 15.0), (30, 5.5), (50, 3.6), (70, 2.2), (80, 1.5)),
    *((85, 1.25), (92, 0.85), (96, 0.55), (98, 0.38), (100, 0.25)),
)
_LINEAR = 8
_PRIMARIES = {"srgb": 1, "p3": 11, "rec2020": 9}
_CURVES = {"srgb": 13, "p3": 13, "rec2020": 1, "pq": 16, "hlg": 18}


def encode(image: npt.NDArray[Any], quality: int, effort: str) -> bytes:
    """A bare codestream of (h, w, 3) pixels: uint8 in sRGB, or float16, linear in sRGB's primaries."""
    from imagecodecs import jpegxl_encode

    return bytes(
        jpegxl_encode(
            image,
            distance=interpolated(LIKE_JPEG, quality) * COARSER[effort],
            effort=EFFORT[effort],
            usecontainer=False,
            numthreads=len(os.sched_getaffinity(0)),
        )
    )


def gain_box(gain_map: GainMap) -> bytes:
    """The box `jhgm` of a container: the map as a codestream of grey, and the metadata of ISO 21496-1."""
    from imagecodecs import jpegxl_encode

    coded = jpegxl_encode(np.ascontiguousarray(gain_map.image), distance=MAP_DISTANCE, effort=3, usecontainer=False)
    told = iso_metadata(gain_map)
    # Version 0; no colours of the other rendition, neither as code points nor as a profile: they are the picture's.
    head = struct.pack(">BH", 0, len(told)) + told + struct.pack(">BI", 0, 0)
    return struct.pack(">I4s", 8 + len(head) + len(coded), b"jhgm") + head + bytes(coded)


def restated(codestream: bytes, space: str, curve: str, bits: int, peak: float | None = None) -> bytes:
    """The codestream of linear floats, as one whose decoders give `bits` in that space and curve.

    peak: cd/m2 of the brightest light, for PQ and HLG. Raises `OutputError` for a codestream of another kind.
    """
    read = Bits(codestream, 16)
    if codestream[:2] != b"\xff\x0a":
        raise OutputError("the JPEG XL encoder gave no JPEG XL picture")
    write = _Writer()
    _copy_size(read, write)
    _skip_metadata(read)
    rest = -(-read.position // 8)
    write.put(0, 1)  # not all of the metadata is as usual
    write.put(peak is not None, 1)
    if peak is not None:
        write.put(0, 3 + 1 + 1 + 1)  # upright; no intrinsic size, preview or animation
    write.put(0, 1)  # integers
    write.put({8: 0, 10: 1, 12: 2}.get(bits, 3), 2)
    if bits not in (8, 10, 12):
        write.put(bits - 1, 6)
    write.put(bits <= 12, 1)  # whether modular parts fit into 16 bits
    write.put(0, 2)  # no extra channels
    write.put(1, 1)  # XYB
    write.put(0, 1 + 1)  # not the usual colours; no ICC profile
    write.put(0, 2)  # RGB
    write.put(1, 2)  # white of D65
    _put_enum(write, _PRIMARIES[space])
    write.put(0, 1)  # no gamma
    _put_enum(write, _CURVES[curve])
    write.put(1, 2)  # relative colorimetric
    if peak is not None:
        write.put(0, 1)
        write.put(struct.unpack("<H", struct.pack("<e", peak))[0], 16)
        write.put(0, 16 + 1 + 16)
    write.put(0, 2)  # no extensions
    write.put(1, 1)  # the usual transform
    return b"\xff\x0a" + write.to_bytes() + codestream[rest:]


@dataclass
class Bits:
    """Bits of a codestream, the lowest of each byte first."""

    data: bytes
    position: int

    def take(self, count: int) -> int:
        value = 0
        for i in range(count):
            byte, bit = divmod(self.position + i, 8)
            if byte >= len(self.data):
                raise OutputError("the JPEG XL encoder gave no whole picture")
            value |= (self.data[byte] >> bit & 1) << i
        self.position += count
        return value

    def choice(self, *options: tuple[int, int]) -> int:
        """U32 of the standard: one of four (offset, bits)."""
        offset, bits = options[self.take(2)]
        return offset + self.take(bits)


@dataclass
class _Writer:
    bits: list[int] = field(default_factory=list)

    def put(self, value: int, count: int) -> None:
        self.bits += [int(value) >> i & 1 for i in range(count)]

    def to_bytes(self) -> bytes:
        padded = self.bits + [0] * (-len(self.bits) % 8)
        return bytes(sum(bit << i for i, bit in enumerate(padded[k : k + 8])) for k in range(0, len(padded), 8))


def _copy_size(read: Bits, write: _Writer) -> None:
    start = read.position
    sides = ((1, 9), (1, 13), (1, 18), (1, 30))
    small = read.take(1)
    read.take(5) if small else read.choice(*sides)
    if read.take(3) == 0:
        read.take(5) if small else read.choice(*sides)
    end, read.position = read.position, start
    while read.position < end:
        write.put(read.take(1), 1)


def _skip_metadata(read: Bits) -> None:
    """Past the metadata that libjxl writes for a bare picture of floats in linear sRGB."""
    usual, extra = read.take(1), read.take(1)
    is_float = read.take(1)
    if usual or extra or not is_float:
        raise OutputError("the JPEG XL encoder gave something else than a plain picture of floats")
    read.choice((32, 0), (16, 0), (24, 0), (1, 6))
    read.take(4 + 1)
    if read.choice((0, 0), (1, 0), (2, 4), (1, 12)) or not read.take(1):
        raise OutputError("the JPEG XL encoder gave something else than XYB")
    if read.take(1 + 1):  # the usual colours, or an ICC profile
        raise OutputError("the JPEG XL encoder gave other colours than linear sRGB")
    colors = [enum(read) for _ in range(3)]  # model, white, primaries
    gamma, curve = read.take(1), enum(read)
    enum(read)  # intent
    if colors != [0, 1, 1] or gamma or curve != _LINEAR:
        raise OutputError("the JPEG XL encoder gave other colours than linear sRGB")
    if read.take(2) or not read.take(1):
        raise OutputError("the JPEG XL encoder gave something else than a plain picture of floats")


def enum(read: Bits) -> int:
    """Enum of the standard."""
    return read.choice((0, 0), (1, 0), (2, 4), (18, 6))


def _put_enum(write: _Writer, value: int) -> None:
    if value < 2:
        write.put(value, 2)
    elif value < 18:
        write.put(2, 2)
        write.put(value - 2, 4)
    else:
        write.put(3, 2)
        write.put(value - 18, 6)
