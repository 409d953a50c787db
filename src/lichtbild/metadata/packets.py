"""Where the XMP packet lies in a finished file of any format that Lichtbild writes (XMP specification part 3).

Files may have gone through other programs. Nothing is trusted: sizes are checked, and no more is read than a packet
may be long.
"""

from __future__ import annotations

import mmap
import struct
import zlib
from collections.abc import Iterator
from hashlib import md5
from pathlib import Path

from lichtbild.errors import OutputError, RawError
from lichtbild.metadata.xml import LARGEST
from lichtbild.plain_file import open_plain
from lichtbild.raw.tiff import Tiff

_JPEG_XMP = b"http://ns.adobe.com/xap/1.0/\0"
_JPEG_EXTENSION = b"http://ns.adobe.com/xmp/extension/\0"
_PNG_XMP = b"XML:com.adobe.xmp\0"
_PNG_PROFILE = b"Raw profile type xmp\0\0"  # of ImageMagick: a name, a length and hexadecimal digits, compressed
_XMP_TYPE = b"application/rdf+xml"


def packets(path: Path) -> list[bytes]:
    """The packet of the file and its extension, if it has one; nothing in a file of another kind. Raises `OSError`."""
    with open_plain(path) as file:
        try:
            data = memoryview(mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ))
        except ValueError:  # empty
            return []
    try:
        head = bytes(data[:12])
        if head[:2] == b"\xff\xd8":
            return _in_jpeg(data)
        if head[:8] == b"\x89PNG\r\n\x1a\n":
            return _in_png(data)
        if head[:4] in (b"II*\0", b"MM\0*"):
            packet = Tiff(data).directories[0].bytes(700)[:LARGEST]
            return [packet] if packet else []
        if head[4:8] == b"JXL ":
            return _in_jxl(data)
        if head[4:8] == b"ftyp":
            return _in_heif(data)
        if head[:4] == b"\x76\x2f\x31\x01":
            return _in_exr(data)
    except (IndexError, ValueError, struct.error, zlib.error, OutputError, RawError):
        pass
    return []


def _bytes(data: memoryview, start: int, stop: int) -> bytes:
    return bytes(data[start : min(stop, start + LARGEST)])


def _in_jpeg(data: memoryview) -> list[bytes]:
    at, found = 2, []
    parts: dict[bytes, dict[int, bytes]] = {}
    while at + 4 <= len(data) and data[at] == 0xFF and data[at + 1] not in (0xDA, 0xD9):
        size = int.from_bytes(data[at + 2 : at + 4])
        body = bytes(data[at + 4 : at + 2 + size]) if data[at + 1] == 0xE1 else b""
        if body.startswith(_JPEG_XMP):
            found.append(body[len(_JPEG_XMP) :])
        elif body.startswith(_JPEG_EXTENSION):
            guid, place = body[len(_JPEG_EXTENSION) :][:32], len(_JPEG_EXTENSION) + 36
            parts.setdefault(guid, {})[int.from_bytes(body[place : place + 4])] = body[place + 4 :]
        at += 2 + size
    for guid, pieces in parts.items():
        whole = b"".join(pieces[start] for start in sorted(pieces))
        if found and guid in found[0] and md5(whole, usedforsecurity=False).hexdigest().upper().encode() == guid:
            found.append(whole)
    return found


def _in_png(data: memoryview) -> list[bytes]:
    at = 8
    while at + 12 <= len(data):
        size, kind = struct.unpack_from(">I4s", data, at)
        if kind in (b"iTXt", b"zTXt"):
            body = _bytes(data, at + 8, at + 8 + size)
            if body.startswith(_PNG_XMP):
                packed, body = body[len(_PNG_XMP)] == 1, body[len(_PNG_XMP) + 2 :]
                body = body.split(b"\0", 2)[2]  # language and translated keyword are empty
                return [_inflated(body) if packed else body]
            if body.startswith(_PNG_PROFILE):
                text = _inflated(body[len(_PNG_PROFILE) :]).split(None, 2)
                return [bytes.fromhex(text[2].decode("ascii"))]
        at += 12 + size
    return []


def _inflated(packed: bytes) -> bytes:
    return zlib.decompressobj().decompress(packed, 2 * LARGEST)


def _in_jxl(data: memoryview) -> list[bytes]:
    for kind, start, stop in boxes(data, 0, len(data)):
        if kind == b"xml ":
            return [_bytes(data, start, stop)]
        if kind == b"brob" and bytes(data[start : start + 4]) == b"xml ":
            from imagecodecs import BrotliError, brotli_decode

            try:  # into as much room as there may be, so that nothing explodes
                return [bytes(brotli_decode(_bytes(data, start + 4, stop), out=LARGEST))]
            except BrotliError:
                return []
    return []


def _in_exr(data: memoryview) -> list[bytes]:
    at = 8
    while at < len(data) and data[at]:
        words = bytes(data[at : at + 600]).split(b"\0", 2)
        at += len(words[0]) + len(words[1]) + 2
        size = int.from_bytes(data[at : at + 4], "little")
        if words[0] == b"xmp" and words[1] == b"string":
            return [_bytes(data, at + 4, at + 4 + size)]
        at += 4 + size
    return []


def boxes(data: memoryview, at: int, end: int) -> Iterator[tuple[bytes, int, int]]:
    """(kind, start, end) of what the boxes hold."""
    while at + 8 <= end:
        size, kind = struct.unpack_from(">I4s", data, at)
        body = at + 8
        if size == 1:
            size, body = int.from_bytes(data[at + 8 : at + 16]), at + 16
        stop = end if size == 0 else at + size
        if not body <= stop <= end:
            return
        yield kind, body, stop
        at = stop


def _in_heif(data: memoryview) -> list[bytes]:
    """The data of the items of XMP's media type."""
    from lichtbild.output.heif_items import read_places

    meta = next(((a, b) for kind, a, b in boxes(data, 0, len(data)) if kind == b"meta"), None)
    if meta is None:
        return []
    children = {kind: (a, b) for kind, a, b in boxes(data, meta[0] + 4, meta[1])}
    start, end = children.get(b"iinf", (0, 0))
    wanted = set()
    for _, a, b in boxes(data, start + (8 if data[start] else 6), end):
        if _XMP_TYPE in bytes(data[a:b]):
            wanted.add(int.from_bytes(data[a + 4 : a + (8 if data[a] == 3 else 6)]))
    start, end = children.get(b"iloc", (0, 0))
    places = read_places(_bytes(data, start, end)) if end else []
    return [
        b"".join(_bytes(data, at, at + size) for at, size in place.extents)[:LARGEST]
        for place in places
        if place.item in wanted and place.method == 0
    ][:1]
