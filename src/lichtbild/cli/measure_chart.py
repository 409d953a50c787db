"""`lichtbild measure chart`."""

from __future__ import annotations

from pathlib import Path

import click

from lichtbild.cli.measure_output import check, outputs, write


@click.command("chart")
@click.argument("image", type=click.Path(path_type=Path))
@click.option(
    "--reference",
    "values",
    default="classic",
    metavar="classic|2014|srgb|FILE",
    help="The chart's true colours: of charts made until 2014, since 2014, the "
    "published sRGB numbers, or a text file of your own with 24 lines of "
    "L, a, b under D50, dark skin first.  [default: classic]",
)
@outputs
def command(image: Path, values: str, json_file: Path | None, html_file: Path | None, overwrite: bool) -> None:
    """Find a 24-patch colour chart in a picture and measure colour, white balance and exposure by it (CIEDE2000).

    IMAGE is a picture file, or a raw file, which is developed to linear light in its as-shot white balance. The
    chart may be turned, tilted, upside down or partly shaded. Differences are given as the picture is, and with its
    brightness matched.
    """
    from lichtbild.cli.progress import Progress
    from lichtbild.measure.chart import measure_chart
    from lichtbild.measure.chart_report import chart_page, chart_text
    from lichtbild.measure.chart_values import reference
    from lichtbild.measure.image import load
    from lichtbild.report import Report

    check((image,), json_file, html_file, overwrite)
    reference(values)  # a wrong one is told before the picture is read
    report = Progress().attach(Report())
    loaded = load(image, report)
    result = measure_chart(loaded, values=values, report=report)
    write(result, lambda: chart_page(result, loaded), json_file, html_file, overwrite)
    click.echo(chart_text(result))
