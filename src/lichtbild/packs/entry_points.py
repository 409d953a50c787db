"""Packs that installed Python packages bring, in the entry points of the group `lichtbild.packs`.

An entry point's value names a folder of data inside its package, "alpenglow_pack.data"; see `lichtbild.installed`.
"""

from __future__ import annotations

from lichtbild.errors import PackError
from lichtbild.installed import folders
from lichtbild.packs.pack import Pack, open_pack

GROUP = "lichtbild.packs"


def packs() -> tuple[list[Pack], list[str]]:
    """The packs of installed packages, and a line for each that cannot be used."""
    found, faults = [], []
    for name, value, folder in folders(GROUP):
        try:
            if folder is None:
                raise PackError(f"{value!r} names no folder of it; write it like package.data")
            found.append(open_pack(folder, "package"))
        except PackError as error:
            faults.append(f"the Python package behind {GROUP} {name!r}: {error}")
    return found, faults
