"""A second pass over a burst of many frames: what they say beyond the merged mosaic is added to it.

The merge interpolates each frame before it averages. With many frames and little noise it is the errors of that
interpolation, not noise, that are left; the machinery of super-resolution finds them on the mosaic's own grid. What
the merged picture says of each frame comes from cubic splines (Unser, Aldroubi and Eden, 1993), so that it holds all
detail that the picture holds.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from lichtbild import native
from lichtbild.carriers import Aligned, FloatImage, Frame, Mosaic
from lichtbild.color import Floats
from lichtbild.develop import superres
from lichtbild.develop.demosaic import develop_mosaic
from lichtbild.develop.refine_flow import settled
from lichtbild.develop.superres import BLOCK_X, BLOCK_Y, COLOR, DOUBT, GREEN, MARGIN, PAD_X, PAD_Y, SHARED, SMALLEST
from lichtbild.recipe import Recipe
from lichtbild.report import Report

FEWEST = 12  # frames that count; with fewer, noise hides the errors of interpolation
QUIET = 0.0085  # standard deviation of middle grey after the merge, in parts of white, above which it does as well
GREY = 0.18
TIMES = 0.7, 1.0  # how often the noise is taken from the energy of differences, of grey and of colours
AROUND = 1.5, 2.0  # mosaic pixels, deviations of the windows in which these are measured
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
    return refined(frame, superres.neutral_of(frame, recipe, report), report, recipe.device)


def refined(frame: Frame, neutral: Floats, report: Report, device: str = "auto") -> Frame:
    """See `refine`. neutral: as from `superres.neutral_of`."""
    planes, unit = splines(frame, neutral)
    sums = gather(frame, planes, unit, neutral, report, device)
    del planes
    black = float(np.mean(frame.black_level))
    light = 1.0 / (frame.white_level - black) / np.asarray(neutral)
    out = np.empty_like(frame.mosaic)
    native.call(
        "superres_refine",
        frame.mosaic, sums, windows(), superres.balanced_noise(frame.aligned[0].frame, neutral),
        np.array(DOUBT, np.float32), light.astype(np.float32), *TIMES, black, *frame.color_phase, out,
    )  # fmt: skip
    report.decide("burst", refined=True)
    return replace(frame, mosaic=out)


def splines(frame: Frame, neutral: Floats) -> tuple[Mosaic, float]:
    """Padded planes of the demosaiced picture's spline coefficients, as burst_warp takes them, and their units of
    light."""
    height, width = frame.mosaic.shape
    image = develop_mosaic(replace(frame, shading=None), (0, 0, height, width), neutral, np.eye(3))
    height, width = (n + n % 2 for n in frame.mosaic.shape)
    black = float(np.mean(frame.black_level))
    brightest = (frame.clip_level - black) / (frame.white_level - black) / float(np.min(neutral))
    unit = UNIT / max(brightest, 1.0)
    planes = np.empty((3, max(height + 2 * MARGIN, 128), max(width + 2 * MARGIN, 512)), np.uint16)
    native.call("superres_splines", image, unit, coefficients(), planes)
    return planes, unit


def coefficients() -> FloatImage:
    """Half of the filter by which the coefficients of cubic B-splines are found, of sum 1."""
    half = (np.sqrt(3) - 2) ** np.arange(REACH + 1)
    return np.asarray(half / (2 * half.sum() - half[0]), np.float32)


def windows() -> FloatImage:
    """Those of `superres.windows`, the last two of the energies."""
    each = superres.windows(1.0)
    half = np.exp(-(np.arange(each.shape[1]) ** 2) / (2 * np.array(AROUND)[:, None] ** 2))
    each[-2:] = half / (2 * half.sum(axis=1) - half[:, 0])[:, None]
    return each


def gather(frame: Frame, planes: Mosaic, unit: float, neutral: Floats, report: Report, device: str) -> Mosaic:
    """As `superres.gather`, on the grid of the mosaic, from planes as of `splines`."""
    sums = superres.empty(frame, 1.0)
    height, width = (n + n % 2 for n in frame.mosaic.shape)
    rows, columns = height // 2, width // 2
    count = min(superres.TOGETHER, len(frame.aligned))
    samples = np.empty((count, 5, rows + 2 * PAD_Y, columns + 2 * PAD_X), np.int16)
    blocks = np.empty((count, 2, -(-rows // BLOCK_Y), -(-columns // BLOCK_X)), np.float32)
    sharpness = np.array([0.5 / s**2 for s in (SHARED, GREEN, COLOR)], np.float32)
    expected = np.empty((height, width), np.uint16)  # memory that is used again
    waiting = 0
    for done, (moved, its) in enumerate(superres.opened(frame.aligned, report, device)):
        if its is not None:
            flow = expect(planes, unit, moved, its, neutral, expected)
            superres.weigh(frame, its, moved.gain, expected, unit, neutral, samples[waiting])
            native.call("burst_blocks", flow, blocks[waiting])
            waiting += 1
        if waiting == count or (done + 1 == len(frame.aligned) and waiting):
            native.call(
                "superres_gather", samples[:waiting], blocks[:waiting], sums, sharpness, 1.0,
                *frame.color_phase, sums,
            )  # fmt: skip
            waiting = 0
        report.progress("refine", (done + 1) / len(frame.aligned))
    return sums


def expect(planes: Mosaic, unit: float, moved: Aligned, its: Frame, neutral: Floats, expected: Mosaic) -> FloatImage:
    """The motion of a frame as the picture confirms it. expected: filled with what the frame should show of the
    picture, in the units of `burst_warp`."""
    flow = np.ascontiguousarray(moved.flow)
    if moved.steady is not None:
        black = np.array(its.black_level)
        gain = moved.gain * unit / (its.white_level - black) / neutral[["RGB".index(color) for color in its.cfa]]
        levels = black.astype(np.float32), gain.astype(np.float32)
        flow = settled(flow, moved.steady, its.mosaic, planes, its.color_phase, levels)
    height, width = expected.shape
    blocks = np.empty((2, -(-height // 8), -(-width // 16)), np.float32)
    native.call("burst_blocks", superres.inverse(flow), blocks)
    native.call("burst_warp", planes, blocks, *its.color_phase, width, height, True, expected)
    return flow
