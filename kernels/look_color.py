"""Colour for the look kernels: Oklab (Ottosson 2020), the tone curve on its cone roots, the edge of a colour space."""

from __future__ import annotations

from typing import Any

import halide as hl

from look_math import inverse_fourth_root, matrix_rows

Expr = Any
TINY = hl.f32(1e-9)
SOFTNESS = 0.08  # twice the share of the brightest primary at which one without light comes out

# Oklab's second matrix, rows made to sum to exactly 1, 0, 0 so that neutral stays neutral.
LAB = (
    (0.2104542553, 0.7936177850, -0.0040720403),
    (1.9779984951, -2.4285922050, 0.4505937099),
    (0.0259040371, 0.7827717662, -0.8086758033),
)
# Its inverse: l', m', s' from L, a, b.
LMS = ((0.3963377774, 0.2158037573), (-0.1055613458, -0.0638541728), (-0.0894841775, -1.2914855480))


def tone_curve(u: Expr, tone: Any) -> Expr:
    """Filmic curve of `lichtbild/look/tone.py`, on the cube root of light, 0..1."""
    n, d = tone[2] * u * (u + tone[0]), u + tone[1]
    n2, d2 = n * n, d * d
    return hl.min(tone[4] * n * inverse_fourth_root((n2 + tone[3] * d2) * n2 + d2 * d2), 1.0)


def series(table: Any, row: int, waves: list[Expr]) -> Expr:
    total = table[0, row]
    for i, wave in enumerate(waves):
        total += table[i + 1, row] * wave
    return total


def inside(rgb: list[Expr]) -> list[Expr]:
    """Light of the primaries without negative parts: a smooth max(v, 0), by which the colour of a laser or a LED comes
    to the edge of the space. There the lines of equal hue of any colour space are too uncertain to follow."""
    most = hl.max(hl.max(rgb[0], rgb[1]), hl.max(rgb[2], TINY)) * hl.f32(SOFTNESS)
    squares = [v * v + most * most for v in rgb]
    norm = hl.f32(1 / (1 + (1 + SOFTNESS**2) ** 0.5))
    return [(v + s * hl.fast_inverse_sqrt(s)) * norm for v, s in zip(rgb, squares, strict=True)]


def in_gamut(to_out: Any, limit: Any, L: Expr, a: Expr, b: Expr) -> list[Expr]:
    """Linear output RGB, 0..1, with chroma reduced along the Oklab hue line where the space ends.

    limit: share of the way to the edge where colours begin to be held back, and how strongly.
    """
    L = hl.clamp(L, 0.0, 1.0)
    grey = L * L * L
    span = grey + hl.f32(1e-6), 1.0 - grey + hl.f32(1e-4)
    both = hl.fast_inverse(span[0] * span[1])
    below, above = span[1] * both, span[0] * both
    offsets = [hl.f32(m[0]) * a + hl.f32(m[1]) * b for m in LMS]

    def at(t: Expr) -> list[Expr]:
        cones = [L + t * d for d in offsets]
        return matrix_rows(to_out, [v * v * v for v in cones])

    def reach(rgb: list[Expr]) -> Expr:
        low = hl.min(hl.min(rgb[0], rgb[1]), rgb[2])
        high = hl.max(hl.max(rgb[0], rgb[1]), rgb[2])
        return hl.max((grey - low) * below, (high - grey) * above)

    full = reach(at(hl.f32(1.0)))
    over = hl.max(full - limit[0], 0.0)
    bent = over * limit[1]
    t0 = 1.0 - over * bent * hl.fast_inverse((1.0 + bent) * hl.max(full, TINY))
    first = reach(at(t0))
    t = t0 + (full * t0 - first) * (1.0 - t0) * hl.fast_inverse(hl.max(full - first, hl.f32(1e-6)))
    return [hl.clamp(v, 0.0, 1.0) for v in at(hl.clamp(t, 0.0, 1.0))]
