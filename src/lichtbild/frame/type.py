"""Setting a line of type: where each letter stands, and how much of each pixel it covers.

Letters are placed by the typeface's own widths and kerning, measured at a large size and never rounded to whole pixels,
and rasterised larger than needed, so that no hinting bends them: a line is the same at every size.
Typefaces: Source Sans Pro and Source Serif Pro (SIL Open Font License), from the packages of the extra `frames`.
"""

from __future__ import annotations

import functools
import re
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from lichtbild.errors import OutputError
from lichtbild.frame.fields import THIN
from lichtbild.record import record, replace

MASTER = 1000.0  # pixels per em at which widths are measured
THIN_SPACE = 0.16
_PACKAGES = {"sans": ("font_source_sans_pro", "SourceSansPro"), "serif": ("font_source_serif_pro", "SourceSerifPro")}
_WEIGHTS = {"light": "Light", "regular": "Regular", "semibold": "Semibold", "bold": "Bold"}
NEEDED = "a frame needs the packages of the extra: pip install lichtbild[frames]"
Floats = npt.NDArray[np.float32]


@record
class Face:
    """A typeface of the fonts that the extra `frames` installs."""

    family: str
    weight: str
    italic: bool

    @functools.cached_property
    def file(self) -> Path:
        """The font's file; its package is looked for and not imported."""
        package, name = _PACKAGES[self.family]
        spec = find_spec(package)
        style = _WEIGHTS[self.weight] + ("It" if self.italic else "")
        file = (
            Path((spec.origin if spec else "") or "").parent
            / "files"
            / f"{name}-{style.replace('RegularIt', 'It')}.ttf"
        )
        if spec is None or not file.is_file():
            raise OutputError(f"frame: {package} is not installed; {NEEDED}")
        return file


@functools.lru_cache(maxsize=64)
def _font(file: Path, pixels: float) -> Any:
    try:
        from PIL import ImageFont
    except ImportError:
        raise OutputError(f"frame: pillow is not installed; {NEEDED}") from None
    return ImageFont.truetype(str(file), pixels)  # with Raqm, for kerning, wherever Pillow has it


@functools.cache
def _width(face: Face, letters: str) -> float:
    """Width of one or two letters in em."""
    return float(_font(face.file, MASTER).getlength(letters)) / MASTER


@functools.cache
def has(face: Face, letter: str) -> bool:
    """Whether the typeface draws a letter; what it has not would show as a box."""
    if letter.isascii() or letter == THIN:
        return True
    font = _font(face.file, 64.0)
    return bytes(font.getmask(letter)) != bytes(font.getmask("\uffff"))


def face_for(face: Face, text: str) -> Face:
    """The face of a line, or that near it which has more of its letters: the italics have no Greek and no Cyrillic."""
    letters = set(text)
    near = [face, replace(face, italic=False), *(replace(face, italic=False, family=name) for name in _PACKAGES)]
    return max(near, key=lambda one: sum(has(one, c) for c in letters))  # the first of those that have as many


def drawn(face: Face, text: str) -> str:
    """The text without letters that the typeface has not, nor the space before a word of nothing but these."""
    kept = [("".join(c for c in word if has(face, c)), word) for word in re.split(r"(?=\s)", text)]
    return "".join(now for now, was in kept if now.strip() or not was.strip()).strip()


def places(face: Face, text: str, tracking: float) -> tuple[list[float], float]:
    """Where each letter begins, and the width of the line, in em; tracking: extra space between letters."""
    at, starts = 0.0, []
    for i, letter in enumerate(text):
        if i:
            before = text[i - 1]
            if THIN not in (before, letter):
                at += _width(face, before + letter) - _width(face, before) - _width(face, letter)
            at += tracking
        starts.append(at)
        at += THIN_SPACE if letter == THIN else _width(face, letter)
    return starts, at


def fitted(face: Face, text: str, tracking: float, most: float) -> str:
    """The text, or as much of it as `most` em hold, with an ellipsis."""
    if places(face, text, tracking)[1] <= most:
        return text
    for end in range(len(text) - 1, 0, -1):
        short = text[:end].rstrip(" ·/-|,") + "…"
        if places(face, short, tracking)[1] <= most:
            return short
    return ""


def cap_height(face: Face) -> float:
    """Height of a capital H in em: what a line is centred by."""
    top = _font(face.file, MASTER).getbbox("H", anchor="ls")[1]
    return -float(top) / MASTER


def rasterised(face: Face, text: str, size: float, tracking: float, shift: float) -> tuple[Floats, int, int]:
    """(cover, left, ascent) of a line of `size` pixels per em that begins `shift` (0 to 1) of a pixel behind a whole
    one.

    cover: (h, w), 0 to 1. left, ascent: columns before the beginning of the line, rows above its baseline.
    """
    from PIL import Image, ImageDraw

    starts, width = places(face, text, tracking)
    finer = 4 if size < 80 else 2 if size < 250 else 1
    font = _font(face.file, round(size * finer, 3))
    left, ascent, descent = (int(np.ceil(size * part)) + 1 for part in (0.25, 1.05, 0.4))
    columns = left + int(np.ceil(width * size + size * 0.3)) + 2
    image = Image.new("L", (columns * finer, (ascent + descent) * finer))
    draw = ImageDraw.Draw(image)
    for letter, start in zip(text, starts, strict=True):
        if not letter.isspace():
            draw.text(((left + shift + start * size) * finer, ascent * finer), letter, fill=255, font=font, anchor="ls")
    fine = np.asarray(image, np.float32).reshape(ascent + descent, finer, columns, finer)
    return fine.mean(axis=(1, 3)) / np.float32(255), left, ascent
