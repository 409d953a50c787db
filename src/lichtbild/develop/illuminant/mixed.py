"""Several lights in one scene: a lamp in a room with a window, shade beside sun.

The picture is cut into tiles, and each tile's surfaces are scored under every light on the locus (see `likelihood`). If
two lights, each on its own tiles, explain the scene clearly better than one does, and lie clearly apart, there are two.
Tiles are smoothed with their neighbours, since light comes in areas; a red chair does not make a lamp.
"""

from __future__ import annotations

import numpy as np

from lichtbild import color
from lichtbild.color import Chromaticity, Floats
from lichtbild.develop.camera_color import CameraModel
from lichtbild.develop.illuminant.lights import MIRED, chromaticity, daylight_tint, share_of_daylight
from lichtbild.develop.illuminant.likelihood import kinds, log_densities, neutral_of, posterior, sampled
from lichtbild.develop.illuminant.samples import Mask, Samples
from lichtbild.record import record, replace

TILES = (6, 8)
SURFACES = 1.0  # that a tile stands for, at most
CLEARLY, BY_DAY = 10.0, 10.0  # log likelihood by which two lights must be better than one; and more of it by day
APART = 60.0  # mired
LEAST = 0.15  # share of the picture


@record
class LightShare:
    """One light: its chromaticity, temperature and tint, and the share of the picture's light samples it falls on."""

    xy: Chromaticity
    kelvin: float
    tint: float
    share: float


def lights_of(samples: Samples, model: CameraModel, neutral: Floats) -> tuple[LightShare, ...]:
    """The lights of a scene by their shares: one, or two where that is certain. neutral: what was estimated for all."""
    xy = model.xy_from_neutral(neutral)
    single = (_share(xy, 1.0),)
    scores, weights, place = _tile_scores(samples, model, single[0])
    if len(weights) < 6:
        return single
    smooth = _smoothed(scores, weights, place)
    i, j, gain = best_pair(smooth, weights)
    needed = CLEARLY + BY_DAY * share_of_daylight(samples.light_value)
    if gain < needed or abs(MIRED[i] - MIRED[j]) < APART:
        return single
    first = smooth[:, i] >= smooth[:, j]
    parts = [float(weights[m].sum() / weights.sum()) for m in (first, ~first)]
    if min(parts) < LEAST:
        return single
    found = []
    for mask, part in zip((first, ~first), parts, strict=True):
        own = replace(samples, weight=samples.weight * _spread(mask, place, samples.weight.shape), as_shot=None)
        xy = model.xy_from_neutral(neutral_of(posterior(own, model)))
        found.append(_share(xy, part))
    if abs(1e6 / found[0].kelvin - 1e6 / found[1].kelvin) < APART / 2:
        return single
    return tuple(sorted(found, key=lambda light: -light.share))


def best_pair(scores: Floats, weights: Floats) -> tuple[int, int, float]:
    """(i, j, gain): the two lights that explain the tiles best, and by how much better than the best single one."""
    total = weights @ scores
    best, gain = (0, 0), -np.inf
    for i in range(scores.shape[1]):
        both = weights @ np.maximum(scores, scores[:, i : i + 1])
        j = int(np.argmax(both))
        if both[j] > gain:
            best, gain = (i, j), float(both[j])
    return *best, gain - float(total.max())


def _tile_scores(samples: Samples, model: CameraModel, around: LightShare) -> tuple[Floats, Floats, Floats]:
    """(t, m) mean log likelihood of each tile's surfaces under each light of `MIRED`, (t,) how many surfaces it stands
    for, and (t, 2) its row and column."""
    tint = around.tint - daylight_tint(around.kelvin)
    places = np.array([chromaticity(m, tint) for m in MIRED])
    neutrals = model.neutrals_from_xy(places, 1e6 / MIRED)
    logs = np.log(neutrals[:, [0, 2]] / neutrals[:, 1:2])
    plain, grey = log_densities(model)
    rows, columns = _edges(samples.weight.shape)
    scores, weights, place = [], [], []
    for r in range(TILES[0]):
        for c in range(TILES[1]):
            part = slice(rows[r], rows[r + 1]), slice(columns[c], columns[c + 1])
            weight = samples.weight[part]
            if weight.size == 0 or weight.sum() < 0.2 * weight.size:
                continue
            ratio, bright, count = kinds(replace(samples, grid=samples.grid[part], weight=weight))
            count = count / count.sum()
            at = (ratio[None] - logs[:, None]).reshape(-1, 2)
            values = (sampled(t, at).reshape(len(logs), -1) for t in (plain, grey))
            dim, light = values
            scores.append((dim * (1 - bright) + light * bright) @ count)
            weights.append(SURFACES * float(weight.mean()))
            place.append((r, c))
    return np.array(scores), np.array(weights), np.array(place, np.float64).reshape(-1, 2)


def _smoothed(scores: Floats, weights: Floats, place: Floats) -> Floats:
    """Each tile's scores with those of its neighbours."""
    near = np.exp(-0.5 * ((place[:, None] - place[None]) ** 2).sum(-1) / 0.8**2) * weights
    return np.asarray((near / near.sum(1, keepdims=True)) @ scores)


def _spread(mask: Mask, place: Floats, shape: tuple[int, ...]) -> Floats:
    """(h, w): 1 in the tiles of `mask`, else 0."""
    out = np.zeros(shape)
    rows, columns = _edges(shape)
    for r, c in place[mask].astype(int):
        out[rows[r] : rows[r + 1], columns[c] : columns[c + 1]] = 1.0
    return out


def _edges(shape: tuple[int, ...]) -> tuple[list[int], list[int]]:
    h, w = shape[:2]
    rows, columns = ([round(n * k / count) for k in range(count + 1)] for n, count in zip((h, w), TILES, strict=True))
    return rows, columns


def _share(xy: Chromaticity, share: float) -> LightShare:
    return LightShare(xy, *color.temperature_from_xy(xy), share)
