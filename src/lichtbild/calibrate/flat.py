"""Lens shading and dead pixels from frames of an even surface.

The light of a flat frame falls off smoothly; its logarithm is fitted by a polynomial in both directions (as Goldman,
"Vignette and Exposure Calibration and Compensation", 2010, does along the radius; here the centre need not be known,
nor need colours fall off alike). Each CFA site gets gains of its own, 1 where it is brightest, so that white balance
stays as it is. Dust, which is small, is left out by weights.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from lichtbild.carriers import FloatImage
from lichtbild.color import Floats
from lichtbild.measure.stack import SIDE, blocks_of, sites_of

DEGREE = 6
ROWS, COLUMNS = 17, 23  # of the grid of gains
EVEN = 0.02  # robust deviation from the polynomial, below which a frame shows an even surface
FALLOFF = 12.0  # times, the strongest that a lens has; more is no flat frame
DEAD = 0.2  # of its surroundings, by which a pixel of a flat frame must differ
MOST_DEAD = 10_000


def even_surface(mean: FloatImage, cfa: str, black: tuple[float, ...], white: float) -> bool:
    """True for a frame of nothing but an even surface: smooth in all sites, well exposed, not too steep."""
    for (_, plane), b in zip(sites_of(mean, cfa), black, strict=False):
        blocks = blocks_of(plane).mean((1, 3)) - b
        if min(blocks.shape) < 4 or np.quantile(blocks, 0.02) < 0.01 * (white - b) or blocks.max() > 0.98 * (white - b):
            return False
        if blocks.max() > FALLOFF * max(float(np.quantile(blocks, 0.01)), 1e-3):
            return False
        log = np.log(np.maximum(blocks, 1e-3))
        fitted, _ = _fit(log, min(6, blocks.shape[0] - 1, blocks.shape[1] - 1))
        away = log - fitted
        if 1.4826 * float(np.median(np.abs(away))) > EVEN or float(np.quantile(np.abs(away), 0.97)) > 6 * EVEN:
            return False
    return True


def shading_of(mean: FloatImage, cfa: str, black: tuple[float, ...]) -> FloatImage:
    """(ROWS, COLUMNS, 4) gains of R, G beside R, G beside B, B from a flat frame (h, w)."""
    gains = []
    for (_, plane), b in zip(sites_of(mean, cfa), black, strict=True):
        blocks: Floats = np.asarray(blocks_of(plane).mean((1, 3), dtype=np.float64) - b)
        # Small frames have few blocks: finer ones then.
        side: int = SIDE
        while min(blocks.shape) < 2 * DEGREE and side > 4:
            side //= 2
            h, w = plane.shape[0] // side, plane.shape[1] // side
            cut = plane[: h * side, : w * side].reshape(h, side, w, side)
            blocks = np.asarray(cut.mean((1, 3), dtype=np.float64) - b)
        _, coefficients = _fit(np.log(np.maximum(blocks, 1e-3)), DEGREE)
        # Blocks begin at the first pixel, and may end before the last one.
        ends = [(np.array([0.5, n - 0.5]) / (m * side) * 2 - 1) for n, m in zip(plane.shape, blocks.shape, strict=True)]
        v, u = (np.linspace(e[0], e[1], k) for e, k in zip(ends, (ROWS, COLUMNS), strict=True))
        log = _terms(v, u, DEGREE) @ coefficients
        gains.append(np.exp(log.max() - log).reshape(ROWS, COLUMNS))
    return np.ascontiguousarray(np.stack([gains[i] for i in canonical(cfa)], -1), np.float32)


def canonical(cfa: str) -> list[int]:
    """Positions, in the mosaic's 2x2, of R, the green beside it in its row, the green beside B, B."""
    red = cfa.index("R")
    dy, dx = divmod(red, 2)
    return [2 * ((dy + j) % 2) + (dx + i) % 2 for j in (0, 1) for i in (0, 1)]


def dead_pixels(mean: FloatImage, frames: int, variance: float) -> npt.NDArray[np.int32]:
    """(n, 2) of pixels that differ from the median of their colour's neighbours in a flat frame. variance: of a pixel
    of one frame, in digital numbers, black not subtracted from `mean`."""
    found = []
    deviation = np.sqrt(variance / frames)
    for dy in (0, 1):
        for dx in (0, 1):
            plane = mean[dy::2, dx::2]
            padded = np.pad(plane, 1, mode="reflect")
            h, w = plane.shape
            ring = [padded[j : j + h, i : i + w] for j in range(3) for i in range(3) if (j, i) != (1, 1)]
            middle = np.median(np.stack(ring), axis=0)
            away = np.abs(plane - middle)
            y, x = np.nonzero((away > DEAD * np.maximum(middle, 1)) & (away > 10 * deviation))
            found.append(np.stack([2 * y + dy, 2 * x + dx], 1))
    points = np.concatenate(found).astype(np.int32)
    return points if len(points) <= MOST_DEAD else points[:0]


def _terms(v: Floats, u: Floats, degree: int) -> Floats:
    """(rows * columns, terms) Legendre products of a total degree."""
    across = np.polynomial.legendre.legvander(u, degree)
    down = np.polynomial.legendre.legvander(v, degree)
    pairs = [(i, j) for i in range(degree + 1) for j in range(degree + 1 - i)]
    return np.stack([np.outer(down[:, i], across[:, j]).ravel() for i, j in pairs], 1)


def _fit(log: Floats, degree: int) -> tuple[Floats, Floats]:
    """(fitted, coefficients) of a polynomial over (rows, columns) of blocks whose centres fill -1..1 less half a
    block."""
    rows, columns = log.shape
    v, u = ((np.arange(n) + 0.5) / n * 2 - 1 for n in (rows, columns))
    terms = _terms(v, u, degree)
    values, weight = log.ravel(), np.ones(log.size, np.float64)
    coefficients: Floats = np.zeros(terms.shape[1])
    for _ in range(6):
        root = np.sqrt(weight)
        coefficients = np.asarray(np.linalg.lstsq(terms * root[:, None], values * root, rcond=None)[0], np.float64)
        away = values - terms @ coefficients
        scale = max(1.4826 * float(np.median(np.abs(away))), 1e-5)
        weight = 1 / (1 + (away / (3 * scale)) ** 2) ** 2
    return (terms @ coefficients).reshape(log.shape), coefficients
