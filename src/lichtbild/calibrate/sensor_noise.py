"""A camera's black level, noise, defects and lens shading from raw frames that are told apart by what they show
(`sensor_frames`).

Noise is the photon transfer line through all of one ISO (`measure.photon_transfer`), with its x counted from the
measured black. One frame of a kind is enough for black level, defects and shading; noise needs two alike.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import numpy.typing as npt

from lichtbild import __version__
from lichtbild.calibrate.flat import canonical, dead_pixels, shading_of
from lichtbild.calibrate.sensor_frames import KINDS, grouped
from lichtbild.devices.profile import BlackLevel, Defects, DeviceProfile, LensShading, Noise
from lichtbild.errors import DeviceError, MeasureError
from lichtbild.measure.dark import DarkFrame, measure_dark
from lichtbild.measure.photon_transfer import NoiseLine, fit_colors
from lichtbild.measure.stack import Group
from lichtbild.record import field, record, replace
from lichtbild.report import Report

UNSURE, UNKNOWN = 0.1, 0.7  # relative error of a noise line's slope: to be told, and too large to be believed
MOST_DEFECTS = 0.002  # of all pixels
HOT = 0.004  # of white, above black: darker hot pixels disappear in the noise


@record
class SensorNoise:
    """profile: what goes into device.toml.   kinds: files of each kind.   lines: of each ISO, R, G, B.   darks: groups
    of dark frames."""

    profile: DeviceProfile
    kinds: dict[str, tuple[str, ...]]
    lines: dict[float, tuple[NoiseLine, ...]] = field(default_factory=dict)
    darks: tuple[DarkFrame, ...] = ()


def calibrate(paths: Sequence[Path], report: Report) -> SensorNoise:
    """Measure what the frames tell. Raises `DeviceError` where they tell nothing or are of several cameras, `RawError`,
    and `MeasureError` where a stack moved."""
    groups = grouped(list(dict.fromkeys(paths)), report)
    first = groups[0][1].sensor
    if first.pixels.ndim == 3:
        raise DeviceError(f"{paths[0]}: holds developed colours and no mosaic; use raw frames as the sensor gave them")
    darks = [g for kind, g in groups if kind == "dark"]
    lit = [(kind, g) for kind, g in groups if kind != "dark"]
    measured = tuple(measure_dark(g) for g in darks)
    black = _black(darks, measured, report)
    lines = _lines(lit, darks, black, report)
    flats = [g for kind, g in lit if kind == "flat"]
    source = f"measured by Lichtbild {__version__}"
    meta = first.metadata
    order = canonical(first.cfa)
    sites = None if black is None else tuple(black[i] for i in order)
    profile = DeviceProfile(
        make=meta.make,
        model=meta.model,
        unique_camera_model=meta.unique_camera_model,
        source="dark frames, flat frames and stacks",
        black_level=None
        if sites is None
        else BlackLevel((sites[0], sites[1], sites[2], sites[3]), f"{_count(darks)} dark frames, {source}"),
        noise=tuple(_noise(iso, of_iso, source) for iso, of_iso in sorted(lines.items())),
        defects=_defects(darks, measured, flats, black, source, report),
        lens_shading=_shading(flats, black, source),
    )
    kinds = {kind: tuple(n for k, g in groups if k == kind for n in g.names) for kind in KINDS}
    if profile.black_level is None and not profile.noise and not profile.lens_shading:
        raise DeviceError(
            f"{paths[0]}: nothing can be measured from these frames; give frames with the cap on, frames of an even "
            "surface, or two or more of one scene from a tripod"
        )
    return SensorNoise(profile, kinds, lines, measured)


def _black(darks: list[Group], measured: Sequence[DarkFrame], report: Report) -> tuple[float, ...] | None:
    """Black of the four sites, in the mosaic's order: of the shortest dark frames of each ISO, the median over them."""
    if not darks:
        return None
    shortest: dict[float, DarkFrame] = {}
    for dark in sorted(measured, key=lambda d: -d.exposure_time):
        shortest[dark.iso] = dark
    levels = np.array([d.level for d in shortest.values()])
    white = darks[0].sensor.white_level
    if len(levels) > 1 and float(np.ptp(levels.mean(1))) > 0.001 * white:
        low, high = levels.mean(1).min(), levels.mean(1).max()
        report.notice(f"the black level differs between the ISOs ({low:.1f} to {high:.1f}); the median is taken")
    return tuple(float(v) for v in np.median(levels, axis=0))


def _from_black(group: Group, black: tuple[float, ...] | None) -> Group:
    """The group with its levels counted from the measured black."""
    if black is None:
        return group
    tags = group.sensor.black_level
    sites = tuple(
        replace(s, mean=s.mean + tags[k] - black[k], white=s.white + tags[k] - black[k])
        for k, s in enumerate(group.sites)
    )
    return replace(group, sites=sites)


def _lines(
    lit: list[tuple[str, Group]], darks: list[Group], black: tuple[float, ...] | None, report: Report
) -> dict[float, tuple[NoiseLine, ...]]:
    found = {}
    for iso in sorted({g.iso for _, g in lit}):
        of_iso = [_from_black(g, black) for _, g in lit if g.iso == iso and len(g.names) > 1]
        if of_iso and not iso:
            names = ", ".join(dict.fromkeys(n for g in of_iso for n in g.names[:2]))
            report.notice(f"{names}: do not say their ISO, so that their noise cannot be kept")
            continue
        fitting = sorted((g for g in darks if g.iso == iso and len(g.names) > 1), key=lambda g: g.exposure_time)
        if not of_iso:
            continue
        try:
            lines = fit_colors(of_iso, _from_black(fitting[0], black) if fitting else None)
        except MeasureError as error:
            report.notice(str(error))
            continue
        worst = max(line.scale_error / max(line.scale, 1e-12) for line in lines)
        names = ", ".join(name for g in of_iso for name in g.names[:2])
        if not any(line.scale or line.offset for line in lines):
            report.notice(f"{names}: have no noise between them, as copies of one frame; give each its own shot")
            continue
        if worst > UNKNOWN:
            report.notice(f"{names}: differ by other things than noise, or show too little; it is not measured")
            continue
        if worst > UNSURE:
            report.notice(
                f"ISO {iso:g}: noise is known to {100 * worst:.0f} % only; add frames, from dark to bright parts"
            )
        found[iso] = lines
    return found


def _noise(iso: float, lines: tuple[NoiseLine, ...], source: str) -> Noise:
    r, g, b = lines
    return Noise(iso, (r.scale, g.scale, b.scale), (r.offset, g.offset, b.offset), f"photon transfer, {source}")


def _defects(
    darks: list[Group],
    measured: Sequence[DarkFrame],
    flats: list[Group],
    black: tuple[float, ...] | None,
    source: str,
    report: Report,
) -> Defects | None:
    """Hot pixels of the dark frames and dead ones of the flat ones."""
    points: list[npt.NDArray[np.int32]] = []
    for group, dark in zip(darks, measured, strict=True):
        unit = group.sensor.white_level - float(np.mean(black or group.sensor.black_level))
        # Of one frame alone, chance makes points, too: what stands out must do so by far.
        least = max(HOT * unit, (10 if len(group.names) == 1 else 6) * dark.read_noise / np.sqrt(len(group.names)))
        hot = [(y, x) for y, x, above in dark.hot_pixels if above > least]
        points.append(np.array(hot, np.int32).reshape(-1, 2))
    for group in flats:
        variance = float(np.median([np.median(s.variance) for s in group.sites])) if len(group.names) > 1 else None
        if variance is None:
            plane = group.mean[0::2, 0::2]
            variance = float(np.median(np.diff(plane, axis=1) ** 2)) / 0.455 / 2
        points.append(dead_pixels(group.mean, len(group.names), variance))
    if not points:
        return None
    every = np.unique(np.concatenate(points), axis=0)
    group = (darks or flats)[0]
    height, width = group.mean.shape[:2]
    if len(every) > MOST_DEFECTS * height * width:
        report.notice(f"{len(every)} pixels stand out, too many for defects; none is listed")
        return None
    if not len(every):
        return None
    return Defects((height, width), every, f"{_count(darks)} dark and {_count(flats)} flat frames, {source}")


def _shading(flats: list[Group], black: tuple[float, ...] | None, source: str) -> tuple[LensShading, ...]:
    """One map for each lens, from its best exposed flats."""
    best: dict[str, Group] = {}
    for group in flats:
        lens = group.sensor.metadata.lens
        if lens not in best or _signal(group) > _signal(best[lens]):
            best[lens] = group
    return tuple(
        LensShading(
            shading_of(group.mean, group.sensor.cfa, black or group.sensor.black_level),
            lens,
            f"{len(group.names)} flat frames, {source}",
        )
        for lens, group in best.items()
    )


def _signal(group: Group) -> float:
    return float(np.mean([np.median(s.mean) for s in group.sites])) * len(group.names)


def _count(groups: Sequence[Group]) -> int:
    return sum(len(g.names) for g in groups)
