"""Raws of floating-point numbers (DNG 1.4 and later): 16, 24 and 32 bits, stored or deflated, with their predictors.

They come from programs that merge exposures. A `Frame` holds whole numbers, so these are spread over 16 bits.
"""

from __future__ import annotations

import zlib

import numpy as np
import numpy.typing as npt

from lichtbild.errors import RawError
from lichtbild.raw.sensor import DAMAGED
from lichtbild.raw.tiff import Buffer, Directory

ZERO = 2048.0  # the number that stands for 0: noise around black goes below it
PREDICTORS = {3: 1, 34894: 2, 34895: 4}  # pixels from which the difference is


def float_white(directory: Directory) -> float:
    """The smallest WhiteLevel; 1 where none can be used."""
    values = directory.floats(50717)
    if values and all(np.isfinite(v) and 1e-6 < v < 1e9 for v in values):
        return min(values)
    return 1.0


def whole(value: float, white: float) -> float:
    """A level of the floating-point scale among the whole numbers: 0 is `ZERO`, white 65535."""
    return ZERO + value * (65535.0 - ZERO) / white


def whole_numbers(values: npt.NDArray[np.float32], white: float) -> npt.NDArray[np.uint16]:
    """Levels of the floating-point scale, of which `white` is white, as uint16; what is no number becomes black."""
    with np.errstate(over="ignore", invalid="ignore"):
        spread = ZERO + np.nan_to_num(values, nan=0.0, posinf=white, neginf=0.0) * ((65535.0 - ZERO) / white)
    numbers: npt.NDArray[np.uint16] = np.clip(np.rint(spread), 0, 65535).astype(np.uint16)
    return numbers


def decode_floats(
    tile: Buffer, rows: int, width: int, samples: int, bits: int, order: str, predictor: int, *, deflated: bool
) -> npt.NDArray[np.float32]:
    """(rows, width * samples) of a tile that may hold more rows. Raises `RawError`."""
    row_bytes = width * samples * bits // 8
    if deflated:
        try:
            data = zlib.decompressobj().decompress(tile, row_bytes * rows)
        except zlib.error:
            raise RawError(DAMAGED) from None
    else:
        data = bytes(tile[: row_bytes * rows])
    if len(data) < row_bytes * rows:
        raise RawError(DAMAGED)
    stored = np.frombuffer(data, np.uint8).reshape(rows, row_bytes)
    step = PREDICTORS.get(predictor)
    if step is None:
        parts = stored.reshape(rows, -1, bits // 8)
        return _numbers(parts if order == ">" else parts[..., ::-1])
    # Differences of bytes; then the bytes of one weight after another, the most significant first.
    step *= samples
    padded = np.pad(stored, ((0, 0), (0, -row_bytes % step)))
    summed = padded.reshape(rows, -1, step).cumsum(1, dtype=np.uint8).reshape(rows, -1)[:, :row_bytes]
    return _numbers(summed.reshape(rows, bits // 8, -1).transpose(0, 2, 1))


def _numbers(parts: npt.NDArray[np.uint8]) -> npt.NDArray[np.float32]:
    """(..., bytes) with the most significant first, to numbers."""
    count = parts.shape[-1]
    if count != 3:
        return np.ascontiguousarray(parts).view(f">f{count}")[..., 0].astype(np.float32)
    # 24 bits: a sign, 7 bits of exponent (less 63), 16 of mantissa.
    top, high, low = (parts[..., i].astype(np.int32) for i in range(3))
    exponent, mantissa = top & 127, (high << 8) | low
    value = np.ldexp(np.where(exponent > 0, 65536 + mantissa, mantissa) / 65536, np.maximum(exponent, 1) - 63)
    value = np.where(exponent == 127, np.inf, value)
    return np.where(top > 127, -value, value).astype(np.float32)
