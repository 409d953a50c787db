"""Write a `Picture` to a file, in the format that its name asks for."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from lichtbild.carriers import Picture
from lichtbild.errors import OutputError
from lichtbild.output import attachments, icc, jpeg, png, tiff_file, ultrahdr
from lichtbild.output.atomic import Chunk, check_target, write_atomically
from lichtbild.output.attachments import Attachments
from lichtbild.output.formats import JPEG, PNG, depth_for, format_for

_DEPTHS = {"uint8": "8", "uint16": "16", "float32": "32f"}


def save_picture(picture: Picture, path: Path, *, quality: int | None = None, overwrite: bool = False) -> None:
    """Write `picture` to `path`, whole or not at all, with its ICC profile, EXIF and the recipe as XMP.

    The depth is the one that the recipe asks for, else the format's default (8 bits for JPEG and PNG).
    quality: 1 to 100, of a JPEG; the recipe's where it is left out.
    Raises `OutputError` when the name's ending or the depth does not fit, the file exists (unless `overwrite`), or it
    cannot be written.
    """
    check_target(path, overwrite=overwrite)
    chosen = format_for(path)
    image = _pixels(picture, path)
    attached = attachments.of(picture, icc=icc.profile(picture.space, linear=image.dtype.kind == "f"))
    if chosen is JPEG:
        chunks = _jpeg(picture, image, attached, path, _quality(picture, path, quality))
    elif chosen is PNG:
        chunks = png.with_metadata(png.encode(image), attached)
    else:
        chunks = tiff_file.chunks(image, attached)
    write_atomically(path, chunks, overwrite=overwrite)


def _pixels(picture: Picture, path: Path) -> npt.NDArray[Any]:
    """The image in the depth that the file shall have, C-contiguous."""
    image = picture.image
    have = _DEPTHS.get(image.dtype.name)
    if have is None or image.ndim != 3 or image.shape[2] != 3 or 0 in image.shape:
        raise OutputError(f"{path}: a picture of shape {image.shape} and type {image.dtype} cannot be written")
    asked = picture.recipe.get("settings", {}).get("depth")
    wanted = depth_for(path, asked)
    if have == "16" and wanted == "8":
        return _narrowed(image)
    if have != wanted and (asked or have not in format_for(path).depths):
        depth_for(path, have)
        raise OutputError(f"{path}: the picture was developed with depth {have}; develop it with depth {wanted}")
    return np.ascontiguousarray(image)


def _narrowed(image: npt.NDArray[np.uint16]) -> npt.NDArray[np.uint8]:
    from lichtbild import native

    rows = np.ascontiguousarray(image).reshape(image.shape[0], -1)
    out = np.empty(rows.shape, np.uint8)
    native.call("narrow", rows, out)
    return out.reshape(image.shape)


def _quality(picture: Picture, path: Path, asked: int | None) -> int:
    quality: int = picture.recipe.get("settings", {}).get("quality", 92) if asked is None else asked
    if not 1 <= quality <= 100:
        raise OutputError(f"{path}: a JPEG's quality is a number from 1 to 100, not {quality}")
    return quality


def _jpeg(picture: Picture, image: npt.NDArray[Any], attached: Attachments, path: Path, quality: int) -> list[Chunk]:
    height, width = image.shape[:2]
    if max(height, width) > jpeg.MAX_SIDE:
        raise OutputError(
            f"{path}: a JPEG's long edge is at most {jpeg.MAX_SIDE} px; give a smaller size, or use .png or .tif"
        )
    if picture.gain_map is not None:
        return ultrahdr.chunks(image, picture.gain_map, attached, quality)
    return jpeg.with_metadata(jpeg.encode(image, quality), attached)
