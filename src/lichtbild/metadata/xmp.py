"""XMP packets as properties, and back (ISO 16684-1: the subset of RDF/XML that XMP uses).

A value is a text, an `Array`, or a structure (a dict of values). Names are "prefix:Name" with the prefixes of
`SPACES`, whatever prefixes the packet chose; a name of another namespace is "{namespace}Name".
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TypeAlias, Union

from lichtbild.metadata.xml import Node, XmlError, parse
from lichtbild.record import record

SPACES = {
    "dc": "http://purl.org/dc/elements/1.1/",
    "xmp": "http://ns.adobe.com/xap/1.0/",
    "xmpRights": "http://ns.adobe.com/xap/1.0/rights/",
    "photoshop": "http://ns.adobe.com/photoshop/1.0/",
    "Iptc4xmpCore": "http://iptc.org/std/Iptc4xmpCore/1.0/xmlns/",
    "Iptc4xmpExt": "http://iptc.org/std/Iptc4xmpExt/2008-02-29/",
    "plus": "http://ns.useplus.org/ldf/xmp/1.0/",
    "cc": "http://creativecommons.org/ns#",
    "lr": "http://ns.adobe.com/lightroom/1.0/",
    "digiKam": "http://www.digikam.org/ns/1.0/",
    "aux": "http://ns.adobe.com/exif/1.0/aux/",
    "exif": "http://ns.adobe.com/exif/1.0/",
    "tiff": "http://ns.adobe.com/tiff/1.0/",
    "xmpNote": "http://ns.adobe.com/xmp/note/",
    "lichtbild": "urn:lichtbild:recipe:1.0:",
}
_PREFIXES = {uri: prefix for prefix, uri in SPACES.items()}
_RDF = "{http://www.w3.org/1999/02/22-rdf-syntax-ns#}"
_XML = "{http://www.w3.org/XML/1998/namespace}"


@record
class Array:
    """kind: "Bag", "Seq" or "Alt". languages: of each item, where they have one ("x-default", "de")."""

    kind: str
    items: tuple[Value, ...]
    languages: tuple[str, ...] = ()


Value: TypeAlias = Union[str, Array, "Mapping[str, Value]"]


def properties(packet: bytes) -> dict[str, Value]:
    """The properties of all descriptions in a packet. Raises `XmlError` when it is no XMP, or no safe one."""
    root = parse(packet)
    rdf = root if root.name == f"{_RDF}RDF" else next((c for c in root.children if c.name == f"{_RDF}RDF"), None)
    if rdf is None:
        raise XmlError("holds no XMP")
    found: dict[str, Value] = {}
    for description in rdf.children:
        if description.name == f"{_RDF}Description":
            found.update(_fields(description))
    return found


def to_xml(value: Value) -> str:
    """What stands inside a property's element."""
    if isinstance(value, str):
        return escaped(value)
    if isinstance(value, Array):
        tags = [f" xml:lang={quoted(language)}" if language else "" for language in value.languages]
        tags += [""] * (len(value.items) - len(tags))
        items = "".join(f"<rdf:li{tag}>{to_xml(item)}</rdf:li>" for tag, item in zip(tags, value.items, strict=False))
        return f"<rdf:{value.kind}>{items}</rdf:{value.kind}>"
    inside = "".join(f"<{name}>{to_xml(field)}</{name}>" for name, field in value.items() if is_known(name))
    return f"<rdf:Description>{inside}</rdf:Description>"


def is_known(name: str) -> bool:
    """Whether the name has one of the prefixes of `SPACES`."""
    return not name.startswith("{") and name.partition(":")[0] in SPACES


def escaped(text: str) -> str:
    """Text as it stands between XML's tags; characters that XML cannot hold are left out."""
    kept = text
    if not text.isprintable():  # as hardly any is
        kept = "".join(c for c in text if c in "\t\n\r" or (c >= " " and c not in "\ufffe\uffff" and not _surrogate(c)))
    return kept.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def quoted(text: str) -> str:
    """Text as an attribute's value, with its quotes."""
    return '"' + escaped(text).replace('"', "&quot;").replace("\n", "&#10;").replace("\t", "&#9;") + '"'


def _surrogate(character: str) -> bool:
    return "\ud800" <= character <= "\udfff"


def text(value: Value | None) -> str:
    """A value's text: of a list of languages the default one, of another list all, with semicolons between."""
    if value is None:
        return ""
    if isinstance(value, str):
        return value.strip()
    if isinstance(value, Array):
        words = [text(item) for item in value.items]
        if value.kind == "Alt":
            default = [w for w, language in zip(words, value.languages, strict=False) if language == "x-default"]
            return next((w for w in [*default, *words] if w), "")
        return "; ".join(w for w in words if w)
    return ""


def texts(value: Value | None) -> list[str]:
    """A value as a list of texts."""
    if isinstance(value, Array):
        return [w for item in value.items if (w := text(item))]
    return [w] if (w := text(value)) else []


def alternative(words: str) -> Array:
    """A text in the default language."""
    return Array("Alt", (words,), ("x-default",))


def listing(kind: str, words: Iterable[str]) -> Array:
    """An array of words; kind: Bag, Seq or Alt."""
    return Array(kind, tuple(words))


def _name(clark: str) -> str:
    uri, _, local = clark[1:].partition("}")
    return f"{_PREFIXES[uri]}:{local}" if clark.startswith("{") and uri in _PREFIXES else clark


def _fields(node: Node) -> dict[str, Value]:
    """The properties of a description: its attributes and its elements."""
    found: dict[str, Value] = {}
    for name, value in node.attributes.items():
        if name.startswith("{") and not name.startswith((_RDF, _XML)):
            found[_name(name)] = value
    for child in node.children:
        if not child.name.startswith(_RDF):
            found[_name(child.name)] = _value(child)
    return found


def _value(node: Node) -> Value:
    """The value of a property's element, or of an item of an array."""
    if (resource := node.attributes.get(f"{_RDF}resource")) is not None:
        return resource
    if node.attributes.get(f"{_RDF}parseType") == "Resource":
        return _structure(node)
    if len(node.children) == 1:
        (child,) = node.children
        kind = child.name.removeprefix(_RDF)
        if child.name.startswith(_RDF) and kind in ("Bag", "Seq", "Alt"):
            items = [c for c in child.children if c.name == f"{_RDF}li"]
            languages = tuple(c.attributes.get(f"{_XML}lang", "") for c in items)
            return Array(kind, tuple(_value(c) for c in items), languages if any(languages) else ())
        if child.name == f"{_RDF}Description":
            return _structure(child)
    if any(not n.startswith((_RDF, _XML)) for n in node.attributes):
        return _fields(node)
    return node.text.strip() if node.children else node.text


def _structure(node: Node) -> Value:
    qualified = next((c for c in node.children if c.name == f"{_RDF}value"), None)
    if qualified is not None:  # a value with qualifiers, which are let go
        return _value(qualified)
    if (plain := node.attributes.get(f"{_RDF}value")) is not None:
        return plain
    return _fields(node)
