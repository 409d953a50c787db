"""Hot pixels go; stars, text and the detail of photographs stay."""

from __future__ import annotations

from collections.abc import Callable
from math import erf
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from lichtbild import native
from lichtbild.carriers import NoiseProfile
from lichtbild.raw.defects import OUTLIER, find_defects, mended

BLACK, WHITE = 1000.0, 16000.0


def find(mosaic: np.ndarray, scale: float, offset: float, cfa: str = "RGGB") -> set[tuple[int, int]]:
    noise = NoiseProfile((scale,) * 3, (offset,) * 3)
    return {(int(y), int(x)) for y, x in find_defects(mosaic, cfa, (BLACK,) * 4, WHITE, noise)}


def shot(light: np.ndarray, scale: float, offset: float) -> np.ndarray:
    rng = np.random.default_rng(5)
    noisy = light + rng.normal(size=light.shape) * np.sqrt(scale * light + offset)
    return np.clip(np.rint(noisy * (WHITE - BLACK) + BLACK), 0, WHITE).astype(np.uint16)


def test_the_kernel_finds_what_stands_out_in_every_place() -> None:
    rng = np.random.default_rng(2)
    mosaic = rng.normal(3000, 40, (45, 67)).astype(np.uint16)
    mosaic[rng.integers(0, 45, 60), rng.integers(0, 67, 60)] = rng.integers(0, 16000, 60)
    bits = np.zeros((6, 63), np.uint8)
    native.call("raw_outliers", mosaic, BLACK, 0.5, 900.0, 6.0, bits)
    found = np.unpackbits(bits[:, None], axis=1, bitorder="little").reshape(-1, 63)[:41]
    wide = mosaic.astype(np.int64)
    ring = [wide[2 + y : 43 + y, 2 + x : 65 + x] for y in (-2, 0, 2) for x in (-2, 0, 2) if (y, x) != (0, 0)]
    top, bottom, middle = np.max(ring, 0), np.min(ring, 0), wide[2:-2, 2:-2]
    over = np.maximum(np.maximum(middle - top, bottom - middle), 0)
    expected = over**2 > 36 * (0.5 * np.maximum(top - BLACK, 0) + 900)
    np.testing.assert_array_equal(found.astype(bool), expected)
    assert expected.sum() > 10


@pytest.mark.parametrize("cfa", ["RGGB", "GBRG"])
def test_hot_and_dead_pixels_are_found_and_mended(cfa: str) -> None:
    y, x = np.mgrid[:300, :400]
    light = np.clip(0.02 + 0.1 * x / 400 + 0.02 * np.sin(y / 40), 0, 1)
    light = light * np.where((y + x) % 2, 1.0, 0.6)  # green is brighter than red and blue
    good = shot(light, 1e-4, 1e-6)
    bad = good.copy()
    rng = np.random.default_rng(3)
    places = {(int(a), int(b)) for a, b in zip(rng.integers(6, 294, 60), rng.integers(6, 394, 60), strict=True)}
    for n, place in enumerate(sorted(places)):
        bad[place] = 0 if n % 7 == 0 else min(int(bad[place]) + 4000 + 150 * n, 16000)
    found = find(bad, 1e-4, 1e-6, cfa)
    assert len(found - places) == 0
    assert len(found) > 0.8 * len(places)
    result = mended(bad, np.array(sorted(found)))
    sigma = np.sqrt(1e-4 * light + 1e-6) * (WHITE - BLACK)
    error = (result.astype(float) - (light * (WHITE - BLACK) + BLACK)) / sigma
    assert max(abs(error[p]) for p in found) < 6


@pytest.mark.parametrize(("scale", "least"), [(4e-4, 0.85), (2e-3, 0.7), (8e-3, 0.4)])
def test_hot_pixels_are_found_in_noise(scale: float, least: float) -> None:
    """At night, where there are most of them: half of white above a dim surface, half a percent of all pixels."""
    y, x = np.mgrid[:300, :400]
    light = np.clip(0.03 + 0.05 * x / 400 + 0.01 * np.sin(y / 40), 0, 1)
    bad = shot(light, scale, 4 * scale**2)
    rng = np.random.default_rng(9)
    hot = rng.random(light.shape) < 0.005
    hot[:4] = hot[-4:] = False
    hot[:, :4] = hot[:, -4:] = False
    bad[hot] = np.minimum(bad[hot] + 0.5 * (WHITE - BLACK), WHITE).astype(np.uint16)
    places = {(int(a), int(b)) for a, b in np.argwhere(hot)}
    found = find(bad, scale, 4 * scale**2)
    assert len(found & places) > least * len(places)
    assert len(found - places) <= 2


@pytest.mark.parametrize("sigma", [0.35, 0.45, 0.7])
def test_stars_stay(sigma: float) -> None:
    """Points of light of any brightness and place, through optics that are sharper than most: sigma in pixels."""
    rng = np.random.default_rng(4)
    light = np.full((600, 600, 3), 0.002)
    edges = np.vectorize(erf)
    for _ in range(1500):
        cy, cx, height = rng.uniform(6, 593), rng.uniform(6, 593), 10 ** rng.uniform(-2, 0.5)
        top, left = int(cy) - 3, int(cx) - 3
        down = np.diff(edges((np.arange(top, top + 8) - cy) / (sigma * 2**0.5))) / 2
        across = np.diff(edges((np.arange(left, left + 8) - cx) / (sigma * 2**0.5))) / 2
        color = np.array([rng.uniform(0.3, 1), 1, rng.uniform(0.3, 1)])
        light[top : top + 7, left : left + 7] += height * np.outer(down, across)[..., None] * color
    mosaic = light[..., 1].copy()
    mosaic[0::2, 0::2], mosaic[1::2, 1::2] = light[0::2, 0::2, 0], light[1::2, 1::2, 2]
    for scale, offset, most in ((5e-5, 1e-7, 1), (8e-4, 6e-6, 1), (5e-3, 1e-4, 3)):
        assert len(find(shot(np.clip(mosaic, 0, 1), scale, offset), scale, offset)) <= most


def test_fine_text_and_gratings_stay() -> None:
    """Strokes of one pixel and a zone plate up to the finest pitch, seen through sharp optics."""
    big = np.full((400 * 4, 400 * 4), 0.6)
    rng = np.random.default_rng(6)
    for _ in range(700):
        y, x = rng.integers(0, 1580, 2)
        if rng.random() < 0.5:
            big[y : y + 4, x : x + int(rng.integers(4, 40))] = 0.03
        else:
            big[y : y + int(rng.integers(4, 40)), x : x + 4] = 0.03
    yy, xx = np.mgrid[:1600, :1600] / 4.0
    plate = 0.3 + 0.25 * np.cos(np.pi * (yy**2 + xx**2) / 400)
    for chart in (big, plate):
        for axis in (0, 1):  # optics: a triangle that is 0.75 pixels wide at half its height
            chart = sum(w * np.roll(chart, n, axis) for n, w in zip(range(-2, 3), (1, 2, 3, 2, 1), strict=True)) / 9
        light = chart.reshape(400, 4, 400, 4).mean((1, 3))
        assert len(find(shot(light, 5e-5, 1e-7), 5e-5, 1e-7)) == 0


def test_photographs_stay(shared_data: Callable[[str], Path]) -> None:
    folder = shared_data("bench/kodak24")
    changed = pixels = 0
    for path in sorted(folder.glob("*.png"))[::3]:
        rgb = (np.asarray(Image.open(path)) / 255.0) ** 2.2
        mosaic = rgb[..., 1].copy()
        mosaic[0::2, 0::2], mosaic[1::2, 1::2] = rgb[0::2, 0::2, 0], rgb[1::2, 1::2, 2]
        changed += len(find(shot(mosaic, 5e-5, 1e-7), 5e-5, 1e-7))
        pixels += mosaic.size
    assert changed <= 1e-6 * pixels


def test_what_is_clipped_around_is_left() -> None:
    mosaic = np.full((40, 40), 16000, np.uint16)
    mosaic[20, 20] = 9000
    assert find(mosaic, 1e-4, 1e-6) == set()


def test_a_noise_model_that_is_far_too_small_mends_nothing() -> None:
    mosaic = np.random.default_rng(0).integers(2000, 9000, (200, 200), dtype=np.uint16)
    assert find(mosaic, 1e-9, 1e-12) == set()


def test_mending_a_read_only_image_makes_a_copy() -> None:
    mosaic = np.full((20, 20), 5000, np.uint16)
    mosaic[10, 10] = 60000
    mosaic.flags.writeable = False
    result = mended(mosaic, np.array([[10, 10]]))
    assert result[10, 10] == 5000
    assert mosaic[10, 10] == 60000
    assert OUTLIER >= 20
