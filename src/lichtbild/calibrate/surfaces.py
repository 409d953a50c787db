"""Reflectances of surfaces that nobody measured but that could be: what a correction of colour is learnt from.

Mixtures of measured ones, of light as in a textile, or of absorption as of dyes. The same on every run.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from lichtbild.calibrate.spectra_file import WAVELENGTHS
from lichtbild.color import Floats

SKIN = ((460.0, 505.0, 0.05, 0.7), (505.0, 575.0, -0.25, 0.25), (575.0, 605.0, 0.12, 0.7))  # nm, nm, least, most
MIDDLE, SHIFT, STRETCH = 560.0, 12.0, 0.1  # nm, nm, and a share: how far shades are moved and stretched


def mixed(measured: Floats, count: int, seed: int = 0) -> Floats:
    """(count, 81) mixtures of three of the (n, 81) measured reflectances each, half of them as light mixes, half as
    dyes do (their logarithms), thinned or concentrated, and moved along the wavelengths as a neighbouring shade is."""
    rng = np.random.default_rng(seed)
    measured = np.clip(measured, 0.002, 1.0)
    share = rng.dirichlet([0.5] * 3, count)[:, :, None]
    chosen = measured[rng.integers(0, len(measured), (count, 3))]
    light, dye = (share * chosen).sum(axis=1), np.exp((share * np.log(chosen)).sum(axis=1))
    is_light = rng.random(count)[:, None] < 0.5
    concentration = np.exp(rng.normal(0, 0.25, count))[:, None]
    made = np.clip(np.where(is_light, light, dye) ** concentration, 0, 1)
    shift, stretch = rng.normal(0, SHIFT, count)[:, None], np.exp(rng.normal(0, STRETCH, count))[:, None]
    at = (WAVELENGTHS - MIDDLE) * stretch + MIDDLE + shift
    return np.stack([np.interp(x, WAVELENGTHS, v) for x, v in zip(at, made, strict=True)])


def is_skin(measured: Floats) -> npt.NDArray[np.bool_]:
    """(n,) which of the (n, 81) reflectances rise as skin does: little in the green, where blood absorbs, and steeply
    behind it. The rise is that of the logarithm, which neither brightness nor pigment changes much."""
    logs = np.log(np.clip(measured, 0.002, None))
    found = np.ones(len(logs), bool)
    for start, end, least, most in SKIN:
        low, high = (np.array([np.interp(at, WAVELENGTHS, row) for row in logs]) for at in (start, end))
        found &= (high - low >= least) & (high - low <= most)
    return found
