"""Which XMP properties of a raw file or a sidecar are still true of a finished photograph.

What people wrote about the picture stays. What describes the file that was read, or how another developer would
render it, goes: so names are allowed, not forbidden.
"""

from __future__ import annotations

from collections.abc import Mapping

from lichtbild.metadata.xmp import Array, Value, is_known, texts

_WHOLE = ("dc", "xmpRights", "photoshop", "Iptc4xmpCore", "Iptc4xmpExt", "plus", "cc")
_SINGLE = {
    "xmp:Rating", "xmp:Label", "xmp:Nickname",
    "lr:hierarchicalSubject", "lr:weightedFlatSubject", "digiKam:TagsList",
    "aux:Lens", "aux:LensInfo", "aux:LensID", "aux:LensSerialNumber", "aux:SerialNumber", "aux:ImageNumber",
    "aux:FlashCompensation", "aux:OwnerName", "aux:Firmware", "aux:ApproximateFocusDistance",
}  # fmt: skip
_NOT = {
    "dc:format", "photoshop:ColorMode", "photoshop:ICCProfile", "photoshop:History", "photoshop:DocumentAncestors",
    "photoshop:TextLayers", "photoshop:LegacyIPTCDigest", "photoshop:EmbeddedXMPDigest",
    "photoshop:SidecarForExtension", "Iptc4xmpExt:DigitalSourceType", "Iptc4xmpExt:DigitalSourcefileType",
    "Iptc4xmpExt:MaxAvailHeight", "Iptc4xmpExt:MaxAvailWidth", "Iptc4xmpExt:ImageRegion",
}  # fmt: skip
_LOCATION = {
    "photoshop:City", "photoshop:State", "photoshop:Country", "Iptc4xmpCore:Location", "Iptc4xmpCore:CountryCode",
    "Iptc4xmpExt:LocationCreated", "Iptc4xmpExt:LocationShown", "dc:coverage",
}  # fmt: skip

_KEYWORDS = {"dc:subject": "|", "lr:hierarchicalSubject": "|", "lr:weightedFlatSubject": "|", "digiKam:TagsList": "/"}


def kept(properties: Mapping[str, Value]) -> dict[str, Value]:
    """The properties that a finished photograph takes over; empty ones are left out."""
    return {
        name: value
        for name, value in properties.items()
        if is_known(name)
        and (name.partition(":")[0] in _WHOLE or name in _SINGLE)
        and name not in _NOT
        and not _is_empty(value)
    }


def places(properties: Mapping[str, Value]) -> set[str]:
    """All names of places that the properties say, in lower case."""
    found: set[str] = set()
    for name, value in properties.items():
        if name in _LOCATION:
            found |= _words(value)
    return found


def without_keywords(properties: Mapping[str, Value], names: set[str]) -> dict[str, Value]:
    """The properties without keywords that are one of the names, or have one in their hierarchy."""
    found = dict(properties)
    for name, between in _KEYWORDS.items():
        value = found.get(name)
        if isinstance(value, Array):
            items = tuple(w for w in texts(value) if not names & {part.strip().lower() for part in w.split(between)})
            found[name] = Array(value.kind, items)
    return {name: value for name, value in found.items() if not _is_empty(value)}


def _words(value: Value) -> set[str]:
    if isinstance(value, Array):
        return {word for item in value.items for word in _words(item)}
    if isinstance(value, Mapping):
        return {word for field in value.values() for word in _words(field)}
    return {value.strip().lower()} - {""}


def without_location(properties: Mapping[str, Value]) -> dict[str, Value]:
    """The properties without places and coordinates, at any depth."""
    found = {}
    for name, value in properties.items():
        if name in _LOCATION or name.startswith("exif:GPS"):
            continue
        found[name] = _cleaned(value)
    return {name: value for name, value in found.items() if not _is_empty(value)}


def _cleaned(value: Value) -> Value:
    if isinstance(value, Array):
        return Array(value.kind, tuple(_cleaned(item) for item in value.items), value.languages)
    if isinstance(value, Mapping):
        return without_location(value)
    return value


def _is_empty(value: Value) -> bool:
    if isinstance(value, Array):
        return all(_is_empty(item) for item in value.items)
    if isinstance(value, Mapping):
        return all(_is_empty(field) for field in value.values())
    return not value.strip("\0 \t\r\n")
