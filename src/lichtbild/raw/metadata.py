"""What a TIFF-based raw says about the photograph: camera, lens, exposure, time, colour (DNG 1.7, EXIF 2.32).

`Metadata.exif` keeps the tags that describe the photograph, not those that describe how pixels are stored:
{"Image" | "Exif" | "GPS": {tag: (TIFF type, value)}} with str for ASCII, bytes for BYTE and UNDEFINED, a tuple of
numbers for the other types, and a tuple of (numerator, denominator) for rationals.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from pathlib import Path
from typing import Any

from lichtbild.carriers import CameraColor, Metadata
from lichtbild.metadata import iim, xml
from lichtbild.metadata.moment import is_moment
from lichtbild.raw.color_tags import read_color
from lichtbild.raw.fallbacks import Notes
from lichtbild.raw.tags import Tags
from lichtbild.raw.tiff import (
    ASCII,
    BYTE,
    IFD,
    IFD8,
    RATIONAL,
    SBYTE,
    SRATIONAL,
    UNDEFINED,
    Directory,
)  # fmt: skip

# Tags of the first directory that are about the photograph.
_IMAGE_TAGS = {
    269, 270, 271, 272, 274, 282, 283, 296, 305, 306, 315, 316, 18246, 18249, 33432, 33434, 33437, 34850, 34855, 34858,
    36867, 37377, 37378, 37379, 37380, 37381, 37382, 37383, 37384, 37385, 37386, 50708, 50735, 50736,
    *range(40091, 40096),
}  # fmt: skip
_MAKER_NOTE, _INTEROP = 37500, 40965
_XMP, _IPTC, _PHOTOSHOP = 700, 33723, 34377
_MAX_VALUE_BYTES = 16384
_MAX_IPTC_BYTES = 1 << 20
_UNKNOWN_ILLUMINANTS = (0, 255)


def read_metadata(path: Path, tags: Tags, notes: Notes, color: CameraColor | None = None) -> Metadata:
    """Everything but the pixels. color: given when the file itself keeps its colour in a maker's own way."""
    orientation = tags.image.integer(274, 1)
    if orientation not in range(1, 9):
        orientation = notes.orientation() if orientation != 0 else 1
    make, model = tags.text(271), tags.text(272)
    return Metadata(
        path=path,
        make=make,
        model=model,
        unique_camera_model=tags.text(50708) or full_model(make, model),
        lens=_lens(tags),
        iso=_iso(tags),
        exposure_time=tags.positive(33434) or _apex(tags.floats(37377, 1), lambda v: 2.0**-v),
        f_number=tags.positive(33437) or _apex(tags.floats(37378, 1), lambda v: 2.0 ** (v / 2)),
        focal_length=tags.positive(37386),
        capture_time=_capture_time(tags),
        orientation=orientation or 1,
        color=color or read_color(tags, notes),
        exif=_kept(tags),
        xmp=tags.packet or _packet(tags.image),
        iptc=_iptc(tags.image),
    )


def full_model(make: str, model: str) -> str:
    """Make and model without saying the maker twice."""
    maker = make.split(" ", maxsplit=1)[0]
    return model if maker and model.lower().startswith(maker.lower()) else f"{make} {model}".strip()


def _apex(value: tuple[float, ...] | None, convert: Callable[[float], float]) -> float | None:
    if value is None or not math.isfinite(value[0]) or not -20 < value[0] < 30 or value[0] == 0:
        return None
    return convert(value[0])


def _iso(tags: Tags) -> float | None:
    """PhotographicSensitivity; where that is full (65535), the newer tags."""
    iso = tags.positive(34855)
    if iso is None or iso >= 65535:
        newer = (tags.positive(t) for t in (34867, 34866, 34865, 34864 if iso is None else 34867))
        iso = next((v for v in newer if v is not None and v >= 1), iso)
    return iso


def _lens(tags: Tags) -> str:
    name = tags.text(42036)
    if name:
        return name
    spec = tags.floats(50736, 4) or tags.floats(42034, 4)
    if not spec or not all(0 < v < 1e5 for v in spec[:2]):
        return ""
    focal = f"{spec[0]:g}-{spec[1]:g} mm" if spec[1] > spec[0] else f"{spec[0]:g} mm"
    if not all(0 < v < 1e3 for v in spec[2:]):
        return focal
    return f"{focal} f/{spec[2]:g}-{spec[3]:g}" if spec[3] > spec[2] else f"{focal} f/{spec[2]:g}"


def _capture_time(tags: Tags) -> str:
    """EXIF's own form, "2014:03:09 13:25:51", with the fraction of a second behind a point."""
    for when, fraction in ((36867, 37521), (36868, 37522), (306, 37520)):
        moment = tags.text(when)
        if is_moment(moment) and not moment.startswith("0000"):
            digits = tags.text(fraction)
            return f"{moment}.{digits}" if digits.isascii() and digits.isdigit() else moment
    return ""


def _packet(directory: Directory) -> bytes:
    """The XMP packet; nothing where it is longer than any that is read."""
    return directory.bytes(_XMP) if _size(directory, _XMP) <= xml.LARGEST else b""


def _iptc(directory: Directory) -> bytes:
    """IPTC-IIM data sets, in a tag of their own or among Photoshop's resources."""
    if 0 < _size(directory, _IPTC) <= _MAX_IPTC_BYTES and (sets := iim.parse(directory.bytes(_IPTC))):
        return iim.serialise(sets)
    if 0 < _size(directory, _PHOTOSHOP) <= xml.LARGEST:
        return iim.serialise(iim.parse(iim.in_resources(directory.bytes(_PHOTOSHOP))))
    return b""


def _size(directory: Directory, tag: int) -> int:
    """An upper bound of the bytes of a tag's value."""
    entry = directory.entries.get(tag)
    return 8 * entry.count if entry and entry.type not in (BYTE, ASCII, UNDEFINED) else entry.count if entry else 0


def _kept(tags: Tags) -> dict[str, dict[int, tuple[int, Any]]]:
    kept: dict[str, dict[int, tuple[int, Any]]] = {}
    for name, directory in (("Image", tags.image), ("Exif", tags.exif), ("GPS", tags.gps)):
        if directory is None:
            continue
        chosen = {}
        for tag, entry in sorted(directory.entries.items()):
            wanted = tag in _IMAGE_TAGS if name == "Image" else tag not in (_MAKER_NOTE, _INTEROP)
            if wanted and entry.type not in (IFD, IFD8) and entry.count <= _MAX_VALUE_BYTES:
                chosen[tag] = (entry.type, _value(directory, tag))
        if chosen:
            kept[name] = chosen
    return kept


def _value(directory: Directory, tag: int) -> Any:
    kind = directory.entries[tag].type
    if kind == ASCII:
        return directory.text(tag)
    if kind in (BYTE, UNDEFINED, SBYTE):
        return directory.bytes(tag)
    values = directory.array(tag)
    assert values is not None
    if kind in (RATIONAL, SRATIONAL):
        return tuple((int(n), int(d)) for n, d in values.tolist())
    return tuple(values.tolist())
