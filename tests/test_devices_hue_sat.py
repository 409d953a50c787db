"""Tables of hue, saturation and value: the kernels beside a plain twin, and what must hold at the borders."""

from __future__ import annotations

import numpy as np
import pytest

from lichtbild.develop.hue_sat import apply_hue_sat, packed
from lichtbild.devices import hue_sat
from lichtbild.devices.profile import HueSatMap
from reference import hue_sat as reference
from reference.half import HALF

TO = hue_sat.working_to_prophoto()
EYE = np.eye(3)


def table(values: int, hues: int, saturations: int, strength: float, seed: int = 0) -> np.ndarray:
    rng = np.random.default_rng(seed)
    size = (values, hues, saturations)
    made = np.stack(
        [
            rng.uniform(-30, 30, size) * strength,
            1 + rng.uniform(-0.4, 0.4, size) * strength,
            1 + rng.uniform(-0.4, 0.4, size) * strength,
        ],
        axis=-1,
    )
    made[:, :, 0, 2] = 1
    return made.astype(np.float32)


@pytest.mark.parametrize(
    ("size", "srgb"),
    [((1, 90, 30), False), ((1, 6, 2), False), ((1, 1, 2), False), ((5, 36, 8), False), ((5, 36, 8), True),
     ((1, 36, 8), True), ((1, 360, 2), False)],
)  # fmt: skip
def test_kernel_does_what_the_specification_says(size: tuple[int, int, int], srgb: bool) -> None:
    found = HueSatMap(table(*size, 0.9), srgb)
    rgb = np.random.default_rng(1).uniform(0, 1, (3, 7, 37)).astype(np.float16)
    image = rgb.copy()
    apply_hue_sat(image, found, EYE, EYE)
    want = [reference.through(found.table, tuple(p), srgb) for p in rgb.reshape(3, -1).T.astype(float)]
    # A packed table knows saturation and value in steps of at most a thousandth.
    np.testing.assert_allclose(image.reshape(3, -1).T, want, rtol=HALF, atol=8e-4 if packed(found) else 1e-4)
    single = hue_sat.apply(found, rgb.reshape(3, -1).T.astype(float))
    np.testing.assert_allclose(single, want, atol=1e-9)


def test_example_by_hand() -> None:
    # Two saturations, six hues. Orange (1, 0.5, 0) has hue 30: half way between red and yellow, at saturation 1.
    made = np.tile(np.array([0, 1, 1], np.float32), (1, 6, 2, 1))
    made[0, 0, 1] = (20, 0.5, 0.8)  # red
    made[0, 1, 1] = (40, 0.9, 1.0)  # yellow
    image = np.array([0.5, 0.25, 0.0], np.float16).reshape(3, 1, 1)
    apply_hue_sat(image, HueSatMap(made), EYE, EYE)
    # Turn by 30 to yellow, saturation 0.7, value 0.5 * 0.9.
    np.testing.assert_allclose(image[:, 0, 0], [0.45, 0.45, 0.45 * 0.3], rtol=HALF, atol=3e-4)


def test_big_moves_take_the_exact_way() -> None:
    assert packed(HueSatMap(table(1, 90, 30, 0.9))) is not None
    assert packed(HueSatMap(table(1, 90, 30, 8.0))) is None
    assert packed(HueSatMap(table(2, 90, 30, 0.1))) is None


@pytest.mark.parametrize("found", [HueSatMap(table(1, 90, 30, 0.5)), HueSatMap(table(4, 90, 30, 0.5), True)])
def test_neutral_stays_neutral_at_any_level(found: HueSatMap) -> None:
    level = np.concatenate([[-0.2, -1e-4, 0, 1e-6], np.logspace(-4, 1.5, 60)]).astype(np.float16)
    image = np.tile(level, (3, 2, 1))
    apply_hue_sat(image, found)
    np.testing.assert_array_equal(image, np.tile(level, (3, 2, 1)))


def test_two_stops_more_light_are_two_stops_more() -> None:
    found = HueSatMap(table(1, 90, 30, 0.5))
    dark = np.random.default_rng(2).uniform(-0.02, 0.9, (3, 11, 53)).astype(np.float16)
    bright = 4 * dark
    apply_hue_sat(dark, found)
    apply_hue_sat(bright, found)
    whole = np.abs(dark) > 2.0**-14  # smaller half floats have fewer digits
    assert whole.mean() > 0.99
    np.testing.assert_array_equal(bright[whole], 4 * dark[whole])


def test_colours_outside_the_table_go_on_smoothly() -> None:
    """Below zero, above white and at black there is neither a jump nor a number that is none."""
    found = HueSatMap(table(1, 36, 12, 0.3))
    path = np.stack([np.linspace(1.5, -0.5, 20001), np.full(20001, 0.3), np.linspace(-0.4, 0.9, 20001)])
    image = path.astype(np.float16)[:, None].copy()
    apply_hue_sat(image, found)
    assert np.isfinite(image).all()
    assert np.abs(np.diff(image[:, 0].astype(float))).max() < 40 * np.abs(np.diff(path)).max()
    zero = np.zeros((3, 1, 5), np.float16)
    apply_hue_sat(zero, found)
    assert (zero == 0).all()


def test_part_of_a_larger_image_and_odd_sizes() -> None:
    found = HueSatMap(table(1, 90, 30, 0.5))
    whole = np.random.default_rng(3).uniform(0, 1, (3, 9, 200)).astype(np.float16)
    part = whole[:, 2:7, 3:104]
    want = np.ascontiguousarray(part)
    before = whole.copy()
    apply_hue_sat(want, found)
    apply_hue_sat(part, found)
    np.testing.assert_array_equal(part, want)
    part[...] = before[:, 2:7, 3:104]
    np.testing.assert_array_equal(whole, before)


def test_tables_between_lights() -> None:
    one, two = HueSatMap(table(1, 36, 8, 0.5)), HueSatMap(table(1, 36, 8, 0.5, seed=5))
    middle = hue_sat.between((one, two), (0.25, 0.75))
    assert middle is not None
    np.testing.assert_allclose(middle.table, 0.25 * one.table + 0.75 * two.table, atol=1e-6)
    only = hue_sat.between((one, None), (0.5, 0.5))
    assert only is not None
    np.testing.assert_allclose(only.table, 0.5 * one.table + 0.5 * np.float32([0, 1, 1]), atol=1e-5)
    assert hue_sat.between((None, None), (0.5, 0.5)) is None
    assert hue_sat.between((one, None), (0.0, 1.0)) is None


def test_a_function_becomes_a_table() -> None:
    matrix = np.array([[0.9, 0.08, 0.02], [0.03, 0.95, 0.02], [0.01, 0.05, 0.94]])
    found = HueSatMap(hue_sat.sample(lambda rgb: rgb @ matrix.T, 90, 30))
    rgb = np.random.default_rng(4).uniform(0.05, 1, (500, 3))
    off = np.abs(hue_sat.apply(found, rgb) - rgb @ matrix.T)
    assert off.mean() < 2e-4
    assert off.max() < 0.012  # in cells where another channel becomes the largest


def test_hues_that_fold_are_unfolded_and_others_left_alone() -> None:
    table = np.tile(np.array([0, 1, 1], np.float32), (1, 180, 12, 1))
    table[0, 80:90, 4:, 0] = np.linspace(0, -25, 10)[:, None]  # and back at once
    table[0, 90:100, 4:, 0] = np.linspace(-25, 0, 10)[:, None]
    assert hue_sat.hue_slope(table).min() < 0
    found = hue_sat.unfolded(table, 0.5)
    assert hue_sat.hue_slope(found).min() >= 0.5
    np.testing.assert_array_equal(found[..., 1:], table[..., 1:])
    np.testing.assert_array_equal(found[0, :60], table[0, :60])
    np.testing.assert_array_equal(found[0, 120:], table[0, 120:])
    np.testing.assert_array_equal(hue_sat.unfolded(found, 0.5), found)
