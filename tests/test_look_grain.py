"""Grain: the kernel against plain numpy, its mean, its strength by density, the same grain in every size."""

from __future__ import annotations

from dataclasses import replace
from itertools import pairwise

import numpy as np
import pytest

from lichtbild import native
from lichtbild.carriers import Metadata, NoiseProfile, Scene
from lichtbild.look import grain, look, oklab, render
from lichtbild.look.numbers import Grain
from lichtbild.recipe import Recipe
from lichtbild.report import Report
from reference import look_graded as reference

NATURAL = look.load("natural")


def rendered(image: np.ndarray, numbers: Grain, captured: str = "2024:01:01", **settings: object) -> np.ndarray:
    planar = np.ascontiguousarray(np.moveaxis(image.astype(np.float32), 2, 0))
    noise = NoiseProfile((1e-8,) * 3, (1e-10,) * 3)
    metadata = Metadata(capture_time=captured)
    scene = Scene(np.moveaxis(planar, 0, 2), noise, (1.0,) * 3, (0.3127, 0.329), 1.0, metadata)
    recipe = Recipe(**({"depth": "32f", "hdr": "off", "sharpen": 0.0} | settings))
    return render.render_picture(scene, recipe, Report(), replace(NATURAL, grain=numbers)).image


def lightness(picture: np.ndarray) -> np.ndarray:
    return oklab.lab_from_rgb(picture.astype(np.float64), "srgb")[..., 0]


def plain_field(shape: tuple[int, int], numbers: Grain, seed: int) -> np.ndarray:
    """Grain in lightness, without the border."""
    padded, level, _ = grain.field(shape, numbers, seed)
    return padded[:, grain.BORDER : grain.BORDER + shape[1]] * level


@pytest.mark.parametrize(("shape", "pitch"), [((37, 53), 1.6), ((1, 5), 0.5), ((70, 31), 4.3), ((130, 300), 0.9)])
def test_the_kernel_is_what_numpy_makes_of_it(shape: tuple[int, int], pitch: float) -> None:
    height, width = shape
    rows, columns = grain.windows(height, pitch), grain.windows(-(-width // grain.CHUNK) * grain.CHUNK, pitch)
    scale = np.array([40.0, 60.0], np.float32)
    out = np.empty(shape, np.int8)
    native.call("look_grain", rows.weights, rows.step, columns.weights, 12345, scale, out)
    expected = reference.grain(rows.weights, rows.step, columns.weights[:, :width], 12345, scale)
    assert np.abs(out - np.clip(expected, -127, 127)).max() < 0.51


@pytest.mark.parametrize("roughness", [0.0, 0.5, 1.0])
@pytest.mark.parametrize("size", [0.05, 0.15, 0.4])
def test_grain_has_the_strength_that_is_asked_for(size: float, roughness: float) -> None:
    """Of pixels that are small against grains: 6 % of lightness times strength; normal, and the same in both ways."""
    field = plain_field((1200, 1500), Grain(strength=0.5, size=size, roughness=roughness), 3)
    pitch = 1200 * size / 100 / grain.WIDE
    if pitch > 2:
        assert field.std() == pytest.approx(0.03, rel=0.08)
    else:
        assert 0.006 < field.std() < 0.03  # averaged over a pixel
    assert abs(field.mean()) < 0.05 * field.std()
    normal = field / field.std()
    assert abs((normal**3).mean()) < 0.05 and 2.6 < (normal**4).mean() < 3.3
    across, down = (np.mean(normal * np.roll(normal, round(2 * pitch) + 1, axis)) for axis in (1, 0))
    assert across == pytest.approx(down, abs=0.03)
    for axis in (0, 1):  # no rows or columns that stand out
        lines = field.mean(axis)
        assert lines.std() < 4 * field.std() * np.sqrt(6 * max(pitch, 1) ** 2 * (1 + 4 * roughness) / field.shape[axis])


def test_roughness_makes_clumps() -> None:
    far = []
    for roughness in (0.0, 1.0):
        f = plain_field((900, 900), Grain(strength=0.5, size=0.2, roughness=roughness), 5)
        far.append(float((f[:, 3:] * f[:, :-3]).mean() / f.var()))
    assert far[0] < 0.15 and far[1] > far[0] + 0.1


def test_grain_is_strongest_in_middle_densities_and_keeps_the_mean() -> None:
    image = np.repeat(np.geomspace(1e-4, 20, 24).repeat(60)[None, :, None], 300, 0).repeat(3, 2)
    numbers = Grain(strength=0.6, size=0.3)
    plain, grainy = (lightness(rendered(image, n)) for n in (Grain(), numbers))
    blocks = [slice(60 * i + 8, 60 * i + 52) for i in range(24)]
    level = np.array([plain[:, b].mean() for b in blocks])
    change = np.array([grainy[:, b].mean() - plain[:, b].mean() for b in blocks])
    strength = np.array([(grainy[:, b] - plain[:, b]).std() for b in blocks])
    assert np.abs(change).max() < 3e-3
    inside = (level > 0.15) & (level < 0.9)
    np.testing.assert_allclose(strength[inside], 0.036 * 4 * level[inside] * (1 - level[inside]), rtol=0.3)
    assert strength[level > 0.99].max() < 0.002
    assert level[np.argmax(strength)] == pytest.approx(0.5, abs=0.1)


def test_the_same_photograph_has_the_same_grain_and_the_next_another() -> None:
    image = np.full((60, 90, 3), 0.2)
    numbers = Grain(strength=0.5)
    first, again, other = (rendered(image, numbers, t, depth="8") for t in ("a", "a", "b"))
    np.testing.assert_array_equal(first, again)
    assert (first != other).mean() > 0.5


@pytest.mark.parametrize("size", [0.08, 0.25])
def test_a_reduced_picture_shows_the_same_grain(size: float) -> None:
    """Half the size is what averaging makes of the whole, grain by grain."""
    numbers = Grain(strength=0.8, size=size, roughness=0.5)
    whole, half = plain_field((1000, 1400), numbers, 9), plain_field((500, 700), numbers, 9)
    averaged = whole.reshape(500, 2, 700, 2).mean((1, 3))
    assert half.std() == pytest.approx(averaged.std(), rel=0.06)
    assert np.corrcoef(half.ravel(), averaged.ravel())[0, 1] > 0.97


def test_a_much_reduced_picture_has_hardly_any_grain_left() -> None:
    numbers = Grain(strength=1.0, size=0.05)
    stds = [plain_field((n, n), numbers, 9).std() for n in (4000, 1000, 250, 60)]
    assert all(a > 1.5 * b for a, b in pairwise(stds)) and stds[-1] < 0.004


def test_dyes_have_their_own_grain() -> None:
    image = np.full((200, 300, 3), 0.18)
    grey = rendered(image, Grain(strength=0.6, size=0.3))
    dyed = rendered(image, Grain(strength=0.6, size=0.3, color=1.0))
    assert np.ptp(grey, axis=2).max() < 1e-5
    lab = oklab.lab_from_rgb(dyed.astype(np.float64), "srgb")
    L, a, b = (lab[..., i] - lab[..., i].mean() for i in range(3))
    assert a.std() == pytest.approx(grain.TINTED * L.std(), rel=0.15) and b.std() == pytest.approx(a.std(), rel=0.15)
    for one, two in ((L, a), (L, b), (a, b)):
        assert abs(np.corrcoef(one.ravel(), two.ravel())[0, 1]) < 0.06


@pytest.mark.parametrize("shape", [(1, 1), (3, 700), (700, 3), (17, 16)])
def test_any_size(shape: tuple[int, int]) -> None:
    out = rendered(np.full((*shape, 3), 0.2), Grain(strength=1.0, size=0.03, color=1.0), depth="8")
    assert out.shape == (*shape, 3)
