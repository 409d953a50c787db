"""`lichtbild packs remove`."""

from __future__ import annotations

import click

from lichtbild.cli.say import one_line


@click.command("remove")
@click.argument("pack")
def command(pack: str) -> None:
    """Take an installed pack away: PACK is NAME@VERSION, or NAME where only one version is installed.

    Only the files that were installed are deleted; what was added to its folder since stays.
    """
    from lichtbild.errors import PackError
    from lichtbild.packs.store import remove, versions

    name, at, version = pack.partition("@")
    there = versions(name)
    if not at:
        if len(there) > 1:
            raise PackError(f"{name}: {len(there)} versions are installed; name one of {_named(name, there)}")
        version = there[0] if there else ""
    count, gone = remove(name, version)
    rest = "" if gone else "; files that were not installed are still there"
    click.echo(one_line(f"{name}@{version}: {count} files removed{rest}"))


def _named(name: str, versions: tuple[str, ...]) -> str:
    return ", ".join(f"{name}@{v}" for v in versions)
