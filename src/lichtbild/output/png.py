"""PNG: pixels by libpng, and the chunks that say what they are (W3C PNG, third edition)."""

from __future__ import annotations

import struct
import zlib
from typing import Any

import numpy.typing as npt

from lichtbild.atomic_file import Chunk
from lichtbild.errors import OutputError
from lichtbild.output.attachments import Attachments
from lichtbild.output.avif import PRIMARIES, TRANSFERS

_SIGNATURE = b"\x89PNG\r\n\x1a\n"
_AFTER_HEADER = len(_SIGNATURE) + 25


def encode(image: npt.NDArray[Any]) -> bytes:
    """A bare PNG of an (h, w, 3) uint8 or uint16 image.

    One filter and run lengths alone: a photograph is never smaller with all filters and the search for longer matches,
    which take ten times as long.
    """
    from imagecodecs import PNG, png_encode

    return bytes(png_encode(image, 1, strategy=PNG.STRATEGY.RLE, filter=PNG.FILTER.PAETH))


def with_metadata(png: bytes, attached: Attachments, space: str) -> list[Chunk]:
    """The file's chunks, with cICP, iCCP, eXIf and the XMP packet right after the header.

    space: "srgb", "p3" or "rec2020", whose code points (ITU-T H.273) say the same as the profile.
    """
    if png[:8] != _SIGNATURE or png[12:16] != b"IHDR":
        raise OutputError("the PNG encoder gave no PNG")
    added = [
        _chunk(b"cICP", bytes([PRIMARIES[space], TRANSFERS[space], 0, 1])),  # RGB, full range
        _chunk(b"iCCP", b"icc\0\0" + zlib.compress(attached.icc, 9)),
        _chunk(b"eXIf", attached.exif),
        _chunk(b"iTXt", b"XML:com.adobe.xmp\0\0\0\0\0" + attached.xmp),
    ]
    if attached.iptc:  # PNG has no place for it; this one is ImageMagick's, which others read too
        text = f"\niptc\n{len(attached.iptc):8}\n{attached.iptc.hex()}\n".encode()
        added.append(_chunk(b"zTXt", b"Raw profile type iptc\0\0" + zlib.compress(text, 9)))
    return [png[:_AFTER_HEADER] + b"".join(added), memoryview(png)[_AFTER_HEADER:]]


def _chunk(kind: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))
