"""Which format a name asks for, and what depth it can hold."""

from __future__ import annotations

from pathlib import Path

import pytest

from lichtbild.errors import OutputError
from lichtbild.output.formats import DNG, JPEG, PNG, TIFF, depth_for, format_for


def test_the_ending_chooses_the_format_in_any_case() -> None:
    for name, expected in (("a.jpg", JPEG), ("A.JPEG", JPEG), ("a.b.png", PNG), ("x.TIFF", TIFF), ("x.dng", DNG)):
        assert format_for(Path(name)) is expected


@pytest.mark.parametrize("name", ["photo", "photo.gif", "photo.jpg.bak", ".jpg"])
def test_an_unknown_ending_is_refused_with_the_known_ones(name: str) -> None:
    with pytest.raises(OutputError, match=r"\.jpg, \.jpeg, \.png, \.tif, \.tiff, .*\.dng"):
        format_for(Path(name))


def test_each_format_has_its_own_default_depth() -> None:
    assert [depth_for(Path(n), None) for n in ("a.jpg", "a.png", "a.tif")] == ["8", "8", "16"]
    assert [depth_for(Path("a.tif"), d) for d in ("8", "16", "32f")] == ["8", "16", "32f"]


@pytest.mark.parametrize(
    ("name", "depth", "able"),
    [("a.jpg", "16", ".png or .tif"), ("a.jpg", "32f", "use .tif"), ("a.png", "32f", "use .tif")],
)
def test_a_depth_that_does_not_fit_names_the_formats_that_can(name: str, depth: str, able: str) -> None:
    with pytest.raises(OutputError, match=able) as caught:
        depth_for(Path(name), depth)
    assert name in str(caught.value)


def test_a_dng_holds_no_picture() -> None:
    with pytest.raises(OutputError, match="mosaic"):
        depth_for(Path("a.dng"), None)
