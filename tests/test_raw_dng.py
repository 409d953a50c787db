"""DNG files of every kind, made here: right numbers from each, and a clear refusal of what cannot be."""

from __future__ import annotations

import gc
import os
import struct
import sys
from pathlib import Path

import imagecodecs
import numpy as np
import pytest
import rawpy

import lichtbild
from lichtbild.errors import RawError
from lichtbild.raw.read import probe, read_frame
from lichtbild.report import Report
from make_dng import make_dng, rational


def mosaic(height: int = 50, width: int = 70, bits: int = 16, seed: int = 0) -> np.ndarray:
    """Smooth enough to hold no defects, different everywhere."""
    rng = np.random.default_rng(seed)
    y, x = np.mgrid[:height, :width]
    level = (0.3 + 0.2 * np.sin(y / 9) + 0.2 * np.cos(x / 7)) * ((1 << bits) - 1)
    return np.clip(level + rng.normal(0, 0.01 * (1 << bits), level.shape), 0, (1 << bits) - 1).astype(np.uint16)


def frame_of(tmp_path: Path, data: bytes, report: Report | None = None):
    path = tmp_path / "shot.dng"
    path.write_bytes(data)
    return read_frame(path, report or Report())


@pytest.mark.parametrize("order", ["<", ">"])
@pytest.mark.parametrize("bits", [8, 10, 12, 14, 16])
@pytest.mark.parametrize("shape", [(50, 70), (33, 41), (17, 300)])
def test_packed_bits_of_both_byte_orders(tmp_path: Path, bits: int, order: str, shape: tuple[int, int]) -> None:
    pixels = mosaic(*shape, bits)
    np.testing.assert_array_equal(frame_of(tmp_path, make_dng(pixels, bits=bits, order=order)).mosaic, pixels)


@pytest.mark.parametrize("kind", [{"tile": (16, 32)}, {"rows_per_strip": 7}, {"tile": (16, 32), "order": ">"}, {}])
@pytest.mark.parametrize(("compression", "bits"), [(1, 16), (1, 12), (7, 16), (7, 14), (8, 16)])
def test_strips_and_tiles_of_each_compression(tmp_path: Path, kind: dict, compression: int, bits: int) -> None:
    pixels = mosaic(50, 70, bits)
    data = make_dng(pixels, bits=bits, compression=compression, **kind)
    np.testing.assert_array_equal(frame_of(tmp_path, data).mosaic, pixels)


def test_linear_raw_in_tiles_and_bigtiff(tmp_path: Path) -> None:
    pixels = np.stack([mosaic(40, 50, 16, s) for s in range(3)], -1)
    for kind in ({"tile": (16, 16)}, {"big": True}, {"tile": (16, 16), "compression": 7}):
        frame = frame_of(tmp_path, make_dng(pixels, **kind))
        np.testing.assert_array_equal(frame.mosaic, pixels)
        assert frame.cfa == "RGB"
        assert frame.black_level == (64.0, 64.0, 64.0, 64.0)


@pytest.mark.parametrize("cfa", ["RGGB", "BGGR", "GRBG", "GBRG"])
def test_the_pattern_counts_from_the_active_area(tmp_path: Path, cfa: str) -> None:
    pixels = mosaic(60, 80)
    data = make_dng(pixels, cfa=cfa, tags={50829: (4, [3, 5, 58, 78]), 50719: (4, [2, 4]), 50720: (4, [60, 40])})
    frame = frame_of(tmp_path, data)
    np.testing.assert_array_equal(frame.mosaic, pixels[3:58, 5:78])
    assert frame.cfa == cfa
    assert frame.default_crop == (4, 2, 40, 60)


@pytest.mark.skipif(sys.platform != "linux", reason="looks into /proc")
def test_a_frame_that_is_done_with_lets_go_of_its_file(tmp_path: Path) -> None:
    """At once, without a search for garbage: else memory grows with the number of frames."""
    data = make_dng(mosaic())
    frame_of(tmp_path, data)  # what is kept for later frames

    def mapped() -> bool:
        return str(tmp_path / "shot.dng") in Path("/proc/self/maps").read_text(encoding="utf-8")

    gc.collect()
    gc.disable()
    try:
        frame = frame_of(tmp_path, data)
        assert mapped()
        del frame
        assert not mapped()
    finally:
        gc.enable()


def test_an_uncompressed_mosaic_is_a_view_of_the_file(tmp_path: Path) -> None:
    frame = frame_of(tmp_path, make_dng(mosaic(), rows_per_strip=8))
    assert not frame.mosaic.flags.owndata
    assert not frame.mosaic.flags.writeable


def test_a_linearization_table_holds_its_last_entry(tmp_path: Path) -> None:
    pixels = mosaic(bits=8)
    table = (np.arange(200) ** 2).astype(np.uint16)
    data = make_dng(pixels, bits=8, tags={50712: (3, table), 50714: (4, [0]), 50717: (4, [39601])})
    np.testing.assert_array_equal(frame_of(tmp_path, data).mosaic, table[np.minimum(pixels, 199)])


def test_black_by_site_row_and_column(tmp_path: Path) -> None:
    light = mosaic(bits=14) // 2 + 500
    y, x = np.mgrid[:50, :70]
    sites = np.array([[100, 110], [120, 130]])[y % 2, x % 2]
    rows, columns = np.arange(50) % 5, np.arange(70) % 7
    tags = {
        50713: (3, [2, 2]), 50714: (4, [100, 110, 120, 130]),
        50715: rational(columns), 50716: rational(rows), 50717: (4, [15000]),
    }  # fmt: skip
    frame = frame_of(tmp_path, make_dng((light + sites + rows[:, None] + columns).astype(np.uint16), tags=tags))
    black = np.array(frame.black_level).reshape(2, 2)[y % 2, x % 2]
    np.testing.assert_allclose(frame.mosaic - black, light, atol=0.51)


def test_a_black_pattern_larger_than_the_mosaic(tmp_path: Path) -> None:
    pattern = np.arange(12).reshape(3, 4) * 10
    light = mosaic(bits=14) // 2 + 500
    y, x = np.mgrid[:50, :70]
    data = make_dng(
        (light + pattern[y % 3, x % 4]).astype(np.uint16),
        tags={50713: (3, [3, 4]), 50714: (4, pattern.ravel().tolist()), 50717: (4, [15000])},
    )
    frame = frame_of(tmp_path, data)
    black = np.array(frame.black_level).reshape(2, 2)[y % 2, x % 2]
    np.testing.assert_allclose(frame.mosaic - black, light, atol=0.51)


def test_black_from_the_masked_border(tmp_path: Path) -> None:
    pixels = mosaic(60, 80)
    pixels[:, :16] = 777
    tags = {50714: None, 50829: (4, [0, 16, 60, 80]), 50830: (4, [0, 0, 60, 14])}
    report = Report()
    frame = frame_of(tmp_path, make_dng(pixels, tags=tags), report)
    assert frame.black_level == (777.0,) * 4
    assert frame.mosaic.shape == (60, 64)
    assert report.notices == ["shot.dng: has no usable black level; the mean of its masked border (777) is assumed"]


def opcode_list(*items: tuple[int, bytes]) -> bytes:
    packed = [struct.pack(">4I", code, 0x01030000, 1, len(body)) + body for code, body in items]
    return struct.pack(">I", len(packed)) + b"".join(packed)


def test_gain_maps_per_site(tmp_path: Path) -> None:
    maps = []
    for site in range(4):
        head = struct.pack(">8I2I4dI", site // 2, site % 2, 50, 70, 0, 1, 2, 2, 2, 2, 1.0, 1.0, 0.0, 0.0, 1)
        maps.append((9, head + struct.pack(">4f", 1, 2, 3, 4 + site)))
    frame = frame_of(tmp_path, make_dng(mosaic(), tags={51009: (7, opcode_list(*maps))}))
    assert frame.shading is not None
    # Half a pixel inside the map's border.
    v, h = 0.5 / 50, 0.5 / 70
    for site in range(4):
        expected = (1 - v) * ((1 - h) + 2 * h) + v * (3 * (1 - h) + (4 + site) * h)
        assert frame.shading[0, 0, site] == pytest.approx(expected, rel=1e-6)
        assert frame.shading[1, 1, site] == pytest.approx(
            v * (h + 2 * (1 - h)) + (1 - v) * (3 * h + (4 + site) * (1 - h)), rel=1e-6
        )
    assert len(frame.metadata.opcode_list_2) > 200


def test_listed_bad_pixels_are_mended_with_their_own_colour(tmp_path: Path) -> None:
    y, x = np.mgrid[:50, :70]
    pixels = (1000 * (1 + y % 2 + 2 * (x % 2))).astype(np.uint16)
    good = pixels.copy()
    points = [(0, 0), (10, 11), (12, 11), (49, 69)]
    for point in points:
        pixels[point] = 65535
    pixels[20:30, 40] = 60000
    body = struct.pack(">3I", 0, len(points), 1) + struct.pack(">8I", *sum(points, ()))
    body += struct.pack(">4I", 20, 40, 30, 41)
    frame = frame_of(tmp_path, make_dng(pixels, tags={51008: (7, opcode_list((5, body)))}))
    np.testing.assert_array_equal(frame.mosaic, good)
    assert frame.metadata.opcode_list_1 == b""


def test_bad_pixels_given_by_a_constant(tmp_path: Path) -> None:
    pixels = mosaic(bits=14) + 100
    bad = pixels.copy()
    bad[7, 9] = bad[30, 31] = 0
    frame = frame_of(tmp_path, make_dng(bad, tags={51008: (7, opcode_list((4, struct.pack(">2I", 0, 0))))}))
    assert (frame.mosaic == 0).sum() == 0
    assert (frame.mosaic != bad).sum() == 2


@pytest.mark.parametrize(("scale", "told"), [((1.33, 1), True), ((1, 0.5), True), ((1, 1), False), ((0, 0), False)])
def test_pixels_that_are_not_square_are_told(tmp_path: Path, scale: tuple[float, float], told: bool) -> None:
    report = Report()
    frame_of(tmp_path, make_dng(mosaic(), tags={50718: rational(scale, 5)}), report)
    assert any("not square" in notice for notice in report.notices) == told


def test_a_monochrome_dng_develops_to_grey(tmp_path: Path) -> None:
    """Such a file has no matrix of colours, or one of a single row; its exposure counts."""
    pixels = mosaic(200, 300)
    tags = dict.fromkeys((33421, 33422, 50713, 50728, 50778), None) | {
        262: (3, 34892), 50714: (4, [0]), 50717: (4, [65535]), 50721: (10, [(3, 10)] * 3), 50730: (10, [(1, 2)])
    }  # fmt: skip
    report = Report()
    frame = frame_of(tmp_path, make_dng(pixels, tags=tags), report)
    assert report.notices == ["shot.dng: comes from a monochrome sensor; it is read as grey"]
    np.testing.assert_array_equal(frame.mosaic, np.repeat(pixels[..., None], 3, 2))
    assert frame.metadata.color.baseline_exposure == 0.5
    picture = lichtbild.develop(tmp_path / "shot.dng").image
    assert np.ptp(picture.astype(int), axis=2).max() <= 0.004 * 65535


@pytest.mark.parametrize(
    ("blue", "neutral", "balanced"), [(0.9, None, True), (0.9, 1, True), (0.5, 1, False), (0.9, 2, False)]
)
def test_without_a_matrix_pixels_tell_whether_colours_are_balanced(
    tmp_path: Path, blue: float, neutral: int | None, balanced: bool
) -> None:
    pixels = mosaic(64, 96).astype(float) * 0.5
    pixels[1::2, 1::2] *= blue
    white = (5, [(1, 1), (1, 1), (1, neutral)]) if neutral else None
    tags = {50721: None, 50728: white, 50730: (10, [(1, 2)])}
    report = Report()
    frame = frame_of(tmp_path, make_dng(pixels.astype(np.uint16), tags=tags), report)
    assert any("balanced sRGB is assumed" in notice for notice in report.notices) == balanced
    assert any("typical camera" in notice for notice in report.notices) != balanced
    if balanced:
        assert frame.metadata.color.as_shot_neutral == (1, 1, 1)
    with pytest.raises(RawError, match="too small"):
        frame_of(tmp_path, make_dng(pixels[:1].astype(np.uint16), tags=tags))
    assert frame.metadata.color.baseline_exposure == 0.5


def test_exif_and_colour(tmp_path: Path) -> None:
    exif = {
        33434: (5, [(1, 250)]), 33437: (5, [(28, 10)]), 34855: (3, 65535), 34866: (4, 102400),
        36867: (2, "2024:05:06 07:08:09"), 37521: (2, "25"), 37386: (5, [(50, 1)]), 42036: (2, "A lens"),
        37500: (7, b"maker" * 100), 37510: (7, b"a comment"),
    }  # fmt: skip
    tags = {274: (3, 6), 50723: rational(np.eye(3) * 1.1), 50730: rational([0.5]), 51041: (12, [1e-4, 2e-6])}
    report = Report()
    meta = frame_of(tmp_path, make_dng(mosaic(), tags=tags, exif=exif), report).metadata
    assert (meta.iso, meta.exposure_time, meta.f_number, meta.focal_length) == (102400, 0.004, 2.8, 50)
    assert (meta.capture_time, meta.lens, meta.orientation) == ("2024:05:06 07:08:09.25", "A lens", 6)
    assert meta.color.camera_calibration_1 == ((1.1, 0, 0), (0, 1.1, 0), (0, 0, 1.1))
    assert meta.color.baseline_exposure == 0.5
    assert 37500 not in meta.exif["Exif"]
    assert meta.exif["Exif"][33434] == (5, ((1, 250),))
    assert meta.exif["Image"][271] == (2, "Lichtbild")
    assert report.notices == []


ZERO, NAN = (10, [(0, 0)] * 9), (12, [float("nan")] * 9)


@pytest.mark.parametrize(
    ("tags", "notice"),
    [
        ({50721: None}, "colour matrix"),
        ({50721: ZERO}, "colour matrix"),
        ({50721: NAN}, "colour matrix"),
        ({50728: None}, "white balance"),
        ({50728: rational([0.5, 0, 0.5], 5)}, "white balance"),
        ({50728: (12, [float("inf")] * 3)}, "white balance"),
        ({50717: (4, [0])}, "white level"),
        ({50717: (12, [float("nan")])}, "white level"),
        ({50714: (12, [float("nan")])}, "black level"),
        ({50714: (4, [70000])}, "black level"),
        ({50730: (10, [(1, 0)])}, "BaselineExposure"),
        ({50727: (5, [(0, 1)] * 3)}, "AnalogBalance"),
        ({50723: ZERO}, "CameraCalibration"),
        ({274: (3, 99)}, "orientation"),
    ],
)
def test_each_missing_or_impossible_tag_has_one_fallback_told_once(tmp_path: Path, tags: dict, notice: str) -> None:
    report = Report()
    for _ in range(2):
        frame = frame_of(tmp_path, make_dng(mosaic(), tags=tags), report)
    assert len(report.notices) == 1
    assert report.notices[0].startswith("shot.dng: ")
    assert notice in report.notices[0]
    color = frame.metadata.color
    assert color.color_matrix_1 is not None
    assert color.as_shot_white_xy is None
    assert (color.as_shot_neutral is None) == (notice == "white balance")  # it is measured in the picture
    assert 0 <= max(frame.black_level) < frame.white_level <= 65535
    assert np.isfinite([*color.analog_balance, color.baseline_exposure]).all()


@pytest.mark.parametrize(
    ("tags", "why"),
    [
        ({256: (4, 100_000), 257: (4, 100_000)}, "100000 x 100000"),
        ({256: (4, 60_000), 257: (4, 60_000), 278: (4, 60_000)}, "cannot be real"),
        ({256: (4, 6_000), 257: (4, 6_000), 278: (4, 6_000)}, "ends before its pixels"),
        ({33421: (3, [6, 6]), 33422: (1, [1] * 36)}, "X-Trans"),
        ({50710: (1, [3, 1, 4, 5])}, "4 colours"),
        ({33422: (1, [0, 1, 2, 3])}, "not of red, green, green and blue"),
        ({33422: None}, "2x2"),
        ({50711: (3, 2)}, "staggered"),
        ({259: (3, 9)}, "VC-5"),
        ({259: (3, 52546)}, "damaged"),
        ({339: (3, 3), 258: (3, 64)}, "unknown kind"),
        ({52547: (4, 99)}, "unknown way"),
        ({273: None}, "where its pixels are"),
        ({262: (3, 2)}, "no raw image"),
        ({256: (4, 0)}, "damaged"),
        ({258: (3, 24)}, "24 bits"),
    ],
)
def test_what_cannot_be_read_is_refused_with_its_reason(tmp_path: Path, tags: dict, why: str) -> None:
    with pytest.raises(RawError, match=why) as caught:
        frame_of(tmp_path, make_dng(mosaic(), tags=tags))
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("compression", [1, 7, 8])
def test_a_truncated_file_is_named_as_such(tmp_path: Path, compression: int) -> None:
    data = make_dng(mosaic(), compression=compression, tile=(16, 32))
    with pytest.raises(RawError, match=r"shot\.dng: .*copy it again"):
        frame_of(tmp_path, data[:-200])


@pytest.mark.parametrize(
    ("data", "why"),
    [
        (b"", "empty"),
        (b"hello, I am a letter\n" * 20, "text file"),
        (bytes(4096), "zeros"),
        (b"II*\0", "ends before"),
        (b"SIMPLE  =                    T".ljust(2880), "FITS"),
        (b"\xff\xd8\xff\xe0" + bytes(100), "JPEG"),
        (b"II*\0\x08\0\0\0" + bytes(100), "directory is damaged"),
    ],
)
def test_other_files_are_told_apart(tmp_path: Path, data: bytes, why: str) -> None:
    with pytest.raises(RawError, match=why):
        frame_of(tmp_path, data)


@pytest.mark.parametrize("compression", [7, 8])
def test_a_tile_that_could_not_fit_its_bytes_is_refused(tmp_path: Path, compression: int) -> None:
    data = make_dng(mosaic(), compression=compression, tile=(64, 80), tags={322: (4, 20000), 323: (4, 20000)})
    with pytest.raises(RawError, match="more pixels than its bytes"):
        frame_of(tmp_path, data)


def test_a_pipe_does_not_block(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe.dng")
    with pytest.raises(RawError, match="pipe"):
        read_frame(tmp_path / "pipe.dng", Report())


@pytest.mark.parametrize("cfa", ["RGGB", "GRBG", "GBRG", "BGGR"])
@pytest.mark.parametrize("area", [[0, 0, 50, 70], [3, 5, 50, 70], [2, 5, 49, 69]])
def test_libraw_sees_the_same_mosaic(tmp_path: Path, cfa: str, area: list[int]) -> None:
    pixels = mosaic()
    frame = frame_of(tmp_path, make_dng(pixels, cfa=cfa, tags={50829: (4, area)}))
    with rawpy.imread(str(tmp_path / "shot.dng")) as raw:
        top, left, bottom, right = area  # LibRaw itself shows even offsets only
        np.testing.assert_array_equal(raw.raw_image[top:bottom, left:right], frame.mosaic)
        assert "".join("RGBG"[raw.raw_color(top + i // 2, left + i % 2)] for i in range(4)) == frame.cfa


def test_a_lossy_cinema_dng_of_twelve_bits(tmp_path: Path) -> None:
    pixels = mosaic(64, 96, 12)
    jpeg = imagecodecs.jpeg8_encode(pixels, level=98, bitspersample=12)
    data = make_dng(pixels, bits=12, tags={259: (3, 7), 279: (4, [len(jpeg)])})
    frame = frame_of(tmp_path, data[: -64 * 96 * 12 // 8] + jpeg)
    assert np.abs(frame.mosaic.astype(int) - pixels).mean() < 8


def test_missing_file_folder_and_probe(tmp_path: Path) -> None:
    for call in (probe, lambda p: read_frame(p, Report())):
        with pytest.raises(RawError, match="does not exist"):
            call(tmp_path / "no.dng")
        with pytest.raises(RawError, match="folder"):
            call(tmp_path)
    path = tmp_path / "a.dng"
    path.write_bytes(make_dng(mosaic()))
    found = probe(path)
    assert (found.width, found.height, found.cfa, found.metadata.capture_time) == (
        70,
        50,
        "RGGB",
        "2024:05:06 07:08:09",
    )


def test_reading_does_not_change_the_file(tmp_path: Path) -> None:
    pixels = mosaic(bits=14) + 100
    pixels[20, 20] = 60000
    data = make_dng(pixels, tags={51008: (7, opcode_list((4, struct.pack(">2I", 60000, 0))))})
    frame = frame_of(tmp_path, data)
    assert frame.mosaic[20, 20] < 20000
    assert (tmp_path / "shot.dng").read_bytes() == data
