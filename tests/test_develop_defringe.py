"""Violet rims beside bright edges go; colours of things and of lights stay."""

import numpy as np
import pytest
from tests.reference import defringe as reference
from tests.reference.half import HALF
from tests.test_develop_highlights import CLIP, MATRIX, NEUTRAL, NOISE, frame_of

from lichtbild import native
from lichtbild.develop import block_fields, defringe, highlights


def blurred(light: np.ndarray, deviations: tuple[float, float, float]) -> np.ndarray:
    """(h, w, 3) with each channel blurred by a Gaussian of so many pixels, edges repeated."""
    out = np.empty_like(light)
    for c, s in enumerate(deviations):
        reach = int(4 * s) + 1
        kernel = np.exp(-(np.arange(-reach, reach + 1) ** 2) / (2 * s * s))
        kernel /= kernel.sum()
        plane = light[..., c]
        for axis in (0, 1):
            plane = np.apply_along_axis(
                lambda line, k=kernel, r=reach: np.convolve(np.pad(line, r, mode="edge"), k, "valid"), axis, plane
            )
        out[..., c] = plane
    return out


def shot(light: np.ndarray) -> np.ndarray:
    """(h, w, 3) camera RGB after reconstruction of highlights and taking of rims."""
    frame = frame_of(light)
    plan = highlights.decide(frame, (0, 0, *light.shape[:2]), NEUTRAL)
    planes = np.ascontiguousarray((np.minimum(light, CLIP) @ MATRIX.T).transpose(2, 0, 1), np.float16)
    assert plan is not None
    highlights.recover_highlights(planes, plan, MATRIX)
    rims = defringe.decide(plan, NOISE, NEUTRAL)
    assert rims is not None
    defringe.defringe(planes, rims, MATRIX)
    return planes.transpose(1, 2, 0) @ np.linalg.inv(MATRIX).T


def chroma(rgb: np.ndarray) -> np.ndarray:
    return np.abs(rgb[..., ::2] - rgb[..., 1:2]).sum(-1) / (rgb[..., 1] + 0.02)


def grey(h: int = 192, w: int = 224) -> np.ndarray:
    return np.full((h, w, 3), 0.06) * np.array((1.05, 1.0, 0.9))


def window(light: np.ndarray) -> np.ndarray:
    light[48:144, 64:128] = 3.5
    return light


def test_a_violet_rim_beside_a_window_goes() -> None:
    light = window(grey())
    rim = np.zeros(light.shape[:2], bool)
    rim[52:140, 130:140] = rim[52:140, 52:62] = True
    with_rim = blurred(light, (1.8, 0.8, 2.6))
    before, after = chroma(with_rim)[rim].mean(), chroma(shot(with_rim))[rim].mean()
    without = chroma(blurred(light, (0.8,) * 3))[rim].mean()
    assert before > 1.0
    assert after - without < 0.25 * (before - without)


def test_what_is_violet_by_itself_stays() -> None:
    light = window(grey())
    light[40:150, 128:192] = (0.18, 0.07, 0.25)  # a cloth that touches the window
    light = blurred(light, (0.8,) * 3)
    part = np.s_[60:130, 134:180]
    assert np.abs(chroma(shot(light))[part] / chroma(light)[part] - 1).mean() < 0.03


@pytest.mark.parametrize("colour", [(3.0, 0.3, 0.25), (1.9, 0.6, 3.6), (0.3, 1.6, 3.0)])
def test_the_light_of_signs_stays(colour: tuple[float, float, float]) -> None:
    light = grey()
    light[48:144, 100:112] = colour
    light = blurred(light, (1.0,) * 3) + 0.05 * blurred(light, (8.0,) * 3)  # the glow around a tube
    frame = frame_of(light)
    plan = highlights.decide(frame, (0, 0, *light.shape[:2]), NEUTRAL)
    assert plan is not None
    before = np.ascontiguousarray((np.minimum(light, CLIP) @ MATRIX.T).transpose(2, 0, 1), np.float16)
    after = before.copy()
    rims = defringe.decide(plan, NOISE, NEUTRAL)
    if rims is not None:
        defringe.defringe(after, rims, MATRIX)
    before, after = before.astype(float), after.astype(float)
    lost = (before - after)[[0, 2]].sum() / before[[0, 2]].sum()
    assert abs(lost) < 0.015


@pytest.mark.parametrize("shape", [(96, 128), (75, 101), (33, 17)])
def test_the_kernel_follows_its_reference(shape: tuple[int, int]) -> None:
    g = np.random.default_rng(5)
    rgb = g.random((3, *shape)) ** 3 * 1.4
    image = np.einsum("ij,jyx->iyx", MATRIX, rgb).astype(np.float16)
    rgb = np.einsum("ij,jyx->iyx", np.linalg.inv(MATRIX), image.astype(float))
    corners = tuple(-(-n // 16) + 1 for n in shape)
    nodes = np.stack([np.full(corners, 1.0), g.uniform(0.5, 2, corners), g.uniform(0.5, 2, corners)]).astype(np.float32)
    out, plan = image.copy(), []
    for j, i in ((0, 0), (0, 1), (1, 0), (1, 1)):
        y, x = np.mgrid[j : corners[0] - 1 : 2, i : corners[1] - 1 : 2]
        plan.append(np.ascontiguousarray(np.stack([y.ravel(), x.ravel()], 1), np.int32))
    defringe.defringe(out, defringe.FringePlan(tuple(plan), nodes, 0.01), MATRIX)
    y, x = (np.arange(n) / 16 for n in shape)
    most = block_fields.sample(nodes[1:], y, x)
    wanted = np.einsum("ij,jyx->iyx", MATRIX, reference.defringe(rgb, 1.0, most, 0.01))
    np.testing.assert_allclose(out, wanted, rtol=HALF, atol=2e-5)
    assert np.abs(out - image).max() > 0.05


def test_no_block_is_listed_beside_another() -> None:
    light = blurred(window(grey()), (1.8, 0.8, 2.6))
    plan = highlights.decide(frame_of(light), (3, 5, 180, 210), NEUTRAL)
    assert plan is not None
    rims = defringe.decide(plan, NOISE, NEUTRAL)
    assert rims is not None
    everything = np.concatenate(rims.blocks)
    assert len(np.unique(everything, axis=0)) == len(everything) > 20
    for part in rims.blocks:
        apart = np.abs(part[:, None] - part[None]).max(-1)
        assert (apart[~np.eye(len(part), dtype=bool)] >= 2).all()
    with pytest.raises(native.KernelError):
        native.call(
            "defringe",
            np.zeros((2, 8, 8), np.float16),
            part,
            rims.nodes,
            *[MATRIX.astype(np.float32)] * 2,
            0.0,
            np.zeros((3, 8, 8), np.float16),
        )
