"""Which frame gives the moment and the framing: the sharpest of the early ones, at the middle exposure."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np

from lichtbild import native
from lichtbild.burst.align import DETAILED, NOISE_GRADIENT, PAD, gray_scale, pyramid, tile_grid
from lichtbild.burst.stream import read_one
from lichtbild.carriers import Burst, FloatImage, Frame, Metadata
from lichtbild.errors import BurstError, LichtbildError
from lichtbild.report import Report

FLASH = 1.25  # times the light of the other early frames: another light than theirs
SMALLEST = 64  # pixels of a side below which nothing can be aligned
BLURRED = 0.25  # share of the reference's detail below which a frame is useless
EARLY = 3  # frames among which the sharpest is sought


def exposure_of(meta: Metadata) -> float:
    """Light times gain: exposure_time * iso / f_number^2; what the file does not say counts as 1."""
    return (meta.exposure_time or 1.0) * (meta.iso or 100.0) / (meta.f_number or 1.0) ** 2


def detail_of(levels: list[FloatImage]) -> FloatImage:
    """(rows, columns) mean squared gradient of the finest grey level's tiles, in units of the noise.

    The middle half of the height and width speaks for the frame.
    """
    level = levels[0]
    height, width = level.shape
    if min(height, width) > 8 * PAD:
        level = level[height // 4 : -(height // 4), width // 4 : -(width // 4)]
    rows, columns = tile_grid(level)
    out = np.empty((4, rows, columns), np.float32)
    native.call("align_refine", level, level, np.zeros((2, rows, columns), np.float32), 1.0, out)
    detail: FloatImage = out[3]
    return detail


def sharpness(levels: list[FloatImage]) -> float:
    """Mean squared gradient beyond what noise makes, in units of the noise."""
    return max(float(detail_of(levels).mean()) - NOISE_GRADIENT, 1e-3)


def is_blurred(levels: list[FloatImage], reference: list[FloatImage]) -> bool:
    """True when a frame has lost the detail that the reference has; without any in the reference none can be lost."""
    theirs, own = (np.sort(detail_of(each), axis=None) for each in (reference, levels))
    detailed = int(np.count_nonzero(theirs > 1.25 * DETAILED))
    if detailed < max(4, 0.02 * theirs.size):
        return False
    theirs, own = theirs[-detailed:] - NOISE_GRADIENT, own[-detailed:] - NOISE_GRADIENT
    return bool(own.sum() < BLURRED * theirs.sum())


def choose_reference(
    burst: Burst, exposures: Sequence[float], wanted: int | None, report: Report, device: str = "auto"
) -> tuple[int, Frame, dict[int, Frame | LichtbildError]]:
    """Index and frame of the reference, and what was read on the way (frames, or why they cannot be read).

    wanted: index from 1 that the photographer chose. Raises BurstError when there is no such frame, or none usable.
    """
    if wanted is not None and wanted > len(burst):
        frames = f"{len(burst)} frames; choose 1 to {len(burst)}" if len(burst) > 1 else "1 frame; leave it out"
        raise BurstError(f"reference {wanted}: the burst has only {frames}")
    read: dict[int, Frame | LichtbildError] = {}

    def get(i: int) -> Frame | LichtbildError:
        if i not in read:
            read[i] = read_one(burst.frames[i], report, device)
            if isinstance(read[i], LichtbildError) and len(burst) > 1:
                report.notice(f"{read[i]}; the frame is left out")
        return read[i]

    if wanted is not None:
        frame = get(wanted - 1)
        if isinstance(frame, LichtbildError):
            raise frame
        return wanted - 1, frame, read
    candidates: list[tuple[int, Frame]] = []
    errors: list[LichtbildError] = []
    for i in _by_middle_exposure(exposures):
        frame = get(i)
        if isinstance(frame, LichtbildError):
            errors.append(frame)
        elif not candidates or _comparable(candidates[0][1], frame):
            candidates.append((i, frame))
        if len(candidates) == min(EARLY, len(burst)):
            break
    if not candidates:
        raise (
            errors[0] if len(errors) == 1 else BurstError(f"none of the {len(errors)} frames can be used: {errors[0]}")
        )
    if len(candidates) == 1 or candidates[0][1].is_linear or min(candidates[0][1].mosaic.shape) < SMALLEST:
        return *candidates[0], read
    scores, lights = zip(*(_score(frame) for _, frame in candidates), strict=True)
    usual = float(np.median(lights))
    # A flash that went off is no moment to which the other frames can be merged.
    fit = [k for k, light in enumerate(lights) if len(lights) < 3 or max(light / usual, usual / light) < FLASH]
    best = max(fit, key=lambda k: (round(scores[k] / max(scores), 2), -k))
    return *candidates[best], read


def _score(frame: Frame) -> tuple[float, float]:
    """Sharpness, and mean light in 0..1."""
    scale = gray_scale(frame)
    levels = pyramid(frame, scale)
    coarse = levels[-1][PAD:-PAD, PAD:-PAD] / np.float32(scale.stretch)
    return sharpness(levels), max(float(np.mean(coarse * coarse)) - scale.shift, 1e-6)


def _comparable(a: Frame, b: Frame) -> bool:
    same_camera = a.metadata.model == b.metadata.model and a.mosaic.shape == b.mosaic.shape and a.cfa == b.cfa
    return same_camera and abs(np.log2(exposure_of(a.metadata) / exposure_of(b.metadata))) < 0.3


def shot_exposure(frame: Frame | Path) -> float:
    """Exposure of a frame or file; NaN when the file cannot be read."""
    if isinstance(frame, Frame):
        return exposure_of(frame.metadata)
    from lichtbild.raw.read import probe

    try:
        return exposure_of(probe(frame).metadata)
    except LichtbildError:
        return float("nan")


def _by_middle_exposure(exposures: Sequence[float]) -> list[int]:
    """Indices in the order in which they should be tried: of a bracket, the middle exposure first."""
    known = sorted(e for e in exposures if not np.isnan(e))
    if not known:
        return list(range(len(exposures)))
    middle = known[(len(known) - 1) // 2]

    def distance(i: int) -> tuple[float, int]:
        if np.isnan(exposures[i]):
            return (float("inf"), i)
        return (float(round(abs(np.log2(exposures[i] / middle)) / 0.3)), i)

    return sorted(range(len(exposures)), key=distance)
