"""Connected parts of a mask, and those among them that look like a patch: even, and of a parallelogram's shape.

Runs of rows are joined by union-find with pointer jumping (after Shiloach and Vishkin, 1982), all of them at once.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from lichtbild.color import Floats
from lichtbild.record import record

_FILL = (0.80, 1.12)  # area over that of a parallelogram with the same second moments; an ellipse has 1.05
_LONGEST = 3.2  # length over width


@record
class Parts:
    """(n, ...) of each part: centre (x, y) in pixels, area, covariance (xx, yy, xy)."""

    centre: Floats
    area: Floats
    covariance: Floats


def label(mask: npt.NDArray[np.bool_]) -> tuple[npt.NDArray[np.int64], int]:
    """(h, w) number of the part of each pixel, from 1; 0 outside. Neighbours share a side."""
    h, w = mask.shape
    padded = np.zeros((h, w + 1), bool)
    padded[:, 1:] = mask
    starts = padded[:, 1:] & ~padded[:, :-1]
    run = np.where(mask, np.cumsum(starts.ravel()).reshape(h, w), 0)
    count = int(run.max(initial=0))
    both = mask[1:] & mask[:-1]
    first = both.copy()
    first[:, 1:] &= ~both[:, :-1] | starts[1:, 1:] | starts[:-1, 1:]
    above, below = run[:-1][first], run[1:][first]
    parent = np.arange(count + 1)
    while True:
        a, b = parent[above], parent[below]
        low, high = np.minimum(a, b), np.maximum(a, b)
        if np.array_equal(low, high):
            break
        np.minimum.at(parent, high, low)
        while not np.array_equal(parent, parent[parent]):
            parent = parent[parent]
    return parent[run], count


def patches(even: npt.NDArray[np.bool_], least: float, most: float) -> Parts:
    """Parts of an (h, w) mask with an area from `least` to `most` pixels that are filled parallelograms."""
    numbers, count = label(even)
    area = np.bincount(numbers.ravel(), minlength=count + 1)[1:]
    chosen = np.nonzero((area >= least) & (area <= most))[0] + 1
    if not len(chosen):
        return Parts(np.zeros((0, 2)), np.zeros(0), np.zeros((0, 3)))
    index = np.zeros(count + 1, np.int64)
    index[chosen] = np.arange(1, len(chosen) + 1)
    where = index[numbers]
    y, x = np.nonzero(where)
    which = where[y, x] - 1
    n = len(chosen)

    def total(values: npt.NDArray[Any]) -> Floats:
        return np.asarray(np.bincount(which, values, n), np.float64)

    size = total(np.ones(len(x)))
    cx, cy = total(x) / size, total(y) / size
    dx, dy = x - cx[which], y - cy[which]
    # A pixel is a square: its own moment is part of the shape's.
    xx, yy, xy = total(dx * dx) / size + 1 / 12, total(dy * dy) / size + 1 / 12, total(dx * dy) / size
    determinant = np.maximum(xx * yy - xy * xy, 1e-12)
    fill = size / (12 * np.sqrt(determinant))
    half, root = (xx + yy) / 2, np.hypot((xx - yy) / 2, xy)
    longish = np.sqrt((half + root) / np.maximum(half - root, 1e-9))
    inside = (cx > 1) & (cy > 1)
    good = (fill > _FILL[0]) & (fill < _FILL[1]) & (longish < _LONGEST) & inside
    return Parts(np.stack([cx, cy], 1)[good], size[good], np.stack([xx, yy, xy], 1)[good])
