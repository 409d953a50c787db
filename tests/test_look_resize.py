"""Smaller pictures: mean light, sizes, no ringing, no aliasing, against plain numpy."""

from __future__ import annotations

import numpy as np
import pytest

from lichtbild.carriers import Metadata, NoiseProfile, Scene
from lichtbild.look.resize import smaller, windows
from reference.half import HALF, kept


def a_scene(image: np.ndarray) -> Scene:
    planar = np.ascontiguousarray(np.moveaxis(image.astype(np.float16), 2, 0))
    noise = NoiseProfile((1e-3,) * 3, (1e-5,) * 3)
    return Scene(np.moveaxis(planar, 0, 2), noise, (1, 1, 1), (0.3127, 0.329), 1.0, Metadata())


def plain(image: np.ndarray, height: int, width: int) -> np.ndarray:
    """The same in numpy, one axis after the other."""
    for axis, n in ((0, height), (1, width)):
        first, weights = windows(image.shape[axis], n)
        index = np.clip(first[:, None] + np.arange(len(weights)), 0, image.shape[axis] - 1)
        samples = np.moveaxis(np.take(image, index, axis), (axis, axis + 1), (0, 1))  # (new, taps, ...)
        w = weights.T.reshape(*weights.T.shape, 1, 1)
        inside = w > 0
        low = np.where(inside, samples, np.inf).min(1)
        high = np.where(inside, samples, -np.inf).max(1)
        image = np.moveaxis(np.clip((samples * w).sum(1), low, high), 0, axis)
    return image


@pytest.mark.parametrize(("shape", "edge"), [((61, 83), 40), ((100, 40), 17), ((64, 64), 63), ((33, 300), 16)])
def test_the_kernel_does_what_plain_numpy_does(shape: tuple[int, int], edge: int) -> None:
    image = kept(np.random.default_rng(1).uniform(-0.01, 4, (*shape, 3)))
    made = smaller(a_scene(image), edge).image
    assert max(made.shape[:2]) == edge and made.shape[2] == 3
    np.testing.assert_allclose(made, plain(image, *made.shape[:2]), rtol=HALF, atol=2e-5)


def test_it_never_enlarges() -> None:
    scene = a_scene(np.ones((20, 30, 3)))
    assert smaller(scene, 30) is scene and smaller(scene, 900) is scene and smaller(scene, None) is scene


def test_flat_stays_flat_and_no_lamp_rings() -> None:
    image = kept(np.full((90, 120, 3), 0.2))
    np.testing.assert_array_equal(smaller(a_scene(image), 55).image, image[0, 0, 0])
    image[40:50, 50:60] = 30.0
    made = smaller(a_scene(image), 55).image
    assert made.min() == image.min() and made.max() <= 30.0
    assert made.mean(dtype=float) == pytest.approx(image.mean(), rel=0.05)


def test_a_fine_grid_becomes_grey() -> None:
    y, x = np.mgrid[:240, :320]
    grid = np.repeat((0.5 + 0.5 * np.cos(np.pi * 0.9 * x) * np.cos(np.pi * 0.9 * y))[..., None], 3, 2)
    assert smaller(a_scene(grid), 100).image[5:-5, 5:-5].std(dtype=float) < 0.05


def test_the_noise_profile_is_that_of_the_result() -> None:
    rng = np.random.default_rng(2)
    scene = a_scene(0.5 + rng.normal(0, np.sqrt(1e-3 * 0.5 + 1e-5), (600, 800, 3)))
    made = smaller(scene, 300)
    expected = made.noise_profile.scale[0] * 0.5 + made.noise_profile.offset[0]
    assert made.image.var(dtype=float) == pytest.approx(expected, rel=0.15)
