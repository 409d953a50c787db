"""Demosaicing: three colours at every pixel, from a mosaic alone or on the way from the sensor to the working space."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from lichtbild import native
from lichtbild.carriers import FloatImage, Frame

STRIP = (128, 512)  # least rows and columns of the kernels' output


def demosaic(mosaic: npt.ArrayLike, cfa: str) -> FloatImage:
    """(h, w) mosaic in any encoding, best one of even noise -> (h, w, 3) in the same, by LMMSE (Zhang and Wu 2005).

    cfa: "RGGB", "BGGR", "GRBG" or "GBRG", of the site (0, 0) and on in reading order.
    """
    plane = np.ascontiguousarray(mosaic, np.float32)
    height, width = plane.shape
    out = _room(height, width)
    native.call("demosaic", plane, *divmod(cfa.index("R"), 2), out)
    return np.ascontiguousarray(out[:, :height, :width]).transpose(1, 2, 0)


def develop_mosaic(
    frame: Frame, crop: tuple[int, int, int, int], neutral: npt.ArrayLike, matrix: npt.ArrayLike
) -> FloatImage:
    """The crop (y, x, height, width) of a frame as (3, height, width) float32 linear Rec. 2020.

    neutral: camera RGB of white, by which colours are divided; matrix: (3, 3) from there to the working space.
    """
    y, x, height, width = crop
    black = np.array(frame.black_level, np.float64)
    planes = ["RGB".index(color) for color in frame.cfa]
    gain = 1.0 / (frame.white_level - black) / np.asarray(neutral, np.float64)[planes]
    shading = np.ones((4, 1, 1), np.float32)
    if frame.shading is not None:
        shading = np.ascontiguousarray(frame.shading.transpose(2, 0, 1), np.float32)
    # Four deviations of the noise in the dark stay above the root's zero.
    dark = max(o / n**2 for o, n in zip(frame.noise_profile.offset, np.asarray(neutral, np.float64), strict=True))
    lift = 4.0 * dark**0.5 + 1e-4
    out = _room(height, width)
    native.call(
        "develop_mosaic",
        frame.mosaic, shading, black.astype(np.float32), gain.astype(np.float32), np.asarray(matrix, np.float32),
        lift, *frame.color_phase, y, x, out,
    )  # fmt: skip
    return np.ascontiguousarray(out[:, :height, :width])


def _room(height: int, width: int) -> FloatImage:
    return np.empty((3, max(height, STRIP[0]), max(width, STRIP[1])), np.float32)
