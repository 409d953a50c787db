"""Real files: every number as LibRaw decodes it, and the photograph's data as the files tell it."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import rawpy

import lichtbild
from lichtbild.errors import RawError
from lichtbild.raw.read import probe, read_frame
from lichtbild.report import Report

MOSAICS = [
    "raws/hdrmerge/sample1.dng",
    "raws/gopro/Hero6_GOPR0024.dng",
    "raws/tinydng/colorchart.dng",
    "raws/bmpcc/lowlight_desk.dng",
]


@pytest.mark.parametrize("name", MOSAICS)
def test_mosaics_are_decoded_bit_for_bit(shared_data: Callable[[str], Path], name: str) -> None:
    path = shared_data(name)
    report = Report()
    frame = read_frame(path, report)
    with rawpy.imread(str(path)) as raw:
        expected = raw.raw_image_visible
        assert frame.mosaic.shape == expected.shape
        different = int((frame.mosaic != expected).sum())
        cfa = "".join("RGBG"[raw.raw_color(raw.sizes.top_margin + y, raw.sizes.left_margin + x)] for y, x in SITES)
        black = raw.black_level_per_channel
        white = raw.white_level
    assert different == report.decided["raw"][path.name]["defects_mended"]
    assert frame.cfa == cfa
    assert frame.black_level == tuple(float(b) for b in black)
    assert frame.white_level == white
    assert not frame.mosaic.flags.writeable


SITES = [(0, 0), (0, 1), (1, 0), (1, 1)]


def test_an_uncompressed_file_is_not_copied(shared_data: Callable[[str], Path]) -> None:
    frame = read_frame(shared_data("raws/gopro/Hero6_GOPR0024.dng"), Report())
    assert not frame.mosaic.flags.owndata
    base = frame.mosaic
    while isinstance(base, np.ndarray):
        base = base.base
    assert isinstance(base, memoryview)


def test_the_gopro_tells_everything(shared_data: Callable[[str], Path]) -> None:
    frame = read_frame(shared_data("raws/gopro/Hero6_GOPR0024.dng"), Report())
    meta = frame.metadata
    assert (meta.make, meta.model, meta.orientation) == ("GoPro", "HERO6 Black", 2)
    assert (meta.iso, meta.exposure_time, meta.f_number, meta.focal_length) == (100, 1 / 455, 2.8, 3)
    assert meta.capture_time == "2016:01:01 23:07:27"
    assert meta.color.as_shot_neutral == (0.522449, 1.0, 0.571429)
    assert (meta.color.calibration_illuminant_1, meta.color.calibration_illuminant_2) == (3, 23)
    assert meta.color.color_matrix_2 is not None
    assert meta.color.color_matrix_2[1] == (-0.2315, 1.0625, 0.1948)
    assert meta.exif["GPS"][2] == (5, ((33, 1), (7, 1), (368076000, 10000000)))
    assert frame.shading is not None
    assert frame.shading.shape == (23, 23, 4)
    assert frame.shading[0, 0] == pytest.approx((1.7890625,) * 4, rel=2e-3)
    assert frame.shading[11, 11] == pytest.approx((1, 1, 1, 1), abs=0.02)


def test_the_neutral_of_the_canon_is_brought_to_one(shared_data: Callable[[str], Path]) -> None:
    neutral = read_frame(shared_data("raws/tinydng/colorchart.dng"), Report()).metadata.color.as_shot_neutral
    assert neutral == pytest.approx((1 / 2.477, 1, 1.462 / 2.477))


def test_a_linear_dng_opens_with_three_colours(shared_data: Callable[[str], Path]) -> None:
    path = shared_data("raws/edge/nikon_d500_linear.dng")
    frame = read_frame(path, Report())
    assert frame.is_linear
    assert frame.cfa == "RGB"
    assert frame.mosaic.shape == (400, 600, 3)
    assert frame.metadata.color.forward_matrix_1 is not None
    # Its list 2 maps the stored 8 bits to linear light: black stays where it is said to be, and white is far away.
    assert frame.white_level == 65535
    assert frame.black_level == (2048.0,) * 4
    assert 0 < np.median(frame.mosaic[..., 1]) - 2048 < 0.002 * 65535
    assert frame.metadata.opcode_list_2 == b""


@pytest.mark.parametrize(
    ("name", "why"),
    [
        ("raws/edge/canon_g1_gmyc.crw", "GMCY"),
        ("raws/edge/hero6_unsupported.gpr", "VC-5"),
        ("raws/edge/iphone12pro_proraw_skeleton.dng", "ends before its pixels"),
        ("raws/halide/bayer_raw.png", "PNG picture"),
        ("raws/README.md", "text file"),
        ("raws/gopro", "folder"),
        ("bench/kodak24/01.png", "PNG picture"),
    ],
)
def test_what_cannot_be_read_is_refused_in_one_line(shared_data: Callable[[str], Path], name: str, why: str) -> None:
    path = shared_data(name)
    with pytest.raises(RawError, match=why) as caught:
        read_frame(path, Report())
    assert str(caught.value).startswith(f"{path}: ")
    assert "\n" not in str(caught.value)


def test_the_old_kodak_has_the_colours_that_libraw_gives_it(shared_data: Callable[[str], Path]) -> None:
    """Its matrix is told to nobody, and its colours are balanced in the file: blue sky, brick and white plaster."""
    path = shared_data("raws/edge/RAW_KODAK_DC50.KDC")
    report = Report()
    assert read_frame(path, report).metadata.color.as_shot_neutral == (1, 1, 1)
    assert report.notices == []
    picture = lichtbild.develop(path, look="linear", depth="32f").image
    with rawpy.imread(str(path)) as raw:
        linear = raw.postprocess(use_camera_wb=True, gamma=(1, 1), no_auto_bright=True, output_bps=16)
    for top, left in ((30, 30), (300, 560), (300, 240)):
        expected = linear[top : top + 40, left : left + 40].mean((0, 1))
        found = picture[top : top + 40, left : left + 40].mean((0, 1))
        np.testing.assert_allclose(found / found[1], expected / expected[1], rtol=0.06)


def test_a_probe_knows_the_photograph_without_its_pixels(shared_data: Callable[[str], Path]) -> None:
    found = probe(shared_data("raws/hdrmerge/sample2.dng"))
    assert (found.format, found.width, found.height, found.cfa, found.bits) == ("DNG", 4310, 2868, "GBRG", 16)
    assert found.metadata.exposure_time == pytest.approx(1 / 640)
    assert found.metadata.lens == "18-55 mm f/3.5-5.6"
    skeleton = probe(shared_data("raws/edge/iphone12pro_proraw_skeleton.dng"))
    assert skeleton.metadata.orientation == 6
    assert skeleton.metadata.lens == "iPhone 12 Pro back triple camera 4.2mm f/1.6"
    assert probe(shared_data("raws/edge/canon_g1_gmyc.crw")).metadata.model == "Canon PowerShot G1"
