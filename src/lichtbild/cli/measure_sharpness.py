"""`lichtbild measure sharpness`."""

from __future__ import annotations

from pathlib import Path

import click

from lichtbild.cli.measure_output import check, outputs, write


@click.command("sharpness")
@click.argument("image", type=click.Path(path_type=Path))
@click.option(
    "--roi",
    "rois",
    multiple=True,
    metavar="X,Y,W,H",
    help="Region that one slanted edge crosses, in pixels from the top left; may be given several times. "
    "Left out: edges are found.",
)
@outputs
def command(
    image: Path, rois: tuple[str, ...], json_file: Path | None, html_file: Path | None, overwrite: bool
) -> None:
    """Measure sharpness at slanted edges: MTF50, MTF10, over- and undershoot, lateral chromatic aberration (ISO 12233).

    IMAGE is a picture file, or a raw file, which is developed without noise reduction and sharpening.
    Frequencies are in cycles per pixel, along the edge's normal; everything is measured in linear light, by the
    file's own colour profile.
    """
    from lichtbild.cli.progress import Progress
    from lichtbild.measure.image import load
    from lichtbild.measure.sharpness import measure_sharpness, parse_roi
    from lichtbild.measure.sharpness_report import sharpness_page, sharpness_text
    from lichtbild.report import Report

    check((image,), json_file, html_file, overwrite)
    regions = tuple(parse_roi(r) for r in rois)
    report = Progress().attach(Report())
    loaded = load(image, report)
    result = measure_sharpness(loaded, regions, report)
    write(result, lambda: sharpness_page(result, loaded), json_file, html_file, overwrite)
    click.echo(sharpness_text(result))
