"""What a sensor gives without light: dark level, read noise, fixed pattern (DSNU), dark current and hot pixels.

EMVA 1288 release 4.0, sections 6.3 (dark level), 7 (dark current, from frames of different exposure times) and 8
(DSNU); numbers are digital numbers of the file unless they say electrons.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from lichtbild.color import Floats
from lichtbild.measure.stack import Group, sites_of
from lichtbild.record import record

HOT = 8.0  # robust standard deviations of the mean dark frame
MOST_HOT = 10_000  # pixels that are listed


@record
class DarkFrame:
    """One group of frames without light.

    level: mean per CFA site.   offset: mean of it less the file's black level.   read_noise: temporal deviation.
    dsnu: deviation of the fixed pattern, hot pixels apart.   row_noise, column_noise: temporal.
    hot: share of pixels.   hot_pixels: (y, x, digital numbers above the dark level), brightest first.
    """

    frames: tuple[str, ...]
    iso: float
    exposure_time: float
    level: tuple[float, ...]
    offset: float
    read_noise: float
    dsnu: float
    row_noise: float
    column_noise: float
    hot: float
    hot_pixels: tuple[tuple[int, int, float], ...]


@record
class DarkCurrent:
    """From the dark level's growth with time. dn_per_second, and electrons where the gain is known (else None).

    times, levels: exposure times and mean dark levels that it comes from.
    """

    dn_per_second: float
    electrons_per_second: float | None
    times: tuple[float, ...]
    levels: tuple[float, ...]


def measure_dark(group: Group) -> DarkFrame:
    """Level, noise and pattern of one group of dark frames."""
    levels, variances, patterns, points = [], [], [], []
    frames = len(group.names)
    for k, ((_, plane), site) in enumerate(zip(sites_of(group.mean, group.sensor.cfa), group.sites, strict=True)):
        middle = float(np.median(plane))
        spread = 1.4826 * float(np.median(np.abs(plane - middle)))
        spread = max(spread, float(np.sqrt(np.median(site.variance) / frames)), 0.05)
        away = plane - middle
        found = np.argwhere(away > HOT * spread)
        points.append((k, found, away[tuple(found.T)]))
        quiet = plane[np.abs(away) < 5 * spread].astype(np.float64)
        levels.append(float(quiet.mean()))
        temporal = float(np.median(site.variance))  # of blocks, which a hot pixel does not move
        variances.append(temporal)
        patterns.append(max(float(quiet.var()) - temporal / frames, 0.0))
    black = group.sensor.black_level
    hot = _listed(points, group.sensor.pixels.ndim == 2)
    total = sum(len(p[1]) for p in points)
    return DarkFrame(
        frames=group.names,
        iso=group.iso,
        exposure_time=group.exposure_time,
        level=tuple(levels),
        offset=float(np.mean(levels) - np.mean(black[: len(levels)])),
        read_noise=float(np.sqrt(np.mean(variances))),
        dsnu=float(np.sqrt(np.mean(patterns))),
        row_noise=group.row_noise,
        column_noise=group.column_noise,
        hot=total / max(group.mean.size, 1),
        hot_pixels=hot,
    )


def _listed(points: list[tuple[int, npt.NDArray[np.intp], Floats]], mosaic: bool) -> tuple[tuple[int, int, float], ...]:
    """Places in the mosaic, brightest first."""
    everything = []
    for k, found, values in points:
        step, dy, dx = (2, k // 2, k % 2) if mosaic else (1, 0, 0)
        everything += [
            (int(y) * step + dy, int(x) * step + dx, float(v)) for (y, x), v in zip(found, values, strict=True)
        ]
    return tuple(sorted(everything, key=lambda p: -p[2])[:MOST_HOT])


def measure_dark_current(darks: list[DarkFrame], electrons_per_dn: float | None) -> DarkCurrent | None:
    """The slope of the dark level over time; None unless there are two exposure times a fifth apart."""
    times = np.array([d.exposure_time for d in darks])
    levels = np.array([np.mean(d.level) for d in darks])
    if len(darks) < 2 or times.min() < 0 or times.max() < 1.2 * times.min() + 1e-6:
        return None
    slope = float(np.polyfit(times, levels, 1)[0])
    electrons = None if electrons_per_dn is None else slope * electrons_per_dn
    return DarkCurrent(slope, electrons, tuple(times.tolist()), tuple(levels.tolist()))
