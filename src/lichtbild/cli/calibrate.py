"""`lichtbild calibrate`: the group of commands that make a device profile, each in a module of its own."""

from __future__ import annotations

import click

from lichtbild.cli.group import LazyGroup

_COMMANDS = {
    "sensitivities": "Colour from measured spectral sensitivities.",
    "chart": "Colour from raw shots of a 24-patch chart.",
    "noise": "Black, noise, defects and lens shading from raw frames.",
    "dcp": "Colour from a DCP file, or from the profile that a DNG holds.",
}


@click.command(
    "calibrate",
    cls=LazyGroup,
    lines=_COMMANDS,
    prefix="lichtbild.cli.calibrate_",
    title="Commands",
)
def command() -> None:
    """Make a device profile, or add to one: a readable file with all that is known of a camera.

    Put it into the folder that `lichtbild devices list` names, and it is used for every photograph of that camera; or
    name it with `lichtbild develop --device`.

    \b
      lichtbild calibrate sensitivities camera.json -o device.toml
      lichtbild calibrate chart chart_a.dng chart_d65.dng --illuminants A,D65 -o device.toml
      lichtbild calibrate noise dark_*.dng flat_*.dng stack_*.dng -o device.toml --add
      lichtbild calibrate dcp profile.dcp -o device.toml
      lichtbild develop shot.dng --device device.toml -o photo.jpg
    """
