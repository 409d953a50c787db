"""The XMP packet of a finished picture: who made it, and the recipe with every decided number (ISO 16684-1).

The recipe is JSON inside two properties, so that the photograph can be made again from it.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from lichtbild import __version__
from lichtbild.carriers import Metadata
from lichtbild.output.jsonable import to_json

NAMESPACE = "urn:lichtbild:recipe:1.0:"
_HEAD = '<?xpacket begin="\ufeff" id="W5M0MpCehiHzreSzNTczkc9d"?>\n'
_TAIL = '\n<?xpacket end="w"?>'


def packet(metadata: Metadata, recipe: Mapping[str, Any], note: Mapping[str, str] | None = None) -> bytes:
    """A whole packet, UTF-8. note: further properties in XMP's own note namespace."""
    attributes = {
        "xmp:CreatorTool": f"Lichtbild {__version__}",
        "xmp:CreateDate": _iso_time(metadata.capture_time),
        "tiff:Orientation": str(metadata.orientation if metadata.orientation in range(1, 9) else 1),
        **{f"xmpNote:{name}": value for name, value in (note or {}).items()},
    }
    elements = {
        "lichtbild:Frames": recipe.get("frames"),
        "lichtbild:Settings": recipe.get("settings"),
        "lichtbild:Decided": recipe.get("decided"),
    }
    text = _document(
        {name: value for name, value in attributes.items() if value},
        {name: to_json(value, sort=True) for name, value in elements.items() if value is not None},
    )
    return (_HEAD + text + _TAIL).encode()


def in_parts(metadata: Metadata, recipe: Mapping[str, Any], limit: int) -> tuple[bytes, bytes, str]:
    """(packet, rest, guid) of a recipe too long for one JPEG segment: extended XMP (XMP specification part 3, 1.1.3.1).

    The decided numbers go to the rest, and the packet names the rest by its MD5 digest. Where the packet fits into
    `limit` bytes the rest is empty.
    """
    whole = packet(metadata, recipe)
    if len(whole) <= limit:
        return whole, b"", ""
    from hashlib import md5

    rest = _document({}, {"lichtbild:Decided": to_json(recipe.get("decided"), sort=True)}).encode()
    guid = md5(rest, usedforsecurity=False).hexdigest().upper()
    short = {key: value for key, value in recipe.items() if key != "decided"}
    main = packet(metadata, short, note={"HasExtendedXMP": guid})
    if len(main) > limit:
        main = packet(metadata, {"settings": recipe.get("settings")}, note={"HasExtendedXMP": guid})
    return main, rest, guid


def _document(attributes: Mapping[str, str], elements: Mapping[str, str]) -> str:
    spaces = {
        "xmp": "http://ns.adobe.com/xap/1.0/",
        "tiff": "http://ns.adobe.com/tiff/1.0/",
        "xmpNote": "http://ns.adobe.com/xmp/note/",
        "lichtbild": NAMESPACE,
    }
    used = {name.partition(":")[0] for name in (*attributes, *elements)}
    declared = "".join(f"\n    xmlns:{prefix}={_quoted(uri)}" for prefix, uri in spaces.items() if prefix in used)
    inline = "".join(f"\n    {name}={_quoted(value)}" for name, value in attributes.items())
    body = "".join(f"   <{name}>{_escaped(value)}</{name}>\n" for name, value in elements.items())
    return (
        '<x:xmpmeta xmlns:x="adobe:ns:meta/">\n'
        ' <rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#">\n'
        f'  <rdf:Description rdf:about=""{declared}{inline}>\n{body}  </rdf:Description>\n'
        " </rdf:RDF>\n</x:xmpmeta>"
    )


def _escaped(text: str) -> str:
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def _quoted(text: str) -> str:
    return '"' + _escaped(text).replace('"', "&quot;") + '"'


def _iso_time(capture_time: str) -> str:
    """EXIF's "2026:01:31 12:00:00.25" as ISO 8601, or nothing."""
    moment, dot, fraction = capture_time.partition(".")
    parts = moment.replace(" ", ":").split(":")
    if len(parts) != 6 or not all(p.isdigit() for p in parts):
        return ""
    date, clock = "-".join(parts[:3]), ":".join(parts[3:])
    return f"{date}T{clock}{dot + fraction if fraction.isdigit() else ''}"
