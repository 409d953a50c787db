"""kernels/develop_bayer.py in plain numpy: every step at every pixel instead of on quads, and other sites masked."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

REACH = 32  # pixels around the mosaic that the result can depend on, and a margin; even, so that the phase goes on

SHARED_DETAIL = 2.5  # ratio of energies
LONG, SHORT = (0.36, 0.42, 0.22), (0.885, 0.175, -0.06)  # at 0, 2 and 4 pixels to one side
BROAD = 0.346, 0.327  # at 0, and at 2 pixels to both sides
EASE = 0.45
ENERGY_FLOOR, SIDE_FLOOR = 2e-5, 5e-7
GAIN_PRIOR, GAIN_FLOOR = 6e-3, 1.4e-3

ROWS, COLUMNS = 1, 0  # the axis along which is interpolated
CUBIC = (-1 / 16, 0, 9 / 16, 1, 9 / 16, 0, -1 / 16)  # from every second pixel to all (Catmull and Rom)
LINEAR = (1 / 2, 1, 1 / 2)


def planes_of(shape: tuple[int, int], cfa: str) -> np.ndarray:
    """(h, w) index of the colour of each pixel."""
    h, w = shape
    tile = np.array(["RGB".index(colour) for colour in cfa]).reshape(2, 2)
    return np.tile(tile, (h // 2 + 1, w // 2 + 1))[:h, :w]


def mosaic_of(rgb: np.ndarray, cfa: str) -> np.ndarray:
    return np.take_along_axis(rgb, planes_of(rgb.shape[:2], cfa)[..., None], axis=2)[..., 0]


def shift(a: np.ndarray, n: int, axis: int) -> np.ndarray:
    """The value n pixels further along an axis; wraps, which the margin hides."""
    return np.roll(a, -n, axis)


def filtered(a: np.ndarray, taps: Sequence[float], axis: int) -> np.ndarray:
    """Correlation with an odd number of taps along an axis."""
    return sum((w * shift(a, n - len(taps) // 2, axis) for n, w in enumerate(taps)), np.zeros_like(a))


def both_ways(a: np.ndarray, taps: Sequence[float]) -> np.ndarray:
    return filtered(filtered(a, taps, ROWS), taps, COLUMNS)


def around(a: np.ndarray, n: int) -> np.ndarray:
    """Mean of the four pixels n to the left, right, top and bottom."""
    return sum((shift(a, s, axis) for axis in (ROWS, COLUMNS) for s in (-n, n)), np.zeros_like(a)) / 4


def to_one_side(a: np.ndarray, weights: Sequence[float], sense: int, axis: int) -> np.ndarray:
    """The mean of a pixel and of those of its colour in the direction of `sense`."""
    return sum((w * shift(a, 2 * sense * n, axis) for n, w in enumerate(weights)), np.zeros_like(a))


def likeness(m: np.ndarray, trusting: dict[int, np.ndarray]) -> np.ndarray:
    """Share of the detail that the colours share; means something at red and blue pixels only, as all that follows."""
    colour, bright = np.zeros_like(m), np.zeros_like(m)
    for axis in (ROWS, COLUMNS):
        broad = filtered(trusting[axis], (BROAD[1], 0, BROAD[0], 0, BROAD[1]), axis)
        colour += (shift(broad, 2, 1 - axis) - shift(broad, -2, 1 - axis)) ** 2
        bright += filtered(m, (-1 / 4, 0, 1 / 2, 0, -1 / 4), axis) ** 2
    window = [1 / 5, 0, 1 / 5, 0, 1 / 5, 0, 1 / 5, 0, 1 / 5]
    ratio = (both_ways(colour, window) / (both_ways(bright, window) + ENERGY_FLOOR)) ** 2
    return SHARED_DETAIL**2 / (ratio + SHARED_DETAIL**2)


def green_minus_colour(m: np.ndarray, coloured: np.ndarray) -> np.ndarray:
    """Green minus the pixel's own colour; means something at red and blue pixels only."""
    trusting = {axis: filtered(m, (-1 / 4, 1 / 2, 1 / 2, 1 / 2, -1 / 4), axis) - m for axis in (ROWS, COLUMNS)}
    share = likeness(m, trusting)
    long = share**4
    weighted, weights = np.zeros_like(m), np.zeros_like(m)
    for axis in (ROWS, COLUMNS):
        plain = filtered(m, (-1 / 16, 0, 9 / 16, 0, 9 / 16, 0, -1 / 16), axis) - m
        difference = plain + share * (trusting[axis] - plain)
        slope = np.where(coloured, 0, np.abs(shift(difference, 1, axis) - shift(difference, -1, axis)))
        side = 1 / ((both_ways(slope, [1] * 5) / 12) ** 2 + SIDE_FLOOR)  # 12 of 25 pixels are green
        for sense in (-1, 1):
            smooth = to_one_side(difference, LONG, sense, axis)
            quick = to_one_side(difference, SHORT, sense, axis)
            weight = shift(side, 2 * sense, axis)
            weighted += weight * (quick + long * (smooth - quick))
            weights += weight
    fused = weighted / weights
    return fused + EASE * long * (around(fused, 2) - fused)


def follow_green(m: np.ndarray, green: np.ndarray, sites: np.ndarray) -> np.ndarray:
    """A colour, sampled at `sites`, everywhere."""

    def box(a: np.ndarray) -> np.ndarray:
        return both_ways(a, [1 / 3, 0, 1 / 3, 0, 1 / 3])  # over the nine nearest sites of the colour

    own, base = (4 * (a - around(a, 2)) for a in (m, green))  # Laplacians
    gain = box((box(own * base) + GAIN_PRIOR) / (box(base**2) + GAIN_PRIOR + GAIN_FLOOR))
    gain = both_ways(np.where(sites, gain, 0), LINEAR)
    own, base = (both_ways(np.where(sites, a, 0), CUBIC) for a in (m, green))
    return np.where(sites, m, own + gain * (green - base))


def demosaic(mosaic: np.ndarray, cfa: str) -> np.ndarray:
    """(h, w) -> (h, w, 3), float64; both dimensions at least 2."""
    m = np.pad(np.asarray(mosaic, np.float64), REACH, "reflect")
    plane = planes_of(m.shape, cfa)
    green = m + np.where(plane == 1, 0, green_minus_colour(m, plane != 1))
    rgb = np.stack([follow_green(m, green, plane == 0), green, follow_green(m, green, plane == 2)], axis=-1)
    return rgb[REACH:-REACH, REACH:-REACH]
