"""The finished picture's size: the scene is made smaller in linear light, before it is toned and sharpened.

Windows are Lanczos (Duchon 1979) with two lobes, stretched by the factor of reduction; the kernel keeps each result
within the range of the samples under the main lobe, so that nothing rings, not even beside a lamp.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from lichtbild import native
from lichtbild.carriers import FloatImage, Scene
from lichtbild.record import replace

LOBES = 2


def smaller(scene: Scene, long_edge: int | None) -> Scene:
    """The scene with that long edge in pixels; as it is where it is not larger, or None is asked for.

    The noise profile is that of the averaged pixels.
    """
    height, width = scene.image.shape[:2]
    if long_edge is None or long_edge >= max(height, width):
        return scene
    factor = long_edge / max(height, width)
    new_height, new_width = (max(1, round(n * factor)) for n in (height, width))
    first_row, rows = windows(height, new_height)
    first_column, columns = windows(width, new_width)
    planes = np.ascontiguousarray(np.moveaxis(scene.image, 2, 0), np.float16)
    out = np.empty((3, new_height, new_width), np.float16)
    native.call("look_resize", planes, rows, columns, first_row, first_column, out)
    kept = float((rows.astype(np.float64) ** 2).sum(0).mean() * (columns.astype(np.float64) ** 2).sum(0).mean())
    return replace(
        scene,
        image=np.moveaxis(out, 0, 2),
        noise_profile=scene.noise_profile.divided_by(1 / kept),
    )


def windows(source: int, target: int) -> tuple[npt.NDArray[np.int32], FloatImage]:
    """(target,) where the window of each new pixel begins, and its (taps, target) weights, which sum to 1."""
    scale = source / target
    centre = (np.arange(target) + 0.5) * scale - 0.5
    taps = int(np.ceil(2 * LOBES * scale)) + 1
    first = np.floor(centre - LOBES * scale).astype(np.int32) + 1
    distance = (first + np.arange(taps)[:, None] - centre) / scale
    weights = np.where(np.abs(distance) < LOBES, np.sinc(distance) * np.sinc(distance / LOBES), 0.0)
    return first, np.ascontiguousarray(weights / weights.sum(0), np.float32)
