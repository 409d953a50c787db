"""Taking of coloured rims in numpy, as `kernels/develop_defringe.py` states it."""

import numpy as np

REACH = 14


def step(e):
    s = np.clip(e, 0, 1)
    return s * s * (3 - 2 * s)


def glow(green, clip):
    """(h, w) light of the bright side as far as it spreads; beyond the border the edge repeats.

    It is spread on squares of two pixels, and taken between their middles.
    """
    h, w = green.shape
    margin = REACH + 2
    green = np.pad(green, [(margin, margin + h % 2), (margin, margin + w % 2)], mode="edge")
    shine = green.reshape(green.shape[0] // 2, 2, -1, 2).max((1, 3))
    shine = shine * step((shine / clip - 0.5) / 0.5)
    for _ in range(2):
        n = len(shine) - REACH
        parts = [shine[d : d + n] * (1 - (2 * (d - REACH // 2) / (REACH + 1)) ** 2) for d in range(REACH + 1)]
        shine = np.max(parts, axis=0).T
    for n in (h, w):
        at = np.arange(n)
        shine = (0.75 * shine[at // 2 + 1] + 0.25 * shine[at // 2 + 2 * (at % 2)]).T
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
