"""3D tables: what `.cube` and HaldCLUT files say, tetrahedral interpolation, wide colour, grey, and hostile files."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import imagecodecs
import numpy as np
import pytest

from lichtbild.carriers import Metadata, NoiseProfile, Scene
from lichtbild.color import convert, encode_srgb
from lichtbild.errors import RecipeError
from lichtbild.look import cube, look, lut, render
from lichtbild.look.numbers import Lut
from lichtbild.look.spaces import TRANSFER
from lichtbild.recipe import Recipe
from lichtbild.report import Report
from reference.look_graded import look_up, tetrahedral

RNG = np.random.default_rng(5)
IMAGE = RNG.lognormal(-1.5, 1.1, (48, 70, 3))


def text(nodes: np.ndarray, *header: str) -> str:
    rows = (" ".join(f"{v:.6f}" for v in row) for row in nodes.reshape(-1, 3))
    return "\n".join(['TITLE "x"', "# made here", f"LUT_3D_SIZE {len(nodes)}", *header, "", *rows]) + "\n"


def strange(edge: int) -> np.ndarray:
    """A table that bends, mixes and tints."""
    rgb = cube.identity(edge).astype(np.float64)
    mixed = rgb @ np.array([[0.8, 0.1, 0.1], [0.05, 0.9, 0.05], [0.2, 0.0, 0.8]]).T
    return np.clip(mixed**1.2 * [1.0, 0.95, 0.85] + [0.02, 0.0, 0.05], 0, 1)


def look_with(folder: Path, name: str, **numbers: object) -> look.Look:
    return replace(look.load("natural"), lut=Lut(file=name, **numbers), folder=folder)


def rendered(chosen: look.Look, depth: str = "32f", space: str = "srgb", image: np.ndarray = IMAGE) -> np.ndarray:
    planar = np.ascontiguousarray(np.moveaxis(image.astype(np.float32), 2, 0))
    noise = NoiseProfile((1e-6,) * 3, (1e-8,) * 3)
    scene = Scene(np.moveaxis(planar, 0, 2), noise, (1.0,) * 3, (0.3127, 0.329), 1.0, Metadata())
    recipe = Recipe(depth=depth, space=space, hdr="off")
    return render.render_picture(scene, recipe, Report(), chosen).image.astype(np.float64)


@pytest.mark.parametrize("edge", [2, 33, 65])
def test_the_identity_changes_nothing(tmp_path: Path, edge: int) -> None:
    (tmp_path / "id.cube").write_text(text(cube.identity(edge)))
    chosen = look_with(tmp_path, "id.cube")
    plain = replace(chosen, lut=None)
    for space in ("srgb", "p3", "rec2020"):
        for depth, most in (("8", 1), ("16", 8), ("32f", 2e-4)):
            error = np.abs(rendered(chosen, depth, space) - rendered(plain, depth, space))
            assert np.quantile(error, 0.999) <= most, (space, depth)
            assert error.max() <= (most if depth == "8" else 3 * most), (space, depth)


@pytest.mark.parametrize("table_space", ["srgb", "p3", "rec2020"])
@pytest.mark.parametrize("space", ["srgb", "p3"])
def test_a_table_is_what_numpy_makes_of_it(tmp_path: Path, space: str, table_space: str) -> None:
    nodes = strange(17)
    (tmp_path / "s.cube").write_text(text(nodes))
    chosen = look_with(tmp_path, "s.cube", space=table_space, strength=0.8)
    plain = rendered(replace(chosen, lut=None), "32f", space)
    expected = look_up(plain, nodes, 0.8, TRANSFER[table_space], convert(space, table_space))
    error = np.abs(encode_srgb(rendered(chosen, "32f", space)) - encode_srgb(expected))
    assert error.max() < 2e-3 and error.mean() < 5e-5
    codes = TRANSFER[space].encode(expected) * 255
    assert np.abs(rendered(chosen, "8", space) - codes).max() < 1.3


def test_interpolation_is_exact_at_nodes_and_along_grey() -> None:
    nodes = strange(9)
    places = np.stack(np.meshgrid(*[np.linspace(0, 1, 9)] * 3, indexing="ij"), -1).reshape(-1, 3)
    np.testing.assert_allclose(tetrahedral(nodes, places), nodes[tuple((places * 8).round().astype(int).T[::-1])])


def test_hald_and_cube_say_the_same(tmp_path: Path) -> None:
    nodes = strange(25)
    (tmp_path / "a.cube").write_text(text(nodes))
    picture = np.rint(nodes.reshape(125, 125, 3) * 65535).astype(np.uint16)
    (tmp_path / "a.png").write_bytes(imagecodecs.png_encode(picture))
    (tmp_path / "a.tif").write_bytes(imagecodecs.tiff_encode(picture))
    wanted = rendered(look_with(tmp_path, "a.cube"))
    for name in ("a.png", "a.tif"):
        np.testing.assert_allclose(rendered(look_with(tmp_path, name)), wanted, atol=5e-5)


@pytest.mark.parametrize("level", [9, 12])
def test_larger_hald_pictures_are_brought_to_65_nodes(tmp_path: Path, level: int) -> None:
    """Collections of film looks come in level 12; they were refused. A smooth table loses nothing that shows."""
    nodes = cube.identity(level**2)
    bent = nodes**0.8 * (0.9 + 0.1 * nodes[..., [1, 2, 0]])
    picture = np.rint(bent.reshape(level**3, level**3, 3) * 65535).astype(np.uint16)
    found = cube.read_hald(tmp_path / "a.png", imagecodecs.png_encode(picture, level=1)).nodes
    wanted = cube.identity(65)
    np.testing.assert_allclose(found, wanted**0.8 * (0.9 + 0.1 * wanted[..., [1, 2, 0]]), atol=2e-3)


def test_cubes_as_other_tools_write_them(tmp_path: Path) -> None:
    plain = text(cube.identity(5))
    codes = text(cube.identity(5) * 1023, "DOMAIN_MIN 0 0 0", "DOMAIN_MAX 1023 1023 1023")
    forms = {
        "small letters": plain.replace("LUT_3D_SIZE", "lut_3d_size").encode(),
        "CRLF, mark and remarks": ("\ufeff# by us\n" + plain + "\n# end\n").replace("\n", "\r\n").encode(),
        "UTF-16": plain.encode("utf-16"),
        "codes of 10 bits": codes.encode(),
    }
    for name, data in forms.items():
        found = cube.read_cube(tmp_path / "a.cube", data)
        np.testing.assert_allclose(found.nodes, cube.identity(5), atol=1e-6, err_msg=name)
        np.testing.assert_allclose(found.domain, [[0, 0, 0], [1, 1, 1]], err_msg=name)


def test_domains_and_curves(tmp_path: Path) -> None:
    """A table over half of the range, a curve per channel alone, and a curve before a table."""
    wide = text(cube.identity(5) * 2 - 0.5, "DOMAIN_MIN -0.5 -0.5 -0.5", "DOMAIN_MAX 1.5 1.5 1.5")
    curve = np.linspace(0, 1, 1024)[:, None] ** np.array([1.0, 1.2, 0.8])
    rows = "\n".join(" ".join(f"{v:.6f}" for v in row) for row in curve)
    (tmp_path / "wide.cube").write_text(wide)
    (tmp_path / "curve.cube").write_text(f"LUT_1D_SIZE 1024\n{rows}\n")
    both = text(1 - cube.identity(2)).split("\n", 3)
    (tmp_path / "both.cube").write_text(f"LUT_1D_SIZE 1024\nLUT_3D_SIZE 2\n{rows}\n{both[3].strip()}\n")
    plain = encode_srgb(rendered(replace(look_with(tmp_path, "x"), lut=None)))
    bent = plain ** [1.0, 1.2, 0.8]
    for name, wanted in (("wide", plain), ("curve", bent), ("both", 1 - bent)):
        got = encode_srgb(rendered(look_with(tmp_path, f"{name}.cube")))
        np.testing.assert_allclose(got, wanted, atol=2e-3, err_msg=name)


def test_grey_is_kept_neutral_where_asked(tmp_path: Path) -> None:
    (tmp_path / "s.cube").write_text(text(strange(33)))
    ramp = np.repeat(np.geomspace(1e-4, 10, 400)[None, :, None], 30, 0).repeat(3, 2)
    kept = rendered(look_with(tmp_path, "s.cube", neutral="keep"), "8", image=ramp)
    tinted = rendered(look_with(tmp_path, "s.cube"), "8", image=ramp)
    assert np.ptp(kept, axis=2).max() <= 1 and np.ptp(tinted, axis=2).max() > 8
    assert np.abs(kept.mean(2) - tinted @ [0.2126, 0.7152, 0.0722]).max() < 6


def test_wide_colours_move_with_the_edge_and_lose_what_the_table_takes(tmp_path: Path) -> None:
    """Beyond the table's space colours keep what they have more, unless the table makes grey of them."""
    grey = np.repeat((cube.identity(17) @ [0.2126, 0.7152, 0.0722])[..., None], 3, -1)
    (tmp_path / "grey.cube").write_text(text(grey))
    (tmp_path / "id.cube").write_text(text(cube.identity(17)))
    image = np.zeros((40, 60, 3))
    image[:, :30], image[:, 30:] = [0.6, 0.02, 0.02], [0.02, 0.5, 0.05]
    plain = rendered(replace(look_with(tmp_path, "x"), lut=None), space="rec2020", image=image)
    same = rendered(look_with(tmp_path, "id.cube"), space="rec2020", image=image)
    np.testing.assert_allclose(same, plain, atol=2e-4)
    assert (plain @ convert("rec2020", "srgb").T).min() < -0.02  # there is something beyond
    assert np.ptp(rendered(look_with(tmp_path, "grey.cube"), space="rec2020", image=image), axis=2).max() < 1e-3


def test_nodes_are_cut_off_at_black_and_white_and_made_once(tmp_path: Path) -> None:
    (tmp_path / "s.cube").write_text(text(cube.identity(3) * 2 - 0.5))
    chosen = look_with(tmp_path, "s.cube")
    nodes, again = (lut.arguments(chosen, space)[2] for space in ("srgb", "p3"))
    assert nodes is again and nodes.shape == (27, 4)
    assert nodes[1].tolist() == [0.5, 0.0, 0.0, 0.0] and nodes[-1].tolist() == [1.0, 1.0, 1.0, 0.0]
    kept = look_with(tmp_path, "s.cube", neutral="keep")
    assert lut.arguments(kept, "srgb")[2] is not nodes


ROWS = "0 0 0\n1 0 0\n0 1 0\n1 1 0\n0 0 1\n1 0 1\n0 1 1\n1 1 1\n"


@pytest.mark.parametrize(
    ("content", "words"),
    [
        ("", [":1:", "LUT_3D_SIZE is missing"]),
        ("LUT_3D_SIZE 66\n" + ROWS, [":1:", "'66'", "2 to 65"]),
        ("LUT_3D_SIZE 999999999999\n", [":1:", "2 to 65"]),
        ("LUT_3D_SIZE -2\n", [":1:", "2 to 65"]),
        ("LUT_3D_SIZE 2\n" + ROWS[:-6], ["7 colours", "ask for 8"]),
        ("LUT_3D_SIZE 2\n" + ROWS + "1 1 1\n", ["9 colours", "ask for 8"]),
        ("LUT_3D_SIZE 2\n" + ROWS.replace("1 1 0", "1 nan 0"), [":5:", "'1 nan 0'"]),
        ("LUT_3D_SIZE 2\n" + ROWS.replace("1 1 0", "1 inf 0"), [":5:"]),
        ("LUT_3D_SIZE 2\n" + ROWS.replace("1 1 0", "1 1e30 0"), [":5:"]),
        ("LUT_3D_SIZE 2\n" + ROWS.replace("1 1 0", "1 0"), [":5:", "'1 0'"]),
        ("LUT_3D_SIZE 2\n" + ROWS.replace("1 1 0", "red green blue"), [":5:", "three numbers"]),
        ("LUT_3D_SIZE 2\nDOMAIN_MAX 0 0 0\n" + ROWS, [":3:", "above its beginning"]),
        ("LUT_3D_SIZE 2\nDOMAIN_MIN 0 x 0\n" + ROWS, [":2:", "3 numbers"]),
        ("PICTURE 3\nLUT_3D_SIZE 2\n" + ROWS, [":1:", "'PICTURE'"]),
        ("\0\1\2\3" * 300, [":1:", "not known"]),
    ],
)
def test_a_wrong_cube_is_refused_with_its_line(tmp_path: Path, content: str, words: list[str]) -> None:
    (tmp_path / "x.cube").write_text(content)
    with pytest.raises(RecipeError) as caught:
        cube.load(tmp_path, "x.cube")
    said = str(caught.value)
    assert said.startswith(str(tmp_path / "x.cube")) and "\n" not in said and all(w in said for w in words), said


OUTSIDE = ["../x.cube", "/etc/passwd", "a/b.cube", ".x.cube", "..", "x.exe", "x\\y.cube", "none.cube"]


@pytest.mark.parametrize("name", OUTSIDE)
def test_a_table_lies_in_the_look_s_folder(tmp_path: Path, name: str) -> None:
    folder = tmp_path / "look"
    folder.mkdir()
    (tmp_path / "x.cube").write_text("LUT_3D_SIZE 2\n" + ROWS)
    with pytest.raises(RecipeError) as caught:
        cube.load(folder, name)
    assert "\n" not in str(caught.value)
    (folder / "link.cube").symlink_to(tmp_path / "x.cube")
    with pytest.raises(RecipeError, match="own folder"):
        cube.load(folder, "link.cube")


def test_hostile_tables_never_do_worse_than_be_refused(tmp_path: Path) -> None:
    good = {
        "a.cube": text(strange(5), "DOMAIN_MIN 0 0 0").encode(),
        "a.png": imagecodecs.png_encode(np.zeros((8, 8, 3), np.uint8)),
        "a.tif": imagecodecs.tiff_encode(np.zeros((8, 8, 3), np.uint16)),
    }
    rng = np.random.default_rng(2)
    for name, data in good.items():
        (tmp_path / name).write_bytes(data)
        cube.load(tmp_path, name)
        for trial in range(60):
            broken = bytearray(data[: rng.integers(1, len(data))] if trial % 3 == 0 else data)
            for at in rng.integers(0, min(len(broken), 400), 1 + trial % 5):
                broken[at] = rng.integers(0, 256)
            read = cube.read_cube if name == "a.cube" else cube.read_hald
            try:
                found = read(tmp_path / name, bytes(broken))
            except RecipeError as error:
                assert "\n" not in str(error)
            else:
                assert 2 <= len(found.nodes) <= 65 and np.isfinite(found.nodes).all()


def test_large_files_are_not_read(tmp_path: Path) -> None:
    with (tmp_path / "x.cube").open("wb") as file:
        file.truncate(cube.LARGEST + 1)
    with pytest.raises(RecipeError, match="larger than"):
        cube.load(tmp_path, "x.cube")
    png = bytearray(imagecodecs.png_encode(np.zeros((8, 8, 3), np.uint8)))
    png[16:24] = (60000).to_bytes(4, "big") * 2  # says that it is large
    with pytest.raises(RecipeError, match="not a HaldCLUT"):
        cube.read_hald(tmp_path / "x.png", bytes(png))
