"""Halation and bloom: what glows, how far, how much, and the same in every size."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from lichtbild import native
from lichtbild.carriers import Metadata, NoiseProfile, Scene
from lichtbild.color import luminance
from lichtbild.look import glow, look, oklab, render
from lichtbild.look.numbers import Bloom, Halation, Mono
from lichtbild.recipe import Recipe
from lichtbild.report import Report
from reference import look_graded as reference

NATURAL = look.load("natural")


def planar(image: np.ndarray) -> np.ndarray:
    return np.moveaxis(np.ascontiguousarray(np.moveaxis(image.astype(np.float16), 2, 0)), 0, 2)


def lamp(height: int, light: float = 8.0) -> np.ndarray:
    """A round lamp of a tenth of the height in a dark room."""
    image = np.full((height, height * 4 // 3, 3), 0.02)
    y, x = np.mgrid[:height, : height * 4 // 3] + 0.5
    share = np.clip(height / 20 - np.hypot(y - height / 2, x - height * 2 / 3) + 0.5, 0, 1)[..., None]
    return image * (1 - share) + light * share


def rendered(image: np.ndarray, orientation: int = 1, **sections: object) -> np.ndarray:
    noise = NoiseProfile((1e-6,) * 3, (1e-8,) * 3)
    scene = Scene(planar(image), noise, (1.0,) * 3, (0.3127, 0.329), 8.0, Metadata(orientation=orientation))
    recipe = Recipe(depth="32f", hdr="off", ev=0.0)
    return render.render_picture(scene, recipe, Report(), replace(NATURAL, **sections)).image.astype(np.float64)


@pytest.mark.parametrize(("factor", "step"), [(1, 1), (3, 1), (8, 1), (8, 2)])
@pytest.mark.parametrize("size", [(40, 64), (37, 53), (1, 5)])
def test_light_above_white_is_gathered(size: tuple[int, int], factor: int, step: int) -> None:
    image = planar(np.random.default_rng(1).lognormal(-0.5, 1.5, (*size, 3)))
    numbers = np.array([1.7, 16.0, 1.5, 4.0, *glow.SEEN], np.float32)
    out = np.empty((4, -(-size[0] // factor), -(-size[1] // factor)), np.float16)
    native.call("look_glow", image, numbers, factor, step, out)
    np.testing.assert_allclose(out, reference.glow(image, numbers, factor, step), rtol=2e-3, atol=1e-5)


def test_nothing_glows_that_is_not_brighter_than_white() -> None:
    image = np.random.default_rng(2).uniform(0.0, 0.99, (64, 96, 3))
    assert glow.grid(planar(image), 1, 0.0, 100.0, Halation(strength=1.0), Bloom(strength=1.0)).max() == 0


@pytest.mark.parametrize("sigma", [0.8, 2.0, 6.0, 25.0])
def test_blur_keeps_energy_and_reaches_as_far_as_it_says(sigma: float) -> None:
    planes = np.zeros((1, 240, 320), np.float16)
    planes[0, 120, 160] = 1.0
    out = glow.blurred(planes, sigma)[0].astype(np.float64)
    assert out.min() >= 0 and out.sum() == pytest.approx(1.0, rel=0.01)
    y, x = np.mgrid[:240, :320]
    assert np.sqrt((out * (x - 160) ** 2).sum()) == pytest.approx(sigma, rel=0.06)
    assert np.sqrt((out * (y - 120) ** 2).sum()) == pytest.approx(sigma, rel=0.06)


def spread(image: np.ndarray, halation: Halation) -> tuple[float, float]:
    """Energy of the glow as a share of the picture, and its reach as a share of the diagonal."""
    factor = max(1, round(max(image.shape[:2]) / 512))
    light = glow.grid(planar(image), factor, 0.0, 8.0, halation, Bloom())[0].astype(np.float64)
    h, w = light.shape
    y, x = np.mgrid[:h, :w] + 0.5
    y0, x0 = (light * y).sum() / light.sum(), (light * x).sum() / light.sum()
    reach = np.sqrt((light * ((y - y0) ** 2 + (x - x0) ** 2)).sum() / light.sum())
    return float(light.mean()), float(reach * factor / np.hypot(*image.shape[:2]))


def test_halation_is_the_same_in_every_size() -> None:
    halation = Halation(strength=0.5, radius=1.0)
    (energy, reach), *others = [spread(lamp(height), halation) for height in (300, 600, 1200)]
    for other in others:
        assert other == pytest.approx((energy, reach), rel=0.1)
    assert spread(lamp(600), replace(halation, strength=0.25))[0] == pytest.approx(energy / 2, rel=0.06)
    wide = spread(lamp(600), replace(halation, radius=2.0))
    assert wide[0] == pytest.approx(energy, rel=0.06) and 1.15 * reach < wide[1] < 2.1 * reach


def test_halation_is_red_and_around_the_lamp() -> None:
    image = lamp(360)
    plain, glowing = rendered(image), rendered(image, halation=Halation(strength=0.4))
    change = glowing - plain
    near, far = (180, 240 + 22), (20, 20)
    assert change[near][0] > 0.02 and change[near][0] > 2 * change[near][1] > 2 * change[near][2]
    assert np.abs(change[far]).max() < 1e-3
    _, a, b = oklab.lab_from_rgb(glowing[near], "srgb")
    assert 20 < np.degrees(np.arctan2(b, a)) < 70
    assert np.abs(change[180, 240]).max() < 0.02  # the lamp itself is white before and after


def test_bloom_has_the_colour_of_the_light() -> None:
    image = lamp(360) * [0.5, 1.0, 1.6]
    change = rendered(image, bloom=Bloom(strength=0.5)) - rendered(image)
    y, x = 180, 240 + 40
    assert change[y, x, 2] > change[y, x, 1] > change[y, x, 0] > 0


def test_a_black_and_white_film_glows_grey() -> None:
    out = rendered(lamp(240), halation=Halation(strength=0.5), mono=Mono())
    assert np.ptp(out, axis=2).max() < 1e-5
    assert (out @ luminance("srgb"))[120, 175] > (rendered(lamp(240), mono=Mono()) @ luminance("srgb"))[120, 175]


@pytest.mark.parametrize("orientation", [3, 6, 8])
def test_the_glow_turns_with_the_picture(orientation: int) -> None:
    image = lamp(203)
    image[:40] *= 0.5
    from lichtbild.look.orient import turned

    straight = rendered(image, halation=Halation(strength=0.4))
    np.testing.assert_allclose(
        rendered(image, orientation, halation=Halation(strength=0.4)), turned(straight, orientation), atol=4e-3
    )


@pytest.mark.parametrize("shape", [(1, 1), (1, 40), (300, 2)])
def test_any_size(shape: tuple[int, int]) -> None:
    out = rendered(np.full((*shape, 3), 4.0), halation=Halation(strength=1.0), bloom=Bloom(strength=1.0, radius=10.0))
    assert np.isfinite(out).all()
