"""Automatic white balance: the light is found on cameras and scenes never seen, and only believed where it can be."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from lichtbild import color
from lichtbild.carriers import CameraColor
from lichtbild.develop.camera_color import CameraModel
from lichtbild.develop.illuminant import lights
from lichtbild.develop.illuminant.adaptation import adapted
from lichtbild.develop.illuminant.estimator import ESTIMATORS
from lichtbild.develop.illuminant.likelihood import most_likely
from lichtbild.develop.illuminant.mixed import lights_of
from lichtbild.develop.illuminant.samples import Samples
from lichtbild.develop.white_balance import as_shot, decide_white_balance
from lichtbild.raw.read import read_frame
from lichtbild.report import Report

# Two cameras made up for these tests: one measured under A and D65, one with other filters, under D65 alone.
A = ((0.95, -0.36, -0.02), (-0.52, 1.34, 0.20), (-0.10, 0.24, 0.62))
D65 = ((0.82, -0.25, -0.09), (-0.46, 1.27, 0.21), (-0.12, 0.23, 0.55))
OTHER = ((1.35, -0.50, -0.20), (-0.30, 1.10, 0.15), (0.02, 0.10, 0.85))
TWO = CameraColor(color_matrix_1=A, color_matrix_2=D65, calibration_illuminant_1=17, calibration_illuminant_2=21)
ONE = CameraColor(color_matrix_1=OTHER, calibration_illuminant_1=21)


def angle(a: np.ndarray, b: np.ndarray) -> float:
    return float(np.degrees(np.arccos(np.clip(a @ b / np.linalg.norm(a) / np.linalg.norm(b), -1, 1))))


def surfaces(rng: np.random.Generator, name: str, shape: tuple[int, int] = (48, 64)) -> np.ndarray:
    """(h, w, 3) reflectances of a scene: rectangles of many colours and sizes, a sixth of them grey, one large one."""
    h, w = shape
    count = int(rng.integers(25, 60))
    colour = rng.exponential(0.22, (count, 1)) * rng.normal(0, 1, (count, 3)) * (1.0, 0.6, 1.2)
    reflectance = np.exp(rng.normal(-1.6, 0.8, (count, 1)) + colour)
    grey = count // 6
    reflectance[:grey] = np.exp(rng.normal(-1.2, 0.7, (grey, 1)) + rng.normal(0, 0.02, (grey, 3)))
    large = {
        "sky": (0.35, 0.55, 0.9),
        "meadow": (0.08, 0.14, 0.05),
        "wood": (0.4, 0.25, 0.13),
        "skin": (0.5, 0.32, 0.24),
        "red wall": (0.45, 0.09, 0.06),
    }
    image = np.broadcast_to(reflectance[0], (h, w, 3)).copy()
    for surface in rng.permutation(reflectance):
        top, left = rng.integers(h), rng.integers(w)
        height, width = (1 + rng.pareto(1.3, 2) * 4).astype(int)
        image[top : top + height, left : left + width] = surface
    if name in large:
        image[: int(0.75 * h), int(0.1 * w) : int(0.85 * w)] = large[name]
    shade = np.linspace(rng.uniform(0.4, 1), rng.uniform(0.4, 1), w)[None, :, None]
    return np.asarray(image * shade * np.exp(rng.normal(0, 0.015, image.shape)))


def seen(image: np.ndarray, neutral: np.ndarray, light_value: float | None = None) -> Samples:
    light = image * neutral
    light = light / np.quantile(light, 0.98)
    usable = light.max(-1) < 1
    return Samples.of_grid(light, usable, (1e-3,) * 3, (4e-6,) * 3, light_value)


@pytest.mark.parametrize("tags", [TWO, ONE], ids=["two matrices", "another camera"])
@pytest.mark.parametrize("name", ["colours", "meadow", "wood", "sky", "skin", "red wall"])
def test_auto_finds_the_light_whatever_the_largest_surface_is(name: str, tags: CameraColor) -> None:
    """Angle between the light found and the true one: below 3.5 degrees in the median, below 8 in nine of ten."""
    model = CameraModel.of(tags)
    rng = np.random.default_rng(3)
    angles = []
    for _ in range(20):
        kelvin = rng.uniform(4600 if name == "sky" else 2600, 7500)
        light = model.neutral_from_xy(lights.chromaticity(1e6 / kelvin, rng.normal(3, 6)))
        angles.append(angle(most_likely(seen(surfaces(rng, name), light), model), light))
    assert np.median(angles) < 3.5 and np.quantile(angles, 0.9) < 8.0, np.quantile(angles, [0.5, 0.9])


def test_grey_is_found_exactly() -> None:
    model = CameraModel.of(TWO)
    rng = np.random.default_rng(1)
    for kelvin in (2700, 4000, 5500, 7500):
        light = model.neutral_from_xy(lights.chromaticity(1e6 / kelvin))
        grey = rng.uniform(0.05, 0.9, (40, 60, 1)) * np.exp(rng.normal(0, 0.05, (40, 60, 3)))
        assert angle(most_likely(seen(grey, light), model), light) < 1.6


def test_five_frames_of_a_scene_are_balanced_alike() -> None:
    model = CameraModel.of(TWO)
    light = model.neutral_from_xy(color.xy_from_temperature(3900, 4))
    image = surfaces(np.random.default_rng(8), "colours", (60, 80))
    found = []
    for n in range(5):  # hand shake by a few blocks, noise of a high ISO, half a stop of exposure
        rng = np.random.default_rng(n)
        part = np.roll(image, (n % 3, -n), (0, 1))[2:-2, 4:-4] * light * 2 ** (-n / 10) * 0.4
        noisy = part + rng.normal(0, 1, part.shape) * np.sqrt(4e-3 * part / 64)
        found.append(most_likely(Samples.of_grid(noisy, noisy.max(-1) < 1, (4e-3,) * 3, (1e-5,) * 3, 6.0), model))
    assert max(angle(a, b) for a in found for b in found) < 0.6
    assert np.mean([angle(a, found[0]) for a in found[1:]]) < 0.3


def test_dark_noise_and_a_wrong_black_level_do_not_turn_the_night_magenta() -> None:
    model = CameraModel.of(TWO)
    rng = np.random.default_rng(5)
    light = model.neutral_from_xy(color.xy_from_temperature(3200))
    image = surfaces(rng, "colours") * light
    image = image / np.quantile(image, 0.98)
    image[:, 10:] *= 0.004  # most of it is night
    bias = np.array([0.0006, -0.0002, 0.0006])  # what is left of black, magenta
    noisy = image + bias + rng.normal(0, 1, image.shape) * np.sqrt((4e-3 * image + 2e-4) / 64)
    samples = Samples.of_grid(noisy, np.ones(noisy.shape[:2], bool), (4e-3,) * 3, (2e-4,) * 3, 0.0)
    assert samples.weight[:, 10:].mean() < 0.05
    found = most_likely(samples, model)
    _, tint = color.temperature_from_xy(model.xy_from_neutral(found))
    assert angle(found, light) < 6.0 and tint > -15
    nothing = Samples.of_grid(np.full((9, 9, 3), 1e-4), np.ones((9, 9), bool), (4e-3,) * 3, (2e-4,) * 3, 0.0)
    kelvin, tint = color.temperature_from_xy(model.xy_from_neutral(most_likely(nothing, model)))
    assert 2700 < kelvin < 6000 and abs(tint) < 15


@pytest.mark.parametrize("name", list(ESTIMATORS))
def test_every_estimator_survives_any_samples(name: str) -> None:
    model = CameraModel.of(TWO)
    rng = np.random.default_rng(0)
    for colours in (
        np.zeros((0, 3)),
        np.zeros((4, 3)),
        np.full((1, 3), 1.0),
        rng.random((50, 3)) ** 8,
        -np.ones((9, 3)),
    ):
        neutral = ESTIMATORS[name](Samples.of_colours(colours), model)
        assert neutral.shape == (3,) and np.isfinite(neutral).all()
        assert neutral.min() > 0 and neutral.max() == pytest.approx(1.0)


def test_what_the_camera_chose_is_heeded_a_little() -> None:
    """It tells the light of a wall that fills the frame, and does no harm where it is wrong and more is to be seen."""
    model = CameraModel.of(TWO)
    rng = np.random.default_rng(6)

    def both(samples: Samples, light: np.ndarray, chosen: np.ndarray) -> list[float]:
        heeding = replace(samples, as_shot=chosen / chosen.max())
        return [angle(most_likely(s, model), light) for s in (samples, heeding)]

    helped, misled = [], []
    for _ in range(20):
        kelvin = rng.uniform(2700, 7500)
        light = model.neutral_from_xy(lights.chromaticity(1e6 / kelvin, rng.normal(3, 6)))
        wall = (0.4, 0.3, 0.2) * np.exp(rng.normal(0, 0.15, 3)) * np.linspace(0.4, 1, 64)[:, None]
        alone = seen(wall * np.exp(rng.normal(0, 0.015, (48, 64, 3))), light)
        helped.append(both(alone, light, light * np.exp(rng.normal(0, 0.05, 3))))
        another = model.neutral_from_xy(lights.chromaticity(150.0 if kelvin < 4500 else 350.0))
        misled.append(both(seen(surfaces(rng, "wood"), light), light, another))
    without, heeding = np.mean(helped, axis=0)
    assert without < 8 and heeding < 0.6 * without, (without, heeding)
    without, heeding = np.mean(misled, axis=0)
    assert heeding < without + 0.6, (without, heeding)


def test_a_dull_day_is_bluer_than_a_sunny_one() -> None:
    def usual(light_value: float) -> float:
        mired = np.arange(80.0, 521.0, 2)
        return float(mired[np.argmax(lights.log_prior(mired, np.full(len(mired), 3.0), light_value))])

    assert 5200 < 1e6 / usual(15) < 5800 and 5800 < 1e6 / usual(11.5) < 7200
    assert 1e6 / usual(4) < 4000  # and lamps are warm


def test_known_estimators_give_their_closed_forms() -> None:
    model = CameraModel.of(TWO)
    colours = np.array([[0.2, 0.4, 0.1], [0.4, 0.4, 0.3]])
    found = ESTIMATORS["grey-world"](Samples.of_colours(colours), model)
    np.testing.assert_allclose(found, np.array([0.3, 0.4, 0.2]) / 0.4, rtol=1e-4)
    found = ESTIMATORS["shades-of-grey"](Samples.of_colours(colours), model)
    expected = (colours**6).mean(0) ** (1 / 6)
    np.testing.assert_allclose(found, expected / expected.max(), rtol=1e-3)
    found = ESTIMATORS["grey-edge"](Samples.of_colours(np.array([[0.1, 0.1, 0.1], [0.2, 0.3, 0.15]])), model)
    np.testing.assert_allclose(found, [0.5, 1.0, 0.25], rtol=1e-6)


def test_two_lights_are_told_and_one_is_not() -> None:
    model = CameraModel.of(TWO)
    rng = np.random.default_rng(4)
    lamp, window = (model.neutral_from_xy(color.xy_from_temperature(k)) for k in (2800, 6800))
    hits, false = 0, 0
    for _ in range(10):
        image = surfaces(rng, "colours", (60, 90))
        single = seen(image, lamp, 6.0)
        false += len(lights_of(single, model, most_likely(single, model))) > 1
        part = (np.arange(90) < 35)[None, :, None]
        both = seen(np.where(part, image * window / lamp, image), lamp, 6.0)
        found = lights_of(both, model, most_likely(both, model))
        if len(found) == 2:
            hits += 1
            warm, cold = sorted(found, key=lambda light: light.kelvin)
            assert warm.kelvin < 3900 and 5000 < cold.kelvin < 10_000
            assert warm.share + cold.share == pytest.approx(1.0)
            assert 0.4 < warm.share < 0.8
    assert hits >= 8 and false <= 1
    report = Report()
    found_balance = decide_white_balance("auto", TWO, model, lambda: both, report)
    assert len(report.decided["develop"]["lights"]) == len(found_balance.lights) == 2
    assert sum("lit by" in n for n in report.notices) == 1


def test_lamplight_keeps_some_warmth_and_a_sunset_more() -> None:
    assert adapted(5500, 12) == 5500 and adapted(6500, None) == 6500
    assert 2900 < adapted(2856, 5) < 3150
    assert 3100 < adapted(2700, 10) < 4200
    steps = [adapted(k, 6) for k in range(1800, 12_000, 100)]
    assert (np.diff(steps) > 0).all()
    model = CameraModel.of(TWO)
    neutral = model.neutral_from_xy(color.xy_from_temperature(2856))
    grey = np.random.default_rng(1).uniform(0.1, 0.9, (30, 30, 1)) * np.ones(3)
    balance = decide_white_balance("auto", TWO, model, lambda: seen(grey, neutral, 5.0))
    white = neutral / balance.neutral
    assert 1.02 < white[0] / white[1] < 1.12 and 0.75 < white[2] / white[1] < 0.98  # warm, and not orange


def test_as_shot_is_kept_where_it_can_be_and_measured_where_it_cannot() -> None:
    model = CameraModel.of(TWO)
    grey = np.random.default_rng(1).uniform(0.1, 0.9, (30, 30, 1)) * np.ones(3)
    light = model.neutral_from_xy(color.xy_from_temperature(5000))

    def with_neutral(neutral: tuple[float, float, float] | None) -> CameraColor:
        return CameraColor(A, D65, calibration_illuminant_1=17, calibration_illuminant_2=21, as_shot_neutral=neutral)

    for kelvin, tint in ((2000, 0), (2900, 30), (5500, -20), (9000, 10), (15000, 0)):
        neutral = model.neutral_from_xy(color.xy_from_temperature(kelvin, tint))
        tags = with_neutral((float(neutral[0]), float(neutral[1]), float(neutral[2])))
        report = Report()
        assert decide_white_balance("as-shot", tags, model, lambda: seen(grey, light), report).source == "as-shot"
        assert not report.notices
    for wrong in ((1.0, 0.2, 1.0), (0.1, 1.0, 0.1), (1.0, 0.3, 0.05)):
        report = Report()
        assert as_shot(with_neutral(wrong), model) is None
        found = decide_white_balance("as-shot", with_neutral(wrong), model, lambda: seen(grey, light), report)
        assert found.source == "auto" and angle(found.neutral, light) < 2
        assert len(report.notices) == 1 and "--wb" in report.notices[0]
    assert decide_white_balance("as-shot", with_neutral(None), model, lambda: seen(grey, light)).source == "auto"


def test_kelvin_and_tint_are_followed() -> None:
    model = CameraModel.of(TWO)
    found = decide_white_balance("3400,12", TWO, model, lambda: Samples.of_colours(np.empty((0, 3))))
    assert (found.kelvin, found.tint, found.source) == (3400, 12, "recipe")


def test_candidates_are_the_neutrals_of_the_model() -> None:
    for tags in (TWO, ONE):
        model = CameraModel.of(tags)
        found = lights.candidates(model, None)
        for i in (0, 200, 531, len(found.mired) - 1):
            neutral = model.neutral_from_xy(lights.chromaticity(found.mired[i], found.tint[i]))
            np.testing.assert_allclose(found.neutrals[i], neutral / neutral[1], rtol=2e-3)


@pytest.mark.parametrize("frame", ["raws/bmpcc/lowlight_desk.dng", "raws/tinydng/colorchart.dng"])
def test_auto_is_plausible_in_mixed_light(frame: str, shared_data: Callable[[str], Path]) -> None:
    raw = read_frame(shared_data(frame), Report())
    model = CameraModel.of(raw.metadata.color)
    found = decide_white_balance("auto", raw.metadata.color, model, lambda: Samples.of_frame(raw))
    assert 3800 < found.kelvin < 8000 and abs(found.tint) < 35
