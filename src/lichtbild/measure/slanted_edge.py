"""The edge-based spatial frequency response, e-SFR, of one slanted edge (ISO 12233:2023, clause 6 and annex D).

Rows find the edge by the centroid of their derivative; a polynomial through the centroids says how far each pixel is
from the edge, along its normal; pixels are gathered in bins of a quarter pixel; the derivative of that edge spread
function is the line spread function, and the modulus of its Fourier transform the MTF. Beyond the standard, the
widths of bin and difference are divided out, the window's flat top is as wide as the edge asks for, and light outside
of it is taken from the sides' own law (`edge_tails`), so that analytic edges are met within one per cent.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import numpy.typing as npt

from lichtbild.color import Floats
from lichtbild.errors import MeasureError
from lichtbild.measure.edge_tails import Tails, tails_of
from lichtbild.record import record

BIN = 0.25  # pixels
POINTS = 2048  # of the Fourier transform
FREQUENCIES = np.arange(0, 1.0 + 1e-9, 0.01)
LEAST_ROWS = 20
_DEGREE = 3
_LEAST_SHOOT = 0.001  # of the step; the filter against noise makes less than that of a plain edge


@record
class ChannelResponse:
    """One channel of one edge. mtf50, mtf10: cycles per pixel along the edge's normal; NaN where the response stays
    above.

    mtf: response at `FREQUENCIES`.   nyquist: response at 0.5.   rise: 10 to 90 % distance in pixels.
    overshoot, undershoot: of the bright and the dark side, in per cent of the step.   position: of the edge in pixels
    along the normal, from dark to bright, relative to luminance.
    """

    mtf50: float
    mtf10: float
    nyquist: float
    rise: float
    overshoot: float
    undershoot: float
    position: float
    mtf: tuple[float, ...]
    spread: tuple[tuple[float, float], ...]  # edge spread function: (pixels from the edge, 0 dark .. 1 bright)


@record
class EdgeFit:
    """x = polynomial(y) of an edge in a region whose rows cross it. distance: of each pixel along the normal, positive
    on the right. residual: rms of the rows' centroids about it, pixels. angle: of the edge from the columns,
    degrees."""

    polynomial: Floats
    distance: Floats
    residual: float
    angle: float


def fit_edge(luminance: npt.NDArray[Any]) -> EdgeFit:
    """The edge in a (h, w) linear region that runs rather down than across. Raises `MeasureError` where there is
    none."""
    h, w = luminance.shape
    slope = np.zeros((h, w))
    slope[:, 1:-1] = (luminance[:, 2:] - luminance[:, :-2]) / 2
    slope *= 1.0 if slope.sum() > 0 else -1.0
    x, y = np.arange(w), np.arange(h)
    # The first look: the brightest column of the slope, smoothed; then windows that close in upon the line.
    smooth = np.apply_along_axis(np.convolve, 1, slope, np.ones(5) / 5, "same")
    centre = np.median(np.argmax(smooth[:, 2:-2], axis=1) + 2.0) * np.ones(h)
    peak = np.argmax(smooth[:, 2:-2], axis=1) + 2.0
    line = _robust_line(y, peak)
    if line is not None:
        centre = line
    polynomial = np.zeros(1)
    centroid, used = centre, np.ones(h, bool)
    for half, degree in ((w / 2, 1), (max(w / 4, 8), 1), (max(w / 6, 7), 2), (max(w / 6, 7), _DEGREE)):
        t = (x[None, :] - centre[:, None]) / half
        weight = np.where(np.abs(t) < 1, 0.54 + 0.46 * np.cos(math.pi * np.clip(t, -1, 1)), 0.0)
        mass = (slope * weight).sum(1)
        good = mass > 0.3 * np.median(mass)
        if good.sum() < max(LEAST_ROWS, h // 2) or not np.median(mass) > 0:
            raise MeasureError("no edge crosses the region from side to side; choose another region")
        centroid = np.where(good, (slope * weight * x).sum(1) / np.where(good, mass, 1), 0.0)
        used = good & (centroid > 1) & (centroid < w - 2)
        for _ in range(3):
            if used.sum() < LEAST_ROWS:
                raise MeasureError("the edge leaves the region; choose a region that it crosses from end to end")
            polynomial = np.polyfit((y[used] - h / 2) / h, centroid[used], min(degree, max(1, int(used.sum()) // 10)))
            away = centroid - np.polyval(polynomial, (y - h / 2) / h)
            spread = max(1.4826 * float(np.median(np.abs(away[used]))), 0.02)
            used = good & (np.abs(away) < 4 * spread)
        centre = np.polyval(polynomial, (y - h / 2) / h)
    tilt = np.polyval(np.polyder(polynomial), (y - h / 2) / h) / h
    distance = (x[None, :] - centre[:, None]) / np.hypot(1.0, tilt)[:, None]
    residual = float(np.sqrt(np.mean((centroid - centre)[used] ** 2)))
    return EdgeFit(polynomial, distance, residual, math.degrees(math.atan(float(np.mean(tilt)))))


def _robust_line(y: npt.NDArray[Any], x: Floats) -> Floats | None:
    """The line through most of the points (median of slopes between halves), or None where they agree on nothing."""
    half = len(y) // 2
    slope = float(np.median((x[half : 2 * half] - x[:half]) / half))
    offset = float(np.median(x - slope * y))
    line = offset + slope * y
    return line if np.median(np.abs(x - line)) < 3 else None


def edge_spread(values: npt.NDArray[Any], fit: EdgeFit) -> tuple[Floats, Floats, float]:
    """(distances of bin centres, edge spread function from dark to bright, share of bins without any pixel)."""
    # As far as two thirds of the rows go on both sides.
    reach = min(float(np.quantile(-fit.distance[:, 0], 0.33)), float(np.quantile(fit.distance[:, -1], 0.33)), 64.0)
    if reach < 5:
        raise MeasureError("the edge is too near the region's border (5 pixels at least); choose a wider region")
    count = int(reach / BIN)
    index = np.floor(fit.distance / BIN + 0.5).astype(int) + count
    inside = (index >= 0) & (index <= 2 * count)
    places, weights = index[inside], np.bincount(index[inside], minlength=2 * count + 1)
    totals = np.bincount(places, values[inside], 2 * count + 1)
    where = np.bincount(places, fit.distance[inside], 2 * count + 1)
    filled = weights > 0
    centres = (np.arange(2 * count + 1) - count) * BIN
    mean = np.interp(centres, where[filled] / weights[filled], totals[filled] / weights[filled])
    if mean[-count // 2 :].mean() < mean[: count // 2].mean():
        mean = mean[::-1]
    return np.asarray(centres, np.float64), np.asarray(mean, np.float64), float(1 - filled.mean())


def response(values: npt.NDArray[Any], fit: EdgeFit) -> ChannelResponse:
    """The response of one (h, w) linear channel at an edge. Raises `MeasureError`."""
    distance, spread, empty = edge_spread(values, fit)
    if empty > 0.25:
        raise MeasureError(
            f"the edge runs at {abs(fit.angle):.1f} degrees to the pixels, so that it is sampled at too few places; "
            "slant it by 3 to 40 degrees"
        )
    line = np.diff(spread) / BIN
    middle = (distance[1:] + distance[:-1]) / 2
    smooth = np.convolve(line, np.ones(3) / 3, "same")
    near = np.abs(middle) < max(0.7 * distance[-1], 4)
    peak = float(np.max(np.where(near, smooth, 0)))
    if peak <= 0:
        raise MeasureError("no edge is in the region; choose another region")
    core = near & (smooth > 0.15 * peak)
    centre = float(np.average(middle[core], weights=smooth[core]))
    width = math.sqrt(float(np.average((middle[core] - centre) ** 2, weights=smooth[core])))
    flat = _window(line, middle - centre, width, float(distance[-1]))
    tails = tails_of(spread, distance - centre, flat)
    step = tails.high - tails.low
    if not step > 0:
        raise MeasureError("no edge is in the region; choose another region")
    frequency, mtf = _modulation(line, middle - centre, flat, float(distance[-1]), tails)
    normal = (
        spread - np.where(distance < centre, tails.dark_slope, tails.bright_slope) * (distance - centre) - tails.low
    ) / step
    over, under = _shoots(normal, distance - centre, flat)
    # The mean of the line spread function, as the area above the edge spread function: little noise gets into it. Its
    # borders lie evenly about the edge, so that tails weigh nothing.
    t = np.arange(-int(flat / BIN), int(flat / BIN) + 1) * BIN + centre
    position = float(t[-1]) - float(np.trapezoid(np.interp(t, distance, normal), t))
    return ChannelResponse(
        mtf50=_crossing(frequency, mtf, 0.5),
        mtf10=_crossing(frequency, mtf, 0.1),
        nyquist=float(np.interp(0.5, frequency, mtf)),
        rise=_rise(distance, normal),
        overshoot=100 * over,
        undershoot=100 * under,
        position=position,
        mtf=tuple(np.interp(FREQUENCIES, frequency, mtf).tolist()),
        spread=tuple((float(d), float(v)) for d, v in zip(distance, normal, strict=True) if abs(d) <= 12),
    )


def _window(line: Floats, t: Floats, width: float, reach: float) -> float:
    """Half the flat part of the window: as narrow as a Gaussian of this width allows, so that little noise gets in;
    wider where more than noise is seen outside of that, as the ringing of a sharpened edge is."""
    narrow, wide = (min(v, 0.55 * reach) for v in (max(2.0, 3.5 * width), max(4.0, 4.5 * width)))
    ring, far = (np.abs(t) > narrow) & (np.abs(t) <= 2 * narrow), np.abs(t) > max(2 * narrow, wide)
    if not ring.any() or not far.any():
        return wide
    seen, noise = (float(np.sqrt(np.mean(line[part] ** 2))) for part in (ring, far))
    return wide if seen > 1.5 * noise else narrow


def _modulation(line: Floats, t: Floats, flat: float, reach: float, tails: Tails) -> tuple[Floats, Floats]:
    """(frequencies, MTF) of a line spread function at `t` pixels from the edge, which is known up to `reach`."""
    window = _flat_top(t, flat, min(2 * flat, reach - 0.5))
    seen = (line - np.where(t < 0, tails.dark_slope, tails.bright_slope)) * window
    spectrum = np.fft.rfft(seen, POINTS)
    frequency = np.fft.rfftfreq(POINTS, BIN)
    if tails.reach:
        # All that the window leaves out, about the same origin as the samples.
        wide = np.arange(-POINTS // 2, POINTS // 2) * BIN + math.fmod(float(t[0]), BIN)
        rest = (
            (1 - _flat_top(wide, flat, min(2 * flat, reach - 0.5))) * tails.reach / np.maximum(np.abs(wide), flat) ** 2
        )
        shift = np.exp(-2j * math.pi * frequency * float(wide[0] - t[0]))
        spectrum = spectrum + np.fft.rfft(rest, POINTS) * shift
        spectrum[0] += 2 * tails.reach / (POINTS / 2 * BIN) / BIN  # and what lies further out
    size = np.abs(spectrum)
    return np.asarray(frequency, np.float64), np.asarray(size / size[0] / np.sinc(frequency * BIN) ** 2, np.float64)


def _flat_top(t: npt.NDArray[Any], flat: float, end: float) -> Floats:
    """1 up to `flat` from the centre, then falling as a cosine to 0 at `end`."""
    slide = np.clip((np.abs(t) - flat) / max(end - flat, 1e-6), 0, 1)
    return np.asarray(0.5 + 0.5 * np.cos(math.pi * slide), np.float64)


def _crossing(frequency: npt.NDArray[Any], mtf: Floats, level: float) -> float:
    """Where the response first falls below a level; NaN if it does not up to 1 cycle per pixel."""
    below = np.nonzero((mtf < level) & (frequency <= 1.0))[0]
    if not len(below) or below[0] == 0:
        return float("nan")
    i = int(below[0])
    part = (mtf[i - 1] - level) / (mtf[i - 1] - mtf[i])
    return float(frequency[i - 1] + part * (frequency[i] - frequency[i - 1]))


def _shoots(normal: Floats, distance: Floats, flat: float) -> tuple[float, float]:
    """(over, under): how far the profile leaves 0..1 beside the edge; 0 where that is no more than its noise."""
    # Parabolas through five bins (Savitzky and Golay, 1964): they calm noise and leave a peak its height.
    smooth = np.convolve(np.pad(normal, 2, mode="edge"), np.array([-3, 12, 17, 12, -3]) / 35, "valid")
    found = []
    for sign, level in ((1, 1.0), (-1, 0.0)):
        side = sign * distance > 0
        away = sign * (smooth - level)
        rest = away[side & (np.abs(distance) > flat)]
        noise = float(np.sqrt(np.mean((rest - rest.mean()) ** 2))) if len(rest) else 0.0
        shoot = float(away[side & (np.abs(distance) <= flat)].max(initial=0.0))
        found.append(shoot if shoot > max(3 * noise, _LEAST_SHOOT) else 0.0)
    return found[0], found[1]


def _rise(distance: Floats, normal: Floats) -> float:
    """From the last place below 10 % before the middle to the first above 90 % after it."""
    middle = int(np.argmin(np.abs(normal - 0.5) + 0.02 * np.abs(distance)))
    low = middle
    while low > 0 and normal[low] > 0.1:
        low -= 1
    high = middle
    while high < len(normal) - 1 and normal[high] < 0.9:
        high += 1
    start = np.interp(0.1, normal[low : low + 2], distance[low : low + 2])
    end = np.interp(0.9, normal[high - 1 : high + 1], distance[high - 1 : high + 1])
    return float(end - start)
