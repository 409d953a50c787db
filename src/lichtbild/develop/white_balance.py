"""White balance: which camera RGB is white. Decides numbers only; the kernels divide by them.

Estimators are functions (colours, model) -> neutral and can be exchanged: `ESTIMATORS` names them.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from lichtbild import color
from lichtbild.carriers import CameraColor
from lichtbild.color import Chromaticity, Floats
from lichtbild.develop.camera_color import CameraModel
from lichtbild.recipe import parse_white_balance

LEVEL = np.array([0.25, 0.5, 0.25])
# Daylight is the most common light; lamps are warmer by up to 200 mired, but only shade and sky are colder.
USUAL, COLDER, WARMER = 190.0, 35.0, 90.0  # mired
TOLERANCE = 0.08  # of log ratios that count as grey
CROWD = 0.4  # power of the number of alike samples with which they count
STEPS, ON_LOCUS = 6, 0.01  # of the refinement; share of samples that the light on the locus stands for


@dataclass(frozen=True)
class WhiteBalance:
    """neutral: camera RGB of white, max 1. xy: chromaticity of the illuminant. source: where they come from."""

    neutral: Floats
    xy: Chromaticity
    kelvin: float
    tint: float
    source: str


def as_shot(tags: CameraColor, model: CameraModel) -> tuple[Floats, Chromaticity] | None:
    """The camera's own white balance, or None where the file has none that is plausible."""
    if tags.as_shot_neutral is not None:
        neutral = np.asarray(tags.as_shot_neutral, np.float64)
        if np.isfinite(neutral).all() and neutral.min() > 0 and neutral.max() / neutral.min() < 50:
            neutral = neutral / neutral.max()
            return neutral, model.xy_from_neutral(neutral)
    if tags.as_shot_white_xy is not None:
        x, y = tags.as_shot_white_xy
        if 0.15 < x < 0.75 and 0.10 < y < 0.65 and x + y < 1:
            return model.neutral_from_xy((x, y)), (x, y)
    return None


def locus(model: CameraModel) -> tuple[Floats, Floats]:
    """Neutrals (n, 3) and kelvin (n,) of plausible lights: Planckian to 4000 K, daylight above, 2000 to 12000 K."""
    kelvin = 1e6 / np.linspace(1e6 / 2000, 1e6 / 12000, 64)
    return np.stack([model.neutral_from_xy(_light(k)) for k in kelvin]), kelvin


def _light(kelvin: float) -> Chromaticity:
    planck = color.xy_from_temperature(kelvin)
    if kelvin <= 4000:
        return planck
    day = color.daylight_xy(kelvin)
    f = min((kelvin - 4000) / 1000, 1.0)
    return (1 - f) * planck[0] + f * day[0], (1 - f) * planck[1] + f * day[1]


def grey_near_locus(colours: Floats, model: CameraModel) -> Floats:
    """Neutral whose light makes most of the (n, 3) camera colours nearly grey, weighed by how likely each light is.

    Each light on the locus of plausible ones is scored by the samples that it turns grey (with a soft tolerance; what
    is saturated under a light does not speak for it), by shades of grey (Finlayson and Trezzi 2004) as the regulariser
    and by the prior. Samples of one colour and brightness count as the power `CROWD` of their number, so that grey of
    many brightnesses, which only a neutral has, outweighs one large surface: a sky, a wall, a lit desk. The best light
    is refined by the mean of the samples that agree with it, kept close to the locus. A picture with nothing grey in it
    gives its prior.
    """
    lights, kelvin = locus(model)
    log_lights = np.log(lights[:, [0, 2]] / lights[:, 1:2])
    mired = 1e6 / kelvin
    prior = -0.5 * ((mired - USUAL) / np.where(mired < USUAL, COLDER, WARMER)) ** 2
    colours = colours[(colours > 0).all(axis=1)]
    if len(colours) == 0:
        return np.asarray(lights[int(np.argmax(prior))])
    ratio, level, count = kinds(colours)
    weight = count**CROWD * np.minimum(level / np.quantile(colours @ LEVEL, 0.9), 1.0) ** 0.5
    distance2 = ((ratio[None] - log_lights[:, None]) ** 2).sum(axis=-1)
    nearness = np.exp(-0.5 * distance2 / TOLERANCE**2)
    votes = (nearness * weight).sum(axis=1) / weight.sum()
    shades = np.log(((colours**6).mean(axis=0)) ** (1 / 6))
    shades = np.array([shades[0] - shades[1], shades[2] - shades[1]])
    regular = np.exp(-0.5 * ((shades - log_lights) ** 2).sum(axis=1) / 0.6**2)
    best = int(np.argmax(np.log(votes + 0.02) + np.log(regular + 1e-3) + prior))
    centre = log_lights[best]
    for _ in range(STEPS):  # mean shift (Comaniciu and Meer 2002); a share stands for the light on the locus itself
        agree = np.exp(-0.5 * ((ratio - centre) ** 2).sum(axis=1) / TOLERANCE**2) * weight
        own = ON_LOCUS * weight.sum()
        centre = (agree @ ratio + own * log_lights[best]) / (agree.sum() + own)
    neutral = np.array([np.exp(centre[0]), 1.0, np.exp(centre[1])])
    return np.asarray(neutral / neutral.max())


def kinds(colours: Floats) -> tuple[Floats, Floats, Floats]:
    """Samples of nearly one colour and brightness put together: mean log ratios of red and blue to green (m, 2), mean
    level (m,) and number (m,)."""
    level = colours @ LEVEL
    ratio = np.log(colours[:, [0, 2]] / colours[:, 1:2])
    red, blue = np.clip(np.floor(ratio / 0.04), -500, 499).astype(np.int64).T
    stop = np.clip(np.floor(np.log2(level) * 2), -100, 99).astype(np.int64)
    _, kind = np.unique((stop * 1000 + red) * 1000 + blue, return_inverse=True)
    count = np.bincount(kind).astype(np.float64)
    means = [np.bincount(kind, values) / count for values in (ratio[:, 0], ratio[:, 1], level)]
    return np.stack(means[:2], axis=1), means[2], count


Estimator = Callable[[Floats, CameraModel], Floats]
ESTIMATORS: dict[str, Estimator] = {"grey-near-locus": grey_near_locus}


def decide_white_balance(
    wb: str, tags: CameraColor, model: CameraModel, colours: Callable[[], Floats], estimator: str = "grey-near-locus"
) -> WhiteBalance:
    """Follow the recipe's `wb`; colours() gives (n, 3) linear camera RGB of unclipped places, only asked if needed."""
    asked = parse_white_balance(wb)
    if asked is not None:
        xy = color.xy_from_temperature(*asked)
        return WhiteBalance(model.neutral_from_xy(xy), xy, *asked, source="recipe")
    shot = as_shot(tags, model) if wb == "as-shot" else None
    if shot is not None:
        neutral, xy = shot
        source = "as-shot"
    else:
        neutral = ESTIMATORS[estimator](colours(), model)
        xy = model.xy_from_neutral(neutral)
        source = "auto"
    return WhiteBalance(neutral, xy, *color.temperature_from_xy(xy), source=source)
