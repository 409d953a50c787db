"""Figures as text: numbers that say no more digits than they have, and tables that line up on a terminal."""

from __future__ import annotations

import math
import unicodedata
from collections.abc import Iterable, Sequence


def number(value: float | None, digits: int = 3, unit: str = "") -> str:
    """So many significant digits; an empty text where nothing was measured."""
    if value is None or math.isnan(value):
        return "-"
    if math.isinf(value):
        return "infinite" if value > 0 else "-infinite"
    if value == 0 or 1e-4 <= abs(value) < 1e6:
        decimals = digits - 1 - (math.floor(math.log10(abs(value))) if value else 0)
        text = f"{value:.{max(decimals, 0)}f}"
    else:
        text = f"{value:.{digits - 1}e}"
    return f"{text} {unit}".rstrip()


def table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """Columns that line up: the first to the left, the others to the right."""
    lines = [list(head), *(list(row) for row in rows)]
    widths = [max(_width(line[i]) for line in lines) for i in range(len(head))]

    def laid(line: Sequence[str]) -> str:
        cells = [
            cell + " " * (width - _width(cell)) if i == 0 else " " * (width - _width(cell)) + cell
            for i, (cell, width) in enumerate(zip(line, widths, strict=True))
        ]
        return "  ".join(cells).rstrip()

    return "\n".join([laid(lines[0]), "  ".join("-" * w for w in widths), *(laid(line) for line in lines[1:])])


def pairs(rows: Iterable[tuple[str, str]]) -> str:
    """Names and values in two columns."""
    rows = list(rows)
    width = max((_width(name) for name, _ in rows), default=0)
    return "\n".join(f"{name}{' ' * (width - _width(name))}  {value}" for name, value in rows)


def _width(text: str) -> int:
    """Columns of a terminal that the text takes."""
    return sum(0 if unicodedata.combining(c) else 2 if unicodedata.east_asian_width(c) in "WF" else 1 for c in text)
