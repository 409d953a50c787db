"""IlluminantData of DNG 1.6 and later: the light of a calibration as a chromaticity, or as its spectrum.

The observer is the CIE's of 1931 in the closed form of Wyman, Sloan and Shirley, "Simple Analytic Approximations to the
CIE XYZ Color Matching Functions" (2013): of daylight, lamplight, LEDs and tubes its chromaticities are within 0.002.
"""

from __future__ import annotations

import struct

import numpy as np

from lichtbild.color import Chromaticity, Floats

MOST = 1000  # samples of a spectrum

# Height, centre, and slope below and above it, of each lobe of x, y and z.
_LOBES = (
    ((1.056, 599.8, 0.0264, 0.0323), (0.362, 442.0, 0.0624, 0.0374), (-0.065, 501.1, 0.0490, 0.0382)),
    ((0.821, 568.8, 0.0213, 0.0247), (0.286, 530.9, 0.0613, 0.0322)),
    ((1.217, 437.0, 0.0845, 0.0278), (0.681, 459.0, 0.0385, 0.0725)),
)


def chromaticity(data: bytes, order: str) -> Chromaticity | None:
    """Of the tag's bytes, in the file's byte order ("<" or ">"); None where they say nothing that can be."""
    if len(data) < 2:
        return None
    (kind,) = struct.unpack_from(f"{order}H", data)
    xy = _spectral(data, order) if kind == 1 else _pair(data, order) if kind == 0 else None
    if xy is None:
        return None
    x, y = xy
    return (x, y) if 0.05 < x < 0.9 and 0.05 < y < 0.9 and x + y < 1 else None


def observer(wavelengths: Floats) -> Floats:
    """(n, 3) of the CIE 1931 observer at wavelengths in nm."""
    sums = []
    for lobes in _LOBES:
        total = np.zeros(len(wavelengths))
        for height, centre, below, above in lobes:
            away = wavelengths - centre
            total += height * np.exp(-0.5 * (away * np.where(away < 0, below, above)) ** 2)
        sums.append(total)
    return np.stack(sums, axis=1)


def _pair(data: bytes, order: str) -> Chromaticity | None:
    if len(data) < 18:
        return None
    a, b, c, d = struct.unpack_from(f"{order}IIII", data, 2)
    return (a / b, c / d) if b and d else None


def _spectral(data: bytes, order: str) -> Chromaticity | None:
    """Number of samples, first wavelength and step in nm, and the samples, all but the first as rationals."""
    if len(data) < 22:
        return None
    (count,) = struct.unpack_from(f"{order}I", data, 2)
    if not 2 <= count <= MOST or len(data) < 22 + 8 * count:
        return None
    stored = np.frombuffer(data, f"{order}u4", 4 + 2 * count, 6).astype(np.float64).reshape(-1, 2)
    if not stored[:, 1].all():
        return None
    values = stored[:, 0] / stored[:, 1]
    first, step, power = values[0], values[1], values[2:]
    wavelengths = first + step * np.arange(count)
    if not (step > 0 and power.max() > 0 and wavelengths[0] <= 450 and wavelengths[-1] >= 600):
        return None
    fine = np.arange(380.0, 781.0, min(step, 5.0))
    xyz = np.interp(fine, wavelengths, power, 0, 0) @ observer(fine)
    x, y = xyz[:2] / xyz.sum()
    return float(x), float(y)
