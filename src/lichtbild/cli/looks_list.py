"""`lichtbild looks list`."""

from __future__ import annotations

import click


@click.command("list")
@click.option("--json", "as_json", is_flag=True, help="As JSON, for other programs.")
def command(as_json: bool) -> None:
    """List every look: its name, title, version, and where it comes from."""
    from lichtbild.cli.say import complain, one_line
    from lichtbild.errors import RecipeError
    from lichtbild.look import catalog, look

    rows = []
    for name in catalog.names():
        try:
            found = look.load(name)
        except RecipeError as error:
            complain(f"warning: {error}")
            continue
        rows.append((name, found.title, found.version, origin(name), found.description))
    if as_json:
        from lichtbild.jsonable import to_json

        keys = ("name", "title", "version", "from", "description")
        click.echo(to_json([dict(zip(keys, row, strict=True)) for row in rows], indent=1))
        return
    from lichtbild.measure.table import table

    lines = [[one_line(cell) for cell in row[:4]] for row in rows]
    click.echo(table(("look", "title", "version", "from"), lines))


def origin(name: str) -> str:
    """Where a look comes from, in a word or two."""
    from lichtbild.look import catalog

    if name in catalog.built_in():
        return "Lichtbild"
    place, folder = catalog.user_folder(), catalog.folder(name)
    if place is not None and folder.parent == place:
        return "yours"
    return f"pack {name.partition('/')[0]}" if name in catalog.names() else str(folder)
