"""From the sensor's numbers to the working space in one pass: levels, shading, balance, demosaicing, colour."""

from __future__ import annotations

import halide as hl

from burst_align import sum_of
from develop_bayer import demosaic, schedule
from kernel import kernel


@kernel("develop_mosaic")
def develop_mosaic() -> tuple[hl.Pipeline, list[object]]:
    """(h, w) uint16 -> (3, rows, columns) float32 linear Rec. 2020, rows and columns in whole tiles.

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

    # Lens shading, bilinear on its grid: first down to the row, then along it.
    gw, gh = shading.dim(0).extent(), shading.dim(1).extent()
    at_y = hl.clamp(hl.f32(y) * hl.f32(gh - 1) / hl.f32(hl.max(h - 1, 1)), 0.0, hl.f32(gh - 1))
    iy = hl.clamp(hl.i32(at_y), 0, hl.max(gh - 2, 0))
    line, lens = hl.Func("line"), hl.Func("lens")
    line[i, y, c] = hl.lerp(shading[i, iy, c], shading[i, hl.min(iy + 1, gh - 1), c], at_y - hl.f32(iy))
    at_x = hl.clamp(hl.f32(x) * hl.f32(gw - 1) / hl.f32(hl.max(w - 1, 1)), 0.0, hl.f32(gw - 1))
    ix = hl.clamp(hl.i32(at_x), 0, hl.max(gw - 2, 0))

    def along(k: hl.Expr) -> hl.Expr:
        return hl.lerp(line[ix, y, k], line[hl.min(ix + 1, gw - 1), y, k], at_x - hl.f32(ix))

    row = (y % 2) * 2
    lens[x, y] = hl.select(x % 2 == 0, along(row), along(row + 1))

    edge = hl.BoundaryConditions.mirror_interior(mosaic)
    even = x % 2 == 0
    floor, scale = (hl.select(even, p[row], p[row + 1]) for p in (black, gain))
    light, m = hl.Func("light"), hl.Func("m")
    light[x, y] = (hl.f32(edge[x, y]) - floor) * scale * hl.select(gw > 1, hl.Expr(lens[x, y]), hl.f32(1.0))
    m[x, y] = hl.sqrt(hl.max(light[x, y] + lift, 0.0))
    raw = hl.Func("raw")
    raw[x, y] = m[x - phase_x, y - phase_y]
    pixels, stages = demosaic(raw)
    X, Y = hl.Var("X"), hl.Var("Y")
    quad, linear, out = hl.Func("quad"), hl.Func("linear"), hl.Func("lichtbild_develop_mosaic")
    quad[X, Y] = hl.Tuple([pixels[k][colour] for k in range(4) for colour in range(3)])
    v, left, top = quad[x / 2, y / 2], x % 2 == 0, y % 2 == 0
    rgb = [hl.select(top, hl.select(left, v[j], v[3 + j]), hl.select(left, v[6 + j], v[9 + j])) for j in range(3)]
    linear[x, y, c] = hl.mux(c, [e * hl.abs(e) - lift for e in rgb])
    out[x, y, c] = sum_of(matrix[k, c] * linear[x, y, k] for k in range(3))

    row = schedule(out, x, y, c, quad, stages, tile_height, tile_width)
    linear.compute_at(out, row).reorder(c, x, y).bound(c, 0, 3).unroll(c).vectorize(x, 32).unroll(y)
    linear.align_bounds(x, 2).align_bounds(y, 2)
    line.compute_at(stages.made[0].func, Y).bound(c, 0, 4)
    return hl.Pipeline([out]), [
        mosaic, shading, black, gain, matrix, lift, phase_y, phase_x, tile_height, tile_width,
    ]  # fmt: skip
