"""`lichtbild simulate`: the virtual camera shoots a burst of raw frames."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Any

import click

from lichtbild.cli.options import given, options_for
from lichtbild.virtual.settings import ShootSettings
from lichtbild.virtual.simulate import SCENES


@click.command("simulate", epilog=f"Built-in scenes: {', '.join(SCENES)}.")
@click.argument("scene")
@click.option(
    "-o",
    "--output",
    required=True,
    metavar="DIR",
    type=click.Path(path_type=Path),
    help="Folder for the frames; it is made if it does not exist.",
)
@options_for(ShootSettings)
@click.option("--overwrite", is_flag=True, help="Replace frames that exist in the folder.")
def command(scene: str, output: Path, overwrite: bool, **settings: Any) -> None:
    """Shoot SCENE, a built-in scene or any image file, hand-held, as raw frames (DNG) with noise and shake.

    Beside the frames, the folder gets the truth: the frames without noise, and how camera and things moved.
    """
    from lichtbild.cli.progress import Progress
    from lichtbild.report import Report
    from lichtbild.virtual.simulate import simulate

    start = time.perf_counter()
    wanted = ShootSettings(**given(settings))
    progress = Progress()
    report = progress.attach(Report())
    try:
        shots = simulate(scene, output, wanted, report=report, overwrite=overwrite)
    finally:
        progress.finish()
    height, width = wanted.shape
    frames = f"{len(shots)} frames" if len(shots) != 1 else "1 frame"
    click.echo(f"{output}: {frames} of {width} x {height}, {time.perf_counter() - start:.2f} s")
