"""What noise reduction decides before pixels are touched: how much is taken from which frequencies, and where."""

from __future__ import annotations

import functools

import numpy as np

from lichtbild.carriers import CELL, FloatImage, Frame
from lichtbild.color import Floats
from lichtbild.develop.ends import ends_of
from lichtbild.record import record

OCTAVES = 6  # bands; what is coarser than the last, 128 pixels, is left alone
# Energy, in variances of its noise, of a coefficient of which half is kept: of luma, of both colour differences, of the
# greens'. More for colour, whose grain would show as blotches.
TAKE = (3.2, 6.7, 5.0)
RICH = 0.7  # how much less of luma where all of a window stays: what is weak beside texture is texture, too
TAKE_FIRST, RICH_FIRST = (2.8, 6.7, 5.0), 0.0  # the same where a second step follows
# Variance that windows expect which reach over a border, where samples are mirrored and their noise meets itself. Where
# all of it is mirrored it is 2; but then texture at the border goes, too (measured on noisy photographs).
MIRRORED = 1.8
COARSE_GREENS = 4.0  # times the greens' in all but the finest band: there the greens of a picture are alike
AGAIN = (0.45, 0.7, 1.0)  # the same of the second step, which knows the first one's result
# Variance relative to white noise after a merge, whose interpolation moves noise to coarser bands (measured in flat
# windows of merged bursts of 4 and 8 frames of two scenes, which agree).
MERGED = (
    (1.5, 1.6, 1.7, 1.8, 1.8, 1.8),
    (0.95, 1.2, 1.5, 1.6, 1.6, 1.6),
    (1.3, 0.8, 0.7, 0.7, 0.7, 0.7),
)
SHADE = 0.04  # light of the grey whose brighter and darker neighbours differ in luma alone
# Deviation of mid grey, in parts of it, from which a second step is made: where it shows, its time is well spent.
NOISY = 0.17


@record
class DenoisePlan:
    """What is decided before pixels are touched.

    basis: (4, 4) orthonormal, rows luma and colour differences of the stabilised sites; lean: (4, 2), how much of each
    follows luma's slope, along a row and down a column; take: (OCTAVES, 3, 8, 8) energy taken from the coefficients of
    luma, colour and greens; again: the same for a second step, None where there is none; rich: how much less is taken
    from luma where all of a window stays; share: (OCTAVES, 8, 8) of the noise that each has, mean 1; excess: (h/CELL +
    1, w/CELL + 1) local variance over the profile's, higher at the borders; ends: (7, 4), see `ends.py`.
    """

    basis: FloatImage
    lean: FloatImage
    take: FloatImage
    again: FloatImage | None
    rich: float
    share: FloatImage
    excess: FloatImage
    ends: FloatImage


def grey_noise(frame: Frame) -> float:
    """Variance of mid grey, of the noisiest colour."""
    return float((0.18 * np.array(frame.noise_profile.scale) + np.array(frame.noise_profile.offset)).max())


def decide(frame: Frame, neutral: Floats, strength: float) -> DenoisePlan:
    """The basis, the energies to take, and where there is more noise than the profile says."""
    planes = ["RGB".index(color) for color in frame.cfa]
    # How far each stabilised site moves where a grey becomes brighter: where noise is of reading, not as its root does.
    white = np.asarray(neutral, np.float64)[planes]
    scale, offset = (np.array([v[p] for p in planes]) for v in (frame.noise_profile.scale, frame.noise_profile.offset))
    grey = white / np.sqrt(np.maximum(scale * white * SHADE + offset, 1e-12))
    order = np.eye(4)
    first_green, second_green = (i for i, p in enumerate(planes) if p == 1)
    red, blue = planes.index(0), planes.index(2)
    # Gram-Schmidt: luma, then red against blue, then green against both, then the greens against each other.
    wanted = [grey, order[red] - order[blue], order[red] + order[blue], order[first_green] - order[second_green]]
    rows: list[Floats] = []
    for vector in wanted:
        left = vector - sum((np.dot(vector, row) * row for row in rows), np.zeros(4))
        rows.append(left / np.linalg.norm(left))
    noise = noise_of_waves()
    spread = MERGED if frame.frame_count > 1 else np.ones((3, OCTAVES))
    luma, chroma, greens = (np.asarray(factors)[:, None, None] for factors in spread)
    alike = np.array([1.0] + [COARSE_GREENS] * (OCTAVES - 1))[:, None, None]
    wide, near = _pooled(noise, (1, 4, 6, 4, 1)), _pooled(noise, (1, 2, 1))
    factors = strength * np.stack([luma, chroma, alike * greens], axis=1)
    again, amount, rich = None, TAKE, RICH
    if grey_noise(frame) ** 0.5 > NOISY * 0.18:
        again = factors * np.array(AGAIN)[:, None, None] * np.stack([near, noise, noise], axis=1)
        amount, rich = TAKE_FIRST, RICH_FIRST
    take = factors * np.array(amount)[:, None, None] * np.stack([wide, near, near], axis=1)
    height, width = (-(-n // CELL) for n in frame.mosaic.shape[:2])
    excess = np.ones((height, width), np.float32)
    if frame.confidence is not None:
        excess = np.clip(np.median(frame.confidence) / frame.confidence, 0.25, 32.0).astype(np.float32)
    excess = np.pad(excess, (0, 1), mode="edge")  # windows begin in the first cell and end behind the last
    for border in (excess[0], excess[-1], excess[:, 0], excess[:, -1]):
        border *= MIRRORED
    return DenoisePlan(
        basis=np.array(rows, np.float32),
        lean=_lean(np.array(rows)),
        take=take.astype(np.float32),
        again=None if again is None else again.astype(np.float32),
        rich=rich,
        share=(noise / noise.mean(axis=(1, 2), keepdims=True)).astype(np.float32),
        excess=np.ascontiguousarray(excess),
        ends=ends_of(frame, neutral),
    )


def _lean(basis: Floats) -> FloatImage:
    """(4, 2): how much of each plane follows luma's difference of next and last quad, along a row, down a column.

    The sites of a quad lie a quarter of it off its middle. So of grey that becomes brighter to the right, the right
    ones have more, which is no colour. Luma itself stays as it is.
    """
    off = 0.25 * np.array([[-1, -1], [1, -1], [-1, 1], [1, 1]])  # along, down
    lean = 0.5 * basis @ (basis[0][:, None] * off)
    lean[0] = 0.0
    return np.asarray(lean, np.float32)


def cosines(side: int = 8) -> Floats:
    """(side, side), orthonormal: the cosine waves of a window of so many samples, each a row."""
    waves = np.cos((2 * np.arange(side) + 1) * np.arange(side)[:, None] * np.pi / (2 * side))
    return np.asarray(waves * np.where(np.arange(side) == 0, 1 / side, 2 / side)[:, None] ** 0.5)


@functools.cache
def noise_of_waves() -> Floats:
    """(OCTAVES, 8, 8): variance of each cosine coefficient of each band of the pyramid of white noise of variance 1.

    A band is A x A - B x B, where A, in one dimension, leads from the finest samples to its own, and B once further
    down and up again; so its coefficients' variances follow from what rows of A and B weigh, and how far these agree.
    """
    five = np.array([1, 4, 6, 4, 1]) / 16

    def blurred(rows: Floats) -> Floats:
        wider = np.zeros((8, rows.shape[1] + 4))
        for i, tap in enumerate(five):
            wider[:, i : i + rows.shape[1]] += tap * rows
        return wider

    def finer(rows: Floats) -> Floats:
        """What weights of halved samples mean as weights of the samples, from two before the first on."""
        wide = np.zeros((8, 2 * rows.shape[1] - 1))
        wide[:, ::2] = rows
        return blurred(wide)

    def coarser(rows: Floats) -> Floats:
        """What weights of enlarged samples mean as weights of the samples, from one before the first on."""
        return 2 * blurred(rows)[:, ::2]

    variances = []
    waves = cosines()
    direct, detour = waves, finer(coarser(waves))
    for octave in range(OCTAVES):
        lead = 4 << octave  # samples by which the detour begins earlier
        inside = detour[:, lead : lead + direct.shape[1]]
        own, other, both = (direct**2).sum(1), (detour**2).sum(1), (direct * inside).sum(1)
        variances.append(np.outer(own, own) - 2 * np.outer(both, both) + np.outer(other, other))
        direct, detour = finer(direct), finer(detour)
    return np.array(variances)


def _pooled(energy: Floats, taps: tuple[int, ...]) -> Floats:
    """(..., 8, 8) energies, each averaged with those of frequencies nearby, as the kernels do it."""
    reach = len(taps) // 2
    for axis in (-1, -2):
        energy = sum(
            (t * np.take(energy, np.clip(np.arange(8) + i - reach, 0, 7), axis) for i, t in enumerate(taps)),
            np.zeros_like(energy),
        ) / sum(taps)
    return energy
