"""Opening a file that a user named: a pipe would keep us waiting, and a device never ends."""

from __future__ import annotations

import errno
import os
import stat
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path
from typing import BinaryIO

_AT_ONCE = 1 << 20  # bytes; the system reads no more than a few megabytes ahead for one request


def open_plain(path: Path) -> BinaryIO:
    """The file, to read bytes from. Raises `OSError`, too, for a folder, a pipe, a device, and what can be no name."""
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC | os.O_NONBLOCK)
    except ValueError as error:  # a NUL, or letters that the file system cannot spell
        raise OSError(errno.EINVAL, str(error), str(path)) from None
    try:
        kind = os.fstat(descriptor).st_mode
        if stat.S_ISDIR(kind):
            raise IsADirectoryError(errno.EISDIR, os.strerror(errno.EISDIR), str(path))
        if not stat.S_ISREG(kind):
            raise OSError(errno.EINVAL, "it is a pipe or a device, not a file", str(path))
        return os.fdopen(descriptor, "rb")
    except BaseException:
        os.close(descriptor)
        raise


def read_plain(path: Path, most: int) -> bytes:
    """The whole file. Raises `OSError`, too, where it is larger than `most` bytes; no more than these are read."""
    with open_plain(path) as file:
        content = file.read(most + 1)
    if len(content) > most:
        size = f"{most >> 20} MB" if most >= 1 << 20 else f"{most >> 10} kB"
        raise OSError(errno.EFBIG, f"it is larger than {size}", str(path))
    return content


def read_ahead(paths: Iterable[Path]) -> None:
    """Have the disk begin to read files that are looked at soon. What is wrong with one is told by who does that."""
    for path in paths:
        with suppress(OSError), open_plain(path) as file:
            for start in range(0, os.fstat(file.fileno()).st_size, _AT_ONCE):
                os.posix_fadvise(file.fileno(), start, _AT_ONCE, os.POSIX_FADV_WILLNEED)
