"""The same look on every device: cameras that see alike give the same picture, and one that is wrong is found."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from lichtbild import color
from lichtbild.carriers import CameraColor, Frame
from lichtbild.measure.sameness import compare, grid, shoot, summary

NAMES = tuple(f"p{i}" for i in range(20))
# Channels that are mixtures of the eye's own responses (Luther 1927): such a camera's colours are exact.
CAMERAS = {
    "a": ((0.8, 0.1, -0.1), (-0.4, 1.2, 0.2), (-0.1, 0.2, 0.6)),
    "b": ((0.6, 0.3, 0.0), (-0.2, 1.0, 0.1), (0.0, 0.0, 0.9)),
    "c": ((1.0, -0.2, -0.1), (-0.5, 1.3, 0.15), (0.05, -0.1, 0.7)),
}


def frames(wrong: str = "") -> dict[str, Frame]:
    rng = np.random.default_rng(3)
    light = rng.uniform(0.02, 0.7, (20, 1)) * rng.uniform(0.55, 1.0, (20, 3))
    xyz = light @ color.rgb_to_xyz("srgb").T
    out = {}
    for name, matrix in CAMERAS.items():
        told = np.array(matrix)
        if name == wrong:
            told = told + np.array([[0.25, -0.2, 0], [0, 0, 0], [0, -0.1, 0.1]])
        tags = CameraColor(color_matrix_1=tuple(map(tuple, told.tolist())), calibration_illuminant_1=21)
        seen = xyz @ np.array(matrix).T
        out[name] = shoot(seen, np.array(matrix) @ color.xyz_from_xy(color.D65), tags, f"Maker {name}")
    return out


def test_cameras_that_see_as_the_eye_does_give_one_picture() -> None:
    for look in ("natural", "chrome"):
        same, pictures = compare(frames(), NAMES, look=look)
        assert set(pictures) == set(CAMERAS) and same.lab.shape == (3, 20, 3)
        assert summary(same.pairs)["mean"] < 0.25 and summary(same.pairs)["p95"] < 0.5, look


def test_a_camera_with_a_wrong_profile_is_found() -> None:
    same, _ = compare(frames(wrong="c"), NAMES)
    off = [summary(same.of_camera(i))["mean"] for i in range(3)]
    assert off[2] > 1.5 * max(off[:2]) and off[2] > 1.2
    assert same.to_dict()["cameras"]["c"]["mean"] == off[2]


def test_figures_are_those_of_ciede2000() -> None:
    same, _ = compare(frames(), NAMES)
    moved = replace(same, lab=np.array([same.lab[0], same.lab[0] + [1.0, 0, 0]]), cameras=("x", "y"))
    expected = color.delta_e_2000(moved.lab[0], moved.lab[1])
    np.testing.assert_allclose(moved.pairs[0], expected)
    np.testing.assert_allclose(moved.of_camera(0)[0], expected)
    assert moved.to_centre.max() < expected.max()


def test_the_sheet_holds_all_patches() -> None:
    for count in (1, 2, 24, 123, 200):
        rows, columns = grid(count)
        assert rows * columns >= count > (rows - 1) * columns
