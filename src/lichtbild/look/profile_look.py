"""`--look profile`: how the author of a camera profile wants pictures to look (DNG 1.7, chapter 6).

In linear ProPhoto RGB: exposure by BaselineExposure, the look table, then the tone curve, which keeps hue. It takes the
place of a look, for both do the same work; docs/decisions/0011 says why.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from lichtbild import native
from lichtbild.carriers import Scene
from lichtbild.color import Floats
from lichtbild.develop.hue_sat import apply_hue_sat
from lichtbild.devices.hue_sat import working_to_prophoto
from lichtbild.devices.profile import ToneCurve
from lichtbild.look import tone
from lichtbild.recipe import Recipe
from lichtbild.record import replace
from lichtbild.report import Report

SAMPLES = 4096
SPLINE = 200  # points up to which a curve is smoothed; with more it is smooth by itself
# For a profile without a curve: middle grey of a raw, half a stop below that of a picture, to middle grey.
HEADROOM, CONTRAST, TOE, SHOULDER = 0.5, 1.28, 5.0, 0.5


def shown(scene: Scene, recipe: Recipe, report: Report) -> Scene | None:
    """The scene as display light, linear Rec. 2020 of 0..1; None, and a notice, where no profile has a look."""
    profile = scene.profile
    if profile is None or (profile.look_table is None and profile.tone_curve is None):
        report.notice("no camera profile with a look is at hand, so the look is natural; --device names a profile")
        return None
    ev = scene.metadata.color.baseline_exposure + profile.baseline_exposure + recipe.ev
    report.decide("look", look="profile", ev=ev, profile=profile.source_line)
    image = np.ascontiguousarray(np.moveaxis(scene.image, 2, 0), np.float16)
    if image is scene.image.base or np.shares_memory(image, scene.image):
        image = image.copy()
    to_prophoto, same = 2.0**ev * working_to_prophoto(), np.eye(3)
    if profile.look_table is not None:
        apply_hue_sat(image, profile.look_table, to_prophoto, same)
        to_prophoto = same
    back = np.linalg.inv(working_to_prophoto())
    native.call(
        "profile_tone",
        image,
        samples(profile.tone_curve),
        np.ascontiguousarray(to_prophoto, np.float32),
        np.ascontiguousarray(back, np.float32),
        image,
    )
    return replace(scene, image=np.moveaxis(image, 0, 2))


def samples(curve: ToneCurve | None) -> npt.NDArray[np.float32]:
    """The curve at `SAMPLES` places from 0 to 1; one of ours where the profile has none."""
    x = np.linspace(0, 1, SAMPLES)
    if curve is None:
        white = np.log2(2**HEADROOM / tone.MIDDLE_GREY)
        y = tone.solve(CONTRAST, TOE, SHOULDER, white)(x * 2**HEADROOM)
    else:
        y = through(curve.points.astype(np.float64), x)
    return np.asarray(np.clip(y, 0, 1), np.float32)


def through(points: Floats, x: Floats) -> Floats:
    """A natural cubic spline through (n, 2) points at x; straight lines where there are many."""
    px, py = points.T
    n = len(px)
    if n < 3 or n > SPLINE:
        return np.asarray(np.interp(x, px, py), np.float64)
    width, slope = np.diff(px), np.diff(py) / np.diff(px)
    system, right = np.eye(n), np.zeros(n)
    for i in range(1, n - 1):
        system[i, i - 1 : i + 2] = width[i - 1], 2 * (width[i - 1] + width[i]), width[i]
        right[i] = 6 * (slope[i] - slope[i - 1])
    bend = np.linalg.solve(system, right)
    at = np.clip(np.searchsorted(px, x, side="right") - 1, 0, n - 2)
    a, b, h = (px[at + 1] - x) / width[at], (x - px[at]) / width[at], width[at]
    return np.asarray(a * py[at] + b * py[at + 1] + ((a**3 - a) * bend[at] + (b**3 - b) * bend[at + 1]) * h * h / 6)
