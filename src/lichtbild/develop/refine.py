"""A second pass over a burst of many frames: what they say beyond the merged mosaic is added to it.

The merge interpolates each frame before it averages. With many frames and little noise it is the errors of that
interpolation, not noise, that are left; the machinery of super-resolution finds them on the mosaic's own grid.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from lichtbild import native
from lichtbild.carriers import Frame
from lichtbild.color import Floats
from lichtbild.develop.demosaic import develop_mosaic
from lichtbild.develop.superres import DOUBT, SMALLEST, balanced_noise, expectation, gather, neutral_of, windows
from lichtbild.recipe import Recipe
from lichtbild.report import Report

FEWEST = 12  # frames that count; with fewer, noise hides the errors of interpolation
QUIET = 0.0056  # standard deviation of middle grey after the merge, in parts of white, above which it does as well
GREY = 0.18
TIMES = 1.0  # how often the noise is taken from the energy of differences


def worth_refining(frame: Frame) -> bool:
    """Whether a merged frame has so many frames, and so little noise left, that a second pass shows."""
    if len(frame.aligned) < FEWEST or frame.frame_count < FEWEST or min(frame.mosaic.shape) < SMALLEST:
        return False
    profile = frame.noise_profile
    variance = np.mean(profile.scale) * GREY + np.mean(profile.offset)
    return bool(variance < QUIET**2)


def refine(frame: Frame, recipe: Recipe, report: Report) -> Frame:
    """The merged frame, refined by the frames that it stands for (`aligned`), which are read once more.

    Levels, noise profile and everything else stay as they are.
    """
    return refined(frame, neutral_of(frame, recipe, report), report, recipe.device)


def refined(frame: Frame, neutral: Floats, report: Report, device: str = "auto") -> Frame:
    """See `refine`. neutral: as from `neutral_of`."""
    height, width = frame.mosaic.shape
    image = develop_mosaic(replace(frame, shading=None), (0, 0, height, width), neutral, np.eye(3))
    planes, unit = expectation(frame, image, neutral)
    del image  # memory: three times that of the sums
    sums = gather(frame, planes, unit, neutral, 1.0, report, "refine", device)
    del planes
    black = float(np.mean(frame.black_level))
    light = 1.0 / (frame.white_level - black) / np.asarray(neutral)
    out = np.empty_like(frame.mosaic)
    native.call(
        "superres_refine",
        frame.mosaic, sums, windows(1.0), balanced_noise(frame.aligned[0].frame, neutral),
        np.array(DOUBT, np.float32), light.astype(np.float32), TIMES, black, *frame.color_phase, out,
    )  # fmt: skip
    report.decide("burst", refined=True)
    return replace(frame, mosaic=out)
