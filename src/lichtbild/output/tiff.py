"""A small TIFF 6.0 serialiser, little endian: TIFF and DNG files, and EXIF blocks for other formats.

    picture = Directory([Tag(256, Type.LONG, 4000), ...], strips=[rows], children={EXIF_IFD: [Directory(exif)]})
    write_atomically(path, serialise([picture]))                # a file; arrays are not copied
    block = b"Exif\\0\\0" + to_bytes([Directory(tags, children={EXIF_IFD: [...]})])       # JPEG APP1

What a tag's value may be, by its type:

- BYTE, UNDEFINED: bytes, or integers;   ASCII: str or bytes, the closing NUL is added;
- SHORT, LONG, SSHORT, ...: an integer or a sequence of them;   FLOAT, DOUBLE: a number or a sequence;
- RATIONAL, SRATIONAL: a float, int or Fraction, or a sequence of them; or numerator and denominator as a pair
  `(1, 160)`, as pairs `((33, 1), (7, 1))`, or flat `(33, 1, 7, 1)`. So a tuple of integers only is read as
  numerators and denominators in turn; write several whole numbers as floats.

StripOffsets, StripByteCounts and the pointers to child directories are made here; everything else, RowsPerStrip
too, is the caller's.
"""

from __future__ import annotations

import math
import struct
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import numpy as np

from lichtbild.atomic_file import Chunk
from lichtbild.errors import OutputError
from lichtbild.record import field, record

SUB_IFDS, EXIF_IFD, GPS_IFD = 330, 34665, 34853
TILE_WIDTH, TILE_LENGTH = 322, 323
_STRIPS, _TILES = (273, 279), (324, 325)  # where the pieces of an image lie, and their sizes
_TENS = tuple(10**digits for digits in range(8))
_ALIGN = 64  # of image data: strips can be mapped and read by vector loads


class Type:
    """TIFF field types."""

    BYTE = 1
    ASCII = 2
    SHORT = 3
    LONG = 4
    RATIONAL = 5
    SBYTE = 6
    UNDEFINED = 7
    SSHORT = 8
    SLONG = 9
    SRATIONAL = 10
    FLOAT = 11
    DOUBLE = 12
    IFD = 13


_FORMATS = {1: "B", 3: "H", 4: "I", 5: "I", 6: "b", 7: "B", 8: "h", 9: "i", 10: "i", 11: "f", 12: "d", 13: "I"}


@record
class Tag:
    """One field of a directory; `value` as the module's docstring says."""

    id: int
    type: int
    value: Any

    def encode(self) -> tuple[int, bytes]:
        """(count, bytes) of the value. Raises `ValueError` when it does not fit the type."""
        try:
            return _encode(self.type, self.value)
        except (struct.error, TypeError, OverflowError, KeyError, AttributeError) as error:
            raise ValueError(f"tag {self.id}: {self.value!r} is not of TIFF type {self.type} ({error})") from None


@record
class Directory:
    """An image file directory: its tags (in any order; the last of equals counts), image data and children.

    strips: the image, one or more contiguous pieces (arrays or bytes), written after all directories; tiles, when
    the tags tell a TileWidth.
    children: directories that a tag of this one points to: {EXIF_IFD: [d], GPS_IFD: [d], SUB_IFDS: [a, b]}.
    """

    tags: Iterable[Tag]
    strips: Sequence[Chunk] = ()
    children: Mapping[int, Sequence[Directory]] = field(default_factory=dict)


def serialise(directories: Sequence[Directory]) -> list[Chunk]:
    """The chunks of a TIFF file: header and directories first, then the strips, as they are.

    Raises `ValueError` for a value that does not fit its type, `OutputError` above the 4 GiB that TIFF can hold.
    """
    plans = [_Plan(d) for d in directories]
    end = 8
    for plan in plans:
        end = plan.place(end)
    strips: list[Chunk] = []
    position = end
    for plan in (p for top in plans for p in top.family()):
        for strip in plan.directory.strips:
            padding = -position % _ALIGN
            strips += [bytes(padding), strip] if padding else [strip]
            plan.strip_offsets.append(position + padding)
            position += padding + _size(strip)
    if position >= 2**32:
        raise OutputError(
            f"a TIFF or DNG file of {position / 2**30:.1f} GiB is too large (4 GiB); make the image smaller"
        )
    head = bytearray(struct.pack("<2sHI", b"II", 42, plans[0].position if plans else 0))
    for plan, follower in zip(plans, [*plans[1:], None], strict=True):
        plan.write(head, follower.position if follower else 0)
    return [bytes(head), *strips]


def to_bytes(directories: Sequence[Directory]) -> bytes:
    """The same as one block of bytes, "II*\\0...": the body of an EXIF block."""
    return b"".join(
        np.ascontiguousarray(c).tobytes() if isinstance(c, np.ndarray) else bytes(c) for c in serialise(directories)
    )


def tags_from(fields: Mapping[int, tuple[int, Any]], drop: Iterable[int] = ()) -> list[Tag]:
    """Tags kept from another file (`Metadata.exif["Exif"]`), without those that cannot be written truthfully:
    the dropped ones, pointers, and values that do not fit their type."""
    dropped = {SUB_IFDS, EXIF_IFD, GPS_IFD, *_STRIPS, *_TILES, *drop}
    kept = []
    for key, (kind, value) in sorted(fields.items()):
        tag = Tag(key, kind, value)
        if key in dropped or not 0 <= key <= 0xFFFF or kind == Type.IFD:
            continue
        try:
            tag.encode()
        except ValueError:
            continue
        kept.append(tag)
    return kept


def iptc_tag(iim: bytes) -> Tag:
    """IPTC-IIM data sets, in whole words as Photoshop writes them; the order of the bytes stays."""
    padded = iim + bytes(-len(iim) % 4)
    return Tag(33723, Type.LONG, struct.unpack(f"<{len(padded) // 4}I", padded))


class _Plan:
    """Where a directory and its children lie in the file."""

    def __init__(self, directory: Directory) -> None:
        self.directory = directory
        self.children = {tag: [_Plan(d) for d in group] for tag, group in directory.children.items() if group}
        self.fields = {t.id: (int(t.type), *t.encode()) for t in directory.tags}
        for tag, group in self.children.items():
            self.fields[tag] = (Type.LONG, len(group), bytes(4 * len(group)))
        if directory.strips:
            n = len(directory.strips)
            self.offsets, counts = _TILES if TILE_WIDTH in self.fields else _STRIPS
            self.fields[self.offsets] = (Type.LONG, n, bytes(4 * n))
            sizes = [_size(s) for s in directory.strips]
            if max(sizes) < 2**32:
                self.fields[counts] = (Type.LONG, n, struct.pack(f"<{n}I", *sizes))
        self.position = 0
        self.strip_offsets: list[int] = []

    def family(self) -> list[_Plan]:
        """This one and all below it."""
        return [self, *(p for group in self.children.values() for child in group for p in child.family())]

    def place(self, position: int) -> int:
        """Take the room that is needed from `position` on; returns where the next one can begin."""
        self.position = position
        position += 2 + 12 * len(self.fields) + 4
        position += sum(len(data) + len(data) % 2 for _, _, data in self.fields.values() if len(data) > 4)
        for group in self.children.values():
            for child in group:
                position = child.place(position)
        return position

    def write(self, out: bytearray, follower: int) -> None:
        for tag, group in self.children.items():
            self.fields[tag] = (Type.LONG, len(group), struct.pack(f"<{len(group)}I", *(p.position for p in group)))
        if self.strip_offsets:
            n = len(self.strip_offsets)
            self.fields[self.offsets] = (Type.LONG, n, struct.pack(f"<{n}I", *self.strip_offsets))
        out += struct.pack("<H", len(self.fields))
        room = self.position + 2 + 12 * len(self.fields) + 4
        values = bytearray()
        for key, (kind, count, data) in sorted(self.fields.items()):
            out += struct.pack("<HHI", key, kind, count)
            if len(data) <= 4:
                out += data.ljust(4, b"\0")
            else:
                out += struct.pack("<I", room + len(values))
                values += data + bytes(len(data) % 2)
        out += struct.pack("<I", follower) + values
        for group in self.children.values():
            for child in group:
                child.write(out, 0)


def _size(chunk: Chunk) -> int:
    return len(chunk) if isinstance(chunk, (bytes, bytearray)) else chunk.nbytes


def _encode(kind: int, value: Any) -> tuple[int, bytes]:
    if isinstance(value, np.ndarray):
        value = value.ravel().tolist()
    if kind == Type.ASCII:
        text = (value.encode() if isinstance(value, str) else bytes(value)).rstrip(b"\0") + b"\0"
        return len(text), text
    if isinstance(value, (bytes, bytearray, memoryview)):
        if kind not in (Type.BYTE, Type.SBYTE, Type.UNDEFINED):
            raise TypeError("bytes")
        return len(value), bytes(value)
    values = list(value) if isinstance(value, (list, tuple)) else [value]
    if kind in (Type.RATIONAL, Type.SRATIONAL):
        flat = _rationals(values, signed=kind == Type.SRATIONAL)
        return len(flat) // 2, struct.pack(f"<{len(flat)}{_FORMATS[kind]}", *flat)
    data = struct.pack(f"<{len(values)}{_FORMATS[kind]}", *values)
    if not values:
        raise TypeError("no value")
    return len(values), data


def _rationals(values: list[Any], *, signed: bool) -> list[int]:
    """Numerators and denominators in turn."""
    whole = all(isinstance(v, (int, np.integer)) for v in values)
    if whole and len(values) % 2 == 0 and values:
        return [int(v) for v in values]
    if values and all(isinstance(v, (list, tuple)) and len(v) == 2 for v in values):
        return [int(n) for v in values for n in v]
    flat: list[int] = []
    for v in values:
        flat += fraction(v, 2**31 - 1 if signed else 2**32 - 1)
    if not flat:
        raise TypeError("no value")
    return flat


def fraction(value: Any, largest: int = 2**31 - 1) -> tuple[int, int]:
    """The decimal fraction that a number is, else the simplest within a ten-millionth: numerator and denominator, which
    are at most `largest`. Raises `OverflowError` for what is larger, or not finite."""
    exact = value if hasattr(value, "denominator") else float(value)
    if not math.isfinite(exact):
        raise OverflowError("not finite")
    over, under = exact.as_integer_ratio()
    for ten in _TENS:
        near = (2 * over * ten + under) // (2 * under)
        if abs(near * under - over * ten) * 10**13 <= abs(over) * ten:
            common = math.gcd(near, ten)
            if abs(near) // common <= largest:
                return near // common, ten // common
    if 0 < over < under:  # exposure times are parts of a second
        part = (2 * under + over) // (2 * over)
        if abs(part * over - under) * 10_000_000 <= under and part <= largest:
            return 1, part
    return _simplest(over, under, largest)


def _simplest(over: int, under: int, largest: int) -> tuple[int, int]:
    from fractions import Fraction  # hardly a photograph holds such numbers

    exact = Fraction(over, under)
    for limit in (1_000, 100_000, 10_000_000, 1_000_000_000):
        near = exact.limit_denominator(limit)
        if abs(near - exact) <= abs(exact) * Fraction(1, 10_000_000) and abs(near.numerator) <= largest:
            return near.as_integer_ratio()
    near = exact.limit_denominator(max(1, int(largest / max(1.0, abs(float(exact))))))
    if abs(near.numerator) > largest:
        raise OverflowError("too large")
    return near.as_integer_ratio()
