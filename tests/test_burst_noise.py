"""The noise that a merge leaves: as low at odd borders as elsewhere, and as the merged frame's profile says it is."""

from __future__ import annotations

import numpy as np
import pytest

from lichtbild.carriers import Frame, NoiseProfile
from lichtbild.record import replace
from test_burst_merge import rearranged
from test_burst_scene import Array, Camera, Leaf, Scene, covered, gain, merge, natural, shoot, views

GREY = np.array([0.3, 0.3, 0.3])


def off_by(merged: Frame, camera: Camera, truth: Array) -> Array:
    """Error in units of the single frame's noise."""
    noise = camera.noise.scale[0] * truth + camera.noise.offset[0]
    return (camera.level(merged) - truth) / np.sqrt(noise)


@pytest.mark.parametrize("shape", [(95, 128), (96, 127), (97, 129), (127, 95)])
@pytest.mark.parametrize(("dy", "dx"), [(0, 0), (0, 1), (1, 0), (1, 1)])
def test_the_last_lines_of_odd_sizes_are_merged_like_all_others(shape: tuple[int, int], dy: int, dx: int) -> None:
    """From a tripod, so that all frames show all of it; the area starts at each of the four sites."""
    camera, n = Camera(800), 8
    truth = camera.sites(natural(3, 200.0, leaves=60).colors(views(1, 1).poses[0], (shape[0] + dy, shape[1] + dx)))
    rng = np.random.default_rng(3)
    order = np.roll(np.arange(4).reshape(2, 2), (-dy, -dx), (0, 1))
    frames = [camera.shoot(truth, rng) for _ in range(n)]
    frames = [rearranged(frame, order, frame.mosaic[dy:, dx:]) for frame in frames]
    error = off_by(merge(frames)[0], camera, truth[dy:, dx:])
    assert (error**2).mean() < 1.15 / n
    for border in (error[-1], error[-2], error[:, -1], error[:, -2], error[0], error[:, 0]):
        assert (border**2).mean() < 1.6 / n  # 95 to 129 samples


@pytest.mark.parametrize(("n", "seeds"), [(2, 4), (4, 3), (8, 2), (15, 2), (30, 1)])
@pytest.mark.parametrize("iso", [200, 6400])
def test_the_noise_profile_is_true_for_each_color(iso: float, n: int, seeds: int) -> None:
    square = Leaf(0, 0, 80, 100, GREY)
    flat = covered(square, (256, 320), margin=-12)
    seen, told = np.zeros(3), np.zeros(3)
    for seed in range(seeds):
        shot = shoot(views(2, n), Camera(iso), seed=100 * seed + n, movers=[lambda _: square])
        merged, _ = merge(shot.frames)
        error = np.where(flat, shot.camera.level(merged) - shot.truths[0], np.nan)
        for i, color in enumerate(shot.camera.cfa):
            c = "RGB".index(color)
            level = GREY[c] * shot.camera.neutral[c]
            seen[c] += np.nanvar(error[i // 2 :: 2, i % 2 :: 2])
            told[c] += merged.noise_profile.scale[c] * level + merged.noise_profile.offset[c]
    np.testing.assert_allclose(told / seen, 1.0, atol=0.07)


@pytest.mark.parametrize("light", [0.0, 0.3])
@pytest.mark.parametrize("moves", [(0.0, 0.0), (1.0, 3.0), (0.5, 0.5), (0.25, 1.5)])
def test_it_follows_how_far_the_frames_were_displaced(moves: tuple[float, float], light: float) -> None:
    """A pair, one of which is displaced; in the dark it is the read noise that counts, in the light the shot noise."""
    from lichtbild.burst.noise_left import NoiseLeft

    camera, shape = Camera(1600), (384, 512)
    scene = Scene(GREY * light, np.zeros((1, 2)), np.zeros((1, 3)), np.zeros(1))
    truth = camera.sites(scene.colors(views(1, 1).poses[0], shape))
    rng = np.random.default_rng(8)
    frame, other = (camera.shoot(truth, rng) for _ in range(2))
    left = NoiseLeft(frame)
    flow = np.broadcast_to(np.array(moves, np.float32)[:, None, None], (2, 12, 16))
    left.add(np.ascontiguousarray(flow), 1.0)
    profile = left.profile(camera.noise, 2.0)
    merged = _pair(frame, other, np.ascontiguousarray(flow))
    inside = np.s_[8:-8, 8:-8]
    for c in range(3):
        site = np.isin(np.arange(4), [i for i, color in enumerate(camera.cfa) if "RGB".index(color) == c])
        there = np.tile(site.reshape(2, 2), (shape[0] // 2, shape[1] // 2))[inside]
        error = (merged - truth)[inside][there]
        told = profile.scale[c] * truth[inside][there].mean() + profile.offset[c]
        assert told == pytest.approx(error.var(), rel=0.06)


@pytest.mark.parametrize("scale", [1.0, 0.0])
def test_a_profile_without_noise_in_black_leaves_no_holes(scale: float) -> None:
    """Files leave the offset out, and in light scenes it cannot be measured; black pixels still have a variance."""
    shot = shoot(views(1, 5), Camera(100), movers=[lambda _: Leaf(0, 0, 60, 80, np.zeros(3))])
    r, g, b = (scale * v for v in shot.camera.noise.scale)
    bare = NoiseProfile((r, g, b), (0.0, 0.0, 0.0))
    one = shot.camera.level(shot.frames[0])
    merged, report = merge([replace(frame, noise_profile=bare) for frame in shot.frames])
    assert 1.0 <= report.decided["burst"]["frames_that_count"] <= 5.0
    assert merged.confidence is not None and np.isfinite(merged.confidence).all()
    assert np.isfinite(merged.noise_profile.scale).all()
    assert gain(one, shot.camera.level(merged), shot.truths[0]) > (3.0 if scale else -0.1)


def _pair(frame: Frame, other: Frame, flow: np.ndarray) -> Array:
    """The mean of a frame and another that is displaced, in 0..1."""
    from lichtbild.burst.interpolate import PEDESTAL, UNIT, show

    shape = frame.mosaic.shape
    warped = np.empty(shape, np.uint16)
    show(other, flow, warped)
    span = frame.white_level - np.mean(frame.black_level)
    own = frame.mosaic - np.tile(np.reshape(frame.black_level, (2, 2)), (shape[0] // 2, shape[1] // 2))
    return np.asarray((own / span + (warped.astype(float) - PEDESTAL) / UNIT) / 2)
