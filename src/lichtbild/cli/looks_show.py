"""`lichtbild looks show`."""

from __future__ import annotations

import click


@click.command("show")
@click.argument("name")
def command(name: str) -> None:
    """Show a look: its idea, every number that differs from natural, and its notes. NAME may be a folder."""
    from lichtbild.authoring.writing import text_of
    from lichtbild.cli.looks_list import origin
    from lichtbild.cli.say import one_line
    from lichtbild.look import look

    found = look.load(name)
    about = [origin(name), f"version {found.version}" if found.version else "", found.author, found.license]
    click.echo(one_line(f"{found.title or found.name} ({', '.join(filter(None, about))})"))
    if found.description:
        click.echo(one_line(found.description))
    numbers = text_of(found).partition("\n\n")[2].strip()
    click.echo("\n" + "\n".join(one_line(line) for line in (numbers or "# every number is natural's").splitlines()))
    notes = found.notes or _notes(found.folder)
    if notes:
        click.echo("\n" + "\n".join(one_line(line) for line in notes.strip().splitlines()))


def _notes(folder: object) -> str:
    """The first of `notes.md`, as text; nothing where there is none."""
    from pathlib import Path

    path = Path(str(folder)) / "notes.md"
    try:
        with path.open("rb") as file:
            return file.read(1 << 15).decode("utf-8", "replace")
    except OSError:
        return ""
