"""kernels/develop_bayer.py in plain numpy: every step at every pixel instead of on quads, and other sites masked."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

REACH = 32  # pixels around the mosaic that the result can depend on, and a margin; even, so that the phase goes on

SHARED_DETAIL, SHORT_SMOOTHING = 1.6, 0.8  # ratios of energies
LONG_SIGMA, SHORT_SIGMA, BROAD_SIGMA = 2.5, 0.85, 2.0  # pixels
EASE = 0.4
ENERGY_FLOOR, SIDE_FLOOR = 4e-6, 1.5e-6
GAIN_PRIOR, GAIN_FLOOR = 1e-2, 1.5e-4

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


def gaussian(offsets: np.ndarray, sigma: float) -> np.ndarray:
    weights = np.exp(-0.5 * (offsets / sigma) ** 2)
    return weights / weights.sum()


def to_one_side(a: np.ndarray, sigma: float, reach: int, sense: int, axis: int) -> np.ndarray:
    """Half a Gaussian from the pixel itself to `reach` pixels away in the direction of `sense`."""
    weights = gaussian(np.arange(reach + 1), sigma)
    return sum((w * shift(a, sense * n, axis) for n, w in enumerate(weights)), np.zeros_like(a))


def likeness(m: np.ndarray, coloured: np.ndarray, trusting: dict[int, np.ndarray]) -> tuple[np.ndarray, np.ndarray]:
    """Share of the detail that the colours share (everywhere), and of the short smoothing (at red and blue)."""
    colour, bright = np.zeros_like(m), np.zeros_like(m)
    for axis in (ROWS, COLUMNS):
        broad = filtered(trusting[axis], gaussian(np.arange(-4, 5), BROAD_SIGMA), axis)
        colour += (shift(broad, 2, 1 - axis) - shift(broad, -2, 1 - axis)) ** 2
        bright += filtered(m, (-1 / 4, 0, 1 / 2, 0, -1 / 4), axis) ** 2

    def window(energy: np.ndarray) -> np.ndarray:
        return both_ways(np.where(coloured, energy, 0), [1] * 9) / 41  # so many are red or blue if the middle is

    ratio = (window(colour) / (window(bright) + ENERGY_FLOOR)) ** 2
    short = ratio / (ratio + SHORT_SMOOTHING**2)
    share = SHARED_DETAIL**2 / (ratio + SHARED_DETAIL**2)
    return np.where(coloured, share, around(share, 1)), short


def green_minus_colour(m: np.ndarray, coloured: np.ndarray) -> np.ndarray:
    """Green minus the pixel's own colour; means something at red and blue pixels only."""
    sign = np.where(coloured, -1, 1)
    trusting = {axis: sign * (m - filtered(m, (-1 / 4, 1 / 2, 1 / 2, 1 / 2, -1 / 4), axis)) for axis in (ROWS, COLUMNS)}
    share, short = likeness(m, coloured, trusting)
    weighted, weights = np.zeros_like(m), np.zeros_like(m)
    for axis in (ROWS, COLUMNS):
        plain = sign * (m - filtered(m, (-1 / 16, 0, 9 / 16, 0, 9 / 16, 0, -1 / 16), axis))
        difference = plain + share * (trusting[axis] - plain)
        slope = np.abs(shift(difference, 1, axis) - shift(difference, -1, axis))
        side = 1 / (both_ways(slope, [1 / 5] * 5) ** 2 + SIDE_FLOOR)
        for sense in (-1, 1):
            smooth = to_one_side(difference, LONG_SIGMA, 4, sense, axis)
            quick = to_one_side(difference, SHORT_SIGMA, 2, sense, axis)
            weight = shift(side, 2 * sense, axis)
            weighted += weight * (smooth + short * (quick - smooth))
            weights += weight
    fused = weighted / weights
    return fused + EASE * (1 - short) * (around(fused, 2) - fused)


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
