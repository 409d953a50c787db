"""The paper of a frame: its borders, and how ink is put on it.

The left and top borders are whole blocks of a JPEG, so that the picture is coded in the same blocks with its frame as
without. Ink is blended with the paper in encoded numbers, at the picture's own depth.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from lichtbild.carriers import Picture
from lichtbild.color import convert, decode_srgb
from lichtbild.frame.layout import Paper
from lichtbild.look.spaces import TRANSFER
from lichtbild.record import record

BLOCK = 16  # pixels of a JPEG's largest block
Floats = npt.NDArray[np.float32]


@record
class Border:
    """Widths of a border on the four sides, in pixels."""

    top: int
    right: int
    bottom: int
    left: int


def border(paper: Paper, width: int, height: int) -> Border:
    """Pixels of each border around a picture of that size."""
    short = min(width, height)
    block = BLOCK if short >= 25 * BLOCK else 4

    def whole(pixels: float) -> int:
        return max(1, round(pixels / block)) * block if pixels > 0 else 0

    top, left = whole(paper.top * short), whole(paper.left * short)
    right = left if paper.right == paper.left else round(paper.right * short)
    bottom = top if paper.bottom == paper.top else round(paper.bottom * short)
    if paper.ratio:
        tall = round((width + left + right) / paper.ratio) - (height + top + bottom)
        wide = round((height + top + bottom) * paper.ratio) - (width + left + right)
        if tall > 0:
            above = whole(paper.lift * tall) if paper.lift * tall >= block else 0
            top, bottom = top + above, bottom + tall - above
        elif wide > 0:
            more = whole(wide / 2) if wide >= 2 * block else 0
            left, right = left + more, right + wide - more
    return Border(top, right, bottom, left)


class Sheet:
    """The paper to print on; the picture is laid on it last."""

    def __init__(self, picture: Picture, edges: Border, color: str) -> None:
        height, width = picture.image.shape[:2]
        self.space, self.dtype = picture.space, picture.image.dtype
        shape = height + edges.top + edges.bottom, width + edges.left + edges.right, 3
        self.image: npt.NDArray[Any] = np.empty(shape, self.dtype)
        self.paper = self.encoded(color)
        color_of_paper = self.stored(self.paper)
        inner = self.image[edges.top : edges.top + height]  # what the picture will cover is not painted first
        for part in (self.image[: edges.top], self.image[edges.top + height :]):
            part[:] = color_of_paper
        inner[:, : edges.left] = color_of_paper
        inner[:, edges.left + width :] = color_of_paper

    def encoded(self, color: str) -> Floats:
        """A "#rrggbb" of sRGB in the picture's space, 0 to 1."""
        rgb = [int(color[i : i + 2], 16) / 255 for i in (1, 3, 5)]
        linear = decode_srgb(rgb)
        if self.space != "srgb":
            linear = np.clip(convert("srgb", self.space) @ linear, 0.0, 1.0)
        return np.asarray(TRANSFER[self.space].encode(linear), np.float32)

    def stored(self, values: Floats) -> npt.NDArray[Any]:
        """Encoded values as the picture holds them: whole numbers, or linear light."""
        if self.dtype.kind == "f":
            table = np.linspace(0.0, 1.0, 4097)
            linear: npt.NDArray[Any] = np.interp(values, TRANSFER[self.space].encode(table), table).astype(self.dtype)
            return linear
        return np.asarray(np.round(np.clip(values, 0.0, 1.0) * np.iinfo(self.dtype).max), self.dtype)

    def ink(self, cover: Floats, top: int, left: int, color: str) -> None:
        """Print with `cover` (h, w), 0 to 1; what lies outside of the paper is cut off."""
        height, width = self.image.shape[:2]
        y0, x0 = max(-top, 0), max(-left, 0)
        part = cover[y0 : max(height - top, 0), x0 : max(width - left, 0)]
        if not part.size or not part.any():
            return
        there = self.image[top + y0 : top + y0 + part.shape[0], left + x0 : left + x0 + part.shape[1]]
        under = self._encoded_of(there)
        made = self.stored(under + part[..., None] * (self.encoded(color) - under))
        there[:] = np.where(part[..., None] > 0, made, there)

    def _encoded_of(self, stored: npt.NDArray[Any]) -> Floats:
        if self.dtype.kind == "f":
            return np.asarray(TRANSFER[self.space].encode(np.clip(stored, 0.0, 1.0)), np.float32)
        return stored.astype(np.float32) / np.float32(np.iinfo(self.dtype).max)

    def rectangle(self, top: float, left: float, height: float, width: float, color: str) -> None:
        """A filled rectangle of any size at any place, with exact edges."""
        y, x = int(np.floor(top)), int(np.floor(left))
        shape = int(np.ceil(top + height)) - y, int(np.ceil(left + width)) - x
        rows, columns = (
            np.clip(np.minimum(np.arange(n) + 1, b) - np.maximum(np.arange(n), a), 0.0, 1.0)
            for n, a, b in ((shape[0], top - y, top - y + height), (shape[1], left - x, left - x + width))
        )
        self.ink(np.outer(rows, columns).astype(np.float32), y, x, color)
