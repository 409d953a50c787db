"""kernels/develop_lmmse.py in plain numpy: directional LMMSE demosaicing (Zhang and Wu 2005)."""

from __future__ import annotations

import numpy as np

SMOOTH = np.array([4, 9, 15, 23, 26, 23, 15, 9, 4]) / 128
FLOOR = 1e-7
REACH = 16  # pixels around the mosaic that the result can depend on, and a margin


def planes_of(shape: tuple[int, int], cfa: str) -> np.ndarray:
    """(h, w) index of the colour of each pixel."""
    h, w = shape
    tile = np.array(["RGB".index(colour) for colour in cfa]).reshape(2, 2)
    return np.tile(tile, (h // 2 + 1, w // 2 + 1))[:h, :w]


def mosaic_of(rgb: np.ndarray, cfa: str) -> np.ndarray:
    return np.take_along_axis(rgb, planes_of(rgb.shape[:2], cfa)[..., None], axis=2)[..., 0]


def shift(a: np.ndarray, n: int, axis: int) -> np.ndarray:
    """The value n pixels further along an axis; wraps, which the margin hides."""
    return np.roll(a, -n, axis)


def directional(m: np.ndarray, green: np.ndarray, axis: int) -> tuple[np.ndarray, np.ndarray]:
    """Green minus colour along one axis, and the variance of the error."""
    near, far = (shift(m, n, axis) + shift(m, -n, axis) for n in (1, 2))
    raw = np.where(green, -1, 1) * (near / 2 - m / 2 - far / 4)
    low = sum(w * shift(raw, n - 4, axis) for n, w in enumerate(SMOOTH))
    mean, power, missed = (sum(shift(a, n, axis) for n in range(-4, 5)) / 9 for a in (low, low**2, (raw - low) ** 2))
    signal, noise = np.maximum(power - mean**2, 0) + FLOOR, missed + FLOOR
    share = signal / (signal + noise)
    return mean + share * (raw - mean), share * noise


def demosaic(mosaic: np.ndarray, cfa: str) -> np.ndarray:
    """(h, w) of at least 17x17 -> (h, w, 3)."""
    h, w = mosaic.shape
    m = np.pad(np.asarray(mosaic, np.float64), REACH, "reflect")
    plane = np.pad(planes_of((h, w), cfa), REACH, "reflect")  # REACH is even: the phase goes on
    green = plane == 1
    (across, across_error), (down, down_error) = (directional(m, green, axis) for axis in (1, 0))
    joined = (across * down_error + down * across_error) / (across_error + down_error)
    g = m + np.where(green, 0, joined)
    chroma = g - m
    side, over = ((shift(chroma, 1, axis) + shift(chroma, -1, axis)) / 2 for axis in (1, 0))
    corners = sum(shift(shift(chroma, dy, 0), dx, 1) for dy in (-1, 1) for dx in (-1, 1)) / 4
    red_row = (plane == 0).any(axis=1)[:, None]
    mine, other = np.where(green, side, chroma), np.where(green, over, corners)
    red, blue = g - np.where(red_row, mine, other), g - np.where(red_row, other, mine)
    return np.stack([red, g, blue], axis=-1)[REACH:-REACH, REACH:-REACH]
