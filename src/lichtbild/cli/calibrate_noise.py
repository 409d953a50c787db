"""`lichtbild calibrate noise`."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from lichtbild.cli.calibrate_output import check, outputs, write

if TYPE_CHECKING:
    from lichtbild.calibrate.sensor_noise import SensorNoise


@click.command("noise")
@click.argument("frames", nargs=-1, required=True, metavar="FRAMES...", type=click.Path(path_type=Path))
@outputs
def command(
    frames: tuple[Path, ...], output: Path, make: str | None, model: str | None, add: bool, overwrite: bool
) -> None:
    """Calibrate black level, noise, defects and lens shading from raw FRAMES, in any order.

    What each frame is, is seen from what it shows: frames with the cap on give black level and hot pixels; frames of an
    even surface (a white sheet before the lens, out of focus) lens shading and dead pixels; two or more frames alike of
    any scene from a tripod the noise of their ISO. Several ISOs may be given at once.
    """
    from lichtbild.calibrate.sensor_noise import calibrate
    from lichtbild.cli.devices_text import sensor_lines
    from lichtbild.cli.progress import Progress
    from lichtbild.cli.say import one_line
    from lichtbild.report import Report

    check(frames, output, add=add, overwrite=overwrite)
    progress = Progress()
    report = progress.attach(Report())
    try:
        found = calibrate(frames, report)
    finally:
        progress.finish()
    profile = write(found.profile, output, make=make, model=model, add=add, overwrite=overwrite)
    click.echo(kinds_line(found))
    for line in sensor_lines(found.profile):
        click.echo(one_line(line))
    click.echo(one_line(f"{output}: sensor of {profile.title}"))


def kinds_line(found: SensorNoise) -> str:
    """How many frames of each kind there were."""
    parts = [f"{len(names)} {kind}" for kind, names in found.kinds.items() if names]
    return "frames: " + ", ".join(parts)
