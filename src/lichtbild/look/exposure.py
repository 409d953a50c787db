"""Automatic exposure from a histogram of log luminance, decided by smooth functions of robust statistics.

Two anchors are found: the gain that gives the picture the mean lightness of a well exposed photograph, and the gain
that puts its bright parts where those of a photograph lie. The exposure is between them. Light counts by how much of
the frame is about as bright: what a small part alone is (a lamp, a black coat, who walks by) counts much less than its
area, what a large part is counts in full. So the influence of any area of a few hundredths is bounded, and yet two
large parts of different brightness, a face and the sky behind it, are both heard, which estimators that go by the
distance from the middle do not do (`docs/decisions/0046`; on bounded influence: Huber and Ronchetti, "Robust
statistics", 2009). Both anchors move exactly with the scene, so the same scene shot again, brighter or darker, gives
the same picture. How bright the scene really was (from exposure time, aperture and ISO) sets how bright the picture
should be: night stays night, snow stays white. Where much of the frame is burnt out, it is not made darker than its
white allows.
"""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np
import numpy.typing as npt

from lichtbild.carriers import Metadata, Scene
from lichtbild.light_value import light_value as light_value_of
from lichtbild.look.tone import MIDDLE_GREY, FilmicCurve, lightness
from lichtbild.record import record

Floats = npt.NDArray[np.float64]
BINS, LOWEST, PER_STOP = 320, -24.0, 8.0
LEVELS = LOWEST + np.arange(BINS) / PER_STOP  # log2 luminance of each bin

MEAN_LIGHTNESS = 0.366
MEAN_OF_BRIGHT = 0.315  # mean of the fourth power of lightness, in which the bright parts decide
ALIKE = 0.9  # stops, deviation of the bell within which light is about as bright
SMALL = 0.13  # share of the frame, within that bell, that counts half
TOWARDS_BRIGHT, MOST_BRIGHT = 0.76, 2.1  # share of the gap that is closed when bright parts would stay grey, and stops
AS_SHOT_PULL, AS_SHOT_FAR = 0.2, 4.0  # stops at most by which the exposure as shot counts, and how far off it then is
UNKNOWN_PULL, UNKNOWN_FAR = 0.25, 1.0  # the same where nothing else tells how bright the scene was
DARKEST = 0.02  # scene light after exposure up to which the noise of black may come
LEFT = 0.05  # share of the variance of black that is left after noise reduction
BURNT_TOP = 2.7  # stops above middle grey to which clipped light comes where it fills the frame
BURNT_EDGE = 0.7  # stops below clip from which light counts as burnt
BURNT_SHARE, BURNT_SLACK = 0.4, 2.4  # share of the frame that halves the stops by which it may still be darker
NIGHT_SLOPE, SNOW_SLOPE, SUNLIT = 0.27, 0.34, 13.75  # per stop of light; light value of the mean of a sunlit scene
ABOVE_MEAN = 0.45  # stops from what meters go by to the anchor of the mean, which shadows draw down


@record
class Statistics:
    """What the histogram says, in stops of log2 scene luminance (1.0 is the raw white level)."""

    weights: Floats  # per bin, sum 1
    low: float  # mean of the 2 to 10 % quantiles
    high: float  # mean of the 85 to 99.5 % quantiles
    peak: float  # mean of the 99 to 99.9 % quantiles

    @classmethod
    def of(cls, histogram: npt.ArrayLike) -> Statistics:
        """From counts of pixels at `LEVELS`; they need not add up to 1."""
        h = np.asarray(histogram, np.float64)
        h = h / max(h.sum(), 1e-12)
        total = np.cumsum(h)

        def quantile(p: Floats) -> float:
            return float(np.mean(np.interp(p, total, LEVELS)))

        return cls(
            h,
            quantile(np.linspace(0.02, 0.10, 9)),
            quantile(np.linspace(0.85, 0.995, 15)),
            quantile(np.linspace(0.99, 0.999, 10)),
        )


def usual_noise(scene: Scene, weights: npt.ArrayLike) -> float:
    """Standard deviation of the guide luminance of black as noise reduction of strength 1 leaves it, whatever its
    strength was: exposure follows the scene and not a setting. weights: of R, G, B in the guide luminance."""
    captured = scene.captured_noise
    share, profile = (1.0, scene.noise_profile) if captured is None else (LEFT, captured)
    variance = share * float(np.asarray(weights, np.float64) ** 2 @ profile.offset)
    return max(math.sqrt(max(variance, 0.0)), 2.0**-15)


def soft(x: float, width: float = 0.5) -> float:
    """A smooth max(x, 0): softplus of that width in stops."""
    z = x / width
    return width * (math.log1p(math.exp(-abs(z))) + max(z, 0.0))


def key(light_value: float | None) -> float:
    """Change of the wanted brightness in stops: darker at night, brighter for more light than sunlit grey reflects."""
    if light_value is None:
        return 0.0
    night = 1.2 * math.tanh(NIGHT_SLOPE * soft(4.0 - light_value, 1.5) / 1.2)
    snow = math.tanh(SNOW_SLOPE * soft(light_value - SUNLIT, 0.5))
    return snow - night


def anchor(weights: Floats, values: Callable[[Floats], Floats], wanted: float) -> float:
    """EV that gives the mean of `values`, a growing function of stops from middle grey; weights: per bin, sum 1."""
    low, high = -16.0, 24.0
    stops = LEVELS - math.log2(MIDDLE_GREY)
    for _ in range(24):
        ev = 0.5 * (low + high)
        low, high = (ev, high) if float(weights @ values(stops + ev)) < wanted else (low, ev)
    return 0.5 * (low + high)


def by_area(weights: Floats) -> Floats:
    """The histogram, sum 1, with less of what only a small part of the frame is about as bright as."""
    reach = math.ceil(3 * ALIKE * PER_STOP)
    bell = np.exp(-0.5 * (np.arange(-reach, reach + 1) / (ALIKE * PER_STOP)) ** 2)
    alike = np.convolve(weights, bell, "same")
    counted = weights * alike**2 / (alike**2 + SMALL**2)
    return np.asarray(counted / max(counted.sum(), 1e-12))


def burnt_share(statistics: Statistics, clip: float) -> float:
    """Share of the frame that is clipped, or nearly."""
    ramp = np.clip((LEVELS - math.log2(max(clip, 1e-3)) + BURNT_EDGE) / BURNT_EDGE, 0.0, 1.0)
    return float(np.sum(statistics.weights * ramp * ramp * (3 - 2 * ramp)))


def burnt_floor(share: float, clip: float) -> float:
    """EV below which clipped light would be shown as grey; far lower where there is little of it."""
    slack = BURNT_SLACK * BURNT_SHARE / (BURNT_SHARE + share)
    return math.log2(MIDDLE_GREY) + BURNT_TOP - math.log2(max(clip, 1e-3)) - slack


def decide(
    statistics: Statistics,
    metadata: Metadata,
    curve: FilmicCurve,
    black_noise: float,
    clip: float,
    mood: float = 1.0,
) -> dict[str, float | None]:
    """Automatic exposure in EV and what led to it.

    black_noise: standard deviation of the luminance of black; the exposure never makes it brighter than `DARKEST`.
    clip: luminance of white where the sensor clips. mood: how much of the scene's own brightness the picture keeps.
    """

    def shown(stops: Floats) -> Floats:
        return np.asarray(lightness(curve(MIDDLE_GREY * 2.0**stops)))

    counted = by_area(statistics.weights)
    by_mean = anchor(counted, shown, MEAN_LIGHTNESS)
    by_white = anchor(counted, lambda stops: shown(stops) ** 4, MEAN_OF_BRIGHT)
    gap = by_white - by_mean
    brighter = TOWARDS_BRIGHT * MOST_BRIGHT * math.tanh(soft(gap, 0.35) / MOST_BRIGHT)
    ev = by_mean + brighter - soft(-gap, 0.35)
    light_value = light_value_of(metadata, math.log2(MIDDLE_GREY) - by_mean - ABOVE_MEAN)
    ev += mood * key(light_value)
    as_shot = metadata.color.baseline_exposure + 0.5
    pull, far = (UNKNOWN_PULL, UNKNOWN_FAR) if light_value is None else (AS_SHOT_PULL, AS_SHOT_FAR)
    ev += pull * math.tanh((as_shot - ev) / far)
    ev += soft(burnt_floor(burnt_share(statistics, clip), clip) - ev, 0.3)
    ev -= soft(ev - math.log2(DARKEST / max(black_noise, 1e-5)))
    ev = max(ev, -8.0)
    return {"auto_ev": ev, "mean_ev": by_mean, "white_ev": by_white, "light_value": light_value}
