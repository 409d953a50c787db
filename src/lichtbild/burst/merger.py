"""Alternates are aligned to the reference and merged with it by the noise model, one at a time, into running sums."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from lichtbild import native
from lichtbild.burst.align import Alignment, align, gray_scale, pyramid
from lichtbild.burst.detail import is_blurred
from lichtbild.burst.evidence import EVIDENCE_CELL, LIMIT, Evidence, bordered
from lichtbild.burst.flicker import measure_exposure, measure_flicker, measure_untold, sampling
from lichtbild.burst.interpolate import PEDESTAL, UNIT, show
from lichtbild.burst.noise_left import NoiseLeft
from lichtbild.burst.reference import exposure_ratio, tells_exposure
from lichtbild.burst.stream import name_of
from lichtbild.carriers import CELL, Aligned, FloatImage, Frame, Mosaic, NoiseProfile
from lichtbild.record import replace
from lichtbild.report import Report

MIDDLE = np.array([0.18, 1.0], np.float32)  # of a noise profile: its variance at middle grey
STRICTNESS = 4.0  # a misfit of half the noise beyond what is expected halves the weight
BLACK_OUT = 2048.0  # digital number of no light in a merged frame: room for noise below black
NEVER = 1e6  # a clip level that nothing reaches
TOLERATED = 0.015  # of its light, by which a frame that is aligned may differ
NEARLY = 1.1  # times the exposure that tags tell: what pixels must agree on to be gone by
UNSAID = 1.5  # times the exposure that tags tell: from where on it is told
OUTVOTED = 10  # frames from which on thin things, each let through a little, are outvoted
FOREIGN = 0.2  # share of matching tiles below which a frame shows another scene


def even(mosaic: Mosaic) -> Mosaic:
    """The mosaic with even sides: an odd last line is followed by the one two before it."""
    pad = [(0, n % 2) for n in mosaic.shape]
    return np.pad(mosaic, pad, mode="reflect") if any(p for _, p in pad) else mosaic


def site_noise(frame: Frame, profile: NoiseProfile) -> FloatImage:
    """(4, 2) scale and offset of the noise at each of the four sites; the offset is above 0."""
    planes = ["RGB".index(color) for color in frame.cfa]
    profile = profile.as_rounded(frame.white_level - min(frame.black_level))
    return np.array([(profile.scale[p], profile.offset[p]) for p in planes], np.float32)


class Merger:
    """The running sums of a merge."""

    def __init__(self, reference: Frame, report: Report, *, keep: bool = False, darker: bool = False) -> None:
        """keep: what a second pass over the frames needs. darker: some frame got less light, and tells of what clips in
        others."""
        self.reference, self.report, self.darker = reference, report, darker
        self.mosaic = even(reference.mosaic)
        height, width = self.mosaic.shape
        self.black = np.array(reference.black_level, np.float32)
        self.unit = 1.0 / (reference.white_level - float(self.black.mean()))
        self.clip = (reference.clip_level - float(self.black.mean())) * self.unit
        self.noise = site_noise(reference, reference.noise_profile)
        site = reference.cfa.index("G")
        places = zip(divmod(site, 2), sampling(self.mosaic.shape), strict=True)
        self.green = site, tuple(slice(first, None, step) for first, step in places)  # some samples of a green site
        self.sums: FloatImage = np.zeros((5, height // 2, width // 2), np.float32)
        self.warped = np.empty_like(self.mosaic)
        self.highest = self.clip
        self.used = 1
        self.noise_left = NoiseLeft(reference)
        self.evidence = Evidence(self.mosaic, self.black, self.unit, reference.cfa)
        self._levels: dict[float, list[FloatImage]] = {}
        self.keep, self.aligned = keep, list[Aligned]()
        self._its_levels: list[FloatImage] | None = None  # memory that is used again

    def _reference_levels(self, cap: float) -> list[FloatImage]:
        if cap not in self._levels:
            self._levels = {cap: pyramid(self.reference, gray_scale(self.reference, cap))}
        return self._levels[cap]

    def add(self, frame: Frame, source: Frame | Path) -> None:
        """Align and merge one alternate, or drop it with a notice. source: where it can be had again."""
        name = name_of(frame)
        mine, its = self.reference, frame
        if problem := _other_camera(mine, its):
            self.report.notice(f"{name}: {problem}; the frame is left out")
            return
        ratio = self._exposure(its)
        span = its.white_level - sum(its.black_level) / 4
        clip = (its.clip_level - sum(its.black_level) / 4) / span * ratio
        cap = round(min(self.clip, clip), 4)
        levels = self._reference_levels(cap)
        scale = gray_scale(mine, cap)
        its_levels = self._its_levels = pyramid(its, scale, ratio, self._its_levels)
        alignment = align(levels, its_levels)
        untold = measure_untold(levels, its_levels, alignment, scale, cap)
        if float(np.max(np.abs(untold - 1))) > TOLERATED:
            its_levels = pyramid(its, scale, ratio * untold, its_levels)
            alignment = align(levels, its_levels)
        if alignment.similarity < FOREIGN:
            self.report.notice(f"{name}: shows another scene than {name_of(mine)}; the frame is left out")
            return
        if abs(np.log2(ratio)) < 0.2 and is_blurred(its_levels, levels):
            self.report.notice(f"{name}: blurred beyond use; the frame is left out")
            return
        gain = self._accumulate(its, alignment, ratio, clip)
        if self.keep:
            steady = alignment.flow - alignment.beside_camera() if alignment.own.any() else None
            self.aligned.append(Aligned(source, alignment.flow, gain, steady))
        self.used += 1
        self.highest = max(self.highest, clip)

    def _exposure(self, frame: Frame) -> float:
        """The reference's exposure over the alternate's: as tags say, where the pixels do not plainly contradict."""
        told = exposure_ratio(self.reference.metadata, frame.metadata)
        site, samples = self.green
        light, scale = [], []
        for f in (self.reference, frame):
            black, clip = f.black_level[site], f.clip_level - f.black_level[site]
            light.append((f.mosaic[samples] - np.float32(black)) / np.float32(clip))
            scale.append(clip / (f.white_level - black))
        seen = measure_exposure(light[0], light[1], told * scale[1] / scale[0])
        if seen is None:
            return told
        seen *= scale[0] / scale[1]
        more = max(seen / told, told / seen)
        if more < UNSAID:  # neither shutters nor lamps are exact
            return told if more < NEARLY else seen
        stops = round(float(np.log2(seen)), 1)
        amount = f"{abs(stops)} EV {'less' if stops > 0 else 'more'} light than" if stops else "as much light as"
        self.report.notice(
            f"{name_of(frame)}: got {amount} {name_of(self.reference)}, "
            f"{'and its tags say something else' if tells_exposure(frame.metadata) else 'which no tag tells'}; "
            "its pixels are believed"
        )
        return seen if stops else 1.0

    def _accumulate(self, frame: Frame, alignment: Alignment, ratio: float, clip: float) -> float:
        """Add a frame to the sums; returns what brings its light to the reference's exposure."""
        warped = self.warped
        show(frame, alignment.flow, warped)
        noise = site_noise(frame, frame.noise_profile) * np.array([ratio, ratio * ratio], np.float32)
        gain, rows = self._flicker(warped, ratio, min(self.clip, clip))
        ratio, clip, noise = ratio * gain, clip * gain, noise * np.array([gain, gain * gain], np.float32)
        self._fill(warped, ratio)
        if not self.darker and 0.9 < ratio < 1.1:
            # Frames of one light clip alike; without those that noise lifts to the clip level they average too dark.
            clip = NEVER
        self.noise_left.add(alignment.flow, float(np.mean((self.noise @ MIDDLE) / (noise @ MIDDLE))))
        before = self.sums[4].copy() if self.report.maps is not None else None
        top = LIMIT * min(self.clip, clip)
        trust = self.evidence.trust(warped, rows, self.noise + noise, PEDESTAL, ratio / UNIT, top)
        native.call(
            "burst_accumulate",
            self.mosaic, warped, self.sums, self.black, self.noise, noise, rows, bordered(trust),
            self.unit, ratio, clip, self.clip, STRICTNESS, self.sums,
        )  # fmt: skip
        if before is not None:
            self._keep_maps(frame, alignment, self.sums[4] - before)
        return ratio

    def _keep_maps(self, frame: Frame, alignment: Alignment, weight: FloatImage) -> None:
        """What the report asked for: where the alternate moved by itself, and how much it counts in each cell."""
        name = f"{self.used + 1:02d}_{Path(name_of(frame)).stem}"
        cell = CELL // 2
        whole = np.pad(weight, [(0, -side % cell) for side in weight.shape], "edge")
        rows, columns = (side // cell for side in whole.shape)
        maps = self.report.maps if self.report.maps is not None else {}
        maps[f"weight_{name}"] = whole.reshape(rows, cell, columns, cell).mean((1, 3), dtype=np.float32)
        maps[f"motion_{name}"] = alignment.beside_camera().astype(np.float32)

    def _flicker(self, warped: Mosaic, ratio: float, top: float) -> tuple[float, FloatImage]:
        """How much brighter the reference is than the tags say, and the same beside it for each row of quads."""
        site, samples = self.green
        mine = (self.mosaic[samples] - self.black[site]) * np.float32(self.unit)
        seen = warped[samples]
        its = np.where(seen > 0, (seen - np.float32(PEDESTAL)) * np.float32(ratio / UNIT), np.float32(np.nan))
        gain, bands = measure_flicker(mine, its, top)
        at = np.arange(len(bands)) * float(samples[0].step)
        rows = np.interp(np.arange(self.mosaic.shape[0] // 2) * 2.0, at, bands)
        return gain, rows.astype(np.float32)

    def _fill(self, warped: Mosaic, ratio: float) -> None:
        """A last line that only makes sides even shows what the reference shows there, so that it counts for nothing
        in how the sites beside it are judged."""
        height, width = self.reference.mosaic.shape
        black = self.black.reshape(2, 2)
        rows, columns = (side // 2 for side in self.mosaic.shape)
        for line, floor in (
            (np.s_[height:], np.tile(black[1:], columns)),
            (np.s_[:, width:], np.tile(black[:, 1:], (rows, 1))),
        ):
            light = (self.mosaic[line] - floor) * np.float32(self.unit * UNIT / ratio)
            warped[line] = np.clip(light + np.float32(PEDESTAL + 0.5), 1, 65535).astype(np.uint16)

    def finish(self) -> Frame:
        """The merged frame."""
        reference = self.reference
        if self.used == 1:
            return reference
        scale = (65535.0 - BLACK_OUT) / self.highest
        out = self.warped  # memory that is there already
        self._finish(self.evidence.everywhere(), scale, out)
        # What slips in frame by frame is plain once noise has gone from the others.
        rows = np.ones(self.mosaic.shape[0] // 2, np.float32)
        trust = self.evidence.trust(out, rows, self.noise, BLACK_OUT, 1.0 / scale, LIMIT * self.clip)
        self._finish(trust, scale, out)
        if self.used >= OUTVOTED:
            self.evidence.restore(out, self.noise, BLACK_OUT, 1.0 / scale, LIMIT * self.clip)
        confidence = self._confidence(trust)
        count = float(np.median(confidence))
        if self.report.maps is not None:
            self.report.maps["confidence"] = confidence
        self.report.decide("burst", used=self.used, frames_that_count=round(count, 2))
        height, width = reference.mosaic.shape
        still = np.zeros((2, -(-height // 32), -(-width // 32)), np.float32)
        return replace(
            reference,
            mosaic=out[:height, :width],
            black_level=(BLACK_OUT,) * 4,
            white_level=BLACK_OUT + scale,
            clip_level=BLACK_OUT + scale * self.highest,
            noise_profile=self.noise_left.profile(reference.noise_profile, count),
            confidence=confidence,
            frame_count=self.used,
            aligned=(Aligned(reference, still, 1.0), *self.aligned) if self.keep else (),
        )

    def _finish(self, trust: FloatImage, scale: float, out: Mosaic) -> None:
        native.call(
            "burst_finish",
            self.mosaic, self.sums, self.black, bordered(trust), self.unit, self.clip, self.highest, BLACK_OUT, scale,
            self.highest > 1.01 * self.clip, out,
        )  # fmt: skip

    def _confidence(self, trust: FloatImage) -> FloatImage:
        """How many frames count in cells, see `Frame`. trust: in the others, in cells of `EVIDENCE_CELL` pixels."""
        rows, columns = (-(-side // CELL) for side in self.mosaic.shape)
        confidence = np.empty((rows, columns), np.float32)
        native.call("burst_confidence", self.sums, confidence)
        y, x = (
            np.minimum(np.arange(n) * CELL // EVIDENCE_CELL, m - 1)
            for n, m in zip(confidence.shape, trust.shape, strict=True)
        )
        return np.asarray(1 + (confidence - 1) * trust[y[:, None], x], np.float32)


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
