"""Packs that installed Python packages bring, in the entry points of the group `lichtbild.packs`.

An entry point's value names a folder of data inside its package, "alpenglow_pack.data". The folder is found without
importing the package, so none of its code is run.
"""

from __future__ import annotations

from importlib.machinery import PathFinder
from importlib.metadata import EntryPoint, entry_points
from pathlib import Path

from lichtbild.errors import PackError
from lichtbild.packs.pack import Pack, open_pack

GROUP = "lichtbild.packs"


def packs() -> tuple[list[Pack], list[str]]:
    """The packs of installed packages, and a line for each that cannot be used."""
    found, faults = [], []
    for point in sorted(entry_points(group=GROUP), key=lambda p: (p.name, p.value)):
        try:
            found.append(open_pack(_folder(point), "package"))
        except PackError as error:
            faults.append(f"the Python package behind {GROUP} {point.name!r}: {error}")
    return found, faults


def _folder(point: EntryPoint) -> Path:
    parts = point.value.strip().split(".")
    if not all(part.isidentifier() for part in parts):
        raise PackError(f"{point.value!r} names no folder; write it like package.data")
    if point.dist is not None:
        folder = Path(str(point.dist.locate_file("/".join(parts))))
        if folder.is_dir():
            return folder
    spec = PathFinder.find_spec(parts[0])  # of a top-level name: looks for it, and runs nothing of it
    for place in (spec.submodule_search_locations if spec else None) or ():
        folder = Path(place).joinpath(*parts[1:])
        if folder.is_dir():
            return folder
    raise PackError(f"{point.value} is no folder of it")
