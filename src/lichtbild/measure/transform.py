"""Pictures whose profile is no matrix with curves, CMYK for printing among them, through LittleCMS to Rec. 2020."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from lichtbild.errors import MeasureError
from lichtbild.output import icc

_RELATIVE = 1  # relative colorimetric: white stays white, colours as they are


def to_rec2020(samples: npt.NDArray[Any], profile: bytes) -> tuple[npt.NDArray[np.uint16], bytes]:
    """((h, w, 3) uint16, its profile) of (h, w, 3 or 4) whole numbers: RGB, or CMYK with ink at the upper end.

    Raises `MeasureError` when the profile is no fit.
    """
    from imagecodecs import cms_transform

    wanted = icc.profile("rec2020")
    kind = "cmyk" if samples.shape[2] == 4 else "rgb"
    out = np.empty((*samples.shape[:2], 3), np.uint16)
    try:
        for top in range(0, len(samples), 256):
            part = np.ascontiguousarray(samples[top : top + 256])
            out[top : top + 256] = cms_transform(
                part, profile, wanted, colorspace=kind, outcolorspace="rgb", outdtype=np.uint16, intent=_RELATIVE
            )
    except MemoryError:
        raise
    except Exception:  # imagecodecs raises many kinds
        raise MeasureError("has a colour profile that does not fit its channels; save it as RGB") from None
    return out, wanted


def inks_of(image: npt.NDArray[Any], upside_down: bool) -> npt.NDArray[Any]:
    """(h, w, 4) of CMYK, of which JPEG holds the paper that is left. Raises `MeasureError`."""
    if image.ndim != 3 or image.shape[2] not in (4, 5) or image.dtype not in (np.uint8, np.uint16):
        raise MeasureError("has a profile for CMYK and other channels; save it as RGB")
    return np.invert(image[..., :4]) if upside_down else image[..., :4]


def full_range(image: npt.NDArray[Any], bits: int) -> npt.NDArray[Any]:
    """Samples of 9 to 15 bits as 16."""
    if image.dtype != np.uint16 or not 8 < bits < 16:
        return image
    return np.asarray(image << (16 - bits) | image >> (2 * bits - 16), np.uint16)
