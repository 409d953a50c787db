"""XML from strangers as a tree: no document type, no entities, bounded in size and depth (XML 1.0, namespaces).

Without a document type there are neither entities that expand nor files that are fetched.
"""

from __future__ import annotations

LARGEST = 16 << 20  # bytes; the longest packets of today hold masks, in a few megabytes
_DEEPEST = 64
_MOST_NODES = 200_000


class XmlError(ValueError):
    """What is wrong with the text, in words."""


class Node:
    """name, and the names of attributes: "{namespace}local". text: all that stands right inside, joined."""

    def __init__(self, name: str, attributes: dict[str, str]) -> None:
        self.name, self.attributes = name, attributes
        self.children: list[Node] = []
        self.text = ""


def parse(data: bytes) -> Node:
    """The root of a document. Raises `XmlError`."""
    from xml.parsers import expat

    if len(data) > LARGEST:
        raise XmlError(f"longer than {LARGEST >> 20} MB")
    parser = expat.ParserCreate(namespace_separator=" ")
    parser.buffer_text = True
    top = Node("", {})
    open_nodes = [top]
    count = 0

    def clark(name: str) -> str:
        uri, _, local = name.rpartition(" ")
        return f"{{{uri}}}{local}" if uri else local

    def start(name: str, attributes: dict[str, str]) -> None:
        nonlocal count
        count += 1 + len(attributes)
        if count > _MOST_NODES:
            raise XmlError("too many elements")
        if len(open_nodes) > _DEEPEST:
            raise XmlError("nested too deeply")
        node = Node(clark(name), {clark(k): v for k, v in attributes.items()})
        open_nodes[-1].children.append(node)
        open_nodes.append(node)

    def end(_name: str) -> None:
        open_nodes.pop()

    def text(data: str) -> None:
        open_nodes[-1].text += data

    def refuse(*_: object) -> None:
        raise XmlError("it declares a document type, which no XMP has")

    parser.StartElementHandler = start
    parser.EndElementHandler = end
    parser.CharacterDataHandler = text
    parser.StartDoctypeDeclHandler = refuse
    parser.EntityDeclHandler = refuse
    try:
        parser.Parse(data.strip(b"\0 \t\r\n"), True)
    except expat.ExpatError as error:
        raise XmlError(f"line {error.lineno}: {expat.errors.messages[error.code]}") from None
    except (ValueError, LookupError) as error:  # an unknown encoding
        raise XmlError(str(error)) from None
    return top.children[0]
