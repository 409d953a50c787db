"""The noise of a camera from frames of one scene: photon transfer, dark frames, dynamic range, pixel response.

EMVA 1288 release 4.0 and ISO 15739:2023 in what they share; see `stack`, `photon_transfer`, `dark` and `dynamic_range`.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np

from lichtbild.carriers import NoiseProfile
from lichtbild.measure.dark import MOST_HOT, DarkCurrent, DarkFrame, measure_dark, measure_dark_current
from lichtbild.measure.dynamic_range import DynamicRange, dynamic_range
from lichtbild.measure.noise_frames import check_black, grouped_frames
from lichtbild.measure.photon_transfer import NoiseLine, check_still, fit_colors
from lichtbild.measure.stack import SIDE, Group, blocks_of, sites_of
from lichtbild.record import record
from lichtbild.report import Report

_UNSURE = 0.05  # relative standard error of the noise from which it is told
_EVEN = 0.04  # of its mean, the most that blocks of an even surface may vary after a plane is taken out


@record
class IsoNoise:
    """One sensitivity. profile: the measured NoiseProfile.   tag_ratio: noise variance at middle grey by the file's own
    NoiseProfile over the measured one, None where the file has none.

    full_well, read_noise: electrons at white, and without light.   electrons_per_dn: conversion.   prnu: per cent of
    the signal, None unless the frames show an even surface.   row_noise, column_noise: digital numbers.
    """

    iso: float
    frames: int
    lines: tuple[NoiseLine, ...]
    profile: NoiseProfile
    tag_ratio: float | None
    full_well: float
    electrons_per_dn: float
    read_noise: float
    prnu: float | None
    row_noise: float
    column_noise: float
    flicker: float
    dynamic_range: DynamicRange


@record
class CameraNoise:
    """All that was measured. stuck: (y, x) of isolated pixels that stand out of lit frames."""

    camera: str
    width: int
    height: int
    black_level: tuple[float, ...]
    white_level: float
    isos: tuple[IsoNoise, ...]
    darks: tuple[DarkFrame, ...]
    dark_current: DarkCurrent | None
    stuck: tuple[tuple[int, int], ...]

    @property
    def profile(self) -> NoiseProfile:
        """That of the lowest sensitivity."""
        return self.isos[0].profile


def measure_noise(
    frames: Sequence[str | Path], darks: Sequence[str | Path] = (), report: Report | None = None
) -> CameraNoise:
    """Measure raw frames: two or more of each setting, of a scene and a camera that stand still.

    Frames of equal ISO and exposure time are compared with each other; groups of one ISO share a line. Frames without
    light are recognised, or named as `darks`. Raises `MeasureError` where the frames are unfit, `RawError`.
    """
    report = report or Report()
    named = {Path(d) for d in darks}
    grouped = grouped_frames([Path(f) for f in frames], named, report)
    lit = [group for group, dark in grouped if not dark]
    dark_groups = [group for group, dark in grouped if dark]
    for group in lit:
        check_still(group)
    for group in dark_groups:
        check_black(group, report)
    found_darks = [measure_dark(g) for g in dark_groups]
    isos = []
    for iso in sorted({g.iso for g in lit}):
        of_iso = [g for g in lit if g.iso == iso]
        fitting = sorted((g for g in dark_groups if g.iso == iso), key=lambda g: g.exposure_time)
        isos.append(_of_iso(of_iso, fitting[0] if fitting else None))
        _tell_unsure(isos[-1], report)
    first = grouped[0][0].sensor
    by_iso = {n.iso: n.electrons_per_dn for n in isos}
    usable = [d for d in found_darks if d.iso == found_darks[0].iso] if found_darks else []
    current = measure_dark_current(usable, by_iso.get(usable[0].iso)) if usable else None
    return CameraNoise(
        camera=f"{first.metadata.make} {first.metadata.model}".strip() or "unnamed camera",
        width=first.pixels.shape[1],
        height=first.pixels.shape[0],
        black_level=first.black_level,
        white_level=first.white_level,
        isos=tuple(isos),
        darks=tuple(found_darks),
        dark_current=current,
        stuck=_stuck(lit[0], isos[0].profile) if lit and not found_darks else (),
    )


def _tell_unsure(noise: IsoNoise, report: Report) -> None:
    """Tell when the frames do not say enough for a line."""
    scale, offset = (
        max(getattr(line, f"{what}_error") / max(getattr(line, what), 1e-12) for line in noise.lines)
        for what in ("scale", "offset")
    )
    at_grey = max(np.hypot(line.scale_error * 0.05, line.offset_error) / line.variance(0.05) for line in noise.lines)
    if scale > _UNSURE or at_grey > _UNSURE:
        report.notice(
            f"ISO {noise.iso:g}: noise is known to {100 * max(scale, at_grey):.0f} % only, as the frames have too few "
            "brightnesses or are too small; add frames with the cap on, or of a scene from black to white"
        )
    elif offset > 0.25:
        report.notice(
            f"ISO {noise.iso:g}: read noise is too small beside that of light to be sure of; add frames with the cap on"
        )


def _of_iso(groups: list[Group], dark: Group | None) -> IsoNoise:
    lines = fit_colors(groups, dark)
    r, g, b = lines
    profile = NoiseProfile((r.scale, g.scale, b.scale), (r.offset, g.offset, b.offset), "frames")
    sensor = groups[0].sensor
    white = sensor.white_level - float(np.mean(sensor.black_level))
    full_well = 1 / g.scale if g.scale > 0 else float("nan")
    tag = sensor.noise_tag
    ratio = None
    if tag is not None:
        said = sum(s * 0.18 + o for s, o in zip(tag.scale, tag.offset, strict=True))
        ratio = said / max(sum(line.variance(0.18) for line in lines), 1e-18)
    patterns = [p for p in (_response(group) for group in groups) if p is not None]
    return IsoNoise(
        iso=groups[0].iso,
        frames=sum(len(group.names) for group in groups),
        lines=lines,
        profile=profile,
        tag_ratio=ratio,
        full_well=full_well,
        electrons_per_dn=full_well / white,
        read_noise=float(np.sqrt(g.offset)) * full_well,
        prnu=100 * float(np.median(patterns)) if patterns else None,
        row_noise=max(group.row_noise for group in groups),
        column_noise=max(group.column_noise for group in groups),
        flicker=max(group.flicker for group in groups),
        dynamic_range=dynamic_range(g.scale, g.offset),
    )


def _response(group: Group) -> float | None:
    """Photo response non-uniformity (EMVA 1288, section 8): deviation of the pixels of an even surface over their mean.

    A plane is taken out of every block, since light falls off slowly. None unless all of the frame is even.
    """
    u = (np.arange(SIDE) - (SIDE - 1) / 2).astype(np.float32)
    u /= np.sqrt((u**2).sum() * SIDE)
    found = []
    for (_, plane), site in zip(sites_of(group.mean, group.sensor.cfa), group.sites, strict=True):
        blocks = blocks_of(plane)
        away = blocks - blocks.mean((1, 3), keepdims=True)
        slopes = np.einsum("aibj,j->ab", away, u) ** 2 + np.einsum("aibj,i->ab", away, u) ** 2
        spread = ((away**2).sum((1, 3)) - slopes) / (SIDE * SIDE - 3)
        fixed = spread.ravel() - site.variance / len(group.names)
        lit = site.usable & (site.mean > 0.05 * site.white)
        if lit.sum() < 10 or lit.mean() < 0.5:
            return None
        part = fixed[lit] / site.mean[lit] ** 2
        if float(np.quantile(part, 0.95)) > _EVEN**2 or np.ptp(np.quantile(np.log(site.mean[lit]), [0.05, 0.95])) > 2:
            return None
        found.append(float(np.median(part)))
    return float(np.sqrt(max(float(np.mean(found)), 0.0)))


def _stuck(group: Group, profile: NoiseProfile) -> tuple[tuple[int, int], ...]:
    """Isolated pixels that stand out of the mean frame of a scene, found as `raw.defects` finds them."""
    from lichtbild.raw.defects import find_defects

    sensor = group.sensor
    if group.mean.ndim != 2:
        return ()
    mean = np.rint(group.mean).astype(np.uint16)
    points = find_defects(
        mean, sensor.cfa, sensor.black_level, sensor.white_level, profile.divided_by(len(group.names))
    )
    return tuple((int(y), int(x)) for y, x in points[:MOST_HOT])
