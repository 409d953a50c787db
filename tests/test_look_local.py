"""Local tone: no halo at any edge, faces keep their modelling, shadows open as far as noise allows."""

import numpy as np
import pytest
from tests.test_look_kernels import scene_of
from tests.test_look_quality import linear

from lichtbild.look import local, look, tone
from lichtbild.look.exposure import BINS, LOWEST, PER_STOP, Statistics
from lichtbild.look.render import render_picture
from lichtbild.recipe import Recipe
from lichtbild.record import replace
from lichtbild.report import Report


def effective(image: np.ndarray, noise: float, **settings: object) -> np.ndarray:
    """Stops from middle grey that the curve was given beyond the exposure, read back from a picture of greys."""
    report = Report()
    recipe = Recipe(depth="32f", sharpen=0.0, **settings)
    out = render_picture(scene_of(image[..., None].repeat(3, 2), noise), recipe, report).image[..., 1]
    numbers = look.load(recipe.look).tone
    curve = tone.solve(numbers.contrast, numbers.toe, numbers.shoulder, report.decided["look"]["white"])
    stops = np.linspace(-16, 8, 20_000)
    seen = np.interp(out.astype(np.float64), curve(tone.MIDDLE_GREY * 2.0**stops), stops)
    return seen - report.decided["look"]["ev"]


def shape(name: str) -> np.ndarray:
    y, x = np.mgrid[:450, :600]
    return {
        "horizon": x + 0.3 * y > 360,
        "window": (np.abs(x - 300) < 45) & (np.abs(y - 225) < 60),
        "pole": np.abs(x - 300 + 0.1 * y) >= 8,
        "bars": ((x // 30) % 2 == 0) | (x < 150),
    }[name]


@pytest.mark.parametrize("name", ["horizon", "window", "pole", "bars"])
@pytest.mark.parametrize("stops", [5, 10, 14])
@pytest.mark.parametrize("style", ["natural", "vibrant", "mono"])
def test_no_halo_at_any_edge(name: str, stops: int, style: str) -> None:
    """Each side is of one lightness up to its last pixel: within 1 % of the edge's height."""
    bright = shape(name)
    image = 0.5 * 2.0 ** (-stops * (1.0 - bright))
    for ev in (0.0, -2.5):
        out = np.cbrt(linear(scene_of(image[..., None].repeat(3, 2), 1e-8), look=style, ev=ev, sharpen=0.0)[..., 1])
        levels = [np.median(out[side]) for side in (bright, ~bright)]
        stray = max(np.abs(out[side] - level).max() for side, level in zip((bright, ~bright), levels, strict=True))
        assert stray < 0.01 * (levels[0] - levels[1]), (ev, stray, levels)


@pytest.mark.parametrize("level", [-1.5, 0.0, 1.0])
@pytest.mark.parametrize("period", [15, 30, 60])
def test_a_face_beside_a_window_keeps_its_modelling(level: float, period: int) -> None:
    """Light and shade of one stop on a face, in a room whose range of 7 stops is reduced: within 10 %."""
    y, x = np.mgrid[:480, :640].astype(float)
    face = np.hypot((x - 200) / 110, (y - 250) / 150)
    modelling = 0.5 * np.cos((x - 200) / period) * np.cos((y - 250) / (1.2 * period))
    stops = np.where(x > 420, 3.2, np.where(face < 1, level, -4.0)) + np.where(face < 0.97, modelling, 0.0)
    found, inner = effective(0.18 * 2.0**stops, 1e-8), face < 0.8
    assert np.polyfit(stops[inner], found[inner], 1)[0] == pytest.approx(1.0, abs=0.1)


def test_shadows_open_as_far_as_noise_allows() -> None:
    """The same deep shadow, ever noisier: opened less and less, and hardly where it is as strong as its noise."""
    x = np.mgrid[:300, :400][1]
    image = np.where(x < 200, 0.18 * 2.0**-7, 0.5)
    opened = []
    for noise in (1e-9, 1e-5, 1e-4):
        found = effective(image, noise)
        opened.append(np.median(found[:, :150]) + 7.0)
    assert opened[0] > 0.5 and (np.diff(opened) < 0).all() and opened[-1] < 0.36 * opened[0], opened


def histogram_of(stops: np.ndarray) -> Statistics:
    """Statistics of light that many stops from middle grey."""
    at = (stops + np.log2(tone.MIDDLE_GREY) - LOWEST) * PER_STOP
    return Statistics.of(np.bincount(at.round().astype(int).ravel(), minlength=BINS))


def white_of(stops: np.ndarray, clip: float, highlights: float = 0.8) -> float:
    tones = local.LocalTone(0.0, 0.0, 0.0, 0.0, 0.0)
    return local.white_point(tones, histogram_of(stops), tone.MIDDLE_GREY * 2.0**clip, 5.0, highlights)


def test_white_is_where_the_light_ends_and_not_where_a_bracket_could_have_measured() -> None:
    day = np.linspace(-4, 2, 4000)  # nothing is brighter than a white wall
    assert white_of(day, clip=8.0) == pytest.approx(local.DIFFUSE_WHITE, abs=0.4)
    assert abs(white_of(day, clip=8.0) - white_of(day, clip=2.6)) < 0.4
    assert white_of(day, clip=8.0, highlights=0.0) > 4.7
    lamps = np.concatenate([day, np.full(200, 6.0)])
    assert white_of(lamps, clip=8.0) > 4.5
    dim = np.linspace(-6, -1, 4000)
    assert white_of(dim, clip=8.0) > local.DIFFUSE_WHITE  # what is grey stays grey


def test_white_moves_little_with_what_little_is_bright() -> None:
    day = np.linspace(-4, 2, 100_000)
    whites = [white_of(np.concatenate([day, np.full(n, 4.5)]), clip=8.0) for n in (0, 50, 100, 200, 400, 800, 1600)]
    assert (np.diff(whites) >= 0).all()
    assert whites[1] - whites[0] < 0.15 and np.diff(whites).max() < 1.0, whites


def test_a_bracket_of_a_scene_without_lamps_is_as_bright_as_a_frame_of_it() -> None:
    x = np.linspace(-4, 2, 640)
    image = np.tile(0.18 * 2.0**x, (480, 1))[..., None].repeat(3, 2)
    scene = scene_of(image, 1e-8)
    pictures = [
        render_picture(replace(scene, clip=clip), Recipe(depth="8"), Report()).image.astype(int) for clip in (0.9, 16.0)
    ]
    assert np.abs(pictures[0] - pictures[1]).max() <= 12
    assert pictures[1].max() > 225
