"""The commands, each imported only when it is used."""

from __future__ import annotations

import importlib

import click

from lichtbild import __version__

_COMMANDS = {
    "develop": "Make a finished photograph from one raw frame or a burst.",
    "info": "Show what a raw file says about itself.",
    "measure": "Measure noise, colour, sharpness, and one picture against another.",
    "simulate": "Shoot a burst of raw frames with the virtual camera.",
}


class _Commands(click.Group):
    """A group whose commands live in modules of their own names."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(_COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in _COMMANDS:
            return None
        command: click.Command = importlib.import_module(f"lichtbild.cli.{cmd_name}").command
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        with formatter.section("Commands"):
            formatter.write_dl(list(_COMMANDS.items()))


@click.command(cls=_Commands, context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100})
@click.version_option(__version__, message="Lichtbild %(version)s")
def root() -> None:
    """Lichtbild, a software camera: raw frames or bursts in, finished photographs out.

    \b
      lichtbild develop shot_*.dng -o photo.jpg
      lichtbild develop IMG_1.NEF -o photo.tif --look authentic --ev +0.5
      lichtbild develop shot_*.dng -o merged.dng
    """
