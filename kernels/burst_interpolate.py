"""All three colours at every pixel of an alternate frame, and the mosaic that it shows at a displaced position.

The interpolation is directional in the manner of Menon, Andriani and Calvagno (2007): colour differences along rows
and along columns, low-passed, blended by where they vary least. It need not be the finest demosaicing: eight
frames with different sub-pixel shifts average its errors.
"""

from __future__ import annotations

from typing import Any

import halide as hl

from burst_align import catmull_rom, sum_of
from kernel import kernel

MARGIN = 16  # padding of the planes, so that displaced blocks read dense vectors
PEDESTAL, UNIT = 4096.0, 56000.0  # planes hold PEDESTAL + UNIT * x, x in 0..1 of the frame's white minus black
STRIP = 512, 128  # least size of the planes (x, y)
RISE = 12288.0  # by which planes of spline coefficients lie higher, since these go below black
BLOCK_X, BLOCK_Y = 16, 8  # mosaic pixels that share one displacement
TILE = 32  # mosaic pixels of an alignment tile


@kernel("burst_planes")
def burst_planes() -> tuple[hl.Pipeline, list[Any]]:
    """mosaic (h, w) uint16 -> planes (3, h + 2 MARGIN, w + 2 MARGIN) uint16.

    black: of the four sites of the mosaic in reading order; unit: 1 / (white - black); balance: (3,) gains that make
    grey equal in all colours; (red_y, red_x): first red site.
    """
    mosaic = hl.ImageParam(hl.UInt(16), 2, "mosaic")
    black = hl.ImageParam(hl.Float(32), 1, "black")
    balance = hl.ImageParam(hl.Float(32), 1, "balance")
    unit = hl.Param(hl.Float(32), "unit")
    red_y, red_x = hl.Param(hl.Int(32), "red_y"), hl.Param(hl.Int(32), "red_x")
    x, y, c = hl.Var("x"), hl.Var("y"), hl.Var("c")

    w, h = mosaic.width(), mosaic.height()

    def mirrored(i: hl.Expr, n: hl.Expr) -> hl.Expr:
        """Reflected about the first and the last pixel, which keeps the colours of the sites."""
        return hl.clamp(n - 1 - hl.abs(n - 1 - hl.abs(i)), 0, n - 1)

    # Vectors that need no mirror are told apart from those at the ends of a row.
    column = hl.select((x < 0) | (x >= w), mirrored(x, w), hl.likely(x))
    edge = hl.Func("edge")
    edge[x, y] = mosaic[hl.clamp(column, 0, w - 1), mirrored(y, h)]
    on_red_row, on_red_column = (y - red_y) % 2 == 0, (x - red_x) % 2 == 0
    green = on_red_row != on_red_column
    floor = hl.select(y % 2 == 0, hl.select(x % 2 == 0, black[0], black[1]), hl.select(x % 2 == 0, black[2], black[3]))
    gain = hl.select(green, balance[1], hl.select(on_red_row, balance[0], balance[2]))
    m = hl.Func("m")
    m[x, y] = (hl.f32(edge[x, y]) - floor) * (gain * unit)

    sign = hl.select(green, hl.f32(-1.0), hl.f32(1.0))
    smooth = (1.0, 2.0, 1.0)

    def along(dx: int, dy: int, name: str) -> tuple[hl.Func, hl.Func, hl.Func]:
        """Low-passed difference green minus colour along one direction, and how much it varies around."""
        raw, low, vary = hl.Func(f"{name}_raw"), hl.Func(f"{name}_low"), hl.Func(f"{name}_vary")
        ahead, behind = m[x + dx, y + dy], m[x - dx, y - dy]
        far = m[x + 2 * dx, y + 2 * dy] + m[x - 2 * dx, y - 2 * dy]
        raw[x, y] = sign * ((ahead + behind) * 0.5 - m[x, y] * 0.5 - far * 0.25)
        low[x, y] = sum_of(w / 4 * raw[x + (i - 1) * dx, y + (i - 1) * dy] for i, w in enumerate(smooth))
        here = raw[x, y]
        vary[x, y] = hl.abs(here - raw[x + dx, y + dy]) + hl.abs(here - raw[x + 2 * dx, y + 2 * dy])
        return raw, low, vary

    raw_h, low_h, vary_h = along(1, 0, "h")
    raw_v, low_v, vary_v = along(0, 1, "v")

    def box(f: hl.Func, name: str) -> tuple[hl.Func, hl.Func]:
        rows, out = hl.Func(f"{name}_rows"), hl.Func(name)
        rows[x, y] = sum_of(f[x, y + i] for i in range(-1, 2))
        out[x, y] = sum_of(rows[x + i, y] for i in range(-1, 2))
        return rows, out

    rows_h, sum_h = box(vary_h, "sum_h")
    rows_v, sum_v = box(vary_v, "sum_v")
    a = sum_v[x, y] * sum_v[x, y] + hl.f32(1e-7)  # the other direction's variation: weight of this one
    b = sum_h[x, y] * sum_h[x, y] + hl.f32(1e-7)
    difference, g, chroma = hl.Func("difference"), hl.Func("g"), hl.Func("chroma")
    difference[x, y] = (a * low_h[x, y] + b * low_v[x, y]) / (a + b)
    g[x, y] = m[x, y] + hl.select(green, hl.f32(0.0), hl.Expr(difference[x, y]))
    chroma[x, y] = g[x, y] - m[x, y]  # at red and blue sites: green minus colour

    cross_x = (chroma[x - 1, y] + chroma[x + 1, y]) * 0.5
    cross_y = (chroma[x, y - 1] + chroma[x, y + 1]) * 0.5
    diagonal = (chroma[x - 1, y - 1] + chroma[x + 1, y - 1] + chroma[x - 1, y + 1] + chroma[x + 1, y + 1]) * 0.25
    near_x = hl.select(green, cross_x, hl.f32(0.0))
    near_y = hl.select(green, cross_y, hl.f32(0.0))
    own, other = hl.Func("own"), hl.Func("other")  # differences for this row's colour and for the other row's
    own[x, y] = hl.select(green, near_x, hl.Expr(chroma[x, y]))
    other[x, y] = hl.select(green, near_y, diagonal)
    mine, others = hl.Expr(own[x, y]), hl.Expr(other[x, y])
    red = g[x, y] - hl.select(on_red_row, mine, others)
    blue = g[x, y] - hl.select(on_red_row, others, mine)
    rgb = [red * (UNIT / balance[0]), g[x, y] * (UNIT / balance[1]), blue * (UNIT / balance[2])]
    all_colors = hl.Func("all_colors")
    all_colors[x, y, c] = hl.u16(hl.clamp(hl.mux(c, rgb) + (PEDESTAL + 0.5), 1.0, 65535.0))
    out = hl.Func("lichtbild_burst_planes")
    out[x, y, c] = all_colors[x - MARGIN, y - MARGIN, c]

    # Strips of rows slide down: each stage keeps only the lines that the next one reads.
    xo, yo, xi, yi = hl.Var("xo"), hl.Var("yo"), hl.Var("xi"), hl.Var("yi")
    out.bound(c, 0, 3).tile(x, y, xo, yo, xi, yi, *STRIP, hl.TailStrategy.ShiftInwards)
    out.reorder(xi, c, yi, xo, yo).unroll(c).vectorize(xi, 32).parallel(yo)
    for f in (m, raw_h, raw_v, vary_h, vary_v, rows_h, rows_v, g, chroma):
        f.store_at(out, xo).compute_at(out, yi).vectorize(x, 32)
    for f, lines in ((m, 32), (raw_h, 8), (raw_v, 16)):
        f.fold_storage(y, lines)
    return hl.Pipeline([out]), [mosaic, black, balance, unit, red_y, red_x]


@kernel("burst_blocks")
def burst_blocks() -> tuple[hl.Pipeline, list[Any]]:
    """Displacement of each block from that of the tiles: (2, rows, columns) -> (2, block rows, block columns).

    Between tiles that move alike it is interpolated; across a break in the motion the nearest tile's is taken.
    """
    flow = hl.ImageParam(hl.Float(32), 3, "flow")
    bx, by, c = hl.Var("bx"), hl.Var("by"), hl.Var("c")
    tiles = hl.BoundaryConditions.repeat_edge(flow)

    def place(b: hl.Var, block: int) -> tuple[hl.Expr, hl.Expr]:
        at = (hl.f32(b) * block + ((block - 1) / 2 - (TILE - 1) / 2)) / TILE
        first = hl.floor(at)
        return hl.i32(first), at - first

    (ix, tx), (iy, ty) = place(bx, BLOCK_X), place(by, BLOCK_Y)
    corner = [[[hl.Expr(tiles[ix + i, iy + j, k]) for i in (0, 1)] for j in (0, 1)] for k in (0, 1)]

    def spread(k: int) -> hl.Expr:
        flat = [corner[k][j][i] for j in (0, 1) for i in (0, 1)]
        high, low = flat[0], flat[0]
        for value in flat[1:]:
            high, low = hl.max(high, value), hl.min(low, value)
        return high - low

    alike = hl.max(spread(0), spread(1)) < 1.5
    values = []
    for k in (0, 1):
        top = corner[k][0][0] + tx * (corner[k][0][1] - corner[k][0][0])
        low = corner[k][1][0] + tx * (corner[k][1][1] - corner[k][1][0])
        smooth = top + ty * (low - top)
        upper = hl.select(tx < 0.5, corner[k][0][0], corner[k][0][1])
        lower = hl.select(tx < 0.5, corner[k][1][0], corner[k][1][1])
        values.append(hl.select(alike, smooth, hl.select(ty < 0.5, upper, lower)))
    out = hl.Func("lichtbild_burst_blocks")
    out[bx, by, c] = hl.mux(c, values)
    out.bound(c, 0, 2).reorder(c, bx, by).unroll(c)
    return hl.Pipeline([out]), [flow]


@kernel("burst_warp")
def burst_warp() -> tuple[hl.Pipeline, list[Any]]:
    """The mosaic that the alternate shows of the reference's pixels, by Catmull-Rom interpolation.

    planes as from burst_planes, blocks as from burst_blocks -> (h, w) uint16 in the planes' units; 0 where the
    position lies outside the alternate. spline: whether the planes hold coefficients of cubic B-splines, as from
    superres_splines, which lie higher by RISE.
    """
    planes = hl.ImageParam(hl.UInt(16), 3, "planes")
    blocks = hl.ImageParam(hl.Float(32), 3, "blocks")
    red_y, red_x = hl.Param(hl.Int(32), "red_y"), hl.Param(hl.Int(32), "red_x")
    width, height = hl.Param(hl.Int(32), "width"), hl.Param(hl.Int(32), "height")
    spline = hl.Param(hl.Bool(), "spline")
    x, y, u, v, c, k, bx, by = (hl.Var(n) for n in ("x", "y", "u", "v", "c", "k", "bx", "by"))

    whole, tap = hl.Func("whole"), hl.Func("tap")
    whole[bx, by, c] = hl.i32(hl.floor(blocks[bx, by, c]))
    part = blocks[bx, by, c] - hl.f32(whole[bx, by, c])
    tap[k, bx, by, c] = hl.select(spline, cubic_spline(part, k), catmull_rom(part, k))
    sx = hl.clamp(bx * BLOCK_X + MARGIN + whole[bx, by, 1], 1, planes.width() - BLOCK_X - 2)
    sy = hl.clamp(by * BLOCK_Y + MARGIN + whole[bx, by, 0], 1, planes.height() - BLOCK_Y - 2)
    across, down, block = hl.Func("across"), hl.Func("down"), hl.Func("block")
    across[u, v, c, bx, by] = sum_of(
        tap[i, bx, by, 1] * hl.f32(planes[sx + u + i - 1, sy + v - 1, c]) for i in range(4)
    )
    down[u, v, c, bx, by] = sum_of(tap[i, bx, by, 0] * across[u, v + i, c, bx, by] for i in range(4))
    px, py = bx * BLOCK_X + u, by * BLOCK_Y + v
    row = (py - red_y) % 2 == 0
    green = row != ((px - red_x) % 2 == 0)
    colored = hl.Expr(down[u, v, hl.select(row, 0, 2), bx, by])
    value = hl.select(green, hl.Expr(down[u, v, 1, bx, by]), colored) - hl.select(spline, hl.f32(RISE), hl.f32(0.0))
    at_x = hl.f32(px) + blocks[bx, by, 1]
    at_y = hl.f32(py) + blocks[bx, by, 0]
    inside = (at_x > -0.5) & (at_x < hl.f32(width) - 0.5) & (at_y > -0.5) & (at_y < hl.f32(height) - 0.5)
    block[u, v, bx, by] = hl.select(inside, hl.u16(hl.clamp(value + 0.5, 1.0, 65535.0)), hl.u16(0))
    out = hl.Func("lichtbild_burst_warp")
    out[x, y] = block[x % BLOCK_X, y % BLOCK_Y, x / BLOCK_X, y / BLOCK_Y]

    # Blocks at the right and lower ends are computed whole, and stored in part: with sizes that are known, what a block
    # needs lives on the stack.
    out.tile(x, y, bx, by, u, v, BLOCK_X, BLOCK_Y, hl.TailStrategy.GuardWithIf)
    out.vectorize(u, BLOCK_X).unroll(v).parallel(by, 4)
    block.compute_at(out, bx).bound_extent(u, BLOCK_X).bound_extent(v, BLOCK_Y).vectorize(u).unroll(v, 2)
    across.compute_at(out, bx).bound(c, 0, 3).bound_extent(u, BLOCK_X).bound_extent(v, BLOCK_Y + 3).vectorize(u)
    whole.compute_at(out, bx).bound(c, 0, 2).unroll(c)
    tap.compute_at(out, bx).bound(c, 0, 2).bound(k, 0, 4).unroll(c).vectorize(k, 4)
    for f in (block, across, whole, tap):
        f.bound_extent(bx, 1).bound_extent(by, 1).store_in(hl.MemoryType.Stack)
    return hl.Pipeline([out]), [planes, blocks, red_y, red_x, width, height, spline]


def cubic_spline(t: hl.Expr, k: Any) -> hl.Expr:
    """Weight of coefficient k (0..3, at -1..2) for a position t in [0, 1) between cubic B-splines."""
    t2, t3, sixth = t * t, t * t * t, hl.f32(1 / 6)
    left = 1.0 - t
    return hl.mux(
        k,
        [
            left * left * left * sixth,
            (3 * t3 - 6 * t2 + 4) * sixth,
            (3 * t2 - 3 * t3 + 3 * t + 1) * sixth,
            t3 * sixth,
        ],
    )
