"""`lichtbild looks check`."""

from __future__ import annotations

from pathlib import Path

import click


@click.command("check")
@click.argument("folder", type=click.Path(path_type=Path))
@click.option("--no-swatch", is_flag=True, help="Leave the swatch as it is.")
def command(folder: Path, no_swatch: bool) -> None:
    """Check a look: its file, then what it does to greys, gradients, hues and skin; and draw its swatch.

    FOLDER holds a look.toml (the name of an installed look does, too, whose swatch is left alone). Wrong numbers are
    refused with file, line and allowed range. What may not be meant is a warning, beside the limit.
    """
    from lichtbild.atomic_file import write_atomically
    from lichtbild.authoring import swatch
    from lichtbild.authoring.check import findings
    from lichtbild.cli.say import one_line
    from lichtbild.look import catalog, look
    from lichtbild.measure.table import table

    at_path = (folder / "look.toml").is_file() or folder.name == "look.toml"
    found = look.load(str(folder.resolve()) if at_path else str(folder))
    tried = findings(found)
    rows = [[f.name, f"{f.value:.2f}", f"{f.limit:.2f}", "look here" if f.bad else "good"] for f in tried]
    if rows:
        click.echo(table(("tried", "found", "limit", ""), rows))
    for f in tried:
        if f.bad:
            click.echo(one_line(f"warning: {f.name}: {f.words}: {f.value:.2f}, unsuspicious up to {f.limit:g}"))
    if not (found.notes or (found.folder and (found.folder / "notes.md").is_file())):
        click.echo("warning: no notes.md beside it; tell what the look is for")
    built_in = found.folder is not None and found.folder.parent == catalog.LOOKS
    if not no_swatch and found.folder and at_path and not built_in:
        target = found.folder / "swatch.png"
        write_atomically(target, [swatch.png(found)], overwrite=True)
        click.echo(one_line(f"{target}: drawn"))
    bad = sum(f.bad for f in tried)
    words = f"sound, {bad} thing{'s' if bad > 1 else ''} to look at" if bad else "sound"
    click.echo(one_line(f"{found.title or found.name}: {words}"))
