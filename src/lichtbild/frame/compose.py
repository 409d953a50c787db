"""Put a frame around a picture: borders, a line, the caption and the maker's mark.

The picture's own pixels are copied as they are, and its gain map is carried along.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from lichtbild.carriers import GainMap, Picture
from lichtbild.frame.caption import Set, print_side
from lichtbild.frame.layout import SIDES, Layout
from lichtbild.frame.sheet import Border, Sheet, border
from lichtbild.frame.type import Face, drawn, face_for
from lichtbild.packs.svg import Mark
from lichtbild.record import replace


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
    sets, strange = [], ""
    for text, said in zip(layout.texts, words, strict=True):
        face = face_for(Face(text.family, text.weight, text.italic), said)
        one = Set(text, drawn(face, said) if said else "", text.size * short, face)
        strange += "".join(c for c in said if c not in one.words and c not in strange and not c.isspace())
        if one.words:
            sets.append(one)
    if strange:
        notice(f"frame: the typeface has no letters for {strange}; the caption leaves them out")
    for side in SIDES:
        inside = [s for s in sets if s.text.side == side]
        place = layout.mark if mark is not None and layout.mark.height and layout.mark.side == side else None
        if not print_side(sheet, layout, edges, (height, width), side, inside, place, mark):
            notice("frame: the picture is too small for a caption that could be read; its border is empty")
    sheet.image[edges.top : edges.top + height, edges.left : edges.left + width] = picture.image
    return replace(picture, image=sheet.image, gain_map=_padded(picture, edges)), edges


def _padded(picture: Picture, edges: Border) -> GainMap | None:
    """The gain map of the picture in its frame: paper is no brighter than white."""
    if picture.gain_map is None:
        return None
    gain, (height, width) = picture.gain_map.image, picture.image.shape[:2]
    down, across = gain.shape[0] / height, gain.shape[1] / width
    top, left = round(edges.top * down), round(edges.left * across)
    shape = gain.shape[0] + top + round(edges.bottom * down), gain.shape[1] + left + round(edges.right * across)
    image = np.zeros(shape, gain.dtype)
    image[top : top + gain.shape[0], left : left + gain.shape[1]] = gain
    return replace(picture.gain_map, image=image)


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
