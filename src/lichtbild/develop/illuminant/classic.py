"""The well-known estimators that assume something of the mean of a scene; to compare with, and for tests.

van de Weijer, Gevers and Gijsenij, "Edge-based color constancy" (2007), put them into one family: the neutral is a
Minkowski norm of the picture, or of its derivatives. None of them knows the camera.
"""

from __future__ import annotations

import numpy as np

from lichtbild.color import Floats
from lichtbild.develop.camera_color import CameraModel
from lichtbild.develop.illuminant.samples import Samples


def grey_world(samples: Samples, model: CameraModel) -> Floats:
    """The mean is grey (Buchsbaum 1980)."""
    return _norm(samples.colours, samples.weights, 1.0, model)


def white_patch(samples: Samples, model: CameraModel) -> Floats:
    """The brightest of each channel is white (Land and McCann 1971); the highest hundredth is left out."""
    colours = samples.colours
    if len(colours) < 3:
        return _daylight(model)
    return _unit(np.quantile(colours, 0.99, axis=0))


def shades_of_grey(samples: Samples, model: CameraModel) -> Floats:
    """The Minkowski 6-norm is grey (Finlayson and Trezzi 2004)."""
    return _norm(samples.colours, samples.weights, 6.0, model)


def grey_edge(samples: Samples, model: CameraModel) -> Floats:
    """The mean difference of neighbours is grey, whatever the large surfaces are (van de Weijer 2007, first order)."""
    grid, weight = samples.grid, samples.weight
    steps, counts = [np.zeros((0, 3))], [np.zeros(0)]
    for axis in (0, 1):
        a, b = (slice(None, -1), slice(None)), (slice(1, None), slice(None))
        one, two = (a, b) if axis == 0 else (a[::-1], b[::-1])
        steps.append(np.abs(grid[two] - grid[one]).reshape(-1, 3))
        counts.append((weight[two] * weight[one]).ravel())
    return _norm(np.concatenate(steps), np.concatenate(counts), 1.0, model)


def _norm(colours: Floats, weights: Floats, power: float, model: CameraModel) -> Floats:
    if weights.sum() < 1e-6:
        return _daylight(model)
    top = max(float(colours.max()), 1e-12)
    mean = (weights @ (colours / top) ** power / weights.sum()) ** (1 / power)
    return _unit(mean) if mean.min() > 0 else _daylight(model)


def _unit(neutral: Floats) -> Floats:
    return np.asarray(np.maximum(neutral, 1e-6) / neutral.max(), np.float64)


def _daylight(model: CameraModel) -> Floats:
    return model.neutral_from_xy((0.33242, 0.34743))
