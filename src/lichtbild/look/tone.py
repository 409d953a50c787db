"""The filmic curve: from scene-linear exposure to display-linear light, by four photographic numbers.

    g(x) = x * ((x^2 + t^2) / (m^2 + t^2))^h         a power in the mid-tones that turns linear below the toe t
    q(x) = g + k g^2,   y(x) = min(A q / (q + s), 1)  a rational shoulder of sharpness k

h, s and A are solved so that middle grey m = 0.18 stays where it is, the slope there (log against log) is `contrast`,
and the white point, `white` stops above middle grey, is display white. The curve is monotone by construction.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

MIDDLE_GREY = 0.18


@dataclass(frozen=True)
class FilmicCurve:
    """The numbers of the curve as the kernel takes them: half power, toe squared, norm, shoulder, knee, scale."""

    half_power: float
    toe_squared: float
    norm: float
    shoulder: float
    knee: float
    scale: float

    def __call__(self, x: npt.ArrayLike) -> npt.NDArray[np.float64]:
        """Display-linear 0..1 of scene-linear x (negative values count as 0)."""
        v = np.maximum(np.asarray(x, np.float64), 0.0)
        g = v * ((v * v + self.toe_squared) * self.norm) ** self.half_power
        q = g + self.shoulder * g * g
        return np.asarray(np.minimum(self.scale * q / (q + self.knee), 1.0))

    def to_array(self) -> npt.NDArray[np.float32]:
        return np.array(
            [self.half_power, self.toe_squared, self.norm, self.shoulder, self.knee, self.scale], np.float32
        )


def solve(contrast: float, toe: float, shoulder: float, white: float) -> FilmicCurve:
    """The curve of that contrast (log-log slope at middle grey), toe (stops below middle grey where it turns linear),
    shoulder (sharpness, 0 is softest) and white point (stops above middle grey)."""
    m = MIDDLE_GREY
    t2 = (m * 2.0**-toe) ** 2

    def curve(h: float) -> FilmicCurve:
        norm = 1.0 / (m * m + t2)
        w = m * 2.0**white
        g = w * ((w * w + t2) * norm) ** h
        q_white, q_grey = g + shoulder * g * g, m + shoulder * m * m
        knee = q_white * q_grey * (1 - m) / (m * q_white - q_grey)
        return FilmicCurve(h, t2, norm, shoulder, knee, (q_white + knee) / q_white)

    def slope(h: float) -> float:
        knee = curve(h).knee
        q = m + shoulder * m * m
        power = 1 + 2 * h * m * m / (m * m + t2)
        return float(power * (1 + 2 * shoulder * m) / (1 + shoulder * m) * knee / (q + knee))

    low, high = 0.0, 2.0
    for _ in range(60):
        middle = 0.5 * (low + high)
        low, high = (middle, high) if slope(middle) < contrast else (low, middle)
    return curve(0.5 * (low + high))


def lightness(y: npt.ArrayLike) -> Any:
    """CIE 1976 lightness, 0..1, of relative luminance."""
    v = np.asarray(y, np.float64)
    return np.where(v > 216 / 24389, 1.16 * np.cbrt(v) - 0.16, v * 24389 / 2700)
