"""The map that an opcode list 3 stands for: where each pixel was in the picture as taken, and its gain.

Warps say for a point of the corrected picture where it was before (DNG 1.7, chapter 7, WarpRectilinear, WarpFisheye);
FixVignetteRadial and GainMap multiply. Positions are pixel centres of the active area, radii are relative to the
distance of its farthest corner from the optical centre. The map is evaluated at the nodes of a coarse grid.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TypeAlias

import numpy as np
import numpy.typing as npt

from lichtbild.raw.opcodes import (
    FixVignetteRadial,
    GainMap,
    Opcode,
    WarpFisheye,
    WarpRectilinear,
    WarpRectilinear2,
    name_of,
)
from lichtbild.record import record
from lichtbild.report import Report

Floats = npt.NDArray[np.float64]
Warp: TypeAlias = WarpRectilinear | WarpRectilinear2 | WarpFisheye
Correction: TypeAlias = Warp | FixVignetteRadial | GainMap

STEP = 32  # pixels between two nodes; small pictures have a node for every pixel
SMALL = 1 << 18  # pixels
AROUND = 6  # nodes more than whole tiles have: three for the interpolation, the others to fill a vector
TILE = (32, 64)  # of the kernel, rows and columns
STEEPEST = 0.8  # change of displacement per pixel; lenses stay below it
FOLDED = 0.05  # least area of the source that a pixel may stand for
LARGEST_GAIN = 64.0


@record
class Field:
    """What opcodes ask for, (planes 1 or 3, rows, columns): displacement down, displacement right, gain."""

    down: Floats
    right: Floats
    gain: Floats


@record
class Grid:
    """Where the map of a crop is known, in pixels of the image: rows and columns of nodes, `step` pixels apart.

    inner: the nodes that pixels lie between; those around them are only there to interpolate.
    """

    crop: tuple[int, int, int, int]
    rows: Floats
    columns: Floats
    step: int
    inner: tuple[slice, slice]

    @classmethod
    def of(cls, crop: tuple[int, int, int, int]) -> Grid:
        """The grid for a part of the picture: top, left, height and width in pixels."""
        top, left, height, width = crop
        step = 1 if height * width <= SMALL else STEP
        rows, columns = nodes(height, TILE[0], step), nodes(width, TILE[1], step)
        inner = [slice(0, n) if step == 1 else slice(1, 2 - (1 - n) // step) for n in (height, width)]
        return cls(crop, top + rows, left + columns, step, (inner[0], inner[1]))


def nodes(size: int, tile: int, step: int) -> Floats:
    """Places of the nodes along one axis of a crop: from one before its first pixel to two after its last one.

    The kernel reads nodes for whole tiles; those that no pixel needs repeat the last.
    """
    count = -(-size // tile) * tile // step
    if step == 1:
        return np.minimum(np.arange(count), size - 1).astype(np.float64)
    last = ((size - 1) // step + 2) * step
    return np.minimum((np.arange(count + AROUND) - 1) * step, last).astype(np.float64)


def field_of(opcodes: Sequence[Opcode], shape: tuple[int, int], grid: Grid, report: Report) -> tuple[Field, list[str]]:
    """The opcodes at the nodes, on an image of that shape, and the names of those done.

    A pixel's way is followed from the corrected picture back to the one as taken: the last opcode comes first.
    """
    y, x = np.meshgrid(grid.rows, grid.columns, indexing="ij")
    still = np.zeros((1, *y.shape))
    field = Field(still, still, still + 1)
    done: list[str] = []
    for opcode in reversed(opcodes):
        kind = name_of(opcode)
        if not isinstance(opcode, Correction):
            report.notice(f"the file asks for a correction that is left out ({kind})")
        elif isinstance(opcode, GainMap) and not covers(opcode, grid.crop):
            report.notice(f"the file asks for a correction of a part of the picture that is left out ({kind})")
        elif not (isinstance(opcode, GainMap) or all(0 <= v <= 1 for v in opcode.center)):
            report.notice(f"the file asks for a lens correction around a point outside of it; it is left out ({kind})")
        else:
            with np.errstate(all="ignore"):
                tried = before(field, opcode, y, x, shape)
            if sensible(tried, grid):
                field = tried
                done.insert(0, kind)
            else:
                report.notice(f"the file asks for a lens correction that no lens needs; it is left out ({kind})")
    return field, done


def before(field: Field, opcode: Correction, y: Floats, x: Floats, shape: tuple[int, int]) -> Field:
    """The field with one more opcode in front."""
    planes = 3 if differs(opcode) else len(field.gain)
    old = Field(*(np.broadcast_to(a, (planes, *y.shape)) for a in (field.down, field.right, field.gain)))
    places = [(y + old.down[p], x + old.right[p]) for p in range(planes)]
    if isinstance(opcode, GainMap):
        gains = [map_gain(opcode, p, at[0], at[1], shape) for p, at in enumerate(places)]
        return Field(old.down, old.right, old.gain * np.stack(gains))
    middle = opcode.center[1] * (shape[0] - 1), opcode.center[0] * (shape[1] - 1)
    radius = radius_about(middle, shape)
    normal = [((v - middle[0]) / radius, (h - middle[1]) / radius) for v, h in places]
    if isinstance(opcode, FixVignetteRadial):
        series = (1.0, *opcode.coefficients)
        gains = [np.polynomial.polynomial.polyval(v * v + h * h, series) for v, h in normal]
        return Field(old.down, old.right, old.gain * np.stack(gains))
    moved = [moves(opcode, p, v, h) for p, (v, h) in enumerate(normal)]
    down, right = (np.stack([m[axis] for m in moved]) * radius for axis in (0, 1))
    return Field(old.down + down, old.right + right, old.gain)


def radius_about(middle: tuple[float, float], shape: tuple[int, int]) -> float:
    """Pixels from the optical centre (y, x) to the farthest corner of the image: the unit of opcodes' radii."""
    down, right = (max(m, n - 1 - m) for m, n in zip(middle, shape, strict=True))
    return float(np.hypot(down, right)) or 1.0


def middle_of(crop: tuple[int, int, int, int]) -> tuple[float, float]:
    """(y, x) of the middle of a crop (y, x, height, width)."""
    return crop[0] + (crop[2] - 1) / 2, crop[1] + (crop[3] - 1) / 2


def center_of(middle: tuple[float, float], shape: tuple[int, int]) -> tuple[float, float]:
    """The same place as opcodes tell it: (x, y) relative to the image, 0..1."""
    return middle[1] / max(shape[1] - 1, 1), middle[0] / max(shape[0] - 1, 1)


def differs(opcode: Opcode) -> bool:
    """Whether it treats the planes differently."""
    if isinstance(opcode, Warp):
        return len({of_plane(opcode, p) for p in range(3)}) > 1
    if isinstance(opcode, GainMap):
        return opcode.area.plane > 0 or opcode.area.planes < 3 or opcode.gains.shape[2] > 1
    return False


def of_plane(opcode: Warp, plane: int) -> tuple[float, ...]:
    """The plane's coefficients, and its valid range where it has one."""
    i = plane if plane < len(opcode.coefficients) else 0
    return (*opcode.coefficients[i], *(opcode.valid[i] if isinstance(opcode, WarpRectilinear2) else ()))


def moves(opcode: Warp, plane: int, v: Floats, h: Floats) -> tuple[Floats, Floats]:
    """Displacement (down, right) of a warp at (v, h), all in units of the radius."""
    k, rr = of_plane(opcode, plane), v * v + h * h
    polynomial = np.polynomial.polynomial.polyval
    if isinstance(opcode, WarpFisheye):
        r = np.sqrt(rr)
        angle = np.arctan(r)
        more = np.divide(angle, r, out=np.ones_like(r), where=r > 0) * polynomial(angle * angle, k) - 1
        return v * more, h * more
    if isinstance(opcode, WarpRectilinear2):
        least, most = k[17], k[18] if k[18] < 1 else None  # nodes beyond the farthest corner go on smoothly
        factor = polynomial(np.clip(np.sqrt(rr), least, most), k[:15])
        more, tangential = (1 / factor if opcode.reciprocal else factor) - 1, k[15:17]
    else:
        more, tangential = polynomial(rr, (k[0] - 1, *k[1:4])), k[4:6]
    down = v * more + tangential[0] * (rr + 2 * v * v) + tangential[1] * (2 * v * h)
    right = h * more + tangential[1] * (rr + 2 * h * h) + tangential[0] * (2 * v * h)
    return down, right


def map_gain(gain_map: GainMap, plane: int, y: Floats, x: Floats, shape: tuple[int, int]) -> Floats:
    """Bilinear interpolation of a gain map at pixels (y, x); the map's borders hold beyond it."""
    if not gain_map.area.plane <= plane < gain_map.area.plane + gain_map.area.planes:
        return np.ones_like(y)
    gains = gain_map.gains[..., min(plane - gain_map.area.plane, gain_map.gains.shape[2] - 1)].astype(np.float64)
    low, part = [], []
    for axis, at in enumerate((y, x)):
        last, spacing = gains.shape[axis] - 1, gain_map.spacing[axis] or 1.0
        inside = np.clip(at, 0, shape[axis] - 1)
        place = ((inside + 0.5) / shape[axis] - gain_map.origin[axis]) / spacing
        held = np.clip(place, 0, last)
        low.append(np.clip(held.astype(np.int64), 0, max(last - 1, 0)))
        # Nodes around the image go on as the map does inside it: a bend at the border would be seen within.
        outside = np.clip(at - inside, -2 * STEP, 2 * STEP) / (shape[axis] * spacing)
        part.append(held - low[axis] + np.where(held == place, outside, 0.0))
    high = [np.minimum(low[axis] + 1, gains.shape[axis] - 1) for axis in (0, 1)]
    corner = [[gains[y, x] for x in (low[1], high[1])] for y in (low[0], high[0])]
    upper, lower = (first + part[1] * (last - first) for first, last in corner)
    return np.asarray(upper + part[0] * (lower - upper))


def covers(gain_map: GainMap, crop: tuple[int, int, int, int]) -> bool:
    """Whether the map's area holds the crop; writers differ on whether the last row is meant to be in it."""
    area, (top, left, height, width) = gain_map.area, crop
    whole = area.bottom >= top + height - 1 and area.right >= left + width - 1
    return area.top <= top and area.left <= left and whole and area.row_pitch == area.column_pitch == 1


def sensible(field: Field, grid: Grid) -> bool:
    """Whether numbers are finite, gains within reason, and no part of the picture is folded or torn."""
    down, right, gain = (a[:, grid.inner[0], grid.inner[1]] for a in (field.down, field.right, field.gain))
    if not all(np.isfinite(a).all() for a in (field.down, field.right, field.gain)):
        return False
    if gain.min() <= 0 or gain.max() > LARGEST_GAIN or len(down[0]) < 1:
        return False
    slopes = [np.diff(a, axis=axis) / grid.step for a in (down, right) for axis in (1, 2)]
    if any(s.size and np.abs(s).max() > STEEPEST for s in slopes):
        return False
    h, w = down.shape[1] - 1, down.shape[2] - 1
    a, b, c, d = (s[:, :h, :w] for s in slopes)
    return bool(h == 0 or w == 0 or ((1 + a) * (1 + d) - b * c).min() > FOLDED)
