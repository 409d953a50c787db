"""The second pass over a burst of many frames: what it gains, and where it has nothing to do."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from lichtbild import api
from lichtbild.burst.merge import merge_burst
from lichtbild.carriers import Aligned, Burst
from lichtbild.develop.refine import nearer, worth_refining
from lichtbild.recipe import Recipe
from lichtbild.report import Report
from test_burst_scene import PLAIN, Camera, Shot, covered, gain, inner, shoot, views

FRAMES = 12


def both(shot: Shot, where: np.ndarray | None = None) -> tuple[float, float, bool]:
    """dB beyond the reference frame of the merge alone, and with a second pass; whether there was one."""
    burst = Burst.of(shot.frames)
    merged = merge_burst(burst, Recipe(reference=1), Report())
    report = Report()
    refined = api.merge(burst, report=report, reference=1)
    assert not refined.aligned
    assert refined.noise_profile == merged.noise_profile
    level = shot.camera.level
    where = inner(shot.truths[0].shape) if where is None else where
    gains = [gain(level(shot.frames[0]), level(frame), shot.truths[0], where) for frame in (merged, refined)]
    return gains[0], gains[1], bool(report.decided["burst"].get("refined"))


@pytest.mark.parametrize("cfa", ["RGGB", "GBRG"])
def test_fine_detail_comes_nearer_to_the_truth(cfa: str) -> None:
    shot = shoot(views(3, FRAMES, shape=(191, 256)), Camera(100, cfa=cfa))
    merged, refined, done = both(shot)
    assert done
    assert refined > merged + 1.0


def test_flat_parts_keep_the_noise_that_is_stated() -> None:
    shot = shoot(views(4, FRAMES, shape=(192, 256), kind="plain"), Camera(100))
    merged, refined, done = both(shot, covered(PLAIN, (192, 256), -6))
    assert done
    assert refined == pytest.approx(merged, abs=0.1)


def test_noisy_frames_and_few_frames_are_merged_once() -> None:
    noisy = shoot(views(5, FRAMES, shape=(96, 128)), Camera(6400))
    few = shoot(views(5, FRAMES - 1, shape=(96, 128)), Camera(100))
    for shot in (noisy, few):
        merged, refined, done = both(shot)
        assert not done
        assert refined == merged


def test_identical_frames_stay_that_frame() -> None:
    shot = shoot(views(6, 1, shape=(96, 128)), Camera(100))
    report = Report()
    merged = api.merge(Burst.of(shot.frames * FRAMES), report=report, reference=1)
    assert report.decided["burst"]["refined"]
    unit = 1 / (merged.white_level - merged.black_level[0])
    assert np.abs(shot.camera.level(merged) - shot.camera.level(shot.frames[0])).max() < 8 * unit


def test_what_is_worth_a_second_pass() -> None:
    frame = shoot(views(7, 1, shape=(96, 128)), Camera(100)).frames[0]
    still = Aligned(frame, np.zeros((2, 3, 4), np.float32), 1.0)
    many = replace(frame, aligned=(still,) * FRAMES, frame_count=FRAMES)
    assert worth_refining(many)
    assert not worth_refining(replace(many, aligned=()))
    assert not worth_refining(replace(many, mosaic=frame.mosaic[:32]))


def test_what_the_reference_contradicts_is_not_added() -> None:
    """Refined numbers that are off in one part, and right in the other, where the reference alone can tell."""
    shot = shoot(views(3, FRAMES, shape=(191, 256)), Camera(100))
    merged = merge_burst(Burst.of(shot.frames), Recipe(reference=1), Report())
    span = merged.white_level - np.mean(merged.black_level)
    refined = merged.mosaic.astype(float)
    level = shot.camera.level(merged)
    wrong = np.zeros(refined.shape, bool)
    wrong[40:120, 40:120] = True
    refined += np.where(wrong, 2 * np.sqrt(shot.camera.noise.scale[0] * level.clip(0) + 1e-6), 0) * span
    kept = nearer(merged, np.clip(refined, 0, 65535).astype(np.uint16))
    assert kept.shape == (24, 32)
    assert kept[6:14, 6:14].max() < 0.01
    assert kept[:, 18:].mean() > 0.95
