"""Mosaics of pictures."""

from __future__ import annotations

import numpy as np


def planes_of(shape: tuple[int, int], cfa: str) -> np.ndarray:
    """(h, w) index of the colour of each pixel."""
    h, w = shape
    tile = np.array(["RGB".index(colour) for colour in cfa]).reshape(2, 2)
    return np.tile(tile, (h // 2 + 1, w // 2 + 1))[:h, :w]


def mosaic_of(rgb: np.ndarray, cfa: str) -> np.ndarray:
    return np.take_along_axis(rgb, planes_of(rgb.shape[:2], cfa)[..., None], axis=2)[..., 0]
