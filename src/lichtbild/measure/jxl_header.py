"""What a JPEG XL file says of itself before its pixels are decoded (ISO/IEC 18181-1, SizeHeader and ImageMetadata)."""

from __future__ import annotations

from lichtbild.errors import MeasureError, OutputError
from lichtbild.measure.headers import DAMAGED, profile_of
from lichtbild.metadata.packets import boxes
from lichtbild.output.jxl import Bits, enum

_MOST = 1 << 20  # bytes in which the header ends
UNREAD = b"of a kind that is not read"
_SIDES = ((1, 9), (1, 13), (1, 18), (1, 30))
_RATIOS = ((1, 1), (12, 10), (4, 3), (3, 2), (16, 9), (5, 4), (2, 1))
_P3, _D65, _CUSTOM = 11, 1, 2


def of_jxl(data: memoryview) -> tuple[tuple[int, int], bytes, int, int]:
    """Size, profile, orientation (decoders turn the picture upright themselves) and bits per sample.

    Raises `MeasureError` for damage, and for light above white.
    """
    try:
        return _read(Bits(_codestream(data), 16))
    except (OutputError, StopIteration, IndexError):
        raise MeasureError(DAMAGED) from None


def _codestream(data: memoryview) -> bytes:
    if bytes(data[:2]) == b"\xff\x0a":
        return bytes(data[:_MOST])
    for kind, start, stop in boxes(data, 0, len(data)):
        if kind in (b"jxlc", b"jxlp"):
            return bytes(data[start + (4 if kind == b"jxlp" else 0) : min(stop, start + _MOST)])
    raise OutputError(DAMAGED)


def _read(read: Bits) -> tuple[tuple[int, int], bytes, int, int]:
    size = _size(read)
    if read.take(1):
        return size, profile_of(1, 13), 1, 8
    if read.take(1):
        read.take(3)  # orientation
        if read.take(1):
            _size(read)
        if read.take(2):  # a preview or an animation
            return size, UNREAD, 1, 8
    bits = _depth(read)
    read.take(1)
    for _ in range(read.choice((0, 0), (1, 0), (2, 4), (1, 12))):
        if not _plain_channel(read):
            return size, UNREAD, 1, bits
    read.take(1)  # XYB
    return size, _colours(read), 1, bits


def _size(read: Bits) -> tuple[int, int]:
    small = read.take(1)
    height = 8 * (read.take(5) + 1) if small else read.choice(*_SIDES)
    ratio = read.take(3)
    if ratio:
        a, b = _RATIOS[ratio - 1]
        return height, height * a // b
    return height, 8 * (read.take(5) + 1) if small else read.choice(*_SIDES)


def _depth(read: Bits) -> int:
    if read.take(1):
        bits = read.choice((32, 0), (16, 0), (24, 0), (1, 6))
        read.take(4)
        return bits
    return read.choice((8, 0), (10, 0), (12, 0), (1, 6))


def _plain_channel(read: Bits) -> bool:
    """Past a channel of opacity; False for others."""
    if read.take(1):
        return True
    if enum(read):
        return False
    _depth(read)
    read.choice((0, 0), (3, 0), (4, 0), (1, 3))
    read.take(8 * read.choice((0, 0), (0, 4), (16, 5), (48, 10)))
    read.take(1)
    return True


def _colours(read: Bits) -> bytes:
    if read.take(1):
        return profile_of(1, 13)
    profile, model = read.take(1), enum(read)
    if profile or model > 1:
        return UNREAD
    if enum(read) != _D65:
        return UNREAD
    primaries = enum(read) if model == 0 else 1
    if primaries == _CUSTOM or read.take(1):
        return UNREAD
    return profile_of(12 if primaries == _P3 else primaries, enum(read))
