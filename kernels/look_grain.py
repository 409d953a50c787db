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
LANES, STRIP = 16, 64
CLUMP = (1, 4, 6, 4, 1)
SHIFT = 12  # bits of the fraction of `step`

i, j, x, y = (hl.Var(n) for n in "ijxy")


def hashed(column: Expr, row: Expr, seed: Expr) -> Expr:
    """A number from -1 to 1, triangular around 0, of a lattice node: two rounds of multiply and shift."""
    h = (hl.u32(column) * hl.u32(0x9E3779B1)) ^ (hl.u32(row) * hl.u32(0x85EBCA77) + seed)
    for shift, factor in ((15, 0x2C1B3C6D), (12, 0x297A2D39)):
        h = (h ^ (h >> shift)) * hl.u32(factor)
    h = h ^ (h >> 15)
    return (hl.f32(hl.i32(h & 0xFFFF)) + hl.f32(hl.i32(h >> 16))) * hl.f32(1 / 65535) - 1.0


@kernel("look_grain", rare=True)
def look_grain() -> tuple[hl.Pipeline, list[Any]]:
    """(h, w) int8, normally distributed around 0.

    rows: (taps, h) weights of the lattice's rows, the first of which is (y * step) >> `SHIFT`. columns: (taps, w)
    weights of its columns, the first of which is first_column (w,). lattice: its columns. seed: of the hash. scale: of
    single grains, of clumps.
    """
    f = hl.Float(32)
    rows, columns = (hl.ImageParam(f, 2, n) for n in ("rows", "columns"))
    first_column = hl.ImageParam(hl.Int(32), 1, "first_column")
    step, lattice = hl.Param(hl.Int(32), "step"), hl.Param(hl.Int(32), "lattice")
    seed, scale = hl.Param(hl.UInt(32), "seed"), hl.ImageParam(f, 1, "scale")
    out = hl.Func("lichtbild_look_grain")

    loose, down, node, across, total = (hl.Func(n) for n in ("loose", "down", "node", "across", "total"))
    loose[i, j] = hashed(i, j, seed ^ hl.u32(0x5BD1E995))
    down[i, j] = sum((loose[i, j + m - 2] * hl.f32(w / 16) for m, w in enumerate(CLUMP)), hl.f32(0.0))
    clump = sum((down[i + m - 2, j] * hl.f32(w / 16) for m, w in enumerate(CLUMP)), hl.f32(0.0))
    node[i, j] = hashed(i, j, seed) * scale[0] + clump * scale[1]
    s = hl.RDom([(0, columns.dim(1).extent())], "s")
    across[x, j] = hl.f32(0.0)
    across[x, j] += columns[x, s.x] * node[hl.clamp(first_column[x] + s.x, 0, lattice - 1), j]
    r = hl.RDom([(0, rows.dim(1).extent())], "r")
    total[x, y] = hl.f32(0.0)
    total[x, y] += rows[y, r.x] * across[x, ((y * step) >> SHIFT) + r.x]
    out[x, y] = hl.i8(hl.clamp(hl.round(total[x, y]), -127.0, 127.0))

    yo, yi, xo, xi = (hl.Var(n) for n in ("yo", "yi", "xo", "xi"))
    guard = hl.TailStrategy.GuardWithIf
    out.split(y, yo, yi, STRIP, guard).parallel(yo).split(x, xo, xi, 4 * LANES, guard).vectorize(xi, LANES, guard)
    total.compute_at(out, xo).vectorize(x, LANES, guard)
    total.update().reorder(x, r.x).vectorize(x, LANES, guard)
    across.compute_at(out, yo).split(x, xo, xi, 2 * LANES, guard).vectorize(xi, LANES, guard)
    across.update().split(x, xo, xi, 2 * LANES, guard).reorder(xi, s.x, xo, j).vectorize(xi, LANES, guard)
    node.compute_at(across, j).vectorize(i, LANES)
    down.compute_at(across, j).vectorize(i, LANES)
    loose.compute_at(out, yo).vectorize(i, LANES)
    for stage in (out, total, across, node, down, loose):
        stage.never_partition_all()
    return hl.Pipeline([out]), [rows, step, columns, first_column, lattice, seed, scale]
