"""From the sensor's numbers to the working space in one pass: levels, shading, balance, demosaicing, colour."""

from __future__ import annotations

import halide as hl

from borders import mirrored
from burst_align import sum_of
from develop_bayer import X, Y, demosaic, schedule
from half import half
from kernel import kernel


@kernel("develop_mosaic")
def develop_mosaic() -> tuple[hl.Pipeline, list[object]]:
    """(h, w) uint16 -> (3, rows, columns) float16 linear Rec. 2020, rows and columns in whole tiles.

    The output begins (phase_y, phase_x), 0 or 1, before the mosaic, so that red is at even rows and columns.
    shading: (4, gh, gw) gains on a grid that spans the mosaic; black, gain: (4,) of the sites (0,0) (0,1) (1,0) (1,1);
    matrix: (3, 3); lift: what is added before the square root, to keep noise below black. tile_height, tile_width:
    in quads and in 16 quads.
    """
    mosaic = hl.ImageParam(hl.UInt(16), 2, "mosaic")
    shading = hl.ImageParam(hl.Float(32), 3, "shading")
    black, gain = hl.ImageParam(hl.Float(32), 1, "black"), hl.ImageParam(hl.Float(32), 1, "gain")
    matrix = hl.ImageParam(hl.Float(32), 2, "matrix")
    lift = hl.Param(hl.Float(32), "lift")
    phase_y, phase_x, tile_height, tile_width = (
        hl.Param(hl.Int(32), n) for n in ("phase_y", "phase_x", "tile_height", "tile_width")
    )
    x, y, c, i = hl.Var("x"), hl.Var("y"), hl.Var("c"), hl.Var("i")
    w, h = mosaic.width(), mosaic.height()

    # Lens shading, bilinear on its grid: once along x for each of its rows, then between these at each row of pixels.
    gw, gh = shading.dim(0).extent(), shading.dim(1).extent()
    px, py = x - phase_x, y - phase_y
    at_x = hl.clamp(hl.f32(px) * hl.f32(gw - 1) / hl.f32(hl.max(w - 1, 1)), 0.0, hl.f32(gw - 1))
    at_y = hl.clamp(hl.f32(py) * hl.f32(gh - 1) / hl.f32(hl.max(h - 1, 1)), 0.0, hl.f32(gh - 1))
    ix, iy = (hl.clamp(hl.i32(at), 0, hl.max(n - 2, 0)) for at, n in ((at_x, gw), (at_y, gh)))
    lens, line = hl.Func("lens"), hl.Func("line")

    def site(p: hl.ImageParam, row: hl.Expr, *grid: hl.Expr) -> hl.Expr:
        """Of the site at x and (0 or 1) row, in the output's coordinates."""
        first = 2 * ((row + phase_y) % 2)
        return hl.select(x % 2 == 0, p[(*grid, first + phase_x)], p[(*grid, first + 1 - phase_x)])

    lens[x, i, c] = hl.lerp(site(shading, c, ix, i), site(shading, c, hl.min(ix + 1, gw - 1), i), at_x - hl.f32(ix))
    line[x, y] = hl.lerp(lens[x, iy, y % 2], lens[x, hl.min(iy + 1, gh - 1), y % 2], at_y - hl.f32(iy))
    raw = hl.Func("raw")
    light = (hl.f32(mosaic[mirrored(px, w), mirrored(py, h)]) - site(black, y % 2)) * site(gain, y % 2) * line[x, y]
    raw[x, y] = hl.sqrt(hl.max(light + lift, 0.0))
    pixels, stages = demosaic(raw)
    quad, linear, out = hl.Func("quad"), hl.Func("linear"), hl.Func("lichtbild_develop_mosaic")
    quad[X, Y] = hl.Tuple([pixels[k][colour] for k in range(4) for colour in range(3)])
    v, left, top = quad[x / 2, y / 2], x % 2 == 0, y % 2 == 0
    rgb = [hl.select(top, hl.select(left, v[j], v[3 + j]), hl.select(left, v[6 + j], v[9 + j])) for j in range(3)]
    linear[x, y, c] = hl.mux(c, [e * hl.abs(e) - lift for e in rgb])
    out[x, y, c] = half(sum_of(matrix[k, c] * linear[x, y, k] for k in range(3)))

    column, _, vector = schedule(out, x, y, c, quad, stages, tile_height, tile_width)
    linear.compute_at(out, vector).reorder(c, x, y).bound(c, 0, 3).unroll(c).vectorize(x).unroll(y)
    linear.align_bounds(x, 32).align_bounds(y, 2)
    raw.compute_at(stages.made[0][0], Y).vectorize(x, 32).align_bounds(x, 32).align_bounds(y, 2)
    lens.compute_at(out, column).bound(c, 0, 2).vectorize(x, 16).align_bounds(x, 16)
    return hl.Pipeline([out]), [
        mosaic, shading, black, gain, matrix, lift, phase_y, phase_x, tile_height, tile_width,
    ]  # fmt: skip
