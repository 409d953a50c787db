"""Where red and blue lie beside green: sums for a least squares fit of their displacement, block by block.

Colours share their detail; a lens that magnifies them differently moves it. To first order the detail of red is
k (g + grad g . d), with g the detail of green and d the displacement (after Lucas and Kanade, 1981).
"""

from __future__ import annotations

import functools
import operator
from typing import Any

import halide as hl

from kernel import kernel

LANES = 8
BLOCK = 32  # quads
CHUNK = 64  # quads along x that are worked on at once
AROUND = 2  # quads on each side that the local mean reaches


@kernel("lateral_color", rare=True)
def lateral_color() -> tuple[hl.Pipeline, list[Any]]:
    """(h, w) uint16 -> (14, rows of blocks, blocks of a row) float32 sums over the quads of each block.

    every: one row of blocks in so many is looked at. dy, dx: phase of red, where the first quad begins. black: of red,
    green, blue. clip: quads near numbers from there
    on count nothing. The sums are, with detail r, g, b and the derivatives y, x of g in units of pixels: gg, gy, gx,
    yy, yx, xx, rg, ry, rx, bg, by, bx, rr, bb. Outside of the mosaic its edge repeats.
    """
    mosaic = hl.ImageParam(hl.UInt(16), 2, "mosaic")
    black = hl.ImageParam(hl.Float(32), 1, "black")
    dy, dx = hl.Param(hl.Int(32), "dy"), hl.Param(hl.Int(32), "dx")
    clip, every = hl.Param(hl.UInt(16), "clip"), hl.Param(hl.Int(32), "every")
    X, Y, c, bx, by = (hl.Var(name) for name in ("X", "Y", "c", "bx", "by"))

    def at(i: int, j: int) -> hl.Expr:
        column = hl.clamp(2 * X + dx + i, 0, mosaic.dim(0).extent() - 1)
        return mosaic[column, hl.clamp(2 * Y + dy + j, 0, mosaic.dim(1).extent() - 1)]

    quad, high, usable = hl.Func("quad"), hl.Func("high"), hl.Func("usable")
    sites = [at(i, j) for j in (0, 1) for i in (0, 1)]
    green = (hl.f32(sites[1]) + hl.f32(sites[2])) * 0.5
    quad[X, Y, c] = hl.mux(c, [hl.f32(sites[0]) - black[0], green - black[1], hl.f32(sites[3]) - black[2]])
    high[X, Y] = functools.reduce(hl.max, sites)
    reach = range(-AROUND - 2, AROUND + 3)  # the mean's, the smoothing's and the derivative's
    tall = hl.Func("tall")
    tall[X, Y] = functools.reduce(hl.max, [high[X, Y + j] for j in reach])
    usable[X, Y] = hl.select(functools.reduce(hl.max, [tall[X + i, Y] for i in reach]) < clip, hl.f32(1), hl.f32(0))

    # Smoothed a little, so that the first order holds for a pixel or two; less the mean of the surroundings.
    down, smooth, column, detail = hl.Func("down"), hl.Func("smooth"), hl.Func("column"), hl.Func("detail")
    down[X, Y, c] = (quad[X, Y - 1, c] + quad[X, Y + 1, c]) * 0.25 + quad[X, Y, c] * 0.5
    smooth[X, Y, c] = (down[X - 1, Y, c] + down[X + 1, Y, c]) * 0.25 + down[X, Y, c] * 0.5
    near = range(-AROUND, AROUND + 1)
    column[X, Y, c] = functools.reduce(operator.add, [smooth[X, Y + j, c] for j in near])
    mean = functools.reduce(operator.add, [column[X + i, Y, c] for i in near]) * hl.f32(1 / len(near) ** 2)
    detail[X, Y, c] = smooth[X, Y, c] - mean

    terms = hl.Func("terms")
    r, g, b = (detail[X, Y, i] * usable[X, Y] for i in range(3))
    v = (detail[X, Y + 1, 1] - detail[X, Y - 1, 1]) * (usable[X, Y] * 0.25)
    h = (detail[X + 1, Y, 1] - detail[X - 1, Y, 1]) * (usable[X, Y] * 0.25)
    products = [g * g, g * v, g * h, v * v, v * h, h * h, r * g, r * v, r * h, b * g, b * v, b * h, r * r, b * b]
    terms[X, Y, c] = hl.mux(c, products)

    rows = hl.RDom([(0, BLOCK)], "rows")
    columns = hl.RDom([(0, BLOCK)], "columns")
    total, out = hl.Func("total"), hl.Func("lichtbild_lateral_color")
    total[X, by, c] = hl.f32(0)
    total[X, by, c] += terms[X, by * BLOCK * every + rows, c]
    out[bx, by, c] = hl.f32(0)
    out[bx, by, c] += total[bx * BLOCK + columns, by, c]

    count = len(products)
    out.bound(c, 0, count)
    out.update().reorder(columns, bx, c, by).parallel(by)
    chunk, vector, lane = hl.Var("chunk"), hl.Var("vector"), hl.Var("lane")
    total.compute_at(out, by).bound(c, 0, count).vectorize(X, LANES)
    total.update().split(X, chunk, vector, CHUNK).split(vector, vector, lane, LANES)
    total.update().reorder(lane, c, vector, rows, chunk).vectorize(lane).unroll(c)
    for f in (detail, smooth, column, down, quad):
        f.compute_at(total, chunk).vectorize(X, LANES)
    for f in (usable, tall, high):
        f.compute_at(total, chunk).vectorize(X, 2 * LANES)
    for f in (detail, smooth, column, down, quad):
        f.bound(c, 0, 3).reorder(c, X, Y).unroll(c)
    return hl.Pipeline([out]), [mosaic, black, dy, dx, clip, every]
