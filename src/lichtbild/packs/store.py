"""The user's folder of packs: NAME/VERSION in it, several versions side by side.

A photograph names the version of each pack that it was made with, so an upgrade leaves the older one in place. Each
pack is put there whole or not at all, with a receipt of its files; removing it deletes what the receipt lists and no
more.
"""

from __future__ import annotations

import itertools
import json
import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from lichtbild.errors import LichtbildError, PackError
from lichtbild.packs.archive import read_archive
from lichtbild.packs.files import Files, digest, read_folder
from lichtbild.packs.names import check_path, is_name, is_version, precedence
from lichtbild.packs.pack import Pack, open_pack

RECEIPT = ".lichtbild-receipt.json"
_numbers = itertools.count()


def user_folder() -> Path:
    """$LICHTBILD_PACKS, or lichtbild/packs in the XDG data home; it may not exist."""
    if chosen := os.environ.get("LICHTBILD_PACKS"):
        return Path(chosen)
    home = os.environ.get("XDG_DATA_HOME", "")
    data = Path(home) if home.startswith("/") else Path("~/.local/share").expanduser()
    return data / "lichtbild" / "packs"


def located(source: Path) -> Path:
    """A pack's folder or archive; NAME or NAME@VERSION of an installed one, where there is no such file."""
    name, at, version = source.name.partition("@")
    there = versions(name) if str(source) == source.name and not source.exists() else ()
    if there and (not at or version in there):
        return user_folder() / name / (version or there[0])
    return source


def collect(source: Path) -> Files:
    """All files of a pack's folder or archive. Raises `PackError`."""
    try:
        is_folder = source.is_dir()
    except (OSError, ValueError) as error:
        raise PackError(f"{source}: cannot be read ({error})") from None
    return read_folder(source) if is_folder else read_archive(source)


def versions(name: str, folder: Path | None = None) -> tuple[str, ...]:
    """Installed versions of a pack, the newest first."""
    place = (folder or user_folder()) / name
    if not is_name(name) or not place.is_dir():
        return ()
    found = [p.name for p in place.iterdir() if is_version(p.name) and (p / "pack.toml").is_file()]
    return tuple(sorted(found, key=precedence, reverse=True))


def names(folder: Path | None = None) -> tuple[str, ...]:
    """Names of the packs in the user's folder."""
    place = folder or user_folder()
    if not place.is_dir():
        return ()
    return tuple(sorted(p.name for p in place.iterdir() if is_name(p.name) and versions(p.name, place)))


@contextmanager
def unpacked(files: Files, place: Path) -> Iterator[Path]:
    """A new folder in `place` with these files, gone afterwards if it is still there."""
    stage = place / f".lichtbild-{os.getpid()}-{next(_numbers)}.part"
    try:
        stage.mkdir(parents=True)
        for name, content in files.items():
            target = stage / check_path(name)
            target.parent.mkdir(parents=True, exist_ok=True)
            with target.open("xb") as file:
                file.write(content)
        yield stage
    except OSError as error:
        raise PackError(f"{place}: cannot be written ({error.strerror}); choose another with LICHTBILD_PACKS") from None
    finally:
        shutil.rmtree(stage, ignore_errors=True)


def install(source: Path, *, overwrite: bool = False) -> tuple[Pack, bool]:
    """Put the pack in a folder or an archive into the user's folder; (the pack, whether it is new there).

    All of it is checked first. The same version with the same files is left as it is; with other files it is refused
    unless `overwrite`. Raises `PackError`.
    """
    from lichtbild.packs.check import check_content

    files = collect(source)
    place = user_folder()
    with unpacked(files, place) as stage:
        try:
            pack = open_pack(stage)
            check_content(pack)
        except LichtbildError as error:
            raise PackError(str(error).replace(str(stage), str(source))) from None
        target = place / pack.manifest.name / pack.manifest.version
        if target.exists() or target.is_symlink():
            if not target.is_symlink() and _digest(target) == digest(files):
                return open_pack(target), False
            if not overwrite:
                raise PackError(
                    f"{source}: {pack.title} is installed already, with other content; a new version should have a new "
                    "number, or allow to overwrite it with --overwrite"
                )
        receipt = {"files": sorted(files), "digest": digest(files)}
        (stage / RECEIPT).write_text(json.dumps(receipt, indent=1), encoding="utf-8")
        _swap(stage, target)
    return open_pack(target), True


def _swap(stage: Path, target: Path) -> None:
    target.parent.mkdir(exist_ok=True)
    if target.is_symlink() or target.parent.is_symlink():
        raise PackError(f"{target}: is a link; take it away first")
    if target.exists():
        _receipt(target)  # what was not installed is not replaced
        old = stage.with_suffix(".old")
        target.rename(old)
        try:
            stage.rename(target)
        except OSError:
            old.rename(target)
            raise
        _delete(old)
    else:
        stage.rename(target)


def remove(name: str, version: str) -> tuple[int, bool]:
    """Take an installed version away; (files deleted, whether its folder is gone).

    What was put into its folder afterwards stays. Raises `PackError` when it is not installed, or was not by `install`.
    """
    target = user_folder() / name / version
    if version not in versions(name):
        raise PackError(
            f"{name}{'@' if version else ''}{version}: is not in {user_folder()}; lichtbild packs list shows what is"
        )
    if target.is_symlink() or target.parent.is_symlink():
        raise PackError(f"{target}: is a link, which install does not make; take it away yourself")
    try:
        count = _delete(target)
        with suppress(OSError):
            target.parent.rmdir()
    except OSError as error:
        raise PackError(f"{target}: cannot be removed ({error.strerror})") from None
    return count, not target.exists()


def _delete(target: Path) -> int:
    """Delete the files that the receipt lists, and the folders that are empty then; the number of files."""
    count, folders = 0, {target}
    for name in _receipt(target):
        file = target / name
        parents = [p for p in file.parents if target in p.parents]
        if any(p.is_symlink() for p in parents):
            continue
        folders.update(parents)
        if file.is_file() or file.is_symlink():
            file.unlink()
            count += 1
    (target / RECEIPT).unlink(missing_ok=True)
    for folder in sorted(folders, key=lambda p: len(p.parts), reverse=True):
        with suppress(OSError):
            folder.rmdir()
    return count


def _receipt(target: Path) -> list[str]:
    try:
        with (target / RECEIPT).open("rb") as file:
            listed = json.loads(file.read(1 << 20))["files"]
        return [check_path(name) for name in listed]
    except (OSError, ValueError, KeyError, TypeError, AttributeError, RecursionError, PackError):
        raise PackError(f"{target}: was not put there by lichtbild packs install; remove it yourself") from None


def installed_digest(target: Path) -> str:
    """Digest of the pack as it was installed, from its receipt; empty where there is none."""
    try:
        with (target / RECEIPT).open("rb") as file:
            return str(json.loads(file.read(1 << 20))["digest"])[:64]
    except (OSError, ValueError, KeyError, TypeError, RecursionError):
        return ""


def _digest(target: Path) -> str:
    try:
        return digest(read_folder(target))
    except PackError:
        return ""
