"""One JPEG tile of a DNG: lossless (ITU-T T.81, process 14) or of the DCT kind, decoded by libjpeg-turbo.

The header must fit the tile before the decoder sees it, so that a damaged one can neither ask for memory nor for time.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from lichtbild.errors import RawError
from lichtbild.raw.sensor import DAMAGED
from lichtbild.raw.tiff import Buffer


def decode_jpeg(
    tile: Any, heights: tuple[int, int], width: int, samples: int, bits: int, *, only_dct: bool
) -> npt.NDArray[np.uint16]:
    """(rows, width * samples) numbers, rows being one of `heights`. Raises `RawError` for a tile of another shape.

    Lossless JPEG may hold the same numbers in another shape: two neighbours of a row as two components, or two rows as
    one.
    """
    from imagecodecs import jpeg8_decode

    rows, columns, components, depth, lossless = _header(tile)
    row = width * samples
    fits = depth <= bits and rows * columns * components in {row * h for h in heights}
    if lossless:
        # libjpeg must not take three or four components for a picture whose colours are to be converted.
        space = {3: "RGB", 4: "CMYK"}.get(components)
    else:
        space = None
        fits = fits and columns == width and components == samples
    if not fits or (lossless and only_dct):
        raise RawError(DAMAGED)
    try:
        decoded = jpeg8_decode(tile, colorspace=space, outcolorspace=space)
    except Exception:  # imagecodecs raises many kinds
        raise RawError(DAMAGED) from None
    return np.asarray(decoded, np.uint16).reshape(-1, row)


def _header(tile: Buffer) -> tuple[int, int, int, int, bool]:
    """(height, width, components, bits, lossless) of the one frame header. Raises `RawError` for anything odd."""
    head = bytes(tile[: 1 << 16])
    at = 2
    found = None
    while head[:2] == b"\xff\xd8" and at + 4 <= len(head) and head[at] == 0xFF:
        marker, length = head[at + 1], int.from_bytes(head[at + 2 : at + 4])
        if marker == 0xDA:
            break
        if 0xC0 <= marker <= 0xCF and marker not in (0xC4, 0xC8, 0xCC):
            if found or marker not in (0xC0, 0xC1, 0xC2, 0xC3) or at + 10 > len(head):
                raise RawError(DAMAGED)
            height, width = int.from_bytes(head[at + 5 : at + 7]), int.from_bytes(head[at + 7 : at + 9])
            found = height, width, head[at + 9], head[at + 4], marker == 0xC3
        at += 2 + max(length, 2)
    if not found or not all(found[:4]) or found[2] > 4:
        raise RawError(DAMAGED)
    return found
