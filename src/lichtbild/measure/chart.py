"""Colour, white balance and exposure of a picture of the 24-patch chart.

Differences are CIEDE2000 (ISO/CIE 11664-6) between the patches and their published colours, in Lab under D50; once
as the picture is, and once with its brightness brought to the chart's, so that colour is told apart from exposure.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from lichtbild.color import (
    D50,
    D65,
    Floats,
    adaptation,
    delta_e_2000,
    lab_from_xyz,
    rgb_to_xyz,
    temperature_from_xy,
    xy_from_xyz,
    xyz_to_rgb,
)
from lichtbild.measure.chart_finder import Chart, find_chart
from lichtbild.measure.chart_values import CLASSIC, NAMES, reference, xyz_from_lab
from lichtbild.measure.image import MeasuredImage, load
from lichtbild.record import field, record
from lichtbild.report import Report

GREYS = slice(19, 23)  # neutral 8 to neutral 3.5: neither near white nor near black


@record
class Difference:
    """CIEDE2000 over the 24 patches."""

    mean: float
    p95: float
    largest: float
    patches: tuple[float, ...]

    @classmethod
    def of(cls, lab: Floats, wanted: Floats) -> Difference:
        """CIEDE2000 of (24, 3) Lab to what they should be."""
        values = np.asarray(delta_e_2000(lab, wanted), np.float64)
        p95 = float(np.percentile(values, 95))
        return cls(float(values.mean()), p95, float(values.max()), tuple(values.tolist()))


@record
class WhiteBalance:
    """The cast of the grey patches, beside that which the chart's own have. delta_e: CIEDE2000 at equal lightness,
    mean.

    angle: degrees between their linear sRGB, over that of the chart's own, and grey.   kelvin, tint: of the light in
    which a grey card would look like them, where 6504 K and 0 are none; lower is warmer, positive is greener.
    mired: that light's distance from 6504 K.
    """

    delta_e: float
    angle: float
    kelvin: float
    tint: float
    mired: float


@record
class ChartMeasurement:
    """as_is, matched: differences as the picture is, and at the chart's brightness.   exposure: EV by which the
    greys are brighter (+) than the chart's.   evenness: EV by which the light changes over the chart.   lab: (24, 3)
    measured, at matched brightness.   wanted: (24, 3).   noise: deviation of the greys in per cent of their light."""

    name: str
    as_is: Difference
    matched: Difference
    white_balance: WhiteBalance
    exposure: float
    evenness: float
    noise: float
    clipped: tuple[int, ...]
    lab: tuple[tuple[float, float, float], ...]
    wanted: tuple[tuple[float, float, float], ...]
    names: tuple[str, ...]
    chart: Chart = field(repr=False)


def measure_chart(
    source: str | Path | npt.NDArray[Any] | MeasuredImage,
    *,
    values: str = "classic",
    report: Report | None = None,
) -> ChartMeasurement:
    """Find the chart in a picture and compare it with its published colours.

    values: "classic", "2014" or a file of 24 lines of L, a, b (see `chart_values`). Raises `MeasureError`.
    """
    image = load(source, report)
    wanted = reference(values)
    return compare_chart(image, find_chart(image), wanted)


def compare_chart(image: MeasuredImage, chart: Chart, wanted: Floats | None = None) -> ChartMeasurement:
    """The figures of a chart that was found. wanted: (24, 3) Lab under D50."""
    wanted = np.array(CLASSIC) if wanted is None else wanted
    xyz, target = image.xyz(chart.linear), xyz_from_lab(wanted)
    y, y_wanted = np.maximum(xyz[GREYS, 1], 1e-6), target[GREYS, 1]
    exposure = float(np.mean(np.log2(y / y_wanted)))
    matched = xyz / 2.0**exposure
    greys = np.array([p.deviation for p in chart.patches])[GREYS] / np.maximum(chart.linear[GREYS], 1e-6)
    lab = lab_from_xyz(matched)
    return ChartMeasurement(
        name=image.name,
        as_is=Difference.of(lab_from_xyz(xyz), wanted),
        matched=Difference.of(lab, wanted),
        white_balance=_white_balance(matched, target),
        exposure=exposure,
        evenness=_evenness(xyz[:, 1], target[:, 1]),
        noise=100 * float(greys.mean()),
        clipped=tuple(p.number for p in chart.patches if p.clipped > 0.02),
        lab=_triples(lab),
        wanted=_triples(wanted),
        names=NAMES,
        chart=chart,
    )


def _triples(lab: Floats) -> tuple[tuple[float, float, float], ...]:
    return tuple((float(a), float(b), float(c)) for a, b, c in lab)


def _white_balance(xyz: Floats, target: Floats) -> WhiteBalance:
    measured, wanted = lab_from_xyz(xyz[GREYS]), lab_from_xyz(target[GREYS])
    measured[:, 0] = wanted[:, 0]
    to_rgb = xyz_to_rgb("srgb") @ adaptation(D50, D65)
    cast = (xyz[GREYS] @ to_rgb.T).mean(0) / (target[GREYS] @ to_rgb.T).mean(0)
    cosine = float(cast.sum() / np.sqrt(3) / max(float(np.linalg.norm(cast)), 1e-9))
    light = rgb_to_xyz("srgb") @ np.maximum(cast, 1e-3)
    kelvin, tint = temperature_from_xy(xy_from_xyz(light))
    origin, no_tint = temperature_from_xy(D65)
    return WhiteBalance(
        delta_e=float(np.mean(delta_e_2000(measured, wanted))),
        angle=float(np.degrees(np.arccos(np.clip(cosine, -1, 1)))),
        kelvin=kelvin,
        tint=tint - no_tint,
        mired=1e6 / kelvin - 1e6 / origin,
    )


def _evenness(y: Floats, wanted: Floats) -> float:
    """EV between the brightest and the darkest place of the plane of light that fits the patches best."""
    usable = wanted > 0.03
    number = np.arange(24)
    design = np.stack([number % 6 - 2.5, number // 6 - 1.5, np.ones(24)], 1)
    ratio = np.log2(np.maximum(y, 1e-6) / wanted)
    slope = np.linalg.lstsq(design[usable], ratio[usable], rcond=None)[0]
    return float(5 * abs(slope[0]) + 3 * abs(slope[1]))
