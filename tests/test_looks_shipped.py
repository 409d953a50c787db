"""The looks that come with Lichtbild: all are there, sound, explained and shown, and each does what it says."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from lichtbild.authoring import check, swatch
from lichtbild.authoring.fixed import shown
from lichtbild.authoring.writing import text_of
from lichtbild.color import D65, lab_from_xyz, rgb_to_xyz
from lichtbild.look import exposure, look
from lichtbild.look.catalog import LOOKS, built_in

ALL = sorted(built_in())
MONO = ("mono", "mono-high-contrast", "sepia", "blue")
TONED = ("sepia", "blue")
COLOUR = [name for name in ALL if name not in (*MONO, "linear")]


def lab(name: str, colours: np.ndarray) -> np.ndarray:
    return lab_from_xyz(shown(look.load(name), colours) @ rgb_to_xyz("srgb").T, D65)


def test_all_looks_are_there() -> None:
    asked = {"natural", "authentic", "vibrant", "soft", "mono", "mono-high-contrast", "sepia", "blue", "chrome"}
    assert asked | {"apricot", "night", "documentary", "linear"} <= set(ALL)


@pytest.mark.parametrize("name", ALL)
def test_each_is_sound_and_explained(name: str) -> None:
    found = look.load(name)
    assert found.title and found.description and found.version
    assert [f for f in check.findings(found) if f.bad] == []
    notes = (LOOKS / name / "notes.md").read_text(encoding="utf-8")
    assert notes.startswith(f"# {found.title}\n") and len(notes) > 150


@pytest.mark.parametrize("name", ALL)
def test_the_swatch_is_what_the_look_shows(name: str) -> None:
    from imagecodecs import png_decode

    stored = png_decode((LOOKS / name / "swatch.png").read_bytes())
    assert np.abs(stored.astype(int) - swatch.draw(look.load(name))).max() <= 1


def test_swatches_are_small() -> None:
    assert sum((LOOKS / name / "swatch.png").stat().st_size for name in ALL) < 60_000


@pytest.mark.parametrize("name", ALL)
def test_a_look_that_is_written_and_read_is_the_same(name: str, tmp_path: Path) -> None:
    found = look.load(name)
    (tmp_path / "look.toml").write_text(text_of(found), encoding="utf-8")
    again = look.read(tmp_path / "look.toml", name)
    assert replace(again, folder=None) == replace(found, folder=None)


def test_skin_is_believable_in_every_colour_look() -> None:
    tones = np.array(check.SKIN)
    a, b = (tones[:, 1] * f(np.radians(tones[:, 2])) for f in (np.cos, np.sin))
    from lichtbild.look.oklab import rgb_from_lab

    scene = rgb_from_lab(np.stack([tones[:, 0], a, b], -1), "rec2020")
    for name in COLOUR:
        found = lab(name, scene)
        hue = np.degrees(np.arctan2(found[:, 2], found[:, 1]))
        chroma = np.hypot(found[:, 1], found[:, 2])
        assert (hue > 42).all() and (hue < 72).all(), (name, hue)  # measured skin lies around 45 to 70 degrees
        assert (chroma > 10).all() and (chroma < 42).all(), (name, chroma)
        assert (np.diff(found[:, 0]) < -3).all(), name  # lighter skin stays lighter


def test_greys_are_grey_but_where_they_are_toned() -> None:
    grey = np.repeat(0.18 * 2.0 ** np.linspace(-5, 4, 40)[:, None], 3, 1)
    for name in ALL:
        found = lab(name, grey)
        tint = np.hypot(found[:, 1], found[:, 2])
        toned = look.load(name).toning
        asked = max(toned.shadows, toned.middle, toned.highlights)
        if asked == 0:
            assert tint.max() < 0.2, name
        elif name not in TONED:
            assert tint.max() < 6, name


def test_sepia_is_brown_and_blue_is_blue() -> None:
    middle = np.full((1, 3), 0.12)
    sepia, blue = lab("sepia", middle)[0], lab("blue", middle)[0]
    assert 3 < sepia[1] < 14 and 8 < sepia[2] < 30
    assert blue[2] < -6 and abs(blue[1]) < 8
    white = np.full((1, 3), 8.0)
    assert np.hypot(*lab("blue", white)[0][1:]) < 5


def test_no_green_is_neon() -> None:
    # a meadow in the sun
    grass = np.array([[0.10, 0.17, 0.03], [0.2, 0.3, 0.06], [0.05, 0.1, 0.02]])
    natural = np.hypot(*lab("natural", grass)[:, 1:].T)
    for name in COLOUR:
        found = lab(name, grass)
        assert (np.hypot(found[:, 1], found[:, 2]) < 1.2 * natural).all(), name


def test_blacks_are_crushed_only_where_it_is_meant() -> None:
    deep = np.full((1, 3), 0.18 * 2.0**-4)
    light = {name: float(lab(name, deep)[0, 0]) for name in ALL if name != "linear"}
    assert all(value > 1.0 for name, value in light.items() if name != "mono-high-contrast"), light
    assert light["soft"] > light["natural"] > light["chrome"] > light["mono-high-contrast"]


def test_night_leaves_a_dark_scene_darker_and_a_bright_one_nearly_as_it_is() -> None:
    """Half a stop or more at a light value of 3, a lit street: less was hardly to be told from natural."""
    night, natural = look.load("night").exposure, look.load("natural").exposure

    def darker(light_value: float) -> float:
        return natural.bias - night.bias + (natural.mood - night.mood) * exposure.key(light_value)

    assert 0.5 < darker(3.0) < 0.8 < darker(-1.0) < 1.6 and darker(10.0) < 0.35
