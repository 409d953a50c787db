"""The file formats that a picture can be written in, and which bit depths each can hold."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from lichtbild.errors import OutputError


@dataclass(frozen=True)
class Format:
    """name: as a photographer says it. depths: bits per channel that it holds, the default one first."""

    name: str
    suffixes: tuple[str, ...]
    depths: tuple[str, ...]


JPEG = Format("JPEG", (".jpg", ".jpeg"), ("8",))
PNG = Format("PNG", (".png",), ("8", "16"))
TIFF = Format("TIFF", (".tif", ".tiff"), ("16", "8", "32f"))
DNG = Format("DNG", (".dng",), ())
FORMATS = (JPEG, PNG, TIFF, DNG)


def format_for(path: Path) -> Format:
    """The format that the ending of the name asks for. Raises `OutputError`."""
    for known in FORMATS:
        if path.suffix.lower() in known.suffixes:
            return known
    endings = ", ".join(s for f in FORMATS for s in f.suffixes)
    ending = f"the ending {path.suffix}" if path.suffix else "a name without an ending"
    raise OutputError(f"{path}: {ending} says no known format; end the name in one of {endings}")


def depth_for(path: Path, depth: str | None) -> str:
    """Bits per channel of the file: `depth`, or the format's default. Raises `OutputError` if it cannot hold them."""
    chosen = format_for(path)
    if not chosen.depths:
        raise OutputError(
            f"{path}: a {chosen.name} holds a raw mosaic, not a picture; end the name in .jpg, .tif or .png"
        )
    if depth is None:
        return chosen.depths[0]
    if depth not in chosen.depths:
        able = " or ".join(s for f in FORMATS if depth in f.depths for s in f.suffixes[:1])
        raise OutputError(f"{path}: a {chosen.name} cannot hold {_bits(depth)}; use {able}, or leave out the depth")
    return depth


def _bits(depth: str) -> str:
    return "32-bit floating point" if depth == "32f" else f"{depth} bits per channel"
