"""Put a file in place whole or not at all: a temporary name in the same folder, then a rename."""

from __future__ import annotations

import errno
import itertools
import os
from collections.abc import Iterable
from pathlib import Path

import numpy as np
import numpy.typing as npt

from lichtbild.errors import OutputError

Chunk = bytes | bytearray | memoryview | npt.NDArray[np.generic]
_numbers = itertools.count()


def check_target(path: Path, *, overwrite: bool) -> None:
    """Refuse, before any work is done, a target that cannot or must not be written. Raises `OutputError`."""
    try:
        if path.is_dir():
            raise OutputError(f"{path}: is a folder; name a file in it")
        folder = path.resolve().parent
        if not folder.is_dir():
            raise OutputError(f"{path}: the folder {folder} does not exist; make it first")
        if path.exists() and not path.is_file():
            raise OutputError(f"{path}: is not a plain file; choose another name")
        if path.exists() and not overwrite:
            raise OutputError(f"{path}: exists already; choose another name, or allow --overwrite (overwrite=True)")
        if not os.access(folder, os.W_OK | os.X_OK):
            raise OutputError(f"{path}: {_NO_PERMISSION}")
    except (OSError, ValueError, RuntimeError) as error:  # a name too long, with a NUL, or in a loop of links
        raise OutputError(f"{path}: {_reason(error)}") from None


def check_not_read(target: Path, inputs: Iterable[Path], role: str, written: str = "what is written") -> None:
    """Refuse a target that is one of the `inputs`, by whatever name. role: what they are. Raises `OutputError`."""
    if target.exists() and any(_is_same(path, target) for path in inputs):
        raise OutputError(f"{target}: is one of the {role}; choose another name for {written}")


def _is_same(path: Path, target: Path) -> bool:
    try:
        return path.samefile(target)
    except (OSError, ValueError):  # the input is missing, which is told when it is read
        return False


def write_atomically(path: Path, chunks: Iterable[Chunk], *, overwrite: bool = False) -> None:
    """Write the chunks one after the other; C-contiguous arrays are written without a copy.

    The file appears under its name only when it is whole; on an error or an interrupt nothing is left behind. A link
    is followed, and the file it points to replaced. Permissions follow the umask.
    Raises `OutputError` when the target exists (unless `overwrite`), cannot be written, or the disk is full.
    """
    check_target(path, overwrite=overwrite)
    target = path.resolve()
    part = target.with_name(f".lichtbild-{os.getpid()}-{next(_numbers)}.part")
    try:
        try:
            with part.open("xb", buffering=0) as file:
                for chunk in chunks:
                    _write_all(file.fileno(), chunk)
            check_target(path, overwrite=overwrite)  # nobody else may have made it meanwhile
            part.replace(target)
        finally:
            part.unlink(missing_ok=True)
    except OSError as error:
        raise OutputError(f"{path}: {_reason(error)}") from None


def _write_all(descriptor: int, chunk: Chunk) -> None:
    if isinstance(chunk, np.ndarray):
        chunk = np.ascontiguousarray(chunk).reshape(-1).view(np.uint8).data
    view = memoryview(chunk)
    if not view.nbytes:
        return
    view = view.cast("B")
    while view.nbytes:  # a single write stops at 2 GiB, or when the disk is nearly full
        view = view[os.write(descriptor, view) :]


_NO_PERMISSION = "cannot be written here (no permission); choose another folder"


def _reason(error: Exception) -> str:
    code = getattr(error, "errno", None)
    if code in (errno.ENOSPC, errno.EDQUOT):
        return "the disk is full; free some space and try again"
    if code in (errno.EACCES, errno.EPERM, errno.EROFS):
        return _NO_PERMISSION
    if code == errno.EFBIG:
        return "the file is larger than this disk or account may hold; choose another folder"
    return f"cannot be written ({getattr(error, 'strerror', None) or error}); choose another name or folder"
