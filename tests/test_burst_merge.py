"""The merge as a whole on still scenes: what it gains, what it states, and what it must not depend on."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from lichtbild.carriers import CELL, Frame
from test_burst_scene import PLAIN, Array, Camera, Shot, covered, gain, inner, merge, shoot, views

SHAPE = (256, 320)


def average_gain(shot: Shot, n: int) -> float:
    """dB that a perfect average of n frames would gain, measured against this reference frame's own noise."""
    noise = shot.camera.noise
    expected = noise.scale[0] * shot.truths[0] + noise.offset[0]
    actual = (shot.camera.level(shot.frames[0]) - shot.truths[0]) ** 2
    where = inner(shot.truths[0].shape)
    return float(10 * np.log10(n * actual[where].mean() / expected[where].mean()))


def rearranged(frame: Frame, order: np.ndarray, mosaic: np.ndarray) -> Frame:
    """The frame with its pixels moved such that site i now is site order[i]."""
    sites = order.ravel()
    return replace(
        frame,
        mosaic=np.ascontiguousarray(mosaic),
        cfa="".join(frame.cfa[i] for i in sites),
        black_level=tuple(frame.black_level[i] for i in sites),
    )


def flipped(frame: Frame, axis: int) -> Frame:
    return rearranged(frame, np.flip(np.arange(4).reshape(2, 2), axis), np.flip(frame.mosaic, axis))


def cropped(frame: Frame, dy: int, dx: int) -> Frame:
    height, width = (n - 2 for n in frame.mosaic.shape)
    order = np.roll(np.arange(4).reshape(2, 2), (-dy, -dx), (0, 1))
    return rearranged(frame, order, frame.mosaic[dy : dy + height, dx : dx + width])


@pytest.mark.parametrize("n", [2, 3, 8])
@pytest.mark.parametrize("shape", [(256, 320), (255, 321), (64, 64), (65, 90)])
def test_identical_frames_merge_to_that_frame(n: int, shape: tuple[int, int]) -> None:
    shot = shoot(views(1, 1, shape=shape))
    merged, _ = merge(shot.frames * n)
    assert merged.mosaic.shape == shape
    assert merged.frame_count == n
    assert merged.confidence is not None
    assert merged.confidence.shape == tuple(-(-(s + s % 2) // CELL) for s in shape)
    rows, columns = ((side - 3 * (side % 2)) // CELL for side in shape)  # an odd last line has no whole quads
    whole = merged.confidence[:rows, :columns]
    np.testing.assert_allclose(whole, n, rtol=1e-3)
    unit = 1 / (merged.white_level - np.mean(merged.black_level))
    assert np.abs(shot.camera.level(merged) - shot.camera.level(shot.frames[0])).max() <= 1.02 * unit


@pytest.mark.parametrize("n", [2, 4, 8])
@pytest.mark.parametrize("iso", [100, 800, 6400])
def test_noise_falls_as_one_over_n_in_flat_parts(iso: float, n: int) -> None:
    shot = shoot(views(2, n, kind="plain"), Camera(iso), seed=n)
    merged, _ = merge(shot.frames)
    truth = shot.truths[0]
    flat = covered(PLAIN, SHAPE, margin=-12)
    error = (shot.camera.level(merged) - truth)[flat]
    perfect = (shot.camera.noise.scale[0] * truth + shot.camera.noise.offset[0])[flat].mean() / n
    behind = 10 * np.log10((error**2).mean() / perfect)
    assert -2.0 < behind < 0.3
    assert abs(error.mean()) < 0.3 * perfect**0.5


@pytest.mark.parametrize("iso", [100, 1600, 6400])
def test_the_noise_profile_of_the_result_is_true_in_flat_parts(iso: float) -> None:
    flat = covered(PLAIN, SHAPE, margin=-12)
    measured, stated = np.zeros(2), np.zeros(2)
    for n in (2, 4, 8):
        shot = shoot(views(2, n, kind="plain"), Camera(iso), seed=10 + n)
        merged, _ = merge(shot.frames)
        assert merged.confidence is not None
        error = np.where(flat, shot.camera.level(merged) - shot.truths[0], np.nan)
        profile = merged.noise_profile
        told, seen = [], []
        for i, color in enumerate(shot.camera.cfa):
            c = "RGB".index(color)
            level = PLAIN.color[c] * shot.camera.neutral[c]
            seen.append(np.nanvar(error[i // 2 :: 2, i % 2 :: 2]))
            told.append(profile.scale[c] * level + profile.offset[c])
        assert np.mean(told) == pytest.approx(np.mean(seen), rel=0.15)
        greens = [1, 2]
        measured += n * np.array([np.mean(seen), np.mean([seen[i] for i in greens])])
        stated += n * np.array([np.mean(told), np.mean([told[i] for i in greens])])
    np.testing.assert_allclose(stated, measured, rtol=0.15)


@pytest.mark.parametrize(("iso", "allowed"), [(400, 4.0), (1600, 1.0), (6400, 0.4)])
@pytest.mark.parametrize("seed", [1, 3])
def test_a_hand_held_burst_is_little_behind_a_perfect_average(iso: float, allowed: float, seed: int) -> None:
    shot = shoot(views(seed, 8), Camera(iso), seed=seed)
    merged, report = merge(shot.frames)
    assert report.decided["burst"]["used"] == 8
    got = gain(shot.camera.level(shot.frames[0]), shot.camera.level(merged), shot.truths[0], inner(SHAPE))
    assert average_gain(shot, 8) - got <= allowed


@pytest.mark.parametrize(("iso", "level"), [(100, 0.02), (1600, 0.1), (12800, 0.4)])
def test_frames_of_nothing_but_a_wall_lie_upon_each_other(iso: float, level: float) -> None:
    camera, rng = Camera(iso, black=(2048.0,) * 4), np.random.default_rng(0)
    truth = np.full((192, 192), level)
    for _ in range(6):
        frames = [camera.shoot(truth, rng) for _ in range(2)]
        merged, report = merge(frames)
        assert report.notices == []
        assert gain(camera.level(frames[0]), camera.level(merged), truth) > 10 * np.log10(2) - 0.3


@pytest.mark.parametrize(("pixels", "degrees"), [(40.0, 0.5), (100.0, 1.0)])
def test_wide_shakes_merge_as_well(pixels: float, degrees: float) -> None:
    shape = (384, 512)
    shot = shoot(views(4, 4, pixels, degrees, shape), Camera(800))
    merged, report = merge(shot.frames)
    assert report.notices == []
    where = inner(shape, 112)  # what all frames show
    got = gain(shot.camera.level(shot.frames[0]), shot.camera.level(merged), shot.truths[0], where)
    assert average_gain(shot, 4) - got <= 2.0
    assert gain(shot.camera.level(shot.frames[0]), shot.camera.level(merged), shot.truths[0], ~where) > 0.5


@pytest.fixture(scope="module")
def four() -> tuple[Shot, Frame, Array]:
    """A burst of four, the merged frame and its levels."""
    shot = shoot(views(5, 4, shape=(258, 322)), Camera(800))
    merged, _ = merge(shot.frames)
    return shot, merged, shot.camera.level(merged)


def noise_of_four(shot: Shot) -> Array:
    """Standard deviation of a perfect average at each pixel."""
    return np.asarray(np.sqrt((shot.camera.noise.scale[0] * shot.truths[0] + shot.camera.noise.offset[0]) / 4))


@pytest.mark.parametrize("axis", [0, 1])
def test_flipped_frames_merge_to_the_flipped_frame(four: tuple[Shot, Frame, Array], axis: int) -> None:
    """The tile grid falls elsewhere and flicker is sampled elsewhere, hence a fifth of the noise that is left."""
    shot = four[0]
    frames = [cropped(frame, 0, 0) for frame in shot.frames]  # even tiles
    straight, _ = merge(frames)
    mirrored, _ = merge([flipped(frame, axis) for frame in frames])
    back = flipped(mirrored, axis)
    assert back.cfa == straight.cfa
    off = (shot.camera.level(back) - shot.camera.level(straight)) / noise_of_four(shot)[:256, :320]
    assert off.std() < 0.25
    assert np.abs(off.mean()) < 0.25
    assert np.abs(off).max() < 4


@pytest.mark.parametrize(("dy", "dx"), [(0, 1), (1, 0), (1, 1)])
def test_all_cfa_phases_merge_alike(four: tuple[Shot, Frame, Array], dy: int, dx: int) -> None:
    """The same light through a crop that starts at another site."""
    shot, _, level = four
    merged, _ = merge([cropped(frame, dy, dx) for frame in shot.frames])
    there = np.s_[dy : 256 + dy, dx : 320 + dx]
    where = inner((256, 320))
    off = (shot.camera.level(merged) - level[there]) / noise_of_four(shot)[there]
    assert off[where].std() < 0.2
    before = shot.camera.level(shot.frames[0])[there]
    difference = gain(before, shot.camera.level(merged), shot.truths[0][there], where) - gain(
        before, level[there], shot.truths[0][there], where
    )
    assert abs(difference) < 0.3


@pytest.mark.parametrize("cfa", ["RGGB", "BGGR", "GRBG", "GBRG"])
def test_every_cfa_gains_the_same(cfa: str) -> None:
    shot = shoot(views(1, 4), Camera(1600, cfa))
    merged, _ = merge(shot.frames)
    assert merged.cfa == cfa
    got = gain(shot.camera.level(shot.frames[0]), shot.camera.level(merged), shot.truths[0], inner(SHAPE))
    assert average_gain(shot, 4) - got < 0.7


def test_only_the_light_counts_not_the_digital_numbers(four: tuple[Shot, Frame, Array]) -> None:
    shot, merged, _ = four
    doubled = [
        replace(
            frame,
            mosaic=frame.mosaic * np.uint16(3),
            black_level=tuple(3 * black for black in frame.black_level),
            white_level=3 * frame.white_level,
            clip_level=3 * frame.clip_level,
        )
        for frame in shot.frames
    ]
    again, _ = merge(doubled)
    assert np.abs(again.mosaic.astype(int) - merged.mosaic).max() <= 1
    assert again.black_level == merged.black_level
    assert again.white_level == pytest.approx(merged.white_level)
    assert again.noise_profile.scale == pytest.approx(merged.noise_profile.scale, rel=1e-5)


def test_the_result_stands_where_the_reference_stood(four: tuple[Shot, Frame, Array]) -> None:
    shot, _, _ = four
    crop = (4, 6, 240, 300)
    shading = np.ones((3, 4, 4), np.float32)
    frames = [replace(frame, default_crop=crop, shading=shading) for frame in shot.frames]
    merged, _ = merge(frames, reference=3)
    assert merged.metadata == shot.frames[2].metadata
    assert (merged.cfa, merged.mosaic.shape, merged.default_crop) == (shot.camera.cfa, (258, 322), crop)
    assert merged.shading is shading
    assert merged.mosaic.dtype == np.uint16
    assert merged.white_level == merged.clip_level == 65535
    assert merged.frame_count == 4


def test_the_same_frames_give_the_same_bytes_and_their_order_counts_little(four: tuple[Shot, Frame, Array]) -> None:
    shot, merged, _ = four
    again, _ = merge(shot.frames)
    np.testing.assert_array_equal(again.mosaic, merged.mosaic)
    first, *others = shot.frames
    turned, _ = merge([first, *reversed(others)])
    assert np.abs(turned.mosaic.astype(int) - merged.mosaic).max() <= 1


def test_black_levels_of_the_sites_are_taken_out(four: tuple[Shot, Frame, Array]) -> None:
    """Sites whose black differs by a lot give the same light."""
    shot, _, level = four
    shifts = (0, 40, 90, 20)
    frames = []
    for frame in shot.frames:
        mosaic = frame.mosaic.copy()
        for i, shift in enumerate(shifts):
            mosaic[i // 2 :: 2, i % 2 :: 2] += np.uint16(shift)
        black = tuple(b + s for b, s in zip(frame.black_level, shifts, strict=True))
        rise = np.mean(shifts)
        white = frame.white_level + rise
        frames.append(replace(frame, mosaic=mosaic, black_level=black, white_level=white, clip_level=white))
    merged, _ = merge(frames)
    assert np.abs(shot.camera.level(merged) - level).max() < 0.002
