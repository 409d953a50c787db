"""Any image file as a scene: a flat picture that fills the frame."""

from __future__ import annotations

import struct
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from lichtbild import color
from lichtbild.carriers import FloatImage
from lichtbild.errors import RawError
from lichtbild.plain_file import open_plain
from lichtbild.virtual.scene import VirtualScene

_LARGEST = 200_000_000  # pixels of a file that are decoded


def image_scene(path: Path, highlights: float) -> VirtualScene:
    """A JPEG, PNG or TIFF (sRGB when of whole numbers, linear when of floats) as light; it covers a 4:3 frame.

    highlights: stops by which what is near the file's white is raised above it, as lamps and glints were before
        the file was clipped. Raises `RawError` when the file cannot be read.
    """
    light = _linear(_decoded(path))
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


def _decoded(path: Path) -> npt.NDArray[Any]:
    import imagecodecs

    mend = "take a JPEG, PNG or TIFF"
    try:
        with open_plain(path) as file:
            data = file.read()
    except OSError as error:
        raise RawError(f"{path}: cannot be read ({error.strerror}); {mend}") from None
    decoders = {
        b"\xff\xd8": imagecodecs.jpeg8_decode,
        b"\x89P": imagecodecs.png_decode,
        b"II": imagecodecs.tiff_decode,
        b"MM": imagecodecs.tiff_decode,
    }
    decode = decoders.get(data[:2])
    if decode is None:
        raise RawError(f"{path}: is not an image that can be a scene; {mend}")
    if _claimed_pixels(data) > _LARGEST:
        raise RawError(f"{path}: has more than {_LARGEST // 10**6} million pixels; make it smaller")
    try:
        image = np.asarray(decode(data))
    except Exception as error:  # each codec has errors of its own
        raise RawError(f"{path}: is damaged or of an unknown kind ({error}); {mend}") from None
    image = image[..., None] if image.ndim == 2 else image
    if image.ndim != 3 or min(image.shape[:2]) < 2 or not 1 <= image.shape[2] <= 4:
        raise RawError(f"{path}: is not a picture in grey or RGB; {mend}")
    return image[..., [0, 0, 0]] if image.shape[2] < 3 else image[..., :3]


def _claimed_pixels(data: bytes) -> int:
    """Width times height by a PNG's or JPEG's header; 0 when it does not say."""
    if data[:2] == b"\x89P" and len(data) >= 24:
        width, height = struct.unpack_from(">2I", data, 16)
        return int(width * height)
    position = 2
    while data[:2] == b"\xff\xd8" and position + 9 <= len(data) and data[position] == 0xFF:
        marker, size = data[position + 1], struct.unpack_from(">H", data, position + 2)[0]
        if 0xC0 <= marker <= 0xCF and marker not in (0xC4, 0xC8, 0xCC):
            height, width = struct.unpack_from(">2H", data, position + 5)
            return int(width * height)
        position += 2 + size
    return 0


def _linear(image: npt.NDArray[Any]) -> FloatImage:
    """Linear Rec. 2020 of 0..1."""
    matrix = color.convert("srgb", "rec2020").astype(np.float32)
    if image.dtype.kind == "f":
        light = np.nan_to_num(image.astype(np.float32), posinf=0.0, neginf=0.0)
    else:
        top = 2 ** (8 * min(image.dtype.itemsize, 2)) - 1
        curve = color.decode_srgb(np.arange(top + 1) / top).astype(np.float32)
        light = curve[np.clip(image, 0, top)]
    return np.asarray(np.maximum(light @ matrix.T, 0.0), np.float32)
