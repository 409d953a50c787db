"""EXIF and XMP in JPEG XL: boxes of its container (ISO/IEC 18181-2). The colour profile is in the codestream."""

from __future__ import annotations

import struct

from lichtbild.atomic_file import Chunk
from lichtbild.errors import OutputError
from lichtbild.output.attachments import Attachments

_SIGNATURE = b"\0\0\0\x0cJXL \r\n\x87\n"
_FILE_TYPE = b"\0\0\0\x14ftypjxl \0\0\0\0jxl "
_CODESTREAM = b"\xff\x0a"


def with_metadata(file: bytes, attached: Attachments) -> list[Chunk]:
    """The chunks of a JPEG XL file with EXIF and XMP before the codestream, where a reader finds them at once.

    file: a container, or a bare codestream. Raises `OutputError` when it is neither.
    """
    exif = struct.pack(">I", 0) + attached.exif  # the TIFF structure begins right here
    boxes = _box(b"Exif", exif) + _box(b"xml ", attached.xmp)
    if file[:2] == _CODESTREAM:
        head = struct.pack(">I4s", 8 + len(file), b"jxlc")
        return [_SIGNATURE + _FILE_TYPE + boxes + head, memoryview(file)]
    start = len(_SIGNATURE) + len(_FILE_TYPE)
    if file[:start] != _SIGNATURE + _FILE_TYPE:
        raise OutputError("the JPEG XL encoder gave no JPEG XL picture")
    if file[start + 4 : start + 8] == b"jxll":  # the level of the codestream stays in front
        start += int.from_bytes(file[start : start + 4])
    return [file[:start] + boxes, memoryview(file)[start:]]


def _box(kind: bytes, data: bytes) -> bytes:
    return struct.pack(">I4s", 8 + len(data), kind) + data
