"""Write a `Frame` as a DNG 1.4 file: the merged mosaic for any raw developer, or what the virtual camera shot.

The raw image is the first directory, 16 bits in one uncompressed strip or in compressed tiles; a small preview is its
child. Levels and noise are given at the clip level, so that nothing that was measured is cut off by another program.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from lichtbild import __version__
from lichtbild.atomic_file import Chunk, check_target, write_atomically
from lichtbild.carriers import CameraColor, Frame, Metadata
from lichtbild.errors import OutputError
from lichtbild.metadata.gps import sound
from lichtbild.metadata.moment import is_date
from lichtbild.output.opcodes import GAIN_MAP, opcode_ids, with_gain_maps
from lichtbild.output.thumbnail import thumbnail
from lichtbild.output.tiff import (
    EXIF_IFD,
    GPS_IFD,
    SUB_IFDS,
    TILE_LENGTH,
    TILE_WIDTH,
    Directory,
    Tag,
    Type,
    iptc_tag,
    serialise,
    tags_from,
)
from lichtbild.record import replace

# XYZ (D65) to linear sRGB: the camera of a file that does not say; required tag, so something must stand there.
_FALLBACK_MATRIX = ((3.2406, -1.5372, -0.4986), (-0.9689, 1.8758, 0.0415), (0.0557, -0.2040, 1.0570))
_D65 = 21
# Kept from the first directory: words about the picture. All else there describes pixels that are no more.
_IMAGE_TAGS_KEPT = {269, 270, 305, 306, 315, 316, 18246, 18249, 33432, 34858, *range(40091, 40096), 50709, 50735, 50736}
# Not kept: MakerNote (its offsets break), pointers, pixel sizes, padding, colour space of a finished picture.
_EXIF_TAGS_DROPPED = {37500, 40961, 40962, 40963, 40965, 59932, 59933}
_TILE = 256  # pixels of a side of a compressed tile
_DATES = {306, 36867, 36868}


def write_dng(
    frame: Frame,
    path: Path,
    *,
    overwrite: bool = False,
    compression: str = "none",
    software: str = f"Lichtbild {__version__}",
    xmp: bytes = b"",
    preview: bool = True,
    finish: Callable[[list[Chunk]], list[Chunk]] | None = None,
) -> None:
    """Write `frame` to `path`, whole or not at all.

    compression: "none", which is written as fast as the disk takes it, or "lossless" (ITU-T T.81, process 14), about
    60 % of the size.
    xmp: an XMP packet to store.   preview: add a small RGB picture for file browsers.
    finish: what is done to the whole file before it is written, as signing it.
    WhiteLevel becomes the clip level; when that is above the white level, BaselineExposure and NoiseProfile are
    restated for it, so that the brightness in any raw developer stays.
    Raises `OutputError` when the file exists (unless `overwrite`) or cannot be written.
    """
    check_target(path, overwrite=overwrite)
    if compression not in ("none", "lossless"):
        raise OutputError(f"{path}: DNG compression {compression!r} is not known; use 'none' or 'lossless'")
    try:
        directory = _raw_directory(frame, software=software, xmp=xmp, preview=preview)
        chunks = serialise([_compressed(directory, frame.mosaic) if compression == "lossless" else directory])
    except ValueError as error:
        raise OutputError(f"{path}: cannot be written as DNG ({error})") from None
    except OutputError as error:
        raise OutputError(f"{path}: {error}") from None
    write_atomically(path, finish(chunks) if finish else chunks, overwrite=overwrite)


def _raw_directory(frame: Frame, *, software: str, xmp: bytes, preview: bool) -> Directory:
    meta = frame.metadata
    height, width = frame.mosaic.shape[:2]
    samples = 3 if frame.is_linear else 1
    opcodes = _opcode_lists(frame)
    tags = [
        *_kept({k: v for k, v in meta.exif.get("Image", {}).items() if k in _IMAGE_TAGS_KEPT}),
        *_size_tags(width, height, samples, bits=16, photometric=34892 if frame.is_linear else 32803),
        Tag(254, Type.LONG, 0),
        Tag(271, Type.ASCII, meta.make or "Unknown"),
        Tag(272, Type.ASCII, meta.model or "Unknown"),
        Tag(274, Type.SHORT, meta.orientation if meta.orientation in range(1, 9) else 1),
        Tag(305, Type.ASCII, software),
        Tag(50706, Type.BYTE, (1, 4, 0, 0)),
        Tag(50707, Type.BYTE, (1, 3, 0, 0) if opcodes else (1, 1, 0, 0)),
        Tag(50708, Type.ASCII, meta.unique_camera_model or f"{meta.make} {meta.model}".strip() or "Unknown"),
        *_sensor_tags(frame),
        *_color_tags(frame),
        *opcodes,
    ]
    if xmp:
        tags.append(Tag(700, Type.BYTE, xmp))
    children = {EXIF_IFD: [Directory(list(_exif_tags(meta)))]}
    if meta.iptc:
        tags.append(iptc_tag(meta.iptc))
    if gps := tags_from(sound(meta.exif.get("GPS", {}))):
        children[GPS_IFD] = [Directory(gps)]
    if preview:
        children[SUB_IFDS] = [_preview_directory(frame)]
    return Directory(tags, strips=[frame.mosaic], children=children)


def _compressed(directory: Directory, mosaic: npt.NDArray[np.uint16]) -> Directory:
    """The same directory with the mosaic in tiles of lossless JPEG, coded on all processors."""
    from imagecodecs import ljpeg_encode

    from lichtbild.workers import on_all_processors

    height, width = mosaic.shape[:2]
    down, across = _TILE, min(_TILE, max(width // 16 * 16, 16))  # LibRaw wants no tile wider than the picture
    whole = np.pad(mosaic, ((0, -height % down), (0, -width % across), *[(0, 0)] * (mosaic.ndim - 2)), "edge")
    tiles = [whole[y : y + down, x : x + across] for y in range(0, height, down) for x in range(0, width, across)]
    coded = on_all_processors(lambda t: bytes(ljpeg_encode(t.reshape(down, -1), bitspersample=16)), tiles)
    size = [Tag(TILE_WIDTH, Type.LONG, across), Tag(TILE_LENGTH, Type.LONG, down), Tag(259, Type.SHORT, 7)]
    return replace(directory, tags=[*(t for t in directory.tags if t.id not in (259, 278)), *size], strips=coded)


def _preview_directory(frame: Frame) -> Directory:
    small = thumbnail(frame)
    tags = [*_size_tags(small.shape[1], small.shape[0], 3, bits=8, photometric=2), Tag(254, Type.LONG, 1)]
    return Directory([*tags, Tag(50970, Type.LONG, 2)], strips=[small])


def _size_tags(width: int, height: int, samples: int, *, bits: int, photometric: int) -> list[Tag]:
    return [
        Tag(256, Type.LONG, width),
        Tag(257, Type.LONG, height),
        Tag(258, Type.SHORT, (bits,) * samples),
        Tag(259, Type.SHORT, 1),
        Tag(262, Type.SHORT, photometric),
        Tag(277, Type.SHORT, samples),
        Tag(278, Type.LONG, height),
        Tag(284, Type.SHORT, 1),
    ]


def _headroom(frame: Frame) -> float:
    """Clip level over white level, black subtracted."""
    black = float(np.mean(frame.black_level))
    ratio = (frame.clip_level - black) / max(frame.white_level - black, 1.0)
    return ratio if math.isfinite(ratio) and ratio > 0 else 1.0


def _sensor_tags(frame: Frame) -> Iterator[Tag]:
    height, width = frame.mosaic.shape[:2]
    samples = 3 if frame.is_linear else 1
    black = frame.black_level[:3] if frame.is_linear else frame.black_level
    whole = all(float(b).is_integer() for b in black)
    top, left, crop_height, crop_width = frame.default_crop or (0, 0, height, width)
    if not frame.is_linear:
        yield Tag(33421, Type.SHORT, (2, 2))
        yield Tag(33422, Type.BYTE, tuple("RGB".index(c) for c in frame.cfa))
        yield Tag(50710, Type.BYTE, (0, 1, 2))
        yield Tag(50711, Type.SHORT, 1)
    yield Tag(50713, Type.SHORT, (1, 1) if frame.is_linear else (2, 2))
    yield Tag(50714, Type.LONG if whole else Type.RATIONAL, [int(b) if whole else float(b) for b in black])
    yield Tag(50717, Type.LONG, (max(1, round(frame.clip_level)),) * samples)
    yield Tag(50719, Type.LONG, (left, top))
    yield Tag(50720, Type.LONG, (crop_width, crop_height))
    yield Tag(50829, Type.LONG, (0, 0, height, width))
    # Restated for x' = x / k: variance' = (scale * k * x' + offset) / k^2.
    k, noise = _headroom(frame), frame.noise_profile
    pairs = [v for s, o in zip(noise.scale, noise.offset, strict=True) for v in (s / k, o / k**2)]
    if all(math.isfinite(v) and v >= 0 for v in pairs) and any(pairs):
        yield Tag(51041, Type.DOUBLE, pairs)


def _color_tags(frame: Frame) -> Iterator[Tag]:
    color = frame.metadata.color
    if color.profile is not None:
        from lichtbild.devices.dcp_write import color_tags, look_tags

        yield from look_tags(color.profile)
        yield from color_tags(color.profile)
    if color.profile is None or not color.profile.lights:  # else its matrices stand in the order of its tables
        yield from _matrices(color)
    yield Tag(50727, Type.RATIONAL, [float(v) for v in color.analog_balance])
    if color.as_shot_neutral is not None:
        yield Tag(50728, Type.RATIONAL, [float(v) for v in color.as_shot_neutral])
    elif color.as_shot_white_xy is not None:
        yield Tag(50729, Type.RATIONAL, [float(v) for v in color.as_shot_white_xy])
    yield Tag(50730, Type.SRATIONAL, float(color.baseline_exposure + math.log2(_headroom(frame))))


def _matrices(color: CameraColor) -> Iterator[Tag]:
    dual = color.color_matrix_2 is not None and color.calibration_illuminant_2 is not None
    numbered = [
        (50721, color.color_matrix_1 or _FALLBACK_MATRIX),
        (50722, color.color_matrix_2 if dual else None),
        (50723, color.camera_calibration_1),
        (50724, color.camera_calibration_2 if dual else None),
        (50964, color.forward_matrix_1),
        (50965, color.forward_matrix_2 if dual else None),
    ]
    for key, matrix in numbered:
        if matrix is not None:
            yield Tag(key, Type.SRATIONAL, [float(v) for row in matrix for v in row])
    yield Tag(50778, Type.SHORT, color.calibration_illuminant_1 or _D65)
    if dual:
        yield Tag(50779, Type.SHORT, color.calibration_illuminant_2)


def _opcode_lists(frame: Frame) -> list[Tag]:
    meta = frame.metadata
    lists = {51008: meta.opcode_list_1, 51009: meta.opcode_list_2, 51022: meta.opcode_list_3}
    if frame.shading is not None and GAIN_MAP not in [i for stored in lists.values() for i in opcode_ids(stored)]:
        height, width = frame.mosaic.shape[:2]
        lists[51009] = with_gain_maps(lists[51009], frame.shading, height, width, linear=frame.is_linear)
    return [Tag(key, Type.UNDEFINED, stored) for key, stored in lists.items() if opcode_ids(stored)]


def _exif_tags(meta: Metadata) -> Iterator[Tag]:
    """The photograph's data: what the carrier knows, then what was kept from the file, which counts."""
    yield Tag(36864, Type.UNDEFINED, b"0230")
    numbers = [(33434, meta.exposure_time), (33437, meta.f_number), (37386, meta.focal_length)]
    for key, value in numbers:
        if value is not None and math.isfinite(value) and value > 0:
            yield Tag(key, Type.RATIONAL, float(value))
    if meta.iso is not None and math.isfinite(meta.iso) and meta.iso > 0:
        yield Tag(34855, Type.SHORT, min(round(meta.iso), 65535))
        if meta.iso > 65535:
            yield Tag(34864, Type.SHORT, 3)  # the next one is the ISO speed
            yield Tag(34867, Type.LONG, round(min(meta.iso, 2**32 - 1)))
    moment, _, fraction = meta.capture_time.partition(".")
    if is_date(moment):
        yield Tag(36867, Type.ASCII, moment)
        yield Tag(36868, Type.ASCII, moment)
    if fraction.isdigit():
        yield Tag(37521, Type.ASCII, fraction)
        yield Tag(37522, Type.ASCII, fraction)
    if meta.lens:
        yield Tag(42036, Type.ASCII, meta.lens)
    yield from _kept(meta.exif.get("Exif", {}))


def _kept(fields: Mapping[int, tuple[int, Any]]) -> list[Tag]:
    """Tags of the file that was read, without those that would not be true of this one and dates that are none."""

    def is_known(value: Any) -> bool:
        text = value.decode("ascii", "replace") if isinstance(value, bytes) else str(value)
        return is_date(text.rstrip("\0 "))

    return [t for t in tags_from(fields, _EXIF_TAGS_DROPPED) if t.id not in _DATES or is_known(t.value)]
