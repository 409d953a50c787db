"""LibRaw in its own process: what it decodes, and what its death means."""

from __future__ import annotations

import struct
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest

import lichtbild
from lichtbild.errors import RawError
from lichtbild.raw import libraw, sniff
from lichtbild.raw.read import probe, read_frame
from lichtbild.raw.tags import Tags
from lichtbild.report import Report
from make_dng import make_dng, tiff


def mosaic(height: int = 64, width: int = 96) -> np.ndarray:
    return np.random.default_rng(0).integers(100, 60000, (height, width), dtype=np.uint16)


def unreadable_here(pixels: np.ndarray) -> bytes:
    """A DNG that only LibRaw reads: of 11 bits."""
    return make_dng(pixels >> 5, bits=11)


def test_a_dng_that_only_libraw_knows_goes_through_it(tmp_path: Path) -> None:
    path = tmp_path / "eleven.dng"
    pixels = mosaic()
    path.write_bytes(unreadable_here(pixels))
    frame = read_frame(path, Report())
    assert (frame.mosaic == pixels >> 5).mean() > 0.99  # some look like defects
    assert frame.metadata.unique_camera_model == "Lichtbild Test Camera"
    found = probe(path)  # which does not know its size, and lets it through
    assert found.metadata.model == "Test Camera" and found.width is None
    assert len(lichtbild.read(path)) == 1


def test_one_process_serves_many_files_and_threads(tmp_path: Path) -> None:
    paths = []
    for i in range(6):
        paths.append(tmp_path / f"{i}.dng")
        paths[-1].write_bytes(unreadable_here(mosaic(64, 96 + 2 * i)))
    with ThreadPoolExecutor(3) as pool:
        frames = list(pool.map(lambda p: read_frame(p, Report()), paths))
    assert [f.mosaic.shape[1] for f in frames] == [96, 98, 100, 102, 104, 106]
    assert 1 <= len(libraw._idle) <= 3


def misbehaving(monkeypatch: pytest.MonkeyPatch, code: str) -> None:
    """Let the next LibRaw process run this instead."""
    libraw._close_all()
    real = libraw.subprocess.Popen
    prelude = "import sys, socket, os, time, resource\n"

    def popen(command: list[str], **options: object) -> object:
        return real([command[0], "-c", prelude + code, *command[3:]], **options)  # type: ignore[call-overload]

    monkeypatch.setattr(libraw.subprocess, "Popen", popen)


@pytest.mark.parametrize(
    ("code", "why"),
    [
        ("os.abort()", "crashed"),
        ("socket.socket(fileno=int(sys.argv[1])).recv(9); os.kill(os.getpid(), 11)", "crashed"),
        ("c = socket.socket(fileno=int(sys.argv[1])); c.recv(9); c.send(b'\\x05\\0\\0\\0nons!')", "crashed"),
        ("time.sleep(60)", "not done after"),
    ],
)
def test_a_crash_or_a_hang_is_an_error_that_names_the_mend(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, code: str, why: str
) -> None:
    path = tmp_path / "bad.raw"
    path.write_bytes(b"\x01\x02\x03\x00" * 500)
    misbehaving(monkeypatch, code)
    monkeypatch.setattr(libraw, "TIME_LIMIT", 1.0)
    with pytest.raises(RawError, match=rf"bad\.raw: LibRaw .*{why}.*copy it again") as caught:
        read_frame(path, Report())
    assert "\n" not in str(caught.value)
    assert libraw._idle == []


def test_the_process_may_not_take_all_memory(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "bad.raw"
    path.write_bytes(b"\x01\x02\x03\x00" * 500)
    package = str(Path(libraw.__file__).resolve().parents[2])
    code = f"""
sys.path.insert(0, {package!r})
from lichtbild.raw import libraw_child
def greedy(path):
    block = bytearray(libraw_child.MEMORY_LIMIT)
libraw_child.decode = greedy
libraw_child.main()
"""
    misbehaving(monkeypatch, code)
    with pytest.raises(RawError, match="too much memory"):
        read_frame(path, Report())
    libraw._close_all()


def test_exif_inside_canon_cr3_and_fuji_raf() -> None:
    image = tiff({"main": {271: (2, "Canon"), 272: (2, "Canon EOS R5"), 306: (2, "2024:01:02 03:04:05")}}, {})
    exif = tiff({"main": {33434: (5, [(1, 60)]), 36867: (2, "2024:01:02 03:04:05"), 37521: (2, "7")}}, {})
    gps = tiff({"main": {1: (2, "N")}}, {})
    boxes = b"".join(
        struct.pack(">I", len(b) + 8) + n + b for n, b in ((b"CMT1", image), (b"CMT2", exif), (b"CMT4", gps))
    )
    cr3 = struct.pack(">I", 24) + b"ftypcrx \0\0\0\x01crx isom" + struct.pack(">I", len(boxes) + 8) + b"moov" + boxes
    found = sniff.inner_tiffs(memoryview(cr3))
    tags = Tags(found[0].directories[0], found[1].directories[0], found[2].directories[0], None)
    assert (tags.text(272), tags.positive(33434), tags.gps is not None) == ("Canon EOS R5", 1 / 60, True)
    fuji = tiff(
        {"main": {271: (2, "FUJIFILM"), 272: (2, "GFX 50R"), 34665: (4, "@exif")}, "exif": {34855: (3, 400)}}, {}
    )
    jpeg = b"\xff\xd8\xff\xe1" + struct.pack(">H", len(fuji) + 8) + b"Exif\0\0" + fuji
    raf = b"FUJIFILMCCD-RAW 0201".ljust(84, b"\0") + struct.pack(">I", 160)
    raf = raf.ljust(160, b"\0") + jpeg
    (inner,) = sniff.inner_tiffs(memoryview(raf))
    assert Tags.of(inner).positive(34855) == 400


def test_a_probe_of_a_format_without_tiff_knows_its_time(tmp_path: Path) -> None:
    fuji = tiff({"main": {271: (2, "FUJIFILM"), 306: (2, "2024:01:02 03:04:05")}}, {})
    raf = b"FUJIFILMCCD-RAW 0201".ljust(84, b"\0") + struct.pack(">I", 160)
    path = tmp_path / "shot.raf"
    path.write_bytes(raf.ljust(160, b"\0") + b"\xff\xd8\xff\xe1\0\0Exif\0\0" + fuji)
    found = probe(path)
    assert (found.format, found.metadata.capture_time) == ("raw", "2024:01:02 03:04:05")
