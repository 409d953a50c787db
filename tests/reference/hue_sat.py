"""The table of hue, saturation and value for one colour at a time, step by step as DNG 1.7, chapter 6, describes it."""

from __future__ import annotations

import colorsys

import numpy as np
import numpy.typing as npt


def through(table: npt.NDArray[np.floating], rgb: tuple[float, float, float], srgb: bool = False) -> list[float]:
    """A colour of 0..1 in linear ProPhoto RGB through a (values, hues, saturations, 3) table."""
    hue, saturation, value = colorsys.rgb_to_hsv(*rgb)
    values, hues, saturations = table.shape[:3]
    level = encode(value) if srgb else value
    h, s, v = hue * hues, saturation * (saturations - 1), min(level, 1.0) * (values - 1)
    total = np.zeros(3)
    for dh in (0, 1):
        for ds in (0, 1):
            for dv in (0, 1):
                i, j, k = int(h) + dh, min(int(s), max(saturations - 2, 0)) + ds, min(int(v), max(values - 2, 0)) + dv
                weight = abs(1 - dh - (h - int(h))) * abs(1 - ds - (s - (j - ds)))
                weight *= abs(1 - dv - (v - (k - dv))) if values > 1 else 1 - dv
                if weight:
                    total += weight * table[k, i % hues, j]
    turn, scale, gain = total
    level *= gain
    return list(
        colorsys.hsv_to_rgb((hue + turn / 360) % 1, min(saturation * scale, 1.0), decode(level) if srgb else level)
    )


def encode(v: float) -> float:
    return 12.92 * v if v <= 0.0031308 else 1.055 * v ** (1 / 2.4) - 0.055


def decode(v: float) -> float:
    return v / 12.92 if v <= 0.04045 else ((v + 0.055) / 1.055) ** 2.4
