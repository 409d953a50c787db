"""What a frame of a burst should show: the merged and demosaiced picture, moved as the frame has moved.

Samples are compared with it where they are gathered (`gather.py`).
"""

from __future__ import annotations

import numpy as np

from lichtbild import native
from lichtbild.burst.interpolate import UNIT, empty_planes
from lichtbild.carriers import Aligned, FloatImage, Frame, HalfImage, Mosaic
from lichtbild.color import Floats

TILE = 32  # mosaic pixels of a tile of the flow


def expectation(frame: Frame, image: HalfImage, neutral: Floats) -> tuple[Mosaic, float]:
    """Padded planes of the demosaiced picture, as burst_warp takes them, and their units of light."""
    planes, unit = padded(frame, neutral, UNIT)
    native.call("superres_planes", image, unit, planes)
    return planes, unit


def padded(frame: Frame, neutral: Floats, most: float) -> tuple[Mosaic, float]:
    """Empty planes with room around the frame, as burst_warp takes them, and units by which its brightest light, or 1.0
    where that is more, is `most`."""
    black = float(np.mean(frame.black_level))
    brightest = (frame.clip_level - black) / (frame.white_level - black) / float(np.min(neutral))
    return empty_planes(room(frame).shape), most / max(brightest, 1.0)


def room(frame: Frame) -> Mosaic:
    """For what a frame is expected to show: its mosaic with even sides."""
    return np.empty([n + n % 2 for n in frame.mosaic.shape], np.uint16)


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
