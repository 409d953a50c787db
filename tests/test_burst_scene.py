"""The measuring stick of the burst tests: analytic scenes, sampled exactly wherever a camera points.

A scene is a sum of sinusoids whose amplitude falls as one over their frequency, as in natural pictures, dimmed
by the optics, with soft-edged discs and bars laid over it (dead leaves: Lee, Mumford and Huang 2001). It is evaluated
at real positions, so that shift and rotation need no resampling, and photographed with Poisson and Gaussian noise.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from functools import cache
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pytest

from lichtbild.burst.merge import merge_burst
from lichtbild.carriers import Burst, CameraColor, Frame, Metadata, NoiseProfile
from lichtbild.recipe import Recipe
from lichtbild.report import Report

Array = npt.NDArray[np.float64]

BLACK = (512.0, 509.0, 515.0, 511.0)
WHITE = 16383.0
NEUTRAL = (0.5, 1.0, 0.625)


@dataclass(frozen=True)
class Pose:
    """Where the camera points: shift in mosaic pixels and rotation in degrees about the centre of the frame.

    `motion` is where a point of an upright frame's pixels (y, x) appears in this one: the truth of an alignment.
    """

    dy: float = 0.0
    dx: float = 0.0
    degrees: float = 0.0

    def grid(self, shape: tuple[int, int]) -> tuple[Array, Array]:
        """Scene position (y, x) of each pixel, as y0 + y_row[i] + y_col[j]: rows (2, h), columns (2, w)."""
        turn = np.deg2rad(self.degrees)
        y, x = np.arange(shape[0]) - (shape[0] - 1) / 2 - self.dy, np.arange(shape[1]) - (shape[1] - 1) / 2 - self.dx
        rows = np.stack([np.cos(turn) * y, -np.sin(turn) * y])
        columns = np.stack([np.sin(turn) * x, np.cos(turn) * x])
        return rows, columns

    def motion(self, y: Array, x: Array) -> Array:
        """(dy, dx) of the scene point at (y, x), both from the centre of the frame."""
        turn = np.deg2rad(self.degrees)
        c, s = np.cos(turn), np.sin(turn)
        return np.stack([c * y - s * x + self.dy - y, s * y + c * x + self.dx - x])


@dataclass(frozen=True)
class Leaf:
    """A disc of `radius`, or a bar of half height `radius` and half width `width`, about (y, x) from the centre."""

    y: float
    x: float
    radius: float
    width: float
    color: Array


@dataclass(frozen=True)
class Scene:
    """Band-limited colour scene; values are reflectances times light, camera white-balanced to NEUTRAL on reading.

    frequency: (k, 2) radians per pixel; amplitude: (k, 3); phase: (k,); base: (3,).
    leaves: painted in order; edges are `soft` pixels wide.
    """

    base: Array
    frequency: Array
    amplitude: Array
    phase: Array
    leaves: tuple[Leaf, ...] = ()
    soft: float = 0.7

    def colors(self, pose: Pose, shape: tuple[int, int]) -> Array:
        """(h, w, 3) at each pixel."""
        rows, columns = pose.grid(shape)
        down, along = self.frequency @ rows + self.phase[:, None], self.frequency @ columns
        waves = np.concatenate([np.cos(along), -np.sin(along)])  # cos(a + b) is cos a cos b - sin a sin b
        out = np.empty((*shape, 3))
        for c in range(3):
            dimmed = self.amplitude[:, c, None] * np.stack([np.cos(down), np.sin(down)])
            out[..., c] = dimmed.reshape(-1, shape[0]).T @ waves + self.base[c]
        for leaf in self.leaves:
            paint(out, leaf, pose, self.soft)
        return out


def paint(image: Array, leaf: Leaf, pose: Pose, soft: float = 0.7) -> None:
    """Lay a leaf over the image of a camera that points at `pose`."""
    height, width = image.shape[:2]
    turn = np.deg2rad(pose.degrees)
    cos, sin = np.cos(turn), np.sin(turn)
    middle_y = cos * leaf.y - sin * leaf.x + pose.dy + (height - 1) / 2
    middle_x = sin * leaf.y + cos * leaf.x + pose.dx + (width - 1) / 2
    reach = 1.5 * max(leaf.radius, leaf.width) + 6 * soft + 2
    top, bottom = max(int(middle_y - reach), 0), min(int(middle_y + reach) + 2, height)
    left, right = max(int(middle_x - reach), 0), min(int(middle_x + reach) + 2, width)
    if top >= bottom or left >= right:
        return
    down, along = np.arange(top, bottom)[:, None] - middle_y, np.arange(left, right) - middle_x
    y, x = cos * down + sin * along, cos * along - sin * down
    away = np.hypot(y, x) - leaf.radius
    if leaf.width:
        away = np.maximum(np.abs(y) - leaf.radius, np.abs(x) - leaf.width)
    cover = 0.5 - 0.5 * np.tanh(away / soft)
    part = image[top:bottom, left:right]
    part += cover[..., None] * (leaf.color - part)


def natural(seed: int, size: float = 400.0, contrast: float = 0.08, leaves: int = 500) -> Scene:
    """Sinusoids of 3 to 300 pixels and leaves of all sizes, mid tones, saturation as of daily things."""
    rng = np.random.default_rng(seed)
    k = 150
    period = np.exp(rng.uniform(np.log(2.5), np.log(300), k))
    angle = rng.uniform(0, np.pi, k)
    frequency = 2 * np.pi / period[:, None] * np.stack([np.sin(angle), np.cos(angle)], axis=1)
    optics = np.exp(-((1.6 / period) ** 2) * 2)  # blur of a good lens on small pixels
    tint = 1 + 0.15 * rng.standard_normal((k, 3))
    amplitude = contrast * np.sqrt(2 / k) * optics[:, None] * tint
    painted = []
    for _ in range(leaves):
        radius = 3.0 / rng.uniform(0.002, 1) ** 0.5  # as many small ones as large, by area
        width = 0.0 if rng.uniform() < 0.5 else radius * rng.uniform(0.3, 2)
        color = np.clip(rng.uniform(0.05, 0.75) * (1 + 0.25 * rng.standard_normal(3)), 0.02, 0.85)
        painted.append(Leaf(*rng.uniform(-size / 2, size / 2, 2), radius, width, color))
    painted.sort(key=lambda leaf: -leaf.radius)
    return Scene(np.full(3, 0.4), frequency, amplitude, rng.uniform(0, 2 * np.pi, k), tuple(painted))


@dataclass(frozen=True)
class Camera:
    """A sensor: noise by ISO, CFA, black per site, white balance of the light."""

    iso: float = 400.0
    cfa: str = "RGGB"
    black: tuple[float, float, float, float] = BLACK
    white: float = WHITE
    neutral: tuple[float, float, float] = NEUTRAL
    metadata: dict[str, object] = field(default_factory=dict)

    @property
    def noise(self) -> NoiseProfile:
        scale = self.iso * 1.5e-6
        return NoiseProfile((scale,) * 3, (4 * scale**2 + 1e-7,) * 3)

    def sites(self, image: Array) -> Array:
        """(h, w) samples, 0..1 of white minus black, of (h, w, 3) colours."""
        out = np.empty(image.shape[:2])
        for i, color in enumerate(self.cfa):
            c = "RGB".index(color)
            out[i // 2 :: 2, i % 2 :: 2] = image[i // 2 :: 2, i % 2 :: 2, c] * self.neutral[c]
        return out

    def digital(self, samples: Array) -> npt.NDArray[np.uint16]:
        """Digital numbers of samples, clipped at white."""
        out = np.empty(samples.shape)
        span = self.white - np.mean(self.black)
        for i, black in enumerate(self.black):
            at = np.s_[i // 2 :: 2, i % 2 :: 2]
            out[at] = samples[at] * span + black
        return np.clip(np.rint(out), 0, np.rint(self.white)).astype(np.uint16)

    def level(self, frame: Frame) -> Array:
        """Samples in 0..1 of a frame's white minus black."""
        out = frame.mosaic.astype(float)
        for i, black in enumerate(frame.black_level):
            out[i // 2 :: 2, i % 2 :: 2] -= black
        return out / (frame.white_level - np.mean(frame.black_level))

    def shoot(self, samples: Array, rng: np.random.Generator | None, exposure: float = 1.0, **changes: object) -> Frame:
        """A frame of noise-free samples at a relative exposure time; without noise if rng is None."""
        light = np.maximum(samples, 0) * exposure
        if rng is not None:
            scale, offset = self.noise.scale[0], self.noise.offset[0]
            light = rng.poisson(light / scale) * scale + rng.normal(0, offset**0.5, light.shape)
        meta = {"make": "Test", "model": "One", "iso": self.iso, "exposure_time": exposure / 100, **self.metadata}
        meta |= {"color": CameraColor(as_shot_neutral=self.neutral), **changes}
        return Frame(
            mosaic=self.digital(light),
            cfa=self.cfa,
            black_level=self.black,
            white_level=self.white,
            clip_level=self.white,
            noise_profile=self.noise,
            metadata=Metadata(**meta),  # type: ignore[arg-type]
        )


Mover = Callable[[int], Leaf]


@dataclass(frozen=True)
class Views:
    """What the lens throws on the sensor: (h, w, 3) for each pose."""

    poses: tuple[Pose, ...]
    images: tuple[Array, ...]


@dataclass(frozen=True)
class Shot:
    """A burst with its truth: frames, and the noise-free samples of each at exposure 1."""

    camera: Camera
    frames: tuple[Frame, ...]
    truths: tuple[Array, ...]


@cache
def views(
    seed: int, n: int, pixels: float = 8.0, degrees: float = 0.2, shape: tuple[int, int] = (256, 320), kind: str = ""
) -> Views:
    """Hand-held views of `natural(seed)`; kind "plain": with a square of one colour in the middle; "lamps": at half the
    light, with lamps above white and deep shadows."""
    scene = natural(seed, 1.3 * max(shape))
    if kind == "plain":
        scene = replace(scene, leaves=(*scene.leaves, PLAIN))
    if kind == "lamps":
        scene = replace(
            scene, base=scene.base / 2, amplitude=scene.amplitude / 2, leaves=(*scene.leaves, *LAMPS, *DARKS)
        )
    poses = tuple(shake(n, seed, pixels, degrees))
    return Views(poses, tuple(scene.colors(pose, shape) for pose in poses))


PLAIN = Leaf(0, 0, 70, 70, np.array([0.3, 0.28, 0.35]))
LAMPS = tuple(Leaf(y, x, 16, 0, np.array([2.4, 2.0, 1.6])) for y, x in ((-60, -70), (-40, 75), (55, -10)))
DARKS = tuple(Leaf(y, x, 20, 24, np.array([0.004, 0.005, 0.006])) for y, x in ((-60, 5), (50, -80), (50, 90)))


def shoot(
    seen: Views,
    camera: Camera | None = None,
    seed: int = 0,
    exposures: Sequence[float] | None = None,
    movers: Sequence[Mover] = (),
    noise: bool = True,
) -> Shot:
    """A burst of the views. A mover gives the leaf that it is in frame n, in front of the scene."""
    camera = camera or Camera()
    rng = np.random.default_rng([seed, 77]) if noise else None
    frames, truths = [], []
    for n, (pose, image) in enumerate(zip(seen.poses, seen.images, strict=True)):
        image = image.copy()
        for mover in movers:
            paint(image, mover(n), pose)
        truths.append(camera.sites(image))
        exposure = exposures[n] if exposures else 1.0
        frames.append(camera.shoot(truths[-1], rng, exposure, path=Path(f"shot_{n + 1}.dng")))
    return Shot(camera, tuple(frames), tuple(truths))


def covered(leaf: Leaf, shape: tuple[int, int], margin: float = 0.0) -> npt.NDArray[np.bool_]:
    """Pixels of an upright frame that a leaf covers, or comes near to by `margin`."""
    y, x = np.mgrid[0 : shape[0], 0 : shape[1]]
    y, x = np.abs(y - (shape[0] - 1) / 2 - leaf.y), np.abs(x - (shape[1] - 1) / 2 - leaf.x)
    if leaf.width:
        return (y < leaf.radius + margin) & (x < leaf.width + margin)
    return np.hypot(y, x) < leaf.radius + margin


def merge(frames: Sequence[Frame | Path], reference: int | None = 1) -> tuple[Frame, Report]:
    """The merged frame and what was said on the way."""
    report = Report()
    return merge_burst(Burst.of(frames), Recipe(reference=reference), report), report


def shake(n: int, seed: int = 0, pixels: float = 8.0, degrees: float = 0.2) -> list[Pose]:
    """Hand shake: the first frame upright, the others anywhere within `pixels` and `degrees`."""
    rng = np.random.default_rng([seed, 5])
    moves = rng.uniform(-1, 1, (n - 1, 3)) * [pixels, pixels, degrees]
    return [Pose(), *(Pose(*move) for move in moves.tolist())]


def gain(before: Array, after: Array, truth: Array, where: npt.NDArray[np.bool_] | None = None) -> float:
    """By how many dB `after` is nearer to the truth than `before`."""
    first, second = (before - truth) ** 2, (after - truth) ** 2
    where = np.ones(truth.shape, bool) if where is None else where
    return float(10 * np.log10(first[where].mean() / second[where].mean()))


def inner(shape: tuple[int, int], margin: int = 16) -> npt.NDArray[np.bool_]:
    """All but a border."""
    out = np.zeros(shape, bool)
    out[margin:-margin, margin:-margin] = True
    return out


def test_a_whole_shift_moves_the_pixels_and_nothing_else() -> None:
    scene = natural(3, leaves=80)
    still, moved = scene.colors(Pose(), (64, 80)), scene.colors(Pose(5, -3), (64, 80))
    np.testing.assert_allclose(moved[5:, :-3], still[:-5, 3:], atol=1e-9)


def test_points_are_found_where_the_pose_says() -> None:
    pose, shape = Pose(2.25, -7.5, 0.8), (101, 141)
    dot = Scene(np.zeros(3), np.zeros((1, 2)), np.zeros((1, 3)), np.zeros(1), (Leaf(30, -40, 5, 0, np.ones(3)),))
    image = dot.colors(pose, shape)[..., 0]
    y, x = (np.arange(n) - (n - 1) / 2 for n in shape)
    centre = np.array([(image.sum(1) * y).sum(), (image.sum(0) * x).sum()]) / image.sum()
    np.testing.assert_allclose(centre - [30, -40], pose.motion(np.array(30.0), np.array(-40.0)), atol=3e-3)
    assert scene_point_stays(natural(4, leaves=60), np.array([30.0, -40.0]), degrees=0.8)


def scene_point_stays(scene: Scene, point: Array, degrees: float) -> bool:
    """A turn and the shift that carries a point to a whole pixel: there it looks as it did."""
    turned = Pose(0, 0, degrees).motion(*point)
    pose = Pose(*(np.array([3.0, -5.0]) - turned).tolist(), degrees)
    before, after = (scene.colors(p, (101, 141)) for p in (Pose(), pose))
    y, x = int(point[0]) + 50, int(point[1]) + 70
    return np.allclose(before[y, x], after[y + 3, x - 5], atol=1e-9)


def test_the_sensor_has_the_noise_that_it_states() -> None:
    camera = Camera(iso=1600)
    for level in (0.0, 0.05, 0.6):
        frame = camera.shoot(np.full((256, 256), level), np.random.default_rng(1))
        stated = camera.noise.scale[0] * level + camera.noise.offset[0]
        assert camera.level(frame).var() == pytest.approx(stated, rel=0.03)
        assert camera.level(frame).mean() == pytest.approx(level, abs=4 * (stated / 256**2) ** 0.5)
