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
    from lichtbild.cli.say import complain, one_line
    from lichtbild.devices import catalog, wanted
    from lichtbild.devices.check import findings
    from lichtbild.errors import DeviceError

    doubtful = False
    unread = [] if profiles else catalog.faults()
    for name in profiles or [str(e.path) for e in catalog.entries()]:
        try:
            profile = catalog.load(name)
        except DeviceError as error:
            unread.append(str(error))
            continue
        found = findings(profile)
        doubtful = doubtful or bool(found)
        click.echo(one_line(f"{name}: {profile.title}, {'sound' if not found else f'{len(found)} findings'}"))
        for text in (*found, *wanted.lines(profile.accuracy)):
            click.echo(one_line(f"  {text}"))
    for text in unread:
        complain(f"error: {text}")
    if unread or doubtful:
        raise SystemExit(2 if unread else 1)
