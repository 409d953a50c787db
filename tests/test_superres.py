"""Super-resolution against the truth: detail, noise, motion, sizes, and what else must be true of the result."""

from __future__ import annotations

import numpy as np
import pytest

from lichtbild import api
from lichtbild.carriers import Burst
from lichtbild.develop.fine_waves import GAINS, joined_waves
from lichtbild.errors import RecipeError
from lichtbild.measure.slanted_edge import fit_edge, response
from lichtbild.recipe import Recipe
from superres_scene import bicubic, decibels, developed, gain, poses, shoot, truth
from test_burst_scene import Array, Camera

SHAPE = (192, 256)


@pytest.mark.parametrize(("count", "iso", "wanted"), [(8, 100, 6.4), (15, 100, 6.6), (8, 1600, 3.7), (15, 3200, 3.28)])
def test_detail_comes_from_hand_shake(count: int, iso: float, wanted: float) -> None:
    picture = truth(3, SHAPE, 2)
    frames = shoot(picture, 2, SHAPE, poses(count), Camera(iso))
    assert gain(frames, picture, 2) > wanted


@pytest.mark.parametrize("scale", [1.5, 2.5, 3.0])
def test_other_scales(scale: float) -> None:
    picture = truth(4, SHAPE, scale)
    frames = shoot(picture, scale, SHAPE, poses(8), Camera(100))
    assert gain(frames, picture, scale) > 4.0


@pytest.mark.parametrize("cfa", ["BGGR", "GRBG", "GBRG"])
def test_every_cfa(cfa: str) -> None:
    picture = truth(3, SHAPE, 2)
    seen = poses(8)
    usual, other = (developed(shoot(picture, 2, SHAPE, seen, Camera(100, cfa=c)), scale=2)[0] for c in ("RGGB", cfa))
    assert decibels(other, picture) == pytest.approx(decibels(usual, picture), abs=0.6)


@pytest.mark.parametrize("shape", [(131, 177), (130, 259)])
def test_odd_sizes(shape: tuple[int, int]) -> None:
    picture = truth(3, shape, 2)
    frames = shoot(picture, 2, shape, poses(8), Camera(100))
    fine, _ = developed(frames, scale=2)
    assert fine.shape == (2 * shape[0], 2 * shape[1], 3)
    assert gain(frames, picture, 2) > 2.0


def slanted_edge() -> Array:
    """A grey edge, 6 degrees from upright, as sharp as the fine grid can hold."""
    y, x = np.mgrid[0 : 2 * SHAPE[0], 0 : 2 * SHAPE[1]].astype(float)
    away = (x - x.mean()) * np.cos(np.deg2rad(6)) + (y - y.mean()) * np.sin(np.deg2rad(6))
    return np.repeat((0.15 + 0.4 * np.clip(away + 0.5, 0, 1))[..., None], 3, axis=2)


@pytest.mark.parametrize("iso", [100, 1600])
def test_an_edge_is_sharper_without_overshoot(iso: float) -> None:
    picture = slanted_edge()
    frames = shoot(picture, 2, SHAPE, poses(8), Camera(iso))
    fine, _ = developed(frames, scale=2)
    plain, _ = developed(frames)
    middle = np.s_[40:-40, SHAPE[1] - 60 : SHAPE[1] + 60]
    mine, its = (p.mean(axis=2)[middle] for p in (fine, bicubic(plain, 2, picture.shape[:2])))
    ours, theirs = response(mine, fit_edge(mine)), response(its, fit_edge(its))
    assert ours.mtf50 > 1.4 * theirs.mtf50
    assert max(ours.overshoot, ours.undershoot) < 3


@pytest.mark.parametrize(("iso", "share"), [(100, 0.8), (1600, 0.92)])
def test_grey_detail_gets_no_colour(iso: float, share: float) -> None:
    """A grey star, finer towards its middle than the pixels of the frames: they show it in false colours."""
    y, x = np.mgrid[0 : 2 * SHAPE[0], 0 : 2 * SHAPE[1]].astype(float)
    star = 0.35 + 0.25 * np.sin(40 * np.arctan2(y - y.mean(), x - x.mean()))
    picture = np.repeat(star[..., None], 3, axis=2)
    frames = shoot(picture, 2, SHAPE, poses(8), Camera(iso))
    fine, _ = developed(frames, scale=2)
    plain, _ = developed(frames)
    false = [
        float((p - p.mean(axis=2, keepdims=True))[12:-12, 12:-12].std())
        for p in (fine, bicubic(plain, 2, picture.shape[:2]))
    ]
    assert false[0] < share * false[1]
    assert false[1] < 0.004


@pytest.mark.parametrize(("count", "false"), [(8, 0.56), (15, 0.46)])
def test_fine_patterns_keep_still(count: int, false: float) -> None:
    """A star down to a pattern that one frame cannot hold: it seems to move, and looks different in each frame."""
    y, x = np.mgrid[0 : 2 * SHAPE[0], 0 : 2 * SHAPE[1]].astype(float)
    y, x = y - y.mean(), x - x.mean()
    rays = 0.35 + 0.25 * np.clip(np.sin(72 * np.arctan2(y, x)) * np.hypot(y, x) / 36, -1, 1)
    picture = np.repeat(np.where(np.hypot(y, x) < 40, 0.35, rays)[..., None], 3, axis=2)
    frames = shoot(picture, 2, SHAPE, poses(count), Camera(100))
    fine, _ = developed(frames, scale=2)
    enlarged = bicubic(developed(frames)[0], 2, picture.shape[:2])
    colour = [float((p - p.mean(axis=2, keepdims=True))[12:-12, 12:-12].std()) for p in (fine, enlarged)]
    assert colour[0] < false * colour[1]
    assert decibels(fine, picture) > decibels(enlarged, picture) + 3.2


def test_flat_parts_stay_as_clean_as_the_merged_picture() -> None:
    """At ISO 6400 nothing of the noise of single samples comes back, on grey and on colour."""
    picture = np.full((2 * SHAPE[0], 2 * SHAPE[1], 3), 0.2)
    picture[:, SHAPE[1] :] = 0.5, 0.15, 0.1
    frames = shoot(picture, 2, SHAPE, poses(8), Camera(6400))
    fine, _ = developed(frames, scale=2)
    enlarged = bicubic(developed(frames)[0], 2, picture.shape[:2])
    for part in (np.s_[30:-30, 30 : SHAPE[1] - 30], np.s_[30:-30, SHAPE[1] + 30 : -30]):
        mine, its = (p[part].mean(axis=2) for p in (fine, enlarged))
        assert mine.std() < 1.25 * its.std()


def test_noise_does_not_stay_beside_edges() -> None:
    """Windows that hold a bright bar let noise through; those beside it count more."""
    picture = np.full((2 * SHAPE[0], 2 * SHAPE[1], 3), 0.1)
    bar = SHAPE[1] - 8, SHAPE[1] + 8
    picture[:, bar[0] : bar[1]] = 0.8
    frames = shoot(picture, 2, SHAPE, poses(8), Camera(6400))
    fine, _ = developed(frames, scale=2)
    enlarged = bicubic(developed(frames)[0], 2, picture.shape[:2])
    for (near, far), times in (((3, 6), 4.2), ((6, 14), 1.75), ((14, 30), 1.1)):
        beside = np.r_[bar[0] - far : bar[0] - near, bar[1] + near : bar[1] + far]
        mine, its = (p.mean(axis=2)[30:-30, beside].std(axis=0).mean() for p in (fine, enlarged))
        assert mine < times * its


def test_gains_run_evenly_between_nodes() -> None:
    nodes = np.array(GAINS, np.float32).reshape(3, 8, 8)
    gains = joined_waves(2.0, 1.0)
    np.testing.assert_allclose(gains[:, 2::2, ::2], nodes[:, 1:], rtol=1e-5, atol=1e-6)
    np.testing.assert_allclose(gains[:, 3, 4], (nodes[:, 1, 2] + nodes[:, 2, 2]) / 2, rtol=1e-5)
    np.testing.assert_allclose(joined_waves(1.0, 1.0)[:, 4, 8], nodes[:, 1, 2], rtol=1e-5)  # alike on the mosaic
    np.testing.assert_array_equal(joined_waves(2.0, 0.0)[:, 5, 9], (1, 0, 1))


def test_a_tripod_gives_a_good_enlargement() -> None:
    """No shake, no new detail: what comes out is the enlarged picture, a little sharper, without a pattern."""
    picture = truth(5, SHAPE, 2)
    frames = shoot(picture, 2, SHAPE, poses(8, shake=0.0, degrees=0.0), Camera(100))
    assert gain(frames, picture, 2) > 2.0


def test_one_frame_is_enlarged() -> None:
    picture = truth(5, SHAPE, 2)
    frames = shoot(picture, 2, SHAPE, poses(1), Camera(100))
    assert gain(frames, picture, 2) > 0.2


def test_frames_all_alike_change_nothing() -> None:
    """N times one noise-free frame is that frame."""
    picture = truth(6, SHAPE, 2)
    one = shoot(picture, 2, SHAPE, poses(1), Camera(100), noise=False)
    single, _ = developed(one, scale=2, denoise=0.0)
    many, _ = developed(one * 5, scale=2, denoise=0.0)
    assert decibels(many, picture) > decibels(single, picture) - 0.1


def patch(picture: Array, i: int) -> Array:
    """A textured square that runs 9 fine pixels to the right from frame to frame."""
    size = 96
    rng = np.random.default_rng(9)
    texture = np.kron(rng.uniform(0.1, 0.8, (size // 4, size // 4, 3)), np.ones((4, 4, 1)))
    out = picture.copy()
    out[150 : 150 + size, 120 + 9 * i : 120 + 9 * i + size] = texture
    return out


def test_what_moves_leaves_no_ghost() -> None:
    picture = truth(7, SHAPE, 2)
    frames = shoot(picture, 2, SHAPE, poses(8), Camera(100), change=patch)
    wanted = patch(picture, 0)
    moving = np.zeros(wanted.shape[:2], bool)
    moving[146:250, 116 : 124 + 9 * 7 + 96] = True
    fine, _ = developed(frames, scale=2)
    one, _ = developed(frames[:1])
    enlarged = bicubic(one, 2, wanted.shape[:2])
    assert decibels(fine, wanted, moving) > decibels(enlarged, wanted, moving) - 0.1


def test_the_frame_is_true() -> None:
    picture = truth(3, SHAPE, 2)
    frames = shoot(picture, 2, SHAPE, poses(4), Camera(400))
    frame = api.merge(Burst.of(frames), scale=1.5, reference=1)
    assert frame.mosaic.shape == (288, 384, 3)
    assert frame.is_linear
    assert frame.frame_count == 4
    assert not frame.aligned
    level = (frame.mosaic - 2048.0) / (frame.white_level - 2048.0) / np.array(Camera().neutral)
    assert np.abs(level.mean(axis=(0, 1)) - picture.mean(axis=(0, 1))).max() < 0.002


@pytest.mark.parametrize("shape", [(1, 1), (2, 3), (17, 40), (65, 64)])
def test_small_frames(shape: tuple[int, int]) -> None:
    picture = truth(3, shape, 2)
    frames = shoot(picture, 2, shape, poses(3, shake=1.0), Camera(100))
    fine, _ = developed(frames, scale=2.5)
    assert fine.shape == (int(2.5 * shape[0]), int(2.5 * shape[1]), 3)
    assert np.isfinite(fine).all()
    assert np.abs(fine - picture.mean(axis=(0, 1))).max() < 1.5


@pytest.mark.parametrize("scale", [0.5, 1.7, 4])
def test_other_numbers_are_refused(scale: float) -> None:
    with pytest.raises(RecipeError, match="scale"):
        Recipe(scale=scale)


def test_memory_does_not_grow_with_frames(monkeypatch: pytest.MonkeyPatch) -> None:
    """Samples of a few frames are held at once, whatever their number, and they are gathered from the same memory."""
    from lichtbild import native

    held: list[tuple[int, int]] = []
    call = native.call

    def watched(name: str, *arguments: object) -> None:
        if name == "superres_gather":
            samples = arguments[0]
            assert isinstance(samples, np.ndarray)
            held.append((len(samples), samples.__array_interface__["data"][0]))
        call(name, *arguments)

    monkeypatch.setattr(native, "call", watched)
    shape = (96, 128)
    frames = shoot(truth(3, shape, 2), 2, shape, poses(10), Camera(400))
    frame = api.merge(Burst.of(frames), scale=2, reference=1)
    assert frame.frame_count == 10
    assert [n for n, _ in held] == [4, 4, 2]
    assert len({address for _, address in held}) == 1
