"""Files beside a raw frame: `shot.dng.xmp` or `shot.xmp` with words, `shot.lichtbild.json` with settings.

A sidecar is never the reason that a photograph is not made: what is wrong with it is told, and it is left out.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from lichtbild.errors import RecipeError
from lichtbild.metadata.xml import LARGEST, XmlError
from lichtbild.metadata.xmp import Value, properties, text
from lichtbild.plain_file import read_plain

if TYPE_CHECKING:
    from lichtbild.recipe import Recipe

Tell = Callable[[str], None]
RECIPE_ENDING = ".lichtbild.json"
_CAMERA_RAW = "{http://ns.adobe.com/camera-raw-settings/1.0/}"
_LONGEST_RECIPE = 1 << 20


def words(frames: Iterable[Path], tell: Tell) -> tuple[Path, dict[str, Value]] | None:
    """The properties of the first sidecar that can be read, of the frames in this order, and its path."""
    for frame in frames:
        for path in _xmp_files(frame):
            found = _read(path, tell)
            if found is None or not _belongs(found, frame):
                continue
            if not any(name.startswith(_CAMERA_RAW) for name in found):
                found.pop("tiff:Orientation", None)  # only Adobe's programs keep it up to date
            return path, found
    return None


def settings(frames: Iterable[Path], tell: Tell) -> tuple[Path, Recipe] | None:
    """The recipe beside the first of the frames that has one, and its path: a `.lichtbild.json`, or an XMP sidecar
    with a recipe of Lichtbild's."""
    from lichtbild.recipe import from_settings

    for frame in frames:
        for path in [*_files(frame, [frame.stem + RECIPE_ENDING]), *_xmp_files(frame)]:
            try:
                if path.name.endswith(RECIPE_ENDING):
                    return path, from_settings(path, read_plain(path, _LONGEST_RECIPE).decode("utf-8-sig"))
                found = _read(path, lambda _: None)  # told where its words are read
                if found and _belongs(found, frame) and "lichtbild:Settings" in found:
                    return path, from_settings(path, text(found["lichtbild:Settings"]))
            except (RecipeError, ValueError, OSError) as error:
                wrong = error if isinstance(error, RecipeError) else f"{path}: {_reason(error)}"
                tell(f"{wrong}; the photograph is made without it")
    return None


def _xmp_files(frame: Path) -> Iterator[Path]:
    """The sidecars that are there, the more exact name first."""
    return _files(frame, [f"{name}.{ending}" for name in (frame.name, frame.stem) for ending in ("xmp", "XMP")])


def _files(frame: Path, names: Iterable[str]) -> Iterator[Path]:
    """Those of the names in the frame's folder that are plain files."""
    for name in names:
        try:
            path = frame.with_name(name)
            if path.is_file():
                yield path
        except (OSError, ValueError):  # the frame's own name is none, or too long for an ending more
            continue


def _read(path: Path, tell: Tell) -> dict[str, Value] | None:
    try:
        return properties(read_plain(path, LARGEST))
    except (XmlError, OSError) as error:
        tell(f"{path}: cannot be read as a sidecar ({_reason(error)}); the photograph is made without it")
        return None


def _belongs(found: dict[str, Value], frame: Path) -> bool:
    """False where the sidecar says that it is of a file with another ending, as of a JPEG shot beside the raw."""
    ending = text(found.get("photoshop:SidecarForExtension"))
    return not ending or ending.lower() == frame.suffix.lstrip(".").lower()


def _reason(error: Exception) -> str:
    return str(getattr(error, "strerror", None) or error)
