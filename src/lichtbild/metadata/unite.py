"""One truth from XMP, IPTC-IIM and EXIF, which say some things each in its own place.

Who is heard first: the sidecar, then the file's XMP, its IIM, its EXIF. Then the other places are restated, so that
every reader reads the same (after the Metadata Working Group's guidelines for handling image metadata, 2.0).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from lichtbild.carriers import Metadata
from lichtbild.metadata import gps, iim
from lichtbild.metadata.keep import kept, places, without_keywords, without_location
from lichtbild.metadata.xml import XmlError
from lichtbild.metadata.xmp import SPACES, Value, alternative, listing, properties, text, texts, to_xml
from lichtbild.record import replace

_ASCII, _SHORT = 2, 3
_DESCRIPTION, _ARTIST, _COPYRIGHT, _RATING, _RATING_PERCENT, _LENS_MODEL = 270, 315, 33432, 18246, 18249, 42036
# Windows' own words, in UTF-16: (tag, property); dropped where the property says something.
_XP = {40091: "dc:title", 40092: "dc:description", 40093: "dc:creator", 40094: "dc:subject", 40095: "dc:title"}
_PERCENT = {0: 0, 1: 1, 2: 25, 3: 50, 4: 75, 5: 99}


def united(metadata: Metadata, sidecar: Mapping[str, Value] | None = None) -> tuple[Metadata, str]:
    """The metadata with its words made one, those of a sidecar first; and what is wrong with the XMP in the file, if
    it is damaged and left out.

    `Metadata.xmp` of the result holds what a finished photograph takes over, and nothing else.
    """
    wrong = ""
    own: dict[str, Value] = {}
    if metadata.xmp.strip(b"\0 \r\n\t"):
        try:
            own = properties(metadata.xmp)
        except XmlError as error:
            wrong = str(error)
    sets = iim.parse(metadata.iptc)
    said = {**_from_exif(metadata), **iim.to_properties(sets), **kept(own), **kept(sidecar or {})}
    if wrong_rating := said.get("xmp:Rating"):
        said = _with_rating(said, text(wrong_rating))
    orientation = text((sidecar or {}).get("tiff:Orientation"))
    changes: dict[str, Any] = {"orientation": int(orientation)} if orientation in tuple("12345678") else {}
    exif = {group: dict(fields) for group, fields in metadata.exif.items()}
    exif["Image"] = _restated(exif.get("Image", {}), said)
    if (lens := text(said.get("aux:Lens"))) and not _words(exif.get("Exif", {}), _LENS_MODEL):
        exif.setdefault("Exif", {})[_LENS_MODEL] = (_ASCII, lens)  # a converter's, from the maker note
        changes["lens"] = lens
    place = gps.sound(exif.get("GPS", {}))
    exif["GPS"] = gps.from_xmp(sidecar or {}) or place or gps.from_xmp(own)
    iptc = iim.serialise(iim.restated(sets, said)) if sets else b""
    exif = {group: fields for group, fields in exif.items() if fields}
    return replace(metadata, exif=exif, xmp=as_packet(said), iptc=iptc, **changes), wrong


def stripped(metadata: Metadata) -> Metadata:
    """The metadata without a place: no GPS, no names of places, in EXIF, XMP and IIM; nor as keywords."""
    try:
        said = kept(properties(metadata.xmp)) if metadata.xmp else {}
    except XmlError:
        said = {}
    sets = iim.parse(metadata.iptc)
    names = places({**iim.to_properties(sets)}) | places(said)
    said = without_keywords(without_location(said), names)
    sets = [s for s in iim.without_location(sets) if not (s[:2] == iim.KEYWORD and iim.decoded(s[2]).lower() in names)]
    exif = {group: fields for group, fields in metadata.exif.items() if group != "GPS"}
    return replace(metadata, exif=exif, xmp=as_packet(said), iptc=iim.serialise(sets))


def as_packet(said: Mapping[str, Value]) -> bytes:
    """The properties as a packet, to be carried in `Metadata.xmp`."""
    if not said:
        return b""
    spaces = "".join(f' xmlns:{prefix}="{uri}"' for prefix, uri in SPACES.items())
    body = "".join(f"<{name}>{to_xml(value)}</{name}>" for name, value in sorted(said.items()))
    rdf = "http://www.w3.org/1999/02/22-rdf-syntax-ns#"
    return f'<rdf:RDF xmlns:rdf="{rdf}"><rdf:Description{spaces}>{body}</rdf:Description></rdf:RDF>'.encode()


def _from_exif(metadata: Metadata) -> dict[str, Value]:
    image = metadata.exif.get("Image", {})
    found: dict[str, Value] = {}
    for tag, name in ((_DESCRIPTION, "dc:description"), (_COPYRIGHT, "dc:rights")):
        if words := _words(image, tag):
            found[name] = alternative(words)
    if words := _words(image, _ARTIST):
        found["dc:creator"] = listing("Seq", [part for w in words.split(";") if (part := w.strip())])
    rating = image.get(_RATING, (0, None))[1]
    if isinstance(rating, tuple) and rating and rating[0] in _PERCENT:
        found["xmp:Rating"] = str(rating[0])
    return found


def _with_rating(said: dict[str, Value], words: str) -> dict[str, Value]:
    """Ratings go from 0 to 5, and -1 is "rejected"; anything else is no rating."""
    try:
        rating = float(words)
    except ValueError:
        rating = -9.0
    if -1 <= rating <= 5:
        return {**said, "xmp:Rating": f"{rating:g}"}
    return {name: value for name, value in said.items() if name != "xmp:Rating"}


def _restated(image: Mapping[int, tuple[int, Any]], said: Mapping[str, Value]) -> dict[int, tuple[int, Any]]:
    """EXIF's words in the first directory, from the properties."""
    fields = {tag: entry for tag, entry in image.items() if not (tag in _XP and _XP[tag] in said)}
    for tag, name in ((_DESCRIPTION, "dc:description"), (_COPYRIGHT, "dc:rights")):
        if words := text(said.get(name)):
            fields[tag] = (_ASCII, words)
    if creators := texts(said.get("dc:creator")):
        fields[_ARTIST] = (_ASCII, "; ".join(creators))
    rating = text(said.get("xmp:Rating"))
    fields.pop(_RATING_PERCENT, None)
    fields.pop(_RATING, None)
    if rating in tuple("012345"):
        fields[_RATING] = (_SHORT, (int(rating),))
        fields[_RATING_PERCENT] = (_SHORT, (_PERCENT[int(rating)],))
    return fields


def _words(image: Mapping[int, tuple[int, Any]], tag: int) -> str:
    value = image.get(tag, (0, ""))[1]
    words = value.decode("utf-8", "replace") if isinstance(value, bytes) else value
    return words.strip("\0 \t\r\n") if isinstance(words, str) else ""
