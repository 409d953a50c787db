"""From the sensor's numbers to the working space in one pass: levels, shading, balance, demosaicing, colour."""

from __future__ import annotations

import halide as hl

from borders import mirrored
from develop_bayer import demosaic
from develop_quads import LANES, X, Y, schedule
from half import half
from kernel import kernel
from taps import sum_of


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
    x, y, c, i, s = hl.Var("x"), hl.Var("y"), hl.Var("c"), hl.Var("i"), hl.Var("s")
    w, h = mosaic.width(), mosaic.height()

    # Lens shading, bilinear on its grid: once along x for each of its rows, then between these at each row of quads.
    # By sites, so that vectors of a quad's sites are dense.
    gw, gh = shading.dim(0).extent(), shading.dim(1).extent()
    lens = hl.Func("lens")

    def node(place: hl.Expr, side: hl.Expr, nodes: hl.Expr) -> tuple[hl.Expr, hl.Expr]:
        """The grid's node before a pixel, and how far after it the pixel is."""
        at = hl.clamp(hl.f32(place) * (hl.f32(nodes - 1) / hl.f32(hl.max(side - 1, 1))), 0.0, hl.f32(nodes - 1))
        before = hl.clamp(hl.i32(at), 0, hl.max(nodes - 2, 0))
        return before, at - hl.f32(before)

    ix, part = node(2 * X + s % 2 - phase_x, w, gw)
    site = 2 * ((s / 2 + phase_y) % 2) + (s % 2 + phase_x) % 2
    lens[X, i, s] = gain[site] * hl.lerp(shading[ix, i, site], shading[hl.min(ix + 1, gw - 1), i, site], part)

    def raw(kind: int) -> hl.Expr:
        px, py = 2 * X + kind % 2 - phase_x, 2 * Y + kind // 2 - phase_y
        iy, part = node(py, h, gh)
        line = hl.lerp(lens[X, iy, kind], lens[X, hl.min(iy + 1, gh - 1), kind], part)
        level = black[2 * ((kind // 2 + phase_y) % 2) + (kind % 2 + phase_x) % 2]
        light = (hl.f32(mosaic[mirrored(px, w), mirrored(py, h)]) - level) * line
        return hl.sqrt(hl.max(light + lift, 0.0))

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
    lens.compute_at(out, column).bound(s, 0, 4).unroll(s).vectorize(X, LANES)
    return hl.Pipeline([out]), [
        mosaic, shading, black, gain, matrix, lift, phase_y, phase_x, tile_height, tile_width,
    ]  # fmt: skip
