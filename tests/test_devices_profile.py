"""device.toml and the catalogue: what is written is read back, what is wrong is refused in a line."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from click.testing import CliRunner

from lichtbild.cli.root import root
from lichtbild.devices import catalog
from lichtbild.devices.check import findings
from lichtbild.devices.combine import combined
from lichtbild.devices.profile import (
    BlackLevel,
    Defects,
    DeviceProfile,
    HueSatMap,
    LensShading,
    Light,
    Noise,
    ToneCurve,
)
from lichtbild.errors import DeviceError, OutputError, RecipeError
from lichtbild.recipe import Recipe

MATRIX = ((0.9, -0.2, -0.1), (-0.4, 1.2, 0.2), (-0.1, 0.2, 0.6))
WARM = ((1.0, -0.3, -0.1), (-0.4, 1.3, 0.2), (-0.1, 0.2, 0.5))


def table(values: int = 1) -> np.ndarray:
    made = np.random.default_rng(0).uniform(0.9, 1.1, (values, 6, 4, 3)).astype(np.float32)
    made[..., 0] -= 1
    made[:, :, 0, 2] = 1
    return made


def full() -> DeviceProfile:
    return DeviceProfile(
        make="NIKON CORPORATION",
        model="NIKON D70",
        aliases=("D70s",),
        name='in "quotes"',
        copyright="Jemand\nÄöü",
        source="several",
        lights=(
            Light("A", WARM, MATRIX, HueSatMap(table(), source="beyond"), source="measured"),
            Light("other", MATRIX, camera_calibration=MATRIX, white_xy=(0.31, 0.33)),
        ),
        look_table=HueSatMap(table(3), True),
        tone_curve=ToneCurve(np.array([[0, 0], [0.25, 0.5], [1, 1]], np.float32), "somebody"),
        baseline_exposure=-0.35,
        black_level=BlackLevel((64.0, 64.5, 64.25, 63.0), "dark frames"),
        noise=(Noise(100, (1e-5, 2e-5, 3e-5), (1e-8, 1e-8, 2e-8), "stacks"), Noise(3200, (1e-3,) * 3, (0.0,) * 3)),
        defects=Defects((3000, 4000), np.array([[0, 1], [2999, 3999]], np.int32), "dark frames"),
        lens_shading=(LensShading(np.random.default_rng(1).uniform(1, 3, (3, 4, 4)).astype(np.float32), "50 mm"),),
        accuracy={"D65": {"chart mean": 0.5}},
    )


def test_what_is_written_is_read_back(tmp_path: Path) -> None:
    profile, path = full(), tmp_path / "device.toml"
    profile.write(path)
    found = DeviceProfile.read(path)
    for name in (
        "make",
        "model",
        "aliases",
        "name",
        "copyright",
        "source",
        "baseline_exposure",
        "black_level",
        "noise",
    ):
        assert getattr(found, name) == getattr(profile, name), name
    for a, b in zip(found.lights, profile.lights, strict=True):
        assert (a.illuminant, a.color_matrix, a.forward_matrix, a.white_xy, a.source) == (
            (b.illuminant, b.color_matrix, b.forward_matrix, b.white_xy, b.source)
        )
    assert found.lights[1].camera_calibration == MATRIX
    assert found.lights[0].hue_sat_map is not None
    np.testing.assert_allclose(found.lights[0].hue_sat_map.table, table(), atol=1e-4)
    assert found.look_table is not None
    assert found.look_table.srgb_value
    np.testing.assert_allclose(found.look_table.table, table(3), atol=1e-4)
    assert found.tone_curve is not None
    np.testing.assert_array_equal(found.tone_curve.points, [[0, 0], [0.25, 0.5], [1, 1]])
    assert found.defects is not None
    np.testing.assert_array_equal(found.defects.points, [[0, 1], [2999, 3999]])
    np.testing.assert_allclose(found.lens_shading[0].gains, profile.lens_shading[0].gains, atol=1e-5)
    assert found.accuracy == {"D65": {"chart mean": 0.5}}
    with pytest.raises(OutputError, match="exists already"):
        profile.write(path)
    again = tmp_path / "again.toml"
    found.write(again)
    assert again.read_bytes() == path.read_bytes()


HEAD = 'format = 1\nmodel = "X"\n'
LIGHT = HEAD + '[[light]]\nilluminant = "D65"\ncolor_matrix = [[0.9, -0.2, -0.1], [-0.4, 1.2, 0.2], [-0.1, 0.2, 0.6]]\n'
TABLE = LIGHT + "[light.hue_sat_map]\ndims = [1, 2, 1]\n"


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("format = 1\n", "model is missing"),
        ("model = \n", "not readable as TOML"),
        ("a = " + "[" * 5000, "not readable as TOML"),
        ("format = 9\n" + 'model = "X"', "update Lichtbild"),
        (HEAD + "colour = 1\n", "colour is not known; allowed are"),
        ('format = 1\nmodel = "' + "x" * 2000 + '"', "at most 1000 characters"),
        ("format = 1\nmodel = 3", "model must be text"),
        (HEAD + "baseline_exposure = nan", "baseline_exposure must be a number from -10 to 10"),
        (HEAD + "light = 3", r"light must be written as \[\[light\]\]"),
        (HEAD + '[[light]]\nilluminant = "moon"', "light 1.illuminant must be one of daylight"),
        (HEAD + '[[light]]\nilluminant = "A"', "light 1.color_matrix is missing"),
        (LIGHT.replace("0.9", "inf"), "color_matrix must be three rows"),
        (LIGHT.replace("[-0.1, 0.2, 0.6]", "[-0.4, 1.2, 0.2]"), "cannot be inverted"),
        (LIGHT.replace("D65", "other"), "white_xy is missing"),
        (LIGHT + LIGHT[len(HEAD) :], "different colour temperatures"),
        (TABLE, "hue_shift must be numbers in a block"),
        (
            TABLE + 'hue_shift = "0 0"\nsat_scale = "1 1"\nval_scale = "1 nan"',
            "val_scale must be numbers from 0 to 100",
        ),
        (TABLE + 'hue_shift = "0 0 0"', "must hold 2 numbers, and holds 3"),
        (TABLE + 'hue_shift = "0 x"', "must hold numbers alone"),
        (LIGHT + "[light.hue_sat_map]\ndims = [360, 256, 256]", "dims must be hues"),
        (HEAD + "[defects]\nsize = [10, 10]\ncount = 1\npoints = '10 3'", "inside the size"),
        (HEAD + "[defects]\nsize = [10, 10]\ncount = 999999999\npoints = ''", "from 0 to 200000"),
        (HEAD + "[[noise]]\niso = 100\nscale = [1e-5, 0, 0]\noffset = [0, 0]", "must be a list of 3 numbers"),
        (HEAD + "[tone_curve]\ncount = 2\npoints = '0 0 0 1'", "must rise"),
        (HEAD + "[[lens_shading]]\nsize = [999, 2]", "from 1 to 256"),
    ],
)
def test_what_is_wrong_is_refused_in_a_line(text: str, told: str, tmp_path: Path) -> None:
    path = tmp_path / "device.toml"
    path.write_text(text)
    with pytest.raises(DeviceError, match=told) as caught:
        DeviceProfile.read(path)
    assert str(caught.value).startswith(str(path))
    assert "\n" not in str(caught.value)


def test_files_that_are_none(tmp_path: Path) -> None:
    for path in (tmp_path / "missing.toml", tmp_path):
        with pytest.raises(DeviceError, match="cannot be read"):
            DeviceProfile.read(path)
    binary = tmp_path / "binary.toml"
    binary.write_bytes(bytes(range(256)))
    with pytest.raises(DeviceError, match="not readable as TOML"):
        DeviceProfile.read(binary)
    large = tmp_path / "large.toml"
    with large.open("wb") as file:
        file.truncate(20 << 20)
    with pytest.raises(DeviceError, match="larger than 16 MB"):
        DeviceProfile.read(large)


@pytest.fixture
def installed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path))
    folder = tmp_path / "lichtbild" / "devices"
    folder.mkdir(parents=True)
    full().write(folder / "d70.toml")
    (folder / "notes.toml").write_text("something = 'else'")
    (folder / "broken.toml").write_text("[[[")
    return folder


@pytest.mark.parametrize(
    ("make", "model", "known"),
    [
        ("NIKON CORPORATION", "NIKON D70", True),
        ("Nikon", "D70", True),
        ("nikon", " d-70 ", True),
        ("NIKON CORPORATION", "NIKON D70S", True),
        ("NIKON CORPORATION", "NIKON D700", False),
        ("Canon", "D70", False),
        ("", "", False),
    ],
)
def test_found_by_make_and_model(installed: Path, make: str, model: str, known: bool) -> None:
    found = catalog.find(make, model)
    assert (found is not None) == known
    assert found is None or found.path == installed / "d70.toml"


def test_found_by_name_or_file(installed: Path) -> None:
    assert "d70" in catalog.names()
    assert "notes" not in catalog.names()
    assert catalog.load("D70").model == "NIKON D70"
    assert catalog.load(str(installed / "d70.toml")).model == "NIKON D70"
    with pytest.raises(DeviceError, match="neither a file nor a profile that is known"):
        catalog.load("d71")
    assert catalog.choose("none", "Nikon", "D70") is None
    for name in ("x" * 5000, "a\0b", "a\0b.toml"):
        with pytest.raises(DeviceError):
            catalog.load(name)
    for wrong in (3, "", None):
        with pytest.raises(RecipeError, match="device: "):
            Recipe(device=wrong)  # type: ignore[arg-type]


def test_packages_are_read_and_not_run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    package = tmp_path / "some_devices"
    (package / "data").mkdir(parents=True)
    (package / "__init__.py").write_text("raise RuntimeError('code was run')")
    replace(full(), make="Some", model="Phone").write(package / "data" / "phone.toml")
    info = tmp_path / "some_devices-1.0.dist-info"
    info.mkdir()
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: some-devices\nVersion: 1.0\n")
    (info / "entry_points.txt").write_text(
        "[lichtbild.devices]\nsome = some_devices:data\nevil = some_devices:../../etc\n"
    )
    monkeypatch.syspath_prepend(str(tmp_path))
    found = catalog.find("SOME", "phone")
    assert found is not None
    assert found.path == package / "data" / "phone.toml"


def test_adding_to_a_profile() -> None:
    old = full()
    new = DeviceProfile(
        "Nikon", "D70", noise=(Noise(100, (5e-5,) * 3, (0.0,) * 3), Noise(200, (1e-4,) * 3, (0.0,) * 3))
    )
    both = combined(old, new)
    assert [n.iso for n in both.noise] == [100, 200, 3200]
    assert both.noise[0].scale[0] == 5e-5
    assert both.lights == old.lights
    assert both.black_level == old.black_level
    with pytest.raises(DeviceError, match="is of NIKON D70, and what is to be added of Canon R5"):
        combined(old, DeviceProfile("Canon", "R5", noise=new.noise))


def test_findings() -> None:
    light = Light("D65", MATRIX, hue_sat_map=HueSatMap(table()))
    assert findings(DeviceProfile("a", "b", lights=(light,))) == []
    assert findings(DeviceProfile("a", "b")) == ["nothing is in it but names"]
    folded = table()
    folded[0, 2, 1, 0] = 100
    bad = replace(light, hue_sat_map=HueSatMap(folded), forward_matrix=MATRIX)
    told = " | ".join(findings(DeviceProfile("a", "b", lights=(bad,))))
    assert "turns neighbouring hues past each other" in told
    assert "forward matrix tints white" in told


def test_files_of_the_users_folder_that_cannot_be_read_are_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """With a slip of the pen in it, a profile was as if it were not there."""
    folder = tmp_path / "lichtbild" / "devices"
    folder.mkdir(parents=True)
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path))
    full().write(folder / "good.toml")
    assert catalog.faults() == []
    (folder / "typo.toml").write_text('format = 1\nmake "Some"\n', encoding="utf-8")
    (folder / "newer.toml").write_text("format = 9\n", encoding="utf-8")
    newer, typo = catalog.faults()
    assert "of format 9" in newer and "not readable as TOML" in typo and "typo.toml" in typo
    listed = CliRunner().invoke(root, ["devices", "list"])
    assert listed.exit_code == 0 and "good" in listed.output and "typo.toml" in listed.stderr
    checked = CliRunner().invoke(root, ["devices", "check"])
    assert checked.exit_code == 2 and "good.toml: " in checked.output and "newer.toml" in checked.stderr
    (folder / "broken.toml").write_text((folder / "good.toml").read_text().replace("[[noise]]", "[[nose]]", 1))
    checked = CliRunner().invoke(root, ["devices", "check"])
    assert checked.exit_code == 2 and "nose" in checked.stderr and "good.toml: " in checked.output
