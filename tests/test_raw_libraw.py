"""LibRaw in its own process: what it decodes, and what its death means."""

from __future__ import annotations

import contextlib
import struct
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest

import lichtbild
from lichtbild.errors import RawError
from lichtbild.raw import fallbacks, libraw, sniff
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
    monkeypatch.setattr(libraw, "TIME_LIMIT", 1.0 if why == "not done after" else 20.0)  # a process starts slowly
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


def test_exif_inside_minolta_mrw() -> None:
    exif = tiff({"main": {271: (2, "Minolta"), 272: (2, "DiMAGE A2"), 34665: (4, "@e")}, "e": {34855: (3, 64)}}, {})
    blocks = b"\0PRD" + struct.pack(">I", 24) + bytes(24) + b"\0TTW" + struct.pack(">I", len(exif)) + exif
    (inner,) = sniff.inner_tiffs(memoryview(b"\0MRM" + struct.pack(">I", len(blocks)) + blocks))
    assert (Tags.of(inner).text(272), Tags.of(inner).positive(34855)) == ("DiMAGE A2", 64)


def heap(*records: tuple[int, bytes], order: str = "<") -> bytes:
    """Of Canon's CIFF: the records, the directory, the directory's place."""
    values, directory = b"", b""
    for kind, value in records:
        directory += struct.pack(order + "HII", kind, len(value), len(values))
        values += value
    return values + struct.pack(order + "H", len(records)) + directory + struct.pack(order + "I", len(values))


@pytest.mark.parametrize("order", ["<", ">"])
def test_the_camera_of_a_canon_crw(tmp_path: Path, order: str) -> None:
    names = heap((0x0810, b"Somebody\0"), (0x080A, b"Canon\0Canon EOS 10D\0\0\0"), order=order)
    image = heap(
        (0x2804, heap((0x0805, b"comment"), order=order)), (0x300A, heap((0x2807, names), order=order)), order=order
    )
    head = (b"II" if order == "<" else b"MM") + struct.pack(order + "I", 26) + b"HEAPCCDR"
    data = head.ljust(26, b"\0") + heap((0x2005, bytes(500)), (0x300A, image), order=order)
    path = tmp_path / "a.crw"
    path.write_bytes(data)
    assert (probe(path).metadata.make, probe(path).metadata.model) == ("Canon", "Canon EOS 10D")
    for at in range(0, len(data), 3):  # what is damaged may tell nothing, but does not fail
        (tmp_path / "b.crw").write_bytes(data[:at] + b"\xff\xff" + data[at + 2 :])
        with contextlib.suppress(RawError):
            probe(tmp_path / "b.crw")
    assert sniff.inner_tiffs(memoryview(data)) == []


def test_what_only_libraw_knows_of_the_photograph(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "a.raw"
    answered(monkeypatch, path, mosaic(), iso=400.0, time="2007:11:25 20:27:54", lens="35 mm", aspect=0.5)
    report = Report()
    found = read_frame(path, report).metadata
    assert (found.iso, found.capture_time, found.lens) == (400, "2007:11:25 20:27:54", "35 mm")
    assert any("not square (0.5 to 1)" in notice for notice in report.notices)


def answered(monkeypatch: pytest.MonkeyPatch, path: Path, pixels: np.ndarray, **answer: object) -> None:
    """Let LibRaw say this of the file."""
    usual = {
        "shape": pixels.shape, "linear": pixels.ndim == 3, "period": [2, 2], "colors": "RGBG", "count": 3,
        "aspect": 1.0, "to_srgb": None,
        "sites": [0, 1, 3, 2], "black": [0] * 4, "white": 65535, "whites": [], "neutral": [2.0, 1.0, 1.5, 0.0],
        "matrix": [[0.0] * 3] * 3, "crop": [0, 0, 0, 0], "flip": 0, "iso": 0, "exposure_time": 0, "f_number": 0,
        "focal_length": 0, "time": "1970:01:01 00:00:00", "lens": "",
    }  # fmt: skip
    monkeypatch.setattr(libraw, "_decoded", lambda _: (usual | answer, pixels))
    path.write_bytes(tiff({"main": {271: (2, "Maker"), 272: (2, "Camera")}}, {}))


def test_colours_without_matrix_or_balance_are_those_of_a_picture(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    grey = np.full((64, 96, 3), 20000, np.uint16)
    answered(monkeypatch, tmp_path / "a.raw", grey, neutral=[0.0, 1.0, 0.0, 0.0])
    report = Report()
    color = read_frame(tmp_path / "a.raw", report).metadata.color
    assert any("camera made itself" in notice for notice in report.notices)
    assert color.as_shot_neutral == (1, 1, 1)
    white = np.linalg.solve(color.color_matrix_1, np.ones(3))
    np.testing.assert_allclose(white / white[1], (0.9505, 1, 1.089), atol=5e-4)  # D65


def test_the_matrix_that_libraw_tells_nobody(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    to_srgb = [[1.8, -0.3, -0.5], [-0.4, 1.8, -0.4], [-0.7, -1.4, 3.1]]
    answered(monkeypatch, tmp_path / "a.raw", mosaic(), to_srgb=to_srgb)
    report = Report()
    color = read_frame(tmp_path / "a.raw", report).metadata.color
    neutral = np.array([0.5, 1.0, 2 / 3])
    np.testing.assert_allclose(color.as_shot_neutral, neutral)
    seen = np.array([0.2, 0.5, 0.3])  # linear sRGB
    xyz = np.linalg.solve(fallbacks.SRGB_MATRIX, seen)
    np.testing.assert_allclose(to_srgb @ (np.array(color.color_matrix_1) @ xyz / neutral), seen, atol=1e-9)
    assert not any("colour" in notice or "white" in notice for notice in report.notices)


def test_a_matrix_that_cannot_be_inverted_is_none(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    answered(monkeypatch, tmp_path / "a.raw", mosaic(), to_srgb=[[1.0, 0.0, 0.0], [1.0, 0.0, 0.0], [0.0, 0.0, 1.0]])
    report = Report()
    assert read_frame(tmp_path / "a.raw", report).metadata.color.color_matrix_1 == fallbacks.GENERIC_COLOR_MATRIX
    assert any("typical camera" in notice for notice in report.notices)


def test_a_sensor_without_colours_is_grey(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    pixels = mosaic()
    answered(monkeypatch, tmp_path / "a.raw", pixels, count=1, sites=[6] * 4, black=[64, 0, 0, 0], colors="G")
    frame = read_frame(tmp_path / "a.raw", Report())
    np.testing.assert_array_equal(frame.mosaic, np.repeat(pixels[..., None], 3, 2))
    assert (frame.black_level, frame.metadata.color.as_shot_neutral) == ((64.0,) * 4, (1, 1, 1))


@pytest.mark.parametrize(("tag", "flip", "orientation"), [(1, 6, 6), (None, 5, 8), (8, 0, 8), (1, 0, 1)])
def test_what_only_libraw_knows_of_the_orientation(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, tag: int | None, flip: int, orientation: int
) -> None:
    path = tmp_path / "a.raw"
    answered(monkeypatch, path, mosaic(), flip=flip)
    path.write_bytes(tiff({"main": {272: (2, "Camera")} | ({274: (3, tag)} if tag else {})}, {}))
    assert read_frame(path, Report()).metadata.orientation == orientation


RAW_TAGS = {256: (4, 96), 257: (4, 64), 262: (3, 32803), 273: (4, "@pixels"), 279: (4, 12288)}
RAW = tiff({"main": {271: (2, "Maker"), 330: (4, "@raw")}, "raw": RAW_TAGS}, {"pixels": bytes(12288)})
PANASONIC = bytearray(tiff({"main": {273: (4, 2**32 - 1), 279: (4, 12288), 280: (4, "@p")}}, {"p": bytes(12288)}))
PANASONIC[2:4] = b"\x55\0"
FUJI = b"FUJIFILMCCD-RAW 0201".ljust(100, b"\0") + struct.pack(">2I", 200, 9000) + bytes(92) + bytes(9000)


@pytest.mark.parametrize("data", [RAW, bytes(PANASONIC), FUJI], ids=["SubIFD", "Panasonic", "Fujifilm"])
def test_a_raw_that_was_cut_off_is_no_picture(tmp_path: Path, data: bytes) -> None:
    for missing, cut in ((0, False), (20, False), (4000, True)):
        whole = memoryview(data)[: len(data) - missing]
        assert sniff.ends_early(whole, sniff.tiff_of(whole)) == cut
    path = tmp_path / "a.raw"
    path.write_bytes(data[:-4000])
    with pytest.raises(RawError, match=r"a\.raw: the file ends before its pixels do; copy it again"):
        read_frame(path, Report())


@pytest.mark.parametrize("whole", [True, False])
def test_more_bytes_counted_than_written_do_not_refuse_a_picture(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, whole: bool
) -> None:
    """Panasonic counts the bytes of pixels before they are compressed."""
    path, pixels = tmp_path / "a.rw2", mosaic()
    if not whole:
        pixels[48:] = 0
    answered(monkeypatch, path, pixels)
    path.write_bytes(PANASONIC[:-6000])
    if whole:
        assert read_frame(path, Report()).mosaic.shape == pixels.shape
    else:
        with pytest.raises(RawError, match="ends before its pixels do"):
            read_frame(path, Report())


def test_a_finished_tiff_is_told_from_a_raw(tmp_path: Path) -> None:
    path = tmp_path / "a.tif"
    tags = {256: (4, 64), 257: (4, 64), 258: (3, [8] * 3), 262: (3, 2), 271: (2, "Canon"), 277: (3, 3)}
    tags |= {273: (4, "@pixels"), 279: (4, 12288)}
    path.write_bytes(tiff({"main": tags}, {"pixels": mosaic().tobytes()}))
    with pytest.raises(RawError, match="is a finished TIFF picture"):
        read_frame(path, Report())


def test_a_probe_of_a_format_without_tiff_knows_its_time(tmp_path: Path) -> None:
    fuji = tiff({"main": {271: (2, "FUJIFILM"), 306: (2, "2024:01:02 03:04:05")}}, {})
    raf = b"FUJIFILMCCD-RAW 0201".ljust(84, b"\0") + struct.pack(">I", 160)
    path = tmp_path / "shot.raf"
    path.write_bytes(raf.ljust(160, b"\0") + b"\xff\xd8\xff\xe1\0\0Exif\0\0" + fuji)
    found = probe(path)
    assert (found.format, found.metadata.capture_time) == ("raw", "2024:01:02 03:04:05")
