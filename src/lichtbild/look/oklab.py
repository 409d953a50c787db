"""Oklab (Ottosson, "A perceptual color space for image processing", 2020) from and to linear RGB, as matrices.

Here every row of the first matrix is scaled so that white (1, 1, 1) has the cone responses (1, 1, 1) exactly: neutral
stays neutral to the last bit of a float.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from lichtbild.color import rgb_to_xyz

Floats = npt.NDArray[np.float64]

XYZ_TO_CONES: Floats = np.array(
    [
        [0.8189330101, 0.3618667424, -0.1288597137],
        [0.0329845436, 0.9293118715, 0.0361456387],
        [0.0482003018, 0.2643662691, 0.6338517070],
    ]
)
CONES_TO_LAB: Floats = np.array(
    [
        [0.2104542553, 0.7936177850, -0.0040720403],
        [1.9779984951, -2.4285922050, 0.4505937099],
        [0.0259040371, 0.7827717662, -0.8086758033],
    ]
)


def cones_from_rgb(space: str) -> Floats:
    """Linear RGB of a space to Oklab's cone responses; rows sum to 1."""
    matrix: Floats = XYZ_TO_CONES @ rgb_to_xyz(space)
    return np.asarray(matrix / matrix.sum(axis=1, keepdims=True))


def lab_from_rgb(rgb: npt.ArrayLike, space: str) -> Any:
    """Oklab of (..., 3) linear RGB."""
    return np.cbrt(np.asarray(rgb, np.float64) @ cones_from_rgb(space).T) @ CONES_TO_LAB.T


def rgb_from_lab(lab: npt.ArrayLike, space: str) -> Any:
    """Linear RGB of (..., 3) Oklab."""
    cones = (np.asarray(lab, np.float64) @ np.linalg.inv(CONES_TO_LAB).T) ** 3
    return cones @ np.linalg.inv(cones_from_rgb(space)).T


def neutral(matrix: npt.NDArray[Any]) -> npt.NDArray[np.float32]:
    """A matrix with rows that add up to 1, so that grey stays grey."""
    return np.asarray(matrix / matrix.sum(axis=1, keepdims=True), np.float32)
