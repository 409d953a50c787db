"""Automatic exposure: it stays put, keeps night dark and snow white, and lets lamps burn."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from lichtbild.carriers import CameraColor, Metadata, Scene
from lichtbild.look.render import render_picture
from lichtbild.recipe import Recipe
from lichtbild.report import Report
from test_look_kernels import scene_of

SIZE = (300, 400)
DAYLIGHT = Metadata(exposure_time=1 / 250, f_number=8.0, iso=100)


def decided(scene: Scene, **settings: object) -> dict[str, float]:
    report = Report()
    render_picture(scene, Recipe(**settings), report)
    return report.decided["look"]


def landscape(seed: int = 0, shift: int = 0) -> np.ndarray:
    """Sky, hills and a foreground with texture; values of a well exposed raw."""
    y, x = np.mgrid[: SIZE[0], : SIZE[1]].astype(float)
    x = x + shift
    hills = 0.45 + 0.1 * np.sin(x / 40) + 0.04 * np.sin(x / 11)
    sky = 0.5 - 0.2 * y[..., None] / SIZE[0] * np.array([1.2, 1.0, 0.7])
    ground = (0.06 + 0.05 * np.sin(x / 7) * np.sin(y / 5))[..., None] * np.array([0.9, 1.0, 0.5])
    image = np.where((y / SIZE[0] < hills)[..., None], sky, ground)
    return image + np.random.default_rng(seed).normal(0, 0.004, image.shape)


def with_(scene: Scene, **metadata: object) -> Scene:
    return replace(scene, metadata=replace(scene.metadata, **metadata))


def shot(image: np.ndarray, metadata: Metadata = DAYLIGHT) -> Scene:
    return replace(scene_of(image), metadata=metadata)


def test_the_same_scene_shot_again_moves_by_a_tenth_at_most() -> None:
    reference = decided(shot(landscape()))["ev"]
    assert decided(shot(landscape(seed=1)))["ev"] == pytest.approx(reference, abs=0.02)
    assert decided(shot(landscape(shift=9)))["ev"] == pytest.approx(reference, abs=0.05)
    unknown = decided(shot(landscape(), Metadata()))["ev"]
    for step in (-1 / 3, 1 / 3):
        image = landscape() * 2.0**step
        assert decided(shot(image))["ev"] + step == pytest.approx(reference, abs=0.12)  # the light itself changes
        assert decided(shot(image, Metadata()))["ev"] + step == pytest.approx(unknown, abs=0.1)
    for step in (-3, -2, -1, 1 / 3, 0.8):  # the exposures of a bracket
        bracketed = with_(shot(landscape() * 2.0**step), exposure_time=1 / 250 * 2.0**step)
        assert decided(bracketed)["ev"] + step == pytest.approx(reference, abs=0.01 + 0.05 * abs(step))
    for light in (0.02, 0.5):
        image = landscape()
        image[180:240, 150:210] = light  # someone walks by: 3 % of the picture
        assert decided(shot(image))["ev"] == pytest.approx(reference, abs=0.1)


def street(seed: int = 0) -> np.ndarray:
    """Surfaces of many brightnesses, from asphalt to lit windows, with texture."""
    rng = np.random.default_rng(11)
    surfaces = np.repeat(np.repeat(rng.lognormal(-2.3, 0.9, (10, 16, 1)), 30, 0), 25, 1)
    image = surfaces * np.random.default_rng(seed).normal(1, 0.1, (*SIZE, 1)) * np.array([1.0, 1.0, 0.9])
    return np.asarray(image)


def test_what_comes_and_goes_moves_it_little() -> None:
    """A twenty-fifth of the frame is in turn a black coat, a grey van, a white one, a lamp."""
    reference = decided(shot(street()))["ev"]
    moved = []
    for light in (0.002, 0.02, 0.1, 0.4, 1.0, 4.0, 30.0):
        for y, x in ((30, 40), (120, 160), (210, 300)):
            image = street(seed=1)
            image[y : y + 60, x : x + 80] = light
            moved.append(decided(shot(image))["ev"] - reference)
    assert np.abs(moved).max() < 0.12 and np.abs(moved).mean() < 0.07
    for y, x in ((0, 0), (15, 20)):
        assert decided(shot(street()[y : y + 285, x : x + 380]))["ev"] == pytest.approx(reference, abs=0.06)
    for flicker in (0.9, 1.1):
        assert decided(shot(street() * flicker))["ev"] + np.log2(flicker) == pytest.approx(reference, abs=0.05)


def against_the_light() -> np.ndarray:
    """A bright sky, and someone dark before it who fills a third of the frame."""
    rng = np.random.default_rng(2)
    image = 0.8 * np.exp(rng.normal(0, 0.1, (*SIZE, 1))) * np.array([0.95, 1.0, 1.05])
    image[:, 130:270] = 0.012 * np.exp(rng.normal(0, 0.3, (SIZE[0], 140, 1))) * np.array([1.1, 1.0, 0.8])
    return np.asarray(image)


def test_a_scene_of_two_halves_is_not_tipped_over() -> None:
    """What comes and goes is dark in one shot and bright in another: both halves stay heard as they were."""
    reference = decided(shot(against_the_light()))["ev"]
    moved = []
    for light in (0.003, 0.02, 0.1, 0.3, 0.9):
        for x in (20, 160, 300):
            image = against_the_light()
            image[120:180, x : x + 80] = light
            moved.append(decided(shot(image))["ev"] - reference)
    assert np.abs(moved).max() < 0.16 and np.abs(moved).mean() < 0.07, moved


def test_the_picture_is_as_steady_as_its_exposure() -> None:
    """Lightness of what stays where it was, local tone included: a lamp or a coat of 4 % moves it by 1.5 of 100."""
    before = render_picture(shot(street()), Recipe(sharpen=0.0), Report()).image.astype(float)
    for light in (0.002, 0.1, 0.4, 1.0):
        image = street()
        image[120:180, 160:240] = light
        after = render_picture(shot(image), Recipe(sharpen=0.0), Report()).image
        stays = np.ones(SIZE, bool)
        stays[100:200, 140:260] = False
        assert abs((after - before)[stays].mean()) < 0.015 * 255


def test_noise_reduction_is_no_light() -> None:
    """The same noisy night without and with noise reduction: as bright as each other."""
    noisy = scene_of(night(), 1e-2)
    reduced = replace(noisy, noise_profile=noisy.noise_profile.divided_by(20), captured_noise=noisy.noise_profile)
    untouched = replace(noisy, captured_noise=noisy.noise_profile)
    assert decided(reduced)["ev"] == pytest.approx(decided(untouched)["ev"], abs=1e-6)
    assert decided(untouched)["ev"] < decided(scene_of(night(), 1e-7))["ev"] - 0.1


@pytest.mark.parametrize("sky", [0.3, 0.5, 0.8])
def test_what_is_burnt_out_is_white(sky: float) -> None:
    """A frame that is mostly burnt out is not made darker than its white allows; the rest keeps its modelling."""
    image = np.minimum(street() * 4, 1.0)
    image[: int(SIZE[0] * sky)] = 1.0
    picture = render_picture(shot(image), Recipe(sharpen=0.0), Report()).image
    assert picture[: int(SIZE[0] * sky) - 20].min() > 240
    assert np.percentile(picture, 1) < 110


def test_it_is_smooth_in_the_brightness_of_the_scene() -> None:
    steps = np.arange(-4, 1.01, 0.1)
    evs = np.array([decided(shot(landscape() * 2.0**s))["ev"] + s for s in steps])
    assert np.abs(np.diff(evs)).max() < 0.04


def test_ev_adds_and_baseline_exposure_counts() -> None:
    scene = shot(landscape())
    assert decided(scene, ev=0.7)["ev"] - decided(scene)["ev"] == pytest.approx(0.7, abs=1e-6)
    indoors = with_(scene, exposure_time=1 / 30)
    brighter = with_(indoors, color=CameraColor(baseline_exposure=1.5))
    assert 0.02 < decided(brighter)["ev"] - decided(indoors)["ev"] < 0.3


@pytest.mark.parametrize("time", [1 / 250, 1 / 4, 8.0])
def test_a_white_that_is_farther_above_is_no_darker_scene(time: float) -> None:
    """A merged bracket's file has its white two stops higher and says so; by day and by night it looks as the burst."""
    scene = with_(shot(landscape()), exposure_time=time)
    told = with_(shot(landscape() / 4), exposure_time=time, color=CameraColor(baseline_exposure=2.0))
    once, again = decided(scene), decided(told)
    assert again["light_value"] == pytest.approx(once["light_value"], abs=0.03)
    assert again["ev"] - 2 == pytest.approx(once["ev"], abs=0.05)


def lightness(scene: Scene, part: tuple[slice, slice] = (slice(None), slice(None))) -> float:
    return float(render_picture(scene, Recipe(), Report()).image[part].mean() / 255)


def night() -> np.ndarray:
    """A dark street with lamps: 2 % of the picture is far above the rest."""
    rng = np.random.default_rng(3)
    image = rng.lognormal(-4.5, 0.7, (*SIZE, 1)) * np.array([1.0, 0.8, 0.5])
    for _ in range(10):
        y, x = rng.integers(20, SIZE[0] - 20), rng.integers(20, SIZE[1] - 20)
        image[y - 8 : y + 8, x - 8 : x + 8] = 4.0
    return image


def test_night_stays_night_and_lamps_burn() -> None:
    dark = shot(night(), Metadata(exposure_time=1 / 15, f_number=1.8, iso=3200))
    assert 0.12 < lightness(dark) < 0.36
    assert lightness(shot(night(), DAYLIGHT)) > lightness(dark) + 0.02  # the same numbers by day are rendered brighter
    picture = render_picture(dark, Recipe(), Report()).image
    assert picture.max() == 255


def test_lamps_do_not_darken_a_scene() -> None:
    without = np.minimum(night(), 0.2)
    lit = Metadata(exposure_time=1 / 15, f_number=1.8, iso=3200)
    assert decided(shot(night(), lit))["ev"] == pytest.approx(decided(shot(without, lit))["ev"], abs=0.45)


def test_snow_is_white_and_not_grey() -> None:
    y = np.mgrid[: SIZE[0], : SIZE[1]][0]
    snow = (0.35 + 0.05 * np.sin(y / 9))[..., None] * np.array([0.97, 1.0, 1.03])
    snow = snow + np.random.default_rng(0).normal(0, 0.01, snow.shape)
    sunlit = Metadata(exposure_time=1 / 1000, f_number=11.0, iso=100)
    assert lightness(shot(snow, sunlit)) > 0.72
    assert lightness(shot(snow, Metadata())) > 0.6


def test_black_frames_and_broken_numbers_do_no_harm() -> None:
    for image in (np.zeros((*SIZE, 3)), np.full((*SIZE, 3), 1e-7), np.full((*SIZE, 3), 1e4), -landscape()):
        numbers = decided(shot(image, Metadata(exposure_time=0.0, iso=0.0, f_number=0.0)))
        assert np.isfinite([v for v in numbers.values() if isinstance(v, float)]).all()
    assert lightness(shot(np.zeros((*SIZE, 3)))) < 0.05
