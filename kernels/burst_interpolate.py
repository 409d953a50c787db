"""The mosaic that planes of all colours show at displaced positions, by blocks of pixels that move together."""

from __future__ import annotations

from typing import Any

import halide as hl

from kernel import kernel
from taps import catmull_rom, sum_of

MARGIN = 16  # padding of the planes, so that displaced blocks read dense vectors
PEDESTAL, UNIT = 4096.0, 56000.0  # planes hold PEDESTAL + UNIT * x, x in 0..1 of the frame's white minus black
RISE = 12288.0  # by which planes of spline coefficients lie higher, since these go below black
BLOCK_X, BLOCK_Y = 16, 8  # mosaic pixels that share one displacement
TILE = 32  # mosaic pixels of an alignment tile


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
    out.bound(c, 0, 2).reorder(c, bx, by).unroll(c).parallel(by, 8, hl.TailStrategy.GuardWithIf)
    return hl.Pipeline([out]), [flow]


@kernel("burst_warp")
def burst_warp() -> tuple[hl.Pipeline, list[Any]]:
    """The mosaic that planes show at displaced positions, by Catmull-Rom interpolation.

    planes: (3, h' + 2 MARGIN, w' + 2 MARGIN) uint16 as from superres_planes, blocks as from burst_blocks -> (h, w)
    uint16 in the planes' units; 0 where the position lies outside (height, width). spline: whether the planes hold
    coefficients of cubic B-splines, as from superres_splines, which lie higher by RISE.
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
    values = [hl.Expr(down[u, v, c, bx, by]) for c in (1, hl.select(row, 0, 2))]
    value = of_site(values, row, px - red_x) - hl.select(spline, hl.f32(RISE), hl.f32(0.0))
    inside = within(hl.f32(px) + blocks[bx, by, 1], width) & within(hl.f32(py) + blocks[bx, by, 0], height)
    block[u, v, bx, by] = number(value, inside)
    out = hl.Func("lichtbild_burst_warp")
    out[x, y] = block[x % BLOCK_X, y % BLOCK_Y, x / BLOCK_X, y / BLOCK_Y]

    # Blocks at the right and lower ends are computed whole, and stored in part: with sizes that are known, what a block
    # needs lives on the stack.
    for axis in range(2):
        out.output_buffer().dim(axis).set_min(0)
    out.tile(x, y, bx, by, u, v, BLOCK_X, BLOCK_Y, hl.TailStrategy.GuardWithIf)
    out.vectorize(u, BLOCK_X).parallel(by, 4).never_partition_all()
    block.compute_at(out, bx).bound_extent(u, BLOCK_X).bound_extent(v, BLOCK_Y).vectorize(u).unroll(v, 2)
    across.compute_at(out, bx).bound(c, 0, 3).bound_extent(u, BLOCK_X).bound_extent(v, BLOCK_Y + 3).vectorize(u)
    whole.compute_at(out, bx).bound(c, 0, 2).unroll(c)
    tap.compute_at(out, bx).bound(c, 0, 2).bound(k, 0, 4).unroll(c).vectorize(k, 4)
    for f in (block, across, whole, tap):
        f.bound_extent(bx, 1).bound_extent(by, 1).store_in(hl.MemoryType.Stack)
    return hl.Pipeline([out]), [planes, blocks, red_y, red_x, width, height, spline]


def of_site(values: list[hl.Expr], on_red_row: hl.Expr, x: hl.Expr) -> hl.Expr:
    """That of green, or of the other colour of the row; x: from a column of red."""
    return hl.select(on_red_row != (x % 2 == 0), *values)


def within(at: hl.Expr, side: hl.Expr) -> hl.Expr:
    """Whether a position lies on a pixel."""
    return (at > -0.5) & (at < hl.f32(side) - 0.5)


def number(value: hl.Expr, inside: hl.Expr) -> hl.Expr:
    """As it is stored: 0 stands for nothing."""
    return hl.select(inside, hl.u16(hl.clamp(value + 0.5, 1.0, 65535.0)), hl.u16(0))


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
