"""How much detail a frame has beyond its noise: what tells the sharpest one, and one that is blurred beyond use."""

from __future__ import annotations

import numpy as np

from lichtbild import native
from lichtbild.burst.align import DETAILED, NOISE_GRADIENT, PAD, gray_scale, pyramid, tile_grid
from lichtbild.carriers import FloatImage, Frame

BLURRED = 0.25  # share of the reference's detail below which a frame is useless


def detail_of(levels: list[FloatImage]) -> FloatImage:
    """(rows, columns) mean squared gradient of the finest grey level's tiles, in units of the noise.

    The middle half of the height and width speaks for the frame.
    """
    level = levels[0]
    height, width = level.shape
    if min(height, width) > 8 * PAD:
        level = level[height // 4 : -(height // 4), width // 4 : -(width // 4)]
    rows, columns = tile_grid(level)
    out = np.empty((4, rows, columns), np.float32)
    native.call("align_refine", level, level, np.zeros((2, rows, columns), np.float32), 1.0, out)
    detail: FloatImage = out[3]
    return detail


def sharpness(levels: list[FloatImage]) -> float:
    """Mean squared gradient beyond what noise makes, in units of the noise."""
    return max(float(detail_of(levels).mean()) - NOISE_GRADIENT, 1e-3)


def is_blurred(levels: list[FloatImage], reference: list[FloatImage]) -> bool:
    """True when a frame has lost the detail that the reference has; without any in the reference none can be lost."""
    theirs, own = (np.sort(detail_of(each), axis=None) for each in (reference, levels))
    detailed = int(np.count_nonzero(theirs > 1.25 * DETAILED))
    if detailed < max(4, 0.02 * theirs.size):
        return False
    theirs, own = theirs[-detailed:] - NOISE_GRADIENT, own[-detailed:] - NOISE_GRADIENT
    return bool(own.sum() < BLURRED * theirs.sum())


def score(frame: Frame) -> tuple[float, float]:
    """Sharpness, and mean light in 0..1."""
    scale = gray_scale(frame)
    levels = pyramid(frame, scale)
    coarse = levels[-1][PAD:-PAD, PAD:-PAD] / np.float32(scale.stretch)
    return sharpness(levels), max(float(np.mean(coarse * coarse)) - scale.shift, 1e-6)
