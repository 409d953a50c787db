"""A burst becomes one better frame: frames are streamed, aligned to the reference, and merged by the noise model.

Memory does not grow with the number of frames: besides the reference there is one alternate at a time, and the sums.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np

from lichtbild import native
from lichtbild.burst.align import Alignment, align, gray_scale, pyramid
from lichtbild.burst.interpolate import PEDESTAL, UNIT, interpolate_planes, warp
from lichtbild.burst.reference import SMALLEST, choose_reference, exposure_of, is_blurred
from lichtbild.carriers import CELL, Burst, FloatImage, Frame, Mosaic, NoiseProfile
from lichtbild.errors import BurstError, LichtbildError
from lichtbild.recipe import Recipe
from lichtbild.report import Report

AHEAD = 2  # frames that are read while another is merged
STRICTNESS = 0.5  # a misfit of twice the noise halves the weight
BLACK_OUT = 2048.0  # digital number of no light in a merged frame: room for noise below black
FOREIGN = 0.2  # share of matching tiles below which a frame shows another scene
# Variance that is left of an alternate's noise after interpolation, averaged over sub-pixel positions (measured
# on flat frames; tests/test_burst_merge.py).
INTERPOLATION_GAIN = 0.69


def merge_burst(burst: Burst, recipe: Recipe, report: Report) -> Frame:
    """Merge 1 to 100 frames of one scene into a frame that stands where the reference stood.

    The result has the reference's metadata, size and CFA, 16 bits, and the noise profile that is left. After a bracket
    `clip_level` lies above `white_level`. A frame that cannot be used is dropped with a notice that names it.
    Raises BurstError when no frame is left, RawError when the only frame cannot be read.
    """
    if not len(burst):
        raise BurstError("no frames were given; name at least one raw file")
    with report.leg("read"):
        index, reference, kept = choose_reference(burst, recipe.reference, report)
    report.decide("burst", frames=len(burst), reference=index + 1, used=1)
    ready = [kept.get(i, frame) for i, frame in enumerate(burst) if i != index]
    others = [frame for frame in ready if not isinstance(frame, LichtbildError)]
    if not others:
        return reference
    if reference.is_linear:
        report.notice(f"{_name(reference)}: linear raw frames are not merged; only this frame is used")
        return reference
    if min(reference.mosaic.shape) < SMALLEST:
        report.notice(f"{_name(reference)}: too small to be aligned with others; only this frame is used")
        return reference
    merger = Merger(reference, report)
    with report.leg("merge"):
        for done, frame in enumerate(_stream(others, report)):
            if frame is not None:
                merger.add(frame)
            report.progress("merge", (done + 1) / len(others))
        return merger.finish()


def _name(frame: Frame | Path) -> str:
    return str(frame if isinstance(frame, Path) else frame.metadata.path or "frame")


def _read(frame: Frame | Path, report: Report) -> Frame | LichtbildError:
    if isinstance(frame, Frame):
        return frame
    from lichtbild.raw.read import read_frame

    try:
        return read_frame(frame, report)
    except LichtbildError as error:
        return error


def _stream(frames: Sequence[Frame | Path], report: Report) -> Iterator[Frame | None]:
    """Read frames ahead of their use, a few at a time; None stands for one that cannot be read."""
    from concurrent.futures import Future, ThreadPoolExecutor

    with ThreadPoolExecutor(AHEAD) as pool:
        queue: list[Future[Frame | LichtbildError]] = []
        waiting = iter(frames)
        try:
            while True:
                while len(queue) < AHEAD and (following := next(waiting, None)) is not None:
                    queue.append(pool.submit(_read, following, report))
                if not queue:
                    return
                result = queue.pop(0).result()
                if isinstance(result, LichtbildError):
                    report.notice(f"{result}; the frame is left out")
                    yield None
                else:
                    yield result
                del result
        finally:
            for pending in queue:
                pending.cancel()


def even(mosaic: Mosaic) -> Mosaic:
    """The mosaic with even sides: an odd last line is followed by the one two before it."""
    pad = [(0, n % 2) for n in mosaic.shape]
    return np.pad(mosaic, pad, mode="reflect") if any(p for _, p in pad) else mosaic


def site_noise(frame: Frame, profile: NoiseProfile) -> FloatImage:
    """(4, 2) scale and offset of the noise at each of the four sites."""
    planes = ["RGB".index(color) for color in frame.cfa]
    return np.array([(profile.scale[p], profile.offset[p]) for p in planes], np.float32)


class Merger:
    """The running sums of a merge."""

    def __init__(self, reference: Frame, report: Report) -> None:
        self.reference, self.report = reference, report
        self.mosaic = even(reference.mosaic)
        height, width = self.mosaic.shape
        self.black = np.array(reference.black_level, np.float32)
        self.unit = 1.0 / (reference.white_level - float(self.black.mean()))
        self.clip = (reference.clip_level - float(self.black.mean())) * self.unit
        self.noise = site_noise(reference, reference.noise_profile)
        self.sums: FloatImage = np.zeros((5, height // 2, width // 2), np.float32)
        self.highest = self.clip
        self.used = 1
        self._levels: dict[float, list[FloatImage]] = {}

    def _reference_levels(self, cap: float) -> list[FloatImage]:
        if cap not in self._levels:
            self._levels = {cap: pyramid(self.reference, gray_scale(self.reference, cap))}
        return self._levels[cap]

    def add(self, frame: Frame) -> None:
        """Align and merge one alternate, or drop it with a notice."""
        name = _name(frame)
        mine, its = self.reference, frame
        if problem := _other_camera(mine, its):
            self.report.notice(f"{name}: {problem}; the frame is left out")
            return
        ratio = exposure_of(mine.metadata) / exposure_of(its.metadata)
        span = its.white_level - sum(its.black_level) / 4
        clip = (its.clip_level - sum(its.black_level) / 4) / span * ratio
        cap = round(min(self.clip, clip), 4)
        levels = self._reference_levels(cap)
        its_levels = pyramid(its, gray_scale(mine, cap), ratio)
        alignment = align(levels, its_levels)
        if alignment.similarity < FOREIGN:
            self.report.notice(f"{name}: shows another scene than {_name(mine)}; the frame is left out")
            return
        if abs(np.log2(ratio)) < 0.2 and is_blurred(its_levels, levels):
            self.report.notice(f"{name}: blurred beyond use; the frame is left out")
            return
        del its_levels
        self._accumulate(its, alignment, ratio, clip)
        self.used += 1
        self.highest = max(self.highest, clip)

    def _accumulate(self, frame: Frame, alignment: Alignment, ratio: float, clip: float) -> None:
        planes = interpolate_planes(frame)
        warped = warp(planes, alignment.flow, self.mosaic.shape, frame.mosaic.shape, frame.color_phase)
        del planes
        flicker = self._flicker(warped, ratio, clip)
        ratio, clip = ratio * flicker, clip * flicker
        noise = site_noise(frame, frame.noise_profile) * np.array([ratio, ratio * ratio], np.float32)
        native.call(
            "burst_accumulate",
            self.mosaic, warped, self.sums, self.black, self.noise, noise,
            self.unit, ratio, clip, self.clip, STRICTNESS, self.sums,
        )  # fmt: skip

    def _flicker(self, warped: Mosaic, ratio: float, clip: float) -> float:
        """How much brighter the reference is than the tags say: measured on a sparse grid of green sites."""
        y, x = divmod(self.reference.cfa.index("G"), 2)
        mine = (self.mosaic[y::16, x::16] - self.black[2 * y + x]) * self.unit
        its = (warped[y::16, x::16].astype(np.float32) - PEDESTAL) * (ratio / UNIT)
        low, high = 0.04 * min(self.clip, clip), 0.9 * min(self.clip, clip)
        mean = (mine + its) / 2
        both = (mean > low) & (mean < high) & (np.abs(mine - its) < 0.25 * mean)
        if np.count_nonzero(both) < 200:
            return 1.0
        return float(np.clip(mine[both].sum() / its[both].sum(), 0.8, 1.25))

    def finish(self) -> Frame:
        """The merged frame."""
        reference = self.reference
        if self.used == 1:
            return reference
        scale = (65535.0 - BLACK_OUT) / self.highest
        out = np.empty_like(self.mosaic)
        native.call(
            "burst_finish",
            self.mosaic, self.sums, self.black, self.unit, self.clip, self.highest, BLACK_OUT, scale,
            self.highest > 1.01 * self.clip, out,
        )  # fmt: skip
        rows, columns = self.sums.shape[1:]
        confidence = np.empty((-(-rows * 2 // CELL), -(-columns * 2 // CELL)), np.float32)
        native.call("burst_confidence", self.sums, confidence)
        count = float(np.median(confidence))
        self.report.decide("burst", used=self.used, frames_that_count=round(count, 2))
        height, width = reference.mosaic.shape
        # Of n frames the reference is whole and n - 1 were interpolated.
        left = (1.0 + (count - 1.0) * INTERPOLATION_GAIN) / count**2
        return replace(
            reference,
            mosaic=out[:height, :width],
            black_level=(BLACK_OUT,) * 4,
            white_level=BLACK_OUT + scale,
            clip_level=BLACK_OUT + scale * self.highest,
            noise_profile=reference.noise_profile.divided_by(1.0 / left),
            confidence=confidence,
            frame_count=self.used,
        )


def _other_camera(mine: Frame, its: Frame) -> str:
    """Why `its` cannot be merged into `mine`; empty when it can."""
    if (mine.metadata.make, mine.metadata.model) != (its.metadata.make, its.metadata.model):
        name = f"{its.metadata.make} {its.metadata.model}".strip() or "one without a name"
        return f"comes from another camera ({name})"
    if mine.mosaic.shape != its.mosaic.shape:
        return "has another size than the reference ({1} x {0} pixels)".format(*its.mosaic.shape[:2])
    if mine.cfa != its.cfa:
        return f"has another colour filter ({its.cfa}) than the reference ({mine.cfa})"
    if (
        mine.metadata.orientation != its.metadata.orientation
        and mine.metadata.orientation in (1, 3)
        and (its.metadata.orientation not in (1, 3))
    ):
        return "was held upright where the reference was not"
    return ""
