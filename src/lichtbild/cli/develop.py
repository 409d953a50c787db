"""`lichtbild develop`: raw frames in, a finished photograph or a merged DNG out."""

from __future__ import annotations

import time
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from lichtbild.cli.options import given, options_for
from lichtbild.cli.say import one_line
from lichtbild.cli.signing import of_frames, signer_of
from lichtbild.errors import OutputError
from lichtbild.plain_file import read_ahead
from lichtbild.recipe import Recipe
from lichtbild.report import Report
from lichtbild.workers import ahead

if TYPE_CHECKING:
    from lichtbild.output.credentials import Credentials

FIRST = 3  # frames that are read before any other, as in burst/reference.py
_FILE = click.Path(path_type=Path)


@click.command("develop")
@click.argument("files", nargs=-1, required=True, type=_FILE)
@click.option(
    "-o",
    "--output",
    required=True,
    metavar="FILE",
    type=_FILE,
    help="The photograph to write: .jpg, .png, .tif, .avif, .jxl, .heic or .exr; or .dng for the merged raw frame.",
)
@options_for(Recipe)
@click.option(
    "--recipe",
    metavar="FILE",
    type=_FILE,
    help="Take the settings from a recipe (JSON), or a photograph's own; options given here go before it.",
)
@click.option(
    "--report",
    metavar="FILE.json",
    type=_FILE,
    help="Write down every decided number and the time of each leg.",
)
@click.option(
    "--report-maps",
    metavar="DIR",
    type=_FILE,
    help="Draw maps of the merge into a folder: what moved, and how many frames count where.",
)
@click.option(
    "--sign",
    metavar="CERT.pem",
    envvar="LICHTBILD_SIGN",
    type=_FILE,
    help="Sign content credentials (C2PA) with this certificate: what was done to which frames.",
)
@click.option(
    "--key",
    metavar="KEY.pem",
    envvar="LICHTBILD_KEY",
    type=_FILE,
    help="The certificate's private key; LICHTBILD_KEY_PASSPHRASE opens a locked one.",
)
@click.option(
    "--timestamp", metavar="URL", help="Ask this authority for a time stamp of the signature; else nothing is asked."
)
@click.option("--overwrite", is_flag=True, help="Replace the photograph (and the report, and maps) if it exists.")
def command(
    files: tuple[Path, ...],
    output: Path,
    recipe: Path | None,
    report: Path | None,
    report_maps: Path | None,
    sign: Path | None,
    key: Path | None,
    timestamp: str | None,
    overwrite: bool,
    **settings: Any,
) -> None:
    """Make a finished photograph from one raw frame, or from a burst of frames of one scene.

    Give all frames of a burst, hand-held or not, equally exposed or as a bracket; they are aligned, merged,
    developed and finished as one picture. Frames that cannot be used are left out with a warning.
    """
    start = time.perf_counter()
    ahead(lambda: read_ahead(files[:FIRST]))  # while numpy and the kernels are loaded
    from lichtbild.cli.progress import Progress

    progress = Progress()
    record = progress.attach(Report(maps={} if report_maps else None))
    wanted = _settings(recipe, given(settings), files, output, record)
    _check_outputs(files, output, report, overwrite)
    signer = signer_of(sign, key, timestamp, output)
    if report_maps:
        from lichtbild.output.maps import make_folder, write_maps

        make_folder(report_maps, overwrite=overwrite)
    from lichtbild.output.formats import DNG, depth_for, format_for

    chosen = format_for(output)
    if chosen is not DNG:
        wanted = wanted.with_changes(depth=depth_for(output, wanted.depth))
        if wanted.hdr in ("on", "hlg") and not chosen.hdr:
            record.notice(f"{chosen.article} holds no light above white, so --hdr {wanted.hdr} does nothing to it")
    try:
        if chosen is DNG:
            _say_what_a_mosaic_ignores(record, settings, enlarged=wanted.scale > 1)
            size = _merge(files, output, wanted, recipe, signer, record, overwrite)
        else:
            size = _develop(files, output, wanted, recipe, signer, record, overwrite)
        if report_maps:
            write_maps(record, report_maps, overwrite=overwrite)
    finally:
        progress.finish()
    seconds = time.perf_counter() - start
    if report:
        _write_report(report, record, wanted, output, seconds, overwrite)
    click.echo(one_line(_closing_line(output, size, record, seconds)))


def _settings(
    recipe: Path | None, options: dict[str, Any], files: tuple[Path, ...], output: Path, record: Report
) -> Recipe:
    from lichtbild import api
    from lichtbild.packs.use import pinned
    from lichtbild.recipe import load

    if recipe:
        base = load(recipe)
        if _is_in_another_format(recipe, output):  # its bits per channel are that format's
            base = base.with_changes(depth=None)
    else:
        base = api.beside(files, record) if options.get("sidecar", True) else Recipe()
    return pinned(base.with_changes(**options))


def _is_in_another_format(photograph: Path, output: Path) -> bool:
    from lichtbild.output.formats import FORMATS

    its, wanted = (next((f for f in FORMATS if p.suffix.lower() in f.suffixes), None) for p in (photograph, output))
    return its is not None and its is not wanted


def _check_outputs(files: tuple[Path, ...], output: Path, report: Path | None, overwrite: bool) -> None:
    """Refuse what cannot be written before any light is touched."""
    from lichtbild.atomic_file import check_not_read, check_target
    from lichtbild.output.formats import format_for

    for target in (output, report):
        if target is None:
            continue
        check_target(target, overwrite=True)
        check_not_read(target, files, "frames to read")
        check_target(target, overwrite=overwrite)
    format_for(output)
    if report and (report.resolve() == output.resolve()):
        raise OutputError(f"{report}: photograph and report have the same name; choose another one for the report")


def _develop(
    files: tuple[Path, ...],
    output: Path,
    wanted: Recipe,
    source: Path | None,
    signer: Credentials | None,
    record: Report,
    overwrite: bool,
) -> tuple[int, int]:
    from lichtbild import api

    with record.leg("probe"):
        burst = api.read(*files)
    picture = api.develop(burst, wanted, record)
    if source:
        api.compare_with(source, picture.recipe, record)
    with record.leg("output"):
        picture.save(output, overwrite=overwrite, credentials=of_frames(signer, burst, record))
    height, width = picture.image.shape[:2]
    return width, height


def _merge(
    files: tuple[Path, ...],
    output: Path,
    wanted: Recipe,
    source: Path | None,
    signer: Credentials | None,
    record: Report,
    overwrite: bool,
) -> tuple[int, int]:
    from lichtbild import api
    from lichtbild.output.credentials import signed
    from lichtbild.output.dng import write_dng
    from lichtbild.output.formats import DNG
    from lichtbild.output.xmp import packet

    with record.leg("probe"):
        burst = api.read(*files)
    frame = api.merge(burst, wanted, record)
    with record.leg("output"):
        recipe = api.resolved(wanted, burst, record)
        if source:
            api.compare_with(source, recipe, record)
        signer = of_frames(signer, burst, record)
        finish = partial(signed, chosen=DNG, path=output, recipe=recipe, credentials=signer) if signer else None
        write_dng(frame, output, overwrite=overwrite, xmp=packet(frame.metadata, recipe).to_bytes(), finish=finish)
    height, width = frame.mosaic.shape[:2]
    return width, height


def _say_what_a_mosaic_ignores(record: Report, settings: dict[str, Any], *, enlarged: bool) -> None:
    heard = {"reference", "mode", "scale", "device", "sidecar", "strip_location"}
    heard |= {"denoise", "sharpen", "wb"} if enlarged else set()
    ignored = [f"--{name}" for name in given(settings) if name not in heard]
    if ignored:
        record.notice(f"a merged DNG is undeveloped, so {', '.join(ignored)} does nothing to it")


def _write_report(path: Path, record: Report, wanted: Recipe, output: Path, seconds: float, overwrite: bool) -> None:
    from lichtbild import __version__
    from lichtbild.atomic_file import write_atomically
    from lichtbild.jsonable import to_json

    content = {
        "software": f"Lichtbild {__version__}",
        "file": str(output),
        "settings": wanted.to_dict(),
        **record.to_dict(),
        "total_seconds": seconds,
    }
    write_atomically(path, [to_json(content, indent=2).encode() + b"\n"], overwrite=overwrite)


def _closing_line(output: Path, size: tuple[int, int], record: Report, seconds: float) -> str:
    from lichtbild.output.formats import format_for

    burst = record.decided.get("burst", {})
    used, total = burst.get("used", 1), burst.get("frames", 1)
    frames = f"{used} of {total} frames" if total > 1 else "1 frame"
    length = output.stat().st_size
    told = f"{length / 1e6:.1f} MB" if length >= 1e6 else f"{length / 1e3:.0f} kB"
    line = f"{output}: {size[0]} x {size[1]}, {told}, {frames}, {seconds:.2f} s"
    chosen = format_for(output)
    if chosen.slow:
        line += f", of which {record.seconds.get('output', 0.0):.2f} s for the {chosen.name}"
    return line
