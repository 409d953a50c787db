"""How much of each pixel filled outlines cover: sub-scanlines with exact ends.

Each row of pixels is cut by `LINES` lines. Where a line crosses the outlines is exact, and so is how much of each
pixel a span on it covers; so upright edges are exact, and slanted ones are within 1/`LINES`.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

LINES = 16
MOST_CROSSINGS = 1_000_000
Points = npt.NDArray[np.float64]


def coverage(outlines: Sequence[Points], shape: tuple[int, int], *, even_odd: bool) -> npt.NDArray[np.float32]:
    """(h, w) float32, 0 to 1: cover of each pixel by closed polygons of (x, y), pixel (0, 0) from 0 to 1."""
    height, width = shape
    tall = sum(float(np.abs(np.diff(np.clip(o[:, 1], 0, height))).sum()) for o in outlines)
    if tall * LINES > MOST_CROSSINGS and height > 1:  # in parts, so that no outline takes much memory
        half = height // 2
        parts = ((0, half), (half, height - half))
        below = [[o - (0.0, top) for o in outlines] for top, _ in parts]
        both = [coverage(o, (rows, width), even_odd=even_odd) for o, (_, rows) in zip(below, parts, strict=True)]
        return np.concatenate(both)
    row, x, winding = _crossings(outlines, height * LINES)
    out = np.zeros((height, width + 2))
    if not row.size:
        return np.zeros(shape, np.float32)
    order = np.lexsort((x, row))
    row, x, winding = row[order], x[order], winding[order]
    inside = np.cumsum(winding)  # every line of closed outlines ends at 0, so the next one begins there
    filled = (inside[:-1] % 2 != 0 if even_odd else inside[:-1] != 0) & (row[1:] == row[:-1])
    line = row[:-1][filled] // LINES
    for end, sign in ((x[:-1][filled], 1.0), (x[1:][filled], -1.0)):
        # A step from 0 to 1 at `end`, as differences along the row: its pixel has a part of it, the next one the rest.
        clipped = np.clip(end, 0.0, width)
        pixel = clipped.astype(np.int64)
        part = clipped - pixel
        np.add.at(out, (line, pixel), sign * (1.0 - part) / LINES)
        np.add.at(out, (line, pixel + 1), sign * part / LINES)
    return np.clip(np.cumsum(out, axis=1)[:, :width], 0.0, 1.0).astype(np.float32)


def _crossings(
    outlines: Sequence[Points], lines: int
) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.float64], npt.NDArray[np.int64]]:
    """Line, place and direction of every crossing of an edge with the middle of a sub-scanline."""
    starts = np.concatenate(list(outlines) or [np.zeros((0, 2))])
    ends = np.concatenate([np.roll(o, -1, axis=0) for o in outlines] or [np.zeros((0, 2))])
    y0, y1 = starts[:, 1] * LINES - 0.5, ends[:, 1] * LINES - 0.5
    low, high = np.minimum(y0, y1), np.maximum(y0, y1)
    first = np.clip(np.ceil(low), 0, lines).astype(np.int64)
    count = np.maximum(np.clip(np.ceil(high), 0, lines).astype(np.int64) - first, 0)
    edge = np.repeat(np.arange(len(starts)), count)
    within = np.arange(edge.size) - np.repeat(np.cumsum(count) - count, count)
    row = first[edge] + within
    share = (row - y0[edge]) / (y1 - y0)[edge]
    x = starts[edge, 0] + share * (ends[edge, 0] - starts[edge, 0])
    return row, x, np.where(y1 > y0, 1, -1)[edge]
