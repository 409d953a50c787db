"""JPEG: libjpeg-turbo's pixels, and the segments that say what they are (ITU-T T.81, Exif 2.32, ICC.1 annex B.4)."""

from __future__ import annotations

import struct

import numpy as np
import numpy.typing as npt

from lichtbild.errors import OutputError
from lichtbild.output.atomic import Chunk

MAX_SIDE = 65_500
MAX_PAYLOAD = 65_533  # of one segment; its length field counts itself
EXIF_MARK = b"Exif\0\0"
XMP_MARK = b"http://ns.adobe.com/xap/1.0/\0"
EXTENSION_MARK = b"http://ns.adobe.com/xmp/extension/\0"
ICC_MARK = b"ICC_PROFILE\0"
FULL_CHROMA_FROM = 95  # from this quality on chroma is not subsampled


def encode(image: npt.NDArray[np.uint8], quality: int) -> bytes:
    """A bare JPEG of an (h, w, 3) image."""
    from imagecodecs import jpeg8_encode

    sampling = "444" if quality >= FULL_CHROMA_FROM else "420"
    return bytes(jpeg8_encode(image, quality, subsampling=sampling))


def with_metadata(jpeg: bytes, *, icc: bytes, exif: bytes, xmp: bytes, extension: bytes, guid: str) -> list[Chunk]:
    """The file's chunks: SOI, EXIF, XMP, ICC, then the picture's own segments without its JFIF header.

    extension, guid: the rest of a long XMP packet and its digest, in as many segments as it takes.
    """
    if jpeg[:2] != b"\xff\xd8":
        raise OutputError("the JPEG encoder gave no JPEG")
    segments = [_segment(0xE1, EXIF_MARK + exif), _segment(0xE1, XMP_MARK + xmp)]
    room = MAX_PAYLOAD - len(EXTENSION_MARK) - 40
    for start in range(0, len(extension), room):
        where = guid.encode() + struct.pack(">II", len(extension), start)
        segments.append(_segment(0xE1, EXTENSION_MARK + where + extension[start : start + room]))
    room = MAX_PAYLOAD - len(ICC_MARK) - 2
    count = -(-len(icc) // room)
    for i in range(count):
        segments.append(_segment(0xE2, ICC_MARK + bytes([i + 1, count]) + icc[i * room : (i + 1) * room]))
    body = 2
    while jpeg[body : body + 2] == b"\xff\xe0":  # JFIF and EXIF both claim the first place; EXIF says more
        body += 2 + int.from_bytes(jpeg[body + 2 : body + 4], "big")
    return [b"\xff\xd8" + b"".join(segments), memoryview(jpeg)[body:]]


def _segment(marker: int, payload: bytes) -> bytes:
    return struct.pack(">BBH", 0xFF, marker, len(payload) + 2) + payload
