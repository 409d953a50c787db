"""Gaussian blur and halving of planes, in plain numpy."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

Plane = npt.NDArray[np.float32]
_BAND = 16


def weights(sigma: float, radius: int) -> npt.NDArray[np.float32]:
    """2 radius + 1 Gaussian weights, their sum 1."""
    t = np.arange(-radius, radius + 1)
    w = np.exp(-(t**2) / (2 * sigma * sigma))
    return np.asarray(w / w.sum(), np.float32)


def blurred_inside(plane: Plane, sigma: float, radius: int) -> Plane:
    """(h - 2 radius, w - 2 radius): the Gaussian blur where its window lies inside the plane."""
    w = weights(sigma, radius)
    n = len(w)
    rows, columns = plane.shape[0] - n + 1, plane.shape[1] - n + 1
    out = np.empty((rows, columns), np.float32)
    for top in range(0, rows, _BAND):  # bands stay in the processor's cache
        bottom = min(top + _BAND, rows)
        down = w[0] * plane[top:bottom]
        part = np.empty_like(down)
        for i in range(1, n):
            np.multiply(plane[top + i : bottom + i], w[i], out=part)
            down += part
        band = np.multiply(down[:, :columns], w[0], out=out[top:bottom])
        for i in range(1, n):
            across = part[:, :columns]
            np.multiply(down[:, i : i + columns], w[i], out=across)
            band += across
    return out


def blurred(plane: Plane, sigma: float) -> Plane:
    """The Gaussian blur of the same size; borders are repeated."""
    radius = max(1, round(3 * sigma))
    return blurred_inside(np.pad(plane, radius, mode="edge"), sigma, radius)


def halved(plane: Plane) -> Plane:
    """Means of 2 x 2 pixels after a light blur (1 2 1), so that little aliases."""
    # (1 2 1) and then (1 1) are (1 3 3 1).
    h, w = (n // 2 * 2 for n in plane.shape)
    p = np.pad(plane[:h, :w], 1, mode="edge")
    rows = (p[0:-3:2] + p[3::2]) + np.float32(3) * (p[1:-2:2] + p[2:-1:2])
    both = (rows[:, 0:-3:2] + rows[:, 3::2]) + np.float32(3) * (rows[:, 1:-2:2] + rows[:, 2:-1:2])
    return np.asarray(both / np.float32(64), np.float32)


def luma(srgb: npt.NDArray[np.float32]) -> Plane:
    """(h, w) luma of encoded (h, w, 3) RGB by the weights of ITU-R BT.709."""
    return np.asarray(srgb @ np.array([0.2126, 0.7152, 0.0722], np.float32), np.float32)
