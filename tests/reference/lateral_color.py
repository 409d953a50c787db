"""Plain numpy of kernel `lateral_color`."""

from __future__ import annotations

import numpy as np

BLOCK = 32


def shifted(a: np.ndarray, down: int, right: int) -> np.ndarray:
    """a[Y + down, X + right], from a picture with a margin of 8 that keeps its shape."""
    return np.roll(a, (-down, -right), (0, 1))


def lateral_color(mosaic: np.ndarray, black: np.ndarray, dy: int, dx: int, clip: int, every: int) -> np.ndarray:
    """(14, rows of blocks, blocks of a row) sums of products of detail, as the kernel's description says."""
    quads = (mosaic.shape[0] - dy) // 2, (mosaic.shape[1] - dx) // 2

    def site(j: int, i: int) -> np.ndarray:
        down = np.clip(2 * np.arange(-8, quads[0] + 8) + dy + j, 0, mosaic.shape[0] - 1)
        right = np.clip(2 * np.arange(-8, quads[1] + 8) + dx + i, 0, mosaic.shape[1] - 1)
        return mosaic[np.ix_(down, right)].astype(np.float64)

    sites = [site(0, 0), site(0, 1), site(1, 0), site(1, 1)]
    planes = [sites[0] - black[0], (sites[1] + sites[2]) / 2 - black[1], sites[3] - black[2]]
    high = np.max(sites, 0)
    near = [shifted(high, j, i) for j in range(-4, 5) for i in range(-4, 5)]
    usable = (np.max(near, 0) < clip).astype(np.float64)
    details = []
    for plane in planes:
        down = (shifted(plane, -1, 0) + shifted(plane, 1, 0)) / 4 + plane / 2
        smooth = (shifted(down, 0, -1) + shifted(down, 0, 1)) / 4 + down / 2
        mean = np.mean([shifted(smooth, j, i) for j in range(-2, 3) for i in range(-2, 3)], 0)
        details.append(smooth - mean)
    r, g, b = details
    v = (shifted(g, 1, 0) - shifted(g, -1, 0)) / 4
    h = (shifted(g, 0, 1) - shifted(g, 0, -1)) / 4
    products = [g * g, g * v, g * h, v * v, v * h, h * h, r * g, r * v, r * h, b * g, b * v, b * h, r * r, b * b]
    inside = [(p * usable)[8:-8, 8:-8] for p in products]
    out = np.empty((14, -(-(quads[0] // BLOCK) // every), quads[1] // BLOCK))
    for (k, j, i), _ in np.ndenumerate(out):
        top, left = j * BLOCK * every, i * BLOCK
        out[k, j, i] = inside[k][top : top + BLOCK, left : left + BLOCK].sum()
    return out
