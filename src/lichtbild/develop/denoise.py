"""Noise reduction by the frame's noise model: a `Frame` with less noise, whose noise profile says how much is left."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from lichtbild import native
from lichtbild.carriers import CELL, FloatImage, Frame
from lichtbild.color import Floats
from lichtbild.report import Report

# Variance of each band of the Laplacian pyramid of white noise of variance 1, from the filters' coefficients.
BAND_VARIANCE = (0.889, 0.0530, 0.01007, 0.00236, 0.00058)
# How much of the noise's variance is taken from a band's energy; more where grain would show as blotches.
LUMA = (1.3, 1.3, 1.0, 0.6, 0.3)
CHROMA = (2.2, 2.4, 2.0, 1.5, 1.2)
# The same relative to white noise after a merge, whose interpolation moves noise to coarser bands (measured on flat
# parts of merged bursts of 3 and 8 frames, which agree).
MERGED_LUMA = (1.25, 1.35, 1.3, 1.6, 1.6)
MERGED_CHROMA = (0.9, 1.2, 1.35, 1.5, 1.5)
BLACK_OUT = 2048.0
NEGLIGIBLE = 2e-6  # variance of mid grey below which 8 bits show nothing
# Share of the variance of flat parts that is left at strength 1 (tests/test_develop_denoise.py).
LEFT = 0.05


@dataclass(frozen=True)
class DenoisePlan:
    """What is decided before pixels are touched.

    basis: (4, 4) orthonormal, rows luma and colour differences of the stabilised sites; luma, chroma: variances taken
    from each band; excess: (h/CELL, w/CELL) local variance over the noise profile's.
    """

    basis: FloatImage
    luma: FloatImage
    chroma: FloatImage
    excess: FloatImage


def denoise(frame: Frame, neutral: Floats, strength: float, report: Report) -> Frame:
    """The frame with its noise reduced.

    neutral: camera RGB of white; grey then lies along luma alone. strength: 0 does nothing, 1 follows the noise
    profile. Linear raw frames come back as they are. The result has 16 bits and the same metadata.
    """
    middle = 0.18 * np.array(frame.noise_profile.scale) + np.array(frame.noise_profile.offset)
    if strength == 0 or frame.is_linear or middle.max() < NEGLIGIBLE:
        report.decide("develop", denoise=0.0)
        return frame
    plan = decide(frame, neutral, strength)
    report.decide("develop", denoise=strength)
    return apply(frame, plan, strength)


def decide(frame: Frame, neutral: Floats, strength: float) -> DenoisePlan:
    """The basis, the variances to take, and where there is more noise than the profile says."""
    planes = ["RGB".index(color) for color in frame.cfa]
    grey = np.sqrt(np.asarray(neutral, np.float64)[planes])
    order = np.eye(4)
    first_green, second_green = (i for i, p in enumerate(planes) if p == 1)
    red, blue = planes.index(0), planes.index(2)
    # Gram-Schmidt: luma, then red against blue, then green against both, then the greens against each other.
    wanted = [grey, order[red] - order[blue], order[red] + order[blue], order[first_green] - order[second_green]]
    rows: list[Floats] = []
    for vector in wanted:
        left = vector - sum((np.dot(vector, row) * row for row in rows), np.zeros(4))
        rows.append(left / np.linalg.norm(left))
    luma, chroma = (np.array(BAND_VARIANCE) * strength * np.array(take) for take in (LUMA, CHROMA))
    if frame.frame_count > 1:
        luma, chroma = luma * np.array(MERGED_LUMA), chroma * np.array(MERGED_CHROMA)
    height, width = (-(-n // CELL) for n in frame.mosaic.shape[:2])
    excess = np.ones((height, width), np.float32)
    if frame.confidence is not None:
        excess = np.clip(np.median(frame.confidence) / frame.confidence, 0.25, 32.0).astype(np.float32)
    return DenoisePlan(
        basis=np.array(rows, np.float32),
        luma=luma.astype(np.float32),
        chroma=chroma.astype(np.float32),
        excess=np.ascontiguousarray(excess),
    )


def apply(frame: Frame, plan: DenoisePlan, strength: float) -> Frame:
    """Run the kernel; see `kernels/develop_denoise.py`."""
    height, width = frame.mosaic.shape
    planes = ["RGB".index(color) for color in frame.cfa]
    scale = np.array([max(frame.noise_profile.scale[p], 1e-9) for p in planes], np.float32)
    offset = np.array([max(frame.noise_profile.offset[p], 0.0) for p in planes], np.float32)
    black = np.array(frame.black_level, np.float32)
    mean_black = float(black.mean())
    clip = (frame.clip_level - mean_black) / (frame.white_level - mean_black)
    scale_out = (65535.0 - BLACK_OUT) / clip
    out = np.empty((height + height % 2, width + width % 2), np.uint16)
    native.call(
        "denoise",
        frame.mosaic, black, scale, offset, plan.basis, plan.excess, plan.luma, plan.chroma,
        1.0 / (frame.white_level - mean_black), BLACK_OUT, scale_out, out,
    )  # fmt: skip
    left = 1.0 / (1.0 + strength * (1.0 / LEFT - 1.0))
    return replace(
        frame,
        mosaic=out[:height, :width],
        black_level=(BLACK_OUT,) * 4,
        white_level=BLACK_OUT + scale_out,
        clip_level=65535.0,
        noise_profile=frame.noise_profile.divided_by(1.0 / left),
    )
