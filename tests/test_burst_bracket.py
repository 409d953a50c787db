"""Frames of different exposure: one scale, highlights from the short ones, shadows from the long ones, no ghosts."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from lichtbild.burst.merge import merge_burst
from lichtbild.carriers import Burst, Frame, Metadata, NoiseProfile
from lichtbild.recipe import Recipe
from lichtbild.report import Report
from lichtbild.virtual.shoot import shoot as virtual
from test_burst_scene import (
    DARKS,
    LAMPS,
    PLAIN,
    Array,
    Camera,
    Leaf,
    Mover,
    Shot,
    Views,
    covered,
    gain,
    inner,
    merge,
    paint,
    shoot,
    views,
)

SHAPE = (256, 320)
BRACKET = (1.0, 0.25, 4.0)  # exposure times: +-2 EV
SITE = np.tile(np.array([[0, 1], [1, 2]]), (SHAPE[0] // 2, SHAPE[1] // 2))  # of RGGB
LAMP = np.any([covered(leaf, SHAPE, -5) for leaf in LAMPS], axis=0)
DARK = np.any([covered(leaf, SHAPE, -9) for leaf in DARKS], axis=0)


def best_variance(shot: Shot, exposures: tuple[float, ...]) -> Array:
    """Noise of the frames at the reference's scale, averaged by inverse variance."""
    noise = shot.camera.noise
    weights = [1 / (noise.scale[0] * shot.truths[0] / e + noise.offset[0] / e**2) for e in exposures]
    return np.asarray(1 / np.sum(weights, axis=0))


@pytest.mark.parametrize("iso", [100, 400, 1600])
def test_a_bracket_fills_what_clipped_from_the_shorter_exposure(iso: float) -> None:
    shot = shoot(views(7, 3, kind="lamps"), Camera(iso), exposures=BRACKET)
    merged, report = merge(shot.frames, reference=None)
    assert report.decided["burst"]["reference"] == 1  # the middle exposure
    assert report.decided["burst"]["used"] == 3
    assert report.notices == []
    span = merged.white_level - np.mean(merged.black_level)
    assert (merged.clip_level - np.mean(merged.black_level)) / span == pytest.approx(4, rel=1e-3)
    assert merged.clip_level <= 65535
    level, before = shot.camera.level(merged), shot.camera.level(shot.frames[0])
    for color in range(3):
        where = LAMP & (color == SITE)
        assert (level[where] / shot.truths[0][where]).mean() == pytest.approx(1, abs=0.02)
    over = LAMP & (shot.truths[0] > 1.1)
    assert before[over].max() <= 1.001
    assert gain(before, level, shot.truths[0], over) > 15


@pytest.mark.parametrize("iso", [100, 400, 1600])
def test_a_bracket_takes_shadows_from_the_longer_exposure(iso: float) -> None:
    shot = shoot(views(7, 3, kind="lamps"), Camera(iso), exposures=BRACKET)
    merged, _ = merge(shot.frames)
    error = (shot.camera.level(merged) - shot.truths[0])[DARK]
    behind = 10 * np.log10((error**2).mean() / best_variance(shot, BRACKET)[DARK].mean())
    assert behind < 0.3
    assert gain(shot.camera.level(shot.frames[0]), shot.camera.level(merged), shot.truths[0], DARK) > 8
    assert abs(error.mean()) < 0.02 * shot.truths[0][DARK].mean()


def test_longer_exposures_alone_leave_white_where_it_was() -> None:
    shot = shoot(views(7, 3, kind="lamps"), exposures=(1.0, 4.0, 4.0))
    merged, _ = merge(shot.frames)
    assert merged.clip_level == merged.white_level == 65535
    over = LAMP & (shot.truths[0] > 1.05)
    assert shot.camera.level(merged)[over].min() > 0.99


@pytest.mark.parametrize("iso", [100, 400])
def test_a_bracket_is_never_worse_than_its_reference(iso: float) -> None:
    """In mid tones, a part of which clips in the longest exposure."""
    shot = shoot(views(7, 3, kind="lamps"), Camera(iso), exposures=BRACKET)
    merged, _ = merge(shot.frames)
    middle = inner(SHAPE) & (shot.truths[0] > 0.05) & (shot.truths[0] < 0.9)
    for leaf in LAMPS:
        middle &= ~covered(leaf, SHAPE, 8)
    assert gain(shot.camera.level(shot.frames[0]), shot.camera.level(merged), shot.truths[0], middle) > -0.1


@pytest.mark.parametrize(("seed", "iso"), [(3, 400), (2, 1600)])
def test_clipped_frames_of_a_longer_bracket_carry_no_weight(seed: int, iso: float) -> None:
    shot = shoot(views(seed, 6, kind="lamps"), Camera(iso), seed, exposures=(1.0, 1.0, 0.25, 0.25, 4.0, 4.0))
    merged, _ = merge(shot.frames)
    over = LAMP & (shot.truths[0] > 1.05)
    assert (shot.camera.level(merged) / shot.truths[0])[over].mean() == pytest.approx(1, abs=0.03)


@pytest.mark.parametrize(("bracket", "iso"), [("0,-2,2", 200), ("0,-3", 100), ("0,0,0,-3", 3200)])
@pytest.mark.parametrize("scene", ["street-night", "daylight-landscape"])
def test_beside_what_clips_no_site_is_worse_than_in_the_reference(scene: str, bracket: str, iso: float) -> None:
    """A lamp's edge is many times brighter than what is beside it: the darker frame's, interpolated, is no measure."""
    frames = bracket.count(",") + 1
    shots = virtual(scene, size="480x360", frames=frames, bracket=bracket, iso=iso, shading=0.0, shake=6.0, motion=3.0)
    truth, one = shots[0].light, shots[0].frame
    merged, _ = merge([shot.frame for shot in shots])
    rim = np.zeros(truth.shape, bool)
    for dy, dx in np.ndindex(7, 7):
        rim |= np.roll(truth > 0.97, (dy - 3, dx - 3), (0, 1))
    rim &= (truth < 0.96) & inner(truth.shape) & ~shots[0].moving()

    def level(frame: Frame) -> Array:
        span = frame.white_level - frame.black_level[0]
        return np.sqrt(np.maximum((frame.mosaic - frame.black_level[0]) / span, 0.0))

    assert rim.sum() > 400
    assert gain(level(one), level(merged), np.sqrt(truth), rim) > -0.1


def bars(iso: float, seed: int, exposures: tuple[float, ...]) -> tuple[Shot, Array, list[Mover]]:
    """A dark bar and a bright one in front of a wall, far apart in each frame: burst, merged levels, bars."""
    wall = Leaf(0, 0, 100, 140, np.array([0.2, 0.19, 0.22]))
    dark: Mover = lambda n: Leaf(-45, 30 - 60 * n, 30, 9, np.array([0.01, 0.012, 0.015]))
    bright: Mover = lambda n: Leaf(45, 60 * n - 90, 30, 9, np.array([0.6, 0.5, 0.55]))
    shot = shoot(views(7, 3), Camera(iso), seed, exposures, [lambda n: wall, dark, bright])
    return shot, shot.camera.level(merge(shot.frames)[0]), [dark, bright]


@pytest.mark.parametrize("iso", [100, 800])
def test_a_bracket_shows_no_one_twice(iso: float) -> None:
    shot, level, movers = bars(iso, 1, BRACKET)
    for mover in movers:
        for n in (1, 2):
            where = covered(mover(n), SHAPE, -3)
            off = (level - shot.truths[0])[where].mean() / shot.truths[0][where].mean()
            assert abs(off) < 0.02
        here = covered(mover(0), SHAPE, 3)
        assert gain(shot.camera.level(shot.frames[0]), level, shot.truths[0], here) > -0.1


@pytest.mark.parametrize("iso", [100, 800])
def test_what_moves_and_clips_in_longer_exposures_is_never_worse(iso: float) -> None:
    shot, level, (_, bright) = bars(iso, 1, (1.0, 4.0, 4.0))
    here = covered(bright(0), SHAPE, 3)
    assert gain(shot.camera.level(shot.frames[0]), level, shot.truths[0], here) > -0.1


@pytest.mark.parametrize("exposures", [(1.0, 0.25, 4.0), (4.0, 1.0, 0.25), (0.25, 4.0, 1.0), (0.25, 1.0, 4.0, 1.0)])
def test_the_middle_exposure_gives_the_framing(exposures: tuple[float, ...]) -> None:
    shot = shoot(views(7, len(exposures), kind="lamps"), exposures=exposures)
    merged, report = merge(shot.frames, reference=None)
    chosen = report.decided["burst"]["reference"] - 1
    assert exposures[chosen] == 1.0
    assert merged.metadata == shot.frames[chosen].metadata
    assert report.decided["burst"]["used"] == len(exposures)


@pytest.mark.parametrize("silent", range(3))
@pytest.mark.parametrize("unsaid", ["iso", "f_number"])
def test_a_tag_that_one_frame_leaves_out_does_not_change_which_is_in_the_middle(silent: int, unsaid: str) -> None:
    shot = shoot(views(7, 3, kind="lamps"), exposures=(0.25, 1.0, 4.0))
    frames = [
        replace(
            f,
            metadata=replace(f.metadata, **{"iso": 1600.0, "f_number": 8.0} | ({unsaid: None} if i == silent else {})),
        )
        for i, f in enumerate(shot.frames)
    ]
    assert merge(frames, reference=None)[1].decided["burst"]["reference"] == 2


@pytest.mark.parametrize("wrong", ["missing", "all missing", "equal", "sixteen times"])
def test_exposures_that_the_tags_do_not_tell_are_measured(wrong: str) -> None:
    """A frame without EXIF, a camera that writes none, or one whose tags know nothing of its bracket."""
    shots = virtual("daylight-landscape", size="480x360", frames=3, bracket="0,-2,1", iso=400, shading=0.0, shake=6.0)
    truth = np.sqrt(shots[0].light)

    def told(i: int, frame: Frame) -> Frame:
        nothing = {"exposure_time": None, "iso": None, "f_number": None}
        time = shots[0].frame.metadata.exposure_time
        changes = {
            "missing": nothing if i else {},
            "all missing": nothing,
            "equal": {"exposure_time": time},
            "sixteen times": {"exposure_time": time * 16} if i else {},
        }[wrong]
        return replace(frame, metadata=replace(frame.metadata, **changes))

    def level(frame: Frame) -> Array:
        span = frame.white_level - frame.black_level[0]
        return np.sqrt(np.maximum((frame.mosaic - frame.black_level[0]) / span, 0.0))

    merged, report = merge([told(i, shot.frame) for i, shot in enumerate(shots)])
    span = merged.white_level - merged.black_level[0]
    assert (merged.clip_level - merged.black_level[0]) / span == pytest.approx(4.0, rel=0.06)
    assert report.decided["burst"]["used"] == 3
    assert sum("its pixels are believed" in notice for notice in report.notices) == 2
    assert sum("which no tag tells" in notice for notice in report.notices) == (2 if "missing" in wrong else 0)
    where = inner(truth.shape) & (truth < 0.95) & ~shots[0].moving()
    assert gain(level(shots[0].frame), level(merged), truth, where) > 3.0


@pytest.mark.parametrize(("scene", "stops", "iso"), [("daylight-landscape", 3, 3200), ("street-night", 4, 100)])
def test_wide_brackets_merge_without_tags(scene: str, stops: int, iso: float) -> None:
    """In the short exposure most light is below its noise, and a wide shake brings other things into each part."""
    nothing = {"exposure_time": None, "iso": None, "f_number": None}
    bracket = f"0,-{stops},{stops}"
    shots = virtual(scene, size="480x360", frames=3, bracket=bracket, iso=iso, shading=0.0, shake=20.0)
    merged, report = merge([replace(s.frame, metadata=replace(s.frame.metadata, **nothing)) for s in shots])
    assert report.decided["burst"]["used"] == 3
    span = merged.white_level - merged.black_level[0]
    assert np.log2((merged.clip_level - merged.black_level[0]) / span) == pytest.approx(stops, abs=0.15)


@pytest.mark.parametrize("said", ["exposure_time", "iso", "f_number"])
def test_a_bracket_may_be_shot_by_time_gain_or_aperture(said: str) -> None:
    shot = shoot(views(7, 3, kind="lamps"), exposures=BRACKET)
    by_time, _ = merge(shot.frames)
    frames = []
    for frame, exposure in zip(shot.frames, BRACKET, strict=True):
        numbers = {"exposure_time": 0.01, "iso": 400.0, "f_number": 4.0}
        numbers[said] *= exposure if said != "f_number" else exposure**-0.5
        frames.append(replace(frame, metadata=replace(frame.metadata, **numbers)))
    merged, _ = merge(frames)
    assert np.abs(merged.mosaic.astype(int) - by_time.mosaic).max() <= 1
    assert merged.clip_level == pytest.approx(by_time.clip_level)


FLICKER = (1.0, 1.1, 0.9, 1.05, 0.95, 0.92, 1.08, 1.1)
BEACON = Leaf(-95, 0, 20, 20, np.array([3.0, 3.0, 3.0]))


def flickering(seen: Views, camera: Camera) -> tuple[list[Frame], Array]:
    """Frames whose light goes up and down by a tenth, which no tag tells; and the truth of the first."""
    rng = np.random.default_rng(4)
    frames, truth = [], np.empty(0)
    for n, (pose, image, light) in enumerate(zip(seen.poses, seen.images, FLICKER, strict=True)):
        image = image.copy()
        paint(image, BEACON, pose)
        samples = camera.sites(image)
        truth = truth if n else samples
        frames.append(camera.shoot(samples, rng, light, path=Path(f"shot_{n + 1}.dng"), exposure_time=0.01))
    return frames, truth


@pytest.mark.parametrize("iso", [100, 400, 1600])
def test_flicker_costs_neither_noise_nor_level(iso: float) -> None:
    camera = Camera(iso)
    frames, truth = flickering(views(2, 8, kind="plain"), camera)
    merged, report = merge(frames)
    assert report.decided["burst"]["used"] == 8
    flat = covered(PLAIN, SHAPE, -12)
    error = (camera.level(merged) - truth)[flat]
    perfect = (camera.noise.scale[0] * truth + camera.noise.offset[0])[flat].mean() / 8
    assert 10 * np.log10(error.var() / perfect) < 0.3
    assert abs(error.mean()) < 0.01 * truth[flat].mean()


def test_what_clips_under_flicker_stays_clipped() -> None:
    camera = Camera(1600)
    frames, _ = flickering(views(2, 8, kind="plain"), camera)
    merged, _ = merge(frames)
    lamp = covered(BEACON, SHAPE, -5)
    assert camera.level(frames[0])[lamp].min() > 0.999
    assert camera.level(merged)[lamp].min() > 0.995


@pytest.mark.parametrize("level", [0.95, 1.0, 1.1])
def test_light_around_the_clip_level_does_not_average_darker_than_it_is(level: float) -> None:
    """Frames of one exposure: what noise lifts to the clip level counts like what it does not."""
    rng = np.random.default_rng(3)
    light = np.full((128, 160), level)
    light[40:80, 40:100] = 0.3  # detail to align by
    frames = []
    for i in range(6):
        x = np.minimum(light + rng.normal(size=light.shape) * np.sqrt(2e-3 * light + 1e-5), 1.0)
        mosaic = np.rint(256 + np.maximum(x, -0.05) * 3839).astype(np.uint16)
        noise = NoiseProfile((2e-3,) * 3, (1e-5,) * 3)
        frames.append(Frame(mosaic, "RGGB", (256.0,) * 4, 4095.0, 4095.0, noise, Metadata(capture_time=str(i))))
    merged = merge_burst(Burst.of(frames), Recipe(), Report())
    span = merged.white_level - merged.black_level[0]
    bright = np.s_[96:120, 8:152]
    mean = np.mean([f.mosaic[bright] for f in frames])
    assert merged.mosaic[bright].mean() == pytest.approx(
        merged.black_level[0] + (mean - 256) / 3839 * span, abs=0.004 * span
    )
