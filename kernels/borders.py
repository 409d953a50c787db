"""What lies beyond the borders of a mosaic."""

from __future__ import annotations

import halide as hl


def mirrored(v: hl.Expr, n: hl.Expr, *, quads: bool = False) -> hl.Expr:
    """The index in 0..n-1 of index v, of any size, mirrored at the first and at the last one; colours stay in order.

    As `BoundaryConditions.mirror_interior`, without divisions of integers, which vectors do not have. quads: before
    the first, pairs are mirrored at the first pair, and stay in order inside.
    """
    period = 2 * hl.max(n - 1, 1)
    whole = hl.select(v < 0, 2 * (v % 2) - v, v) if quads else v
    # Exact: a quotient that is not whole is farther from the next whole number than float32 rounds.
    past = whole - period * hl.i32(hl.floor(hl.f32(whole) / hl.f32(period)))
    inside = hl.likely(hl.clamp(v, 0, n - 1))
    return hl.select((v < 0) | (v >= n), hl.clamp(hl.min(past, period - past), 0, n - 1), inside)


def reflected(v: hl.Expr, n: hl.Expr) -> hl.Expr:
    """The same of an index less than n outside: shorter, but vectors of it are read one by one; put `hl.likely` around
    what is inside."""
    return hl.clamp(n - 1 - hl.abs(n - 1 - hl.abs(v)), 0, n - 1)
