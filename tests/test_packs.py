"""Packs: made, checked, built the same byte for byte, installed whole or not at all, and named by version in
recipes."""

from __future__ import annotations

import datetime
import json
import sys
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from lichtbild.cli.packs import command as packs_command
from lichtbild.errors import LichtbildError, PackError, RecipeError
from lichtbild.look import look
from lichtbild.packs import catalog, entry_points, manifest, names, store
from lichtbild.packs.new import begin
from lichtbild.packs.use import pinned
from lichtbild.recipe import Recipe, load


@pytest.fixture(autouse=True)
def packs_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    folder = tmp_path / "store"
    monkeypatch.setenv("LICHTBILD_PACKS", str(folder))
    return folder


@pytest.fixture
def alpenglow(tmp_path: Path) -> Path:
    folder = tmp_path / "alpenglow"
    begin(folder, "Studio Alpenglow")
    return folder


def run(*words: object) -> Result:
    return CliRunner().invoke(packs_command, [str(w) for w in words])


def edit(file: Path, old: str, new: str) -> None:
    text = file.read_text(encoding="utf-8")
    assert old in text
    file.write_text(text.replace(old, new), encoding="utf-8")


def released(folder: Path, version: str) -> Path:
    """The pack with another version."""
    about = manifest.read(folder)
    edit(folder / "pack.toml", f'version = "{about.version}"', f'version = "{version}"')
    return folder


def test_a_new_pack_passes_the_check_and_has_one_of_everything(alpenglow: Path) -> None:
    done = run("check", alpenglow)
    assert done.exit_code == 0, done.output
    pack, new = store.install(alpenglow)
    assert new
    assert {kind: pack.items(kind) for kind in ("looks", "modes", "lenses", "frames")} == {
        "looks": ("evening",),
        "modes": ("evening",),
        "lenses": ("old-glass",),
        "frames": ("card",),
    }
    assert pack.manifest.maker == "Studio Alpenglow"
    assert pack.mark() is not None


@pytest.mark.parametrize("name", ["con", "UPPER", "a b", "-x", "x" * 41, "ä"])
def test_a_new_pack_has_a_name_that_works_everywhere(tmp_path: Path, name: str) -> None:
    with pytest.raises(PackError, match="small letters"):
        begin(tmp_path / name, "Somebody")
    assert not (tmp_path / name).exists()


@pytest.mark.parametrize("name", ["", "."])
def test_a_pack_is_not_begun_in_the_folder_itself(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    (tmp_path / "alpenglow").mkdir()
    monkeypatch.chdir(tmp_path / "alpenglow")
    with pytest.raises(PackError, match="exists already"):
        begin(Path(name), "Somebody")
    assert not list(tmp_path.glob("*/*")) and [p.name for p in tmp_path.iterdir()] == ["alpenglow"]


def test_building_gives_the_same_bytes_and_installs_like_the_folder(alpenglow: Path, tmp_path: Path) -> None:
    built = []
    for place in ("one", "two"):
        (tmp_path / place).mkdir()
        for file in alpenglow.rglob("*"):
            file.touch()
        done = run("build", alpenglow, "-o", tmp_path / place)
        assert done.exit_code == 0, done.output
        built.append((tmp_path / place / "alpenglow-0.1.0.lichtbild.zip").read_bytes())
    assert built[0] == built[1]
    assert store.collect(tmp_path / "one" / "alpenglow-0.1.0.lichtbild.zip") == store.collect(alpenglow)
    assert run("build", alpenglow, "-o", tmp_path / "one").exception is not None  # it exists already


def test_an_installed_pack_is_not_replaced_by_other_content(alpenglow: Path) -> None:
    store.install(alpenglow)
    assert store.install(alpenglow)[1] is False  # the same once more
    edit(alpenglow / "looks/evening/look.toml", "contrast = 1.2", "contrast = 1.3")
    with pytest.raises(PackError, match="installed already, with other content"):
        store.install(alpenglow)
    assert look.load("alpenglow/evening").tone.contrast == 1.2
    store.install(alpenglow, overwrite=True)
    assert look.load("alpenglow/evening").tone.contrast == 1.3


def test_versions_lie_side_by_side_and_the_newest_is_meant(alpenglow: Path) -> None:
    for version in ("0.9.0", "0.10.0", "0.10.0-rc.1"):
        edit(alpenglow / "looks/evening/look.toml", 'title = "', 'title = "+')
        store.install(released(alpenglow, version))
    assert store.versions("alpenglow") == ("0.10.0", "0.10.0-rc.1", "0.9.0")
    assert pinned(Recipe(look="alpenglow/evening")).look == "alpenglow/evening@0.10.0"
    assert look.load("alpenglow/evening@0.9.0").title == "+Evening"
    done = run("remove", "alpenglow")
    assert isinstance(done.exception, PackError)
    assert "3 versions" in str(done.exception)
    assert run("remove", "alpenglow@0.9.0").exit_code == 0
    assert store.versions("alpenglow") == ("0.10.0", "0.10.0-rc.1")


def test_a_fault_leaves_nothing_behind(alpenglow: Path, packs_folder: Path) -> None:
    edit(alpenglow / "looks/evening/look.toml", "contrast = 1.2", "contrast = 12")
    with pytest.raises(LichtbildError, match=r"alpenglow.looks.evening.look\.toml:\d+: tone.contrast is 12"):
        store.install(alpenglow)
    assert not [p for p in packs_folder.rglob("*") if p.is_file()]
    assert store.names() == ()


@pytest.mark.parametrize(
    ("file", "content", "said"),
    [
        ("table.cube", "LUT_3D_SIZE 2\n" + "0.5 0.5 0.5\n" * 8, ""),
        ("table.cube", "LUT_3D_SIZE 2\n" + "0.5 0.5\n" * 8, r"looks/evening/table\.cube:2"),
        ("table.cube", "LUT_3D_SIZE 99\n", r"table\.cube:1: LUT_3D_SIZE is '99'"),
        ("none.cube", "", "cannot be read"),
        ("../../../../etc/passwd", "", "a file in the look's own folder"),
    ],
)
def test_tables_of_colours_are_read_too(alpenglow: Path, file: str, content: str, said: str) -> None:
    with (alpenglow / "looks/evening/look.toml").open("a") as look_file:
        look_file.write(f'\n[lut]\nfile = "{file}"\n')
    if content:
        (alpenglow / "looks/evening" / file).write_text(content)
    if not said:
        assert store.install(alpenglow)[1]
        return
    with pytest.raises(PackError, match=said):
        store.install(alpenglow)
    assert store.names() == ()


def test_remove_deletes_what_install_made_and_no_more(alpenglow: Path, packs_folder: Path) -> None:
    pack, _ = store.install(alpenglow)
    (pack.root / "looks" / "own notes.txt").write_text("mine")
    done = run("remove", "alpenglow@0.1.0")
    assert "still there" in done.output
    assert [p.name for p in packs_folder.rglob("*") if p.is_file()] == ["own notes.txt"]
    by_hand = packs_folder / "byhand" / "1.0.0"
    by_hand.mkdir(parents=True)
    (by_hand / "pack.toml").write_text((alpenglow / "pack.toml").read_text())
    with pytest.raises(PackError, match="not put there by lichtbild"):
        store.remove("byhand", "1.0.0")
    assert (by_hand / "pack.toml").exists()


def test_a_tampered_receipt_deletes_nothing_outside(alpenglow: Path, tmp_path: Path) -> None:
    pack, _ = store.install(alpenglow)
    outside = tmp_path / "precious.txt"
    outside.write_text("mine")
    (pack.root / store.RECEIPT).write_text(json.dumps({"files": ["../../../precious.txt"]}))
    with pytest.raises(PackError, match="not put there"):
        store.remove("alpenglow", "0.1.0")
    (pack.root / store.RECEIPT).write_text(json.dumps({"files": ["looks/evening/look.toml"]}))
    (pack.root / "looks").rename(tmp_path / "moved")
    (pack.root / "looks").symlink_to(tmp_path / "moved")
    store.remove("alpenglow", "0.1.0")
    assert outside.exists()
    assert (tmp_path / "moved" / "evening" / "look.toml").exists()


def test_what_is_missing_is_said_with_what_to_install(alpenglow: Path, tmp_path: Path) -> None:
    with pytest.raises(PackError, match=r"pack alpenglow is not installed; install it with lichtbild packs install"):
        pinned(Recipe().with_changes(frame="alpenglow/card"))
    with pytest.raises(LichtbildError, match="not installed"):
        Recipe(look="alpenglow/evening")
    store.install(alpenglow)
    with pytest.raises(PackError, match=r"version 0\.1\.0 is installed and not 0\.2\.0"):
        pinned(Recipe().with_changes(frame="alpenglow/card@0.2.0"))
    with pytest.raises(PackError, match="no 'morning' among its looks; there are: evening"):
        Recipe(look="alpenglow/morning")
    saved = tmp_path / "recipe.json"
    saved.write_text(json.dumps({"look": "alpenglow/evening@0.2.0"}))
    with pytest.raises(RecipeError, match=r"recipe\.json: alpenglow/evening@0\.2\.0: of the pack alpenglow"):
        load(saved)


def test_days_count_for_new_photographs_and_not_for_those_that_name_a_version(alpenglow: Path) -> None:
    edit(alpenglow / "pack.toml", "# valid_from = 2026-01-01\n# valid_until = 2028-12-31", "valid_until = 2001-01-31")
    store.install(alpenglow)
    with pytest.raises(PackError, match=r"was offered until 2001-01-31; .* name its version, alpenglow/card@0\.1\.0"):
        pinned(Recipe().with_changes(frame="alpenglow/card"))
    assert pinned(Recipe().with_changes(frame="alpenglow/card@0.1.0")).frame == "alpenglow/card@0.1.0"
    said: list[str] = []
    record = catalog.record("alpenglow/card@0.1.0", "frames", "Maker", "One", said.append)
    assert "was offered until 2001-01-31" in said[0]
    assert record["signed_off"] is False
    about = manifest.read(alpenglow)
    assert about.out_of_date(datetime.date(2001, 1, 31)) == ""
    assert "not offered" not in run("list").output
    assert "was offered until" in run("list").output


def test_a_device_is_signed_off_by_name(alpenglow: Path) -> None:
    with (alpenglow / "pack.toml").open("a") as file:
        file.write('\n[[device]]\nmake = "Lichtbild"\nmodel = "Virtual  Phone"\n')
    about = manifest.read(alpenglow)
    assert about.signed_off("LICHTBILD", "Virtual Phone")
    assert not about.signed_off("Lichtbild", "Other")


def test_a_mode_fills_in_what_is_not_said(alpenglow: Path) -> None:
    store.install(alpenglow)
    recipe = Recipe().with_changes(mode="alpenglow/evening", ev=-0.5)
    assert (recipe.mode, recipe.look) == ("alpenglow/evening@0.1.0", "alpenglow/evening@0.1.0")
    assert (recipe.rendering, recipe.ev) == ("alpenglow/old-glass@0.1.0", -0.5)
    again = Recipe().with_changes(**{**recipe.to_dict(), "ev": 0.0})  # as a photograph's own recipe is read
    assert again.ev == 0.0
    edit(alpenglow / "modes/evening/mode.toml", "ev = 0.2", "ev = 20")
    with pytest.raises(PackError, match=r"mode\.toml:\d+: settings\.ev: 20 is outside"):
        store.install(released(alpenglow, "0.2.0"))
    edit(alpenglow / "modes/evening/mode.toml", "ev = 20", "depth = 16")
    with pytest.raises(PackError, match=r"settings\.depth: is not known"):
        store.install(alpenglow)


def test_packages_bring_packs_without_running_their_code(
    alpenglow: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    site = tmp_path / "site"
    data = site / "alpenglow_pack" / "data"
    data.parent.mkdir(parents=True)
    alpenglow.rename(data)
    (site / "alpenglow_pack" / "__init__.py").write_text("raise SystemExit('code of a data pack was run')")
    about = site / "alpenglow_pack-1.dist-info"
    about.mkdir()
    (about / "METADATA").write_text("Metadata-Version: 2.1\nName: alpenglow-pack\nVersion: 1\n")
    (about / "entry_points.txt").write_text(
        "[lichtbild.packs]\na = alpenglow_pack.data\nb = alpenglow_pack.missing\nc = ..:evil\n"
    )
    monkeypatch.syspath_prepend(str(site))
    found, faults = entry_points.packs()
    assert [p.title for p in found] == ["alpenglow@0.1.0"]
    assert len(faults) == 2
    assert "alpenglow_pack" not in sys.modules
    assert pinned(Recipe(look="alpenglow/evening")).look == "alpenglow/evening@0.1.0"
    assert "from a Python package" in run("list").output
    assert "alpenglow_pack" not in sys.modules


def test_references_and_versions() -> None:
    assert names.parse("natural", "look") is None
    assert names.parse("a/b@1.2.3-rc.1", "look") == names.Reference("a", "b", "1.2.3-rc.1")
    for wrong in ("a/b@1", "a/b/c", "../x", "a/", "/b", "a/b@", "A/b", "a\0/b", ""):
        with pytest.raises(PackError):
            names.parse(wrong, "look")
    newest = ["1.10.0", "1.0.1", "1.0.0", "1.0.0-rc.11", "1.0.0-rc.2", "1.0.0-alpha.b", "1.0.0-alpha.1", "1.0.0-alpha"]
    assert sorted(newest, key=names.precedence, reverse=True) == newest
    assert sorted(newest, key=names.precedence) == newest[::-1]


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ('version = "0.1.0"', 'version = "1"', r"pack\.toml:4: version: is '1'; allowed is a version like 1\.0\.0"),
        ('version = "0.1.0"', "", "version is missing"),
        ("format = 1", "format = 2", r"pack\.toml:2: format: format 2 is newer"),
        ('mark = "mark.svg"', 'mark = "../mark.svg"', "may have"),
        ('mark = "mark.svg"', 'mark = "none.svg"', r"there is no file none\.svg"),
        ("# valid_from = 2026-01-01", 'valid_from = "soon"', "a day like 2026-01-31"),
        ('maker = "Studio Alpenglow"', 'maker = "a\\nb"', "text in quotes"),
        ('title = "alpenglow"', "code = 1", "code: is not known"),
        ('title = "alpenglow"', "title = [", "is not TOML"),
    ],
)
def test_a_wrong_manifest_is_refused_with_its_line(alpenglow: Path, old: str, new: str, said: str) -> None:
    edit(alpenglow / "pack.toml", old, new)
    with pytest.raises(PackError, match=said) as refused:
        store.install(alpenglow)
    assert "\n" not in str(refused.value)
    assert run("check", alpenglow).exit_code != 0
