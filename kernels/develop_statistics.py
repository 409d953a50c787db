"""What the developing decisions look at: block means of each CFA site, and how much of a block is clipped."""

from __future__ import annotations

import halide as hl

from kernel import kernel

QUADS = 8  # a block is 8x8 quads, 16x16 pixels


@kernel("mosaic_statistics")
def mosaic_statistics() -> tuple[hl.Pipeline, list[object]]:
    """(h, w) uint16 -> (8, h/16, w/16): mean DN of sites (0,0) (0,1) (1,0) (1,1), then their clipped fraction."""
    mosaic = hl.ImageParam(hl.UInt(16), 2, "mosaic")
    clip = hl.Param(hl.UInt(16), "clip")
    x, y, c = hl.Var("x"), hl.Var("y"), hl.Var("c")
    column, total = hl.Func("column"), hl.Func("total")
    out = hl.Func("lichtbild_mosaic_statistics")
    # Sum and count travel in one word: 64 values of 16 bits need 22 bits, 64 counts the 7 above.
    row = hl.RDom([(0, QUADS)], "row")
    site = mosaic[x * 2 + c % 2, (y * QUADS + row) * 2 + c / 2]
    column[x, y, c] = hl.u32(0)
    column[x, y, c] += hl.u32(site) + hl.select(site >= clip, hl.u32(1 << 24), hl.u32(0))
    quad = hl.RDom([(0, QUADS)], "quad")
    total[x, y, c] = hl.u32(0)
    total[x, y, c] += column[x * QUADS + quad, y, c]
    share = 1.0 / QUADS**2
    value = total[x, y, c % 4]
    mean = hl.f32(value & hl.u32((1 << 24) - 1)) * share
    out[x, y, c] = hl.select(c < 4, mean, hl.f32(value >> 24) * share)

    out.bound(c, 0, 8).reorder(x, c, y).unroll(c).parallel(y)
    total.compute_at(out, y).bound(c, 0, 4)
    guard = hl.TailStrategy.GuardWithIf  # never reads beyond the mosaic
    column.compute_at(out, y).bound(c, 0, 4).vectorize(x, 16, guard).unroll(c)
    column.update().reorder(c, x, row, y).unroll(c).vectorize(x, 16, guard)
    return hl.Pipeline([out]), [mosaic, clip]
