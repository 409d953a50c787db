"""Light above diffuse white, gathered on the coarse grid: what halation and bloom spread."""

from __future__ import annotations

from typing import Any

import halide as hl

from half import half, half_image
from kernel import kernel

LANES = 16
x, y, c, yo = hl.Var("x"), hl.Var("y"), hl.Var("c"), hl.Var("yo")


@kernel("look_glow", rare=True)
def look_glow() -> tuple[hl.Pipeline, list[Any]]:
    """Scene planes -> (4, h', w') float16, mean light above white of each cell of `factor` x `factor` pixels: in its
    colour, and as a film's base throws it back.

    numbers: exposure; what the mean of the primaries may be at most, after exposure; where the sensor clips, after
    exposure; by how much light there counts more, for what is above is not known; what is thrown back of red, green and
    blue. step: every how many rows are looked
    at, a divisor of `factor`.
    """
    scene = half_image("scene")  # (c, x, y), each row contiguous
    scene.dim(0).set_stride(hl.Expr())
    scene.dim(1).set_stride(1)
    numbers = hl.ImageParam(hl.Float(32), 1, "numbers")
    factor, step = hl.Param(hl.Int(32), "factor"), hl.Param(hl.Int(32), "step")
    width, height = scene.dim(1).extent(), scene.dim(2).extent()

    rows, cells, out = hl.Func("rows"), hl.Func("cells"), hl.Func("lichtbild_look_glow")
    r, q = hl.RDom([(0, factor)], "r"), hl.RDom([(0, factor / step)], "q")
    at = hl.clamp(y * factor + q.x * step, 0, height - 1)
    # Exposed first: the compiler would find the larger of two halves in halves, there and back.
    rgb = [hl.max(hl.f32(scene[i, x, at]) * numbers[0], 0.0) for i in range(3)]
    mean = (rgb[0] + rgb[1] + rgb[2]) * hl.f32(1 / 3)
    above = hl.max(hl.min(mean, numbers[1]) - 1.0, 0.0)
    # Paper and snow, just above white, count little.
    share = above * above * hl.fast_inverse((above + 1.0) * hl.max(mean, hl.f32(1e-3)))
    burnt = hl.clamp(mean * hl.fast_inverse(numbers[2]) * 4.0 - 3.0, 0.0, 1.0)
    share *= 1.0 + numbers[3] * burnt * burnt
    rows[x, y] = (hl.f32(0.0), hl.f32(0.0), hl.f32(0.0))
    rows[x, y] = tuple(rows[x, y][i] + share * rgb[i] for i in range(3))
    cells[x, y] = (hl.f32(0.0), hl.f32(0.0), hl.f32(0.0))
    column = hl.clamp(x * factor + r.x, 0, width - 1)
    cells[x, y] = tuple(cells[x, y][i] + rows[column, y][i] for i in range(3))
    area = hl.f32(factor) * hl.f32(factor / step)
    mean_light = [cells[x, y][i] / area for i in range(3)]
    thrown_back = sum(numbers[4 + i] * v for i, v in enumerate(mean_light))
    out[x, y, c] = half(hl.mux(c, [*mean_light, thrown_back]))

    out.bound(c, 0, 4).reorder(c, x, y).unroll(c)
    out.split(y, yo, y, 4, hl.TailStrategy.GuardWithIf).parallel(yo).vectorize(x, LANES, hl.TailStrategy.GuardWithIf)
    cells.compute_at(out, y).vectorize(x, LANES, hl.TailStrategy.GuardWithIf)
    cells.update().reorder(x, r.x).vectorize(x, LANES, hl.TailStrategy.GuardWithIf)
    rows.compute_at(out, y).vectorize(x, LANES, hl.TailStrategy.GuardWithIf)
    rows.update().reorder(x, q.x).vectorize(x, LANES, hl.TailStrategy.GuardWithIf)
    for stage in (out, cells, rows):
        stage.never_partition_all()
    return hl.Pipeline([out]), [scene, numbers, factor, step]
