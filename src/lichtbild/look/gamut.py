"""Which colour space a picture needs: sRGB, or Display P3 where a meaningful part of it has colours beyond sRGB.

A coarse rendering in Display P3 tells: each colour is compared with the nearest of the same hue and lightness that sRGB
can show, in Oklab (Ottosson 2020), where equal distances look about equally far.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from lichtbild.color import convert
from lichtbild.look.oklab import lab_from_rgb

VISIBLE = 0.02  # distance in Oklab that is seen side by side: about one hundredth of the way from black to white, twice
MEANINGFUL = 0.01  # share of the picture from which the wider space is worth while
SAMPLES = 40_000  # pixels that are looked at, about


def needed(coarse: npt.NDArray[np.floating[Any]]) -> tuple[str, float]:
    """("srgb" or "p3", share of the picture that sRGB would show visibly wrong).

    coarse: the picture (h, w, 3), linear in Display P3's primaries; few pixels are enough."""
    step = max(1, int((coarse.shape[0] * coarse.shape[1] / SAMPLES) ** 0.5))
    rgb = coarse[::step, ::step].reshape(-1, 3).astype(np.float64) @ convert("p3", "srgb").T
    outside = (rgb.min(1) < -1e-3) | (rgb.max(1) > 1 + 1e-3)
    share = float((distance(rgb[outside]) > VISIBLE).sum()) / len(rgb)
    return ("p3" if share > MEANINGFUL else "srgb"), share


def distance(rgb: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    """How far each linear sRGB colour (n, 3) is, in Oklab, from what is left of it inside 0..1 on its way to grey."""
    if not len(rgb):
        return np.zeros(0)
    grey = np.clip(rgb @ [0.2126, 0.7152, 0.0722], 1e-6, 1 - 1e-6)[:, None]
    off = rgb - grey
    room = np.where(off > 0, (1 - grey) / np.maximum(off, 1e-9), grey / np.maximum(-off, 1e-9)).min(1)
    inside = grey + off * np.minimum(room, 1.0)[:, None]
    return np.asarray(np.linalg.norm(lab_from_rgb(rgb, "srgb") - lab_from_rgb(inside, "srgb"), axis=1))
