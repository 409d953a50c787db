"""A new pack from the skeleton that comes with Lichtbild."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

from lichtbild.errors import PackError
from lichtbild.packs.files import read_folder
from lichtbild.packs.names import NAMING, is_name

SKELETON = Path(__file__).with_name("skeleton")
NAME, MAKER = "pack-name", "pack-maker"  # what stands in the skeleton's files for the pack's own


def begin(folder: Path, maker: str) -> int:
    """Make the folder and fill it; the number of files. Raises `PackError` when it exists or its name is no pack's."""
    name = folder.resolve().name
    if not is_name(name):
        raise PackError(f"{folder}: {name!r} cannot be the name of a pack; allowed are {NAMING}")
    maker = " ".join(maker.split())
    if not (maker.isprintable() and 0 < len(maker) <= 100):
        raise PackError(f"maker: {maker[:40]!r} is not a name of 1 to 100 characters")
    quoted = maker.replace("\\", "\\\\").replace('"', '\\"')
    stage = Path(os.path.abspath(folder)).with_name(f".lichtbild-{os.getpid()}.part")  # noqa: PTH100
    files = read_folder(SKELETON)
    try:
        if folder.exists() or folder.is_symlink():
            raise PackError(f"{folder}: exists already; choose another name")
        stage.mkdir()
        for path, content in files.items():
            target = stage / path
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_bytes(content.replace(NAME.encode(), name.encode()).replace(MAKER.encode(), quoted.encode()))
        stage.rename(folder)
    except OSError as error:
        raise PackError(f"{folder}: cannot be made ({error.strerror}); choose another folder") from None
    finally:
        shutil.rmtree(stage, ignore_errors=True)
    return len(files)
