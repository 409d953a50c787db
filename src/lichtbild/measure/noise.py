"""The noise of a camera from frames of one scene: photon transfer, dark frames, dynamic range, pixel response.

EMVA 1288 release 4.0 and ISO 15739:2023 in what they share; see `stack`, `photon_transfer`, `dark` and `dynamic_range`.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np

from lichtbild.carriers import NoiseProfile
from lichtbild.errors import MeasureError
from lichtbild.measure.dark import MOST_HOT, DarkCurrent, DarkFrame, measure_dark, measure_dark_current
from lichtbild.measure.dynamic_range import DynamicRange, dynamic_range
from lichtbild.measure.photon_transfer import NoiseLine, check_still, fit_colors
from lichtbild.measure.stack import SIDE, Group, blocks_of, measure_group, sites_of
from lichtbild.record import record
from lichtbild.report import Report

_UNSURE = 0.05  # relative standard error of the noise from which it is told
_LIKE_LIGHT, _NO_LIGHT = 1.25, 0.001  # factor and parts of white by which frames of one light may differ in brightness
_SCENE = 0.02  # of white, by which dark frames may vary
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
    grouped = _grouped([Path(f) for f in frames], named, report)
    lit = [group for group, dark in grouped if not dark]
    dark_groups = [group for group, dark in grouped if dark]
    for group in lit:
        check_still(group)
    for group in dark_groups:
        _check_black(group, report)
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


def _check_black(group: Group, report: Report) -> None:
    """Tell when dark frames show a scene, and when a camera cuts them off at 0."""
    level = np.concatenate([s.mean / s.white for s in group.sites])
    if np.ptp(np.quantile(level, [0.02, 0.98])) > _SCENE:
        report.notice(
            f"{group.names[0]}: is named as a frame without light and shows some, so that what is said of darkness is "
            "wrong; put the cap on"
        )
    least = min(float(np.median(plane)) for _, plane in sites_of(group.mean, group.sensor.cfa))
    noise = float(np.sqrt(np.median(np.concatenate([s.variance for s in group.sites]))))
    if least < 2 * noise and max(group.sensor.black_level) < 1:
        report.notice(
            f"{group.names[0]}: the camera cuts off what is below black, so that dark level and read noise without "
            "light come out wrong; rely on frames with light"
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


def _grouped(frames: list[Path], darks: set[Path], report: Report) -> list[tuple[Group, bool]]:
    """Frames of one ISO, exposure time and light, streamed, and whether they are without light; a setting of which
    there is one frame only is left out with a notice."""
    from lichtbild.raw.read import probe

    settings: dict[tuple[float, float, bool], list[Path]] = {}
    for path in dict.fromkeys([*darks, *frames]):
        metadata = probe(path).metadata
        key = (metadata.iso or 0.0, metadata.exposure_time or 0.0, path in darks)
        settings.setdefault(key, []).append(path)
    groups: list[tuple[Group, bool]] = []
    alike = [(key, paths) for key, taken in sorted(settings.items()) for paths in _by_light(sorted(taken), report)]
    for (_, _, named), paths in alike:
        if len(paths) < 2:
            if len(alike) > 1:
                report.notice(
                    f"{paths[0].name}: is the only frame with its ISO, exposure time and light; it is left out"
                )
            continue
        group = measure_group(paths, report)
        if float(np.median(np.concatenate([s.variance for s in group.sites]))) <= 0 and group.usable:
            raise MeasureError(
                f"{group.names[0]} and {group.names[1]}: have no noise between them; give frames as a sensor takes them"
            )
        groups.append((group, named or group.is_dark))
    if not groups:
        copies = len({path for _, paths in alike for path in paths}) < sum(len(paths) for paths in settings.values())
        other = "; copies of a frame do not count" if copies else ""
        raise MeasureError(
            f"{(frames or sorted(darks))[0]}: noise is measured between frames of equal ISO, exposure time and light; "
            f"name two of them at least{other}"
        )
    first = groups[0][0]
    for group, _ in groups[1:]:
        same = group.sensor.metadata.model == first.sensor.metadata.model
        if group.mean.shape != first.mean.shape or not same:
            raise MeasureError(
                f"{group.names[0]}: differs in camera or size from {first.names[0]}; measure one camera at a time"
            )
    return groups


def _by_light(paths: list[Path], report: Report) -> list[list[Path]]:
    """Frames of one setting in groups of like brightness, each in the order of names: black frames among lit ones, and
    steps of light. Copies of a frame are left out with a notice."""
    from hashlib import blake2b

    from lichtbild.raw.read import read_sensor

    if len(paths) < 2:
        return [paths]
    levels: dict[Path, float] = {}
    seen: dict[bytes, Path] = {}
    for path in paths:
        sensor = read_sensor(path, report)
        same = blake2b(np.ascontiguousarray(sensor.pixels).data).digest()
        if same in seen and sensor.pixels.min() < sensor.pixels.max():
            report.notice(f"{path.name}: has the very pixels of {seen[same].name}; it is left out")
            continue
        seen.setdefault(same, path)
        black = float(np.mean(sensor.black_level))
        levels[path] = (float(sensor.pixels.mean(dtype=np.float64)) - black) / max(sensor.white_level - black, 1.0)
    groups: list[list[Path]] = []
    last = -1.0
    for path in sorted(levels, key=lambda p: levels[p]):
        if not groups or levels[path] > _LIKE_LIGHT * max(last, 0.0) + _NO_LIGHT:
            groups.append([])
        groups[-1].append(path)
        last = levels[path]
    return [sorted(group) for group in groups]


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
