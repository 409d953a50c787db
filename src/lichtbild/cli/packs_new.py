"""`lichtbild packs new`."""

from __future__ import annotations

from pathlib import Path

import click

from lichtbild.cli.say import one_line


@click.command("new")
@click.argument("folder", type=click.Path(path_type=Path))
@click.option("--maker", metavar="NAME", default="Your name", help="Who publishes it.")
def command(folder: Path, maker: str) -> None:
    """Begin a pack in a new FOLDER, whose name becomes that of the pack.

    It has one of everything: a look, a mode, a lens rendering, a frame, a note on a device and a mark. It passes the
    check as it is; change what you like and delete what you do not need.
    """
    from lichtbild.packs.new import begin

    made = begin(folder, maker)
    click.echo(one_line(f"{folder}: {made} files; see its README.md, and try lichtbild packs check {folder}"))
