"""AVIF: AV1 pictures by libaom, with the code points that say what their numbers mean (ITU-T H.273)."""

from __future__ import annotations

import os
from bisect import bisect
from typing import Any

import numpy as np
import numpy.typing as npt

from lichtbild.output.jpeg import FULL_CHROMA_FROM

# Quality of a JPEG, and of an AVIF of the same structural similarity (benchmarks/formats.py).
LIKE_JPEG = ((1, 10), (30, 38), (50, 47), (70, 60), (80, 67), (85, 71), (92, 80), (96, 87), (98, 90), (100, 94))
# What is left to the best quality shrinks by this, because these curves give the dark and middle tones fewer codes.
FINER = {"pq": 0.48, "hlg": 0.7}
MAP_QUALITY = 85
SPEED = {"quick": 9, "small": 6}
PRIMARIES = {"srgb": 1, "p3": 12, "rec2020": 9}
TRANSFERS = {"srgb": 13, "p3": 13, "rec2020": 14, "pq": 16, "hlg": 18}
MATRICES = {"srgb": 6, "p3": 6, "rec2020": 9}


def encode(image: npt.NDArray[Any], bits: int, space: str, curve: str, quality: int, effort: str) -> bytes:
    """A bare AVIF of an (h, w, 3) image of that many bits. curve: the space's name, or "pq" or "hlg"."""
    from imagecodecs import AVIF, avif_encode

    return bytes(
        avif_encode(
            image,
            round(100 - (100 - interpolated(LIKE_JPEG, quality)) * FINER.get(curve, 1.0)),
            speed=SPEED[effort],
            bitspersample=bits,
            pixelformat=AVIF.PIXEL_FORMAT.YUV444 if quality >= FULL_CHROMA_FROM else AVIF.PIXEL_FORMAT.YUV420,
            primaries=PRIMARIES[space],
            transfer=TRANSFERS[curve],
            matrix=MATRICES[space],
            numthreads=len(os.sched_getaffinity(0)),
        )
    )


def encode_map(image: npt.NDArray[np.uint8]) -> bytes:
    """A bare AVIF of a gain map (h, w), whose numbers are no colours."""
    from imagecodecs import AVIF, avif_encode

    return bytes(
        avif_encode(
            np.ascontiguousarray(image),
            MAP_QUALITY,
            speed=SPEED["quick"],
            pixelformat=AVIF.PIXEL_FORMAT.YUV400,
            primaries=2,
            transfer=2,
            matrix=2,
            numthreads=len(os.sched_getaffinity(0)),
        )
    )


def interpolated(table: tuple[tuple[float, float], ...], x: float) -> float:
    """Between the table's points."""
    i = min(max(bisect(table, (x, float("inf"))), 1), len(table) - 1)
    (x0, y0), (x1, y1) = table[i - 1], table[i]
    return y0 + (y1 - y0) * (x - x0) / (x1 - x0)
