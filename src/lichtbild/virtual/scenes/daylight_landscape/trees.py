"""Trees: crowns heaped from round masses, each covered with leaves that are cells turned to and from the sun."""

from __future__ import annotations

import functools
import math

import numpy as np

from lichtbild.record import record
from lichtbild.virtual.draw import Box, Sheet, inside, mix, rgb, segment, smooth
from lichtbild.virtual.field import Field
from lichtbild.virtual.noise import cells, fractal
from lichtbild.virtual.scenes.daylight_landscape.land import FOCAL, seen
from lichtbild.virtual.scenes.daylight_landscape.sky import HAZE, SKYLIGHT, SUN, SUNLIGHT


@record
class Tree:
    """A tree at X, Z; its height, the crown's radius, leaf size (m) and colours of young and old leaves."""

    X: float
    Z: float
    height: float
    radius: float
    leaf: float
    young: str
    old: str
    seed: int
    slim: float = 1.0


@functools.cache
def _masses(tree: Tree) -> tuple[tuple[float, float, float, float], ...]:
    """(X, Y, depth, radius) of the round masses of a crown, from far to near."""
    rng = np.random.default_rng(tree.seed)
    middle = tree.height - tree.radius * 0.98 / tree.slim
    found = []
    for i in range(26):
        a, r = 2.39996 * i, math.sqrt((i + 0.5) / 26)
        X = tree.radius * 0.82 * r * math.cos(a) + rng.normal(0, 0.06) * tree.radius
        Y = middle + tree.radius / tree.slim * 0.80 * r * math.sin(a) + rng.normal(0, 0.06) * tree.radius
        depth = math.sqrt(max(0.0, 1 - r * r)) * rng.uniform(-0.2, 1.0)
        found.append((X, Y, depth, tree.radius * rng.uniform(0.24, 0.40)))
    return tuple(sorted(found, key=lambda m: m[2] - 0.35 * m[1] / tree.height))


def plant(sheet: Sheet, tree: Tree) -> None:
    """Paint a tree: trunk and boughs, then its masses of leaves from the back to the front."""
    s = FOCAL / tree.Z
    y0, x0 = seen(tree.X, 0.0, tree.Z)
    step = sheet.pixel / s
    veil = 1 - math.exp(-tree.Z / 420)
    _trunk(sheet, tree, s, y0, x0, veil)
    middle = tree.height - tree.radius / tree.slim
    sun2 = np.array((SUN[0], SUN[1])) / np.hypot(SUN[0], SUN[1])
    young, old = np.array(rgb(tree.young), np.float32), np.array(rgb(tree.old), np.float32)
    for k, (mx, my, depth, r) in enumerate(_masses(tree)):
        cy, cx = y0 - my * s, x0 + mx * s
        reach = 1.28 * r * s
        box: Box = (cy - reach, cx - reach, cy + reach, cx + reach)

        def shade(
            y: Field, x: Field, k: int = k, mx: float = mx, my: float = my, depth: float = depth, r: float = r
        ) -> tuple[Field, Field]:
            Y, X = (y0 - y) / s - my + 0 * x, (x - x0) / s - mx + 0 * y
            ragged = fractal(Y * 2.2 / r, X * 2.2 / r, step * 2.2 / r, 5, tree.seed + k)
            q = np.hypot(X, Y) / r + 0.20 * ragged
            size = max(tree.leaf, 1.1 * step)
            _, _, number, dv, du = cells(Y / size + 3 * k, X / size, tree.seed + 50 + k, 1.0)
            under = cells(Y / size + 3 * k + 0.5, X / size + 0.5, tree.seed + 90 + k, 1.0)
            leaf, shine = _leaf(du, dv, number)
            low_leaf, low_shine = _leaf(under[4], under[3], under[2])
            fine = np.clip(1.6 - 3.0 * step / size, 0, 1)  # how far single leaves are resolved
            top = inside(leaf * 0.4, max(step / size, 0.03))
            # Leaves at the rim stand alone; inside they close.
            holes = smooth(0.55, 1.05, q)
            body = inside((q - 0.94) * r * 0.8, max(step, 0.25 * size))
            single = inside(leaf * size * 0.4, step) * inside((q - 1.08) * r, size)
            cover = body * (1 - holes) + single * holes
            cover = np.clip(cover, 0, 1)
            z = np.sqrt(np.maximum(1 - np.minimum(q, 1) ** 2, 0))
            facing = (X * SUN[0] + Y * SUN[1]) / r + z * 0.42
            whole = ((mx + X) * sun2[0] + (my - middle + Y) * sun2[1] * tree.slim) / tree.radius
            sun = np.clip(0.42 + 0.55 * facing + 0.34 * whole + 0.30 * ragged, 0.02, 1.4)
            upper = (0.45 + 0.75 * ((number * 7.3) % 1)) * (1 + fine * shine)
            lower = (
                (0.25 + 0.45 * ((under[2] * 7.3) % 1))
                * (1 + fine * low_shine)
                * (1 - 0.75 * fine * smooth(-0.1, 0.25, low_leaf))
            )
            sun = sun * (upper + (lower - upper) * (1 - top) * (0.35 + 0.65 * fine))
            inner = 0.35 + 0.65 * smooth(-0.5, 0.6, whole + 0.6 * depth)
            hue = mix(old, young, np.clip((number * 3.7) % 1 * 0.7 + 0.35 * sun, 0, 1))
            glint = ((number * 17.9) % 1 > 0.93) * smooth(0.6, 1.0, sun) * 0.55
            light = (
                hue * ((sun * inner)[..., None] * SUNLIGHT * 1.15 + SKYLIGHT * (0.55 * inner)[..., None])
                + (glint * 0.35)[..., None]
            )
            through = np.clip(0.25 - facing, 0, 1) * ((number * 5.1) % 1 > 0.6) * 0.10
            light = light + through[..., None] * np.array(rgb("#b8d040"), np.float32)
            return cover, mix(light, HAZE, np.asarray(veil) + 0 * q)

        sheet.lay(box, shade)


def _leaf(du: Field, dv: Field, number: Field) -> tuple[Field, Field]:
    """(distance to the outline, -0.5..0.5 of light across it) of a pointed leaf that lies in a cell."""
    angle = number * 2 * math.pi
    along, across = du * np.cos(angle) + dv * np.sin(angle), -du * np.sin(angle) + dv * np.cos(angle)
    width = 0.34 * np.maximum(1 - (along / 0.72) ** 2, 0) + 0.01
    rib = 0.30 * np.exp(-np.abs(across) / 0.03)
    return np.maximum(np.abs(across) - width, np.abs(along) - 0.72), rib + 0.22 * np.sign(across) + 0.35 * along


def _trunk(sheet: Sheet, tree: Tree, s: float, y0: float, x0: float, veil: float) -> None:
    half = 0.055 * tree.radius * s
    top = y0 - (tree.height - tree.radius) * s
    box: Box = (top - 0.4 * tree.radius * s, x0 - 0.5 * tree.radius * s, y0, x0 + 0.5 * tree.radius * s)
    boughs = [
        ((y0, x0), (top, x0 + 0.05 * half), 1.25, 0.8),
        ((top + 0.15 * tree.radius * s, x0), (top - 0.35 * tree.radius * s, x0 - 0.42 * tree.radius * s), 0.55, 0.25),
        ((top + 0.10 * tree.radius * s, x0), (top - 0.38 * tree.radius * s, x0 + 0.36 * tree.radius * s), 0.5, 0.25),
    ]

    def shade(y: Field, x: Field) -> tuple[Field, Field]:
        near: Field | None = None
        for a, b, thick, thin in boughs:
            t = np.clip((y - a[0]) / (b[0] - a[0]), 0, 1)
            d = segment(y, x, a, b) - half * (
                thick + (thin - thick) * t + 0.5 * np.exp(-(y0 - y) / (0.5 * half + 1e-6)) * (thick > 1)
            )
            near = d if near is None else np.minimum(near, d)
        assert near is not None
        bark = fractal(
            y * 14 / s * s / half * 0.2, (x - x0) / half * 2.2, 2.2 * sheet.pixel / half, 5, tree.seed + 9, ridged=0.5
        )
        round_off = np.clip(0.55 - 0.75 * (x - x0) / (1.3 * half), 0.08, 1.2)
        tone = np.array(rgb("#7a6650"), np.float32) * (1 + 0.45 * bark)[..., None]
        low = smooth(0.0, 0.25, (y - top) / max(y0 - top, 1e-6))
        light = tone * ((round_off * (0.25 + 0.75 * low))[..., None] * SUNLIGHT * 0.6 + SKYLIGHT * 0.6)
        return inside(near, sheet.pixel), mix(light, HAZE, np.asarray(veil) + 0 * near)

    sheet.lay(box, shade)
