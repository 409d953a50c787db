"""Line plots as inline SVG: crisp in any size, printable, in the colours of the page that holds them.

Sizes and classes alone are written here; the colours stand in the page's style (see `html.py`), for light and dark.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from html import escape

from lichtbild.record import record

WIDTH, HEIGHT = 640, 360
_LEFT, _RIGHT, _TOP, _BOTTOM = 62, 16, 14, 46
MOST_POINTS = 2000


@record
class Series:
    """points: (x, y); those that are not finite leave a gap.   kind: "line", "dots" or "dashed".
    color: 0 to 7 of the page's palette, or a name: "red", "green", "blue", "ink"."""

    label: str
    points: Sequence[tuple[float, float]]
    kind: str = "line"
    color: int | str = 0


def plot(
    series: Sequence[Series],
    x_label: str,
    y_label: str,
    *,
    log_x: bool = False,
    log_y: bool = False,
    x_range: tuple[float, float] | None = None,
    y_range: tuple[float, float] | None = None,
    marks: Sequence[tuple[float, str]] = (),
) -> str:
    """An SVG element. marks: vertical lines (x, label)."""
    points = [[p for p in s.points if _usable(p, log_x, log_y)] for s in series]
    everything = [p for group in points for p in group]
    if not everything:
        return "<p>There is nothing to plot.</p>"
    xs, ys = [p[0] for p in everything], [p[1] for p in everything]
    x_axis = _Axis(*(x_range or (min(xs), max(xs))), log_x, _LEFT, WIDTH - _RIGHT)
    y_axis = _Axis(*(y_range or _padded(min(ys), max(ys), log_y)), log_y, HEIGHT - _BOTTOM, _TOP)
    parts = [
        f'<svg viewBox="0 0 {WIDTH} {HEIGHT}" role="img" aria-label="{escape(y_label)} against {escape(x_label)}">'
    ]
    for value, label in x_axis.ticks():
        at = x_axis.place(value)
        parts.append(f'<line class="grid" x1="{at:.1f}" x2="{at:.1f}" y1="{_TOP}" y2="{HEIGHT - _BOTTOM}"/>')
        parts.append(f'<text x="{at:.1f}" y="{HEIGHT - _BOTTOM + 16}" text-anchor="middle">{label}</text>')
    for value, label in y_axis.ticks():
        at = y_axis.place(value)
        parts.append(f'<line class="grid" x1="{_LEFT}" x2="{WIDTH - _RIGHT}" y1="{at:.1f}" y2="{at:.1f}"/>')
        parts.append(f'<text x="{_LEFT - 6}" y="{at + 4:.1f}" text-anchor="end">{label}</text>')
    parts.append(
        f'<text class="label" x="{(WIDTH + _LEFT) / 2}" y="{HEIGHT - 8}" text-anchor="middle">{escape(x_label)}</text>'
    )
    parts.append(
        f'<text class="label" transform="translate(14 {HEIGHT / 2 - 14}) rotate(-90)" text-anchor="middle">'
        f"{escape(y_label)}</text>"
    )
    for row, (value, label) in enumerate(marks):
        if x_axis.low <= value <= x_axis.high:
            at = x_axis.place(value)
            parts.append(f'<line class="mark" x1="{at:.1f}" x2="{at:.1f}" y1="{_TOP}" y2="{HEIGHT - _BOTTOM}"/>')
            parts.append(f'<text class="note" x="{at + 4:.1f}" y="{_TOP + 12 + 13 * row}">{escape(label)}</text>')
    for s, group in zip(series, points, strict=True):
        places = [(x_axis.place(x), y_axis.place(y)) for x, y in group[:: max(1, len(group) // MOST_POINTS)]]
        name = f"c-{s.color}"
        if s.kind == "dots":
            parts += [f'<circle class="{name}" cx="{x:.1f}" cy="{y:.1f}" r="2.2"/>' for x, y in places]
        else:
            way = " ".join(f"{x:.1f},{y:.1f}" for x, y in places)
            parts.append(f'<polyline class="{name}{" dashed" if s.kind == "dashed" else ""}" points="{way}"/>')
    return "".join([*parts, "</svg>", _legend(series)])


def _legend(series: Sequence[Series]) -> str:
    named = [s for s in series if s.label]
    if len(named) < 2:
        return ""
    items = "".join(f'<span><i class="c-{s.color}"></i>{escape(s.label)}</span>' for s in named)
    return f'<div class="legend">{items}</div>'


def _usable(p: tuple[float, float], log_x: bool, log_y: bool) -> bool:
    return math.isfinite(p[0]) and math.isfinite(p[1]) and (p[0] > 0 or not log_x) and (p[1] > 0 or not log_y)


def _padded(low: float, high: float, log: bool) -> tuple[float, float]:
    if log:
        return low / 1.3, high * 1.3
    pad = 0.05 * (high - low) or max(abs(high) * 0.1, 1e-9)
    return low - pad if low != 0 else 0.0, high + pad


class _Axis:
    """Values to places along one side, with ticks at round numbers; what lies outside is kept at the border."""

    def __init__(self, low: float, high: float, log: bool, start: float, end: float) -> None:
        if log:
            low = max(low, 1e-30)
            high = max(high, low * 1.01)
        elif high <= low:
            high = low + max(abs(low) * 0.1, 1e-9)
        self.low, self.high, self.log, self.start, self.end = low, high, log, start, end

    def place(self, value: float) -> float:
        value = min(max(value, self.low), self.high)
        if self.log:
            part = math.log(value / self.low) / math.log(self.high / self.low)
        else:
            part = (value - self.low) / (self.high - self.low)
        return self.start + part * (self.end - self.start)

    def ticks(self) -> list[tuple[float, str]]:
        if self.log:
            first, last = math.floor(math.log10(self.low)), math.ceil(math.log10(self.high))
            step = max(1, (last - first) // 7)
            between = (1, 2, 5) if self.high / self.low < 300 else (1,)
            values = [10.0**k * m for k in range(first, last + 1, step) for m in between]
        else:
            raw = (self.high - self.low) / 6
            size = 10.0 ** math.floor(math.log10(raw))
            step_size = next(size * m for m in (1, 2, 5, 10) if size * m >= raw)
            first = math.ceil(self.low / step_size - 1e-9)
            values = [k * step_size for k in range(first, math.floor(self.high / step_size + 1e-9) + 1)]
        return [
            (v, _number(v)) for v in values if self.low * (1 - 1e-12) - 1e-12 <= v <= self.high * (1 + 1e-12) + 1e-12
        ]


def _number(value: float) -> str:
    return f"{value:.4g}".replace("-", "\N{MINUS SIGN}")
