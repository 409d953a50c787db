"""What a photograph says of itself as attributes of an OpenEXR header, by the names of OpenEXR's standard attributes.

The whole XMP packet is in the string attribute "xmp".
"""

from __future__ import annotations

import math
import struct
from collections.abc import Iterator
from typing import Any

from lichtbild.output.attachments import Attachments


def attributes(attached: Attachments) -> list[tuple[str, str, bytes]]:
    """(name, type, value) of each attribute, sorted by name; names and types of OpenEXR 3.3."""
    found = {name: (name, kind, data) for name, kind, data in _all(attached)}
    return [found[name] for name in sorted(found)]


def _all(attached: Attachments) -> Iterator[tuple[str, str, bytes]]:
    fields = attached.fields
    values: dict[int, Any] = {t.id: t.value for t in (*fields.image, *fields.exif)}
    gps = {t.id: t.value for t in fields.gps}
    words = {
        "comments": values.get(270),
        "owner": values.get(33432) or values.get(315),
        "capDate": values.get(36867) or values.get(306),
        "cameraMake": values.get(271),
        "cameraModel": values.get(272),
        "cameraSerialNumber": values.get(42033),
        "lensMake": values.get(42035),
        "lensModel": values.get(42036),
        "lensSerialNumber": values.get(42037),
        "software": values.get(305),
        "xmp": attached.xmp.decode(),
    }
    for name, word in words.items():
        if isinstance(word, str) and word.strip("\0 "):
            yield name, "string", word.rstrip("\0").encode()
    numbers = {
        "expTime": _number(values.get(33434)),
        "aperture": _number(values.get(33437)),
        "isoSpeed": _number(values.get(34855)),
        "nominalFocalLength": _number(values.get(37386)),
        "focus": _number(values.get(37382)),
        "latitude": _degrees(gps.get(2), gps.get(1), "S"),
        "longitude": _degrees(gps.get(4), gps.get(3), "W"),
        "altitude": _altitude(gps),
        "utcOffset": _offset(values.get(36881)),
    }
    for name, number in numbers.items():
        if number is not None and math.isfinite(number):
            yield name, "float", struct.pack("<f", number)


def _number(value: Any) -> float | None:
    """A tag's first number; rationals as a pair, or as pairs."""
    while isinstance(value, (tuple, list)) and value:
        if len(value) == 2 and all(isinstance(v, int) for v in value):
            return value[0] / value[1] if value[1] else None
        value = value[0]
    return float(value) if isinstance(value, (int, float)) else None


def _degrees(value: Any, side: Any, negative: str) -> float | None:
    if not isinstance(value, (tuple, list)) or len(value) != 3:
        return None
    parts = [_number(v) for v in value]
    if any(p is None for p in parts):
        return None
    degrees = sum(p / scale for p, scale in zip(parts, (1, 60, 3600), strict=True) if p is not None)
    return -degrees if str(side).startswith(negative) else degrees


def _altitude(gps: dict[int, Any]) -> float | None:
    height = _number(gps.get(6))
    below = gps.get(5) in (b"\1", 1, (1,))
    return -height if height is not None and below else height


def _offset(text: Any) -> float | None:
    """OpenEXR counts seconds from UTC westwards: UTC = local time + utcOffset."""
    try:
        sign, hours, minutes = text[0], int(text[1:3]), int(text[4:6])
    except (TypeError, ValueError, IndexError):
        return None
    seconds = hours * 3600 + minutes * 60
    return float(-seconds if sign == "+" else seconds)
