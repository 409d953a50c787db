"""Leaves: a branch in the vase, leaf by leaf, and a clipped box ball whose thousands of leaves are one fine texture."""

from __future__ import annotations

import functools
import itertools
import math

import numpy as np

from lichtbild.record import record
from lichtbild.virtual.draw import Box, Sheet, inside, mix, rgb, segment, smooth
from lichtbild.virtual.field import Field
from lichtbild.virtual.noise import cells, fractal
from lichtbild.virtual.scenes.still_life.studio import Ball, bent, box_of, lit, meet, occlusion, seen, shadow


@record
class Leaf:
    """A leaf from its foot (y, x) in the picture: length, direction, width by tilt, and how it faces the light."""

    y: float
    x: float
    length: float
    angle: float
    narrow: float
    light: float
    hue: float
    back: bool


@functools.cache
def branch(
    X: float, Y: float, Z: float, seed: int
) -> tuple[tuple[tuple[tuple[float, float], ...], ...], tuple[Leaf, ...]]:
    """(twigs as rows of (y, x), leaves) of a spray that grows out of a vase at a point."""
    rng = np.random.default_rng(seed)
    foot = seen(X, Y, Z)[:2]
    twigs, leaves = [], []
    for k, lean in enumerate((-0.95, -0.55, -0.2, 0.12, 0.5, 0.85, -0.75, 0.3)):
        at = np.array(foot)
        way = math.pi / 2 - lean * 0.45 + rng.normal(0, 0.06)
        points = [(float(at[0]), float(at[1]))]
        reach = rng.uniform(0.15, 0.235) * (0.75 if k > 5 else 1)
        n = 11
        for i in range(n):
            way -= lean * 0.085 + rng.normal(0, 0.05)
            at = at + reach / n * np.array((-math.sin(way), math.cos(way)))
            points.append((float(at[0]), float(at[1])))
            if i < 2:
                continue
            for side in (-1, 1) if i < n - 1 else (-1, 0, 1):
                turn = way + side * rng.uniform(0.6, 1.05)
                size = rng.uniform(0.030, 0.046) * (1.15 - 0.5 * i / n)
                leaves.append(
                    Leaf(
                        float(at[0]), float(at[1]), size, turn, rng.uniform(0.30, 0.95),
                        float(np.clip(0.55 - 0.5 * math.cos(turn) + rng.normal(0, 0.22), 0.08, 1.15)),
                        float(rng.uniform(0, 1)), bool(rng.uniform() < 0.28),
                    )
                )  # fmt: skip
        twigs.append(tuple(points))
    order = rng.permutation(len(leaves))
    return tuple(twigs), tuple(leaves[i] for i in order)


def spray(sheet: Sheet, X: float, Y: float, Z: float, seed: int) -> None:
    """Paint the branch: twigs first, leaves over them."""
    twigs, leaves = branch(X, Y, Z, seed)
    for points in twigs:
        for i, (a, b) in enumerate(itertools.pairwise(points)):
            _twig(sheet, a, b, 0.0018 - 0.0001 * i)
    for leaf in leaves:
        _leaf(sheet, leaf)


def _twig(sheet: Sheet, a: tuple[float, float], b: tuple[float, float], width: float) -> None:
    box: Box = (min(a[0], b[0]) - width, min(a[1], b[1]) - width, max(a[0], b[0]) + width, max(a[1], b[1]) + width)
    sheet.lay(box, lambda y, x: (inside(segment(y, x, a, b) - width, sheet.pixel), rgb("#6a5638", 0.22)))


def _leaf(sheet: Sheet, leaf: Leaf) -> None:
    r = leaf.length
    tip = leaf.y - r * math.sin(leaf.angle), leaf.x + r * math.cos(leaf.angle)
    half = 0.24 * r
    box: Box = (
        min(leaf.y, tip[0]) - half,
        min(leaf.x, tip[1]) - half,
        max(leaf.y, tip[0]) + half,
        max(leaf.x, tip[1]) + half,
    )

    def shade(y: Field, x: Field) -> tuple[Field, Field]:
        c, s = math.cos(leaf.angle), math.sin(leaf.angle)
        along = ((x - leaf.x) * c - (y - leaf.y) * s) / r
        across = ((x - leaf.x) * s + (y - leaf.y) * c) / r + 0.05 * np.sin(along * 3 + leaf.hue * 6)
        t = np.clip(along, 0, 1)
        width = 0.235 * leaf.narrow * np.sin(math.pi * t**0.85) * (1 - 0.25 * t)
        width = width * (1 + 0.05 * np.sin(t * 60))
        edge = np.maximum(np.abs(across) - width, np.maximum(-along, along - 1) * 0.5)
        cover = inside(edge * r, sheet.pixel)
        q = across / np.maximum(width, 1e-3)
        green = mix(np.array(rgb("#5d7a34"), np.float32), np.array(rgb("#2f5a38"), np.float32), np.asarray(leaf.hue))
        green = mix(green, np.array(rgb("#93a070"), np.float32), np.asarray(0.75 if leaf.back else 0.0))
        fine = sheet.pixel / r
        mid = np.exp(-np.abs(across) / 0.012)
        veins = (
            np.exp(-np.abs((t * 9 - np.abs(q) * 1.1) % 1 - 0.5) / 0.07)
            * (np.abs(q) < 0.9)
            * np.clip(1.5 - fine * 40, 0, 1)
        )
        mottle = 1 + 0.14 * fractal(t * 20 + leaf.hue * 50, across * 20, fine * 20, 3, 8)
        half_light = 1 + 0.22 * np.sign(across) * (1 - np.exp(-np.abs(across) / 0.02))  # the two halves fold
        tone = green * (mottle * half_light * (1 - 0.18 * veins))[..., None]
        tone = mix(tone, np.array(rgb("#b9c48a"), np.float32), 0.5 * mid * (t < 0.95))
        bright = leaf.light * (0.75 + 0.25 * np.cos(q * 1.2)) * 0.62 + 0.075
        light = tone * bright[..., None]
        shine = np.exp(-((q - 0.35) ** 2) / 0.05 - ((t - 0.45) ** 2) / 0.08) * max(0.0, leaf.light - 0.55)
        light = light + (0.55 * shine)[..., None]
        through = 0.10 * (1 - leaf.light) * (0.4 + 0.6 * t)
        return cover, light + through[..., None] * np.array(rgb("#a8c840"), np.float32)

    sheet.lay(box, shade)


def box_ball(sheet: Sheet, ball: Ball, balls: tuple[Ball, ...]) -> None:
    """A clipped shrub: three shells of small leaves, each a cell that is turned its own way."""
    depth = seen(ball.X, ball.Y, ball.Z)[2]
    step = sheet.pixel * depth / 1.87

    def shade(y: Field, x: Field) -> tuple[Field, Field]:
        hit = meet(y, x, sheet.pixel, ball)
        light, cover = np.zeros((*hit.cover.shape, 3), np.float32), hit.cover * 0
        lump = fractal(hit.normal[1] * 4, hit.normal[0] * 4, 0.02, 3, 4)
        soft = bent(hit.normal, (0.35 * lump, 0.2 * lump, 0.0 * lump))
        key, fill = shadow(*hit.point, balls), occlusion(*hit.point, hit.normal, balls)
        base = lit(soft, key, fill * (0.5 + 0.5 * smooth(-1, 0.6, hit.normal[1])), 0.2)
        deep = np.array(rgb("#14240f"), np.float32)
        for shell, (count, gain) in enumerate(((7.0, 0.40), (7.8, 0.75), (8.6, 1.25))):
            reach = 1.0 + 0.022 * shell
            m = meet(y, x, sheet.pixel, Ball(ball.X, ball.Y, ball.Z, ball.radius * reach))
            # Two maps, one from the side and one from above, joined where the surface turns up.
            u = np.arctan2(m.normal[0], -m.normal[2]) * count * np.sqrt(np.maximum(1 - m.normal[1] ** 2, 0.02)) ** 0.5
            v = m.normal[1] * count
            near, second, number, dv, du = cells(v * 1.7 + shell * 7, u * 1.7, 30 + shell, 0.95)
            angle = number * 2 * math.pi
            along, across = du * np.cos(angle) + dv * np.sin(angle), -du * np.sin(angle) + dv * np.cos(angle)
            leaf = np.hypot(along / 0.50, across / 0.30) - 1
            sharp = max(1.7 * count * step / ball.radius, 0.02)
            part = inside(leaf * 0.3, sharp) * (second > near)
            tilt = 0.55 + 0.75 * ((number * 7.31) % 1) + 0.25 * across / 0.3
            hue = (number * 13.7) % 1
            green = mix(np.array(rgb("#3f6a2a"), np.float32), np.array(rgb("#7a9a44"), np.float32), hue)
            rib = 1 + 0.35 * np.exp(-np.abs(across) / 0.03)
            tone = green * (gain * tilt * rib)[..., None] * base
            glint = np.exp(-((across - 0.08) ** 2) / 0.006) * (((number * 29.3) % 1) > 0.72) * gain * 0.30 * key
            part = part * m.cover
            if shell == 0:
                light, cover = deep * base, hit.cover
            light = mix(light, tone + (glint * (base[..., 1] > 0.15))[..., None] * 0.4, part)
            cover = np.maximum(cover, part)
        return cover, light

    sheet.lay(box_of(ball.X, ball.Y, ball.Z, ball.radius * 1.08), shade)
