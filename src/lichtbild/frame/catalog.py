"""Which frames there are: the folders in `frames/`, and those of installed packs."""

from __future__ import annotations

from pathlib import Path

from lichtbild.errors import PackError
from lichtbild.packs import catalog
from lichtbild.packs.names import parse

FRAMES = Path(__file__).with_name("frames")


def names() -> tuple[str, ...]:
    """Names of Lichtbild's own frames."""
    return tuple(sorted(p.name for p in FRAMES.iterdir() if (p / "frame.toml").is_file()))


def folder(name: str) -> Path:
    """Folder of a frame: its name, or PACK/FRAME. Raises `PackError` that says what there is."""
    reference = parse(name, "frame")
    if reference is not None:
        return catalog.folder(reference, "frames")
    if name not in names():
        raise PackError(f"frame: {name!r} is not one of {', '.join(names())}, nor PACK/FRAME of an installed pack")
    return FRAMES / name
