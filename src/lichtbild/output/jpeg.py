"""JPEG: libjpeg-turbo's pixels, and the segments that say what they are (ITU-T T.81, Exif 2.32, ICC.1 annex B.4).

Strips of the image are encoded side by side and joined by restart markers: the decoded pixels are those of an
image encoded in one piece.
"""

from __future__ import annotations

import struct
from collections.abc import Sequence
from functools import partial

import numpy as np
import numpy.typing as npt

from lichtbild.atomic_file import Chunk
from lichtbild.errors import OutputError
from lichtbild.output.attachments import Attachments

MAX_PAYLOAD = 65_533  # of one segment; its length field counts itself
EXIF_MARK = b"Exif\0\0"
XMP_MARK = b"http://ns.adobe.com/xap/1.0/\0"
EXTENSION_MARK = b"http://ns.adobe.com/xmp/extension/\0"
ICC_MARK = b"ICC_PROFILE\0"
PHOTOSHOP_MARK = b"Photoshop 3.0\0"
MAX_RESTART_INTERVAL = 65_535
FULL_CHROMA_FROM = 95  # from this quality on chroma is not subsampled
_STRIP_PIXELS = 1_000_000


def encode(image: npt.NDArray[np.uint8], quality: int) -> bytes:
    """A bare JPEG of an (h, w, 3) image."""
    return encode_with_map(image, quality, None, 0)[0]


def encode_with_map(
    image: npt.NDArray[np.uint8], quality: int, gains: npt.NDArray[np.uint8] | None, quality_of_gains: int
) -> tuple[bytes, bytes]:
    """Bare JPEGs of an (h, w, 3) image and of the (h', w') gain map beside it, which is encoded at the same time."""
    from imagecodecs import jpeg8_encode

    from lichtbild.workers import on_all_processors

    sampling, unit = ("444", 8) if quality >= FULL_CHROMA_FROM else ("420", 16)
    height, width = image.shape[:2]
    units_across = -(-width // unit)
    rows = unit * max(1, min(_STRIP_PIXELS // (units_across * unit * unit), MAX_RESTART_INTERVAL // units_across))
    works = [partial(jpeg8_encode, image[y : y + rows], quality, subsampling=sampling) for y in range(0, height, rows)]
    if gains is not None:
        works.insert(0, partial(jpeg8_encode, gains, quality_of_gains))
    parts = on_all_processors(lambda work: work(), works)
    second = b"" if gains is None else bytes(parts.pop(0))
    return _joined(parts, height, units_across * (rows // unit)) if len(parts) > 1 else bytes(parts[0]), second


def _joined(parts: Sequence[bytes | bytearray], height: int, interval: int) -> bytes:
    """One JPEG of strips that have the same tables: the first one's header with the whole height and the restart
    interval, then the entropy-coded data of each with a restart marker between."""
    scans = [_scan_start(part) for part in parts]
    head = bytearray(parts[0][: scans[0][0]])
    frame = scans[0][2]
    head[frame + 5 : frame + 7] = struct.pack(">H", height)
    whole: list[bytes | bytearray | memoryview] = [
        head,
        segment(0xDD, struct.pack(">H", interval)),
        parts[0][scans[0][0] : scans[0][1]],
    ]
    for i, (part, (_, start, _)) in enumerate(zip(parts, scans, strict=True)):
        whole += [b"\xff" + bytes([0xD0 + (i - 1) % 8])] if i else []
        whole.append(memoryview(part)[start:-2])
    return b"".join([*whole, b"\xff\xd9"])


def _scan_start(jpeg: bytes | bytearray) -> tuple[int, int, int]:
    """Offsets of the SOS segment, of the entropy-coded data behind it, and of the frame header (SOF0)."""
    position, frame = 2, 0
    while jpeg[position] == 0xFF:
        marker = jpeg[position + 1]
        end = position + 2 + int.from_bytes(jpeg[position + 2 : position + 4], "big")
        if marker == 0xC0:
            frame = position
        if marker == 0xDA and frame and jpeg[-2:] == b"\xff\xd9":
            return position, end, frame
        position = end
    raise OutputError("the JPEG encoder gave something else than a baseline JPEG")


def with_metadata(jpeg: bytes, attached: Attachments, extra: Sequence[bytes] = ()) -> list[Chunk]:
    """The file's chunks: SOI, EXIF, XMP, IPTC, ICC, then the picture's own segments without its JFIF header.

    A long XMP packet, and a long profile, go into as many segments as it takes. extra: further APP2 segments, which
    come last of those in the first chunk.
    """
    if jpeg[:2] != b"\xff\xd8":
        raise OutputError("the JPEG encoder gave no JPEG")
    exif = attached.fields.block(limit=MAX_PAYLOAD - len(EXIF_MARK))
    xmp, extension, guid = attached.packet.in_parts(MAX_PAYLOAD - len(XMP_MARK))
    segments = [segment(0xE1, EXIF_MARK + exif), segment(0xE1, XMP_MARK + xmp)]
    room = MAX_PAYLOAD - len(EXTENSION_MARK) - 40
    for start in range(0, len(extension), room):
        where = guid.encode() + struct.pack(">II", len(extension), start)
        segments.append(segment(0xE1, EXTENSION_MARK + where + extension[start : start + room]))
    if attached.iptc:
        segments += _photoshop(attached.iptc)
    icc = attached.icc
    room = MAX_PAYLOAD - len(ICC_MARK) - 2
    count = -(-len(icc) // room)
    for i in range(count):
        segments.append(segment(0xE2, ICC_MARK + bytes([i + 1, count]) + icc[i * room : (i + 1) * room]))
    segments += [segment(0xE2, payload) for payload in extra]
    body = 2
    while jpeg[body : body + 2] == b"\xff\xe0":  # JFIF and EXIF both claim the first place; EXIF says more
        body += 2 + int.from_bytes(jpeg[body + 2 : body + 4], "big")
    return [b"\xff\xd8" + b"".join(segments), memoryview(jpeg)[body:]]


def _photoshop(iim: bytes) -> list[bytes]:
    """APP13 segments: Photoshop's image resource 0x0404 with the IPTC data sets, cut where it is long."""
    block = b"8BIM\x04\x04\0\0" + struct.pack(">I", len(iim)) + iim + bytes(len(iim) % 2)
    room = MAX_PAYLOAD - len(PHOTOSHOP_MARK)
    return [segment(0xED, PHOTOSHOP_MARK + block[i : i + room]) for i in range(0, len(block), room)]


def segment(marker: int, payload: bytes) -> bytes:
    """A marker segment: its marker, its length, what it holds."""
    return struct.pack(">BBH", 0xFF, marker, len(payload) + 2) + payload
