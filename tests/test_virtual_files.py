"""The virtual camera: the files that it writes and reads, and what it refuses."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
import rawpy

from lichtbild import color
from lichtbild.errors import LichtbildError, OutputError, RawError, RecipeError
from lichtbild.report import Report
from lichtbild.virtual.scenes.image_file import image_scene
from lichtbild.virtual.settings import ShootSettings
from lichtbild.virtual.shoot import shoot
from lichtbild.virtual.simulate import simulate

STILL = {"shake": 0.0, "rotation": 0.0, "shading": 0.0}


def test_simulate_writes_the_burst_and_its_truth(tmp_path: Path) -> None:
    paths = simulate(
        "resolution-chart", tmp_path / "new" / "burst", frames=3, size="240x180", bracket="0,-2", cfa="GBRG"
    )
    assert [p.name for p in paths] == ["shot_01.dng", "shot_02.dng", "shot_03.dng"]
    notes = json.loads((tmp_path / "new" / "burst" / "truth" / "truth.json").read_text())
    shots = shoot("resolution-chart", frames=3, size="240x180", bracket="0,-2", cfa="GBRG")
    for path, note, shot in zip(paths, notes["frames"], shots, strict=True):
        assert (note["dy"], note["dx"], note["rotation"]) == (shot.pose.dy, shot.pose.dx, shot.pose.rotation)
        with rawpy.imread(str(path)) as raw:
            np.testing.assert_array_equal(raw.raw_image, shot.frame.mosaic)
            assert raw.raw_pattern.tolist() in ([[1, 2], [0, 3]], [[3, 2], [0, 1]])
    with rawpy.imread(str(tmp_path / "new" / "burst" / "truth" / "truth_01.dng")) as raw:
        black, white = raw.black_level_per_channel[0], raw.white_level
        x = (raw.raw_image.astype(float) - black) / (white - black) * 4  # the bracket's headroom of two stops
        np.testing.assert_allclose(x, np.minimum(shots[0].light, 4), atol=2e-4)
    with pytest.raises(OutputError, match="exists"):
        simulate("resolution-chart", tmp_path / "new" / "burst", frames=3, size="240x180")


def test_our_own_reader_reads_what_was_shot(tmp_path: Path) -> None:
    read = pytest.importorskip("lichtbild.raw.read", reason="the reader is not there yet")
    from lichtbild.report import Report

    path = simulate("resolution-chart", tmp_path, frames=1, size="803x601", truth="none")[0]
    frame, shot = read.read_frame(path, Report()), shoot("resolution-chart", frames=1, size="803x601")[0].frame
    np.testing.assert_array_equal(frame.mosaic, shot.mosaic)
    assert (frame.cfa, frame.black_level, frame.white_level) == (shot.cfa, shot.black_level, shot.white_level)
    np.testing.assert_allclose(frame.noise_profile.scale, shot.noise_profile.scale)
    np.testing.assert_allclose(frame.metadata.color.as_shot_neutral, shot.metadata.color.as_shot_neutral, rtol=1e-6)
    assert frame.shading is not None
    corners = frame.shading[:: frame.shading.shape[0] - 1, :: frame.shading.shape[1] - 1]
    np.testing.assert_allclose(corners, shot.shading[::12, ::16], rtol=5e-3)
    assert frame.metadata.capture_time == shot.metadata.capture_time


@pytest.mark.parametrize(
    ("change", "text"),
    [
        ({"frames": 0}, "frames"),
        ({"frames": 2.5}, "frames"),
        ({"size": "big"}, "WIDTHxHEIGHT"),
        ({"size": "10x10"}, "outside"),
        ({"size": "100000x100000"}, "outside"),
        ({"bracket": "0;1"}, "bracket"),
        ({"bracket": "0,99"}, "bracket"),
        ({"cfa": "RGBW"}, "cfa"),
        ({"zoom": 2}, "zoom"),
    ],
)
def test_wrong_settings_are_refused(change: dict[str, object], text: str) -> None:
    with pytest.raises(RecipeError, match=text):
        ShootSettings().with_changes(**change)


def test_an_image_file_becomes_a_scene(tmp_path: Path) -> None:
    from PIL import Image

    encoded = np.zeros((60, 80, 3), np.uint8)
    encoded[:] = (188, 188, 188)
    encoded[20:40, 30:50] = (255, 255, 255)
    Image.fromarray(encoded).save(tmp_path / "a.png")
    shot = shoot(tmp_path / "a.png", frames=1, size="160x120", **STILL)[0]
    green = shot.light[0::2, 1::2]
    grey = float(color.decode_srgb(188 / 255)) * 0.8
    assert green[5, 5] == pytest.approx(grey, rel=2e-3)
    assert green[30, 40] == pytest.approx(0.8, rel=2e-3)
    raised = shoot(tmp_path / "a.png", frames=1, size="160x120", highlights=3.0, **STILL)[0]
    assert raised.light[60, 81] == pytest.approx(0.8 * 8, rel=2e-3)
    np.testing.assert_allclose(raised.light[:20], shot.light[:20], rtol=1e-3)


def test_an_image_file_is_upright_and_in_its_own_colours(tmp_path: Path) -> None:
    """As phones write them: on their side, in Display P3."""
    from PIL import Image

    from lichtbild.output.icc import profile

    encoded = np.full((80, 60, 3), 128, np.uint8)
    encoded[:40] = (255, 0, 0)
    lying = Image.fromarray(encoded).transpose(Image.Transpose.ROTATE_90)  # what a phone held upright stores
    exif = Image.Exif()
    exif[274] = 6
    lying.save(tmp_path / "a.jpg", exif=exif, icc_profile=profile("p3"), quality=100, subsampling=0)
    light = image_scene(tmp_path / "a.jpg", 0.0).paint.levels[0]  # type: ignore[attr-defined]
    assert light.shape == (80, 60, 3)
    np.testing.assert_allclose(light[10:30].mean((0, 1)), color.convert("p3", "rec2020")[:, 0], atol=0.01)
    np.testing.assert_allclose(light[50:70].mean((0, 1)), float(color.decode_srgb(128 / 255)), atol=0.004)


def test_images_that_are_no_light_are_refused(tmp_path: Path) -> None:
    from PIL import Image

    Image.new("CMYK", (64, 48)).save(tmp_path / "print.jpg")
    Image.new("LAB", (64, 48)).save(tmp_path / "lab.tif")
    (tmp_path / "shot.dng").write_bytes(b"II*\0\x08\0\0\0\x01\0\x12\xc6\x01\0\4\0\0\0\1\4\0\0\0\0\0\0")
    for name, why in (
        ("print.jpg", "CMYK"),
        ("lab.tif", "neither RGB nor grey"),
        ("shot.dng", "not an image"),
    ):
        with pytest.raises(RawError, match=rf"{name}: .*({why}).*; take a JPEG"):
            image_scene(tmp_path / name, 0.0)


@pytest.mark.parametrize(
    "content", [b"", b"hello", b"\xff\xd8\xff\xe0 cut", b"\x89PNG\r\n\x1a\n", b"II*\0\x08\0\0\0\0\0"]
)
def test_a_file_that_is_no_image_is_refused(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "a.jpg").write_bytes(content)
    with pytest.raises(RawError, match=r"a\.jpg"):
        shoot(tmp_path / "a.jpg", frames=1, size="64x48")
    with pytest.raises(LichtbildError, match="built-in"):
        shoot("no-such-scene", frames=1, size="64x48")


def test_frames_of_an_earlier_burst_are_told(tmp_path: Path) -> None:
    """`develop` of all that lies in the folder would take them for frames of this one."""
    first, second = Report(), Report()
    simulate("resolution-chart", tmp_path, frames=4, size="64x48", report=first)
    simulate("resolution-chart", tmp_path, frames=2, size="64x48", report=second, overwrite=True)
    assert first.notices == []
    assert [notice for notice in second.notices if "shot_03.dng to shot_04.dng" in notice] == second.notices != []
