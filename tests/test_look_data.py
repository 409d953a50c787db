"""Looks as data: all load, each is what it claims to be, and a wrong file is refused in one line."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from lichtbild.errors import RecipeError
from lichtbild.look import catalog, hue, look, tone
from lichtbild.look.look import Look
from lichtbild.look.numbers import Color, HueMove, Local


def test_the_looks_are_there_and_load() -> None:
    names = catalog.names()
    assert names[0] == "natural" and "linear" in names and len(names) >= 13
    for name in catalog.built_in():
        chosen = look.load(name)
        assert isinstance(chosen, Look) and chosen.name == name and chosen.title and chosen.description
        assert chosen.linear == (name == "linear") and (chosen.mono is not None) == (
            name in ("mono", "mono-high-contrast", "sepia", "blue")
        )


def test_a_folder_is_enough_for_a_new_look(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "dusk").mkdir()
    (tmp_path / "dusk" / "look.toml").write_text(
        'title = "Dusk"\n[tone]\ncontrast = 1.5\n[[hue]]\nat = 30\nrotate = -4\n'
    )
    monkeypatch.setattr(catalog, "LOOKS", tmp_path)
    assert catalog.names() == ("dusk",)
    dusk = look.load("dusk")
    assert dusk.tone.contrast == 1.5 and dusk.hue == (HueMove(at=30, rotate=-4),) and dusk.local == Local()


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("colour = 1", ["'colour'", "allowed are", "color"]),
        ("[tone]\ncontrats = 1.2", ["tone.contrats", "contrast"]),
        ("[tone]\ncontrast = 9", ["tone.contrast", "9", "1.0 to 1.6"]),
        ('[tone]\ncontrast = "high"', ["tone.contrast", "number"]),
        ("[tone]\ncontrast = true", ["tone.contrast", "number"]),
        ("[tone]\ncontrast = nan", ["tone.contrast", "number"]),
        ("[[hue]]\nwidth = 5", ["hue.width", "40.0 to 180.0"]),
        ("tone = 3", ["tone", "table"]),
        ("hue = [3]", ["hue", "table"]),
        ("linear = 1", ["linear", "true or false"]),
        ("[mono]\nred = 0.9", ["mono", "add up to 1"]),
        ("title = ", ["not a readable look"]),
    ],
)
def test_a_wrong_file_is_refused(tmp_path: Path, text: str, words: list[str]) -> None:
    path = tmp_path / "look.toml"
    path.write_text(text)
    with pytest.raises(RecipeError) as caught:
        look.read(path)
    message = str(caught.value)
    assert message.startswith(str(path)) and "\n" not in message and all(word in message for word in words), message


def test_an_unknown_look_is_named_with_those_there_are() -> None:
    with pytest.raises(RecipeError, match="'sepya' is not one of natural"):
        look.load("sepya")


CURVES = [(1.0, 4.0, 0.0, 5.0), (1.28, 5.0, 0.5, 5.0), (1.3, 8.0, 2.0, 3.0), (1.1, 5.0, 1.5, 9.0), (1.4, 6.0, 0.0, 2.4)]


@pytest.mark.parametrize("numbers", CURVES)
def test_the_curve_is_what_its_numbers_say(numbers: tuple[float, float, float, float]) -> None:
    contrast, toe, _, white = numbers
    curve = tone.solve(*numbers)
    assert curve(tone.MIDDLE_GREY) == pytest.approx(tone.MIDDLE_GREY, rel=1e-4)
    assert curve(tone.MIDDLE_GREY * 2.0**white) == pytest.approx(1.0, abs=1e-4)
    slope = np.diff(np.log(curve(tone.MIDDLE_GREY * np.array([0.999, 1.001]))))[0] / np.log(1.001 / 0.999)
    assert slope == pytest.approx(contrast, abs=0.01)
    x = np.concatenate([[0.0], np.geomspace(1e-6, 1e3, 5000)])
    y = curve(x)
    assert y[0] == 0.0 and (np.diff(y) >= 0).all() and y.max() <= 1.0
    assert (np.diff(y[x < tone.MIDDLE_GREY * 2.0**white]) > 0).all()
    deep = tone.MIDDLE_GREY * 2.0 ** (-toe - np.array([6.0, 8.0]))
    assert np.diff(np.log2(curve(deep)))[0] / -2 == pytest.approx(1.0, abs=0.2)  # linear below the toe


def test_every_look_has_a_monotone_curve() -> None:
    for name in catalog.names():
        t = look.load(name).tone
        y = tone.solve(t.contrast, t.toe, t.shoulder, t.white)(np.geomspace(1e-6, 1e3, 5000))
        assert (np.diff(y) >= 0).all()


def test_hue_moves_act_where_they_are_and_nowhere_else() -> None:
    rows = hue.table(Color(vibrance=0.0), (HueMove(at=120, width=60, rotate=10, chroma=0.2),), hue.MOVES_ORDER)
    angles = np.radians([120, 120 - 30, 120 + 30, 120 + 180, 120 - 120])
    turn, chroma = np.degrees(hue.evaluate(rows[0], angles)), hue.evaluate(rows[1], angles)
    np.testing.assert_allclose(turn, [10, 5, 5, 0, 0], atol=0.6)
    np.testing.assert_allclose(chroma, [1.2, 1.1, 1.1, 1, 1], atol=0.015)


def test_skin_is_spared_from_vibrance() -> None:
    rows = hue.table(Color(vibrance=0.5, skin=1.0), ())
    skin, sky = hue.evaluate(rows[2], np.radians([57.0, 250.0]))
    assert abs(skin) < 0.03 and sky == pytest.approx(0.5, abs=0.02)
