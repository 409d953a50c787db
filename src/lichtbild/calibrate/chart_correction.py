"""What 24 patches tell beyond a matrix: a table of hue, saturation and value, where it is earned.

Kriging (Matheron 1963; Rasmussen and Williams, "Gaussian Processes for Machine Learning", 2006): what the matrix leaves
at each patch, divided by brightness, is carried to colours near it in chromaticity, and fades to nothing away from all
patches and at neutral. How much of it is believed is chosen by patches that are left out of the fit (leave-one-out
cross-validation; Stone 1974). Where those gain too little, or noise would grow by more than a tenth, there is no table.
"""

from __future__ import annotations

import numpy as np

from lichtbild import color
from lichtbild.calibrate import correction
from lichtbild.calibrate.sensitivities import HUES, SATURATIONS, noise_gain
from lichtbild.color import Floats
from lichtbild.devices import hue_sat
from lichtbild.devices.profile import HueSatMap, Light, Table
from lichtbild.record import replace

WIDTH = 0.14  # distance in chromaticity r / (r + g + b) at which patches speak for each other
DOUBTS = (0.4, 1.0, 2.5)  # variance of what is no property of the colour, over that which is
EARNED, NOTHING = 0.92, 0.4  # of the matrix's error at patches left out; CIEDE2000 below which a matrix is good enough
MOST_NOISE, FLATTEST = 1.10, 0.5
DARK = 0.1  # Y below which a patch is told less and less exactly


class Kriging:
    """White-balanced camera RGB (n, 3) to XYZ of D50: the best matrix, and what patches tell beyond it."""

    def __init__(self, camera: Floats, truth: Floats, doubt: float) -> None:
        self.matrix = correction.best_matrix(camera, truth, np.ones(len(camera)))
        self.places = _place(camera)
        left = (truth - camera @ self.matrix.T) / camera.sum(axis=1, keepdims=True)
        noise = np.diag(doubt / np.clip(truth[:, 1] / DARK, 0.1, 1.0))
        self.heights = np.linalg.solve(_alike(self.places, self.places) + noise, left)

    def __call__(self, camera: Floats) -> Floats:
        beyond = camera.sum(axis=1, keepdims=True) * (_alike(_place(camera), self.places) @ self.heights)
        return np.asarray(camera @ self.matrix.T + beyond)


def _place(camera: Floats) -> Floats:
    return np.asarray(camera[:, :2] / np.maximum(camera.sum(axis=1, keepdims=True), 1e-9))


def _alike(a: Floats, b: Floats) -> Floats:
    """(n, m) covariance of places, 0 at neutral."""

    def bell(p: Floats, q: Floats) -> Floats:
        return np.asarray(np.exp(-((p[:, None] - q[None]) ** 2).sum(axis=-1) / (2 * WIDTH**2)))

    neutral = np.full((1, 2), 1 / 3)
    return np.asarray(bell(a, b) - bell(a, neutral) @ bell(neutral, b))


def error_of(xyz: Floats, truth: Floats) -> Floats:
    """(n,) CIEDE2000 of XYZ of D50."""
    return np.asarray(color.delta_e_2000(color.lab_from_xyz(xyz), color.lab_from_xyz(truth)))


def left_out(camera: Floats, truth: Floats, doubt: float) -> tuple[float, float]:
    """Mean CIEDE2000 of patches that were not learnt from, by the matrix and by all. camera: (k * 24, 3)."""
    number = np.arange(len(camera)) % 24
    plain, corrected = np.zeros(len(camera)), np.zeros(len(camera))
    for k in range(24):
        out, kept = number == k, number != k
        found = Kriging(camera[kept], truth[kept], doubt)
        plain[out] = error_of(camera[out] @ found.matrix.T, truth[out])
        corrected[out] = error_of(found(camera[out]), truth[out])
    return float(plain.mean()), float(corrected.mean())


def earned(
    camera: Floats, truth: Floats, neutral: Floats, light: Light
) -> tuple[HueSatMap | None, tuple[float, float]]:
    """The table beyond the matrix of `light`, None where there should be none; errors of patches left out, without and
    with."""
    tried = sorted((left_out(camera, truth, doubt)[::-1], doubt) for doubt in DOUBTS)
    (after, before), best = tried[0]
    if before < NOTHING or after > EARNED * before:
        return None, (before, after)
    for doubt in (best, *(d for d in DOUBTS if d > best)):
        found = HueSatMap(_table(Kriging(camera, truth, doubt)))
        gentle = hue_sat.hue_slope(found.table).min() > FLATTEST
        if gentle and noise_gain(replace(light, hue_sat_map=found), camera, neutral).max() <= MOST_NOISE:
            return found, (before, left_out(camera, truth, doubt)[1])
    return None, (before, after)


def _table(found: Kriging) -> Table:
    to_camera = np.linalg.inv(hue_sat.XYZ_TO_PROPHOTO @ found.matrix)

    def function(prophoto: Floats) -> Floats:
        return np.asarray(found(prophoto @ to_camera.T) @ hue_sat.XYZ_TO_PROPHOTO.T)

    return hue_sat.sample(function, HUES, SATURATIONS)
