"""A finished picture of 8 bits, turned upright: cheaper than reading the scene across its rows."""

from __future__ import annotations

from typing import Any

import halide as hl

from kernel import kernel
from look_output import interleaved

TILE = 64
x, y, c = hl.Var("x"), hl.Var("y"), hl.Var("c")


@kernel("look_turn", rare=True)
def look_turn() -> tuple[hl.Pipeline, list[Any]]:
    """(h, w, 3) uint8 with any strides -> the same in the order of its rows."""
    image = hl.ImageParam(hl.UInt(8), 3, "image")
    image.dim(0).set_bounds(0, 3).set_stride(1)
    image.dim(1).set_stride(hl.Expr())
    out = hl.Func("lichtbild_look_turn")
    out[c, x, y] = image[c, x, y]
    xo, yo, xi, yi = (hl.Var(n) for n in ("xo", "yo", "xi", "yi"))
    interleaved(out, c)
    out.tile(x, y, xo, yo, xi, yi, TILE, TILE, hl.TailStrategy.GuardWithIf)
    out.reorder(c, xi, yi, xo, yo).parallel(yo).unroll(c).never_partition_all()
    return hl.Pipeline([out]), [image]
