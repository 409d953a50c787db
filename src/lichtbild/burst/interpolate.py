"""What an alternate shows at the reference's pixels: all colours interpolated, then displaced."""

from __future__ import annotations

import numpy as np

from lichtbild import native
from lichtbild.carriers import FloatImage, Frame, Mosaic

MARGIN = 16  # as in kernels/burst_interpolate.py
STRIP = (512, 128)
PEDESTAL, UNIT = 4096.0, 56000.0
BLOCK_X, BLOCK_Y = 16, 8


def empty_planes(shape: tuple[int, ...]) -> Mosaic:
    """Memory for the planes of a mosaic of this shape: new memory costs as much time as what is put into it, so a burst
    uses the same one again."""
    return np.empty((3, max(shape[0] + 2 * MARGIN, STRIP[1]), max(shape[1] + 2 * MARGIN, STRIP[0])), np.uint16)


def interpolate_planes(frame: Frame, planes: Mosaic) -> None:
    """Fill `empty_planes` with R, G, B in the units of `kernels/burst_interpolate.py`, (3, h + 2 MARGIN, w + 2 MARGIN)
    and what lies beyond."""
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


def warp(
    planes: Mosaic, flow: FloatImage, source: tuple[int, ...], color_phase: tuple[int, int], warped: Mosaic
) -> None:
    """Fill the (h, w) mosaic `warped` from positions displaced by `flow`, see `Alignment`; with 0 where those lie
    outside the source's (h, w)."""
    height, width = warped.shape
    blocks = np.empty((2, -(-height // BLOCK_Y), -(-width // BLOCK_X)), np.float32)
    native.call("burst_blocks", flow, blocks)
    native.call("burst_warp", planes, blocks, *color_phase, source[1], source[0], False, warped)
