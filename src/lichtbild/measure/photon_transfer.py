"""The photon transfer curve: variance = scale · x + offset, x in 0..1 of white minus black, as DNG's NoiseProfile
says it.

Janesick, "Photon Transfer" (2007); EMVA 1288 release 4.0. The line is fitted to blocks by iteratively reweighted least
squares; blocks in which something moved or flickered stand above it and are left out. Colours whose lines do not
differ by more than chance are of one amplifier, and share one line: it is known better.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from lichtbild.color import Floats
from lichtbild.errors import MeasureError
from lichtbild.measure.stack import SIDE, Group
from lichtbild.record import record

if TYPE_CHECKING:
    from collections.abc import Sequence

BINS = 48
_OUTLIER = 4.0  # standard deviations
_MOVED = 0.03  # correlation of the differences where there is texture, beyond that where there is none
_LEAST_BLOCKS = 12
_CHANCE = 16.0  # by which a shared line may worsen a colour's chi square: one in 3000 by chance


@record
class NoiseLine:
    """One colour. scale, offset: of variance in parts of white, with their standard errors. used: share of blocks.

    points: (x, variance) of bins of blocks, for the plot.
    """

    color: str
    scale: float
    offset: float
    scale_error: float
    offset_error: float
    used: float
    points: tuple[tuple[float, float], ...]

    def variance(self, x: float) -> float:
        """Of a level x from 0 to 1."""
        return self.scale * x + self.offset


def check_still(group: Group) -> None:
    """Raise `MeasureError` when the frames differ by more than noise: a camera that moved, or light that changed."""
    usable = [s.usable & np.isfinite(s.texture) for s in group.sites]
    texture = np.concatenate([(s.texture > 3 * s.variance)[u] for s, u in zip(group.sites, usable, strict=True)])
    correlation = np.concatenate([s.correlation[u] for s, u in zip(group.sites, usable, strict=True)])
    if texture.sum() < 10:
        return
    flat = float(np.median(correlation[~texture])) if (~texture).sum() >= 10 else 0.0
    moved = float(np.median(correlation[texture])) - max(flat, 0.0)
    sure = 4 / SIDE / np.sqrt(texture.sum())
    if moved > max(_MOVED, sure):
        by = f" by about {group.shift:.1f} pixels" if group.shift else ""
        raise MeasureError(
            f"{group.names[0]} to {group.names[-1]}: the picture moved between the frames{by}, so that their "
            "difference is more than noise; put the camera on a tripod, or photograph an even surface out of focus"
        )


def fit_colors(groups: Sequence[Group], dark: Group | None = None) -> tuple[NoiseLine, ...]:
    """The lines of R, G and B from all blocks of the groups (of one ISO), with those of a group without light."""
    found = {color: _gathered([*groups, *([dark] if dark else [])], color) for color in "RGB"}
    if min(len(x) for x, _, _ in found.values()) < _LEAST_BLOCKS:
        raise MeasureError(
            f"{groups[0].names[0]}: too little of the picture is neither clipped nor black to measure its noise; "
            "expose it differently"
        )
    lines = [_Fit(*blocks) for blocks in found.values()]
    x, variance, degrees = (np.concatenate([blocks[i] for blocks in found.values()]) for i in range(3))
    shared = _Fit(x, variance, degrees)
    if all(own.misfit(shared) < own.misfit(own) + _CHANCE for own in lines):
        lines = [own.with_line_of(shared) for own in lines]
    return tuple(fit.line(color) for color, fit in zip("RGB", lines, strict=True))


def _gathered(groups: Sequence[Group], color: str) -> tuple[Floats, Floats, Floats]:
    """(x, variance, degrees of freedom) of the blocks of one colour whose differences look like white noise."""
    xs, variances, degrees = [], [], []
    for group in groups:
        for s in group.sites:
            if s.color == color:
                floor = float(np.median(s.correlation[s.usable])) if s.usable.any() else 0.0
                white = s.usable & (s.correlation < max(floor, 0) + 5 / SIDE)
                xs.append(s.mean[white] / s.white)
                variances.append(s.variance[white] / s.white**2)
                degrees.append(np.full(int(white.sum()), group.degrees))
    return np.concatenate(xs), np.concatenate(variances), np.concatenate(degrees)


def fit_line(color: str, x: Floats, variance: Floats, degrees: Floats) -> NoiseLine:
    """Weighted least squares with weights of the line itself; blocks `_OUTLIER` deviations away are left out."""
    return _Fit(x, variance, degrees).line(color)


class _Fit:
    """A line through blocks. kept: of the blocks.   errors: standard errors of scale and offset."""

    def __init__(self, x: Floats, variance: Floats, degrees: Floats) -> None:
        self.x, self.variance, self.degrees = x, variance, degrees
        scale, offset = _first_line(x, variance)
        kept = np.ones(len(x), bool)
        covariance = np.zeros((2, 2))
        for _ in range(12):
            model = self._floored(scale, offset)
            deviation = model * np.sqrt(2 / degrees)
            kept = np.abs(variance - model) < _OUTLIER * deviation * _widening(variance, model, deviation)
            if kept.sum() < _LEAST_BLOCKS // 2:
                kept[:] = True
            weight = kept / deviation**2
            # Solved about the mean, which keeps the two numbers apart.
            total = weight.sum()
            mx, mv = (weight * x).sum() / total, (weight * variance).sum() / total
            spread = (weight * (x - mx) ** 2).sum()
            scale = float((weight * (x - mx) * (variance - mv)).sum() / max(spread, 1e-300))
            offset = float(mv - scale * mx)
            if offset < 0:
                offset, scale = 0.0, float((weight * x * variance).sum() / (weight * x * x).sum())
            if scale < 0:
                scale, offset = 0.0, float(mv)
            error = 1 / max(spread, 1e-300)
            covariance = np.array([[error, -mx * error], [-mx * error, 1 / total + mx * mx * error]])
        self.scale, self.offset, self.kept = scale, offset, kept
        self.errors = np.sqrt(np.maximum(np.diag(covariance), 0))

    def _floored(self, scale: float, offset: float) -> Floats:
        return np.asarray(np.maximum(scale * self.x + offset, 1e-3 * float(np.median(self.variance)) + 1e-18))

    def misfit(self, other: _Fit) -> float:
        """Chi square of another fit's line to the blocks that are kept here, in units of their own spread."""
        deviation = self._floored(self.scale, self.offset) * np.sqrt(2 / self.degrees)
        away = (self.variance - other.scale * self.x - other.offset) / deviation
        own = _widening(self.variance, self._floored(self.scale, self.offset), deviation)
        return float((away[self.kept] ** 2).sum()) / own**2

    def with_line_of(self, other: _Fit) -> _Fit:
        self.scale, self.offset, self.errors = other.scale, other.offset, other.errors
        return self

    def line(self, color: str) -> NoiseLine:
        points = _binned(self.x[self.kept], self.variance[self.kept])
        errors = float(self.errors[0]), float(self.errors[1])
        return NoiseLine(color, self.scale, self.offset, *errors, float(self.kept.mean()), points)


def _widening(variance: Floats, model: Floats, deviation: Floats) -> float:
    """How much wider the blocks spread than white noise would; lets cameras with odd noise keep most of their
    blocks."""
    spread = 1.4826 * float(np.median(np.abs((variance - model) / deviation)))
    return min(max(spread, 1.0), 5.0)


def _first_line(x: Floats, variance: Floats) -> tuple[float, float]:
    """From medians in bins of brightness: a line that a part of wrong blocks does not move."""
    order = np.argsort(x, kind="stable")
    parts = [p for p in np.array_split(order, min(BINS, max(4, len(x) // 8))) if len(p)]
    bx = np.array([np.median(x[p]) for p in parts])
    bv = np.array([np.median(variance[p]) for p in parts])
    i, j = np.triu_indices(len(bx), 1)
    apart = np.abs(bx[j] - bx[i]) > 0.1 * max(np.ptp(bx), 1e-12)
    scale = max(float(np.median(((bv[j] - bv[i])[apart]) / (bx[j] - bx[i])[apart])), 0.0) if apart.any() else 0.0
    return scale, max(float(np.median(bv - scale * bx)), 0.0)


def _binned(x: Floats, variance: Floats) -> tuple[tuple[float, float], ...]:
    order: npt.NDArray[np.intp] = np.argsort(x, kind="stable")
    parts = [p for p in np.array_split(order, min(BINS, max(1, len(x) // 4))) if len(p)]
    return tuple((float(x[p].mean()), float(variance[p].mean())) for p in parts)
