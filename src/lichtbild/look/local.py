"""What local tone does to the range of a scene, decided from its statistics: a table of gain over brightness.

Bright parts above what the tone curve renders well are held back, dark parts below it are opened: each only as far as
the scene needs it, and shadows only as far as they rise above the noise. Middle tones stay as they are. All brightness
is in stops from middle grey, after exposure.
"""

from __future__ import annotations

import math

import numpy as np
import numpy.typing as npt

from lichtbild.look.exposure import Statistics, burnt_share, soft
from lichtbild.look.numbers import Local, Vignette
from lichtbild.look.tone import MIDDLE_GREY
from lichtbild.record import record

STOPS = np.arange(-64, 65) / 4.0
EDGE = 2.5  # stops between two surfaces
FLATNESS = 0.02  # squared stops below which a neighbourhood has one gain

HIGHLIGHT_KNEE, HIGHLIGHT_TOP = 0.6, 2.0
SHADOW_KNEE, SHADOW_FLOOR = -1.0, -3.4
ALWAYS = 0.8  # stops by which shadows count as too dark in any scene
MOST_LIFT = 2.2
LEAST_WHITE = 1.7
DIFFUSE_WHITE = math.log2(1 / MIDDLE_GREY)
ROOM = 0.6  # stops above the brightest parts of a scene that display white leaves for their brightest points
BURNT_WHITE = 0.3  # stops by which display white is lower where the frame is mostly clipped
BURNT = 0.25  # share of clipped light by which highlights are held back half as far: it has nothing to show
CLEAN = 3.0  # signal to noise at which shadows get half of their lift


@record
class LocalTone:
    """compression: slope taken from highlights; lift: slope taken from shadows; signal: brightness, in stops, at which
    light equals its noise."""

    compression: float
    lift: float
    scale: float
    offset: float
    ev: float

    def decided(self) -> dict[str, float]:
        """The numbers that the report tells."""
        return {"highlights_held": self.compression, "shadows_opened": self.lift}

    def table(self) -> npt.NDArray[np.float32]:
        """log2 gain at each of `STOPS`."""
        return np.asarray(self.gain(STOPS), np.float32)

    def gain(self, stops: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
        """log2 gain of a brightness in stops from middle grey."""
        down = -self.compression * _soft(stops - HIGHLIGHT_KNEE, 0.6)
        up = self.lift * _soft(SHADOW_KNEE - stops, 0.6)
        up = MOST_LIFT * (1 - np.exp(-up / MOST_LIFT))
        x = MIDDLE_GREY * 2.0 ** (stops - self.ev)
        snr2 = x * x / (self.scale * x + self.offset + 1e-12)
        return np.asarray(down + up * snr2 / (snr2 + CLEAN**2))


def _soft(x: npt.NDArray[np.float64], width: float) -> npt.NDArray[np.float64]:
    return np.asarray(width * np.logaddexp(0.0, x / width))


def decide(statistics: Statistics, local: Local, ev: float, noise: tuple[float, float], clip: float) -> LocalTone:
    """How far highlights are held back and shadows opened in this scene.

    noise: scale and offset of the guide luminance's variance. clip: luminance of white where the sensor clips.
    """
    to_grey = ev - math.log2(MIDDLE_GREY)
    high, low = statistics.high + to_grey, statistics.low + to_grey
    excess = soft(high - HIGHLIGHT_TOP, 0.7)
    compression = local.highlights * 0.9 * excess / (excess + HIGHLIGHT_TOP - HIGHLIGHT_KNEE)
    compression *= BURNT**2 / (BURNT**2 + burnt_share(statistics, clip) ** 2)
    missing = soft(SHADOW_FLOOR - low, 0.7)
    lift = local.shadows * 0.9 * (missing + ALWAYS) / (missing + ALWAYS + SHADOW_KNEE - SHADOW_FLOOR)
    return LocalTone(compression, lift, noise[0], noise[1], ev)


def white_point(tones: LocalTone, statistics: Statistics, clip: float, wanted: float, highlights: float) -> float:
    """Display white in stops above middle grey, `wanted` at most.

    It lies where the sensor's measurement ends, so that what it could not measure is white and not grey. And it comes
    down to where the scene's light ends, as far as the look fits `highlights` to the scene, but not below diffuse
    white: a bracket of a scene without lamps is no greyer than a single frame of it.
    """
    to_grey = tones.ev - math.log2(MIDDLE_GREY)
    peak = statistics.peak + to_grey
    top = math.log2(max(clip, 1e-3)) + to_grey
    top += soft(peak - top, 0.2)
    share = burnt_share(statistics, clip)
    top -= BURNT_WHITE * share / (BURNT + share)
    measured = LEAST_WHITE + soft(top + float(tones.gain(np.array(top))) - LEAST_WHITE, 0.15)
    content = DIFFUSE_WHITE + soft(peak + float(tones.gain(np.array(peak))) + ROOM - DIFFUSE_WHITE, 0.15)
    white = wanted - highlights * (2 - highlights) * soft(wanted - content, 0.3)
    return white - soft(white - measured, 0.3)


def vignette(numbers: Vignette, shape: tuple[int, int], factor: int, cells: tuple[int, int]) -> npt.NDArray[np.float32]:
    """log2 gain of each cell of `factor` pixels: 0 in the middle, minus the strength in the corners of `shape`."""
    y, x = ((np.arange(n) + 0.5) * factor - 0.5 * size for n, size in zip(cells, shape, strict=True))
    r = np.hypot(y[:, None], x[None, :]) / (0.5 * math.hypot(*shape))
    t = np.maximum((r - numbers.start) / (1 - numbers.start), 0.0)
    return np.asarray(-numbers.strength * t**2, np.float32)
