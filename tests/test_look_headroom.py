"""Light above diffuse white: when there is a gain map, and what stands in it."""

from __future__ import annotations

import numpy as np
import pytest

from lichtbild import native
from lichtbild.carriers import Picture
from lichtbild.look import headroom
from lichtbild.look.render import render_picture
from lichtbild.recipe import Recipe
from lichtbild.report import Report
from reference import headroom as plain
from test_look_render import scene_of


def lamps(height: int = 180, width: int = 260, brightest: float = 12.0) -> np.ndarray:
    """A dim room with texture, and three lamps, two of them coloured."""
    y, x = np.mgrid[:height, :width] / height
    room = 0.06 + 0.04 * np.sin(20 * x) * np.cos(17 * y) + 0.05 * x
    image = room[..., None] * [1.0, 0.9, 0.8]
    for cy, cx, color in ((0.3, 0.3, (1, 1, 1)), (0.6, 0.8, (1, 0.5, 0.15)), (0.5, 1.2, (0.3, 0.5, 1.0))):
        disc = np.clip((0.05 - np.hypot(y - cy, x - cx)) * height + 0.5, 0, 1)[..., None]
        image = image * (1 - disc) + brightest * np.array(color) * disc
    return image


def developed(image: np.ndarray, orientation: int = 1, **settings: object) -> tuple[Picture, dict[str, object]]:
    report = Report()
    picture = render_picture(scene_of(image, orientation), Recipe(**settings), report)
    return picture, report.decided["look"]


def test_the_curve_is_nothing_up_to_white_and_grows_smoothly_above() -> None:
    t = np.linspace(-4, 12, 4001)
    gain = headroom.gain(t)
    assert (gain[t <= 0] == 0).all() and (np.diff(gain[t > 0]) > 0).all()
    slope = np.diff(gain) / np.diff(t)
    assert slope.max() < 0.86 and np.abs(np.diff(slope)).max() < 0.02  # no edge, and light stays in its order
    assert gain.max() < headroom.LIMIT
    np.testing.assert_allclose(headroom.gain(t, 0.5), gain / 2)


@pytest.mark.parametrize("shape", [(1, 1), (2, 3), (37, 131), (64, 257)])
def test_the_map_is_what_numpy_makes_of_the_scene(shape: tuple[int, int]) -> None:
    rng = np.random.default_rng(7)
    view = (rng.uniform(0, 1, (*shape, 3)) ** 3 * 20).astype(np.float16)
    grid = rng.uniform(-0.5, 0.5, (3, 3, 4)).astype(np.float32)
    place, guide = np.array([0.11, 3.0, 1.0], np.float32), np.array([0.3, 0.53, 0.17, 1e-4], np.float32)
    curve = np.array([0.7, 0.5, 0.5, 0.8, 0.8 / 3.5, 255 / 3.4], np.float32)
    half = -(-shape[0] // 2), -(-shape[1] // 2)
    out = np.empty([max(n, headroom.TILE) for n in half], np.uint8)
    corners = [np.minimum(np.arange(0, n, headroom.TILE), n - headroom.TILE) for n in out.shape]
    tiles = np.stack(np.meshgrid(*corners, indexing="ij"), axis=-1).reshape(-1, 2).astype(np.int32)
    native.call("look_headroom", view, tiles, grid, place, guide, curve, out)
    out = out[: half[0], : half[1]]
    wanted = np.clip(plain.gain_map(view, grid, place, guide, curve), 0, 255)
    np.testing.assert_allclose(out, wanted, atol=0.55)
    assert (shape == (1, 1)) or np.ptp(out) > 60


@pytest.mark.parametrize("factor", [1, 3, 8, 11, 40])
@pytest.mark.parametrize("offsets", [(0, 0), (1, 5)])
def test_all_light_above_white_is_in_the_tiles(factor: int, offsets: tuple[int, int]) -> None:
    rng = np.random.default_rng(factor)
    rows, columns = (23 * factor + factor // 2, 31 * factor + 1) if factor < 40 else (175, 167)
    view = (2.0 ** rng.normal(-3, 1.5, (rows, columns, 1)) * [1, 0.9, 0.8]).astype(np.float16)
    cells = [-(-(n + o) // factor) for n, o in zip((rows, columns), offsets, strict=True)]
    grid = rng.uniform(-0.6, 0.4, (3, *cells)).astype(np.float32)
    guide = np.array([0.3, 0.53, 0.17, 1e-4], np.float32)
    light = np.pad(view.astype(np.float64) @ guide[:3], [(o, 0) for o in offsets])
    light = np.pad(light, [(0, n * factor - m) for n, m in zip(cells, light.shape, strict=True)])
    brightest = np.log2(light.reshape(cells[0], factor, cells[1], factor).max((1, 3)) + 2.0**-24).astype(np.float32)
    place = np.array([1 / factor, offsets[1], offsets[0]], np.float32)
    room = headroom.Headroom(0.1, 2.0, 1.0, 3.0, 0.3)
    made = headroom.gain_map(room, view, brightest, grid, place, guide)
    assert made is not None
    wanted = np.clip(plain.gain_map(view, grid, place, guide, room.numbers()), 0, 255)
    np.testing.assert_allclose(made.image, wanted, atol=0.55)
    assert 0.02 < (made.image > 0).mean() < 0.8
    tiles = headroom.lit_tiles(room, brightest - 6, grid, place, made.image.shape)
    assert len(tiles) < made.image.size / headroom.TILE**2 / 2


@pytest.mark.parametrize("orientation", range(2, 9))
def test_the_map_is_upright(orientation: int) -> None:
    image = lamps(121, 83)
    turned, _ = developed(image, orientation, hdr="on")
    assert turned.gain_map is not None
    height, width = turned.image.shape[:2]
    assert turned.gain_map.image.shape == (-(-height // 2), -(-width // 2))
    gains = plain.upsampled(turned.gain_map.image, (height, width))
    bright = turned.image.min(2) > 240
    assert gains[bright].mean() > 20 * max(gains[~bright & (turned.image.max(2) < 128)].mean(), 0.2)


def test_lamps_are_highlights_and_paper_is_not() -> None:
    picture, told = developed(lamps())
    assert told["hdr"] and picture.gain_map is not None and picture.gain_map.stops == told["headroom"]
    assert 0.005 < told["highlights_share"] < 0.1 and 1.0 < told["highlights_level"] < 6.0
    paper = np.full((180, 260, 3), 0.55) + 0.1 * np.sin(np.arange(260) / 9)[None, :, None]
    picture, told = developed(paper)
    assert not told["hdr"] and picture.gain_map is None
    assert developed(paper, hdr="on")[0].gain_map is not None
    assert developed(lamps(), hdr="off")[0].gain_map is None


def test_a_burnt_sky_does_not_dazzle() -> None:
    image = np.full((180, 260, 3), 0.02)
    image[:20] = 1.0
    little = developed(image, hdr="on")[1]["headroom"]
    image[:110] = 1.0
    much = developed(image, hdr="on")[1]["headroom"]
    assert little > 0.5 and much < 0.3 * little


def test_the_picture_is_the_same_with_and_without() -> None:
    with_map, without = developed(lamps(), hdr="on")[0], developed(lamps(), hdr="off")[0]
    np.testing.assert_array_equal(with_map.image, without.image)


def test_a_lamp_has_no_halo() -> None:
    """Gains beyond a pixel of the map from the lamp are those of the room: none."""
    image = lamps()
    picture, _ = developed(image)
    assert picture.gain_map is not None
    near = np.zeros((90, 130), bool)
    ys, xs = np.nonzero((image.max(2) > 0.5).reshape(90, 2, 130, 2).any((1, 3)))
    for dy in (-1, 0, 1):
        for dx in (-1, 0, 1):
            near[np.clip(ys + dy, 0, 89), np.clip(xs + dx, 0, 129)] = True
    assert picture.gain_map.image[~near].max() == 0
    assert np.percentile(picture.gain_map.image[near], 80) > 100


def test_smooth_light_gives_a_smooth_map() -> None:
    ramp = np.geomspace(0.05, 8, 512)[None, :, None] * np.ones((64, 1, 3))
    picture, _ = developed(ramp, hdr="on")
    assert picture.gain_map is not None
    steps = np.diff(picture.gain_map.image[16].astype(int))
    assert (steps >= -1).all() and steps.max() <= 6 and picture.gain_map.image[16, -1] > 150
