"""What a caption may say of a photograph, in the words that photographers use. What the file does not say is empty."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from typing import Any

from lichtbild.carriers import Metadata
from lichtbild.metadata.xml import XmlError
from lichtbild.metadata.xmp import Value, properties, text
from lichtbild.raw.metadata import full_model

THIN = "\u2009"  # between a number and its unit
_MONTHS = (
    *("January", "February", "March", "April", "May", "June"),
    *("July", "August", "September", "October", "November", "December"),
)
_COMPANY = re.compile(
    r"[ ,]+(corporation|corp|imaging|optical|company|co|ltd|inc|gmbh|ag|camera|electronics)\b\.?", re.I
)
_SMALL_SENSOR = 0.6  # real focal length to that on 35 mm film below which only the latter says something
LONGEST = 100


def values(metadata: Metadata, *, place: bool) -> dict[str, str]:
    """Each field of a caption by its name. place: whether it may say where the photograph was taken."""
    date = _date(metadata.capture_time)
    day, month, year, clock = date or ("", "", "", "")
    made = {
        "camera": _camera(metadata),
        "lens": metadata.lens,
        "focal_length": _focal_length(metadata),
        "aperture": f"f/{_short(metadata.f_number)}" if _positive(metadata.f_number) else "",
        "shutter": _shutter(metadata.exposure_time),
        "iso": f"ISO {round(metadata.iso or 0)}" if _positive(metadata.iso) and (metadata.iso or 0) >= 1 else "",
        "date": f"{int(day)} {_MONTHS[int(month) - 1]} {year}" if date else "",
        "numbers": f"{year}-{month}-{day}" if date else "",
        "month": f"{_MONTHS[int(month) - 1]} {year}" if date else "",
        "year": year,
        "time": clock,
        "place": _place(metadata) if place else "",
        "artist": _artist(metadata),
        "title": text(_properties(metadata).get("dc:title")),
    }
    return {name: plain(words) for name, words in made.items()}


def plain(words: str) -> str:
    """One line of printable characters, not too long: what a file brought cannot disturb the line."""
    line = " ".join("".join(c if c.isprintable() or c == THIN else " " for c in words).split(" "))
    line = re.sub(" +", " ", line).strip()
    return line if len(line) <= LONGEST else line[: LONGEST - 1].rstrip() + "…"


def _positive(value: float | None) -> bool:
    return value is not None and math.isfinite(value) and value > 0


def _short(value: float | None) -> str:
    """At most one decimal, and none where it is a whole number."""
    return f"{value or 0:.1f}".removesuffix(".0")


def _camera(metadata: Metadata) -> str:
    make, model = _COMPANY.sub("", " ".join(metadata.make.split())), " ".join(metadata.model.split())
    return full_model(make, model) if make or model else metadata.unique_camera_model


def _focal_length(metadata: Metadata) -> str:
    real, film = metadata.focal_length, _number(metadata.exif.get("Exif", {}), 41989)
    if _positive(film) and film and _positive(real) and (real or 0) < _SMALL_SENSOR * film:
        return f"{_short(film)}{THIN}mm"
    return f"{_short(real)}{THIN}mm" if _positive(real) else ""


def _shutter(seconds: float | None) -> str:
    if seconds is None or not _positive(seconds) or seconds > 1e6:
        return ""
    if seconds >= 0.29:
        return f"{_short(seconds)}{THIN}s"
    return f"1/{round(1 / seconds)}{THIN}s"


def _date(moment: str) -> tuple[str, str, str, str] | None:
    found = re.match(r"(\d{4}):(\d\d):(\d\d)(?: (\d\d:\d\d))?", moment)
    if not found or not (1 <= int(found[2]) <= 12 and 1 <= int(found[3]) <= 31) or found[1] == "0000":
        return None
    return found[3], found[2], found[1], found[4] or ""


def _artist(metadata: Metadata) -> str:
    value = metadata.exif.get("Image", {}).get(315, (0, ""))[1]
    return value if isinstance(value, str) else ""


def _number(tags: Mapping[int, tuple[int, Any]], tag: int) -> float | None:
    value = tags.get(tag, (0, ()))[1]
    return float(value[0]) if isinstance(value, tuple) and value and isinstance(value[0], (int, float)) else None


def _properties(metadata: Metadata) -> Mapping[str, Value]:
    """What photographers wrote into XMP or IPTC."""
    try:
        return properties(metadata.xmp) if metadata.xmp else {}
    except XmlError:
        return {}


def _place(metadata: Metadata) -> str:
    """City and country, as the photographer named them; else degrees, minutes and seconds of the file's own position
    (EXIF 2.32, GPS tags 1 to 4)."""
    said = _properties(metadata)
    named = [text(said.get(f"photoshop:{level}")) for level in ("City", "Country")]
    if any(named):
        return ", ".join(name for name in named if name)
    gps = metadata.exif.get("GPS", {})
    halves = [_angle(gps, 1, "NS", 90), _angle(gps, 3, "EW", 180)]
    return ", ".join(halves) if all(halves) else ""


def _angle(gps: Mapping[int, tuple[int, Any]], tag: int, letters: str, most: int) -> str:
    letter, parts = gps.get(tag, (0, ""))[1], gps.get(tag + 1, (0, ()))[1]
    letter = letter.strip("\0 ").upper() if isinstance(letter, str) else ""
    try:
        degrees = sum(float(n) / float(d) / 60**i for i, (n, d) in enumerate(parts[:3]) if d)
    except (TypeError, ValueError):
        return ""
    if len(letter) != 1 or letter not in letters or not parts or not 0 <= degrees <= most:
        return ""
    seconds = round(degrees * 3600)
    return f"{seconds // 3600}°{seconds // 60 % 60:02d}′{seconds % 60:02d}″{THIN}{letter}"
