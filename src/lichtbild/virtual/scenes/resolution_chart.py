"""A resolution chart: slanted edges, a Siemens star, zone plates, line wedges, text of falling size, grey steps.

After the means of ISO 12233 (slanted edges, hyperbolic wedges, star) and the zone plate; on a grey ground.
"""

from __future__ import annotations

import math
from functools import partial

import numpy as np

from lichtbild import color
from lichtbild.virtual.draw import Sheet, circle, inside, rectangle
from lichtbild.virtual.field import Field
from lichtbild.virtual.lettering import write
from lichtbild.virtual.noise import fractal
from lichtbild.virtual.scene import VirtualScene

PAPER, GREY, INK = 0.82, 0.20, 0.025
SECTORS = 72
SLANT = math.radians(5.0)
STEPS = (0.01, 0.02, 0.035, 0.06, 0.1, 0.16, 0.25, 0.38, 0.57, 0.82)
WORDS = (
    "LIGHT IS DRAWN BY TIME",
    "EIGHT FRAMES ARE ONE PICTURE",
    "SHADOWS KEEP WHAT NOISE TAKES",
    "0123456789 ABCDEFGHIJKLM NOPQRSTUVWXYZ",
)


def scene() -> VirtualScene:
    """The chart in even daylight."""
    return VirtualScene("resolution-chart", _paint, color.daylight_xy(5500.0), exposure=1.0, light_value=10.0)


def _paint(y: Field, x: Field, pixel: float, /) -> Field:
    sheet = Sheet(y, x, pixel)
    sheet.light[:] = GREY * (1 + 0.02 * fractal(y * 9, x * 9, 9 * pixel, 4, 5)[..., None])
    sheet.fill((-0.485, -0.652, 0.485, 0.652), lambda y, x: np.abs(rectangle(y, x, _FRAME, 0.01)) - 0.0012, (INK,) * 3)
    _star(sheet)
    for sign in (-1.0, 1.0):
        _edge(sheet, 0.0, sign * 0.40, 0.11, sign)
        _edge(sheet, 0.0, sign * 0.575, 0.05, -sign)
        for row in (-1.0, 1.0):
            _zone_plate(sheet, row * 0.33, sign * 0.525, 0.105)
        _wedge(sheet, sign)
    _steps(sheet)
    _words(sheet)
    return sheet.finished()


_FRAME = (-0.475, -0.642, 0.475, 0.642)


def _lines(phase: Field, frequency: Field, pixel: float) -> Field:
    """Cover of every other line: phase in radians, frequency in waves per unit; even grey where it is too fine."""
    way = np.arcsin(np.sin(phase)) / (2 * math.pi * np.maximum(frequency, 1e-6))
    seen = np.clip(2 - 2 * frequency * pixel * 2, 0, 1)
    return 0.5 + seen * (inside(-way, pixel) - 0.5)


def _ink(cover: Field) -> Field:
    return (PAPER + cover * (INK - PAPER))[..., None] * np.ones(3, np.float32)


def _star(sheet: Sheet) -> None:
    def shade(y: Field, x: Field) -> tuple[Field, Field]:
        radius = np.hypot(y, x)
        lines = _lines(np.arctan2(y, x) * SECTORS, SECTORS / (2 * math.pi * np.maximum(radius, 1e-6)), sheet.pixel)
        return inside(radius - 0.235, sheet.pixel), _ink(lines)

    sheet.lay((-0.24, -0.24, 0.24, 0.24), shade)
    for radius in (0.2395, 0.235 / 2, 0.235 / 4):
        sheet.fill((-0.25, -0.25, 0.25, 0.25), partial(_ring, radius=radius), (INK,) * 3)


def _ring(y: Field, x: Field, radius: float) -> Field:
    return np.abs(circle(y, x, 0, 0, radius)) - 0.0006


def _edge(sheet: Sheet, cy: float, cx: float, half: float, turn: float) -> None:
    c, s = math.cos(SLANT * turn), math.sin(SLANT * turn)

    def turned(y: Field, x: Field) -> Field:
        dy, dx = y - cy, x - cx
        return rectangle(c * dy - s * dx, s * dy + c * dx, (-half, -half * 0.6, half, half * 0.6))

    box = (cy - 1.3 * half, cx - half, cy + 1.3 * half, cx + half)
    sheet.fill(
        box,
        lambda y, x: rectangle(y, x, (cy - 1.25 * half, cx - 0.85 * half, cy + 1.25 * half, cx + 0.85 * half)),
        (PAPER,) * 3,
    )
    sheet.fill(box, turned, (INK * 3,) * 3)


def _zone_plate(sheet: Sheet, cy: float, cx: float, radius: float) -> None:
    """cos(k r^2): the frequency grows with the distance from the centre, to 0.5 waves per sample of a 12 MP frame."""
    finest = 0.5 * 3000

    def shade(y: Field, x: Field) -> tuple[Field, Field]:
        r = np.hypot(y - cy, x - cx)
        frequency = finest * r / radius
        seen = np.clip(2 - 4 * frequency * sheet.pixel, 0, 1)
        wave = 0.5 - 0.5 * np.cos(math.pi * finest / radius * r * r) * seen
        return inside(r - radius, sheet.pixel), _ink(wave)

    sheet.lay((cy - radius, cx - radius, cy + radius, cx + radius), shade)


def _wedge(sheet: Sheet, sign: float) -> None:
    """Converging lines with their frequency beside them, in waves per picture height."""
    coarse, fine, near, far = 100.0, 1600.0, 0.05, 0.37

    def shade(y: Field, x: Field) -> tuple[Field, Field]:
        along = np.clip((x * sign - near) / (far - near), 0, 1)
        frequency = coarse * (fine / coarse) ** along
        half = 4.5 / frequency  # nine lines
        lines = _lines(2 * math.pi * (y + 0.33) * frequency + math.pi / 2, frequency, sheet.pixel)
        edge = np.maximum(np.abs(y + 0.33) - half, np.maximum(near - x * sign, x * sign - far))
        return inside(edge, sheet.pixel), _ink(lines)

    box = (-0.40, *sorted((sign * near, sign * far)), -0.26)
    sheet.lay((box[0], box[1], box[3], box[2]), shade)
    for value in (100, 200, 400, 800, 1600):
        place = near + (far - near) * math.log(value / coarse) / math.log(fine / coarse)
        write(sheet, str(value), -0.405, sign * place, 0.012, (INK,) * 3, centred=True)


def _steps(sheet: Sheet) -> None:
    size = 0.058
    for i, grey in enumerate(STEPS):
        left, last = (i - len(STEPS) / 2) * size, len(STEPS) / 2 * size
        sheet.fill(
            (0.39, left, 0.45, last),
            partial(rectangle, box=(0.39, left, 0.45, last)),
            (grey,) * 3,
        )


def _words(sheet: Sheet) -> None:
    write(sheet, "LICHTBILD", -0.455, 0.0, 0.032, (INK,) * 3, centred=True, weight=0.17)
    height, top = 0.017, 0.262
    for i, words in enumerate(WORDS):
        write(sheet, words, top, 0.0, height, (INK,) * 3, centred=True)
        top += height * 1.75
        height *= 0.72 if i < len(WORDS) - 2 else 0.6
