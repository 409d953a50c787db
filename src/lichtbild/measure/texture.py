"""How much fine texture is kept: the variance spectrum by octaves, away from strong edges.

Bands of a Laplacian pyramid (Burt and Adelson, 1983) of luma. Of a band of the picture, `kept` is the part that goes
with the truth, as a gain; what does not go with it (noise, artefacts) is `added`. After the dead-leaves measurements of
Cao, Guichard and Hornung (2009), for any picture with a known truth.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from lichtbild.measure.filters import Plane, blurred, halved
from lichtbild.record import record

OCTAVES = 5
_EDGE = 0.10  # local deviation of luma from which a place counts as an edge and not as texture
_LEAST = 0.004  # deviation of the truth in a band, below which there is no texture to keep


@record
class Octave:
    """low, high: cycles per pixel.   ratio: variance over the truth's.   kept: gain of the truth's own texture, 1 is
    all. added: variance that has nothing to do with the truth, over the truth's.   NaN where the truth has no
    texture."""

    low: float
    high: float
    ratio: float
    kept: float
    added: float


def texture_kept(image: Plane, truth: Plane) -> tuple[Octave, ...]:
    """From the finest octave on, up to `OCTAVES` of them. Planes of luma 0..1."""
    found = []
    for k in range(OCTAVES):
        if min(truth.shape) < 32:
            break
        coarse = [halved(p) for p in (image, truth)]
        bands = [p - _doubled(c, p.shape) for p, c in zip((image, truth), coarse, strict=True)]
        found.append(_octave(bands[0], bands[1], truth, k))
        image, truth = coarse
    return tuple(found)


def _octave(band: Plane, true: Plane, truth: Plane, k: int) -> Octave:
    chosen = _textured(true, truth)
    true = true[: chosen.shape[0], : chosen.shape[1]]
    band = band[: chosen.shape[0], : chosen.shape[1]]
    low, high = 0.25 / 2**k, 0.5 / 2**k
    if np.count_nonzero(chosen) < 200:
        return Octave(low, high, float("nan"), float("nan"), float("nan"))
    a, t = band[chosen].astype(np.float64), true[chosen].astype(np.float64)
    variance = float((t * t).mean())
    kept = float((a * t).mean()) / variance
    ratio = float((a * a).mean()) / variance
    return Octave(low, high, ratio, kept, max(ratio - kept * kept, 0.0))


def _doubled(coarse: Plane, shape: tuple[int, ...]) -> Plane:
    """Twice the size by bilinear interpolation, cut or padded to `shape`."""
    out = coarse
    for axis in (0, 1):
        before = np.concatenate([np.take(out, [0], axis), np.take(out, range(out.shape[axis] - 1), axis)], axis)
        after = np.concatenate([np.take(out, range(1, out.shape[axis]), axis), np.take(out, [-1], axis)], axis)
        near = np.float32(0.75) * out
        both = np.stack([near + np.float32(0.25) * before, near + np.float32(0.25) * after], axis + 1)
        sizes = list(out.shape)
        sizes[axis] *= 2
        out = both.reshape(sizes)
    missing = [(0, max(0, n - m)) for n, m in zip(shape, out.shape, strict=True)]
    return np.asarray(np.pad(out, missing, mode="edge")[: shape[0], : shape[1]], np.float32)


def _textured(band: Plane, truth: Plane) -> npt.NDArray[np.bool_]:
    """(h, w), both made even, where the truth's band has texture and there is no strong edge; found at half the
    size."""
    soft = halved(truth - np.float32(0.5))
    local = np.sqrt(np.maximum(blurred(soft * soft, 1.0) - blurred(soft, 1.0) ** 2, 0))
    fine = np.sqrt(np.maximum(blurred(halved(band * band), 1.5), 0))
    chosen = (local < _EDGE) & (fine > _LEAST)
    return np.asarray(np.repeat(np.repeat(chosen, 2, 0), 2, 1), np.bool_)
