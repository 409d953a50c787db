"""`lichtbild calibrate dcp`."""

from __future__ import annotations

from pathlib import Path

import click

from lichtbild.cli.calibrate_output import check, outputs, write


@click.command("dcp")
@click.argument("profile", type=click.Path(path_type=Path))
@outputs
def command(profile: Path, output: Path, make: str | None, model: str | None, add: bool, overwrite: bool) -> None:
    """Take the colour of a DCP file, or of the profile that a DNG holds.

    Matrices and the table of hue and saturation become the camera's colour. A look table and a tone curve are kept,
    too; they are used by --look profile alone.
    """
    from lichtbild.cli.devices_text import colour_lines
    from lichtbild.cli.say import one_line
    from lichtbild.devices.dcp import read_dcp

    check((profile,), output, add=add, overwrite=overwrite)
    found = write(read_dcp(profile), output, make=make, model=model, add=add, overwrite=overwrite)
    for line in colour_lines(found):
        click.echo(one_line(line))
    click.echo(one_line(f"{output}: colour of {found.title}"))
