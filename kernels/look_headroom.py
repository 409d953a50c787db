"""How much brighter than in the picture light is shown where a display has headroom: a gain map (ISO 21496-1).

The gain of a pixel follows from the scene's light there, before it was made to fit a display without headroom: 0 up to
diffuse white, and growing smoothly above. Logarithms of four pixels are averaged, so that a lamp's edge is shared
between its two sides. Only tiles that may hold such light are looked at. See `lichtbild/look/headroom.py` for the
numbers.
"""

from __future__ import annotations

from typing import Any

import halide as hl

from kernel import kernel
from look_math import log2
from look_output import scene_planes

TILE, LANES = 16, 16
x, y, c, i, j, n = (hl.Var(v) for v in ("x", "y", "c", "i", "j", "n"))


def opened(t: Any, curve: Any) -> Any:
    """Stops of gain of light t stops above diffuse white. curve: released, softness, slope, slope / limit."""
    above = hl.max(t, 0.0)
    grown = above * above * hl.fast_inverse(above + curve[1])
    bent = grown * curve[3]
    return grown * curve[2] * hl.fast_inverse_sqrt(bent * bent + 1.0)


@kernel("look_headroom", rare=True)
def look_headroom() -> tuple[hl.Pipeline, list[Any]]:
    """Scene (c, x, y), half of the size rounded up -> (h', w') uint8, 255 * gain / stops; in the listed tiles alone.

    tiles: (n, 2) int32, (y, x) of the first pixels of squares of `TILE` pixels in the map, which may overlap. gain:
    (x, y, 3) slope and offset of the picture's log2 gain against the log2 guide on a coarse grid. place: its cells per
    pixel, then the pixels' offset in x and y. guide: weights of the luminance and its floor. curve: EV, how much of
    what was held back is released, softness, slope, slope / limit, 255 / stops.
    """
    scene = scene_planes()
    tiles, gain = hl.ImageParam(hl.Int(32), 2, "tiles"), hl.ImageParam(hl.Float(32), 3, "gain")
    place, guide = hl.ImageParam(hl.Float(32), 1, "place"), hl.ImageParam(hl.Float(32), 1, "guide")
    curve = hl.ImageParam(hl.Float(32), 1, "curve")
    width, height = scene.dim(1).extent(), scene.dim(2).extent()
    out = hl.Func("lichtbild_look_headroom")
    padded, wide, grid, stops = (hl.Func(v) for v in ("padded", "grid_wide", "grid_at", "stops"))
    left, top = tiles[1, n], tiles[0, n]
    px, py = hl.clamp(2 * left + hl.likely(i), 0, width - 1), hl.clamp(2 * top + hl.likely(j), 0, height - 1)
    padded[i, j, n, c] = hl.f32(scene[c, px, py])

    def cell(position: Any, offset: Any, extent: Any) -> tuple[Any, Any, Any]:
        """Cells before and behind the middle of two pixels, and its place between them."""
        u = hl.clamp((2.0 * hl.f32(position) + 1.0 + offset) * place[0] - 0.5, 0.0, hl.f32(extent - 1))
        low = hl.i32(u)
        return low, hl.min(low + 1, extent - 1), u - hl.f32(low)

    # Rows of the grid that a tile touches: their number is the same for all.
    rows, extent = hl.i32(hl.f32(2 * TILE) * place[0]) + 3, gain.dim(1).extent()
    x0, x1, fx = cell(left + i, place[1], gain.dim(0).extent())
    row = hl.min(cell(top, place[2], extent)[0] + y, extent - 1)
    wide[i, y, n, c] = hl.lerp(gain[x0, row, c], gain[x1, row, c], fx)
    first, (y0, y1, fy) = cell(top, place[2], extent)[0], cell(top + j, place[2], extent)
    near = [hl.clamp(v - first, 0, rows - 1) for v in (y0, y1)]
    grid[i, j, n] = tuple(hl.lerp(wide[i, near[0], n, k], wide[i, near[1], n, k], fy) for k in range(2))

    light = log2(hl.max(sum(guide[k] * padded[i, j, n, k] for k in range(3)), guide[3]))
    held = grid[i >> 1, j >> 1, n]
    slope = 1.0 + (1.0 - curve[1]) * held[0]
    offset = curve[0] + (1.0 - curve[1]) * (held[1] - curve[0])
    stops[i, j, n] = opened(slope * light + offset, [None, *(curve[k] for k in (2, 3, 4))])

    out[x, y] = hl.undef(hl.UInt(8))
    r = hl.RDom([(0, TILE), (0, TILE), (0, tiles.dim(1).extent())], "r")
    four = sum(stops[2 * r.x + u, 2 * r.y + v, r.z] for v in (0, 1) for u in (0, 1))
    buffer = out.output_buffer()
    inside = [
        hl.unsafe_promise_clamped(tiles[k, r.z] + at, 0, buffer.dim(1 - k).extent() - 1)
        for k, at in ((1, r.x), (0, r.y))
    ]
    out[inside[0], inside[1]] = hl.u8(hl.clamp(four * (curve[5] * 0.25) + 0.5, 0.0, 255.0))

    out.update().allow_race_conditions().vectorize(r.x).parallel(r.z)
    stops.compute_at(out, r.y).vectorize(i, LANES)
    grid.compute_at(out, r.y).vectorize(i, LANES)
    wide.compute_at(out, r.z).vectorize(i, LANES)
    padded.compute_at(out, r.z).bound(c, 0, 3)
    for stage in (stops, grid, wide):
        stage.never_partition_all()
    for step in (1, -1):
        padded.specialize(scene.dim(1).stride() == step).reorder(i, j, c).vectorize(i, LANES)
    for step in (1, -1):
        padded.specialize(scene.dim(2).stride() == step).reorder(j, i, c).vectorize(j, LANES)
    return hl.Pipeline([out]), [scene, tiles, gain, place, guide, curve]
