"""How like the chart's colours those at 24 places are: by how they vary over the chart, so that neither exposure nor
white balance matter."""

from __future__ import annotations

import math
from itertools import product
from typing import Any

import numpy as np
import numpy.typing as npt

from lichtbild.carriers import FloatImage
from lichtbild.color import Floats
from lichtbild.measure.chart_grid import apply
from lichtbild.measure.chart_values import CENTRES


def likeness(small: FloatImage, homography: Floats, wanted: Floats) -> float | None:
    """-1 to 1: correlation of the patches' colours with the chart's; None when they lie outside the picture."""
    places = apply(homography, CENTRES)
    h, w = small.shape[:2]
    if not np.isfinite(places).all() or places.min() < 0 or (places > (w - 1, h - 1)).any():
        return None
    colours = []
    for s, t in product((-0.15, 0.0, 0.15), repeat=2):
        at = np.rint(apply(homography, CENTRES + np.array((s, t)))).astype(int)
        colours.append(small[np.clip(at[:, 1], 0, h - 1), np.clip(at[:, 0], 0, w - 1)])
    seen = np.median(np.array(colours, np.float64), axis=0) ** 2.2
    tints = [_tint(c) for c in (seen, np.clip(wanted, 1e-3, None))]
    lights = [np.log(c.sum(1) + 0.01) for c in (seen, wanted)]
    return float(0.65 * _correlation(*tints) + 0.35 * _correlation(*lights))


def _tint(colours: Floats) -> Floats:
    """(48,) what is left of colours without their brightness and their common cast."""
    balanced = colours / np.maximum(colours[-6:-1].sum(0), 1e-6)
    total = np.maximum(balanced.sum(1), 1e-6)
    parts = [(balanced[:, 0] - balanced[:, 1]) / total, (balanced[:, 2] - balanced[:, 1]) / total]
    return np.concatenate([p - p.mean() for p in parts])


def _correlation(a: npt.NDArray[Any], b: npt.NDArray[Any]) -> float:
    a, b = a - a.mean(), b - b.mean()
    return float((a * b).sum() / max(math.sqrt(float((a * a).sum() * (b * b).sum())), 1e-12))
