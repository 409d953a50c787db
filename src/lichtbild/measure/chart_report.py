"""The figures of `chart` for a terminal and as a page."""

from __future__ import annotations

import numpy as np

from lichtbild.color import encode_srgb
from lichtbild.measure.chart import ChartMeasurement
from lichtbild.measure.chart_values import linear_srgb
from lichtbild.measure.image import MeasuredImage
from lichtbild.measure.page import Page, picture
from lichtbild.measure.svg import Series, plot
from lichtbild.measure.table import number, pairs, table

_HEAD = ("patch", "dE as is", "dE matched", "L", "a", "b", "wanted L", "a", "b")


def _summary(m: ChartMeasurement) -> list[tuple[str, str]]:
    w = m.white_balance
    clipped = f"; clipped: {', '.join(map(str, m.clipped))}" if m.clipped else ""
    worst = m.names[int(np.argmax(m.matched.patches))]
    return [
        ("Chart", f"{m.name}, found with a likeness of {m.chart.likeness:.2f}{clipped}"),
        ("dE2000 as is", f"mean {m.as_is.mean:.2f}, p95 {m.as_is.p95:.2f}, largest {m.as_is.largest:.2f}"),
        (
            "dE2000 matched",
            f"mean {m.matched.mean:.2f}, p95 {m.matched.p95:.2f}, largest {m.matched.largest:.2f} ({worst}), "
            "at the chart's brightness",
        ),
        (
            "White balance",
            f"greys off by dE {w.delta_e:.2f}, {w.angle:.2f}\N{DEGREE SIGN}; "
            f"as in light of {w.kelvin:.0f} K, tint {w.tint:+.0f} ({w.mired:+.0f} mired)",
        ),
        ("Exposure", f"{m.exposure:+.2f} EV; light changes by {m.evenness:.2f} EV over the chart"),
        ("Noise", f"{number(m.noise, 2)} % of the light of the greys"),
    ]


def _rows(m: ChartMeasurement) -> list[list[str]]:
    return [
        [f"{i + 1} {name}", f"{a:.2f}", f"{b:.2f}", *(f"{v:.1f}" for v in lab), *(f"{v:.1f}" for v in wanted)]
        for i, (name, a, b, lab, wanted) in enumerate(
            zip(m.names, m.as_is.patches, m.matched.patches, m.lab, m.wanted, strict=True)
        )
    ]


def chart_text(m: ChartMeasurement) -> str:
    """The tables for a terminal."""
    return f"{pairs(_summary(m))}\n\n{table(_HEAD, _rows(m))}"


def chart_page(m: ChartMeasurement, image: MeasuredImage) -> Page:
    """The report with patches."""
    page = Page("Colour chart", f"{m.name}; CIEDE2000 against the published colours of the 24 patches, Lab under D50")
    page.table(("", ""), _summary(m))
    page.heading("Patches")
    page.text(
        "Above as measured, at the chart's brightness; below as they should be; the number is the difference.", True
    )
    colours = [[_css(lab) for lab in labs] for labs in (m.lab, m.wanted)]
    page.swatches((a, b, f"{d:.1f}") for a, b, d in zip(*colours, m.matched.patches, strict=True))
    lab, wanted = np.array(m.lab), np.array(m.wanted)
    lines = [Series("", [(a[1], a[2]), (b[1], b[2])], color=7) for a, b in zip(lab, wanted, strict=True)]
    dots = [
        Series("measured", [(v[1], v[2]) for v in lab], "dots", "red"),
        Series("wanted", [(v[1], v[2]) for v in wanted], "dots", "ink"),
    ]
    greys = [
        Series("measured", sorted((w[0], v[0]) for v, w in zip(lab[18:], wanted[18:], strict=True)), color="red"),
        Series("wanted", [(20, 20), (97, 97)], "dashed", "ink"),
    ]
    page.figures(
        [
            (plot([*lines, *dots], "a", "b"), "Hue and chroma"),
            (
                plot(greys, "lightness wanted", "lightness measured"),
                "Lightness of the grey patches, at the chart's brightness",
            ),
        ]
    )
    page.heading("All figures")
    page.table(_HEAD, _rows(m))
    page.heading("Where it was found")
    page.parts.append(f"<figure>{_overview(m, image)}</figure>")
    return page


def _css(lab: tuple[float, float, float]) -> str:
    r, g, b = (np.clip(encode_srgb(np.clip(linear_srgb(np.array(lab)), 0, 1)), 0, 1) * 255).round().astype(int)
    return f"rgb({r},{g},{b})"


def _overview(m: ChartMeasurement, image: MeasuredImage) -> str:
    """The part of the picture around the chart, with a dot in every patch."""
    corners = np.array(m.chart.corners)
    pad = 0.12 * float(np.ptp(corners, axis=0).max())
    h, w = image.shape
    x0, y0 = (int(max(0, v)) for v in corners.min(0) - pad)
    x1, y1 = (int(min(n, v)) for n, v in zip((w, h), corners.max(0) + pad, strict=True))
    step = max(1, (x1 - x0) // 900)
    part = MeasuredImage(image.samples[y0:y1:step, x0:x1:step], image.space).srgb.copy()
    dot = max(1, int(np.hypot(*(corners[1] - corners[0]))) // step // 120)
    for patch in m.chart.patches:
        x, y = (round((v - o) / step) for v, o in zip(patch.centre, (x0, y0), strict=True))
        part[max(y - dot, 0) : y + dot + 1, max(x - dot, 0) : x + dot + 1] = (1, 0, 1)
    return picture(part, "the chart, a dot in each patch")
