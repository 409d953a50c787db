"""`lichtbild packs build`."""

from __future__ import annotations

from pathlib import Path

import click

from lichtbild.cli.say import one_line


@click.command("build")
@click.argument("folder", type=click.Path(path_type=Path))
@click.option(
    "-o",
    "--output",
    metavar="FOLDER",
    type=click.Path(path_type=Path),
    default=Path(),
    help="Where to put the file.  [default: here]",
)
@click.option("--overwrite", is_flag=True, help="Replace the file if it exists.")
def command(folder: Path, output: Path, overwrite: bool) -> None:
    """Put a pack's FOLDER into one file, NAME-VERSION.lichtbild.zip, after checking all of it.

    The same pack gives the same file, byte for byte, on every machine; so its checksum, which is printed, can be
    published.
    """
    import hashlib

    from lichtbild.atomic_file import check_target, write_atomically
    from lichtbild.errors import OutputError
    from lichtbild.packs.archive import SUFFIX, write_archive
    from lichtbild.packs.check import check_content
    from lichtbild.packs.files import read_folder
    from lichtbild.packs.pack import open_pack

    files = read_folder(folder)
    pack = open_pack(folder)
    check_content(pack)
    if not output.is_dir():
        raise OutputError(f"{output}: is no folder; make it first")
    target = output / f"{pack.manifest.name}-{pack.manifest.version}{SUFFIX}"
    check_target(target, overwrite=overwrite)
    content = write_archive(files)
    write_atomically(target, [content], overwrite=overwrite)
    total = hashlib.sha256(content).hexdigest()
    click.echo(one_line(f"{target}: {len(files)} files, {len(content) / 1000:.1f} kB, sha256 {total}"))
