"""Figures as text: numbers that say no more digits than they have, and tables that line up on a terminal."""

from __future__ import annotations

import math
import shutil
import sys
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


def table(head: Sequence[str], rows: Iterable[Sequence[str]], room: int | None = None) -> str:
    """Columns that line up: the first to the left, the others to the right. Where the terminal is too narrow, the
    columns go below each other, each part with the first one. room: columns of the terminal; 0 for no bound."""
    lines = [list(head), *(list(row) for row in rows)]
    widths = [max(_width(line[i]) for line in lines) for i in range(len(head))]
    if room is None:
        room = shutil.get_terminal_size().columns if sys.stdout.isatty() else 0
    parts = [[0]]
    for i in range(1, len(head)):
        taken = sum(widths[k] + 2 for k in parts[-1]) + widths[i]
        if room and taken > room and len(parts[-1]) > 1:
            parts.append([0])
        parts[-1].append(i)

    def laid(line: Sequence[str], part: Sequence[int]) -> str:
        spaces = {i: " " * (widths[i] - _width(line[i])) for i in part}
        return "  ".join(line[i] + spaces[i] if i == 0 else spaces[i] + line[i] for i in part).rstrip()

    shown = []
    for part in parts:
        rule = "  ".join("-" * widths[i] for i in part)
        shown.append("\n".join([laid(lines[0], part), rule, *(laid(line, part) for line in lines[1:])]))
    return "\n\n".join(shown)


def pairs(rows: Iterable[tuple[str, str]]) -> str:
    """Names and values in two columns."""
    rows = list(rows)
    width = max((_width(name) for name, _ in rows), default=0)
    return "\n".join(f"{name}{' ' * (width - _width(name))}  {value}" for name, value in rows)


def _width(text: str) -> int:
    """Columns of a terminal that the text takes."""
    return sum(0 if unicodedata.combining(c) else 2 if unicodedata.east_asian_width(c) in "WF" else 1 for c in text)
