"""DNG opcodes: what the camera maker asks to be done to the pixels (DNG 1.7, chapter 7).

List 1 works on the raw as stored, list 2 on linear raw values, list 3 on the demosaiced image. `opcode_list.py` reads
them.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from lichtbild.record import record


@record
class Opcode:
    """optional: a reader that does not know the opcode may leave it out. preview: may be left out of previews."""

    optional: bool
    preview: bool


@record
class Area:
    """The part of the image an opcode works on: planes first to first + count, every pitch-th row and column."""

    top: int
    left: int
    bottom: int
    right: int
    plane: int
    planes: int
    row_pitch: int
    column_pitch: int


@record
class WarpRectilinear(Opcode):
    """Distortion and lateral chromatic aberration (opcode 1).

    coefficients: per plane (kr0, kr1, kr2, kr3, kt0, kt1); one plane stands for all. center: (x, y) relative to the
    image, 0..1. With r the distance from the centre over the distance of the farthest corner, the source of an
    output point at (dx, dy) is (kr0 + kr1 r^2 + kr2 r^4 + kr3 r^6)(dx, dy) plus the tangential terms.
    """

    coefficients: tuple[tuple[float, ...], ...]
    center: tuple[float, float]


@record
class WarpFisheye(Opcode):
    """Fisheye to rectilinear (opcode 2): per plane (kr0, kr1, kr2, kr3). The source of a point at the distance r lies
    at the distance kr0 a + kr1 a^3 + kr2 a^5 + kr3 a^7 with a = atan r; r as in `WarpRectilinear`."""

    coefficients: tuple[tuple[float, ...], ...]
    center: tuple[float, float]


@record
class WarpRectilinear2(Opcode):
    """As `WarpRectilinear`, finer (opcode 14, DNG 1.6): per plane (kr0 .. kr14, kt0, kt1), the factor is
    kr0 + kr1 r + kr2 r^2 ..., or one over it if `reciprocal`, with r held in the plane's range `valid`."""

    coefficients: tuple[tuple[float, ...], ...]
    center: tuple[float, float]
    valid: tuple[tuple[float, float], ...]
    reciprocal: bool


@record
class FixVignetteRadial(Opcode):
    """Gain 1 + k0 r^2 + k1 r^4 + k2 r^6 + k3 r^8 + k4 r^10 (opcode 3), r as in `WarpRectilinear`."""

    coefficients: tuple[float, float, float, float, float]
    center: tuple[float, float]


@record
class FixBadPixelsConstant(Opcode):
    """Pixels that hold `constant` in the raw as stored are bad (opcode 4)."""

    constant: int
    bayer_phase: int


@record
class FixBadPixelsList(Opcode):
    """Bad pixels (n, 2) as (y, x), and bad rectangles (n, 4) as top, left, bottom, right (opcode 5)."""

    bayer_phase: int
    points: npt.NDArray[np.int64]
    rectangles: npt.NDArray[np.int64]


@record
class MapTable(Opcode):
    """Values 0..65535 through a table (opcode 7); past its end the last entry holds."""

    area: Area
    table: npt.NDArray[np.uint16]


@record
class MapPolynomial(Opcode):
    """Values x in 0..1 become c0 + c1 x + c2 x^2 ..., cut to 0..1 (opcode 8)."""

    area: Area
    coefficients: tuple[float, ...]


@record
class GainMap(Opcode):
    """Gains on a grid (opcode 9): (points_v, points_h, map_planes) float32, to be interpolated linearly.

    origin, spacing: (v, h), of the image's size 0..1; the centre of pixel i of n is at (i + 0.5) / n. Outside the
    grid its border holds.
    """

    area: Area
    origin: tuple[float, float]
    spacing: tuple[float, float]
    gains: npt.NDArray[np.float32]


@record
class Unknown(Opcode):
    """An opcode that this reader does nothing with, or a damaged one."""

    id: int
    damaged: bool = False


NAMES = {
    1: "WarpRectilinear", 2: "WarpFisheye", 3: "FixVignetteRadial", 4: "FixBadPixelsConstant", 5: "FixBadPixelsList",
    6: "TrimBounds", 7: "MapTable", 8: "MapPolynomial", 9: "GainMap", 10: "DeltaPerRow", 11: "DeltaPerColumn",
    12: "ScalePerRow", 13: "ScalePerColumn", 14: "WarpRectilinear2",
}  # fmt: skip


def name_of(opcode: Opcode) -> str:
    """The specification's name, for people."""
    if isinstance(opcode, Unknown):
        return NAMES.get(opcode.id, f"opcode {opcode.id}") + (", damaged" if opcode.damaged else "")
    return type(opcode).__name__
