"""The plain numpy twin of `kernels/superres_gather.py`: every sample of every frame, by its distance."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

Array = npt.NDArray[np.float64]


def gathered(
    values: Array, trust: Array, moves: Array, scale: float, cfa: str, deviations: tuple[float, float, float]
) -> tuple[Array, Array]:
    """(4, H, W) means and weights: shared, R, G, B.

    values, trust: (n, h, w) of the frames' samples, the values trusted already; moves: (n, 2) displacement (dy, dx);
    deviations: of the kernels, in mosaic pixels: shared, green, red and blue. The 3x3 samples around a pixel count.
    """
    count, h, w = values.shape
    rows, columns = int(h * scale), int(w * scale)
    totals, weights = np.zeros((4, rows, columns)), np.zeros((4, rows, columns))
    for n in range(count):
        for y in range(rows):
            for x in range(columns):
                at = (y + 0.5) / scale - 0.5 + moves[n, 0], (x + 0.5) / scale - 0.5 + moves[n, 1]
                near = int(np.floor(at[0] + 0.5)), int(np.floor(at[1] + 0.5))
                for j in range(near[0] - 1, near[0] + 2):
                    for i in range(near[1] - 1, near[1] + 2):
                        if not (0 <= j < h and 0 <= i < w):
                            continue
                        color = "RGB".index(cfa[2 * (j % 2) + i % 2])
                        away = (j - at[0]) ** 2 + (i - at[1]) ** 2
                        for plane, deviation in ((0, deviations[0]), (1 + color, deviations[1 if color == 1 else 2])):
                            weight = np.exp(-away / (2 * deviation**2))
                            totals[plane, y, x] += weight * values[n, j, i]
                            weights[plane, y, x] += weight * trust[n, j, i]
    return totals / np.maximum(weights, 1e-9), weights
