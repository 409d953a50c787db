"""The lights there are: where they lie in chromaticity, and how common each is in the brightness of the scene.

Candidates lie on the locus of daylight and of the black body, and to both sides of it as far as lamps do (ANSI C78.377
allows ±0.006 in Duv; old fluorescent tubes and foliage-filtered light go further). How common: outdoors in the sun
there is daylight and nothing else, and the dimmer the day, the more of it is light of clouds and blue sky; where a
room's lamps suffice to see by, mostly they light it. Cameras have used the measured brightness so since there is
automatic white balance; here as a prior of two smooth bells in mired.
"""

from __future__ import annotations

import functools
import math

import numpy as np

from lichtbild import color
from lichtbild.color import Chromaticity, Floats
from lichtbild.develop.camera_color import CameraModel
from lichtbild.record import record

MIRED = np.linspace(80.0, 520.0, 67)  # 12500 to 1920 K
TINT = np.linspace(-36.0, 48.0, 15)  # 3000 Duv; + is greenish
DAY, DAY_COLDER, DAY_WARMER = 182.0, 28.0, 38.0  # mired: daylight, its spread towards the blue sky and the low sun
SUN, BLUER, BROADER = 13.5, 9.0, 6.0  # light value of sunlight, and mired per stop below: cloud and shade are bluer
DIMMEST = 5.0  # stops below
LAMP, LAMP_COLDER, LAMP_WARMER = 300.0, 75.0, 65.0
TINT_MIDDLE, GREENER, PINKER = 3.0, 9.0, 6.0  # tubes and leaves make light greenish; hardly anything makes it pink
TAIL = 0.03  # share of lights that are neither: coloured lamps, sodium
TURN, SLOPE = 8.0, 1.1  # light value at which daylight and lamps are equally common; stops of the change
UNKNOWN_DAY = 0.6  # share of daylight where the brightness is not known


@record
class Lights:
    """neutrals: (n, 3) camera RGB of white, green 1.   mired, tint: (n,).   log_prior: (n,)."""

    neutrals: Floats
    mired: Floats
    tint: Floats
    log_prior: Floats


def chromaticity(mired: float, tint: float = 0.0) -> Chromaticity:
    """xy of the light on the locus at that reciprocal temperature, `tint` away from it: black body below 4000 K,
    daylight above 5000 K, which lies a little to the green of it."""
    kelvin = 1e6 / mired
    return color.xy_from_temperature(kelvin, tint + daylight_tint(kelvin))


def daylight_tint(kelvin: float) -> float:
    """Tint of the locus: 0 for the black body, that of CIE daylight above 5000 K."""
    if kelvin <= 4000:
        return 0.0
    return min((kelvin - 4000) / 1000, 1.0) * color.temperature_from_xy(color.daylight_xy(min(kelvin, 25000)))[1]


@functools.cache
def _grid() -> tuple[Floats, Floats, Floats]:
    """mired, tint and (n, 2) chromaticities of all candidates."""
    mired, tint = (v.ravel() for v in np.meshgrid(MIRED, TINT, indexing="ij"))
    return mired, tint, np.array([chromaticity(m, t) for m, t in zip(mired, tint, strict=True)])


def share_of_daylight(light_value: float | None) -> float:
    """How often a scene of that brightness is lit by the day."""
    if light_value is None:
        return UNKNOWN_DAY
    return 0.15 + 0.84 / (1 + math.exp(-(light_value - TURN) / SLOPE))


def log_prior(mired: Floats, tint: Floats, light_value: float | None) -> Floats:
    """Log density of lights, up to a constant."""
    day = share_of_daylight(light_value)
    dim = 0.0 if light_value is None else min(math.log1p(math.exp(min(SUN - light_value, 50.0))), DIMMEST)

    def bell(middle: float, colder: float, warmer: float) -> Floats:
        away = (mired - middle) / np.where(mired < middle, colder, warmer)
        return np.asarray(np.exp(-0.5 * away**2) / (colder + warmer))

    along = (
        day * bell(DAY - BLUER * dim, DAY_COLDER + BROADER * dim, DAY_WARMER)
        + (1 - day) * bell(LAMP, LAMP_COLDER, LAMP_WARMER)
        + TAIL / 400
    )
    away = tint - TINT_MIDDLE
    across = np.exp(-0.5 * (away / np.where(away < 0, PINKER, GREENER)) ** 2) + np.where(away < 0, 0.001, 0.01)
    return np.asarray(np.log(along) + np.log(across))


def candidates(model: CameraModel, light_value: float | None) -> Lights:
    """All lights that are considered, in the camera's own colours by its matrices."""
    mired, tint, places = _grid()
    neutrals = model.neutrals_from_xy(places, 1e6 / mired)
    neutrals = neutrals / neutrals[:, 1:2]
    return Lights(neutrals, mired, tint, log_prior(mired, tint, light_value))
