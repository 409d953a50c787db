"""The TIFF serialiser: other readers find what was put in."""

from __future__ import annotations

import errno
import io
import os
import struct
from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import tifffile
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from lichtbild import atomic_file
from lichtbild.errors import OutputError
from lichtbild.output.tiff import (
    EXIF_IFD,
    GPS_IFD,
    SUB_IFDS,
    Directory,
    Tag,
    Type,
    serialise,
    tags_from,
    to_bytes,
)


def picture_tags(image: np.ndarray) -> list[Tag]:
    height, width, samples = image.shape
    return [
        Tag(256, Type.LONG, width),
        Tag(257, Type.LONG, height),
        Tag(258, Type.SHORT, (image.itemsize * 8,) * samples),
        Tag(259, Type.SHORT, 1),
        Tag(262, Type.SHORT, 2),
        Tag(277, Type.SHORT, samples),
        Tag(278, Type.LONG, height),
        Tag(284, Type.SHORT, 1),
    ]


def test_an_image_in_strips_with_a_second_page_and_a_child_reads_back(tmp_path: Path) -> None:
    rng = np.random.default_rng(1)
    first, second = rng.integers(0, 65536, (2, 33, 17, 3), dtype=np.uint16)
    child = rng.integers(0, 256, (5, 7, 3), dtype=np.uint8)
    tags = [t for t in picture_tags(first) if t.id != 278] + [Tag(278, Type.LONG, 16)]
    page = Directory(
        tags,
        strips=[first[0:16], first[16:32], first[32:].tobytes()],
        children={SUB_IFDS: [Directory(picture_tags(child), strips=[child])]},
    )
    path = tmp_path / "a.tif"
    atomic_file.write_atomically(path, serialise([page, Directory(picture_tags(second), strips=[second])]))
    with tifffile.TiffFile(path) as file:
        np.testing.assert_array_equal(file.pages[0].asarray(), first)
        np.testing.assert_array_equal(file.pages[1].asarray(), second)
        np.testing.assert_array_equal(file.pages[0].pages[0].asarray(), child)
        assert all(offset % 64 == 0 for offset in file.pages[1].dataoffsets)
    assert [p.name for p in tmp_path.iterdir()] == ["a.tif"]


def test_arrays_are_not_copied() -> None:
    image = np.zeros((64, 64, 3), np.uint16)
    assert any(chunk is image for chunk in serialise([Directory(picture_tags(image), strips=[image])]))


def test_an_exif_block_reads_back_in_another_library() -> None:
    block = to_bytes(
        [
            Directory(
                [Tag(271, Type.ASCII, "Müller"), Tag(274, Type.SHORT, 6)],
                children={
                    EXIF_IFD: [Directory([Tag(33434, Type.RATIONAL, 1 / 160), Tag(34855, Type.SHORT, 3200)])],
                    GPS_IFD: [
                        Directory([Tag(1, Type.ASCII, "N"), Tag(2, Type.RATIONAL, ((33, 1), (7, 1), (3681, 100)))])
                    ],
                },
            )
        ]
    )
    assert block.startswith(b"II*\0")
    exif = Image.Exif()
    exif.load(b"Exif\0\0" + block)
    assert exif[274] == 6
    assert exif.get_ifd(EXIF_IFD)[33434] == Fraction(1, 160)
    assert exif.get_ifd(EXIF_IFD)[34855] == 3200
    assert [float(v) for v in exif.get_ifd(GPS_IFD)[2]] == [33, 7, 36.81]
    with Image.open(io.BytesIO(_jpeg_with(block))) as image:
        assert image.getexif()[274] == 6


def _jpeg_with(block: bytes) -> bytes:
    out = io.BytesIO()
    Image.new("RGB", (8, 8)).save(out, "JPEG", exif=b"Exif\0\0" + block)
    return out.getvalue()


@pytest.mark.parametrize(
    ("kind", "value", "count", "data"),
    [
        (Type.ASCII, "ab", 3, b"ab\0"),
        (Type.ASCII, b"ab\0", 3, b"ab\0"),
        (Type.BYTE, (1, 4, 0, 0), 4, b"\1\4\0\0"),
        (Type.UNDEFINED, b"0230", 4, b"0230"),
        (Type.SHORT, [1, 2], 2, b"\1\0\2\0"),
        (Type.SRATIONAL, -0.25, 1, struct.pack("<2i", -1, 4)),
        (Type.RATIONAL, (1, 160), 1, struct.pack("<2I", 1, 160)),
        (Type.RATIONAL, (3, 1, 5, 2), 2, struct.pack("<4I", 3, 1, 5, 2)),
        (Type.RATIONAL, [1.0, 2.0], 2, struct.pack("<4I", 1, 1, 2, 1)),
        (Type.SRATIONAL, 1.1597, 1, struct.pack("<2i", 11597, 10000)),
        (Type.RATIONAL, 0.576577, 1, struct.pack("<2I", 576577, 1000000)),
        (Type.RATIONAL, (0, 0), 1, struct.pack("<2I", 0, 0)),
        (Type.RATIONAL, 4e9, 1, struct.pack("<2I", 4_000_000_000, 1)),
        (Type.DOUBLE, np.array([0.5]), 1, struct.pack("<d", 0.5)),
    ],
)
def test_values_are_encoded_by_type(kind: Type, value: Any, count: int, data: bytes) -> None:
    assert Tag(1, kind, value).encode() == (count, data)


@pytest.mark.parametrize(
    ("kind", "value"),
    [
        (Type.SHORT, 70000),
        (Type.SHORT, "x"),
        (Type.SHORT, ()),
        (Type.RATIONAL, float("nan")),
        (Type.RATIONAL, -1.0),
        (Type.RATIONAL, 1e20),
        (Type.LONG, None),
        (99, 1),
        (Type.ASCII, 5.5),
        (Type.SHORT, b"ab"),
    ],
)
def test_values_that_do_not_fit_are_refused_and_not_kept(kind: int, value: Any) -> None:
    with pytest.raises(ValueError, match="tag 7"):
        Tag(7, kind, value).encode()
    assert tags_from({7: (kind, value), 8: (Type.SHORT, 1)}) == [Tag(8, Type.SHORT, 1)]


def test_pointers_and_dropped_tags_are_not_kept() -> None:
    fields = {330: (4, 100), 34665: (4, 8), 37500: (7, b"maker"), 40965: (13, 8), 315: (2, "Ann")}
    assert tags_from(fields, drop=[37500]) == [Tag(315, 2, "Ann")]


@settings(deadline=None)
@given(st.floats(1e-6, 1e6))
def test_rationals_are_true_to_a_ten_millionth(value: float) -> None:
    numerator, denominator = struct.unpack("<2I", Tag(1, Type.RATIONAL, value).encode()[1])
    assert numerator / denominator == pytest.approx(value, rel=2e-7)


def test_existing_missing_and_impossible_targets_are_refused(tmp_path: Path) -> None:
    path = tmp_path / "a.bin"
    atomic_file.write_atomically(path, [b"one"])
    with pytest.raises(OutputError, match=r"a\.bin: exists already"):
        atomic_file.write_atomically(path, [b"two"])
    assert path.read_bytes() == b"one"
    atomic_file.write_atomically(path, [b"two", bytearray(b"!"), np.arange(2, dtype=np.uint16), b""], overwrite=True)
    assert path.read_bytes() == b"two!\0\0\1\0"
    with pytest.raises(OutputError, match="is a folder"):
        atomic_file.write_atomically(tmp_path, [b""], overwrite=True)
    with pytest.raises(OutputError, match="does not exist"):
        atomic_file.write_atomically(tmp_path / "no" / "a", [b""])


@pytest.mark.parametrize(
    ("failure", "text"),
    [(OSError(errno.ENOSPC, "full"), "disk is full"), (OSError(errno.EIO, "I/O"), "cannot be written")],
)
def test_a_failed_write_leaves_the_old_file_and_nothing_else(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, failure: OSError, text: str
) -> None:
    path = tmp_path / "a.bin"
    path.write_bytes(b"old")

    def fail(_descriptor: int, _data: Any) -> int:
        raise failure

    monkeypatch.setattr(os, "write", fail)
    with pytest.raises(OutputError, match=text):
        atomic_file.write_atomically(path, [b"new"], overwrite=True)
    monkeypatch.undo()
    assert path.read_bytes() == b"old"
    assert [p.name for p in tmp_path.iterdir()] == ["a.bin"]


def test_an_interrupt_leaves_nothing(tmp_path: Path) -> None:
    def chunks() -> Any:
        yield b"half"
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        atomic_file.write_atomically(tmp_path / "a.bin", chunks())
    assert not list(tmp_path.iterdir())


def test_more_than_4_gib_is_refused_before_anything_is_written() -> None:
    huge = np.lib.stride_tricks.as_strided(np.zeros(1, np.uint8), (2**31, 2), (0, 0))
    with pytest.raises(OutputError, match="too large"):
        serialise([Directory([Tag(256, Type.LONG, 1)], strips=[huge, huge])])
