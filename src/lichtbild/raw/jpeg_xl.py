"""One JPEG XL tile of a DNG (DNG 1.7; ISO/IEC 18181-1), decoded by libjxl.

The header must fit the tile before the decoder sees it, so that a damaged one can neither ask for memory nor for time.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from lichtbild.errors import RawError
from lichtbild.raw.sensor import DAMAGED
from lichtbild.raw.tiff import Buffer

_SIDES = ((1, 9), (1, 13), (1, 18), (1, 30))
# Width over height, by number.
_RATIOS = {1: (1, 1), 2: (12, 10), 3: (4, 3), 4: (3, 2), 5: (16, 9), 6: (5, 4), 7: (2, 1)}


def decode_jpeg_xl(
    tile: Buffer, heights: tuple[int, int], width: int, samples: int, bits: int
) -> npt.NDArray[np.uint16]:
    """(rows, width * samples) numbers of `bits`, rows being one of `heights`. Raises `RawError` for another tile."""
    from imagecodecs import jpegxl_decode

    rows, columns, depth = _header(tile)
    if rows not in heights or columns != width or depth > bits:
        raise RawError(DAMAGED)
    shape = (rows, width) if samples == 1 else (rows, width, samples)
    out = np.empty(shape, np.uint8 if depth <= 8 else np.uint16)
    try:
        jpegxl_decode(bytes(tile), out=out)
    except Exception:  # imagecodecs raises many kinds; a picture of other samples is one of them
        raise RawError(DAMAGED) from None
    numbers = out.astype(np.uint16, copy=False).reshape(rows, -1)
    if depth < bits:  # the tags speak of the full range of `bits`
        numbers = (numbers.astype(np.uint32) * ((1 << bits) - 1) // ((1 << depth) - 1)).astype(np.uint16)
    return numbers


class _Bits:
    """Bits of a codestream, the lowest of each byte first."""

    def __init__(self, data: bytes) -> None:
        self.value, self.left = int.from_bytes(data, "little"), 8 * len(data)

    def take(self, count: int) -> int:
        self.left -= count
        if self.left < 0:
            raise RawError(DAMAGED)
        found = self.value & ((1 << count) - 1)
        self.value >>= count
        return found

    def choice(self, *options: tuple[int, int]) -> int:
        """U32 of the standard: one of four (offset, bits)."""
        offset, bits = options[self.take(2)]
        return offset + self.take(bits)


def _header(tile: Buffer) -> tuple[int, int, int]:
    """(height, width, bits per sample) of a picture of whole numbers."""
    read = _Bits(_codestream(tile))
    if read.take(16) != 0x0AFF:
        raise RawError(DAMAGED)
    height, width = _size(read)
    if read.take(1):
        return height, width, 8
    if read.take(1):  # orientation; then what no raw has: a size of its own, a preview, an animation
        read.take(3)
        if read.take(1):
            _size(read)
        if read.take(2):
            raise RawError(DAMAGED)
    if read.take(1):
        raise RawError("holds floating-point numbers in JPEG XL; convert it to a DNG of whole numbers")
    return height, width, read.choice((8, 0), (10, 0), (12, 0), (1, 6))


def _size(read: _Bits) -> tuple[int, int]:
    small = read.take(1)
    height = 8 * (read.take(5) + 1) if small else read.choice(*_SIDES)
    ratio = _RATIOS.get(read.take(3))
    if ratio:
        return height, height * ratio[0] // ratio[1]
    return height, 8 * (read.take(5) + 1) if small else read.choice(*_SIDES)


def _codestream(tile: Buffer) -> bytes:
    """The first bytes of the codestream, bare or in the boxes of a container."""
    at = 0
    for _ in range(16):
        if bytes(tile[at : at + 2]) == b"\xff\x0a" or at + 8 > len(tile):
            break
        size, kind = int.from_bytes(tile[at : at + 4]), bytes(tile[at + 4 : at + 8])
        inside = at + (16 if size == 1 else 8)
        if kind in (b"jxlc", b"jxlp"):
            at = inside + (4 if kind == b"jxlp" else 0)
            break
        at += int.from_bytes(tile[at + 8 : at + 16]) if size == 1 else size or len(tile)
    return bytes(tile[at : at + 64])
