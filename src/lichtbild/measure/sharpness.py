"""Sharpness of a picture by its slanted edges: MTF50 and MTF10, over- and undershoot, lateral chromatic aberration.

ISO 12233:2023 (e-SFR) for the response; ISO 19084:2015 for the distance between the channels' edges. Everything is
measured in linear light.
"""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from lichtbild.carriers import FloatImage
from lichtbild.errors import MeasureError
from lichtbild.measure.edge_finder import Region, at_white, change_along, find_edges
from lichtbild.measure.image import MeasuredImage, load
from lichtbild.measure.slanted_edge import ChannelResponse, fit_edge, response
from lichtbild.record import record
from lichtbild.report import Report

CHANNELS = ("luminance", "red", "green", "blue")
_UNLIKE = 0.5  # of the step, by which a side of one edge may change along it


@record
class Edge:
    """One slanted edge. region: (x, y, width, height). angle: degrees from the nearer axis of the pixels.

    contrast: (bright - dark) / (bright + dark).   red_shift, blue_shift: pixels by which red's and blue's edge lies
    further to the bright side than green's.   radial: share of that which is radial to the picture's centre, -1 to 1.
    """

    region: tuple[int, int, int, int]
    angle: float
    contrast: float
    channels: dict[str, ChannelResponse]
    red_shift: float
    blue_shift: float
    radial: float

    @property
    def lateral_ca(self) -> float:
        """The largest distance between two channels' edges, in pixels."""
        shifts = (0.0, self.red_shift, self.blue_shift)
        return max(shifts) - min(shifts)


@record
class Sharpness:
    """All edges of a picture and their medians, in which a region counts by its size. mtf50 and mtf10 in cycles per
    pixel, of luminance."""

    name: str
    width: int
    height: int
    edges: tuple[Edge, ...]

    def median(self, figure: str, channel: str = "luminance") -> float:
        """The median over the edges of a figure of `ChannelResponse`."""
        return _median([(float(getattr(e.channels[channel], figure)), e) for e in self.edges if channel in e.channels])

    @property
    def mtf50(self) -> float:
        """Cycles per pixel at which half of the contrast is left."""
        return self.median("mtf50")

    @property
    def mtf10(self) -> float:
        """Cycles per pixel at which a tenth of the contrast is left."""
        return self.median("mtf10")

    @property
    def lateral_ca(self) -> float:
        """Pixels, median over the edges."""
        return _median([(e.lateral_ca, e) for e in self.edges])

    @property
    def mtf50_per_height(self) -> float:
        """Line widths per picture height (LW/PH) at MTF50."""
        return 2 * self.mtf50 * self.height


def _median(values: list[tuple[float, Edge]]) -> float:
    """The value with half of the regions' pixels on either side; NaN where no value is finite."""
    ordered = sorted((v, e.region[2] * e.region[3]) for v, e in values if math.isfinite(v))
    if not ordered:
        return float("nan")
    shares = np.cumsum([n for _, n in ordered]) / sum(n for _, n in ordered)
    first, last = (int(np.searchsorted(shares, 0.5 + d)) for d in (-1e-9, 1e-9))
    return (ordered[first][0] + ordered[last][0]) / 2


def parse_roi(text: str) -> tuple[int, int, int, int]:
    """ "X,Y,W,H" in pixels. Raises `MeasureError`."""
    try:
        x, y, w, h = (int(v) for v in text.split(","))
    except ValueError:
        raise MeasureError(f"roi: {text!r} is not X,Y,W,H in whole pixels (for example 900,400,80,120)") from None
    if min(x, y) < 0 or min(w, h) < 20:
        raise MeasureError(f"roi: {text!r} must lie in the picture and be 20 pixels wide and high at least")
    return x, y, w, h


def measure_sharpness(
    source: str | Path | npt.NDArray[Any] | MeasuredImage,
    rois: tuple[tuple[int, int, int, int], ...] = (),
    report: Report | None = None,
) -> Sharpness:
    """Measure the edges in the regions `rois` (x, y, width, height), or those that are found.

    source: a file, an array (see `image.from_array`) or an image. Raises `MeasureError` where there is no edge.
    """
    report = report or Report()
    image = load(source, report)
    height, width = image.shape
    luminance = np.ascontiguousarray(image.luminance)
    if rois:
        regions = [_region(luminance, roi, image.name) for roi in rois]
    else:
        regions = find_edges(luminance) or find_edges(luminance, clipped=True)
    edges, problem = [], None
    for region in regions:
        try:
            edges.append(_measured(image.linear, luminance, region))
        except MeasureError as error:
            problem = error
    if rois and problem:
        raise MeasureError(f"{image.name}: {problem}")
    if not edges:
        raise MeasureError(
            f"{image.name}: no slanted edge is found; photograph a straight edge turned by about 5 degrees, "
            "or name its place with --roi X,Y,W,H"
        )
    if any(at_white(region.of(luminance)) for region in regions):
        report.notice(
            f"{image.name}: an edge's bright side is at white; if light is clipped there, the edge looks sharper than "
            "it is: expose it darker"
        )
    return Sharpness(image.name, width, height, tuple(edges))


def _region(luminance: FloatImage, roi: tuple[int, int, int, int], name: str) -> Region:
    x, y, w, h = roi
    if x < 0 or y < 0 or x + w > luminance.shape[1] or y + h > luminance.shape[0] or min(w, h) < 20:
        size = f"{luminance.shape[1]} x {luminance.shape[0]}"
        raise MeasureError(
            f"{name}: the region {x},{y},{w},{h} is not inside the picture of {size}; choose another one"
        )
    part = luminance[y : y + h, x : x + w].astype(np.float64)
    across, down = abs(float(np.diff(part, axis=1).sum())) / w, abs(float(np.diff(part, axis=0).sum())) / h
    return Region(x, y, w, h, across * w / h > down * h / w)


def _measured(linear: FloatImage, luminance: FloatImage, region: Region) -> Edge:
    fit = fit_edge(region.of(luminance))
    if change_along(region.of(luminance), fit, 4.0) > _UNLIKE * float(
        np.ptp(np.quantile(region.of(luminance), [0.1, 0.9]))
    ):
        raise MeasureError("more than one straight edge is in the region; choose a region that only one edge crosses")
    planes = {"luminance": luminance, **{name: linear[..., i] for i, name in enumerate(CHANNELS[1:])}}
    channels = {name: response(region.of(plane), fit) for name, plane in planes.items()}
    part = region.of(luminance)
    low, high = (float(np.quantile(part, q)) for q in (0.1, 0.9))
    position = {name: c.position for name, c in channels.items()}
    normal = np.array([np.cos(np.radians(fit.angle)), -np.sin(np.radians(fit.angle))])
    if float(np.diff(part, axis=1).sum()) < 0:
        normal = -normal
    if not region.down:
        normal = normal[::-1]
    away = np.array(
        [region.x + region.width / 2 - linear.shape[1] / 2, region.y + region.height / 2 - linear.shape[0] / 2]
    )
    length = float(np.hypot(*away))
    return Edge(
        region=(region.x, region.y, region.width, region.height),
        angle=abs(fit.angle),
        contrast=(high - low) / max(high + low, 1e-9),
        channels=channels,
        red_shift=position["red"] - position["green"],
        blue_shift=position["blue"] - position["green"],
        radial=float(away @ normal / length) if length > 1 else 0.0,
    )
