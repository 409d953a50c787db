"""`lichtbild devices export`."""

from __future__ import annotations

from pathlib import Path

import click


@click.command("export")
@click.argument("profile", metavar="NAME|FILE")
@click.option("--dcp", metavar="FILE.dcp", type=click.Path(path_type=Path), help="Write a DCP file.")
@click.option(
    "--json", "json_file", metavar="FILE", type=click.Path(path_type=Path), help="Write the DNG tags as JSON."
)
@click.option("--overwrite", is_flag=True, help="Replace the files if they exist.")
def command(profile: str, dcp: Path | None, json_file: Path | None, overwrite: bool) -> None:
    """Export the colour of a profile, as a DCP file for other raw developers, or as DNG tags.

    Without an option, the tags are printed.
    """
    from lichtbild.atomic_file import check_target, write_atomically
    from lichtbild.cli.say import one_line
    from lichtbild.devices import catalog
    from lichtbild.devices.dcp_write import write_dcp
    from lichtbild.devices.tag_list import as_text, tag_list
    from lichtbild.jsonable import to_json

    found = catalog.load(profile)
    for target in (dcp, json_file):
        if target:
            check_target(target, overwrite=overwrite)
    if dcp:
        write_dcp(found, dcp, overwrite=overwrite)
        click.echo(one_line(f"{dcp}: colour of {found.title}"))
    if json_file:
        write_atomically(json_file, [to_json(tag_list(found), indent=1).encode() + b"\n"], overwrite=overwrite)
        click.echo(one_line(f"{json_file}: DNG tags of {found.title}"))
    if not (dcp or json_file):
        for line in as_text(found).splitlines():
            click.echo(one_line(line))
