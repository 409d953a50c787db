"""`lichtbild packs`: the group of commands for packs, each in a module of its own."""

from __future__ import annotations

import click

from lichtbild.cli.group import LazyGroup

_COMMANDS = {
    "new": "Begin a pack: a folder with one look, mode, lens rendering and frame that work.",
    "check": "Read all of a pack as it will be used, and compare its looks between devices.",
    "build": "Put a pack's folder into one file, to be published.",
    "install": "Put a pack where Lichtbild finds it.",
    "list": "Show the installed packs and what is in them.",
    "remove": "Take an installed pack away.",
}


@click.command("packs", cls=LazyGroup, lines=_COMMANDS, prefix="lichtbild.cli.packs_", title="Commands")
def command() -> None:
    """Packs: looks, modes, lens renderings and frames that others publish, for any device.

    A pack is data; nothing in it is run. What is in an installed pack is named PACK/NAME, and every photograph says
    with which version it was made.

    \b
      lichtbild packs install alpenglow-1.0.0.lichtbild.zip
      lichtbild packs list
      lichtbild develop shot_*.dng -o photo.jpg --look alpenglow/evening --frame alpenglow/card
    """
