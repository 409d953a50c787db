"""Pictures to be measured: files as they are, raw files developed to linear light with nothing done to it.

What numbers mean comes from the embedded ICC profile; without one that can be read, sRGB is taken, and told.
"""

from __future__ import annotations

from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from lichtbild.carriers import FloatImage
from lichtbild.color import D50, D65, adaptation, encode_srgb, xyz_to_rgb
from lichtbild.errors import MeasureError
from lichtbild.measure.profile import ColorSpace, read_profile, standard
from lichtbild.record import record
from lichtbild.report import Report

_TO_XYZ_D65 = adaptation(D50, D65)


@record
class MeasuredImage:
    """samples: (h, w, 3) uint8 or uint16 of the full range, or float32; encoded as `space` says. Upright."""

    samples: npt.NDArray[Any]
    space: ColorSpace
    name: str = "image"

    @property
    def shape(self) -> tuple[int, int]:
        """Height and width in pixels."""
        return self.samples.shape[0], self.samples.shape[1]

    @cached_property
    def linear(self) -> FloatImage:
        """(h, w, 3) float32 linear light in the file's own primaries, 1.0 = white."""
        samples, curves = self.samples, self.space.curves
        top = float(np.iinfo(samples.dtype).max) if samples.dtype.kind == "u" else 1.0
        if curves is None:
            return np.asarray(samples / np.float32(top), np.float32)
        index = samples
        if samples.dtype.kind == "u":
            curves = curves[:, np.linspace(0, curves.shape[1] - 1, int(top) + 1).round().astype(int)]
        else:
            index = (np.clip(samples, 0, 1) * 65535 + 0.5).astype(np.uint16)
        return np.asarray(np.stack([curves[c][index[..., c]] for c in range(3)], axis=-1), np.float32)

    @cached_property
    def luminance(self) -> FloatImage:
        """(h, w) float32 linear Y."""
        return np.asarray(self.linear @ self.space.luminance, np.float32)

    def xyz(self, linear: npt.NDArray[Any] | None = None) -> npt.NDArray[np.float64]:
        """XYZ under D50 of linear RGB (..., 3); of all pixels where none is given."""
        return np.asarray((self.linear if linear is None else linear) @ self.space.to_xyz.T, np.float64)

    @cached_property
    def srgb(self) -> FloatImage:
        """(h, w, 3) float32 encoded sRGB, clipped to 0..1: the file's own numbers where it is in sRGB."""
        if self.space.same_as(standard("srgb")):
            top = np.iinfo(self.samples.dtype).max if self.samples.dtype.kind == "u" else 1
            return np.asarray(np.clip(np.asarray(self.samples, np.float32) / np.float32(top), 0, 1), np.float32)
        matrix = (xyz_to_rgb("srgb") @ _TO_XYZ_D65 @ self.space.to_xyz).astype(np.float32)
        linear = np.clip(self.linear @ matrix.T, 0, 1)
        # A table over the square root: its steps are fine where the curve is steep.
        return np.asarray(table_of_root(65536)[(np.sqrt(linear) * 65535 + 0.5).astype(np.uint16)], np.float32)


def table_of_root(steps: int) -> npt.NDArray[np.float32]:
    """sRGB encoding of the squares of 0..1."""
    return np.asarray(encode_srgb(np.linspace(0, 1, steps) ** 2), np.float32)


def from_array(image: npt.NDArray[Any], *, linear: bool = False, space: str = "srgb") -> MeasuredImage:
    """An image from an array (h, w) or (h, w, 3): uint8, uint16, or float 0..1."""
    image = np.asarray(image)
    if image.ndim == 2:
        image = np.repeat(image[..., None], 3, axis=2)
    if image.ndim != 3 or image.shape[2] != 3:
        raise MeasureError(f"an image is (h, w) or (h, w, 3), not {image.shape}")
    if image.dtype not in (np.uint8, np.uint16):
        image = image.astype(np.float32)
    return MeasuredImage(image, standard(space, linear))


def load(source: str | Path | npt.NDArray[Any] | MeasuredImage, report: Report | None = None) -> MeasuredImage:
    """The picture or raw file at a path, as an image to be measured. Raises `MeasureError`, or `RawError`."""
    if isinstance(source, MeasuredImage):
        return source
    if isinstance(source, np.ndarray):
        return from_array(source)
    from lichtbild.errors import RawError
    from lichtbild.measure import files
    from lichtbild.raw import sniff

    path, report = Path(source), report or Report()
    try:
        data = sniff.open_file(path)
    except RawError as error:
        raise MeasureError(f"{path}: {error}") from None
    try:
        kind = files.kind_of(data)
        if kind == "raw":
            return _developed(path, report)
        samples, profile = files.decode(data, kind)
    except MeasureError as error:
        raise MeasureError(f"{path}: {error}") from None
    except MemoryError:
        raise MeasureError(f"{path}: there is not enough memory to measure it") from None
    if min(samples.shape[:2]) < 16:
        raise MeasureError(f"{path}: is too small to measure; 16 pixels a side are the least")
    space = read_profile(profile) if profile else None
    if space is None:
        linear = samples.dtype.kind == "f"
        why = "has a colour profile of a kind that is not read" if profile else "has no colour profile"
        report.notice(f"{path.name}: {why}; {'linear ' if linear else ''}sRGB is assumed")
        space = standard("srgb", linear)
    return MeasuredImage(samples, space, path.name)


def _developed(path: Path, report: Report) -> MeasuredImage:
    from lichtbild import api

    picture = api.develop(
        api.read(path), look="linear", denoise=0.0, sharpen=0.0, depth="32f", space="rec2020", sidecar=False
    )
    report.notice(f"{path.name}: a raw file; developed to linear light, without noise reduction or sharpening")
    return MeasuredImage(np.ascontiguousarray(picture.image), standard("rec2020", linear=True), path.name)
