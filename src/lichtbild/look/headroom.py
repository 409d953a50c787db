"""Light above diffuse white, for displays that have headroom: decide whether and how much, then make the gain map.

A photograph on paper ends at white; a lamp, the sun on water and a bright sky are brighter than paper. The gain is a
function of the scene's light alone: 0 up to diffuse white, so that everything below is the same photograph, then
growing smoothly towards a limit. It multiplies all three primaries alike: hue and saturation stay.
What local tone held back, so that it fits into a picture without headroom, is released by half.
"""

from __future__ import annotations

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


def gain_map(headroom: Headroom, view: HalfImage, grid: Array, place: Array, guide: Array) -> GainMap | None:
    """The map of a scene (h, w, 3), upright, at half of its size; None where none is wanted.

    grid: (3, rows, columns) the picture's own local gain, as `look_local` made it; place, guide: as for `look_render`.
    """
    if not headroom.stops:
        return None
    height, width = view.shape[:2]
    image = np.empty((-(-height // 2), -(-width // 2)), np.uint8)
    native.call("look_headroom", view, grid, place, guide[:4].copy(), headroom.numbers(), image)
    return GainMap(image, headroom.stops)
