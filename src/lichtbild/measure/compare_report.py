"""The figures of `compare` for a terminal and as a page with maps."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import numpy.typing as npt

from lichtbild.measure.compare import Comparison, Likeness
from lichtbild.measure.page import Page, picture
from lichtbild.measure.svg import Series, plot
from lichtbild.measure.table import number, table

LARGEST_MAP = 10.0  # CIEDE2000 that is shown as the brightest
_LONG_EDGE = 1400
# Anchors of a map from dark to light that goes through distinct hues and grows evenly in lightness.
_RAMP = np.array(
    [
        (0.05, 0.03, 0.15),
        (0.28, 0.10, 0.45),
        (0.62, 0.16, 0.44),
        (0.90, 0.37, 0.24),
        (0.99, 0.70, 0.20),
        (0.99, 0.98, 0.75),
    ]
)


def _rows(comparison: Comparison) -> list[list[str]]:
    """One row per figure, one column per picture."""
    found = comparison.likenesses

    def row(name: str, tell: Any) -> list[str]:
        return [name, *(tell(x) for x in found)]

    rows = [
        row("PSNR, dB", lambda x: _fixed(x.psnr)),
        row("PSNR of luma, dB", lambda x: _fixed(x.psnr_luma)),
        row("SSIM of luma", lambda x: f"{x.ssim:.4f}"),
        row("dE2000 mean", lambda x: _fixed(x.delta_e)),
        row("dE2000 p95", lambda x: _fixed(x.delta_e_p95)),
        row("brightness, EV", lambda x: f"{x.brightness:+.3f}"),
        row("ringing, % of an edge", lambda x: _fixed(x.halo.ringing)),
        row("halo, % of an edge", lambda x: _fixed(x.halo.halo)),
        row("ghosts where things move, %", lambda x: _fixed(x.ghost.index) if x.ghost else "-"),
    ]
    for k, octave in enumerate(found[0].texture):
        name = f"texture kept, {number(octave.low, 2)} to {number(octave.high, 2)} c/px"
        rows.append(row(name, lambda x, k=k: _share(x.texture[k].kept, x.texture[k].added)))
    return rows


def _fixed(value: float) -> str:
    return "-" if math.isnan(value) else "same" if math.isinf(value) else f"{value:.2f}"


def _share(kept: float, added: float) -> str:
    return "-" if math.isnan(kept) else f"{100 * kept:.0f} % (+{100 * added:.0f} %)"


def _head(comparison: Comparison) -> list[str]:
    return ["figure", *(x.name for x in comparison.likenesses)]


def _about(comparison: Comparison) -> str:
    return (
        f"{comparison.width} x {comparison.height} pixels, against {comparison.likenesses[0].against}; "
        f"{100 * comparison.moving:.1f} % in the motion mask ({comparison.mask_source})"
    )


def compare_text(comparison: Comparison) -> str:
    """The tables for a terminal."""
    return f"{_about(comparison)}\n\n{table(_head(comparison), _rows(comparison))}"


def compare_page(comparison: Comparison) -> Page:
    """The report with maps."""
    page = Page("Comparison", _about(comparison))
    page.table(_head(comparison), _rows(comparison))
    page.text(
        "Texture: how much of the truth's own texture is kept in each octave, and in brackets what was added to it "
        "(noise, artefacts), as variance. Ringing: up to 4 pixels from strong edges; halo: 4 to 32 pixels.",
        soft=True,
    )
    page.figures([_spectrum(comparison), _across(comparison)])
    for x in comparison.likenesses:
        page.heading(f"{x.name}: where it differs")
        page.figures(_maps(x))
    return page


def _spectrum(comparison: Comparison) -> tuple[str, str]:
    series = [
        Series(x.name, [(math.sqrt(o.low * o.high), 100 * o.kept) for o in x.texture], color=i)
        for i, x in enumerate(comparison.likenesses)
    ]
    return plot(series, "cycles per pixel", "texture kept, %", log_x=True), "Texture kept by octave"


def _across(comparison: Comparison) -> tuple[str, str]:
    series = [Series(x.name, x.halo.curve, color=i) for i, x in enumerate(comparison.likenesses)]
    return (
        plot(series, "pixels across strong edges, dark to bright", "difference, % of the edge"),
        f"Median over {comparison.likenesses[0].halo.profiles} profiles; a flat line is no halo",
    )


def _maps(x: Likeness) -> list[tuple[str, str]]:
    colour = picture(_small(ramp(x.delta_e_map / LARGEST_MAP)), "map of colour differences")
    similar = picture(_small(ramp(1 - x.ssim_map)), "map of structural similarity")
    return [
        (colour, f"CIEDE2000: black is 0, light is {LARGEST_MAP:g} and more"),
        (similar, "1 - SSIM: black is alike, light is 1"),
    ]


def ramp(values: npt.NDArray[np.float32]) -> npt.NDArray[np.uint8]:
    """(h, w) of 0..1 as (h, w, 3) colours."""
    steps = np.linspace(0, 1, 256)
    table_ = np.stack([np.interp(steps, np.linspace(0, 1, len(_RAMP)), _RAMP[:, c]) for c in range(3)], 1)
    index = (np.clip(values, 0, 1) * 255).astype(np.uint8)
    return np.asarray((table_ * 255).round().astype(np.uint8)[index], np.uint8)


def _small(image: npt.NDArray[np.uint8]) -> npt.NDArray[np.uint8]:
    step = max(1, math.ceil(max(image.shape[:2]) / _LONG_EDGE))
    return image[::step, ::step]
