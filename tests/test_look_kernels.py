"""The look kernels against plain numpy."""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
import pytest

from lichtbild import native
from lichtbild.carriers import Metadata, NoiseProfile, Scene
from lichtbild.look import exposure, hue, local, look, render, tone
from lichtbild.look.spaces import TRANSFER
from reference import look as reference

RNG = np.random.default_rng(7)


def planar(image: np.ndarray) -> np.ndarray:
    return np.moveaxis(np.ascontiguousarray(np.moveaxis(image.astype(np.float16), 2, 0)), 0, 2)


def scene_of(image: np.ndarray, noise: float = 1e-4) -> Scene:
    profile = NoiseProfile((noise,) * 3, (noise / 100,) * 3)
    return Scene(planar(image), profile, (1.0, 1.0, 1.0), (0.3127, 0.329), 1.0, Metadata())


def test_elementary_functions_keep_their_promised_error() -> None:
    hl = pytest.importorskip("halide")
    sys.path.insert(0, str(Path(__file__).parents[1] / "kernels"))
    import look_math

    x = np.geomspace(1e-9, 1e9, 100_003).astype(np.float32)
    e = np.linspace(-100, 100, 100_003, dtype=np.float32)

    def run(f: object, values: np.ndarray) -> np.ndarray:
        source, out, i = hl.ImageParam(hl.Float(32), 1), hl.Func(), hl.Var("i")
        source.set(hl.Buffer(values))
        out[i] = f(source[i])
        out.vectorize(i, 16)
        return np.array(out.realize([len(values)])).astype(np.float64)

    exact = x.astype(np.float64)
    np.testing.assert_allclose(run(look_math.log2, x), np.log2(exact), atol=4e-6)
    np.testing.assert_allclose(run(look_math.exp2, e), 2.0 ** e.astype(np.float64), rtol=1e-5)
    np.testing.assert_allclose(run(look_math.cube_root, x), np.cbrt(exact), rtol=8e-6)
    np.testing.assert_allclose(run(look_math.inverse_fourth_root, x), exact**-0.25, rtol=4e-6)
    np.testing.assert_allclose(run(look_math.fourth_root, x), exact**0.25, rtol=2e-5)
    np.testing.assert_allclose(run(look_math.root, x), exact**0.5, rtol=4e-4)
    np.testing.assert_allclose(run(look_math.inverse_root, x), exact**-0.5, rtol=4e-4)
    np.testing.assert_allclose(run(lambda v: look_math.ratio(hl.f32(3.0), v), x), 3.0 / exact, rtol=4e-4)


@pytest.mark.parametrize("factor", [1, 3, 8])
@pytest.mark.parametrize("size", [(64, 96), (37, 53), (1, 5)])
def test_reduce_and_histogram(size: tuple[int, int], factor: int) -> None:
    scene = scene_of(RNG.lognormal(-3, 2, (*size, 3)))
    guide = render.guide_numbers(scene, look.load("natural"))
    coarse = np.empty((-(-size[0] // factor), -(-size[1] // factor)), np.float32)
    brightest = np.empty_like(coarse)
    native.call("look_reduce", scene.image, guide, factor, coarse, brightest)
    np.testing.assert_allclose(coarse, reference.reduce(scene.image, guide, factor), atol=1e-4)
    light = np.pad(scene.image.astype(np.float64) @ guide[:3], [(0, -n % factor) for n in size], mode="edge")
    largest = light.reshape(coarse.shape[0], factor, coarse.shape[1], factor).max((1, 3))
    np.testing.assert_allclose(brightest, np.log2(largest + 2.0**-24), atol=1e-4)
    counted = np.empty(exposure.BINS, np.float32)
    native.call("look_histogram", coarse, counted)
    expected = reference.histogram(coarse, exposure.BINS, exposure.LOWEST, exposure.PER_STOP)
    np.testing.assert_allclose(counted, expected, atol=2e-3 * max(1, expected.max()))


@pytest.mark.parametrize(("size", "cell"), [((47, 64), 4), ((20, 9), 3), ((1, 1), 1), ((33, 130), 7)])
def test_local_tone(size: tuple[int, int], cell: int) -> None:
    coarse = RNG.normal(-4, 1, size).cumsum(1).astype(np.float32).clip(-12, 5)
    table = (-0.4 * np.logaddexp(0, local.STOPS - 1) + 0.3 * np.logaddexp(0, -1 - local.STOPS)).astype(np.float32)
    numbers = np.array([2.0, 0.1, local.EDGE, local.FLATNESS, 1e-3, 1e-5, 1.0], np.float32)
    gain = np.empty((3, *size), np.float32)
    native.call("look_local", coarse, table, numbers, cell, gain)
    expected = reference.local(coarse, table, numbers, cell)
    np.testing.assert_allclose(gain[0] * coarse + gain[1], expected[0] * coarse + expected[1], atol=2e-3)
    np.testing.assert_allclose(gain, expected, atol=2e-2)


@pytest.mark.parametrize("name", ["natural", "authentic", "vibrant", "mono"])
@pytest.mark.parametrize("space", ["srgb", "rec2020"])
def test_render(name: str, space: str) -> None:
    chosen = look.load(name)
    scene = scene_of(RNG.lognormal(-1.5, 1.2, (45, 83, 3)))
    factor = 4
    gain = RNG.normal([[[0]], [[0]], [[0.8]]], [[[0.05]], [[0.3]], [[0.1]]], (3, 12, 21)).astype(np.float32)
    arguments = [
        np.array([1 / factor, 1.0, 2.0], np.float32),
        render.guide_numbers(scene, chosen),
        *render.matrices(chosen, space),
        tone.solve(chosen.tone.contrast, chosen.tone.toe, chosen.tone.shoulder, chosen.tone.white).to_array(),
        hue.table(chosen.color, ()),
        np.array([5.0, chosen.color.bleach, chosen.color.density], np.float32),
        np.array([chosen.sharpen.amount, chosen.sharpen.overshoot, 1.0], np.float32),
        np.array([0.8, 4.0], np.float32),
    ]
    expected = reference.render(scene.image, gain, *arguments)
    linear = np.empty(scene.image.shape, np.float32)
    native.call("look_render_f32", scene.image, gain, factor, *arguments, TRANSFER[space].to_array(0.0), linear)
    np.testing.assert_allclose(linear, expected, atol=2e-3)
    assert np.sqrt(np.mean((linear - expected) ** 2)) < 1e-4
    encoded = np.empty(scene.image.shape, np.uint16)
    native.call("look_render_u16", scene.image, gain, factor, *arguments, TRANSFER[space].to_array(0.0), encoded)
    np.testing.assert_allclose(encoded, TRANSFER[space].encode(linear) * 65535, atol=0.5 + 65535 * 5e-5)
    # This one divides where the others estimate, if it can.
    shown = np.empty(scene.image.shape, np.uint8)
    native.call("look_render_u8", scene.image, gain, factor, *arguments, TRANSFER[space].to_array(0.0), shown)
    np.testing.assert_allclose(shown, TRANSFER[space].encode(expected) * 255, atol=0.5 + 0.2)


def test_eight_bits_are_dithered_without_a_pattern_that_shows() -> None:
    """The mean of any 8x8 pixels of a dithered ramp is the ramp, though the steps of 8 bits are coarser."""
    ramp = np.linspace(0.1, 0.13, 1024)[None, :, None].repeat(64, 0).repeat(3, 2)
    scene = scene_of(ramp, 1e-9)
    chosen = look.load("natural")
    arguments = [
        scene.image,
        np.zeros((3, 8, 128), np.float32),
        8,
        np.array([1 / 8, 0, 0], np.float32),
        render.guide_numbers(scene, chosen),
        *render.matrices(chosen, "srgb"),
        tone.solve(1.3, 5.0, 0.5, 5.0).to_array(),
        hue.table(chosen.color, ()),
        np.array([5.0, 0.7, 0.9], np.float32),
        np.array([0.0, 0.0, 1.0], np.float32),
        np.array([0.8, 4.0], np.float32),
    ]
    linear, dithered = np.empty(scene.image.shape, np.float32), np.empty(scene.image.shape, np.uint8)
    native.call("look_render_f32", *arguments, TRANSFER["srgb"].to_array(0.0), linear)
    native.call("look_render_u8", *arguments, TRANSFER["srgb"].to_array(1.0), dithered)
    wanted = TRANSFER["srgb"].encode(linear) * 255
    blocks = (dithered - wanted)[..., 0].reshape(8, 8, 128, 8).mean((1, 3))
    assert np.abs(blocks).max() < 0.2 and np.abs(dithered - wanted).max() <= 1.02
    assert np.ptp(dithered.astype(int), axis=2).max() <= 1
