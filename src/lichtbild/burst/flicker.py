"""How much brighter the reference is than an alternate, beyond what the tags say: as a whole, and row by row.

Lamps on mains current pulse, and a shutter that rolls down the sensor sees the pulses as bands across the frame. Such
bands are alike from left to right, which a moving thing is not. The frame is cut into cells, whose mean noise hardly
touches; what most cells agree on is the light, and what a band's cells agree on is the band's.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from lichtbild.burst.align import PAD, Alignment, GrayScale
from lichtbild.carriers import FloatImage

ROWS, COLUMNS = 256, 128  # of samples, at least, where there are as many
BAND, POOL = 4, 6  # rows of samples in a band, bands in a large cell
PARTS = 12  # cells of a band, from left to right
LEVELS = 24  # of light, that are compared
AGREEING = 0.12  # stops by which parts of the frame may differ in how much more light there was, in the middle
PLAINLY = 0.1  # of the stops by which they contradict the tags, if that is more
MOST = 1.6  # by which frames of equal exposure may differ
Light = npt.NDArray[np.float64]


def sampling(shape: tuple[int, ...]) -> tuple[int, int]:
    """Steps between samples (y, x), even, so that all are of one colour."""
    return 2 * max(1, shape[0] // (2 * ROWS)), 2 * max(1, shape[1] // (2 * COLUMNS))


def measure_exposure(mine: FloatImage, its: FloatImage, told: float = 1.0) -> float | None:
    """The reference's light over the alternate's, by their pixels alone, before they are aligned; None where the parts
    of the frame do not agree.

    mine, its: (h, w) samples, each in 0..1 of where its own sensor clips; told: what the tags say of it. The farther
    the parts are from that, the less they need to agree.
    """
    both = np.maximum(mine, its) < 0.9
    light, other, count = (_pooled(_cells(np.where(both, a, 0))) for a in (mine, its, np.ones_like(mine)))
    good = (count > 0.6 * count.max(initial=0)) & (np.minimum(light, other) > 0.003 * count)
    if np.count_nonzero(good) >= PARTS and (found := _agreed_exposure(light[good] / other[good], told)):
        return found
    # A shake that is wide beside the frame brings other things into each part; how bright they are stays.
    light, other = _ranked(mine), _ranked(its)
    good = (np.maximum(light, other) < 0.6) & (np.minimum(light, other) > 0.003)
    return _agreed_exposure(light[good] / other[good], told) if np.count_nonzero(good) >= LEVELS // 4 else None


def _agreed_exposure(ratios: Light, told: float) -> float | None:
    """Their median, where most of them agree."""
    stops = np.log2(ratios)
    middle = float(np.median(stops))
    agreeing = max(AGREEING, abs(middle - np.log2(told)) * PLAINLY)
    return 2.0**middle if np.median(np.abs(stops - middle)) < agreeing else None


def _ranked(samples: FloatImage) -> Light:
    """(LEVELS,) light that equal shares of the frame exceed, its noise averaged over blocks."""
    rows, columns = (side // BAND * BAND for side in samples.shape)
    blocks = samples[:rows, :columns].reshape(rows // BAND, BAND, columns // BAND, BAND).mean((1, 3), dtype=np.float64)
    return np.asarray(np.quantile(blocks, (np.arange(LEVELS) + 0.5) / LEVELS)) if blocks.size else np.zeros(LEVELS)


def measure_flicker(mine: FloatImage, its: FloatImage, top: float) -> tuple[float, FloatImage]:
    """(gain, rows): the alternate's factor for the whole frame, and one beside it for each row of samples.

    mine, its: (h, w) samples of the reference and of the displaced alternate in the reference's 0..1, NaN where there
    are none; top: light at which either one clips.
    """
    even = np.ones(len(mine), np.float32)
    with np.errstate(invalid="ignore"):
        both = np.maximum(mine, its) < 0.9 * top
    light, other, count = (_cells(np.where(both, a, 0)) for a in (mine, its, np.ones_like(mine)))
    if not count.size:
        return 1.0, even
    # The whole frame's from large cells, whose ratios noise does not bend.
    ratio = _ratio(_pooled(light), _pooled(other), _pooled(count), top)
    if np.count_nonzero(np.isfinite(ratio)) < PARTS:
        return 1.0, even
    gain = _agreed(ratio, _pooled(light))
    if not 1 / MOST < gain < MOST:
        return 1.0, even
    ratio = _ratio(light, other, count, top)
    bands = _waves(*_bands(ratio / gain - 1))
    if not bands.any():
        return gain, even
    middle = (np.arange(len(bands)) + 0.5) * BAND - 0.5
    return gain, np.interp(np.arange(len(mine)), middle, 1 + bands).astype(np.float32)


def measure_untold(
    mine: list[FloatImage], its: list[FloatImage], alignment: Alignment, scale: GrayScale, top: float
) -> FloatImage:
    """(h,): factor that brings each row of quads of the alternate to the reference's light, beyond what is known.

    mine, its: grey levels of both on `scale`, as they were aligned; top: light at which either one clips. Whatever
    differs in tone pulls tiles along the slopes of the scene: what is found here is taken out before the last word on
    where they lie.
    """
    n = max(i for i, level in enumerate(mine) if not i or min(level.shape) - 2 * PAD >= ROWS)
    inside = rows, columns = mine[n].shape[0] - 2 * PAD, mine[n].shape[1] - 2 * PAD
    step = sampling(inside)[0]
    size = 2.0 ** (n + 1)  # mosaic pixels of a grey one
    y, x = (np.arange(0, side, step, dtype=np.float32) for side in inside)
    (shift_y, yy, yx), (shift_x, xy, xx) = (alignment.camera / [[size, 1, 1]] + [[0, 1, 0], [0, 0, 1]]).tolist()
    middle_y, middle_x = (rows - 1) / 2, (columns - 1) / 2
    down, across = (y - middle_y)[:, None], (x - middle_x)[None]
    at_y = np.rint(yy * down + (yx * across + (middle_y + shift_y + PAD))).astype(np.int32)
    at_x = np.rint(xy * down + (xx * across + (middle_x + shift_x + PAD))).astype(np.int32)
    there = (at_y >= PAD) & (at_y < rows + PAD) & (at_x >= PAD) & (at_x < columns + PAD)
    seen = its[n].ravel()[np.where(there, at_y * its[n].shape[1] + at_x, 0)]
    gray = mine[n][PAD:-PAD:step, PAD:-PAD:step], np.where(there, seen, np.float32(np.nan))
    light, other = (np.square(g / np.float32(scale.stretch)) - np.float32(scale.shift) for g in gray)
    gain, bands = measure_flicker(light, other, top)
    # A row of the alternate shows what the reference shows elsewhere.
    at = (np.arange(mine[0].shape[0] - 2 * PAD) - alignment.camera[0, 0] / 2) / (step * 2.0**n)
    return np.asarray(gain * np.interp(at, np.arange(len(bands)), bands), np.float32)


def _waves(bands: Light, unsure: float) -> Light:
    """The bands without their noise: those of their cosines (of the discrete transform of type II) that noise alone
    does not make."""
    n = len(bands)
    if n < 8:
        return np.zeros(n)
    basis = np.cos(np.pi / n * np.outer(np.arange(n), np.arange(n) + 0.5)) * (2 / n) ** 0.5
    basis[0] /= 2**0.5
    waves = basis @ bands
    least = max(3.5 * unsure, 0.004 * (n / 2) ** 0.5)  # 0.4 % from the middle to a crest
    return np.asarray(np.where(np.abs(waves) > least, waves, 0) @ basis)


def _cells(samples: FloatImage) -> Light:
    """(bands, parts) sums."""
    rows, columns = samples.shape[0] // BAND * BAND, samples.shape[1] // PARTS * PARTS
    cells = samples[:rows, :columns].reshape(rows // BAND, BAND, PARTS, -1)
    return np.asarray(cells.sum((1, 3), dtype=np.float64))


def _pooled(cells: Light) -> Light:
    n = len(cells) // POOL * POOL
    return np.asarray(cells[:n].reshape(n // POOL, POOL, PARTS).sum(1)) if n else cells


def _ratio(light: Light, other: Light, count: Light, top: float) -> Light:
    """The reference's light over the alternate's; NaN in cells with too little light, or too few samples, to tell."""
    good = (count > 0.5 * count.max()) & (light + other > 2 * 0.02 * top * count)
    return np.where(good, light / np.where(good, np.maximum(other, 1e-9), 1.0), np.nan)


def _agreed(ratio: Light, light: Light) -> float:
    """The mean ratio of the cells that differ no more from their median than most do, weighed by their light."""
    middle = float(np.nanmedian(ratio))
    spread = max(1.48 * float(np.nanmedian(np.abs(ratio - middle))), 1e-3)
    with np.errstate(invalid="ignore"):
        alike = np.abs(ratio - middle) < 2 * spread
    return float(np.sum(light[alike]) / np.sum(light[alike] / ratio[alike]))


def _bands(more: Light) -> tuple[Light, float]:
    """What the reference has more in each band, and the error of that; bands that do not tell follow the whole."""
    told = np.count_nonzero(np.isfinite(more), axis=1) >= PARTS // 2
    if not told.any():
        return np.zeros(0), 1.0
    bands = np.zeros(len(more))
    bands[told] = np.clip(np.nanmedian(more[told], axis=1), 1 / MOST - 1, MOST - 1)
    unsure = 1.48 * float(np.nanmedian(np.abs(more - bands[:, None]))) * 1.25 / PARTS**0.5  # of a band's median
    return bands, unsure
