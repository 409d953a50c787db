"""Any image file as a scene: a flat picture that fills the frame."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import numpy.typing as npt

from lichtbild import color
from lichtbild.carriers import FloatImage
from lichtbild.errors import RawError
from lichtbild.virtual.scene import VirtualScene


def image_scene(path: Path, highlights: float) -> VirtualScene:
    """A picture file as light, upright, by its colour profile; it covers a 4:3 frame.

    Without a profile, whole numbers are sRGB and floats linear.

    highlights: stops by which what is near the file's white is raised above it, as lamps and glints were before
        the file was clipped. Raises `RawError` when the file cannot be read.
    """
    light = _linear(path)
    if highlights:
        near_white = np.clip((light.max(-1, keepdims=True) - 0.7) / 0.3, 0, 1)
        light *= np.exp2(highlights * near_white**3)
    return VirtualScene(str(path), _Picture(light), color.daylight_xy(5500.0), exposure=0.8, light_value=11.0)


class _Picture:
    """Samples an image by cubic interpolation (Keys 1981, a = -0.5), from a level of fitting fineness."""

    def __init__(self, light: FloatImage) -> None:
        self.levels = [light]
        while min(self.levels[-1].shape[:2]) >= 16:
            a = self.levels[-1]
            a = a[: a.shape[0] // 2 * 2, : a.shape[1] // 2 * 2]
            self.levels.append((a[::2, ::2] + a[1::2, ::2] + a[::2, 1::2] + a[1::2, 1::2]) * np.float32(0.25))

    def __call__(self, y: FloatImage, x: FloatImage, pixel: float, /) -> FloatImage:
        height, width = self.levels[0].shape[:2]
        unit = min(height, width * 0.75)  # pixels of the file to a unit of place
        level = int(np.clip(np.log2(max(unit * pixel, 1.0)), 0, len(self.levels) - 1))
        image, unit = self.levels[level], unit / 2**level
        rows = _cubic(y[:, 0] * unit + height / 2 ** (level + 1) - 0.5, image.shape[0])
        columns = _cubic(x[0] * unit + width / 2 ** (level + 1) - 0.5, image.shape[1])
        strip = _weighted([(image[i], w[:, None, None]) for i, w in rows])
        return np.maximum(_weighted([(strip[:, i], w[None, :, None]) for i, w in columns]), 0.0)


def _weighted(terms: list[tuple[FloatImage, FloatImage]]) -> FloatImage:
    total = terms[0][0] * terms[0][1]
    for values, weight in terms[1:]:
        total += values * weight
    return total


def _cubic(position: FloatImage, n: int) -> list[tuple[npt.NDArray[np.intp], FloatImage]]:
    """Four (index, weight) pairs of each position; beyond the ends the image is mirrored."""
    first = np.floor(position)
    t = (position - first).astype(np.float32)
    weights = [
        ((-0.5 * t + 1.0) * t - 0.5) * t,
        (1.5 * t - 2.5) * t * t + 1.0,
        ((-1.5 * t + 2.0) * t + 0.5) * t,
        (0.5 * t - 0.5) * t * t,
    ]
    found = []
    for i, weight in enumerate(weights):
        index = (first.astype(np.intp) + i - 1) % (2 * n)
        found.append((np.where(index < n, index, 2 * n - 1 - index), weight.astype(np.float32)))
    return found


def _linear(path: Path) -> FloatImage:
    """(h, w, 3) linear Rec. 2020 of 0..1, upright, by the file's own profile."""
    from lichtbild.errors import MeasureError
    from lichtbild.measure import files
    from lichtbild.measure.image import MeasuredImage
    from lichtbild.measure.profile import read_profile, standard
    from lichtbild.raw import sniff

    mend = f"take a {files.READ}"
    try:
        data = sniff.open_file(path)
        kind = files.kind_of(data)
        if kind == "raw":
            raise RawError("is not an image that can be a scene")
        samples, profile = files.decode(data, kind)
    except (RawError, MeasureError) as error:
        told = str(error).partition(";")[0]
        raise RawError(f"{path}: {told}; {mend}") from None
    if min(samples.shape[:2]) < 2:
        raise RawError(f"{path}: is too small to be a scene; {mend}")
    space = (read_profile(profile) if profile else None) or standard("srgb", samples.dtype.kind == "f")
    matrix = color.xyz_to_rgb("rec2020") @ color.adaptation(color.D50, color.D65) @ space.to_xyz
    light = MeasuredImage(samples, space).linear @ matrix.astype(np.float32).T
    return np.asarray(np.maximum(light, 0.0), np.float32)
