"""A head of tinted clay, seen from the front: a relief of smooth forms, shaded like skin."""

from __future__ import annotations

import numpy as np

from lichtbild.virtual.draw import Sheet, inside, mix, rgb, smooth
from lichtbild.virtual.field import Field
from lichtbild.virtual.noise import fractal
from lichtbild.virtual.scenes.still_life.studio import FOCAL, KEY, Ball, gloss, lit, seen, shadow, sheen

# Ellipsoids of the relief in half head heights: centre (up, right, front) and half axes, joined softly.
FORMS = (
    ((0.30, 0.0, 0.00), (0.72, 0.66, 0.75)),  # skull
    ((-0.20, 0.0, 0.08), (0.78, 0.53, 0.62)),  # face
    ((-0.62, 0.0, 0.26), (0.34, 0.33, 0.38)),  # chin
    ((-0.24, 0.27, 0.30), (0.30, 0.24, 0.30)),  # cheeks
    ((-0.24, -0.27, 0.30), (0.30, 0.24, 0.30)),
    ((0.10, 0.0, 0.42), (0.12, 0.46, 0.26)),  # brow
    ((-1.20, 0.0, -0.10), (0.75, 0.38, 0.36)),  # neck
    ((-1.95, 0.0, -0.20), (0.42, 1.05, 0.40)),  # shoulders
)
NOSE = (
    ((-0.08, 0.0, 0.70), (0.26, 0.075, 0.14)),
    ((-0.29, 0.0, 0.78), (0.10, 0.105, 0.16)),
    ((-0.31, 0.10, 0.70), (0.07, 0.07, 0.10)),
    ((-0.31, -0.10, 0.70), (0.07, 0.07, 0.10)),
)
LIPS = (((-0.500, 0.0, 0.63), (0.052, 0.19, 0.10)), ((-0.575, 0.0, 0.62), (0.062, 0.16, 0.11)))
EARS = (((-0.08, 0.645, -0.05), (0.20, 0.075, 0.16)), ((-0.08, -0.645, -0.05), (0.20, 0.075, 0.16)))
LIDS = (((0.005, 0.235, 0.475), (0.088, 0.150, 0.12)), ((0.005, -0.235, 0.475), (0.088, 0.150, 0.12)))


def head(sheet: Sheet, X: float, Z: float, size: float, tone: str, balls: tuple[Ball, ...]) -> None:
    """`size`: half of the head's height, m. It stands on its cut-off shoulders."""
    base = 2.25 * size
    cy, cx, depth = seen(X, base, Z)
    unit = size * FOCAL / depth

    def shade(y: Field, x: Field) -> tuple[Field, Field]:
        up, right = (cy - y) / unit + 0 * x, (x - cx) / unit + 0 * y
        e = 0.012
        h, edge = _relief(up, right)
        hu, hr = _relief(up + e, right)[0], _relief(up, right + e)[0]
        slope_u, slope_r = (hu - h) / e, (hr - h) / e
        length = 1 / np.sqrt(1 + slope_u**2 + slope_r**2)
        n = (-slope_r * length, -slope_u * length, -length)
        place = (X + right * size, base + up * size, Z - h * size)
        key = shadow(*place, balls)
        # Nose and brow hide the window from the cheek beyond them.
        for (nu, nr, nf), reach in (((-0.2, 0.0, 0.8), 0.30), ((0.08, 0.0, 0.62), 0.34)):
            beside = (
                np.exp(-((up - nu + 0.10) ** 2) / 0.05)
                * smooth(0.02, 0.10, right - nr)
                * smooth(reach + 0.12, reach - 0.1, right - nr)
            )
            key = key * (1 - 0.55 * beside * np.clip((nf - h) / 0.4, 0, 1))
        under = np.exp(-((up + 0.98) ** 2) / 0.03) * smooth(0.5, 0.2, np.abs(right))
        key = key * (1 - 0.6 * under)
        fill = (0.75 + 0.25 * np.clip(h / 0.7, 0, 1)) * (1 - 0.5 * under)
        skin = np.array(rgb(tone), np.float32)
        flush = np.exp(-((up + 0.26) ** 2 + (np.abs(right) - 0.30) ** 2) / 0.03) + 0.7 * np.exp(
            -((up + 0.28) ** 2 + right**2) / 0.012
        )
        colour = mix(skin, skin * np.array((1.05, 0.72, 0.66), np.float32), 0.45 * flush)
        lips = np.maximum(*(_inside(up, right, c, a) for c, a in LIPS))
        colour = mix(colour, skin * np.array((0.95, 0.50, 0.50), np.float32), 0.75 * smooth(0.0, 0.25, lips))
        mouth = np.exp(-(((up + 0.535 + 0.02 * np.cos(right * 14)) / 0.008) ** 2)) * smooth(0.19, 0.15, np.abs(right))
        lash = np.exp(-(((up + 0.045 - 0.10 * (np.abs(right) - 0.235) ** 2 * 12) / 0.010) ** 2)) * smooth(
            0.15, 0.12, np.abs(np.abs(right) - 0.235)
        )
        arch = 0.155 - 1.1 * (np.abs(right) - 0.22) ** 2
        hairs = 0.75 + 0.25 * np.sin(right * 260 + up * 90)
        browline = np.exp(-(((up - arch) / 0.024) ** 2)) * smooth(0.20, 0.13, np.abs(np.abs(right) - 0.25)) * hairs
        dark = np.clip(0.75 * mouth + 0.8 * lash + 0.62 * browline, 0, 0.92)
        colour = colour * (1 - dark)[..., None]
        pores = fractal(up * 55, right * 55, 55 * sheet.pixel / unit, 4, 6)
        colour = colour * (1 + 0.035 * pores + 0.05 * fractal(up * 5, right * 5, 0.02, 3, 7))[..., None]
        light = colour * lit(n, key, fill, 0.22)
        redder = np.array((1.0, 0.35, 0.22), np.float32)
        border = np.exp(-((n[0] * KEY[0] + n[1] * KEY[1] + n[2] * KEY[2]) ** 2) / 0.03)
        light = light + skin * redder * (0.035 * border * key)[..., None]
        view = (0 * h + cx * 0.5, 0 * h - 0.26, 0 * h + 0.96)
        oily = 0.5 + 0.5 * np.exp(-((right / 0.2) ** 2)) + 0.8 * smooth(0.0, 0.25, lips)
        light = light + gloss(n, view, 1.1, 0.022) * (oily * key)[..., None] + (0.03 * sheen(n, view))[..., None]
        return inside(edge * unit, sheet.pixel) * (up > -2.2), light

    sheet.lay((cy - 1.12 * unit, cx - 1.15 * unit, cy + 2.25 * unit, cx + 1.15 * unit), shade)


def _inside(up: Field, right: Field, centre: tuple[float, float, float], axes: tuple[float, float, float]) -> Field:
    """1 at an ellipse's centre, 0 at its edge."""
    return np.asarray(1 - np.hypot((up - centre[0]) / axes[0], (right - centre[1]) / axes[1]))


def _height(up: Field, right: Field, centre: tuple[float, float, float], axes: tuple[float, float, float]) -> Field:
    """Front of an ellipsoid; beside it a steep slope backwards."""
    q = ((up - centre[0]) / axes[0]) ** 2 + ((right - centre[1]) / axes[1]) ** 2
    bulge = np.sqrt(np.maximum(1 - q, 0.0004))
    return np.asarray(centre[2] + axes[2] * (bulge - 2.5 * np.maximum(np.sqrt(q) - 0.9998, 0)))


def _relief(up: Field, right: Field) -> tuple[Field, Field]:
    """(height, distance to the outline) of the head."""
    total: Field = 0.0 * up
    edge: Field | None = None
    soft = 9.0
    for centre, axes in FORMS:
        total = total + np.exp(np.clip(soft * _height(up, right, centre, axes), -30, 30))
        d = -_inside(up, right, centre, axes) * min(axes[0], axes[1])
        edge = d if edge is None else _joined(edge, d, 0.10)
    h = np.log(np.maximum(total, 1e-9)) / soft
    assert edge is not None
    for group, k in ((EARS, 40.0), (NOSE, 26.0), (LIPS, 34.0), (LIDS, 34.0)):
        total = np.exp(np.clip(k * h, -30, 40))
        for centre, axes in group:
            total = total + np.exp(np.clip(k * _height(up, right, centre, axes), -30, 40))
        h = np.log(np.maximum(total, 1e-9)) / k
    for centre, axes in EARS:
        edge = np.minimum(edge, -_inside(up, right, centre, axes) * axes[1])
    # Sockets around the lids.
    for side in (-1, 1):
        h = h - 0.085 * np.exp(-(((up - 0.01) / 0.13) ** 2) - ((right - side * 0.235) / 0.19) ** 2)
    for centre, axes in LIDS:
        h = np.log(np.exp(30 * h) + np.exp(np.clip(30 * (_height(up, right, centre, axes) - 0.035), -30, 40))) / 30
    h = h - 0.030 * np.exp(-(((up + 0.40) / 0.05) ** 2) - (right / 0.028) ** 2)
    return h, edge


def _joined(a: Field, b: Field, k: float) -> Field:
    """Smooth minimum of distances."""
    t = np.clip(0.5 + 0.5 * (b - a) / k, 0, 1)
    return np.asarray(b + t * (a - b) - k * t * (1 - t))
