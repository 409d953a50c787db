"""Pixels for other formats: kernels against numpy, and the curves of HDR television against their definitions."""

from __future__ import annotations

import numpy as np
import pytest

from lichtbild import native
from lichtbild.carriers import GainMap, Metadata, Picture
from lichtbild.color import convert
from lichtbild.look.spaces import TRANSFER
from lichtbild.output import light
from reference import headroom as plain

SHAPES = [(1, 1), (1, 7), (5, 1), (33, 47), (40, 533)]


def picture(shape: tuple[int, int], space: str = "srgb", stops: float = 2.2) -> Picture:
    rng = np.random.default_rng(3)
    image = rng.integers(0, 65536, (*shape, 3), dtype=np.uint16)
    image[0, 0] = 65535
    gains = rng.integers(0, 256, (-(-shape[0] // 2), -(-shape[1] // 2)), dtype=np.uint8)
    return Picture(image, space, Metadata(), {}, GainMap(gains, stops))


def linear(made: Picture, space: str, *, hdr: bool = True) -> np.ndarray:
    assert made.gain_map is not None
    stops = made.gain_map.stops if hdr else 0.0
    return plain.light(made.image / 65535, TRANSFER[made.space], (made.space, space), made.gain_map.image, stops)


@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize(("space", "target"), [("srgb", "srgb"), ("p3", "srgb"), ("rec2020", "rec2020")])
def test_half_floats(shape: tuple[int, int], space: str, target: str) -> None:
    made = picture(shape, space)
    for hdr in (True, False):
        out = light.half_floats(made, target, 0.8, hdr=hdr).view(np.float16).astype(np.float64)
        wanted = linear(made, target, hdr=hdr) * 0.8
        np.testing.assert_allclose(out, wanted, rtol=6e-4, atol=8e-5)
    floats = Picture(linear(made, space, hdr=False).astype(np.float32), space, Metadata(), {}, made.gain_map)
    out = light.half_floats(floats, target).view(np.float16).astype(np.float64)
    np.testing.assert_allclose(out, linear(made, target), rtol=6e-4, atol=8e-5)


def test_half_floats_are_rounded_as_numpy_rounds_them() -> None:
    values = np.concatenate([np.geomspace(7e-5, 60000, 5000), -np.geomspace(7e-5, 60000, 5000), [0.0, 1.0]])
    image = np.resize(values.astype(np.float32), (37, 271, 3))
    out = light.half_floats(Picture(image, "srgb", Metadata()), "srgb").view(np.float16)
    np.testing.assert_array_equal(out, image.astype(np.float16))
    huge = np.full((1, 1, 3), 1e9, np.float32)
    assert light.half_floats(Picture(huge, "srgb", Metadata()), "srgb").view(np.float16).max() == 65504


@pytest.mark.parametrize("shape", SHAPES)
def test_pq(shape: tuple[int, int]) -> None:
    made = picture(shape, "p3")
    out = light.television(made, "pq", 12)
    wanted = plain.pq(np.clip(linear(made, "rec2020"), 0, None) * 203) * 4095
    np.testing.assert_allclose(out, wanted, atol=0.7)


def test_pq_of_published_levels() -> None:
    """ITU-R BT.2408: white of 203 cd/m2 is 58 % PQ, and 1000 cd/m2 is 75 %."""
    white = Picture(np.full((1, 1, 3), 65535, np.uint16), "srgb", Metadata())
    assert light.television(white, "pq", 10)[0, 0] == pytest.approx([0.5806 * 1023] * 3, abs=0.6)
    lamp = Picture(white.image, "srgb", Metadata(), {}, GainMap(np.full((1, 1), 255, np.uint8), np.log2(1000 / 203)))
    assert light.television(lamp, "pq", 10)[0, 0] == pytest.approx([0.7518 * 1023] * 3, abs=0.6)
    assert light.television(white, "hlg", 10)[0, 0] == pytest.approx([0.75 * 1023] * 3, abs=1.0)
    assert light.television(lamp, "hlg", 10)[0, 0] == pytest.approx([1023] * 3, abs=1.0)


def test_hlg_is_shown_as_it_was_meant() -> None:
    made = picture((40, 60), "srgb", stops=1.5)
    shown = plain.hlg_display(light.television(made, "hlg", 12) / 4095)
    wanted = linear(made, "rec2020") * 203
    dim = wanted.max(2) < 1000
    np.testing.assert_allclose(shown[dim], wanted[dim], rtol=0.01, atol=0.15)


def test_more_headroom_than_hlg_has_is_brought_down() -> None:
    image = np.full((8, 8, 3), 65535, np.uint16)
    gains = np.linspace(0, 255, 16).astype(np.uint8).reshape(4, 4)
    bright = light.television(Picture(image, "srgb", Metadata(), {}, GainMap(gains, 4.0)), "hlg", 10)
    assert bright.max() == 1023 and bright.min() == pytest.approx(767, abs=3) and (bright == 1023).mean() < 0.2


def test_depths() -> None:
    image = np.arange(65536, dtype=np.uint16)[:65535].reshape(257, 85, 3)
    for bits in (10, 12):
        np.testing.assert_array_equal(light.at_depth(image, bits), np.rint(image / 65535 * (2**bits - 1)))
    small = np.arange(255, dtype=np.uint8).reshape(5, 51)
    out = np.empty(small.shape, np.uint16)
    native.call("output_widen", small, out)
    np.testing.assert_array_equal(out, small.astype(np.uint16) * 257)


@pytest.mark.parametrize(("lines", "width"), [(1, 1), (1, 5), (16, 33), (7, 130)])
def test_bytes_of_an_exr_block(lines: int, width: int) -> None:
    halves = np.random.default_rng(lines).integers(0, 65536, (lines, width, 3), dtype=np.uint16)
    out = np.empty((2, lines, 3, width), np.uint8)
    native.call("output_exr", halves, out)
    raw = np.moveaxis(halves[..., ::-1], 2, 1).astype("<u2").tobytes()
    apart = np.frombuffer(raw[0::2] + raw[1::2], np.uint8).astype(int)
    wanted = np.concatenate([apart[:1], np.diff(apart) + 128]) & 255
    np.testing.assert_array_equal(out.ravel(), wanted)


def test_colours_outside_a_space_stay_where_they_are() -> None:
    """Display P3's red in the primaries of sRGB has less than no green and blue."""
    red = Picture(np.array([[[65535, 0, 0]]], np.uint16), "p3", Metadata())
    out = light.half_floats(red, "srgb").view(np.float16)[0, 0]
    np.testing.assert_allclose(out, convert("p3", "srgb")[:, 0], atol=1e-3)
    assert out[0] > 1.2 and out[1] < -0.04
