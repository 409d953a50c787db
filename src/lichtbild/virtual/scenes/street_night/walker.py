"""Someone under a red umbrella, who walks across the street towards the left."""

from __future__ import annotations

import numpy as np

from lichtbild.virtual.draw import Sheet, inside, mix, polygon, rectangle, rgb, segment, smooth
from lichtbild.virtual.field import Field
from lichtbild.virtual.noise import fractal
from lichtbild.virtual.scenes.street_night.view import metric

PLACE = (2.3, 7.0)  # X, Z at the first frame


def paint(y: Field, x: Field, pixel: float, /) -> Field:
    sheet = Sheet(y, x, pixel, bare=True)
    assert sheet.cover is not None
    Y, X, scale = metric(y, x, *PLACE)
    step = pixel * scale
    split = int(np.searchsorted(-Y[:, 0], 0.02))
    if split < len(Y):
        low, part = Y[split:], slice(split, None)
        rough = fractal(low * 4.0, X * 12.0, step * 12, 3, 14)
        light, cover = _body(-low + 0.08 * rough * np.clip(-low, 0, 1), X + 0.03 * rough, step * 3)
        fade = cover * np.exp(low / 1.0) * 0.55
        sheet.light[part] = light * (fade * 0.6)[..., None]
        sheet.cover[part] = fade
    if split:
        light, cover = _body(Y[:split], X, step)
        sheet.light[:split] = light * cover[..., None]
        sheet.cover[:split] = cover
    return sheet.finished()


def _body(Y: Field, X: Field, step: float) -> tuple[Field, Field]:
    """Someone who walks to the left: shoes, legs, a coat, a bag, an arm that holds the umbrella."""
    Y, X = np.broadcast_arrays(Y, X)
    shape = Y.shape
    light, cover = np.zeros((*shape, 3), np.float32), np.zeros(shape, np.float32)
    fabric = 1 + 0.25 * fractal(Y * 60, X * 60, step * 60, 2, 3)

    def put(distance: Field, colour: tuple[float, ...], rim: float = 1.0) -> None:
        """Lit softly all over and, at the right edge, by the shop windows behind."""
        nonlocal light, cover
        part = inside(distance, step)
        edge = np.exp(np.minimum(distance, 0) / 0.028) * smooth(-0.1, 0.25, X + 0.25 * (Y < 0.9))
        tone = np.array(colour, np.float32) * (fabric * (0.10 + 0.10 * smooth(-0.3, 0.3, X)))[..., None]
        tone = tone + (edge * 0.22 * rim)[..., None] * (np.array(colour, np.float32) + 0.12) * np.array(
            rgb("#ffd0a0"), np.float32
        )
        light = mix(light, tone, part)
        cover = np.maximum(cover, part)

    def limb(a: tuple[float, float], b: tuple[float, float], thick: float, thin: float) -> Field:
        along = np.clip(
            ((Y - a[0]) * (b[0] - a[0]) + (X - a[1]) * (b[1] - a[1])) / ((b[0] - a[0]) ** 2 + (b[1] - a[1]) ** 2), 0, 1
        )
        return segment(Y, X, a, b) - (thick + (thin - thick) * along)

    trousers, coat = rgb("#4a4f63"), rgb("#3b6a8a")
    put(limb((0.86, 0.02), (0.47, 0.10), 0.088, 0.066), trousers)
    put(limb((0.47, 0.10), (0.12, 0.33), 0.066, 0.046), trousers)
    put(
        np.minimum(limb((0.13, 0.33), (0.07, 0.25), 0.052, 0.038), limb((0.08, 0.36), (0.06, 0.24), 0.03, 0.03)),
        rgb("#2a1d18"),
    )
    put(limb((0.86, -0.02), (0.48, -0.16), 0.092, 0.068), trousers)
    put(limb((0.48, -0.16), (0.09, -0.24), 0.068, 0.046), trousers)
    put(np.maximum(limb((0.05, -0.22), (0.04, -0.40), 0.055, 0.036), -Y), rgb("#2a1d18"))
    put(
        polygon(Y, X, [(1.46, -0.14), (1.46, 0.15), (1.05, 0.175), (0.62, 0.30), (0.58, -0.24), (1.05, -0.165)]) - 0.03,
        coat,
    )
    put(
        np.abs(polygon(Y, X, [(1.46, -0.14), (1.46, 0.15), (1.05, 0.175), (0.62, 0.30), (0.58, -0.24), (1.05, -0.165)]))
        - 0.004
        + 0 * X,
        rgb("#1c3346"),
        0.3,
    )
    put(rectangle(-Y, X, (-1.07, -0.17, -1.01, 0.19), 0.01), rgb("#20262e"))
    put(rectangle(-Y, X - 0.05 * (Y - 0.9), (-0.95, 0.12, -0.66, 0.40), 0.05), rgb("#8a5a30"))
    put(limb((1.40, 0.10), (0.95, 0.24), 0.02, 0.014), rgb("#5a3a20"))
    put(limb((1.42, -0.02), (1.50, -0.02), 0.075, 0.06), rgb("#c9a86a"))
    put(np.hypot((X + 0.035), (Y - 1.62) * 0.82) - 0.098, rgb("#d9a583"), 1.3)
    hair = np.minimum(np.hypot(X - 0.015, (Y - 1.66) * 0.9) - 0.108, limb((1.66, 0.06), (1.44, 0.10), 0.07, 0.045))
    put(np.maximum(hair, -(X + 0.055 + 0.25 * (Y - 1.70))), rgb("#3a2416"))
    shaft = segment(Y, X, (1.12, -0.19), (2.13, -0.01)) - 0.009
    put(shaft, rgb("#30343a"), 0.6)
    put(limb((1.40, 0.04), (1.13, 0.05), 0.068, 0.056), coat)
    put(limb((1.13, 0.05), (1.17, -0.17), 0.056, 0.042), coat)
    put(np.hypot(X + 0.19, Y - 1.18) - 0.042, rgb("#d9a583"))
    # Umbrella: a dome of eight panels, lit through by the lamps behind it.
    turn = 0.17
    ux, uy = X + 0.01, Y - 1.70
    rx, ry = ux * np.cos(turn) + uy * np.sin(turn), -ux * np.sin(turn) + uy * np.cos(turn)
    half = 0.66
    dome = np.hypot(rx / half, np.maximum(ry, 0) / 0.42) - 1
    scallop = 0.035 * np.abs(np.sin(rx / half * np.pi * 2.0)) ** 0.7
    canopy = np.maximum(dome * 0.42, scallop - ry)
    part = inside(canopy, step)
    panel = np.clip(rx / np.sqrt(np.maximum(half**2 * (1 - np.clip(ry / 0.42, 0, 1) ** 2), 1e-4)), -1, 1)
    rib = np.exp(-np.abs(np.sin(np.arcsin(panel) * 4)) / 0.05)
    red = np.array(rgb("#d8202a"), np.float32)
    glow = 0.20 + 0.30 * smooth(-0.6, 0.6, rx) + 0.28 * smooth(0.1, 0.42, ry) + 0.10 * np.cos(np.arcsin(panel) * 8)
    light = mix(light, red * (glow * (1 - 0.35 * rib))[..., None] + 0.012, part)
    cover = np.maximum(cover, part)
    tip = segment(Y, X, (2.10, -0.075), (2.20, -0.09)) - 0.008
    put(tip, rgb("#30343a"))
    return light, cover
