"""A pack's mode: a name for settings of a recipe, on top of a mode that Lichtbild has.

`mode.toml` gives the settings by their names in a recipe; what the photographer says goes before them. A mode of a pack
decides nothing that a recipe could not, and runs no code.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

from lichtbild.errors import PackError, RecipeError
from lichtbild.packs import catalog
from lichtbild.packs.names import is_name, parse
from lichtbild.packs.pack import Pack
from lichtbild.packs.tables import Tables
from lichtbild.record import fields, record, replace
from lichtbild.setting import setting

BUILT_IN = ("photo",)
# Settings that belong to one burst or one file, or are nobody's but the photographer's.
NOT_FOR_MODES = {"mode", "reference", "depth", "frame_place", "strip_location"}
OF_PACKS = {"look": ("looks", "look"), "rendering": ("lenses", "lens"), "frame": ("frames", "frame")}


@record
class Header:
    """What a mode is called, and what it is for."""

    title: str = setting("", "What the mode is called.")
    description: str = setting("", "What it is for, in one line.", longest=300)
    base: str = setting("photo", "The mode of Lichtbild that it starts from.", choices=BUILT_IN)


@record
class Mode:
    """A named set of settings on top of a built-in mode."""

    name: str
    header: Header
    settings: dict[str, Any]


def allowed() -> tuple[str, ...]:
    """Settings of a recipe that a mode may give."""
    from lichtbild.recipe import Recipe

    return tuple(f.name for f in fields(Recipe) if f.name not in NOT_FOR_MODES)


def read(path: Path, pack: Pack) -> Mode:
    """A `mode.toml`; names of the pack's own looks, lenses and frames become references to this version of the pack.

    Raises `PackError` with file, line and what is allowed.
    """
    from lichtbild.recipe import Recipe

    tables = Tables(path)
    header = tables.made(Header, {k: v for k, v in tables.data.items() if k != "settings"}, "", 0)
    given = tables.data.get("settings", {})
    if not isinstance(given, dict):
        raise tables.refuse("must be a table of settings", "settings")
    made = {}
    for key, value in given.items():
        if key not in allowed():
            raise tables.refuse(f"is not known; allowed are {', '.join(allowed())}", "settings", key=key)
        if key in OF_PACKS:
            value = _own(value, OF_PACKS[key][0], pack)
        if key not in OF_PACKS or (isinstance(value, str) and is_name(value)):
            try:
                Recipe().with_changes(**{key: value})
            except (RecipeError, PackError, TypeError) as error:
                raise tables.refuse(str(error).removeprefix(f"{key}: "), "settings", key=key) from None
        elif not (isinstance(value, str) and parse(value, key)):
            raise tables.refuse("must be the name of one of the pack's, or of one of Lichtbild's", "settings", key=key)
        made[key] = value
    return Mode(path.parent.name, header, made)


def _own(value: Any, kind: str, pack: Pack) -> Any:
    if isinstance(value, str) and value in pack.items(kind):
        return f"{pack.manifest.name}/{value}@{pack.manifest.version}"
    return value


def with_mode(changes: dict[str, Any]) -> dict[str, Any]:
    """Changes of a recipe with what the mode that they name adds to them, and the mode's version.

    Raises `PackError` when the mode is not installed.
    """
    named = changes.get("mode")
    if not isinstance(named, str) or "/" not in named:
        return changes
    reference = parse(named, "mode")
    if reference is None:
        return changes
    pack = catalog.find(reference, "modes")
    mode = read(pack.folder("modes", reference.item) / "mode.toml", pack)
    return {**mode.settings, **changes, "mode": str(replace(reference, version=pack.manifest.version))}
