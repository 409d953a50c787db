"""The virtual camera's optics in plain numpy: one pixel at a time, straight from the definition."""

from __future__ import annotations

import math

import numpy as np

TAPS = 6


def seen(scene: np.ndarray, sx: float, sy: float, sharpness: float) -> float:
    """Windowed Gaussian around (sy, sx) of one plane of the scene."""

    def weights(position: float) -> tuple[int, np.ndarray]:
        first = math.floor(position) - (TAPS // 2 - 1)
        d = first + np.arange(TAPS) - position
        return first, np.exp(-sharpness * d * d) * np.maximum(0, 1 - (2 * d / TAPS) ** 2) ** 2

    (ix, wx), (iy, wy) = weights(sx), weights(sy)
    ix, iy = (min(max(i, 0), n - TAPS) for i, n in ((ix, scene.shape[1]), (iy, scene.shape[0])))
    part = scene[iy : iy + TAPS, ix : ix + TAPS].astype(float)
    return float(wy @ part @ wx / (wy.sum() * wx.sum()))


def light(
    scene: np.ndarray,
    place: list[float],
    sharpness: float,
    red: tuple[int, int],
    exposure: float,
    shape: tuple[int, int],
) -> np.ndarray:
    """The mosaic of a (3, H, W) scene."""
    out = np.empty(shape)
    for y in range(shape[0]):
        for x in range(shape[1]):
            plane = (y % 2 != red[0]) + (x % 2 != red[1])
            sx = place[0] * x + place[1] * y + place[2]
            sy = place[3] * x + place[4] * y + place[5]
            out[y, x] = exposure * seen(scene[plane], sx, sy, sharpness)
    return out
