"""Super-resolution: the frames of a hand-held burst, each shifted a little, show more than one grid of pixels holds.

After Wronski et al., "Handheld Multi-Frame Super-Resolution" (2019): kernel regression of the raw samples of all
frames on a finer grid, robust to motion, in place of demosaicing. Here not the samples themselves are regressed but
what they say beyond the merged and demosaiced picture: where the frames add nothing (no shake, motion, few
frames), that picture stays, enlarged. Frames are read a second time, one after the other; memory does not grow with
their number.
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace

import numpy as np
import numpy.typing as npt

from lichtbild import native
from lichtbild.carriers import Aligned, FloatImage, Frame, HalfImage, Mosaic
from lichtbild.color import Floats
from lichtbild.develop.camera_color import CameraModel
from lichtbild.develop.demosaic import develop_mosaic
from lichtbild.develop.denoise import denoise
from lichtbild.develop.illuminant.samples import Samples
from lichtbild.develop.scene import device_of
from lichtbild.develop.white_balance import decide_white_balance
from lichtbild.recipe import Recipe
from lichtbild.report import Report
from lichtbild.workers import ahead, on_all_processors

MARGIN, PEDESTAL, UNIT = 16, 4096.0, 56000.0  # as in kernels/burst_interpolate.py
PAD_X, PAD_Y = 16, 8  # as in kernels/superres_samples.py
BLOCK_X, BLOCK_Y = 8, 4  # quads, as in kernels/superres_gather.py
TILE = 32  # mosaic pixels of a tile of the flow
RADIUS = 4  # fine pixels of half a window, as in kernels/superres_finish.py
TOGETHER = 4  # frames that are gathered in one pass
SHARED, GREEN, COLOR = 0.30, 0.45, 0.60  # mosaic pixels, deviation of the kernels
OPTICS = 0.48  # mosaic pixels, deviation of what lens and pixel blur
AROUND = 2.0  # fine pixels, deviation of the window in which energy is measured
NEAR = 3.0  # fine pixels, deviation of the window in which colour is a line over brightness
TOLERANCE = 0.02, 0.1, 0.3, 1.3, 0.1, 0.06, 5.0  # see kernels/superres_samples.py
DOUBT = 0.1, 0.2  # weight of no difference
SHRINK = 1.3, 1.6  # times the noise, the energy of differences of grey and of colours, that is taken for noise
TAKE = 4.0  # times the noise, the energy of a frequency of which half is kept
LIFT = 5.0  # times as strong, at most, a frequency is made that blur took
OVERSHOOT = 0.015  # of the range around, what sharpening may add beyond it
SMALLEST = 64  # mosaic pixels of a side below which frames are only enlarged
CLIPPED = 0.97  # of the clip level
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
    clean = denoise(replace(frame, shading=None), neutral, recipe.denoise, report)
    height, width = frame.mosaic.shape
    image = develop_mosaic(clean, (0, 0, height, width), neutral, np.eye(3))
    if min(frame.mosaic.shape) >= SMALLEST:
        planes, unit = expectation(frame, image, neutral)
        expected = room(frame)

        def expect(moved: Aligned, its: Frame) -> tuple[Mosaic, FloatImage]:
            flow = confirmed(moved, its, planes, unit, neutral)
            return predict(planes, flow, its.color_phase, expected), flow

        sums = gather(frame, expect, unit, neutral, scale, report, device=recipe.device)
    else:
        sums = empty(frame, scale)
    black = float(np.mean(frame.black_level))
    highest = (frame.clip_level - black) / (frame.white_level - black)
    scale_out = (65535.0 - BLACK_OUT) / highest
    noise = balanced_noise(frame.aligned[0].frame, neutral)
    out = np.empty((int(height * scale), int(width * scale), 3), np.uint16)
    strength = min(recipe.denoise, 1.0)
    native.call(
        "superres_finish",
        image, sums, windows(scale), noise, np.array(DOUBT, np.float32), np.array(SHRINK, np.float32) * strength,
        np.asarray(neutral, np.float32), waves_of_noise(scale) * np.float32(TAKE * strength),
        waves_of_detail(scale, min(recipe.sharpen, 1.0)), 1.0 / scale, OVERSHOOT, BLACK_OUT, scale_out,
        round(2 * scale), out.shape[1], out.shape[0], out,
    )  # fmt: skip
    report.decide("enlarge", scale=scale, frames_gathered=len(frame.aligned), denoise=recipe.denoise)
    return replace(
        frame,
        mosaic=out,
        cfa="RGB",
        black_level=(BLACK_OUT,) * 4,
        white_level=BLACK_OUT + scale_out,
        clip_level=65535.0,
        noise_profile=clean.noise_profile,
        shading=None if frame.shading is None else plane_gains(frame),
        default_crop=enlarged(frame.default_crop, scale),
        confidence=None,
        aligned=(),
        metadata=replace(frame.metadata, opcode_list_1=b"", opcode_list_2=b""),
    )


def expectation(frame: Frame, image: HalfImage, neutral: Floats) -> tuple[Mosaic, float]:
    """Padded planes of the demosaiced picture, as burst_warp takes them, and their units of light."""
    planes, unit = padded(frame, neutral, UNIT)
    native.call("superres_planes", image, unit, planes)
    return planes, unit


def padded(frame: Frame, neutral: Floats, most: float) -> tuple[Mosaic, float]:
    """Empty planes with room around the frame, as burst_warp takes them, and units by which its brightest light, or 1.0
    where that is more, is `most`."""
    height, width = room(frame).shape
    black = float(np.mean(frame.black_level))
    brightest = (frame.clip_level - black) / (frame.white_level - black) / float(np.min(neutral))
    planes = np.empty((3, max(height + 2 * MARGIN, 128), max(width + 2 * MARGIN, 512)), np.uint16)
    return planes, most / max(brightest, 1.0)


def room(frame: Frame) -> Mosaic:
    """For what a frame is expected to show: its mosaic with even sides."""
    return np.empty([n + n % 2 for n in frame.mosaic.shape], np.uint16)


def gather(
    frame: Frame,
    expect: Callable[[Aligned, Frame], tuple[Mosaic, FloatImage]],
    unit: float,
    neutral: Floats,
    scale: float,
    report: Report,
    leg: str = "enlarge",
    device: str = "auto",
) -> Mosaic:
    """(8, P, P, h, w) uint16 running means of `superres_gather` over all aligned frames. device: as `Recipe.device`.

    expect: what a frame should show, in units of 1 / unit of light, and its motion.
    """
    sums = empty(frame, scale)
    rows, columns = (-(-n // 2) for n in frame.mosaic.shape)
    count = min(TOGETHER, len(frame.aligned))
    samples = np.empty((count, 5, rows + 2 * PAD_Y, columns + 2 * PAD_X), np.int16)
    blocks = np.empty((count, 2, -(-rows // BLOCK_Y), -(-columns // BLOCK_X)), np.float32)
    sharpness = np.array([0.5 / s**2 for s in (SHARED, GREEN, COLOR)], np.float32)
    waiting = 0
    for done, (moved, its) in enumerate(opened(frame.aligned, report, device)):
        if its is not None:
            expected, flow = expect(moved, its)
            weigh(frame, its, moved.gain, expected, unit, neutral, still(flow, moved.steady), samples[waiting])
            native.call("burst_blocks", flow, blocks[waiting])
            waiting += 1
        last = done + 1 == len(frame.aligned)
        if waiting == count or (last and waiting):
            native.call(
                "superres_gather", samples[:waiting], blocks[:waiting], sums, sharpness, 1.0 / scale,
                *frame.color_phase, sums,
            )  # fmt: skip
            waiting = 0
        report.progress(leg, (done + 1) / len(frame.aligned))
    return sums


def empty(frame: Frame, scale: float) -> Mosaic:
    """Means of nothing: zero, with no weight."""
    phases = round(2 * scale)
    rows, columns = (
        (n + 2 * b - 1) // (2 * b) * b for n, b in zip(frame.mosaic.shape, (BLOCK_Y, BLOCK_X), strict=True)
    )
    sums = np.empty((8, phases, phases, rows, columns), np.uint16)
    on_all_processors(lambda i: sums[i].fill(0 if i % 2 else 32768), range(8))  # most of the time memory is cleared
    return sums


def opened(aligned: Sequence[Aligned], report: Report, device: str) -> Iterator[tuple[Aligned, Frame | None]]:
    """The frames in order, each read while the one before it is used."""
    from lichtbild.errors import LichtbildError
    from lichtbild.raw.read import read_frame

    def opened(moved: Aligned) -> Frame | None:
        if isinstance(moved.frame, Frame):
            return moved.frame
        try:
            return read_frame(moved.frame, Report(), device)
        except LichtbildError as error:
            report.notice(f"{error}; the frame adds no detail")
            return None

    coming = ahead(functools.partial(opened, aligned[0]))
    for i, moved in enumerate(aligned):
        its = coming()
        if i + 1 < len(aligned):
            coming = ahead(functools.partial(opened, aligned[i + 1]))
        yield moved, its


def predict(
    planes: Mosaic, flow: FloatImage, color_phase: tuple[int, int], out: Mosaic, *, spline: bool = False
) -> Mosaic:
    """`out`, filled with what a frame should show of the planes, in their units; 0 where they do not say.

    spline: the planes are a spline's coefficients.
    """
    height, width = out.shape
    blocks = np.empty((2, -(-height // 8), -(-width // 16)), np.float32)
    native.call("burst_blocks", inverse(flow), blocks)
    native.call("burst_warp", planes, blocks, *color_phase, width, height, spline, out)
    return out


def confirmed(
    moved: Aligned, its: Frame, planes: Mosaic, unit: float, neutral: Floats, *, spline: bool = False
) -> FloatImage:
    """A frame's flow, without what only seemed to move. planes, spline: as of `predict`; unit: theirs, of light."""
    from lichtbild.develop.refine_flow import settled

    flow = np.ascontiguousarray(moved.flow)
    if moved.steady is None:
        return flow
    black = np.array(its.black_level)
    gain = moved.gain * unit / (its.white_level - black) / neutral[["RGB".index(color) for color in its.cfa]]
    levels = black.astype(np.float32), gain.astype(np.float32)
    return settled(flow, moved.steady, its.mosaic, planes, its.color_phase, levels, spline=spline)


def still(flow: FloatImage, steady: FloatImage | None) -> FloatImage:
    """(rows, columns) of a frame's tiles: 1 where they and those around them follow the camera."""
    _, rows, columns = flow.shape
    calm = np.ones((rows, columns), np.float32)
    if steady is None:
        return calm
    own = np.pad(np.any(flow != steady, axis=0), 1)
    near = np.any([own[i : i + rows, j : j + columns] for i in range(3) for j in range(3)], axis=0)
    grid = np.stack(np.meshgrid(np.arange(rows), np.arange(columns), indexing="ij"))
    at = np.rint(grid + inverse(flow) / TILE).astype(int)
    calm[near[np.clip(at[0], 0, rows - 1), np.clip(at[1], 0, columns - 1)]] = 0
    return calm


def inverse(flow: FloatImage) -> FloatImage:
    """The flow back: (2, rows, columns) at the tiles of the frame, to where the reference shows the same."""
    _, rows, columns = flow.shape
    grid = np.stack(np.meshgrid(np.arange(rows), np.arange(columns), indexing="ij")).astype(np.float64)
    back = -flow.astype(np.float64)
    for _ in range(4):
        back = -_between(flow, grid + back / TILE)
    return np.ascontiguousarray(back, np.float32)


def _between(flow: FloatImage, at: Floats) -> Floats:
    """The flow at fractional tiles (2, rows, columns), bilinear, edges repeated."""
    first = [np.clip(np.floor(a), 0, max(n - 2, 0)).astype(int) for a, n in zip(at, flow.shape[1:], strict=True)]
    part = [np.clip(a - f, 0, 1) for a, f in zip(at, first, strict=True)]
    second = [np.minimum(f + 1, n - 1) for f, n in zip(first, flow.shape[1:], strict=True)]
    top = flow[:, first[0], first[1]] * (1 - part[1]) + flow[:, first[0], second[1]] * part[1]
    low = flow[:, second[0], first[1]] * (1 - part[1]) + flow[:, second[0], second[1]] * part[1]
    return np.asarray(top * (1 - part[0]) + low * part[0], np.float64)


def weigh(
    frame: Frame,
    its: Frame,
    gain: float,
    expected: Mosaic,
    unit: float,
    neutral: Floats,
    calm: FloatImage,
    out: npt.NDArray[np.int16],
) -> None:
    """Fill `out` with the trusted differences of one frame; see `kernels/superres_samples.py`."""
    mosaic = its.mosaic
    if any(n % 2 for n in mosaic.shape):
        mosaic = np.pad(mosaic, [(0, n % 2) for n in mosaic.shape], mode="reflect")
    planes = ["RGB".index(color) for color in its.cfa]
    black = np.array(its.black_level, np.float64)
    gains = gain / (its.white_level - black) / neutral[planes]
    noise = balanced_noise(its, neutral, gain)
    mine = balanced_noise(frame.aligned[0].frame, neutral)
    dark = 0.1  # of white, where frames of different exposure are compared
    worth = float(np.mean((mine[:, 0] * dark + mine[:, 1]) / np.maximum(noise[:, 0] * dark + noise[:, 1], 1e-12)))
    native.call(
        "superres_samples",
        mosaic, expected, black.astype(np.float32), gains.astype(np.float32), noise[planes],
        (black + CLIPPED * (its.clip_level - black)).astype(np.float32), np.array(TOLERANCE, np.float32),
        1.0 / unit, min(worth, 1.9), calm, out,
    )  # fmt: skip


def balanced_noise(frame: Frame | object, neutral: Floats, gain: float = 1.0) -> FloatImage:
    """(3, 2) scale and offset of the noise of balanced colours, at `gain` times the exposure."""
    assert isinstance(frame, Frame)
    profile = frame.noise_profile
    scale, offset = np.array(profile.scale) / neutral * gain, np.array(profile.offset) / neutral**2 * gain**2
    return np.stack([np.maximum(scale, 1e-9), np.maximum(offset, 1e-12)], axis=1).astype(np.float32)


def windows(scale: float) -> FloatImage:
    """(6, RADIUS + 1) half Gaussian windows of sum 1 over the fine pixels; see `kernels/superres_finish.py`."""
    deviations = (SHARED * scale, GREEN * scale, COLOR * scale, AROUND, OPTICS * scale, NEAR)
    half = np.exp(-(np.arange(RADIUS + 1) ** 2) / (2 * np.array(deviations)[:, None] ** 2))
    return np.asarray(half / (2 * half.sum(axis=1) - half[:, 0])[:, None], np.float32)


def waves_of_noise(scale: float) -> FloatImage:
    """(8, 8) variances of the cosine coefficients of gathered noise, of variance 1; none of the mean.

    White noise of samples, averaged with the kernel that all colours share, is alike at places as far apart as that is
    wide.
    """
    apart = np.arange(8)[:, None] - np.arange(8)
    alike = np.exp(-(apart**2) / (4 * (SHARED * scale) ** 2))
    waves = np.cos((2 * np.arange(8) + 1) * np.arange(8)[:, None] * np.pi / 16)
    waves *= np.where(np.arange(8) == 0, 0.125**0.5, 0.5)[:, None]
    along = np.diag(waves @ alike @ waves.T)
    out = np.outer(along, along)
    out[0, 0] = 0
    return out.astype(np.float32)


def waves_of_detail(scale: float, sharpen: float) -> FloatImage:
    """(8, 8) gains of cosine coefficients that undo the blur of lens and pixels."""
    blur = np.exp(-2 * (np.pi * OPTICS * scale * np.arange(8) / 16) ** 2)
    gains = np.minimum(1 / np.outer(blur, blur), LIFT)
    return np.asarray(1 + sharpen * (gains - 1), np.float32)


def plane_gains(frame: Frame) -> FloatImage:
    """Lens shading of the colours: (h', w', 4) gains of R, G, B, and again of B."""
    assert frame.shading is not None
    gains = [frame.shading[..., [i for i in range(4) if frame.cfa[i] == c]].mean(axis=2) for c in "RGBB"]
    return np.stack(gains, axis=-1).astype(np.float32)


def enlarged(crop: tuple[int, int, int, int] | None, scale: float) -> tuple[int, int, int, int] | None:
    if crop is None:
        return None
    return int(crop[0] * scale), int(crop[1] * scale), int(crop[2] * scale), int(crop[3] * scale)
