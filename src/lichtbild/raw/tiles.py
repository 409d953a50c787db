"""The pixels of a TIFF image: strips or tiles, packed, deflate, JPEG of all kinds, JPEG XL, to 16-bit numbers.

What a file claims is weighed against its bytes before memory is taken: uncompressed pixels must be in the file, and
compressed ones cannot be more than their coding allows. Compressed tiles are decoded in parallel.
"""

from __future__ import annotations

import math
import zlib
from collections.abc import Iterator

import numpy as np
import numpy.typing as npt

from lichtbild import native
from lichtbild.errors import RawError
from lichtbild.raw.sensor import DAMAGED, UnknownCodingError
from lichtbild.raw.tiff import Buffer, Directory
from lichtbild.record import record
from lichtbild.workers import on_all_processors

MAX_PIXELS = 400_000_000
MAX_TILES = 1 << 20

NONE, JPEG, DEFLATE, OLD_DEFLATE, LOSSY_JPEG, JPEG_XL = 1, 7, 8, 32946, 34892, 52546
_NAMES = {
    9: "VC-5 (GoPro GPR)",
    34713: "Nikon's own",
    50002: "the lossy DNG 1.7 draft",
    32767: "Sony's own",
    34316: "Panasonic's own",
    65000: "Kodak's own",
}
CUT_OFF = "the file ends before its pixels do; copy it again from the card"


@record
class Layout:
    """Where the pixels are and how they are stored; `offsets` and `counts` of strips or tiles in row-major order."""

    height: int
    width: int
    samples: int
    bits: int
    compression: int
    tile_height: int
    tile_width: int
    offsets: npt.NDArray[np.int64]
    counts: npt.NDArray[np.int64]
    order: str
    predictor: int
    floating: bool = False
    interleave: tuple[int, int] = (1, 1)  # fields that rows and columns are sorted into

    @property
    def row_bytes(self) -> int:
        """Of a row of one tile; rows of packed bits start on a byte."""
        return (self.tile_width * self.samples * self.bits + 7) // 8

    def places(self) -> Iterator[tuple[int, int, int]]:
        """(index, top, left) of each tile."""
        across = -(-self.width // self.tile_width)
        for i in range(len(self.offsets)):
            yield i, i // across * self.tile_height, i % across * self.tile_width


def layout_of(directory: Directory) -> Layout:
    """The layout of a directory's image. Raises `RawError` when it is impossible, too large or of no known kind."""
    width, height = directory.integer(256, 0) or 0, directory.integer(257, 0) or 0
    samples = directory.integer(277, 1) or 1
    if width <= 0 or height <= 0 or not 1 <= samples <= 4:
        raise RawError(
            f"claims {width} x {height} pixels of {samples} samples, so it is damaged; copy it again from the card"
        )
    if width * height > MAX_PIXELS or max(width, height) > 65535:
        raise RawError(
            f"claims {width} x {height} pixels; more than {MAX_PIXELS // 10**6} megapixels cannot be real here"
        )
    bits = set(directory.integers(258) or (16 if samples == 1 else 8,))
    if len(bits) != 1:
        raise UnknownCodingError("has samples of different depths; convert it with a DNG converter")
    if directory.integer(284, 1) == 2 and samples > 1:
        raise UnknownCodingError("keeps its colours in separate planes; convert it with a DNG converter")
    tile_width, tile_height = width, min(directory.integer(278, height) or height, height)
    tags = (273, 279)
    if 324 in directory or 322 in directory:
        tile_width, tile_height = directory.integer(322, 0) or 0, directory.integer(323, 0) or 0
        tags = (324, 325)
    if not (0 < tile_width <= 65535 and 0 < tile_height <= 65535 and tile_width * tile_height <= MAX_PIXELS):
        raise RawError("has tiles of an impossible size, so it is damaged; copy it again from the card")
    expected = -(-width // tile_width) * -(-height // tile_height)
    offsets, counts = (directory.array(tag) for tag in tags)
    if expected > MAX_TILES or offsets is None or len(offsets) < expected or offsets.ndim != 1:
        raise RawError("does not say where its pixels are, so it is damaged; copy it again from the card")
    if counts is None or len(counts) < expected or counts.ndim != 1:
        counts = np.zeros(expected, np.uint64)
    # Offsets beyond 2^62 are beyond any file; the cap keeps sums from overflowing.
    where, size = (np.minimum(a[:expected].astype(np.float64), 2.0**52).astype(np.int64) for a in (offsets, counts))
    layout = Layout(
        height, width, samples, bits.pop(), directory.integer(259, NONE) or NONE, tile_height, tile_width,
        where, size, directory.order, directory.integer(317, 1) or 1, set(directory.integers(339) or (1,)) == {3},
        (directory.integer(50975, 1) or 1, directory.integer(52547, 1) or 1),
    )  # fmt: skip
    _refuse_unknown(layout, directory)
    return layout


def _refuse_unknown(layout: Layout, directory: Directory) -> None:
    if set(directory.integers(339) or (1,)) != {3 if layout.floating else 1}:
        raise UnknownCodingError("holds numbers of several kinds; convert it with a DNG converter")
    if not all(1 <= n <= 16 for n in layout.interleave):
        raise RawError("sorts its rows or columns in an unknown way; convert it with a DNG converter")
    if directory.integer(266, 1) != 1:
        raise UnknownCodingError("stores its bits in reverse order; convert it with a DNG converter")
    if layout.floating:
        from lichtbild.raw.floats import PREDICTORS

        if layout.compression not in (NONE, DEFLATE, OLD_DEFLATE) or layout.bits not in (16, 24, 32):
            raise UnknownCodingError("holds floating-point numbers of an unknown kind; convert it with a DNG converter")
        if layout.compression != NONE and layout.predictor not in (1, *PREDICTORS):
            raise UnknownCodingError("holds floating-point numbers of an unknown kind; convert it with a DNG converter")
        return
    known = {
        NONE: (8, 10, 12, 14, 16),
        JPEG: tuple(range(8, 17)),
        DEFLATE: (8, 16),
        OLD_DEFLATE: (8, 16),
        LOSSY_JPEG: (8,),
        JPEG_XL: tuple(range(8, 17)),
    }
    if layout.compression not in known:
        name = _NAMES.get(layout.compression, f"number {layout.compression}")
        raise UnknownCodingError(
            f"is compressed in a way that cannot be read here ({name}); convert it to an uncompressed DNG"
        )
    if layout.bits not in known[layout.compression]:
        raise UnknownCodingError(
            f"has {layout.bits} bits per sample, which cannot be read here; convert it with a DNG converter"
        )
    if layout.compression in (DEFLATE, OLD_DEFLATE) and layout.predictor not in (1, 2):
        raise UnknownCodingError(
            "is deflated with a predictor that cannot be read here; convert it with a DNG converter"
        )


def read_pixels(data: Buffer, layout: Layout, white: float = 1.0) -> npt.NDArray[np.uint16]:
    """(h, w) or (h, w, samples) numbers as stored; a read-only view of `data` where that is possible.

    white: of floating-point numbers, which are spread over whole ones (`floats.whole`).
    """
    plain = layout.compression == NONE and not layout.floating
    pixels = _uncompressed(data, layout) if plain else _compressed(data, layout, white)
    for axis, fields in enumerate(layout.interleave):
        if fields > 1:  # all rows of the first field, then all of the second
            places = np.argsort(np.concatenate([np.arange(pixels.shape[axis])[i::fields] for i in range(fields)]))
            pixels = np.take(pixels, places, axis)
    return pixels


def _uncompressed(data: Buffer, layout: Layout) -> npt.NDArray[np.uint16]:
    sizes = np.full(len(layout.offsets), layout.row_bytes * layout.tile_height, np.int64)
    if layout.tile_width == layout.width:  # strips; the last one is shorter
        sizes[-1] = layout.row_bytes * (layout.height - layout.tile_height * (len(sizes) - 1))
    if (layout.offsets + sizes > len(data)).any() or sizes.sum() > len(data):
        raise RawError(CUT_OFF)
    shape = (layout.height, layout.width, layout.samples)[: 2 if layout.samples == 1 else 3]
    gapless = layout.tile_width == layout.width and (layout.offsets[1:] == (layout.offsets + sizes)[:-1]).all()
    if gapless:
        rows = np.frombuffer(data, np.uint8, sizes.sum(), layout.offsets[0]).reshape(layout.height, layout.row_bytes)
        return _numbers(rows, layout.width * layout.samples, layout).reshape(shape)
    out = np.empty(shape, np.uint16)
    for i, top, left in layout.places():
        rows = np.frombuffer(data, np.uint8, sizes[i], layout.offsets[i]).reshape(-1, layout.row_bytes)
        _place(out, _numbers(rows, layout.tile_width * layout.samples, layout), top, left, layout)
    return out


def _numbers(rows: npt.NDArray[np.uint8], width: int, layout: Layout) -> npt.NDArray[np.uint16]:
    """Rows of bytes to rows of numbers."""
    if layout.bits == 16:
        stored = rows.view(layout.order + "u2")
        if layout.order == "<" and stored.flags.aligned:
            return stored.view(np.uint16)
        return stored.astype(np.uint16)
    if layout.bits == 8:
        return rows.astype(np.uint16)
    out = np.empty((len(rows), width), np.uint16)
    native.call(f"raw_unpack_{layout.bits}", rows, out)
    return out


def _place(out: npt.NDArray[np.uint16], tile: npt.NDArray[np.uint16], top: int, left: int, layout: Layout) -> None:
    """Put a tile's pixels into the image; tiles at the right and bottom edge are cut."""
    rows, columns = min(layout.tile_height, layout.height - top), min(layout.tile_width, layout.width - left)
    if len(tile) < rows:
        raise RawError(DAMAGED)
    shaped = tile.reshape(len(tile), layout.tile_width, *out.shape[2:])
    out[top : top + rows, left : left + columns] = shaped[:rows, :columns]


def _compressed(data: Buffer, layout: Layout, white: float) -> npt.NDArray[np.uint16]:
    from lichtbild.raw.floats import decode_floats, whole_numbers
    from lichtbild.raw.jpeg import decode_jpeg
    from lichtbild.raw.jpeg_xl import decode_jpeg_xl

    ends = layout.offsets + layout.counts
    if (layout.counts <= 0).any():
        raise RawError("does not say where its pixels are, so it is damaged; copy it again from the card")
    if (ends > len(data)).any() or layout.counts.sum() > len(data):
        raise RawError(CUT_OFF)
    # The least that one sample can take: a bit in lossless JPEG; 4 bits for a block of 64 in lossy JPEG; even colour
    # in JPEG XL takes next to nothing.
    most = {NONE: 1, JPEG: 8, LOSSY_JPEG: 128, JPEG_XL: 8192}.get(layout.compression, 1032) * int(layout.counts.sum())
    if layout.tile_width * layout.tile_height * len(ends) * layout.samples > most + 65536:
        raise RawError("claims more pixels than its bytes can hold, so it is damaged; copy it again from the card")
    out = np.empty((layout.height, layout.width, layout.samples)[: 2 if layout.samples == 1 else 3], np.uint16)

    def decode(place: tuple[int, int, int]) -> None:
        i, top, left = place
        tile = data[layout.offsets[i] : ends[i]]
        rows = min(layout.tile_height, layout.height - top) if layout.tile_width == layout.width else None
        _place(out, decoded(tile, rows or layout.tile_height), top, left, layout)

    def decoded(tile: Buffer, rows: int) -> npt.NDArray[np.uint16]:
        heights = (layout.tile_height, rows)  # the bottom tile may be whole or cut
        size = (layout.tile_width, layout.samples, layout.bits)
        if layout.floating:
            coding = (layout.order, layout.predictor if layout.compression != NONE else 1)
            floats = decode_floats(tile, rows, *size, *coding, deflated=layout.compression != NONE)
            return whole_numbers(floats, white)
        if layout.compression in (DEFLATE, OLD_DEFLATE):
            return _deflated(tile, layout, rows)
        if layout.compression == JPEG_XL:
            return decode_jpeg_xl(tile, heights, *size)
        return decode_jpeg(tile, heights, *size, only_dct=layout.compression == LOSSY_JPEG)

    on_all_processors(decode, layout.places())
    return out


def _deflated(tile: Buffer, layout: Layout, rows: int) -> npt.NDArray[np.uint16]:
    """zlib, with horizontal differencing when the predictor is 2."""
    limit = layout.row_bytes * layout.tile_height
    try:
        raw = zlib.decompressobj().decompress(tile, limit)
    except zlib.error:
        raise RawError(DAMAGED) from None
    have = math.floor(len(raw) / layout.row_bytes)
    if have < rows:
        raise RawError(DAMAGED)
    stored = np.frombuffer(raw, layout.order + f"u{layout.bits // 8}", have * layout.row_bytes // (layout.bits // 8))
    samples = stored.reshape(have, layout.tile_width, layout.samples)
    if layout.predictor == 2:
        samples = samples.astype(samples.dtype.newbyteorder("=")).cumsum(1, dtype=f"u{layout.bits // 8}")
    return samples.reshape(have, -1).astype(np.uint16)
