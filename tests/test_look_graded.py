"""Graded looks: the kernel against plain numpy, what depends on lightness, moves of hue, black-and-white filters."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from lichtbild import native
from lichtbild.carriers import Metadata, NoiseProfile, Scene
from lichtbild.color import decode_srgb, encode_srgb
from lichtbild.look import grain, hue, look, lut, oklab, render, shade, tone
from lichtbild.look.numbers import FILTERS, Color, Grain, HueMove, Mono, Tone, Toning
from lichtbild.look.spaces import TRANSFER
from lichtbild.recipe import Recipe
from lichtbild.report import Report
from reference import look_graded as reference

NATURAL = look.load("natural")


def scene_of(image: np.ndarray, noise: float = 1e-6, orientation: int = 1) -> Scene:
    planar = np.ascontiguousarray(np.moveaxis(image.astype(np.float16), 2, 0))
    profile = NoiseProfile((noise,) * 3, (noise / 100,) * 3)
    metadata = Metadata(orientation=orientation)
    return Scene(np.moveaxis(planar, 0, 2), profile, (1.0, 1.0, 1.0), (0.3127, 0.329), 1.0, metadata)


def rendered(image: np.ndarray, chosen: look.Look, depth: str = "32f", space: str = "srgb") -> np.ndarray:
    recipe = Recipe(depth=depth, space=space, hdr="off")
    return render.render_picture(scene_of(image), recipe, Report(), chosen).image


@pytest.mark.parametrize(("space", "shape"), [("srgb", (45, 83)), ("rec2020", (45, 83)), ("srgb", (5, 4130))])
def test_the_kernel_is_what_numpy_makes_of_it(space: str, shape: tuple[int, int]) -> None:
    """The last is wider than one tile."""
    chosen = replace(
        NATURAL,
        hue=(HueMove(at=30, width=40, rotate=12), HueMove(at=250, width=70, chroma=0.4, light=-0.3)),
        color=Color(shadows=-0.5, middle=0.2, highlights=0.4),
        toning=Toning(shadows=0.4, highlights=0.3),
        tone=Tone(points=((0.0, 0.03), (0.3, 0.22), (0.8, 0.86), (1.0, 0.97))),
    )
    rng = np.random.default_rng(4)
    scene = scene_of(rng.lognormal(-1.5, 1.2, (*shape, 3)), 1e-4)
    cells = (3, -(-(shape[0] + 2) // 4), -(-(shape[1] + 1) // 4))
    gain = rng.normal([[[0]], [[0]], [[0.8]]], [[[0.05]], [[0.3]], [[0.1]]], cells).astype(np.float32)
    glow = rng.uniform(0, 0.1, cells).astype(np.float32)
    speckled, level, apart = grain.field(shape, Grain(strength=0.5, size=0.5, color=0.5), 7)
    common = [
        np.array([1 / 4, 1.0, 2.0], np.float32),
        render.guide_numbers(scene, chosen),
        *render.matrices(chosen, space),
        tone.solve(1.28, 5.0, 0.5, 5.0).to_array(),
        hue.table(chosen.color, chosen.hue, hue.MOVES_ORDER),
        np.array([5.0, 0.4, 0.9], np.float32),
        np.array([0.6, 0.025, 1.0], np.float32),
        np.array([0.8, 4.0], np.float32),
    ]
    table = shade.table(chosen.tone, chosen.color, chosen.toning)
    levels = np.array([level, 0.5 * level], np.float32)
    expected = reference.render(
        scene.image, gain, *common, glow, table, speckled.astype(np.float64), levels, apart, grain.BORDER
    )
    more = [glow, table, speckled, levels, apart, *lut.arguments(chosen, space)]
    linear = np.empty(scene.image.shape, np.float32)
    native.call("look_graded_f32", scene.image, gain, 4, *common, TRANSFER[space].to_array(0.0), *more, linear)
    np.testing.assert_allclose(linear, expected, atol=2e-3)
    assert np.sqrt(np.mean((linear - expected) ** 2)) < 1e-4
    encoded = np.empty(scene.image.shape, np.uint8)
    native.call("look_graded_u8", scene.image, gain, 4, *common, TRANSFER[space].to_array(0.0), *more, encoded)
    # The nearest entry of the table by lightness.
    error = np.abs(encoded - TRANSFER[space].encode(linear) * 255)
    assert error.max() < 1.25 and np.mean(error > 1.0) < 1e-3


@pytest.mark.parametrize("depth", ["8", "16", "32f"])
def test_a_graded_look_that_changes_nothing_is_natural(depth: str) -> None:
    image = np.random.default_rng(5).lognormal(-1.5, 1.0, (57, 91, 3))
    nothing = replace(NATURAL, hue=(HueMove(at=100),))
    assert render.is_graded(nothing) and not render.is_graded(NATURAL)
    plain, graded = (rendered(image, chosen, depth).astype(np.float64) for chosen in (NATURAL, nothing))
    error, step = np.abs(plain - graded), {"8": 1, "16": 6, "32f": 1e-4}[depth]
    assert np.quantile(error, 0.999) <= step and error.max() <= 4 * step


@pytest.mark.parametrize("space", ["srgb", "p3", "rec2020"])
def test_grey_stays_grey_without_toning(space: str) -> None:
    ramp = np.repeat(np.geomspace(1e-4, 30, 500)[None, :, None], 40, 0).repeat(3, 2)
    chosen = replace(
        NATURAL,
        hue=(HueMove(at=60, rotate=30, chroma=0.8, light=0.5),),
        color=Color(shadows=1.0, middle=-1.0, highlights=1.0),
        tone=Tone(points=((0.0, 0.05), (0.5, 0.6), (1.0, 0.9))),
        grain=Grain(strength=1.0, color=0.0),
    )
    for depth in ("8", "16"):
        assert np.ptp(rendered(ramp, chosen, depth, space).astype(int), axis=2).max() <= (1 if depth == "8" else 4)


def test_moves_leave_hues_two_widths_away_untouched() -> None:
    """The largest moves there are, seen in Oklab, where 0.01 is about one just noticeable difference."""
    angles = np.radians(np.arange(0, 360, 2.0))
    for width in (40.0, 60.0, 85.0):
        for at in (0.0, 57.0, 142.0, 264.0):
            table = hue.table(Color(vibrance=0.0), (HueMove(at, width, 30.0, 0.8, 0.5),), hue.MOVES_ORDER)
            turn, factor, _, light = (hue.evaluate(row, angles) for row in table)
            chroma, lightness = 0.15, 0.65
            moved = np.hypot(chroma * turn, chroma * (factor - 1))
            moved = np.hypot(moved, lightness * light * chroma * factor)
            away = np.abs((np.degrees(angles) - at + 180) % 360 - 180) >= 2 * width
            assert 100 * moved[away].max() < 0.1, (width, at)


def test_lightness_by_hue_stays_in_its_range() -> None:
    colours = oklab.rgb_from_lab([[0.7, 0.2 * np.cos(t), 0.2 * np.sin(t)] for t in np.linspace(0, 6, 40)], "rec2020")
    image = np.clip(np.tile(colours[None], (20, 1, 1)), 0, 4)
    for light in (-0.5, 0.5):
        moves = tuple(HueMove(at=at, width=90, light=light, chroma=0.8) for at in (30.0, 120.0, 210.0, 300.0))
        out = rendered(image, replace(NATURAL, hue=moves))
        assert np.isfinite(out).all() and out.min() >= 0 and out.max() <= 1


def test_a_drawn_curve_goes_through_its_points_and_does_not_fall() -> None:
    points = ((0.0, 0.05), (0.2, 0.14), (0.5, 0.55), (0.8, 0.8), (1.0, 0.97))
    x = np.linspace(0, 1, 2001)
    y = shade.spline(points, x)
    np.testing.assert_allclose(shade.spline(points, np.array([p[0] for p in points])), [p[1] for p in points])
    assert (np.diff(y) >= 0).all() and np.abs(np.diff(y, 2)).max() < 1e-5
    table = shade.table(Tone(points=points), Color(), Toning())
    L = np.linspace(0, 1, len(table))
    shown = encode_srgb((L + table[:, 0]) ** 3)
    np.testing.assert_allclose(shown, shade.spline(points, encode_srgb(L**3)), atol=2e-4)


def test_a_drawn_curve_is_seen_in_the_picture() -> None:
    image = np.repeat(np.geomspace(0.01, 2, 300)[None, :, None], 60, 0).repeat(3, 2)
    points = ((0.0, 0.1), (0.4, 0.5), (1.0, 0.9))
    plain = encode_srgb(rendered(image, NATURAL)[30, :, 0])
    curved = encode_srgb(rendered(image, replace(NATURAL, tone=replace(NATURAL.tone, points=points)))[30, :, 0])
    np.testing.assert_allclose(curved, shade.spline(points, plain.astype(np.float64)), atol=2e-3)


def test_chroma_by_lightness_acts_where_it_says() -> None:
    lightness = np.array([0.15, 0.56, 0.97])
    for name, share in (("shadows", [1, 0, 0]), ("middle", [0, 1, 0]), ("highlights", [0, 0, 1])):
        table = shade.table(Tone(), Color(**{name: -0.5}), Toning())
        factor = np.interp(lightness, np.linspace(0, 1, len(table)), table[:, 1])
        np.testing.assert_allclose(factor, 1 - 0.5 * np.array(share), atol=0.16)
    L = np.linspace(0, 1, 500)
    for balance in (-1.0, 0.0, 1.0):
        parts = np.array(shade.weights(L, balance))
        assert parts.min() >= 0
        np.testing.assert_allclose(parts.sum(0), 1)


def test_toning_gives_its_hues_and_leaves_black_and_paper() -> None:
    ramp = np.repeat(np.geomspace(1e-5, 60, 600)[None, :, None], 40, 0).repeat(3, 2)
    toning = Toning(shadows_hue=250, shadows=0.3, highlights_hue=80, highlights=0.3)
    for chosen in (replace(NATURAL, toning=toning), replace(NATURAL, mono=Mono(), toning=toning)):
        L, a, b = np.moveaxis(oklab.lab_from_rgb(rendered(ramp, chosen)[20].astype(np.float64), "srgb"), -1, 0)
        hues, chroma = np.degrees(np.arctan2(b, a)) % 360, np.hypot(a, b)
        dark, bright = np.argmin(np.abs(L - 0.3)), np.argmin(np.abs(L - 0.85))
        assert hues[dark] == pytest.approx(250, abs=4) and 0.03 < chroma[dark] < 0.05
        assert hues[bright] == pytest.approx(80, abs=4) and 0.03 < chroma[bright] < 0.05
        assert chroma[L > 0.999].max() < 0.005 and chroma[L < 0.01].max(initial=0) < 0.01


def test_filters_weigh_light_before_it_becomes_grey() -> None:
    film = Mono()
    assert film.weights() == pytest.approx((0.30, 0.55, 0.15))
    for name, glass in FILTERS.items():
        through = np.array([0.30, 0.55, 0.15]) * glass
        assert Mono(filter=name).weights() == pytest.approx(through / through.sum())
        assert Mono(filter=name, filter_strength=0.0).weights() == pytest.approx(film.weights())
    # A blue sky gets darker from yellow to orange to red, and lighter by blue; foliage is lightest by green.
    sky, leaf = np.array([0.12, 0.22, 0.55]), np.array([0.06, 0.16, 0.04])
    skies = [sky @ Mono(filter=name).weights() for name in ("blue", "none", "yellow", "orange", "red")]
    assert (np.diff(skies) < 0).all()
    assert leaf @ Mono(filter="green").weights() == max(leaf @ Mono(filter=name).weights() for name in FILTERS)


def test_a_filter_acts_on_scene_linear_light() -> None:
    """A patch whose filtered light is that of grey looks like that grey."""
    mono = Mono(filter="red")
    colour = np.array([0.2, 0.9, 0.05])
    colour *= 0.18 / (colour @ mono.weights())
    image = np.full((64, 96, 3), 0.18)
    image[:, 48:] = colour
    out = rendered(image, replace(NATURAL, mono=mono))
    assert np.ptp(out, axis=2).max() < 1e-5
    np.testing.assert_allclose(out[:, 60], out[:, 30], rtol=2e-3)


def test_sixteen_bits_are_the_encoded_floats() -> None:
    image = np.random.default_rng(6).lognormal(-1.5, 1.0, (40, 60, 3))
    chosen = replace(NATURAL, toning=Toning(shadows=0.5))
    codes, linear = rendered(image, chosen, "16"), rendered(image, chosen, "32f")
    np.testing.assert_allclose(codes / 65535, encode_srgb(linear), atol=2e-5)
    assert decode_srgb(0.5) == pytest.approx(0.214, abs=1e-3)
