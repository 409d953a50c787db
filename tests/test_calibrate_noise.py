"""Black level, noise, defects and shading of the virtual camera, measured from its own frames, against its truth."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from lichtbild import color
from lichtbild.calibrate.chart_shot import bilinear
from lichtbild.calibrate.flat import canonical, dead_pixels, shading_of
from lichtbild.calibrate.sensor_frames import shot_of
from lichtbild.calibrate.sensor_noise import SensorNoise, calibrate
from lichtbild.devices.profile import DeviceProfile
from lichtbild.errors import DeviceError
from lichtbild.output.dng import write_dng
from lichtbild.report import Report
from lichtbild.virtual.field import Field
from lichtbild.virtual.scene import VirtualScene
from lichtbild.virtual.sensor import SENSORS
from lichtbild.virtual.shoot import shots
from whole_program import lichtbild

SIZE = (720, 900)  # height, width


def even(level: float) -> VirtualScene:
    def paint(y: Field, x: Field, pixel: float, /) -> Field:
        return np.full((y.shape[0], x.shape[1], 3), level, np.float32)

    return VirtualScene(f"even {level}", paint, color.D65, light_value=8.0)


def steps() -> VirtualScene:
    """Squares of many brightnesses."""

    def paint(y: Field, x: Field, pixel: float, /) -> Field:
        number = np.floor(y * 9).astype(int) * 7 + np.floor(x * 9).astype(int)
        tone = np.exp2(-np.mod(number * 5, 13) / 2).astype(np.float32)
        return np.repeat(tone[..., None], 3, axis=2)

    return VirtualScene("steps", paint, color.D65, exposure=0.8, light_value=8.0)


def save(
    folder: Path,
    name: str,
    scene: VirtualScene,
    *,
    black: float | None = None,
    told: dict[str, Any] | None = None,
    **settings: object,
) -> list[Path]:
    wanted = {"size": f"{SIZE[1]}x{SIZE[0]}", "shake": 0.0, "rotation": 0.0, "frames": 3, "defects": 60.0, "seed": 4}
    paths = []
    for i, shot in enumerate(shots(scene, **{**wanted, **settings})):
        frame = replace(shot.frame, shading=None, metadata=replace(shot.frame.metadata, **(told or {})))
        if black is not None:
            frame = replace(frame, black_level=(black,) * 4)
        paths.append(folder / f"{name}_{i}.dng")
        write_dng(frame, paths[-1])
    return paths


@pytest.fixture(scope="module")
def measured(tmp_path_factory: pytest.TempPathFactory) -> tuple[SensorNoise, dict[str, list[Path]], Report]:
    folder = tmp_path_factory.mktemp("frames")
    files = {
        "dark": save(folder, "x1", even(0.0), iso=400.0),
        "flat": save(folder, "x2", even(0.6), iso=400.0),
        "stack": save(folder, "x3", steps(), iso=400.0) + save(folder, "x4", steps(), iso=3200.0),
    }
    report = Report()
    return calibrate([p for paths in files.values() for p in reversed(paths)], report), files, report


def test_frames_are_known_by_what_they_show(measured: tuple[SensorNoise, dict[str, list[Path]], Report]) -> None:
    found, files, report = measured
    for kind, paths in files.items():
        assert sorted(found.kinds[kind]) == sorted(p.name for p in paths)
    assert not report.notices


def test_black_and_noise_are_the_sensors_own(measured: tuple[SensorNoise, dict[str, list[Path]], Report]) -> None:
    profile = measured[0].profile
    assert profile.black_level is not None
    np.testing.assert_allclose(profile.black_level.values, 256.0, atol=0.1)
    assert [n.iso for n in profile.noise] == [400, 3200]
    for noise in profile.noise:
        truth = SENSORS["phone"].noise_profile(noise.iso, 12)
        for x in (0.02, 0.1, 0.5, 1.0):
            for scale, offset in zip(noise.scale, noise.offset, strict=True):
                assert scale * x + offset == pytest.approx(truth.scale[0] * x + truth.offset[0], rel=0.03)


def test_shading_and_defects_are_the_lenss_and_sensors(
    measured: tuple[SensorNoise, dict[str, list[Path]], Report],
) -> None:
    profile = measured[0].profile
    (shading,) = profile.lens_shading
    truth = SENSORS["phone"].shading(*SIZE, "RGGB", 1.0)
    assert truth is not None
    rows, columns = (np.linspace(0, n - 1, m) for n, m in zip(truth.shape, shading.gains.shape[:2], strict=False))
    for i in range(4):
        away = shading.gains[..., i] / bilinear(truth[..., i], rows, columns) - 1
        assert np.abs(away).max() < 0.012 and np.sqrt((away**2).mean()) < 0.006
    assert profile.defects is not None
    assert profile.defects.size == SIZE
    expected = 60e-6 * SIZE[0] * SIZE[1]
    assert 0.5 * expected < len(profile.defects.points) < 1.6 * expected


def test_a_missing_black_level_is_found_from_dark_frames(tmp_path: Path) -> None:
    paths = save(tmp_path, "dark", even(0.0), iso=400.0, black=0.0)
    assert shot_of(paths[0], Report()).kind == "dark"
    found = calibrate(paths, Report()).profile
    assert found.black_level is not None and not found.noise and not found.lens_shading
    np.testing.assert_allclose(found.black_level.values, 256.0, atol=0.1)


def test_one_flat_frame_gives_shading_and_no_noise(tmp_path: Path) -> None:
    (path,) = save(tmp_path, "flat", even(0.6), iso=100.0, frames=1, defects=0.0)
    found = calibrate([path], Report()).profile
    assert found.lens_shading and not found.noise and found.black_level is None


def test_sites_are_put_into_one_order_whatever_the_filter() -> None:
    for cfa in ("RGGB", "BGGR", "GRBG", "GBRG"):
        order = canonical(cfa)
        assert sorted(order) == [0, 1, 2, 3] and cfa[order[0]] == "R" and cfa[order[3]] == "B"
        assert order[1] // 2 == order[0] // 2 and order[2] // 2 == order[3] // 2
    mean = np.full((256, 320), 1000.0, np.float32)
    mean[1::2, 0::2] += np.linspace(0, 200, 160, dtype=np.float32)  # red of GBRG rises to the right
    gains = shading_of(mean, "GRBG", (0.0,) * 4)
    assert np.ptp(gains[..., 3]) > 0.15 and np.ptp(gains[..., 0]) < 1e-3  # there it is blue


def test_dead_pixels_are_found_and_texture_is_not() -> None:
    rng = np.random.default_rng(0)
    mean = (1000 + rng.normal(0, 10, (200, 300))).astype(np.float32)
    mean[20, 31], mean[101, 44] = 10, 1900
    assert sorted(map(tuple, dead_pixels(mean, 1, 100.0).tolist())) == [(20, 31), (101, 44)]


def test_what_tells_nothing_is_refused_in_one_line(tmp_path: Path) -> None:
    (one,) = save(tmp_path, "one", steps(), iso=400.0, frames=1)
    with pytest.raises(DeviceError, match="cap on") as error:
        calibrate([one], Report())
    assert "\n" not in str(error.value)


def test_command_adds_to_a_profile(measured: tuple[SensorNoise, dict[str, list[Path]], Report], tmp_path: Path) -> None:
    files = measured[1]
    out = tmp_path / "device.toml"
    first = lichtbild("calibrate", "noise", *files["dark"], "-o", out)
    assert first.returncode == 0 and "3 dark" in first.stdout, first.stderr
    second = lichtbild("calibrate", "noise", *files["flat"], "-o", out, "--add")
    assert second.returncode == 0, second.stderr
    profile = DeviceProfile.read(out)
    assert profile.black_level is not None and profile.lens_shading and profile.noise


def test_copies_and_shaken_frames_say_nothing_of_noise(tmp_path: Path) -> None:
    """A line of no noise at all, and one known to twice its value, were written into the profile."""
    first = save(tmp_path, "s", steps(), iso=400.0, frames=1)[0]
    copy = tmp_path / "copy.dng"
    copy.write_bytes(first.read_bytes())
    report = Report()
    with pytest.raises(DeviceError, match="nothing can be measured"):
        calibrate([first, copy], report)
    assert any("as copies of one frame" in notice for notice in report.notices)


def ramp() -> VirtualScene:
    """Another scene than `steps`, of the same brightness."""

    def paint(y: Field, x: Field, pixel: float, /) -> Field:
        tone = np.exp2(-np.floor(x * 7) * 0.8 - 0.8) + 0 * y
        return np.repeat(tone[..., None], 3, axis=2).astype(np.float32)

    return VirtualScene("ramp", paint, color.D65, exposure=0.8, light_value=8.0)


def test_scenes_of_one_setting_are_kept_apart(tmp_path: Path) -> None:
    """The noise was 38 % too large, from differences between two scenes."""
    one, two = save(tmp_path, "a", steps(), iso=400.0), save(tmp_path, "b", ramp(), iso=400.0)
    both = calibrate(one + two, Report())
    alone = calibrate(one, Report())
    np.testing.assert_allclose(both.profile.noise[0].scale, alone.profile.noise[0].scale, rtol=0.02)


def test_lenses_are_kept_apart_and_cameras_are_not_mixed(tmp_path: Path) -> None:
    def flat(name: str, frames: int = 1, **told: object) -> list[Path]:
        return save(tmp_path, name, even(0.6), iso=400.0, frames=frames, told=told)

    shadings = calibrate(flat("a", lens="A 50") + flat("b", lens="B 35"), Report()).profile.lens_shading
    assert [s.lens for s in shadings] == ["A 50", "B 35"]
    with pytest.raises(DeviceError, match="another camera"):
        calibrate(flat("c") + flat("d", make="Else"), Report())
    report = Report()
    silent = calibrate(flat("e", 2, iso=None), report).profile
    assert silent.noise == () and silent.lens_shading and "do not say their ISO" in report.notices[0]


def test_flat_frames_that_clip_are_told(tmp_path: Path) -> None:
    report = Report()
    found = calibrate(save(tmp_path, "x", even(1.3), iso=400.0), report)
    assert not found.profile.lens_shading and "% of it is clipped" in report.notices[0]
