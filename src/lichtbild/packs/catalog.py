"""What installed packs hold, by reference: PACK/LOOK, or PACK/LOOK@VERSION.

A reference without a version means the newest one, and is refused outside the days on which the maker offers the pack.
With a version, as every photograph's recipe has it, that version and no other is meant, and its days do not count: what
was made can be made again.
"""

from __future__ import annotations

import datetime
from collections.abc import Callable
from pathlib import Path
from typing import Any

from lichtbild.errors import PackError
from lichtbild.packs import store
from lichtbild.packs.names import Reference, parse, precedence
from lichtbild.packs.pack import Pack, open_pack
from lichtbild.record import replace


def packs() -> tuple[list[Pack], list[str]]:
    """All packs by name, the newest version of each first, and a line for each that cannot be used."""
    from lichtbild.packs import entry_points

    found, faults = [], []
    for name in store.names():
        for version in store.versions(name):
            try:
                found.append(_installed(name, version))
            except PackError as error:
                faults.append(str(error))
    brought, more = entry_points.packs()
    found += [p for p in brought if p.title not in {f.title for f in found}]
    found.sort(key=lambda p: precedence(p.manifest.version), reverse=True)
    return sorted(found, key=lambda p: p.manifest.name), faults + more


def _installed(name: str, version: str) -> Pack:
    pack = open_pack(store.user_folder() / name / version)
    if (pack.manifest.name, pack.manifest.version) != (name, version):
        raise PackError(f"{pack.root}: holds {pack.title}, and was not put there by lichtbild packs install")
    return pack


def find(reference: Reference, kind: str) -> Pack:
    """The pack that a reference means. kind: "looks", "modes", "lenses" or "frames".

    Raises `PackError` when it is not installed, in that version, or not offered today.
    """
    name, version = reference.pack, reference.version
    there = list(store.versions(name))
    if version in there:
        return _installed(name, version)
    brought: dict[str, Pack] = {}
    if version or not there:
        from lichtbild.packs import entry_points

        brought = {p.manifest.version: p for p in entry_points.packs()[0] if p.manifest.name == name}
    if version and version in brought:
        return brought[version]
    every = sorted({*there, *brought}, key=precedence, reverse=True)
    if not every:
        what = f"{name}@{version}" if version else name
        raise PackError(
            f"{reference}: the pack {name} is not installed; install it with lichtbild packs install "
            f"{what.replace('@', '-')}{'' if version else '-VERSION'}.lichtbild.zip"
        )
    if version:
        raise PackError(
            f"{reference}: of the pack {name}, version {', '.join(every)} is installed and not {version}; install it "
            f"as well, with lichtbild packs install {name}-{version}.lichtbild.zip"
        )
    pack = _installed(name, every[0]) if every[0] in there else brought[every[0]]
    if ended := pack.manifest.out_of_date(datetime.date.today()):
        raise PackError(
            f"{reference}: the pack {name} {ended}; to use it all the same name its version, "
            f"{replace(reference, version=pack.manifest.version)}"
        )
    return pack


def folder(reference: Reference, kind: str) -> Path:
    """Folder of a pack's item. Raises `PackError`."""
    return find(reference, kind).folder(kind, reference.item)


def pinned(text: str, kind: str, singular: str) -> str:
    """The reference with the version that it means today; a plain name as it is. singular: "look", for messages."""
    reference = parse(text, singular)
    if reference is None:
        return text
    pack = find(reference, kind)
    pack.folder(kind, reference.item)
    return str(replace(reference, version=pack.manifest.version))


def record(text: str, kind: str, make: str, model: str, notice: Callable[[str], None]) -> dict[str, Any]:
    """What a photograph says of the pack behind a pinned reference. make, model: of the camera.

    notice: told when the pack is used outside the days on which it is offered.
    """
    reference = parse(text, kind)
    if reference is None:
        return {}
    pack = find(reference, kind)
    if ended := pack.manifest.out_of_date(datetime.date.today()):
        notice(f"the pack {pack.title} {ended}; it is used because its version was named")
    return {
        "name": pack.manifest.name,
        "version": pack.manifest.version,
        "maker": pack.manifest.maker,
        "licence": pack.manifest.licence,
        "signed_off": pack.manifest.signed_off(make, model),
        **({"digest": digest} if (digest := store.installed_digest(pack.root)) else {}),
    }


def looks() -> dict[str, Path]:
    """Folders of the looks of all packs that are offered today, by PACK/LOOK; of each pack the newest version."""
    today = datetime.date.today()
    found: dict[str, Path] = {}
    for pack in packs()[0]:
        if not pack.manifest.out_of_date(today):
            for item in pack.items("looks"):
                found.setdefault(f"{pack.manifest.name}/{item}", pack.root / "looks" / item)
    return found
