"""What goes wrong in real bursts: blur, flash, flicker, patterns, things in front, depth. Never worse than one frame,
and hardly worse than without it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
import pytest

from lichtbild.carriers import Frame
from test_burst_merge import average_gain
from test_burst_rules import smeared
from test_burst_scene import (
    Array,
    Camera,
    Leaf,
    Mover,
    Pose,
    Scene,
    Shot,
    Views,
    covered,
    gain,
    inner,
    merge,
    natural,
    paint,
    shake,
    shoot,
    views,
)

SHAPE = (256, 320)
N = 8
ISOS = (400, 6400)
INNER = inner(SHAPE, 24)


def gained(shot: Shot, frames: Sequence[Frame] | None = None, where: Array | None = None, odd: int = 0) -> float:
    """dB by which the merge of the shot's, or other, frames is better than the first one. odd: frames that may be left
    out."""
    merged, report = merge(frames or shot.frames)
    assert len(report.notices) <= odd
    before, after = (shot.camera.level(frame) for frame in (shot.frames[0], merged))
    return gain(before, after, shot.truths[0], INNER if where is None else where)


def behind(shot: Shot) -> float:
    """dB by which a perfect average is better."""
    return average_gain(shot, len(shot.frames)) - gained(shot)


def with_one(shot: Shot, spoil: Callable[[Array], Array]) -> list[Frame]:
    """The frames, the fifth one of another image."""
    image = spoil(views(1, N).images[4])
    other = shot.camera.shoot(shot.camera.sites(image), np.random.default_rng(5), path=Path("other.dng"))
    return [*shot.frames[:4], other, *shot.frames[5:]]


@pytest.fixture(scope="module", params=ISOS)
def base(request: pytest.FixtureRequest) -> tuple[Shot, float]:
    """A burst of eight in which nothing is wrong, and what the merge of seven of them gains."""
    shot = shoot(views(1, N), Camera(request.param))
    return shot, gained(shot, [*shot.frames[:4], *shot.frames[5:]])


def flash_near(image: Array) -> Array:
    y, x = np.mgrid[0 : SHAPE[0], 0 : SHAPE[1]]
    return image * (1 + 1.5 * np.exp(-((y - 128) ** 2 + (x - 160) ** 2) / 2 / 60**2))[..., None]


@pytest.mark.parametrize(
    ("spoil", "loss"),
    [
        (lambda image: smeared(image, 3), 0.5),
        (lambda image: smeared(image, 5), 0.4),
        (lambda image: smeared(image, 9), 0.3),
        (lambda image: 1.8 * image, 0.3),
        (lambda image: 1.2 * image, 0.1),
        (flash_near, 0.3),
    ],
    ids=["blur3", "blur5", "blur9", "flash", "brighter", "flash-near"],
)
def test_one_frame_that_is_wrong_does_no_harm(
    base: tuple[Shot, float], spoil: Callable[[Array], Array], loss: float
) -> None:
    shot, seven = base
    assert gained(shot, with_one(shot, spoil), odd=1) > seven - loss


@pytest.mark.parametrize("flashed", [0, 1, 2])
def test_an_early_flash_is_not_the_reference(flashed: int) -> None:
    shot, images = shoot(views(1, 5), Camera(400)), views(1, 5).images
    frames = list(shot.frames)
    frames[flashed] = shot.camera.shoot(shot.camera.sites(1.8 * images[flashed]), np.random.default_rng(5))
    _, report = merge(frames, reference=None)
    assert report.decided["burst"]["reference"] != flashed + 1
    assert report.decided["burst"]["used"] >= 4


@pytest.mark.parametrize(("swing", "loss"), [(0.02, 0.15), (0.06, 0.3), (0.12, 1.2)])
def test_flicker_that_rolls_down_the_frame_is_taken_out(base: tuple[Shot, float], swing: float, loss: float) -> None:
    """Each frame with bands of its own, as of lamps on mains current; the reference's own stay."""
    shot, _ = base
    rng, rows = np.random.default_rng(2), np.arange(SHAPE[0])
    frames, truths = [], []
    for n, image in enumerate(views(1, N).images):
        bands = 1 + swing * np.sin(2 * np.pi * rows / 110 + 1.9 * n)
        truths.append(shot.camera.sites(image * bands[:, None, None]))
        frames.append(shot.camera.shoot(truths[-1], rng))
    assert gained(Shot(shot.camera, tuple(frames), tuple(truths))) > gained(shot) - loss


@pytest.mark.parametrize("light", [(1, 1.04, 1.08, 1.12), (1, 0.93, 0.86, 0.8), (1, 1.35, 1, 1.35)])
@pytest.mark.parametrize("iso", ISOS)
def test_light_that_no_tag_tells_of_pulls_no_tile_along(iso: float, light: tuple[float, ...]) -> None:
    """A cloud moves on, a shutter is not exact: as good as with tags that tell it."""
    camera, images = Camera(iso), views(1, 4).images
    truth = camera.sites(0.6 * images[0])
    gains = []
    for told in (1.0, 0.01):
        rng = np.random.default_rng(4)
        frames = [
            camera.shoot(camera.sites(0.6 * image), rng, more, **({} if told == 1 else {"exposure_time": told}))
            for image, more in zip(images, light, strict=True)
        ]
        merged, report = merge(frames)
        assert not report.notices
        gains.append(gain(camera.level(frames[0]), camera.level(merged), truth, INNER))
    assert gains[1] > gains[0] - 0.1


def bricks(tone: float) -> Scene:
    """A wall that repeats every 12 x 30 pixels; tone: how much bricks differ."""
    rng, painted = np.random.default_rng(9), []
    for row in range(-16, 17):
        for column in range(-8, 9):
            color = np.array([0.5, 0.3, 0.22]) * (1 + tone * rng.standard_normal())
            painted.append(Leaf(row * 12, column * 30 + row % 2 * 15, 5.2, 14.2, color))
    return Scene(np.full(3, 0.55), np.zeros((1, 2)), np.zeros((1, 3)), np.zeros(1), tuple(painted), 0.8)


@pytest.mark.parametrize("tone", [0.0, 0.03, 0.1])
@pytest.mark.parametrize(("iso", "allowed"), [(400, 4.2), (6400, 0.0)])
def test_brick_walls(iso: float, tone: float, allowed: float) -> None:
    poses, wall = shake(N, 3, 12.0, 0.3), bricks(tone)
    assert behind(shoot(Views(tuple(poses), tuple(wall.colors(p, SHAPE) for p in poses)), Camera(iso))) < allowed


def layered(near: Callable[[Array, Pose], None], parallax: float) -> Views:
    """Something in front of a scene, that moves so much more with the hand."""
    scene, poses = natural(4, 420.0), shake(N, 3)
    images = []
    for pose in poses:
        image = scene.colors(pose, SHAPE)
        near(image, Pose(pose.dy * (1 + parallax), pose.dx * (1 + parallax), pose.degrees))
        images.append(image)
    return Views(tuple(poses), tuple(images))


def fence(image: Array, pose: Pose) -> None:
    for column in range(-9, 10):
        paint(image, Leaf(0, 20 * column, 200, 4, np.array([0.7, 0.68, 0.6])), pose)


def plane(image: Array, pose: Pose) -> None:
    right = np.arange(SHAPE[1]) > 170 + pose.dx
    image[:, right] = natural(5, 420.0).colors(pose, SHAPE)[:, right]


@pytest.mark.parametrize(
    ("near", "parallax", "losses"),
    [(fence, 0.0, (2.0, -0.4)), (fence, 0.3, (5.5, 1.5)), (plane, 0.1, (2.7, -0.4)), (plane, 0.5, (3.3, 0.7))],
)
def test_things_at_different_depths(
    near: Callable[[Array, Pose], None], parallax: float, losses: tuple[float, float]
) -> None:
    seen = layered(near, parallax)
    edge = np.zeros(SHAPE, bool)
    edge[30:-30, 158:182] = True
    for iso, allowed in zip(ISOS, losses, strict=True):
        shot = shoot(seen, Camera(iso))
        assert behind(shot) < allowed
        assert gained(shot, where=edge) > 1.0


@pytest.mark.parametrize("iso", ISOS)
def test_where_something_passes_in_front_the_other_frames_help(iso: float) -> None:
    """A disc that hides a third of the frame, elsewhere in each frame."""

    def passing(n: int) -> Leaf:
        return Leaf(0, -300 + 60 * ((n + 3) % N), 90, 0, np.array([0.2, 0.25, 0.3]))

    shot = shoot(views(2, N), Camera(iso), movers=[passing])
    hidden = np.any([covered(passing(n), SHAPE, 4) for n in range(1, N)], axis=0)
    rim = covered(passing(0), SHAPE, 4) & ~covered(passing(0), SHAPE, -4)
    merged, _ = merge(shot.frames)
    before, after = (shot.camera.level(frame) for frame in (shot.frames[0], merged))
    parts = [hidden & ~covered(passing(0), SHAPE, 4), rim, covered(passing(0), SHAPE, -6)]
    gains = [gain(before, after, shot.truths[0], part & INNER) for part in parts]
    assert np.all(np.array(gains) > [4.5, 1.0, 4.5])


@pytest.mark.parametrize("iso", ISOS)
def test_a_turn_of_one_degree_costs_nothing(iso: float) -> None:
    upright, turned = (behind(shoot(views(1, N, 8.0, degrees), Camera(iso))) for degrees in (0.1, 1.0))
    assert turned < upright + 0.4


@pytest.mark.parametrize(("speed", "least"), [(3.0, (1.5, 4.5)), (10.0, (1.2, 3.5)), (25.0, (0.3, 1.5))])
def test_a_moving_part_is_denoised_where_it_is_found_again(speed: float, least: tuple[float, float]) -> None:
    """A square full of detail; at 25 pixels a frame it has left the picture before the last frame."""
    rng = np.random.default_rng(3)
    spots = [(*rng.uniform(-50, 50, 2), rng.uniform(3, 6), rng.uniform(0.05, 0.8, 3)) for _ in range(60)]

    def moved(n: int, y: float, x: float, radius: float, width: float, color: Array) -> Leaf:
        return Leaf(y - 0.3 * speed * n, x + 0.95 * speed * n - 40, radius, width, color)

    movers: list[Mover] = [lambda n: moved(n, 0, 0, 58, 58, np.full(3, 0.3))]
    movers += [lambda n, s=s: moved(n, s[0], s[1], s[2], 0, s[3]) for s in spots]
    where = covered(movers[0](0), SHAPE, -6) & INNER
    for iso, enough in zip(ISOS, least, strict=True):
        assert gained(shoot(views(1, 6), Camera(iso), movers=movers), where=where) > enough


@pytest.mark.parametrize(
    ("n", "allowed"),
    [(2, (0.5, 0.0, -0.3)), (3, (1.0, 0.3, -0.3)), (5, (2.0, 0.5, -0.3)), (15, (4.5, 2.0, 0.0)), (30, (6.5, 3.8, 1.0))],
)
def test_from_two_frames_to_thirty(n: int, allowed: tuple[float, float, float]) -> None:
    for iso, most in zip((400, 1600, 6400), allowed, strict=True):
        assert behind(shoot(views(3, n), Camera(iso), seed=n)) < most
