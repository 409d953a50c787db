"""`lichtbild devices show`."""

from __future__ import annotations

import click


@click.command("show")
@click.argument("profile", metavar="NAME|FILE")
def command(profile: str) -> None:
    """Show what a profile says of its camera, each part with its source, and how true its colours are."""
    from lichtbild.cli.devices_text import accuracy_table, colour_lines, sensor_lines
    from lichtbild.cli.say import one_line
    from lichtbild.devices import catalog

    found = catalog.load(profile)
    click.echo(one_line(f"{found.title}{f', {found.name}' if found.name else ''}"))
    for title, value in (
        ("make", found.make),
        ("model", found.model),
        ("also known as", ", ".join(found.aliases)),
        ("source", found.source),
        ("copyright", found.copyright),
        ("file", str(found.path)),
    ):
        if value:
            click.echo(one_line(f"{title}: {value}"))
    for line in (*colour_lines(found), *sensor_lines(found)):
        click.echo(one_line(line))
    if found.accuracy:
        click.echo(f"\n{accuracy_table(found)}")
