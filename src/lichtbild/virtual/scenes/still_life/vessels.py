"""Ceramics: a glazed bowl, and turned vessels (a vase, a flower pot) given by their profile."""

from __future__ import annotations

import math

import numpy as np

from lichtbild.virtual.draw import Box, Sheet, inside, mix, rgb, smooth
from lichtbild.virtual.field import Field
from lichtbild.virtual.noise import cells, fractal
from lichtbild.virtual.scenes.still_life.studio import (
    FOCAL,
    Ball,
    Hit,
    gloss,
    lit,
    meet,
    occlusion,
    seen,
    shadow,
    sheen,
)


def bowl(sheet: Sheet, ball: Ball, rim: float, balls: tuple[Ball, ...], *, front: bool) -> None:
    """A bowl: the lower part of an ellipsoid below height `rim`. First its inside, then, over the fruit, its front."""
    stretch = (1.0, 0.62, 1.0)
    y0, x0, depth = seen(ball.X, ball.Y, ball.Z)
    r = 1.15 * ball.radius * FOCAL / depth
    box: Box = (y0 - r, x0 - r, y0 + r, x0 + r)
    step = depth * sheet.pixel / FOCAL

    def shade(y: Field, x: Field) -> tuple[Field, Field]:
        hit = meet(y, x, sheet.pixel, ball, stretch, far=not front)
        X, Y, Z = hit.point
        below = np.clip(0.5 + (rim - Y) / step, 0, 1)
        if not front:
            normal = (-hit.normal[0], -hit.normal[1], -hit.normal[2])
            sunk = np.clip((rim - Y) / 0.10, 0, 1)
            key = smooth(0.0, 0.5, normal[0] * -0.66 + normal[1] * 0.58 + 0.15) * shadow(X, Y, Z, balls)
            light = _glaze(hit, X, Y, Z) * lit(normal, key, 0.8 - 0.55 * sunk)
            return hit.cover * below, light + gloss(normal, hit.view, 5.0, 0.35) * key[..., None]
        own = tuple(b for b in balls if rim > b.Y)
        key, fill = shadow(X, Y, Z, own), occlusion(X, Y, Z, hit.normal, own)
        grounded = smooth(0.0, 0.05, Y)
        light = _glaze(hit, X, Y, Z) * lit(hit.normal, key, fill * (0.35 + 0.65 * grounded))
        light = (
            light + gloss(hit.normal, hit.view, 12.0, 0.9) + (0.14 * sheen(hit.normal, hit.view) * grounded)[..., None]
        )
        lip = np.exp(-(((rim - Y) / 0.004) ** 2))
        light = mix(
            light, lit((0.0 * Y, 1.0 + 0 * Y, 0.0 * Y), key, fill) * np.array(rgb("#f4efe2"), np.float32), 0.8 * lip
        )
        return hit.cover * below, light

    sheet.lay(box, shade)


def _glaze(hit: Hit, X: Field, Y: Field, Z: Field) -> Field:
    """Cream glaze with a hand-painted band of blue waves and a speckled body."""
    azimuth = np.arctan2(X + 0.12, -(Z - 1.42))
    cream = np.array(rgb("#e6dcc6"), np.float32)
    wander = 0.0018 * fractal(Y * 40, azimuth * 6, 0.05, 3, 3)
    wave = 0.5 + 0.5 * np.sin(azimuth * 26)
    ring = np.minimum(np.abs(Y + wander - 0.086) - 0.0030, np.abs(Y + wander - 0.052) - 0.0016)
    petals = np.abs(Y + wander - 0.0685) - 0.0115 * (0.25 + 0.75 * wave) + 0.0035
    blue = np.maximum(inside(ring, 0.0008), 0.85 * inside(petals, 0.0012))
    pale = 0.75 + 0.25 * fractal(Y * 160, azimuth * 25, 0.05, 3, 5)
    near, _, number, _, _ = cells(Y * 300, azimuth * 48, 7, 1.0)
    speck = inside(near - 0.10 - 0.16 * number, 0.15) * (number > 0.55)
    colour = mix(cream, np.array(rgb("#2c4f8c"), np.float32), np.clip(blue * pale, 0, 1))
    return mix(colour, np.array(rgb("#6a5238"), np.float32), 0.7 * speck)


def turned(
    sheet: Sheet,
    X: float,
    Z: float,
    profile: list[tuple[float, float]],
    colour: str,
    balls: tuple[Ball, ...],
    *,
    glossy: float,
    seed: int,
) -> None:
    """A vessel turned on a wheel, upright at (X, Z): (height, radius) pairs from the foot to the lip."""
    heights, radii = _smooth_profile(profile)
    low, axis, depth = seen(X, 0.0, Z)
    top = seen(X, float(heights[-1]), Z)[0]
    widest = float(radii.max()) * FOCAL / depth
    tip = float(radii[-1]) * FOCAL / depth
    scale = depth / FOCAL
    lean = 0.30  # the view from above opens the lip and rounds the foot
    foot = float(radii[0]) * FOCAL / depth * lean

    def shade(y: Field, x: Field) -> tuple[Field, Field]:
        s = (x - axis) * scale  # across, m
        # Rings of equal height are ellipses; follow the one that passes through the place at the near side.
        Y = (low - y) / (low - top) * heights[-1] + 0 * x
        for _ in range(3):
            r = np.interp(Y, heights, radii).astype(np.float32)
            dip = lean * np.sqrt(np.maximum(r * r - s * s, 0))
            Y = np.clip(((low - y) * scale + dip) / ((low - top) * scale) * heights[-1], -0.02, heights[-1] + 0.05)
        r = np.interp(Y, heights, radii).astype(np.float32)
        slope = (np.interp(Y + 0.002, heights, radii) - np.interp(Y - 0.002, heights, radii)).astype(np.float32) / 0.004
        cover = inside(np.abs(s) - r, sheet.pixel * scale) * (heights[-1] + 0.0005 >= Y) * (Y >= -0.0005)
        t = np.clip(s / np.maximum(r, 1e-3), -1, 1)
        length = 1 / np.sqrt(1 + slope * slope)
        n = (t * length, -slope * length, -np.sqrt(1 - t * t) * length)
        place = (X + s, Y, Z - np.sqrt(np.maximum(r * r - s * s, 0)))
        key = shadow(*place, balls) * smooth(-0.1, 0.2, -t + 0.25)
        fill = occlusion(*place, n, balls) * (0.4 + 0.6 * smooth(0.0, 0.06, Y))
        azimuth = np.arcsin(t)
        rings = fractal(Y * 260, azimuth * 1.2, 260 * sheet.pixel * scale, 3, seed)
        runs = fractal(Y * 14, azimuth * 9, 0.02, 5, seed + 1)
        tone = np.array(rgb(colour), np.float32) * (1 + 0.05 * rings + 0.16 * runs)[..., None]
        light = tone * lit(n, key, fill)
        c, sn = math.cos(0.25), math.sin(0.25)
        view = (0 * t + axis * 0.4, 0 * t - sn, 0 * t + c)
        light = light + glossy * gloss(n, view, 10.0, 0.9) + glossy * (0.16 * sheen(n, view))[..., None]
        return cover, light

    sheet.lay((top - tip * lean - 0.01, axis - widest, low + foot + 0.01, axis + widest), shade)

    def mouth(y: Field, x: Field) -> tuple[Field, Field]:
        r = np.hypot((x - axis) / tip, (y - top) / (tip * lean)) - 1
        wall = 0.5 + 0.5 * np.clip((x - axis) / tip, -1, 1)
        ring = np.exp(-((r * tip / 0.0035) ** 2))
        body = np.array(rgb(colour), np.float32) * (0.05 + 0.20 * wall + 0.5 * ring)[..., None]
        return inside(r * tip * lean, sheet.pixel), body

    sheet.lay((top - tip * lean, axis - tip, top + tip * lean, axis + tip), mouth)


def _smooth_profile(profile: list[tuple[float, float]]) -> tuple[Field, Field]:
    """The profile through its points without kinks (Catmull-Rom)."""
    p = np.array([profile[0], *profile, profile[-1]])
    pieces = []
    for i in range(len(profile) - 1):
        a, b, c, d = p[i : i + 4]
        for t in np.linspace(0, 1, 8, endpoint=False):
            pieces.append(
                0.5 * (2 * b + (c - a) * t + (2 * a - 5 * b + 4 * c - d) * t**2 + (3 * b - a - 3 * c + d) * t**3)
            )
    curve = np.array([*pieces, p[-1]])
    order = np.maximum.accumulate(curve[:, 0])
    return np.asarray(order, np.float32), np.asarray(curve[:, 1], np.float32)
