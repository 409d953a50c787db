"""Names in packs: of packs and their items, of versions (semver.org 2.0), and of files.

A name must mean the same on every file system: small letters, digits and hyphens; no way out of the folder, nothing
that Windows takes for a device or a drive, nothing that differs from another in case alone.
"""

from __future__ import annotations

import re

from lichtbild.errors import PackError
from lichtbild.record import record

_NAME = r"[a-z0-9](?:[a-z0-9-]{0,38}[a-z0-9])?"
_PART = r"[A-Za-z0-9](?:[A-Za-z0-9._-]{0,62}[A-Za-z0-9_-])?"
_VERSION = (
    r"(0|[1-9]\d{0,5})\.(0|[1-9]\d{0,5})\.(0|[1-9]\d{0,5})"
    r"(?:-((?:0|[1-9]\d{0,8}|\d*[a-z][0-9a-z]*)(?:\.(?:0|[1-9]\d{0,8}|\d*[a-z][0-9a-z]*)){0,4}))?"
)
_DEVICES = {"con", "prn", "aux", "nul", *(f"{port}{i}" for port in ("com", "lpt") for i in range(10))}
MAX_DEPTH, MAX_PATH = 4, 160
NAMING = "1 to 40 small letters, digits and hyphens"


@record
class Reference:
    """PACK/ITEM or PACK/ITEM@VERSION. version: empty for the newest that is installed."""

    pack: str
    item: str
    version: str = ""

    def __str__(self) -> str:
        return f"{self.pack}/{self.item}" + (f"@{self.version}" if self.version else "")


def is_name(text: str) -> bool:
    """Whether packs and their items may be called so."""
    return bool(re.fullmatch(_NAME, text)) and text not in _DEVICES and len(text) <= 40


def is_version(text: str) -> bool:
    """MAJOR.MINOR.PATCH, or with a pre-release in small letters: 1.0.0-rc.1."""
    return len(text) <= 40 and bool(re.fullmatch(_VERSION, text))


def precedence(version: str) -> tuple[object, ...]:
    """What versions are sorted by: newer is greater, and a pre-release comes before its release."""
    found = re.fullmatch(_VERSION, version)
    if not found:
        raise PackError(f"{version!r} is no version; write it like 1.0.0")
    *numbers, extra = found.groups()
    parts = [(0, int(p), "") if p.isdigit() else (1, 0, p) for p in (extra or "").split(".") if p]
    return (*(int(n) for n in numbers), not extra, tuple(parts))


def parse(text: str, kind: str) -> Reference | None:
    """The reference that a setting holds; None for a plain name. kind: what it names, for the message.

    Raises `PackError` for what is neither.
    """
    if is_name(text):
        return None
    pack, slash, rest = text.partition("/")
    item, at, version = rest.partition("@")
    if slash and is_name(pack) and is_name(item) and (is_version(version) if at else True):
        return Reference(pack, item, version)
    raise PackError(f"{kind}: {text[:80]!r} is no name; write it like PACK/{kind.upper()} or PACK/{kind.upper()}@1.0.0")


def check_path(path: str) -> str:
    """A file's path in a pack, its parts joined by "/". Raises `PackError` when it is not one on every system."""
    parts = path.split("/")
    if len(parts) > MAX_DEPTH or len(path) > MAX_PATH:
        raise PackError(f"{path[:80]!r} lies too deep in folders or has too long a name")
    for part in parts:
        if not re.fullmatch(_PART, part) or part.split(".")[0].lower() in _DEVICES or part.endswith("."):
            raise PackError(f"{path[:80]!r} is not a name that a file of a pack may have; use letters, digits, - and _")
    return path
