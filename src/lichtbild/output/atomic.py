"""Put a file in place whole or not at all: a temporary name in the same folder, then a rename."""

from __future__ import annotations

import errno
import os
from collections.abc import Iterable
from pathlib import Path

import numpy as np
import numpy.typing as npt

from lichtbild.errors import OutputError

Chunk = bytes | bytearray | memoryview | npt.NDArray[np.generic]


def check_target(path: Path, *, overwrite: bool) -> None:
    """Refuse, before any work is done, a target that cannot or must not be written. Raises `OutputError`."""
    if path.is_dir():
        raise OutputError(f"{path}: is a folder; name a file in it")
    if not path.parent.is_dir():
        raise OutputError(f"{path}: the folder {path.parent} does not exist; make it first")
    if path.exists() and not overwrite:
        raise OutputError(f"{path}: exists already; choose another name or allow to overwrite it")


def write_atomically(path: Path, chunks: Iterable[Chunk], *, overwrite: bool = False) -> None:
    """Write the chunks one after the other; C-contiguous arrays are written without a copy.

    The file appears under its name only when it is whole; on an error or an interrupt nothing is left behind.
    Raises `OutputError` when the target exists (unless `overwrite`), cannot be written, or the disk is full.
    """
    check_target(path, overwrite=overwrite)
    part = path.with_name(f".{path.name[:100]}.{os.getpid()}.part")
    try:
        with part.open("xb", buffering=0) as file:
            for chunk in chunks:
                _write_all(file.fileno(), chunk)
        part.replace(path)
    except OSError as error:
        raise OutputError(f"{path}: {_reason(error)}") from None
    finally:
        part.unlink(missing_ok=True)


def _write_all(descriptor: int, chunk: Chunk) -> None:
    if isinstance(chunk, np.ndarray):
        chunk = np.ascontiguousarray(chunk).reshape(-1).view(np.uint8).data
    view = memoryview(chunk)
    if view.nbytes:
        view = view.cast("B")
    while view.nbytes:  # a single write stops at 2 GiB, or when the disk is nearly full
        view = view[os.write(descriptor, view) :]


def _reason(error: OSError) -> str:
    if error.errno in (errno.ENOSPC, errno.EDQUOT):
        return "the disk is full; free some space and try again"
    if error.errno in (errno.EACCES, errno.EPERM, errno.EROFS):
        return "cannot be written here (no permission); choose another folder"
    return f"cannot be written ({error.strerror or error}); choose another name or folder"
