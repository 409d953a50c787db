"""`lichtbild measure bench`."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from lichtbild.cli.measure_output import check, outputs, write
from lichtbild.cli.options import given


@click.command("bench")
@click.option(
    "--scene",
    "scenes",
    multiple=True,
    metavar="SCENE",
    help="A built-in scene or an image file; may be given several times.  [default: street-night]",
)
@click.option("--iso", type=float, metavar="ISO", help="Sensitivity: higher is noisier.  [25 to 409600; default: 1600]")
@click.option("--frames", type=int, metavar="N", help="How many frames the burst has.  [1 to 100; default: 8]")
@click.option("--size", metavar="WIDTHxHEIGHT", help="Width and height of the frames.  [default: 2000x1500]")
@click.option("--seed", type=int, metavar="N", help="Another number gives another hand shake and other noise.")
@click.option("--rounds", type=int, metavar="N", help="Runs of each program; the quickest one counts.  [default: 1]")
@click.option(
    "--program",
    "programs",
    multiple=True,
    metavar="NAME",
    help="Only programs with this in their name; may be given several times.",
)
@click.option(
    "--keep",
    metavar="DIR",
    type=click.Path(path_type=Path),
    help="Keep the bursts and all pictures in this folder.",
)
@outputs
def command(
    scenes: tuple[str, ...],
    programs: tuple[str, ...],
    keep: Path | None,
    json_file: Path | None,
    html_file: Path | None,
    overwrite: bool,
    **settings: Any,
) -> None:
    """Whole scenes through Lichtbild and every other raw developer that is installed: time, memory and quality.

    The virtual camera shoots; RawTherapee, darktable, LibRaw, hdr-plus and ImageMagick are run where they are found.
    Each program's picture is compared with its own rendering of the noise-free frame, so that its taste in colour
    does not count.
    """
    from lichtbild.cli.progress import Progress
    from lichtbild.measure.bench import BenchSettings, run_bench
    from lichtbild.measure.bench_report import bench_page, bench_text
    from lichtbild.report import Report

    check((), json_file, html_file, overwrite)
    wanted = BenchSettings(**given(settings))
    progress = Progress()
    report = progress.attach(Report())
    try:
        result = run_bench(scenes or ("street-night",), wanted, programs=programs, folder=keep, report=report)
    finally:
        progress.finish()
    write(result, lambda: bench_page(result), json_file, html_file, overwrite)
    click.echo(bench_text(result))
