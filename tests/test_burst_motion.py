"""Motion: of the camera, which is to be recovered, and of things, which must leave no ghost."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest

from lichtbild.burst.align import Alignment, align, gray_scale, pyramid
from lichtbild.carriers import Frame
from test_burst_scene import (
    Array,
    Camera,
    Leaf,
    Mover,
    Pose,
    Scene,
    covered,
    gain,
    inner,
    merge,
    natural,
    paint,
    shoot,
    views,
)

TILE = 32
SPEEDS = (0.5, 1, 2, 4, 8, 16, 24, 40, 60)


def aligned(reference: Frame, alternate: Frame) -> Alignment:
    scale = gray_scale(reference)
    return align(pyramid(reference, scale), pyramid(alternate, scale))


def tile_centres(flow: Array, shape: tuple[int, int]) -> tuple[Array, Array]:
    """(y, x) of the tiles from the centre of the frame."""
    y, x = np.mgrid[0 : flow.shape[1], 0 : flow.shape[2]] * float(TILE) + (TILE - 1) / 2
    return y - (shape[0] - 1) / 2, x - (shape[1] - 1) / 2


@pytest.mark.parametrize(("pixels", "degrees"), [(2.0, 0.1), (8.0, 0.2), (40.0, 0.5), (100.0, 1.0)])
@pytest.mark.parametrize(("iso", "mean", "worst"), [(200, 0.03, 0.08), (1600, 0.05, 0.13)])
def test_camera_motion_is_recovered(pixels: float, degrees: float, iso: float, mean: float, worst: float) -> None:
    shape = (384, 512)
    seen = views(4, 4, pixels, degrees, shape)
    shot = shoot(seen, Camera(iso), seed=1)
    for pose, frame in zip(seen.poses[1:], shot.frames[1:], strict=True):
        found = aligned(shot.frames[0], frame)
        y, x = tile_centres(found.flow, shape)
        wanted = pose.motion(y, x)
        camera = (found.camera @ np.stack([np.ones(y.size), y.ravel(), x.ravel()])).reshape(wanted.shape)
        assert np.abs(camera - wanted).mean() < mean
        assert np.abs(camera - wanted).max() < worst
        there = (np.abs(y + wanted[0]) < shape[0] / 2 - 48) & (np.abs(x + wanted[1]) < shape[1] / 2 - 48)
        assert np.abs(found.flow - wanted)[:, there].mean() < mean


@pytest.mark.parametrize("fraction", [0.5, 1.0, 1.5])
def test_fractions_of_a_pixel_are_not_drawn_to_whole_ones(fraction: float) -> None:
    scene, shape = natural(6), (256, 320)
    camera = Camera(800)
    rng = np.random.default_rng(6)
    first, second = (
        camera.shoot(camera.sites(scene.colors(pose, shape)), rng) for pose in (Pose(), Pose(fraction, -fraction))
    )
    assert aligned(first, second).camera[:, 0] == pytest.approx([fraction, -fraction], abs=0.05)


def test_what_moves_by_itself_is_followed() -> None:
    """A textured square that moves 10 pixels against the camera keeps its own motion."""
    shape = (256, 320)
    rng = np.random.default_rng(3)
    spots = [(*rng.uniform(-50, 50, 2), rng.uniform(3, 6), rng.uniform(0.05, 0.8, 3)) for _ in range(60)]

    def square(n: int, y: float, x: float, radius: float, width: float, color: Array) -> Leaf:
        return Leaf(y - 6.0 * n, x + 8.0 * n, radius, width, color)

    movers: list[Mover] = [lambda n: square(n, 0, 0, 58, 58, np.full(3, 0.3))]
    movers += [lambda n, s=s: square(n, s[0], s[1], s[2], 0, s[3]) for s in spots]
    seen = views(1, 2)
    shot = shoot(seen, Camera(400), movers=movers)
    found = aligned(shot.frames[0], shot.frames[1])
    y, x = tile_centres(found.flow, shape)
    inside = (np.abs(y) < 40) & (np.abs(x) < 40)
    pose = seen.poses[1]
    wanted = pose.motion(y - 6.0, x + 8.0) + np.array([-6.0, 8.0])[:, None, None]
    assert found.own[inside].all()
    assert np.abs(found.flow - wanted)[:, inside].mean() < 0.1
    outside = (np.abs(y) > 80) & (np.abs(x) > 80)
    assert np.abs(found.flow - pose.motion(y, x))[:, outside].mean() < 0.1


@pytest.mark.parametrize("iso", [400, 6400])
def test_one_small_thing_on_a_bare_wall_tells_the_motion(iso: float) -> None:
    wall = Scene(np.full(3, 0.3), np.zeros((1, 2)), np.zeros((1, 3)), np.zeros(1))
    spots = np.random.default_rng(2)
    leaves = tuple(
        Leaf(*spots.uniform(-30, 30, 2), spots.uniform(4, 12), 0, spots.uniform(0.02, 0.8, 3)) for _ in range(25)
    )
    scene, camera, pose = replace(wall, leaves=leaves), Camera(iso), Pose(5.25, -7.5)
    frames = [camera.shoot(camera.sites(scene.colors(p, (320, 384))), spots) for p in (Pose(), pose)]
    assert aligned(*frames).camera[:, 0] == pytest.approx([5.25, -7.5], abs=0.1)
    assert merge(frames)[1].notices == []


@pytest.mark.parametrize("size", [(192, 192), (512, 640)])
def test_noise_alone_is_no_motion(size: tuple[int, int]) -> None:
    camera, rng = Camera(3200), np.random.default_rng(4)
    first, second = (camera.shoot(np.full(size, 0.2), rng) for _ in range(2))
    found = aligned(first, second)
    assert not found.flow.any()
    assert not found.own.any()


def disc(speed: float) -> Mover:
    return lambda n: Leaf(0.3 * speed * n - 15, 0.95 * speed * n - 15, 26, 0, np.array([0.7, 0.5, 0.3]))


def bar(speed: float) -> Mover:
    return lambda n: Leaf(0.2 * speed * n + 10, -0.98 * speed * n + 10, 40, 8, np.array([0.12, 0.2, 0.5]))


def dim(speed: float) -> Mover:
    """Hardly another tone than what is behind it."""
    return lambda n: Leaf(-0.9 * speed * n, 0.4 * speed * n, 28, 0, np.full(3, 0.45))


@pytest.mark.parametrize("speed", SPEEDS)
@pytest.mark.parametrize("iso", [100, 400, 6400])
@pytest.mark.parametrize("thing", [disc, bar, dim])
def test_moving_parts_are_never_worse_than_the_reference(
    thing: Callable[[float], Mover], iso: float, speed: float
) -> None:
    shape, n = (256, 320), 6
    mover = thing(speed)
    shot = shoot(views(2, n, 4.0, 0.1), Camera(iso), seed=int(10 * speed), movers=[mover])
    merged, report = merge(shot.frames)
    assert report.decided["burst"]["used"] == n
    level, before = shot.camera.level(merged), shot.camera.level(shot.frames[0])
    here = covered(mover(0), shape, margin=4) & inner(shape)
    assert gain(before, level, shot.truths[0], here) > -0.1
    trail = np.zeros(shape, bool)
    for i in range(1, n):
        trail |= covered(mover(i), shape, margin=4)
    trail &= inner(shape) & ~here
    if trail.sum() > 300:
        assert gain(before, level, shot.truths[0], trail) > -0.1
        ghost = (level - shot.truths[0])[trail].mean() - (before - shot.truths[0])[trail].mean()
        assert abs(ghost) < 0.01


@pytest.mark.parametrize("iso", [400, 3200])
def test_a_thing_that_passes_leaves_no_copy(iso: float) -> None:
    """Where it stood in one other frame, the mean stays that of the background."""
    shape, n = (256, 320), 6
    shot = shoot(views(2, n, 4.0, 0.1), Camera(iso), movers=[bar(24)])
    clean = shoot(views(2, n, 4.0, 0.1), Camera(iso))
    level = shot.camera.level(merge(shot.frames)[0])
    for i in range(1, n):
        leaf = bar(24)(i)
        where = covered(leaf, shape, margin=-3) & inner(shape)
        for j in range(n):
            if j != i:
                where &= ~covered(bar(24)(j), shape, margin=8)
        if where.sum() < 200:
            continue
        contrast = np.abs(shot.truths[i] - clean.truths[0])[where].mean()
        off = np.abs((level - shot.truths[0])[where].mean())
        assert off < 0.02 * contrast + 0.002


@pytest.mark.parametrize("n", [8, 20])
@pytest.mark.parametrize("tint", [(0.6, 0.6, 0.6), (-0.5, 0.0, 0.9)])
def test_what_passes_unseen_in_the_noise_of_single_quads_is_not_outvoted(n: int, tint: tuple[float, ...]) -> None:
    """Someone in the dark, who differs from the street by about half of the noise, and walks away."""
    shape, iso = (256, 320), 6400
    camera = Camera(iso)
    base = np.array([0.06, 0.05, 0.07])
    noise = np.sqrt(camera.noise.scale[0] * base * np.array(camera.neutral) + camera.noise.offset[0])
    color = base + np.array(tint) * noise / np.array(camera.neutral)
    rng = np.random.default_rng(3)
    marks = tuple(Leaf(*rng.uniform(-120, 120, 2), 5, 0, rng.uniform(0.2, 0.8, 3)) for _ in range(9))
    marks = tuple(leaf for leaf in marks if np.hypot(leaf.y, leaf.x) > 80)
    street = Scene(base, np.zeros((1, 2)), np.zeros((1, 3)), np.zeros(1), marks)
    truths = [
        camera.sites(replace(street, leaves=(*marks, Leaf(0, 9.0 * i, 30, 18, color))).colors(Pose(), shape))
        for i in range(n)
    ]
    merged, _ = merge([camera.shoot(truth, rng) for truth in truths])
    apart = camera.level(merged) - truths[0]
    walker = covered(Leaf(0, 0, 30, 18, color), shape, margin=-3)
    street_sites = camera.sites(street.colors(Pose(), shape))
    for i in range(4):
        site = np.zeros(shape, bool)
        site[i // 2 :: 2, i % 2 :: 2] = True
        contrast = (truths[0] - street_sites)[walker & site].mean()
        sigma = np.mean(noise)
        assert abs(apart[walker & site].mean()) < 0.35 * abs(contrast) + 0.06 * sigma
    still = ~covered(Leaf(0, 0, 60, 60 + 9.0 * n, color), shape) & inner(shape)
    expected = (camera.noise.scale[0] * truths[0] + camera.noise.offset[0])[still].mean() / n
    assert (apart[still] ** 2).mean() < 1.1 * expected


@pytest.mark.parametrize(("n", "iso"), [(30, 6400), (30, 1600)])
def test_thin_legs_are_not_outvoted(n: int, iso: float) -> None:
    """Five pixels wide, and different from the street by about the noise of a quad: they faded by half."""
    camera, rng = Camera(iso), np.random.default_rng(8)
    level, shape = 0.02 * iso / 6400, (192, 256)
    street, tint = np.full(3, level), level * np.array([1.9, 2.0, 2.8])
    frames = []
    for i in range(n):
        image = np.empty((*shape, 3))
        image[:] = street
        for side in (-12, 12):
            paint(image, Leaf(0, side + 9 * i - 40, 45, 2.5, tint), Pose())
        if not i:
            leg = (camera.sites(image) - camera.sites(np.broadcast_to(street, image.shape))) / level
        image[::24] *= 1.5  # something to hold on to
        frames.append(camera.shoot(camera.sites(image), rng))
    merged, _ = merge(frames)
    street_seen = camera.sites(np.broadcast_to(street, (*shape, 3)))
    stripes = np.ones(shape, bool)
    stripes[::24] = stripes[1::24] = stripes[23::24] = False
    there = stripes & (leg > 0.3)
    seen = (camera.level(merged) - street_seen)[there] / level
    assert float(np.sum(seen * leg[there]) / np.sum(leg[there] ** 2)) > 0.6
