"""What blocks of a raw frame tell of its highlights: where they clip, and of what colour the light around them is."""

from __future__ import annotations

import functools
import operator
from collections.abc import Callable, Sequence
from typing import Any

import halide as hl

from develop_highlights import BLOCK, PAIRS, Expr, square
from kernel import kernel

CELL = 4
COUNTED = 3 * len(PAIRS) + 6  # means over the cells of a block
LEAST = 2  # minima over them
UNKNOWN, DIM = 1e3, 2e-3
DARK, BRIGHT = 0.6, 0.95  # of clip: a cell tells of the colour of highlights not at all; fully
SHARP = 0.35  # of its maximum, the range of a cell that half makes an edge of it


def statistics(
    symbol: str,
    cells: Callable[[Expr, Expr], list[tuple[Expr, Expr, Expr]]],
    full: Expr,
    onset: Expr,
    lanes: int,
    before: Sequence[hl.Func] = (),
) -> hl.Func:
    """Means over the cells of 4x4 pixels in each block of 16x16, in the order of `highlight_statistics`.

    cells: mean, maximum and minimum of R, G and B in cell (x, y), in parts of clip, for any x and y. before: what they
    are made of, to be computed with them.
    """
    x, y, k, xo = hl.Var("x"), hl.Var("y"), hl.Var("k"), hl.Var("xo")
    terms, column = hl.Func("terms"), hl.Func("column")
    out = hl.Func(f"lichtbild_{symbol}")
    cell = hl.Func("cell")
    found = cells(x, y)
    cell[x, y] = hl.Tuple([f[i] for i in range(3) for f in found])
    mean, top, low = [[cell[x, y][3 * i + c] for c in range(3)] for i in range(3)]
    values = []
    for a, b in PAIRS:
        s = hl.clamp((hl.max(mean[a], mean[b]) - hl.f32(DARK)) * hl.f32(1 / (BRIGHT - DARK)), 0.0, 1.0)
        weight = hl.select(hl.max(top[a], top[b]) < full, s * s * s, 0.0)
        values += [weight * hl.max(mean[a], 0.0), weight * hl.max(mean[b], 0.0), weight]
    one, none = hl.f32(1), hl.f32(0)
    values += [hl.select(hl.min(*mean) >= full, one, none), hl.select(hl.max(*mean) >= full, one, none)]
    values += [hl.select(hl.max(*top) >= limit, one, none) for limit in (onset, full)]
    rim = hl.clamp((hl.max(*top) - hl.f32(DARK)) * hl.f32(1 / (BRIGHT - DARK)), 0.0, 1.0)
    rim = hl.select(hl.min(*low) < full, rim * rim * rim, none)
    span = hl.max(*((t - b) / (hl.max(t, b) + hl.f32(0.05)) for t, b in zip(top, low, strict=True))) * hl.f32(1 / SHARP)
    values += [rim, rim / (1.0 + square(square(span)))]
    known = (hl.max(*top) < onset) & (mean[1] > hl.f32(DIM))
    values += [hl.select(known, mean[c] / mean[1], hl.f32(UNKNOWN)) for c in (0, 2)]
    terms[x, y] = hl.Tuple(values)
    per = range(BLOCK // CELL)

    def joined(i: int, parts: Sequence[Expr]) -> Expr:
        return functools.reduce(operator.add, parts) if i < COUNTED else hl.min(*parts)

    planes = range(COUNTED + LEAST)
    column[x, y] = hl.Tuple([joined(i, [terms[x, 4 * y + j][i] for j in per]) for i in planes])
    found = [joined(i, [column[4 * x + j, y][i] for j in per]) for i in planes]
    share = CELL**2 / BLOCK**2
    block = hl.Func("block")
    block[x, y, k] = hl.mux(k, [e * share if i < COUNTED else e for i, e in enumerate(found)])
    out[x, y, k] = block[x, y, k]

    guard, whole = (
        hl.TailStrategy.GuardWithIf,
        hl.TailStrategy.RoundUp,
    )  # blocks and cells before the first do not exist
    out.bound(k, 0, COUNTED + LEAST).split(x, xo, x, 256, guard).reorder(x, k, xo, y).vectorize(x, 8, guard).parallel(y)
    block.compute_at(out, xo).reorder(k, x, y).bound(k, 0, COUNTED + LEAST).unroll(k).vectorize(x, 8, whole)
    column.compute_at(out, xo).vectorize(x, 16, whole)
    terms.compute_at(out, xo).vectorize(x, 16, whole)
    cell.compute_at(out, xo).vectorize(x, lanes, whole)
    for func in (out, block, column, terms, *([] if before else [cell])):
        func.never_partition_all()
    for func in before:
        func.compute_at(cell, y)
    return out


@kernel("highlight_statistics")
def highlight_statistics() -> tuple[hl.Pipeline, list[Any]]:
    """(h, w) uint16 -> (17, h', w') of the 16 cells of each block, in parts of clip: means of planes 0 to 14.

    Planes 0 to 8: for each of `PAIRS`, weighted values of the first and of the second colour, and the weights: of
    cells that are bright and where neither clips. Then the shares of cells where all colours clip, where any does,
    and where any single sample is beyond `onset`, and beyond `full`; the share of cells at the rim of clipped
    areas, and of those that are no edges. Last the smallest R/G and B/G of a cell that neither clips nor is dark;
    `UNKNOWN` where there is no such cell.
    """
    mosaic = hl.ImageParam(hl.UInt(16), 2, "mosaic")
    black = hl.ImageParam(hl.Float(32), 1, "black")  # R Gr Gb B
    clip = hl.Param(hl.Float(32), "clip")
    phase_y, phase_x = hl.Param(hl.Int(32), "phase_y"), hl.Param(hl.Int(32), "phase_x")
    onset, full = hl.Param(hl.Float(32), "onset"), hl.Param(hl.Float(32), "full")

    # First down, so that vectors of neighbours are read.
    x, y, j = hl.Var("x"), hl.Var("y"), hl.Var("j")
    pair = hl.Func("pair")
    last = [hl.max(mosaic.dim(i).extent() / CELL - 1, 0) for i in (0, 1)]
    column = hl.min(hl.likely(x), mosaic.width() - 1)
    both = [mosaic[column, hl.min(y, last[1]) * CELL + (phase_y + j) % 2 + v] for v in (0, 2)]
    pair[x, y, j] = hl.Tuple([hl.i32(both[0]) + hl.i32(both[1]), hl.max(*both), hl.min(*both)])
    pair.bound(j, 0, 2).reorder(x, j, y).vectorize(x, 32, hl.TailStrategy.RoundUp).never_partition([j, y])

    def cells(x: Expr, y: Expr) -> list[tuple[Expr, Expr, Expr]]:
        found = []
        for site, (j, i) in enumerate(((0, 0), (0, 1), (1, 0), (1, 1))):
            left, right = (pair[CELL * hl.min(hl.likely(x), last[0]) + (phase_x + i) % 2 + u, y, j] for u in (0, 2))
            values = hl.f32(left[0] + right[0]) * 0.25, hl.max(left[1], right[1]), hl.min(left[2], right[2])
            found.append(tuple((hl.f32(v) - black[site]) * (1.0 / (clip - black[site])) for v in values))
        r, gr, gb, b = found
        return [r, ((gr[0] + gb[0]) * 0.5, hl.max(gr[1], gb[1]), hl.min(gr[2], gb[2])), b]

    out = statistics("highlight_statistics", cells, full, onset, 16, [pair])
    return hl.Pipeline([out]), [mosaic, black, clip, phase_y, phase_x, onset, full]


@kernel("highlight_statistics_rgb", rare=True)
def highlight_statistics_rgb() -> tuple[hl.Pipeline, list[Any]]:
    """(h, w, 3) uint16 of a linear raw -> the same as `highlight_statistics`."""
    image = hl.ImageParam(hl.UInt(16), 3, "image")
    black = hl.ImageParam(hl.Float(32), 1, "black")  # R G B
    clip = hl.Param(hl.Float(32), "clip")
    onset, full = hl.Param(hl.Float(32), "onset"), hl.Param(hl.Float(32), "full")
    image.dim(0).set_bounds(0, 3)

    def cells(x: Expr, y: Expr) -> list[tuple[Expr, Expr, Expr]]:
        found = []
        x = hl.clamp(x, 0, image.dim(1).extent() / CELL - 1)
        y = hl.clamp(y, 0, image.dim(2).extent() / CELL - 1)
        for c in range(3):
            samples = [image[c, 4 * x + u, 4 * y + v] for v in range(4) for u in range(4)]
            total = hl.f32(sum(samples[1:], hl.i32(samples[0]))) * (1 / 16)
            values = total, hl.f32(hl.max(*samples)), hl.f32(hl.min(*samples))
            found.append(tuple((v - black[c]) * (1.0 / (clip - black[c])) for v in values))
        return found

    out = statistics("highlight_statistics_rgb", cells, full, onset, 4)
    return hl.Pipeline([out]), [image, black, clip, onset, full]
