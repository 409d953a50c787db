"""Linear raw, demosaiced already, on the way to the working space."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from lichtbild import native
from lichtbild.carriers import Frame, HalfImage


def develop_linear(
    frame: Frame, crop: tuple[int, int, int, int], neutral: npt.ArrayLike, matrix: npt.ArrayLike
) -> HalfImage:
    """The crop (y, x, height, width) of a frame of three colours as (3, height, width) float16 linear Rec. 2020.

    neutral: camera RGB of white, by which colours are divided; matrix: (3, 3) from there to the working space.
    """
    top, left, height, width = crop
    black = np.array(frame.black_level[:3], np.float64)
    gain = 1.0 / (frame.white_level - black) / np.asarray(neutral, np.float64)
    shading = np.ones((3, 1, 1), np.float32)
    if frame.shading is not None:
        shading = np.ascontiguousarray(frame.shading[..., :3].transpose(2, 0, 1), np.float32)
    out = np.empty((3, height, width), np.float16)
    native.call(
        "develop_linear",
        np.ascontiguousarray(frame.mosaic), shading, black.astype(np.float32), gain.astype(np.float32),
        np.asarray(matrix, np.float32), top, left, out,
    )  # fmt: skip
    return out
