"""Which blocks hold light that highlight reconstruction, or defringing, would change: most listed ones hold none.

Blocks are listed from statistics of the mosaic, with those around them; here the developed pixels are asked, by bounds
that hold for all of a block, before anything costly is done to it.
"""

from __future__ import annotations

from typing import Any

import halide as hl

from develop_highlights import BLOCK, mixed
from half import half_image
from kernel import kernel


@kernel("highlight_candidates", rare=True)
def highlight_candidates() -> tuple[hl.Pipeline, list[Any]]:
    """(2, n) float32 for the listed blocks of a working-space image: above 0 where something may change.

    First the most by which R, G or B of a pixel is above its limit; then the most by which blue is above what green
    explains, at pixels whose green is below its limit. image: (3, h, w) float16. blocks: (n, 2) int32, (y, x) of blocks
    of 16x16 pixels. limits: (5, n): of R, G, B; the least B/G that is explained; the limit of green. to_camera: (3, 3)
    of working space to white-balanced camera RGB. floor: light that counts as noise.
    """
    image = half_image("image")
    blocks, limits = hl.ImageParam(hl.Int(32), 2, "blocks"), hl.ImageParam(hl.Float(32), 2, "limits")
    to_camera, floor = hl.ImageParam(hl.Float(32), 2, "to_camera"), hl.Param(hl.Float(32), "floor")
    n, c, i, j = (hl.Var(v) for v in ("n", "c", "i", "j"))

    x = hl.clamp(hl.likely(blocks[1, n] * BLOCK + i), 0, image.dim(0).extent() - 1)
    y = hl.clamp(blocks[0, n] * BLOCK + j, 0, image.dim(1).extent() - 1)
    light, beyond, column = hl.Func("light"), hl.Func("beyond"), hl.Func("column")
    light[i, j, n] = hl.Tuple([hl.f32(image[x, y, k]) for k in range(3)])
    red, green, blue = (mixed(to_camera, [light[i, j, n][m] for m in range(3)], k) for k in range(3))
    above = hl.max(red - limits[n, 0], green - limits[n, 1], blue - limits[n, 2])
    rim = hl.min(blue - limits[n, 3] * hl.max(green, 0.0) - floor, limits[n, 4] - green)
    beyond[i, j, n] = hl.Tuple([above, rim])

    down, across = hl.RDom([(0, BLOCK)], "down"), hl.RDom([(0, BLOCK)], "across")
    none = hl.f32(-1.0)
    column[i, n] = hl.Tuple([none, none])
    column[i, n] = hl.Tuple([hl.max(column[i, n][k], beyond[i, down, n][k]) for k in range(2)])
    both, out = hl.Func("both"), hl.Func("lichtbild_highlight_candidates")
    both[n] = hl.Tuple([none, none])
    both[n] = hl.Tuple([hl.max(both[n][k], column[across, n][k]) for k in range(2)])
    out[n, c] = hl.mux(c, [both[n][k] for k in range(2)])

    out.bound(c, 0, 2).reorder(c, n).unroll(c).parallel(n, 16, hl.TailStrategy.GuardWithIf)
    both.compute_at(out, n)
    column.compute_at(out, n).vectorize(i, BLOCK // 2).update().reorder(i, down).vectorize(i, BLOCK // 2)
    light.compute_at(out, n).vectorize(i, BLOCK // 2).never_partition([j])
    return hl.Pipeline([out]), [image, blocks, limits, to_camera, floor]
