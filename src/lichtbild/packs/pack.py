"""One pack in a folder: its manifest and what is in it."""

from __future__ import annotations

from pathlib import Path

from lichtbild.errors import PackError
from lichtbild.packs import manifest
from lichtbild.packs.files import KINDS
from lichtbild.packs.manifest import Manifest
from lichtbild.packs.names import is_name
from lichtbild.record import record


@record
class Pack:
    """root: its folder. source: "installed" in the user's folder, or "package" for one that came with a Python
    package."""

    root: Path
    manifest: Manifest
    source: str = "installed"

    @property
    def title(self) -> str:
        """Name and version, as a reference says them."""
        return f"{self.manifest.name}@{self.manifest.version}"

    def items(self, kind: str) -> tuple[str, ...]:
        """Names of its "looks", "modes", "lenses" or "frames"."""
        folder = self.root / kind
        if folder.is_symlink() or not folder.is_dir():
            return ()
        return tuple(sorted(p.name for p in folder.iterdir() if is_name(p.name) and (p / KINDS[kind]).is_file()))

    def folder(self, kind: str, item: str) -> Path:
        """Folder of one of its items. Raises `PackError` when it has none of that name, or it leads out of the pack."""
        if item not in self.items(kind):
            there = ", ".join(self.items(kind)) or "none"
            raise PackError(f"the pack {self.title} has no {item!r} among its {kind}; there are: {there}")
        folder = self.root / kind / item
        if folder.resolve() != self.root.resolve() / kind / item:
            raise PackError(f"{folder}: is a link; a pack's files lie in the pack itself")
        return folder

    def mark(self) -> Path | None:
        """The maker's mark, if it has one."""
        path = self.root / self.manifest.mark
        return path if self.manifest.mark and path.is_file() and not path.is_symlink() else None


def open_pack(root: Path, source: str = "installed") -> Pack:
    """The pack in that folder. Raises `PackError` when its `pack.toml` is missing or wrong."""
    return Pack(root, manifest.read(root), source)
