"""Text for the terminal: one line, nothing in it that a terminal would obey."""

from __future__ import annotations

import sys
from contextlib import suppress


def one_line(text: str) -> str:
    """The text in one line of printable characters; what a file or a name brought along cannot steer the terminal."""
    return "".join(c if c.isprintable() else "?" for c in " ".join(text.split()))


def complain(text: str) -> None:
    """One line on stderr, over a progress bar that may stand there; never fails."""
    clear = "\r\x1b[K" if sys.stderr.isatty() else ""
    with suppress(OSError, ValueError):
        print(clear + one_line(text), file=sys.stderr, flush=True)
