"""EXIF, XMP and ICC in AVIF and HEIC: items beside the picture's (ISO 23008-12 annex A, ISO 14496-12 8.11).

The encoder's file is kept but for its `meta` box, which is written anew with the further items; what lay behind it
moves by the difference. The items' own data goes to the end of the file.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator

from lichtbild.atomic_file import Chunk
from lichtbild.errors import OutputError
from lichtbild.output.attachments import Attachments
from lichtbild.record import record, replace

_IN_FILE = 0  # construction method: offsets count from the file's beginning
_XMP_TYPE = b"application/rdf+xml"


@record
class Place:
    """Where an item's data lies: `iloc`'s entry."""

    item: int
    method: int
    extents: tuple[tuple[int, int], ...]  # offset, length


def with_metadata(file: bytes, attached: Attachments) -> list[Chunk]:
    """The chunks of an AVIF or HEIC file with Exif and XMP items and, unless it is there, the ICC profile.

    file: as the encoder wrote it: one picture (of tiles, too), no sequence. Raises `OutputError` for a file of another
    structure.
    """
    boxes = list(boxes_in(file, 0, len(file)))
    kinds = [kind for kind, _, _, _ in boxes]
    if kinds.count(b"meta") != 1 or b"moov" in kinds or kinds[:1] != [b"ftyp"]:
        raise OutputError("the encoder gave no AVIF or HEIC picture")
    _, start, body, end = boxes[kinds.index(b"meta")]
    children = {kind: file[a:b] for kind, _, a, b in boxes_in(file, body + 4, end)}
    if not {b"pitm", b"iloc", b"iinf", b"iprp"} <= children.keys():
        raise OutputError("the encoder gave no AVIF or HEIC picture")
    primary = int.from_bytes(children[b"pitm"][4:])
    places = read_places(children[b"iloc"])
    number = 1 + max([primary, *(p.item for p in places), *_items(children[b"iinf"])])
    exif = struct.pack(">I", 0) + attached.exif  # the TIFF structure begins right here
    added = [(number, b"Exif", b"", exif), (number + 1, b"mime", _XMP_TYPE, attached.xmp)]
    if number + 1 > 0xFFFF:
        raise OutputError("the encoder gave a picture of too many tiles")
    new = dict(children)
    new[b"iinf"] = _with_infos(children[b"iinf"], [(i, kind, mime) for i, kind, mime, _ in added])
    new[b"iref"] = _with_references(children.get(b"iref", b"\0\0\0\0"), [i for i, *_ in added], primary)
    if b"colrprof" not in children[b"iprp"] and b"colrrICC" not in children[b"iprp"]:
        new[b"iprp"] = _with_profile(children[b"iprp"], primary, attached.icc)
    new[b"iloc"] = _iloc([*places, *(Place(i, _IN_FILE, ((0, len(data)),)) for i, _, _, data in added)])
    meta = box(b"meta", file[body : body + 4], *(box(kind, data) for kind, data in new.items()))
    moved = len(meta) - (end - start)
    data_at = len(file) + moved + 8
    final = [replace(p, extents=_shifted(p, end, moved)) for p in places]
    for i, _, _, data in added:
        final.append(Place(i, _IN_FILE, ((data_at, len(data)),)))
        data_at += len(data)
    new[b"iloc"] = _iloc(final)
    meta = box(b"meta", file[body : body + 4], *(box(kind, data) for kind, data in new.items()))
    return [file[:start], meta, memoryview(file)[end:], box(b"mdat", *(data for *_, data in added))]


def _shifted(place: Place, end: int, moved: int) -> tuple[tuple[int, int], ...]:
    if place.method != _IN_FILE:
        return place.extents
    return tuple((at + moved if at >= end else at, size) for at, size in place.extents)


def boxes_in(data: bytes, position: int, end: int) -> Iterator[tuple[bytes, int, int, int]]:
    """(kind, start, start of its content, end) of the boxes one after the other."""
    while position + 8 <= end:
        size, kind = struct.unpack_from(">I4s", data, position)
        body = position + 8
        if size == 1 and position + 16 <= end:
            size, body = int.from_bytes(data[position + 8 : position + 16]), position + 16
        stop = end if size == 0 else position + size
        if not body <= stop <= end:
            raise OutputError("the encoder gave a damaged AVIF or HEIC picture")
        yield kind, position, body, stop
        position = stop


def box(kind: bytes, *parts: bytes) -> bytes:
    """A box of that kind around its parts."""
    return struct.pack(">I4s", 8 + sum(map(len, parts)), kind) + b"".join(parts)


def read_places(data: bytes) -> list[Place]:
    """The entries of an `iloc` box of any version. Raises `OutputError` when it is damaged."""
    version, sizes = data[0], struct.unpack_from(">H", data, 4)[0]
    offset_size, length_size, base_size, index_size = (sizes >> s & 15 for s in (12, 8, 4, 0))
    at = 6
    wide = 4 if version == 2 else 2

    def take(size: int) -> int:
        nonlocal at
        at += size
        if at > len(data):
            raise OutputError("the encoder gave a damaged AVIF or HEIC picture")
        return int.from_bytes(data[at - size : at])

    places = []
    for _ in range(take(wide)):
        item = take(wide)
        method = take(2) & 15 if version else _IN_FILE
        if take(2):
            raise OutputError("the encoder gave a picture whose data lies in another file")
        base = take(base_size)
        extents = []
        for _ in range(take(2)):
            take(index_size if version else 0)
            offset = take(offset_size)
            extents.append((base + offset, take(length_size)))
        places.append(Place(item, method, tuple(extents)))
    return places


def _iloc(places: list[Place]) -> bytes:
    """Version 1, offsets and lengths of four bytes."""
    out = struct.pack(">IHH", 1 << 24, 0x4400, len(places))
    for place in places:
        out += struct.pack(">HHHH", place.item, place.method, 0, len(place.extents))
        out += b"".join(struct.pack(">II", *extent) for extent in place.extents)
    return out


def _items(iinf: bytes) -> list[int]:
    start = 8 if iinf[0] else 6
    wide = [(body, iinf[body]) for _, _, body, _ in boxes_in(iinf, start, len(iinf))]
    return [int.from_bytes(iinf[b + 4 : b + (8 if version == 3 else 6)]) for b, version in wide]


def _with_infos(iinf: bytes, items: list[tuple[int, bytes, bytes]]) -> bytes:
    wide = 4 if iinf[0] else 2
    count = int.from_bytes(iinf[4 : 4 + wide]) + len(items)
    out = iinf[:4] + count.to_bytes(wide) + iinf[4 + wide :]
    for number, kind, mime in items:
        # version 2, hidden: it is no picture to show; an empty name, then the type of its content
        named = b"\0" + (mime + b"\0" if mime else b"")
        out += box(b"infe", struct.pack(">IHH4s", 2 << 24 | 1, number, 0, kind), named)
    return out


def _with_references(iref: bytes, items: list[int], primary: int) -> bytes:
    """`cdsc`: each item describes the picture."""
    form = ">IHI" if iref[0] else ">HHH"
    return iref + b"".join(box(b"cdsc", struct.pack(form, item, 1, primary)) for item in items)


def _with_profile(iprp: bytes, primary: int, icc: bytes) -> bytes:
    """The profile as one property more, in the primary item's list of properties."""
    parts = {kind: iprp[a:b] for kind, _, a, b in boxes_in(iprp, 0, len(iprp))}
    if parts.keys() != {b"ipco", b"ipma"}:
        raise OutputError("the encoder gave no AVIF or HEIC picture")
    ipco = parts[b"ipco"] + box(b"colr", b"prof", icc)
    index = len(list(boxes_in(ipco, 0, len(ipco))))
    return box(b"ipco", ipco) + box(b"ipma", _with_property(parts[b"ipma"], primary, index))


def _with_property(ipma: bytes, primary: int, index: int) -> bytes:
    version, long = ipma[0], bool(ipma[3] & 1)
    if index > (0x7FFF if long else 0x7F):
        raise OutputError("the encoder gave a picture of too many properties")
    wide, step = (4 if version else 2), (2 if long else 1)
    out, at = bytearray(ipma[:8]), 8
    for _ in range(int.from_bytes(ipma[4:8])):
        item, count = int.from_bytes(ipma[at : at + wide]), ipma[at + wide]
        stop = at + wide + 1 + count * step
        if item != primary:
            out += ipma[at:stop]
        else:
            # Transformative properties come last; the profile only describes, so it goes first.
            out += ipma[at : at + wide] + bytes([count + 1]) + index.to_bytes(step) + ipma[at + wide + 1 : stop]
        at = stop
    return bytes(out)
