"""Weighted sums of neighbours: terms added up, and the weights of cubic interpolation."""

from __future__ import annotations

from typing import Any

import halide as hl


def sum_of(terms: Any) -> hl.Expr:
    """The sum of expressions, without a leading zero."""
    terms = list(terms)
    total = terms[0]
    for term in terms[1:]:
        total = total + term
    return total


def catmull_rom(t: hl.Expr, k: Any) -> hl.Expr:
    """Weight of tap k (0..3, at -1..2) for a position t in [0, 1) (Catmull and Rom 1974)."""
    t2, t3 = t * t, t * t * t
    return hl.mux(
        k,
        [
            0.5 * (-t3 + 2 * t2 - t),
            0.5 * (3 * t3 - 5 * t2 + 2),
            0.5 * (-3 * t3 + 4 * t2 + t),
            0.5 * (t3 - t2),
        ],
    )
