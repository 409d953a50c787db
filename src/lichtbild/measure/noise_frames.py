"""Frames for a measurement of noise, sorted: which may be compared with each other, and which are without light."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from lichtbild.errors import MeasureError
from lichtbild.measure.stack import Group, measure_group, sites_of
from lichtbild.report import Report

_LIKE_LIGHT, _NO_LIGHT = 1.25, 0.001  # factor and parts of white by which frames of one light may differ in brightness
_SCENE = 0.02  # of white, by which dark frames may vary


def grouped_frames(frames: list[Path], darks: set[Path], report: Report) -> list[tuple[Group, bool]]:
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


def check_black(group: Group, report: Report) -> None:
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
