"""How far a picture moved between two frames: phase correlation (Kuglin and Hines, 1975) of nine parts of the
mosaic."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt


def shift_between(a: npt.NDArray[Any], b: npt.NDArray[Any]) -> float:
    """Pixels of the mosaic, the largest of nine parts whose match is sure; 0 where nothing moved or nothing is to be
    seen."""
    planes = [_binned(m) for m in (a, b)]
    height, width = planes[0].shape
    side = min(256, height // 2, width // 2)
    found = [0.0]
    for y in np.linspace(0, height - side, 3).astype(int):
        for x in np.linspace(0, width - side, 3).astype(int):
            one, two = (p[y : y + side, x : x + side] for p in planes)
            found.append(2 * _shift(one, two))
    return max(found)


def picture_shift(a: npt.NDArray[Any], b: npt.NDArray[Any]) -> float:
    """Pixels by which all of a picture lies beside another: the median over nine parts of (h, w) planes of luma.
    0 where the parts do not agree."""
    side = min(256, a.shape[0] // 2, a.shape[1] // 2)
    found = []
    for y in np.linspace(0, a.shape[0] - side, 3).astype(int):
        for x in np.linspace(0, a.shape[1] - side, 3).astype(int):
            found.append(_shift(a[y : y + side, x : x + side], b[y : y + side, x : x + side]))
    shift = float(np.median(found))
    return shift if sum(abs(s - shift) < 0.5 for s in found) >= 6 else 0.0


def _binned(mosaic: npt.NDArray[Any]) -> npt.NDArray[np.float32]:
    """Sums of 2 x 2 mosaic pixels, or the green of a linear raw at half its size."""
    if mosaic.ndim == 3:
        mosaic = mosaic[..., 1]
    h, w = (n // 2 * 2 for n in mosaic.shape)
    m = mosaic[:h, :w]
    return np.asarray(m[0::2, 0::2].astype(np.float32) + m[0::2, 1::2] + m[1::2, 0::2] + m[1::2, 1::2], np.float32)


def _shift(a: npt.NDArray[np.float32], b: npt.NDArray[np.float32]) -> float:
    """Distance in pixels to the peak, to a tenth or so; 0 where no shift explains the difference better than none."""
    side = len(a)
    window = np.hanning(side)[:, None] * np.hanning(side)[None, :]
    spectra = [np.fft.rfft2((p - p.mean()) * window) for p in (a, b)]
    cross = spectra[1] * np.conj(spectra[0])
    peak = np.fft.irfft2(cross / np.maximum(np.abs(cross), 1e-9), (side, side))
    row, column = np.unravel_index(int(np.argmax(peak)), peak.shape)
    if peak[row, column] < 6 * float(peak.std()):
        return 0.0
    dy, dx = (float(_fine(np.take(peak, [(at + k) % side for k in (-1, 0, 1)], axis), other, 1 - axis)) + at
              for at, axis, other in ((int(row), 0, int(column)), (int(column), 1, int(row))))  # fmt: skip
    dy, dx = (v - side if v > side / 2 else v for v in (dy, dx))
    distance = float(np.hypot(dy, dx))
    return distance if distance > 0.15 else 0.0


def _fine(three: npt.NDArray[np.float64], at: int, axis: int) -> float:
    """Offset of the maximum of a parabola through three values."""
    low, middle, high = (float(v) for v in np.take(three, at, axis))
    bend = low - 2 * middle + high
    return float(np.clip(0.5 * (low - high) / bend, -0.5, 0.5)) if bend < 0 else 0.0
