"""DNG files: true to the frame, and opened without complaint by four other programs."""

from __future__ import annotations

import math
import shutil
import struct
import subprocess
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import rawpy
import tifffile
from PIL import Image

from lichtbild.carriers import CameraColor, Frame, Metadata, NoiseProfile
from lichtbild.errors import OutputError
from lichtbild.output.dng import write_dng
from lichtbild.output.opcodes import opcode_ids, with_gain_maps
from lichtbild.raw.read import read_frame
from lichtbild.report import Report

MATRIX_A = ((0.95, -0.32, -0.08), (-0.35, 1.2, 0.17), (-0.02, 0.12, 0.62))
MATRIX_D65 = ((0.85, -0.28, -0.1), (-0.45, 1.3, 0.16), (-0.08, 0.2, 0.58))
PACKET = b"<?xpacket begin='' id='W5M0MpCehiHzreSzNTczkc9d'?><x:xmpmeta xmlns:x='adobe:ns:meta/'/><?xpacket end='w'?>"
FORWARD = ((0.6, 0.3, 0.0642), (0.25, 0.7, 0.05), (0.02, 0.1, 0.7049))


def a_frame(cfa: str = "GRBG", height: int = 120, width: int = 160, seed: int = 0) -> Frame:
    """A grey gradient with noise through a camera with neutral (0.5, 1, 0.625)."""
    rng = np.random.default_rng(seed)
    light = np.linspace(0.02, 0.9, width)[None, :] * np.ones((height, 1))
    gain = {"R": 0.5, "G": 1.0, "B": 0.625}
    for i, colour in enumerate(cfa):
        light[i // 2 :: 2, i % 2 :: 2] *= gain[colour]
    mosaic = np.clip(256 + light * (4095 - 256) + rng.normal(0, 8, light.shape), 0, 4095).astype(np.uint16)
    color = CameraColor(
        color_matrix_1=MATRIX_A,
        color_matrix_2=MATRIX_D65,
        forward_matrix_1=FORWARD,
        forward_matrix_2=FORWARD,
        calibration_illuminant_1=17,
        calibration_illuminant_2=21,
        as_shot_neutral=(0.5, 1.0, 0.625),
        baseline_exposure=0.25,
    )
    exif = {
        "Image": {315: (2, "Ann"), 50714: (3, 1), 273: (4, 99), 33432: (2, "(c) Ann")},
        "Exif": {37500: (7, b"maker note"), 41989: (3, 27), 33434: (5, (1, 60)), 40962: (4, 9)},
        "GPS": {
            0: (1, b"\2\3\0\0"),
            1: (2, "N"),
            2: (5, ((33, 1), (7, 1), (3681, 100))),
            3: (2, "E"),
            4: (5, (1.0, 2.0, 3.0)),
        },
    }
    metadata = Metadata(
        make="Maker",
        model="Model",
        unique_camera_model="Maker Model",
        lens="27mm f/1.8",
        iso=400,
        exposure_time=1 / 60,
        f_number=1.8,
        focal_length=5.6,
        capture_time="2026:05:01 21:30:00.125",
        orientation=6,
        color=color,
        exif=exif,
    )
    return Frame(
        mosaic, cfa, (256.0,) * 4, 4095.0, 4095.0, NoiseProfile((1e-4, 2e-4, 3e-4), (1e-7, 2e-7, 3e-7)), metadata
    )


@pytest.mark.parametrize("cfa", ["RGGB", "BGGR", "GRBG", "GBRG"])
@pytest.mark.parametrize("size", [(120, 160), (121, 163)])
def test_libraw_sees_the_same_mosaic_levels_and_phase(tmp_path: Path, cfa: str, size: tuple[int, int]) -> None:
    frame = replace(a_frame(cfa, *size), black_level=(250.0, 255.0, 260.0, 256.0))
    write_dng(frame, tmp_path / "a.dng")
    with rawpy.imread(str(tmp_path / "a.dng")) as raw:
        np.testing.assert_array_equal(raw.raw_image, frame.mosaic)
        letters = raw.color_desc.decode()
        assert "".join(letters[i] for i in raw.raw_pattern.ravel()) == cfa
        by_letter = {c: {b for b, x in zip(frame.black_level, cfa, strict=True) if x == c} for c in "RGB"}
        assert all(b in by_letter[letters[i]] for i, b in enumerate(raw.black_level_per_channel))
        assert raw.white_level == 4095
        wb = np.array(raw.camera_whitebalance[:3])
        np.testing.assert_allclose(wb / wb[1], [2.0, 1.0, 1.6], rtol=1e-5)
        srgb_to_xyz = np.array([[0.4124, 0.3576, 0.1805], [0.2126, 0.7152, 0.0722], [0.0193, 0.1192, 0.9505]])
        camera = MATRIX_D65 @ srgb_to_xyz
        expected = np.linalg.inv(camera / camera.sum(1, keepdims=True))
        np.testing.assert_allclose(raw.color_matrix[:, :3], expected, atol=2e-3)


def test_tags_read_back(tmp_path: Path) -> None:
    frame = replace(a_frame(), default_crop=(2, 4, 110, 150))
    write_dng(frame, tmp_path / "a.dng", software="Test 1", xmp=b"<x:xmpmeta/>")
    with tifffile.TiffFile(tmp_path / "a.dng") as file:
        page = file.pages[0]
        tags = {t.code: t.value for t in page.tags.values()}
    assert tags[50706] == b"\1\4\0\0"
    assert tuple(tags[50719]) == (4, 2)
    assert tuple(tags[50720]) == (150, 110)
    assert tags[51041] == pytest.approx((1e-4, 1e-7, 2e-4, 2e-7, 3e-4, 3e-7))
    assert np.array(tags[50965]).reshape(9, 2)[:, 0] / np.array(tags[50965]).reshape(9, 2)[:, 1] == pytest.approx(
        np.ravel(FORWARD), abs=1e-6
    )
    assert (tags[315], tags[33432], tags[305], tags[274]) == ("Ann", "(c) Ann", "Test 1", 6)
    assert tags[34665]["FocalLengthIn35mmFilm"] == 27
    assert "MakerNote" not in tags[34665]
    assert tags[34665]["ExposureTime"] == (1, 60)
    assert tags[34853]["GPSLatitude"] == (33, 1, 7, 1, 3681, 100)
    assert tags[700] == b"<x:xmpmeta/>"


def test_headroom_above_white_keeps_brightness_and_noise(tmp_path: Path) -> None:
    frame = replace(a_frame(), white_level=256 + 900.0, clip_level=256 + 3600.0)
    write_dng(frame, tmp_path / "a.dng")
    with tifffile.TiffFile(tmp_path / "a.dng") as file:
        tags = {t.code: t.value for t in file.pages[0].tags.values()}
    assert tags[50717] == 256 + 3600
    assert tags[50730][0] / tags[50730][1] == pytest.approx(0.25 + 2)
    # The variance in digital numbers is the same when either pair of levels is used.
    signal = 500.0
    for i in range(3):
        scale, offset = frame.noise_profile.scale[i], frame.noise_profile.offset[i]
        before = (scale * signal / 900 + offset) * 900**2
        after = (tags[51041][2 * i] * signal / 3600 + tags[51041][2 * i + 1]) * 3600**2
        assert after == pytest.approx(before)


def test_gain_maps_lie_where_the_shading_grid_lies(tmp_path: Path) -> None:
    height, width = 121, 163
    shading = np.arange(5 * 7 * 4, dtype=np.float32).reshape(5, 7, 4) / 100 + 1
    stored = with_gain_maps(b"", shading, height, width, linear=False)
    assert opcode_ids(stored) == [9, 9, 9, 9]
    position = 4
    for site in range(4):
        _, _, _, size = struct.unpack_from(">4I", stored, position)
        v = struct.unpack_from(">10I4dI", stored, position + 16)
        assert v[:4] == (site // 2, site % 2, height, width)
        assert v[4:10] == (0, 1, 2, 2, 5, 7)
        # By the specification a pixel's centre is at (row + 0.5) / height of the map's plane.
        for i, (rows, span) in enumerate(((5, height), (7, width))):
            spacing, origin = v[10 + i], v[12 + i]
            assert origin == pytest.approx(0.5 / span)
            assert origin + spacing * (rows - 1) == pytest.approx((span - 0.5) / span)
        gains = np.frombuffer(stored, ">f4", 35, position + 16 + 76).reshape(5, 7)
        np.testing.assert_array_equal(gains, shading[..., site])
        position += 16 + size
    assert position == len(stored)
    frame = replace(a_frame(height=height, width=width), shading=shading)
    kept = replace(frame, metadata=replace(frame.metadata, opcode_list_2=stored))
    for name, f in (("made", frame), ("kept", kept)):
        write_dng(f, tmp_path / f"{name}.dng")
        with tifffile.TiffFile(tmp_path / f"{name}.dng") as file:
            assert file.pages[0].tags[51009].value == stored


def test_linear_raw_has_three_samples(tmp_path: Path) -> None:
    rng = np.random.default_rng(3)
    pixels = rng.integers(64, 4096, (41, 63, 3), dtype=np.uint16)
    frame = replace(a_frame(), mosaic=pixels, cfa="RGB", black_level=(64.0, 65.5, 66.0, 0.0))
    write_dng(frame, tmp_path / "a.dng")
    with tifffile.TiffFile(tmp_path / "a.dng") as file:
        page = file.pages[0]
        np.testing.assert_array_equal(page.asarray(), pixels)
        assert page.photometric == 34892
        assert np.array(page.tags[50714].value).reshape(3, 2).tolist() == [[64, 1], [131, 2], [66, 1]]
    with rawpy.imread(str(tmp_path / "a.dng")) as raw:
        assert raw.sizes.width == 63


@pytest.mark.parametrize("size", [(96, 128), (131, 78), (300, 530), (259, 515)])
def test_lossless_compression_changes_no_number(tmp_path: Path, size: tuple[int, int]) -> None:
    mosaic = np.random.default_rng(4).integers(0, 65536, size, np.uint16)
    mosaic[:32] = np.arange(size[1]) * 7  # smooth rows, for the predictor
    frame = replace(a_frame(), mosaic=mosaic)
    write_dng(frame, tmp_path / "a.dng", compression="lossless")
    with rawpy.imread(str(tmp_path / "a.dng")) as raw:
        assert np.array_equal(raw.raw_image, mosaic)
    assert np.array_equal(read_frame(tmp_path / "a.dng", Report()).mosaic, mosaic)


def test_a_frame_that_knows_nothing_is_written(tmp_path: Path) -> None:
    frame = Frame(
        np.full((2, 3), 7, np.uint16),
        "RGGB",
        (0.0,) * 4,
        0.0,
        0.0,
        NoiseProfile((math.nan,) * 3, (0.0,) * 3),
        Metadata(),
    )
    write_dng(frame, tmp_path / "a.dng")
    with tifffile.TiffFile(tmp_path / "a.dng") as file:
        assert 51041 not in {t.code for t in file.pages[0].tags.values()}
    broken = replace(frame, metadata=Metadata(color=CameraColor(color_matrix_1=((math.nan,) * 3,) * 3)))
    with pytest.raises(OutputError, match=r"b.dng: .*50721"):
        write_dng(broken, tmp_path / "b.dng")
    assert not (tmp_path / "b.dng").exists()


def test_dates_that_are_none_are_left_out(tmp_path: Path) -> None:
    frame = a_frame()
    exif = {
        "Image": {306: (2, "0000:00:00 00:00:00")},
        "Exif": {36867: (2, "    :  :     :  :  "), 36868: (2, "2020:02:30 12:00:00")},
    }
    write_dng(replace(frame, metadata=replace(frame.metadata, capture_time="yesterday", exif=exif)), tmp_path / "a.dng")
    with tifffile.TiffFile(tmp_path / "a.dng") as file:
        tags = {t.code: t.value for t in file.pages[0].tags.values()}
    assert 306 not in tags
    assert "DateTimeOriginal" not in tags[34665]
    assert tags[34665]["DateTimeDigitized"] == "2020:02:30 12:00:00"


def test_an_existing_file_is_kept(tmp_path: Path) -> None:
    (tmp_path / "a.dng").write_bytes(b"mine")
    with pytest.raises(OutputError, match="exists"):
        write_dng(a_frame(), tmp_path / "a.dng")
    assert (tmp_path / "a.dng").read_bytes() == b"mine"


def _needs(program: str) -> str:
    found = shutil.which(program)
    if not found:
        pytest.skip(f"{program} is not installed")
    return found


def the_file(tmp_path: Path) -> Path:
    shading = np.ones((9, 13, 4), np.float32) + np.linspace(-1, 1, 13, dtype=np.float32)[None, :, None] ** 2
    frame = replace(a_frame(height=480, width=640), shading=shading, default_crop=(4, 4, 472, 624))
    frame = replace(frame, metadata=replace(frame.metadata, orientation=1))
    write_dng(frame, tmp_path / "a.dng", xmp=PACKET)
    return tmp_path / "a.dng"


def test_exiftool_has_no_complaint(tmp_path: Path) -> None:
    command = [_needs("exiftool"), "-validate", "-warning", "-error", "-a", str(the_file(tmp_path))]
    said = subprocess.run(command, capture_output=True, text=True, check=False)
    assert [line.split(":", 1)[1].strip() for line in said.stdout.splitlines()] == ["OK"], said.stdout


def test_libraw_develops_it_to_neutral_grey(tmp_path: Path) -> None:
    with rawpy.imread(str(the_file(tmp_path))) as raw:
        rgb = raw.postprocess(use_camera_wb=True, no_auto_bright=True, output_bps=16, gamma=(1, 1))
        assert raw.extract_thumb().data.shape == (194, 256, 3)
    middle = rgb[100:-100, 300:340].astype(float).mean((0, 1))
    np.testing.assert_allclose(middle / middle[1], 1.0, atol=0.02)


def test_rawtherapee_opens_it(tmp_path: Path) -> None:
    command = [_needs("rawtherapee-cli"), "-o", str(tmp_path / "a.jpg"), "-Y", "-c", str(the_file(tmp_path))]
    said = subprocess.run(command, capture_output=True, text=True, check=False)
    assert said.returncode == 0
    assert not any(word in (said.stdout + said.stderr).lower() for word in ("error", "warning"))
    with Image.open(tmp_path / "a.jpg") as image:
        assert image.width > 600


def test_darktable_opens_it(tmp_path: Path) -> None:
    options = ["--core", "--library", ":memory:", "--configdir", str(tmp_path / "config"), "--disable-opencl"]
    command = [_needs("darktable-cli"), str(the_file(tmp_path)), str(tmp_path / "a.jpg"), *options]
    said = subprocess.run(command, capture_output=True, text=True, check=False)
    assert said.returncode == 0
    complaints = [line for line in said.stderr.splitlines() if "root" not in line and "error" in line.lower()]
    assert not complaints
    with Image.open(tmp_path / "a.jpg") as image:
        assert image.width > 600
