"""`lichtbild looks`: the group of commands about looks, each in a module of its own."""

from __future__ import annotations

import click

from lichtbild.cli.group import LazyGroup

_COMMANDS = {
    "list": "Every look that is installed, and where it comes from.",
    "show": "One look: its idea, its numbers, its notes.",
    "preview": "A contact sheet of photographs in all looks.",
    "new": "Begin a look, or fit one to finished pictures.",
    "check": "Find faults in a look, and draw its swatch.",
    "export": "Write a look as a 3D LUT for other programs.",
}


@click.command(
    "looks",
    cls=LazyGroup,
    lines=_COMMANDS,
    prefix="lichtbild.cli.looks_",
    title="Commands",
)
def command() -> None:
    """Choose, write and exchange looks: how a scene becomes a picture.

    \b
      lichtbild looks preview holiday/*.dng -o sheet.jpg
      lichtbild looks new evening --base soft
      lichtbild looks new mine --from before_after/
      lichtbild looks check ./evening
      lichtbild looks export chrome -o chrome.cube
    """
