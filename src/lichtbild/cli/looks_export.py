"""`lichtbild looks export`."""

from __future__ import annotations

from pathlib import Path

import click


@click.command("export")
@click.argument("name")
@click.option(
    "-o", "--output", required=True, metavar="FILE.cube", type=click.Path(path_type=Path), help="The LUT to write."
)
@click.option(
    "--size", default=33, type=click.IntRange(9, 65), show_default=True, help="Steps of each colour in the LUT."
)
@click.option(
    "--input",
    "source",
    default="finished",
    type=click.Choice(("finished", "acescct")),
    help="What the LUT is laid on: finished sRGB pictures, or scene light in ACEScct.  [finished]",
)
@click.option("--overwrite", is_flag=True, help="Replace the file if it exists.")
def command(name: str, output: Path, size: int, source: str, overwrite: bool) -> None:
    """Write a look as a .cube file, for programs that grade pictures or film with 3D LUTs.

    A LUT holds what a look does to single colours. What follows the scene or needs neighbours (automatic exposure,
    opened shadows, clarity, sharpening, grain, glow, vignette) cannot be in it, and is told.
    """
    from lichtbild.authoring import export
    from lichtbild.cli.say import one_line
    from lichtbild.errors import OutputError
    from lichtbild.look import look

    if output.suffix.lower() != ".cube":
        raise OutputError(f"{output}: a LUT is written as .cube; end its name so")
    found = look.load(name)
    export.file_of(found, output, size, source, overwrite=overwrite)
    click.echo(one_line(f"{output}: {found.title or found.name}, {size} steps, for {source} pictures"))
    for lost in export.left_out(found, source):
        click.echo(one_line(f"not in it: {lost}"))
