"""LUTs for other programs, and finished pictures taken back to light."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from lichtbild.authoring import export
from lichtbild.authoring.fixed import shown
from lichtbild.authoring.undo import scene_light
from lichtbild.color import D65, decode_srgb, delta_e_2000, encode_srgb, lab_from_xyz, rgb_to_xyz
from lichtbild.errors import OutputError
from lichtbild.look import look


def lab(encoded: np.ndarray) -> np.ndarray:
    return lab_from_xyz(decode_srgb(encoded) @ rgb_to_xyz("srgb").T, D65)


def looked_up(table: np.ndarray, size: int, colours: np.ndarray) -> np.ndarray:
    """A plain trilinear look-up, red fastest."""
    lattice = table.reshape(size, size, size, 3)
    place = colours * (size - 1)
    low = np.minimum(place.astype(int), size - 2)
    part, out = place - low, np.zeros_like(colours)
    for corner in np.ndindex(2, 2, 2):
        weight = np.prod(np.where(np.array(corner) == 1, part, 1 - part), axis=1)[:, None]
        r, g, b = (low + corner).T
        out += weight * lattice[b, g, r]
    return out


def scene(count: int = 600) -> np.ndarray:
    rng = np.random.default_rng(5)
    return 0.18 * 2.0 ** rng.uniform(-4.5, 2.0, (count, 1)) * 2.0 ** rng.uniform(-0.8, 0.8, (count, 3))


def test_a_finished_picture_comes_back_as_it_was() -> None:
    encoded = np.random.default_rng(2).uniform(0.03, 0.97, (300, 3)) * 0.5 + 0.25
    again = encode_srgb(shown(look.load("natural"), scene_light(encoded)))
    assert np.abs(again - encoded).max() < 2 / 255
    grey = np.repeat(np.linspace(0, 1, 33)[:, None], 3, 1)
    light = scene_light(grey)
    assert (np.ptp(light[1:-1], axis=1) < 0.01 * light[1:-1, 0]).all()


def test_the_lut_of_natural_changes_nothing() -> None:
    table = export.table(look.load("natural"), 9)
    np.testing.assert_allclose(table, export.lattice(9), atol=1e-9)


@pytest.mark.parametrize("name", ["vibrant", "chrome", "apricot", "mono", "sepia"])
def test_a_finished_picture_through_the_lut_is_as_the_look_shows_the_scene(name: str) -> None:
    colours, found = scene(), look.load(name)
    natural, wanted = (encode_srgb(shown(one, colours)) for one in (look.load("natural"), found))
    got = looked_up(export.table(found, 33), 33, natural)
    d = delta_e_2000(lab(got), lab(wanted))
    assert d.mean() < 0.4 and np.percentile(d, 95) < 1.5, (d.mean(), np.percentile(d, 95))


def test_the_lut_has_no_steps() -> None:
    table = export.table(look.load("vibrant"), 17).reshape(17, 17, 17, 3)
    assert max(np.abs(np.diff(table, axis=axis)).max() for axis in range(3)) < 0.3
    for axis in range(3):  # and along the greys there are none at all
        grey = table[range(17), range(17), range(17)]
        assert np.ptp(grey, axis=1).max() < 2e-3 and (np.diff(grey[:, axis]) > 0).all()


def test_scene_light_in_acescct() -> None:
    middle = (np.log2(0.18) + 9.72) / 17.52  # Academy S-2016-001
    np.testing.assert_allclose(export.acescct_to_rec2020([[middle] * 3])[0], [0.18] * 3, rtol=2e-4)
    np.testing.assert_allclose(export.acescct_to_rec2020([[0.0729055341958355] * 3])[0], [0.0] * 3, atol=1e-9)
    table = export.table(look.load("natural"), 33, "acescct")
    got = looked_up(table, 33, np.full((1, 3), middle))
    assert np.abs(got - encode_srgb([0.18] * 3)).max() < 0.02


def test_the_file_is_a_cube(tmp_path: Path) -> None:
    path = tmp_path / "night.cube"
    export.file_of(look.load("night"), path, 9)
    lines = path.read_text().splitlines()
    assert "LUT_3D_SIZE 9" in lines and lines[0] == 'TITLE "Night"'
    values = np.array([line.split() for line in lines if line[0].isdigit()], float)
    assert values.shape == (729, 3) and values.min() >= 0 and values.max() <= 1
    with pytest.raises(OutputError, match="exists already"):
        export.file_of(look.load("night"), path, 9)


def test_what_a_lut_cannot_hold_is_told() -> None:
    told = " ".join(export.left_out(look.load("night")))
    for word in ("exposure", "clarity", "sharpening", "halation", "bloom"):
        assert word in told
    assert "grain" not in told
    assert export.left_out(look.load("linear")) == ["light above white"]
