"""A smaller scene: each axis with its own table of weights, without ringing (Lanczos windows; see `look/resize.py`)."""

from __future__ import annotations

from typing import Any

import halide as hl

from half import half, half_image
from kernel import kernel

x, y, c = hl.Var("x"), hl.Var("y"), hl.Var("c")
LEAST, MOST = hl.f32(-3.0e38), hl.f32(3.0e38)


def weighted(value: Any, weight: Any, previous: hl.Func) -> tuple[Any, Any, Any]:
    """One step of a sum, and of the range of the samples in the window's main lobe, whose weights are above 0."""
    total, low, high = (previous[x, y, c][i] for i in range(3))
    inside = weight > 0.0
    return (
        total + weight * value,
        hl.min(low, hl.select(inside, value, MOST)),
        hl.max(high, hl.select(inside, value, LEAST)),
    )


def within(f: hl.Func) -> Any:
    """The sum, kept in the range of the samples around it: lamps get no dark rings, and black stays black."""
    total, low, high = (f[x, y, c][i] for i in range(3))
    return hl.clamp(total, low, high)


@kernel("look_resize", rare=True)
def look_resize() -> tuple[hl.Pipeline, list[Any]]:
    """(n, h, w) float16 -> (n, h', w') float16.

    rows, columns: (taps, h') and (taps, w') weights; first_row, first_column: (h',) and (w',) where each window begins,
    which may be outside: there the border is repeated.
    """
    scene = half_image("scene")
    rows, columns = hl.ImageParam(hl.Float(32), 2, "rows"), hl.ImageParam(hl.Float(32), 2, "columns")
    first_row, first_column = hl.ImageParam(hl.Int(32), 1, "first_row"), hl.ImageParam(hl.Int(32), 1, "first_column")
    width, height = scene.dim(0).extent(), scene.dim(1).extent()

    ky = hl.RDom([(0, rows.dim(1).extent())])
    down, lower = hl.Func("down"), hl.Func("lower")
    down[x, y, c] = (hl.f32(0.0), MOST, LEAST)
    edge = hl.BoundaryConditions.repeat_edge(scene, [(0, width), (0, height)])
    source = hl.f32(edge[x, first_row[y] + ky.x, c])
    down[x, y, c] = weighted(source, rows[y, ky.x], down)
    lower[x, y, c] = within(down)

    kx = hl.RDom([(0, columns.dim(1).extent())])
    across, out = hl.Func("across"), hl.Func("lichtbild_look_resize")
    across[x, y, c] = (hl.f32(0.0), MOST, LEAST)
    source = lower[hl.clamp(first_column[x] + kx.x, 0, width - 1), y, c]
    across[x, y, c] = weighted(source, columns[x, kx.x], across)
    out[x, y, c] = half(within(across))

    xo, xi = hl.Var("xo"), hl.Var("xi")
    guard = hl.TailStrategy.GuardWithIf
    out.parallel(y, 4, guard).split(x, xo, xi, 16, guard).vectorize(xi)
    across.compute_at(out, xo).vectorize(x, 16, guard)
    across.update().reorder(x, kx.x).vectorize(x, 16, guard)
    lower.compute_at(out, y).split(x, xo, xi, 64).vectorize(xi, 16)
    down.compute_at(lower, xo).vectorize(x, 16)
    down.update().reorder(x, ky.x).vectorize(x, 16)
    for stage in (out, across, lower, down):
        stage.never_partition_all()
    return hl.Pipeline([out]), [scene, rows, columns, first_row, first_column]
