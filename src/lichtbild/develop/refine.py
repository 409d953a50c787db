"""A second pass over a burst of many frames: what they say beyond the merged mosaic is added to it.

The merge interpolates each frame before it averages. With many frames and little noise it is the errors of that
interpolation, not noise, that are left; the machinery of super-resolution finds them on the mosaic's own grid. What
the merged picture says of each frame comes from cubic splines (Unser, Aldroubi and Eden, 1993), so that it holds all
detail that the picture holds.
"""

from __future__ import annotations

import functools

import numpy as np

from lichtbild import native
from lichtbild.burst.evidence import LIMIT, bordered
from lichtbild.burst.merger import site_noise
from lichtbild.carriers import CELL, Aligned, FloatImage, Frame, Mosaic
from lichtbild.color import Floats
from lichtbild.develop.demosaic import develop_mosaic
from lichtbild.develop.fine_waves import waves_gathered
from lichtbild.develop.gather import balanced_noise, gather
from lichtbild.develop.predict import confirmed, padded, predict, room
from lichtbild.develop.superres import DOUBT, SMALLEST, half_windows, neutral_of
from lichtbild.recipe import Recipe
from lichtbild.record import replace
from lichtbild.report import Report

FEWEST = 12  # frames that count; with fewer, noise hides the errors of interpolation
QUIET = 0.0085  # standard deviation of middle grey after the merge, in parts of white, above which it does as well
GREY = 0.18
KERNELS = 0.30, 0.35, 0.42  # mosaic pixels, deviations of those that gather: for all colours, green, red and blue
TIMES = 1.0, 1.2, 1.2  # how often noise is taken from the energy of grey, of green, and of red against blue
MOVED = 0.1, 0.4  # share of the frames that count, below which nothing, and from which on everything is refined
FARTHER = 1.0  # deviations by which noise may bring refined cells farther from the reference than merged ones
RISE, UNIT = 12288.0, 36000.0  # as in kernels/burst_interpolate.py; room above and below for splines
REACH = 6  # pixels on each side by which a spline's coefficient is found


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
    """See `refine`. neutral: as from `superres.neutral_of`."""
    planes, unit = splines(frame, neutral)
    expected = room(frame)
    expect = functools.partial(expectation, planes, unit, neutral, expected)
    sums = gather(frame, expect, unit, neutral, 1.0, report, leg="refine", device=device, kernels=KERNELS)
    del planes, expect
    black = float(np.mean(frame.black_level))
    light = 1.0 / (frame.white_level - black) / np.asarray(neutral)
    noise, out = balanced_noise(frame.aligned[0].frame, neutral), np.empty_like(frame.mosaic)
    native.call(
        "superres_refine",
        frame.mosaic, sums, windows(), noise, np.array(DOUBT, np.float32), light.astype(np.float32), *waves(), black,
        *frame.color_phase, out,
    )  # fmt: skip
    del sums
    native.call("superres_blend", frame.mosaic, out, bordered(told(frame) * nearer(frame, out)), out)
    report.decide("burst", refined=True)
    return replace(frame, mosaic=out)


def told(frame: Frame) -> FloatImage:
    """How far cells are refined, 0..1: not where most frames were not trusted in the merge, because something moved."""
    assert frame.confidence is not None
    share = frame.confidence / frame.frame_count
    return np.clip((share - MOVED[0]) / (MOVED[1] - MOVED[0]), 0, 1).astype(np.float32)


def nearer(frame: Frame, refined: Mosaic) -> FloatImage:
    """Cells, 0..1, in which the refined mosaic is not farther from the reference than the merged one, by more than the
    reference's noise explains: the reference knows no other moment than its own."""
    reference = frame.aligned[0].frame
    assert isinstance(reference, Frame)
    black, black_merged = np.array(reference.black_level, np.float32), float(np.mean(frame.black_level))
    span = reference.white_level - float(black.mean())
    limit = LIMIT * (reference.clip_level - float(black.mean())) / span
    sums = np.empty((2, *(side // CELL for side in refined.shape)), np.float32)
    native.call(
        "superres_judge",
        reference.mosaic, frame.mosaic, refined, black, site_noise(reference, reference.noise_profile), 1 / span,
        black_merged, 1 / (frame.white_level - black_merged), limit, sums,
    )  # fmt: skip
    wide = np.pad(sums, [(0, 0), (1, 1), (1, 1)], "edge")
    rows, columns = sums.shape[1:]
    farther, change = np.sum([wide[:, i : i + rows, j : j + columns] for i in range(3) for j in range(3)], axis=0)
    doubt = farther / (2 * np.sqrt(change) + 1e-3)
    within = np.clip(FARTHER + 1 - doubt, 0, 1)
    return np.pad(within, [(0, int(side % CELL > 0)) for side in refined.shape], "edge").astype(np.float32)


def splines(frame: Frame, neutral: Floats) -> tuple[Mosaic, float]:
    """Padded planes of the demosaiced picture's spline coefficients, as burst_warp takes them, and their units of
    light."""
    height, width = frame.mosaic.shape
    image = develop_mosaic(replace(frame, shading=None), (0, 0, height, width), neutral, np.eye(3))
    planes, unit = padded(frame, neutral, UNIT)
    native.call("superres_splines", image, unit, coefficients(), planes)
    return planes, unit


def coefficients() -> FloatImage:
    """Half of the filter by which the coefficients of cubic B-splines are found, of sum 1."""
    half = (np.sqrt(3) - 2) ** np.arange(REACH + 1)
    return np.asarray(half / (2 * half.sum() - half[0]), np.float32)


def windows() -> FloatImage:
    """(3, `superres.RADIUS` + 1): half windows of `KERNELS`."""
    return half_windows(KERNELS)


def waves() -> tuple[FloatImage, FloatImage]:
    """(3, 8, 8), twice: one over the noise that cosine coefficients of grey, green, and red against blue must exceed,
    and the gains that undo the blur of the kernels. Colours stay blurred: at the size of pixels they mislead more than
    they tell."""
    noise = [waves_gathered(width) * times for width, times in zip(KERNELS, TIMES, strict=True)]
    response = np.exp(-2 * (np.pi * KERNELS[0] * np.arange(8) / 16) ** 2)
    gains = np.ones((3, 8, 8), np.float32)
    gains[0] = 1 / np.outer(response, response)
    return np.asarray(1 / np.array(noise), np.float32), gains


def expectation(
    planes: Mosaic, unit: float, neutral: Floats, expected: Mosaic, moved: Aligned, its: Frame
) -> tuple[Mosaic, FloatImage]:
    """`expected`, filled with what a frame should show of the picture, and its motion as the picture confirms it."""
    flow = confirmed(moved, its, planes, unit, neutral, spline=True)
    return predict(planes, flow, its.color_phase, expected, spline=True), flow
