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
SIDE, NODES = 16, 8  # frequencies of a window of grey, one way, and those that gains are told of
# (3, NODES, NODES) gains of frequencies of 0 to 7 sixteenths of a cycle per fine pixel, even between them: of what the
# frames say and of the merged picture where they stand out of noise, and of the merged picture where they do not.
GAINS = (
    (1.00, 1.04, 1.37, 1.97, 3.74, 3.43, 1.23, 0.68),
    (1.04, 1.04, 1.36, 2.13, 4.74, 5.44, 3.48, 1.67),
    (1.37, 1.36, 1.78, 2.89, 5.80, 5.25, 3.38, 0.40),
    (1.97, 2.13, 2.89, 3.74, 6.53, 4.82, 1.45, 0.23),
    (3.74, 4.74, 5.80, 6.53, 6.95, 2.24, 1.28, 0.28),
    (3.43, 5.44, 5.25, 4.82, 2.24, 0.25, 0.60, 0.00),
    (1.23, 3.48, 3.38, 1.45, 1.28, 0.60, 0.89, -0.13),
    (0.68, 1.67, 0.40, 0.23, 0.28, 0.00, -0.13, -0.56),
    (0.00, 0.02, -0.07, -0.12, -1.73, -1.69, -0.34, 0.51),
    (0.02, 0.11, 0.07, -0.16, -2.40, -3.01, -2.27, -0.44),
    (-0.07, 0.07, -0.10, -0.62, -3.78, -2.58, -2.28, 0.33),
    (-0.12, -0.16, -0.62, -0.49, -2.41, -0.81, -0.27, 1.81),
    (-1.73, -2.40, -3.78, -2.41, -1.32, 2.14, 3.81, 0.98),
    (-1.69, -3.01, -2.58, -0.81, 2.14, -0.45, 1.37, 2.62),
    (-0.34, -2.27, -2.28, -0.27, 3.81, 1.37, -1.33, -4.68),
    (0.51, -0.44, 0.33, 1.81, 0.98, 2.62, -4.68, 2.89),
    (1.00, 0.97, 0.88, 0.61, 0.10, 0.39, 0.23, 1.22),
    (0.97, 0.84, 0.81, 0.38, 0.78, 0.35, 0.52, 0.40),
    (0.88, 0.81, 0.86, 0.75, 0.98, 0.41, 0.23, 0.50),
    (0.61, 0.38, 0.75, 0.37, 0.84, 0.00, 0.64, 1.20),
    (0.10, 0.78, 0.98, 0.84, 0.00, 0.00, 0.68, 0.00),
    (0.39, 0.35, 0.41, 0.00, 0.00, 0.00, 1.31, 0.00),
    (0.23, 0.52, 0.23, 0.64, 0.68, 1.31, 0.00, 0.90),
    (1.22, 0.40, 0.50, 1.20, 0.00, 0.00, 0.90, 2.00),
)


def waves_of_noise(scale: float, deviation: float) -> FloatImage:
    """(SIDE, SIDE) variances of the cosine coefficients of gathered noise, of variance 1; none of the mean.

    deviation: mosaic pixels, of the kernel that all colours share.
    """
    out = waves_gathered(deviation * scale, SIDE)
    out[0, 0] = 0
    return out


def waves_of_color(scale: float, deviation: float, times: float) -> FloatImage:
    """(8, 8) the same of a colour, so many times, on a grid half as fine; the mean can never stand out of it."""
    out = waves_gathered(deviation * scale / 2) * np.float32(times)
    out[0, 0] = NEVER
    return out


def waves_gathered(deviation: float, side: int = 8) -> FloatImage:
    """(side, side) variances of cosine coefficients of noise of variance 1, gathered with a kernel of so many pixels.

    White noise of samples is alike at places as far apart as the kernel is wide.
    """
    apart = np.arange(side)[:, None] - np.arange(side)
    alike = np.exp(-(apart**2) / (4 * deviation**2))
    waves = cosines(side)
    along = np.diag(waves @ alike @ waves.T)
    return np.outer(along, along).astype(np.float32)


def joined_waves(scale: float, sharpen: float) -> FloatImage:
    """(3, SIDE, SIDE) gains of cosine coefficients that undo the blur of lens and pixels; see
    `kernels/superres_waves.py`.

    sharpen: 0 undoes nothing.
    """
    between = nodes(scale)
    gains: Floats = between @ np.array(GAINS, np.float64).reshape(3, NODES, NODES) @ between.T
    plain = np.array([1.0, 0.0, 1.0])[:, None, None]
    gains = plain + sharpen * (gains - plain)
    gains[:, 0, 0] = plain[:, 0, 0]  # the mean
    return np.ascontiguousarray(gains, np.float32)


def nodes(scale: float) -> Floats:
    """(SIDE, NODES) what each node counts for each frequency of a window.

    At other scales than the fitted one frequencies are alike that are alike on the mosaic.
    """
    at = np.minimum(np.arange(SIDE) * (NODES / SIDE * scale / FITTED), NODES - 1.0)
    return np.asarray(np.maximum(1 - np.abs(at[:, None] - np.arange(NODES)), 0))
