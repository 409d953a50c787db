"""`lichtbild looks preview`."""

from __future__ import annotations

import time
from pathlib import Path

import click

from lichtbild.cli.say import one_line


@click.command("preview")
@click.argument("files", nargs=-1, required=True, type=click.Path(path_type=Path))
@click.option(
    "-o",
    "--output",
    required=True,
    metavar="FILE",
    type=click.Path(path_type=Path),
    help="The contact sheet to write: .jpg, .png or .tif.",
)
@click.option("--looks", "wanted", metavar="A,B,...", help="Only these looks, in this order; folders are looks too.")
@click.option(
    "--tile",
    default=420,
    type=click.IntRange(64, 2000),
    metavar="PX",
    show_default=True,
    help="Long edge of one picture.",
)
@click.option("--overwrite", is_flag=True, help="Replace the sheet if it exists.")
def command(files: tuple[Path, ...], output: Path, wanted: str | None, tile: int, overwrite: bool) -> None:
    """Show photographs in all looks, side by side on one contact sheet.

    FILES are raw frames, each a photograph of its own, or finished pictures (JPEG, PNG, TIFF). A finished picture is
    taken for one in the look natural, and carried over from there; a raw frame shows what a look can really do.
    """
    from lichtbild.atomic_file import check_not_read, check_target
    from lichtbild.authoring.sheet import contact_sheet
    from lichtbild.cli.progress import Progress
    from lichtbild.errors import OutputError, RecipeError
    from lichtbild.output.formats import DNG, format_for
    from lichtbild.report import Report

    start = time.perf_counter()
    check_target(output, overwrite=True)
    check_not_read(output, files, "photographs to show", "the sheet")
    check_target(output, overwrite=overwrite)
    if format_for(output) is DNG or "8" not in format_for(output).depths:
        raise OutputError(f"{output}: a contact sheet is a picture; end its name in .jpg, .png or .tif")
    names = None if wanted is None else [n.strip() for n in wanted.split(",") if n.strip()]
    if names is not None and not names:
        raise RecipeError("looks: no look is named; give some with commas, or leave --looks out for all")
    progress = Progress()
    try:
        sheet = contact_sheet(files, names, tile, progress.attach(Report()))
        sheet.save(output, overwrite=overwrite)
    finally:
        progress.finish()
    height, width = sheet.image.shape[:2]
    seconds = time.perf_counter() - start
    click.echo(one_line(f"{output}: {width} x {height}, {seconds:.2f} s"))
