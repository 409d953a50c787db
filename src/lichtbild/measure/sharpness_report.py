"""The figures of `sharpness` for a terminal and as a page."""

from __future__ import annotations

import math

import numpy as np

from lichtbild.measure.image import MeasuredImage
from lichtbild.measure.page import Page, picture
from lichtbild.measure.sharpness import CHANNELS, Sharpness
from lichtbild.measure.slanted_edge import FREQUENCIES
from lichtbild.measure.svg import Series, plot
from lichtbild.measure.table import number, pairs, table

_COLORS = {"luminance": "ink", "red": "red", "green": "green", "blue": "blue"}
_SHOWN = 12  # edges in the table on a terminal
_HEAD = ("edge at x,y", "angle", "MTF50", "MTF10", "at 0.5", "rise px", "over %", "under %", "red px", "blue px")


def _summary(s: Sharpness) -> list[tuple[str, str]]:
    count = f"{len(s.edges)} slanted edges" if len(s.edges) > 1 else "1 slanted edge"
    spread = [e.channels["luminance"].mtf50 for e in s.edges if math.isfinite(e.channels["luminance"].mtf50)]
    span = f"  ({number(min(spread))} to {number(max(spread))})" if len(spread) > 1 else ""
    shares = ", ".join(f"{c} {number(s.median('mtf50', c))}" for c in CHANNELS[1:])
    return [
        ("Picture", f"{s.name}, {s.width} x {s.height}, {count}"),
        ("MTF50", f"{number(s.mtf50)} cycles/pixel, {s.mtf50_per_height:.0f} LW/PH{span}"),
        ("", shares),
        ("MTF10", f"{number(s.mtf10)} cycles/pixel"),
        ("At Nyquist", f"{100 * s.median('nyquist'):.0f} % of contrast at 0.5 cycles/pixel"),
        ("Rise", f"{number(s.median('rise'))} pixels from 10 to 90 %"),
        ("Overshoot", f"{s.median('overshoot'):.1f} %, undershoot {s.median('undershoot'):.1f} % of the step"),
        ("Lateral CA", f"{s.lateral_ca:.2f} pixels between the channels' edges"),
    ]


def _rows(s: Sharpness) -> list[list[str]]:
    rows = []
    for e in s.edges:
        c = e.channels["luminance"]
        rows.append(
            [
                f"{e.region[0]},{e.region[1]} {e.region[2]}x{e.region[3]}",
                f"{e.angle:.1f}\N{DEGREE SIGN}",
                number(c.mtf50),
                number(c.mtf10),
                number(c.nyquist, 2),
                number(c.rise),
                f"{c.overshoot:.1f}",
                f"{c.undershoot:.1f}",
                f"{e.red_shift:+.2f}",
                f"{e.blue_shift:+.2f}",
            ]
        )
    return rows


def sharpness_text(s: Sharpness) -> str:
    """The tables for a terminal."""
    rows = _rows(s)
    more = f"\n... and {len(rows) - _SHOWN} more edges" if len(rows) > _SHOWN else ""
    return f"{pairs(_summary(s))}\n\n{table(_HEAD, rows[:_SHOWN])}{more}"


def sharpness_page(s: Sharpness, image: MeasuredImage) -> Page:
    """The report with plots."""
    page = Page("Sharpness", f"{s.name}, {s.width} x {s.height} pixels; e-SFR after ISO 12233, in linear light")
    page.table(("figure", "median of the edges"), [r for r in _summary(s)[1:] if r[0]])
    best = s.edges[0]
    responses = []
    for name in reversed(CHANNELS):
        curves = np.array([e.channels[name].mtf for e in s.edges])
        responses.append(
            Series(
                name, list(zip(FREQUENCIES.tolist(), np.median(curves, 0).tolist(), strict=True)), color=_COLORS[name]
            )
        )
    spreads = [Series(n, best.channels[n].spread, color=_COLORS[n]) for n in reversed(CHANNELS)]
    marks = [(0.5, "Nyquist")] + ([(s.mtf50, "MTF50")] if s.mtf50 < 0.46 or s.mtf50 > 0.54 else [])
    page.figures(
        [
            (
                plot(
                    responses, "cycles per pixel", "contrast", x_range=(0, 1), y_range=(0, _top(responses)), marks=marks
                ),
                "Modulation transfer, median of all edges",
            ),
            (
                plot(spreads, "pixels from the edge", "0 dark, 1 bright"),
                f"Edge spread function of the edge at {best.region[0]},{best.region[1]}",
            ),
        ]
    )
    page.heading("Edges")
    page.table(_HEAD, _rows(s))
    page.text(
        "Over and under: by how much the bright and the dark side leave their level beside the edge, in per cent of "
        "the step. "
        "Red and blue: by how many pixels their edge lies further to the bright side than green's.",
        soft=True,
    )
    page.shots(
        (
            picture(_crop(image, e.region), f"edge {i}", lossless=True),
            f"{e.region[0]},{e.region[1]}: MTF50 {number(e.channels['luminance'].mtf50)}",
        )
        for i, e in enumerate(s.edges[:12])
    )
    return page


def _top(series: list[Series]) -> float:
    return max(1.05, 1.05 * max(y for s in series for _, y in s.points))


def _crop(image: MeasuredImage, region: tuple[int, int, int, int]) -> np.ndarray[tuple[int, ...], np.dtype[np.float32]]:
    x, y, w, h = region
    part = MeasuredImage(image.samples[y : y + h, x : x + w], image.space, image.name)
    return part.srgb
