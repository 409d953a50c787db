"""What a profile knows of a sensor goes before what the file says, where it can hold."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

import lichtbild as lb
from lichtbild.carriers import Frame, Metadata, NoiseProfile
from lichtbild.devices.profile import BlackLevel, Defects, DeviceProfile, LensShading, Noise
from lichtbild.devices.sensor import noise_at, site_order, with_device
from lichtbild.errors import DeviceError
from lichtbild.output.dng import write_dng
from lichtbild.raw.read import read_frame
from lichtbild.raw.sensor import Sensor
from lichtbild.report import Report

META = Metadata(make="Some", model="Camera", iso=400, lens="50 mm")


def sensor(cfa: str = "RGGB") -> Sensor:
    pixels = np.random.default_rng(0).integers(900, 1100, (40, 60)).astype(np.uint16)
    return Sensor(pixels, cfa, (64.0,) * 4, 4095.0, META)


def profile() -> DeviceProfile:
    gains = np.stack([np.full((3, 4), 1.0 + i / 10, np.float32) for i in range(4)], axis=-1)
    return DeviceProfile(
        "Some",
        "Camera",
        black_level=BlackLevel((65.0, 66.0, 67.0, 68.0)),
        noise=(Noise(100, (1e-4,) * 3, (1e-7,) * 3), Noise(1600, (1.6e-3,) * 3, (2.56e-5,) * 3)),
        defects=Defects((40, 60), np.array([[7, 9]], np.int32)),
        lens_shading=(LensShading(gains, "50 mm"),),
    )


@pytest.mark.parametrize("cfa", ["RGGB", "BGGR", "GRBG", "GBRG"])
def test_sites_in_the_order_of_the_mosaic(cfa: str) -> None:
    found, taken = with_device(sensor(cfa), profile())
    assert taken == ["black_level", "noise", "defects", "shading"]
    for i, color in enumerate(cfa):
        beside_red = "R" in cfa[i // 2 * 2 : i // 2 * 2 + 2]
        index = {"R": 0, "B": 3}.get(color, 1 if beside_red else 2)
        assert site_order(cfa)[i] == index
        assert found.black_level[i] == 65 + index
        assert found.shading is not None
        np.testing.assert_allclose(found.shading[..., i], 1 + index / 10)


def test_noise_between_and_beyond_what_was_measured() -> None:
    for iso in (100.0, 200.0, 400.0, 1600.0, 3200.0, 50.0):
        found = noise_at(profile(), iso)
        assert found is not None
        assert found.scale[0] == pytest.approx(1e-6 * iso)
        assert found.offset[0] == pytest.approx(1e-11 * iso**2)
    assert noise_at(profile(), 12800) is None
    assert noise_at(replace(profile(), noise=()), 100) is None


def test_what_cannot_hold_is_left_alone() -> None:
    own = sensor()
    other = replace(
        profile(),
        black_level=BlackLevel((600.0,) * 4),
        defects=Defects((41, 60), np.array([[7, 9]], np.int32)),
        lens_shading=(replace(profile().lens_shading[0], lens="85 mm"),),
        noise=(),
    )
    found, taken = with_device(own, other)
    assert taken == []
    assert found == own
    shaded = replace(own, shading=np.ones((1, 1, 4), np.float32))
    assert "shading" not in with_device(shaded, profile())[1]


def test_a_listed_defect_is_mended() -> None:
    own = sensor()
    own.pixels[7, 9] = 4000
    found, _ = with_device(own, profile())
    assert found.pixels[7, 9] < 1100
    changed = found.pixels != own.pixels
    assert changed.sum() <= 1


def test_on_the_way_to_a_photograph(tmp_path: Path) -> None:
    mosaic = (1000 + np.random.default_rng(1).normal(0, 10, (64, 96))).astype(np.uint16)
    noise = NoiseProfile((1e-4,) * 3, (1e-6,) * 3)
    write_dng(Frame(mosaic, "RGGB", (64.0,) * 4, 4095.0, 4095.0, noise, META), tmp_path / "shot.dng")
    profile().write(tmp_path / "device.toml")
    frame = read_frame(tmp_path / "shot.dng", Report(), str(tmp_path / "device.toml"))
    assert frame.black_level == (65, 66, 67, 68)
    report = Report()
    lb.develop(lb.read(tmp_path / "shot.dng"), report=report, device=str(tmp_path / "device.toml"))
    assert "black_level" in report.decided["raw"]["shot.dng"]["from_device"]
    assert read_frame(tmp_path / "shot.dng", Report(), "none").black_level == (64,) * 4


def test_a_missing_black_level_is_taken_unless_pixels_lie_below_it() -> None:
    known = replace(profile(), black_level=BlackLevel((256.0,) * 4), defects=None, lens_shading=(), noise=())
    silent = replace(sensor(), black_level=(0.0,) * 4)
    assert with_device(silent, known)[0].black_level == (256.0,) * 4
    dark = replace(silent, pixels=(silent.pixels // 10).astype(np.uint16))  # black is off already
    assert with_device(dark, known) == (dark, [])
    elsewhere = replace(profile(), black_level=BlackLevel((2000.0,) * 4), defects=None, lens_shading=(), noise=())
    assert with_device(silent, elsewhere)[0].black_level == (0.0,) * 4


def test_a_profile_that_is_not_there_is_told_once(tmp_path: Path) -> None:
    mosaic = (1000 + np.random.default_rng(1).normal(0, 10, (64, 96))).astype(np.uint16)
    noise = NoiseProfile((1e-4,) * 3, (1e-6,) * 3)
    for name in ("a.dng", "b.dng"):
        write_dng(Frame(mosaic, "RGGB", (64.0,) * 4, 4095.0, 4095.0, noise, META), tmp_path / name)
    report = Report()
    with pytest.raises(DeviceError, match=r"missing\.toml"):
        missing = str(tmp_path / "missing.toml")
        lb.merge(lb.read(tmp_path / "a.dng", tmp_path / "b.dng"), report=report, device=missing)
    assert not any("left out" in n for n in report.notices)
