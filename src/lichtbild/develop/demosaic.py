"""Demosaicing: three colours at every pixel, from a mosaic alone or on the way from the sensor to the working space."""

from __future__ import annotations

from typing import TypeVar

import numpy as np
import numpy.typing as npt

from lichtbild import native
from lichtbild.carriers import FloatImage, Frame, HalfImage

T = TypeVar("T", np.float16, np.float32)
TILE = (256, 704)  # quads, the most rows and columns of a tile
LANES = 16  # quads that a vector holds, as in kernels/develop_quads.py


def demosaic(mosaic: npt.ArrayLike, cfa: str) -> FloatImage:
    """(h, w) mosaic, about 0..1, gamma-like -> (h, w, 3) in the same encoding; see `kernels/develop_bayer.py`.

    cfa: "RGGB", "BGGR", "GRBG" or "GBRG", of the site (0, 0) and on in reading order.
    """
    plane = np.ascontiguousarray(mosaic, np.float32)
    phase = divmod(cfa.index("R"), 2)
    shape, tile = _room(plane.shape, phase)
    out = np.empty(shape, np.float32)
    native.call("demosaic", plane, *phase, *tile, out)
    return _cut(out, phase, (0, 0, *plane.shape)).transpose(1, 2, 0)


def develop_mosaic(
    frame: Frame, crop: tuple[int, int, int, int], neutral: npt.ArrayLike, matrix: npt.ArrayLike
) -> HalfImage:
    """The crop (y, x, height, width) of a frame as (3, height, width) float16 linear Rec. 2020.

    neutral: camera RGB of white, by which colours are divided; matrix: (3, 3) from there to the working space.
    """
    black = np.array(frame.black_level, np.float64)
    planes = ["RGB".index(color) for color in frame.cfa]
    gain = 1.0 / (frame.white_level - black) / np.asarray(neutral, np.float64)[planes]
    shading = np.ones((4, 1, 1), np.float32)
    if frame.shading is not None:
        shading = np.ascontiguousarray(frame.shading.transpose(2, 0, 1), np.float32)
    # Four deviations of the noise in the dark stay above the root's zero.
    dark = max(o / n**2 for o, n in zip(frame.noise_profile.offset, np.asarray(neutral, np.float64), strict=True))
    lift = 4.0 * dark**0.5 + 1e-4
    phase = frame.color_phase
    shape, tile = _room(frame.mosaic.shape, phase)
    out = np.empty(shape, np.float16)
    native.call(
        "develop_mosaic",
        frame.mosaic, shading, black.astype(np.float32), gain.astype(np.float32), np.asarray(matrix, np.float32),
        lift, *phase, *tile, out,
    )  # fmt: skip
    return _cut(out, phase, crop)


def _room(shape: tuple[int, ...], phase: tuple[int, int]) -> tuple[tuple[int, int, int], tuple[int, int]]:
    """The shape of planes of whole tiles for a mosaic that begins `phase` inside them, and the tiles' size."""
    rows, columns = (-(-(n + p) // 2) for n, p in zip(shape, phase, strict=True))
    down, right = -(-rows // TILE[0]), -(-columns // TILE[1])
    height, width = -(-rows // down), -(-columns // (LANES * right))
    return (3, 2 * down * height, 2 * right * width * LANES), (height, width)


def _cut(planes: npt.NDArray[T], phase: tuple[int, int], crop: tuple[int, int, int, int]) -> npt.NDArray[T]:
    y, x, height, width = crop[0] + phase[0], crop[1] + phase[1], crop[2], crop[3]
    return planes[:, y : y + height, x : x + width]
