"""Frames of one unmoved scene as block statistics: mean, temporal variance, and whether the difference is white noise.

The variance is that of differences of successive frames (Janesick, "Photon Transfer", 2007, chapter 5; EMVA 1288
release 4.0, section 6.6), so that the scene itself drops out; of a difference, what is a plane in a block or goes with
the scene there is light that changed, and is taken out. Frames are streamed: two of them are in memory.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from lichtbild.color import Floats
from lichtbild.errors import MeasureError
from lichtbild.raw.read import read_sensor
from lichtbild.raw.sensor import Sensor
from lichtbild.record import record
from lichtbild.report import Report

SIDE = 16  # pixels of one colour site along a block's side
FREE = SIDE * SIDE - 4  # degrees of freedom of a block's difference, after mean, two slopes and gain
Plane = npt.NDArray[Any]


@record
class SiteBlocks:
    """(n,) of the blocks of one CFA site, in digital numbers above the file's black.

    correlation: of neighbouring pixels in the difference of frames; white noise has 0 ± 1/SIDE.
    texture: variance over the block of the mean frame, less what is noise.   usable: not clipped at either end.
    """

    color: str
    mean: Floats
    variance: Floats
    correlation: Floats
    texture: Floats
    usable: npt.NDArray[np.bool_]
    white: float  # digital numbers between black and white


@record
class Group:
    """Frames with the same settings, measured. mean: (h, w) or (h, w, 3) float32 digital numbers, black not subtracted.

    degrees: degrees of freedom of a block's variance.   flicker: relative change of light between frames, largest.
    row_noise, column_noise: temporal, of row and column means in digital numbers, beyond what pixels alone give.
    """

    names: tuple[str, ...]
    sensor: Sensor
    sites: tuple[SiteBlocks, ...]
    mean: npt.NDArray[np.float32]
    degrees: float
    flicker: float
    row_noise: float
    column_noise: float
    shift: float

    @property
    def is_dark(self) -> bool:
        """No light: every block is at black, within a hundredth of white, and nothing but noise is to be seen."""
        level = np.concatenate([s.mean / s.white for s in self.sites])
        noise = (
            np.sqrt(np.median(np.concatenate([s.variance / s.white**2 for s in self.sites])) / len(self.names)) / SIDE
        )
        spread = np.quantile(level, 0.98) - np.quantile(level, 0.02)
        return bool(np.quantile(np.abs(level), 0.995) < 0.01 and spread < 0.0006 + 6 * noise)

    @property
    def usable(self) -> bool:
        """Is any block neither clipped nor at 0?"""
        return any(bool(s.usable.any()) for s in self.sites)

    @property
    def exposure_time(self) -> float:
        """In seconds; 0 where the files do not say it."""
        return self.sensor.metadata.exposure_time or 0.0

    @property
    def iso(self) -> float:
        """0 where the files do not say it."""
        return self.sensor.metadata.iso or 0.0


def sites_of(pixels: Plane, cfa: str) -> list[tuple[str, Plane]]:
    """(colour, view) of the four sites of a mosaic, or of the three planes of a linear raw."""
    if pixels.ndim == 3:
        return [(c, pixels[..., i]) for i, c in enumerate("RGB")]
    return [(cfa[i], pixels[i // 2 :: 2, i % 2 :: 2]) for i in range(4)]


def blocks_of(plane: Plane) -> npt.NDArray[np.float32]:
    """(rows, SIDE, columns, SIDE) of a plane, float32, cut to whole blocks."""
    rows, columns = plane.shape[0] // SIDE, plane.shape[1] // SIDE
    return np.ascontiguousarray(plane[: rows * SIDE, : columns * SIDE], np.float32).reshape(rows, SIDE, columns, SIDE)


class _Sums:
    """What is gathered of one site over the frames."""

    def __init__(self, shape: tuple[int, int]) -> None:
        self.square, self.product = np.zeros(shape), np.zeros(shape)
        self.low, self.high = np.full(shape, np.inf), np.full(shape, -np.inf)
        self.rows: list[Floats] = []
        self.columns: list[Floats] = []

    def extremes(self, blocks: npt.NDArray[np.float32]) -> None:
        self.low = np.minimum(self.low, blocks.min((1, 3)))
        self.high = np.maximum(self.high, blocks.max((1, 3)))

    def difference(self, now: npt.NDArray[np.float32], before: npt.NDArray[np.float32]) -> None:
        """Gather the difference of two successive frames, (rows, SIDE, columns, SIDE)."""
        d, scene = _even(now - before), _even(now + before)
        # The noise of a sum says nothing of that of a difference, so that this takes one degree of freedom, no more.
        gain = np.einsum("aibj,aibj->ab", d, scene) / np.maximum(np.einsum("aibj,aibj->ab", scene, scene), 1e-9)
        d -= gain[:, None, :, None] * scene
        self.square += np.einsum("aibj,aibj->ab", d, d) / FREE
        rows, columns = d.mean((2, 3)), d.mean((0, 1))
        self.rows.append(rows.ravel().astype(np.float64))
        self.columns.append(columns.ravel().astype(np.float64))
        # Banding is no motion.
        d -= rows[:, :, None, None]
        d -= columns
        across = np.einsum("aibj,aibj->ab", d[..., 1:], d[..., :-1])
        down = np.einsum("aibj,aibj->ab", d[:, 1:], d[:, :-1])
        self.product += (across + down) / (2 * SIDE * (SIDE - 1))


def _even(blocks: npt.NDArray[np.float32]) -> npt.NDArray[np.float32]:
    """Blocks without their means and slopes."""
    u = (np.arange(SIDE) - (SIDE - 1) / 2).astype(np.float32)
    u /= np.float32(np.sqrt((u**2).sum()))
    blocks = blocks - blocks.mean((1, 3), keepdims=True)
    down = np.einsum("aibj,i->ab", blocks, u) / SIDE
    across = np.einsum("aibj,j->ab", blocks, u) / SIDE
    blocks -= down[:, None, :, None] * u[:, None, None]
    blocks -= across[:, None, :, None] * u
    return np.asarray(blocks, np.float32)


def measure_group(paths: list[Path], report: Report) -> Group:
    """Stream frames of equal settings. Raises `MeasureError` when they do not fit together, `RawError`."""
    from lichtbild.measure.shift import shift_between

    first = previous = read_sensor(paths[0], report)
    sites = sites_of(first.pixels, first.cfa)
    if min(sites[0][1].shape) < 4 * SIDE:
        raise MeasureError(f"{paths[0]}: is too small to measure noise (128 pixels a side at least)")
    total = first.pixels.astype(np.float32)
    sums = [_Sums((p.shape[0] // SIDE, p.shape[1] // SIDE)) for _, p in sites]
    before = [blocks_of(p) for _, p in sites]
    levels = [float(b.mean()) for b in before]
    flicker = 0.0
    for s, b in zip(sums, before, strict=True):
        s.extremes(b)
    for i, path in enumerate(paths[1:], start=1):
        sensor = read_sensor(path, report)
        check_same(first, sensor, paths[0], path)
        total += sensor.pixels
        for k, (_, plane) in enumerate(sites_of(sensor.pixels, sensor.cfa)):
            now = blocks_of(plane)
            sums[k].extremes(now)
            light = max(levels[k] - first.black_level[k % len(first.black_level)], 0.02 * first.white_level)
            flicker = max(flicker, abs(float(now.mean()) - levels[k]) / light)
            sums[k].difference(now, before[k])
            before[k] = now
        previous = sensor
        report.progress("frames", (i + 1) / len(paths))
    del before
    total /= len(paths)
    pairs = len(paths) - 1
    measured = [
        _finished(color, plane, s, first, k, pairs, len(paths))
        for k, ((color, plane), s) in enumerate(zip(sites_of(total, first.cfa), sums, strict=True))
    ]
    rows, columns = (_banding(sums, axis) for axis in ("rows", "columns"))
    moved = shift_between(first.pixels, previous.pixels) if pairs else 0.0
    degrees = FREE * pairs * (1.0 if pairs == 1 else 2 / 3)
    names = tuple(p.name for p in paths)
    return Group(names, first, tuple(measured), total, degrees, flicker, rows, columns, moved)


def check_same(a: Sensor, b: Sensor, name_a: Path, name_b: Path) -> None:
    """Raises `MeasureError` where two frames are not of one camera and size."""
    if a.pixels.shape != b.pixels.shape or a.cfa != b.cfa:
        raise MeasureError(
            f"{name_b}: differs in size or colour filter from {name_a.name}; measure one camera at a time"
        )
    if a.metadata.model != b.metadata.model:
        raise MeasureError(f"{name_b}: is from another camera than {name_a.name}; measure one camera at a time")


def _finished(color: str, mean: Plane, s: _Sums, sensor: Sensor, k: int, pairs: int, frames: int) -> SiteBlocks:
    black = sensor.black_level[k % len(sensor.black_level)]
    blocks = blocks_of(mean)
    centre = blocks.mean((1, 3), dtype=np.float64)
    variance = s.square / (2 * max(pairs, 1))
    spread = (blocks - centre[:, None, :, None].astype(np.float32)) ** 2
    texture = spread.sum((1, 3), dtype=np.float64) / (SIDE * SIDE - 1) - variance / frames
    usable = (s.low > 0) & (s.high < sensor.white_level - 1)
    correlation = s.product / np.maximum(s.square, 1e-9)
    return SiteBlocks(
        color=color,
        mean=(centre - black).ravel(),
        variance=variance.ravel(),
        correlation=correlation.ravel(),
        texture=texture.ravel(),
        usable=usable.ravel(),
        white=sensor.white_level - black,
    )


def _banding(sums: list[_Sums], axis: str) -> float:
    """Deviation in digital numbers of row or column means from frame to frame, beyond that of their pixels."""
    found = []
    for s in sums:
        means = np.array(getattr(s, axis))
        if not len(means):  # of a single frame
            return 0.0
        n = s.square.shape[1 if axis == "rows" else 0] * SIDE
        # Means and slopes of blocks were taken out, so that only what changes within SIDE rows is seen.
        white = float(s.square.mean()) / len(means) / n
        found.append(float((means**2).mean()) / (1 - 2 / SIDE) - white)
    return float(np.sqrt(max(float(np.mean(found)), 0.0) / 2))
