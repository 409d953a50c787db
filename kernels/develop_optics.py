"""Lens corrections: one resampling of all planes along a smooth map of displacements and gains.

The map is coarse; between its nodes it is the cubic polynomial through four of them (Lagrange). Pixels are
interpolated by Catmull-Rom's cubic (Keys 1981, a = -1/2). Neighbours in a row share the block of source pixels that
they are made of: their displacements differ by a few pixels at most, so that dense reads with a weight that is zero
for some replace the gathers that no processor does well.
"""

from __future__ import annotations

import functools
from typing import Any

import halide as hl

from half import half, half_image
from kernel import kernel

Expr = Any
TILE_X, TILE_Y, STEP = 64, 32, 32

u, v, c, g, k, n, tx, ty = (hl.Var(name) for name in ("u", "v", "c", "g", "k", "n", "tx", "ty"))


def cubic(p: list[Expr]) -> list[Expr]:
    """Coefficients of the cubic through p at -1, 0, 1, 2."""
    return [
        p[1],
        p[2] - p[0] * hl.f32(1 / 3) - p[1] * 0.5 - p[3] * hl.f32(1 / 6),
        (p[0] + p[2]) * 0.5 - p[1],
        (p[3] - p[0]) * hl.f32(1 / 6) + (p[1] - p[2]) * 0.5,
    ]


def polynomial(a: list[Expr], t: Expr) -> Expr:
    return ((a[3] * t + a[2]) * t + a[1]) * t + a[0]


def weights(part: Expr, shift: Expr, taps: int) -> list[Expr]:
    """Weights of Catmull-Rom's cubic for a position `part` of 0..1 after tap 1 + shift."""
    rest = 1.0 - part
    bend = part * rest * 0.5
    near = 1.0 - part * part * (2.5 - part * 1.5)
    four = [-bend * rest, near, 1.0 - near + bend, -bend * part]
    if taps == 5:
        return [
            hl.select(shift > 0.5, before, here)
            for before, here in zip([hl.f32(0.0), *four], [*four, hl.f32(0.0)], strict=True)
        ]
    none = hl.f32(0.0)
    moved: list[Expr] = [*four, *[none] * (taps - 4)]
    digits, step = hl.i32(shift), 1
    while step <= taps - 4:
        odd = (digits & step) != 0
        moved = [hl.select(odd, moved[i - step] if i >= step else none, here) for i, here in enumerate(moved)]
        step *= 2
    return moved


def optics(
    symbol: str, lanes: int, taps_y: int, taps_x: int, planes: int = 3, step: int = STEP
) -> tuple[hl.Pipeline, list[Any]]:
    """(3, h, w) float16 -> (3, h', w') corrected crop that begins at (top, left).

    field: (3, planes, rows, columns) displacement down, displacement right and gain - 1 at nodes `step` pixels apart,
    the first of them one step before the crop; step 1: one for each pixel. first, reach: as `optics.tile_starts` makes
    them. to_camera, from_camera: 3x3 matrices around the resampling. lanes: neighbours that share taps_y x taps_x
    pixels each. planes: 1 when all planes go the same way.
    """
    image = half_image("image")
    field = hl.ImageParam(hl.Float(32), 4, "field")
    first = hl.ImageParam(hl.Int(32), 3, "first")
    to_camera = hl.ImageParam(hl.Float(32), 2, "to_camera")
    from_camera = hl.ImageParam(hl.Float(32), 2, "from_camera")
    reach_y, reach_x = hl.Param(hl.Int(32), "reach_y"), hl.Param(hl.Int(32), "reach_x")
    top, left = hl.Param(hl.Int(32), "top"), hl.Param(hl.Int(32), "left")
    x, y = hl.Var("x"), hl.Var("y")

    edge = hl.BoundaryConditions.repeat_edge(image)
    camera = hl.Func("camera")
    here_x, here_y = tx * TILE_X + left + first[tx, ty, 1] + u, ty * TILE_Y + top + first[tx, ty, 0] + v
    own = [to_camera[j, c] * hl.f32(edge[here_x, here_y, j]) for j in range(3)]
    camera[u, v, c, tx, ty] = own[0] + own[1] + own[2] if planes == 3 else hl.f32(edge[here_x, here_y, c])

    # The map at this tile's pixels: k = 0 displacement down, 1 displacement right, 2 gain - 1.
    at = hl.Func("at")
    if step == 1:
        at[u, v, k, c, tx, ty] = field[tx * TILE_X + u, ty * TILE_Y + v, c, k]
    else:
        row, coefficient = hl.Func("row"), hl.Func("coefficient")
        nodes = [field[tx * (TILE_X // step) + g, ty * (TILE_Y // step) + v / step + j, c, k] for j in range(4)]
        row[g, v, k, c, tx, ty] = polynomial(cubic(nodes), hl.f32(v % step) * (1 / step))
        coefficient[g, n, v, k, c, tx, ty] = hl.mux(n, cubic([row[g + j, v, k, c, tx, ty] for j in range(4)]))
        cell = [coefficient[u / step, j, v, k, c, tx, ty] for j in range(4)]
        at[u, v, k, c, tx, ty] = polynomial(cell, hl.f32(u % step) * (1 / step))

    # The least displacement in a block says where its source pixels begin; along a smooth map three are enough to tell.
    begin = hl.Func("begin")
    probes = [
        at[g * lanes + lane, v, k, c, tx, ty] for lane in (range(lanes) if step == 1 else (0, lanes // 2, lanes - 1))
    ]
    least = functools.reduce(hl.min, probes)
    room = hl.select(k == 0, reach_y, reach_x)
    begin[g, v, k, c, tx, ty] = hl.clamp(hl.i32(hl.floor(least)) - 1 - first[tx, ty, k], 0, room)

    corrected = hl.Func("corrected")
    p: Expr = c if planes == 3 else 0
    starts, taps = [], []
    for axis, count in ((0, taps_y), (1, taps_x)):
        start = begin[u / lanes, v, axis, p, tx, ty]
        beyond = at[u, v, axis, p, tx, ty] - hl.f32(start + first[tx, ty, axis] + 1)
        shift = hl.clamp(hl.floor(beyond), 0.0, hl.f32(count - 4))
        starts.append(start)
        taps.append(weights(beyond - shift, shift, count))
    total: Expr = hl.f32(0.0)
    for j, down in enumerate(taps[0]):
        line: Expr = hl.f32(0.0)
        for i, across in enumerate(taps[1]):
            line += across * camera[u + starts[1] + i, v + starts[0] + j, c, tx, ty]
        total += down * line
    corrected[u, v, c, tx, ty] = total * (at[u, v, 2, p, tx, ty] + 1.0)

    out = hl.Func(f"lichtbild_{symbol}")
    place = x % TILE_X, y % TILE_Y, x / TILE_X, y / TILE_Y
    values = [corrected[place[0], place[1], j, place[2], place[3]] for j in (range(3) if planes == 3 else (c,))]
    mixed = [from_camera[j, c] * value for j, value in enumerate(values)] if planes == 3 else values
    out[x, y, c] = half(mixed[0] + mixed[1] + mixed[2] if planes == 3 else mixed[0])

    for buffer in (image, field, first, to_camera, from_camera, out.output_buffer()):
        for dimension in range(buffer.dimensions()):
            buffer.dim(dimension).set_min(0)
    out.bound(c, 0, 3).tile(x, y, tx, ty, u, v, TILE_X, TILE_Y, hl.TailStrategy.GuardWithIf)
    out.reorder(u, c, v, tx, ty).unroll(c).vectorize(u, lanes).parallel(ty).never_partition([tx, ty, v])
    camera.compute_at(out, tx).bound(c, 0, 3).bound_extent(tx, 1).bound_extent(ty, 1)
    camera.reorder(u, c, v).unroll(c).vectorize(u, lanes).never_partition([v])
    if planes == 3:
        whole = corrected, c
        corrected.compute_at(out, tx).bound(c, 0, 3).bound(u, 0, TILE_X).bound(v, 0, TILE_Y).reorder(u, v, c)
        corrected.bound_extent(tx, 1).bound_extent(ty, 1).vectorize(u, lanes)
    else:
        whole = out, tx
        out.reorder(c, u, v, tx, ty)
    begin.compute_at(*whole).bound(k, 0, 2).bound(g, 0, TILE_X // lanes).vectorize(g, 4).unroll(k)
    at.compute_at(*whole).bound(k, 0, 3).bound(u, 0, TILE_X).bound(v, 0, TILE_Y)
    at.vectorize(u, 16).reorder(k, u, v).unroll(k)
    for f in (begin, at):
        f.bound_extent(tx, 1).bound_extent(ty, 1)
    if step > 1:
        coefficient.compute_at(at, v).bound(k, 0, 3).bound(n, 0, 4).bound(g, 0, TILE_X // step)
        coefficient.vectorize(g).unroll(n)
        row.compute_at(at, v).bound(g, 0, 8).vectorize(g)
    return hl.Pipeline([out]), [
        image,
        field,
        first,
        *([to_camera, from_camera] if planes == 3 else []),
        reach_y,
        reach_x,
        top,
        left,
    ]


@kernel("optics_alike", rare=True)
def optics_alike() -> tuple[hl.Pipeline, list[Any]]:
    """All planes alike, displacements of neighbours at most one pixel apart: the corrections of most lenses."""
    return optics("optics_alike", 8, 5, 5, planes=1)


@kernel("optics_5x5", rare=True)
def optics_5x5() -> tuple[hl.Pipeline, list[Any]]:
    """Lateral chromatic aberration, and mild distortion."""
    return optics("optics_5x5", 16, 5, 5)


@kernel("optics_6x9", rare=True)
def optics_6x9() -> tuple[hl.Pipeline, list[Any]]:
    """Strong distortion."""
    return optics("optics_6x9", 16, 6, 9)


@kernel("optics_10x10", rare=True)
def optics_10x10() -> tuple[hl.Pipeline, list[Any]]:
    """Fisheye lenses."""
    return optics("optics_10x10", 8, 10, 10)


@kernel("optics_small", rare=True)
def optics_small() -> tuple[hl.Pipeline, list[Any]]:
    """The same with a node of the map for every pixel."""
    return optics("optics_small", 8, 10, 10, step=1)
