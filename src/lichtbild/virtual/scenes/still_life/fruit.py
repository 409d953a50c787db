"""Fruit: oranges with pores, a lemon, apples with streaks, grapes that let light through."""

from __future__ import annotations

import math

import numpy as np

from lichtbild.virtual.draw import Box, Sheet, inside, mix, rgb, segment, smooth
from lichtbild.virtual.field import Field
from lichtbild.virtual.noise import cells, fractal, hashed
from lichtbild.virtual.scenes.still_life.studio import (
    Ball,
    Hit,
    Vector,
    bent,
    box_of,
    footprint,
    gloss,
    lit,
    meet,
    occlusion,
    seen,
    shadow,
    sheen,
)


def _round(normal: Vector, turn: float) -> tuple[Field, Field, Field]:
    """(height along the fruit's axis, azimuth, distance from the axis) of a normal; the axis leans by `turn`."""
    c, s = math.cos(turn), math.sin(turn)
    x, y = normal[0] * c - normal[1] * s, normal[0] * s + normal[1] * c
    return y, np.arctan2(x, -normal[2]), np.sqrt(np.maximum(1 - y * y, 1e-6))


def _skin(hit: Hit, colour: Field, balls: tuple[Ball, ...], normal: Vector, wrap: float) -> Field:
    key, fill = shadow(*hit.point, balls), occlusion(*hit.point, hit.normal, balls)
    grounded = 0.35 + 0.65 * smooth(-0.2, 0.9, normal[1] + 0.6)
    return np.asarray(colour * lit(normal, key, fill * grounded, wrap))


def citrus(
    sheet: Sheet, ball: Ball, balls: tuple[Ball, ...], colour: str, stretch: tuple[float, float, float], turn: float
) -> None:
    """An orange or lemon: pores bend the normals, the gloss breaks up in them."""
    depth = seen(ball.X, ball.Y, ball.Z)[2]

    def shade(y: Field, x: Field) -> tuple[Field, Field]:
        hit = meet(y, x, sheet.pixel, ball, stretch)
        height, _, _ = _round(hit.normal, turn)
        fine = footprint(sheet, depth)
        # Pores on three flat maps blended by the normal would show seams; a map by solid position does not.
        u = hit.point[0] * 620 + 0.37 * hit.point[2] * 620
        v = hit.point[1] * 620 - 0.41 * hit.point[2] * 620
        near, _, _, dv, du = cells(v, u, 3, 0.9)
        pore = np.exp(-((near / 0.36) ** 2)) * np.clip(2 - 620 * fine * 2, 0, 1)
        bumps = fractal(v * 0.25, u * 0.25, fine * 155, 4, 5)
        slope = 0.42 * pore
        normal = bent(hit.normal, (-slope * du - 0.03 * bumps, slope * dv, 0.03 * bumps))
        tone = np.array(rgb(colour), np.float32) * (1 + 0.10 * bumps - 0.28 * pore)[..., None]
        stem = smooth(0.955, 0.985, height)
        tone = mix(tone, np.array(rgb("#6f7a3a"), np.float32), stem * 0.8)
        light = _skin(hit, tone, balls, normal, 0.12)
        light = (
            light
            + gloss(normal, hit.view, 3.0, 0.45)
            + 0.05 * (sheen(hit.normal, hit.view) * (hit.normal[1] > -0.2))[..., None]
        )
        return hit.cover, light

    sheet.lay(_grown(ball, stretch), shade)


def _grown(ball: Ball, stretch: tuple[float, float, float]) -> Box:
    return box_of(ball.X, ball.Y, ball.Z, ball.radius * max(stretch))


def apple(sheet: Sheet, ball: Ball, balls: tuple[Ball, ...], turn: float, seed: int) -> None:
    """An apple: red streaks on yellow, a dimple with a stem, fine pale dots."""
    depth = seen(ball.X, ball.Y, ball.Z)[2]
    stretch = (1.06, 0.93, 1.06)

    def shade(y: Field, x: Field) -> tuple[Field, Field]:
        hit = meet(y, x, sheet.pixel, ball, stretch)
        height, azimuth, around = _round(hit.normal, turn)
        fine = footprint(sheet, depth) / ball.radius
        streak = fractal(height * 2.2, azimuth * 7, fine * 9, 6, seed)
        blush = fractal(height * 1.3 + 3, azimuth * 0.8, fine, 3, seed + 1)
        red = smooth(-0.55, 0.35, streak * 0.75 + blush * 0.9 + 0.25 * np.sin(azimuth + seed) + 0.15)
        colour = mix(np.array(rgb("#d9c25a"), np.float32), np.array(rgb("#a81c20"), np.float32), red)
        near, _, _, _, _ = cells(height * 17, azimuth * 14 * around, seed + 2, 1.0)
        dots = inside(near - 0.09, fine * 17) * np.clip(1.6 - fine * 24, 0, 1)
        colour = mix(colour, np.array(rgb("#e8d090"), np.float32), 0.55 * dots)
        # The dimple at the top turns the normals inwards.
        dimple = smooth(0.80, 0.97, height)
        c, s = math.cos(turn), math.sin(turn)
        axis = (s, c, 0.0)
        inward = -1.35 * dimple / np.maximum(around, 0.15)
        pushed = [inward * (n - height * a) for n, a in zip(hit.normal, axis, strict=True)]
        normal = bent(hit.normal, (pushed[0], pushed[1], pushed[2]))
        colour = mix(colour, np.array(rgb("#8f8a3c"), np.float32), smooth(0.9, 0.99, height))
        light = _skin(hit, colour * (1 - 0.45 * smooth(0.9, 1.0, height))[..., None], balls, normal, 0.06)
        light = (
            light
            + gloss(normal, hit.view, 9.0, 0.75)
            + 0.10 * (sheen(hit.normal, hit.view) * (hit.normal[1] > -0.3))[..., None]
        )
        return hit.cover, light

    sheet.lay(_grown(ball, stretch), shade)
    c, s = math.cos(turn), math.sin(turn)
    foot = seen(ball.X + 0.80 * ball.radius * s, ball.Y + 0.80 * 0.93 * ball.radius * c, ball.Z)
    top = seen(ball.X + 1.35 * ball.radius * s + 0.01, ball.Y + 1.38 * ball.radius * c, ball.Z)
    width = 0.0017 * 1.87 / depth
    box = (top[0] - 0.01, min(foot[1], top[1]) - 0.01, foot[0] + 0.01, max(foot[1], top[1]) + 0.01)

    def stem(y: Field, x: Field) -> tuple[Field, Field]:
        near = segment(y, x, foot[:2], top[:2])
        side = np.clip(0.5 - (x - (foot[1] + top[1]) / 2) / (4 * width), 0.15, 1)
        return inside(near - width, sheet.pixel), side[..., None] * np.array(rgb("#7a5a34"), np.float32) * 0.6

    sheet.lay(box, stem)


def bunch(X: float, Z: float, count: int, seed: int) -> tuple[Ball, ...]:
    """Places of grapes in a heap, from far to near."""
    found = []
    for i in range(count):
        a, b, c, d = (float(hashed(i, seed, k)[0]) for k in range(4))
        layer = 0 if i < count * 0.55 else 1 if i < count * 0.88 else 2
        reach = (0.075, 0.050, 0.022)[layer]
        angle = 2 * math.pi * (i * 0.381966 + 0.1 * a)
        r = reach * math.sqrt((i % 11 + 0.5 + 0.4 * b) / 11)
        radius = 0.0118 + 0.0028 * c
        found.append(
            Ball(
                X + 1.5 * r * math.cos(angle),
                radius + layer * 0.0185,
                Z + 0.8 * r * math.sin(angle) + 0.004 * d,
                radius,
            )
        )
    return tuple(sorted(found, key=lambda b: (b.Y > 0.03, -b.Z)))


def grape(sheet: Sheet, ball: Ball, balls: tuple[Ball, ...], seed: int) -> None:
    """A dark grape: light wanders through it and leaves opposite the window; a bloom dulls its skin."""
    stretch = (1.0, 1.06, 1.0)

    def shade(y: Field, x: Field) -> tuple[Field, Field]:
        hit = meet(y, x, sheet.pixel, ball, stretch)
        key, fill = shadow(*hit.point, balls), occlusion(*hit.point, hit.normal, balls)
        place = [(p - c) / ball.radius for p, c in zip(hit.point, (ball.X, ball.Y, ball.Z), strict=True)]
        bloom = smooth(-0.2, 0.7, fractal(place[1] * 2.5 + seed, place[0] * 2.5, 0.02, 5, seed)) * (
            0.3 + 0.7 * np.clip(hit.normal[1] + 0.3, 0, 1)
        )
        through = np.exp(-((hit.normal[0] - 0.55) ** 2 + (hit.normal[1] + 0.35) ** 2) / 0.22) * (0.35 + 0.65 * key)
        hue = np.array(rgb("#3a1030"), np.float32) if seed % 3 else np.array(rgb("#2a1440"), np.float32)
        colour = mix(hue, np.array(rgb("#8088b0"), np.float32) * 0.55, 0.45 * bloom)
        light = colour * lit(hit.normal, key, fill, 0.05)
        light = light + (0.16 * through)[..., None] * np.array(rgb("#a02850"), np.float32)
        light = light + gloss(hit.normal, hit.view, 7.0, 0.5) * (1 - 0.55 * bloom)[..., None] * key[..., None]
        return hit.cover, light + 0.05 * (sheen(hit.normal, hit.view) * fill)[..., None]

    sheet.lay(_grown(ball, stretch), shade)
