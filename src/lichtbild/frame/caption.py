"""The caption in a border: stacks of lines and the maker's mark, kept apart from each other and within the border.

What would meet is set smaller first, as far as it stays good to read; then lines are shortened.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from lichtbild.frame import fill
from lichtbild.frame.layout import ALIGNS, Layout, MarkPlace, Text
from lichtbild.frame.sheet import Border, Sheet
from lichtbild.frame.type import Face, cap_height, fitted, places, rasterised
from lichtbild.packs.svg import Mark

LEAST, SMALL = 7.0, 9.5  # pixels per em below which nobody reads a caption; and that it has where there is room
TIGHTEST = 0.72  # how far type is made smaller before words are left out
GAP = 0.03  # between stacks of one line, as a share of the short side
FILLED, ROOMY = 0.86, 0.62  # share of a border's height that a stack may take; and that leaves it room


@dataclass
class Set:
    """A text as it will be printed."""

    text: Text
    words: str
    size: float  # pixels per em
    face: Face

    @property
    def width(self) -> float:
        """In pixels."""
        return places(self.face, self.words, self.text.tracking)[1] * self.size


def print_side(
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
    short = min(size)
    depth = edges.top if side == "top" else edges.bottom
    given = (layout.paper.top if side == "top" else layout.paper.bottom) * short
    if layout.paper.ratio and given:
        depth = min(depth, round(given))  # what the ratio adds lies between the picture and the caption
    if not depth or not (sets or place):
        return True
    inset = layout.paper.inset * short
    ends = (0, sheet.image.shape[1]) if layout.paper.measure == "paper" else (edges.left, edges.left + size[1])
    start, end = ends[0] + inset, ends[1] - inset
    stacks = {align: [s for s in sets if s.text.align == align] for align in ALIGNS}
    natural = [one.size for one in sets]
    for one in sets:
        one.size = max(one.size, SMALL)
    if _tallest(stacks, place, short) > ROOMY * depth and min(natural, default=LEAST) >= LEAST:
        for one, own in zip(sets, natural, strict=True):
            one.size = own
    tallest = _tallest(stacks, place, short)
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
        if not (readable and stack):
            continue
        above = tall + place.gap * short * scale if place and place.align == align == "center" else 0.0
        middle = _middle(sheet, stack[0].text.at, side, depth, _height(stack) + above) + above / 2
        width = max((one.width for one in stack), default=0.0)
        aside = beside if place and place.align == align != "center" else 0.0
        left = start + aside if align == "left" else end - width if align == "right" else (start + end - width) / 2
        _print_stack(sheet, stack, middle, left, width)
    if place and mark and tall >= 4:
        beneath = stacks[place.align] if readable else []
        width = max((one.width for one in beneath), default=0.0)
        middle = _middle(sheet, place.at, side, depth, tall)
        if beneath and place.align == "center":  # mark, gap and texts are one stack
            under = _height(beneath) + place.gap * short * scale
            middle = _middle(sheet, beneath[0].text.at, side, depth, under + tall) - under / 2
        _print_mark(sheet, place, mark, tall, (start, end), width, middle, scale * short)
    return readable


def _middle(sheet: Sheet, at: float, side: str, depth: int, tall: float) -> float:
    """Row of the middle of what is `tall` and stands `at` 0 to 1 of the way to the paper's edge, within the border."""
    keep = 0.5 * (tall + (1 - FILLED) * depth)
    away = min(max(at * depth, min(keep, 0.5 * depth)), max(depth - keep, 0.5 * depth))
    return depth - away if side == "top" else sheet.image.shape[0] - depth + away


def _tallest(stacks: dict[str, list[Set]], place: MarkPlace | None, short: int) -> float:
    """Height of the highest stack, with the mark where it stands on one."""
    heights = [_height(stack) for stack in stacks.values()]
    if place and place.align == "center" and stacks["center"]:
        heights.append(_height(stacks["center"]) + (place.gap + place.height) * short)
    return max([*heights, place.height * short if place else 0.0, 1.0])


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
