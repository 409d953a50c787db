"""Write a `Picture` to a file, in the format that its name asks for."""

from __future__ import annotations

from pathlib import Path

from lichtbild.carriers import Picture
from lichtbild.errors import OutputError


def save_picture(picture: Picture, path: Path, *, quality: int = 92, overwrite: bool = False) -> None:
    """Write `picture` to `path`."""
    raise OutputError(f"{path}: no format is known yet ({picture.space}, {quality}, {overwrite})")
