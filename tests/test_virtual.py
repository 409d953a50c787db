"""The virtual camera: its noise, motion, colours and files are what it says they are."""

from __future__ import annotations

import itertools
import math
from dataclasses import replace
from datetime import datetime

import numpy as np
import pytest

from lichtbild import color, native
from lichtbild.virtual.hand import Pose, wander
from lichtbild.virtual.scene import Mover, VirtualScene
from lichtbild.virtual.sensor import SENSORS
from lichtbild.virtual.shoot import Shot, shoot
from reference import virtual_optics

D55 = color.daylight_xy(5500.0)


def flat(level: float, tint: tuple[float, float, float] = (1.0, 1.0, 1.0)) -> VirtualScene:
    def paint(y: np.ndarray, x: np.ndarray, pixel: float, /) -> np.ndarray:
        return np.full((y.shape[0], x.shape[1], 3), level, np.float32) * np.float32(tint)

    return VirtualScene("flat", paint, D55)


def wave(fy: float, fx: float, unit: float) -> VirtualScene:
    """A plane wave of fy, fx cycles per mosaic pixel, grey."""

    def paint(y: np.ndarray, x: np.ndarray, pixel: float, /) -> np.ndarray:
        phase = 2 * math.pi * unit * (fy * y.astype(float) + fx * x.astype(float))
        return ((0.4 + 0.3 * np.cos(phase))[..., None] * np.ones(3)).astype(np.float32)

    return VirtualScene("wave", paint, D55)


STILL = {"shake": 0.0, "rotation": 0.0, "shading": 0.0}


def greens(shot: Shot) -> np.ndarray:
    """Both green sites of a mosaic, as x: 0..1 of white minus black."""
    f = shot.frame
    assert f.cfa == "RGGB"
    pixels = np.concatenate([f.mosaic[0::2, 1::2].ravel(), f.mosaic[1::2, 0::2].ravel()]).astype(float)
    return (pixels - f.black_level[0]) / (f.white_level - f.black_level[0])


@pytest.mark.parametrize("iso", [100, 1600, 6400])
@pytest.mark.parametrize("level", [0.0, 0.004, 0.05, 0.2, 0.6])
@pytest.mark.parametrize("bits", [10, 14])
def test_mean_and_variance_follow_the_noise_profile(iso: int, level: float, bits: int) -> None:
    shot = shoot(flat(level), frames=1, size="800x600", iso=iso, bits=bits, **STILL)[0]
    x, profile = greens(shot), shot.frame.noise_profile
    true = float(shot.light[0, 1])
    assert true == pytest.approx(level, abs=2e-4)
    variance = profile.scale[1] * true + profile.offset[1]
    n = x.size
    step = 1 / (shot.frame.white_level - shot.frame.black_level[0])
    # Four standard errors; a coarse converter is not exactly a uniform noise source, hence the part of its step.
    assert x.mean() == pytest.approx(true, abs=4 * math.sqrt(variance / n) + 0.02 * step)
    assert x.var() == pytest.approx(variance, rel=4 * math.sqrt(3 / n) + 0.01, abs=0.05 * step**2)


@pytest.mark.parametrize("level", [0.05, 0.15, 0.17, 0.4])
def test_few_photons_have_the_skewness_of_a_poisson_distribution(level: float) -> None:
    """At 70 electrons to white this covers both ways in which photons are drawn."""
    shot = shoot(flat(level), frames=1, size="1000x800", iso=6400, bits=14, **STILL)[0]
    x = greens(shot)
    electrons = SENSORS["phone"].electrons(6400)
    mean = level * electrons
    read = SENSORS["phone"].read_deviation(6400)
    expected = mean / (mean + read**2) ** 1.5
    skewness = ((x - x.mean()) ** 3).mean() / x.var() ** 1.5
    assert skewness == pytest.approx(expected, abs=5 * math.sqrt(6 / x.size))


def test_noise_differs_between_frames_and_neighbours_and_repeats_with_the_seed() -> None:
    a, b = shoot(flat(0.2), frames=2, size="640x480", seed=3, **STILL)
    again = shoot(flat(0.2), frames=2, size="640x480", seed=3, **STILL)
    other = shoot(flat(0.2), frames=1, size="640x480", seed=4, **STILL)[0]
    np.testing.assert_array_equal(a.frame.mosaic, again[0].frame.mosaic)
    np.testing.assert_array_equal(b.frame.mosaic, again[1].frame.mosaic)

    def noise(shot: Shot) -> np.ndarray:
        g = shot.frame.mosaic[0::2, 1::2].astype(float)
        return (g - g.mean()) / g.std()

    n = noise(a)
    limit = 5 / math.sqrt(n.size)
    for compared in (noise(b), noise(other), np.roll(n, 1, 0), np.roll(n, 1, 1)):
        assert abs((n * compared).mean()) < limit


def test_noise_zero_gives_the_truth_to_half_a_number() -> None:
    shot = shoot(wave(0.02, 0.03, 96.0), frames=1, size="128x96", noise=0.0, shading=0.0)[0]
    span = shot.frame.white_level - shot.frame.black_level[0]
    expected = shot.frame.black_level[0] + np.minimum(shot.light, 1) * span
    assert np.abs(shot.frame.mosaic - expected).max() <= 0.51


@pytest.mark.parametrize(("fy", "fx"), [(0.05, 0.0), (0.03, -0.11), (0.2, 0.21)])
def test_the_content_of_every_frame_lies_where_the_truth_says(fy: float, fx: float) -> None:
    size, unit = (96, 128), 96.0
    shots = shoot(wave(fy, fx, unit), frames=6, size="128x96", shake=7.3, rotation=1.5, noise=0.0)
    y, x = np.mgrid[0 : size[0], 0 : size[1]].astype(float)

    def carrier(pose: Pose) -> np.ndarray:
        xx, xy, x0, yx, yy, y0 = pose.to_reference(*size)
        ry, rx = yx * x + yy * y + y0, xx * x + xy * y + x0
        return np.cos(2 * math.pi * (fy * (ry + 0.5 - size[0] / 2) + fx * (rx + 0.5 - size[1] / 2)))

    green = (np.add.outer(np.arange(size[0]), np.arange(size[1])) % 2) == 1
    wave_seen = (shots[0].light - 0.4)[green]
    contrast = (wave_seen * carrier(shots[0].pose)[green]).sum() / (carrier(shots[0].pose)[green] ** 2).sum()
    assert 0.02 < contrast < 0.3
    for shot in shots:
        expected = 0.4 + contrast * carrier(shot.pose)
        assert np.abs(shot.light - expected)[green].max() < 0.004 * 0.3 + 0.002
    assert max(math.hypot(s.pose.dy, s.pose.dx) for s in shots) == pytest.approx(7.3)
    assert max(abs(s.pose.rotation) for s in shots) == pytest.approx(1.5)


def test_a_pose_and_its_inverse_agree() -> None:
    pose = Pose(3.25, -7.5, 2.0)
    y, x = pose.from_reference(12.0, 70.0, 100, 140)
    xx, xy, x0, yx, yy, y0 = pose.to_reference(100, 140)
    assert (yx * x + yy * y + y0, xx * x + xy * y + x0) == pytest.approx((12.0, 70.0))
    assert Pose(3.25, -7.5, 0.0).from_reference(12.0, 70.0, 100, 140) == (15.25, 62.5)


def test_the_hand_starts_at_the_reference_and_wanders_slowly() -> None:
    poses = wander(30, 50.0, 0.5, seed=9)
    assert poses[0] == Pose(0.0, 0.0, 0.0)
    steps = [math.hypot(b.dy - a.dy, b.dx - a.dx) for a, b in itertools.pairwise(poses)]
    assert max(steps) < 50.0
    assert wander(1, 5.0, 1.0, 0) == [Pose(0.0, 0.0, 0.0)]
    assert wander(8, 0.0, 0.0, 0)[7] == Pose(0.0, 0.0, 0.0)


@pytest.mark.parametrize("cfa", ["RGGB", "BGGR", "GRBG", "GBRG"])
def test_each_site_sees_its_colour(cfa: str) -> None:
    scene = flat(0.3, (0.9, 0.5, 0.2))
    shot = shoot(scene, frames=1, size="64x48", cfa=cfa, **STILL)[0]
    seen = SENSORS["phone"].camera_from_scene(D55) @ np.array([0.27, 0.15, 0.06])
    for i, colour in enumerate(cfa):
        site = shot.light[i // 2 :: 2, i % 2 :: 2]
        np.testing.assert_allclose(site, seen["RGB".index(colour)], rtol=2e-3)


def test_white_has_the_neutral_of_the_tags() -> None:
    shot = shoot(flat(0.5), frames=1, size="64x48", **STILL)[0]
    neutral = shot.frame.metadata.color.as_shot_neutral
    assert neutral is not None
    assert max(neutral) == pytest.approx(1.0)
    means = [shot.light[i // 2 :: 2, i % 2 :: 2].mean() for i in (0, 1, 3)]
    np.testing.assert_allclose(np.array(means) / 0.5, neutral, rtol=2e-3)


@pytest.mark.parametrize("camera", ["phone", "system"])
@pytest.mark.parametrize("kelvin", [2856.0, 4000.0, 6504.0])
def test_colour_tags_lead_back_to_the_scene(camera: str, kelvin: float) -> None:
    """By DNG 1.4 chapter 6, with either kind of matrix; between the illuminants only nearly."""
    sensor, white = SENSORS[camera], color.D65 if kelvin == 6504.0 else color.xy_from_temperature(kelvin)
    tags = sensor.camera_color(white)
    scene = np.array([0.30, 0.42, 0.15])
    seen = sensor.camera_from_scene(white) @ scene
    xyz = np.linalg.solve(sensor.color_matrix(white), seen)
    back = color.xyz_to_rgb("rec2020") @ color.adaptation(white, color.D65) @ xyz
    np.testing.assert_allclose(back / back[1], scene / scene[1], rtol=1e-6)
    part = (1 / kelvin - 1 / 6504) / (1 / 2856 - 1 / 6504)
    forward = part * np.array(tags.forward_matrix_1) + (1 - part) * np.array(tags.forward_matrix_2)
    xyz = forward @ (seen / np.array(tags.as_shot_neutral))
    back = color.xyz_to_rgb("rec2020") @ color.adaptation(color.D50, color.D65) @ xyz
    np.testing.assert_allclose(back / back[1], scene / scene[1], rtol=0.05 if kelvin == 4000 else 2e-3)


@pytest.mark.parametrize(("bits", "black", "white"), [(10, 64, 1023), (12, 256, 4095), (14, 1024, 16383)])
def test_levels_follow_the_bits_and_light_clips_at_white(bits: int, black: int, white: int) -> None:
    frame = shoot(flat(4.0), frames=1, size="64x48", bits=bits, **STILL)[0].frame
    assert (frame.black_level, frame.white_level, frame.clip_level) == ((black,) * 4, white, white)
    assert frame.mosaic.max() == white
    assert (frame.mosaic[0::2, 1::2] == white).all()
    assert shoot(flat(0.0), frames=1, size="64x48", bits=bits, **STILL)[0].frame.mosaic.min() > 0


def test_a_bracket_scales_light_and_time_and_is_repeated() -> None:
    shots = shoot(flat(0.1), frames=5, size="64x48", bracket="0,-2,+2", ev=0.5, noise=0.0, **STILL)
    assert [s.exposure for s in shots] == [0.5, -1.5, 2.5, 0.5, -1.5]
    for shot in shots:
        np.testing.assert_allclose(shot.light, shots[0].light * 2.0 ** (shot.exposure - 0.5), rtol=1e-5)
    times = [s.frame.metadata.exposure_time for s in shots]
    assert times[2] / times[1] == pytest.approx(16, rel=0.03)
    moments = [s.frame.metadata.capture_time for s in shots]
    assert moments == sorted(set(moments))


def test_frames_of_a_long_bracket_begin_one_after_the_other() -> None:
    """`read` sorts by these times; a short exposure after a long one does not begin before that ends."""
    shots = shoot("street-night", frames=6, size="64x48", bracket="2,0,-2", iso=25, **STILL)
    moments = [datetime.strptime(s.frame.metadata.capture_time, "%Y:%m:%d %H:%M:%S.%f") for s in shots]
    for shot, begin, after in zip(shots, moments, moments[1:], strict=False):
        assert (after - begin).total_seconds() >= shot.frame.metadata.exposure_time - 2e-3


def test_shading_is_what_the_gain_grid_undoes() -> None:
    shot = shoot(flat(0.4), frames=1, size="131x97", noise=0.0, shake=0.0, rotation=0.0)[0]
    frame = shot.frame
    assert frame.shading is not None
    gains = frame.shading
    assert gains[6, 8].max() < 1.01
    assert 2.0 < gains[0, 0].min() < 2.6
    rows, columns = np.linspace(0, gains.shape[0] - 1, 97), np.linspace(0, gains.shape[1] - 1, 131)
    span = frame.white_level - frame.black_level[0]
    for site in range(4):
        y, x = rows[site // 2 :: 2], columns[site % 2 :: 2]
        across = np.array([np.interp(x, np.arange(gains.shape[1]), row) for row in gains[..., site]])
        gain = np.array([np.interp(y, np.arange(gains.shape[0]), column) for column in across.T]).T
        pixels = frame.mosaic[site // 2 :: 2, site % 2 :: 2].astype(float) - frame.black_level[site]
        np.testing.assert_allclose(pixels * gain / span, shot.light[site // 2 :: 2, site % 2 :: 2], atol=1.6 / span)


def test_hot_pixels_stay_where_they_are() -> None:
    shots = shoot(flat(0.0), frames=2, size="400x300", defects=2000.0, shake=3.0)
    hot = [s.frame.mosaic > 400 for s in shots]
    np.testing.assert_array_equal(hot[0], hot[1])
    assert 150 < hot[0].sum() < 300


def dot_scene(speed: float = 1.0) -> VirtualScene:
    """A soft white dot on black that moves to the right and a little down; a black bar stands before its path."""

    def dot(y: np.ndarray, x: np.ndarray, pixel: float, /) -> np.ndarray:
        out = np.zeros((y.shape[0], x.shape[1], 4), np.float32)
        out[..., 3] = np.exp(-((y + 0.1) ** 2 + (x + 0.3) ** 2) / (2 * 0.03**2))
        out[..., :3] = 0.8 * out[..., 3:]
        return out

    def bar(y: np.ndarray, x: np.ndarray, pixel: float, /) -> np.ndarray:
        return np.ones((y.shape[0], x.shape[1]), np.float32)

    movers = (
        Mover("dot", dot, (-0.25, -0.45, 0.05, -0.15), (0.25, 1.0), speed),
        Mover("bar", bar, (-0.5, 0.3, 0.5, 0.4), speed=0.0),
    )
    return replace(flat(0.0), movers=movers)


def test_a_mover_travels_as_the_truth_says_and_goes_behind_what_stands_before_it() -> None:
    shots = shoot(dot_scene(0.5), frames=8, size="320x240", motion=40.0, shake=4.0, rotation=0.5, noise=0.0)
    for i, shot in enumerate(shots[:5]):
        dy, dx = shot.travel["dot"]
        assert math.hypot(dy, dx) == pytest.approx(20.0 * i)
        y, x = np.mgrid[0:240, 0:320]
        green = np.where((y + x) % 2 == 1, shot.light, 0)
        seen = ((green * y).sum() / green.sum(), (green * x).sum() / green.sum())
        expected = shot.pose.from_reference(-0.1 * 240 + 119.5 + dy, -0.3 * 240 + 159.5 + dx, 240, 320)
        assert seen == pytest.approx(expected, abs=0.06)
        assert shot.moving()[round(expected[0]), round(expected[1])]
        assert shot.moving().mean() < 0.06
    bar_left, bar_right = (round(0.3 * 240 + 160) + 8, round(0.4 * 240 + 160) - 8)
    assert all(shot.light[:, bar_left:bar_right].max() < 1e-3 for shot in shots)
    assert shots[7].light[:, bar_right:].max() < 0.1


def test_the_optics_kernels_agree_with_their_reference() -> None:
    rng = np.random.default_rng(2)
    scene = rng.random((4, 40, 51)).astype(np.float16)
    place = [1.5, 0.02, -1.0, -0.02, 1.5, 4.3]
    out, expected = np.empty((23, 31), np.float32), None
    native.call("virtual_light", scene[:3].view(np.uint16), *place, 0.7, 1, 0, 2.0, out)
    expected = virtual_optics.light(scene, place, 0.7, (1, 0), 2.0, (23, 31))
    np.testing.assert_allclose(out, expected, rtol=2e-4, atol=2e-5)
    before, after = rng.random((9, 12)).astype(np.float32), np.empty((2, 9, 12), np.float32)
    native.call("virtual_layer", scene.view(np.uint16), before, 7, 4, *place, 0.7, 1, 0, 2.0, after)
    cover = np.array([[_at(scene[3], place, x, y) for x in range(7, 19)] for y in range(4, 13)])
    np.testing.assert_allclose(after[1], cover, rtol=2e-4)
    np.testing.assert_allclose(after[0], before * (1 - cover) + expected[4:13, 7:19], rtol=5e-4, atol=1e-4)


def _at(plane: np.ndarray, place: list[float], x: int, y: int) -> float:
    sx, sy = place[0] * x + place[1] * y + place[2], place[3] * x + place[4] * y + place[5]
    return virtual_optics.seen(plane, sx, sy, 0.7)


def test_the_truth_frame_is_the_light() -> None:
    shot = shoot(flat(1.7), frames=1, size="64x48", **STILL)[0]
    deep = shot.truth(headroom=4.0)
    x = (deep.mosaic.astype(float) - deep.black_level[0]) / (deep.white_level - deep.black_level[0])
    np.testing.assert_allclose(x, shot.light, atol=1e-4)
    assert deep.shading is None
