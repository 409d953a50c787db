"""Where straight, slanted edges are in a picture: the structure tensor (Bigun and Granlund, 1987) of square regions
says how straight and how slanted what is in them is; a trial fit says whether it is one edge between two even sides.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import numpy.typing as npt

from lichtbild.carriers import FloatImage
from lichtbild.errors import MeasureError
from lichtbild.measure.slanted_edge import EdgeFit, edge_spread, fit_edge
from lichtbild.record import record

CELL = 16
SIDES = (128, 96, 64, 48, 32)  # of the regions that are tried, largest first
MOST = 24  # edges
_TRIALS = 300  # of each size
_LEAST_CONTRAST = 0.12  # (bright - dark) / (bright + dark)
_LEAST_SLANT, _MOST_SLANT = 2.0, 43.5  # degrees
_UNEVEN = 0.06  # of the step, by which the sides may vary
_BENT = 0.35  # pixels of residual, at most
_WHITE, _MOST_WHITE = 0.995, 0.02  # what is at white, and the share of it from which a side may be clipped


@record
class Region:
    """x, y, width, height in pixels; `down`: whether the edge runs rather down than across."""

    x: int
    y: int
    width: int
    height: int
    down: bool

    def of(self, plane: npt.NDArray[np.float32]) -> npt.NDArray[np.float32]:
        """The region of a (h, w) plane, turned so that its edge runs down."""
        part = plane[self.y : self.y + self.height, self.x : self.x + self.width]
        return part if self.down else part.T


def find_edges(luminance: FloatImage, most: int = MOST, clipped: bool = False) -> list[Region]:
    """Regions of slanted edges in a (h, w) linear plane, large and contrasty ones first; may be empty.

    clipped: also those of which a side is at white.
    """
    tensor = _tensor(luminance)
    found: list[Region] = []
    for side in SIDES:
        if min(luminance.shape) < side + 2 * CELL or len(found) >= most:
            continue
        for y, x, down in _candidates(tensor, side // CELL):
            region = _centred(luminance, Region(x * CELL, y * CELL, side, side, down))
            if region and not any(_overlap(region, r) for r in found) and is_edge(luminance, region, clipped):
                found.append(region)
                if len(found) >= most:
                    break
    return found


def _tensor(luminance: FloatImage) -> npt.NDArray[np.float32]:
    """(5, rows, columns) sums of gx², gy², gx·gy, gx and gy over cells, of a perceptual lightness."""
    h, w = (n // CELL * CELL for n in luminance.shape)
    out = np.empty((5, h // CELL, w // CELL), np.float32)
    band = CELL * 16
    for top in range(0, h, band):
        bottom = min(top + band, h)
        first, last = max(top - 2, 0), min(bottom + 2, luminance.shape[0])
        tone = np.sqrt(np.clip(luminance[first:last, :], 0, 1))
        tone = np.pad(tone, ((2 - (top - first), 2 - (last - bottom)), (2, 2)), mode="edge")
        tone = (tone[:-2] + 2 * tone[1:-1] + tone[2:]) / 4
        tone = (tone[:, :-2] + 2 * tone[:, 1:-1] + tone[:, 2:]) / 4
        gx, gy = tone[1:-1, 2:] - tone[1:-1, :-2], tone[2:, 1:-1] - tone[:-2, 1:-1]
        gx, gy = gx[:, :w], gy[:, :w]
        for i, product in enumerate((gx * gx, gy * gy, gx * gy, gx, gy)):
            cells = product.reshape((bottom - top) // CELL, CELL, w // CELL, CELL).sum((1, 3))
            out[i, top // CELL : bottom // CELL] = cells
    return out


def _candidates(tensor: npt.NDArray[np.float32], cells: int) -> Iterator[tuple[int, int, bool]]:
    """(row, column, down) of the most promising squares of so many cells a side."""
    total = np.pad(tensor.astype(np.float64), ((0, 0), (1, 0), (1, 0))).cumsum(1).cumsum(2)
    n = cells
    xx, yy, xy, x, y = total[:, n:, n:] - total[:, :-n, n:] - total[:, n:, :-n] + total[:, :-n, :-n]
    half, root = (xx + yy) / 2, np.hypot((xx - yy) / 2, xy)
    coherence = root / np.maximum(half, 1e-12)
    angle = np.degrees(0.5 * np.arctan2(2 * xy, xx - yy))  # of the normal, from x
    slant = np.minimum(np.abs(angle), 90 - np.abs(angle))
    # The step of lightness from side to side: lines have none, however strong their slopes are.
    step = np.abs(x * np.cos(np.radians(angle)) + y * np.sin(np.radians(angle))) / (2 * n * CELL)
    score = step * coherence**4
    usable = (slant > _LEAST_SLANT) & (slant < _MOST_SLANT) & (coherence > 0.8) & (step > 0.03)
    score = np.where(usable, score, 0)
    order = np.argsort(score, axis=None)[::-1][:_TRIALS]
    for row, column in zip(*np.unravel_index(order, score.shape), strict=True):
        if score[row, column] > 0:
            yield int(row), int(column), bool(abs(angle[row, column]) < 45)


def _centred(luminance: FloatImage, region: Region) -> Region | None:
    """The region moved across the edge until that is in its middle; None where the picture ends before."""
    part = region.of(luminance)
    profile = np.abs(np.diff(part.astype(np.float64), axis=1)).sum(0) ** 2
    middle = float((profile * np.arange(len(profile))).sum() / max(profile.sum(), 1e-12)) + 0.5
    move = round(middle - region.width / 2)
    x, y = (region.x + move, region.y) if region.down else (region.x, region.y + move)
    h, w = luminance.shape
    if x < 0 or y < 0 or x + region.width > w or y + region.height > h:
        return None
    return Region(x, y, region.width, region.height, region.down)


def _overlap(a: Region, b: Region) -> bool:
    """Do they share more than a quarter of the smaller one?"""
    across = min(a.x + a.width, b.x + b.width) - max(a.x, b.x)
    down = min(a.y + a.height, b.y + b.height) - max(a.y, b.y)
    return across > 0 and down > 0 and across * down > 0.25 * min(a.width * a.height, b.width * b.height)


def is_edge(luminance: FloatImage, region: Region, clipped: bool = False) -> bool:
    """Is there one straight edge between two even sides, neither of them at white unless `clipped`?"""
    part = region.of(luminance)
    if not clipped and at_white(part):
        return False  # clipped light makes any edge look sharp
    try:
        fit = fit_edge(part)
        distance, spread, empty = edge_spread(part, fit)
    except MeasureError:
        return False
    return empty < 0.25 and fit.residual < _BENT and _even(part, fit, distance, spread)


def at_white(part: npt.NDArray[np.float32]) -> bool:
    """Is so much of a linear region at white that light may be clipped?"""
    return bool(part.max() >= _WHITE) and float(np.mean(part >= _WHITE)) > _MOST_WHITE


def _even(
    part: npt.NDArray[np.float32], fit: EdgeFit, distance: npt.NDArray[np.float64], spread: npt.NDArray[np.float64]
) -> bool:
    reach = float(distance[-1])
    if reach < 8:
        return False
    edge = max(4.0, reach / 4)
    dark, bright = spread[distance < -edge], spread[distance > edge]
    low, high = float(np.median(dark)), float(np.median(bright))
    step = high - low
    if step <= 0 or step / max(high + low, 1e-9) < _LEAST_CONTRAST:
        return False
    if max(np.quantile(np.abs(dark - low), 0.9), np.quantile(np.abs(bright - high), 0.9)) > _UNEVEN * step:
        return False
    return change_along(part, fit, edge) < 2 * _UNEVEN * step


def change_along(part: npt.NDArray[np.float32], fit: EdgeFit, edge: float) -> float:
    """By how much the sides of an edge, from `edge` pixels on, change along it: means of quarters of each side."""
    rows = len(part) // 4
    change = 0.0
    for side in (fit.distance < -edge, fit.distance > edge):
        quarters = [
            float(part[i * rows : (i + 1) * rows][side[i * rows : (i + 1) * rows]].mean())
            for i in range(4)
            if side[i * rows : (i + 1) * rows].any()
        ]
        if quarters:
            change = max(change, max(quarters) - min(quarters))
    return change
