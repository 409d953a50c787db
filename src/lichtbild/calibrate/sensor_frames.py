"""Raw frames for a calibration of the sensor, told apart by what they show, and put together with those alike.

Dark: nothing but noise near the lowest numbers. Flat: an even surface. All others are stacks: frames of one scene that
does not move. Frames go together where kind, ISO and exposure time are the same; if there is light, lens and aperture,
too, and of a stack also the scene, for the same settings may have been used before several.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np

from lichtbild.calibrate.flat import even_surface
from lichtbild.color import Floats
from lichtbild.errors import DeviceError
from lichtbild.measure.photon_transfer import check_still
from lichtbild.measure.stack import Group, blocks_of, measure_group, sites_of
from lichtbild.raw.read import read_sensor
from lichtbild.record import field, record
from lichtbild.report import Report

KINDS = ("dark", "flat", "stack")
DARKEST, SPREAD = 0.15, 0.003  # of white: the highest black level, and how much blocks of a dark frame differ
BURNT = 0.05  # share of clipped pixels that is told
PARTS = 12  # along each side, by which scenes are told apart
OTHER = 0.2  # mean difference of these parts, as a share of the light, beyond which it is another scene


@record
class Shot:
    """One raw frame. kind: one of `KINDS`.   optics: lens and aperture where they matter.   parts: (PARTS, PARTS) light
    of its parts, 1 on average.   clipped: share of pixels."""

    path: Path
    kind: str
    iso: float
    exposure_time: float
    camera: tuple[str, str]
    optics: tuple[str, float]
    parts: Floats = field(repr=False)
    clipped: float = 0.0

    @property
    def setting(self) -> tuple[object, ...]:
        """What shots must share to be measured together."""
        return self.kind, self.iso, self.exposure_time, self.optics


def shot_of(path: Path, report: Report) -> Shot:
    """What a raw file shows, and with which settings. Raises `DeviceError`, `RawError`."""
    sensor = read_sensor(path, report)
    meta = sensor.metadata
    pixels = sensor.pixels.astype(np.float32)
    levels, spreads, lights = [], [], []
    for (_, plane), tag in zip(sites_of(pixels, sensor.cfa), sensor.black_level, strict=False):
        blocks = blocks_of(plane)
        means = blocks.mean((1, 3))
        if not means.size:
            raise DeviceError(f"{path}: is too small to be measured (128 pixels a side at least)")
        noise = float(np.sqrt(np.median(blocks.var((1, 3))))) / blocks.shape[1]
        levels.append((float(np.median(means)), tag))
        spreads.append(float(np.quantile(means, 0.98) - np.quantile(means, 0.02)) - 6 * noise)
        lights.append(means - tag)
    white = sensor.white_level
    near_tag = all(abs(level - tag) < 0.01 * white for level, tag in levels)
    low = all(level < DARKEST * white for level, _ in levels)
    alike = max(level for level, _ in levels) - min(level for level, _ in levels) < 0.01 * white
    kind, optics = "dark", ("", 0.0)
    if not (max(spreads) < SPREAD * white and low and (near_tag or alike)):
        black = tuple(tag for _, tag in levels)
        kind = "flat" if even_surface(pixels, sensor.cfa, black, white) else "stack"
        optics = meta.lens, meta.f_number or 0.0
    return Shot(
        path,
        kind,
        meta.iso or 0.0,
        meta.exposure_time or 0.0,
        (meta.make, meta.model),
        optics,
        _parts(np.mean(lights, axis=0)),
        float((pixels >= white).mean()),
    )


def _parts(light: Floats) -> Floats:
    """(PARTS, PARTS) of the light of blocks, 1 on average; fewer of a small frame."""
    rows, columns = (np.linspace(0, n, min(PARTS, n) + 1).astype(int) for n in light.shape)
    sums = np.add.reduceat(np.add.reduceat(np.maximum(light, 0), rows[:-1], axis=0), columns[:-1], axis=1)
    means = sums / np.diff(rows)[:, None] / np.diff(columns)
    return np.asarray(means / max(float(means.mean()), 1e-6))


def grouped(paths: Sequence[Path], report: Report) -> list[tuple[str, Group]]:
    """(kind, frames alike, measured), dark ones first; a single frame of a stack is left out with a notice.

    Raises `DeviceError` where nothing is left or cameras are mixed, `MeasureError` where a stack moved, `RawError`.
    """
    shots = [shot_of(path, report) for path in paths]
    for shot in shots[1:]:
        if shot.camera != shots[0].camera:
            raise DeviceError(
                f"{shot.path}: is from another camera than {shots[0].path.name}; calibrate one camera at a time"
            )
    together: dict[tuple[object, ...], list[list[Shot]]] = {}
    for shot in sorted(shots, key=lambda s: (s.kind, s.iso, s.exposure_time, s.optics, s.path)):
        scenes = together.setdefault(shot.setting, [])
        same = next((s for s in scenes if shot.kind != "stack" or _same_scene(s[0], shot)), None)
        if same is None:
            scenes.append([shot])
        else:
            same.append(shot)
    groups: list[tuple[str, Group]] = []
    for members in (scene for scenes in together.values() for scene in scenes):
        kind = members[0].kind
        burnt = [s for s in members if s.clipped > BURNT]
        if burnt:
            report.notice(
                f"{burnt[0].path.name}: {100 * burnt[0].clipped:.0f} % of it is clipped and says nothing; "
                "expose less, most of all frames for lens shading"
            )
        if kind == "stack" and len(members) < 2:
            report.notice(f"{members[0].path.name}: is the only frame of its scene and setting; it is left out")
            continue
        group = measure_group([s.path for s in members], report)
        if groups and group.mean.shape != groups[0][1].mean.shape:
            raise DeviceError(
                f"{members[0].path}: differs in size from {groups[0][1].names[0]}; calibrate one size at a time"
            )
        if kind == "stack":
            check_still(group)
        groups.append((kind, group))
    if not groups:
        raise DeviceError(
            f"{paths[0]}: nothing can be measured from single frames of a scene; give two or more of each, frames with "
            "the cap on, or frames of an even surface"
        )
    return groups


def _same_scene(a: Shot, b: Shot) -> bool:
    if a.parts.shape != b.parts.shape:
        return False
    return bool(np.abs(a.parts - b.parts).mean() < OTHER)
