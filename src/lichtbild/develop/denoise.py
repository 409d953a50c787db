"""Noise reduction by the frame's noise model: a `Frame` with less noise, whose noise profile says how much is left."""

from __future__ import annotations

import itertools
from typing import TYPE_CHECKING

import numpy as np

from lichtbild import native
from lichtbild.carriers import FloatImage, Frame
from lichtbild.color import Floats
from lichtbild.develop.denoise_plan import OCTAVES, DenoisePlan, decide, grey_noise
from lichtbild.record import replace
from lichtbild.report import Report

if TYPE_CHECKING:
    from typing import TypeAlias

    import numpy.typing as npt

    Planes: TypeAlias = npt.NDArray[np.int16]  # (4, h, w), in steps of a part of the noise's deviation

TILE, FINEST_TILE = (64, 252), (128, 500)  # quads that the kernels work on at once
BLACK_OUT = 2048.0
NEGLIGIBLE = 2e-8  # variance of mid grey below which even shadows that are opened by four stops show nothing
# Share of the variance of flat parts that is left at strength 1 (tests/test_develop_denoise.py).
LEFT = 0.05


def denoise(frame: Frame, neutral: Floats, strength: float, report: Report) -> Frame:
    """The frame with its noise reduced.

    neutral: camera RGB of white; grey then lies along luma alone. strength: 0 does nothing, 1 follows the noise
    profile. Linear raw frames come back as they are. The result has 16 bits and the same metadata.
    """
    if strength == 0 or frame.is_linear or grey_noise(frame) < NEGLIGIBLE:
        report.decide("develop", denoise=0.0)
        return frame
    plan = decide(frame, neutral, strength)
    report.decide("develop", denoise=strength, denoise_steps=1 if plan.again is None else 2)
    return apply(frame, plan, strength)


def apply(frame: Frame, plan: DenoisePlan, strength: float) -> Frame:
    """Run the kernels; see `kernels/develop_denoise.py`, `develop_denoise_band.py` and `develop_denoise_finest.py`."""
    height, width = frame.mosaic.shape
    planes = ["RGB".index(color) for color in frame.cfa]
    scale = np.array([max(frame.noise_profile.scale[p], 1e-9) for p in planes], np.float32)
    offset = np.array([max(frame.noise_profile.offset[p], 0.0) for p in planes], np.float32)
    black = np.array(frame.black_level, np.float32)
    mean_black = float(black.mean())
    unit = 1.0 / (frame.white_level - mean_black)
    step = _step(scale, offset, np.array([[-black.max()], [1.02 * frame.clip_level - black.min()]]) * unit)
    energy = np.float32(1.0 / step**2)
    plan = replace(plan, take=plan.take * energy, again=None if plan.again is None else plan.again * energy)
    sites = (black, scale, offset, plan.basis, plan.lean, unit, step, plan.ends)
    sizes = [(-(-height // 2), -(-width // 2))]
    for _ in range(OCTAVES):
        sizes.append((-(-sizes[-1][0] // 2), -(-sizes[-1][1] // 2)))
    rooms = [tuple((n // t + 1) * t for n, t in zip(size, TILE, strict=True)) for size in sizes]
    left = 1.0 / (1.0 + strength * (1.0 / LEFT - 1.0))
    clip = (frame.clip_level - mean_black) / (frame.white_level - mean_black)
    scale_out = (65535.0 - BLACK_OUT) / clip
    back = (1.0 - left, BLACK_OUT, scale_out)

    # From the halved planes down to the coarsest, and up again; planes of all quads are made for a second step only.
    noisy = [np.empty((4, *room), np.int16) for room in rooms[1:]]
    native.call("denoise_halve_mosaic", frame.mosaic, *sites, noisy[0])
    for fine, coarse in itertools.pairwise(noisy):
        native.call("denoise_halve", fine, coarse)
    clean = noisy[-1]
    for octave in range(OCTAVES - 1, 0, -1):
        clean = _band(plan, octave, noisy[octave - 1], noisy[octave], clean)
        if octave > 1:
            noisy.pop()
    tile = FINEST_TILE if plan.again is None else TILE
    out = np.empty([2 * t * -(-n // t) for n, t in zip(sizes[0], tile, strict=True)], np.uint16)
    if plan.again is None:
        given = (noisy[0], clean, plan.take[0], plan.share[0], plan.excess, plan.rich)
        native.call("denoise_finest", frame.mosaic, *sites, *given, *back, out)
    else:
        fine = np.empty((4, *rooms[0]), np.int16)
        native.call("denoise_split", frame.mosaic, *sites, fine)
        native.call("denoise_join", frame.mosaic, *sites, _band(plan, 0, fine, noisy[0], clean), *back, out)
    return replace(
        frame,
        mosaic=out[:height, :width],
        black_level=(BLACK_OUT,) * 4,
        white_level=BLACK_OUT + scale_out,
        clip_level=65535.0,
        noise_profile=frame.noise_profile.divided_by(1.0 / left),
    )


def _step(scale: FloatImage, offset: FloatImage, light: Floats) -> float:
    """The smallest step, in deviations of the noise, with which 16 bits hold the planes of sites within `light`.

    Planes are turned sites, so none is longer than all four of them. Where there is noise to be seen, a step is less
    than 0.05 (0.16 in a bracket of four stops).
    """
    s, o = scale.astype(np.float64), offset.astype(np.float64)
    knee = 1.5 * s**2 + 0.25 * o  # see `kernels/develop_denoise.py`

    def root(light: Floats) -> Floats:
        level = s * light + 0.375 * s**2 + o
        return np.sqrt(np.maximum(level, knee)) + np.minimum(level - knee, 0) * 0.5 / np.sqrt(knee)

    farthest = np.abs((root(light) - root(np.zeros(1))) * 2 / s).max(axis=0)
    return float(np.hypot.reduce(farthest)) / 32700


def _band(plan: DenoisePlan, octave: int, fine: Planes, coarse: Planes, clean: Planes) -> Planes:
    """`clean`, enlarged, with what `fine` has beyond `coarse`, cleaned; in two steps where the plan has two."""
    better = np.empty_like(fine)
    noise = (plan.share[octave], plan.excess)
    native.call("denoise_band", fine, coarse, clean, plan.take[octave], *noise, plan.rich, octave, better)
    if plan.again is None:
        return better
    best = np.empty_like(fine)
    native.call("denoise_band_guided", fine, coarse, clean, plan.again[octave], *noise, octave, better, best)
    return best
