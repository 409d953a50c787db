"""IPTC-IIM data sets, read and written, and the XMP properties that say the same (IIM 4.2).

Pairs of a data set and a property are those of the IPTC Photo Metadata Standard.
"""

from __future__ import annotations

import struct
from collections.abc import Iterable

from lichtbild.metadata.xmp import Value, alternative, listing, text, texts

Sets = list[tuple[int, int, bytes]]  # record, number, data
UTF_8 = (1, 90, b"\x1b%G")
_MARK = 0x1C
_MOST = 10_000
_RESOURCE = 0x0404  # of Photoshop's image resource blocks

# number in record 2: (property, form of its value, longest in bytes)
PAIRS = {
    5: ("dc:title", "Alt", 64),
    25: ("dc:subject", "Bag", 64),
    40: ("photoshop:Instructions", "", 256),
    80: ("dc:creator", "Seq", 32),
    85: ("photoshop:AuthorsPosition", "", 32),
    90: ("photoshop:City", "", 32),
    92: ("Iptc4xmpCore:Location", "", 32),
    95: ("photoshop:State", "", 32),
    100: ("Iptc4xmpCore:CountryCode", "", 3),
    101: ("photoshop:Country", "", 64),
    103: ("photoshop:TransmissionReference", "", 32),
    105: ("photoshop:Headline", "", 256),
    110: ("photoshop:Credit", "", 32),
    115: ("photoshop:Source", "", 32),
    116: ("dc:rights", "Alt", 128),
    120: ("dc:description", "Alt", 2000),
    122: ("photoshop:CaptionWriter", "", 32),
}
KEYWORD = (2, 25)
LOCATION = (26, 27, 90, 92, 95, 100, 101)
_SEVERAL = ("Bag", "Seq")


def parse(data: bytes) -> Sets:
    """The data sets, up to the first that is damaged; none where there are none."""
    if data[:1] != bytes([_MARK]) and data[3:4] == bytes([_MARK]):  # four-byte words of the other byte order
        whole = data[: len(data) // 4 * 4]
        data = b"".join(whole[i : i + 4][::-1] for i in range(0, len(whole), 4))
    found: Sets = []
    at = 0
    while at + 5 <= len(data) and data[at] == _MARK and len(found) < _MOST:
        record, number, size = struct.unpack_from(">BBH", data, at + 1)
        at += 5
        if size & 0x8000 or at + size > len(data):  # lengths of lengths are for films
            break
        found.append((record, number, data[at : at + size]))
        at += size
    return found


def serialise(sets: Iterable[tuple[int, int, bytes]]) -> bytes:
    """Data sets of (record, number, content) as IIM stores them."""
    return b"".join(struct.pack(">BBBH", _MARK, record, number, len(data)) + data for record, number, data in sets)


def in_resources(data: bytes) -> bytes:
    """The data sets in Photoshop's image resource blocks; empty where there are none."""
    at = 0
    while data[at : at + 4] == b"8BIM" and at + 12 <= len(data):
        kind = int.from_bytes(data[at + 4 : at + 6])
        name = (data[at + 6] + 2) & ~1
        start = at + 6 + name + 4
        size = int.from_bytes(data[start - 4 : start])
        if kind == _RESOURCE:
            return data[start : start + size]
        at = start + size + size % 2
    return b""


def to_properties(sets: Sets) -> dict[str, Value]:
    """What the data sets say, as XMP properties."""
    utf_8 = (UTF_8[0], UTF_8[1], UTF_8[2]) in sets
    said: dict[int, list[str]] = {}
    for record, number, data in sets:
        if record == 2 and number in PAIRS and (words := decoded(data, utf_8)):
            said.setdefault(number, []).append(words)
    found: dict[str, Value] = {}
    for number, several in said.items():
        name, form, _ = PAIRS[number]
        first = alternative(several[0]) if form == "Alt" else several[0]
        found[name] = listing(form, several) if form in _SEVERAL else first
    return found


def restated(sets: Sets, properties: dict[str, Value]) -> Sets:
    """The data sets with the words of the properties, in UTF-8; those that have no property stay."""
    kept = [s for s in sets if not (s[0] == 2 and s[1] in PAIRS) and s[:2] != (1, 90)]
    if not any(s[:2] == (2, 0) for s in kept):
        kept.append((2, 0, b"\0\4"))
    if UTF_8 not in sets:
        kept = [(r, n, d if r != 2 or n == 0 or d.isascii() else decoded(d, False).encode()) for r, n, d in kept]
    for number, (name, form, longest) in PAIRS.items():
        words = texts(properties.get(name)) if form in _SEVERAL else [text(properties.get(name))]
        kept += [(2, number, _cut(w, longest)) for w in words if w]
    return sorted([UTF_8, *kept], key=lambda s: s[:2])


def without_location(sets: Sets) -> Sets:
    """The data sets without those that name places."""
    return [s for s in sets if not (s[0] == 2 and s[1] in LOCATION)]


def decoded(data: bytes, utf_8: bool = False) -> str:
    """The words of a data set, in UTF-8 or Latin-1."""
    try:
        words = data.decode("utf-8")
    except UnicodeDecodeError:
        words = data.decode("utf-8", "replace") if utf_8 else data.decode("latin-1")
    return words.strip("\0 \t\r\n")


def _cut(words: str, longest: int) -> bytes:
    """UTF-8 of at most that many bytes, between characters."""
    return words.encode("utf-8", "ignore")[:longest].decode("utf-8", "ignore").encode()
