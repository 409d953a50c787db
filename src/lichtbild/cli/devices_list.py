"""`lichtbild devices list`."""

from __future__ import annotations

import click


@click.command("list")
@click.option("--json", "as_json", is_flag=True, help="As JSON, for other programs.")
def command(as_json: bool) -> None:
    """List every device profile: its name, its camera, and where it comes from."""
    from lichtbild.cli.say import complain, one_line
    from lichtbild.devices import catalog
    from lichtbild.raw.metadata import full_model

    found = catalog.entries()
    for fault in catalog.faults():
        complain(f"warning: {fault}")
    if as_json:
        from dataclasses import asdict

        from lichtbild.jsonable import to_json

        click.echo(to_json([asdict(e) for e in found], indent=1))
        return
    if found:
        from lichtbild.measure.table import table

        rows = [(e.name, full_model(e.make, e.model) or e.aliases[-1], e.origin, str(e.path)) for e in found]
        click.echo(table(("profile", "camera", "from", "file"), [[one_line(cell) for cell in row] for row in rows]))
    else:
        click.echo("No device profile is installed.")
    click.echo(one_line(f"Your own go into {catalog.user_folder()}"))
