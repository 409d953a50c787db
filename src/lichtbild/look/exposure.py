"""Automatic exposure from a histogram of log luminance, decided by smooth functions of robust statistics.

Two anchors are found: the gain that gives the picture the mean lightness of a well exposed photograph (lamps saturate
and deep shadows count little, so neither moves it much), and the gain that puts the bright parts at diffuse white. The
exposure lies between them. Both move exactly with the scene, so the same scene shot again, brighter or darker, gives
the same picture. How bright the scene really was (from exposure time, aperture and ISO) sets how bright the picture
should be: night stays night, snow stays white.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from lichtbild.carriers import Metadata
from lichtbild.look.tone import MIDDLE_GREY, FilmicCurve, lightness

BINS, LOWEST, PER_STOP = 320, -24.0, 8.0
LEVELS = LOWEST + np.arange(BINS) / PER_STOP  # log2 luminance of each bin

MEAN_LIGHTNESS = 0.47
BRIGHT_COUNT = 0.78
DIFFUSE_WHITE = 1.8  # stops above middle grey
TOWARDS_BRIGHT, MOST_BRIGHT = 0.7, 1.6  # share of the gap that is closed when bright parts would stay grey
TOWARDS_DARK = 0.33  # and when they would burn out: local tone takes care of the rest
AS_SHOT_PULL = 0.1
DARKEST = 0.02  # scene light after exposure up to which the noise of black may come
NIGHT_SLOPE, SNOW_SLOPE = 0.15, 0.2


@dataclass(frozen=True)
class Statistics:
    """What the histogram says, in stops of log2 scene luminance (1.0 is the raw white level)."""

    weights: npt.NDArray[np.float64]  # per bin, sum 1
    low: float  # mean of the 2 to 10 % quantiles
    middle: float  # median
    high: float  # mean of the 85 to 99.5 % quantiles
    peak: float  # mean of the 99 to 99.9 % quantiles

    @classmethod
    def of(cls, histogram: npt.ArrayLike) -> Statistics:
        h = np.asarray(histogram, np.float64)
        h = h / max(h.sum(), 1e-12)
        total = np.cumsum(h)

        def quantile(p: npt.NDArray[np.float64]) -> float:
            return float(np.mean(np.interp(p, total, LEVELS)))

        return cls(
            h,
            quantile(np.linspace(0.02, 0.10, 9)),
            quantile(np.linspace(0.45, 0.55, 5)),
            quantile(np.linspace(0.85, 0.995, 15)),
            quantile(np.linspace(0.99, 0.999, 10)),
        )


def soft(x: float, width: float = 0.5) -> float:
    """A smooth max(x, 0): softplus of that width in stops."""
    z = x / width
    return width * (math.log1p(math.exp(-abs(z))) + max(z, 0.0))


def scene_brightness(metadata: Metadata, log_luminance: float) -> float | None:
    """Light value (EV at ISO 100) of a luminance, from the camera's settings; None when the file does not say.

    A saturation-based ISO puts middle grey (18 %) about 2.5 stops below the white level.
    """
    t, n, iso = metadata.exposure_time, metadata.f_number, metadata.iso
    if not t or not iso or t <= 0 or iso <= 0:
        return None
    n = n if n and n > 0 else 2.0  # phones often leave it out
    return math.log2(n * n / t) - math.log2(iso / 100) + log_luminance - math.log2(MIDDLE_GREY)


def key(light_value: float | None) -> float:
    """Change of the wanted brightness in stops: darker at night, brighter for more light than sunlit grey reflects."""
    if light_value is None:
        return 0.0
    night = 1.2 * math.tanh(NIGHT_SLOPE * soft(4.0 - light_value, 1.5) / 1.2)
    snow = math.tanh(SNOW_SLOPE * soft(light_value - 15.0, 0.5))
    return snow - night


def counted_lightness(stops: npt.ArrayLike, curve: FilmicCurve) -> npt.NDArray[np.float64]:
    """What a brightness in stops from middle grey adds to the mean: its lightness, but a bright sky counts no more than
    a light wall, for local tone will hold it back."""
    light = lightness(curve(MIDDLE_GREY * 2.0 ** np.asarray(stops, np.float64)))
    return np.asarray(light / (1 + (light / BRIGHT_COUNT) ** 6) ** (1 / 6))


def mean_anchor(statistics: Statistics, curve: FilmicCurve) -> float:
    """EV that gives the mean lightness `MEAN_LIGHTNESS` through the curve."""
    low, high = -16.0, 24.0
    stops = LEVELS - math.log2(MIDDLE_GREY)
    for _ in range(24):
        ev = 0.5 * (low + high)
        mean = float(np.sum(statistics.weights * counted_lightness(stops + ev, curve)))
        low, high = (ev, high) if mean < MEAN_LIGHTNESS else (low, ev)
    return 0.5 * (low + high)


def decide(
    statistics: Statistics, metadata: Metadata, curve: FilmicCurve, black_noise: float
) -> dict[str, float | None]:
    """Automatic exposure in EV and what led to it.

    black_noise: standard deviation of the luminance of black; the exposure never makes it brighter than `DARKEST`.
    """
    by_mean = mean_anchor(statistics, curve)
    by_white = math.log2(MIDDLE_GREY) + DIFFUSE_WHITE - statistics.high
    gap = by_white - by_mean
    brighter = TOWARDS_BRIGHT * MOST_BRIGHT * math.tanh(soft(gap, 0.35) / MOST_BRIGHT)
    darker = TOWARDS_DARK * soft(-gap, 0.35)
    ev = by_mean + brighter - darker
    light_value = scene_brightness(metadata, -by_mean + math.log2(MIDDLE_GREY))
    ev += key(light_value)
    as_shot = metadata.color.baseline_exposure + 0.5
    ev += AS_SHOT_PULL * 2.0 * math.tanh((as_shot - ev) / 2.0)
    ev -= soft(ev - math.log2(DARKEST / max(black_noise, 1e-5)))
    ev = max(ev, -8.0)
    return {"auto_ev": ev, "mean_ev": by_mean, "white_ev": by_white, "light_value": light_value}
