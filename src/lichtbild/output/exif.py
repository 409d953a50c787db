"""The EXIF of a finished picture: what the reference frame said, without what is no longer true (Exif 2.32)."""

from __future__ import annotations

import math
import os
import re
import struct
import time
from typing import Any

from lichtbild import __version__
from lichtbild.carriers import Metadata, Picture
from lichtbild.metadata.gps import sound
from lichtbild.metadata.moment import is_date
from lichtbild.output.tiff import EXIF_IFD, GPS_IFD, Directory, Tag, Type, tags_from, to_bytes
from lichtbild.record import record

# Words about the picture in the first directory; all else there describes pixels that are no more.
_IMAGE_KEPT = {269, 270, 315, 18246, 18249, 33432, *range(40091, 40096)}
# MakerNote (docs/decisions/0026), interoperability, paddings, what described the raw pixels or the old file, places in
# its grid (SubjectArea), and what the camera did to its own picture (Contrast, Saturation, Sharpness).
_EXIF_DROPPED = {
    34856, 36864, 36880, 37121, 37122, 37396, 37500, 37520, 40960, 40961, 40962, 40963, 40965, 41484, 41486, 41487,
    41488, 41492, 41730, 41992, 41993, 41994, 42016, 42240, 59932, 59933,
}  # fmt: skip
_DATES = {36867, 36868}
_OFFSET = r"[-+]\d\d:\d\d"
_POSITIVE = {33434, 33437, 34855, 37386, 41989}  # where nothing is known some cameras write 0
_SRGB, _UNCALIBRATED = 1, 65535


@record
class Fields:
    """The tags of a finished picture: of the first directory, of its EXIF and of its GPS children."""

    image: tuple[Tag, ...]
    exif: tuple[Tag, ...]
    gps: tuple[Tag, ...]
    size: tuple[int, int]  # width, height

    def children(self) -> dict[int, list[Directory]]:
        """What the first directory of a TIFF points to."""
        found = {EXIF_IFD: [Directory(self.exif)]}
        if self.gps:
            found[GPS_IFD] = [Directory(self.gps)]
        return found

    def block(self, limit: int | None = None) -> bytes:
        """One TIFF structure for every other format; with `limit`, the longest words are left out until it fits."""
        image = [*self.image, Tag(531, Type.SHORT, 1)]  # YCbCrPositioning: centred, as libjpeg subsamples
        exif = [*self.exif, *_size_tags(self.size)]
        gps = {GPS_IFD: [Directory(self.gps)]} if self.gps else {}
        while True:
            block = to_bytes([Directory(image, children={EXIF_IFD: [Directory(exif)], **gps})])
            if limit is None or len(block) <= limit:
                return block
            longest = max([*image, *exif], key=lambda tag: len(tag.encode()[1]))
            image = [tag for tag in image if tag is not longest]
            exif = [tag for tag in exif if tag is not longest]


def fields_of(picture: Picture) -> Fields:
    """EXIF of a finished picture: orientation is 1, Software is Lichtbild; maker notes and thumbnails are left out."""
    meta = picture.metadata
    kept = {k: v for k, v in meta.exif.get("Image", {}).items() if k in _IMAGE_KEPT}
    image = [
        *(tag for tag in tags_from(kept) if _is_said(tag)),
        *_text(306, modified(meta)[0]),
        *_text(271, meta.make),
        *_text(272, meta.model),
        Tag(274, Type.SHORT, 1),
        Tag(282, Type.RATIONAL, (72, 1)),
        Tag(283, Type.RATIONAL, (72, 1)),
        Tag(296, Type.SHORT, 2),
        Tag(305, Type.ASCII, f"Lichtbild {__version__}"),
    ]
    gps = tags_from({0: (Type.BYTE, (2, 3, 0, 0)), **sound(meta.exif.get("GPS", {}))})
    height, width = picture.image.shape[:2]
    return Fields(tuple(image), tuple(_exif_tags(picture)), tuple(gps) if len(gps) > 1 else (), (width, height))


def _exif_tags(picture: Picture) -> list[Tag]:
    """The frame's own fields first; where the file gave none, from `Metadata`; then what is true of the picture."""
    meta = picture.metadata
    return [
        *_from_metadata(meta),
        Tag(36864, Type.UNDEFINED, b"0232"),
        *_from_dng(meta),
        *_text(42036, meta.lens),
        *(tag for tag in tags_from(meta.exif.get("Exif", {}), drop=_EXIF_DROPPED) if _is_said(tag)),
        *_offsets(meta),
        Tag(40961, Type.SHORT, _SRGB if picture.space == "srgb" and picture.image.dtype.kind == "u" else _UNCALIBRATED),
        Tag(40960, Type.UNDEFINED, b"0100"),
        Tag(41985, Type.SHORT, 1),  # CustomRendered: processed with care for the output
        *_balance(picture),
        *_composite(picture),
    ]


def _size_tags(size: tuple[int, int]) -> list[Tag]:
    width, height = size
    return [
        Tag(37121, Type.UNDEFINED, b"\1\2\3\0"),
        Tag(40962, Type.LONG, width),
        Tag(40963, Type.LONG, height),
    ]


def _from_metadata(meta: Metadata) -> list[Tag]:
    tags = []
    for key, value in ((33434, meta.exposure_time), (33437, meta.f_number), (37386, meta.focal_length)):
        if value is not None and math.isfinite(value) and value > 0:
            tags.append(Tag(key, Type.RATIONAL, float(value)))
    if meta.iso is not None and math.isfinite(meta.iso) and meta.iso >= 1:
        tags.append(Tag(34855, Type.SHORT, min(round(meta.iso), 65535)))
    moment, _, fraction = meta.capture_time.partition(".")
    if len(moment) == 19:
        tags += [Tag(36867, Type.ASCII, moment), Tag(36868, Type.ASCII, moment)]
        tags += _text(37521, fraction)
    return tags


def _is_said(tag: Tag) -> bool:
    """False for empty words, dates that are none, and numbers that a camera did not know."""
    if tag.type == Type.ASCII and not tag.encode()[1].strip(b"\0 "):
        return False
    if tag.id in _DATES:
        return is_date(str(tag.value).strip("\0 "))
    if tag.type in (Type.RATIONAL, Type.SRATIONAL) and tag.id != 42034:  # a lens may not know its aperture: 0/0
        count, data = tag.encode()
        numbers = struct.unpack(f"<{2 * count}i", data)
        return 0 not in numbers[1::2] and (tag.id not in _POSITIVE or numbers[0] != 0)
    return tag.id not in _POSITIVE or tag.value not in ((0,), 0)


def _from_dng(meta: Metadata) -> list[Tag]:
    """What DNG keeps in tags of its own: the lens, the camera's serial number."""
    image = meta.exif.get("Image", {})
    pairs = ((50735, 42033), (50736, 42034))
    return tags_from({exif: image[dng] for dng, exif in pairs if dng in image})


def modified(meta: Metadata) -> tuple[str, str]:
    """(ModifyDate, its offset from UTC): that of the capture, as in a camera, so that the same frames always give the
    same bytes; or the moment that SOURCE_DATE_EPOCH names (reproducible-builds.org), in UTC."""
    if (seconds := os.environ.get("SOURCE_DATE_EPOCH", "")).isdigit() and len(seconds) < 12:
        return time.strftime("%Y:%m:%d %H:%M:%S", time.gmtime(int(seconds))), "+00:00"
    moment = meta.capture_time.partition(".")[0]
    if is_date(moment):
        return moment, offset_of(meta)
    kept = meta.exif.get("Image", {}).get(306, (0, ""))[1]
    moment = kept if isinstance(kept, str) and is_date(kept) else ""
    return moment, offset_of(meta)


def offset_of(meta: Metadata) -> str:
    """The capture's offset from UTC, of EXIF 2.31's tags or TIFF/EP's TimeZoneOffset; empty where it is unknown."""
    fields, image = meta.exif.get("Exif", {}), meta.exif.get("Image", {})
    same = image.get(306, (0, ""))[1] == meta.capture_time.partition(".")[0]  # else it may be a converter's
    for tag in (36881, 36882, *([36880] if same else [])):
        told = fields.get(tag, (0, ""))[1]
        if isinstance(told, str) and re.fullmatch(_OFFSET, told.strip()):
            return told.strip()
    hours = image.get(34858, (0, ()))[1]
    if isinstance(hours, tuple) and hours and isinstance(hours[0], int) and -12 <= hours[0] <= 14:
        return f"{hours[0]:+03d}:00"
    return ""


def _offsets(meta: Metadata) -> list[Tag]:
    kept = meta.exif.get("Exif", {})
    told = [(36880, modified(meta)[1])] if modified(meta)[0] else []
    told += [(tag, offset_of(meta)) for tag in (36881, 36882) if tag not in kept and meta.capture_time]
    return [tag for key, offset in told for tag in _text(key, offset)]


def _balance(picture: Picture) -> list[Tag]:
    """WhiteBalance: manual where the recipe gives a temperature, automatic where it was estimated."""
    asked = str(picture.recipe.get("settings", {}).get("wb", "as-shot"))
    return [] if asked == "as-shot" else [Tag(41987, Type.SHORT, 0 if asked == "auto" else 1)]


def _composite(picture: Picture) -> list[Tag]:
    """CompositeImage and how many frames were shot and used, for a picture made of several."""
    burst: Any = picture.recipe.get("decided", {}).get("burst", {})
    given, used = burst.get("frames", 1), burst.get("used", 1)
    if not (isinstance(given, int) and isinstance(used, int) and 2 <= used <= given <= 65535):
        return []
    return [Tag(42080, Type.SHORT, 3), Tag(42081, Type.SHORT, (given, used))]


def _text(key: int, value: str) -> list[Tag]:
    return [Tag(key, Type.ASCII, value)] if value else []
