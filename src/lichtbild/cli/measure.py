"""`lichtbild measure`: the group of measurements, each a command in a module of its own."""

from __future__ import annotations

import importlib

import click

_COMMANDS = {
    "noise": "Noise profile, dynamic range, dark frames and hot pixels of a camera.",
    "chart": "Colour, white balance and exposure by a 24-patch chart.",
    "sharpness": "MTF50, overshoot and lateral colour fringes at slanted edges.",
    "compare": "One picture against another, or two against the truth.",
    "bench": "Scenes through Lichtbild and every other raw developer that is installed.",
}


class _Measurements(click.Group):
    """A group whose commands live in modules `measure_<name>`."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(_COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in _COMMANDS:
            return None
        found: click.Command = importlib.import_module(f"lichtbild.cli.measure_{cmd_name}").command
        return found

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        with formatter.section("Measurements"):
            formatter.write_dl(list(_COMMANDS.items()))


@click.command("measure", cls=_Measurements)
def command() -> None:
    """Measure cameras and pictures by published standards.

    Each measurement prints a table; --json writes every number for other programs, --html a report with plots in one
    file.

    \b
      lichtbild measure noise flat_*.dng --html noise.html
      lichtbild measure chart photo.jpg --json colour.json
      lichtbild measure sharpness photo.tif
      lichtbild measure compare ours.png theirs.png --truth truth.png --html compare.html
      lichtbild measure bench --scene street-night --html bench.html
    """
