"""What the virtual camera looks at: a painted scene of any resolution, and the things that move in it.

A scene is a function of place. Places are (y, x) with the origin in the picture's centre, y down, x right, in units
in which a 4:3 picture is 1 high and 4/3 wide; a frame of another shape sees more of the scene, never less. Light is
linear Rec. 2020 balanced for the scene's own white (1, 1, 1 is a white object's colour), without an upper end.
"""

from __future__ import annotations

from typing import Protocol

import numpy as np
import numpy.typing as npt

from lichtbild.color import Chromaticity, Floats
from lichtbild.record import record
from lichtbild.virtual.field import Field
from lichtbild.workers import on_all_processors

_BAND = 1 << 17  # samples painted at once: small enough for the processor's cache
_SCALE = 32.0  # light is stored times this, so that deep shadows are normal float16 numbers
_MOST = 65_000.0


class Paint(Protocol):
    """Light at places: y (n, 1), x (1, m) and the distance between samples -> (n, m, 3) float32."""

    def __call__(self, y: Field, x: Field, pixel: float, /) -> Field: ...


@record
class Mover:
    """A thing in front of the scene that moves; or a part of the scene that stands before one that does.

    paint: (n, m, 4): light times cover, and cover 0..1; light without cover is glow, which adds. Of a standing part
        (n, m): how much of the scene's own light stands there.
    box: (top, left, bottom, right) of all of it, at the first frame.
    direction: (dy, dx), of any length.   speed: in parts of `ShootSettings.motion`; 0 for a standing part.
    """

    name: str
    paint: Paint
    box: tuple[float, float, float, float]
    direction: tuple[float, float] = (0.0, 1.0)
    speed: float = 1.0


@record
class VirtualScene:
    """A scene to shoot.

    white: chromaticity of its light.   exposure: factor that brings its light to the raw white level of 1.0.
    light_value: EV at ISO 100, from which the exposure time in the EXIF follows.
    """

    name: str
    paint: Paint
    white: Chromaticity
    exposure: float = 1.0
    light_value: float = 8.0
    movers: tuple[Mover, ...] = ()


@record
class Canvas:
    """The grid on which a scene is painted for frames of a size, with a margin for the hand's motion.

    height, width, margin: in mosaic pixels.   density: samples per mosaic pixel along an axis.
    """

    height: int
    width: int
    margin: int
    density: float

    @property
    def unit(self) -> float:
        """Mosaic pixels per unit of place."""
        return min(self.height, 0.75 * self.width)

    @property
    def pixel(self) -> float:
        """Distance between samples, in units of place."""
        return 1 / (self.unit * self.density)

    @property
    def shape(self) -> tuple[int, int]:
        """Samples along y and x."""
        rows, columns = (int(np.ceil((n + 2 * self.margin) * self.density)) for n in (self.height, self.width))
        return rows, columns

    def place_of(self, samples: npt.NDArray[np.intp], axis: int) -> Field:
        """Place of sample numbers along an axis (0 is y)."""
        mosaic = (samples + 0.5) / self.density - self.margin
        return np.asarray((mosaic - (self.height, self.width)[axis] / 2) / self.unit, np.float32)

    def sample_of(self, place: float, axis: int) -> float:
        """Sample number, with its fraction, of a place along an axis."""
        mosaic = place * self.unit + (self.height, self.width)[axis] / 2
        return float((mosaic + self.margin) * self.density - 0.5)


def paint_scene(scene: VirtualScene, canvas: Canvas, camera: Floats) -> npt.NDArray[np.uint16]:
    """(3, H, W) bits of float16: the scene in camera colour, `SCALE` times."""
    rows, columns = canvas.shape
    return _painted(scene.paint, canvas, camera, (0, rows), (0, columns), planes=3)


@record
class PaintedMover:
    """A mover on its own piece of the canvas: (4, H, W) bits of float16, its first sample at (top, left)."""

    mover: Mover
    bits: npt.NDArray[np.uint16]
    top: int
    left: int


def paint_mover(mover: Mover, canvas: Canvas, camera: Floats, scene: npt.NDArray[np.uint16]) -> PaintedMover:
    """Paint the box of a mover, with a bare border, wherever it lies (also outside the frame)."""
    top, left = (int(np.floor(canvas.sample_of(mover.box[axis], axis))) for axis in (0, 1))
    bottom, right = (int(np.ceil(canvas.sample_of(mover.box[axis + 2], axis))) + 1 for axis in (0, 1))
    if mover.speed:
        bits = _painted(mover.paint, canvas, camera, (top, bottom), (left, right), planes=4)
    else:
        top, left = (min(max(n, 0), size) for n, size in zip((top, left), scene.shape[1:], strict=True))
        bottom, right = (min(max(n, 1), size) for n, size in zip((bottom, right), scene.shape[1:], strict=True))
        bits = _standing(mover.paint, canvas, scene, (top, bottom), (left, right))
    return PaintedMover(mover, np.pad(bits, ((0, 0), (4, 4), (4, 4))), top - 4, left - 4)


def stored_scale() -> float:
    """What stored light is multiplied by."""
    return _SCALE


def _painted(
    paint: Paint, canvas: Canvas, camera: Floats, rows: tuple[int, int], columns: tuple[int, int], planes: int
) -> npt.NDArray[np.uint16]:
    height, width = rows[1] - rows[0], columns[1] - columns[0]
    out = np.empty((planes, height, width), np.float16)
    x = canvas.place_of(np.arange(*columns), 1)[None, :]
    matrix = np.asarray(camera * _SCALE, np.float32)
    step = max(1, _BAND // max(1, width))

    def band(start: int) -> None:
        stop = min(start + step, height)
        y = canvas.place_of(np.arange(rows[0] + start, rows[0] + stop), 0)[:, None]
        light = paint(y, x, canvas.pixel)
        for plane in range(3):
            seen = (
                light[..., 0] * matrix[plane, 0] + light[..., 1] * matrix[plane, 1] + light[..., 2] * matrix[plane, 2]
            )
            out[plane, start:stop] = np.clip(seen, 0.0, _MOST)
        if planes == 4:
            out[3, start:stop] = np.clip(light[..., 3], 0.0, 1.0)

    on_all_processors(band, range(0, height, step))
    return out.view(np.uint16)


def _standing(
    paint: Paint, canvas: Canvas, scene: npt.NDArray[np.uint16], rows: tuple[int, int], columns: tuple[int, int]
) -> npt.NDArray[np.uint16]:
    y = canvas.place_of(np.arange(*rows), 0)[:, None]
    x = canvas.place_of(np.arange(*columns), 1)[None, :]
    cover = np.clip(paint(y, x, canvas.pixel), 0.0, 1.0)[None]
    light = scene[:, slice(*rows), slice(*columns)].view(np.float16) * cover
    return np.concatenate([light, cover]).astype(np.float16).view(np.uint16)
