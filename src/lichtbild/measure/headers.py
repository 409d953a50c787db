"""What GIF, WebP, BMP and AVIF files say of themselves before their pixels are decoded: size, profile, orientation.

GIF89a; RFC 9649 (WebP); BMP as Microsoft's BITMAPV5HEADER; ISO/IEC 14496-12 and 23000-22 (AVIF), code points of ITU-T
H.273.
"""

from __future__ import annotations

import struct

from lichtbild.errors import MeasureError, OutputError
from lichtbild.output import icc

DAMAGED = "is damaged; save or copy it again"
Header = tuple[tuple[int, int], bytes, int]  # (height, width), ICC profile or nothing, EXIF's orientation

# By primaries and transfer; the curve of television is seen as sRGB's by every viewer.
_SPACES = {1: "srgb", 9: "rec2020", 12: "p3"}
_CURVED, _LINEAR, _UNSAID, _HDR = (1, 6, 13, 14, 15), 8, 2, (16, 18)


def of_gif(data: memoryview) -> Header:
    width, height = struct.unpack_from("<HH", data, 6)
    return (height, width), b"", 1


def of_bmp(data: memoryview) -> Header:
    """Also from a BITMAPCOREHEADER, whose numbers are short."""
    (size,) = struct.unpack_from("<I", data, 14)
    width, height = struct.unpack_from("<HH" if size == 12 else "<ii", data, 18)
    if size >= 40 and struct.unpack_from("<I", data, 30)[0] in (1, 2):
        raise MeasureError("is a BMP with run-length coding, which is not read here; save it as PNG")
    profile = b""
    if size >= 124 and bytes(data[70:74]) == b"DEBM":
        start, length = struct.unpack_from("<II", data, 14 + 112)
        profile = bytes(data[14 + start : 14 + start + length])
    return (abs(height), width), profile, 1


def of_webp(data: memoryview) -> Header:
    from lichtbild.measure.files import orientation_of

    size, profile, orientation, at = (0, 0), b"", 1, 12
    while at + 8 <= len(data):
        kind, length = struct.unpack_from("<4sI", data, at)
        body = data[at + 8 : at + 8 + length]
        if kind == b"VP8X":
            size = int.from_bytes(body[7:10], "little") + 1, int.from_bytes(body[4:7], "little") + 1
        elif kind == b"VP8 " and not all(size):
            width, height = struct.unpack_from("<HH", body, 6)
            size = height & 0x3FFF, width & 0x3FFF
        elif kind == b"VP8L" and not all(size):
            bits = int.from_bytes(body[1:5], "little")
            size = (bits >> 14 & 0x3FFF) + 1, (bits & 0x3FFF) + 1
        elif kind == b"ICCP":
            profile = bytes(body)
        elif kind == b"EXIF":
            orientation = orientation_of(body[6:] if bytes(body[:6]) == b"Exif\0\0" else body)
        at += 8 + length + length % 2
    return size, profile, orientation


def of_avif(data: memoryview) -> tuple[tuple[int, int], bytes, int, int]:
    """As the others, and bits per sample. Raises `MeasureError` for light above white, and films."""
    try:
        return _of_avif(bytes(data[: 1 << 20]))
    except (OutputError, KeyError, IndexError, struct.error):
        raise MeasureError(DAMAGED) from None


def _of_avif(data: bytes) -> tuple[tuple[int, int], bytes, int, int]:
    from lichtbild.output.heif_items import boxes_in

    meta = next((body + 4, end) for kind, _, body, end in boxes_in(data, 0, len(data)) if kind == b"meta")
    parts = {kind: data[body:end] for kind, _, body, end in boxes_in(data, *meta)}
    pitm = parts[b"pitm"]
    primary = int.from_bytes(pitm[4 : 8 if pitm[0] else 6])
    lists = {kind: parts[b"iprp"][body:end] for kind, _, body, end in boxes_in(parts[b"iprp"], 0, len(parts[b"iprp"]))}
    every = [
        (kind, lists[b"ipco"][body:end]) for kind, _, body, end in boxes_in(lists[b"ipco"], 0, len(lists[b"ipco"]))
    ]
    size, profile, bits, turns, mirror = (0, 0), b"", 8, 0, None
    for index in _properties(lists[b"ipma"], primary):
        kind, content = every[index - 1]
        if kind == b"ispe":
            width, height = struct.unpack_from(">II", content, 4)
            size = height, width
        elif kind == b"pixi":
            bits = content[5]
        elif kind == b"irot":
            turns = content[0] & 3
        elif kind == b"imir":
            mirror = content[0] & 1
        elif kind == b"colr" and content[:4] in (b"prof", b"rICC"):
            profile = content[4:]
        elif kind == b"colr" and content[:4] == b"nclx" and not profile:
            profile = profile_of(*struct.unpack_from(">HH", content, 4))
    # Turns are to the left, and come before the mirror: as EXIF's number.
    upright = {0: 1, 1: 8, 2: 3, 3: 6}[turns]
    if mirror is not None:
        upright = {1: (4, 2), 8: (5, 7), 3: (2, 4), 6: (7, 5)}[upright][mirror]
    return size, profile, upright, bits


def _properties(ipma: bytes, primary: int) -> list[int]:
    """Numbers of an item's properties, from 1 on."""
    wide, long = (4 if ipma[0] else 2), bool(ipma[3] & 1)
    at = 8
    for _ in range(int.from_bytes(ipma[4:8])):
        item, count = int.from_bytes(ipma[at : at + wide]), ipma[at + wide]
        at += wide + 1
        step = 2 if long else 1
        found = [int.from_bytes(ipma[at + i * step : at + (i + 1) * step]) for i in range(count)]
        if item == primary:
            return [n & (0x7FFF if long else 0x7F) for n in found]
        at += count * step
    raise KeyError(primary)


def profile_of(primaries: int, transfer: int) -> bytes:
    """ICC profile of H.273's code points; nothing where they are unspecified. Raises `MeasureError` for PQ and HLG."""
    if transfer in _HDR:
        raise MeasureError("holds light above white (PQ or HLG), which is not measured; save it with --hdr off")
    if (primaries, transfer) == (_UNSAID, _UNSAID):
        return b""
    if primaries not in (*_SPACES, _UNSAID) or transfer not in (*_CURVED, _LINEAR, _UNSAID):
        return b"of code points that are not read"
    return icc.profile(_SPACES.get(primaries, "srgb"), linear=transfer == _LINEAR)
