"""The edge of a colour space: colours beyond it lose chroma along their line of hue in Oklab (Ottosson 2020), softly.

Few colours of most pictures come near to the edge. So it is found out for all how far of the way they have gone, and
only where one of a vector has gone too far is it computed how far they are to be held back.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import halide as hl

from look_color import TINY
from look_math import matrix_rows, ratio

Expr = Any
# Cone roots l', m', s' less L, of a and b.
LMS = ((0.3963377774, 0.2158037573), (-0.1055613458, -0.0638541728), (-0.0894841775, -1.2914855480))

x, y, i, q = (hl.Var(n) for n in "xyiq")


def edge(to_out: Any, L: Expr, a: Expr, b: Expr) -> tuple[Any, Any]:
    """Of a colour with a share t of its chroma, functions: linear output RGB of t; and of RGB, how far of the way from
    grey to the edge of the space it lies, times the product of the ways down and up, which is returned third."""
    L = hl.clamp(L, 0.0, 1.0)
    grey = L * L * L
    down, up = grey + hl.f32(1e-6), 1.0 - grey + hl.f32(1e-4)
    offsets = [hl.f32(m[0]) * a + hl.f32(m[1]) * b for m in LMS]

    def at(t: Expr) -> list[Expr]:
        cones = [L + t * d for d in offsets]
        return matrix_rows(to_out, [v * v * v for v in cones])

    def reach(rgb: list[Expr]) -> Expr:
        low = hl.min(hl.min(rgb[0], rgb[1]), rgb[2])
        high = hl.max(hl.max(rgb[0], rgb[1]), rgb[2])
        return hl.max((grey - low) * up, (high - grey) * down)

    return at, reach, down * up


def full_chroma(to_out: Any, limit: Any, L: Expr, a: Expr, b: Expr) -> list[Expr]:
    """Linear output RGB with all of its chroma, and by how much that is farther than limit[0] of the way to the edge of
    the space, in some positive unit."""
    at, reach, unit = edge(to_out, L, a, b)
    rgb = at(hl.f32(1.0))
    return [*rgb, reach(rgb) - limit[0] * unit]


def held_back(to_out: Any, limit: Any, L: Expr, a: Expr, b: Expr, rgb: list[Expr]) -> list[Expr]:
    """Linear output RGB with chroma reduced along the Oklab hue line where the space ends; the same as `full_chroma`
    gives it up to limit[0] of the way.

    limit: share of the way to the edge where colours begin to be held back, and how strongly. rgb: from `full_chroma`.
    """
    at, far, unit = edge(to_out, L, a, b)
    per_unit = ratio(hl.f32(1.0), unit)

    def reach(rgb: list[Expr]) -> Expr:
        return far(rgb) * per_unit

    full = reach(rgb)
    over = hl.max(full - limit[0], 0.0)
    bent = over * limit[1]
    t0 = 1.0 - ratio(over * bent, (1.0 + bent) * hl.max(full, TINY))
    first, wanted = reach(at(t0)), full * t0
    # A secant through t0 and that end of the line beyond which the wanted way lies: never between two that are alike.
    short = first < wanted
    side, rise = hl.select(short, 1.0 - t0, t0), hl.select(short, full - first, first)
    t = t0 + ratio((wanted - first) * side, hl.max(rise, TINY))
    return at(hl.clamp(t, 0.0, 1.0))


@dataclass
class Mapped:
    """The stages of gamut mapping, to be computed by the row: `light` at (lane, vector, y) is linear output RGB, to
    about 1e-6 within 0..1, `rgb` the same at (x, y)."""

    full: Any
    over: Any
    light: Any
    lane: Any
    lanes: int

    def rgb(self) -> list[Expr]:
        return [self.light[x % self.lanes, x // self.lanes, y][k] for k in range(3)]

    def schedule(self, at: Any, row: Any) -> None:
        for stage in (self.full, self.over, self.light):
            stage.compute_at(at, row).never_partition_all()
        self.full.bound_extent(i, self.lanes).vectorize(i)
        self.light.bound_extent(i, self.lanes).vectorize(i)
        self.light.update().reorder(i, q).vectorize(i)
        self.over.update().atomic().vectorize(self.lane)


def mapped(to_out: Any, limit: Any, lab: Any, lanes: int) -> Mapped:
    """lab: a function of (x, y) that gives lightness, a and b."""
    full, over, light = hl.Func("full"), hl.Func("over"), hl.Func("light")
    L, a, b = (lab[q * lanes + i, y][k] for k in range(3))
    full[i, q, y] = tuple(full_chroma(to_out, limit, L, a, b))
    lane, once = hl.RDom([(0, lanes)], "lane"), hl.RDom([(0, 1)], "once")
    over[q, y] = hl.cast(hl.Bool(), 0)
    over[q, y] = over[q, y] | (full[lane.x, q, y][3] > 0.0)
    light[i, q, y] = tuple(full[i, q, y][k] for k in range(3))
    once.where(over[q, y])
    rgb = [full[i, q, y][k] for k in range(3)]
    light[i, q, y] = tuple(v + hl.f32(once.x) for v in held_back(to_out, limit, L, a, b, rgb))
    return Mapped(full, over, light, lane.x, lanes)
