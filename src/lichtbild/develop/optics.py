"""Lens corrections that the file asks for: opcode list 3 on the demosaiced image.

All of a list becomes one map (`lens_map.py`), along which every plane is resampled once: a plane's own coefficients
mend lateral chromatic aberration too.
"""

from __future__ import annotations

import functools
from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from lichtbild import native
from lichtbild.carriers import HalfImage
from lichtbild.develop.lens_map import AROUND, TILE, Field, Floats, Grid, field_of
from lichtbild.raw.opcodes import Opcode
from lichtbild.report import Report

KERNELS = (  # name, neighbours interpolated together, whole pixels they may be apart (down, right), planes they know
    ("optics_alike", 8, 1, 1, 1),
    ("optics_5x5", 16, 1, 1, 3),
    ("optics_6x9", 16, 2, 5, 3),
    ("optics_10x10", 8, 6, 6, 3),
)


def correct_optics(
    image: HalfImage,
    opcodes: Sequence[Opcode],
    crop: tuple[int, int, int, int],
    report: Report,
    camera_to_image: npt.ArrayLike = ((1, 0, 0), (0, 1, 0), (0, 0, 1)),
) -> HalfImage:
    """The crop (y, x, height, width) of the corrected picture, (3, height, width) float16.

    image: (3, h, w) float16, linear, of the whole active area. camera_to_image: the 3x3 matrix that made its colours
    from the camera's; where opcodes treat the planes differently, they act on the camera's planes.
    What lies outside of the image repeats its edge. Opcodes that are not known, or ask for the impossible, are left
    out with a notice.
    """
    top, left, height, width = crop
    grid = Grid.of(crop)
    field, done = field_of(opcodes, (int(image.shape[1]), int(image.shape[2])), grid, report)
    if done:
        report.decide("develop", lens_corrections=done)
    if not (field.down.any() or field.right.any() or (field.gain != 1).any()):
        return np.ascontiguousarray(image[:, top : top + height, left : left + width])
    name, planes = kernel_for(field, grid) if grid.step > 1 else ("optics_small", 3)
    first, reach = tile_starts(field, grid)
    values = np.stack([field.down, field.right, field.gain - 1]).astype(np.float32)
    mixed = np.eye(3) if len(field.gain) == 1 else np.asarray(camera_to_image, np.float64)
    matrices = (np.linalg.inv(mixed).astype(np.float32), mixed.astype(np.float32)) if planes == 3 else ()
    out = np.empty((3, height, width), np.float16)
    values = np.broadcast_to(values, (3, planes, *values.shape[2:]))
    native.call(name, image, values, first, *matrices, *reach, top, left, out)
    return out


def kernel_for(field: Field, grid: Grid) -> tuple[str, int]:
    """The quickest kernel that can follow the field, and how many planes it knows."""
    slope = []
    for a in (field.down, field.right):
        inner = a[:, grid.inner[0], grid.inner[1]]
        bend = np.abs(np.diff(inner, 2, axis=2)).max(initial=0)
        slope.append((np.abs(np.diff(inner, axis=2)).max(initial=0) + bend) / grid.step)
    for name, lanes, down, right, planes in KERNELS[:-1]:
        if planes >= len(field.gain) and (lanes - 1) * slope[0] <= down and (lanes - 1) * slope[1] <= right:
            return name, planes
    return KERNELS[-1][0], KERNELS[-1][4]


def tile_starts(field: Field, grid: Grid) -> tuple[npt.NDArray[np.int32], tuple[int, int]]:
    """For each tile the whole displacement (2, rows, columns) from which its source pixels count, and how far at
    most the displacements in a tile go beyond it (down, right)."""
    starts, reach = [], []
    for a in (field.down, field.right):
        least, most = in_tiles(a.min(axis=0), grid.step, np.minimum), in_tiles(a.max(axis=0), grid.step, np.maximum)
        margin = 0.1 * (most - least)  # a cubic overshoots its nodes a little
        start = np.floor(least - margin) - 1
        starts.append(start.astype(np.int32))
        reach.append(int(np.ceil((most + margin - start).max())))
    return np.stack(starts), (reach[0], reach[1])


def in_tiles(values: Floats, step: int, extreme: np.ufunc) -> Floats:
    """The least or the largest of the nodes that each tile needs."""
    around = 0 if step == 1 else AROUND
    for tile in TILE:  # rows, then columns
        count = tile // step
        tiles = (len(values) - around) // count
        needed = [values[i::count][:tiles] for i in range(count + min(around, 3))]
        values = functools.reduce(extreme, needed).T
    return values
