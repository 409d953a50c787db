"""`lichtbild measure compare`."""

from __future__ import annotations

from pathlib import Path

import click

from lichtbild.cli.measure_output import check, outputs, write


@click.command("compare")
@click.argument("a", type=click.Path(path_type=Path))
@click.argument("b", type=click.Path(path_type=Path))
@click.option(
    "--truth",
    metavar="FILE",
    type=click.Path(path_type=Path),
    help="The picture as it should be: A and B are both compared with it.",
)
@click.option(
    "--mask",
    metavar="FILE",
    type=click.Path(path_type=Path),
    help="Where things move: a grey picture, light where they do. Left out: where A and B differ by structure.",
)
@outputs
def command(
    a: Path,
    b: Path,
    truth: Path | None,
    mask: Path | None,
    json_file: Path | None,
    html_file: Path | None,
    overwrite: bool,
) -> None:
    """Compare pictures: PSNR, SSIM, CIEDE2000, texture kept, halos at edges, ghosts where things moved.

    Without --truth, A is taken for the truth and B is measured against it. Pictures are picture files or raw files
    of equal size; each is understood by its own colour profile and compared as sRGB.
    """
    from lichtbild.cli.progress import Progress
    from lichtbild.measure.compare import compare_pictures, load_mask
    from lichtbild.measure.compare_report import compare_page, compare_text
    from lichtbild.report import Report

    check(tuple(p for p in (a, b, truth, mask) if p), json_file, html_file, overwrite)
    report = Progress().attach(Report())
    result = compare_pictures(a, b, truth, load_mask(mask) if mask else None, report)
    write(result, lambda: compare_page(result), json_file, html_file, overwrite)
    click.echo(compare_text(result))
