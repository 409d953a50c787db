"""The figures of `noise` for a terminal and as a page."""

from __future__ import annotations

from lichtbild.measure.noise import CameraNoise, IsoNoise
from lichtbild.measure.page import Page
from lichtbild.measure.svg import Series, plot
from lichtbild.measure.table import number, pairs, table

_LEAST_RATIO = -10  # dB, of the plot
_COLORS = {"R": "red", "G": "green", "B": "blue"}
_HEAD = (
    "ISO",
    "frames",
    "scale (G)",
    "offset (G)",
    "full well e-",
    "read e-",
    "e-/DN",
    "range SNR 1",
    "at 20 dB",
    "SNR max dB",
    "PRNU %",
)


def _rows(noise: CameraNoise) -> list[list[str]]:
    return [
        [
            f"{i.iso:g}",
            str(i.frames),
            number(i.profile.scale[1], 4),
            number(i.profile.offset[1], 4),
            number(i.full_well, 4),
            number(i.read_noise, 3),
            number(i.electrons_per_dn, 3),
            f"{i.dynamic_range.snr1:.2f} EV",
            f"{i.dynamic_range.snr20db:.2f} EV",
            f"{i.dynamic_range.maximum:.1f}",
            number(i.prnu, 2),
        ]
        for i in noise.isos
    ]


def _profiles(noise: CameraNoise) -> list[list[str]]:
    return [
        [
            f"{i.iso:g} {line.color}",
            number(line.scale, 4),
            _share(line.scale_error, line.scale),
            number(line.offset, 4),
            _share(line.offset_error, line.offset),
            f"{100 * line.used:.0f} %",
        ]
        for i in noise.isos
        for line in i.lines
    ]


def _share(error: float, value: float) -> str:
    return f"{100 * error / value:.1f} %" if value > 0 else "-"


def _darks(noise: CameraNoise) -> list[list[str]]:
    return [
        [
            f"{d.iso:g}, {d.exposure_time:.4g} s",
            str(len(d.frames)),
            f"{d.offset:+.2f}",
            number(d.read_noise),
            number(d.dsnu, 2),
            number(d.row_noise, 2),
            number(d.column_noise, 2),
            f"{1e6 * d.hot:.0f}",
        ]
        for d in noise.darks
    ]


_PROFILE_HEAD = ("ISO, colour", "scale", "+-", "offset", "+-", "blocks used")
_DARK_HEAD = ("ISO, time", "frames", "level DN", "read DN", "DSNU DN", "row DN", "column DN", "hot per million")


def _summary(noise: CameraNoise) -> list[tuple[str, str]]:
    rows = [
        ("Camera", f"{noise.camera}, {noise.width} x {noise.height}, white {noise.white_level:g} DN"),
    ]
    for i in noise.isos:
        if i.tag_ratio is not None:
            rows.append(
                (
                    f"ISO {i.iso:g}",
                    f"the file's NoiseProfile says {i.tag_ratio:.2f} times the measured variance at middle grey",
                )
            )
        if i.flicker > 0.01:
            rows.append((f"ISO {i.iso:g}", f"the light changed by up to {100 * i.flicker:.1f} % between the frames"))
    if noise.dark_current:
        c = noise.dark_current
        electrons = f", {number(c.electrons_per_second)} e-/s" if c.electrons_per_second is not None else ""
        rows.append(("Dark current", f"{number(c.dn_per_second)} DN/s per pixel{electrons}"))
    hot = [p for d in noise.darks for p in d.hot_pixels]
    if hot:
        rows.append(
            ("Hot pixels", ", ".join(f"{x},{y} (+{v:.0f})" for y, x, v in hot[:6]) + (" ..." if len(hot) > 6 else ""))
        )
    elif noise.stuck:
        places = ", ".join(f"{x},{y}" for y, x in noise.stuck[:6])
        rows.append(
            ("Pixels that stand out", f"{len(noise.stuck)}: {places}" + (" ..." if len(noise.stuck) > 6 else ""))
        )
    return rows


def noise_text(noise: CameraNoise) -> str:
    """The tables for a terminal."""
    parts = [pairs(_summary(noise))]
    if noise.isos:
        parts += [table(_HEAD, _rows(noise)), table(_PROFILE_HEAD, _profiles(noise))]
    if noise.darks:
        parts.append(table(_DARK_HEAD, _darks(noise)))
    return "\n\n".join(parts)


def noise_page(noise: CameraNoise) -> Page:
    """The report with plots."""
    page = Page("Noise", f"{noise.camera}; photon transfer after EMVA 1288 and ISO 15739")
    page.table(("", ""), _summary(noise))
    if noise.isos:
        page.heading("Sensitivity by sensitivity")
        page.table(_HEAD, _rows(noise))
        page.text(
            "Range: stops from white down to the light at which signal equals noise (SNR 1), or is ten times the noise "
            "(20 dB). "
            "Full well: electrons at white, from the slope. Read: noise without light.",
            soft=True,
        )
        page.figures([*(_transfer(i) for i in noise.isos), _ratios(noise)])
        page.heading("Noise profile")
        page.text(
            "variance = scale x + offset, x = light in parts of white, as the DNG tag NoiseProfile says it.", soft=True
        )
        page.table(_PROFILE_HEAD, _profiles(noise))
    if noise.darks:
        page.heading("Without light")
        page.table(_DARK_HEAD, _darks(noise))
        hot = sorted({p for d in noise.darks for p in d.hot_pixels}, key=lambda p: -p[2])[:40]
        if hot:
            page.text("The brightest hot pixels (x, y: digital numbers above the dark level):")
            page.text("; ".join(f"{x}, {y}: {v:.0f}" for y, x, v in hot), soft=True)
    if noise.dark_current:
        c = noise.dark_current
        points = list(zip(c.times, c.levels, strict=True))
        page.figures(
            [
                (
                    plot([Series("", points, "dots"), Series("", points, color=7)], "seconds", "dark level, DN"),
                    "Dark current",
                )
            ]
        )
    return page


def _transfer(i: IsoNoise) -> tuple[str, str]:
    series = []
    for line in i.lines:
        color = _COLORS[line.color]
        ends = [max(min(x for x, _ in line.points), 1e-4), max(x for x, _ in line.points)]
        steps = [ends[0] * (ends[1] / ends[0]) ** (k / 60) for k in range(61)] if ends[1] > ends[0] else ends
        series.append(Series("", line.points, "dots", color))
        series.append(Series(line.color, [(x, line.variance(x)) for x in steps], "line", color))
    return plot(series, "light, parts of white", "variance", log_x=True, log_y=True), f"Photon transfer, ISO {i.iso:g}"


def _ratios(noise: CameraNoise) -> tuple[str, str]:
    series = [
        Series(f"ISO {i.iso:g}", [p for p in i.dynamic_range.curve if p[1] >= _LEAST_RATIO], color=k % 8)
        for k, i in enumerate(noise.isos)
    ]
    lowest = max(-16.0, -max(i.dynamic_range.engineering for i in noise.isos) - 2)
    return (
        plot(series, "EV below white", "signal to noise, dB", x_range=(lowest, 0.0), y_range=(_LEAST_RATIO, 50)),
        "Signal to noise (green); the range ends at 0 dB or at 20 dB",
    )
