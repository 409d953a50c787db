"""Film grain as a field over the picture, the same at whatever size the picture is made.

White noise on a lattice that is fixed to the picture (its pitch is a share of the picture's size), a number of each
node being a hash of its place and a seed, smoothed by quadratic B-splines and averaged over each pixel. The windows
come from `lichtbild/look/grain.py`. Clumps of grains are other numbers, smoothed on the lattice.
"""

from __future__ import annotations

from typing import Any

import halide as hl

from kernel import kernel

Expr = Any
LANES, STRIP, CHUNK = 16, 64, 256
TALL = 16  # nodes of a column in a vector
CLUMP = (1, 4, 6, 4, 1)
SHIFT = 15  # bits of the fraction of `step`

i, j, x, y = (hl.Var(n) for n in "ijxy")


def hashed(column: Expr, row: Expr, seed: Expr) -> Expr:
    """A number from -1 to 1, triangular around 0, of a lattice node: two rounds of multiply and shift."""
    h = (hl.u32(column) * hl.u32(0x9E3779B1)) ^ (hl.u32(row) * hl.u32(0x85EBCA77) + seed)
    for shift, factor in ((15, 0x2C1B3C6D), (12, 0x297A2D39)):
        h = (h ^ (h >> shift)) * hl.u32(factor)
    h = h ^ (h >> 15)
    return (hl.f32(hl.i32(h & 0xFFFF)) + hl.f32(hl.i32(h >> 16))) * hl.f32(1 / 65535) - 1.0


@kernel("look_grain")
def look_grain() -> tuple[hl.Pipeline, list[Any]]:
    """(h, w) int8, normally distributed around 0.

    rows, columns: (taps, h) and (taps, w rounded up to `CHUNK`) weights of the lattice's rows and columns, the first of
    which is (y * step) >> `SHIFT`, and likewise of x. seed: of the hash. scale: of single grains, of clumps.

    Windows begin wherever the pitch puts them. So vectors of nodes go down the lattice while columns are weighed, and
    along the picture's rows only then.
    """
    f = hl.Float(32)
    rows, columns = (hl.ImageParam(f, 2, n) for n in ("rows", "columns"))
    step = hl.Param(hl.Int(32), "step")
    seed, scale = hl.Param(hl.UInt(32), "seed"), hl.ImageParam(f, 1, "scale")
    out = hl.Func("lichtbild_look_grain")

    names = ("loose", "down", "node", "across", "turned", "total")
    loose, down, node, across, turned, total = (hl.Func(n) for n in names)
    loose[j, i] = hashed(i, j, seed ^ hl.u32(0x5BD1E995))
    down[j, i] = sum((loose[j + m - 2, i] * hl.f32(w / 16) for m, w in enumerate(CLUMP)), hl.f32(0.0))
    clump = sum((down[j, i + m - 2] * hl.f32(w / 16) for m, w in enumerate(CLUMP)), hl.f32(0.0))
    node[j, i] = hashed(i, j, seed) * scale[0] + clump * scale[1]
    s = hl.RDom([(0, columns.dim(1).extent())], "s")
    across[j, x] = hl.f32(0.0)
    across[j, x] += columns[x, s.x] * node[j, ((x * step) >> SHIFT) + s.x]
    turned[x, j] = across[j, x]
    r = hl.RDom([(0, rows.dim(1).extent())], "r")
    total[x, y] = hl.f32(0.0)
    total[x, y] += rows[y, r.x] * turned[x, ((y * step) >> SHIFT) + r.x]
    out[x, y] = hl.i8(hl.clamp(hl.round(total[x, y]), -127.0, 127.0))

    yo, yi, xo, xi = (hl.Var(n) for n in ("yo", "yi", "xo", "xi"))
    guard, up = hl.TailStrategy.GuardWithIf, hl.TailStrategy.RoundUp
    out.tile(x, y, xo, yo, xi, yi, CHUNK, STRIP, guard).parallel(yo).vectorize(xi, LANES, guard)
    total.compute_at(out, yi).bound_extent(x, CHUNK).vectorize(x, LANES, up)
    total.update().reorder(x, r.x).vectorize(x, LANES, up)
    turned.compute_at(out, xo).bound_extent(x, CHUNK).vectorize(x, LANES, up)
    across.compute_at(out, xo).vectorize(j, TALL, up)
    across.update().reorder(s.x, j, x).vectorize(j, TALL, up)
    for stage in (node, down, loose):
        stage.compute_at(out, xo).vectorize(j, TALL, up)
    for stage in (out, total, turned, across, node, down, loose):
        stage.never_partition_all()
    return hl.Pipeline([out]), [rows, step, columns, seed, scale]
