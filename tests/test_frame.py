"""Frames: the picture inside is untouched, and the caption is what the metadata say, at every size and depth."""

from __future__ import annotations

from dataclasses import fields as dataclass_fields
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest
from imagecodecs import jpeg8_decode

pytest.importorskip("PIL", reason="the extra frames is not installed")
pytest.importorskip("font_source_sans_pro", reason="the extra frames is not installed")

from lichtbild.carriers import GainMap, Metadata, Picture
from lichtbild.color import convert, decode_srgb
from lichtbild.errors import PackError
from lichtbild.frame import catalog, fields, layout
from lichtbild.frame.compose import framed
from lichtbild.frame.sheet import BLOCK, Border, border
from lichtbild.frame.type import THIN, Face, drawn, face_for, fitted, places, rasterised
from lichtbild.look.spaces import TRANSFER
from lichtbild.output.jpeg import encode
from lichtbild.packs import svg
from lichtbild.recipe import Recipe

NORTH = ((52, 1), (31, 1), (12, 1))
EAST = ((13, 1), (24, 1), (18, 1))
FULL = Metadata(
    make="NIKON CORPORATION",
    model="NIKON Z 6",
    lens="NIKKOR Z 50mm f/1.8 S",
    iso=400.0,
    exposure_time=1 / 125,
    f_number=1.8,
    focal_length=50.0,
    capture_time="2024:03:14 13:25:51.25",
    exif={"GPS": {1: (2, "N"), 2: (5, NORTH), 3: (2, "E"), 4: (5, EAST)}, "Image": {315: (2, "A. Photographer")}},
)
MARK = '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 20 10"><rect width="20" height="10" fill="#ff0000"/></svg>'


def picture(height: int, width: int, dtype: Any = np.uint8, space: str = "srgb") -> Picture:
    image: npt.NDArray[Any] = np.random.default_rng(1).random((height, width, 3), np.float32)
    if dtype != np.float32:
        image = (image * np.iinfo(dtype).max).astype(dtype)
    return Picture(image, space, FULL)


def put(
    name: str, made: Picture, *, place: bool = False, mark: svg.Mark | None = None
) -> tuple[Any, Border, list[str]]:
    """The framed picture, its borders, and what was said."""
    chosen = layout.read(catalog.folder(name) / "frame.toml")
    values = {**fields.values(made.metadata, place=place), "look": "Natural", "maker": ""}
    said: list[str] = []
    out, edges = framed(made, chosen, [layout.words(t, values) for t in chosen.texts], mark, said.append)
    return out, edges, said


def inside(image: npt.NDArray[Any], edges: Border) -> npt.NDArray[Any]:
    height, width = image.shape[:2]
    return image[edges.top : height - edges.bottom, edges.left : width - edges.right]


def ink(image: npt.NDArray[Any], edges: Border) -> npt.NDArray[np.bool_]:
    """Where the border is not paper."""
    paper = image[-1, -1] if edges.bottom else image[0, 0]
    found: npt.NDArray[np.bool_] = np.any(image != paper, axis=2)
    found[edges.top : image.shape[0] - edges.bottom, edges.left : image.shape[1] - edges.right] = False
    return found


@pytest.fixture(scope="module")
def mark(tmp_path_factory: pytest.TempPathFactory) -> svg.Mark:
    path = tmp_path_factory.mktemp("mark") / "mark.svg"
    path.write_text(MARK, encoding="utf-8")
    return svg.read(path)


@pytest.mark.parametrize("name", catalog.names())
@pytest.mark.parametrize("size", [(900, 1200), (1200, 900), (601, 2403), (700, 301), (64, 48), (1, 1), (3, 2000)])
def test_the_picture_inside_is_untouched_at_every_size(name: str, size: tuple[int, int], mark: svg.Mark) -> None:
    made = picture(*size)
    out, edges, said = put(name, made, mark=mark)
    assert np.array_equal(inside(out.image, edges), made.image)
    assert out.image.dtype == made.image.dtype
    if min(size) >= 600:
        assert not said
        assert ink(out.image, edges).any()
        assert edges.top % BLOCK == 0
        assert edges.left % BLOCK == 0
    if size == (64, 48):
        assert "too small" in said[0]


@pytest.mark.parametrize("name", catalog.names())
@pytest.mark.parametrize("size", [(400, 1200), (1200, 400), (330, 440)])
def test_a_small_panorama_has_a_caption(name: str, size: tuple[int, int]) -> None:
    out, edges, said = put(name, picture(*size))
    assert not said and ink(out.image, edges).any()


def test_letters_that_are_not_in_the_typeface_are_told() -> None:
    made = replace(picture(600, 900), metadata=replace(FULL, lens="蔡司 50 мм ƒ/1.4"))
    _, _, said = put("film", made)
    assert said == ["frame: the typeface has no letters for 蔡司; the caption leaves them out"]
    assert layout.capitals("Lens 50 мм ƒ/1.4") == "LENS 50 ММ ƒ/1.4"


def test_greek_and_cyrillic_are_set_in_the_typeface_that_has_them() -> None:
    """A caption in the serif was "50 ƒ/1.8" of "Объектив 50мм ƒ/1.8"."""
    slanted = Face("serif", "regular", True)
    assert face_for(slanted, "Planar 50 mm ƒ/1.4") == slanted == face_for(slanted, "蔡司")
    assert face_for(slanted, "Объектив Ω 50мм") == replace(slanted, italic=False) == face_for(slanted, "Объектив 蔡司")
    made = replace(picture(600, 900), metadata=replace(FULL, lens="Объектив Ω 50мм"))
    assert not put("mat", made)[2]


@pytest.mark.parametrize("name", catalog.names())
@pytest.mark.parametrize("size", [(900, 1200), (1200, 900), (600, 1800)])
def test_nothing_is_cut_off(name: str, size: tuple[int, int], mark: svg.Mark) -> None:
    """Ink keeps away from the paper's edge, whatever the lens is called."""
    long = replace(FULL, lens="A VERY LONG NAME OF A LENS 24-105mm f/2.8-4.0 ASPHERICAL MACRO STABILISED MARK THREE")
    out, edges, _ = put(name, replace(picture(*size), metadata=long), place=True, mark=mark)
    found = ink(out.image, edges)
    margin = round(0.01 * min(size))
    assert not found[-margin:].any()
    if edges.top:
        assert not found[:margin].any()
    assert not found[edges.top + size[0] :, :margin].any()
    assert not found[edges.top + size[0] :, -margin:].any()
    assert found.any()


def test_stacks_on_the_left_and_on_the_right_keep_apart(mark: svg.Mark) -> None:
    long = replace(FULL, model="NIKON " + "Very Long Model " * 5, lens="An even longer name of a lens " * 3)
    for width in (600, 900, 2400):
        out, edges, _ = put("bar", replace(picture(900, width), metadata=long), mark=mark)
        columns = ink(out.image, edges).any(axis=0)
        gaps = np.diff(np.nonzero(columns)[0])
        assert gaps.max() >= 0.02 * min(width, 900), width


@pytest.mark.parametrize("side", ["top", "bottom"])
@pytest.mark.parametrize("at", ["0", "1"])
def test_no_layout_prints_over_the_picture_or_off_the_paper(tmp_path: Path, side: str, at: str, mark: svg.Mark) -> None:
    lines = "\n".join(f'[[text]]\nparts = ["{{camera}}"]\nside = "{side}"\nat = {at}\nsize = 0.05' for _ in range(4))
    edge = f"{side} = 0.1\n[mark]\nheight = 0.4\nside = '{side}'\nat = {at}\n"
    (tmp_path / "frame.toml").write_text(f"[paper]\n{edge}{lines}", encoding="utf-8")
    chosen = layout.read(tmp_path / "frame.toml")
    made = picture(600, 800)
    out, edges = framed(made, chosen, ["NIKON Z 6"] * 4, mark, print)
    assert np.array_equal(inside(out.image, edges), made.image)
    found = ink(out.image, edges) if side == "top" else ink(out.image[::-1], Border(edges.bottom, 0, edges.top, 0))
    rows = np.nonzero(found.any(axis=1))[0]
    assert rows.size
    assert rows.min() >= 2
    assert rows.max() < 64 - 2


@pytest.mark.parametrize("space", ["srgb", "p3", "rec2020"])
def test_paper_and_ink_are_the_same_colour_in_every_space_and_depth(space: str) -> None:
    linear = convert("srgb", space) @ decode_srgb([0xF5 / 255, 0xF1 / 255, 0xE9 / 255])
    wanted = TRANSFER[space].encode(linear)
    images = {}
    for dtype, most in ((np.uint8, 255), (np.uint16, 65535), (np.float32, 1)):
        out, edges, _ = put("margin", picture(500, 700, dtype, space))
        image = np.asarray(out.image, np.float64) / most
        image[edges.top : -edges.bottom, edges.left : -edges.right] = 0
        images[dtype] = TRANSFER[space].encode(image) if dtype == np.float32 else image
        np.testing.assert_allclose(images[dtype][0, 0], wanted, atol=2e-3)
    np.testing.assert_allclose(images[np.uint8], images[np.uint16], atol=1 / 255)
    np.testing.assert_allclose(images[np.float32], images[np.uint16], atol=3e-3)
    white, _, _ = put("bar", picture(500, 700, np.uint16, space))
    assert (white.image[-1, 0] == 65535).all()


def test_fields_are_in_the_words_of_photographers() -> None:
    said = fields.values(FULL, place=True)
    assert said["camera"] == "NIKON Z 6"
    assert said["focal_length"] == f"50{THIN}mm"
    assert said["aperture"] == "f/1.8"
    assert said["shutter"] == f"1/125{THIN}s"
    assert said["iso"] == "ISO 400"
    assert (said["date"], said["numbers"], said["month"]) == ("14 March 2024", "2024-03-14", "March 2024")
    assert said["place"].replace(THIN, "") == "52°31′12″N, 13°24′18″E"
    assert fields.values(FULL, place=False)["place"] == ""
    for seconds, text in ((30.0, "30"), (2.5, "2.5"), (0.5, "0.5"), (0.3, "0.3"), (0.25, "1/4"), (1 / 8000, "1/8000")):
        assert fields.values(replace(FULL, exposure_time=seconds), place=False)["shutter"] == f"{text}{THIN}s"
    phone = replace(FULL, focal_length=5.6, exif={"Exif": {41989: (3, (27,))}})
    assert fields.values(phone, place=False)["focal_length"] == f"27{THIN}mm"
    for make, camera in (
        ("OLYMPUS IMAGING CORP.", "OLYMPUS E-1"),
        ("LEICA CAMERA AG", "LEICA E-1"),
        ("Canon", "Canon E-1"),
    ):
        assert fields.values(replace(FULL, make=make, model="E-1"), place=False)["camera"] == camera


def test_what_the_file_does_not_say_is_left_out() -> None:
    assert not any(fields.values(Metadata(), place=True).values())
    broken = Metadata(
        iso=float("nan"),
        exposure_time=-1.0,
        f_number=0.0,
        focal_length=float("inf"),
        capture_time="2024:13:41 99:99:99",
        lens="a\nb\x1b[2J\u202e" + "x" * 500,
        exif={"GPS": {1: (2, "Q"), 2: (5, "words"), 4: (5, ((1, 0),))}},
    )
    said = {name: text for name, text in fields.values(broken, place=True).items() if text}
    assert list(said) == ["lens"]
    assert said["lens"].isprintable()
    assert len(said["lens"]) <= fields.LONGEST
    text = layout.Text(parts=("{camera}", "on {lens}", "words"), separator=" | ")
    assert layout.words(text, {"camera": "C", "lens": "L"}) == "C | on L | words"
    assert layout.words(text, {"camera": "", "lens": "L"}) == "on L | words"
    assert layout.words(text, {"camera": "", "lens": ""}) == ""
    out, edges, _ = put("bar", replace(picture(600, 800), metadata=Metadata()))
    assert not ink(out.image, edges).any()


def test_the_help_names_every_frame() -> None:
    (said,) = [f.metadata["help"] for f in dataclass_fields(Recipe) if f.name == "frame"]
    assert ", ".join(catalog.names()) in said


def test_capitals_leave_units_alone() -> None:
    text = layout.Text(parts=("{lens}", "{focal_length}"), separator=" ", case="upper")
    values = {"lens": "Summit 35 mm f/2 macro", "focal_length": f"35{THIN}mm"}
    assert layout.words(text, values) == f"SUMMIT 35 mm f/2 MACRO 35{THIN}mm"


def test_a_line_is_the_same_at_every_size() -> None:
    face = Face("sans", "regular", False)
    width = places(face, "AVAT", 0.0)[1]
    assert width <= sum(places(face, c, 0.0)[1] for c in "AVAT")
    assert places(face, "AVAT", 0.1)[1] == pytest.approx(width + 0.3)
    small, large = (rasterised(face, "Ag 50", size, 0.0, 0.0)[0] for size in (20.0, 160.0))
    assert small.sum() * 64 == pytest.approx(large.sum(), rel=0.03)
    assert 0.99 < large.max() <= 1.0


def test_long_lines_end_in_an_ellipsis_and_unknown_letters_are_left_out() -> None:
    face = Face("serif", "light", True)
    text = "A very long name of a lens"
    short = fitted(face, text, 0.0, 5.0)
    assert short.endswith("…")
    assert text.startswith(short[:-1])
    assert places(face, short, 0.0)[1] <= 5.0
    assert fitted(face, text, 0.0, 100.0) == text
    assert drawn(face, "Ünïcode 漢字") == "Ünïcode"
    assert drawn(face, "Lens 蔡司 50 mm   f/2 x漢y") == "Lens 50 mm   f/2 xy"


def test_the_mark_keeps_its_colour_and_proportions(mark: svg.Mark) -> None:
    out, edges, _ = put("bar", picture(1000, 1500), mark=mark)
    red = (out.image == (255, 0, 0)).all(axis=2)
    red[:1000] = False
    rows, columns = np.nonzero(red)
    tall, wide = np.ptp(rows) + 1, np.ptp(columns) + 1
    assert wide == 2 * tall == 2 * round(0.052 * 1000)
    assert red.sum() == tall * wide
    assert abs((rows.min() + rows.max() + 1) / 2 - (1000 + edges.bottom / 2)) <= 1


def test_a_jpeg_codes_the_picture_as_it_would_without_a_frame() -> None:
    """The same blocks, so the same pixels, but for the rim that chroma is interpolated over."""
    made = picture(480, 640)
    out, edges, _ = put("mat", made)
    alone, within = (jpeg8_decode(encode(np.ascontiguousarray(i), 92)) for i in (made.image, out.image))
    assert np.array_equal(inside(within, edges)[2:-2, 2:-2], alone[2:-2, 2:-2])


def test_gain_maps_are_padded_without_gain() -> None:
    gain = GainMap(np.full((300, 400), 200, np.uint8), 2.0)
    out, edges, _ = put("mat", replace(picture(600, 800), gain_map=gain))
    padded = out.gain_map.image
    assert padded.shape == (out.image.shape[0] // 2, out.image.shape[1] // 2)
    top, left = edges.top // 2, edges.left // 2
    assert (padded[top : top + 300, left : left + 400] == 200).all()
    assert padded.sum() == 200 * 300 * 400
    assert out.gain_map.stops == 2.0


@pytest.mark.parametrize(("width", "height"), [(1200, 900), (900, 1200), (1000, 1000), (3000, 500), (500, 3000)])
def test_papers_with_a_ratio_have_it(width: int, height: int) -> None:
    for name, ratio in (("poster", 0.8), ("night", 1.0)):
        edges = border(layout.read(catalog.folder(name) / "frame.toml").paper, width, height)
        whole = width + edges.left + edges.right, height + edges.top + edges.bottom
        assert whole[0] / whole[1] == pytest.approx(ratio, abs=0.002)
        assert abs(edges.left - edges.right) <= BLOCK


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("{camera}", "{camera.__class__}", r"frame\.toml:\d+: text\.parts: \{camera\.__class__\} is not known"),
        ("{camera}", "{", "is not known"),
        ("{camera}", "x" * 200, "at most 120 characters"),
        ('"#ffffff"', '"white"', 'a colour like "#ffffff"'),
        ("bottom = 0.125", "bottom = 9", "a number from 0 to 2"),
        ("bottom = 0.125", "bottom = nan", "a number from 0 to 2"),
        ("bottom = 0.125", "", "there is no border at the bottom"),
        ('weight = "semibold"', 'weight = "heavy"', "one of light, regular"),
        ('title = "Bar"', "title = 3", "text in quotes"),
    ],
)
def test_a_wrong_frame_is_refused_with_its_line(tmp_path: Path, old: str, new: str, said: str) -> None:
    text = (catalog.FRAMES / "bar" / "frame.toml").read_text(encoding="utf-8")
    assert old in text
    path = tmp_path / "frame.toml"
    path.write_text(text.replace(old, new, 1), encoding="utf-8")
    with pytest.raises(PackError, match=said):
        layout.read(path)
