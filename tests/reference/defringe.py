"""Taking of coloured rims in numpy, as `kernels/develop_defringe.py` states it."""

import numpy as np

REACH = 14


def step(e):
    s = np.clip(e, 0, 1)
    return s * s * (3 - 2 * s)


def glow(green, clip):
    """(h, w) light of the bright side as far as it spreads; beyond the border the edge repeats."""
    shine = green * step((green / clip - 0.5) / 0.5)
    for axis in (0, 1):
        pad = [(0, 0), (0, 0)]
        pad[axis] = (REACH, REACH)
        padded = np.pad(shine, pad, mode="edge")
        parts = []
        for d in range(-REACH, REACH + 1):
            start = REACH + d
            part = padded[start : start + green.shape[0]] if axis == 0 else padded[:, start : start + green.shape[1]]
            parts.append(part * (1 - (d / (REACH + 1)) ** 2))
        shine = np.max(parts, axis=0)
    return shine


def defringe(rgb, clip, most, floor):
    """(3, h, w) white-balanced camera RGB without rims. clip: of green; most: (2, h, w) of R/G and B/G."""
    limit = (1 - step((rgb[1] / clip - 0.6) / 0.35)) * 0.3 * glow(rgb[1], clip)

    def held(excess):
        return excess / (1 + (excess / (limit + 1e-9)) ** 4) ** 0.25

    base = np.maximum(rgb[1], 0)
    red, blue = (np.maximum(rgb[c] - most[k] * base - floor, 0) for k, c in ((0, 0), (1, 2)))
    blue = held(blue)
    return rgb - np.stack([np.minimum(held(red), 2 * blue), np.zeros_like(blue), blue])
