"""Fast elementary functions for the look kernels: polynomials on the bits of a float, no table, no branch.

Coefficients are minimax fits (Lawson's iteration). Relative errors, tested in tests/test_look_kernels.py: log2 2e-6
(absolute), exp2 1e-7, cbrt 2e-6. Arguments of log2 and cbrt must be positive, normal numbers.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import halide as hl

Expr = Any

LOG2 = (1.4427134212691883, -0.7211322659889159, 0.47934965608320806, -0.3674837796144059, 0.3221432155944771)
LOG2 = (*LOG2, -0.2066052884051984)
EXP2 = (1.0, 0.6931469670603306, 0.24022119716406815, 0.05550713277122611, 0.00967554173909578, 0.0013276471962956442)
FOURTH_ROOT = (0.9999972040549141, 0.24999050532411946, 0.15771436902732688, 0.11914670660995619)
CUBE_ROOT = (0.9999980215525109, 0.33333024518686416, 0.22373575796028572, 0.1742122037105357)


def polynomial(x: Expr, coefficients: Sequence[float]) -> Expr:
    """Horner's scheme, lowest power first."""
    value = hl.f32(coefficients[-1])
    for c in reversed(coefficients[:-1]):
        value = value * x + hl.f32(c)
    return value


def log2(x: Expr) -> Expr:
    """Base-2 logarithm: exponent bits plus a polynomial of the mantissa in [sqrt(1/2), sqrt(2))."""
    bits = hl.reinterpret(hl.Int(32), x)
    exponent = (bits - 0x3F3504F3) >> 23
    t = hl.reinterpret(hl.Float(32), bits - (exponent << 23)) - 1.0
    return hl.f32(exponent) + t * polynomial(t, LOG2)


def exp2(x: Expr) -> Expr:
    """2 to the power x, x from -126 to 126."""
    biased = x + 127.0
    whole = hl.i32(biased + 0.5)
    return hl.reinterpret(hl.Float(32), whole << 23) * polynomial(biased - hl.f32(whole), EXP2)


def inverse_fourth_root(x: Expr) -> Expr:
    """x ** -0.25: a guess from the bits, one Householder step of third order on it."""
    guess = hl.reinterpret(hl.Float(32), 0x4F581000 - (hl.reinterpret(hl.Int(32), x) >> 2))
    square = guess * guess
    return guess * polynomial(1.0 - x * (square * square), FOURTH_ROOT)


def cube_root(x: Expr) -> Expr:
    """Cube root: a guess of x**(-1/3) from the bits, one Householder step of third order on it."""
    guess = hl.reinterpret(
        hl.Float(32), hl.i32(hl.f32(hl.reinterpret(hl.Int(32), x)) * hl.f32(-1.0 / 3.0)) + 0x54A20000
    )
    square = guess * guess
    error = 1.0 - x * (square * guess)
    return x * square * _squared(polynomial(error, CUBE_ROOT))


def _squared(x: Expr) -> Expr:
    return x * x


def matrix_rows(matrix: Any, v: Sequence[Expr]) -> list[Expr]:
    """A 3x3 `ImageParam` (row, column as numpy has it) times a column of three."""
    return [matrix[0, i] * v[0] + matrix[1, i] * v[1] + matrix[2, i] * v[2] for i in range(3)]
