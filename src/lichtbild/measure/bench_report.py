"""The figures of `bench` for a terminal, and as a page with crops side by side."""

from __future__ import annotations

import math

import numpy as np
import numpy.typing as npt

from lichtbild.measure.bench import Bench, Result
from lichtbild.measure.filters import luma
from lichtbild.measure.page import Page, picture
from lichtbild.measure.svg import Series, plot
from lichtbild.measure.table import number, table

CROP = 260  # pixels
_HEAD = (
    *("scene, program", "seconds", "times", "MB", "PSNR", "matched", "SSIM", "matched"),
    *("dE2000", "texture", "halo %", "ghosts %", "EV"),
)


def _row(r: Result, bench: Bench) -> list[str]:
    name = f"{r.scene}: {r.program}"
    if r.likeness is None:
        return [name, *["-"] * (len(_HEAD) - 1)]
    x, ours = r.likeness, _ours(r, bench)
    return [
        name,
        f"{r.seconds:.2f}",
        f"{r.seconds / ours.seconds:.2f}" if ours and ours.seconds > 0 else "-",
        f"{r.megabytes:.0f}",
        f"{x.psnr:.2f}",
        f"{r.psnr_matched:.2f}",
        f"{x.ssim:.4f}",
        f"{r.ssim_matched:.4f}",
        f"{x.delta_e:.2f}",
        _kept(r),
        f"{x.halo.halo:.2f}" if not math.isnan(x.halo.halo) else "-",
        f"{x.ghost.index:.1f}" if x.ghost else "-",
        f"{x.brightness:+.2f}",
    ]


def _ours(r: Result, bench: Bench) -> Result | None:
    """Lichtbild's result on the same frames."""
    every = [o for o in bench.results if o.scene == r.scene and o.program.startswith("Lichtbild") and o.likeness]
    return next((o for o in every if o.burst == r.burst), None)


def ahead(bench: Bench) -> list[str]:
    """Where another program is ahead of Lichtbild on the same frames, and by how much; noise that counts as texture
    is told from it by what is added."""
    lines = []
    for r in bench.results:
        ours = _ours(r, bench)
        if ours is None or r.likeness is None or ours.likeness is None or r.program.startswith("Lichtbild"):
            continue
        better = []
        if r.seconds < ours.seconds:
            better.append(f"takes {r.seconds / ours.seconds:.2f} times as long")
        if r.megabytes < ours.megabytes:
            better.append(f"{r.megabytes / ours.megabytes:.2f} times the memory")
        if r.psnr_matched > ours.psnr_matched + 0.005:
            better.append(f"{r.psnr_matched - ours.psnr_matched:+.2f} dB")
        if r.ssim_matched > ours.ssim_matched + 5e-5:
            better.append(f"{r.ssim_matched - ours.ssim_matched:+.4f} SSIM")
        kept = [x.likeness.texture[0].kept if x.likeness.texture else math.nan for x in (r, ours) if x.likeness]
        if kept[0] > kept[1] + 0.005:
            added = r.likeness.texture[0].added
            better.append(f"{100 * (kept[0] - kept[1]):+.0f} % of the finest texture, and noise of {100 * added:.0f} %")
        if better:
            lines.append(f"{r.scene}: {r.program} is ahead of {ours.program}: {', '.join(better)}")
    return lines


def _kept(r: Result) -> str:
    """Texture kept in the two finest octaves."""
    octaves = [o.kept for o in r.likeness.texture[:2]] if r.likeness else []
    shares = [f"{100 * k:.0f}" for k in octaves if not math.isnan(k)]
    return f"{'/'.join(shares)} %" if shares else "-"


def _failures(bench: Bench) -> list[str]:
    return [f"{r.scene}: {r.program} failed: {r.failed}" for r in bench.results if r.failed]


def bench_text(bench: Bench) -> str:
    """The tables for a terminal."""
    lines = [table(_HEAD, [_row(r, bench) for r in bench.results if not r.failed])]
    for more in (ahead(bench), _failures(bench)):
        lines += ["", *more] if more else []
    return "\n".join(lines)


def bench_page(bench: Bench) -> Page:
    """The report with crops."""
    s = bench.settings
    page = Page(
        "Benchmark", f"{s.frames} frames of {s.size} at ISO {s.iso:g}, shot by the virtual camera; seed {s.seed}"
    )
    page.text(
        "Each program's picture against its own rendering of the noise-free frame, so that colour intent cancels. "
        "Matched: the same at the first program's brightness, as brighter shadows show more noise. Texture: share of "
        "the two finest octaves that is kept. EV: by how much the picture is brighter than that rendering. Times: "
        "seconds over Lichtbild's on the same frames."
    )
    page.table(_HEAD, [_row(r, bench) for r in bench.results if not r.failed])
    for line in [*ahead(bench), *_failures(bench)]:
        page.text(line, soft=True)
    page.figures([_quality_by_time(bench), _spectrum(bench)])
    for scene in dict.fromkeys(r.scene for r in bench.results):
        shown = [r for r in bench.results if r.scene == scene and r.picture is not None and r.truth is not None]
        if not shown:
            continue
        page.heading(f"{scene}: crops at 100 %")
        reference = shown[0].truth
        assert reference is not None
        for what, y, x in places(reference):
            page.text(f"{what} ({x}, {y})", soft=True)
            crops = [(_crop(reference, reference.shape, y, x), f"without noise ({shown[0].program})")]
            crops += [(_crop(r.picture, reference.shape, y, x), _caption(r)) for r in shown if r.picture is not None]
            page.shots((picture(c, text, lossless=False), text) for c, text in crops)
    return page


def _caption(r: Result) -> str:
    return f"{r.program}: {number(r.psnr_matched, 4)} dB matched" if r.likeness else r.program


def _quality_by_time(bench: Bench) -> tuple[str, str]:
    series = []
    for i, name in enumerate(dict.fromkeys(r.program for r in bench.results if not r.failed)):
        points = [(r.seconds, r.psnr_matched) for r in bench.results if r.program == name and r.likeness]
        series.append(Series(name, points, "dots", i % 8))
    return plot(series, "seconds", "PSNR matched, dB", log_x=True), "Quality by time, one dot per scene"


def _spectrum(bench: Bench) -> tuple[str, str]:
    series = []
    for i, name in enumerate(dict.fromkeys(r.program for r in bench.results if not r.failed)):
        first = next((r.likeness for r in bench.results if r.program == name and r.likeness), None)
        if first:
            points = [(math.sqrt(o.low * o.high), 100 * o.kept) for o in first.texture]
            series.append(Series(name, points, color=i % 8))
    return plot(series, "cycles per pixel", "texture kept, %", log_x=True), "Texture kept by octave, first scene"


def places(truth: npt.NDArray[np.uint8]) -> list[tuple[str, int, int]]:
    """(what it shows, y, x) of crops: most fine texture, strongest edges, a dark part with something in it."""
    h, w = truth.shape[:2]
    side = min(CROP, h, w)
    y = luma((truth / np.float32(255)).astype(np.float32))
    cells = []
    for top in range(0, h - side + 1, max(1, side // 2)):
        for left in range(0, w - side + 1, max(1, side // 2)):
            part = y[top : top + side, left : left + side]
            steps = np.abs(np.diff(part, axis=1))
            mean = float(part.mean())
            shadow = float(part.std()) / mean if 0.02 < mean < 0.25 else 0.0
            cells.append((top, left, float(np.median(steps)), float((steps > 0.15).mean()), shadow))
    chosen: list[tuple[str, int, int]] = []
    for k, name in enumerate(("Finest texture", "Strongest edges", "Deep shadow")):
        left_over = [c for c in cells if all(abs(c[0] - t) + abs(c[1] - x) >= side for _, t, x in chosen)]
        best = max(left_over, key=lambda c: c[2 + k], default=None)
        if best and best[2 + k] > 0:
            chosen.append((name, best[0], best[1]))
    return chosen


def _crop(image: npt.NDArray[np.uint8], like: tuple[int, ...], y: int, x: int) -> npt.NDArray[np.uint8]:
    """The same part of a picture whose border may be cut otherwise."""
    y, x = (max(0, at + (n - m) // 2) for at, n, m in zip((y, x), image.shape, like[:2], strict=False))
    return image[y : y + CROP, x : x + CROP]
