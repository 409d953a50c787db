"""Lens shading as DNG opcodes: GainMap, DNG specification 1.4, chapter 6 ("Opcode List Processing")."""

from __future__ import annotations

import struct

import numpy as np

from lichtbild.carriers import FloatImage

GAIN_MAP = 9
_VERSION_1_3 = 0x01030000


def opcode_ids(opcode_list: bytes) -> list[int]:
    """Ids of the opcodes of a list as stored; what is damaged ends the list."""
    ids, position = [], 4
    for _ in range(struct.unpack_from(">I", opcode_list)[0] if len(opcode_list) >= 4 else 0):
        if position + 16 > len(opcode_list):
            break
        code, _, _, size = struct.unpack_from(">4I", opcode_list, position)
        ids.append(code)
        position += 16 + size
    return ids


def with_gain_maps(opcode_list: bytes, shading: FloatImage, height: int, width: int, *, linear: bool) -> bytes:
    """`opcode_list` followed by GainMaps that do what `Frame.shading` says.

    shading: (h', w', 4) gains, one per CFA site, on a grid from the first to the last pixel centre of the
        height x width pixels; of a linear raw, its first three channels are the gains of the planes.
    """
    if linear:
        maps = [_gain_map(shading[..., :3], height, width, (0, 0), 1)]
    else:
        maps = [_gain_map(shading[..., i : i + 1], height, width, divmod(i, 2), 2) for i in range(4)]
    count = len(opcode_ids(opcode_list))
    body = opcode_list[4:] if count else b""
    return struct.pack(">I", count + len(maps)) + body + b"".join(maps)


def _gain_map(gains: FloatImage, height: int, width: int, site: tuple[int, int], pitch: int) -> bytes:
    rows, columns, planes = gains.shape
    # The map's coordinates run from 0 at the outer edge of the first pixel to 1 at that of the last.
    spacing = [(size - 1) / size / max(n - 1, 1) or 1.0 for size, n in ((height, rows), (width, columns))]
    parameters = struct.pack(
        ">4I4I2I4dI",
        *(*site, height, width),
        *(0, planes, pitch, pitch),
        *(rows, columns),
        *(*spacing, 0.5 / height, 0.5 / width),
        planes,
    )
    data = parameters + np.ascontiguousarray(gains, ">f4").tobytes()
    return struct.pack(">4I", GAIN_MAP, _VERSION_1_3, 0, len(data)) + data
