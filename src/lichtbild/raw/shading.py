"""Lens shading: GainMap opcodes of list 2 become one grid of gains per CFA site (DNG 1.7, opcode 9).

Other list 2 opcodes change numbers, not places: MapPolynomial and MapTable over the whole image become a lookup
table per site. What cannot be expressed so is left out, and told.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from lichtbild.carriers import FloatImage
from lichtbild.raw.fallbacks import Notes
from lichtbild.raw.opcodes import Area, GainMap, MapPolynomial, MapTable, Opcode, name_of
from lichtbild.record import record

MAX_GAIN = 64.0


@record
class ListTwo:
    """shading: (h', w', 4) gains as `Frame.shading`, or None. curves: per site, x in 0..1 to 0..1 on 65536 nodes, or
    None. applied: positions in the list of the opcodes that `curves` does, so that nobody does them again."""

    shading: FloatImage | None
    curves: npt.NDArray[np.float64] | None
    applied: frozenset[int]


def read_list_two(opcodes: Sequence[Opcode], height: int, width: int, planes: int, notes: Notes) -> ListTwo:
    """What list 2 asks for on a mosaic of height x width (planes 1) or a linear image (planes 3)."""
    maps: list[tuple[GainMap, list[int]]] = []
    curves: npt.NDArray[np.float64] | None = None
    applied = set()
    for i, opcode in enumerate(opcodes):
        if not isinstance(opcode, (GainMap, MapPolynomial, MapTable)):
            notes.say(f"has a raw correction that is left out ({name_of(opcode)})")
            continue
        sites = covered_sites(opcode.area, height, width, planes)
        if not sites:
            notes.say(f"has a raw correction of a part of the picture that is left out ({name_of(opcode)})")
        elif isinstance(opcode, GainMap):
            maps.append((opcode, sites))
        elif maps:
            notes.say("has raw corrections in an order that cannot be kept; one is left out")
        else:
            if curves is None:
                curves = np.tile(np.linspace(0.0, 1.0, 65536), (3 if planes == 3 else 4, 1))
            for site in sites:
                if site < len(curves):
                    curves[site] = _curve(opcode, curves[site])
            applied.add(i)
    shading = merged_gains(maps, height, width)
    return ListTwo(shading, curves, frozenset(applied))


def covered_sites(area: Area, height: int, width: int, planes: int) -> list[int]:
    """CFA sites (planes 1), or colour planes, that the area covers from border to border; [] if it is not so.

    A linear image has its third plane's gains also at the fourth place, for which no plane exists.
    """
    if area.row_pitch < 1 or area.column_pitch < 1:
        return []
    whole = area.bottom >= height - 1 and area.right >= width - 1
    if planes == 3:
        if not whole or area.top or area.left or area.row_pitch != 1 or area.column_pitch != 1:
            return []
        chosen = [p for p in range(3) if area.plane <= p < area.plane + area.planes]
        return [*chosen, 3] if 2 in chosen else chosen
    if not whole or area.top > 1 or area.left > 1 or area.row_pitch > 2 or area.column_pitch > 2 or area.plane:
        return []
    rows = [area.top % 2] if area.row_pitch == 2 else [0, 1]
    columns = [area.left % 2] if area.column_pitch == 2 else [0, 1]
    return [2 * y + x for y in rows for x in columns]


def _curve(opcode: MapPolynomial | MapTable, x: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    if isinstance(opcode, MapPolynomial):
        return np.clip(np.polynomial.polynomial.polyval(x, opcode.coefficients), 0.0, 1.0)
    table = opcode.table.astype(np.float64) / 65535
    return table[np.minimum(np.rint(x * 65535).astype(np.int64), len(table) - 1)]


def merged_gains(maps: Sequence[tuple[GainMap, list[int]]], height: int, width: int) -> FloatImage | None:
    """All maps multiplied, on the finest of their grids, from the first pixel's centre to the last one's."""
    if not maps:
        return None
    rows = min(max(m.gains.shape[0] for m, _ in maps), height)
    columns = min(max(m.gains.shape[1] for m, _ in maps), width)
    out = np.ones((max(rows, 2), max(columns, 2), 4), np.float32)
    v = (np.linspace(0, height - 1, out.shape[0]) + 0.5) / height
    h = (np.linspace(0, width - 1, out.shape[1]) + 0.5) / width
    for gain_map, sites in maps:
        for site in sites:
            plane = min(site, gain_map.gains.shape[2] - 1)
            down = _resampled(gain_map.gains[..., plane], v, gain_map.origin[0], gain_map.spacing[0])
            out[..., site] *= _resampled(down.T, h, gain_map.origin[1], gain_map.spacing[1]).T
    return np.clip(out, 0.0, MAX_GAIN)


def _resampled(values: FloatImage, at: npt.NDArray[np.float64], origin: float, spacing: float) -> FloatImage:
    """Linear interpolation along the first axis; the borders hold beyond the grid."""
    last = len(values) - 1
    if last == 0 or spacing <= 0:
        return np.repeat(values[:1], len(at), 0)
    place = np.clip((at - origin) / spacing, 0.0, last)
    low = np.minimum(place.astype(np.int64), last - 1)
    part = (place - low).astype(np.float32)[:, None]
    out: FloatImage = values[low] * (1 - part) + values[low + 1] * part
    return out
