"""Ultra HDR: a JPEG whose second picture says how much brighter a display with headroom shows the first.

Both ways of saying so are written: ISO 21496-1 (annex C, in APP2 segments), and the `hdrgm` properties of XMP with a
container directory (Ultra HDR image format 1.1); the two pictures are tied together by a multi-picture index (CIPA
DC-007). A reader that knows none of them shows the first picture, which is the same as without.
"""

from __future__ import annotations

import struct

import numpy as np
import numpy.typing as npt

from lichtbild.atomic_file import Chunk
from lichtbild.carriers import GainMap
from lichtbild.output import jpeg
from lichtbild.output.attachments import Attachments
from lichtbild.output.tiff import fraction
from lichtbild.output.xmp import Packet
from lichtbild.record import replace

ISO_MARK = b"urn:iso:std:iso:ts:21496:-1\0"
MPF_MARK = b"MPF\0"
QUALITY = 90  # of the map, which is a quarter of the pixels and smooth
SPACES = {
    "hdrgm": "http://ns.adobe.com/hdr-gain-map/1.0/",
    "Container": "http://ns.google.com/photos/1.0/container/",
    "Item": "http://ns.google.com/photos/1.0/container/item/",
}
_MULTI_CHANNEL, _BASE_SPACE = 0x80, 0x40
_PRIMARY = 0x030000  # a baseline primary image, as CIPA DC-007 table 4 names it
_MPF_SIZE = 8 + 2 + 3 * 12 + 4 + 2 * 16


def chunks(image: npt.NDArray[np.uint8], gain_map: GainMap, attached: Attachments, quality: int) -> list[Chunk]:
    """The file's chunks for an (h, w, 3) picture: as `jpeg.with_metadata` makes them, then the gain map's JPEG."""
    bare, bare_map = jpeg.encode_with_map(image, quality, np.ascontiguousarray(gain_map.image), QUALITY)
    second = _map_jpeg(bare_map, gain_map)
    packet = attached.packet.plus({"hdrgm:Version": "1.0"}, {"Container:Directory": _directory(len(second))}, SPACES)
    extra = [ISO_MARK + struct.pack(">HH", 0, 0), MPF_MARK + bytes(_MPF_SIZE)]
    first = jpeg.with_metadata(bare, replace(attached, packet=packet), extra)
    head, body = bytes(first[0]), first[1:]
    start = len(head) - _MPF_SIZE  # offsets are counted from here
    size = len(head) + sum(len(chunk) for chunk in body)
    return [head[:start] + _index(size, size - start, len(second)), *body, second]


def foreseeing(file: bytes, signed: bytes) -> bytes:
    """The same file with the index that will be true once it is signed: `signed` shows what comes in between and where.

    A signature covers the index, so that it cannot be mended afterwards. A file without a gain map stays as it is.
    """
    mark = MPF_MARK + b"II*\0"
    at, then = file.find(mark) + len(MPF_MARK), signed.find(mark) + len(MPF_MARK)
    if min(at, then) < len(MPF_MARK):
        return file
    second = struct.unpack_from("<I", file, at + _MPF_SIZE - 12)[0]
    size = len(signed) - second
    return file[:at] + _index(size, size - then, second) + file[at + _MPF_SIZE :]


def iso_metadata(gain_map: GainMap) -> bytes:
    """The gain map's metadata as ISO 21496-1, annex C.2 has it: one channel, applied in the picture's own space."""
    stops = fraction(gain_map.stops)
    fractions = [
        (0, 1),  # base headroom: the picture is for displays without any
        stops,  # alternate headroom: where all of the map is applied
        (0, 1),  # least gain
        stops,  # most gain
        (1, 1),  # gamma
        (0, 1),  # offsets
        (0, 1),
    ]
    flat = [n for pair in fractions for n in pair]
    return struct.pack(">HHB4IiIiI2IiIiI", 0, 0, _BASE_SPACE, *flat)


def _map_jpeg(bare: bytes, gain_map: GainMap) -> bytes:
    stops = str(gain_map.stops)
    numbers = {
        "Version": "1.0",
        "BaseRenditionIsHDR": "False",
        "GainMapMin": "0",
        "GainMapMax": stops,
        "Gamma": "1",
        "OffsetSDR": "0",
        "OffsetHDR": "0",
        "HDRCapacityMin": "0",
        "HDRCapacityMax": stops,
    }
    packet = Packet({f"hdrgm:{name}": value for name, value in numbers.items()}, {}, SPACES)
    return b"".join(
        [
            b"\xff\xd8",
            jpeg.segment(0xE1, jpeg.XMP_MARK + packet.to_bytes()),
            jpeg.segment(0xE2, ISO_MARK + iso_metadata(gain_map)),
            memoryview(bare)[2:],
        ]
    )


def _directory(length: int) -> str:
    """The container's two items, in the order in which they are in the file."""
    items = "".join(
        f'<rdf:li rdf:parseType="Resource"><Container:Item Item:Semantic="{semantic}" Item:Mime="image/jpeg"{size}/>'
        "</rdf:li>"
        for semantic, size in (("Primary", ""), ("GainMap", f' Item:Length="{length}"'))
    )
    return f"<rdf:Seq>{items}</rdf:Seq>"


def _index(size: int, offset: int, second: int) -> bytes:
    """The multi-picture index: a TIFF header and one directory of version, number of images and their entries."""
    entries = 8 + 2 + 3 * 12 + 4
    return b"".join(
        [
            struct.pack("<2sHI", b"II", 42, 8),
            struct.pack("<H", 3),
            struct.pack("<HHI4s", 0xB000, 7, 4, b"0100"),
            struct.pack("<HHII", 0xB001, 4, 1, 2),
            struct.pack("<HHII", 0xB002, 7, 32, entries),
            struct.pack("<I", 0),
            struct.pack("<IIIHH", _PRIMARY, size, 0, 0, 0),
            struct.pack("<IIIHH", 0, second, offset, 0, 0),
        ]
    )
