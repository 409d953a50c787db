"""What the automatic exposure and the local tone see: the scene's luminance, coarse and logarithmic."""

from __future__ import annotations

from typing import Any

import halide as hl

from half import half_image
from kernel import kernel
from look_math import log2

LANES = 16
BINS, LOWEST, PER_STOP = 320, -24.0, 8.0
DARKEST = 2.0**-24  # added to the largest luminance, whose logarithm is wanted

x, y, yo = hl.Var("x"), hl.Var("y"), hl.Var("yo")


@kernel("look_reduce")
def look_reduce() -> tuple[hl.Pipeline, list[Any]]:
    """Scene planes -> log2 of the mean guide luminance of each cell of `factor` x `factor` pixels, and of the largest.

    guide: weights of R, G, B, then the luminance below which the mean's logarithm levels off.
    """
    scene = half_image("scene")  # (c, x, y), each row contiguous
    scene.dim(0).set_stride(hl.Expr())
    scene.dim(1).set_stride(1)
    guide = hl.ImageParam(hl.Float(32), 1, "guide")
    factor = hl.Param(hl.Int(32), "factor")
    width, height = scene.dim(1).extent(), scene.dim(2).extent()

    rows, cells, out = hl.Func("rows"), hl.Func("cells"), hl.Func("lichtbild_look_reduce")
    r = hl.RDom([(0, factor)], "r")
    at = hl.clamp(y * factor + r.x, 0, height - 1)
    rgb = [hl.f32(scene[i, x, at]) for i in range(3)]
    light = guide[0] * rgb[0] + guide[1] * rgb[1] + guide[2] * rgb[2]
    none = hl.Tuple([hl.f32(0.0), hl.f32(0.0)])
    rows[x, y] = none
    rows[x, y] = hl.Tuple([rows[x, y][0] + light, hl.max(rows[x, y][1], light)])
    cells[x, y] = none
    row = rows[hl.clamp(x * factor + r.x, 0, width - 1), y]
    cells[x, y] = hl.Tuple([cells[x, y][0] + row[0], hl.max(cells[x, y][1], row[1])])
    mean = hl.max(cells[x, y][0] / (hl.f32(factor) * hl.f32(factor)), 0.0)
    out[x, y] = hl.Tuple([0.5 * log2(mean * mean + guide[3] * guide[3]), log2(cells[x, y][1] + DARKEST)])

    out.split(y, yo, y, 4, hl.TailStrategy.GuardWithIf).parallel(yo).vectorize(x, LANES, hl.TailStrategy.GuardWithIf)
    cells.compute_at(out, y).vectorize(x, LANES, hl.TailStrategy.GuardWithIf)
    cells.update().reorder(x, r.x).vectorize(x, LANES, hl.TailStrategy.GuardWithIf)
    rows.compute_at(out, y).vectorize(x, LANES, hl.TailStrategy.GuardWithIf)
    rows.update().reorder(x, r.x).vectorize(x, LANES, hl.TailStrategy.GuardWithIf)
    for func in (out, cells, rows):
        func.never_partition_all()
    return hl.Pipeline([out]), [scene, guide, factor]


@kernel("look_histogram")
def look_histogram() -> tuple[hl.Pipeline, list[Any]]:
    """Histogram of a coarse log2 image: `BINS` bins, `PER_STOP` to a stop, from `LOWEST`; corners count a fifth less.

    Each value is shared between its two nearest bins, so that the histogram changes smoothly with exposure.
    """
    image = hl.ImageParam(hl.Float(32), 2, "image")
    out = hl.Func("lichtbild_look_histogram")
    w, h = image.dim(0).extent(), image.dim(1).extent()
    r = hl.RDom([(0, w), (0, h)], "r")
    u = hl.clamp((image[r.x, r.y] - LOWEST) * PER_STOP, 0.0, hl.f32(BINS - 1.001))
    low = hl.clamp(hl.i32(u), 0, BINS - 2)
    dx = (2 * hl.f32(r.x) + 1) / hl.f32(w) - 1
    dy = (2 * hl.f32(r.y) + 1) / hl.f32(h) - 1
    weight = 1 - hl.f32(0.1) * (dx * dx + dy * dy)
    out[x] = hl.f32(0.0)
    out[low] += weight * (1 - (u - hl.f32(low)))
    out[low + 1] += weight * (u - hl.f32(low))
    return hl.Pipeline([out]), [image]
