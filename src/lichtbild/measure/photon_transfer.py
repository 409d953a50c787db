"""The photon transfer curve: variance = scale · x + offset, x in 0..1 of white minus black, as DNG's NoiseProfile
says it.

Janesick, "Photon Transfer" (2007); EMVA 1288 release 4.0. The line is fitted to blocks by iteratively reweighted least
squares; blocks in which something moved or flickered stand above it and are left out.
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
    lines = []
    for color in "RGB":
        x, variance, degrees = _gathered([*groups, *([dark] if dark else [])], color)
        if len(x) < _LEAST_BLOCKS:
            raise MeasureError(
                f"{groups[0].names[0]}: too little of the picture is neither clipped nor black to measure its noise; "
                "expose it differently"
            )
        lines.append(fit_line(color, x, variance, degrees))
    return tuple(lines)


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
    scale, offset = _first_line(x, variance)
    kept = np.ones(len(x), bool)
    covariance = np.zeros((2, 2))
    for _ in range(12):
        model = np.maximum(scale * x + offset, 1e-3 * float(np.median(variance)) + 1e-18)
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
    errors = np.sqrt(np.maximum(np.diag(covariance), 0))
    return NoiseLine(
        color, scale, offset, float(errors[0]), float(errors[1]), float(kept.mean()), _binned(x[kept], variance[kept])
    )


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
