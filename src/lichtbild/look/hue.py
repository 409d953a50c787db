"""A look's colour moves as a Fourier series over Oklab hue: smooth, periodic, and cheap for the kernel."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from lichtbild.look.numbers import Color, HueMove

ORDER = 4
SKIN = HueMove(at=57.0, width=60.0)


def bump(at: float, width: float) -> npt.NDArray[np.float64]:
    """Series of a von Mises bump of height 1 at `at` degrees, full width at half height `width` degrees.

    Returns 1 + 2 * ORDER numbers: mean, then cosine and sine of 1, 2, ... times the hue.
    """
    hue = np.arange(720) * (2 * np.pi / 720)
    kappa = np.log(2) / (1 - np.cos(np.radians(width) / 2))
    shape = np.exp(kappa * (np.cos(hue - np.radians(at)) - 1))
    terms = [np.mean(shape)]
    for n in range(1, ORDER + 1):
        terms += [2 * np.mean(shape * np.cos(n * hue)), 2 * np.mean(shape * np.sin(n * hue))]
    return np.array(terms)


def evaluate(series: npt.ArrayLike, hue: npt.ArrayLike) -> npt.NDArray[np.float64]:
    """Value of a series at hues in radians."""
    c, h = np.asarray(series, np.float64), np.asarray(hue, np.float64)
    total = np.full(h.shape, c[0])
    for n in range(1, ORDER + 1):
        total = total + c[2 * n - 1] * np.cos(n * h) + c[2 * n] * np.sin(n * h)
    return total


def table(color: Color, moves: tuple[HueMove, ...]) -> npt.NDArray[np.float32]:
    """(4, 9): rotation in radians, factor of chroma, extra factor of muted chroma, change of lightness per chroma."""
    rows = np.zeros((4, 1 + 2 * ORDER))
    rows[1, 0] = color.saturation
    rows[2, 0] = color.vibrance
    rows[2] -= color.vibrance * color.skin * bump(SKIN.at, SKIN.width)
    for move in moves:
        shape = bump(move.at, move.width)
        rows[0] += np.radians(move.rotate) * shape
        rows[1] += color.saturation * move.chroma * shape
        rows[3] += move.light / FULL_CHROMA * shape
    return rows.astype(np.float32)


FULL_CHROMA = 0.25  # about that of sRGB's primaries
