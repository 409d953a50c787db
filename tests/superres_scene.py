"""The measuring stick of super-resolution: bursts of a finer picture that is known.

The truth is an analytic scene on the fine grid. A frame is that picture, blurred by lens and pixel, sampled
wherever the camera points; so what a frame cannot hold is in the truth.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace

import numpy as np

from lichtbild import api
from lichtbild.carriers import Burst, Frame
from lichtbild.develop.scene import develop_scene
from lichtbild.recipe import Recipe
from lichtbild.report import Report
from test_burst_scene import Array, Camera, Pose, Scene, natural

BLUR = 0.48  # mosaic pixels, deviation
BORDER = 12


def finer(scene: Scene, scale: float) -> Scene:
    """The scene as a grid of pixels sees it that is `scale` times as fine; edges are as sharp as that grid can show."""
    leaves = tuple(
        replace(leaf, y=leaf.y * scale, x=leaf.x * scale, radius=leaf.radius * scale, width=leaf.width * scale)
        for leaf in scene.leaves
    )
    return replace(scene, frequency=scene.frequency / scale, leaves=leaves)


def blurred(image: Array, deviation: float) -> Array:
    reach = int(np.ceil(4 * deviation))
    window = np.exp(-(np.arange(-reach, reach + 1) ** 2) / (2 * deviation**2))
    window /= window.sum()
    for axis in (0, 1):
        padded = np.pad(image, [(reach, reach) if a == axis else (0, 0) for a in range(image.ndim)], mode="edge")
        image = sum(w * np.take(padded, np.arange(i, i + image.shape[axis]), axis) for i, w in enumerate(window))
    return image


def cubic(t: Array) -> list[Array]:
    """Catmull-Rom weights of the samples at -1, 0, 1, 2."""
    return [
        0.5 * (-(t**3) + 2 * t**2 - t),
        0.5 * (3 * t**3 - 5 * t**2 + 2),
        0.5 * (-3 * t**3 + 4 * t**2 + t),
        0.5 * (t**3 - t**2),
    ]


def sampled(image: Array, y: Array, x: Array) -> Array:
    """(n, m, c) of the image at positions (n, m), edges repeated."""
    first = np.floor(y).astype(int), np.floor(x).astype(int)
    down, along = cubic(y - first[0]), cubic(x - first[1])
    out = np.zeros((*y.shape, image.shape[2]))
    for j in range(4):
        row = np.clip(first[0] + j - 1, 0, image.shape[0] - 1)
        for i in range(4):
            column = np.clip(first[1] + i - 1, 0, image.shape[1] - 1)
            out += (down[j] * along[i])[..., None] * image[row, column]
    return out


def bicubic(image: Array, scale: float, shape: tuple[int, int]) -> Array:
    """The enlargement that every program offers: what super-resolution must beat."""
    y, x = ((np.arange(n) + 0.5) / scale - 0.5 for n in shape)
    return sampled(image, *np.meshgrid(y, x, indexing="ij"))


def truth(seed: int, shape: tuple[int, int], scale: float) -> Array:
    return finer(natural(seed, size=max(shape)), scale).colors(Pose(), (int(shape[0] * scale), int(shape[1] * scale)))


def poses(count: int, shake: float = 4.0, degrees: float = 0.1, seed: int = 0) -> list[Pose]:
    rng = np.random.default_rng(seed)
    free = [Pose(*rng.uniform(-shake, shake, 2), degrees=rng.uniform(-degrees, degrees)) for _ in range(count - 1)]
    return [Pose(), *free]


def shoot(
    picture: Array,
    scale: float,
    shape: tuple[int, int],
    seen: Sequence[Pose],
    camera: Camera,
    *,
    noise: bool = True,
    change: Callable[[Array, int], Array] | None = None,
) -> list[Frame]:
    """Frames of `picture`; `change` is done to the fine picture before frame i is taken."""
    rng = np.random.default_rng(5)
    frames = []
    for i, pose in enumerate(seen):
        light = blurred(change(picture, i) if change else picture, BLUR * scale)
        rows, columns = pose.grid(shape)
        y, x = (rows[k][:, None] + columns[k][None] + (shape[k] - 1) / 2 for k in (0, 1))
        image = sampled(light, (y + 0.5) * scale - 0.5, (x + 0.5) * scale - 0.5)
        frames.append(
            camera.shoot(camera.sites(image), rng if noise else None, capture_time=f"2026:01:01 00:00:{i:02d}")
        )
    return frames


def developed(frames: Sequence[Frame], **settings: object) -> tuple[Array, Report]:
    """Balanced colours of the linear picture (h, w, 3), and what was decided; the first frame is the reference."""
    recipe, report = Recipe(reference=1).with_changes(**settings), Report()
    frame = api.merge(Burst.of(frames), recipe, report)
    scene = develop_scene(frame, recipe, report)
    matrix = np.array(report.decided["develop"]["camera_to_rec2020"])
    return scene.image @ np.linalg.inv(matrix).T, report


def decibels(image: Array, wanted: Array, where: Array | None = None) -> float:
    inside = np.s_[BORDER:-BORDER, BORDER:-BORDER]
    error = ((image - wanted) ** 2)[inside]
    return float(-10 * np.log10(error.mean() if where is None else error[where[inside]].mean()))


def gain(frames: Sequence[Frame], wanted: Array, scale: float, **settings: object) -> float:
    """dB by which super-resolution is nearer to the truth than the enlarged merged picture."""
    fine, _ = developed(frames, scale=scale, **settings)
    plain, _ = developed(frames, **settings)
    return decibels(fine, wanted) - decibels(bicubic(plain, scale, wanted.shape[:2]), wanted)
