"""`pack.toml`: who made a pack, which version it is, and what it was signed off on."""

from __future__ import annotations

import datetime
from pathlib import Path

from lichtbild.packs.names import NAMING, check_path, is_name, is_version
from lichtbild.packs.tables import Tables
from lichtbild.record import record, replace
from lichtbild.setting import setting

FORMAT = 1
FILE = "pack.toml"


@record
class Device:
    """A device that the maker signed the pack off on; names as files of it say them."""

    make: str = setting("", "Maker of the device, as its files say it.", needed=True)
    model: str = setting("", "Model of the device, as its files say it.", needed=True)


@record
class Manifest:
    """What `pack.toml` says of a pack."""

    format: int = setting(FORMAT, f"Version of the format of packs: {FORMAT}.", low=1, high=99, needed=True)
    name: str = setting("", f"Name of the pack: {NAMING}.", needed=True)
    version: str = setting("", "Version of the pack, like 1.0.0 (semver.org).", needed=True)
    maker: str = setting("", "Who publishes it.", needed=True)
    licence: str = setting("", "Licence of its data, by its SPDX name where it has one.", needed=True)
    title: str = setting("", "What it is called in lists.")
    description: str = setting("", "What it is for, in one line.", longest=300)
    mark: str = setting("", "The maker's mark: an SVG file of the pack.")
    valid_from: datetime.date | None = setting(None, "First day on which it is offered.", day=True)
    valid_until: datetime.date | None = setting(None, "Last day on which it is offered.", day=True)
    device: tuple[Device, ...] = ()

    def out_of_date(self, today: datetime.date) -> str:
        """Why the pack is not offered today, in words that follow its name; empty when it is."""
        if self.valid_from and today < self.valid_from:
            return f"is offered from {self.valid_from} on"
        if self.valid_until and today > self.valid_until:
            return f"was offered until {self.valid_until}"
        return ""

    def signed_off(self, make: str, model: str) -> bool:
        """Whether the maker names this device; any other may be used as well."""

        def same(a: str, b: str) -> bool:
            return " ".join(a.split()).casefold() == " ".join(b.split()).casefold()

        return any(same(d.make, make) and same(d.model, model) for d in self.device)


def read(folder: Path) -> Manifest:
    """Read and check the `pack.toml` of a pack's folder. Raises `PackError`."""
    tables = Tables(folder / FILE)
    written = tables.data.get("format")
    if isinstance(written, int) and written > FORMAT:
        raise tables.refuse(f"format {written} is newer than this Lichtbild knows; upgrade Lichtbild", key="format")
    manifest = tables.top(Manifest, tables=["device"])
    if manifest.format != FORMAT:
        raise tables.refuse(f"is {manifest.format}; allowed is {FORMAT}", key="format")
    if not is_name(manifest.name):
        raise tables.refuse(f"is {manifest.name!r}; allowed are {NAMING}", key="name")
    if not is_version(manifest.version):
        raise tables.refuse(f"is {manifest.version!r}; allowed is a version like 1.0.0 or 1.0.0-rc.1", key="version")
    for key in ("maker", "licence"):
        if not getattr(manifest, key).strip():
            raise tables.refuse("is empty; say it", key=key)
    if manifest.mark and not (check_path(manifest.mark) == manifest.mark and manifest.mark.endswith(".svg")):
        raise tables.refuse("must be an SVG file of the pack", key="mark")
    if manifest.valid_from and manifest.valid_until and manifest.valid_until < manifest.valid_from:
        raise tables.refuse(f"is before valid_from, {manifest.valid_from}", key="valid_until")
    return replace(manifest, device=tables.list("device", Device, most=500))
