"""The XMP packet of a finished picture: who made it, and the recipe with every decided number (ISO 16684-1).

The recipe is JSON inside three properties, so that the photograph can be made again from it.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from lichtbild import __version__
from lichtbild.carriers import Metadata
from lichtbild.jsonable import to_json
from lichtbild.metadata.keep import kept
from lichtbild.metadata.xml import XmlError
from lichtbild.metadata.xmp import SPACES, Value, escaped, properties, quoted, to_xml
from lichtbild.output.exif import modified, offset_of
from lichtbild.record import field, record

NAMESPACE = "urn:lichtbild:recipe:1.0:"
_RDF = "http://www.w3.org/1999/02/22-rdf-syntax-ns#"
_HEAD = '<?xpacket begin="\ufeff" id="W5M0MpCehiHzreSzNTczkc9d"?>\n'
_TAIL = '\n<?xpacket end="w"?>'


@record
class Packet:
    """Properties of one resource, by "prefix:Name".

    attributes: simple values, as text.   elements: what stands inside the property's element, as XML.
    spaces: namespaces of prefixes that are not in `SPACES`.
    """

    attributes: Mapping[str, str] = field(default_factory=dict)
    elements: Mapping[str, str] = field(default_factory=dict)
    spaces: Mapping[str, str] = field(default_factory=dict)

    def plus(
        self,
        attributes: Mapping[str, str] | None = None,
        elements: Mapping[str, str] | None = None,
        spaces: Mapping[str, str] | None = None,
    ) -> Packet:
        """The packet with further properties, which replace those of the same name."""
        new = {**(attributes or {}), **(elements or {})}
        return Packet(
            {**{k: v for k, v in self.attributes.items() if k not in new}, **(attributes or {})},
            {**{k: v for k, v in self.elements.items() if k not in new}, **(elements or {})},
            {**self.spaces, **(spaces or {})},
        )

    def to_bytes(self) -> bytes:
        """The whole packet, UTF-8, with its wrapper."""
        return (_HEAD + self._document() + _TAIL).encode()

    def in_parts(self, limit: int) -> tuple[bytes, bytes, str]:
        """(packet, rest, guid) for a JPEG's segments of `limit` bytes: extended XMP (XMP specification 3, 1.1.3.1).

        The longest elements go to the rest until the packet fits, and the packet names the rest by its MD5 digest.
        Where all fits the rest is empty.
        """
        whole = self.to_bytes()
        if len(whole) <= limit:
            return whole, b"", ""
        from hashlib import md5

        stay = dict(self.elements)
        gone: dict[str, str] = {}
        main = whole
        while len(main) > limit and stay:
            longest = max(stay, key=lambda name: len(stay[name]))
            gone[longest] = stay.pop(longest)
            main = Packet({**self.attributes, "xmpNote:HasExtendedXMP": "0" * 32}, stay, self.spaces).to_bytes()
        rest = Packet({}, gone, self.spaces)._document().encode()
        guid = md5(rest, usedforsecurity=False).hexdigest().upper()
        main = Packet({**self.attributes, "xmpNote:HasExtendedXMP": guid}, stay, self.spaces).to_bytes()
        return main, rest, guid

    def _document(self) -> str:
        inside = "".join(self.elements.values())
        used = {name.partition(":")[0] for name in (*self.attributes, *self.elements)}
        spaces = {p: u for p, u in {**SPACES, **self.spaces}.items() if p in used or f"{p}:" in inside}
        declared = "".join(f"\n    xmlns:{prefix}={quoted(uri)}" for prefix, uri in spaces.items())
        inline = "".join(f"\n    {name}={quoted(value)}" for name, value in self.attributes.items())
        body = "".join(f"   <{name}>{value}</{name}>\n" for name, value in self.elements.items())
        return (
            '<x:xmpmeta xmlns:x="adobe:ns:meta/">\n'
            f' <rdf:RDF xmlns:rdf="{_RDF}">\n'
            f'  <rdf:Description rdf:about=""{declared}{inline}>\n{body}  </rdf:Description>\n'
            " </rdf:RDF>\n</x:xmpmeta>"
        )


def packet(metadata: Metadata, recipe: Mapping[str, Any]) -> Packet:
    """The properties of a finished picture."""
    moment, offset = modified(metadata)
    captured = _iso_time(metadata.capture_time)
    attributes = {
        "xmp:CreatorTool": f"Lichtbild {__version__}",
        "xmp:CreateDate": captured + offset_of(metadata) if captured else "",
        "xmp:ModifyDate": _iso_time(moment) + offset if moment else "",
        "lichtbild:Software": str(recipe.get("software", "")),
        "tiff:Orientation": str(metadata.orientation if metadata.orientation in range(1, 9) else 1),
    }
    elements = {
        "lichtbild:Frames": recipe.get("frames"),
        "lichtbild:Digests": recipe.get("digests"),
        "lichtbild:Settings": recipe.get("settings"),
        "lichtbild:Decided": recipe.get("decided"),
    }
    return Packet(
        {name: value for name, value in attributes.items() if value},
        {
            **{name: to_xml(value) for name, value in _kept(metadata).items()},
            **{name: escaped(to_json(value, sort=True)) for name, value in elements.items() if value is not None},
        },
    )


def _kept(metadata: Metadata) -> dict[str, Value]:
    """What the raw file's packet and the sidecar say and is still true; a damaged packet was told of before."""
    try:
        return kept(properties(metadata.xmp)) if metadata.xmp else {}
    except XmlError:
        return {}


def _iso_time(capture_time: str) -> str:
    """EXIF's "2026:01:31 12:00:00.25" as ISO 8601, or nothing."""
    moment, dot, fraction = capture_time.partition(".")
    parts = moment.replace(" ", ":").split(":")
    if len(parts) != 6 or not all(p.isdigit() for p in parts):
        return ""
    date, clock = "-".join(parts[:3]), ":".join(parts[3:])
    return f"{date}T{clock}{dot + fraction if fraction.isdigit() else ''}"
