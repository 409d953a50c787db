"""How much brighter than in the picture light is shown where a display has headroom: a gain map (ISO 21496-1).

The gain of a pixel follows from the scene's light there, before it was made to fit a display without headroom: 0 up to
diffuse white, and growing smoothly above. Logarithms of four pixels are averaged, so that a lamp's edge is shared
between its two sides. See `lichtbild/look/headroom.py` for the numbers.
"""

from __future__ import annotations

from typing import Any

import halide as hl

from kernel import kernel
from look_math import log2
from look_output import scene_planes

ROWS, COLUMNS, LANES, BLOCK = 32, 128, 16, 16
x, y, c = hl.Var("x"), hl.Var("y"), hl.Var("c")


def opened(t: Any, curve: Any) -> Any:
    """Stops of gain of light t stops above diffuse white. curve: released, softness, slope, slope / limit."""
    above = hl.max(t, 0.0)
    grown = above * above * hl.fast_inverse(above + curve[1])
    bent = grown * curve[3]
    return grown * curve[2] * hl.fast_inverse_sqrt(bent * bent + 1.0)


@kernel("look_headroom", rare=True)
def look_headroom() -> tuple[hl.Pipeline, list[Any]]:
    """Scene (c, x, y), half of the size rounded up -> (h', w') uint8, 255 * gain / stops.

    gain: (x, y, 3) slope and offset of the picture's log2 gain against the log2 guide on a coarse grid. place: its
    cells per pixel, then the pixels' offset in x and y. guide: weights of the luminance and its floor. curve: EV, how
    much of what was held back is released, softness, slope, slope / limit, 255 / stops.
    """
    scene = scene_planes()
    gain = hl.ImageParam(hl.Float(32), 3, "gain")
    place, guide = hl.ImageParam(hl.Float(32), 1, "place"), hl.ImageParam(hl.Float(32), 1, "guide")
    curve = hl.ImageParam(hl.Float(32), 1, "curve")
    width, height = scene.dim(1).extent(), scene.dim(2).extent()
    out = hl.Func("lichtbild_look_headroom")
    padded, wide, grid, stops = (hl.Func(n) for n in ("padded", "grid_wide", "grid_at", "stops"))
    source = scene[c, hl.clamp(hl.likely(x), 0, width - 1), hl.clamp(hl.likely(y), 0, height - 1)]
    padded[x, y, c] = hl.f32(source)

    def cell(position: Any, offset: Any, extent: Any) -> tuple[Any, Any, Any]:
        """Cells before and behind the middle of two pixels, and its place between them."""
        u = hl.clamp((2.0 * hl.f32(position) + 1.0 + offset) * place[0] - 0.5, 0.0, hl.f32(extent - 1))
        low = hl.i32(u)
        return hl.clamp(low, 0, extent - 1), hl.clamp(low + 1, 0, extent - 1), u - hl.f32(low)

    x0, x1, fx = cell(x, place[1], gain.dim(0).extent())
    wide[x, y, c] = hl.lerp(gain[x0, y, c], gain[x1, y, c], fx)
    y0, y1, fy = cell(y, place[2], gain.dim(1).extent())
    grid[x, y] = tuple(hl.lerp(wide[x, y0, i], wide[x, y1, i], fy) for i in range(2))

    light = log2(hl.max(sum(guide[i] * padded[x, y, i] for i in range(3)), guide[3]))
    half_x, half_y = x >> 1, y >> 1
    slope = 1.0 + (1.0 - curve[1]) * grid[half_x, half_y][0]
    offset = curve[0] + (1.0 - curve[1]) * (grid[half_x, half_y][1] - curve[0])
    stops[x, y] = opened(slope * light + offset, [None, *(curve[i] for i in (2, 3, 4))])
    four = sum(stops[2 * x + i, 2 * y + j] for j in (0, 1) for i in (0, 1))
    out[x, y] = hl.u8(hl.clamp(four * (curve[5] * 0.25) + 0.5, 0.0, 255.0))

    xo, yo, xi, yi = (hl.Var(n) for n in ("xo", "yo", "xi", "yi"))
    guard = hl.TailStrategy.GuardWithIf
    out.tile(x, y, xo, yo, xi, yi, COLUMNS, ROWS, guard).parallel(yo).vectorize(xi, LANES, guard)
    stops.compute_at(out, yi).vectorize(x, LANES)
    grid.compute_at(out, yi).vectorize(x, LANES)
    wide.compute_at(out, xo).vectorize(x, LANES)
    padded.compute_at(out, xo).bound(c, 0, 3)
    for stage in (out, stops, grid, wide):
        stage.never_partition_all()
    for step in (1, -1):
        padded.specialize(scene.dim(1).stride() == step).reorder(x, y, c).vectorize(x, LANES)
    for step in (1, -1):
        padded.specialize(scene.dim(2).stride() == step).reorder(y, x, c).vectorize(y, BLOCK)
    return hl.Pipeline([out]), [scene, gain, place, guide, curve]
