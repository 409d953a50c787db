"""Put a frame around a picture: borders, a line, the caption and the maker's mark.

The picture's own pixels are copied as they are. Its left and top borders are whole blocks of a JPEG, so that it is
coded in the same blocks with the frame as without. Ink is blended with the paper in encoded numbers, at the picture's
own depth.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import numpy.typing as npt

from lichtbild.carriers import Picture
from lichtbild.color import convert, decode_srgb
from lichtbild.frame import fill
from lichtbild.frame.layout import ALIGNS, SIDES, Layout, MarkPlace, Paper, Text
from lichtbild.frame.type import Face, cap_height, drawn, fitted, places, rasterised
from lichtbild.look.spaces import TRANSFER
from lichtbild.packs.svg import Mark

BLOCK = 16  # pixels of a JPEG's largest block
LEAST = 7.0  # pixels per em below which nobody reads a caption
TIGHTEST = 0.72  # how far type is made smaller before words are left out
GAP = 0.03  # between stacks of one line, as a share of the short side
FILLED = 0.86  # share of a border's height that a stack may take
Floats = npt.NDArray[np.float32]
Box = tuple[int, int, int, int]  # top, left, height, width


@dataclass(frozen=True)
class Border:
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
    """The paper with the picture on it, to print on."""

    def __init__(self, picture: Picture, edges: Border, color: str) -> None:
        height, width = picture.image.shape[:2]
        self.space, self.dtype = picture.space, picture.image.dtype
        shape = height + edges.top + edges.bottom, width + edges.left + edges.right, 3
        self.image: npt.NDArray[Any] = np.empty(shape, self.dtype)
        self.paper = self.encoded(color)
        self.image[:] = self.stored(self.paper)
        self.image[edges.top : edges.top + height, edges.left : edges.left + width] = picture.image

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


@dataclass
class Set:
    """A text as it will be printed."""

    text: Text
    words: str
    size: float  # pixels per em

    @property
    def face(self) -> Face:
        return Face(self.text.family, self.text.weight, self.text.italic)

    @property
    def width(self) -> float:
        return places(self.face, self.words, self.text.tracking)[1] * self.size


def framed(
    picture: Picture,
    layout: Layout,
    words: list[str],
    mark: Mark | None,
    notice: Callable[[str], None],
) -> tuple[Picture, Border]:
    """The picture in its frame. words: what each text of the layout says; empty for nothing."""
    height, width = picture.image.shape[:2]
    edges, short = border(layout.paper, width, height), min(width, height)
    sheet = Sheet(picture, edges, layout.paper.color)
    _line(sheet, layout, edges, (height, width), short)
    sets = []
    for text, said in zip(layout.texts, words, strict=True):
        one = Set(text, said, text.size * short)
        one.words = drawn(one.face, said) if said else ""
        if one.words:
            sets.append(one)
    for side in SIDES:
        inside = [s for s in sets if s.text.side == side]
        place = layout.mark if mark is not None and layout.mark.height and layout.mark.side == side else None
        if not _print_side(sheet, layout, edges, (height, width), side, inside, place, mark):
            notice("frame: the picture is too small for a caption that could be read; its border is empty")
    return replace(picture, image=sheet.image), edges


def _line(sheet: Sheet, layout: Layout, edges: Border, size: tuple[int, int], short: int) -> None:
    line, (height, width) = layout.line, size
    thick = max(1, round(line.width * short)) if line.width else 0
    gap = round(line.gap * short)
    if not thick or gap + thick > min(edges.top, edges.left, edges.right, edges.bottom):
        return
    top, left = edges.top - gap - thick, edges.left - gap - thick
    tall, wide = height + 2 * (gap + thick), width + 2 * (gap + thick)
    sheet.rectangle(top, left, thick, wide, line.color)
    sheet.rectangle(top + tall - thick, left, thick, wide, line.color)
    sheet.rectangle(top, left, tall, thick, line.color)
    sheet.rectangle(top, left + wide - thick, tall, thick, line.color)


def _print_side(
    sheet: Sheet,
    layout: Layout,
    edges: Border,
    size: tuple[int, int],
    side: str,
    sets: list[Set],
    place: MarkPlace | None,
    mark: Mark | None,
) -> bool:
    """Print the texts and the mark of one border; False when type would be too small to read."""
    depth = edges.top if side == "top" else edges.bottom
    short = min(size)
    if not depth or not (sets or place):
        return True
    inset = layout.paper.inset * short
    ends = (0, sheet.image.shape[1]) if layout.paper.measure == "paper" else (edges.left, edges.left + size[1])
    start, end = ends[0] + inset, ends[1] - inset
    stacks = {align: [s for s in sets if s.text.align == align] for align in ALIGNS}
    tallest = max([*(_height(stack) for stack in stacks.values()), place.height * short if place else 0.0, 1.0])
    scale = min(1.0, FILLED * depth / tallest)
    tall = place.height * short * scale if place else 0.0
    beside = 0.0
    if place and mark:
        alone = not stacks[place.align] or place.align == "center"
        beside = tall * mark.width / mark.height + (0.0 if alone else 2 * place.gap * short * scale)
    for one in sets:
        one.size *= scale
    room = end - start - (beside if place and place.align != "center" else 0.0)
    _fit(stacks, room, GAP * short)
    readable = all(one.size >= LEAST for one in sets)
    for align, stack in stacks.items():
        if not readable:
            continue
        middle = _middle(stack[0].text.at, side, edges, size, depth) if stack else 0.0
        width = max((one.width for one in stack), default=0.0)
        aside = beside if place and place.align == align != "center" else 0.0
        left = start + aside if align == "left" else end - width if align == "right" else (start + end - width) / 2
        _print_stack(sheet, stack, middle, left, width)
    if place and mark and tall >= 4:
        width = max((one.width for one in stacks[place.align]), default=0.0) if readable else 0.0
        _print_mark(
            sheet, place, mark, tall, (start, end), width, _middle(place.at, side, edges, size, depth), scale * short
        )
    return readable


def _middle(at: float, side: str, edges: Border, size: tuple[int, int], depth: int) -> float:
    return edges.top - at * depth if side == "top" else edges.top + size[0] + at * depth


def _height(stack: list[Set]) -> float:
    """From the top of the first line's capitals to the last baseline."""
    if not stack:
        return 0.0
    return cap_height(stack[0].face) * stack[0].size + sum(s.text.leading * s.size for s in stack[1:])


def _fit(stacks: dict[str, list[Set]], room: float, gap: float) -> None:
    """Make stacks that would meet smaller, then shorten their lines."""

    def widths() -> dict[str, float]:
        return {align: max((s.width for s in stack), default=0.0) for align, stack in stacks.items()}

    wide = widths()
    present = sum(w > 0 for w in wide.values())
    sides = 2 * max(wide["left"], wide["right"]) + wide["center"] if wide["center"] else wide["left"] + wide["right"]
    free = room - gap * (present - 1 if not wide["center"] else 2 * (present > 1))
    if sides <= free:
        return
    scale = max(free / sides, TIGHTEST)
    for stack in stacks.values():
        for one in stack:
            one.size *= scale
    wide = widths()
    total = max(sum(wide.values()), 1e-9)
    # What is narrow keeps its width; the others share the rest.
    share = {align: free * w / total for align, w in wide.items()}
    spare = sum(max(share[a] - wide[a], 0.0) for a in ALIGNS)
    half = free / max(present, 1)
    for align, stack in stacks.items():
        others = sum(min(w, half) for a, w in wide.items() if a != align)
        most = max(share[align] + spare, free - others)
        for one in stack:
            one.words = fitted(one.face, one.words, one.text.tracking, most / one.size)
        stack[:] = [one for one in stack if one.words]


def _print_stack(sheet: Sheet, stack: list[Set], middle: float, left: float, width: float) -> None:
    baseline = middle - _height(stack) / 2
    for i, one in enumerate(stack):
        baseline += cap_height(one.face) * one.size if i == 0 else one.text.leading * one.size
        spare = width - one.width
        x = left + (spare if one.text.align == "right" else spare / 2 if one.text.align == "center" else 0.0)
        whole = int(np.floor(x))
        cover, before, ascent = rasterised(one.face, one.words, one.size, one.text.tracking, x - whole)
        sheet.ink(cover, round(baseline) - ascent, whole - before, one.text.color)


def _print_mark(
    sheet: Sheet,
    place: MarkPlace,
    mark: Mark,
    tall: float,
    ends: tuple[float, float],
    texts: float,
    middle: float,
    short: float,
) -> None:
    """The mark on the inner side of the texts on the right, on the outer side of those on the left."""
    pixels = max(1, round(tall))
    scale = pixels / mark.height
    width, gap = mark.width * scale, place.gap * short
    if place.align == "left":
        left = ends[0]
        divider = left + width + gap
    elif place.align == "right":
        left = ends[1] - texts - width - (2 * gap if texts else 0.0)
        divider = left + width + gap
    else:
        left, divider = (ends[0] + ends[1] - width) / 2, 0.0
    x, y = round(left), round(middle - pixels / 2)
    shape = pixels, int(np.ceil(width))
    for one in mark.shapes:
        cover = fill.coverage([o * scale for o in one.outlines], shape, even_odd=one.even_odd)
        sheet.ink(cover, y, x, one.fill or place.color)
    if place.divider == "line" and texts and place.align != "center":
        thick = max(1, round(short * 0.0014))
        sheet.rectangle(y, round(divider - thick / 2), pixels, thick, place.divider_color)
