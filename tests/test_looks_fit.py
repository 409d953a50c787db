"""A look fitted to finished pictures: a known one is found again, and holds for what it was not fitted to."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from lichtbild.authoring import fit, fit_files, fit_table
from lichtbild.authoring.fixed import scene_of
from lichtbild.carriers import Scene
from lichtbild.errors import RecipeError
from lichtbild.look import look
from lichtbild.look.look import Look
from lichtbild.look.numbers import Grain
from lichtbild.look.render import render_picture
from lichtbild.recipe import Recipe
from lichtbild.report import Report


def scene(seed: int, shape: tuple[int, int] = (96, 128)) -> Scene:
    """Fields of many colours, in light and shade."""
    rng = np.random.default_rng(seed)
    cells = rng.uniform(0.08, 1, (6, 8, 1)) * 2.0 ** rng.uniform(-1.3, 1.3, (6, 8, 3))
    image = np.repeat(np.repeat(cells, shape[0] // 6, 0), shape[1] // 8, 1) * 0.25
    image *= 2.0 ** np.linspace(-2.5, 1.5, shape[1])[None, :, None]
    return scene_of(image, clip=1.0)


def pair(seed: int, chosen: Look, ev: float = 0.0) -> fit.Pair:
    shot = scene(seed)
    image = render_picture(
        shot, Recipe(hdr="off", depth="32f", space="srgb", sharpen=0.0, ev=ev), Report(), chosen
    ).image
    rounded = np.round(image.clip(0, 1) ** (1 / 2.2) * 255) / 255  # as a file of 8 bits has it
    return fit_files.paired("shot", shot, False, (rounded**2.2).astype(np.float32), Path("shot.jpg"))


def without_grain(name: str) -> Look:
    return replace(look.load(name), grain=Grain())


@pytest.mark.parametrize("name", ["chrome", "sepia"])
def test_a_known_look_is_found_again(name: str) -> None:
    wanted = without_grain(name)
    kept, held = fit.checkerboard([pair(1, wanted)])
    found = fit.fit(kept, look.load("natural"), held)
    assert found.before.mean > 3
    assert found.after.mean < 1.0 and found.held_after is not None and found.held_after.mean < 1.5
    assert (found.look.mono is not None) == (name == "sepia")
    other = pair(2, wanted)
    assert fit.score([other], found.look).mean < 1.5


def test_brightness_of_single_pictures_is_not_taken_for_the_look() -> None:
    plain = look.load("natural")
    pairs = [pair(1, plain, 0.4), pair(2, plain, -0.4)]
    found = fit.fit(pairs, plain)
    assert found.ev[0] - found.ev[1] > 0.5
    assert abs(found.look.exposure.bias) < 0.12 and found.after.mean < 0.6


def test_a_table_takes_what_numbers_cannot_express() -> None:
    plain = look.load("natural")
    odd = pair(1, plain)
    light = odd.target.mean(-1, keepdims=True)
    odd = replace(odd, target=np.clip(odd.target + 0.03 * np.sin(9 * light) * np.array([1.0, -1.0, 0.5]), 0, 1))
    kept, held = fit.checkerboard([odd])
    before = fit.score(kept, plain)
    text, (fitted, apart) = fit_table.residual(kept, held, plain, [0.0])
    assert fitted.mean < 0.7 * before.mean and apart.mean < 0.9 * before.mean
    rows = [line for line in text.splitlines() if line[0].isdigit()]
    assert len(rows) == 17**3 and "LUT_3D_SIZE 17" in text


def test_pictures_of_something_else_are_refused() -> None:
    with pytest.raises(RecipeError, match="does not show"):
        fit_files.paired("a", scene(1), False, np.asarray(scene(9).image).clip(0, 1), Path("b.jpg"))
    with pytest.raises(RecipeError, match="cropped"):
        fit_files.paired("a", scene(1), False, np.full((64, 128, 3), 0.2, np.float32), Path("b.jpg"))


@pytest.mark.parametrize("spoilt", [lambda x: x[::-1], lambda x: x[6:-6, 8:-8].repeat(2, 0).repeat(2, 1)])
def test_crops_and_mirrors_of_the_same_shape_are_refused(spoilt: Callable[[np.ndarray], np.ndarray]) -> None:
    """A sky above a ground: light and dark lie where they should, and nothing else does."""
    rng = np.random.default_rng(5)
    image = 0.2 * 2.0 ** (rng.uniform(-0.7, 0.7, (24, 32, 1)) + np.linspace(-1.5, 1.5, 32)[None, :, None])
    image = image.repeat(4, 0).repeat(4, 1) * np.ones(3)
    shot = scene_of(image, clip=1.0)
    natural = Recipe(hdr="off", depth="32f", space="srgb", sharpen=0.0)
    finished = render_picture(shot, natural, Report(), look.load("natural")).image.clip(0, 1)
    assert fit_files.paired("a", shot, False, finished, Path("b.jpg")).weight.mean() > 0.1
    with pytest.raises(RecipeError, match="cropped, turned or mirrored"):
        fit_files.paired("a", shot, False, np.ascontiguousarray(spoilt(finished)), Path("b.jpg"))


def test_a_shift_is_found() -> None:
    plain = look.load("natural")
    shot = scene(3)
    image = render_picture(shot, Recipe(hdr="off", depth="32f", space="srgb", sharpen=0.0), Report(), plain).image.clip(
        0, 1
    )
    moved = np.roll(image, (3, -2), (0, 1))
    found = fit_files.paired("a", shot, False, moved, Path("b.jpg"))
    assert fit.score([found], plain).mean < 0.4


def test_files_are_matched_by_name(tmp_path: Path) -> None:
    for name in ("raw/a.dng", "raw/b.NEF", "raw/c.dng", "done/A.jpg", "done/b-edit.tif", "done/x.png", "done/c.xmp"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_bytes(b"x")
    found = fit_files.matched([tmp_path])
    assert {(a.name, b.name) for a, b in found} == {("a.dng", "A.jpg"), ("b.NEF", "b-edit.tif")}
    two = [tmp_path / "done/x.png", tmp_path / "done/A.jpg"]
    assert fit_files.matched(two) == [(two[0], two[1])]
    with pytest.raises(RecipeError, match="no pairs"):
        fit_files.matched([tmp_path / "done"])
    with pytest.raises(RecipeError, match="does not exist"):
        fit_files.matched([tmp_path / "gone"])
