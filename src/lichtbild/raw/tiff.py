"""A small TIFF reader that trusts nothing: classic TIFF and BigTIFF, both byte orders (TIFF 6.0, BigTIFF design).

Every count and offset is checked against the file before anything is read or allocated; loops of directories
end; an entry whose value lies outside the file is left out. Errors are `RawError`s without the file's name, which the
door of this leg (`read.py`) puts in front.
"""

from __future__ import annotations

import math
import struct
from collections.abc import Iterator
from typing import TypeAlias

import numpy as np
import numpy.typing as npt

from lichtbild.errors import RawError
from lichtbild.record import record

Buffer: TypeAlias = memoryview

MAX_DIRECTORIES = 100
MAX_ENTRIES = 2000
MAX_VALUES = 1 << 22

SUB_IFDS, EXIF_IFD, GPS_IFD = 330, 34665, 34853
BYTE, ASCII, SHORT, LONG, RATIONAL, SBYTE, UNDEFINED, SSHORT, SLONG, SRATIONAL, FLOAT, DOUBLE = range(1, 13)
IFD, LONG8, SLONG8, IFD8 = 13, 16, 17, 18

# TIFF type: numpy type of one element, elements per value
_TYPES = {
    BYTE: ("u1", 1), ASCII: ("u1", 1), SHORT: ("u2", 1), LONG: ("u4", 1), RATIONAL: ("u4", 2),
    SBYTE: ("i1", 1), UNDEFINED: ("u1", 1), SSHORT: ("i2", 1), SLONG: ("i4", 1), SRATIONAL: ("i4", 2),
    FLOAT: ("f4", 1), DOUBLE: ("f8", 1), IFD: ("u4", 1), LONG8: ("u8", 1), SLONG8: ("i8", 1), IFD8: ("u8", 1),
}  # fmt: skip
# Byte order and magic number of TIFF, BigTIFF, and the TIFF dialects of Olympus and Panasonic.
_MAGIC = {42: "TIFF", 43: "BigTIFF", 0x4F52: "ORF", 0x5352: "ORF", 0x55: "RW2"}


@record
class Entry:
    """One tag as stored: TIFF type, number of values, place of the first value in the file."""

    type: int
    count: int
    offset: int


class Directory:
    """One image file directory: its tags, read when asked for. A tag that is missing or unreadable gives None.

    cut_short: tags or their values lie beyond the end of the file, and were left out.
    """

    def __init__(self, data: Buffer, order: str, entries: dict[int, Entry], *, cut_short: bool = False) -> None:
        # Not the Tiff itself: a circle of references would keep a frame's file mapped until garbage is searched for.
        self.data, self.order = data, order
        self.entries = entries
        self.cut_short = cut_short
        self.children: list[Directory] = []

    def __contains__(self, tag: int) -> bool:
        return tag in self.entries

    def array(self, tag: int) -> npt.NDArray[np.generic] | None:
        """The values as stored, (n,) in native byte order, or (n, 2) of numerator and denominator."""
        entry = self.entries.get(tag)
        if entry is None:
            return None
        kind, per_value = _TYPES[entry.type]
        dtype = np.dtype(self.order + kind)
        values = np.frombuffer(self.data, dtype, entry.count * per_value, entry.offset)
        values = values.astype(dtype.newbyteorder("="))
        return values.reshape(-1, 2) if per_value == 2 else values

    def bytes(self, tag: int) -> bytes:
        """The value's bytes as stored; empty where there is none."""
        entry = self.entries.get(tag)
        if entry is None:
            return b""
        kind, per_value = _TYPES[entry.type]
        size = entry.count * per_value * np.dtype(kind).itemsize
        return bytes(self.data[entry.offset : entry.offset + size])

    def floats(self, tag: int, count: int | None = None) -> tuple[float, ...] | None:
        """The values as floats; 0/0 is NaN, x/0 infinite. None unless there are at least `count` values."""
        values = self.array(tag)
        if values is None or self.entries[tag].type in (ASCII,) or len(values) < (count or 1):
            return None
        if values.ndim == 2:
            with np.errstate(divide="ignore", invalid="ignore"):
                numbers = values[:, 0].astype(np.float64) / values[:, 1].astype(np.float64)
        else:
            numbers = values.astype(np.float64)
        return tuple(numbers.tolist()[:count])

    def number(self, tag: int) -> float | None:
        """The first value, if it is finite."""
        values = self.floats(tag, 1)
        return values[0] if values and math.isfinite(values[0]) else None

    def integers(self, tag: int, count: int | None = None) -> tuple[int, ...] | None:
        """The values as whole numbers; None unless all are finite and there are at least `count`."""
        values = self.floats(tag, count)
        if values is None or not all(math.isfinite(v) and abs(v) < 2**53 for v in values):
            return None
        return tuple(int(v) for v in values)

    def integer(self, tag: int, default: int | None = None) -> int | None:
        """The first value as a whole number."""
        values = self.integers(tag, 1)
        return values[0] if values else default

    def text(self, tag: int) -> str:
        """The value as text: up to the first NUL, without control characters; empty where there is none."""
        raw = self.bytes(tag)[:65536].split(b"\0")[0]
        try:
            text = raw.decode("utf-8")
        except UnicodeDecodeError:
            text = raw.decode("latin-1")
        return "".join(c for c in text if c.isprintable()).strip()


class Tiff:
    """A TIFF file in memory: `directories` are the top-level ones; their SubIFDs are `children`.

    data: the file's bytes. Raises `RawError` when they are no TIFF or hold no directory.
    """

    def __init__(self, data: Buffer) -> None:
        self.data = data
        self.size = len(data)
        head = bytes(data[:16])
        self.order = {b"II": "<", b"MM": ">"}.get(head[:2], "")
        magic = struct.unpack_from(self.order + "H", head, 2)[0] if self.order and len(head) >= 8 else 0
        self.format = _MAGIC.get(magic, "")
        self.big = self.format == "BigTIFF"
        if not self.format or (self.big and (len(head) < 16 or head[4:8] != struct.pack(self.order + "HH", 8, 0))):
            raise RawError("is not a TIFF file")
        self._visited: set[int] = set()
        first: int = struct.unpack_from(self.order + ("Q" if self.big else "I"), head, 8 if self.big else 4)[0]
        self.directories = list(self._chain(first))
        if not any(d.entries for d in self.directories):
            raise RawError("the file's directory is damaged; copy it again from the card")

    def _chain(self, offset: int) -> Iterator[Directory]:
        """A directory and those that follow it."""
        while offset and offset not in self._visited and len(self._visited) < MAX_DIRECTORIES:
            found = self._directory(offset)
            if found is None:
                return
            directory, offset = found
            yield directory

    def _directory(self, offset: int) -> tuple[Directory, int] | None:
        """The directory at `offset` with its SubIFDs, and the offset of the next one."""
        self._visited.add(offset)
        count_form, entry_size, inline = ("Q", 20, 8) if self.big else ("H", 12, 4)
        start = offset + struct.calcsize("<" + count_form)
        if start > self.size:
            return None
        (count,) = struct.unpack_from(self.order + count_form, self.data, offset)
        there = (self.size - start) // entry_size
        cut_short = count > there
        count = min(count, MAX_ENTRIES, there)
        entries: dict[int, Entry] = {}
        for i in range(count):
            at = start + i * entry_size
            tag, type_, n = struct.unpack_from(self.order + ("HHQ" if self.big else "HHI"), self.data, at)
            if type_ not in _TYPES:
                continue
            kind, per_value = _TYPES[type_]
            size = n * per_value * np.dtype(kind).itemsize
            at += entry_size - inline
            if size > inline:
                (at,) = struct.unpack_from(self.order + ("Q" if self.big else "I"), self.data, at)
            if at + size > self.size:
                cut_short = True
            elif tag not in entries and 0 < n <= MAX_VALUES * (64 if kind == "u1" else 1):
                entries[tag] = Entry(type_, n, at)
        end = start + count * entry_size
        following = 0
        if end + inline <= self.size:
            (following,) = struct.unpack_from(self.order + ("Q" if self.big else "I"), self.data, end)
        directory = Directory(self.data, self.order, entries, cut_short=cut_short)
        for child in (directory.integers(SUB_IFDS) or ())[:MAX_DIRECTORIES]:
            directory.children += self._chain(child)
        return directory, following

    def linked(self, directory: Directory, tag: int) -> Directory | None:
        """The private directory (EXIF, GPS) that a tag points to."""
        offset = directory.integer(tag)
        if not offset or offset < 0 or offset >= self.size:
            return None
        found = self._directory(offset)
        return found[0] if found else None

    def all(self) -> Iterator[Directory]:
        """Every image directory of the file, parents before children."""
        queue = list(self.directories)
        while queue:
            directory = queue.pop(0)
            yield directory
            queue[:0] = directory.children
