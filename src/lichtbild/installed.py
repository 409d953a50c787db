"""Folders of data that installed Python packages offer by entry points, found without running any of their code.

[project.entry-points."lichtbild.packs"]
alpenglow = "alpenglow_pack.data"      # a package, or a folder in one; "alpenglow_pack:data" says the same
"""

from __future__ import annotations

import functools
import os
import sys
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

from lichtbild.plain_file import open_plain

if TYPE_CHECKING:
    from importlib.metadata import EntryPoint

LONGEST = 1 << 20  # bytes of a list of entry points


def folders(group: str) -> Iterator[tuple[str, str, Path | None]]:
    """Name, value and folder of each entry point of `group`, by name; None where it names no folder."""
    if not any(group.encode() in _ours(folder, _changed(folder)) for folder in dict.fromkeys(sys.path)):
        return
    from importlib.metadata import entry_points

    for point in sorted(entry_points(group=group), key=lambda p: (p.name, p.value)):
        yield point.name, point.value, _folder(point)


def _changed(folder: str) -> int:
    """When a package came into that folder or left it, last."""
    with suppress(OSError):
        return Path(folder or ".").stat().st_mtime_ns
    return 0


@functools.lru_cache(maxsize=256)
def _ours(folder: str, _when: int) -> bytes:
    """The entry points of packages in that folder that mention us: much quicker than to read all about every package,
    and asked for each frame of a burst."""
    found = []
    with suppress(OSError), os.scandir(folder or ".") as entries:
        for entry in entries:
            if entry.name.endswith((".dist-info", ".egg-info")):
                with suppress(OSError), open_plain(Path(entry.path, "entry_points.txt")) as file:
                    text = file.read(LONGEST)
                    if b"lichtbild" in text:
                        found.append(text)
    return b"\n".join(found)


def _folder(point: EntryPoint) -> Path | None:
    from importlib.machinery import PathFinder

    parts = point.value.replace(":", ".").replace("/", ".").replace(" ", "").split(".")
    if not all(part.isidentifier() for part in parts):
        return None
    if point.dist is not None:
        folder = Path(str(point.dist.locate_file("/".join(parts))))
        if folder.is_dir():
            return folder
    spec = PathFinder.find_spec(parts[0])  # of a top-level name: looks for it, and runs nothing of it
    for place in (spec.submodule_search_locations if spec else None) or ():
        folder = Path(place).joinpath(*parts[1:])
        if folder.is_dir():
            return folder
    return None
