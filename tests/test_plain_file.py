"""Whatever a command reads, it neither waits for a pipe nor reads a device without end."""

from __future__ import annotations

import os
from pathlib import Path

import numpy as np
import pytest

from lichtbild.plain_file import open_plain, read_ahead, read_plain
from make_dng import make_dng
from whole_program import fails, lichtbild

# {}: what is no plain file; @: the folder in which nothing may appear.
READERS = [
    "develop {} -o @/o.jpg",
    "develop @/good.dng -o @/o.jpg --recipe {}",
    "develop @/good.dng -o @/o.jpg --device {}",
    "develop @/good.dng -o @/o.jpg --look {}",
    "develop @/good.dng -o @/o.jpg --sign {} --key {}",
    "simulate {} -o @/o --frames 1",
    "measure chart @/good.dng --reference {}",
    "measure compare {} @/good.dng",
    "calibrate sensitivities {} -o @/o.toml",
    "calibrate dcp {} -o @/o.toml",
    "devices show {}",
    "looks check {}",
    "packs check {}",
    "packs install {}",
]


@pytest.mark.parametrize("reader", READERS)
def test_a_pipe_and_a_device_are_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, reader: str) -> None:
    monkeypatch.setenv("LICHTBILD_PACKS", str(tmp_path / "packs"))
    (tmp_path / "good.dng").write_bytes(make_dng(np.full((64, 64), 900, np.uint16)))
    os.mkfifo(tmp_path / "pipe")
    before = sorted(tmp_path.iterdir())
    for name in (str(tmp_path / "pipe"), "/dev/zero"):
        done = lichtbild(*(part.replace("{}", name).replace("@", str(tmp_path)) for part in reader.split()))
        fails(done, name)
    assert sorted(tmp_path.iterdir()) == before


def test_what_is_opened(tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"light")
    (tmp_path / "link").symlink_to("file")
    (tmp_path / "circle").symlink_to("circle")
    os.mkfifo(tmp_path / "pipe")
    for name in ("file", "link"):
        with open_plain(tmp_path / name) as file:
            assert file.read() == b"light"
    descriptors = len(list(Path("/proc/self/fd").iterdir()))
    for path, words in (
        (tmp_path, "directory"),
        (tmp_path / "pipe", "pipe or a device"),
        (Path("/dev/zero"), "pipe or a device"),
        (tmp_path / "circle", "symbolic links"),
        (tmp_path / "none", "No such file"),
        (tmp_path / "a\0b", "null byte"),
    ):
        with pytest.raises(OSError, match=words):
            open_plain(path)
    assert len(list(Path("/proc/self/fd").iterdir())) == descriptors


def test_a_file_is_read_whole_or_refused(tmp_path: Path) -> None:
    file = tmp_path / "file"
    file.write_bytes(bytes(2048))
    assert read_plain(file, 2048) == bytes(2048)
    with pytest.raises(OSError, match="larger than 1 kB"):
        read_plain(file, 2047)
    with file.open("ab") as grown:
        grown.truncate(1 << 40)  # sparse: to read it all would take memory without end
    with pytest.raises(OSError, match="larger than 3 MB"):
        read_plain(file, 3 << 20)


def test_all_of_a_file_is_read_ahead_and_what_is_none_is_passed_over(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "file").write_bytes(bytes(2_500_000))
    os.mkfifo(tmp_path / "pipe")
    asked: list[tuple[int, int]] = []
    monkeypatch.setattr(os, "posix_fadvise", lambda _fd, start, length, _advice: asked.append((start, length)))
    descriptors = len(list(Path("/proc/self/fd").iterdir()))
    read_ahead([tmp_path / "none", tmp_path, tmp_path / "pipe", Path("a\0b"), tmp_path / "file"])
    assert sum(length for _, length in asked) >= 2_500_000
    assert all(start == end for (start, _), end in zip(asked, [0, *(sum(one) for one in asked)], strict=False))
    assert len(list(Path("/proc/self/fd").iterdir())) == descriptors
