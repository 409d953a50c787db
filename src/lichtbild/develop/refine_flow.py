"""Which of two motions a part of a frame follows: its own, or that of the camera.

Fine patterns alias in the grey tiles that frames are aligned by, and may seem to move by themselves. The merged and
demosaiced picture knows better: of what it says of a tile's own sites after each of the motions, one fits.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from lichtbild import native
from lichtbild.burst.interpolate import BLOCK_X, BLOCK_Y, PEDESTAL
from lichtbild.carriers import FloatImage, Mosaic

TILE = 32  # mosaic pixels of a tile of the flow
ACROSS = 64  # tiles side by side, in which they are looked at together
LEAST = 0.5  # share of a tile's sites that both motions must find
ROWS = np.arange(TILE)[:, None]
COLUMNS = 8 * np.arange(TILE // 8) + np.array([0, 3, 5, 6])[ROWS % 4]  # an eighth of the sites, of all colours
SITE = 2 * (ROWS % 2) + COLUMNS % 2
Whole = npt.NDArray[np.int_]


def settled(
    flow: FloatImage,
    steady: FloatImage,
    mosaic: Mosaic,
    planes: Mosaic,
    color_phase: tuple[int, int],
    levels: tuple[FloatImage, FloatImage],
    *,
    spline: bool = True,
) -> FloatImage:
    """The flow, with the camera's motion in tiles where that fits no worse.

    flow, steady: (2, rows, columns) of the tiles, and of the camera alone; mosaic: the frame's numbers; planes: the
    picture's spline coefficients, as burst_warp takes them; levels: (4,) black of the sites, and gain to their units.
    """
    own = np.nonzero(np.any(flow != steady, axis=0))
    if not own[0].size:
        return flow
    errors = []
    for motion in (each[:, own[0], own[1]] for each in (flow, steady)):
        top, left = (
            np.clip(TILE * tile + np.rint(moved).astype(int), 0, side - TILE) // 2 * 2
            for tile, moved, side in zip(own, motion, mosaic.shape, strict=True)
        )
        told = _told(np.stack([top, left]), motion, planes, color_phase, mosaic.shape, spline)[:, ROWS, COLUMNS]
        numbers = mosaic[top[:, None, None] + ROWS, left[:, None, None] + COLUMNS]
        light = (numbers - levels[0][SITE]) * levels[1][SITE]
        known = told > 0
        apart = np.where(known, light + np.float32(PEDESTAL) - told, np.float32(0))
        share = known.mean((1, 2))
        errors.append(np.where(share < LEAST, np.inf, np.square(apart).mean((1, 2)) / np.maximum(share, LEAST)))
    better = errors[1] <= errors[0]
    out = flow.copy()
    tiles = own[0][better], own[1][better]
    out[:, *tiles] = steady[:, *tiles]
    return out


def _told(
    corners: Whole,
    motion: FloatImage,
    planes: Mosaic,
    color_phase: tuple[int, int],
    shape: tuple[int, ...],
    spline: bool,
) -> Mosaic:
    """(n, TILE, TILE) what the picture says of tiles of the frame with these corners (2, n), even, that moved so."""
    count = corners.shape[1]
    down, across = -(-count // ACROSS), min(count, ACROSS)
    places = np.stack(np.divmod(np.arange(count), across))
    blocks = np.zeros((2, down, across), np.float32)
    blocks[:, *places] = corners - TILE * places - motion
    blocks = blocks.repeat(TILE // BLOCK_Y, 1).repeat(TILE // BLOCK_X, 2)
    out = np.empty((TILE * down, TILE * across), np.uint16)
    native.call("burst_warp", planes, blocks, *color_phase, shape[1], shape[0], spline, out)
    return out.reshape(down, TILE, across, TILE).swapaxes(1, 2).reshape(-1, TILE, TILE)[:count]
