"""`lichtbild calibrate sensitivities`."""

from __future__ import annotations

from pathlib import Path

import click

from lichtbild.cli.calibrate_output import check, outputs, write


@click.command("sensitivities")
@click.argument("camera", type=click.Path(path_type=Path))
@outputs
@click.option(
    "--training",
    metavar="FILE",
    type=click.Path(path_type=Path),
    help="Reflectances to learn from (JSON or CSV), beside the 190 that come with colour-science.",
)
@click.option(
    "--lights",
    default="A,D65",
    metavar="LIGHT[,LIGHT[,LIGHT]]",
    help="Illuminants, one to three of A, D50, D55, D65, D75 and studio-tungsten.  [default: A,D65]",
)
def command(
    camera: Path,
    output: Path,
    make: str | None,
    model: str | None,
    training: Path | None,
    lights: str,
    add: bool,
    overwrite: bool,
) -> None:
    """Calibrate colour from measured spectral sensitivities of red, green and blue.

    CAMERA is a JSON file as of rawtoaces, or CSV with lines of wavelength,r,g,b. The profile gets matrices for each
    light and a table that corrects what matrices cannot. How true the colours are is measured on surfaces that were not
    learnt from, a chart of 24 patches and the 99 colour evaluation samples, and written into the profile, too.
    """
    from lichtbild.calibrate.sensitivities import calibrate
    from lichtbild.calibrate.spectra_file import read_sensitivities, read_spectra
    from lichtbild.cli.say import complain

    check((camera, *([training] if training else [])), output, add=add, overwrite=overwrite)
    names = light_names(lights)
    measured = read_sensitivities(camera)
    for doubt in measured.doubts:
        complain(f"warning: {doubt}")
    surfaces = read_spectra(training).values.T if training else None
    if not (measured.model or model or (add and output.exists())):
        model = camera.stem
        complain(
            f"warning: {camera}: does not say which camera it is; it is called {model}, --make and --model name it"
        )
    profile = write(calibrate(measured, surfaces, names), output, make=make, model=model, add=add, overwrite=overwrite)
    from lichtbild.cli.devices_text import accuracy_table
    from lichtbild.cli.say import one_line
    from lichtbild.devices import wanted

    click.echo(accuracy_table(profile))
    for text in wanted.lines(profile.accuracy):
        click.echo(one_line(text))
    click.echo(one_line(f"{output}: colour of {profile.title}, {', '.join(x.illuminant for x in profile.lights)}"))


def light_names(text: str) -> tuple[str, ...]:
    """The illuminants that were asked for. Raises `DeviceError`."""
    from lichtbild.errors import DeviceError

    allowed = {name.lower(): name for name in ("A", "D50", "D55", "D65", "D75", "studio-tungsten")}
    names = tuple(dict.fromkeys(allowed.get(part.strip().lower(), "") for part in text.split(",")))
    if not 1 <= len(names) <= 3 or "" in names:
        raise DeviceError(f"lights: {text!r} is not one to three of {', '.join(allowed.values())}")
    return names
