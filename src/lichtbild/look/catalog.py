"""Which looks there are: the folders in `looks/`, in the user's folder, and those of installed packs. Light: the
command line asks it early.

A look is named as it is installed (`natural`), as it lies in the user's folder, within a pack (`PACK/LOOK`), or by the
path of a folder with a `look.toml`.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

from lichtbild.errors import PackError, RecipeError

if TYPE_CHECKING:
    from lichtbild.packs.names import Reference

LOOKS = Path(__file__).with_name("looks")


def names() -> tuple[str, ...]:
    """Names of the installed looks: "natural" first, "linear" last, the others by alphabet, then the user's own and
    those of packs."""
    own = sorted(built_in(), key=lambda n: (n != "natural", n == "linear", n))
    return (*own, *sorted(set(_in(user_folder())) - set(own)), *sorted(_packed()))


def built_in() -> tuple[str, ...]:
    """Names of the looks that come with Lichtbild."""
    return tuple(_in(LOOKS))


def user_folder() -> Path | None:
    """`lichtbild/looks` in the user's folder of settings (XDG Base Directory); None where there is no home."""
    base = os.environ.get("XDG_CONFIG_HOME", "")
    try:
        home = Path(base) if base and Path(base).is_absolute() else Path.home() / ".config"
    except RuntimeError:
        return None
    return home / "lichtbild" / "looks"


def _in(place: Path | None) -> list[str]:
    try:
        return [p.name for p in place.iterdir() if (p / "look.toml").is_file()] if place else []
    except OSError:
        return []


def folder(name: str) -> Path:
    """The folder of the look of that name. Raises `RecipeError`, which lists what there is."""
    if name and "/" not in name and "\\" not in name and name not in (".", ".."):
        for place in filter(None, (LOOKS, user_folder())):
            if _holds(place / name):
                return place / name
    missing = None
    if reference := pack_reference(name):
        from lichtbild.packs.catalog import folder as folder_in_pack

        try:
            return folder_in_pack(reference, "looks")
        except PackError as error:  # it may be a folder's path all the same
            missing = error
    try:
        path = Path(name).expanduser()
        path = path.parent if path.name == "look.toml" else path
        if name and (path / "look.toml").is_file():
            return path
    except (OSError, ValueError, RuntimeError):  # too long, a null byte, no home
        pass
    if missing:
        raise missing
    shown = repr(name) if len(name) < 200 else f"{name[:200]!r}..."
    raise RecipeError(f"look: {shown} is not one of {', '.join(names())}, nor the path of a folder with a look.toml")


def _holds(look: Path) -> bool:
    try:
        return (look / "look.toml").is_file()
    except (OSError, ValueError):
        return False


def pack_reference(name: str) -> Reference | None:
    """PACK/LOOK or PACK/LOOK@VERSION as such; None for what can only be a name or a path."""
    if "/" not in name:
        return None
    from lichtbild.packs.names import parse

    try:
        return parse(name, "look")
    except PackError:
        return None


def _packed() -> dict[str, Path]:
    """Folders of the looks of installed packs, by PACK/LOOK."""
    from lichtbild.packs.catalog import looks

    return looks()
