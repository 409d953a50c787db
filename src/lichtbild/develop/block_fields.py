"""Fields on the blocks of a frame: neighbours, smoothing, sampling, and filling where nothing is known."""

from __future__ import annotations

import functools
from typing import Any

import numpy as np
import numpy.typing as npt

from lichtbild.carriers import FloatImage
from lichtbild.color import Floats

BLOCK = 16  # pixels
PRIOR = 1e-3  # evidence for neutral, against that of the whole picture


def widest(a: npt.NDArray[Any], around: int) -> npt.NDArray[Any]:
    """The largest value up to `around` blocks away in the last two axes."""
    for axis in (-2, -1):
        pad = [(0, 0)] * a.ndim
        pad[axis] = (around, around)
        padded = np.moveaxis(np.pad(a, pad, mode="edge"), axis, 0)
        n = a.shape[axis]
        a = np.moveaxis(functools.reduce(np.maximum, (padded[k : k + n] for k in range(2 * around + 1))), 0, axis)
    return a


def on_image(mask: npt.NDArray[np.bool_], rows: Floats, columns: Floats) -> npt.NDArray[np.bool_]:
    """What a mask of the frame's blocks says of the blocks of the image, whose corners lie at `rows`, `columns`."""
    down, along = (
        np.clip(at[:-1].astype(int) // BLOCK, 0, n - 1) for at, n in zip((rows, columns), mask.shape, strict=True)
    )
    return np.asarray(mask[np.ix_(down, along)], np.bool_)


def smooth(a: FloatImage, passes: int) -> FloatImage:
    """Binomial smoothing (1 2 1)/4 of the last two axes, edges repeated."""
    a = np.ascontiguousarray(a)
    for _ in range(passes):
        for axis in (-2, -1):
            # Rows end to end in one line, where numpy is quick; sums across their ends are put right after it.
            step = a.shape[-1] if axis == -2 else 1
            line = a.reshape(-1, a.shape[-2] * step) if axis == -2 else a.reshape(1, -1)
            pairs, out = line[:, step:] + line[:, :-step], np.empty_like(line)
            np.add(pairs[:, step:], pairs[:, :-step], out=out[:, step:-step])
            before, a = np.moveaxis(a, axis, 0), out.reshape(a.shape)
            after = np.moveaxis(a, axis, 0)
            for end, beside in ((0, 1), (-1, -2)) if len(before) > 1 else ((0, 0),):
                after[end] = (before[end] + before[beside]) + 2 * before[end]
    return a * a.dtype.type(0.0625**passes)


def halved(a: FloatImage) -> FloatImage:
    """Means of 2x2 over the last two axes; the last row or column is repeated."""
    for axis in (1, 2):
        if a.shape[axis] % 2:
            a = np.concatenate([a, a[:, -1:] if axis == 1 else a[:, :, -1:]], axis)
        a = a[:, 0::2] + a[:, 1::2] if axis == 1 else a[:, :, 0::2] + a[:, :, 1::2]
    return a * np.float32(0.25)


def pull_push(value: FloatImage, evidence: FloatImage) -> FloatImage:
    """Fill (n, h, w) values where evidence (0..1) is scarce from coarser and coarser means; without any they are 0."""
    if max(value.shape[1:]) == 1:
        return value * evidence / (evidence + np.float32(PRIOR))
    coarse = halved(evidence)
    mean = np.asarray(halved(value * evidence) / np.maximum(coarse, 1e-12), np.float32)
    filled = pull_push(mean, np.minimum(coarse * 2, 1))
    wide = doubled(doubled(filled, 1, value.shape[1]), 2, value.shape[2])
    return np.asarray(wide + evidence * (value - wide), np.float32)


def doubled(a: FloatImage, axis: int, n: int) -> FloatImage:
    """Bilinear samples between means of two, n of them along that axis, edges repeated."""
    a = np.moveaxis(a, axis, 0)
    out = np.empty((2 * len(a), *a.shape[1:]), np.float32)
    own, other = np.float32(0.75) * a, np.float32(0.25) * a
    for i, beside in ((0, np.concatenate([other[:1], other[:-1]])), (1, np.concatenate([other[1:], other[-1:]]))):
        np.add(own, beside, out=out[i::2])
    return np.moveaxis(out[:n], 0, axis)


def sample(a: FloatImage, rows: Floats, columns: Floats) -> FloatImage:
    """Bilinear samples of the last two axes of (n, h, w) at fractional positions, edges repeated."""
    for axis, at in ((1, rows), (2, columns)):
        last = a.shape[axis] - 1
        at = np.clip(at, 0, last)
        low = np.minimum(at.astype(int), max(last - 1, 0))
        part = (at - low).astype(np.float32)
        part = part[:, None] if axis == 1 else part
        near = np.take(a, low, axis)
        a = near + part * (np.take(a, np.minimum(low + 1, last), axis) - near)
    return a
