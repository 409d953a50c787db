"""What an alternate shows at the reference's pixels: all colours interpolated, then displaced."""

from __future__ import annotations

import numpy as np

from lichtbild import native
from lichtbild.carriers import FloatImage, Frame, Mosaic

MARGIN = 16  # as in kernels/burst_interpolate.py
STRIP = (512, 128)
PEDESTAL, UNIT = 4096.0, 56000.0
BLOCK_X, BLOCK_Y = 16, 8


def interpolate_planes(frame: Frame) -> Mosaic:
    """(3, h + 2 MARGIN, w + 2 MARGIN) uint16 planes R, G, B in the units of `kernels/burst_interpolate.py`."""
    height, width = frame.mosaic.shape
    shape = (3, max(height + 2 * MARGIN, STRIP[1]), max(width + 2 * MARGIN, STRIP[0]))
    planes = np.empty(shape, np.uint16)
    neutral = np.array(frame.metadata.color.as_shot_neutral or (0.5, 1.0, 0.6), np.float32)
    balance = np.clip(neutral[1] / np.maximum(neutral, 1e-3), 0.25, 8.0).astype(np.float32)
    native.call(
        "burst_planes",
        frame.mosaic,
        np.array(frame.black_level, np.float32),
        balance,
        1.0 / (frame.white_level - sum(frame.black_level) / 4),
        *frame.color_phase,
        planes,
    )
    return planes


def warp(
    planes: Mosaic, flow: FloatImage, shape: tuple[int, ...], source: tuple[int, ...], color_phase: tuple[int, int]
) -> Mosaic:
    """The (h, w) mosaic at positions displaced by `flow`, see `Alignment`; 0 outside the source's (h, w)."""
    height, width = shape
    blocks = np.empty((2, -(-height // BLOCK_Y), -(-width // BLOCK_X)), np.float32)
    native.call("burst_blocks", flow, blocks)
    warped = np.empty((height, width), np.uint16)
    native.call("burst_warp", planes, blocks, *color_phase, source[1], source[0], warped)
    return warped
