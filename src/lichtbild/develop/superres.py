"""Super-resolution: the frames of a hand-held burst, each shifted a little, show more than one grid of pixels holds.

After Wronski et al., "Handheld Multi-Frame Super-Resolution" (2019): kernel regression of the raw samples of all
frames on a finer grid, robust to motion, in place of demosaicing. Here not the samples themselves are regressed but
what they say (`gather.py`) beyond the merged and demosaiced picture (`predict.py`): where the frames add nothing (no
shake, motion, few frames), that picture stays, enlarged.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from lichtbild import native
from lichtbild.carriers import Aligned, FloatImage, Frame, HalfImage, Mosaic, NoiseProfile
from lichtbild.color import Floats
from lichtbild.develop.camera_color import CameraModel
from lichtbild.develop.demosaic import develop_mosaic
from lichtbild.develop.denoise import denoise
from lichtbild.develop.fine_waves import joined_waves, waves_of_color, waves_of_noise
from lichtbild.develop.gather import COLOR, GREEN, SHARED, balanced_noise, empty, gather
from lichtbild.develop.illuminant.samples import Samples
from lichtbild.develop.predict import TILE, confirmed, expectation, predict, room
from lichtbild.develop.scene import device_of
from lichtbild.develop.white_balance import decide_white_balance
from lichtbild.recipe import Recipe
from lichtbild.record import replace
from lichtbild.report import Report

RADIUS = 4  # fine pixels of half a window, as in kernels/superres_finish.py
OPTICS = 0.48  # mosaic pixels, deviation of what lens and pixel blur
AROUND = 2.0  # fine pixels, deviation of the window in which energy is measured
NEAR = 3.0  # fine pixels, deviation of the window in which colour is a line over brightness
DOUBT = 0.1, 0.2  # weight of no difference
SHRINK = 1.5, 1.9  # times the noise, the energy of differences of grey and of colours, that is taken for noise
TAKE = 4.0, 6.0  # times the noise, the energy of a frequency of grey, and of a colour, of which half is kept
OVERSHOOT = 0.005  # of the range around, what sharpening may add beyond it
SMALLEST = 64  # mosaic pixels of a side below which frames are only enlarged
BLACK_OUT = 2048.0


def enlarge(frame: Frame, recipe: Recipe, report: Report) -> Frame:
    """A linear raw of `recipe.scale` times the size, from a merged frame and the frames that it stands for (`aligned`).

    A linear raw comes back as it is, with a notice.
    """
    if frame.is_linear:
        report.notice("linear raw frames are not enlarged; --scale does nothing to them")
        return frame
    return super_resolve(frame, neutral_of(frame, recipe, report), recipe, report)


def neutral_of(frame: Frame, recipe: Recipe, report: Report) -> Floats:
    """Camera RGB of white, by which the colours of frames are balanced while they are compared."""
    model = CameraModel.of(frame.metadata.color, device_of(frame, recipe, report))
    return decide_white_balance(recipe.wb, frame.metadata.color, model, lambda: Samples.of_frame(frame)).neutral


def super_resolve(frame: Frame, neutral: Floats, recipe: Recipe, report: Report) -> Frame:
    """See `enlarge`. neutral: as from `neutral_of`.

    The result is not balanced; levels, noise profile, crop and shading are its own.
    """
    scale = float(recipe.scale)
    if not frame.aligned:  # it shows more than the cleaned and demosaiced picture keeps of it
        still = np.zeros((2, *(-(-n // TILE) for n in frame.mosaic.shape)), np.float32)
        frame = replace(frame, aligned=(Aligned(frame, still, 1.0),))
    image, sums, profile = gathered(frame, neutral, recipe, report)
    height, width = frame.mosaic.shape
    black = float(np.mean(frame.black_level))
    highest = (frame.clip_level - black) / (frame.white_level - black)
    scale_out = (65535.0 - BLACK_OUT) / highest
    noise = balanced_noise(frame.aligned[0].frame, neutral)
    out = np.empty((int(height * scale), int(width * scale), 3), np.uint16)
    strength = min(recipe.denoise, 1.0)
    take, take_color = TAKE[0] * strength, TAKE[1] * strength
    native.call(
        "superres_finish",
        image, sums, windows(scale), noise, np.array(DOUBT, np.float32), np.array(SHRINK, np.float32) * strength,
        np.asarray(neutral, np.float32), waves_of_noise(scale, SHARED) * np.float32(take),
        joined_waves(scale, min(recipe.sharpen, 1.0)), waves_of_color(scale, COLOR, take_color), 1.0 / scale, OVERSHOOT,
        BLACK_OUT, scale_out, round(2 * scale), out.shape[1], out.shape[0], out,
    )  # fmt: skip
    report.decide("enlarge", scale=scale, frames_gathered=len(frame.aligned), denoise=recipe.denoise)
    return replace(
        frame,
        mosaic=out,
        cfa="RGB",
        black_level=(BLACK_OUT,) * 4,
        white_level=BLACK_OUT + scale_out,
        clip_level=65535.0,
        noise_profile=profile,
        shading=None if frame.shading is None else plane_gains(frame),
        default_crop=enlarged(frame.default_crop, scale),
        confidence=None,
        aligned=(),
        metadata=replace(frame.metadata, opcode_list_1=b"", opcode_list_2=b""),
    )


def gathered(frame: Frame, neutral: Floats, recipe: Recipe, report: Report) -> tuple[HalfImage, Mosaic, NoiseProfile]:
    """What is finished: the merged picture (3, h, w), cleaned and demosaiced, in balanced colour; what its frames say
    beyond it, as from `gather`; and the noise profile of the first."""
    scale = float(recipe.scale)
    clean = denoise(replace(frame, shading=None), neutral, recipe.denoise, report)
    height, width = frame.mosaic.shape
    image = develop_mosaic(clean, (0, 0, height, width), neutral, np.eye(3))
    if min(frame.mosaic.shape) < SMALLEST:
        return image, empty(frame, scale), clean.noise_profile
    planes, unit = expectation(frame, image, neutral)
    expected = room(frame)

    def expect(moved: Aligned, its: Frame) -> tuple[Mosaic, FloatImage]:
        flow = confirmed(moved, its, planes, unit, neutral)
        return predict(planes, flow, its.color_phase, expected), flow

    sums = gather(frame, expect, unit, neutral, scale, report, device=recipe.device)
    return image, sums, clean.noise_profile


def windows(scale: float) -> FloatImage:
    """(6, RADIUS + 1) half Gaussian windows of sum 1 over the fine pixels; see `kernels/superres_finish.py`."""
    return half_windows((SHARED * scale, GREEN * scale, COLOR * scale, AROUND, OPTICS * scale, NEAR))


def half_windows(deviations: Sequence[float]) -> FloatImage:
    """(n, RADIUS + 1): half Gaussian windows of sum 1."""
    half = np.exp(-(np.arange(RADIUS + 1) ** 2) / (2 * np.array(deviations)[:, None] ** 2))
    return np.asarray(half / (2 * half.sum(axis=1) - half[:, 0])[:, None], np.float32)


def plane_gains(frame: Frame) -> FloatImage:
    """Lens shading of the colours: (h', w', 4) gains of R, G, B, and again of B."""
    assert frame.shading is not None
    gains = [frame.shading[..., [i for i in range(4) if frame.cfa[i] == c]].mean(axis=2) for c in "RGBB"]
    return np.stack(gains, axis=-1).astype(np.float32)


def enlarged(crop: tuple[int, int, int, int] | None, scale: float) -> tuple[int, int, int, int] | None:
    """Top, left, height and width of a crop in pixels of the enlarged picture."""
    if crop is None:
        return None
    return int(crop[0] * scale), int(crop[1] * scale), int(crop[2] * scale), int(crop[3] * scale)
