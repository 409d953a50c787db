"""DNG colour: neutral, illuminant and matrices agree with each other; white stays white."""

import numpy as np
import pytest

from lichtbild import color
from lichtbild.carriers import CameraColor
from lichtbild.develop.camera_color import CameraModel
from lichtbild.develop.white_balance import as_shot
from lichtbild.devices.profile import DeviceProfile, Light

# A camera made up for these tests, measured under A and D65.
A = ((0.95, -0.36, -0.02), (-0.52, 1.34, 0.20), (-0.10, 0.24, 0.62))
D65 = ((0.82, -0.25, -0.09), (-0.46, 1.27, 0.21), (-0.12, 0.23, 0.55))
TWO = CameraColor(color_matrix_1=A, color_matrix_2=D65, calibration_illuminant_1=17, calibration_illuminant_2=21)


def forward(model: CameraModel, kelvin: float) -> tuple[tuple[float, ...], ...]:
    """The forward matrix that says the same as the colour matrix at that temperature."""
    xy = color.xy_from_temperature(kelvin)
    neutral = model.neutral_from_xy(xy)
    matrix = color.adaptation(xy, color.D50) @ np.linalg.inv(model.xyz_to_camera(xy)) * neutral
    matrix *= color.xyz_from_xy(color.D50)[1] / matrix[1].sum()
    return tuple(tuple(row) for row in matrix)


def test_matrices_interpolate_in_reciprocal_temperature() -> None:
    model = CameraModel.of(TWO)
    middle = 2 / (1 / 2850 + 1 / 6500)
    np.testing.assert_allclose(
        model.xyz_to_camera(color.xy_from_temperature(middle)), (np.array(A) + np.array(D65)) / 2, atol=2e-3
    )
    np.testing.assert_allclose(model.xyz_to_camera(color.xy_from_temperature(2000)), A, atol=1e-12)
    np.testing.assert_allclose(model.xyz_to_camera(color.xy_from_temperature(9000)), D65, atol=1e-12)


@pytest.mark.parametrize("kelvin", [2300, 2850, 3500, 4600, 6500, 8000])
@pytest.mark.parametrize("tint", [-20, 0, 20])
def test_neutral_and_illuminant_follow_from_each_other(kelvin: float, tint: float) -> None:
    model = CameraModel.of(TWO)
    xy = color.xy_from_temperature(kelvin, tint)
    np.testing.assert_allclose(model.xy_from_neutral(model.neutral_from_xy(xy)), xy, atol=1e-6)


@pytest.mark.parametrize("kelvin", [2500, 4000, 6500])
def test_white_is_white_and_colours_are_exact_for_a_linear_camera(kelvin: float) -> None:
    model = CameraModel.of(CameraColor(color_matrix_1=D65, calibration_illuminant_1=21))
    xy = color.xy_from_temperature(kelvin)
    neutral = model.neutral_from_xy(xy)
    matrix = model.white_balanced_to_rec2020(neutral, xy)
    np.testing.assert_allclose(matrix @ np.ones(3), 1.0, atol=1e-12)
    # a coloured surface under that light: the camera sees it; developing must give its Bradford-adapted colour
    surface = np.diag([0.5, 0.3, 0.1]) @ color.xyz_from_xy(xy)
    seen = model.xyz_to_camera(xy) @ surface / (model.xyz_to_camera(xy) @ color.xyz_from_xy(xy)).max()
    expected = color.xyz_to_rgb("rec2020") @ color.adaptation(color.D50, color.D65)
    expected = expected @ color.adaptation(xy, color.D50) @ surface
    np.testing.assert_allclose(matrix @ (seen / neutral), expected, atol=1e-9)


def test_forward_matrices_give_the_same_when_they_say_the_same() -> None:
    plain = CameraModel.of(TWO)
    tags = CameraColor(
        color_matrix_1=A,
        color_matrix_2=D65,
        forward_matrix_1=forward(plain, 2850),
        forward_matrix_2=forward(plain, 6500),
        calibration_illuminant_1=17,
        calibration_illuminant_2=21,
    )
    both = CameraModel.of(tags)
    assert len(both.forward) == 2
    for kelvin in (2850, 6500):
        xy = color.xy_from_temperature(kelvin)
        neutral = plain.neutral_from_xy(xy)
        np.testing.assert_allclose(
            both.white_balanced_to_rec2020(neutral, xy), plain.white_balanced_to_rec2020(neutral, xy), atol=1e-6
        )


def test_calibration_and_analog_balance_shift_the_neutral_but_not_the_colours() -> None:
    calibration = ((1.04, 0.0, 0.0), (0.0, 1.0, 0.0), (0.0, 0.0, 0.93))
    reference = CameraModel.of(CameraColor(color_matrix_1=D65, calibration_illuminant_1=21))
    for with_forward in (False, True):
        tags = CameraColor(
            color_matrix_1=D65,
            forward_matrix_1=forward(reference, 6500) if with_forward else None,
            camera_calibration_1=calibration,
            calibration_illuminant_1=21,
            analog_balance=(0.9, 1.0, 1.2),
        )
        model = CameraModel.of(tags)
        xy = color.xy_from_temperature(6500)
        neutral = model.neutral_from_xy(xy)
        expected = reference.neutral_from_xy(xy) * [1.04 * 0.9, 1.0, 0.93 * 1.2]
        np.testing.assert_allclose(neutral, expected / expected.max(), atol=1e-12)
        np.testing.assert_allclose(
            model.white_balanced_to_rec2020(neutral, xy),
            reference.white_balanced_to_rec2020(reference.neutral_from_xy(xy), xy),
            atol=1e-9,
        )


@pytest.mark.parametrize(
    "matrix", [None, ((0.0,) * 3,) * 3, ((float("nan"),) * 3,) * 3, ((1.0, 2.0, 3.0), (2.0, 4.0, 6.0), (1.0, 0.0, 0.0))]
)
def test_a_missing_or_broken_matrix_falls_back(matrix: object) -> None:
    model = CameraModel.of(CameraColor(color_matrix_1=matrix, calibration_illuminant_1=21))  # type: ignore[arg-type]
    assert model.is_fallback
    xy = model.xy_from_neutral(np.array([0.5, 1.0, 0.7]))
    assert np.isfinite(xy).all()
    assert np.isfinite(model.white_balanced_to_rec2020(np.array([0.5, 1.0, 0.7]), xy)).all()


def test_equal_or_unknown_illuminants_use_the_second_set() -> None:
    for one, two in ((21, 21), (0, 0), (None, 21)):
        tags = CameraColor(
            color_matrix_1=A, color_matrix_2=D65, calibration_illuminant_1=one, calibration_illuminant_2=two
        )
        np.testing.assert_allclose(CameraModel.of(tags).xyz_to_camera(color.D65), D65)


def test_as_shot_is_normalised_and_refuses_nonsense() -> None:
    model = CameraModel.of(TWO)
    found = as_shot(CameraColor(as_shot_neutral=(1.0, 2.0, 1.5)), model)
    assert found is not None
    np.testing.assert_allclose(found[0], [0.5, 1.0, 0.75])
    for bad in ((0.0, 1.0, 1.0), (float("nan"), 1.0, 1.0), (-1.0, 1.0, 1.0), (1e-9, 1.0, 1.0)):
        assert as_shot(CameraColor(as_shot_neutral=bad), model) is None
    found = as_shot(CameraColor(as_shot_white_xy=color.D50), model)
    assert found is not None
    np.testing.assert_allclose(found[0], model.neutral_from_xy(color.D50))


def test_three_lights_are_mixed_between_neighbours() -> None:
    """The weights add up, change without a jump, and leave the third light alone."""
    middle = tuple(tuple(0.5 * (a + b) + 0.02 for a, b in zip(p, q, strict=True)) for p, q in zip(A, D65, strict=True))
    lights = (Light("A", A), Light("D50", middle), Light("D65", D65))  # type: ignore[arg-type]
    model = CameraModel.of(CameraColor(), DeviceProfile("a", "b", lights=lights))
    assert model.kelvin == (2850, 5000, 6500)
    weights = np.array([model.weights(color.xy_from_temperature(k)) for k in np.linspace(2000, 9000, 400)])
    np.testing.assert_allclose(weights.sum(axis=1), 1)
    assert np.abs(np.diff(weights, axis=0)).max() < 0.03
    assert (np.minimum(weights[:, 0], weights[:, 2]) == 0).all()
    np.testing.assert_allclose(model.xyz_to_camera(color.xy_from_temperature(5000)), middle, atol=2e-3)
    np.testing.assert_allclose(model.xyz_to_camera(color.xy_from_temperature(2500)), A)
