"""The files of a pack, from a folder or an archive: only known kinds in known places, and none of them large.

Sizes are those of the bytes that came, whatever a header claims.
"""

from __future__ import annotations

import hashlib
import os
import re
import stat
from pathlib import Path

from lichtbild.errors import PackError
from lichtbild.packs.names import check_path

Files = dict[str, bytes]
_MB = 1 << 20
MOST_FILES, MOST_BYTES = 1000, 96 * _MB
LARGEST = {
    ".toml": _MB // 4,
    ".svg": _MB // 4,
    ".md": _MB,
    ".txt": _MB,
    "": _MB // 4,
    ".cube": 24 * _MB,
    ".png": 24 * _MB,
    ".jpg": 8 * _MB,
    ".tif": 24 * _MB,
}
_NAME = "[a-z0-9][a-z0-9-]*"
_PLACES = [
    re.compile(pattern)
    for pattern in (
        r"pack\.toml",
        r"[A-Za-z0-9_-]+\.(md|svg)",
        r"(LICENSE|LICENCE)(\.txt|\.md)?",
        rf"looks/{_NAME}/(look\.toml|[\w-]+\.(md|cube|png|jpg|tif))",
        rf"modes/{_NAME}/(mode\.toml|[\w-]+\.md)",
        rf"lenses/{_NAME}/(lens\.toml|[\w-]+\.md)",
        rf"frames/{_NAME}/(frame\.toml|[\w-]+\.(md|svg))",
        rf"devices/{_NAME}\.(toml|md)",
    )
]
SINGULAR = {"looks": "look", "modes": "mode", "lenses": "lens", "frames": "frame"}
KINDS = {"looks": "look.toml", "modes": "mode.toml", "lenses": "lens.toml", "frames": "frame.toml"}


class Collected:
    """Takes up files one by one and refuses what is too many, too large, or out of place.

    source: what the files come from, for messages.
    """

    def __init__(self, source: Path) -> None:
        self.source = source
        self.files: Files = {}
        self._size = 0
        self._folded: set[str] = set()

    def limit(self, name: str) -> int:
        """Bytes that the file may have, for its kind and for what is there already; its name is checked."""
        try:
            check_path(name)
        except PackError as error:
            raise PackError(f"{self.source}: {error}") from None
        if not any(place.fullmatch(name) for place in _PLACES):
            raise PackError(f"{self.source}: {name} is not a file that packs have; docs/packs.md lists them")
        parts = name.lower().split("/")
        if name.lower() in self._folded or any("/".join(parts[:i]) in self._folded for i in range(1, len(parts))):
            raise PackError(f"{self.source}: {name} is there twice")
        if len(self.files) >= MOST_FILES:
            raise PackError(f"{self.source}: has more than the {MOST_FILES} files that a pack may have")
        return min(LARGEST[Path(name).suffix.lower()], MOST_BYTES - self._size)

    def add(self, name: str, content: bytes) -> None:
        """content: of at most `limit(name)` bytes."""
        if len(content) > self.limit(name):
            raise self.too_large(name)
        self._folded.add(name.lower())
        self._size += len(content)
        self.files[name] = content

    def too_large(self, name: str) -> PackError:
        """The error for a file of that name."""
        most = LARGEST[Path(name).suffix.lower()]
        return PackError(
            f"{self.source}: {name} is larger than the {_size(most)} that it may have, or all files together are "
            f"larger than {_size(MOST_BYTES)}"
        )


def _size(count: int) -> str:
    return f"{count // _MB} MB" if count >= _MB else f"{count // 1024} kB"


def read_folder(folder: Path) -> Files:
    """All files of a pack's folder by their paths in it, in order; names that begin with a dot are passed over.

    Links are refused, and so is whatever is no plain file. Raises `PackError`.
    """
    collected = Collected(folder)
    if folder.is_symlink() or not folder.is_dir():
        raise PackError(f"{folder}: is no folder; name the folder or the archive of a pack")
    if not (folder / "pack.toml").is_file():
        raise PackError(f"{folder}: has no pack.toml, so it is no pack; lichtbild packs new begins one")
    for name in sorted(_names(folder, folder, 0)):
        limit = collected.limit(name)
        collected.add(name, _read(folder / name, limit, collected, name))
    return collected.files


def _names(root: Path, folder: Path, depth: int) -> list[str]:
    found: list[str] = []
    try:
        entries = list(os.scandir(folder))
    except OSError as error:
        raise PackError(f"{folder}: cannot be read ({error.strerror})") from None
    if len(entries) > MOST_FILES:
        raise PackError(f"{folder}: has more than the {MOST_FILES} files that a pack may have")
    for entry in entries:
        name = Path(entry.path).relative_to(root).as_posix()
        if entry.name.startswith("."):
            continue
        if entry.is_symlink():
            raise PackError(f"{root}: {name} is a link; put the file itself there")
        if entry.is_dir(follow_symlinks=False):
            if depth > 3:
                raise PackError(f"{root}: {name} lies too deep in folders")
            found += _names(root, Path(entry.path), depth + 1)
        elif entry.is_file(follow_symlinks=False):
            found.append(name)
        else:
            raise PackError(f"{root}: {name} is no plain file")
    return found


def _read(path: Path, limit: int, collected: Collected, name: str) -> bytes:
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
        with os.fdopen(descriptor, "rb") as file:
            if not stat.S_ISREG(os.fstat(descriptor).st_mode):
                raise PackError(f"{path}: is no plain file")
            content = file.read(limit + 1)
    except OSError as error:
        raise PackError(f"{path}: cannot be read ({error.strerror})") from None
    if len(content) > limit:
        raise collected.too_large(name)
    return content


def digest(files: Files) -> str:
    """SHA-256 of names and contents, the same for the same pack as folder and as archive."""
    total = hashlib.sha256()
    for name in sorted(files):
        total.update(f"{name}\0{len(files[name])}\0".encode())
        total.update(files[name])
    return total.hexdigest()
