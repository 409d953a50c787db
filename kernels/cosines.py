"""The cosine transform of eight samples (Ahmed, Natarajan and Rao 1974), as expressions."""

from __future__ import annotations

from typing import Any

import halide as hl
import numpy as np

from taps import sum_of

SIDE = 8
_COS = [[np.cos((2 * i + 1) * k * np.pi / 16) for i in range(SIDE)] for k in range(SIDE)]


def forward(x: list[hl.Expr]) -> list[hl.Expr]:
    """Orthonormal DCT-II of eight numbers, even and odd frequencies apart."""
    total = [x[i] + x[7 - i] for i in range(4)]
    diff = [x[i] - x[7 - i] for i in range(4)]
    a, b = [total[0] + total[3], total[1] + total[2]], [total[0] - total[3], total[1] - total[2]]
    out: list[Any] = [None] * 8
    out[0], out[4] = (a[0] + a[1]) * hl.f32(8**-0.5), (a[0] - a[1]) * hl.f32(8**-0.5)
    out[2] = b[0] * hl.f32(0.5 * _COS[2][0]) + b[1] * hl.f32(0.5 * _COS[2][1])
    out[6] = b[0] * hl.f32(0.5 * _COS[6][0]) + b[1] * hl.f32(0.5 * _COS[6][1])
    for k in (1, 3, 5, 7):
        out[k] = sum_of(diff[i] * hl.f32(0.5 * _COS[k][i]) for i in range(4))
    return out


def backward(c: list[hl.Expr]) -> list[hl.Expr]:
    """The inverse of `forward`."""
    plus, minus = (c[0] + c[4]) * hl.f32(8**-0.5), (c[0] - c[4]) * hl.f32(8**-0.5)
    b = [sum_of(c[k] * hl.f32(0.5 * _COS[k][i]) for k in (2, 6)) for i in (0, 1)]
    even = [plus + b[0], minus + b[1], minus - b[1], plus - b[0]]
    odd = [sum_of(c[k] * hl.f32(0.5 * _COS[k][i]) for k in (1, 3, 5, 7)) for i in range(4)]
    return [even[i] + odd[i] for i in range(4)] + [even[3 - i] - odd[3 - i] for i in range(4)]
