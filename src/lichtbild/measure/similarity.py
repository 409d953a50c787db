"""PSNR, and SSIM as it was published: Wang, Bovik, Sheikh, Simoncelli, "Image quality assessment: from error
visibility to structural similarity", IEEE TIP 13 (2004): Gaussian window of 11 x 11, sigma 1.5, K1 = 0.01, K2 = 0.03.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from lichtbild.measure.filters import Plane, blurred_inside

RADIUS, SIGMA = 5, 1.5
C1, C2 = 0.01**2, 0.03**2
_BAND = 512  # rows at a time


def decibels(a: float, b: float) -> float:
    """10 log10 of a ratio; NaN unless both are positive."""
    return float(10 * np.log10(a / b)) if a > 0 and b > 0 else float("nan")


def psnr(a: npt.NDArray[Any], b: npt.NDArray[Any], peak: float = 1.0) -> float:
    """Peak signal over the mean square error of all samples, in dB; infinite where there is no difference."""
    total = 0.0
    for top in range(0, len(a), _BAND):
        total += float(np.square(np.subtract(a[top : top + _BAND], b[top : top + _BAND], dtype=np.float64)).sum())
    return float(10 * np.log10(peak * peak * a.size / total)) if total > 0 else float("inf")


def ssim_map(a: Plane, b: Plane) -> Plane:
    """(h - 10, w - 10) structural similarity of two planes of 0..1, where the window lies inside them."""
    h, w = a.shape
    out = np.empty((h - 2 * RADIUS, w - 2 * RADIUS), np.float32)
    for top in range(0, len(out), _BAND):
        rows = slice(top, min(top + _BAND, len(out)) + 2 * RADIUS)
        x, y = a[rows], b[rows]
        # About the middle of the range, where the squares of float32 lose least.
        mx, my, xx, yy, xy = (
            blurred_inside(v, SIGMA, RADIUS)
            for v in (x, y, (x - 0.5) ** 2, (y - 0.5) ** 2, (x - np.float32(0.5)) * (y - np.float32(0.5)))
        )
        vx, vy, vxy = xx - (mx - 0.5) ** 2, yy - (my - 0.5) ** 2, xy - (mx - 0.5) * (my - 0.5)
        light = (2 * mx * my + C1) / (mx * mx + my * my + C1)
        out[top : top + _BAND] = light * (2 * vxy + C2) / (np.maximum(vx, 0) + np.maximum(vy, 0) + C2)
    return out


def ssim(a: Plane, b: Plane) -> float:
    """Mean of `ssim_map`."""
    return float(ssim_map(a, b).mean(dtype=np.float64))
