"""Black, white and linearity of a DNG: stored numbers to linear ones, one black per CFA site (DNG 1.7, chapter 5).

LinearizationTable first; then what BlackLevelDeltaH, BlackLevelDeltaV and a black pattern larger than the CFA say
beyond the mean black of each site is taken off the pixels, so that `Frame.black_level` holds for all of them.
"""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np
import numpy.typing as npt

from lichtbild import native
from lichtbild.carriers import Mosaic
from lichtbild.raw.fallbacks import Notes
from lichtbild.raw.tiff import Directory
from lichtbild.record import record

MAX_REPEAT = 64


@record
class Black:
    """sites: mean black per CFA site (or plane). rest: what single pixels have beyond it: per row, per column, and in
    a repeating pattern; None when it is all zero."""

    sites: tuple[float, float, float, float]
    rest: tuple[npt.NDArray[np.float32], npt.NDArray[np.float32], npt.NDArray[np.float32]] | None

    def spread(self, scale: Callable[[float], float]) -> Black:
        """The same levels on another linear scale."""
        a, b, c, d = (scale(site) for site in self.sites)
        unit = np.float32(scale(1.0) - scale(0.0))
        rest = None if self.rest is None else (self.rest[0] * unit, self.rest[1] * unit, self.rest[2] * unit)
        return Black((a, b, c, d), rest)


def white_level(directory: Directory, bits: int, table: npt.NDArray[np.uint16] | None, notes: Notes) -> float:
    """The smallest WhiteLevel of the planes (the one that clips first), or what the numbers can hold."""
    largest = float(table.max()) if table is not None else float((1 << bits) - 1)
    values = directory.floats(50717)
    if values is None and 50717 not in directory:
        return notes.white_level(largest) if bits == 16 and table is None else largest
    usable = [v for v in values or () if math.isfinite(v) and 1 < v <= 65535]
    if not usable or len(usable) != len(values or ()):
        return notes.white_level(largest)
    return min(usable)


def linearization_table(directory: Directory) -> npt.NDArray[np.uint16] | None:
    """LinearizationTable on all 65536 numbers (its last entry holds beyond its end), or None."""
    stored = directory.array(50712)
    if stored is None or stored.ndim != 1 or stored.dtype != np.uint16 or not 2 <= len(stored) <= 65536:
        return None
    table = np.empty(65536, np.uint16)
    table[: len(stored)] = stored
    table[len(stored) :] = stored[-1]
    return table


def black_of(directory: Directory, shape: tuple[int, ...], white: float, masked: float | None, notes: Notes) -> Black:
    """Black of an active area of `shape`; masked: mean of the masked borders, if there are any."""
    samples = shape[2] if len(shape) == 3 else 1
    rows, columns = directory.integers(50713, 2) or (1, 1)
    stored = directory.floats(50714)
    pattern = None
    if 0 < rows <= MAX_REPEAT and 0 < columns <= MAX_REPEAT and stored and len(stored) >= rows * columns * samples:
        pattern = np.asarray(stored[: rows * columns * samples]).reshape(rows, columns, samples)
    elif stored and len(stored) == 1:
        pattern = np.full((1, 1, samples), stored[0])
    if pattern is None or not (np.isfinite(pattern) & (pattern >= 0) & (pattern < white)).all():
        usable = masked is not None and 0 <= masked < white
        value = masked if masked is not None and usable else 0.0
        # DNG says that a missing BlackLevel is 0, so that alone is nothing to tell.
        if usable or 50714 in directory:
            notes.black_level(value, masked=usable)
        pattern = np.full((1, 1, samples), value)
    down, across = (_delta(directory, tag, n, white) for tag, n in ((50716, shape[0]), (50715, shape[1])))
    offset = float(down.mean() + across.mean())
    if samples > 1:
        means = pattern.mean((0, 1)) + offset
        sites = [*means, means[-1]][:4]
        rest = (pattern - pattern.mean((0, 1))).reshape(pattern.shape[0], -1)
        across = np.repeat(across, samples)
    else:
        period = (math.lcm(pattern.shape[0], 2), math.lcm(pattern.shape[1], 2))
        whole = np.tile(pattern[..., 0], (period[0] // pattern.shape[0], period[1] // pattern.shape[1]))
        means = np.array([[whole[y::2, x::2].mean() for x in (0, 1)] for y in (0, 1)])
        sites = list(means.ravel() + offset)
        rest = whole - np.tile(means, (period[0] // 2, period[1] // 2))
    down, across = down - down.mean(), across - across.mean()
    parts = tuple(np.ascontiguousarray(a, np.float32) for a in (down, across, rest))
    if not all(0 <= s < white for s in sites):
        notes.black_level(0.0, masked=False)
        return Black((0.0, 0.0, 0.0, 0.0), None)
    a, b, c, d = (float(s) for s in sites)
    return Black((a, b, c, d), (parts[0], parts[1], parts[2]) if any(np.abs(p).max() > 1e-3 for p in parts) else None)


def _delta(directory: Directory, tag: int, n: int, white: float) -> npt.NDArray[np.float64]:
    values = directory.floats(tag, n)
    array = np.asarray(values) if values is not None else np.zeros(n)
    return array if np.isfinite(array).all() and np.abs(array).max() < white else np.zeros(n)


def linearised(pixels: Mosaic, tables: npt.NDArray[np.uint16] | None, black: Black) -> Mosaic:
    """Pixels through their table, less the black that is not the same for all of a site; the input where neither is.

    tables: (65536,) for all, or (sites, 65536): four sites of a mosaic, or the planes of a linear raw.
    """
    if tables is None and black.rest is None:
        return pixels
    samples = pixels.shape[2] if pixels.ndim == 3 else 1
    flat = pixels.reshape(pixels.shape[0], -1)
    if tables is None:
        tables = np.arange(65536, dtype=np.uint16)
    if tables.ndim == 1:
        tables = np.broadcast_to(tables, (1, 65536))
    period = (1, samples) if samples > 1 and len(tables) > 1 else (2, 2) if len(tables) == 4 else (1, 1)
    grid = tables.reshape(*period, 65536)
    down, across, rest = black.rest or (np.zeros(pixels.shape[0]), np.zeros(flat.shape[1]), np.zeros((1, 1)))
    out = np.empty(flat.shape, np.uint16)
    native.call("raw_linearize", flat, grid, *(np.asarray(a, np.float32) for a in (down, across, rest)), out)
    return out.reshape(pixels.shape)


def masked_mean(directory: Directory, stored: Mosaic, table: npt.NDArray[np.uint16] | None) -> float | None:
    """Mean of MaskedAreas (top, left, bottom, right each) of the whole stored image, linearised."""
    areas = directory.integers(50830)
    if not areas or stored.ndim != 2:
        return None
    total, count = 0.0, 0
    for i in range(0, min(len(areas), 64) - 3, 4):
        top, left, bottom, right = (max(v, 0) for v in areas[i : i + 4])
        part = stored[top:bottom, left:right]
        if part.size:
            total += float((table[part] if table is not None else part).sum(dtype=np.float64))
            count += part.size
    return total / count if count else None
