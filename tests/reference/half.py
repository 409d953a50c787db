"""What half floats (IEEE 754 binary16) keep of light between the legs."""

import numpy as np

HALF = 2.0**-11  # the largest relative error of rounding to a half float


def kept(image: np.ndarray) -> np.ndarray:
    """(h, w, 3) or (3, h, w) as it is stored, in float64 for references."""
    return image.astype(np.float16).astype(np.float64)
