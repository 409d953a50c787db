"""What the frames of a burst say beyond what they were expected to show, gathered on a finer grid.

Kernel regression after Wronski et al., "Handheld Multi-Frame Super-Resolution" (2019), of trusted differences. Frames
are read one after the other; memory does not grow with their number.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence

import numpy as np
import numpy.typing as npt

from lichtbild import native
from lichtbild.burst.merger import even
from lichtbild.carriers import Aligned, FloatImage, Frame, Mosaic
from lichtbild.color import Floats
from lichtbild.develop.predict import TILE, inverse
from lichtbild.report import Report
from lichtbild.workers import in_turn, on_all_processors

PAD_X, PAD_Y = 16, 8  # as in kernels/superres_samples.py
BLOCK_X, BLOCK_Y = 8, 4  # quads, as in kernels/superres_gather.py
TOGETHER = 4  # frames that are gathered in one pass
SHARED, GREEN, COLOR = 0.30, 0.45, 0.60  # mosaic pixels, deviation of the kernels
TOLERANCE = 0.02, 0.1, 0.3, 1.3, 0.1, 0.06, 5.0  # see kernels/superres_samples.py
CLIPPED = 0.97  # of the clip level
DARK = 0.1  # of white, where the noise of frames and of colours is compared
SITES = np.array([0.25, 0.5, 0.25], np.float32)  # shares of R, G and B


def gather(
    frame: Frame,
    expect: Callable[[Aligned, Frame], tuple[Mosaic, FloatImage]],
    unit: float,
    neutral: Floats,
    scale: float,
    report: Report,
    leg: str = "enlarge",
    device: str = "auto",
    kernels: tuple[float, float, float] = (SHARED, GREEN, COLOR),
) -> Mosaic:
    """(8, P, P, h, w) uint16 running means of `superres_gather` over all aligned frames. device: as `Recipe.device`.

    expect: what a frame should show, in units of 1 / unit of light, and its motion. kernels: their deviations in
    mosaic pixels: shared, of green, of red and blue.
    """
    sums = empty(frame, scale)
    rows, columns = (-(-n // 2) for n in frame.mosaic.shape)
    count = min(TOGETHER, len(frame.aligned))
    samples = np.empty((count, 5, rows + 2 * PAD_Y, columns + 2 * PAD_X), np.int16)
    blocks = np.empty((count, 2, -(-rows // BLOCK_Y), -(-columns // BLOCK_X)), np.float32)
    sharpness = np.array([0.5 / s**2 for s in kernels], np.float32)
    worth = worth_of_colors(balanced_noise(frame.aligned[0].frame, neutral))
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
                "superres_gather", samples[:waiting], blocks[:waiting], sums, sharpness, worth, 1.0 / scale,
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

    yield from zip(aligned, in_turn(opened, aligned), strict=True)


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
    planes = ["RGB".index(color) for color in its.cfa]
    black = np.array(its.black_level, np.float64)
    gains = gain / (its.white_level - black) / neutral[planes]
    noise = balanced_noise(its, neutral, gain)
    mine = balanced_noise(frame.aligned[0].frame, neutral)
    worth = float(np.mean((mine[:, 0] * DARK + mine[:, 1]) / np.maximum(noise[:, 0] * DARK + noise[:, 1], 1e-12)))
    native.call(
        "superres_samples",
        even(its.mosaic), expected, black.astype(np.float32), gains.astype(np.float32), noise[planes],
        (black + CLIPPED * (its.clip_level - black)).astype(np.float32), np.array(TOLERANCE, np.float32),
        1.0 / unit, min(worth, 1.9), calm, out,
    )  # fmt: skip


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


def worth_of_colors(noise: FloatImage) -> FloatImage:
    """(3,) how much samples of R, G and B count in what all colours share: one over their noise, of mean 1 over sites.

    noise: (3, 2) as from `balanced_noise`. What is shared is the detail of all; so the quietest tells it best.
    """
    worth = 1 / (noise[:, 0] * DARK + noise[:, 1])
    return np.asarray(worth / (worth * SITES).sum(), np.float32)


def balanced_noise(frame: Frame | object, neutral: Floats, gain: float = 1.0) -> FloatImage:
    """(3, 2) scale and offset of the noise of balanced colours, at `gain` times the exposure."""
    assert isinstance(frame, Frame)
    profile = frame.noise_profile
    scale, offset = np.array(profile.scale) / neutral * gain, np.array(profile.offset) / neutral**2 * gain**2
    return np.stack([np.maximum(scale, 1e-9), np.maximum(offset, 1e-12)], axis=1).astype(np.float32)
