"""A progress bar per leg on a terminal, and warnings beside it; nothing but warnings when piped."""

from __future__ import annotations

import sys
import threading
import time

from lichtbild.cli.say import complain
from lichtbild.report import Report

_LABELS = {
    "read": "Reading",
    "merge": "Merging",
    "develop": "Developing",
    "look": "Finishing",
    "output": "Writing",
    "simulate": "Shooting",
    "frames": "Measuring",
    "bench": "Comparing",
    "fit": "Fitting",
}
_WIDTH = 30


class Progress:
    """Listens to a `Report` and draws on stderr. Legs may report from any thread."""

    def __init__(self) -> None:
        self._terminal = sys.stderr.isatty()
        unicode = (sys.stderr.encoding or "").lower().replace("-", "") == "utf8"
        self._full, self._empty = ("━", "─") if unicode else ("#", "-")
        self._lock = threading.Lock()
        self._leg = ""
        self._started = 0.0
        self._drawn = 0.0

    def attach(self, report: Report) -> Report:
        """Have the report tell its notices and, on a terminal, its progress here."""
        report.on_notice = self.warn
        if self._terminal:
            report.listener = self._update
        return report

    def warn(self, text: str) -> None:
        """A warning in one line, above the bar."""
        with self._lock:
            complain(f"warning: {text}")

    def finish(self) -> None:
        """Leave no half-drawn bar behind."""
        with self._lock:
            sys.stderr.write(self._clear())
            sys.stderr.flush()

    def _clear(self) -> str:
        return "\r\x1b[K" if self._terminal else ""

    def _update(self, leg: str, fraction: float) -> None:
        with self._lock:
            label = _LABELS.get(leg)
            if label is None:
                return
            now = time.perf_counter()
            if leg != self._leg:
                self._leg, self._started, self._drawn = leg, now, 0.0
            if fraction < 1 and now - self._drawn < 0.05:
                return
            self._drawn = now
            filled = round(_WIDTH * min(max(fraction, 0.0), 1.0))
            bar = self._full * filled + self._empty * (_WIDTH - filled)
            done = f" {now - self._started:5.2f} s\n" if fraction >= 1 else f" {fraction:4.0%}"
            sys.stderr.write(f"{self._clear()}{label:<11}{bar}{done}")
            sys.stderr.flush()
            if fraction >= 1:
                self._leg = ""
