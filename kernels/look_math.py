"""Fast elementary functions for the look kernels: polynomials on the bits of a float, no table, no branch.

Coefficients are minimax fits (Lawson's iteration). Relative errors, tested in tests/test_look_kernels.py: log2 2e-6
(absolute), exp2 1e-7, cube root 6e-6, fourth root 2e-5, its inverse 3e-6; ratios and square roots 4e-4, and none with
AVX-512. Arguments must be positive, normal numbers.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import halide as hl

Expr = Any

LOG2 = (1.4427134212691883, -0.7211322659889159, 0.47934965608320806, -0.3674837796144059, 0.3221432155944771)
LOG2 = (*LOG2, -0.2066052884051984)
EXP2 = (1.0, 0.6931469670603306, 0.24022119716406815, 0.05550713277122611, 0.00967554173909578, 0.0013276471962956442)
INVERSE_FOURTH_ROOT = (0.9999972040549141, 0.24999050532411946, 0.15771436902732688, 0.11914670660995619)
FOURTH_ROOT = (0.9999833998395278, 0.7499620644967167, 0.6649452054003171, 0.61230028901227)
CUBE_ROOT = (0.9999937825624509, 0.6666615391931578, 0.560314982584865, 0.4978222931642504)


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


def _divides() -> Expr:
    """Whether to divide, and to take square roots, in earnest: with AVX-512 that goes beside the rest, and only half a
    vector can be estimated at once. Before it, estimates of 12 bits are quicker."""
    return hl.target_has_feature(hl.TargetFeature.AVX512_Skylake)


def ratio(a: Expr, b: Expr) -> Expr:
    """a / b. b must be a normal number."""
    return hl.select(_divides(), a / b, a * hl.fast_inverse(b))


def root(x: Expr) -> Expr:
    """Square root of a positive, normal number."""
    return hl.select(_divides(), hl.sqrt(x), x * hl.fast_inverse_sqrt(x))


def inverse_root(x: Expr) -> Expr:
    """1 / root(x)."""
    return hl.select(_divides(), 1.0 / hl.sqrt(x), hl.fast_inverse_sqrt(x))


def inverse_fourth_root(x: Expr) -> Expr:
    """x ** -0.25: a guess from the bits, one Householder step of third order on it."""
    guess = _guess(x, 0x4F581000, 2)
    square = guess * guess
    return guess * polynomial(1.0 - x * (square * square), INVERSE_FOURTH_ROOT)


def fourth_root(x: Expr) -> Expr:
    """x ** 0.25, likewise."""
    guess = _guess(x, 0x4F581000, 2)
    near = (x * guess) * (guess * guess)
    return near * polynomial(1.0 - near * guess, FOURTH_ROOT)


def _guess(x: Expr, magic: int, shift: int) -> Expr:
    """About x to the power of -1 / 2**shift."""
    return hl.reinterpret(hl.Float(32), magic - (hl.reinterpret(hl.Int(32), x) >> shift))


def cube_root(x: Expr) -> Expr:
    """Cube root: a guess of x**(-1/3) from the bits, one Householder step of third order on it."""
    guess = hl.reinterpret(
        hl.Float(32), hl.i32(hl.f32(hl.reinterpret(hl.Int(32), x)) * hl.f32(-1.0 / 3.0)) + 0x54A20000
    )
    near = x * (guess * guess)
    return near * polynomial(1.0 - near * guess, CUBE_ROOT)


def matrix_rows(matrix: Any, v: Sequence[Expr]) -> list[Expr]:
    """A 3x3 `ImageParam` (row, column as numpy has it) times a column of three."""
    return [matrix[0, i] * v[0] + matrix[1, i] * v[1] + matrix[2, i] * v[2] for i in range(3)]
