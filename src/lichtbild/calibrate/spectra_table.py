"""Tables of spectra as laboratories and spreadsheets write them: which cells are numbers, where the spectra begin, and
which way they lie."""

from __future__ import annotations

import csv
import re
from pathlib import Path

import numpy as np

from lichtbild.color import Floats
from lichtbild.errors import DeviceError

SHORTEST, LONGEST = 200.0, 2500.0  # nm that a file may speak of
MISSING = ("", "nan", "na", "n/a", "-", "–")


def read_table(path: Path, text: str) -> tuple[tuple[str, ...], Floats, Floats]:
    """Comma, semicolon or white space between the columns; lines before the first one of numbers are a heading, and
    its last line that has as many cells names them. Numbers may have a decimal comma, "nm" or "%" behind them, and be
    missing (nan) before a spectrum begins and after it ends. Spectra that lie in lines are turned into columns."""
    text_lines = enumerate(text.splitlines(), start=1)
    lines = _turned([(n, _cells(x)) for n, x in text_lines if x.strip() and not x.lstrip().startswith("#")])
    start = next((i for i, (_, cells) in enumerate(lines) if _number(cells[0]) is not None), len(lines))
    heading = [cells for _, cells in lines[:start]]
    # What stands before the wavelengths counts the lines.
    words = [c.lower() for c in heading[-1]] if heading else []
    first = next((i for i, c in enumerate(words) if re.match(r"wave|lambda|λ|(nm|wl)$", c)), 0)
    heading = [_trimmed(cells[first:]) for cells in heading]
    body = [(number, cells[first:]) for number, cells in lines[start:]]
    if not body:
        raise DeviceError(f"{path}: holds no spectra; write lines of wavelength,r,g,b")
    width = max(2, *(len(_trimmed(cells)) for _, cells in body))
    rows = []
    for number, cells in body:
        row = [_number(c) if c.lower() not in MISSING else np.nan for c in cells[:width]]
        if None in row or np.isnan(row[0] or 0.0):
            raise DeviceError(f"{path}: line {number} is not of numbers; write wavelength,r,g,b")
        if len(row) < width:
            raise DeviceError(f"{path}: line {number} has {len(row)} numbers; write wavelength,r,g,b in each line")
        rows.append(row)
    table = np.array(rows, np.float64)
    fitting = [cells[1:] for cells in heading if len(cells) == width and any(map(channel_of, cells[1:]))]
    fitting = fitting or [cells[1:] for cells in heading if len(cells) == width]
    names = tuple(fitting[-1] if fitting else map(str, range(1, width)))
    return names, table[:, 0], table[:, 1:]


def _cells(line: str) -> list[str]:
    mark = next((m for m in (";", "\t", ",") if m in line), None)
    if mark is None:
        return line.split()
    return [c.strip() for c in next(csv.reader([line], delimiter=mark, skipinitialspace=True), [])] or [""]


def _trimmed(cells: list[str]) -> list[str]:
    """Without the empty cells at its end."""
    return cells[: max((i + 1 for i, c in enumerate(cells) if c), default=0)]


def _turned(lines: list[tuple[int, list[str]]]) -> list[tuple[int, list[str]]]:
    """Lines of wavelengths as columns; where a line of rising wavelengths stands above lines of as many numbers."""
    for k, (_, cells) in enumerate(lines):
        at = [_number(c) for c in _trimmed(cells)[1:]]
        known = [v for v in at if v is not None]
        if len(at) < 9 or len(known) < len(at) or not SHORTEST <= min(known) < max(known) <= LONGEST:
            continue
        below = [c for _, c in lines[k + 1 :]]
        if (np.diff(known) > 0).all() and below and all(len(_trimmed(c)) <= len(at) + 1 for c in below):
            across = [cells, *below]
            return [(lines[k][0], [c[i] if i < len(c) else "" for c in across]) for i in range(len(at) + 1)]
    return lines


def _number(cell: str) -> float | None:
    """Of a cell of a table; None where it is a word, or nothing."""
    try:
        return float(re.sub(r"\s*(nm|%)$", "", cell).replace(",", "."))
    except ValueError:
        return None


def channel_of(name: str) -> str:
    """r, g or b, as far as a column's name says it: "Red", "G1", "camera_b"; else nothing."""
    for word in reversed(re.findall(r"[a-z]+", name.lower())):
        if word in ("r", "g", "b", "gr", "gb", "red", "green", "blue"):
            return str(word[0])
    first = name.strip().lower()[:1]
    return first if first in ("r", "g", "b") else ""
