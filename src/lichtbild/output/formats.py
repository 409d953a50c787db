"""The file formats that a picture can be written in: their names, and what each can hold."""

from __future__ import annotations

from importlib.util import find_spec
from pathlib import Path

from lichtbild.errors import OutputError
from lichtbild.record import record


@record
class Format:
    """name: as a photographer says it. depths: bits per channel that it holds, the default one first.

    hdr: whether it can hold light above white. side: longest edge in pixels.
    slow: whether its compression takes longer than a photograph.
    package, extra: a package that it needs, and the extra that brings it.
    """

    name: str
    suffixes: tuple[str, ...]
    depths: tuple[str, ...]
    hdr: bool = False
    side: int = 2**30
    slow: bool = False
    package: str = ""
    extra: str = ""

    @property
    def article(self) -> str:
        """The name with its article."""
        return f"{'an' if self.name[0] in 'AEO' else 'a'} {self.name}"


JPEG = Format("JPEG", (".jpg", ".jpeg"), ("8",), hdr=True, side=65_500)
PNG = Format("PNG", (".png",), ("8", "16"))
TIFF = Format("TIFF", (".tif", ".tiff"), ("16", "8", "32f"))
AVIF = Format("AVIF", (".avif",), ("10", "8", "12"), hdr=True, side=65_535, slow=True)
JXL = Format("JPEG XL", (".jxl",), ("16", "8", "10", "12"), hdr=True, slow=True)
HEIC = Format(
    "HEIC", (".heic", ".heif"), ("10", "8", "12"), hdr=True, side=16_384, slow=True, package="pillow_heif", extra="heif"
)
EXR = Format("OpenEXR", (".exr",), ("16f",), hdr=True)
DNG = Format("DNG", (".dng",), ())
FORMATS = (JPEG, PNG, TIFF, AVIF, JXL, HEIC, EXR, DNG)


def format_for(path: Path) -> Format:
    """The format that the ending of the name asks for. Raises `OutputError`."""
    for known in FORMATS:
        if path.suffix.lower() in known.suffixes:
            return known
    endings = ", ".join(s for f in FORMATS for s in f.suffixes)
    ending = f"the ending {path.suffix}" if path.suffix else "a name without an ending"
    raise OutputError(f"{path}: {ending} says no known format; end the name in one of {endings}")


def depth_for(path: Path, depth: str | None) -> str:
    """Bits per channel of the file: `depth`, or the format's default. Raises `OutputError` if it cannot hold them, or
    if what writes the format is not installed."""
    chosen = format_for(path)
    if not chosen.depths:
        raise OutputError(
            f"{path}: a {chosen.name} holds a raw mosaic, not a picture; end the name in .jpg, .tif or .png"
        )
    if chosen.package and find_spec(chosen.package) is None:
        raise OutputError(f"{path}: {chosen.article} needs a further package; pip install lichtbild[{chosen.extra}]")
    if depth is None:
        return chosen.depths[0]
    if depth not in chosen.depths:
        able = " or ".join(s for f in FORMATS if depth in f.depths for s in f.suffixes[:1])
        raise OutputError(f"{path}: {chosen.article} cannot hold {_bits(depth)}; use {able}, or leave out the depth")
    return depth


def _bits(depth: str) -> str:
    return f"{depth[:-1]}-bit floating point" if depth.endswith("f") else f"{depth} bits per channel"
