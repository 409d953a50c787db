"""The chart of 24 patches, by the sRGB numbers that are published for the classic arrangement, on a card."""

from __future__ import annotations

import math

import numpy as np

from lichtbild import color
from lichtbild.virtual.draw import Sheet, inside, mix, rectangle, smooth
from lichtbild.virtual.field import Field
from lichtbild.virtual.lettering import distance, width_of
from lichtbild.virtual.noise import fractal
from lichtbild.virtual.scenes.still_life.studio import EYE, FOCAL, Ball, lit, occlusion, rays, seen, shadow

PATCHES = (
    (115, 82, 68), (194, 150, 130), (98, 122, 157), (87, 108, 67), (133, 128, 177), (103, 189, 170),
    (214, 126, 44), (80, 91, 166), (193, 90, 99), (94, 60, 108), (157, 188, 64), (224, 163, 46),
    (56, 61, 150), (70, 148, 73), (175, 54, 60), (231, 199, 31), (187, 86, 149), (8, 133, 161),
    (243, 243, 242), (200, 200, 200), (160, 160, 160), (122, 122, 121), (85, 85, 85), (52, 52, 52),
)  # fmt: skip
WIDTH, HEIGHT = 0.30, 0.212
TURN, LEAN = math.radians(24), math.radians(12)  # it faces a little to the left, towards the window, and leans back
FOOT = (0.40, 0.0, 1.80)


def reflectance() -> Field:
    """(24, 3) linear Rec. 2020 of the patches."""
    linear = color.decode_srgb(np.array(PATCHES) / 255)
    return np.asarray(linear @ color.convert("srgb", "rec2020").T, np.float32)


def axes() -> tuple[Field, Field, Field]:
    """Unit vectors along its width, up its height, and out of its face."""
    right = np.array((math.cos(TURN), 0.0, -math.sin(TURN)))
    out = np.array((-math.sin(TURN) * math.cos(LEAN), math.sin(LEAN), -math.cos(TURN) * math.cos(LEAN)))
    up = np.cross(out, right)
    return right, up if up[1] > 0 else -up, out


def corners() -> list[tuple[float, float]]:
    """(y, x) of the card's corners in the picture."""
    right, up, _ = axes()
    base = np.array(FOOT)
    return [
        seen(*(base + right * WIDTH * s + up * HEIGHT * t))[:2] for s, t in ((-0.5, 0), (0.5, 0), (0.5, 1), (-0.5, 1))
    ]


def card(sheet: Sheet, balls: tuple[Ball, ...]) -> None:
    """Paint the card with its patches and its line of text."""
    right, up, out = axes()
    base = np.array(FOOT) - np.array((0.0, EYE, 0.0))
    places = corners()
    box = (min(p[0] for p in places), min(p[1] for p in places), max(p[0] for p in places), max(p[1] for p in places))
    tones = reflectance()

    def shade(y: Field, x: Field) -> tuple[Field, Field]:
        vx, vy, vz = rays(y, x)
        t = float(base @ out) / (vx * out[0] + vy * out[1] + vz * out[2])
        px, py, pz = t * vx - base[0], t * vy - base[1], t * vz - base[2]
        u = (px * right[0] + py * right[1] + pz * right[2]) / WIDTH + 0.5
        v = (px * up[0] + py * up[1] + pz * up[2]) / HEIGHT
        step = sheet.pixel * FOOT[2] / FOCAL / WIDTH
        edge = rectangle(
            (0.5 - v) * HEIGHT / WIDTH, u - 0.5, (-HEIGHT / WIDTH / 2, -0.5, HEIGHT / WIDTH / 2, 0.5), 0.012
        )
        place = (t * vx, t * vy + EYE, t * vz)
        normal = (0 * u + float(out[0]), 0 * u + float(out[1]), 0 * u + float(out[2]))
        key, fill = shadow(*place, balls), occlusion(*place, normal, balls)
        key = key * smooth(-0.01, 0.03, place[1])
        column, row = np.floor((u - 0.035) / 0.155), np.floor((0.955 - v) / 0.215)
        s, d = (u - 0.035) / 0.155 - column - 0.5, (0.955 - v) / 0.215 - row - 0.5
        there = (column >= 0) & (column < 6) & (row >= 0) & (row < 4)
        index = np.clip(row * 6 + column, 0, 23).astype(np.int32)
        patch = inside(np.maximum(np.abs(s) - 0.435, np.abs(d) - 0.435) * 0.155, step) * there
        paper = 1 + 0.02 * fractal(v * 300, u * 400, step * 400, 3, 3)
        colour = mix(np.full(3, 0.035, np.float32), tones[index], patch) * paper[..., None]
        text = "LICHTBILD 24"
        height = 0.045
        near = np.full(u.shape, 1.0, np.float32)
        rows = np.flatnonzero((v < 0.11).any(1))
        if rows.size:
            part = slice(rows[0], rows[-1] + 1)
            near[part] = distance(
                ((0.088 - v) * HEIGHT / WIDTH)[part], u[part], text, 0.0, 0.5 - width_of(text, height) / 2, height
            )
        colour = mix(colour, np.full(3, 0.75, np.float32), inside(near - 0.0032, step))
        grounded = 0.5 + 0.5 * smooth(0.0, 0.05, place[1])
        return inside(edge, step), colour * lit(normal, key, fill * grounded)

    sheet.lay(box, shade)
