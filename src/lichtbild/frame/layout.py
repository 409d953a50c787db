"""`frame.toml`: a frame as data. Lengths are shares of the picture's short side, so that a frame is the same at every
size.

Texts that stand on the same side with the same alignment are stacked, in the order of the file; the stack is centred in
the border as a whole, whatever lines a photograph's metadata leave out.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path

from lichtbild.packs.tables import Tables
from lichtbild.record import record
from lichtbild.setting import setting

SIDES, ALIGNS = ("top", "bottom"), ("left", "center", "right")
FAMILIES = ("sans", "serif")
WEIGHTS = ("light", "regular", "semibold", "bold")
# What a text may name in braces.
FIELDS = {
    "camera": "Maker and model.",
    "lens": "The lens, by its full name.",
    "focal_length": "Focal length; of small sensors what it equals on 35 mm film, where the file says it.",
    "aperture": "Like f/1.8.",
    "shutter": "Exposure time, like 1/125 s.",
    "iso": "Like ISO 400.",
    "date": "Day of capture, like 14 March 2024.",
    "numbers": "Day of capture, like 2024-03-14.",
    "month": "Month of capture, like March 2024.",
    "year": "Year of capture.",
    "time": "Time of capture, like 13:25.",
    "place": "Where it was, when --frame-place asks for it.",
    "artist": "The photographer, as the file says it.",
    "title": "The picture's title, as the photographer wrote it.",
    "look": "Name of the look.",
    "maker": "Maker of the look's pack.",
}
AS_THEY_ARE = {"focal_length", "aperture", "shutter", "place"}  # no capitals: a unit is a sign
_FIELD = re.compile(r"\{([^{}]*)\}")


@record
class Header:
    """What a frame is called, and what it is for."""

    title: str = setting("", "What the frame is called.")
    description: str = setting("", "What it looks like, in one line.", longest=300)


@record
class Paper:
    """The border: its colour and its sides, in shares of the picture."""

    color: str = setting("#ffffff", "Colour of the border.", color=True)
    top: float = setting(0.0, "Border above the picture.", low=0.0, high=2.0)
    right: float = setting(0.0, "Border on the right.", low=0.0, high=2.0)
    bottom: float = setting(0.0, "Border below the picture.", low=0.0, high=2.0)
    left: float = setting(0.0, "Border on the left.", low=0.0, high=2.0)
    ratio: float = setting(0.0, "Width to height of it all, reached by more border; 0 leaves it.", low=0.0, high=4.0)
    lift: float = setting(0.5, "Share of that which comes above the picture; the rest is below.", low=0.0, high=1.0)
    inset: float = setting(0.0, "How far texts stay from the ends of the line.", low=0.0, high=0.5)
    measure: str = setting("picture", "What texts are aligned with.", choices=("picture", "paper"))


@record
class Line:
    """A thin line around the picture, on the paper."""

    width: float = setting(0.0, "Thickness; 0 is none.", low=0.0, high=0.05)
    gap: float = setting(0.0, "Distance from the picture.", low=0.0, high=0.5)
    color: str = setting("#000000", "Its colour.", color=True)


@record
class Text:
    """A line of the caption."""

    parts: tuple[str, ...] = setting((), "Words and {fields}; a part whose field is unknown is left out.", lines=8)
    separator: str = setting("  ", "What stands between parts.", longest=8)
    side: str = setting("bottom", "Border in which it stands.", choices=SIDES)
    align: str = setting("center", "Where in the line.", choices=ALIGNS)
    at: float = setting(0.5, "Middle of the stack: 0 at the picture, 1 at the paper's edge.", low=0.0, high=1.0)
    family: str = setting("sans", "Typeface.", choices=FAMILIES)
    weight: str = setting("regular", "Its weight.", choices=WEIGHTS)
    italic: bool = setting(False, "Whether it slants.")
    case: str = setting("as written", "Capitals.", choices=("as written", "upper"))
    size: float = setting(0.025, "Size of the type.", low=0.004, high=0.3)
    tracking: float = setting(0.0, "Extra space between letters.", unit="em", low=-0.05, high=1.0)
    leading: float = setting(1.35, "From this line to the next.", unit="em", low=0.8, high=4.0)
    color: str = setting("#222222", "Colour of the ink.", color=True)


@record
class MarkPlace:
    """Where the maker's mark stands; with a stack of texts in the same place, beside it."""

    height: float = setting(0.0, "Its height; 0 is no mark.", low=0.0, high=0.5)
    side: str = setting("bottom", "Border in which it stands.", choices=SIDES)
    align: str = setting("right", "Where in the line.", choices=ALIGNS)
    at: float = setting(0.5, "Its middle: 0 at the picture, 1 at the paper's edge.", low=0.0, high=1.0)
    gap: float = setting(0.03, "Distance to the texts beside it.", low=0.0, high=0.5)
    divider: str = setting("none", "A thin line between mark and texts, or none.", choices=("none", "line"))
    divider_color: str = setting("#cccccc", "Its colour.", color=True)
    color: str = setting("#222222", "Ink of those parts of the mark that take the text's colour.", color=True)


@record
class Layout:
    """A frame: its paper and what is printed on it."""

    header: Header
    paper: Paper
    line: Line
    mark: MarkPlace
    texts: tuple[Text, ...]


def read(path: Path) -> Layout:
    """Read and check a `frame.toml`. Raises `PackError` with file, line and what is allowed."""
    tables = Tables(path)
    header = tables.top(Header, tables=["paper", "line", "mark", "text"])
    texts = tables.list("text", Text, most=16)
    paper = tables.table("paper", Paper)
    for i, text in enumerate(texts):
        if wrong := _unknown(text.parts):
            known = ", ".join(f"{{{name}}}" for name in FIELDS)
            raise tables.refuse(f"{{{wrong}}} is not known; allowed are {known}", "text", i, "parts")
        if not (getattr(paper, text.side) or paper.ratio):
            raise tables.refuse(f"there is no border at the {text.side} to stand in", "text", i)
    if 0 < paper.ratio < 0.25:
        raise tables.refuse(f"is {paper.ratio}; allowed is 0, or a number from 0.25 to 4", "paper", key="ratio")
    return Layout(header, paper, tables.table("line", Line), tables.table("mark", MarkPlace), texts)


def _unknown(parts: Sequence[str]) -> str:
    for part in parts:
        for name in _FIELD.findall(part):
            if name not in FIELDS:
                return str(name)[:40]
        if "{" in _FIELD.sub("", part) or "}" in _FIELD.sub("", part):
            return part[:40]
    return ""


def words(text: Text, values: dict[str, str]) -> str:
    """The line that `values` make of a text: parts with an unknown field are left out; empty when nothing is known.

    A line that has fields needs one of them: words alone do not stand for what is missing.
    """
    made = []
    for part in text.parts:
        names = _FIELD.findall(part)
        if all(values.get(name) for name in names):
            upper = text.case == "upper" and not AS_THEY_ARE.intersection(names)
            said = _FIELD.sub(lambda found: values[found[1]], part)
            made.append((bool(names), capitals(said) if upper else said))
    asks = any(_FIELD.search(part) for part in text.parts)
    if asks and not any(filled for filled, _ in made):
        return ""
    return text.separator.join(part for _, part in made if part)


def capitals(text: str) -> str:
    """Capitals, but for the units and the f of apertures that names of lenses have."""
    raised = "".join(letter if letter == "ƒ" else letter.upper() for letter in text)
    return re.sub(r"(?<=\d)(\s?)MM\b", r"\1mm", re.sub(r"\bF/(?=\d)", "f/", raised))


def wanted(layout: Layout) -> tuple[str, ...]:
    """Fields that the texts name, in order."""
    names = [name for text in layout.texts for part in text.parts for name in _FIELD.findall(part)]
    return tuple(dict.fromkeys(names))
