"""The gain map and the pixels of other formats once more, in plain numpy, float64."""

from __future__ import annotations

import numpy as np

from lichtbild.color import convert
from lichtbild.look.spaces import Transfer


def gain_map(view: np.ndarray, grid: np.ndarray, place: np.ndarray, guide: np.ndarray, curve: np.ndarray) -> np.ndarray:
    """255 * gain / stops of each pixel of half the size, before it is rounded."""
    h, w = view.shape[:2]
    ev, released, softness, slope, per_limit, scale = curve.astype(np.float64)
    ys, xs = (np.minimum(np.arange(-(-n // 2) * 2), n - 1) for n in (h, w))
    light = np.log2(np.maximum(view.astype(np.float64)[ys][:, xs] @ guide[:3], guide[3]))

    def cells(n: int, offset: float, extent: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        u = np.clip((2 * np.arange(-(-n // 2)) + 1 + offset) * place[0] - 0.5, 0, extent - 1)
        low = u.astype(int)
        return low, np.minimum(low + 1, extent - 1), u - low

    y0, y1, fy = cells(h, place[2], grid.shape[1])
    x0, x1, fx = cells(w, place[1], grid.shape[2])
    wide = grid[:, :, x0] * (1 - fx) + grid[:, :, x1] * fx
    at = wide[:, y0] * (1 - fy[:, None]) + wide[:, y1] * fy[:, None]
    at = at.repeat(2, 1).repeat(2, 2)
    t = light * (1 + (1 - released) * at[0]) + ev + (1 - released) * (at[1] - ev)
    above = np.maximum(t, 0)
    grown = above**2 / (above + softness)
    stops = slope * grown / np.sqrt(1 + (grown * per_limit) ** 2)
    return stops.reshape(stops.shape[0] // 2, 2, -1, 2).mean((1, 3)) * scale


def upsampled(image: np.ndarray, shape: tuple[int, int]) -> np.ndarray:
    """Bilinear, over all of the new size, as ISO 21496-1 samples a gain map."""

    def along(values: np.ndarray, n: int) -> np.ndarray:
        cells = len(values)
        u = np.clip((np.arange(n) + 0.5) * cells / n - 0.5, 0, cells - 1)
        low = u.astype(int)
        f = (u - low)[:, None]
        return values[low] * (1 - f) + values[np.minimum(low + 1, cells - 1)] * f

    return along(along(image.astype(np.float64), shape[0]).T, shape[1]).T


def decoded(encoded: np.ndarray, transfer: Transfer) -> np.ndarray:
    """Linear light of encoded values 0..1."""
    low = encoded / transfer.slope
    high = ((encoded + transfer.offset) / transfer.scale) ** (1 / transfer.exponent)
    return np.where(encoded <= transfer.cut * transfer.slope, low, high)


def light(
    encoded: np.ndarray, transfer: Transfer, spaces: tuple[str, str], gains: np.ndarray, stops: float
) -> np.ndarray:
    """Linear light of a picture 0..1 and its gain map of bytes, in other primaries."""
    factor = 2.0 ** (upsampled(gains, encoded.shape[:2]) * stops / 255)
    return decoded(encoded, transfer) @ convert(*spaces).T * factor[..., None]


def pq(nits: np.ndarray) -> np.ndarray:
    """ITU-R BT.2100-2, table 4."""
    y = np.clip(nits / 10_000, 0, 1) ** 0.1593017578125
    return ((0.8359375 + 18.8515625 * y) / (1 + 18.6875 * y)) ** 78.84375


def hlg_display(signal: np.ndarray, peak: float = 1000.0) -> np.ndarray:
    """cd/m2 that a display of that peak shows of an HLG signal: ITU-R BT.2100-2, table 5, with a black of 0."""
    a, b, c = 0.17883277, 0.28466892, 0.55991073
    scene = np.where(signal <= 0.5, signal**2 / 3, (np.exp((signal - c) / a) + b) / 12)
    luminance = scene @ [0.2627, 0.6780, 0.0593]
    return peak * luminance[..., None] ** 0.2 * scene
