"""`lichtbild packs check`."""

from __future__ import annotations

from pathlib import Path

import click

from lichtbild.cli.say import complain, one_line


@click.command("check")
@click.argument("pack", type=click.Path(path_type=Path))
def command(pack: Path) -> None:
    """Read all of a pack as it will be used: PACK is its folder or its archive.

    Every fault is told with file, line and what is allowed.
    """
    import tempfile

    from lichtbild.errors import PackError
    from lichtbild.packs.check import faults
    from lichtbild.packs.files import KINDS
    from lichtbild.packs.pack import open_pack
    from lichtbild.packs.store import collect, unpacked

    files = collect(pack)
    with tempfile.TemporaryDirectory(prefix="lichtbild-") as place, unpacked(files, Path(place)) as folder:
        try:
            checked = open_pack(folder)
            found = [str(fault).replace(str(folder), str(pack)) for fault in faults(checked)]
        except PackError as error:
            found = [str(error).replace(str(folder), str(pack))]
        for fault in found[1:]:
            complain(f"error: {fault}")
        if found:
            raise PackError(found[0])
        there = ", ".join(f"{len(checked.items(kind))} {kind}" for kind in KINDS if checked.items(kind))
        click.echo(one_line(f"{checked.title}: {len(files)} files, {there or 'nothing to use'}; all in order"))
