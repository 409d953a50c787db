"""The built-in scenes: light without holes, of a wide range, the same at any resolution and in any cut."""

from __future__ import annotations

import numpy as np
import pytest

from lichtbild import color
from lichtbild.virtual.draw import inside, polygon, rectangle, rgb, segment
from lichtbild.virtual.lettering import GLYPHS, distance, width_of
from lichtbild.virtual.noise import cells, fractal, hashed
from lichtbild.virtual.scene import Canvas, paint_mover, paint_scene
from lichtbild.virtual.scenes.catalogue import SCENES, find_scene
from lichtbild.virtual.scenes.still_life import chart
from lichtbild.virtual.shoot import shoot

EYE3 = np.eye(3)


def painted(name: str, height: int, width: int, margin: int = 0) -> np.ndarray:
    """(3, h, w) light of a scene."""
    canvas = Canvas(height, width, margin, 1.0)
    return paint_scene(find_scene(name), canvas, EYE3).view(np.float16).astype(np.float32) / 32


@pytest.mark.parametrize("name", SCENES)
def test_a_scene_is_finite_everywhere_and_uses_its_range(name: str) -> None:
    light = painted(name, 90, 120) * find_scene(name).exposure
    assert np.isfinite(light).all()
    assert light.min() >= 0
    green = light[1]
    assert (green > 0).mean() > 0.995
    assert 0.03 < np.median(green) < 0.6
    darkest, brightest = np.percentile(green, 0.5), green.max()
    stops = np.log2(brightest / max(darkest, 1e-6))
    assert stops > {"street-night": 13, "still-life": 8, "daylight-landscape": 8, "resolution-chart": 4.5}[name]


def test_the_lamps_of_the_street_are_six_to_ten_stops_above_white() -> None:
    green = painted("street-night", 240, 320)[1] * find_scene("street-night").exposure
    assert 2**6 < green.max() < 2**10
    assert (green > 64).sum() > 20


@pytest.mark.parametrize("name", SCENES)
def test_a_margin_and_another_shape_show_the_same_scene_around_the_same_centre(name: str) -> None:
    small, wide = painted(name, 60, 80), painted(name, 60, 100, margin=6)
    np.testing.assert_allclose(wide[:, 6:66, 16:96], small, rtol=0.02, atol=0.004)


@pytest.mark.parametrize("name", SCENES)
def test_the_mean_light_does_not_depend_on_the_resolution(name: str) -> None:
    coarse, fine = painted(name, 60, 80), painted(name, 180, 240)
    fine = fine.reshape(3, 60, 3, 80, 3).mean((2, 4))
    coarse, fine = np.minimum(coarse, 1), np.minimum(fine, 1)
    assert fine.mean() == pytest.approx(coarse.mean(), rel=0.05)
    assert np.abs(fine - coarse).mean() < 0.04


@pytest.mark.parametrize("name", ["street-night", "daylight-landscape"])
def test_movers_fit_their_boxes(name: str) -> None:
    scene = find_scene(name)
    canvas = Canvas(180, 240, 8, 1.0)
    ground = paint_scene(scene, canvas, EYE3)
    for mover in scene.movers:
        bits = paint_mover(mover, canvas, EYE3, ground).bits.view(np.float16).astype(np.float32)
        assert np.isfinite(bits).all()
        assert 0 <= bits[3].min() <= bits[3].max() <= 1
        assert bits[3].max() > 0.9
        if mover.speed:
            rim = np.concatenate(
                [bits[:, 4:6].ravel(), bits[:, -6:-4].ravel(), bits[:, :, 4:6].ravel(), bits[:, :, -6:-4].ravel()]
            )
            assert rim.max() < 0.05 * 32


def test_the_tram_moves_behind_the_corner_and_the_walker_the_other_way() -> None:
    shots = shoot("street-night", frames=2, size="320x240", motion=20.0, shake=0.0, rotation=0.0)
    assert shots[1].travel["tram"] == (0.0, 20.0)
    assert shots[1].travel["walker"][1] == pytest.approx(-6.0)
    moving = shots[1].moving()
    assert 0.05 < moving.mean() < 0.5
    still = ~(moving | shots[0].moving())
    np.testing.assert_allclose(shots[1].light[still], shots[0].light[still], atol=0.02)


def test_the_charts_patches_have_the_published_colours() -> None:
    tones = chart.reflectance()
    back = color.encode_srgb(tones @ color.convert("rec2020", "srgb").T) * 255
    np.testing.assert_allclose(back, chart.PATCHES, atol=0.01)
    # White and black differ by a factor of about 30, as on the printed chart.
    assert tones[18, 1] / tones[23, 1] == pytest.approx(0.9 / 0.034, rel=0.1)


def test_noise_has_mean_zero_is_smooth_and_fades_before_it_aliases() -> None:
    y, x = np.mgrid[0:200, 0:300].astype(np.float32) / 20
    noise = fractal(y, x, 0.05, 5, 3)
    assert abs(noise.mean()) < 0.05
    assert 0.2 < noise.std() < 0.6
    assert np.abs(np.diff(noise, axis=1)).max() < 0.5
    assert np.abs(fractal(y, x, 0.5, 5, 3)).max() < 1e-6
    np.testing.assert_array_equal(fractal(y[50:70, 100:111], x[50:70, 100:111], 0.05, 5, 3), noise[50:70, 100:111])
    assert np.abs(fractal(y, x, 0.05, 5, 4) - noise).mean() > 0.1


def test_cells_find_the_nearest_of_the_scattered_points() -> None:
    y, x = np.mgrid[0:60, 0:60].astype(np.float32) / 9
    near, second, number, dv, du = cells(y, x, 5)
    np.testing.assert_allclose(np.hypot(dv, du), near, rtol=1e-5)
    points = {
        (round(float(py), 3), round(float(px), 3)) for py, px in zip((y - dv).ravel(), (x - du).ravel(), strict=True)
    }
    # By brute force over all points that any place found.
    all_points = np.array(sorted(points))
    d = np.sort(np.hypot(y.ravel()[:, None] - all_points[:, 0], x.ravel()[:, None] - all_points[:, 1]), axis=1)
    np.testing.assert_allclose(near.ravel(), d[:, 0], atol=2e-3)
    middle = ((y > 1.5) & (y < 5) & (x > 1.5) & (x < 5)).ravel()
    np.testing.assert_allclose(second.ravel()[middle], d[middle, 1], atol=2e-3)
    assert len({float(n) for n in np.unique(number)}) <= len(points)


def test_hashed_numbers_are_even() -> None:
    values = hashed(np.arange(10_000), 3)
    assert values.mean() == pytest.approx(0.5, abs=0.015)
    assert values.min() >= 0
    assert values.max() < 1
    assert abs(np.corrcoef(values[1:], values[:-1])[0, 1]) < 0.04


def test_shapes_have_true_distances() -> None:
    y, x = np.array([[0.0]]), np.array([[3.0]])
    assert rectangle(y, x, (-1, -1, 1, 1))[0, 0] == pytest.approx(2)
    assert rectangle(y, 0 * x, (-1, -1, 1, 1))[0, 0] == pytest.approx(-1)
    assert segment(y, x, (-1.0, 0.0), (1.0, 0.0))[0, 0] == pytest.approx(3)
    triangle = [(0.0, -1.0), (0.0, 1.0), (2.0, 0.0)]
    assert polygon(np.array([[0.5]]), np.array([[0.0]]), triangle)[0, 0] == pytest.approx(-0.5)
    assert polygon(np.array([[-0.5]]), np.array([[0.0]]), triangle)[0, 0] == pytest.approx(0.5)
    np.testing.assert_allclose(inside(np.array([-1.0, 0.0, 1.0]), 1.0), [1, 0.5, 0])


def test_every_letter_has_ink_inside_its_grid() -> None:
    y, x = np.arange(-1, 7.5, 0.1)[:, None], np.arange(-1, 5.5, 0.1)[None, :]
    drawn = {}
    for letter in GLYPHS:
        ink = distance(y, x, letter, 0.0, 0.0, 6.0) < 0.35
        assert ink.any(), letter
        assert not ink[:, 0].any(), letter
        drawn[letter] = ink.tobytes()
    assert len(set(drawn.values())) == len(GLYPHS)
    assert width_of("AB", 6.0) == pytest.approx(4 + 1.6 + 4)


def test_colour_codes_are_srgb() -> None:
    np.testing.assert_allclose(rgb("#ffffff"), (1, 1, 1), atol=1e-6)
    np.testing.assert_allclose(rgb("#808080"), (0.2158605,) * 3, atol=1e-5)
