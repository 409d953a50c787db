"""Small DNG files of every kind for tests: what a camera may write, and what it never should."""

from __future__ import annotations

import struct
import zlib
from collections.abc import Callable, Mapping
from typing import Any

import imagecodecs
import numpy as np

_SIZES = {1: 1, 2: 1, 3: 2, 4: 4, 5: 8, 6: 1, 7: 1, 8: 2, 9: 4, 10: 8, 11: 4, 12: 8, 16: 8}
_CODES = {1: "B", 3: "H", 4: "I", 6: "b", 8: "h", 9: "i", 11: "f", 12: "d", 16: "Q"}

Tag = tuple[int, Any]  # TIFF type, value or values


def encoded(order: str, kind: int, value: Any) -> tuple[int, bytes]:
    """(count, bytes) of a tag's value; rationals are (numerator, denominator) pairs."""
    if kind in (2, 7) or isinstance(value, bytes):
        data = value.encode() + b"\0" if isinstance(value, str) else bytes(value)
        return len(data), data
    values = list(value) if isinstance(value, (list, tuple, np.ndarray)) else [value]
    if kind in (5, 10):
        flat = [part for pair in values for part in pair]
        return len(values), struct.pack(f"{order}{len(flat)}{'I' if kind == 5 else 'i'}", *flat)
    return len(values), struct.pack(f"{order}{len(values)}{_CODES[kind]}", *values)


def rational(values: Any, kind: int = 10) -> Tag:
    return kind, [(round(v * 10000), 10000) for v in np.ravel(values)]


def tiff(
    directories: Mapping[str, Mapping[int, Tag]], blobs: Mapping[str, bytes], order: str = "<", big: bool = False
) -> bytes:
    """A TIFF file. A value "@name" is the place of that directory or blob; the directory "main" comes first."""
    entry, count_code, offset_code, inline = (20, "Q", "Q", 8) if big else (12, "H", "I", 4)
    place: dict[str, int] = {}
    at = 16 if big else 8
    for name, tags in directories.items():
        place[name] = at
        at += struct.calcsize(count_code) + entry * len(tags) + inline
    extra_at = at
    bodies: dict[str, list[tuple[int, int, int, bytes]]] = {}
    for name, tags in directories.items():
        rows = []
        for tag, (kind, value) in sorted(tags.items()):
            references = value if isinstance(value, list) else [value]
            if any(isinstance(v, str) and v.startswith("@") for v in references):
                count, data = len(references), bytes(_SIZES[kind] * len(references))
            else:
                count, data = encoded(order, kind, value)
            rows.append((tag, kind, count, data))
            if len(data) > inline:
                at += len(data) + len(data) % 2
        bodies[name] = rows
    for name, blob in blobs.items():
        at += at % 2
        place[name] = at
        at += len(blob)
    out = bytearray((b"II" if order == "<" else b"MM") + struct.pack(order + "H", 43 if big else 42))
    out += struct.pack(order + "HHQ", 8, 0, place["main"]) if big else struct.pack(order + "I", place["main"])
    values = bytearray()
    for name, rows in bodies.items():
        out += struct.pack(order + count_code, len(rows))
        for tag, kind, count, data in rows:
            value = directories[name][tag][1]
            references = value if isinstance(value, list) else [value]
            if any(isinstance(v, str) and v.startswith("@") for v in references):
                numbers = [place[v[1:]] if isinstance(v, str) else v for v in references]
                data = struct.pack(f"{order}{count}{_CODES[kind]}", *numbers)
            out += struct.pack(order + ("HHQ" if big else "HHI"), tag, kind, count)
            if len(data) <= inline:
                out += data.ljust(inline, b"\0")
            else:
                out += struct.pack(order + offset_code, extra_at + len(values))
                values += data + bytes(len(data) % 2)
        out += bytes(inline)
    out += values
    for name, blob in blobs.items():
        out += bytes(place[name] - len(out)) + blob
    return bytes(out)


def packed(rows: np.ndarray, bits: int, order: str) -> bytes:
    """Rows of numbers as DNG packs them: each row starts on a byte, most significant bit first."""
    flat = rows.reshape(rows.shape[0], -1)
    if bits in (8, 16):
        return flat.astype(f"{order}u{bits // 8}").tobytes()
    each = (flat[..., None] >> np.arange(bits)[::-1]) & 1
    return np.packbits(each.reshape(len(flat), -1).astype(np.uint8), axis=1).tobytes()


def coded(tile: np.ndarray, compression: int, bits: int, order: str) -> bytes:
    if compression == 7:
        if tile.ndim == 3:
            whole = np.ascontiguousarray(tile)
            return bytes(imagecodecs.jpeg8_encode(whole, lossless=True, predictor=7, bitspersample=bits))
        # Half as many rows of twice the width are the same numbers in the same order; cameras do so too.
        rows = tile.reshape(tile.shape[0] // 2, -1) if tile.shape[0] % 2 == 0 else tile
        return bytes(imagecodecs.ljpeg_encode(np.ascontiguousarray(rows), bitspersample=bits))
    data = packed(tile, bits, order)
    return zlib.compress(data) if compression == 8 else data


def make_dng(
    pixels: np.ndarray,
    *,
    cfa: str = "RGGB",
    bits: int = 16,
    order: str = "<",
    compression: int = 1,
    tile: tuple[int, int] | None = None,
    rows_per_strip: int | None = None,
    tags: Mapping[int, Tag | None] | None = None,
    exif: Mapping[int, Tag] | None = None,
    big: bool = False,
    coder: Callable[[np.ndarray], bytes] | None = None,
) -> bytes:
    """A DNG of `pixels`, (h, w) or (h, w, 3). tags: added to the first directory, or taken out of it (None).

    coder: makes the bytes of a strip or tile, where the compression is none that `coded` knows.
    """
    height, width = pixels.shape[:2]
    samples = 3 if pixels.ndim == 3 else 1
    pieces = []
    if tile:
        grid = [(y, x) for y in range(0, height, tile[0]) for x in range(0, width, tile[1])]
        padding = [(0, -height % tile[0]), (0, -width % tile[1]), (0, 0)][: pixels.ndim]
        whole = np.pad(pixels, padding, mode="edge")
        pieces = [whole[y : y + tile[0], x : x + tile[1]] for y, x in grid]
    else:
        step = rows_per_strip or height
        pieces = [pixels[y : y + step] for y in range(0, height, step)]
    blobs = {f"piece{i}": coder(p) if coder else coded(p, compression, bits, order) for i, p in enumerate(pieces)}
    main: dict[int, Tag | None] = {
        254: (4, 0),
        256: (4, width),
        257: (4, height),
        258: (3, [bits] * samples),
        259: (3, compression),
        262: (3, 34892 if samples == 3 else 32803),
        271: (2, "Lichtbild"),
        272: (2, "Test Camera"),
        274: (3, 1),
        277: (3, samples),
        284: (3, 1),
        306: (2, "2024:05:06 07:08:09"),
        50706: (1, [1, 4, 0, 0]),
        50708: (2, "Lichtbild Test Camera"),
        50714: (4, [64] * samples),
        50717: (4, [(1 << bits) - 1] * samples),
        50721: rational([0.8, -0.2, -0.1, -0.4, 1.2, 0.2, -0.1, 0.2, 0.6]),
        50728: rational([0.5, 1.0, 0.6], 5),
        50778: (3, 21),
        51041: (12, [1e-6, 1e-4]),
    }
    if samples == 1:
        main |= {33421: (3, [2, 2]), 33422: (1, ["RGB".index(c) for c in cfa])}
    where, sizes = (324, 325) if tile else (273, 279)
    if tile:
        main |= {322: (4, tile[1]), 323: (4, tile[0])}
    else:
        main[278] = (4, rows_per_strip or height)
    main[where] = (16 if big else 4, [f"@{name}" for name in blobs])
    main[sizes] = (4, [len(b) for b in blobs.values()])
    directories: dict[str, dict[int, Tag]] = {}
    if exif:
        main[34665] = (4, "@exif")
    main |= dict(tags or {})
    directories["main"] = {k: v for k, v in main.items() if v is not None}
    if exif:
        directories["exif"] = dict(exif)
    return tiff(directories, blobs, order, big)
