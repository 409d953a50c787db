"""The filmic curve, by four photographic numbers. It acts on the cube root of light, where Oklab lives.

    q(u) = B u (u + a) / (u + b)                      a power in the mid-tones that turns linear below the toe a
    f(u) = min(A q / (1 + k q^2 + q^4)^(1/4), 1)      a shoulder of softness k

u and f are cube roots of scene-linear and display-linear light. b, B and A are solved so that middle grey (0.18) stays
where it is, the slope there (log against log) is `contrast` as far as toe and shoulder leave room, and light `white`
stops above middle grey is display white. Both factors grow with u for all values, so the curve is monotone by
construction.
"""

from __future__ import annotations

import functools
from typing import Any

import numpy as np
import numpy.typing as npt

from lichtbild.record import record, values

MIDDLE_GREY = 0.18
ROOT_GREY = MIDDLE_GREY ** (1 / 3)


@record
class FilmicCurve:
    """The numbers of the curve in the order in which the kernel takes them: a, b, B, k, A."""

    toe: float
    pivot: float
    gain: float
    softness: float
    scale: float

    def root(self, u: npt.ArrayLike) -> npt.NDArray[np.float64]:
        """Cube root of display-linear light, 0..1, of the cube root of scene-linear light."""
        v = np.maximum(np.asarray(u, np.float64), 0.0)
        q = self.gain * v * (v + self.toe) / (v + self.pivot)
        return np.asarray(np.minimum(self.scale * q / (1 + self.softness * q**2 + q**4) ** 0.25, 1.0))

    def __call__(self, x: npt.ArrayLike) -> npt.NDArray[np.float64]:
        """Display-linear light, 0..1, of scene-linear light."""
        return np.asarray(self.root(np.cbrt(x)) ** 3)

    def to_array(self) -> npt.NDArray[np.float32]:
        """The numbers in the order in which kernels take them."""
        return np.array(values(self), np.float32)


@functools.cache
def solve(contrast: float, toe: float, shoulder: float, white: float) -> FilmicCurve:
    """The curve of that contrast (slope at middle grey), toe (stops below middle grey where it turns linear), softness
    of the shoulder (0 is firm, 4 is very soft) and white point (stops above middle grey)."""
    a, k = ROOT_GREY * 2.0 ** (-toe / 3), shoulder
    u_white = ROOT_GREY * 2.0 ** (white / 3)

    def curve(b: float) -> FilmicCurve:
        scale, gain = 1.0, 1.0
        for _ in range(10):
            # q at grey from f^4 (1 + k q^2 + q^4) = A^4 q^4, a quadratic equation in q^2
            r = (ROOT_GREY / scale) ** 4
            q2 = (r * k + (r * r * k * k + 4 * (1 - r) * r) ** 0.5) / (2 * (1 - r))
            gain = q2**0.5 * (ROOT_GREY + b) / (ROOT_GREY * (ROOT_GREY + a))
            q = gain * u_white * (u_white + a) / (u_white + b)
            scale = (1 + k * q**2 + q**4) ** 0.25 / q
        return FilmicCurve(a, b, gain, k, scale)

    def slope(b: float) -> float:
        c = curve(b)
        q = c.gain * ROOT_GREY * (ROOT_GREY + a) / (ROOT_GREY + b)
        power = 1 + ROOT_GREY / (ROOT_GREY + a) - ROOT_GREY / (ROOT_GREY + b)
        return float(power * (1 + 0.5 * k * q**2) / (1 + k * q**2 + q**4))

    low, high = a, 100.0
    for _ in range(40):
        middle = (low * high) ** 0.5
        low, high = (middle, high) if slope(middle) < contrast else (low, middle)
    return curve((low * high) ** 0.5)


def lightness(y: npt.ArrayLike) -> Any:
    """CIE 1976 lightness, 0..1, of relative luminance."""
    v = np.asarray(y, np.float64)
    return np.where(v > 216 / 24389, 1.16 * np.cbrt(v) - 0.16, v * 24389 / 2700)
