"""Press the shutter of the virtual camera: a scene and settings become frames, and the truth about them."""

from __future__ import annotations

import functools
import math
from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from lichtbild import native
from lichtbild.carriers import CameraColor, FloatImage, Frame, Metadata, NoiseProfile
from lichtbild.record import record, replace
from lichtbild.virtual.hand import Pose, wander
from lichtbild.virtual.scene import Canvas, Mover, PaintedMover, VirtualScene, paint_mover, paint_scene, stored_scale
from lichtbild.virtual.sensor import SENSORS, Sensor
from lichtbild.virtual.settings import ShootSettings

_DENSITY = 1.5  # scene samples per mosaic pixel and axis, at most
_SAMPLES = 16e6  # samples that are painted, about: what large frames take is limited to this, but not below 1 per pixel
_START = datetime(2026, 5, 1, 21, 30, 0)
_DEEP = 16  # bits of the truth


@record
class Shot:
    """One frame and the truth about it.

    light: (h, w) float32, the mosaic before lens shading and noise, 1.0 = white, not clipped.
    cover: by each mover's name, (top, left, (h, w) float32): how much of a window of the frame it covers,
        or changes by its glow, 0..1.
    travel: by each mover's name, how far it has come (dy, dx) since the first frame, the hand apart.
    """

    frame: Frame
    pose: Pose
    exposure: float
    light: FloatImage
    cover: dict[str, tuple[int, int, FloatImage]]
    travel: dict[str, tuple[float, float]]

    def moving(self) -> npt.NDArray[np.bool_]:
        """(h, w): where something that moves is seen."""
        mask = np.zeros(self.light.shape, np.bool_)
        for top, left, part in self.cover.values():
            mask[top : top + part.shape[0], left : left + part.shape[1]] |= part > 1 / 255
        return mask

    def truth(self, headroom: float = 1.0) -> Frame:
        """The frame without noise, shading and quantisation to few bits; light up to `headroom` times white."""
        black, clip = 2**_DEEP // 16, 2**_DEEP - 1
        white = black + (clip - black) / headroom
        deep = np.clip(np.rint(black + self.light * (white - black)), 0, clip).astype(np.uint16)
        quantised = NoiseProfile((0.0,) * 3, (1 / 12 / (white - black) ** 2,) * 3)
        return replace(
            self.frame,
            mosaic=deep,
            black_level=(float(black),) * 4,
            white_level=float(white),
            clip_level=float(clip),
            noise_profile=quantised,
            shading=None,
        )


def shoot(scene: VirtualScene | str | Path, settings: ShootSettings | None = None, **changes: Any) -> list[Shot]:
    """Shoot a burst in memory; see `shots` for one frame at a time."""
    return list(shots(scene, settings, **changes))


def shots(scene: VirtualScene | str | Path, settings: ShootSettings | None = None, **changes: Any) -> Iterator[Shot]:
    """The burst's shots in the order of capture. The same settings give the same bytes on every run of a machine.

    scene: a built-in scene's name, an image file, or a scene of one's own.   changes: fields of `ShootSettings`.
    Raises `RecipeError` for a wrong setting, `RawError` for a scene that cannot be read.
    """
    from lichtbild.virtual.scenes.catalogue import find_scene

    settings = (settings or ShootSettings()).with_changes(**changes)
    if not isinstance(scene, VirtualScene):
        scene = find_scene(scene, settings.highlights)
    return _Camera(scene, settings).burst()


class _Camera:
    """The virtual camera in front of one scene."""

    def __init__(self, scene: VirtualScene, settings: ShootSettings) -> None:
        self.scene, self.settings = scene, settings
        self.sensor: Sensor = SENSORS[settings.camera]
        height, width = self.shape = settings.shape
        self.poses = wander(settings.frames, settings.shake, settings.rotation, settings.seed)
        swing = math.radians(settings.rotation) * math.hypot(height, width) / 2
        margin = 16 * math.ceil((settings.shake + swing + 8) / 16)
        density = max(1.0, min(_DENSITY, math.sqrt(_SAMPLES / (height * width))))
        self.canvas = Canvas(height, width, margin, density)
        self.matrix = self.sensor.camera_from_scene(scene.white)
        # The Gaussian's deviation in scene samples; below 0.5 the samples themselves would show.
        sigma = max(settings.blur * density, 0.5)
        self.sharpness = 1 / (2 * sigma**2)
        red = settings.cfa.index("R")
        self.red = divmod(red, 2)

    def burst(self) -> Iterator[Shot]:
        light, movers = _painted(self.scene, self.canvas, self.matrix.tobytes())
        for i, (pose, exposure) in enumerate(zip(self.poses, self.settings.exposures, strict=True)):
            yield self._shot(i, pose, exposure, light, movers)

    def _shot(
        self, i: int, pose: Pose, ev: float, painted: npt.NDArray[np.uint16], movers: tuple[PaintedMover, ...]
    ) -> Shot:
        gain = self.scene.exposure * 2.0**ev / stored_scale()
        light = np.empty(self.shape, np.float32)
        place = self._place(pose, self.canvas.margin, self.canvas.margin, 0.0, 0.0)
        native.call("virtual_light", painted, *place, self.sharpness, *self.red, gain, light)
        cover, travel = {}, {}
        for painted_mover in movers:
            mover = painted_mover.mover
            seen = self._put(light, painted_mover, pose, self._travel(mover, i), gain)
            if mover.speed:
                travel[mover.name] = self._travel(mover, i)
                if seen is not None:
                    cover[mover.name] = seen
        return Shot(self._expose(light, i, ev), pose, ev, light, cover, travel)

    def _place(self, pose: Pose, margin_y: float, margin_x: float, ahead_y: float, ahead_x: float) -> list[float]:
        """Scene sample of a mosaic position, as the kernel takes it; a mover is `ahead` of its first place."""
        xx, xy, x0, yx, yy, y0 = pose.to_reference(*self.shape)
        d = self.canvas.density
        first = [(margin + 0.5) * d - 0.5 for margin in (margin_x, margin_y)]
        return [d * xx, d * xy, d * (x0 - ahead_x) + first[0], d * yx, d * yy, d * (y0 - ahead_y) + first[1]]

    def _put(
        self, light: FloatImage, painted: PaintedMover, pose: Pose, travel: tuple[float, float], gain: float
    ) -> tuple[int, int, FloatImage] | None:
        """Put a mover before the light of a frame; returns what it covers, None when it is out of sight."""
        dy, dx = travel
        d = self.canvas.density
        margin_y, margin_x = (self.canvas.margin - n / d for n in (painted.top, painted.left))
        _, rows, columns = painted.bits.shape
        corners = [
            pose.from_reference(
                (painted.top + sy + 0.5) / d - 0.5 - self.canvas.margin + dy,
                (painted.left + sx + 0.5) / d - 0.5 - self.canvas.margin + dx,
                *self.shape,
            )
            for sy in (0, rows)
            for sx in (0, columns)
        ]
        top, left = (max(0, math.floor(min(c[k] for c in corners))) for k in (0, 1))
        bottom, right = (min(self.shape[k], math.ceil(max(c[k] for c in corners))) for k in (0, 1))
        if top >= bottom or left >= right:
            return None
        window = light[top:bottom, left:right]
        out = np.empty((2, *window.shape), np.float32)
        place = self._place(pose, margin_y, margin_x, dy, dx)
        native.call("virtual_layer", painted.bits, window, left, top, *place, self.sharpness, *self.red, gain, out)
        glow = np.abs(out[0] - window) / np.maximum(window, 1 / 64)
        window[:] = out[0]
        return top, left, np.maximum(out[1], np.minimum(glow, 1))

    def _travel(self, mover: Mover, i: int) -> tuple[float, float]:
        """How far a mover has come since the first frame, in mosaic pixels."""
        distance = i * self.settings.motion * mover.speed / (math.hypot(*mover.direction) or 1.0)
        return distance * mover.direction[0], distance * mover.direction[1]

    def _expose(self, light: FloatImage, i: int, ev: float) -> Frame:
        s, sensor = self.settings, self.sensor
        height, width = self.shape
        black, white = sensor.levels(s.bits)
        shading = sensor.shading(height, width, s.cfa, s.shading)
        gains = np.ones((4, 1, 1), np.float32) if shading is None else np.ascontiguousarray(shading.transpose(2, 0, 1))
        amount = max(s.noise, 1e-6)
        electrons = sensor.electrons(s.iso) / amount**2
        read = s.noise * sensor.read_deviation(s.iso) / sensor.electrons(s.iso)
        mosaic = np.empty(self.shape, np.uint16)
        key, defect_key = (_hashed(s.seed, n) for n in (i + 1, 0))
        native.call(
            *("virtual_sensor", light, gains, electrons, read, float(black), float(white)),
            *(key, defect_key, s.defects / 1e6, mosaic),
        )
        return Frame(
            mosaic=mosaic,
            cfa=s.cfa,
            black_level=(float(black),) * 4,
            white_level=float(white),
            clip_level=float(white),
            noise_profile=sensor.noise_profile(s.iso, s.bits, s.noise),
            metadata=self._metadata(i, ev),
            shading=shading,
        )

    def _metadata(self, i: int, ev: float) -> Metadata:
        sensor, s = self.sensor, self.settings
        at_0 = sensor.f_number**2 / 2.0**self.scene.light_value * 100 / s.iso
        seconds = at_0 * 2.0**ev
        before = sum(max(1 / 30, at_0 * 2.0**earlier) for earlier in s.exposures[:i])  # of a bracket, each another time
        moment = _START + timedelta(seconds=before)
        color: CameraColor = sensor.camera_color(self.scene.white)
        exif: dict[str, dict[int, tuple[int, Any]]] = {
            "Exif": {
                37380: (10, float(ev)),  # ExposureBiasValue
                41989: (3, sensor.focal_length_35mm),
                42035: (2, "Lichtbild"),  # LensMake
            }
        }
        return Metadata(
            make="Lichtbild",
            model=sensor.name,
            unique_camera_model=f"Lichtbild {sensor.name}",
            lens=sensor.lens,
            iso=s.iso,
            exposure_time=_nominal(seconds),
            f_number=sensor.f_number,
            focal_length=sensor.focal_length,
            capture_time=moment.strftime("%Y:%m:%d %H:%M:%S.") + f"{moment.microsecond // 1000:03d}",
            color=color,
            exif=exif,
        )


def _nominal(seconds: float) -> float:
    """An exposure time as cameras write it: 1/n of whole n below a third of a second."""
    return 1 / round(1 / seconds) if seconds < 1 / 3 else round(seconds, 2)


def _hashed(seed: int, number: int) -> int:
    return int(np.random.SeedSequence((seed, number)).generate_state(1)[0])


@functools.lru_cache(maxsize=1)
def _painted(
    scene: VirtualScene, canvas: Canvas, matrix: bytes
) -> tuple[npt.NDArray[np.uint16], tuple[PaintedMover, ...]]:
    """The scene and its movers as the camera sees their colours; the last one is kept for the next burst."""
    camera = np.frombuffer(matrix).reshape(3, 3)
    light = paint_scene(scene, canvas, camera)
    return light, tuple(paint_mover(m, canvas, camera, light) for m in scene.movers)
