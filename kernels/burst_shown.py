"""What an alternate frame shows of the reference's pixels: all three colours at every pixel, seen from displaced ones.

The interpolation is directional in the manner of Menon, Andriani and Calvagno (2007): colour differences along rows
and along columns, low-passed, blended by where they vary least. It need not be the finest demosaicing: eight
frames with different sub-pixel shifts average its errors. Colours are made for one tile of the result at a time, where
its displacements lead, and stay in the cache: planes of whole frames are never there.
"""

from __future__ import annotations

from typing import Any

import halide as hl

from borders import reflected
from burst_interpolate import BLOCK_X, BLOCK_Y, PEDESTAL, UNIT, number, of_site, within
from kernel import kernel
from taps import catmull_rom, sum_of

TILE_X, TILE_Y = 512, 256


@kernel("burst_shown")
def burst_shown() -> tuple[hl.Pipeline, list[Any]]:
    """The mosaic that an alternate shows, by Catmull-Rom interpolation: (h', w') uint16 -> (h, w) uint16, which holds
    PEDESTAL + UNIT * x, x in 0..1 of white minus black; 0 where the position lies outside (height, width).

    black: of the four sites of a quad that begins with red, in reading order; balance: (3,) gains that make grey equal
    in all colours; unit: 1 / (white - black); blocks: (2, ceil(h / 8), ceil(w / 16)) as from burst_blocks.
    corner: (2, tiles down, tiles across), the (y, x) of a red site of the alternate from where on the blocks of a tile
    begin; span_y, span_x: how far from there the farthest block begins, in any tile. (red_y, red_x): first red site.
    top: row of the frame at which the result begins, a multiple of TILE_Y.
    """
    mosaic = hl.ImageParam(hl.UInt(16), 2, "mosaic")
    black, balance = hl.ImageParam(hl.Float(32), 1, "black"), hl.ImageParam(hl.Float(32), 1, "balance")
    blocks, corner = hl.ImageParam(hl.Float(32), 3, "blocks"), hl.ImageParam(hl.Int(32), 3, "corner")
    unit = hl.Param(hl.Float(32), "unit")
    span_y, span_x, red_y, red_x, top, height, width = (
        hl.Param(hl.Int(32), n) for n in ("span_y", "span_x", "red_y", "red_x", "top", "height", "width")
    )
    x, y, u, v, c, k, bx, by, tx, ty = (hl.Var(n) for n in ("x", "y", "u", "v", "c", "k", "bx", "by", "tx", "ty"))
    # Numbered by their tile, functions are computed for one tile at a time, from its corner on.
    tile, at = (bx / (TILE_X // BLOCK_X), by / (TILE_Y // BLOCK_Y)), (bx, by)
    colors, stages = all_colors(mosaic, black, balance, unit, corner, (x, y, c, tx, ty))

    # Sides are those of the whole tiles: blocks beyond the last ones are computed, and not stored.
    last = [blocks.dim(0).extent() - 1, blocks.dim(1).extent() - 1]
    move = [blocks[hl.min(bx, last[0]), hl.min(by, last[1]), n] for n in (0, 1)]
    whole = [hl.i32(hl.floor(m)) for m in move]
    tap, across, down, block = (hl.Func(n) for n in ("tap", "across", "down", "block"))
    tap[k, c, *at] = catmull_rom(hl.mux(c, move) - hl.f32(hl.mux(c, whole)), k)
    sx = hl.clamp(bx * BLOCK_X + whole[1] - corner[*tile, 1], 0, span_x)
    sy = hl.clamp(by * BLOCK_Y + top + whole[0] - corner[*tile, 0], 0, span_y)
    across[u, v, c, *at] = sum_of(
        tap[i, 1, *at] * hl.f32(colors[sx + u + i - 1, sy + v - 1, c, *tile]) for i in range(4)
    )
    down[u, v, c, *at] = sum_of(tap[i, 0, *at] * across[u, v + i, c, *at] for i in range(4))
    px, py = bx * BLOCK_X + u, by * BLOCK_Y + v
    row = (py - red_y) % 2 == 0
    value = of_site([hl.Expr(down[u, v, c, *at]) for c in (1, hl.select(row, 0, 2))], row, px - red_x)
    inside = within(hl.f32(px) + move[1], width) & within(hl.f32(py + top) + move[0], height)
    block[u, v, *at] = number(value, inside)
    out = hl.Func("lichtbild_burst_shown")
    out[x, y] = block[x % BLOCK_X, y % BLOCK_Y, x / BLOCK_X, y / BLOCK_Y]

    for axis in range(2):
        out.output_buffer().dim(axis).set_min(0)
    xi, yi, n = hl.Var("xi"), hl.Var("yi"), hl.Var("n")
    out.tile(x, y, tx, ty, xi, yi, TILE_X, TILE_Y, hl.TailStrategy.GuardWithIf)
    out.tile(xi, yi, bx, by, u, v, BLOCK_X, BLOCK_Y, hl.TailStrategy.GuardWithIf)
    out.vectorize(u, BLOCK_X).fuse(tx, ty, n).parallel(n).never_partition_all()
    # Rows slide down a tile: each stage keeps only the lines that the next one reads.
    colors.compute_at(out, n).bound(c, 0, 3).reorder(c, x, y).unroll(c).vectorize(x, 32)
    for f in stages:
        f.store_at(out, n).compute_at(colors, y).vectorize(x, 32)
    for f, lines in zip(stages, (16, 4, 8), strict=False):
        f.fold_storage(y, lines)
    block.compute_at(out, bx).bound_extent(u, BLOCK_X).bound_extent(v, BLOCK_Y).vectorize(u).unroll(v, 2)
    across.compute_at(out, bx).bound(c, 0, 3).bound_extent(u, BLOCK_X).bound_extent(v, BLOCK_Y + 3).vectorize(u)
    tap.compute_at(out, bx).bound(c, 0, 2).bound(k, 0, 4).unroll(c).vectorize(k, 4)
    for f in (block, across, tap):
        f.bound_extent(bx, 1).bound_extent(by, 1).store_in(hl.MemoryType.Stack)
    for f in (colors, *stages):
        f.bound_extent(tx, 1).bound_extent(ty, 1)
    return hl.Pipeline([out]), [
        mosaic, black, balance, unit, blocks, corner, span_y, span_x, red_y, red_x, top, height, width,
    ]  # fmt: skip


def all_colors(
    mosaic: hl.ImageParam,
    black: hl.ImageParam,
    balance: hl.ImageParam,
    unit: hl.Expr,
    corner: hl.ImageParam,
    axes: tuple[hl.Var, ...],
) -> tuple[hl.Func, list[hl.Func]]:
    """R, G, B (x, y, c, tx, ty) from the corner of each tile on, a red site; and what they are made of, first what is
    read of the most lines."""
    x, y, c, *tile = axes
    w, h = mosaic.width(), mosaic.height()

    # Vectors that need no mirror are told apart from those at the ends of a row.
    sx, sy = corner[*tile, 1] + x, corner[*tile, 0] + y
    column = hl.select((sx < 0) | (sx >= w), reflected(sx, w), hl.likely(hl.clamp(sx, 0, w - 1)))
    edge, m = hl.Func("edge"), hl.Func("m")
    edge[x, y, *tile] = mosaic[column, reflected(sy, h)]
    on_red_row, on_red_column = y % 2 == 0, x % 2 == 0
    green = on_red_row != on_red_column
    floor = hl.select(
        on_red_row, hl.select(on_red_column, black[0], black[1]), hl.select(on_red_column, black[2], black[3])
    )
    gain = hl.select(green, balance[1], hl.select(on_red_row, balance[0], balance[2]))
    m[x, y, *tile] = (hl.f32(edge[x, y, *tile]) - floor) * (gain * unit)

    def near(f: hl.Func, dx: int = 0, dy: int = 0) -> hl.Expr:
        return hl.Expr(f[x + dx, y + dy, *tile])

    sign = hl.select(green, hl.f32(-1.0), hl.f32(1.0))
    smooth = (1.0, 2.0, 1.0)

    def along(dx: int, dy: int, name: str) -> tuple[hl.Func, hl.Func, hl.Func]:
        """Low-passed difference green minus colour along one direction, and how much it varies around."""
        raw, low, vary = hl.Func(f"{name}_raw"), hl.Func(f"{name}_low"), hl.Func(f"{name}_vary")
        beside, far = (near(m, n * dx, n * dy) + near(m, -n * dx, -n * dy) for n in (1, 2))
        raw[x, y, *tile] = sign * (beside * 0.5 - near(m) * 0.5 - far * 0.25)
        low[x, y, *tile] = sum_of(w / 4 * near(raw, (i - 1) * dx, (i - 1) * dy) for i, w in enumerate(smooth))
        vary[x, y, *tile] = sum_of(hl.abs(near(raw) - near(raw, n * dx, n * dy)) for n in (1, 2))
        return raw, low, vary

    raw_h, low_h, vary_h = along(1, 0, "h")
    raw_v, low_v, vary_v = along(0, 1, "v")

    def box(f: hl.Func, name: str) -> tuple[hl.Func, hl.Func]:
        rows, out = hl.Func(f"{name}_rows"), hl.Func(name)
        rows[x, y, *tile] = sum_of(near(f, 0, i) for i in range(-1, 2))
        out[x, y, *tile] = sum_of(near(rows, i) for i in range(-1, 2))
        return rows, out

    rows_h, sum_h = box(vary_h, "sum_h")
    rows_v, sum_v = box(vary_v, "sum_v")
    a = near(sum_v) * near(sum_v) + hl.f32(1e-7)  # the other direction's variation: weight of this one
    b = near(sum_h) * near(sum_h) + hl.f32(1e-7)
    difference, g, chroma = hl.Func("difference"), hl.Func("g"), hl.Func("chroma")
    difference[x, y, *tile] = (a * near(low_h) + b * near(low_v)) / (a + b)
    g[x, y, *tile] = near(m) + hl.select(green, hl.f32(0.0), near(difference))
    chroma[x, y, *tile] = near(g) - near(m)  # at red and blue sites: green minus colour

    cross_x = (near(chroma, -1) + near(chroma, 1)) * 0.5
    cross_y = (near(chroma, 0, -1) + near(chroma, 0, 1)) * 0.5
    diagonal = sum_of(near(chroma, i, j) for j in (-1, 1) for i in (-1, 1)) * 0.25
    own, other = hl.Func("own"), hl.Func("other")  # differences for this row's colour and for the other row's
    own[x, y, *tile] = hl.select(green, cross_x, near(chroma))
    other[x, y, *tile] = hl.select(green, cross_y, diagonal)
    red = near(g) - hl.select(on_red_row, near(own), near(other))
    blue = near(g) - hl.select(on_red_row, near(other), near(own))
    rgb = [red * (UNIT / balance[0]), near(g) * (UNIT / balance[1]), blue * (UNIT / balance[2])]
    colors = hl.Func("colors")
    colors[x, y, c, *tile] = hl.u16(hl.clamp(hl.mux(c, rgb) + (PEDESTAL + 0.5), 1.0, 65535.0))
    return colors, [m, raw_h, raw_v, vary_h, vary_v, rows_h, rows_v, g, chroma]
