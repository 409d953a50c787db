"""Where the range of a sensor ends, for the denoiser: what noise loses at black, and what is brighter than white."""

from __future__ import annotations

import math

import numpy as np

from lichtbild.carriers import FloatImage, Frame
from lichtbild.color import Floats

NEAR_CLIP = (0.90, 0.99)  # of clip: from where on, and above which, the strongest colour counts as clipped
FELT = 0.003  # deviations of read noise by which black must be too bright for something to be done about it


def ends_of(frame: Frame, neutral: Floats) -> FloatImage:
    """(7, 4) for each site of the 2 x 2, light in parts of white minus black.

    cap: white at which the strongest colour clips; slope, start: how far each site says that the strongest has
    clipped, the least of slope * x + start within 0..1; foot, rate: of light t, foot * clamp(1 + (foot - t) * rate)^3
    is to be taken off. own slope, own start: how far the site itself has clipped.
    """
    planes = ["RGB".index(color) for color in frame.cfa]
    black = np.array(frame.black_level, np.float64)
    unit = 1.0 / (frame.white_level - black.mean())
    clip = (frame.clip_level - black.mean()) * unit
    strength = (np.asarray(neutral, np.float64) / np.max(neutral))[planes]
    strongest = strength == 1.0
    low, high = NEAR_CLIP
    own = np.array([[1.0 / ((high - low) * clip)], [-low / (high - low)]]) * np.ones(4)
    slope, start = np.where(strongest, own, [[0.0], [1.0]])
    feet = [_foot(frame, p, b * unit) for p, b in zip(planes, black, strict=True)]
    return np.stack([strength * clip, slope, start, *np.transpose(feet), *own]).astype(np.float32)


def _foot(frame: Frame, plane: int, depth: float) -> tuple[float, float]:
    """(foot, rate) of a colour whose noise is cut `depth` below black, which makes the mean of dark parts too bright.

    The mean of max(X, -depth) of a Gaussian X is known; a cubic is laid through it at black and at one deviation.
    A bracket's shadows are those of its longest exposure: nothing is done there.
    """
    if frame.clip_level > 1.05 * frame.white_level:
        return 0.0, 0.0
    count = frame.frame_count  # a mean of frames was cut before it was a mean
    scale, offset = (max(v[plane], 1e-12) * count for v in (frame.noise_profile.scale, frame.noise_profile.offset))
    deviation = math.sqrt(offset)

    def gained(x: float) -> float:
        spread = math.sqrt(scale * x + offset)
        z = (x + depth) / spread
        return spread * (math.exp(-0.5 * z * z) / math.sqrt(2 * math.pi) - 0.5 * z * math.erfc(z * 0.5**0.5))

    foot, later = gained(0.0), gained(deviation)
    if foot < FELT * deviation:
        return 0.0, 0.0
    return foot, (1.0 - (later / foot) ** (1 / 3)) / (deviation + later - foot)
