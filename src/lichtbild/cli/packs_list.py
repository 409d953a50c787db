"""`lichtbild packs list`."""

from __future__ import annotations

import click

from lichtbild.cli.say import complain, one_line


@click.command("list")
@click.option("--json", "as_json", is_flag=True, help="All of it as JSON, for other programs.")
def command(as_json: bool) -> None:
    """Show the installed packs: who made them, what is in them, and whether they are offered today."""
    import datetime

    from lichtbild.packs.catalog import packs
    from lichtbild.packs.files import KINDS
    from lichtbild.packs.store import user_folder

    found, faults = packs()
    for fault in faults:
        complain(f"warning: {fault}")
    if as_json:
        from dataclasses import asdict

        from lichtbild.jsonable import to_json

        rows = []
        for pack in found:
            days = {d: str(getattr(pack.manifest, d) or "") for d in ("valid_from", "valid_until")}
            items = {kind: list(pack.items(kind)) for kind in KINDS}
            rows.append({**asdict(pack.manifest), **days, **items, "source": pack.source, "folder": str(pack.root)})
        click.echo(to_json(rows, indent=2))
        return
    if not found:
        click.echo(one_line(f"no pack is installed; lichtbild packs install puts them into {user_folder()}"))
    for pack in found:
        about = pack.manifest
        ended = about.out_of_date(datetime.date.today())
        notes = [f"by {about.maker}", about.licence, *(["from a Python package"] if pack.source == "package" else [])]
        click.echo(
            one_line(f"{pack.title}  {about.title or about.name}, {', '.join(notes)}" + (f"; {ended}" if ended else ""))
        )
        if about.description:
            click.echo("    " + one_line(about.description))
        for kind in KINDS:
            if names := pack.items(kind):
                click.echo(one_line(f"{kind}:").rjust(12) + " " + " ".join(f"{about.name}/{n}" for n in names))
        if about.device:
            devices = ", ".join(f"{d.make} {d.model}" for d in about.device)
            click.echo("    " + one_line(f"signed off on {devices}; any other device may use it"))
