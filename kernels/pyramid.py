"""Grey pyramids for alignment: the mosaic's 2x2 quads averaged, then halved again and again."""

from __future__ import annotations

import halide as hl

from kernel import kernel


@kernel("quad_gray")
def quad_gray() -> tuple[hl.Pipeline, list[object]]:
    """Mean of each 2x2 quad, black subtracted: (2h, 2w) uint16 -> (h, w) float32 of DN."""
    mosaic = hl.ImageParam(hl.UInt(16), 2, "mosaic")
    black = hl.Param(hl.Float(32), "black")
    x, y = hl.Var("x"), hl.Var("y")
    gray = hl.Func("lichtbild_quad_gray")
    quad = [hl.f32(mosaic[2 * x + dx, 2 * y + dy]) for dy in (0, 1) for dx in (0, 1)]
    gray[x, y] = (quad[0] + quad[1] + quad[2] + quad[3]) * 0.25 - black
    gray.parallel(y, 16).vectorize(x, 16)
    return hl.Pipeline([gray]), [mosaic, black]
