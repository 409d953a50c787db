"""DNG to `Sensor`: the main raw image, its geometry and its numbers (Adobe DNG specification 1.7).

The CFA pattern, black levels and opcode list 2 refer to the active area, opcode list 1 and the masked areas to the
image as stored.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
import numpy.typing as npt

from lichtbild.carriers import Mosaic
from lichtbild.errors import RawError
from lichtbild.raw import levels
from lichtbild.raw.color_tags import (
    finished_color,
    grey_color,
    is_balanced,
    is_untold,
    matrix_of,
    noise_profile_tag,
    normalised_neutral,
)
from lichtbild.raw.defects import mend_listed
from lichtbild.raw.fallbacks import Notes
from lichtbild.raw.metadata import read_metadata
from lichtbild.raw.opcode_list import parse_opcodes, without
from lichtbild.raw.sensor import CFAS, NOT_BAYER, X_TRANS, Sensor, clamped_crop
from lichtbild.raw.shading import read_list_two
from lichtbild.raw.tags import Tags
from lichtbild.raw.tiff import Directory, Tiff
from lichtbild.raw.tiles import JPEG_XL, Layout, layout_of, read_pixels
from lichtbild.record import replace

CFA, LINEAR_RAW = 32803, 34892
PEDESTAL = 2048.0  # black of pixels that went through a curve


def main_image(tiff: Tiff) -> Directory:
    """The directory of the raw image itself: of subfile type 0, and of these the largest."""
    raws = [d for d in tiff.all() if d.integer(262) in (CFA, LINEAR_RAW)]
    if not raws:
        raise RawError("holds no raw image; it may be a finished picture in a DNG's clothes")
    area = {id(d): (d.integer(254, 0) == 0, (d.integer(256, 0) or 0) * (d.integer(257, 0) or 0)) for d in raws}
    return max(raws, key=lambda d: area[id(d)])


def read_dng(path: Path, tiff: Tiff, notes: Notes) -> Sensor:
    """Decode the main raw image. Raises `RawError` for what cannot be read."""
    directory = main_image(tiff)
    cfa = cfa_of(directory)
    layout = layout_of(directory)
    if cfa == "RGB" and layout.samples not in (1, 3):
        raise RawError(f"is a linear raw of {layout.samples} colours; only three can be read")
    if cfa != "RGB" and layout.samples != 1:
        raise RawError("is a mosaic with more than one number per pixel; convert it with a DNG converter")
    top, left, bottom, right = active_area(directory, layout)
    white = 1.0
    if layout.floating:
        from lichtbild.raw.floats import float_white, whole

        white = float_white(directory)
    stored = read_pixels(tiff.data, layout, white)
    tags = Tags.of(tiff, directory)
    list_1, list_2 = (parse_opcodes(tags_bytes(directory, tiff, t)) for t in (51008, 51009))
    stored = mend_listed(stored, list_1, notes)
    table = None if layout.floating else levels.linearization_table(directory)
    if layout.compression == JPEG_XL and table is None:
        stored = _spread(stored, layout.bits, directory)
    active = stored[top:bottom, left:right]
    if layout.floating:
        black = levels.black_of(directory, active.shape, white, None, notes).spread(lambda level: whole(level, white))
        white = 65535.0
    else:
        white = levels.white_level(directory, layout.bits, table, notes)
        black = levels.black_of(directory, active.shape, white, levels.masked_mean(directory, stored, table), notes)
    height, width = active.shape[:2]
    two = read_list_two(list_2, height, width, 3 if active.ndim == 3 else 1, notes)
    if two.curves is not None:
        pixels, sites, white = _mapped(active, table, black, white, two.curves)
    else:
        pixels, sites = levels.linearised(active, table, black), black.sites
    shading = two.shading
    color = None
    if cfa == "RGB" and pixels.ndim == 2:
        color = grey_color(tags, notes)
        pixels, sites = np.repeat(pixels[..., None], 3, 2), (sum(sites) / 4,) * 4
        shading = None if shading is None else np.repeat(shading.mean(2, keepdims=True), 4, 2)
    elif _is_untold(tags) and is_balanced(pixels, cfa, sites):
        color = finished_color(tags, notes)
    across, down = directory.floats(50718, 2) or (1.0, 1.0)
    notes.pixel_shape(across / down if down > 0 else 1.0)
    metadata = replace(
        read_metadata(path, tags, notes, color),
        opcode_list_2=without(tags_bytes(directory, tiff, 51009), two.applied),
        opcode_list_3=tags_bytes(directory, tiff, 51022),
    )
    return Sensor(
        pixels=pixels,
        cfa=cfa,
        black_level=sites,
        white_level=white,
        metadata=metadata,
        shading=shading,
        default_crop=default_crop(directory, pixels.shape),
        noise_tag=noise_profile_tag(tags),
    )


def _is_untold(tags: Tags) -> bool:
    matrix = matrix_of(tags.floats(50721, 9)) or matrix_of(tags.floats(50722, 9))
    return tags.holder(50729) is None and is_untold(matrix, normalised_neutral(tags.floats(50728, 3)))


def _spread(stored: Mosaic, bits: int, directory: Directory) -> Mosaic:
    """Some phones code few bits in JPEG XL, and give levels for the full range of 16."""
    top, white = (1 << bits) - 1, directory.floats(50717)
    if not white or not top < min(white) <= 65535:
        return stored
    return (stored.astype(np.uint32) * 65535 // top).astype(np.uint16)


def tags_bytes(directory: Directory, tiff: Tiff, tag: int) -> bytes:
    """Opcode lists belong to the raw image's directory; some writers put them in the first."""
    return directory.bytes(tag) or tiff.directories[0].bytes(tag)


def cfa_of(directory: Directory) -> str:
    """ "RGGB" and the like, "RGB" for linear raw. Raises `RawError` for mosaics that are not 2x2 of R, G, G, B."""
    if directory.integer(262) == LINEAR_RAW:
        return "RGB"
    size, pattern = directory.integers(33421, 2), directory.integers(33422)
    if size == (6, 6):
        raise RawError(X_TRANS)
    if directory.integer(50711, 1) != 1:
        raise RawError("has a mosaic with staggered rows or columns; convert it to a linear DNG")
    if size != (2, 2) or pattern is None or len(pattern) < 4:
        raise RawError("does not describe a 2x2 mosaic; only Bayer mosaics can be developed")
    planes = directory.integers(50710) or (0, 1, 2)
    if len(planes) != 3:
        raise RawError(f"has a mosaic of {len(planes)} colours; only red, green and blue can be developed")
    colors = "".join("RGB"[v] if v in (0, 1, 2) else "?" for v in pattern[:4])
    if colors not in CFAS or any(v not in planes for v in pattern[:4]):
        raise RawError(NOT_BAYER)
    return colors


def active_area(directory: Directory, layout: Layout) -> tuple[int, int, int, int]:
    """ActiveArea (top, left, bottom, right) inside the image; the whole image when it cannot be."""
    area = directory.integers(50829, 4)
    if area:
        top, left, bottom, right = area
        if 0 <= top < bottom <= layout.height and 0 <= left < right <= layout.width:
            return top, left, bottom, right
    return 0, 0, layout.height, layout.width


def default_crop(directory: Directory, shape: tuple[int, ...]) -> tuple[int, int, int, int] | None:
    """DefaultCrop of the active area, and in it DefaultUserCrop, as (top, left, height, width)."""
    left, top = directory.floats(50719, 2) or (0.0, 0.0)
    width, height = directory.floats(50720, 2) or (shape[1] - left, shape[0] - top)
    user = directory.floats(51125, 4)
    values = np.asarray([top, left, height, width])
    if not np.isfinite(values).all() or values.min() < 0 or values.max() > 65535:
        return None
    if user and all(0 <= v <= 1 for v in user) and user[2] - user[0] > 0.1 and user[3] - user[1] > 0.1:
        top, left = top + user[0] * height, left + user[1] * width
        height, width = (user[2] - user[0]) * height, (user[3] - user[1]) * width
    return clamped_crop(top, left, height, width, shape)


def _mapped(
    active: Mosaic,
    table: npt.NDArray[np.uint16] | None,
    black: levels.Black,
    white: float,
    curves: npt.NDArray[np.float64],
) -> tuple[Mosaic, tuple[float, float, float, float], float]:
    """Numbers through opcode curves, which work on 0..1: black becomes `PEDESTAL` and white 65535.

    Below black a curve goes on as its mirror image, so that noise there keeps its mean.
    """
    stored = np.arange(65536, dtype=np.float64) if table is None else table.astype(np.float64)
    tables = np.empty((len(curves), 65536), np.uint16)
    for site, curve in enumerate(curves):
        x = np.clip((stored - black.sites[site]) / (white - black.sites[site]), -1.0, 1.0)
        y = np.interp(np.abs(x), np.linspace(0.0, 1.0, 65536), curve)
        y = np.where(x < 0, 2 * curve[0] - y, y)
        tables[site] = np.rint(np.clip(PEDESTAL + y * (65535 - PEDESTAL), 0, 65535))
    pixels = levels.linearised(active, tables, levels.Black(black.sites, None))
    return pixels, (PEDESTAL,) * 4, 65535.0
