"""What the decoders hand to the door of this leg: the pixels of the active area and what their numbers mean."""

from __future__ import annotations

from lichtbild.carriers import FloatImage, Metadata, Mosaic, NoiseProfile
from lichtbild.errors import RawError
from lichtbild.record import field, record

DAMAGED = "its pixels are damaged; copy it again from the card"
CFAS = ("RGGB", "BGGR", "GRBG", "GBRG")
NOT_BAYER = "has a mosaic that is not of red, green, green and blue; convert it to a linear DNG"
X_TRANS = "has a mosaic of X-Trans kind, and only 2x2 Bayer ones are developed; convert it to a linear DNG"


@record
class Sensor:
    """pixels: linearised, defects of the file's own list mended; (h, w), or (h, w, 3) for linear raw.

    cfa, black_level, white_level, shading and default_crop as in `Frame`. noise_tag: the file's own NoiseProfile.
    """

    pixels: Mosaic
    cfa: str
    black_level: tuple[float, float, float, float]
    white_level: float
    metadata: Metadata
    shading: FloatImage | None = None
    default_crop: tuple[int, int, int, int] | None = None
    noise_tag: NoiseProfile | None = field(default=None)


def clamped_crop(
    top: float, left: float, height: float, width: float, shape: tuple[int, ...]
) -> tuple[int, int, int, int] | None:
    """The crop as whole pixels inside the mosaic; None when it is all of it, or nothing sensible."""
    y0, x0 = max(0, round(top)), max(0, round(left))
    y1, x1 = min(shape[0], round(top + height)), min(shape[1], round(left + width))
    # A crop that throws most of the picture away is a damaged tag.
    if y1 - y0 < max(shape[0] // 4, 1) or x1 - x0 < max(shape[1] // 4, 1):
        return None
    if (y0, x0, y1, x1) == (0, 0, *shape[:2]):
        return None
    return y0, x0, y1 - y0, x1 - x0


class UnknownCodingError(RawError):
    """The file is sound, but its pixels are stored in a way that only LibRaw may know."""
