"""`lichtbild measure noise`."""

from __future__ import annotations

from pathlib import Path

import click

from lichtbild.cli.measure_output import check, outputs, write


@click.command("noise")
@click.argument("frames", nargs=-1, required=True, metavar="FRAMES...", type=click.Path(path_type=Path))
@click.option(
    "--dark",
    "darks",
    multiple=True,
    metavar="FRAME",
    type=click.Path(path_type=Path),
    help="A frame with the cap on; give it several times. Frames without light are also recognised as such.",
)
@outputs
def command(
    frames: tuple[Path, ...], darks: tuple[Path, ...], json_file: Path | None, html_file: Path | None, overwrite: bool
) -> None:
    """Measure a camera's noise from raw frames of a scene that does not move (photon transfer; EMVA 1288, ISO 15739).

    FRAMES are two or more raw files of each setting, from a tripod; any scene from black to white will do, an even grey
    surface out of focus gives the pixels' response as well. Frames of several ISOs and exposure times may be given
    at once. With frames without light: dark level, read noise, hot pixels, and with two exposure times dark current.
    """
    from lichtbild.cli.progress import Progress
    from lichtbild.measure.noise import measure_noise
    from lichtbild.measure.noise_report import noise_page, noise_text
    from lichtbild.report import Report

    check((*frames, *darks), json_file, html_file, overwrite)
    progress = Progress()
    report = progress.attach(Report())
    try:
        result = measure_noise(frames, darks, report)
    finally:
        progress.finish()
    write(result, lambda: noise_page(result), json_file, html_file, overwrite)
    click.echo(noise_text(result))
