"""Signal to noise, and the dynamic range by its usual definitions, from the line variance = scale · x + offset.

x is light in parts of white; the range is that from white down to the light at which the ratio of signal to noise has
fallen to a bound: 1 (EMVA 1288 release 4.0, section 6.8; ISO 15739 with its bound of 1), or 10, that is 20 dB, below
which a picture is seen as noisy. "Engineering" is white over the noise of no light.
"""

from __future__ import annotations

import math

from lichtbild.record import record

CURVE = tuple(-0.25 * i for i in range(65))  # EV below white


@record
class DynamicRange:
    """Stops (EV): 6.02 dB each. snr1: down to signal = noise.   snr20db: down to 20 dB.   engineering: white over dark
    noise.   maximum: signal to noise at white, dB.   curve: (EV below white, signal to noise in dB)."""

    snr1: float
    snr20db: float
    engineering: float
    maximum: float
    curve: tuple[tuple[float, float], ...]


def signal_at(ratio: float, scale: float, offset: float) -> float:
    """The light x at which signal over noise is `ratio`: the positive root of x² = ratio² (scale · x + offset)."""
    a = ratio * ratio
    return (a * scale + math.sqrt(a * a * scale * scale + 4 * a * offset)) / 2


def ratio_at(x: float, scale: float, offset: float) -> float:
    """Signal over noise in dB at the light x."""
    variance = scale * x + offset
    return 20 * math.log10(x / math.sqrt(variance)) if variance > 0 and x > 0 else float("inf")


def dynamic_range(scale: float, offset: float) -> DynamicRange:
    """By all definitions; infinite where there is no noise."""

    def stops(x: float) -> float:
        return -math.log2(x) if x > 0 else float("inf")

    return DynamicRange(
        snr1=stops(signal_at(1.0, scale, offset)),
        snr20db=stops(signal_at(10.0, scale, offset)),
        engineering=stops(math.sqrt(max(offset, 0.0))),
        maximum=ratio_at(1.0, scale, offset),
        curve=tuple((ev, ratio_at(2.0**ev, scale, offset)) for ev in CURVE),
    )
