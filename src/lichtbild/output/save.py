"""Write a `Picture` to a file, in the format that its name asks for.

The writer of a format is imported when it is used: most photographs are JPEGs.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from lichtbild.atomic_file import Chunk, check_target, write_atomically
from lichtbild.carriers import Picture
from lichtbild.errors import OutputError
from lichtbild.output import attachments, icc
from lichtbild.output.formats import AVIF, EXR, HEIC, JPEG, JXL, PNG, Format, depth_for, format_for
from lichtbild.record import record, replace

if TYPE_CHECKING:
    from lichtbild.output.credentials import Credentials

_DEPTHS = {"uint8": "8", "uint16": "16", "float32": "32f"}
# What a picture of that depth can be written as without being developed anew.
_HELD = {"8": {"8", "10", "16f"}, "16": {"8", "10", "12", "16", "16f"}, "32f": {"32f", "16f"}}


@record
class _Asked:
    """What the recipe asks of the file. curve: "pq" or "hlg" for a picture with light above white, else ""."""

    format: Format
    depth: str
    quality: int
    effort: str
    curve: str

    @property
    def bits(self) -> int:
        return int(self.depth.rstrip("f"))


def save_picture(
    picture: Picture,
    path: Path,
    *,
    quality: int | None = None,
    overwrite: bool = False,
    credentials: Credentials | None = None,
) -> None:
    """Write `picture` to `path`, whole or not at all, with its ICC profile, EXIF and the recipe as XMP.

    The depth is the one that the recipe asks for, else the format's default (8 bits for JPEG and PNG).
    quality: 1 to 100, as of a JPEG; the recipe's where it is left out.
    credentials: who signs what was done.
    Raises `OutputError` when the name's ending or the depth does not fit, the file exists (unless `overwrite`), or it
    cannot be written.
    """
    check_target(path, overwrite=overwrite)
    asked = _asked(picture, path, quality)
    if max(picture.image.shape[:2]) > asked.format.side:
        raise OutputError(
            f"{path}: the long edge of {asked.format.article} is at most {asked.format.side} px; "
            "give a smaller size, or use .png or .tif"
        )
    try:
        chunks = _chunks(picture, asked)
    except ImportError:
        raise OutputError(
            f"{path}: {asked.format.article} cannot be written by this imagecodecs; pip install -U imagecodecs"
        ) from None
    except (RuntimeError, ValueError) as error:  # imagecodecs' errors are RuntimeErrors
        words = " ".join(str(error).split())[:200]
        raise OutputError(f"{path}: the {asked.format.name} encoder failed ({words}); choose another format") from None
    if credentials:
        from lichtbild.output.credentials import signed

        chunks = signed(chunks, asked.format, path, picture.recipe, credentials)
    write_atomically(path, chunks, overwrite=overwrite)


def _asked(picture: Picture, path: Path, quality: int | None) -> _Asked:
    settings = picture.recipe.get("settings", {})
    chosen = format_for(path)
    image = picture.image
    have = _DEPTHS.get(image.dtype.name)
    if have is None or image.ndim != 3 or image.shape[2] != 3 or 0 in image.shape:
        raise OutputError(f"{path}: a picture of shape {image.shape} and type {image.dtype} cannot be written")
    asked = settings.get("depth")
    depth = depth_for(path, asked)
    if depth not in _HELD[have]:
        if asked or have not in chosen.depths:
            depth_for(path, have)
            raise OutputError(f"{path}: the picture was developed with depth {have}; develop it with depth {depth}")
        depth = have
    quality = settings.get("quality", 92) if quality is None else quality
    if not 1 <= quality <= 100:
        raise OutputError(f"{path}: the quality is a number from 1 to 100, not {quality}")
    hdr = settings.get("hdr", "auto")
    curve = {"on": "pq", "hlg": "hlg"}.get(hdr, "") if picture.gain_map is not None else ""
    return _Asked(chosen, depth, quality, settings.get("effort", "quick"), curve)


def _chunks(picture: Picture, asked: _Asked) -> list[Chunk]:
    chosen, space = asked.format, picture.space
    if asked.curve and chosen in (AVIF, HEIC, JXL):
        return _television(picture, asked)
    attached = attachments.of(picture, icc=icc.profile(space, linear=picture.image.dtype.kind == "f"))
    if chosen is JPEG:
        from lichtbild.output import jpeg

        narrow = _narrowed(picture.image)
        if picture.gain_map is not None:
            from lichtbild.output import ultrahdr

            return ultrahdr.chunks(narrow, picture.gain_map, attached, asked.quality)
        return jpeg.with_metadata(jpeg.encode(narrow, asked.quality), attached)
    if chosen is PNG:
        from lichtbild.output import png

        image = _of_depth(picture.image, asked)
        return png.with_metadata(png.encode(image), attached, space)
    if chosen in (AVIF, HEIC):
        return _heif(picture, asked, attached)
    if chosen is JXL:
        from lichtbild.output import jxl, jxl_boxes

        gains = jxl.gain_box(picture.gain_map) if picture.gain_map is not None else b""
        return [*jxl_boxes.with_metadata(_jxl(picture, asked), attached), gains]
    if chosen is EXR:
        from lichtbild.output import exr, light

        linear = replace(picture, image=_widened(picture.image)) if picture.image.dtype == np.uint8 else picture
        return exr.chunks(light.half_floats(linear, space), space, attached, asked.effort)
    from lichtbild.output import tiff_file

    return tiff_file.chunks(_of_depth(picture.image, asked), attached)


def _heif(picture: Picture, asked: _Asked, attached: attachments.Attachments) -> list[Chunk]:
    """AVIF or HEIC, with the gain map as an item of its own."""
    from lichtbild.output import avif, heic, heif_gain, heif_items

    space, is_avif = picture.space, asked.format is AVIF
    if is_avif:
        image: npt.NDArray[Any] = _of_depth(picture.image, asked)
    else:
        image = _narrowed(picture.image) if asked.bits == 8 else _widened(picture.image)
    bare = (avif if is_avif else heic).encode(image, asked.bits, space, space, asked.quality, asked.effort)
    if picture.gain_map is not None:
        gains = (avif if is_avif else heic).encode_map(picture.gain_map.image)
        bare = heif_gain.joined(bare, gains, picture.gain_map, avif.PRIMARIES[space], avif.MATRICES[space])
    return heif_items.with_metadata(bare, attached)


def _jxl(picture: Picture, asked: _Asked) -> bytes:
    """sRGB of 8 bits as it is; all else by way of linear light."""
    from lichtbild.output import jxl, light

    if picture.space == "srgb" and asked.bits == 8:
        return jxl.encode(_of_depth(picture.image, asked), asked.quality, asked.effort)
    wide = replace(picture, image=_widened(picture.image))
    halves = light.half_floats(wide, "srgb", hdr=False).view(np.float16)
    return jxl.restated(jxl.encode(halves, asked.quality, asked.effort), picture.space, picture.space, asked.bits)


def _television(picture: Picture, asked: _Asked) -> list[Chunk]:
    """A picture in PQ or HLG and Rec. 2020, of 10 or 12 bits; code points say so, and a profile with the same ones."""
    from lichtbild.output import avif, heic, heif_items, jxl, jxl_boxes, light

    bits = asked.bits if asked.bits in (10, 12) else 10
    wide = replace(picture, image=_widened(picture.image))
    attached = attachments.of(replace(picture, space="rec2020"), icc=icc.television(asked.curve))
    if asked.format is JXL:
        halves = light.half_floats(wide, "srgb", light.WHITE / jxl.ENCODER_WHITE).view(np.float16)
        coded = jxl.encode(halves, asked.quality, asked.effort)
        peak = light.HLG_PEAK if asked.curve == "hlg" else light.WHITE * light.headroom(picture)
        return jxl_boxes.with_metadata(jxl.restated(coded, "rec2020", asked.curve, bits, peak), attached)
    encode = avif.encode if asked.format is AVIF else heic.encode
    image = light.television(wide, asked.curve, bits if asked.format is AVIF else 16)
    bare = encode(image, bits, "rec2020", asked.curve, asked.quality, asked.effort)
    return heif_items.with_metadata(bare, attached)


def _of_depth(image: npt.NDArray[Any], asked: _Asked) -> npt.NDArray[Any]:
    """The image in the depth that the file shall have, C-contiguous."""
    if asked.bits == 8:
        return _narrowed(image)
    if asked.bits in (10, 12):
        from lichtbild.output import light

        return light.at_depth(_widened(image), asked.bits)
    return np.ascontiguousarray(image)


def _narrowed(image: npt.NDArray[Any]) -> npt.NDArray[np.uint8]:
    """Of 16 bits the upper 8, to the nearest."""
    from lichtbild import native

    if image.dtype == np.uint8:
        return np.ascontiguousarray(image)
    rows = np.ascontiguousarray(image).reshape(image.shape[0], -1)
    out = np.empty(rows.shape, np.uint8)
    native.call("narrow", rows, out)
    return out.reshape(image.shape)


def _widened(image: npt.NDArray[Any]) -> npt.NDArray[np.uint16]:
    """8 bits as 16."""
    from lichtbild import native

    if image.dtype != np.uint8:
        return np.ascontiguousarray(image)
    rows = np.ascontiguousarray(image).reshape(image.shape[0], -1)
    out = np.empty(rows.shape, np.uint16)
    native.call("output_widen", rows, out)
    return out.reshape(image.shape)
