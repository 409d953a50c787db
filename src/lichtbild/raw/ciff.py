"""The camera of a Canon CRW, which is no TIFF but a heap of records (Canon, CIFF specification 1.0).

A heap ends with the place of its directory: 10 bytes for each record, of type, size and place from the heap's start.
Records of some types are heaps themselves.
"""

from __future__ import annotations

import struct

from lichtbild.raw.tiff import ASCII, Buffer, Directory, Entry

_NAMES = 0x080A  # make and model, each ending in a zero
_HEAPS = (0x2800, 0x3000)
_DEEPEST = 4


def directory_of(data: Buffer) -> Directory | None:
    """Make and model as if they were a TIFF's; None where the file is no heap."""
    order = {b"II": "<", b"MM": ">"}.get(bytes(data[:2]), "")
    if not order or bytes(data[6:14]) != b"HEAPCCDR":
        return None
    (start,) = struct.unpack_from(order + "I", data, 2)
    at, size = _names(data, order, start, len(data), 0)
    make = bytes(data[at : at + size]).find(b"\0") + 1
    if not 0 < make < size:
        return Directory(data, order, {})
    return Directory(data, order, {271: Entry(ASCII, make, at), 272: Entry(ASCII, size - make, at + make)})


def _names(data: Buffer, order: str, start: int, end: int, depth: int) -> tuple[int, int]:
    """Place in the file and size of the record of the names in a heap; size 0 where there is none."""
    if not 0 <= start <= end - 6 or end > len(data) or depth > _DEEPEST:
        return 0, 0
    at = start + int(struct.unpack_from(order + "I", data, end - 4)[0])
    if at > end - 6:
        return 0, 0
    (count,) = struct.unpack_from(order + "H", data, at)
    for i in range(min(count, (end - at - 2) // 10)):
        kind, size, place = struct.unpack_from(order + "HII", data, at + 2 + 10 * i)
        place += start
        if kind == _NAMES and place + size <= end:
            return place, min(size, 256)
        if kind & 0xF800 in _HEAPS:
            found = _names(data, order, place, place + size, depth + 1)
            if found[1]:
                return found
    return 0, 0
