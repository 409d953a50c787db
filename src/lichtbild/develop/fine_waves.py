"""What becomes of each frequency of an enlarged picture: how much noise it has, and how it is joined and raised.

The gains are fitted (`tools/fit_superres.py`) so that the result comes nearest to known scenes, least squares for each
frequency: the cosine coefficients of a window of the true picture from those of the merged picture, and of the same
with all that the frames say beyond it.
"""

from __future__ import annotations

import numpy as np

from lichtbild.carriers import FloatImage
from lichtbild.color import Floats
from lichtbild.develop.denoise_plan import cosines

NEVER = 1e9  # times the noise, what no colour exceeds
FITTED = 2.0  # scale that the gains are fitted at
# (3, 8, 8) gains of frequencies of 0 to 7 sixteenths of a cycle per fine pixel: of what the frames say and of the
# merged picture where they stand out of noise, and of the merged picture where they do not.
GAINS = (
    (1.00, 0.83, 1.88, 2.59, 4.35, 4.44, 3.42, 1.48),
    (0.83, 1.25, 1.84, 2.53, 4.76, 4.69, 3.43, 1.08),
    (1.88, 1.84, 2.49, 3.20, 5.97, 5.35, 3.73, 0.79),
    (2.59, 2.53, 3.20, 4.13, 6.84, 5.38, 2.58, 0.37),
    (4.35, 4.76, 5.97, 6.84, 7.97, 5.73, 2.07, 0.41),
    (4.44, 4.69, 5.35, 5.38, 5.73, 1.35, 0.64, 0.08),
    (3.42, 3.43, 3.73, 2.58, 2.07, 0.64, 0.74, -0.09),
    (1.48, 1.08, 0.79, 0.37, 0.41, 0.08, -0.09, -0.24),
    (0.00, 0.24, -0.64, -1.00, -2.99, -2.68, -2.21, -0.70),
    (0.24, -0.05, -0.43, -0.76, -3.46, -2.46, -2.05, -0.28),
    (-0.64, -0.43, -0.92, -1.30, -4.90, -2.87, -2.01, 0.37),
    (-1.00, -0.76, -1.30, -1.48, -5.43, -1.63, -0.13, 1.48),
    (-2.99, -3.46, -4.90, -5.43, -6.00, 0.16, 2.10, 4.07),
    (-2.68, -2.46, -2.87, -1.63, 0.16, 2.64, 0.41, 2.17),
    (-2.21, -2.05, -2.01, -0.13, 2.10, 0.41, 2.43, 1.28),
    (-0.70, -0.28, 0.37, 1.48, 4.07, 2.17, 1.28, -0.16),
    (1.00, 0.13, 0.03, 0.10, 0.10, 0.45, 0.38, 0.81),
    (0.13, 0.07, 0.03, 0.19, 0.77, 0.86, 0.75, 0.84),
    (0.03, 0.03, 0.13, 0.41, 1.09, 0.81, 0.53, 0.50),
    (0.10, 0.19, 0.41, 0.64, 1.66, 0.80, 0.88, 0.51),
    (0.10, 0.77, 1.09, 1.66, 1.56, 1.59, 1.44, 0.84),
    (0.45, 0.86, 0.81, 0.80, 1.59, 0.66, 1.40, -0.04),
    (0.38, 0.75, 0.53, 0.88, 1.44, 1.40, 0.70, -2.20),
    (0.81, 0.84, 0.50, 0.51, 0.84, -0.04, -2.20, 2.53),
)


def waves_of_noise(scale: float, deviation: float) -> FloatImage:
    """(8, 8) variances of the cosine coefficients of gathered noise, of variance 1; none of the mean.

    deviation: mosaic pixels, of the kernel that all colours share.
    """
    out = waves_gathered(deviation * scale)
    out[0, 0] = 0
    return out


def waves_of_color(scale: float, deviation: float, times: float) -> FloatImage:
    """(8, 8) the same of a colour, so many times, on a grid half as fine; the mean can never stand out of it."""
    out = waves_gathered(deviation * scale / 2) * np.float32(times)
    out[0, 0] = NEVER
    return out


def waves_gathered(deviation: float) -> FloatImage:
    """(8, 8) variances of the cosine coefficients of noise of variance 1, gathered with a kernel of so many pixels.

    White noise of samples is alike at places as far apart as the kernel is wide.
    """
    apart = np.arange(8)[:, None] - np.arange(8)
    alike = np.exp(-(apart**2) / (4 * deviation**2))
    waves = cosines()
    along = np.diag(waves @ alike @ waves.T)
    return np.outer(along, along).astype(np.float32)


def joined_waves(scale: float, sharpen: float) -> FloatImage:
    """(3, 8, 8) gains of cosine coefficients that undo the blur of lens and pixels; see `kernels/superres_waves.py`.

    At other scales than the fitted one frequencies are alike that are alike on the mosaic. sharpen: 0 undoes nothing.
    """
    gains: Floats = np.array(GAINS, np.float64).reshape(3, 8, 8)
    at = np.minimum(np.arange(8) * scale / FITTED, 7.0)
    for axis in (1, 2):
        first = np.minimum(at.astype(int), 6)
        part = (at - first).reshape((-1, 1) if axis == 1 else -1)
        gains = gains.take(first, axis) * (1 - part) + gains.take(first + 1, axis) * part
    plain = np.array([1.0, 0.0, 1.0])[:, None, None]
    gains = plain + sharpen * (gains - plain)
    gains[:, 0, 0] = plain[:, 0, 0]  # the mean
    return np.ascontiguousarray(gains, np.float32)
