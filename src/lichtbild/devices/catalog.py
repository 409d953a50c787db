"""Which device profiles there are, and which one is for a camera: by make and model.

They are looked for in the user's folder, then in installed packages, then among those that come with Lichtbild; the
first that fits is used. A package offers its folder of profiles by an entry point:

    [project.entry-points."lichtbild.devices"]
    my-devices = "my_package"            # the package (or a folder in it, "my_package:profiles") with *.toml

No code of such a package is run: only its files are read.
"""

from __future__ import annotations

import contextlib
import functools
import os
import re
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from lichtbild import installed
from lichtbild.errors import DeviceError
from lichtbild.plain_file import open_plain
from lichtbild.record import record

if TYPE_CHECKING:
    from lichtbild.devices.profile import DeviceProfile

BUILT_IN = Path(__file__).with_name("profiles")
GROUP = "lichtbild.devices"
MOST = 2000  # files of a folder that are looked at
HEAD = 16384  # bytes that hold a profile's names


@record
class Listed:
    """A profile on disk: its short name, where it comes from, and which camera it is for."""

    name: str
    origin: str
    path: Path
    make: str
    model: str
    aliases: tuple[str, ...] = ()


def user_folder() -> Path:
    """`lichtbild/devices` in the user's folder of settings (XDG Base Directory)."""
    base = os.environ.get("XDG_CONFIG_HOME", "")
    home = Path(base) if base and Path(base).is_absolute() else Path.home() / ".config"
    return home / "lichtbild" / "devices"


def folders() -> Iterator[tuple[str, Path]]:
    """Folders that may hold profiles, with what to call them; the first goes before the next."""
    with contextlib.suppress(RuntimeError):  # there is no home
        yield "yours", user_folder()
    yield from _packages()
    yield "built in", BUILT_IN


def entries() -> list[Listed]:
    """Every profile that can be found, in order of precedence. A file that is no profile is left out (`faults`)."""
    found = []
    for origin, folder in folders():
        try:
            files = _files(folder)[:MOST]
        except OSError:
            continue
        found += [listed for path in files if (listed := _head(path, origin)) is not None]
    return found


def faults() -> list[str]:
    """What is wrong with each file of the user's folder that ought to be a profile and is none: no one can tell for
    which camera it was meant."""
    with contextlib.suppress(RuntimeError, OSError):
        broken = [path for path in _files(user_folder())[:MOST] if _head(path, "") is None]
        return [_fault(path) for path in broken]
    return []


def _fault(path: Path) -> str:
    try:
        return f"{path}: does not say for which camera it is; it is left out" if _read(path) else ""
    except DeviceError as error:
        return str(error)


def _files(folder: Path) -> list[Path]:
    """Those that may be profiles, *.toml and */device.toml, sorted. Raises `OSError`."""
    with os.scandir(folder) as found:
        entries = [(entry.name, entry.is_dir()) for entry in found]
    files = [folder / name for name, _ in entries if name.endswith(".toml")]
    deeper = (folder / name / "device.toml" for name, is_dir in entries if is_dir)
    return sorted([*files, *(path for path in deeper if path.exists())])


def names() -> tuple[str, ...]:
    """Short names of all profiles, each once."""
    return tuple(dict.fromkeys(e.name for e in entries()))


def find(make: str, model: str, unique_camera_model: str = "") -> DeviceProfile | None:
    """The profile for a camera, or None. Case, spaces and a maker's name said twice do not matter."""
    wanted = keys(make, model, unique_camera_model)
    for listed in entries():
        own = keys(listed.make, listed.model)
        for alias in listed.aliases:
            own |= keys(listed.make, alias) | keys("", alias)
        if wanted & own:
            return _read(listed.path)
    return None


def fits(profile: DeviceProfile, make: str, model: str) -> bool:
    """True for a profile of that camera, or of all that its maker and model go by."""
    own = keys(profile.make, profile.model, profile.unique_camera_model)
    for alias in profile.aliases:
        own |= keys(profile.make, alias) | keys("", alias)
    return bool(own & keys(make, model))


def load(name: str) -> DeviceProfile:
    """A profile by its file, or by its short name. Raises `DeviceError`."""
    path = Path(name)
    if path.suffix.lower() == ".toml" or len(path.parts) > 1:
        return _read(path)
    for listed in entries():
        if _plain(listed.name) == _plain(name):
            return _read(listed.path)
    with contextlib.suppress(OSError, ValueError):  # a name that cannot be a file's
        if path.is_file():
            return _read(path)
    known = ", ".join(names()) or "none is installed"
    raise DeviceError(f"device: {name[:200]!r} is neither a file nor a profile that is known ({known})")


def _read(path: Path) -> DeviceProfile:
    """The profile of a file, parsed once for all frames of a burst."""
    from lichtbild.devices.profile import DeviceProfile

    try:
        state = path.stat()
    except (OSError, ValueError):
        return DeviceProfile.read(path)  # says what is wrong
    return _read_once(path, state.st_mtime_ns, state.st_size)


@functools.lru_cache(maxsize=4)
def _read_once(path: Path, _changed: int, _size: int) -> DeviceProfile:
    from lichtbild.devices.profile import DeviceProfile

    return DeviceProfile.read(path)


def keys(make: str, model: str, unique_camera_model: str = "") -> set[str]:
    """What a camera may be called, made comparable: "NIKON CORPORATION", "NIKON D70" is "nikond70"."""
    plain = _plain(model)
    found = set()
    if plain:
        first = _plain((make.split() or [""])[0])
        bare = plain.removeprefix(_plain(make)).removeprefix(first) or plain
        found.add(first + bare)
    if unique := _plain(unique_camera_model):
        found.add(unique)
    return found


def _plain(text: str) -> str:
    return "".join(c for c in text.casefold() if c.isalnum())


def _head(path: Path, origin: str) -> Listed | None:
    """Names from the beginning of a file, so that large tables of other cameras are not parsed."""
    try:
        return _read_head(path, origin, path.stat().st_mtime_ns)
    except OSError:
        return None


@functools.lru_cache(maxsize=4096)
def _read_head(path: Path, origin: str, _changed: int) -> Listed | None:
    from lichtbild import toml_text

    with open_plain(path) as file:
        text = file.read(HEAD).decode("utf-8", "replace")
    head = re.split(r"(?m)^[ \t]*\[", text, maxsplit=1)[0]
    try:
        data = toml_text.parse(head)
    except (ValueError, RecursionError):
        return None
    make, model, unique = (str(data.get(k, "")) for k in ("make", "model", "unique_camera_model"))
    if not (model or unique) or "format" not in data:
        return None
    aliases = data.get("aliases", [])
    more = tuple(a for a in aliases if isinstance(a, str)) if isinstance(aliases, list) else ()
    name = path.parent.name if path.name == "device.toml" and path.parent.name != "devices" else path.stem
    return Listed(name, origin, path, make, model, (*more, *((unique,) if unique else ())))


def _packages() -> Iterator[tuple[str, Path]]:
    """Folders of installed packages."""
    for name, _, folder in installed.folders(GROUP):
        if folder is not None:
            yield f"package {name}", folder


def choose(wanted: str, make: str, model: str, unique_camera_model: str = "") -> DeviceProfile | None:
    """Follow the recipe's `device`: "none", "auto" (by make and model), a file or a name. Raises `DeviceError`."""
    if wanted == "none":
        return None
    return find(make, model, unique_camera_model) if wanted == "auto" else load(wanted)
