"""Which looks there are: the folders in `looks/` and those of installed packs. Light: the command line asks it early.

A look is named as it is installed (`natural`), within a pack (`PACK/LOOK`), or by the path of a folder with a
`look.toml`.
"""

from __future__ import annotations

from pathlib import Path

from lichtbild.errors import RecipeError

LOOKS = Path(__file__).with_name("looks")


def names() -> tuple[str, ...]:
    """Names of the installed looks: "natural" first, "linear" last, the others by alphabet, then those of packs."""
    found = [p.name for p in LOOKS.iterdir() if (p / "look.toml").is_file()]
    own = sorted(found, key=lambda n: (n != "natural", n == "linear", n))
    return (*own, *sorted(_packed()))


def folder(name: str) -> Path:
    """The folder of the look of that name. Raises `RecipeError`, which lists what there is."""
    if name and "/" not in name and "\\" not in name and (LOOKS / name / "look.toml").is_file():
        return LOOKS / name
    packed = _packed() if "/" in name else {}
    if name in packed:
        return packed[name]
    try:
        path = Path(name).expanduser()
        path = path.parent if path.name == "look.toml" else path
        if name and (path / "look.toml").is_file():
            return path
    except (OSError, ValueError, RuntimeError):  # too long, a null byte, no home
        pass
    shown = repr(name) if len(name) < 200 else f"{name[:200]!r}..."
    raise RecipeError(f"look: {shown} is not one of {', '.join(names())}, nor the path of a folder with a look.toml")


def _packed() -> dict[str, Path]:
    """Folders of the looks of installed packs, by PACK/LOOK."""
    try:
        from lichtbild.packs.catalog import looks  # type: ignore[import-not-found, unused-ignore]
    except ImportError:
        return {}
    return dict(looks())
