"""Half floats between develop and look: rounded as numpy rounds, nothing lost of the darkest light, no infinities."""

from __future__ import annotations

import platform
import sys
from pathlib import Path

import numpy as np
import pytest

from lichtbild.carriers import Frame, Metadata, NoiseProfile
from lichtbild.develop.linear import develop_linear
from lichtbild.develop.optics import correct_optics
from lichtbild.look.decide import planar
from lichtbild.report import Report
from reference.half import HALF
from test_develop_optics import gain_map


@pytest.mark.parametrize("target", ["host", "x86-64-linux-sse41"])
def test_every_processor_rounds_as_numpy_does(target: str) -> None:
    """Processors without an instruction for it, too; ties, subnormals and infinities included."""
    hl = pytest.importorskip("halide")
    if target != "host" and (platform.system(), platform.machine()) != ("Linux", "x86_64"):
        pytest.skip("another processor")
    sys.path.insert(0, str(Path(__file__).parents[1] / "kernels"))
    from half import LARGEST, half

    all_halves = np.arange(0x7C00, dtype=np.uint16).view(np.float16).astype(np.float32)  # from 0 up, all finite
    values = np.concatenate([all_halves, (all_halves[1:] + all_halves[:-1]) / 2, np.geomspace(1e-9, 1e6, 100_001)])
    values = np.concatenate([values, [np.inf], -values, [-np.inf]]).astype(np.float32)
    source, i = hl.ImageParam(hl.Float(32), 1), hl.Var("i")
    stored, back = hl.Func("stored"), hl.Func("back")
    stored[i] = half(source[i])
    back[i] = hl.f32(stored[i])
    stored.compute_root().vectorize(i, 16)
    back.vectorize(i, 16)
    source.set(hl.Buffer(values))
    out = hl.Buffer(hl.Float(32), [len(values)])
    back.compile_jit(hl.get_host_target() if target == "host" else hl.Target(target))
    back.realize(out)
    wanted = np.clip(values, -LARGEST, LARGEST).astype(np.float16).astype(np.float32)
    np.testing.assert_array_equal(np.asarray(out), wanted)


def test_the_darkest_steps_of_a_long_burst_stay() -> None:
    """A merge of 100 frames has 16 bits: each of its steps above black is kept within a thirtieth of a step."""
    black, white = 2000.0, 65535.0
    codes = np.arange(1936, 2064, dtype=np.uint16)
    frame = Frame(
        np.tile(codes[None, :, None], (2, 1, 3)), "RGB", (black,) * 4, white, white,
        NoiseProfile((1e-9,) * 3, (1e-12,) * 3), Metadata(),
    )  # fmt: skip
    out = develop_linear(frame, (0, 0, 2, len(codes)), np.ones(3), np.eye(3)).astype(np.float64)
    steps = (codes - black) / (white - black)
    assert np.abs(out - steps).max() < 1 / 30 / (white - black)
    everything = np.arange(2000, 65536, 7, dtype=np.uint16)
    mosaic = np.repeat(everything[None, :, None], 3, axis=2)
    frame = Frame(mosaic, "RGB", (black,) * 4, white, white, frame.noise_profile, Metadata())
    out = develop_linear(frame, (0, 0, 1, len(everything)), np.ones(3), np.eye(3)).astype(np.float64)
    light = (everything - black) / (white - black)
    np.testing.assert_allclose(out, np.broadcast_to(light[None, None], out.shape), rtol=HALF, atol=2.0**-25)
    assert (np.diff(out) >= 0).all()


def test_what_is_too_bright_is_the_brightest_number_and_not_infinite() -> None:
    bright = np.full((3, 40, 50), 60000.0, np.float16)
    out = correct_optics(bright, [gain_map(np.full((2, 2, 1), 2.0), (40, 50))], (0, 0, 40, 50), Report())
    np.testing.assert_array_equal(out, 65504.0)
    np.testing.assert_array_equal(planar(np.full((4, 5, 3), 1e6)), 65504.0)
    np.testing.assert_array_equal(planar(np.full((4, 5, 3), -1e6, np.float32)), -65504.0)


def test_scenes_of_other_types_are_copied_into_planes() -> None:
    image = np.random.default_rng(0).uniform(0, 1, (6, 9, 3))
    made = planar(image)
    assert made.dtype == np.float16 and made.strides[1] == 2
    np.testing.assert_array_equal(made, image.astype(np.float16))
    assert planar(made) is made and planar(made[::-1, 2:]).base is made.base
