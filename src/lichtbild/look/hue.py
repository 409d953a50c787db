"""A look's colour moves as a Fourier series over Oklab hue: smooth, periodic, and cheap for the kernel."""

from __future__ import annotations

import functools

import numpy as np
import numpy.typing as npt

from lichtbild.look.numbers import Color, HueMove

ORDER = 4  # enough for skin
MOVES_ORDER = 8  # for moves as narrow as a look may have
SKIN = HueMove(at=57.0, width=60.0)
FULL_CHROMA = 0.25  # about that of sRGB's primaries
AWAY = 1.6  # widths from its centre at which a move must have ended
FIRMLY = 30.0  # how much more an error counts there

Floats = npt.NDArray[np.float64]


def bump(at: float, width: float) -> Floats:
    """Series of a von Mises bump of height 1 at `at` degrees, full width at half height `width` degrees.

    Returns 1 + 2 * ORDER numbers: mean, then cosine and sine of 1, 2, ... times the hue.
    """
    hue = np.arange(720) * (2 * np.pi / 720)
    kappa = np.log(2) / (1 - np.cos(np.radians(width) / 2))
    shape = np.exp(kappa * (np.cos(hue) - 1))
    return turned([np.mean(shape), *(2 * np.mean(shape * np.cos(n * hue)) for n in range(1, ORDER + 1))], at)


def move(at: float, width: float) -> Floats:
    """The same of 1 + 2 * MOVES_ORDER numbers, for a move that ends two widths away at the latest."""
    return turned(_even(width), at)


@functools.lru_cache(maxsize=64)
def _even(width: float) -> Floats:
    """Cosines of a power of a raised cosine. Its series, cut off, would ripple over the whole circle; this one is
    fitted by least squares that count most what lies away from it, where other colours must stay as they are."""
    hue = np.arange(720) * (np.pi / 720)
    power = np.log(0.5) / np.log(0.5 + 0.5 * np.cos(np.radians(width) / 2))
    shape = (0.5 + 0.5 * np.cos(hue)) ** power
    beyond = np.clip((np.degrees(hue) / width - 0.8) / (AWAY - 0.8), 0.0, 1.0)
    weight = (1 + (FIRMLY - 1) * beyond)[:, None]
    terms = np.cos(hue[:, None] * np.arange(MOVES_ORDER + 1))
    found = np.linalg.lstsq(terms * weight, shape * weight[:, 0], rcond=None)[0]
    return np.asarray(found / found.sum())  # 1 at its centre


def turned(even: npt.ArrayLike, at: float) -> Floats:
    """Mean and pairs of cosine and sine of a series of cosines that is turned by `at` degrees."""
    c = np.asarray(even, np.float64)
    angles = np.radians(at) * np.arange(1, len(c))
    pairs = c[1:, None] * np.stack([np.cos(angles), np.sin(angles)], axis=1)
    return np.concatenate([c[:1], pairs.ravel()])


def evaluate(series: npt.ArrayLike, hue: npt.ArrayLike) -> Floats:
    """Value of a series at hues in radians."""
    c, h = np.asarray(series, np.float64), np.asarray(hue, np.float64)
    total = np.full(h.shape, c[0])
    for n in range(1, len(c) // 2 + 1):
        total = total + c[2 * n - 1] * np.cos(n * h) + c[2 * n] * np.sin(n * h)
    return total


def table(color: Color, moves: tuple[HueMove, ...], order: int = ORDER) -> npt.NDArray[np.float32]:
    """(4, 1 + 2 * order): rotation in radians, factor of chroma, extra factor of muted chroma, change of lightness per
    chroma. order: `ORDER`, or `MOVES_ORDER` where there are moves."""
    rows = np.zeros((4, 1 + 2 * order))
    rows[1, 0] = color.saturation
    rows[2, 0] = color.vibrance
    rows[2, : 1 + 2 * ORDER] -= color.vibrance * color.skin * bump(SKIN.at, SKIN.width)
    for one in moves:
        shape = move(one.at, one.width)
        rows[0] += np.radians(one.rotate) * shape
        rows[1] += color.saturation * one.chroma * shape
        rows[3] += one.light / FULL_CHROMA * shape
    return rows.astype(np.float32)
