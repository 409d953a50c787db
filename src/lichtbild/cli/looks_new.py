"""`lichtbild looks new`."""

from __future__ import annotations

from pathlib import Path

import click


@click.command("new")
@click.argument("name")
@click.argument("pictures", nargs=-1, type=click.Path(path_type=Path))
@click.option(
    "--base", default="natural", metavar="LOOK", help="Begin with the numbers of that look.  [default: natural]"
)
@click.option(
    "--from",
    "given",
    multiple=True,
    metavar="PICTURES",
    type=click.Path(path_type=Path),
    help="Fit the look to pictures: a folder, or files (more may follow the name).",
)
@click.option("--lut", is_flag=True, help="With --from: put what the numbers cannot express into a table of colours.")
@click.option(
    "--folder",
    metavar="DIR",
    type=click.Path(path_type=Path),
    help="Where to make the look's folder; unless given, among your own looks, where --look finds it by name.",
)
def command(
    name: str, pictures: tuple[Path, ...], base: str, given: tuple[Path, ...], lut: bool, folder: Path | None
) -> None:
    """Begin a look: a folder NAME with its numbers, notes and swatch.

    With --from, the look is fitted to pictures: raw frames and the finished pictures of the same frames, matched by
    their names; or two pictures, before and after. What it prints is how far pictures in the new look are from yours,
    in CIEDE2000, also in parts or pictures that were kept out of the fit.

    \b
      lichtbild looks new evening --base soft
      lichtbild looks new mine --from exports/ raws/*.NEF
      lichtbild looks new faded --from before.jpg after.jpg
    """
    from lichtbild.authoring import making
    from lichtbild.cli.progress import Progress
    from lichtbild.cli.say import one_line
    from lichtbild.errors import RecipeError
    from lichtbild.look import look
    from lichtbild.report import Report

    place = making.place_for(name, folder)
    begun = look.load(base)
    files = [*given, *pictures]
    if pictures and not given:
        raise RecipeError(f"{pictures[0]}: pictures come after --from; write --from {pictures[0]}")
    if lut and not files:
        raise RecipeError("--lut: nothing to make a table from; name pictures with --from")
    if not files:
        made = making.begin(place, begun)
    else:
        progress = Progress()
        try:
            result = making.fitted(place, begun, files, lut, progress.attach(Report()))
        finally:
            progress.finish()
        made = result.folder
        for line in result.lines:
            click.echo(one_line(line))
    click.echo(one_line(f"{made}: made; change look.toml, then: lichtbild looks check {made}"))
