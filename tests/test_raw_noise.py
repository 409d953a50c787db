"""The noise model of one frame, against noise that is known."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from lichtbild import native
from lichtbild.carriers import NoiseProfile
from lichtbild.raw.fallbacks import Notes
from lichtbild.raw.noise import Estimate, agreed_profile, estimate_noise
from lichtbild.raw.read import read_frame
from lichtbild.report import Report
from make_dng import make_dng

BLACK, WHITE = 1000.0, 16000.0
ISO = {100: (5e-5, 1e-7), 400: (2e-4, 6e-7), 1600: (8e-4, 6e-6), 6400: (3.2e-3, 8e-5)}
LEVELS = np.array([0.02, 0.1, 0.4])


def shot(light: np.ndarray, scale: float, offset: float, seed: int = 0) -> np.ndarray:
    """A mosaic of `light` (0..1) with noise, in digital numbers."""
    rng = np.random.default_rng(seed)
    noisy = light + rng.normal(size=light.shape) * np.sqrt(scale * light + offset)
    return np.clip(np.rint(noisy * (WHITE - BLACK) + BLACK), 0, WHITE).astype(np.uint16)


def measured(mosaic: np.ndarray, cfa: str = "RGGB") -> Estimate:
    found = estimate_noise(mosaic, cfa, (BLACK,) * 4, WHITE, WHITE)
    assert found is not None
    return found


def variance(profile: NoiseProfile, color: int) -> np.ndarray:
    return profile.scale[color] * LEVELS + profile.offset[color]


def scene(height: int = 768, width: int = 1024) -> np.ndarray:
    """Ramps, and strong texture on half of the picture."""
    y, x = np.mgrid[:height, :width]
    light = 0.01 + 0.8 * (y // 96 % 8 / 8 + x / width / 8)
    texture = np.random.default_rng(7).uniform(0.5, 1.0, light.shape)
    return np.where(x < width // 2, light, light * texture)


def test_the_kernel_separates_low_from_high_frequencies() -> None:
    mosaic = np.random.default_rng(1).integers(100, 60000, (64, 100), dtype=np.uint16)
    out = np.empty((4, 3, 5, 5), np.float32)
    native.call("raw_noise_blocks", mosaic, 24, 20, out)
    k, n = np.mgrid[:8, :8]
    dct = np.cos(np.pi * (2 * n + 1) * k / 16) * np.where(k == 0, np.sqrt(1 / 8), 0.5)
    for site in range(4):
        for row in range(3):
            for column in range(5):
                top, left = row * 24 + site // 2, column * 20 + site % 2
                block = mosaic[top : top + 16 : 2, left : left + 16 : 2].astype(float)
                energy = (dct @ block @ dct.T) ** 2
                low = energy[(k + n > 0) & (k + n < 9)].mean()
                expected = [block.mean(), block.min(), block.max(), low, energy[k + n >= 9].mean()]
                np.testing.assert_allclose(out[site, row, column], expected, rtol=1e-4)


@pytest.mark.parametrize("iso", ISO)
def test_noise_is_measured_beside_strong_texture(iso: int) -> None:
    scale, offset = ISO[iso]
    found = measured(shot(scene(), scale, offset))
    for color in range(3):
        np.testing.assert_allclose(variance(found.profile, color), scale * LEVELS + offset, rtol=0.15)
    assert found.profile.source == "frames"


def test_colours_with_their_own_gain_are_told_apart() -> None:
    light = scene()
    mosaic = shot(light, 2e-4, 1e-6)
    mosaic[1::2, 1::2] = shot(light, 6e-4, 3e-6, seed=1)[1::2, 1::2]
    found = measured(mosaic).profile
    np.testing.assert_allclose(variance(found, 0), 2e-4 * LEVELS + 1e-6, rtol=0.15)
    np.testing.assert_allclose(variance(found, 2), 6e-4 * LEVELS + 3e-6, rtol=0.2)
    assert measured(mosaic, "BGGR").profile.scale[0] == found.scale[2]


def test_clipped_and_smoothed_parts_do_not_count() -> None:
    light = scene()
    light[:, 800:] = 1.5
    mosaic = shot(light, 2e-4, 1e-6)
    mosaic[672:] = shot(light, 0.0, 1e-8)[672:]  # as a codec leaves bright skies
    np.testing.assert_allclose(variance(measured(mosaic).profile, 1), 2e-4 * LEVELS + 1e-6, rtol=0.15)


def test_nothing_to_measure_gives_none() -> None:
    assert estimate_noise(np.full((500, 500), 16000, np.uint16), "RGGB", (BLACK,) * 4, WHITE, WHITE) is None
    assert estimate_noise(np.full((500, 500), 0, np.uint16), "RGGB", (BLACK,) * 4, WHITE, WHITE) is None
    assert estimate_noise(np.full((15, 15), 5000, np.uint16), "RGGB", (BLACK,) * 4, WHITE, WHITE) is None


def profile(scale: float, offset: float, source: str) -> NoiseProfile:
    return NoiseProfile((scale,) * 3, (offset,) * 3, source)


def test_the_tag_stands_when_the_frame_agrees() -> None:
    notes = Notes(Report(), "a.dng")
    tag = profile(2e-4, 1e-6, "tag")
    near = Estimate(profile(2.4e-4, 1e-6, "frames"), 1.0)
    far = Estimate(profile(0.7e-4, 3e-7, "frames"), 1.0)
    large = Estimate(profile(6e-4, 3e-6, "frames"), 1.0)
    textured = Estimate(large.profile, 0.0)
    assert agreed_profile(tag, near, 100, notes) is tag
    assert agreed_profile(tag, far, 100, notes) is far.profile
    assert agreed_profile(tag, large, 100, notes) is large.profile
    assert agreed_profile(tag, textured, 100, notes) is tag  # an upper limit is no contradiction
    assert agreed_profile(None, near, 100, notes) is near.profile
    assert agreed_profile(tag, None, 100, notes) is tag
    assert notes.report.notices == []
    assert agreed_profile(None, None, None, notes).source == "fallback"
    assert len(notes.report.notices) == 1


def test_no_frame_has_less_noise_than_rounding_makes(tmp_path: Path) -> None:
    """A tag, or a scene without anything dark, may say that black has none."""
    flat = np.random.default_rng(4).normal(1500, 12, (64, 96))
    path = tmp_path / "bare.dng"
    path.write_bytes(make_dng(np.rint(flat).astype(np.uint16), bits=12, tags={51041: (12, [2.5e-5, 0.0])}))
    offset = read_frame(path, Report()).noise_profile.offset
    assert offset == pytest.approx((1 / 12 / (4095 - 64) ** 2,) * 3)


def linear(srgb: np.ndarray) -> np.ndarray:
    v = srgb / 255.0
    return np.where(v <= 0.04045, v / 12.92, ((v + 0.055) / 1.055) ** 2.4)


def bayer(rgb: np.ndarray) -> np.ndarray:
    out = rgb[..., 1].copy()
    out[0::2, 0::2], out[1::2, 1::2] = rgb[0::2, 0::2, 0], rgb[1::2, 1::2, 2]
    return out


@pytest.mark.parametrize("iso", [400, 6400])
def test_noise_is_measured_in_photographs(shared_data: Callable[[str], Path], iso: int) -> None:
    folder = shared_data("bench/kodak24")
    scale, offset = ISO[iso]
    ratios = []
    for path in sorted(folder.glob("*.png"))[::2]:
        light = bayer(linear(np.asarray(Image.open(path)).astype(float))) * 0.95
        film = variance(measured(shot(light, 0, 0)).profile, 1)  # the photographs bring grain of their own
        ratios.append(variance(measured(shot(light, scale, offset)).profile, 1) / (scale * LEVELS + offset + film))
    ratio = np.array(ratios)
    np.testing.assert_allclose(np.median(ratio, 0), 1.0, atol=0.12)
    assert (np.abs(ratio - 1) < 0.2).mean() > 0.6
    assert (ratio > 2).mean() < 0.1  # nothing but texture


@pytest.mark.parametrize("name", ["sample1", "sample2", "sample3"])
def test_three_exposures_of_one_camera_agree(shared_data: Callable[[str], Path], name: str) -> None:
    from lichtbild.raw.read import read_frame

    found = read_frame(shared_data(f"raws/hdrmerge/{name}.dng"), Report()).noise_profile
    assert found.source == "frames"
    # Measured by photon transfer between the three: 3.3e-5.
    assert variance(found, 1)[2] / LEVELS[2] == pytest.approx(3.6e-5, rel=0.25)
