"""`lichtbild packs check`."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from lichtbild.cli.say import complain, one_line

if TYPE_CHECKING:
    from lichtbild.packs.pack import Pack


@click.command("check")
@click.argument("pack", type=click.Path(path_type=Path))
@click.option(
    "--sensitivities",
    metavar="FOLDER",
    type=click.Path(path_type=Path),
    help="Compare the looks on cameras of these measured sensitivities (.json or .csv), in D65 and A.",
)
@click.option(
    "--most",
    metavar="N",
    type=click.IntRange(2, 1000),
    default=20,
    show_default=True,
    help="Compare on at most N devices.",
)
@click.option("--files-only", is_flag=True, help="Read the files and leave the devices out.")
def command(pack: Path, sensitivities: Path | None, most: int, files_only: bool) -> None:
    """Read all of a pack as it will be used, and compare its looks between devices: PACK is its folder, its
    archive, or the name of one that is installed.

    Every fault is told with file, line and what is allowed. Then each look is rendered on every device: on those of
    --sensitivities, as real sensors see a sheet of patches; else on all device profiles that are installed. The table
    gives CIEDE2000 between the devices' pictures; wanted is a mean of 1.5 and a 95th percentile of 4 at most.
    """
    import tempfile

    from lichtbild.errors import PackError
    from lichtbild.packs.check import faults
    from lichtbild.packs.files import KINDS, SINGULAR
    from lichtbild.packs.pack import open_pack
    from lichtbild.packs.store import collect, located, unpacked

    pack = located(pack)
    files = collect(pack)
    with tempfile.TemporaryDirectory(prefix="lichtbild-") as place, unpacked(files, Path(place)) as folder:
        try:
            checked = open_pack(folder)
            found = [str(fault).replace(str(folder), str(pack)) for fault in faults(checked)]
        except PackError as error:
            found = [str(error).replace(str(folder), str(pack))]
        for fault in found[1:]:
            complain(f"error: {fault}")
        if found:
            raise PackError(found[0])
        counts = {kind: len(checked.items(kind)) for kind in KINDS}
        there = ", ".join(f"{n} {kind if n > 1 else SINGULAR[kind]}" for kind, n in counts.items() if n)
        click.echo(one_line(f"{checked.title}: {len(files)} files, {there or 'nothing to use'}; all in order"))
        if checked.items("looks") and not files_only:
            _compare(checked, sensitivities, most)


def _compare(pack: Pack, sensitivities: Path | None, most: int) -> None:
    from lichtbild.cli.progress import Progress
    from lichtbild.errors import PackError
    from lichtbild.measure.table import table
    from lichtbild.packs.consistency import by_profiles, by_sensitivities, measure
    from lichtbild.report import Report

    progress = Progress()
    report = progress.attach(Report())
    try:
        if sensitivities:
            patches, frames = by_sensitivities(sensitivities, most, lambda done: report.progress("calibrate", done))
        else:
            patches, frames = by_profiles(most)
        results = measure(pack, patches, frames, lambda done: report.progress("compare", done))
    finally:
        progress.finish()
    if not results:
        click.echo("no device profile is installed to compare its looks on; give --sensitivities FOLDER")
        return
    rows = [
        [r.look, r.light, str(r.devices), *(f"{v:.2f}" for v in (r.mean, r.p95, r.largest)), "yes" if r.ok else "no"]
        for r in results
    ]
    click.echo(table(("look", "light", "devices", "mean", "p95", "largest", "as wanted"), rows))
    if sensitivities is None:
        click.echo(
            "by profiles alone, as each device's matrices say; --sensitivities shows what real sensors make of it"
        )
    if failed := [r for r in results if not r.ok]:
        raise PackError(
            f"{pack.title}: {failed[0].look} differs between devices by a mean of {failed[0].mean:.2f} and a 95th "
            f"percentile of {failed[0].p95:.2f} in {failed[0].light}; wanted are 1.5 and 4"
        )
