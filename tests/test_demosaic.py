"""Demosaicing on quads: the kernel against numpy, symmetry, sizes, and quality."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import imagecodecs
import numpy as np
import pytest

from lichtbild.develop.demosaic import demosaic
from reference import demosaic as reference

CFAS = ("RGGB", "BGGR", "GRBG", "GBRG")
INNER = slice(34, -34)  # out of reach of the borders


def same(found: np.ndarray, wanted: np.ndarray) -> None:
    """Equal but for the order of sums in float32, which a variance near zero magnifies at few pixels."""
    error = np.abs(found - wanted)
    assert error.max() < 2e-3
    assert error.mean() < 1e-5


def picture(h: int, w: int, seed: int = 0) -> np.ndarray:
    """Smooth shading, an edge, fine stripes and grain: something of everything that a mosaic can hide."""
    rng = np.random.default_rng(seed)
    y, x = np.mgrid[:h, :w] / 40.0
    shade = 0.5 + 0.3 * np.sin(x + 0.7 * y)
    stripes = 0.1 * np.sin(60 * x) * (x > 1)
    edge = np.where(y + 0.3 * x > 1.2, 0.25, -0.1)
    return np.stack([shade + stripes, 0.8 * shade + stripes + edge, 0.6 - 0.3 * shade + edge], axis=-1) + rng.normal(
        0, 0.01, (h, w, 3)
    )


@pytest.mark.parametrize("cfa", CFAS)
@pytest.mark.parametrize("shape", [(95, 124), (150, 531)])
def test_kernel_is_its_reference(cfa: str, shape: tuple[int, int]) -> None:
    mosaic = reference.mosaic_of(picture(*shape), cfa).astype(np.float32)
    found = demosaic(mosaic, cfa)
    assert found.shape == (*shape, 3)
    np.testing.assert_allclose(found, reference.demosaic(mosaic, cfa), rtol=0, atol=2e-6)


@pytest.mark.parametrize("cfa", CFAS)
def test_samples_are_kept(cfa: str) -> None:
    mosaic = reference.mosaic_of(picture(41, 58), cfa).astype(np.float32)
    np.testing.assert_allclose(reference.mosaic_of(demosaic(mosaic, cfa), cfa), mosaic, atol=1e-6)


@pytest.mark.parametrize(("dy", "dx"), [(0, 1), (1, 0), (1, 1)])
def test_the_phase_does_not_matter(dy: int, dx: int) -> None:
    """A mosaic without its first rows or columns has another CFA name, and the same picture."""
    mosaic = reference.mosaic_of(picture(120, 130), "RGGB").astype(np.float32)
    cfa = {(0, 1): "GRBG", (1, 0): "GBRG", (1, 1): "BGGR"}[dy, dx]
    whole, part = demosaic(mosaic, "RGGB"), demosaic(mosaic[dy:, dx:], cfa)
    same(part[INNER, INNER], whole[dy:, dx:][INNER, INNER])


@pytest.mark.parametrize("cfa", CFAS)
def test_mirrored_and_turned_mosaics_give_mirrored_and_turned_pictures(cfa: str) -> None:
    mosaic = reference.mosaic_of(picture(94, 106), cfa).astype(np.float32)  # even sizes: mirroring swaps the sites
    straight = demosaic(mosaic, cfa)
    for flip, name in (
        (lambda a: a[:, ::-1], cfa[1] + cfa[0] + cfa[3] + cfa[2]),
        (lambda a: a[::-1], cfa[2] + cfa[3] + cfa[0] + cfa[1]),
        (lambda a: a.swapaxes(0, 1), cfa[0] + cfa[2] + cfa[1] + cfa[3]),
    ):
        turned = demosaic(np.ascontiguousarray(flip(mosaic)), name)
        same(turned, flip(straight))


@pytest.mark.parametrize("cfa", CFAS)
@pytest.mark.parametrize("shape", [(1, 1), (1, 2), (2, 1), (2, 2), (3, 5), (7, 4), (1, 40), (33, 1), (129, 3)])
def test_any_size_works_and_grey_stays_grey(cfa: str, shape: tuple[int, int]) -> None:
    found = demosaic(np.full(shape, 0.25, np.float32), cfa)
    assert found.shape == (*shape, 3)
    np.testing.assert_allclose(found, 0.25, atol=1e-6)


@pytest.mark.parametrize("cfa", CFAS)
def test_a_flat_colour_and_grey_light_come_through(cfa: str) -> None:
    colour = np.array([0.7, 0.3, 0.1])
    flat = demosaic(reference.mosaic_of(np.broadcast_to(colour, (38, 51, 3)), cfa), cfa)
    np.testing.assert_allclose(flat, np.broadcast_to(colour, flat.shape), atol=1e-5)
    # a grey picture is one plane: no colour may appear, beyond what a step of one pixel leaves open
    grey = np.repeat(0.5 + 0.3 * np.sin(np.mgrid[:110, :120][1] / 4.0)[..., None], 3, axis=2)
    found = demosaic(reference.mosaic_of(grey, cfa), cfa)
    assert np.abs(found - grey)[INNER, INNER].max() < 2e-3


def test_steep_edges_do_not_ring() -> None:
    """A black and white edge stays within its two levels, but for a few percent, and gets next to no colour."""
    edge = np.repeat(np.where(np.arange(64) < 31, 0.1, 0.9)[None, :, None], 48, axis=0).repeat(3, axis=2)
    for a in (edge, edge.swapaxes(0, 1)):
        found = demosaic(reference.mosaic_of(a, "RGGB"), "RGGB")
        assert found.min() > 0.1 - 0.05
        assert found.max() < 0.9 + 0.05
        assert np.ptp(found, axis=2).max() < 0.06


def cpsnr(image: np.ndarray, sigma: float, seed: int) -> float:
    mosaic = reference.mosaic_of(image / 255.0, "GRBG") + np.random.default_rng(seed).normal(0, sigma, image.shape[:2])
    found = np.clip(np.rint(demosaic(mosaic, "GRBG") * 255), 0, 255)
    return float(10 * np.log10(255**2 / np.mean((found - image)[10:-10, 10:-10] ** 2)))


@pytest.mark.parametrize(("sigma", "least"), [(0.0, 40.3), (0.02, 33.3)])
def test_quality_on_photographs(shared_data: Callable[[str], Path], sigma: float, least: float) -> None:
    paths = sorted(shared_data("bench/kodak24").glob("*.png"))
    images = [np.asarray(imagecodecs.png_decode(path.read_bytes()))[..., :3].astype(np.float64) for path in paths]
    scores = [cpsnr(image, sigma, n) for n, image in enumerate(images)]
    assert np.mean(scores) > least
