"""`lichtbild calibrate chart`."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import click

from lichtbild.cli.calibrate_output import check, outputs, write

if TYPE_CHECKING:
    from lichtbild.calibrate.chart import Fit
    from lichtbild.color import Floats
    from lichtbild.devices.profile import DeviceProfile


@click.command("chart")
@click.argument("shots", nargs=-1, required=True, metavar="SHOTS...", type=click.Path(path_type=Path))
@outputs
@click.option(
    "--illuminants",
    metavar="LIGHT[,LIGHT...]",
    help="The light of each shot, in their order: A, D50, D55, D65, D75, studio-tungsten, flash, cloudy, shade ...; "
    "one name for all shots, or one for each.  [default: by the shots' own white balance]",
)
@click.option(
    "--reference",
    "values",
    default="classic",
    metavar="classic|2014|srgb|FILE",
    help="The chart's true colours, as for `measure chart`.  [default: classic]",
)
def command(
    shots: tuple[Path, ...],
    output: Path,
    make: str | None,
    model: str | None,
    add: bool,
    overwrite: bool,
    illuminants: str | None,
    values: str,
) -> None:
    """Calibrate colour from raw SHOTS of a 24-patch colour chart, under one light or up to three.

    The chart is found by itself, in any perspective. Let it fill a third of the picture or more, in the middle of the
    frame, lit by one light from the side, without glare, the white patch a stop below clipping. That light falls off
    over the chart is measured and undone. Shots of the same light are taken together.

    The profile gets matrices for each light, and a table beyond them where patches that were left out of the fit say
    that it helps.
    """
    from lichtbild.calibrate import chart_doubts
    from lichtbild.calibrate.chart import calibrate
    from lichtbild.calibrate.chart_shot import read_chart_shot
    from lichtbild.cli.progress import Progress
    from lichtbild.cli.say import complain, one_line
    from lichtbild.devices.profile import DeviceProfile
    from lichtbild.measure.chart_values import reference
    from lichtbild.report import Report

    check(shots, output, add=add, overwrite=overwrite)
    wanted = reference(values)
    names = lights_of(illuminants, len(shots))
    progress = Progress()
    report = progress.attach(Report())
    try:
        read = [read_chart_shot(path, report) for path in shots]
    finally:
        progress.finish()
    if names is None:
        from lichtbild.calibrate.chart import nearest_light

        names = [nearest_light(shot) for shot in read]
        told = ", ".join(f"{shot.name} {name}" for shot, name in zip(read, names, strict=True))
        click.echo(one_line(f"light by the shots' white balance: {told}; --illuminants says it better"), err=True)
    profile, fits = calibrate(read, names, wanted)
    if add and output.exists():
        profile = with_lights_of(DeviceProfile.read(output), profile)
    profile = write(profile, output, make=make, model=model, add=add, overwrite=overwrite)
    click.echo(table_of(fits, wanted))
    for fit in fits:
        click.echo(one_line(line_of(fit)))
    for doubt in [*chart_doubts.of_lights(read, names), *(text for fit in fits for text in chart_doubts.of_fit(fit))]:
        complain(f"warning: {doubt}")
    click.echo(one_line(f"{output}: colour of {profile.title}, {', '.join(x.illuminant for x in profile.lights)}"))


def with_lights_of(old: DeviceProfile, new: DeviceProfile) -> DeviceProfile:
    """The new profile with the old one's other lights, as far as they are of a chart, too: three in all. Colour that
    was measured in another way is not mixed with that of a chart."""
    from lichtbild.record import replace

    fresh = {light.illuminant for light in new.lights}
    kept = [x for x in old.lights if x.illuminant not in fresh and "24-patch chart" in x.source]
    lights = sorted((*new.lights, *kept[: 3 - len(fresh)]), key=lambda light: light.kelvin)
    accuracy = {x.illuminant: old.accuracy[x.illuminant] for x in lights if x.illuminant in old.accuracy}
    return replace(new, lights=tuple(lights), accuracy={**accuracy, **new.accuracy})


def lights_of(text: str | None, count: int) -> list[str] | None:
    """A name for each shot, None where none was given. Raises `DeviceError`."""
    from lichtbild.devices.profile import ILLUMINANTS
    from lichtbild.errors import DeviceError

    if text is None:
        return None
    known = {name.lower(): name for name in ILLUMINANTS if name != "other"}
    names = [known.get(part.strip().lower(), "") for part in text.split(",")]
    if "" in names:
        raise DeviceError(f"illuminants: {text!r} has a name that is not one of {', '.join(known.values())}")
    if len(names) == 1:
        names *= count
    if len(names) != count:
        raise DeviceError(f"illuminants: {len(names)} lights are named for {count} shots; name one for each shot")
    if len(set(names)) > 3:
        raise DeviceError("illuminants: a profile holds three lights at most; leave some out")
    return names


def table_of(fits: Sequence[Fit], wanted: Floats) -> str:
    """CIEDE2000 of each patch under each light."""
    from lichtbild.measure.chart_values import NAMES
    from lichtbild.measure.table import table

    head = ["patch"]
    columns = []
    for fit in fits:
        head.append(f"{fit.light.illuminant}, matrix")
        columns.append(fit.matrix_error)
        if fit.light.hue_sat_map is not None:
            head.append(f"{fit.light.illuminant}, corrected")
            columns.append(fit.error)
    rows = [[name, *(f"{c[i]:.2f}" for c in columns)] for i, name in enumerate(NAMES)]
    rows.append(["mean", *(f"{c.mean():.2f}" for c in columns)])
    rows.append(["worst", *(f"{c.max():.2f}" for c in columns)])
    return table(tuple(head), rows)


def line_of(fit: Fit) -> str:
    """What else was found."""
    even = ", ".join(f"{v:.2f}" for v in fit.evenness)
    text = f"{fit.light.illuminant}: light uneven by {even} EV over the chart (undone)"
    if fit.glare > 5e-4:
        text += f", glare of {100 * fit.glare:.1f} % of white (undone)"
    before, after = fit.left_out
    verdict = "a table corrects what the matrix cannot" if fit.light.hue_sat_map is not None else "the matrix suffices"
    return f"{text}; CIEDE2000 of patches left out {before:.2f} by matrix, {after:.2f} corrected: {verdict}"
