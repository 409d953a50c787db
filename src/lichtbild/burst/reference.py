"""Which frame gives the moment and the framing: the sharpest of the early ones, at the middle exposure."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np

from lichtbild.burst.stream import read_one
from lichtbild.carriers import Burst, Frame, Metadata
from lichtbild.errors import BurstError, LichtbildError
from lichtbild.report import Report

FLASH = 1.25  # times the light of the other early frames: another light than theirs
SMALLEST = 64  # pixels of a side below which nothing can be aligned
EARLY = 3  # frames among which the sharpest is sought
BARE = 0.01  # sharpness below which a frame shows nothing
BLACK = 5e-4  # mean light, 0..1 of white, of a frame that got none
LATER = 12  # frames that are looked at, at most, where the early ones are black


def exposure_ratio(mine: Metadata, its: Metadata) -> float:
    """How much more exposure one frame got than another, exposure_time * iso / f_number^2, as far as both say; what one
    leaves out counts as equal."""
    ratio = 1.0
    for ours, theirs, power in (
        (mine.exposure_time, its.exposure_time, 1),
        (mine.iso, its.iso, 1),
        (mine.f_number, its.f_number, -2),
    ):
        if ours and theirs:
            ratio *= (ours / theirs) ** power
    return ratio


def tells_exposure(meta: Metadata) -> bool:
    """True when tags say anything of how much light a frame got."""
    return bool(meta.exposure_time or meta.iso or meta.f_number)


def choose_reference(
    burst: Burst, tags: Sequence[Metadata | None], wanted: int | None, report: Report, device: str = "auto"
) -> tuple[int, Frame, dict[int, Frame | LichtbildError]]:
    """Index and frame of the reference, and what was read on the way (frames, or why they cannot be read).

    tags: of each frame, None where it cannot be read.
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
    order = _by_middle_exposure(tags)
    for i in order:
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
    from lichtbild.burst.detail import score

    scores, lights = zip(*(score(frame) for _, frame in candidates), strict=True)
    usual = float(np.median(lights))
    # A flash that went off is no moment to which the other frames can be merged.
    fit = [k for k, light in enumerate(lights) if len(lights) < 3 or max(light / usual, usual / light) < FLASH]
    best = max(fit, key=lambda k: (round(scores[k] / max(scores), 2), -k))
    if scores[best] < BARE and _is_black(candidates[best][1]):
        for i in [i for i in order if i not in read][:LATER]:
            frame = get(i)
            if isinstance(frame, LichtbildError):
                continue
            if _comparable(candidates[0][1], frame) and not _is_black(frame):
                return i, frame, read
            del read[i]  # memory: it is read again
    return *candidates[best], read


def _is_black(frame: Frame) -> bool:
    """True when a frame got no light: behind a lens cap, in a pocket."""
    light = frame.mosaic[::16, ::16].mean() - frame.black_level[0]  # of one of the sites
    return bool(light < BLACK * (frame.white_level - frame.black_level[0]))


def _comparable(a: Frame, b: Frame) -> bool:
    same_camera = a.metadata.model == b.metadata.model and a.mosaic.shape == b.mosaic.shape and a.cfa == b.cfa
    return same_camera and abs(np.log2(exposure_ratio(a.metadata, b.metadata))) < 0.3


def shot_tags(frame: Frame | Path) -> Metadata | None:
    """What a frame or file says of itself; None where the file cannot be read, which is told when it is to be used."""
    if isinstance(frame, Frame):
        return frame.metadata
    from lichtbild.raw.read import probe

    try:
        return probe(frame).metadata
    except LichtbildError:
        return None


def _by_middle_exposure(tags: Sequence[Metadata | None]) -> list[int]:
    """Indices in the order in which they should be tried: of a bracket, the middle exposure first."""
    first = next((t for t in tags if t), None)
    if first is None:
        return list(range(len(tags)))
    exposures = [exposure_ratio(t, first) if t else None for t in tags]
    known = sorted(e for e in exposures if e is not None)
    middle = known[(len(known) - 1) // 2]

    def distance(i: int) -> tuple[float, int]:
        exposure = exposures[i]
        if exposure is None:
            return (float("inf"), i)
        return (float(round(abs(np.log2(exposure / middle)) / 0.3)), i)

    return sorted(range(len(tags)), key=distance)
