"""White balance: which camera RGB is white. Decides numbers only; the kernels divide by them.

As the camera was set, as the recipe says, or measured in the picture (see `illuminant`). What the file says is believed
where it can be the colour of any light as this camera sees it by its own matrices; what is measured heeds it a little.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

import numpy as np

from lichtbild import color
from lichtbild.carriers import CameraColor
from lichtbild.color import Chromaticity, Floats
from lichtbild.develop.camera_color import CameraModel
from lichtbild.develop.illuminant.lights import daylight_tint
from lichtbild.recipe import parse_white_balance
from lichtbild.record import record, replace
from lichtbild.report import Report

if TYPE_CHECKING:
    from lichtbild.develop.illuminant.mixed import LightShare
    from lichtbild.develop.illuminant.samples import Samples

COLDEST, WARMEST = 24_000.0, 1_750.0  # kelvin of what is taken for a light
FARTHEST_TINT = 110.0  # from the locus of daylight and the black body: Duv 0.037; sodium lamps and old tubes stay below
INEXACT = 3.0  # degrees


@record
class WhiteBalance:
    """neutral: camera RGB of white, max 1. xy: chromaticity of the illuminant. source: where they come from.

    lights: the lights that were found in the picture, the main one first; empty where nobody looked.
    """

    neutral: Floats
    xy: Chromaticity
    kelvin: float
    tint: float
    source: str
    lights: tuple[LightShare, ...] = ()


def as_shot(tags: CameraColor, model: CameraModel) -> tuple[Floats, Chromaticity] | None:
    """The camera's own white balance, or None where the file has none that is plausible."""
    if tags.as_shot_neutral is not None:
        neutral = np.asarray(tags.as_shot_neutral, np.float64)
        if np.isfinite(neutral).all() and neutral.min() > 0 and neutral.max() / neutral.min() < 50:
            neutral = neutral / neutral.max()
            xy = model.xy_from_neutral(neutral)
            exact = _apart(neutral, model.neutral_from_xy(xy)) < INEXACT  # else the matrices do not know that colour
            return (neutral, xy) if exact and is_light(xy) else None
    if tags.as_shot_white_xy is not None:
        x, y = tags.as_shot_white_xy
        if 0.15 < x < 0.75 and 0.10 < y < 0.65 and x + y < 1 and is_light((x, y)):
            return model.neutral_from_xy((x, y)), (x, y)
    return None


def _apart(one: Floats, two: Floats) -> float:
    """Degrees."""
    cosine = one @ two / (np.linalg.norm(one) * np.linalg.norm(two))
    return float(np.degrees(np.arccos(np.clip(cosine, -1.0, 1.0))))


def is_light(xy: Chromaticity) -> bool:
    """False for a chromaticity that no light has by which one photographs."""
    kelvin, tint = color.temperature_from_xy(xy)
    return WARMEST <= kelvin <= COLDEST and abs(tint - daylight_tint(kelvin)) <= FARTHEST_TINT


def decide_white_balance(
    wb: str,
    tags: CameraColor,
    model: CameraModel,
    samples: Callable[[], Samples],
    report: Report | None = None,
    estimator: str = "",
) -> WhiteBalance:
    """Follow the recipe's `wb`; samples() gives what the estimator looks at, only asked if needed.

    estimator: a name of `ESTIMATORS`; the default one where it is left out.
    """
    asked = parse_white_balance(wb)
    if asked is not None:
        xy = color.xy_from_temperature(*asked)
        return WhiteBalance(model.neutral_from_xy(xy), xy, *asked, source="recipe")
    shot = as_shot(tags, model)
    if shot is not None and wb == "as-shot":
        neutral, xy = shot
        return WhiteBalance(neutral, xy, *color.temperature_from_xy(xy), source="as-shot")
    if wb == "as-shot" and report is not None and (tags.as_shot_neutral or tags.as_shot_white_xy):
        report.notice(
            "the file's white balance is that of no light for this camera; it is measured in the picture instead, and "
            "--wb KELVIN sets another"
        )
    from lichtbild.develop.illuminant.estimator import DEFAULT, ESTIMATORS
    from lichtbild.develop.illuminant.mixed import lights_of

    seen = samples()
    if shot is not None:
        seen = replace(seen, as_shot=shot[0])
    found = ESTIMATORS[estimator or DEFAULT](seen, model)
    lights = lights_of(seen, model, found)
    balance = _kept_warm(found, model, seen.light_value, lights)
    if report is not None:
        _tell(balance, report)
    return balance


def _kept_warm(
    found: Floats, model: CameraModel, light_value: float | None, lights: tuple[LightShare, ...]
) -> WhiteBalance:
    """The balance for a light, of whose colour the picture keeps a little."""
    from lichtbild.develop.illuminant.adaptation import adapted

    xy = model.xy_from_neutral(found)
    kelvin, tint = color.temperature_from_xy(xy)
    wanted = adapted(kelvin, light_value)
    if abs(wanted - kelvin) < 0.5:
        return WhiteBalance(found, xy, kelvin, tint, "auto", lights)
    place = color.xy_from_temperature(wanted, tint - daylight_tint(kelvin) + daylight_tint(wanted))
    # The step between both lights is taken from what was found, which need not lie where the matrices say.
    neutral = found * model.neutral_from_xy(place) / model.neutral_from_xy(xy)
    neutral = np.asarray(neutral / neutral.max())
    xy = model.xy_from_neutral(neutral)
    return WhiteBalance(neutral, xy, *color.temperature_from_xy(xy), "auto", lights)


def _tell(balance: WhiteBalance, report: Report) -> None:
    lights = [
        {
            "xy": [round(v, 4) for v in light.xy],
            "kelvin": round(light.kelvin),
            "tint": round(light.tint, 1),
            "share": round(light.share, 2),
        }
        for light in balance.lights
    ]
    report.decide("develop", lights=lights)
    if len(lights) > 1:
        parts = " and ".join(f"{light.kelvin:.0f} K ({100 * light.share:.0f} %)" for light in balance.lights)
        report.notice(
            f"the scene is lit by {parts}; white is balanced for {balance.kelvin:.0f} K, and --wb KELVIN chooses one"
        )
