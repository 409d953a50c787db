"""A gain map in AVIF and HEIC: one picture, its map, and the tone-mapped picture that follows from both.

ISO 23008-12 calls the third a derived item of type `tmap`, whose data is the metadata of ISO 21496-1. A group of
alternatives says that it is to be shown in place of the picture by whoever can; everybody else shows the picture.
"""

from __future__ import annotations

import struct

from lichtbild.carriers import GainMap
from lichtbild.errors import OutputError
from lichtbild.output.heif_items import box, boxes_in, read_places
from lichtbild.output.ultrahdr import iso_metadata
from lichtbild.record import record

_PICTURE, _DERIVED, _MAP, _GROUP = 1, 2, 3, 4
_HIDDEN = 1


@record
class _Coded:
    """What an encoder's file holds of its one picture: its data, the type of its item and its properties."""

    brands: bytes
    handler: bytes
    kind: bytes
    data: bytes
    properties: list[bytes]


def joined(picture: bytes, gains: bytes, gain_map: GainMap, primaries: int, matrix: int) -> bytes:
    """One bare file of two that the encoder wrote: the picture, and the map's bytes as a picture of grey.

    primaries, matrix: code points of the picture. Raises `OutputError` for files of another structure.
    """
    base, second = _read(picture), _read(gains)
    metadata = b"\0" + iso_metadata(gain_map)
    size = next(p for p in base.properties if p[4:8] == b"ispe")
    shown = box(b"colr", b"nclx", struct.pack(">HHHB", primaries, 16, matrix, 0x80))
    deep = box(b"pixi", bytes([0, 0, 0, 0, 3, 10, 10, 10]))
    owners = [(_PICTURE, base.properties), (_DERIVED, [size, deep, shown]), (_MAP, second.properties)]
    stored: list[bytes] = []
    links = b""
    for item, properties in owners:
        links += struct.pack(">HB", item, len(properties))
        for one in properties:
            if one not in stored:
                stored.append(one)
            essential = 0x80 if one[4:8] in (b"av1C", b"hvcC") else 0
            links += bytes([essential | 1 + stored.index(one)])
    infos = b"".join(
        box(b"infe", struct.pack(">IHH4s", 2 << 24 | flags, item, 0, kind) + b"\0")
        for item, kind, flags in ((_PICTURE, base.kind, 0), (_DERIVED, b"tmap", 0), (_MAP, second.kind, _HIDDEN))
    )
    data = base.data, metadata, second.data
    head = box(b"ftyp", base.brands + (b"" if b"tmap" in base.brands else b"tmap"))

    def meta(start: int) -> bytes:
        iloc, at = struct.pack(">IHH", 0, 0x4400, 3), start
        for item, part in zip((_PICTURE, _DERIVED, _MAP), data, strict=True):
            iloc += struct.pack(">HHHII", item, 0, 1, at, len(part))
            at += len(part)
        return box(
            b"meta",
            bytes(4),
            box(b"hdlr", base.handler),
            box(b"pitm", struct.pack(">IH", 0, _PICTURE)),
            box(b"iloc", iloc),
            box(b"iinf", struct.pack(">IH", 0, 3), infos),
            box(b"iref", bytes(4), box(b"dimg", struct.pack(">HHHH", _DERIVED, 2, _PICTURE, _MAP))),
            box(b"iprp", box(b"ipco", *stored), box(b"ipma", struct.pack(">II", 0, 3), links)),
            box(b"grpl", box(b"altr", struct.pack(">IIIII", 0, _GROUP, 2, _DERIVED, _PICTURE))),
        )

    start = len(head) + len(meta(0)) + 8
    return b"".join([head, meta(start), box(b"mdat", *data)])


def _read(file: bytes) -> _Coded:
    top = {kind: (body, end) for kind, _, body, end in boxes_in(file, 0, len(file))}
    if not {b"ftyp", b"meta"} <= top.keys():
        raise OutputError("the encoder gave no AVIF or HEIC picture")
    body, end = top[b"meta"]
    parts = {kind: file[a:b] for kind, _, a, b in boxes_in(file, body + 4, end)}
    if not {b"hdlr", b"iloc", b"iinf", b"iprp"} <= parts.keys():
        raise OutputError("the encoder gave no AVIF or HEIC picture")
    places, iprp = read_places(parts[b"iloc"]), parts[b"iprp"]
    store = next((iprp[a:b] for kind, _, a, b in boxes_in(iprp, 0, len(iprp)) if kind == b"ipco"), b"")
    properties = [store[a:b] for _, a, _, b in boxes_in(store, 0, len(store))]
    if len(places) != 1 or places[0].method or not any(p[4:8] == b"ispe" for p in properties):
        raise OutputError("the encoder gave more than one picture")
    data = b"".join(file[at : at + size] for at, size in places[0].extents)
    kind = b"hvc1" if any(p[4:8] == b"hvcC" for p in properties) else b"av01"
    first, last = top[b"ftyp"]
    return _Coded(file[first:last], parts[b"hdlr"], kind, data, properties)
