"""Local tone: a gain for every cell of the coarse grid, so that skies and rooms move and faces keep their modelling.

The range of the scene is split into a base, which is smooth within a surface and sharp between surfaces (Durand,
Dorsey 2002), and what is left. The tone curve acts on the base only. The base comes from a bilateral grid (Chen,
Paris, Durand, "Real-time edge-aware image processing with the bilateral grid", 2007): surfaces of different brightness
lie in different layers of it, so that no edge leaks and none gets a halo. The result is written as a straight line per
cell, log gain = slope * log luminance + offset (He, Sun, "Fast guided filter", 2015): the full-size picture then
follows its own edges and not those of the coarse grid.
"""

from __future__ import annotations

from typing import Any

import halide as hl

from kernel import kernel
from look_math import exp2

Expr = Any
LAYERS, PER_STOP, LANES = 32, 1.25, 16
ENTRIES, TABLE_PER_STOP = 129, 4.0
MIXED = 0.3  # stops between the neighbours' darkest and brightest at which a cell counts half

x, y, z, k = hl.Var("x"), hl.Var("y"), hl.Var("z"), hl.Var("k")


def table_at(table: Any, stops: Expr) -> Expr:
    """Linear interpolation in a table over stops, 0 in the middle."""
    u = hl.clamp(stops * TABLE_PER_STOP + ENTRIES // 2, 0.0, hl.f32(ENTRIES - 1.001))
    low = hl.clamp(hl.i32(u), 0, ENTRIES - 2)
    return hl.lerp(table[low], table[low + 1], u - hl.f32(low))


def layer(stops: Expr) -> Expr:
    """Where in the grid a brightness lies."""
    return hl.clamp(stops * PER_STOP + LAYERS / 2, 0.0, hl.f32(LAYERS - 1.001))


def blurred(f: Any, axis: int, name: str, extent: Expr) -> Any:
    """The filter 1 4 6 4 1 along one axis of the grid (k, z, x, y); 1 2 1 along z. Nothing lies outside the grid."""
    taps = {-1: 2, 0: 4, 1: 2} if axis == 1 else {-2: 1, -1: 4, 0: 6, 1: 4, 2: 1}
    out = hl.Func(name)
    total: Expr = hl.f32(0.0)
    for offset, weight in taps.items():
        at: list[Expr] = [k, z, x, y]
        place = at[axis] + offset
        at[axis] = hl.clamp(place, 0, extent - 1)
        inside = hl.f32(weight / sum(taps.values()))
        total += f[tuple(at)] * (inside if offset == 0 else hl.select((place >= 0) & (place < extent), inside, 0.0))
    out[k, z, x, y] = total
    return out


def box(f: Any, radius: int, name: str) -> tuple[Any, Any]:
    """Mean over a square window of (x, y, k), down the columns first."""
    down, out = hl.Func(f"{name}_down"), hl.Func(name)
    reach = range(-radius, radius + 1)
    down[x, y, k] = sum((f[x, y + i, k] for i in reach), hl.f32(0.0))
    out[x, y, k] = sum((down[x + i, y, k] for i in reach), hl.f32(0.0)) * hl.f32(1 / len(reach) ** 2)
    return down, out


@kernel("look_local")
def look_local() -> tuple[hl.Pipeline, list[Any]]:
    """(h, w) log2 luminance -> (3, h, w): slope and offset of log2 gain against log2 luminance, and how far colour
    stands out of noise there, 0 to 1.

    table: log2 gain of the tone curve, by stops from middle grey after exposure.
    numbers: stops from log2 luminance to stops from middle grey; clarity; height of an edge in stops; regularisation of
        the slope in stops squared; scale and offset of the noise of luminance; by how much noise fades colour.
    cell: size of a cell of the bilateral grid in cells of `coarse`.
    """
    coarse = hl.ImageParam(hl.Float(32), 2, "coarse")
    table = hl.ImageParam(hl.Float(32), 1, "table")
    numbers = hl.ImageParam(hl.Float(32), 1, "numbers")
    cell = hl.Param(hl.Int(32), "cell")
    out = hl.Func("lichtbild_look_local")
    shift, clarity, edge, regular, scale, offset, fading = (numbers[i] for i in range(7))
    width, height = coarse.dim(0).extent(), coarse.dim(1).extent()
    cells_x, cells_y = (width + cell - 1) / cell, (height + cell - 1) / cell

    stops = hl.Func("stops")
    stops[x, y] = coarse[hl.clamp(x, 0, width - 1), hl.clamp(y, 0, height - 1)] + shift

    splat = hl.Func("splat")
    r = hl.RDom([(0, cell), (0, cell)], "r")
    r.where((x * cell + r.x < width) & (y * cell + r.y < height))
    value = stops[hl.clamp(x * cell + r.x, 0, width - 1), hl.clamp(y * cell + r.y, 0, height - 1)]
    low = hl.clamp(hl.i32(layer(value)), 0, LAYERS - 2)
    share = layer(value) - hl.f32(low)
    splat[k, z, x, y] = hl.f32(0.0)
    for at, weight in ((low, 1.0 - share), (low + 1, share)):
        splat[k, at, x, y] += weight * hl.select(k == 0, value, 1.0)
    in_z = blurred(splat, 1, "in_z", hl.i32(LAYERS))
    in_x = blurred(in_z, 2, "in_x", cells_x)
    grid = blurred(in_x, 3, "grid", cells_y)

    def corners(v: Expr, extent: Expr) -> tuple[Expr, Expr, Expr]:
        u = hl.clamp((hl.f32(v) + 0.5) / hl.f32(cell) - 0.5, 0.0, hl.f32(extent - 1))
        first = hl.i32(u)
        return hl.clamp(first, 0, extent - 1), hl.clamp(first + 1, 0, extent - 1), u - hl.f32(first)

    own = stops[x, y]
    z0 = hl.clamp(hl.i32(layer(own)), 0, LAYERS - 2)
    fz = layer(own) - hl.f32(z0)
    (x0, x1, fx), (y0, y1, fy) = corners(x, cells_x), corners(y, cells_y)

    def sliced(i: int) -> Expr:
        def column(gx: Expr, gy: Expr) -> Expr:
            return hl.lerp(grid[i, z0, gx, gy], grid[i, z0 + 1, gx, gy], fz)

        return hl.lerp(hl.lerp(column(x0, y0), column(x1, y0), fx), hl.lerp(column(x0, y1), column(x1, y1), fx), fy)

    gain = hl.Func("gain")
    base = sliced(0) / hl.max(sliced(1), hl.f32(1e-6))
    detail = own - base
    ratio = detail / edge
    held = hl.max(1.0 - ratio * ratio, 0.0)  # what differs by an edge's height belongs to another surface
    gain[x, y] = table_at(table, hl.lerp(own, base, held)) + clarity * detail * held

    # A straight line through the gains of the neighbourhood, against log luminance. A cell that holds parts of two
    # surfaces has a brightness that neither has, and counts little: else it would bend the line for both.
    row_low, row_high, moments = hl.Func("row_low"), hl.Func("row_high"), hl.Func("moments")
    row = [stops[x + i, y] for i in (-1, 0, 1)]
    row_low[x, y] = hl.min(hl.min(row[0], row[1]), row[2])
    row_high[x, y] = hl.max(hl.max(row[0], row[1]), row[2])
    lowest = hl.min(hl.min(row_low[x, y - 1], row_low[x, y]), row_low[x, y + 1])
    highest = hl.max(hl.max(row_high[x, y - 1], row_high[x, y]), row_high[x, y + 1])
    v, g = stops[x, y], gain[hl.clamp(x, 0, width - 1), hl.clamp(y, 0, height - 1)]
    between = hl.min(v - lowest, highest - v) * hl.f32(1 / MIXED)
    w = 1.0 / (1.0 + between * between)
    moments[x, y, k] = hl.mux(k, [w, w * v, w * g, w * v * v, w * v * g])
    down, mean = box(moments, 2, "mean")
    line = hl.Func("line")
    per = 1.0 / mean[x, y, 0]
    mv, mg = mean[x, y, 1] * per, mean[x, y, 2] * per
    variance = hl.max(mean[x, y, 3] * per - mv * mv, 0.0)
    slope = (mean[x, y, 4] * per - mv * mg) / (variance + regular)
    line[x, y, k] = hl.mux(k, [slope, mg + slope * (shift - mv)])
    line_down, line_mean = box(line, 1, "line_mean")
    light = exp2(stops[x, y] - shift)
    trust = 1.0 / (1.0 + fading * (scale * light + offset) / (light * light))
    out[x, y, k] = hl.mux(k, [line_mean[x, y, 0], line_mean[x, y, 1], trust])

    yo, yi = hl.Var("yo"), hl.Var("yi")
    out.bound(k, 0, 3).split(y, yo, yi, 32, hl.TailStrategy.GuardWithIf).reorder(x, k, yi, yo).parallel(yo)
    out.vectorize(x, LANES, hl.TailStrategy.GuardWithIf).unroll(k)
    line_down.compute_at(out, yi).bound(k, 0, 2).unroll(k).vectorize(x, LANES)
    line.store_at(out, yo).compute_at(out, yi).bound(k, 0, 2).reorder(k, x, y).unroll(k).vectorize(x, LANES)
    down.compute_at(line, y).bound(k, 0, 5).unroll(k).vectorize(x, LANES)
    moments.store_at(out, yo).compute_at(out, yi).bound(k, 0, 5).reorder(k, x, y).unroll(k).vectorize(x, LANES)
    for f in (row_low, row_high):
        f.store_at(out, yo).compute_at(out, yi).vectorize(x, LANES)
    gain.compute_root().split(y, yo, yi, 16, hl.TailStrategy.GuardWithIf).parallel(yo)
    gain.vectorize(x, LANES, hl.TailStrategy.GuardWithIf)
    splat.compute_at(in_z, y).bound(k, 0, 2).unroll(k)
    for i in (0, 1):
        splat.update(i).reorder(k, r.x, r.y, x, y).unroll(k)
    in_z.compute_root().bound(k, 0, 2).parallel(y).unroll(k)
    in_x.compute_root().bound(k, 0, 2).parallel(y).unroll(k).vectorize(z, 8)
    grid.compute_root().bound(k, 0, 2).parallel(y).unroll(k).vectorize(z, 8)
    for f in (out, line_down, line, down, moments, row_low, row_high, gain, splat, in_z, in_x, grid):
        f.never_partition_all()
    return hl.Pipeline([out]), [coarse, table, numbers, cell]
