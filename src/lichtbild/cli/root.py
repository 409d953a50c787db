"""The commands, each imported only when it is used."""

from __future__ import annotations

import click

from lichtbild import __version__
from lichtbild.cli.group import LazyGroup

_COMMANDS = {
    "calibrate": "Make a device profile: the colour and noise of a camera.",
    "develop": "Make a finished photograph from one raw frame or a burst.",
    "devices": "List, show, check and export device profiles.",
    "info": "Show what a raw file says about itself.",
    "looks": "Choose, preview, write, check and export looks.",
    "measure": "Measure noise, colour, sharpness, and one picture against another.",
    "packs": "Make, check, build, install and list packs of looks, modes, lenses and frames.",
    "simulate": "Shoot a burst of raw frames with the virtual camera.",
}


@click.command(
    cls=LazyGroup,
    lines=_COMMANDS,
    prefix="lichtbild.cli.",
    title="Commands",
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
)
@click.version_option(__version__, message="Lichtbild %(version)s")
def root() -> None:
    """Lichtbild, a software camera: raw frames or bursts in, finished photographs out.

    \b
      lichtbild develop shot_*.dng -o photo.jpg
      lichtbild develop IMG_1.NEF -o photo.tif --look authentic --ev +0.5
      lichtbild develop shot_*.dng -o merged.dng
    """
