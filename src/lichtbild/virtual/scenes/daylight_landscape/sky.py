"""The open sky, its clouds lit from the left, and the hills that fade into it."""

from __future__ import annotations

import numpy as np

from lichtbild.virtual.draw import Sheet, inside, mix, rgb, smooth
from lichtbild.virtual.field import Field
from lichtbild.virtual.noise import fractal

HORIZON = 0.035
SUN = np.array((-0.62, 0.62, -0.48), np.float32)  # towards the sun, from the upper left and behind the camera
SUNLIGHT = np.array(rgb("#fff3dc", 0.95), np.float32)
SKYLIGHT = np.array(rgb("#a9c4f2", 0.17), np.float32)
HAZE = np.array(rgb("#b6cdea", 0.52), np.float32)


def lit(normal: tuple[Field, Field, Field], sun: Field | float = 1.0, sky: Field | float = 1.0) -> Field:
    """Light (..., 3) on a matt surface out of doors."""
    facing = np.maximum(normal[0] * SUN[0] + normal[1] * SUN[1] + normal[2] * SUN[2], 0) * sun
    dome = (0.55 + 0.45 * normal[1]) * sky
    return np.asarray(facing[..., None] * SUNLIGHT + dome[..., None] * SKYLIGHT)


def heaven(sheet: Sheet) -> None:
    """Blue that pales to the horizon, a few high veils, and heaps of cloud."""
    up = np.clip(HORIZON - sheet.y, 0, 1)
    zenith, low = np.array(rgb("#2f6fd0", 0.60), np.float32), np.array(rgb("#bcd6f5", 0.62), np.float32)
    sheet.light[:] = zenith + (np.exp(-up / 0.17))[..., None] * (low - zenith)
    glow = np.exp(-((sheet.x + 0.85) ** 2 + (sheet.y + 0.7) ** 2) / 0.35)
    sheet.light += glow[..., None] * np.array(rgb("#fff6e0", 0.22), np.float32)
    # Clouds lie on a level sheet far above: towards the horizon they draw together.
    far = 1 / (up + 0.16)
    u, v = (sheet.x + 0.35) * far * 1.25, far * 1.05 + 0 * sheet.x
    step = sheet.pixel * far * far
    veil = smooth(0.05, 0.9, fractal(v * 0.8, u * 0.35 + v * 0.5, step, 6, 91, gain=0.55))
    sheet.light += (0.16 * veil * smooth(0.02, 0.2, up))[..., None] * np.array((1.0, 1.0, 1.05), np.float32)
    _heaps(sheet, u, v, step, up)


def _density(u: Field, v: Field, step: Field) -> Field:
    shape = fractal(v * 0.75 + 0.3, u * 0.75, step * 0.75, 3, 12)
    puff = fractal(v * 2.6 + 0.4 * shape, u * 2.6, step * 2.6, 6, 8, gain=0.53)
    return np.asarray(shape + 0.42 * np.abs(puff) + 0.16 * puff)


def _heaps(sheet: Sheet, u: Field, v: Field, step: Field, up: Field) -> None:
    d = _density(u, v, step)
    towards = _density(u - 0.10, v - 0.10, step)
    cover = smooth(0.16, 0.40, d) * smooth(0.0, 0.09, up)
    thick = smooth(0.2, 0.95, d)
    shade = np.clip(0.62 + 1.25 * (d - towards), 0.0, 1.6)
    sunny = np.array(rgb("#fffaf0"), np.float32)
    light = (0.50 + 0.95 * shade * (1 - 0.30 * thick))[..., None] * sunny
    light = mix(light, np.array(rgb("#8c9dbb"), np.float32) * 0.85, 0.55 * thick * smooth(0.75, 0.35, shade))
    rim = np.exp(-(((cover - 0.5) / 0.25) ** 2)) * np.clip(d - towards + 0.05, 0, 1)
    light = light + (2.2 * rim)[..., None]
    light = mix(light, HAZE * 1.3, np.exp(-up / 0.06) + 0 * d)
    sheet.light = mix(sheet.light, np.maximum(light, 0.02), cover)


def ridge(x: Field, height: float, waves: float, seed: int, rough: float) -> Field:
    """Outline (1, m) of a range, in picture units above the horizon."""
    broad = fractal(0.0 * x + seed, x * waves, 0.01, 3, seed)
    teeth = fractal(0.0 * x + 2.0 * seed, x * waves * 3, 0.002, 6, seed + 1, ridged=0.6)
    return height * (1 + 0.55 * broad + rough * teeth)


def hills(sheet: Sheet) -> None:
    """Ranges of hills, each nearer one darker, greener and less veiled."""
    ranges = (
        (0.150, 1.6, 3, 0.30, 0.80, "#7d95b4"),
        (0.105, 2.1, 5, 0.18, 0.62, "#6b8a86"),
        (0.066, 2.6, 9, 0.08, 0.42, "#5c8058"),
        (0.036, 3.4, 14, 0.05, 0.25, "#557c3c"),
    )
    for height, waves, seed, rough, veil, tone in ranges:
        top = HORIZON - ridge(sheet.x, height, waves, seed, rough)
        edge = top - sheet.y
        cover = inside(edge, sheet.pixel)
        first = int(np.searchsorted(sheet.y[:, 0], float(top.min()) - sheet.pixel))
        if first >= len(sheet.y):
            continue
        part = slice(first, None)
        y = sheet.y[part]
        deep = y - top
        woods = fractal(y * 34, sheet.x * 24, 34 * sheet.pixel, 6, seed + 20)
        slope = fractal(y * 6 + deep * 9, sheet.x * 5, 8 * sheet.pixel, 4, seed + 30)
        # Slopes towards the sun are bright; forests are dark and ragged, meadows smooth.
        forest = smooth(-0.05, 0.25, woods * 0.6 + slope * 0.8 + 0.1)
        sun = np.clip(0.75 + 0.7 * slope - 0.25 * woods * forest, 0.12, 1.5)
        cloud_shadow = 1 - 0.55 * smooth(0.05, 0.5, fractal(y * 9, sheet.x * 2.2 + seed, 0.01, 3, 55))
        meadow = np.array(rgb("#8fae4a"), np.float32)
        if seed == 14:
            meadow = mix(
                meadow,
                np.array(rgb("#d8c070"), np.float32),
                smooth(0.1, 0.15, fractal(y * 16, sheet.x * 6, 0.02, 2, 77)),
            )
        colour = mix(meadow, np.array(rgb("#2f4a24"), np.float32), forest)
        colour = colour * (1 + 0.25 * woods * (0.3 + 0.7 * forest))[..., None]
        light = colour * ((sun * cloud_shadow)[..., None] * SUNLIGHT * 0.72 + SKYLIGHT)
        light = mix(light, np.array(rgb(tone), np.float32) * 0.25 + HAZE * 0.75, np.asarray(veil) + 0 * sun)
        sheet.light[part] = mix(sheet.light[part], light, cover[part])
