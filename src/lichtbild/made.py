"""What a photograph says of how it was made, so that it can be made again: settings, frames, decided numbers."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from lichtbild import __version__
from lichtbild.errors import RecipeError
from lichtbild.record import record
from lichtbild.report import Report

if TYPE_CHECKING:
    from hashlib import blake2b

    from lichtbild.recipe import Recipe
else:
    try:
        from _blake2 import blake2b  # what `hashlib` gives, which loads OpenSSL first: a tenth of Python's own start
    except ImportError:
        from hashlib import blake2b

_PAGE, _PAGES, _HEAD = 4096, 62, 1 << 16
_PROGRAM = r"Lichtbild (\d+(?:\.\d+)*)"


@record
class Made:
    """The record in a photograph. frames: their names; digests: of their contents, in the same order."""

    path: Path
    settings: Mapping[str, Any]
    frames: tuple[str, ...] = ()
    digests: tuple[str, ...] = ()
    decided: Mapping[str, Any] | None = None
    software: str = ""


def read(path: Path) -> Made | None:
    """The record in a photograph of any format that Lichtbild writes; None in any other file.

    Raises `OSError`, and `RecipeError` when a newer Lichtbild made it or the record is damaged.
    """
    from lichtbild.metadata.packets import packets
    from lichtbild.metadata.xml import XmlError
    from lichtbild.metadata.xmp import Value, properties, text

    if not path.is_file():  # a pipe can be read once only
        return None
    said: dict[str, Value] = {}
    for packet in packets(path):
        try:
            said.update(properties(packet))
        except XmlError as error:
            raise RecipeError(f"{path}: its XMP is damaged ({error}); name another photograph, or a recipe") from None
    if "lichtbild:Settings" not in said:
        return None
    software = text(said.get("lichtbild:Software")) or text(said.get("xmp:CreatorTool"))
    refuse_newer(path, software)
    try:
        parts = {n: json.loads(text(said.get(f"lichtbild:{n}")) or "null") for n in _KINDS}
    except (ValueError, RecursionError):
        raise RecipeError(f"{path}: its recipe is damaged; name another photograph, or a recipe") from None
    for name, kind in _KINDS.items():
        if parts[name] is not None and not isinstance(parts[name], kind):
            raise RecipeError(f"{path}: its recipe is damaged; name another photograph, or a recipe")
    frames, digests = (tuple(map(str, parts[n] or ())) for n in ("Frames", "Digests"))
    return Made(path, parts["Settings"] or {}, frames, digests, parts["Decided"], software)


_KINDS = {"Settings": dict, "Frames": list, "Digests": list, "Decided": dict}


def refuse_newer(path: Path, software: Any) -> None:
    """Raise `RecipeError` for the record of a newer version, whose settings may mean what is not known here."""
    match = re.match(_PROGRAM, software) if isinstance(software, str) else None
    if match and _numbers(match[1]) > _numbers(__version__):
        raise RecipeError(
            f"{path}: was made by Lichtbild {match[1]}, which is newer than this {__version__}; update Lichtbild"
        )


def _numbers(version: str) -> tuple[int, ...]:
    return tuple(int(n[:9]) for n in re.findall(r"\d+", version)[:4])


def digest(path: Path) -> str:
    """What tells one frame from another without reading all of it: BLAKE2 of its size, its beginning and pages spread
    over the whole; empty when it cannot be read."""
    hashed = blake2b(digest_size=12)
    try:
        if not path.is_file():  # a pipe would be waited for
            return ""
        with path.open("rb") as file:
            size = path.stat().st_size
            hashed.update(str(size).encode())
            hashed.update(file.read(_HEAD))
            for i in range(1, _PAGES + 1):
                file.seek(max(0, size - _PAGE) * i // _PAGES)
                hashed.update(file.read(_PAGE))
    except (OSError, ValueError):
        return ""
    return hashed.hexdigest()


def note_look(recipe: Recipe, report: Report) -> None:
    """Write down the contents of a look that does not come with Lichtbild, for it may be changed under its name."""
    from lichtbild.look.catalog import built_in, folder

    if recipe.look not in (*built_in(), "profile"):
        files = sorted(p for p in folder(recipe.look).iterdir() if p.suffix not in (".md", ".jpg"))
        whole = blake2b(" ".join(f"{p.name} {digest(p)}" for p in files[:1000]).encode(), digest_size=12)
        report.decide("look", look_digest=whole.hexdigest())


def compare(made: Made, resolved: Mapping[str, Any], report: Report) -> None:
    """Tell where what was made now is not what the photograph records: other frames, or other decided numbers."""
    name = made.path.name
    then, now = made.digests or made.frames, resolved["digests"] if made.digests else resolved["frames"]
    if sorted(then) != sorted(now):
        report.notice(f"{name} was made {_how_frames_differ(made, resolved)}; its settings are followed all the same")
        return
    from lichtbild.jsonable import plain

    if made.decided is None or plain(resolved["settings"]) != made.settings:
        return
    decided = plain(resolved["decided"])
    other = [leg for leg in decided if leg in made.decided and decided[leg] != made.decided[leg]]
    if other:
        by = f", by {made.software}" if made.software != resolved["software"] else ""
        report.notice(f"{name} was made with other decided numbers ({', '.join(other)}){by}; the picture may differ")


def _how_frames_differ(made: Made, resolved: Mapping[str, Any]) -> str:
    missing = sorted(set(made.frames) - set(resolved["frames"]))
    further = sorted(set(resolved["frames"]) - set(made.frames))
    if not missing and not further:
        known = set(made.digests)
        changed = [n for n, d in zip(resolved["frames"], resolved["digests"], strict=False) if d not in known]
        return f"of frames of the same names but other contents ({_some(changed)})"
    if len(missing) == len(set(made.frames)):
        return f"of other frames ({_some(made.frames)})"
    told = [f"with {_some(missing)}"] * bool(missing) + [f"without {_some(further)}"] * bool(further)
    return " and ".join(told)


def _some(names: Iterable[str]) -> str:
    listed = list(names)
    return ", ".join(listed[:3]) + (f" and {len(listed) - 3} more" if len(listed) > 3 else "")
