"""The look leg end to end: neutral, orientation, the linear look, sizes and depths."""

from __future__ import annotations

import numpy as np
import pytest

from lichtbild.carriers import Metadata, NoiseProfile, Scene
from lichtbild.color import convert
from lichtbild.look.catalog import names
from lichtbild.look.orient import turned
from lichtbild.look.render import render_picture
from lichtbild.look.spaces import TRANSFER
from lichtbild.recipe import Recipe
from lichtbild.report import Report


def scene_of(image: np.ndarray, orientation: int = 1, noise: float = 0.0) -> Scene:
    """A scene of (h, w, 3) values, in the planar memory that the carriers ask for."""
    planar = np.ascontiguousarray(np.moveaxis(image.astype(np.float16), 2, 0))
    profile = NoiseProfile((noise,) * 3, (noise * 0.01,) * 3)
    return Scene(
        np.moveaxis(planar, 0, 2), profile, (1.0, 1.0, 1.0), (0.3127, 0.329), 1.0, Metadata(orientation=orientation)
    )


def render(image: np.ndarray, orientation: int = 1, **settings: object) -> np.ndarray:
    return render_picture(scene_of(image, orientation), Recipe(**settings), Report()).image


def test_grey_stays_grey() -> None:
    ramp = np.repeat(np.geomspace(1e-4, 30, 500)[None, :, None], 40, 0).repeat(3, 2)
    for look in ("natural", "authentic", "vibrant", "mono"):
        for space in ("srgb", "p3", "rec2020"):
            for depth in ("8", "16"):
                out = render(ramp, look=look, space=space, depth=depth).astype(int)
                # One level in thousands, near white, is 2 or 3 of 65535 off: a small gamut is divided by there.
                assert np.ptp(out, axis=2).max() <= (1 if depth == "8" else 3), (look, space, depth)
                assert (np.ptp(out, axis=2) > 1).mean() <= 0.002


@pytest.mark.parametrize("look", ["natural", "vibrant", "apricot"])
def test_eight_bits_are_those_of_sixteen_where_colours_are_outside_of_the_space(look: str) -> None:
    """Dark places beside lamps have one or two colours below nothing."""
    rng = np.random.default_rng(5)
    image = rng.lognormal(-3, 2, (120, 160, 1)) * rng.normal(0.5, 0.6, (120, 160, 3))
    assert (image < 0).mean() > 0.15
    eight, sixteen = (render(image, look=look, space="srgb", depth=depth).astype(float) for depth in ("8", "16"))
    np.testing.assert_allclose(eight, sixteen / 257, atol=1.6)


@pytest.mark.parametrize("orientation", range(1, 9))
def test_orientation_is_baked_in(orientation: int) -> None:
    image = np.random.default_rng(orientation).uniform(0, 1, (53, 37, 3))
    straight = render(image, look="linear", depth="32f")
    expected = {
        1: straight,
        2: straight[:, ::-1],
        3: straight[::-1, ::-1],
        4: straight[::-1],
        5: straight.swapaxes(0, 1),
        6: straight[::-1].swapaxes(0, 1),
        7: straight[::-1, ::-1].swapaxes(0, 1),
        8: straight[:, ::-1].swapaxes(0, 1),
    }[orientation]
    out = render(image, orientation, look="linear", depth="32f")
    assert out.flags.c_contiguous
    np.testing.assert_array_equal(out, expected)


@pytest.mark.parametrize("orientation", [2, 5, 6, 7, 8])
def test_a_picture_of_eight_bits_is_the_same_however_it_lies(orientation: int) -> None:
    """Wider and higher than what the kernels work on at a time; flips alone move the dither."""
    image = np.random.default_rng(orientation).lognormal(-2, 1, (131, 157, 3))
    expected = turned(render(image, space="srgb"), orientation)
    out = render(image, orientation, space="srgb")
    assert out.flags.c_contiguous and out.shape == expected.shape
    if orientation == 2:
        assert np.abs(out.astype(int) - expected).max() <= 1
    else:
        np.testing.assert_array_equal(out, expected)


@pytest.mark.parametrize("space", ["srgb", "p3", "rec2020"])
def test_the_linear_look_is_the_scene(space: str) -> None:
    image = np.random.default_rng(0).uniform(-0.2, 3, (33, 47, 3)).astype(np.float16)
    linear = image.astype(float) @ convert("rec2020", space).T
    np.testing.assert_allclose(render(image, look="linear", space=space, depth="32f"), linear, atol=1e-6)
    for depth, top in (("8", 255), ("16", 65535)):
        out = render(image, look="linear", space=space, depth=depth)
        np.testing.assert_allclose(out, TRANSFER[space].encode(np.clip(linear, 0, 1)) * top, atol=0.5 + top * 3e-6)


@pytest.mark.parametrize("size", [(1, 1), (1, 7), (5, 1), (2, 3), (17, 513), (65, 33), (700, 1100)])
def test_any_size_and_depth(size: tuple[int, int]) -> None:
    image = np.random.default_rng(1).uniform(0, 1, (*size, 3))
    for look in names():
        for depth, dtype in (("8", np.uint8), ("16", np.uint16), ("32f", np.float32)):
            out = render(image, orientation=6, look=look, depth=depth)
            assert out.shape == (size[1], size[0], 3) and out.dtype == dtype
            assert np.isfinite(out).all()
