"""The level at which a sensor really clips, found in the picture, and never where nothing clips."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from lichtbild.carriers import NoiseProfile
from lichtbild.raw.clip import find_clip_level
from lichtbild.raw.noise import BLOCKS, block_energies
from lichtbild.raw.read import read_frame
from lichtbild.report import Report
from test_raw_noise import BLACK, WHITE, scene, shot

NOISE = NoiseProfile((2e-4,) * 3, (1e-6,) * 3)


def level(mosaic: np.ndarray, noise: NoiseProfile = NOISE) -> float:
    blocks = block_energies(mosaic, BLOCKS)
    return (find_clip_level(blocks, "GRBG", (BLACK,) * 4, WHITE, noise) - BLACK) / (WHITE - BLACK)


def cut(light: np.ndarray, at: float) -> np.ndarray:
    return np.minimum(shot(light, 2e-4, 1e-6), round(BLACK + at * (WHITE - BLACK))).astype(np.uint16)


def test_a_sensor_that_stops_early_is_found_out() -> None:
    light = scene()
    light[200:400, 300:700] = 1.5
    assert level(cut(light, 0.92)) == pytest.approx(0.92 * 0.995, abs=0.01)


def test_one_colour_that_stops_early_counts() -> None:
    light = scene()
    light[200:400, 300:700] = 1.5
    mosaic = cut(light, 1.0)
    mosaic[1::2, 0::2] = np.minimum(mosaic[1::2, 0::2], BLACK + 0.85 * (WHITE - BLACK))
    assert level(mosaic) == pytest.approx(0.85 * 0.995, abs=0.01)


def test_clipping_at_the_white_level_changes_nothing() -> None:
    light = scene()
    light[200:400, 300:700] = 1.5
    assert level(cut(light, 1.0)) == 1.0
    assert level(cut(light, 0.99)) == 1.0


def test_bright_but_sound_parts_are_no_clipping() -> None:
    light = scene()
    assert level(shot(light, 2e-4, 1e-6)) == 1.0
    light[200:400, 300:700] = 0.8  # a white wall
    assert level(shot(light, 2e-4, 1e-6)) == 1.0
    smooth = shot(light, 2e-4, 1e-6)
    ramp = np.broadcast_to(np.linspace(0.72, 0.97, 400), (200, 400))
    smooth[200:400, 300:700] = shot(ramp, 0, 0)  # a sky as a codec leaves it
    assert level(smooth) == 1.0
    assert level(shot(light, 0, 0), NoiseProfile((1e-12,) * 3, (1e-12,) * 3)) == 1.0


def test_the_gopro_stops_below_its_white(shared_data: Callable[[str], Path]) -> None:
    frame = read_frame(shared_data("raws/gopro/Hero6_GOPR0024.dng"), Report())
    assert 0.88 * 16383 < frame.clip_level < 0.93 * 16383
    frame = read_frame(shared_data("raws/hdrmerge/sample3.dng"), Report())
    assert frame.clip_level == frame.white_level
