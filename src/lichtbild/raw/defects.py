"""Defective pixels: those that the file lists (opcode list 1), and isolated hot or dead ones that give themselves away.

A point of light reaches the neighbours of other colours, because optics and the pixel's own aperture spread it; a
defect does not. So a pixel is mended only when it stands far out of its own colour's neighbourhood, that is flat, and
its direct neighbours show less of it than the sharpest optics would leave there. Stars and fine text stay.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from lichtbild import native
from lichtbild.carriers import Mosaic, NoiseProfile
from lichtbild.raw.fallbacks import Notes
from lichtbild.raw.opcodes import FixBadPixelsConstant, FixBadPixelsList, Opcode, name_of

RING = [(dy, dx) for dy in (-2, 0, 2) for dx in (-2, 0, 2) if (dy, dx) != (0, 0)]
OUTLIER = 30.0  # standard deviations beyond all neighbours of the same colour
PLAIN, FEWEST = 0.25, 12.0  # of white, what shows however much noise there is; standard deviations that it must have
LEAK = 0.12  # of a point's height, what its four direct neighbours receive together at the very least
SURE = 3.0  # standard deviations between what is seen there and that
BLURRED, LIKELY = 0.2, 1.5  # the same where noise lets nobody be sure: optics are then taken to be less sharp
FLAT = 0.25  # of its height, the most that the surroundings may vary
MOST = 0.006  # of all pixels: more defects than that are no defects

Points = npt.NDArray[np.int64]


def mend_listed(stored: Mosaic, opcodes: Sequence[Opcode], notes: Notes) -> Mosaic:
    """The image as stored with the bad pixels of opcode list 1 mended (in a copy where it cannot be written)."""
    height, width = stored.shape[:2]
    listed = np.zeros((0, 2), np.int64)
    for opcode in opcodes:
        if isinstance(opcode, FixBadPixelsConstant) and stored.ndim == 2:
            listed = np.concatenate([listed, np.argwhere(stored == opcode.constant)])
        elif isinstance(opcode, FixBadPixelsList):
            listed = np.concatenate([listed, opcode.points, _expanded(opcode.rectangles, height, width)])
        else:
            notes.say(f"asks for a correction of the stored pixels that is left out ({name_of(opcode)})")
    listed = listed[(listed < (height, width)).all(1)]
    if len(listed) > 0.02 * height * width:
        notes.say("lists more bad pixels than a sensor can have; they are left as they are")
        return stored
    return mended(stored, listed)


def _expanded(rectangles: Points, height: int, width: int) -> Points:
    """All points of the rectangles (top, left, bottom, right), as far as they are in the image and not too many."""
    parts, total = [np.zeros((0, 2), np.int64)], 0
    for top, left, bottom, right in rectangles.tolist():
        rows, columns = range(top, min(bottom, height)), range(left, min(right, width))
        total += len(rows) * len(columns)
        if total > 0.02 * height * width + 1e5:
            break
        grid = np.stack(np.meshgrid(rows, columns, indexing="ij"), -1)
        parts.append(grid.reshape(-1, 2).astype(np.int64))
    return np.concatenate(parts)


def mended(stored: Mosaic, points: Points) -> Mosaic:
    """Each point becomes the median of its neighbours of the same colour that are not among the points."""
    if not len(points):
        return stored
    step = 2 if stored.ndim == 2 else 1
    height, width = stored.shape[:2]
    bad = np.zeros((height, width), bool)
    bad[points[:, 0], points[:, 1]] = True
    ring = np.asarray(RING) // 2 * step
    around = points[:, None] + ring
    inside = ((around >= 0) & (around < (height, width))).all(2)
    y, x = np.where(inside, around[..., 0], 0), np.where(inside, around[..., 1], 0)
    good = inside & ~bad[y, x]
    count = good.sum(1)
    out = stored if stored.flags.writeable else stored.copy()
    for plane in [out] if out.ndim == 2 else [out[..., c] for c in range(out.shape[2])]:
        values = np.sort(np.where(good, plane[y, x].astype(np.int32), 1 << 20), 1)
        low = np.take_along_axis(values, np.maximum(count[:, None] - 1, 0) // 2, 1)[:, 0]
        high = np.take_along_axis(values, count[:, None] // 2, 1)[:, 0]
        usable = count > 0
        plane[points[usable, 0], points[usable, 1]] = ((low + high) // 2)[usable]
    return out


def find_defects(
    mosaic: Mosaic, cfa: str, black: tuple[float, float, float, float], white: float, noise: NoiseProfile
) -> Points:
    """(n, 2) of the isolated hot and dead pixels of a mosaic, as (y, x)."""
    height, width = mosaic.shape
    if height < 8 or width < 8:
        return np.zeros((0, 2), np.int64)
    unit = white - min(black)
    gain = np.array([noise.scale["RGB".index(c)] * unit for c in cfa])
    floor = np.array([noise.offset["RGB".index(c)] * unit**2 for c in cfa]) + 1 / 12
    rows = -(-(height - 4) // 8)
    memory = np.zeros(-(-rows * (width - 4) // 8) * 8, np.uint8)
    bits = memory[: rows * (width - 4)].reshape(rows, width - 4)
    deviation = float(np.sqrt(0.05 * gain.max() / unit + floor.max() / unit**2))  # of a dark grey
    outlier = min(max(PLAIN / deviation, FEWEST), OUTLIER)
    native.call("raw_outliers", mosaic, min(black), gain.max(), floor.max(), outlier, bits)
    points: Points = _set_bits(memory, width - 4)
    points = points[points[:, 0] < height - 2]
    if len(points) > 10 * MOST * height * width:
        return points[:0]
    # The surroundings reach 3 pixels out.
    points = points[((points >= 3) & (points < (height - 3, width - 3))).all(1)]
    defects: Points = points[_is_defect(mosaic, points, np.asarray(black), gain, floor, 0.98 * white, outlier)]
    return defects if len(defects) <= MOST * height * width else defects[:0]


def _set_bits(memory: npt.NDArray[np.uint8], width: int) -> Points:
    """(y, x) of the set bits of the output of kernel `raw_outliers`, that is `width` wide and padded to whole words."""
    words = np.nonzero(memory.view(np.uint64))[0]
    word, byte, bit = np.nonzero(np.unpackbits(memory.reshape(-1, 8)[words], bitorder="little").reshape(-1, 8, 8))
    rows, columns = np.divmod(words[word] * 8 + byte, width)
    return np.stack([8 * rows + bit + 2, columns + 2], 1)


def _is_defect(
    mosaic: Mosaic,
    points: Points,
    black: npt.NDArray[np.float64],
    gain: npt.NDArray[np.float64],
    floor: npt.NDArray[np.float64],
    clip: float,
    outlier: float,
) -> npt.NDArray[np.bool_]:
    """For each point: does it stand out of flat surroundings without leaking into its direct neighbours?"""

    def at(dy: int, dx: int) -> npt.NDArray[np.float64]:
        return mosaic[points[:, 0] + dy, points[:, 1] + dx].astype(np.float64)

    def variance(level: npt.NDArray[np.float64], dy: int, dx: int) -> npt.NDArray[np.float64]:
        site = (points[:, 0] + dy) % 2 * 2 + (points[:, 1] + dx) % 2
        out: npt.NDArray[np.float64] = gain[site] * np.maximum(level - black[site], 0) + floor[site]
        return out

    def middle(levels: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
        half = len(levels) // 2  # the median of an even number; numpy's own would load numpy.ma first, for 10 ms
        return np.asarray(np.sort(levels, axis=0)[half - 1 : half + 1].mean(0))

    value = at(0, 0)
    ring = np.stack([at(dy, dx) for dy, dx in RING])
    smallest, largest = ring.min(0), ring.max(0)
    height = np.where(value > largest, value - largest, value - smallest)  # signed: dead pixels are negative
    size, sign = np.abs(height), np.sign(height)
    own = variance(middle(ring), 0, 0)
    flat = largest - smallest < FLAT * size + 6 * np.sqrt(own)
    leak = np.zeros(len(points))
    noise = np.zeros(len(points))
    for (dy, dx), (ny, nx) in (((0, 1), (2, 0)), ((1, 0), (0, 2))):
        # The pair of direct neighbours of one colour, and four pixels of that colour beyond, centred on the point.
        near = np.stack([at(dy, dx), at(-dy, -dx)])
        far = np.stack([at(s * dy + t * ny, s * dx + t * nx) for s in (-1, 1) for t in (-1, 1)])
        of_one = variance(middle(far), dy, dx)
        leak += sign * (near.sum(0) - far.sum(0) / 2)
        noise += 3 * of_one
        both = np.concatenate([near, far])
        # Clipped neighbours would hide a leak.
        flat &= (both.max(0) - both.min(0) < FLAT * size + 6 * np.sqrt(of_one)) & (both.max(0) < clip)
    unsure = np.sqrt(noise)
    dark = (leak + SURE * unsure < LEAK * size) | (
        (leak + LIKELY * unsure < BLURRED * size) & (SURE * unsure > LEAK * size)
    )
    return np.asarray((size * size > outlier**2 * own) & flat & dark)
