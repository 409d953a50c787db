"""Mosaics other than 2x2 of red, green and blue, made to such in LibRaw's process: X-Trans, rotated, four colours.

LibRaw interpolates all colours of each pixel; of each the one is kept that a Bayer sensor would have (decision 66).
"""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt
import rawpy

from lichtbild.color import xyz_to_rgb

PERIOD = 12  # of X-Trans, Bayer and rotated mosaics
# For X-Trans one pass of Markesteijn's method: three take twice the time, and are no nearer to the truth.
_LINEAR: dict[str, Any] = {
    "demosaic_algorithm": rawpy.DemosaicAlgorithm.PPG,
    "output_bps": 16,
    "gamma": (1, 1),
    "user_flip": 0,
    "no_auto_bright": True,
    "adjust_maximum_thr": 0,
}
Numbers = npt.NDArray[np.uint16]


def sites_of(raw: Any) -> list[list[int]]:
    """LibRaw's numbers of the colours of the first visible pixels, a square that repeats."""
    top, left = raw.sizes.top_margin, raw.sizes.left_margin
    return [[raw.raw_color(top + y, left + x) for x in range(PERIOD)] for y in range(PERIOD)]


def is_bayer(sites: list[list[int]]) -> bool:
    return all(sites[y][x] == sites[y % 2][x % 2] for y in range(PERIOD) for x in range(PERIOD))


def as_bayer(raw: Any, sites: list[list[int]]) -> tuple[Numbers, dict[str, Any]]:
    """(h, w) numbers of RGGB, and what is no longer true of LibRaw's answer. Raises `rawpy.LibRawError`."""
    if raw.num_colors == 3:
        return _of_three(raw, sites), {}
    picture = raw.postprocess(output_color=rawpy.ColorSpace.Rec2020, use_camera_wb=True, **_LINEAR)
    told = {"matrix": xyz_to_rgb("rec2020").tolist(), "neutral": [1.0] * 4}
    return _chosen(picture), told | {"black": [0] * 4, "white": 65535, "whites": []}


def _of_three(raw: Any, sites: list[list[int]]) -> Numbers:
    """In the camera's own numbers, with their black. LibRaw's copy of the raw is changed.

    Colours are interpolated when they are balanced (3 dB better), and LibRaw itself would clip them then.
    """
    balance = np.array(raw.camera_whitebalance[:3], np.float32)
    if not (np.isfinite(balance).all() and balance.min() > 0):
        balance = np.ones(3, np.float32)
    black = np.array(raw.black_level_per_channel[:3], np.float32)
    gains = balance / balance.min()
    gains *= min(1.0, float(((65535 - black) / (np.maximum(raw.white_level - black, 1) * gains)).min()))
    height, width = raw.raw_image.shape
    colors = np.array([0, 1, 2, 1])[np.array(sites) % 4]
    across = colors[:, (np.arange(width) - raw.sizes.left_margin) % PERIOD]
    for row in range(height):
        of = across[(row - raw.sizes.top_margin) % PERIOD]
        _scale(raw.raw_image[row], black[of], gains[of])
    own = {"output_color": rawpy.ColorSpace.raw, "user_wb": [1, 1, 1, 1], "user_black": 0, "no_auto_scale": True}
    mosaic = _chosen(raw.postprocess(**own, **_LINEAR))
    for y, x, color in ((0, 0, 0), (0, 1, 1), (1, 0, 1), (1, 1, 2)):
        _scale(mosaic[y::2, x::2], black[color], 1 / gains[color])
    return mosaic


def _chosen(picture: Numbers) -> Numbers:
    """Of each pixel the colour that RGGB has there."""
    mosaic = picture[..., 1].copy()
    for color, first in ((0, 0), (2, 1)):
        mosaic[first::2, first::2] = picture[first::2, first::2, color]
    return mosaic


def _scale(pixels: Numbers, black: Any, gains: Any) -> None:
    """Light times gains, in place."""
    pixels[:] = np.clip((pixels - black) * gains + black + 0.5, 0, 65535)
