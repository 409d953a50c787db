"""OpenEXR: linear light in half floats, three channels in blocks of 16 lines, compressed by ZIP (OpenEXR file layout).

1.0 is the picture's white; what is brighter is above it. The primaries stand in the `chromaticities` attribute, and
`whiteLuminance` says what a reader shall show 1.0 with.
"""

from __future__ import annotations

import struct
import zlib
from collections.abc import Callable
from functools import partial

import numpy as np
import numpy.typing as npt

from lichtbild import native
from lichtbild.atomic_file import Chunk
from lichtbild.color import D65, PRIMARIES
from lichtbild.output.attachments import Attachments
from lichtbild.output.exr_attributes import attributes
from lichtbild.output.light import WHITE
from lichtbild.workers import on_all_processors

MAGIC, LINES, ZIP, HALF = 20000630, 16, 3, 1
LEVEL = {"quick": 1, "small": 6}


def chunks(halves: npt.NDArray[np.uint16], space: str, attached: Attachments, effort: str) -> list[Chunk]:
    """The file's chunks for the bits of (h, w, 3) half floats, linear in the primaries of `space`."""
    height = len(halves)
    tops = range(0, height, LINES)
    pack: Callable[[int], bytes] = partial(_block, halves, LEVEL[effort])
    blocks = on_all_processors(pack, tops)
    head = _header(halves.shape[1], height, space, attached)
    places = np.cumsum([len(head) + 8 * len(blocks), *(len(block) for block in blocks)])[:-1]
    return [head + places.astype("<u8").tobytes(), *blocks]


def _block(halves: npt.NDArray[np.uint16], level: int, top: int) -> bytes:
    """First line, size, and the compressed bytes; as they are where compression makes them larger."""
    lines = halves[top : top + LINES]
    count, width = lines.shape[:2]
    ready = np.empty((2, count, 3, width), np.uint8)
    native.call("output_exr", lines, ready)
    data = zlib.compress(ready.data, level)
    if len(data) >= ready.nbytes:
        data = np.moveaxis(lines[..., ::-1], 2, 1).astype("<u2").tobytes()
    return struct.pack("<ii", top, len(data)) + data


def _header(width: int, height: int, space: str, attached: Attachments) -> bytes:
    channels = b"".join(name + b"\0" + struct.pack("<iB3xii", HALF, 0, 1, 1) for name in (b"B", b"G", b"R"))
    window = struct.pack("<4i", 0, 0, width - 1, height - 1)
    corners = [v for xy in (*PRIMARIES[space], D65) for v in xy]
    own = {
        "channels": ("chlist", channels + b"\0"),
        "chromaticities": ("chromaticities", struct.pack("<8f", *corners)),
        "compression": ("compression", bytes([ZIP])),
        "dataWindow": ("box2i", window),
        "displayWindow": ("box2i", window),
        "lineOrder": ("lineOrder", b"\0"),
        "pixelAspectRatio": ("float", struct.pack("<f", 1.0)),
        "screenWindowCenter": ("v2f", struct.pack("<2f", 0.0, 0.0)),
        "screenWindowWidth": ("float", struct.pack("<f", 1.0)),
        "whiteLuminance": ("float", struct.pack("<f", WHITE)),
    }
    found = {name: (kind, data) for name, kind, data in attributes(attached)} | own
    body = b"".join(
        name.encode() + b"\0" + kind.encode() + b"\0" + struct.pack("<i", len(data)) + data
        for name, (kind, data) in sorted(found.items())
    )
    return struct.pack("<II", MAGIC, 2) + body + b"\0"
