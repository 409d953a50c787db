"""What a recipe takes from packs: each reference gets its version before any light is touched, and is written down."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from lichtbild.errors import PackError
from lichtbild.record import fields

if TYPE_CHECKING:
    from lichtbild.carriers import Metadata
    from lichtbild.recipe import Recipe
    from lichtbild.report import Report

# Setting of a recipe: kind of item in a pack, and what one is called.
SETTINGS = {"look": ("looks", "look"), "rendering": ("lenses", "lens"), "frame": ("frames", "frame")}


def pinned(recipe: Recipe) -> Recipe:
    """The recipe with the version of each pack that it names, before any light is touched.

    Raises `PackError` when one is missing, not offered or wrong, `OutputError` when what draws a frame is missing.
    """
    if "/" in recipe.mode and "@" not in recipe.mode:  # made directly, so its mode has not brought its settings yet
        own = {f.name: getattr(recipe, f.name) for f in fields(recipe)}
        plain = type(recipe)()
        recipe = plain.with_changes(**{name: value for name, value in own.items() if value != getattr(plain, name)})
    changes: dict[str, Any] = {}
    for name, (kind, singular) in SETTINGS.items():
        value = getattr(recipe, name)
        if value and "/" in value and (name != "look" or _is_in_pack(value)):
            from lichtbild.packs.catalog import pinned as with_version

            changes[name] = with_version(value, kind, singular)
    changes = {name: value for name, value in changes.items() if value != getattr(recipe, name)}
    recipe = recipe.with_changes(**changes) if changes else recipe
    if recipe.frame:
        from lichtbild.frame.apply import prepare

        prepare(recipe)
    if recipe.rendering:
        from lichtbild.packs.lens import load

        load(recipe.rendering)
    return recipe


def _is_in_pack(look: str) -> bool:
    """Whether a look with a slash in its name is one of a pack, and not a folder's path."""
    from lichtbild.look.catalog import folder, pack_reference
    from lichtbild.packs.catalog import find

    reference = pack_reference(look)
    if reference is None:
        return False
    try:
        find(reference, "looks")
    except PackError:
        folder(look)  # a folder's path, or refused
        return False
    return True


def note_packs(recipe: Recipe, metadata: Metadata, report: Report) -> None:
    """Write down the packs of a recipe with versions, and tell of those that are not offered today."""
    found: dict[str, Any] = {}
    for name, (kind, _) in SETTINGS.items():
        value = getattr(recipe, name)
        if value and "@" in value and "/" in value:
            from lichtbild.packs.catalog import record

            if said := record(value, kind, metadata.make, metadata.model, report.notice):
                found[name] = said
    if found:
        report.decide("packs", **found)
