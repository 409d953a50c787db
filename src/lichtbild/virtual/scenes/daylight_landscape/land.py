"""The near ground: meadow with a path, mown stripes, flowers, and grass blade by blade in front."""

from __future__ import annotations

import numpy as np

from lichtbild.virtual.draw import Sheet, inside, mix, rgb, smooth
from lichtbild.virtual.field import Field
from lichtbild.virtual.noise import cells, fractal, hashed
from lichtbild.virtual.scenes.daylight_landscape.sky import HAZE, HORIZON, SKYLIGHT, SUNLIGHT

FOCAL, EYE = 1.15, 1.75


def seen(X: float, Y: float, Z: float) -> tuple[float, float]:
    """(y, x) in the picture of a point, metres."""
    return HORIZON + FOCAL * (EYE - Y) / Z, FOCAL * X / Z


def path_centre(Z: Field) -> Field:
    """X of the path's middle."""
    return np.asarray(1.5 + 2.4 * np.sin(Z * 0.085 - 0.5) + 0.10 * (Z - 6))


def meadow(sheet: Sheet, shadows: list[tuple[float, float, float, float]]) -> None:
    """The ground from the hills to the camera. shadows: (X, Z, half width, half depth) of the trees' shadows."""
    first = int(np.searchsorted(sheet.y[:, 0], HORIZON + 0.004))
    y = sheet.y[first:]
    if not y.size:
        return
    Z = FOCAL * EYE / (y - HORIZON)
    X = sheet.x * Z / FOCAL
    dz, dx = Z * Z / (FOCAL * EYE) * sheet.pixel, Z * sheet.pixel / FOCAL
    both = np.maximum(np.minimum(dz, 3 * dx), dx)
    swell = fractal(Z * 0.05, X * 0.07, dz * 0.07, 4, 101)
    tufts = fractal(Z * 0.8, X * 0.8, np.maximum(dz, dx) * 0.8, 6, 102, gain=0.58)
    blades, between = _turf(sheet, y)
    dry = smooth(-0.3, 0.6, swell + 0.3 * tufts)
    colour = mix(np.array(rgb("#70904a"), np.float32), np.array(rgb("#b4ac64"), np.float32), dry * 0.75)
    colour = colour * np.clip((1 + 0.24 * tufts + 0.55 * blades) * (1 - between), 0.12, 2.2)[..., None]
    centre = path_centre(Z)
    width = 0.62 + 0.10 * np.sin(Z * 0.9)
    rut = np.abs(np.abs(X - centre) - 0.42) - 0.20 + 0.10 * tufts
    on_path = inside(np.abs(X - centre) - width + 0.16 * tufts, dx + 0.05)
    bare = on_path * smooth(0.10, -0.12, rut)
    pebbles, _, tint, _, _ = cells(Z * 16, X * 16, 5, 1.0)
    seen_pebbles = np.clip(1.5 - 18 * both, 0, 1)
    earth = (
        np.array(rgb("#c4ac84"), np.float32)
        * (0.9 + 0.22 * tufts + seen_pebbles * (0.35 * tint - 0.55 * pebbles + 0.15))[..., None]
    )
    colour = mix(colour, earth, bare)
    near, _, kind, _, _ = cells(Z * 3.1 + 0.6 * tufts, X * 5.2, 6, 1.0)
    open_ground = smooth(0.1, 0.5, fractal(Z * 0.22, X * 0.22, dz * 0.2, 3, 104)) * (1 - on_path)
    flower = inside(near - 0.11, np.maximum(both * 5, 0.05)) * (kind > 0.55) * open_ground
    hues = np.stack(
        [
            np.where(kind > 0.85, 0.80, np.where(kind > 0.7, 0.90, 0.75)),
            np.where(kind > 0.85, 0.10, np.where(kind > 0.7, 0.75, 0.72)),
            np.where(kind > 0.85, 0.06, np.where(kind > 0.7, 0.10, 0.80)),
        ],
        -1,
    )
    colour = mix(colour, hues, flower)
    sun = np.clip(0.68 + 0.55 * swell + 0.15 * tufts, 0.2, 1.3)
    for sx, sz, rx, rz in shadows:
        d = np.sqrt(((X - sx) / rx) ** 2 + ((Z - sz) / rz) ** 2) - 1 + 0.28 * tufts + 0.3 * swell
        dapple = smooth(0.35, 0.75, fractal(Z * 1.9, X * 1.9, both * 1.9, 3, 105)) * 0.5
        sun = sun * (1 - smooth(0.18, -0.12, d) * (0.93 - dapple))
    drift = smooth(0.05, 0.5, fractal(Z * 0.018, X * 0.02, dz * 0.02, 3, 106))
    sun = sun * (1 - 0.45 * drift * smooth(14, 40, Z))
    light = colour * (sun[..., None] * SUNLIGHT * 0.80 + SKYLIGHT * (0.75 + 0.25 * tufts[..., None]))
    light = mix(light, HAZE, 1 - np.exp(-Z / 420) + 0 * X)
    sheet.light[first:] = mix(sheet.light[first:], light, inside(HORIZON + 0.006 - y, sheet.pixel) + 0 * X)


def _turf(sheet: Sheet, y: Field) -> tuple[Field, Field]:
    """Short grass as upright tufts in rows, one before the other, of a size that follows the distance:
    (noise of its blades, dark between the tufts)."""
    rows = 13.0  # to a factor e of distance; so a tuft is EYE / 13 high
    down = np.maximum(y - HORIZON, 1e-4)
    q = rows * np.log(down) + 0 * sheet.x
    tall = down * (1 / rows)  # of a row, in the picture
    seen_rows = smooth(2.0, 6.0, tall / sheet.pixel)
    near = np.floor(q + 0.5)
    across = sheet.x * np.exp(-near / rows) * FOCAL * EYE  # metres, alike for a whole row
    step = sheet.pixel * np.exp(-near / rows) * FOCAL * EYE
    jagged = q + 0.62 * fractal(near * 7.3, across * 16, step * 16, 4, 108, gain=0.7)
    row = np.floor(jagged)
    part = jagged - row  # 0 at a tuft's tips, 1 at the next row's
    across = sheet.x * np.exp(-row / rows) * FOCAL * EYE
    step = sheet.pixel * np.exp(-row / rows) * FOCAL * EYE
    blades = fractal(part * 1.1 + row * 13.7, across * 22 + row * 3.1, step * 22, 4, 109, gain=0.75)
    return blades * (0.3 + 0.7 * seen_rows), 0.42 * smooth(0.15, 1.0, part) * seen_rows


def tall_grass(sheet: Sheet) -> None:
    """Rows of blades close to the camera, from far to near, with seed heads and poppies."""
    rows = 20
    for k in range(rows):
        Z = 4.6 - 3.0 * (k / (rows - 1)) ** 0.8
        s = FOCAL / Z
        ground = HORIZON + EYE * s
        tall = (0.24 + 0.10 * np.sin(k * 2.3)) * s
        top = int(np.searchsorted(sheet.y[:, 0], ground - 1.35 * tall))
        stop = int(np.searchsorted(sheet.y[:, 0], ground + 0.03))
        if top >= stop:
            continue
        part = slice(top, stop)
        y, x = sheet.y[part], sheet.x
        up = (ground - y) / tall
        clear = smooth(0.75, 1.15, np.abs(x / s - path_centre(np.asarray(Z))) + 0.15 * np.sin(x * 60 + k))
        light = sheet.light[part]
        for j in range(3):
            pitch = (0.020 + 0.004 * j) * s
            bend = 0.25 * np.sin(x * 3 + k * 1.7 + j) + 0.10 * np.sin(x * 17 + k)
            cell = (x + 0.37 * j * pitch + 0.6 * k * pitch) / pitch
            i = np.floor(cell - bend * np.clip(up, 0, 1.3) ** 2 * 0.9)
            random = [hashed(i, k, j, n) for n in range(5)]
            lean = (random[0] - 0.5) * 2.4 + bend
            size = 0.45 + 0.75 * random[1]
            t = np.clip(up / size, 0, 1)
            middle = 0.5 + 0.5 * (random[2] - 0.5) + lean * t * t * 0.75
            across = (cell - i - middle) * pitch
            width = pitch * (0.16 + 0.10 * random[3]) * (1 - t) ** 0.7
            cover = (
                inside(np.abs(across) - width, sheet.pixel)
                * (up < size)
                * np.minimum(1.0, 2 * width / sheet.pixel + 0.15)
            )
            cover = cover * clear * smooth(-0.10, 0.05, up)
            hue = mix(
                np.array(rgb("#63863c"), np.float32),
                np.array(rgb("#c9bd62"), np.float32),
                np.clip(random[4] * 1.5 - 0.55 + 0.25 * t, 0, 1),
            )
            bright = (
                (0.20 + 0.85 * t)
                * (0.55 + 0.6 * random[3])
                * (1 + 0.35 * np.clip(across / np.maximum(width, 1e-5), -1, 1) * -1)
            )
            light = mix(light, hue * (bright[..., None] * SUNLIGHT * 0.95 + SKYLIGHT * 0.8), cover)
            if j == 0:
                head = np.hypot(across * 1.0, (up - size) * tall * 0.9)
                poppy = random[0] > 0.955
                radius = np.where(poppy, 0.026, 0.005) * s
                flower = (
                    inside(head - radius * (0.8 + 0.3 * random[2]), sheet.pixel)
                    * clear
                    * ((random[0] > 0.93) | (random[1] > 0.8))
                )
                petal = (
                    0.55
                    + 0.65 * np.clip(-across / np.maximum(radius, 1e-5), -1, 1) * 0.5
                    + 0.25 * smooth(0.0, 1.0, (up - size) * tall / radius)
                )
                tone = np.where(
                    poppy[..., None], np.array(rgb("#e0301a"), np.float32), np.array(rgb("#d8c890"), np.float32)
                )
                light = mix(light, tone * (petal[..., None] * SUNLIGHT + SKYLIGHT), flower)
        sheet.light[part] = light
