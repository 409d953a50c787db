"""From scattered patches to a grid: neighbours give its two directions, and it grows from there with its perspective.

Homographies by the normalised direct linear transform (Hartley and Zisserman, "Multiple View Geometry", algorithm 4.2).
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
import numpy.typing as npt

from lichtbild.color import Floats
from lichtbild.measure.components import Parts
from lichtbild.record import record

_NEAR = 0.22  # of a cell, by which a patch may miss its place in the grid
_LEAST = 6  # patches in a grid
_SEEDS = 400


@record
class Grid:
    """homography: (3, 3), grid (column, row) to pixel (x, y).   places: (n, 2) whole columns and rows that are
    taken."""

    homography: Floats
    places: npt.NDArray[np.int64]


def apply(homography: Floats, points: npt.NDArray[Any]) -> Floats:
    """(..., 2) points through a homography."""
    p = np.concatenate([points, np.ones((*points.shape[:-1], 1))], -1) @ homography.T
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.asarray(p[..., :2] / p[..., 2:], np.float64)


def fit_homography(source: npt.NDArray[Any], target: Floats) -> Floats:
    """The (3, 3) homography of n >= 4 pairs of points; an affine map for 3."""
    if len(source) < 5:
        design = np.concatenate([source, np.ones((len(source), 1))], 1)
        affine = np.linalg.lstsq(design, target, rcond=None)[0].T
        return np.concatenate([affine, [[0.0, 0.0, 1.0]]])
    (s, ts), (t, tt) = _normalised(np.asarray(source, np.float64)), _normalised(target)
    zero, one = np.zeros((len(s), 3)), np.concatenate([s, np.ones((len(s), 1))], 1)
    rows = np.concatenate(
        [np.concatenate([one, zero, -t[:, :1] * one], 1), np.concatenate([zero, one, -t[:, 1:] * one], 1)]
    )
    h = np.linalg.svd(rows, full_matrices=False)[2][-1].reshape(3, 3)
    found = np.linalg.inv(tt) @ h @ ts
    return np.asarray(found / found[2, 2] if abs(found[2, 2]) > 1e-12 else found, np.float64)


def _normalised(points: Floats) -> tuple[Floats, Floats]:
    centre = points.mean(0)
    scale = np.sqrt(2) / max(float(np.sqrt(((points - centre) ** 2).sum(1)).mean()), 1e-9)
    matrix = np.array([[scale, 0, -scale * centre[0]], [0, scale, -scale * centre[1]], [0, 0, 1.0]])
    return (points - centre) * scale, matrix


def grids(parts: Parts) -> Iterator[Grid]:
    """Grids among the patches, those with many patches first."""
    seeds = sorted(_seeds(parts), key=lambda s: -s[0])[:_SEEDS]
    tried: set[tuple[int, ...]] = set()
    for _, members in seeds:
        key = tuple(sorted(members))
        if key in tried:
            continue
        tried.add(key)
        grid = _grown(parts, members)
        if grid is not None:
            yield grid


def _seeds(parts: Parts) -> Iterator[tuple[int, tuple[int, int, int]]]:
    """(how many patches an affine grid explains, (corner, next in one direction, next in the other))."""
    centre, size = parts.centre, np.sqrt(parts.area)
    for i in range(len(centre)):
        away = centre - centre[i]
        distance = np.hypot(away[:, 0], away[:, 1])
        alike = (size > 0.6 * size[i]) & (size < 1.7 * size[i])
        near = np.nonzero((distance > 0.7 * size[i]) & (distance < 3.0 * size[i] + 4) & alike)[0]
        near = near[np.argsort(distance[near])][:8]
        wide = np.nonzero((distance < 9 * size[i] + 12) & alike)[0]
        for m, j in enumerate(near):
            for k in near[m + 1 :]:
                u, v = away[j], away[k]
                lengths = np.hypot(*u), np.hypot(*v)
                cross = u[0] * v[1] - u[1] * v[0]
                if max(lengths) > 1.9 * min(lengths) or abs(cross) < 0.6 * lengths[0] * lengths[1]:
                    continue
                q = away[wide] @ np.linalg.inv(np.array([u, v]))
                at = np.rint(q)
                close = (np.abs(q - at).max(1) < _NEAR) & (np.abs(at).max(1) <= 3)
                count = len({(int(a), int(b)) for a, b in at[close]})
                if count >= _LEAST:
                    yield count, (i, int(j), int(k))


def _grown(parts: Parts, seed: tuple[int, int, int]) -> Grid | None:
    """The grid of a seed, grown ring by ring; None when it stays too small."""
    centre, size = parts.centre, np.sqrt(parts.area)
    members, places = list(seed), [(0, 0), (1, 0), (0, 1)]
    alike = (size > 0.45 * size[seed[0]]) & (size < 2.2 * size[seed[0]])
    homography = fit_homography(np.array(places), centre[members])
    for reach in (1, 2, 2, 3, 4, 5, 6, 6):
        try:
            inverse = np.linalg.inv(homography)
        except np.linalg.LinAlgError:
            return None
        q = apply(np.asarray(inverse, np.float64), centre)
        at = np.rint(q)
        miss = np.abs(q - at).max(1)
        with np.errstate(invalid="ignore"):
            close = np.nonzero((miss < _NEAR) & (np.abs(at).max(1) <= reach) & alike)[0]
        taken: dict[tuple[int, int], int] = {}
        for n in close[np.argsort(miss[close])]:
            taken.setdefault((int(at[n, 0]), int(at[n, 1])), int(n))
        if len(taken) < 3:
            return None
        places, members = list(taken), list(taken.values())
        # Perspective only once there is enough to tell it.
        few = len(places) < 8 or np.ptp(np.array(places), axis=0).min() < 2
        if few:
            design = np.concatenate([np.array(places), np.ones((len(places), 1))], 1)
            affine = np.linalg.lstsq(design, centre[members], rcond=None)[0].T
            homography = np.concatenate([affine, [[0.0, 0.0, 1.0]]])
        else:
            homography = fit_homography(np.array(places), centre[members])
    return Grid(homography, np.array(places)) if len(places) >= _LEAST else None
