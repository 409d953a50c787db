"""`lichtbild measure`: the group of measurements, each a command in a module of its own."""

from __future__ import annotations

import click

from lichtbild.cli.group import LazyGroup

_COMMANDS = {
    "noise": "Noise profile, dynamic range, dark frames and hot pixels of a camera.",
    "chart": "Colour, white balance and exposure by a 24-patch chart.",
    "sharpness": "MTF50, overshoot and lateral colour fringes at slanted edges.",
    "compare": "One picture against another, or two against the truth.",
    "bench": "Scenes through Lichtbild and every other raw developer that is installed.",
}


@click.command(
    "measure",
    cls=LazyGroup,
    lines=_COMMANDS,
    prefix="lichtbild.cli.measure_",
    title="Measurements",
)
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
