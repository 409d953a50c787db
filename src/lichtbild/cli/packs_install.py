"""`lichtbild packs install`."""

from __future__ import annotations

from pathlib import Path

import click

from lichtbild.cli.say import one_line


@click.command("install")
@click.argument("pack", type=click.Path(path_type=Path))
@click.option("--overwrite", is_flag=True, help="Replace the same version, if it is installed with other content.")
def command(pack: Path, overwrite: bool) -> None:
    """Put a pack where Lichtbild finds it: PACK is its archive (NAME-VERSION.lichtbild.zip), or its folder.

    All of it is checked first, and it is put there whole or not at all. Other versions of it stay, so that older
    photographs can be made again.
    """
    import datetime

    from lichtbild.packs.store import install

    installed, new = install(pack, overwrite=overwrite)
    ended = installed.manifest.out_of_date(datetime.date.today())
    what = "installed in" if new else "is there already, in"
    click.echo(one_line(f"{installed.title}: {what} {installed.root}" + (f"; it {ended}" if ended else "")))
