"""Blocks without anything to recover or to defringe are left out; the picture does not show it."""

import numpy as np
import pytest
from tests.reference.half import kept
from tests.test_develop_defringe import blurred, grey, window
from tests.test_develop_highlights import CLIP, MATRIX, NEUTRAL, NOISE, frame_of

from lichtbild import native
from lichtbild.develop import candidates, defringe, highlights


@pytest.mark.parametrize("shape", [(1, 1), (37, 50), (64, 48)])
def test_the_kernel_finds_the_most_of_each_block(shape: tuple[int, int]) -> None:
    rng = np.random.default_rng(3)
    image = rng.uniform(-0.2, 2.0, (3, *shape)).astype(np.float16)
    blocks = np.argwhere(np.ones([-(-n // 16) for n in shape], bool)).astype(np.int32)[::-1].copy()
    limits = rng.uniform(0.2, 1.5, (5, len(blocks))).astype(np.float32)
    to_camera, floor = np.linalg.inv(MATRIX).astype(np.float32), 0.1
    found = np.empty((2, len(blocks)), np.float32)
    native.call("highlight_candidates", image, blocks, limits, to_camera, floor, found)
    camera = np.tensordot(to_camera, image.astype(np.float64), 1)
    for n, (y, x) in enumerate(blocks):
        red, green, blue = camera[:, 16 * y : 16 * y + 16, 16 * x : 16 * x + 16]
        above = max((light - limit).max() for light, limit in zip((red, green, blue), limits[:3, n], strict=True))
        explained = limits[3, n] * np.maximum(green, 0) + floor
        rim = np.minimum(blue - explained, limits[4, n] - green).max()
        np.testing.assert_allclose(found[:, n], np.maximum((above, rim), -1), atol=2e-5)


def test_the_picture_is_the_same_with_all_blocks(monkeypatch: pytest.MonkeyPatch) -> None:
    light = blurred(window(grey()), (1.8, 0.8, 2.6))
    light[8:20, 180:190] = 2.4  # a small lamp
    plan = highlights.decide(frame_of(light), (0, 0, *light.shape[:2]), NEUTRAL)
    assert plan is not None
    rims = defringe.decide(plan, NOISE, NEUTRAL)
    assert rims is not None
    listed, counted = candidates.found_in, []

    def developed() -> np.ndarray:
        planes = kept((np.minimum(light, CLIP) @ MATRIX.T).transpose(2, 0, 1)).astype(np.float16)
        planes = np.ascontiguousarray(planes)
        highlights.recover_highlights(planes, plan, MATRIX)
        defringe.defringe(planes, rims, MATRIX)
        return planes

    def counting(*args: object) -> np.ndarray:
        blocks = listed(*args)  # type: ignore[arg-type]
        counted.append((len(blocks), len(args[1])))  # type: ignore[arg-type]
        return blocks

    monkeypatch.setattr(candidates, "found_in", counting)
    some = developed()
    monkeypatch.setattr(candidates, "found_in", lambda image, blocks, *rest: blocks)
    np.testing.assert_array_equal(some, developed())
    assert 0 < counted[0][0] < 0.8 * counted[0][1]  # to recover
    assert 0 < sum(n for n, _ in counted[1:]) < 0.8 * sum(n for _, n in counted[1:])  # with rims
