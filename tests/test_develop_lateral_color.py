"""Lateral chromatic aberration: found where it is, but for a fifth of it, and not where it isn't."""

from __future__ import annotations

import numpy as np
import pytest
from tests.reference.lateral_color import lateral_color

from lichtbild import native
from lichtbild.carriers import Frame, Metadata, NoiseProfile
from lichtbild.develop.lateral_color import find_lateral_color, robust_fit
from lichtbild.develop.lens import decide_lens, look_up
from lichtbild.raw.opcodes import WarpRectilinear
from lichtbild.recipe import Recipe
from lichtbild.report import Report

HEIGHT, WIDTH = 1000, 1401


def light(y: np.ndarray, x: np.ndarray) -> np.ndarray:
    """A picture that is known everywhere: waves and edges."""
    rng = np.random.default_rng(7)
    out = 0.3 + 0.2 * np.tanh(np.sin(0.05 * x + 0.02 * y) * 8)
    for _ in range(40):
        down, right = rng.normal(0, 0.25, 2)
        out = out + rng.uniform(0, 0.025) * np.sin(down * y + right * x + rng.uniform(0, 6.28))
    return np.clip(out, 0.01, 1)


def shot(red: float, blue: float, cfa: str = "RGGB", noise: float = 0.0, red_cubic: float = 0.0) -> Frame:
    """A mosaic whose red and blue are magnified about the centre; red_cubic: how much more so at the corner."""
    rng = np.random.default_rng(1)
    middle = (HEIGHT - 1) / 2, (WIDTH - 1) / 2
    mosaic = np.zeros((HEIGHT, WIDTH))
    y, x = np.mgrid[:HEIGHT, :WIDTH].astype(float)
    for i, color in enumerate(cfa):
        site = np.s_[i // 2 :: 2, i % 2 :: 2]
        down, right = y[site] - middle[0], x[site] - middle[1]
        factor = {"R": red, "G": 1.0, "B": blue}[color]
        if color == "R":
            factor = factor + red_cubic * (down**2 + right**2) / (middle[0] ** 2 + middle[1] ** 2)
        gain = {"R": 0.7, "G": 1.0, "B": 0.5}[color]
        mosaic[site] = gain * light(down / factor + middle[0], right / factor + middle[1])
    mosaic += rng.normal(0, 1, mosaic.shape) * np.sqrt(noise * mosaic + noise**2)
    stored = np.clip(256 + mosaic * (16383 - 256), 0, 16383).astype(np.uint16)
    profile = NoiseProfile((noise,) * 3, (noise**2 + 1e-9,) * 3)
    return Frame(stored, cfa, (256.0,) * 4, 16383.0, 16383.0, profile, Metadata())


def at_corner(warp: WarpRectilinear | None) -> tuple[float, float]:
    """How far red and blue lie outside of green there, in pixels."""
    if warp is None:
        return 0.0, 0.0
    radius = float(np.hypot(HEIGHT - 1, WIDTH - 1)) / 2
    red, _, blue = ((sum(k[:4]) - 1) * radius for k in warp.coefficients)
    return red, blue


@pytest.mark.parametrize("cfa", ["RGGB", "BGGR", "GRBG", "GBRG"])
@pytest.mark.parametrize(("red", "blue", "noise"), [(1.002, 0.999, 0.0), (0.9985, 1.0008, 1e-3), (1.003, 1.0, 1e-2)])
def test_magnification_is_found(cfa: str, red: float, blue: float, noise: float) -> None:
    radius = np.hypot(HEIGHT - 1, WIDTH - 1) / 2
    found = at_corner(find_lateral_color(shot(red, blue, cfa, noise), (0, 0, HEIGHT, WIDTH)))
    assert found[0] == pytest.approx((red - 1) * radius, rel=0.2, abs=0.1)
    assert found[1] == pytest.approx((blue - 1) * radius, rel=0.2, abs=0.1)


def test_what_grows_with_the_third_power_of_the_radius_is_found() -> None:
    warp = find_lateral_color(shot(1.0, 1.0, red_cubic=0.002), (0, 0, HEIGHT, WIDTH))
    assert warp is not None
    linear, cubic = np.array(warp.coefficients[0][:2]) - (1, 0)
    assert (linear, cubic) == (pytest.approx(0, abs=2e-4), pytest.approx(0.002, abs=3e-4))
    assert warp.coefficients[1:] == ((1.0, 0.0, 0.0, 0.0, 0.0, 0.0),) * 2


@pytest.mark.parametrize("noise", [0.0, 1e-3, 3e-2])
def test_a_good_lens_is_left_alone(noise: float) -> None:
    assert find_lateral_color(shot(1.0, 1.0, noise=noise), (0, 0, HEIGHT, WIDTH)) is None


def test_a_small_or_flat_or_clipped_picture_tells_nothing() -> None:
    frame = shot(1.002, 0.999)
    for mosaic in (frame.mosaic[:200], frame.mosaic * 0 + 5000, frame.mosaic * 0 + 16383):
        small = Frame(mosaic, "RGGB", (256.0,) * 4, 16383.0, 16383.0, frame.noise_profile, Metadata())
        assert find_lateral_color(small, (0, 0, *mosaic.shape)) is None


def test_colour_of_one_side_only_is_of_the_scene() -> None:
    whole = shot(1.0, 1.0)
    mosaic = whole.mosaic.copy()
    mosaic[:, 1000:] = shot(1.004, 1.0).mosaic[:, 1000:]
    frame = Frame(mosaic, "RGGB", (256.0,) * 4, 16383.0, 16383.0, whole.noise_profile, Metadata())
    assert find_lateral_color(frame, (0, 0, HEIGHT, WIDTH)) is None


def test_a_few_loud_blocks_do_not_decide() -> None:
    """Coloured edges with 400 times the energy, in a fifteenth of the blocks, where a fit that begins there stays."""
    rng, n = np.random.default_rng(7), 800
    radius, energy = rng.uniform(0.1, 1.0, n), rng.lognormal(0.0, 1.0, n)
    away = -2.0 * radius + 0.9 * radius**3
    far = (rng.random(n) < 0.12) & (radius > 0.6)
    away[far] = 3.0
    energy[far] *= 400
    away += rng.normal(0, 0.1, n)
    fit = robust_fit(energy, energy * away, np.full(n, 25.0), radius)
    np.testing.assert_allclose(fit, (-2.0, 0.9), atol=0.1)


def test_the_file_s_own_correction_goes_first() -> None:
    frame, report = shot(1.002, 0.999), Report()
    crop = (0, 0, HEIGHT, WIDTH)
    own = WarpRectilinear(True, False, tuple((1.0 + i / 1e4, 0.0, 0.0, 0.0, 0.0, 0.0) for i in range(3)), (0.5, 0.5))
    assert decide_lens(frame, [own], crop, report, look_up(frame, [own], crop)) == [own]
    alike = WarpRectilinear(True, False, ((1.0, -0.05, 0.0, 0.0, 0.0, 0.0),), (0.5, 0.5))
    both = decide_lens(frame, [alike], crop, report, look_up(frame, [alike], crop))
    assert len(both) == 2 and both[1] == alike
    told = report.decided["develop"]["lateral_color"]
    assert (told["red"], told["blue"]) == (pytest.approx(1.72, abs=0.3), pytest.approx(-0.86, abs=0.15))
    assert Recipe().lens == "auto"


@pytest.mark.parametrize("phase", [(0, 0), (0, 1), (1, 0), (1, 1)])
@pytest.mark.parametrize(("every", "rows"), [(1, 8), (3, 3)])
def test_kernel_against_numpy(every: int, rows: int, phase: tuple[int, int]) -> None:
    rng = np.random.default_rng(3)
    mosaic = rng.integers(300, 3000, (541, 203), np.uint16)
    mosaic[90:93, 50:60] = 4000
    black = np.array([250.0, 260.0, 240.0], np.float32)
    expected = lateral_color(mosaic, black, *phase, 4000, every)
    out = np.empty_like(expected, np.float32)
    native.call("lateral_color", mosaic, black, *phase, 4000, every, out)
    assert expected.shape == (14, rows, 3)
    np.testing.assert_allclose(out, expected, rtol=2e-4, atol=2e-4 * np.abs(expected).max())
