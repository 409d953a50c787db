"""`lichtbild devices`: the group of commands for device profiles, each in a module of its own."""

from __future__ import annotations

import click

from lichtbild.cli.group import LazyGroup

_COMMANDS = {
    "list": "Which device profiles there are, and where.",
    "show": "What a profile says of its camera.",
    "check": "Whether profiles are sound.",
    "export": "The colour of a profile as a DCP file or as DNG tags.",
}


@click.command(
    "devices",
    cls=LazyGroup,
    lines=_COMMANDS,
    prefix="lichtbild.cli.devices_",
    title="Commands",
)
def command() -> None:
    """List, show, check and export device profiles, which `lichtbild calibrate` makes.

    A profile is found by the make and model of the camera, in your own folder, then in installed packages.

    \b
      lichtbild devices list
      lichtbild devices show device.toml
      lichtbild devices export device.toml --dcp profile.dcp
    """
