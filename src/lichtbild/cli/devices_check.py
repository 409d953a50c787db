"""`lichtbild devices check`."""

from __future__ import annotations

import click


@click.command("check")
@click.argument("profiles", metavar="[NAME|FILE]...", nargs=-1)
def command(profiles: tuple[str, ...]) -> None:
    """Check profiles: every value in its range, white that stays white, tables without folds.

    Of a profile that was made from sensitivities it is also told which figure of accuracy it misses, and why.
    Without a name, all that are installed. Ends with code 1 when something is doubtful, with 2 when one cannot be read.
    """
    from lichtbild.cli.say import one_line
    from lichtbild.devices import catalog, wanted
    from lichtbild.devices.check import findings

    doubtful = False
    for name in profiles or [str(e.path) for e in catalog.entries()]:
        profile = catalog.load(name)
        found = findings(profile)
        doubtful = doubtful or bool(found)
        click.echo(one_line(f"{name}: {profile.title}, {'sound' if not found else f'{len(found)} findings'}"))
        for text in (*found, *wanted.lines(profile.accuracy)):
            click.echo(one_line(f"  {text}"))
    if doubtful:
        raise SystemExit(1)
