"""What a look does by lightness alone, as one table for the kernel: a drawn curve, chroma by lightness, toning.

The table is over lightness as it is shown (Oklab's L, the cube root of light, 0..1). A drawn curve goes through its
points without overshoot (Fritsch, Carlson, "Monotone piecewise cubic interpolation", SIAM J. Numer. Anal. 17, 1980) and
changes chroma as film's layers would, half by its slope and half by how much it darkens.
"""

from __future__ import annotations

import functools

import numpy as np
import numpy.typing as npt

from lichtbild.color import decode_srgb, encode_srgb
from lichtbild.look.numbers import Color, Point, Tone, Toning

Floats = npt.NDArray[np.float64]
ENTRIES = 1025
DYE = 0.15  # chroma of a tint of strength 1
SHADOWS, HIGHLIGHTS = (0.20, 0.62), (0.50, 0.94)  # lightness over which shadows end and highlights begin
BALANCE = 0.22  # change of lightness where that is, at balance 1
BLACK, PAPER = 0.22, 0.10  # lightness over which a tint fades towards black and white


@functools.lru_cache(maxsize=4)
def table(tone: Tone, color: Color, toning: Toning) -> npt.NDArray[np.float32]:
    """(`ENTRIES`, 4) over lightness from 0 to 1: its change, factor of chroma, offset of a, offset of b."""
    L = np.linspace(0.0, 1.0, ENTRIES)
    shown, factor = drawn(tone.points, L)
    dark, middle, bright = weights(L, 0.0)
    factor = factor * (1 + color.shadows * dark + color.middle * middle + color.highlights * bright)
    tint = np.zeros((ENTRIES, 2))
    parts = zip(
        weights(shown, toning.balance),
        (toning.shadows, toning.middle, toning.highlights),
        (toning.shadows_hue, toning.middle_hue, toning.highlights_hue),
        strict=True,
    )
    for weight, strength, hue in parts:
        angle = np.radians(hue)
        tint += DYE * strength * weight[:, None] * [np.cos(angle), np.sin(angle)]
    tint *= (ramp(shown / BLACK) * ramp((1 - shown) / PAPER))[:, None]
    return np.column_stack([shown - L, factor, tint]).astype(np.float32)


def weights(lightness: Floats, balance: float) -> tuple[Floats, Floats, Floats]:
    """How far a lightness counts as shadow, middle tone and highlight; they add up to 1."""
    shift = -BALANCE * balance
    dark = 1 - ramp((lightness - SHADOWS[0] - shift) / (SHADOWS[1] - SHADOWS[0]))
    bright = ramp((lightness - HIGHLIGHTS[0] - shift) / (HIGHLIGHTS[1] - HIGHLIGHTS[0])) * (1 - dark)
    return dark, 1 - dark - bright, bright


def ramp(x: Floats) -> Floats:
    """From 0 to 1 with zero slope at both ends."""
    t = np.clip(x, 0.0, 1.0)
    return np.asarray(t * t * (3 - 2 * t))


def drawn(points: tuple[Point, ...], L: Floats) -> tuple[Floats, Floats]:
    """Lightness and factor of chroma that a curve through points, in codes of sRGB, makes of lightness."""
    if not points:
        return L, np.ones_like(L)

    def curve(lightness: Floats) -> Floats:
        return np.asarray(np.cbrt(decode_srgb(spline(points, encode_srgb(lightness**3)))))

    shown = curve(L)
    step = 1e-4
    slope = (curve(np.minimum(L + step, 1)) - curve(np.maximum(L - step, 0))) / (
        np.minimum(L + step, 1) - np.maximum(L - step, 0)
    )
    darker = np.minimum(shown / np.maximum(L, 1e-6), 1.0)
    return shown, np.sqrt(np.clip(slope, 0.0, 2.5) * darker)


def spline(points: tuple[Point, ...], x: Floats) -> Floats:
    """The monotone cubic through points whose ordinates do not fall, at places between the first and the last."""
    px, py = np.array(points, np.float64).T
    h = np.diff(px)
    rise = np.diff(py) / h
    slope = np.empty(len(px))
    slope[0], slope[-1] = rise[0], rise[-1]
    before, after = rise[:-1], rise[1:]
    near, far = 2 * h[1:] + h[:-1], h[1:] + 2 * h[:-1]
    flat = before * after <= 0
    harmonic = (near + far) / (near / np.where(flat, 1, before) + far / np.where(flat, 1, after))
    slope[1:-1] = np.where(flat, 0.0, harmonic)
    i = np.clip(np.searchsorted(px, x, side="right") - 1, 0, len(h) - 1)
    t = np.clip((x - px[i]) / h[i], 0.0, 1.0)
    left, right = (1 + 2 * t) * (1 - t) ** 2 * py[i], t * t * (3 - 2 * t) * py[i + 1]
    return np.asarray(left + right + h[i] * t * (1 - t) * ((1 - t) * slope[i] - t * slope[i + 1]))
