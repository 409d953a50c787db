"""A contact sheet: photographs in many looks, side by side and labelled. Each is developed once."""

from __future__ import annotations

import math
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import numpy.typing as npt

from lichtbild.authoring.finished import photograph
from lichtbild.carriers import Metadata, Picture
from lichtbild.errors import LichtbildError, MeasureError, RecipeError
from lichtbild.look import catalog, look
from lichtbild.report import Report

Pixels = npt.NDArray[np.uint8]
GAP, MARGIN, LABEL, HEADING = 10, 24, 26, 40  # pixels
LETTER = 11.0  # height of capitals
PAPER, INK, SOFT = 34, 235, 165
ASPECT = 1.4
MOST = 120_000_000  # pixels of a sheet


def contact_sheet(files: Sequence[Path], wanted: Sequence[str] | None, long_edge: int, report: Report) -> Picture:
    """The sheet of all photographs in the looks of these names, or in all. long_edge: of one picture in it, in pixels.

    A file that cannot be read is left out with a notice, and so is a look that is there but wrong, unless it is named.
    Raises `LichtbildError` when no photograph is left, or a look that is named is wrong.
    """
    looks, names = [], []
    for name in wanted or catalog.names():
        try:
            looks.append(look.load(name))
            names.append(name)
        except RecipeError as failed:
            if wanted:
                raise
            report.notice(f"{failed}; left out")
    if len(files) * len(looks) * (long_edge + GAP) ** 2 * 0.7 > MOST:
        raise RecipeError(
            f"looks: a sheet of {len(files)} photographs in {len(looks)} looks is too large; "
            "give fewer, or a smaller --tile"
        )
    blocks, error = [], None
    for i, path in enumerate(files):
        report.progress("look", i / len(files))
        try:
            shot = photograph(path, long_edge, report)
        except LichtbildError as failed:
            error = error or failed
            if len(files) > 1:
                report.notice(f"{failed}; left out")
            continue
        twin = sum(other.name == path.name for other in files) > 1
        name = f"{path.resolve().parent.name}/{shot.name}" if twin else shot.name
        blocks.append((name, [np.asarray(shot.shown(one).image, np.uint8) for one in looks]))
    report.progress("look", 1.0)
    if not blocks:
        raise error or MeasureError("no photograph to show; name at least one file")
    return Picture(compose(blocks, names, long_edge), "srgb", Metadata())


def compose(blocks: Sequence[tuple[str, Sequence[Pixels]]], labels: Sequence[str], long_edge: int) -> Pixels:
    """Pictures with a label below each, in a block for each photograph under its name."""
    columns = columns_for(len(blocks), len(labels))
    cells = [max(p.shape[1] for p in pictures) for _, pictures in blocks]
    width = 2 * MARGIN + max(cell * columns + GAP * (columns - 1) for cell in cells)
    heights = [
        HEADING + math.ceil(len(pictures) / columns) * (max(p.shape[0] for p in pictures) + LABEL + GAP)
        for _, pictures in blocks
    ]
    page = np.full((2 * MARGIN + sum(heights), width, 3), PAPER, np.uint8)
    top = MARGIN
    for (name, pictures), height in zip(blocks, heights, strict=True):
        write(page, name, top, MARGIN, INK, LETTER * 1.2)
        cell_height, cell_width = (max(p.shape[k] for p in pictures) for k in (0, 1))
        for i, (label, picture) in enumerate(zip(labels, pictures, strict=True)):
            y = top + HEADING + i // columns * (cell_height + LABEL + GAP)
            x = MARGIN + i % columns * (cell_width + GAP)
            page[y : y + picture.shape[0], x : x + picture.shape[1]] = picture
            write(page, label, y + picture.shape[0] + 8, x, SOFT, LETTER)
        top += height
    return page


def columns_for(photographs: int, looks: int) -> int:
    """Columns of a block, so that rows are full and the whole sheet is about as wide as a sheet of paper."""

    def badness(columns: int) -> float:
        rows = math.ceil(looks / columns)
        empty = (rows * columns - looks) / looks
        return abs(math.log(columns * 1.4 / (rows * photographs) / ASPECT)) + empty

    return min(range(1, looks + 1), key=badness)


def write(page: Pixels, text: str, top: float, left: float, ink: int, height: float) -> None:
    """A line of capitals onto the page; letters that our font has not are left out."""
    from lichtbild.virtual.draw import Sheet
    from lichtbild.virtual.lettering import width_of
    from lichtbild.virtual.lettering import write as letter

    text = "".join(c for c in text.upper() if c.isascii() and c.isprintable()).replace("_", "-")
    y0, y1 = max(int(top - height), 0), min(int(top + 2 * height), page.shape[0])
    x1 = min(int(left + width_of(text, height) + 2 * height), page.shape[1])
    y, x = np.arange(y0, y1, dtype=np.float32)[:, None], np.arange(x1, dtype=np.float32)[None]
    mask = Sheet(y, x, 1.0)
    letter(mask, text, top, left, height, (1.0, 1.0, 1.0), weight=0.16)
    part = page[y0:y1, :x1].astype(np.float32)
    page[y0:y1, :x1] = np.rint(part + mask.light * (ink - part)).astype(np.uint8)
