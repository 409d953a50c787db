"""Which colour space a picture gets by itself."""

from __future__ import annotations

import numpy as np
import pytest

from lichtbild.carriers import Picture
from lichtbild.look import gamut
from lichtbild.look.render import render_picture
from lichtbild.recipe import Recipe
from lichtbild.report import Report
from test_look_render import scene_of


def meadow(share: float) -> np.ndarray:
    """Grey ground with a strip of flowers and leaves of a red and a green beyond sRGB, as that share of the picture."""
    image = np.full((200, 300, 3), 0.2)
    y = np.arange(200) / 200
    flowers = np.array([[0.6, 0.0, 0.0], [0.1, 0.5, 0.03]])  # in Rec. 2020
    image[y < share] = flowers[np.arange(300) // 30 % 2]
    return image


def developed(image: np.ndarray, **settings: object) -> tuple[Picture, dict[str, object]]:
    report = Report()
    return render_picture(scene_of(image), Recipe(**settings), report), report.decided["look"]


def test_flowers_paler_in_srgb_ask_for_display_p3() -> None:
    picture, told = developed(meadow(0.2))
    assert picture.space == told["space"] == "p3"
    assert told["paler_in_srgb"] == pytest.approx(0.2, abs=0.08)


@pytest.mark.parametrize("share", [0.0, 0.004])
def test_a_tiny_excess_does_not(share: float) -> None:
    picture, told = developed(meadow(share))
    assert picture.space == "srgb" and told["paler_in_srgb"] <= 0.01


def test_what_is_asked_for_goes_first() -> None:
    for space in ("srgb", "rec2020"):
        assert developed(meadow(0.2), space=space)[0].space == space
    assert developed(meadow(0.2), look="mono")[0].space == "srgb"
    assert developed(meadow(0.2), look="linear", depth="32f")[0].space == "srgb"


def test_the_picture_is_the_one_that_is_asked_for_by_name() -> None:
    by_itself, by_name = developed(meadow(0.2))[0], developed(meadow(0.2), space="p3")[0]
    np.testing.assert_array_equal(by_itself.image, by_name.image)


def test_noise_in_the_dark_does_not_count() -> None:
    rng = np.random.default_rng(0)
    dark = np.minimum(np.abs(rng.normal(0, 0.004, (120, 160, 3))), 0.0099)
    assert gamut.needed(dark * 0.5, dark)[0] == "srgb"
    red = np.tile([0.6, 0.0, 0.0], (4, 4, 1))
    assert gamut.needed(red, red) == ("p3", 1.0)  # the same numbers are another red in the wider space
    grey = np.full((1, 1, 3), 0.5)
    assert gamut.needed(grey, grey) == ("srgb", 0.0)
