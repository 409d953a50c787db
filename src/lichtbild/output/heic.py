"""HEIC: HEVC pictures by libheif and x265, which the extra `heif` brings."""

from __future__ import annotations

import io
from typing import Any

import numpy as np
import numpy.typing as npt

from lichtbild.errors import OutputError
from lichtbild.output.avif import MATRICES, PRIMARIES, TRANSFERS, interpolated

# Quality of a JPEG, and of a HEIC of the same structural similarity (benchmarks/formats.py).
LIKE_JPEG = ((1, 5), (30, 28), (50, 35), (70, 43), (80, 48), (85, 52), (92, 58), (96, 66), (98, 71), (100, 76))
FINER = {"pq": 0.64, "hlg": 0.8}  # as in `avif`
MAP_QUALITY = 70
LESS = {"quick": 0.0, "small": 4.0}  # of x265's quality, at which a slower preset keeps as much
PRESET = {"quick": "ultrafast", "small": "veryfast"}


def encode(image: npt.NDArray[Any], bits: int, space: str, curve: str, quality: int, effort: str) -> bytes:
    """A bare HEIC of an (h, w, 3) uint8 image, or of uint16 that uses all 16 bits, of which 10 or 12 are kept.

    curve: the space's name, or "pq" or "hlg". Colour is subsampled, for that is what decoders in devices know.
    Raises `OutputError` where pillow-heif is missing.
    """
    deep = bits > 8
    return _encoded(
        "RGB;16" if deep else "RGB",
        image,
        bits,
        quality=round(100 - (100 - interpolated(LIKE_JPEG, quality)) * FINER.get(curve, 1.0) - LESS[effort]),
        chroma=420,
        enc_params={"preset": PRESET[effort]},
        color_primaries=PRIMARIES[space],
        transfer_characteristics=TRANSFERS[curve],
        matrix_coefficients=MATRICES[space],
        full_range_flag=1,
    )


def encode_map(image: npt.NDArray[np.uint8]) -> bytes:
    """A bare HEIC of a gain map (h, w), whose numbers are no colours."""
    numbers = {"color_primaries": 2, "transfer_characteristics": 2, "matrix_coefficients": 2, "full_range_flag": 1}
    return _encoded("L", image, 8, quality=MAP_QUALITY, enc_params={"preset": PRESET["quick"]}, **numbers)


def _encoded(mode: str, image: npt.NDArray[Any], bits: int, **options: Any) -> bytes:
    try:
        import pillow_heif
    except ImportError:
        raise OutputError(
            "HEIC needs the package pillow-heif; pip install lichtbild[heif], or write an .avif"
        ) from None
    target = io.BytesIO()
    pillow_heif.options.SAVE_HDR_TO_12_BIT = bits == 12
    try:
        size = image.shape[1], image.shape[0]
        pillow_heif.encode(mode, size, np.ascontiguousarray(image).data.cast("B"), target, **options)
    except (RuntimeError, ValueError, MemoryError, OSError) as error:
        raise OutputError(f"the HEIC encoder failed ({str(error)[:200]}); write an .avif") from None
    finally:
        pillow_heif.options.SAVE_HDR_TO_12_BIT = False
    return target.getvalue()
