"""Our own stroke font: capitals, figures and a few signs as lines, drawn at any size and weight.

Each letter stands on a grid 4 wide and 6 high, y down. A stroke is a row of "x,y" points; a leading ~ makes it a
smooth curve through them (Catmull-Rom spline).
"""

from __future__ import annotations

import functools
import itertools

import numpy as np

from lichtbild.color import Floats
from lichtbild.virtual.draw import Box, Sheet, inside, segment
from lichtbild.virtual.field import Field

GLYPHS = {
    "A": "0,6 2,0 4,6|0.75,4 3.25,4",
    "B": "0,6 0,0 2,0|~2,0 3.6,0.4 3.6,2.4 2,2.8|0,2.8 2,2.8|~2,2.8 4,3.3 4,5.5 2,6|2,6 0,6",
    "C": "~4,1 3.3,0.2 2,0 0.6,0.8 0,3 0.6,5.2 2,6 3.3,5.8 4,5",
    "D": "1.7,0 0,0 0,6 1.7,6|~1.7,0 3.4,0.8 4,3 3.4,5.2 1.7,6",
    "E": "4,0 0,0 0,6 4,6|0,2.9 3.2,2.9",
    "F": "4,0 0,0 0,6|0,2.9 3.2,2.9",
    "G": "~4,1 3.3,0.2 2,0 0.6,0.8 0,3 0.6,5.2 2,6 3.3,5.8 4,4.9|4,4.9 4,3.2 2.4,3.2",
    "H": "0,0 0,6|4,0 4,6|0,2.9 4,2.9",
    "I": "2,0 2,6",
    "J": "3.4,0 3.4,4.2|~3.4,4.2 2.9,5.6 1.7,6 0.5,5.6 0.1,4.4",
    "K": "0,0 0,6|4,0 0,3.6|1.2,2.5 4,6",
    "L": "0,0 0,6 3.8,6",
    "M": "0,6 0,0 2,3.6 4,0 4,6",
    "N": "0,6 0,0 4,6 4,0",
    "O": "~2,0 0.6,0.8 0,3 0.6,5.2 2,6 3.4,5.2 4,3 3.4,0.8 2,0",
    "P": "0,6 0,0 2,0|~2,0 3.8,0.5 3.8,2.7 2,3.2|2,3.2 0,3.2",
    "Q": "~2,0 0.6,0.8 0,3 0.6,5.2 2,6 3.4,5.2 4,3 3.4,0.8 2,0|2.5,4.5 4.1,6.3",
    "R": "0,6 0,0 2,0|~2,0 3.8,0.5 3.8,2.7 2,3.2|0,3.2 2,3.2 4,6",
    "S": "~3.8,1 3,0.1 1.6,0 0.4,0.7 0.4,2 2,2.9 3.6,3.8 3.7,5.2 2.5,6 1,5.9 0.1,5",
    "T": "0,0 4,0|2,0 2,6",
    "U": "0,0 0,4|~0,4 0.5,5.5 2,6 3.5,5.5 4,4|4,4 4,0",
    "V": "0,0 2,6 4,0",
    "W": "-0.3,0 0.9,6 2,1.6 3.1,6 4.3,0",
    "X": "0,0 4,6|4,0 0,6",
    "Y": "0,0 2,3 4,0|2,3 2,6",
    "Z": "0,0 4,0 0,6 4,6",
    "0": "~2,0 0.7,0.8 0.2,3 0.7,5.2 2,6 3.3,5.2 3.8,3 3.3,0.8 2,0",
    "1": "0.7,1.3 2.2,0 2.2,6",
    "2": "~0.3,1.3 1,0.2 2.2,0 3.5,0.6 3.6,2 2.4,3.7 0.2,6|0.2,6 3.9,6",
    "3": "~0.3,0.8 1.6,0 3.2,0.4 3.3,2.2 1.7,2.8|~1.7,2.8 3.7,3.4 3.6,5.4 1.8,6 0.2,5.2",
    "4": "3,6 3,0 0,4.2 4,4.2",
    "5": "3.6,0 0.7,0 0.4,2.7|~0.4,2.7 2,2.2 3.6,3 3.7,4.8 2.2,6 0.2,5.4",
    "6": "~3.4,0.4 2,0.6 0.6,2.4 0.2,4.4 1,5.8 2.4,6 3.7,5.2 3.6,3.4 2.2,2.8 0.4,3.8",
    "7": "0.2,0 3.9,0 1.5,6",
    "8": "~2,2.8 0.6,2.2 0.6,0.6 2,0 3.4,0.6 3.4,2.2 2,2.8 0.3,3.6 0.3,5.3 2,6 3.7,5.3 3.7,3.6 2,2.8",
    "9": "~0.6,5.6 2,5.4 3.4,3.6 3.8,1.6 3,0.2 1.6,0 0.3,0.8 0.4,2.6 1.8,3.2 3.6,2.2",
    ".": "1.9,5.9 2.1,5.9",
    ",": "2.1,5.7 1.6,6.9",
    "-": "0.8,3.1 3.2,3.1",
    "+": "0.4,3.1 3.6,3.1|2,1.5 2,4.7",
    "/": "0.4,6 3.6,0",
    ":": "1.9,1.9 2.1,1.9|1.9,5 2.1,5",
    "&": "~4,6 1,2.2 1,0.6 2,0 2.9,0.7 2.7,1.9 0.6,3.6 0.3,5 1.4,6 2.9,5.6 3.8,3.6",
    "!": "2,0 2,4|1.9,5.9 2.1,5.9",
}
NARROW = {"I": 1.4, "1": 2.6, ".": 1.2, ",": 1.2, ":": 1.2, "!": 1.2, " ": 2.4, "J": 3.6}
ADVANCE = 5.6  # from a letter's start to the next one's, of letters 4 wide


@functools.cache
def strokes(letter: str) -> tuple[tuple[tuple[float, float], ...], ...]:
    """The lines of a letter, as (y, x) points on its grid; none for a letter that the font does not have."""
    found = []
    for part in filter(None, GLYPHS.get(letter, "").split("|")):
        points = np.array([[float(n) for n in p.split(",")] for p in part.lstrip("~").split()])
        curve = _spline(points) if part[0] == "~" else points
        found.append(tuple((float(p[1]), float(p[0])) for p in curve))
    return tuple(found)


def _spline(p: Floats) -> Floats:
    """Catmull-Rom through the points, four pieces to a span."""
    closed = np.allclose(p[0], p[-1])
    before, after = (p[-2], p[1]) if closed else (2 * p[0] - p[1], 2 * p[-1] - p[-2])
    q = np.vstack([before, p, after])
    pieces = []
    for i in range(len(p) - 1):
        a, b, c, d = q[i : i + 4]
        for t in np.linspace(0, 1, 4, endpoint=False):
            pieces.append(
                0.5 * (2 * b + (c - a) * t + (2 * a - 5 * b + 4 * c - d) * t**2 + (3 * b - a - 3 * c + d) * t**3)
            )
    return np.array([*pieces, p[-1]])


def width_of(text: str, height: float) -> float:
    """Width of a line of text whose capitals are `height` high."""
    return sum(_advance(c) for c in text) * height / 6 - (ADVANCE - 4) * height / 6 if text else 0.0


def _advance(letter: str) -> float:
    return NARROW.get(letter, 4.0) + ADVANCE - 4


def distance(y: Field, x: Field, text: str, top: float, left: float, height: float) -> Field:
    """Distance from each place to the middle of the nearest stroke of a line of text."""
    shape = np.broadcast_shapes(y.shape, x.shape)
    near = np.full(shape, np.float32(height), np.float32)
    scale, start = height / 6, left
    for letter in text:
        narrow = (4 - NARROW.get(letter, 4.0)) / 2 * scale  # narrow letters stand in the middle of their grid
        for line in strokes(letter):
            for a, b in itertools.pairwise(line):
                ends = [(top + p[0] * scale, start - narrow + p[1] * scale) for p in (a, b)]
                np.minimum(near, segment(y, x, ends[0], ends[1]), out=near)
        start += _advance(letter) * scale
    return near


def write(
    sheet: Sheet,
    text: str,
    top: float,
    left: float,
    height: float,
    light: tuple[float, ...],
    *,
    weight: float = 0.14,
    centred: bool = False,
) -> None:
    """Write a line of text in capitals; `weight` is the stroke's width in parts of the height."""
    text = text.upper()
    if centred:
        left -= width_of(text, height) / 2
    start = left
    for letter in text:
        step = _advance(letter) * height / 6
        box: Box = (top - height / 4, start - height / 4, top + height * 1.25, start + step)

        def shade(y: Field, x: Field, letter: str = letter, start: float = start) -> tuple[Field, tuple[float, ...]]:
            return inside(distance(y, x, letter, top, start, height) - weight * height / 2, sheet.pixel), light

        if letter != " ":
            sheet.lay(box, shade)
        start += step
