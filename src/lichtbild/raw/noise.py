"""The noise of one frame: variance = scale * x + offset per colour, measured in the frame itself.

After Colom and Buades (IPOL 2013): blocks are binned by brightness; in each bin those with the least low-frequency
energy are taken for flat, and the variance is read from their high frequencies. A bin counts as much as its blocks
look like white noise; what texture adds or a lossy codec takes away is given little weight.
"""

from __future__ import annotations

import math

import numpy as np
import numpy.typing as npt

from lichtbild import native
from lichtbild.carriers import Mosaic, NoiseProfile
from lichtbild.raw.fallbacks import Notes
from lichtbild.record import record

Floats = npt.NDArray[np.float64]
Energies = npt.NDArray[np.float32]  # what `block_energies` returns

BLOCK = 16  # mosaic pixels along a block's side
BLOCKS = 4000  # per CFA site, about this many; and `MANY` when they do not settle it
MANY = 64000
BINS = 12
SMALLEST_BIN = 40  # blocks
LOW_COUNT, HIGH_COUNT = 42, 21  # coefficients in the two energies of kernel `raw_noise_blocks`
RATIOS = np.concatenate([[0.0], np.logspace(-4, 4, 65)])  # of offset and scale, in units of the mean brightness
# The median of a mean of n squared normal numbers, over its expectation (Wilson and Hilferty 1931).
MEDIAN = (1 - 2 / (9 * HIGH_COUNT)) ** 3
# Estimates of frames with known noise stay within 0.85 and 1.4 of it (see tests); a tag beyond that is wrong.
AGREES = 1.5


@record
class Estimate:
    """profile: measured; trusted: 0..1, the part of the brightness bins in which flat blocks were found."""

    profile: NoiseProfile
    trusted: float


@record
class _Bins:
    """Per bin: mean brightness, variance, weight, and whether its blocks look like white noise."""

    x: Floats
    variance: Floats
    weight: Floats
    white: npt.NDArray[np.bool_]


def estimate_noise(
    mosaic: Mosaic,
    cfa: str,
    black: tuple[float, float, float, float],
    white: float,
    clip: float,
    energies: Energies | None = None,
) -> Estimate | None:
    """The noise profile of a frame, or None when it has too few blocks that are neither clipped nor black.

    energies: `block_energies` of about `BLOCKS` blocks of a mosaic, where they are known.
    """
    found = _measured(mosaic, cfa, black, white, clip, BLOCKS, energies)
    if found is not None and found.trusted < 0.7:
        found = _measured(mosaic, cfa, black, white, clip, MANY)
    return found


def _measured(
    mosaic: Mosaic,
    cfa: str,
    black: tuple[float, float, float, float],
    white: float,
    clip: float,
    blocks: int,
    known: Energies | None = None,
) -> Estimate | None:
    """The estimate from about this many blocks per site."""
    bins: dict[str, list[_Bins]] = {}
    if mosaic.ndim == 3:
        # Demosaiced pixels share their noise with their neighbours: sites of every other pixel share less.
        for c, color in enumerate("RGB"):
            for energies in block_energies(mosaic[..., c], blocks):
                bins.setdefault(color, []).extend(_binned(energies, black[c], white, clip))
    else:
        for site, energies in enumerate(block_energies(mosaic, blocks) if known is None else known):
            bins.setdefault(cfa[site], []).extend(_binned(energies, black[site], white, clip))
    if not any(bins.values()):
        return None
    usable = {color: _without_lossy(_joined(group)) for color, group in bins.items() if group}
    everything = _joined(list(usable.values()))
    scale, offset = _line(everything)
    scales, offsets = [], []
    for color in "RGB":
        factor = _factor(usable[color], scale, offset) if color in usable else 1.0
        scales.append(scale * factor)
        offsets.append(offset * factor)
    profile = NoiseProfile((scales[0], scales[1], scales[2]), (offsets[0], offsets[1], offsets[2]), "frames")
    return Estimate(profile, float(everything.white.mean()))


def block_energies(plane: Mosaic, most: int) -> Energies:
    """(4, n, 5) of the CFA sites of a (h, w) mosaic: mean, smallest, largest, low and high energy of n blocks, about
    `most` or as many as there are."""
    height, width = plane.shape
    if height < BLOCK or width < BLOCK:
        return np.empty((4, 0, 5), np.float32)
    step = BLOCK
    # Whole rows of blocks are left out before columns are: memory is read in rows.
    while (height // step) * (width // BLOCK) > most and step < height // 64:
        step += BLOCK
    across = BLOCK
    while (height // step) * (width // across) > most:
        across += BLOCK
    out = np.empty((4, (height - BLOCK) // step + 1, (width - BLOCK) // across + 1, 5), np.float32)
    native.call("raw_noise_blocks", plane, step, across, out)
    return out.reshape(4, -1, 5)


def _binned(blocks: npt.NDArray[np.float32], black: float, white: float, clip: float) -> list[_Bins]:
    """Bins of equally many blocks of one site, from dark to bright; x and variance in units of white minus black."""
    mean, smallest, largest, low_energy, high_energy = np.ascontiguousarray(blocks.T)
    # Near the clip level, and at zero, noise is cut off.
    usable = np.nonzero((largest < black + 0.95 * (min(clip, white) - black)) & (smallest > 0))[0]
    usable = usable[np.argsort(mean[usable])]
    count = min(BINS, len(usable) // SMALLEST_BIN)
    if not count:
        return []
    # In white noise the low energy is the variance, give or take; 2 standard deviations are let in.
    most = 1 + 2 * math.sqrt(2 / LOW_COUNT)
    unit = white - black
    found = []
    for part in np.array_split(usable, count):
        flattest_first = part[np.argsort(low_energy[part])]
        low, high = low_energy[flattest_first].astype(np.float64), high_energy[flattest_first].astype(np.float64)
        fewest = max(8, len(part) // 200)
        variance = _median(high[:fewest]) / MEDIAN
        flat = fewest
        for _ in range(8):
            accepted = int(low.searchsorted(variance * most))
            before, flat = flat, max(accepted, fewest)
            if flat == before:
                break
            variance = _median(high[:flat]) / MEDIAN
        white_noise = accepted >= fewest and variance > 0
        weight = math.sqrt(min(accepted, 400)) if white_noise else 0.05
        x = max((float(mean[flattest_first[:flat]].mean(dtype=np.float64)) - black) / unit, 0.0)
        found.append((x, variance / unit**2, weight, white_noise))
    at, variances, weights, whites = (np.array(column) for column in zip(*found, strict=True))
    return [_Bins(at, variances, weights, whites)]


def _median(values: Floats) -> float:
    middle = len(values) // 2
    return float(np.partition(values, middle)[middle])


def _joined(bins: list[_Bins]) -> _Bins:
    x, variance, weight, white = (
        np.concatenate([getattr(b, name) for b in bins]) for name in ("x", "variance", "weight", "white")
    )
    return _Bins(x, np.maximum(variance, 1e-14), weight, white)


def _line(bins: _Bins) -> tuple[float, float]:
    """scale and offset >= 0 at the least robust distance of logarithms from the bins.

    A bin that looks like white noise pulls from both sides. Any other one holds texture, and is an upper limit.
    """
    middle = max(float(np.average(bins.x, weights=bins.weight)), 1e-6)
    every, beside = 3, 2  # of all ratios a third is tried, then those on both sides of the best
    best, _ = _nearest(bins, middle * RATIOS[::every])
    first = max(every * best - beside, 0)
    best, scale = _nearest(bins, middle * RATIOS[first : every * best + beside + 1])
    return scale, scale * float(RATIOS[first + best]) * middle


def _nearest(bins: _Bins, ratios: Floats) -> tuple[int, float]:
    """Index of the ratio of offset and scale whose line is nearest to the bins, and its scale."""
    distance = np.log(bins.variance / (bins.x + ratios[:, None] + 1e-12))
    # For each ratio the best level is that of one of the bins.
    away = distance[:, None, :] - distance[:, :, None]
    above = np.where(bins.white, bins.weight, 0.05)
    below = np.where(bins.white, 1.2 * bins.weight, 6.0)
    slack = np.where(bins.white, 0.0, 0.2)
    over = np.maximum(away, 0)
    under = np.subtract(-slack, away, out=away)  # memory is used again: new memory costs more than the arithmetic
    np.maximum(under, 0, out=under)
    step = 0.5 + over
    loss = np.divide(over, step, out=over) @ above
    np.add(0.5, under, out=step)
    loss += np.divide(under, step, out=under) @ below
    ratio, level = np.unravel_index(int(np.argmin(loss)), loss.shape)
    return int(ratio), math.exp(float(distance[ratio, level]))


def _without_lossy(bins: _Bins) -> _Bins:
    """Noise grows with light: bins with less than half the variance of darker white bins were smoothed by a codec."""
    order = np.argsort(bins.x, kind="stable")
    sure = np.where((bins.white & (bins.weight > 5))[order], bins.variance[order], 0.0)
    least = np.maximum.accumulate(sure) / 2
    kept = np.empty(len(order), bool)
    kept[order] = bins.variance[order] >= least
    return _Bins(bins.x[kept], bins.variance[kept], bins.weight[kept], bins.white[kept])


def _factor(bins: _Bins, scale: float, offset: float) -> float:
    """How many times the common line the bins of one colour lie; 1 unless enough white bins say otherwise."""
    chosen = bins.white
    if chosen.sum() < 3:
        return 1.0
    ratios = np.log(bins.variance[chosen] / (scale * bins.x[chosen] + offset + 1e-12))
    level = _weighted_quantile(ratios, bins.weight[chosen], 0.5)
    spread = _weighted_quantile(np.abs(ratios - level), bins.weight[chosen], 0.5)
    return math.exp(level) if abs(level) > max(0.1, spread / math.sqrt(float(chosen.sum()))) else 1.0


def _weighted_quantile(values: Floats, weights: Floats, q: float) -> float:
    order = np.argsort(values, kind="stable")
    total = np.cumsum(weights[order])
    return float(values[order][min(int(np.searchsorted(total, q * total[-1])), len(values) - 1)])


def agreed_profile(
    tag: NoiseProfile | None, estimate: Estimate | None, iso: float | None, notes: Notes
) -> NoiseProfile:
    """The tag's profile when the frame agrees with it, else the frame's own.

    They agree when the variances of all colours are within a factor of `AGREES` in shadows, midtones and lights. A
    frame without flat parts gives only an upper limit, so that a smaller tag stands.
    """
    if estimate is None:
        return tag or _typical(iso, notes)
    if tag is None:
        return estimate.profile
    ratios = [
        (es * x + eo) / max(ts * x + to, 1e-14)
        for x in (0.01, 0.1, 0.4)
        for ts, to, es, eo in zip(tag.scale, tag.offset, estimate.profile.scale, estimate.profile.offset, strict=True)
    ]
    too_small_tag = max(ratios) > AGREES and estimate.trusted > 0.3
    too_large_tag = min(ratios) < 1 / AGREES
    return estimate.profile if too_small_tag or too_large_tag else tag


def _typical(iso: float | None, notes: Notes) -> NoiseProfile:
    """A small sensor's noise at this ISO: shot noise of 2500 electrons at ISO 400, and 3 electrons of read noise."""
    scale = 4e-4 * (iso or 400.0) / 400.0
    notes.say("is too small or too dark to measure its noise; that of a typical sensor is assumed")
    offset = (3.0 * scale) ** 2
    return NoiseProfile((scale,) * 3, (offset,) * 3, "fallback")
