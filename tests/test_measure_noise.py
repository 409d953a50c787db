"""Noise profiles of sensors whose noise is known, dark frames, and frames that are unfit."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

import lichtbild as lb
from lichtbild.carriers import Frame
from lichtbild.errors import MeasureError
from lichtbild.measure.dynamic_range import dynamic_range, signal_at
from lichtbild.measure.noise import measure_noise
from lichtbild.measure.photon_transfer import fit_line
from lichtbild.output.dng import write_dng
from lichtbild.raw.read import read_frame
from lichtbild.virtual.scenes.catalogue import find_scene
from lichtbild.virtual.sensor import SENSORS
from lichtbild.virtual.shoot import shoot
from lichtbild.virtual.simulate import simulate

STILL = {"shake": 0.0, "rotation": 0.0, "motion": 0.0, "truth": "none"}


@pytest.mark.parametrize(("camera", "iso"), [("phone", 50), ("phone", 800), ("phone", 6400), ("system", 400)])
def test_profiles_of_simulated_sensors(camera: str, iso: int, tmp_path: Path) -> None:
    files = simulate("still-life", tmp_path, frames=4, iso=iso, camera=camera, size="1200x900", bits=14, **STILL)
    found = measure_noise(files).isos[0]
    sensor = SENSORS[camera]
    true = sensor.noise_profile(iso, 14)
    for line, scale, offset in zip(found.lines, true.scale, true.offset, strict=True):
        assert line.scale == pytest.approx(scale, rel=0.03)
        assert abs(line.offset - offset) < 3.5 * line.offset_error + 0.01 * offset
        for x in (0.01, 0.05, 0.18, 0.5):
            assert line.variance(x) == pytest.approx(scale * x + offset, rel=0.03)
    assert found.full_well == pytest.approx(sensor.electrons(iso), rel=0.03)
    assert found.tag_ratio == pytest.approx(1.0, rel=0.03)
    assert (found.iso, found.frames) == (iso, 4)


def dark_shots(folder: Path, **settings: float) -> list[Path]:
    """Frames of the virtual camera with the cap on."""
    scene = replace(find_scene("resolution-chart", 0.0), exposure=0.0)
    return written([s.frame for s in shoot(scene, frames=3, size="640x480", **settings)], folder, "cap")


@pytest.mark.parametrize("iso", [50, 400, 3200])
def test_with_black_frames_the_offset_is_exact(iso: int, tmp_path: Path) -> None:
    lit = [
        s.frame for s in shoot("daylight-landscape", frames=3, iso=iso, size="640x480", shake=0, rotation=0, motion=0)
    ]
    darks = dark_shots(tmp_path, iso=iso)
    found = measure_noise(written(lit, tmp_path, "lit"), darks)
    true = SENSORS["phone"].noise_profile(iso, 12)
    for line, scale, offset in zip(found.isos[0].lines, true.scale, true.offset, strict=True):
        assert line.scale == pytest.approx(scale, rel=0.03)
        assert line.offset == pytest.approx(offset, rel=0.03)
    assert found.darks[0].read_noise == pytest.approx((true.offset[1] ** 0.5) * (4095 - 256), rel=0.01)
    assert measure_noise([*tmp_path.glob("lit_*.dng"), *darks]).isos == found.isos  # black frames are recognised


def test_a_pair_is_enough_and_several_isos_are_told_apart(tmp_path: Path) -> None:
    files = []
    for iso in (100, 1600):
        files += simulate("daylight-landscape", tmp_path / str(iso), frames=2, iso=iso, size="1200x900", **STILL)
    found = measure_noise(files[::-1])
    assert [i.iso for i in found.isos] == [100, 1600]
    for i in found.isos:
        true = SENSORS["phone"].noise_profile(i.iso, 12)
        for line, scale, offset in zip(i.lines, true.scale, true.offset, strict=True):
            for x in (0.05, 0.18, 0.5):
                assert line.variance(x) == pytest.approx(scale * x + offset, rel=0.03)


@pytest.mark.parametrize(("scene", "shake", "iso"), [("still-life", 3.0, 100), ("resolution-chart", 0.5, 400)])
def test_hand_held_frames_are_unfit(scene: str, shake: float, iso: int, tmp_path: Path) -> None:
    files = simulate(scene, tmp_path, frames=2, iso=iso, size="960x720", **{**STILL, "shake": shake})
    with pytest.raises(MeasureError, match=r"moved between the frames.*tripod"):
        measure_noise(files)


def test_things_that_move_are_left_out(tmp_path: Path) -> None:
    files = simulate("street-night", tmp_path, frames=4, iso=800, size="1200x900", **{**STILL, "motion": 12.0})
    true = SENSORS["phone"].noise_profile(800, 12)
    line = measure_noise(files).isos[0].lines[1]
    assert line.variance(0.18) == pytest.approx(true.scale[1] * 0.18 + true.offset[1], rel=0.03)
    assert line.offset == pytest.approx(true.offset[1], rel=0.05)


def frame_like(template: Frame, values: np.ndarray, seconds: float) -> Frame:
    """A frame with these digital numbers."""
    top = template.white_level
    mosaic = np.clip(np.rint(values), 0, top).astype(np.uint16)
    metadata = replace(template.metadata, exposure_time=seconds)
    return replace(template, mosaic=mosaic, shading=None, metadata=metadata)


@pytest.fixture(scope="module")
def template() -> Frame:
    return shoot("resolution-chart", frames=1, size="480x400", iso=400, shading=0.0)[0].frame


def written(frames: list[Frame], folder: Path, name: str) -> list[Path]:
    paths = [folder / f"{name}_{i}.dng" for i in range(len(frames))]
    for frame, path in zip(frames, paths, strict=True):
        write_dng(frame, path)
    return paths


def test_dark_frames(template: Frame, tmp_path: Path) -> None:
    rng = np.random.default_rng(3)
    shape = template.mosaic.shape
    black, read, dsnu, current = 256.0, 3.0, 1.2, 5.0  # digital numbers; current per second
    pattern = rng.normal(0, dsnu, shape)
    hot = [(20, 31, 300.0), (100, 200, 150.0), (301, 77, 80.0)]
    for y, x, value in hot:
        pattern[y, x] = value
    darks = []
    for seconds in (0.5, 4.0):
        frames = [
            frame_like(template, black + 0.7 + current * seconds + pattern + rng.normal(0, read, shape), seconds)
            for _ in range(4)
        ]
        darks += written(frames, tmp_path, f"dark{seconds}")
    found = measure_noise(darks)
    assert not found.isos and len(found.darks) == 2
    short, long = found.darks
    assert (short.exposure_time, long.exposure_time) == (0.5, 4.0)
    for dark in found.darks:
        assert dark.read_noise == pytest.approx(np.hypot(read, np.sqrt(1 / 12)), rel=0.03)
        assert dark.dsnu == pytest.approx(dsnu, rel=0.05)
        assert [(y, x) for y, x, _ in dark.hot_pixels] == [(y, x) for y, x, _ in hot]
        assert [v for _, _, v in dark.hot_pixels] == pytest.approx([v for _, _, v in hot], abs=6)
        assert dark.row_noise < 0.1 and dark.column_noise < 0.1
    assert short.offset == pytest.approx(0.7 + 0.5 * current, abs=0.1)
    assert found.dark_current is not None
    assert found.dark_current.dn_per_second == pytest.approx(current, rel=0.02)


def test_even_surface_and_dark_frames_together(template: Frame, tmp_path: Path) -> None:
    rng = np.random.default_rng(4)
    shape = template.mosaic.shape
    gain, read, prnu = 0.8, 2.5, 0.01  # digital numbers per electron; read noise in digital numbers
    response = 1 + rng.normal(0, prnu, shape)
    falloff = 1 - 0.3 * ((np.arange(shape[1]) - shape[1] / 2) / shape[1]) ** 2
    paths = []
    for k, level in enumerate((300.0, 2400.0)):
        light = level * response * falloff
        frames = [
            frame_like(template, 256 + gain * rng.poisson(light / gain) + rng.normal(0, read, shape), 0.01 * (k + 1))
            for _ in range(6)
        ]
        paths += written(frames, tmp_path, f"flat{k}")
    frames = [frame_like(template, 256 + rng.normal(0, read, shape), 0.01) for _ in range(4)]
    darks = written(frames, tmp_path, "cap")
    found = measure_noise(paths, darks)
    iso = found.isos[0]
    white = template.white_level - 256
    assert iso.electrons_per_dn == pytest.approx(1 / gain, rel=0.03)
    assert iso.read_noise == pytest.approx(np.hypot(read, np.sqrt(1 / 12)) / gain, rel=0.03)
    assert iso.full_well == pytest.approx(white / gain, rel=0.03)
    assert iso.prnu == pytest.approx(100 * prnu, rel=0.05)
    assert len(found.darks) == 1 and not found.darks[0].hot_pixels


def gray_frames(
    template: Frame, light: np.ndarray, count: int, seed: int, *, gain: float = 1.0, read: float = 2.0
) -> list[Frame]:
    """Frames of light in digital numbers above a black of 256, with photon noise of `gain` DN per electron."""
    rng = np.random.default_rng(seed)
    noisy = (gain * rng.poisson(light / gain) + rng.normal(0, read, light.shape) for _ in range(count))
    return [frame_like(template, 256 + values, 0.1) for values in noisy]


def test_steps_of_light_and_black_frames_of_one_setting(template: Frame, tmp_path: Path) -> None:
    # Their differences are light, not noise: frames are compared with those of their own light only.
    shape, paths = template.mosaic.shape, []
    for k, light in enumerate((0.0, 150.0, 700.0, 2800.0)):
        paths += written(gray_frames(template, np.full(shape, light), 3, k, gain=0.8, read=2.5), tmp_path, f"step{k}")
    report = lb.Report()
    found = measure_noise(paths, report=report)
    iso = found.isos[0]
    assert len(found.darks) == 1 and iso.frames == 9 and iso.flicker < 0.01
    assert iso.electrons_per_dn == pytest.approx(1 / 0.8, rel=0.01)
    assert iso.read_noise == pytest.approx(np.hypot(2.5, 12**-0.5) / 0.8, rel=0.03)
    assert not any("noise is" in notice for notice in report.notices)


def test_darks_of_equal_names_in_another_folder(template: Frame, tmp_path: Path) -> None:
    shape = template.mosaic.shape
    (tmp_path / "lit").mkdir()
    (tmp_path / "dark").mkdir()
    lit = written(gray_frames(template, np.full(shape, 900.0), 2, 1), tmp_path / "lit", "frame")
    darks = written(gray_frames(template, np.zeros(shape), 2, 2), tmp_path / "dark", "frame")
    found = measure_noise(lit, darks)
    assert len(found.isos) == 1 and len(found.darks) == 1


def test_one_even_surface_says_one_number(template: Frame, tmp_path: Path) -> None:
    from lichtbild.measure.photon_transfer import fit_colors
    from lichtbild.measure.stack import measure_group

    report = lb.Report()
    paths = written(gray_frames(template, np.full(template.mosaic.shape, 1900.0), 4, 3), tmp_path, "even")
    line = measure_noise(paths, report=report).isos[0].lines[1]
    white = template.white_level - 256
    assert line.variance(1900 / white) == pytest.approx((1900 + 4 + 1 / 12) / white**2, rel=0.01)
    assert any("known to" in notice and "cap on" in notice for notice in report.notices)
    assert len({(n.scale, n.offset) for n in fit_colors([measure_group(paths, lb.Report())])}) == 1


@pytest.mark.parametrize("amount", [0.01, 0.05])
def test_light_that_flickers_in_bands_or_drifts_is_no_noise(amount: float, template: Frame, tmp_path: Path) -> None:
    rng = np.random.default_rng(12)
    h, w = template.mosaic.shape
    scene = 30 + 2700 * (np.arange(w) / w) * rng.uniform(0.5, 1, (h // 8, w // 8)).repeat(8, 0).repeat(8, 1)
    y = np.arange(h)[:, None]
    for name, lights in (
        ("bands", [scene * (1 + amount * np.sin(y / 30 + 2 * k)) for k in range(4)]),
        ("drift", [scene * (1 + amount * k) for k in range(4)]),
    ):
        frames = [gray_frames(template, light, 1, 20 + k)[0] for k, light in enumerate(lights)]
        found = measure_noise(written(frames, tmp_path, name)).isos[0]
        white = template.white_level - 256
        for line in found.lines:
            for x in (0.05, 0.18, 0.5):
                assert line.variance(x) == pytest.approx(x / white + 4.1 / white**2, rel=0.03)


def test_banding_is_not_called_motion(template: Frame, tmp_path: Path) -> None:
    rng = np.random.default_rng(13)
    h, w = template.mosaic.shape
    scene = np.broadcast_to(20 + 2500 * (np.arange(w) / w) ** 2, (h, w))
    frames = gray_frames(template, scene, 4, 14, read=1.5)
    frames = [frame_like(template, f.mosaic + rng.normal(0, 3, (h, 1)), 0.1) for f in frames]
    assert measure_noise(written(frames, tmp_path, "bands")).isos[0].row_noise == pytest.approx(3, rel=0.1)


def test_colours_share_a_line_only_where_they_agree(template: Frame, tmp_path: Path) -> None:
    rng = np.random.default_rng(15)
    h, w = template.mosaic.shape
    scene = np.broadcast_to(20 + 1500 * (np.arange(w) / w), (h, w))
    gain = np.tile([[1.6, 1.0], [1.0, 1.6]], (h // 2, w // 2))  # red and blue amplified before they are stored
    for name, by in (("alike", np.ones((h, w))), ("amplified", gain)):
        frames = [
            frame_like(template, 256 + by * (rng.poisson(scene) + rng.normal(0, 3, (h, w))), 0.1) for _ in range(4)
        ]
        r, g, b = measure_noise(written(frames, tmp_path, name)).isos[0].lines
        assert (r.scale == g.scale == b.scale) is (name == "alike")
        assert r.scale / g.scale == pytest.approx(by[0, 0], rel=0.03)


def test_copies_and_frames_without_noise(template: Frame, tmp_path: Path) -> None:
    noisy = gray_frames(template, np.full(template.mosaic.shape, 900.0), 2, 17)
    report = lb.Report()
    found = measure_noise(written([*noisy, noisy[0]], tmp_path, "three"), report=report)
    assert found.isos[0].frames == 2 and any("three_2.dng: has the very pixels of three_0" in n for n in report.notices)
    with pytest.raises(MeasureError, match="copies of a frame do not count"):
        measure_noise(written([noisy[0], noisy[0]], tmp_path, "two"))


def test_a_lit_frame_that_is_named_dark_is_told(template: Frame, tmp_path: Path) -> None:
    h, w = template.mosaic.shape
    scene = np.broadcast_to(20 + 2500 * (np.arange(w) / w), (h, w))
    lit = written(gray_frames(template, scene, 2, 1), tmp_path, "lit")
    darks = written(gray_frames(template, scene, 2, 2), tmp_path, "cap")
    report = lb.Report()
    measure_noise(lit, darks, report)
    assert any("cap_0.dng: is named as a frame without light" in notice for notice in report.notices)
    quiet = lb.Report()
    measure_noise(lit, written(gray_frames(template, np.zeros((h, w)), 2, 3), tmp_path, "black"), quiet)
    assert not any("without light" in notice for notice in quiet.notices)


def test_black_that_is_cut_off_is_told(template: Frame, tmp_path: Path) -> None:
    rng = np.random.default_rng(18)
    frames = [
        replace(frame_like(template, rng.normal(0, 3, template.mosaic.shape), 0.1), black_level=(0.0,) * 4)
        for _ in range(3)
    ]
    report = lb.Report()
    measure_noise(written(frames, tmp_path, "cut"), report=report)
    assert any("cuts off what is below black" in notice for notice in report.notices)


def test_row_noise(template: Frame, tmp_path: Path) -> None:
    rng = np.random.default_rng(8)
    shape = template.mosaic.shape
    frames = [
        frame_like(template, 256 + rng.normal(0, 2, shape) + rng.normal(0, 1.5, (shape[0], 1)), 0.1) for _ in range(6)
    ]
    dark = measure_noise(written(frames, tmp_path, "rows")).darks[0]
    assert dark.row_noise == pytest.approx(1.5, rel=0.1) and dark.column_noise < 0.15


def test_dynamic_range_by_definition() -> None:
    scale, offset = 1 / 9000, (3 / 9000) ** 2
    for ratio in (1.0, 10.0):
        x = signal_at(ratio, scale, offset)
        assert x / np.sqrt(scale * x + offset) == pytest.approx(ratio)
    found = dynamic_range(scale, offset)
    assert found.engineering == pytest.approx(np.log2(3000))
    assert found.snr1 == pytest.approx(np.log2(9000 / ((1 + np.sqrt(1 + 4 * 9)) / 2)))
    assert found.maximum == pytest.approx(10 * np.log10(9000), abs=0.01)
    assert dict(found.curve)[0.0] == pytest.approx(found.maximum)


def test_the_line_withstands_wrong_blocks() -> None:
    rng = np.random.default_rng(2)
    x = rng.uniform(0, 0.8, 2000)
    variance = (2e-4 * x + 3e-6) * rng.chisquare(500, 2000) / 500
    variance[:300] *= rng.uniform(1.5, 30, 300)  # something moved there
    line = fit_line("G", x, variance, np.full(2000, 500.0))
    assert line.scale == pytest.approx(2e-4, rel=0.015) and line.offset == pytest.approx(3e-6, rel=0.03)
    assert 0.83 < line.used < 0.87 and line.scale_error / line.scale == pytest.approx(0.004, abs=0.003)


def test_what_cannot_be_measured(template: Frame, tmp_path: Path) -> None:
    one = written([template], tmp_path, "one")
    with pytest.raises(MeasureError, match="name two of them"):
        measure_noise(one)
    small = replace(template, mosaic=np.ascontiguousarray(template.mosaic[:96, :96]))
    with pytest.raises(MeasureError, match="too small"):
        measure_noise(written([frame_like(small, small.mosaic + k, 0.1) for k in (0.0, 1.0)], tmp_path, "small"))
    with pytest.raises(MeasureError, match="size"):
        measure_noise([*written([template], tmp_path, "a"), *written([small], tmp_path, "b")])
    with pytest.raises(lb.RawError, match=r"missing\.dng: does not exist"):
        measure_noise([tmp_path / "missing.dng", one[0]])
    white = frame_like(template, np.full(template.mosaic.shape, 4095.0), 0.1)
    with pytest.raises(MeasureError, match="clipped"):
        measure_noise(written([white, white], tmp_path, "white"))
    assert read_frame(one[0], lb.Report()).mosaic.shape == template.mosaic.shape
