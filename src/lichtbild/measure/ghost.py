"""Ghosts: structure that is in the picture and not in the truth, where things moved.

The difference is softened so that noise averages out; of what is left, its deviation inside the motion mask beyond
that outside, in per cent of the truth's own contrast there. 0 is none; a half-transparent double has 50.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from lichtbild.measure.filters import Plane, blurred, halved
from lichtbild.record import record

# Everything is done at half the size, as noise has to be averaged out anyway.
_SOFT = 1.0  # pixels of that
_MIDDLE = 2.0
_WIDE = 4.0
_C = 0.03**2
_UNLIKE = 0.6  # structural likeness below which two pictures show different things


@record
class Ghost:
    """index: per cent.   inside, outside: deviation of the softened difference there, in per cent of full scale.
    area: share of the picture in the mask."""

    index: float
    inside: float
    outside: float
    area: float


def ghost_index(image: Plane, truth: Plane, mask: npt.NDArray[np.bool_]) -> Ghost:
    """Of luma planes 0..1. mask: where things move."""
    area = float(mask.mean())
    if not 0 < np.count_nonzero(mask) < mask.size:
        return Ghost(float("nan"), float("nan"), float("nan"), area)
    image, truth = halved(image), halved(truth)
    mask = mask[: truth.shape[0] * 2 : 2, : truth.shape[1] * 2 : 2]
    difference = blurred(image - truth, _SOFT)
    # A difference of level alone, as of another tone curve, is no structure.
    structure = (difference - blurred(difference, _WIDE)) ** 2
    contrast = np.maximum(blurred((truth - 0.5) ** 2, _WIDE) - (blurred(truth, _WIDE) - 0.5) ** 2, 0)
    inside, outside = (float(structure[m].mean(dtype=np.float64)) for m in (mask, ~mask))
    scale = float(contrast[mask].mean(dtype=np.float64)) + 1e-6
    index = 100 * float(np.sqrt(max(inside - outside, 0.0) / scale))
    return Ghost(index, 100 * inside**0.5, 100 * outside**0.5, area)


def motion_mask(a: Plane, b: Plane) -> npt.NDArray[np.bool_]:
    """Where two pictures show different things: their softened structures do not agree, and are more than noise."""
    x, y = blurred(halved(a), _SOFT), blurred(halved(b), _SOFT)
    dx, dy = x - blurred(x, _MIDDLE), y - blurred(y, _MIDDLE)
    xx, yy, xy = (blurred(v, _MIDDLE) for v in (dx * dx, dy * dy, dx * dy))
    alike = (2 * xy + _C / 9) / (xx + yy + _C / 9)
    small = blurred((alike < _UNLIKE).astype(np.float32), 1.5) > 0.3
    mask = np.zeros(a.shape, np.bool_)
    full = np.repeat(np.repeat(small, 2, 0), 2, 1)
    mask[: full.shape[0], : full.shape[1]] = full
    return mask
