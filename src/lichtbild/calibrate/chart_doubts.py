"""What speaks against a calibration from a chart, told beside its figures: a shadow on a patch, a second light from the
side, a light called wrongly.

Neither can be known for certain, so nothing is refused: some sensors have one colour that no matrix reaches, and a
file's own matrices may be wrong.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from lichtbild import color
from lichtbild.calibrate.chart import Fit, white_of
from lichtbild.calibrate.chart_shot import ChartShot
from lichtbild.measure.chart_values import NAMES

ALONE = 7.0  # CIEDE2000 of a patch by the matrix where something lies on it
TIMES = 5.0  # the same over the median of all patches
MANY = 3.0  # mean CIEDE2000 by the matrix: hardly a sensor leaves more, even in lamplight
DRIFT = 0.045  # change of the greys' tint along their row; of 52 sensors under A and D65, 0.024 at the most
APART = 90.0  # mired between the light that was named and that of the chart's white by the file's matrices


def of_fit(fit: Fit) -> list[str]:
    """One line for each doubt about the patches."""
    name, error = fit.light.illuminant, fit.matrix_error
    lying = [NAMES[i] for i in np.flatnonzero(error > max(ALONE, TIMES * float(np.median(error))))]
    if lying:
        lies = "lies" if len(lying) == 1 else "lie"
        return [
            f"{name}: {', '.join(lying)} {lies} far off beside the others: is there a shadow or a reflection on it?"
        ]
    if float(error.mean()) > MANY:
        doubt = "is half of the chart in shadow, or is it another chart (--reference)?"
        return [f"{name}: the patches are further off than those of usual sensors: {doubt}"]
    if fit.drift > DRIFT:
        return [f"{name}: the greys change colour from left to right: do lights of two colours reach the chart?"]
    return []


def of_lights(shots: Sequence[ChartShot], lights: Sequence[str]) -> list[str]:
    """One line for each shot whose white, by the file's own matrices, is far from the light that was named."""
    found = []
    for shot, name in zip(shots, lights, strict=True):
        if shot.light_kelvin is None:
            continue
        named = color.temperature_from_xy(white_of(name))[0]
        if abs(1e6 / named - 1e6 / shot.light_kelvin) > APART:
            seen = f"{round(shot.light_kelvin, -2):.0f} K"
            found.append(f"{shot.name}: its white looks like light of {seen}, not like {name}; check --illuminants")
    return found
