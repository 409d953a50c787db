"""Which colour space a picture needs: sRGB, or Display P3 where a meaningful part of it is visibly paler in sRGB.

Two coarse renderings tell, one for each space: their colours are compared in Oklab (Ottosson 2020), where equal
distances look about equally far.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from lichtbild.look.oklab import lab_from_rgb

VISIBLE = 0.03  # distance in Oklab, where 1 is from black to white, that is seen side by side
DARK = 0.01  # of white, below which colour is hardly seen and may be noise
MEANINGFUL = 0.01  # share of the picture from which the wider space is worth while
SAMPLES = 12_000  # pixels that are enough to look at, about
Linear = npt.NDArray[np.floating[Any]]


def needed(srgb: Linear, p3: Linear) -> tuple[str, float]:
    """("srgb" or "p3", share of the picture that sRGB shows visibly paler).

    srgb, p3: the picture (h, w, 3) as it is rendered for either space, linear; few pixels are enough.
    """
    narrow, wide = (v.reshape(-1, 3) for v in (srgb, p3))
    # Numpy is slow along an axis of three: columns are taken apart.
    apart = sum(d * d for d in (lab_from_rgb(wide, "p3") - lab_from_rgb(narrow, "srgb")).T)
    seen = (wide[:, 0] > DARK) | (wide[:, 1] > DARK) | (wide[:, 2] > DARK)
    share = float(np.mean((apart > VISIBLE**2) & seen))
    return ("p3" if share > MEANINGFUL else "srgb"), share
