"""GPS: EXIF's fields from XMP's text, and which of EXIF's fields are sound (Exif 2.32, XMP specification part 2)."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from lichtbild.metadata.xmp import Value, text

if TYPE_CHECKING:
    from fractions import Fraction

Fields = Mapping[int, tuple[int, Any]]
_BYTE, _ASCII, _RATIONAL = 1, 2, 5
_COORDINATES = {2: (1, 90), 4: (3, 180)}  # tag: its reference's tag, largest
_SIDES = {1: "NS", 3: "EW"}


def sound(fields: Fields) -> dict[int, tuple[int, Any]]:
    """The fields without numbers that are none; of a place with a coordinate that is none, nothing stays."""
    kept = {tag: entry for tag, entry in fields.items() if _is_sound(entry)}
    for tag, (_, largest) in _COORDINATES.items():
        if tag not in fields:
            continue
        degrees = degrees_of(kept.get(tag, (0, ()))[1])
        if degrees is None or degrees > largest:
            for part in (1, 2, 3, 4):
                kept.pop(part, None)
    return kept if set(kept) - {0} else {}


def degrees_of(value: Any) -> float | None:
    """Degrees of three rationals; None where they are no angle."""
    pairs = _pairs(value)
    if len(pairs) != 3 or any(d == 0 for _, d in pairs):
        return None
    return float(sum(n / d / scale for (n, d), scale in zip(pairs, (1, 60, 3600), strict=True)))


def _pairs(value: Any) -> list[tuple[float, float]]:
    """Rationals as pairs, from any form that `output/tiff.py` writes; nothing where they are none."""
    if not isinstance(value, (tuple, list)):
        return []
    if value and all(isinstance(v, float) and math.isfinite(v) for v in value):
        return [(v, 1.0) for v in value]
    flat = [n for v in value for n in (v if isinstance(v, (tuple, list)) else (v,))]
    if len(flat) % 2 or not all(isinstance(n, int) for n in flat):
        return []
    return list(zip(flat[::2], flat[1::2], strict=True))


def _is_sound(entry: tuple[int, Any]) -> bool:
    kind, value = entry
    if kind == _ASCII:
        return bool(str(value).strip())
    pairs = _pairs(value)
    return kind != _RATIONAL or (bool(pairs) and all(d != 0 for _, d in pairs))


def from_xmp(properties: Mapping[str, Value]) -> dict[int, tuple[int, Any]]:
    """EXIF's fields from exif:GPS...; empty unless both coordinates are there and sound."""
    found: dict[int, tuple[int, Any]] = {}
    for name, reference in (("exif:GPSLatitude", 1), ("exif:GPSLongitude", 3)):
        angle = _angle(text(properties.get(name)), _SIDES[reference])
        if angle is None or angle[1] > _COORDINATES[reference + 1][1]:
            return {}
        side, degrees = angle
        whole = int(degrees)
        minutes = int((degrees - whole) * 60)
        seconds = ((degrees - whole) * 60 - minutes) * 60
        thousandths = round(seconds * 10_000)
        found[reference] = (_ASCII, side)
        found[reference + 1] = (_RATIONAL, ((whole, 1), (minutes, 1), (thousandths, 10_000)))
    height = _ratio(text(properties.get("exif:GPSAltitude")))
    if height is not None and 0 <= height < 100_000:
        below = text(properties.get("exif:GPSAltitudeRef")) == "1"
        found[5] = (_BYTE, bytes([below]))
        found[6] = (_RATIONAL, ((round(height * 1000), 1000),))
    return found


def _angle(words: str, sides: str) -> tuple[str, Fraction] | None:
    """XMP's "48,8,15N" and "48,8.25N", and a plain number of degrees, as (side, degrees)."""
    if not words:
        return None
    from fractions import Fraction  # few photographs have a place in XMP

    part = r"(\d{1,2}(?:\.\d{1,12})?)"
    if match := re.fullmatch(rf"(\d{{1,3}}),{part}(?:,{part})?([{sides}])", words, re.ASCII):
        whole, minutes, seconds, side = match.groups()
        return side, Fraction(whole) + Fraction(minutes) / 60 + Fraction(seconds or 0) / 3600
    if re.fullmatch(r"[-+]?\d{1,3}(\.\d{1,15})?", words, re.ASCII):
        degrees = Fraction(words)
        return sides[degrees < 0], abs(degrees)
    return None


def _ratio(words: str) -> float | None:
    match = re.fullmatch(r"(\d{1,12}(?:\.\d{1,12})?)(?:/(\d{1,12}))?", words, re.ASCII)
    if not match or (match[2] is not None and int(match[2]) == 0):
        return None
    value = float(match[1]) / float(match[2] or 1)
    return value if math.isfinite(value) else None
