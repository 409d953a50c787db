"""Grain: windows by which every pixel sees a lattice of white noise that is fixed to the picture.

The lattice's pitch is a share of the picture's short side, and a pixel is the mean over its area: a picture made half
as large shows the same grains, and as much fainter as averaging makes them. The seed comes from when the frames were
captured, so that the same photograph has the same grain each time, and the next one another.
"""

from __future__ import annotations

import math
import zlib

import numpy as np
import numpy.typing as npt

from lichtbild import native
from lichtbild.look.numbers import Grain
from lichtbild.record import record

Floats = npt.NDArray[np.float64]
LEVELS = 36.0  # of int8 for one standard deviation
LIGHTNESS = 0.06  # standard deviation of lightness in middle densities at strength 1, of pixels far smaller than grains
TINTED = 0.7  # of a and b against lightness, at colour 1
WIDE = 1.5  # full width at half height of a quadratic B-spline
FINEST = 0.2  # pixels between nodes: grain that is finer is averaged in numbers and not node by node
BEFORE = -1  # nodes from where a pixel begins to its first one
SHIFT, CHUNK = 15, 256  # bits of the fraction of a step from pixel to pixel; columns at a time: as in the kernel
BORDER = 192  # columns that the kernel may read beyond the picture
CLUMP = np.array([1, 4, 6, 4, 1]) / 16
NODE_VARIANCE = 1 / 6  # of the sum of two numbers from 0 to 1, less 1


@record
class Windows:
    """Each pixel's window on the lattice, which begins at (pixel * step) >> `SHIFT`: its weights (taps, pixels)."""

    step: int
    weights: npt.NDArray[np.float32]


def field(shape: tuple[int, int], grain: Grain, seed: int) -> tuple[npt.NDArray[np.int8], float, int]:
    """Grain of an upright picture of (height, width): (height, width + 2 * (apart + `BORDER`)) int8 with a border of
    zeros, the standard deviation of lightness per level, and `apart`, how many pixels the grain of other dyes lies to
    the right."""
    height, width = shape
    true_pitch = min(shape) * grain.size / 100 / WIDE
    pitch = max(true_pitch, FINEST)
    apart = math.ceil(16 * pitch)
    columns = -(-(width + 2 * apart) // CHUNK) * CHUNK
    both = windows(max(height, columns), pitch)
    single, clump = deviations(pitch)
    part = 0.75 * grain.roughness
    padded = np.empty((height, width + 2 * (apart + BORDER)), np.int8)
    padded[:, :BORDER], padded[:, -BORDER:] = 0, 0
    out = padded[:, BORDER : padded.shape[1] - BORDER]
    native.call(
        "look_grain",
        both.weights[:, :height],
        both.step,
        both.weights[:, :columns],
        seed,
        np.array([LEVELS * math.sqrt(1 - part**2) / single, LEVELS * part / clump], np.float32),
        out,
    )
    # What averaging over a pixel leaves of the grain, against pixels far smaller than it.
    now, least = deviations(true_pitch), deviations(1e3)
    left = math.hypot(math.sqrt(1 - part**2) * now[0] / least[0], part * now[1] / least[1])
    return padded, LIGHTNESS * grain.strength * left / LEVELS, apart


def none(shape: tuple[int, int]) -> npt.NDArray[np.int8]:
    """A field without grain: one row, read again and again."""
    width = shape[1] + 2 * BORDER
    return np.broadcast_to(np.zeros(width, np.int8), (shape[0], width))


def seed_of(captured: str) -> int:
    """A seed from the time of capture."""
    return zlib.crc32(captured.encode()) & 0x7FFFFFFF


def windows(pixels: int, pitch: float) -> Windows:
    """Windows of a row of pixels on nodes `pitch` pixels apart: a quadratic B-spline, averaged over each pixel."""
    step = int((1 << SHIFT) / pitch)
    first = np.arange(pixels) * step >> SHIFT
    reach = 1.5 + 0.5 / pitch
    middle = (np.arange(pixels) + 0.5) / pitch - first
    taps = math.ceil(middle.max() + reach - BEFORE - 0.5)
    distance = np.arange(taps)[:, None] + BEFORE + 0.5 - middle
    return Windows(step, smoothed(distance, 1 / pitch).astype(np.float32))


def smoothed(distance: Floats, pixel: float) -> Floats:
    """A quadratic B-spline averaged over a pixel, both in nodes; its sum over nodes is 1."""

    def integral(t: Floats) -> Floats:
        from_knots = [np.maximum(t + 1.5 - k, 0.0) for k in range(4)]
        cubes = [v * v * v for v in from_knots]
        return np.asarray((cubes[0] - 3 * cubes[1] + 3 * cubes[2] - cubes[3]) / 6)

    return (integral(distance + 0.5 * pixel) - integral(distance - 0.5 * pixel)) / pixel


def deviations(pitch: float) -> tuple[float, float]:
    """Standard deviations of single grains and of clumps, averaged over where a pixel lies between nodes."""
    pixel = 1 / pitch
    reach = math.ceil(1.5 + 0.5 * pixel) + 1
    nodes = np.arange(-reach, reach + 1)[:, None] + (np.arange(32) + 0.5) / 32 - 0.5
    single = smoothed(nodes, pixel)
    clump = sum(np.pad(single * w, ((i, 4 - i), (0, 0))) for i, w in enumerate(CLUMP))
    one, many = (float(np.square(w).sum(0).mean()) for w in (single, clump))
    return math.sqrt(NODE_VARIANCE) * one, math.sqrt(NODE_VARIANCE) * many
