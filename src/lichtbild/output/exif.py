"""The EXIF of a finished picture: what the reference frame said, without what is no longer true (Exif 2.32)."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

from lichtbild import __version__
from lichtbild.carriers import Metadata, Picture
from lichtbild.output.tiff import EXIF_IFD, GPS_IFD, Directory, Tag, Type, tags_from, to_bytes

# Words about the picture in the first directory; all else there describes pixels that are no more.
_IMAGE_KEPT = {269, 270, 306, 315, 18246, 18249, 33432, *range(40091, 40096)}
# MakerNote (its offsets break), interoperability, paddings, and what described the raw pixels or the old file.
_EXIF_DROPPED = {37121, 37122, 37500, 40960, 40961, 40962, 40963, 40965, 41730, 42016, 42240, 59932, 59933}
_SRGB, _UNCALIBRATED = 1, 65535


@dataclass(frozen=True)
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
        *tags_from(kept),
        *_text(271, meta.make),
        *_text(272, meta.model),
        Tag(274, Type.SHORT, 1),
        Tag(282, Type.RATIONAL, (72, 1)),
        Tag(283, Type.RATIONAL, (72, 1)),
        Tag(296, Type.SHORT, 2),
        Tag(305, Type.ASCII, f"Lichtbild {__version__}"),
    ]
    gps = tags_from({0: (Type.BYTE, (2, 3, 0, 0)), **meta.exif.get("GPS", {})})
    height, width = picture.image.shape[:2]
    return Fields(tuple(image), tuple(_exif_tags(picture)), tuple(gps) if len(gps) > 1 else (), (width, height))


def _exif_tags(picture: Picture) -> list[Tag]:
    """The frame's own fields first; where the file gave none, from `Metadata`; then what is true of the picture."""
    meta = picture.metadata
    return [
        *_from_metadata(meta),
        Tag(36864, Type.UNDEFINED, b"0232"),
        *tags_from(meta.exif.get("Exif", {}), drop={*_EXIF_DROPPED, 36864}),
        *_text(42036, meta.lens),
        Tag(40961, Type.SHORT, _SRGB if picture.space == "srgb" and picture.image.dtype.kind == "u" else _UNCALIBRATED),
        Tag(40960, Type.UNDEFINED, b"0100"),
        Tag(41985, Type.SHORT, 1),  # CustomRendered: processed with care for the output
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


def _composite(picture: Picture) -> list[Tag]:
    """CompositeImage and how many frames were shot and used, for a picture made of several."""
    burst: Any = picture.recipe.get("decided", {}).get("burst", {})
    given, used = burst.get("frames", 1), burst.get("used", 1)
    if not (isinstance(given, int) and isinstance(used, int) and 2 <= used <= given <= 65535):
        return []
    return [Tag(42080, Type.SHORT, 3), Tag(42081, Type.SHORT, (given, used))]


def _text(key: int, value: str) -> list[Tag]:
    return [Tag(key, Type.ASCII, value)] if value else []
