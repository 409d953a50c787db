"""Demosaicing alone, in the encoding of the input: what the quality of `develop_bayer` is measured with."""

from __future__ import annotations

import halide as hl

from borders import mirrored
from develop_bayer import demosaic
from develop_quads import X, Y, schedule
from kernel import kernel


@kernel("demosaic", rare=True)
def demosaic_alone() -> tuple[hl.Pipeline, list[object]]:
    """(h, w) float32, about 0..1, gamma-like -> (3, rows, columns) float32, rows and columns in whole tiles.

    The output begins (phase_y, phase_x), 0 or 1, before the mosaic, so that red is at even rows and columns.
    """
    mosaic = hl.ImageParam(hl.Float(32), 2, "mosaic")
    phase_y, phase_x, tile_height, tile_width = (
        hl.Param(hl.Int(32), n) for n in ("phase_y", "phase_x", "tile_height", "tile_width")
    )
    x, y, c = hl.Var("x"), hl.Var("y"), hl.Var("c")

    def raw(kind: int) -> hl.Expr:
        px, py = 2 * X + kind % 2 - phase_x, 2 * Y + kind // 2 - phase_y
        return mosaic[mirrored(px, mosaic.width()), mirrored(py, mosaic.height())]

    pixels, stages = demosaic(raw)
    quad, out = hl.Func("quad"), hl.Func("lichtbild_demosaic")
    quad[X, Y] = hl.Tuple([pixels[k][colour] for k in range(4) for colour in range(3)])
    v, left, top = quad[x / 2, y / 2], x % 2 == 0, y % 2 == 0
    rgb = [hl.select(top, hl.select(left, v[j], v[3 + j]), hl.select(left, v[6 + j], v[9 + j])) for j in range(3)]
    out[x, y, c] = hl.mux(c, rgb)
    schedule(out, x, y, c, quad, stages, tile_height, tile_width)
    return hl.Pipeline([out]), [mosaic, phase_y, phase_x, tile_height, tile_width]
