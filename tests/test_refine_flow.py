"""Tiles that seemed to move by themselves, and those that did."""

from __future__ import annotations

import numpy as np
import pytest

from lichtbild import native
from lichtbild.burst.interpolate import MARGIN
from lichtbild.develop import refine
from lichtbild.develop.refine_flow import TILE, settled

SHAPE = (4 * TILE, 5 * TILE)
UNIT = 30000.0
BLACK, GAIN = np.array([500, 510, 520, 530], np.float32), np.array([10, 11, 9, 10], np.float32)
CAMERA = np.array([3.0, -2.0], np.float32)  # whole pixels


@pytest.fixture
def picture() -> np.ndarray:
    return np.random.default_rng(1).uniform(0.2, 0.5, SHAPE).astype(np.float16)


def planes_of(picture: np.ndarray) -> np.ndarray:
    out = np.empty((3, SHAPE[0] + 2 * MARGIN, 512), np.uint16)
    native.call("superres_splines", np.stack([picture] * 3), UNIT, refine.coefficients(), out)
    return out


def numbers_of(light: np.ndarray) -> np.ndarray:
    y, x = np.mgrid[0 : SHAPE[0], 0 : SHAPE[1]]
    site = 2 * (y % 2) + x % 2
    return np.rint(light * UNIT / GAIN[site] + BLACK[site]).astype(np.uint16)


def test_a_tile_follows_the_motion_that_fits(picture: np.ndarray) -> None:
    light = np.roll(picture, CAMERA.astype(int), (0, 1))
    there = np.s_[2 * TILE - 4 : 3 * TILE - 4, 3 * TILE - 3 : 4 * TILE - 3]  # tile (2, 3) moves by (-4, -3)
    light[there] = picture[2 * TILE : 3 * TILE, 3 * TILE : 4 * TILE]
    steady = np.empty((2, 4, 5), np.float32)
    steady[:] = CAMERA[:, None, None]
    flow = steady.copy()
    flow[:, 1, 1] = 9.0, -7.0
    flow[:, 2, 3] = -4.0, -3.0
    out = settled(flow, steady, numbers_of(light), planes_of(picture), (0, 0), (BLACK, GAIN))
    wanted = steady.copy()
    wanted[:, 2, 3] = -4.0, -3.0
    np.testing.assert_array_equal(out, wanted)
    assert flow[0, 1, 1] == 9.0
    assert settled(steady, steady, numbers_of(light), planes_of(picture), (0, 0), (BLACK, GAIN)) is steady


def test_a_motion_out_of_the_picture_settles_nothing(picture: np.ndarray) -> None:
    steady, flow = np.zeros((2, 2, 4, 5), np.float32)
    steady[1] = 4 * TILE
    flow[:, 2, 2] = 1.0
    flow[:, :, 0] = steady[:, :, 0]
    # After the camera's motion the tile would lie beyond the right end, where the frame shows other parts.
    out = settled(flow, steady, numbers_of(np.roll(picture, (1, 1), (0, 1))), planes_of(picture), (0, 0), (BLACK, GAIN))
    np.testing.assert_array_equal(out[:, 2, 2], 1.0)
