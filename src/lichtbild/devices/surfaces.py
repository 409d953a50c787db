"""Reflectances of surfaces that nobody measured but that could be: what a correction of colour is learnt from.

Two kinds: spectra drawn at random (`drawn`), smooth as those of real matter, some with the steep flank of a pigment;
and mixtures of measured ones (`mixed`), of light as in a textile, or of absorption as of dyes. Both are the same on
every run.
"""

from __future__ import annotations

import numpy as np

from lichtbild.color import Floats
from lichtbild.devices.spectral import WAVELENGTHS

DARKEST, SPAN = 0.02, 0.93  # of a reflectance
WAVES = 40  # random cosines that make up a smooth curve
MIDDLE, SHIFT, STRETCH = 560.0, 12.0, 0.1  # nm, nm, and a share: how far shades are moved and stretched


def drawn(count: int, seed: int = 1) -> Floats:
    """(count, 81) reflectances from 0.02 to 0.95.

    The logit of the reflectance is a Gaussian process (Rasmussen and Williams 2006) with a length of 35 to 120 nm, with
    a slope, as most matter reflects long waves more, and for three in ten a flank of 8 to 30 nm.
    """
    rng = np.random.default_rng(seed)
    length = np.exp(rng.uniform(np.log(35), np.log(120), count))
    amplitude = rng.uniform(1.0, 2.5, count)
    frequency = rng.normal(size=(count, WAVES)) / length[:, None]
    phase = rng.uniform(0, 2 * np.pi, (count, WAVES))
    weight = rng.normal(size=(count, WAVES)) * (amplitude * np.sqrt(2 / WAVES))[:, None]
    logit = np.einsum("nk,nkw->nw", weight, np.cos(frequency[:, :, None] * WAVELENGTHS + phase[:, :, None]))
    logit += rng.normal(-1.0, 1.0, count)[:, None]
    logit += rng.normal(0.7, 0.8, count)[:, None] * (WAVELENGTHS - 560) / 150
    has_flank = rng.random(count) < 0.3
    at, width, height = rng.uniform(480, 650, count), rng.uniform(8, 30, count), rng.uniform(1, 4, count)
    flank = height[:, None] * np.tanh((WAVELENGTHS - at[:, None]) / width[:, None])
    logit += np.where(has_flank[:, None], flank, 0)
    return np.asarray(DARKEST + SPAN / (1 + np.exp(-logit)))


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
