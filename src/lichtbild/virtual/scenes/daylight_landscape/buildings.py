"""The farmhouse on the slope and the dry-stone wall before the meadow."""

from __future__ import annotations

import numpy as np

from lichtbild.virtual.draw import Box, Sheet, inside, mix, polygon, rectangle, rgb, smooth
from lichtbild.virtual.field import Field
from lichtbild.virtual.noise import cells, fractal, hashed
from lichtbild.virtual.scenes.daylight_landscape.land import EYE, FOCAL, path_centre, seen
from lichtbild.virtual.scenes.daylight_landscape.sky import HORIZON, SKYLIGHT, SUNLIGHT, lit

HOUSE = (5.6, 31.0)  # X of its left front corner, Z
WALL = 7.4  # Z of the dry-stone wall


def house(sheet: Sheet) -> None:
    """A long white house, its gable in full sun; tiled roof, shutters, a vine, dark windows with one glint."""
    X, Z = HOUSE
    s = FOCAL / Z
    y0, x0 = seen(X, 0.0, Z)
    long, high, roof, deep = 11.5, 4.4, 3.1, 2.7  # `deep`: how wide the gable looks
    box: Box = (y0 - (high + roof + 1.4) * s, x0 - (deep + 0.6) * s, y0 + 0.1 * s, x0 + (long + 0.6) * s)

    def shade(y: Field, x: Field) -> tuple[Field, Field]:
        Y, L = (y0 - y) / s + 0 * x, (x - x0) / s + 0 * y
        step = sheet.pixel / s
        cover = np.zeros(Y.shape, np.float32)
        light = np.zeros((*Y.shape, 3), np.float32)

        def put(distance: Field, colour: Field) -> None:
            nonlocal light, cover
            part = inside(distance, step)
            light, cover = mix(light, colour, part), np.maximum(cover, part)

        plaster = 1 + 0.06 * fractal(Y * 2, L * 2, step * 2, 6, 3) - 0.10 * smooth(0.7, 0.0, Y)
        stains = 1 - 0.12 * smooth(0.2, 0.7, fractal(Y * 0.5, L * 3, step * 3, 4, 6))
        white = np.array(rgb("#f2ead8"), np.float32) * (plaster * stains)[..., None]
        front_light = lit((0 * Y, 0 * Y, 0 * Y - 1.0), 0.9, 1.0)
        eaves = smooth(high - 0.75, high - 0.35, Y)
        front = white * (front_light * (1 - 0.62 * eaves)[..., None])
        put(rectangle(-Y, L, (-high, 0.0, 0.0, long)), front)
        gable_light = lit((0 * Y - 1.0, 0 * Y, 0 * Y - 0.1), 1.25, 1.0)
        gable = polygon(
            Y, L, [(0.0, 0.0), (high, 0.0), (high + roof * 0.97, -deep / 2), (high - 0.1, -deep), (0.1, -deep)]
        )
        put(gable, white * gable_light)
        hatch = rectangle(-Y, L, (-4.9, -deep / 2 - 0.28, -4.1, -deep / 2 + 0.22))
        put(
            rectangle(-Y, L, (-5.0, -deep / 2 - 0.36, -4.0, -deep / 2 + 0.30)),
            np.array(rgb("#d8ccb0"), np.float32) * gable_light,
        )
        put(hatch, np.full((*Y.shape, 3), 0.012, np.float32))
        # Roof: rows of rounded tiles.
        run = np.clip((Y - high + 0.15) / roof, 0, 1)
        edge = polygon(
            Y,
            L,
            [
                (high - 0.15, -0.35),
                (high - 0.15, long + 0.35),
                (high + roof, long - 0.9),
                (high + roof, -deep / 2 - 0.1),
            ],
        )
        row = np.floor(run * 17)
        wave = 0.5 + 0.5 * np.cos((L + 0.11 * (row % 2)) * 2 * np.pi / 0.30) * np.clip(1.6 - 2.5 * step / 0.30, 0, 1)
        lap = (run * 17) % 1
        tint = hashed(np.floor((L + 0.11 * (row % 2)) / 0.30), row, 12)
        tile = mix(np.array(rgb("#b0583a"), np.float32), np.array(rgb("#8a4632"), np.float32), tint)
        tile = mix(
            tile, np.array(rgb("#9a8a50"), np.float32), 0.6 * smooth(0.15, 0.6, fractal(Y * 1.1, L * 0.8, step, 5, 9))
        )
        relief = (0.62 + 0.55 * wave) * (1 - 0.45 * smooth(0.80, 1.0, 1 - lap))
        roof_light = lit((0 * Y - 0.05, 0 * Y + 0.72, 0 * Y - 0.69), relief, 1.0)
        put(edge, tile * roof_light)
        put(
            rectangle(-Y, L, (-(high + roof + 1.1), 7.6, -(high + roof - 0.9), 8.5)),
            np.array(rgb("#c88a6a"), np.float32) * lit((0 * Y - 0.35, 0 * Y, 0 * Y - 0.9)),
        )
        put(
            rectangle(-Y, L, (-(high + roof + 1.2), 7.5, -(high + roof + 1.0), 8.6)),
            np.array(rgb("#8a6a58"), np.float32) * lit((0 * Y, 0 * Y + 0.3, 0 * Y - 0.9)),
        )
        for i, left in enumerate((1.0, 3.4, 7.2, 9.6)):
            for low in (0.95, 2.75):
                if low < 1 and left == 3.4:
                    continue
                window = rectangle(-Y, L, (-(low + 1.25), left, -low, left + 0.85))
                put(
                    rectangle(-Y, L, (-(low + 1.36), left - 0.09, -low + 0.12, left + 0.94)),
                    np.array(rgb("#d8ccb0"), np.float32) * front_light,
                )
                glass = (
                    np.full((*Y.shape, 3), 0.010, np.float32) + SKYLIGHT * 0.25 * smooth(low, low + 1.4, Y)[..., None]
                )
                if (i, low) == (2, 2.75):
                    glass = (
                        glass
                        + (7.0 * np.exp(-(((L - left - 0.30) / 0.16) ** 2) - ((Y - low - 0.75) / 0.28) ** 2))[..., None]
                        * SUNLIGHT
                    )
                put(window, glass)
                bars = np.minimum(
                    np.abs(L - left - 0.425) - 0.03,
                    np.minimum(np.abs(Y - low - 0.42) - 0.025, np.abs(Y - low - 0.84) - 0.025),
                )
                put(np.maximum(bars, window), np.array(rgb("#e8e4d8"), np.float32) * front_light)
                for side in (left - 0.52, left + 0.92):
                    slats = 0.75 + 0.35 * np.sin(Y * 2 * np.pi / 0.09) * np.clip(1.5 - 2.5 * step / 0.09, 0, 1)
                    put(
                        rectangle(-Y, L, (-(low + 1.25), side, -low, side + 0.45)),
                        np.array(rgb("#3f6f8a"), np.float32) * front_light * slats[..., None],
                    )
        put(
            rectangle(-Y, L, (-2.15, 3.45, 0.0, 4.45)),
            np.array(rgb("#5a3a26"), np.float32) * front_light * (0.85 + 0.2 * np.sin(L * 40))[..., None],
        )
        # A barn door, black inside: the darkest place of the picture.
        put(
            rectangle(-Y, L, (-2.6, 5.2, 0.0, 6.6), 0.0),
            np.full((*Y.shape, 3), 0.0016, np.float32) * (1 + 2 * smooth(1.2, 0.0, Y))[..., None],
        )
        vine = (
            fractal(Y * 1.6, L * 1.6, step * 1.6, 6, 41)
            + 0.9 * np.exp(-(((L - 0.6 - 0.5 * np.sin(Y * 1.2)) / 0.75) ** 2))
            - 0.55
            - 0.10 * Y
        )
        near, _, tint, dv, _ = cells(Y * 9, L * 9, 42, 1.0)
        leaves = np.array(rgb("#4f7a2c"), np.float32) * (0.45 + 0.9 * tint - 0.6 * near)[..., None]
        put(
            np.maximum(-vine * 0.5, rectangle(-Y, L, (-high, -0.1, 0.0, long))),
            leaves * lit((0 * Y - 0.3, dv, 0 * Y - 0.85), 1.1),
        )
        return cover, light

    sheet.lay(box, shade)


def stone_wall(sheet: Sheet) -> None:
    """Stones without mortar, each its own tone, with moss and black gaps; the path passes through it."""
    s = FOCAL / WALL
    base = HORIZON + EYE * s
    top = base - 1.12 * s
    gap_at = float(path_centre(np.asarray(WALL)))

    def shade(y: Field, x: Field) -> tuple[Field, Field]:
        Y, X = (base - y) / s + 0 * x, x / s + 0 * y
        step = sheet.pixel / s
        waver = 0.05 * fractal(Y * 0.7, X * 0.9, step, 3, 61)
        height = 0.86 + 0.055 * fractal(0 * X, X * 1.1, step, 3, 62) + 0.035 * np.cos(X * 7 + 2 * np.sin(X * 3))
        out = np.abs(X - gap_at) - 1.05 + 0.12 * fractal(Y * 3, X * 0 + np.sign(X - gap_at), step, 2, 63)
        # Courses: stones are longer than high, a little tilted; the top course stands on edge.
        coping = smooth(height - 0.23, height - 0.19, Y + waver)
        u, v = (X + 0.4 * waver) * 3.1, (Y + waver) * 6.4
        near, second, number, dv, du = cells(v, u, 64, 0.86)
        near2, second2, number2, dv2, du2 = cells((Y + waver) * 2.0 + 9, (X + 0.15 * Y) * 8.5, 65, 0.8)
        gap = np.where(coping > 0.5, second2 - near2, second - near)
        number, du, dv = (np.where(coping > 0.5, b, a) for a, b in ((number, number2), (du, du2), (dv, dv2)))
        joint = smooth(0.0, 0.10, gap * (1 + 0.5 * fractal(Y * 4, X * 4, step * 4, 3, 72)) - 0.012)
        grain = fractal(Y * 26, X * 26, step * 26, 6, 66, gain=0.6)
        rough = fractal(Y * 90, X * 90, step * 90, 3, 67)
        tone = mix(np.array(rgb("#a89a86"), np.float32), np.array(rgb("#7f7a74"), np.float32), smooth(0.3, 0.7, number))
        tone = mix(tone, np.array(rgb("#b98e68"), np.float32), smooth(0.82, 0.9, number) * 0.8)
        tone = (
            tone
            * np.clip(0.95 + 0.25 * grain + 0.12 * rough + 0.3 * (((number * 9.7) % 1) - 0.5), 0.25, 1.7)[..., None]
        )
        lichen = smooth(0.25, 0.55, fractal(Y * 5, X * 5, step * 5, 5, 68)) * smooth(0.1, 0.5, joint)
        tone = mix(tone, np.array(rgb("#c9c6a2"), np.float32), 0.55 * lichen)
        moss = smooth(0.05, 0.5, fractal(Y * 2.4 + 3, X * 2.4, step * 2.4, 6, 69) + 0.35 * coping - 0.1)
        tone = mix(tone, np.array(rgb("#5e7030"), np.float32) * (1 + 0.4 * rough)[..., None], 0.8 * moss)
        bulge = np.clip(1.5 - 3.4 * gap, 0, 1.5)
        n = (du * 0.9 * bulge * 1.6 - 0.25 * grain, -dv * 1.2 * bulge * 1.6 + 0.15 * grain + 0.25, -1.0 + 0 * X)
        length = 1 / np.sqrt(n[0] ** 2 + n[1] ** 2 + n[2] ** 2)
        normal = (n[0] * length, n[1] * length, n[2] * length)
        sun = joint * (0.5 + 0.5 * smooth(0.02, 0.2, gap))
        light = tone * lit(normal, sun * 1.25, (0.22 + 0.78 * joint) * (0.6 + 0.4 * Y))
        foot = smooth(0.30, 0.0, Y)
        light = light * (1 - 0.5 * foot)[..., None]
        cover = inside(np.maximum(Y - height - 0.012 * fractal(Y * 9, X * 9, step * 9, 3, 73), -out), step) * (
            Y > -0.02
        )
        return cover, light

    sheet.lay((top, float(sheet.x[0, 0]), base, float(sheet.x[0, -1])), shade)


def wall_shadow_and_fringe(sheet: Sheet) -> None:
    """The wall's shadow on the grass before it, and grass that grows up at its foot."""
    s = FOCAL / WALL
    base = HORIZON + EYE * s
    box: Box = (base - 0.25 * s, float(sheet.x[0, 0]), base + 0.06 * s, float(sheet.x[0, -1]))
    gap_at = float(path_centre(np.asarray(WALL)))

    def shade(y: Field, x: Field) -> tuple[Field, Field]:
        up, X = (base - y) / s + 0 * x, x / s + 0 * y
        clear = smooth(0.55, 0.85, np.abs(X - gap_at))
        cover = np.zeros(up.shape, np.float32)
        light = np.zeros((*up.shape, 3), np.float32)
        for k in range(3):
            pitch = 0.022 + 0.005 * k
            i = np.floor(X / pitch + 0.4 * k)
            r = [hashed(i, k, n + 70) for n in range(4)]
            size = (0.06 + 0.16 * r[0] ** 2) * (0.6 + 0.6 * (fractal(0 * X, X * 2, 0.02, 2, 71) > 0))
            t = np.clip(up / size, 0, 1)
            across = (X / pitch + 0.4 * k - i - 0.5 - (r[1] - 0.5) * 1.2 * t * t) * pitch
            part = (
                inside(np.abs(across) - pitch * 0.24 * (1 - t) ** 0.7, sheet.pixel / s)
                * (up < size)
                * clear
                * smooth(-0.07, 0.03, up + 0.05 * (r[3] - 0.5))
            )
            hue = mix(np.array(rgb("#4f7a26"), np.float32), np.array(rgb("#a8b04a"), np.float32), r[2])
            light = mix(light, hue * ((0.15 + 0.75 * t)[..., None] * SUNLIGHT * 0.8 + SKYLIGHT), part)
            cover = np.maximum(cover, part)
        return cover, light

    sheet.lay(box, shade)
