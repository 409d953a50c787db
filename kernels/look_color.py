"""Colour for the look kernels: Oklab (Ottosson 2020), the tone curve on its cone roots, series over hue."""

from __future__ import annotations

from typing import Any

import halide as hl

from look_math import inverse_fourth_root, root

Expr = Any
TINY = hl.f32(1e-9)
SOFTNESS = 0.08  # twice the share of the brightest primary at which one without light comes out
OUTSIDE = 1 + (1 + SOFTNESS**2) ** 0.5  # what `inside` makes of the brightest primary 1

# Oklab's second matrix, rows made to sum to exactly 1, 0, 0 so that neutral stays neutral.
LAB = (
    (0.2104542553, 0.7936177850, -0.0040720403),
    (1.9779984951, -2.4285922050, 0.4505937099),
    (0.0259040371, 0.7827717662, -0.8086758033),
)


def tone_curve(u: Expr, tone: Any) -> Expr:
    """Filmic curve of `lichtbild/look/tone.py`, on the cube root of light, 0..1."""
    n, d = tone[2] * u * (u + tone[0]), u + tone[1]
    n2, d2 = n * n, d * d
    return hl.min(tone[4] * n * inverse_fourth_root((n2 + tone[3] * d2) * n2 + d2 * d2), 1.0)


def harmonics(order: int, cosine: Expr, sine: Expr) -> list[tuple[Expr, Expr]]:
    """Cosine and sine of the multiples of an angle up to `order`, each from the two before it (Chebyshev)."""
    twice = 2.0 * cosine
    waves = [(hl.f32(1.0), hl.f32(0.0)), (cosine, sine)]
    while len(waves) <= order:
        waves.append(tuple(twice * near - far for near, far in zip(waves[-1], waves[-2], strict=True)))
    return waves[1:]


def series(table: Any, row: int, waves: list[tuple[Expr, Expr]]) -> Expr:
    """A Fourier series at an angle: a constant, then cosine and sine of each order. waves: from `harmonics`."""
    even, odd = table[0, row], hl.f32(0.0)
    for i, (cosine, sine) in enumerate(waves):
        even, odd = even + table[2 * i + 1, row] * cosine, odd + table[2 * i + 2, row] * sine
    return even + odd


def fourth_order(table: Any, row: int, cosine: Expr, sine: Expr) -> Expr:
    """A `series` of fourth order, with less to wait for: even orders from the doubled angle, odd ones from both."""
    (a1, b1), (a2, b2), (a3, b3), (a4, b4) = ((table[2 * i - 1, row], table[2 * i, row]) for i in range(1, 5))
    cos2, half_sin2 = 2.0 * cosine * cosine - 1.0, sine * cosine
    even = (table[0, row] - a4) + cos2 * (a2 + 2.0 * a4 * cos2 + 4.0 * b4 * half_sin2) + 2.0 * b2 * half_sin2
    odd = cosine * ((a1 - a3) + 2.0 * a3 * cos2) + sine * ((b1 + b3) + 2.0 * b3 * cos2)
    return even + odd


def inside(rgb: list[Expr]) -> list[Expr]:
    """Light of the primaries without negative parts: a smooth max(v, 0) times `OUTSIDE`, by which the colour of a laser
    or a LED comes to the edge of the space. There the lines of equal hue of any colour space are too uncertain to
    follow. What is as far below nothing as the brightest is above is no colour, and nothing would be left of the root's
    digits: there it ends."""
    brightest = hl.max(hl.max(rgb[0], rgb[1]), hl.max(rgb[2], TINY))
    held, most = [hl.max(v, -brightest) for v in rgb], brightest * hl.f32(SOFTNESS)
    return [v + root(v * v + most * most) for v in held]
