"""How the sides of an edge approach their level far from it: by 1 over the distance where light is scattered far, as
diffraction does it (Goodman, "Introduction to Fourier Optics", 6.4), and on a slope where the lighting falls off."""

from __future__ import annotations

import numpy as np

from lichtbild.color import Floats
from lichtbild.record import record


@record
class Tails:
    """Far from the edge the spread is low + dark_slope t + reach / |t|, and high + bright_slope t - reach / t, t in
    pixels from the edge: lighting that falls off, and light scattered far as diffraction does it."""

    low: float
    high: float
    dark_slope: float
    bright_slope: float
    reach: float


def tails_of(spread: Floats, t: Floats, flat: float) -> Tails:
    """By least squares; what is not sure by four standard errors, or cannot be told in so little room, is 0."""
    dark, bright = t < -flat, t > flat
    plain = Tails(float(np.median(spread[dark])), float(np.median(spread[bright])), 0.0, 0.0, 0.0)
    if -t[0] < 3 * flat or t[-1] < 3 * flat:
        return plain
    far = dark | bright
    columns = [dark[far], bright[far], (t * dark)[far], (t * bright)[far], -1 / t[far]]
    numbers, errors = _least_squares(np.stack(columns, 1).astype(np.float64), spread[far])
    step = numbers[1] - numbers[0]
    if numbers[4] < 4 * errors[4] or not 0 < numbers[4] < 0.25 * flat * step:
        numbers, errors = _least_squares(np.stack(columns[:4], 1).astype(np.float64), spread[far])
        if (np.abs(numbers[2:]) < 4 * errors[2:]).all():
            return plain
        numbers = np.append(numbers, 0.0)
    low, high, dark_slope, bright_slope, reach = (float(v) for v in numbers)
    return Tails(low, high, dark_slope, bright_slope, reach)


def _least_squares(columns: Floats, values: Floats) -> tuple[Floats, Floats]:
    """(numbers, their standard errors)."""
    numbers, *_ = np.linalg.lstsq(columns, values, rcond=None)
    rest = values - columns @ numbers
    variance = float((rest**2).sum()) / max(len(values) - len(numbers), 1)
    errors = np.sqrt(variance * np.diag(np.linalg.pinv(columns.T @ columns)))
    return np.asarray(numbers, np.float64), np.asarray(errors, np.float64)
