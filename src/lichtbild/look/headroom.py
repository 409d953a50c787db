"""Light above diffuse white, for displays that have headroom: decide whether and how much, then make the gain map.

A photograph on paper ends at white; a lamp, the sun on water and a bright sky are brighter than paper. The gain is a
function of the scene's light alone: 0 up to diffuse white, so that everything below is the same photograph, then
growing smoothly towards a limit. It multiplies all three primaries alike: hue and saturation stay.
What local tone held back, so that it fits into a picture without headroom, is released by half.
"""

from __future__ import annotations

import functools
import math
from collections.abc import Callable
from typing import Any

import numpy as np
import numpy.typing as npt

from lichtbild import native
from lichtbild.carriers import GainMap, HalfImage
from lichtbild.look.exposure import LEVELS, Statistics, burnt_share
from lichtbild.record import record

Array = npt.NDArray[np.float32]
Floats = npt.NDArray[np.float64]
RELEASED = 0.5  # share of what local tone held back that comes again
SOFTNESS = 0.5  # stops above diffuse white at which the gain grows at three quarters of its slope
SLOPE = 0.85  # stops of gain per stop of light; what is missing to 1 is what the tone curve still gives
LIMIT = 3.6  # stops that the gain comes near to
BURNT = 0.15  # share of burnt light at which the gain is half as strong: a large white patch says nothing, and dazzles
BRIGHT = 0.35  # stops above diffuse white from which light counts as a highlight
LEAST_SHARE, LEAST_GAIN = 0.0005, 0.4  # of the frame, and stops of gain there, for which a map is worth while
MARGIN = 0.5  # stops by which a pixel may be brighter than the cell that it is in
MOST, LEAST = 4.0, 0.05
TILE = 16  # pixels of the map, each way, that the kernel makes at a time
FLATTEST = 0.01  # stops of the map's light for one of the scene's, at least
TOLERANCE = 0.01  # stops that two ways to the same light may differ by


@record
class Headroom:
    """share: of the frame that are highlights. level: their mean, in stops above diffuse white. strength: 0..1, of the
    gain. stops: gain of the brightest light; 0 where no map is wanted."""

    share: float
    level: float
    strength: float
    stops: float
    ev: float

    def decided(self) -> dict[str, Any]:
        """The numbers that the report tells."""
        return {
            "hdr": self.stops > 0,
            "highlights_share": self.share,
            "highlights_level": self.level,
            "headroom": self.stops,
        }

    def numbers(self) -> Array:
        """The curve as the kernel takes it."""
        slope = SLOPE * self.strength
        limit = LIMIT * self.strength
        return np.array([self.ev, RELEASED, SOFTNESS, slope, slope / limit, 255.0 / self.stops], np.float32)


def gain(stops: npt.ArrayLike, strength: float = 1.0) -> Floats:
    """Stops of gain of light that many stops above diffuse white."""
    above = np.maximum(np.asarray(stops, np.float64), 0.0)
    grown = SLOPE * above * above / (above + SOFTNESS)
    return np.asarray(strength * grown / np.sqrt(1.0 + (grown / LIMIT) ** 2))


def decide(
    asked: str,
    statistics: Statistics,
    held: Callable[[Floats], Floats],
    ev: float,
    top: float,
    clip: float,
) -> Headroom:
    """Whether the scene has highlights that a display with headroom should show brighter.

    asked: "auto", "on", "hlg" or "off". held: log2 gain that local tone gives to a brightness in stops from middle
    grey. top: log2 of the brightest light. clip: luminance of white where the sensor clips.
    """

    def above(light: Floats) -> Floats:
        """Stops above diffuse white, which is 1.0 after exposure."""
        return np.asarray(light + ev + (1 - RELEASED) * held(light + ev - math.log2(0.18)))

    stops = above(LEVELS)
    bright = np.where(stops > BRIGHT, statistics.weights, 0.0)
    share = float(bright.sum())
    level = float(bright @ stops) / share if share > 0 else 0.0
    burnt = burnt_share(statistics, clip)
    strength = BURNT**2 / (BURNT**2 + burnt**2)
    highest = float(gain(above(np.array([max(top, math.log2(max(clip, 1e-3))) + MARGIN])), strength)[0])
    worth = share >= LEAST_SHARE and float(gain(level, strength)) >= LEAST_GAIN
    wanted = asked in ("on", "hlg") or (asked == "auto" and worth)
    return Headroom(share, level, strength, round(min(max(highest, LEAST), MOST), 3) if wanted else 0.0, ev)


def gain_map(
    headroom: Headroom, view: HalfImage, brightest: Array, grid: Array, place: Array, guide: Array
) -> GainMap | None:
    """The map of a scene (h, w, 3), upright, at half of its size; None where none is wanted.

    brightest: (rows, columns) log2 of the brightest light of each cell of the coarse grid. grid: (3, rows, columns) the
    picture's own local gain, as `look_local` made it; place, guide: as for `look_render`.
    """
    if not headroom.stops:
        return None
    height, width = view.shape[:2]
    shape = -(-height // 2), -(-width // 2)
    image = np.zeros([max(n, TILE) for n in shape], np.uint8)
    tiles = lit_tiles(headroom, brightest, grid, place, image.shape)
    if len(tiles):
        native.call("look_headroom", view, tiles, grid, place, guide[:4].copy(), headroom.numbers(), image)
    image = np.ascontiguousarray(image[: shape[0], : shape[1]])
    return GainMap(image, headroom.stops)


def lit_tiles(
    headroom: Headroom, brightest: Array, grid: Array, place: Array, shape: tuple[int, ...]
) -> npt.NDArray[np.int32]:
    """(n, 2) first pixels (y, x) of tiles of a map of that shape outside of which no light is above diffuse white."""
    held = np.float32(1 - RELEASED)
    # Light that is white there: gains are mixed of those of cells, none of which may have any.
    white = ((RELEASED * headroom.ev) + held * grid[1]) / -np.maximum(1 + held * grid[0], np.float32(FLATTEST))
    factor, offsets = round(1 / float(place[0])), (int(place[2]), int(place[1]))
    per = max(1, 2 * TILE // factor)  # cells of a group

    def grouped(cells: Array, most: np.ufunc) -> Array:
        for _ in range(2):
            whole = len(cells) - len(cells) % per
            parts = [functools.reduce(most, (cells[k:whole:per] for k in range(per)))] if whole else []
            parts += [most.reduce(cells[whole:], axis=0, keepdims=True)] if whole < len(cells) else []
            cells = np.concatenate(parts).T
        return cells

    least = grouped(white, np.minimum)
    for _ in range(2):  # the cells around each, too
        wide = np.concatenate([least[:1], least, least[-1:]])
        least = np.minimum(np.minimum(wide[:-2], wide[2:]), least).T
    lit = np.argwhere(grouped(brightest, np.maximum) + TOLERANCE > least)
    first = lit * (per * factor) - offsets
    steps = range(0, -(-per * factor // 2) + any(n % 2 for n in offsets), TILE)
    tiles = [first // 2 + (down, along) for down in steps for along in steps]
    return np.clip(np.concatenate(tiles), 0, np.array(shape) - TILE).astype(np.int32, order="C")
