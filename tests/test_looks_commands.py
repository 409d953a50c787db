"""`lichtbild looks`: what each command prints and writes, and how it refuses."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from click.testing import CliRunner, Result
from imagecodecs import imread, png_encode

from lichtbild.authoring import sheet, swatch
from lichtbild.authoring.check import findings
from lichtbild.cli.root import root
from lichtbild.errors import LichtbildError
from lichtbild.look import catalog, look
from lichtbild.virtual.simulate import simulate


@pytest.fixture(autouse=True)
def own_settings(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "config"))


@pytest.fixture(scope="module")
def shot(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return simulate("still-life", tmp_path_factory.mktemp("shot"), frames=1, size="320x240", iso=100, shake=0.0)[0]


def run(*words: str | Path) -> Result:
    return CliRunner().invoke(root, ["looks", *map(str, words)], catch_exceptions=True)


def refused(*words: str | Path) -> str:
    result = run(*words)
    assert isinstance(result.exception, LichtbildError), (result.output, result.exception)
    assert "\n" not in str(result.exception)
    return str(result.exception)


def test_list_and_show() -> None:
    rows = {row["name"]: row for row in json.loads(run("list", "--json").output)}
    assert set(catalog.built_in()) <= set(rows) and rows["chrome"]["title"] == "Chrome"
    assert {row["from"] for row in rows.values()} == {"Lichtbild"}
    assert "Documentary" in run("list").output
    text = run("show", "chrome").output
    assert "density = 1.2" in text and "Slide film" in text and "version" in text
    assert "is not one of" in refused("show", "nothing")


def test_new_makes_a_folder_that_develop_finds(tmp_path: Path) -> None:
    assert run("new", "evening", "--base", "soft").exit_code == 0
    made = tmp_path / "config" / "lichtbild" / "looks" / "evening"
    assert {p.name for p in made.iterdir()} == {"look.toml", "notes.md", "swatch.png"}
    evening, soft = look.load("evening"), look.load("soft")
    assert evening.tone == soft.tone and evening.hue == soft.hue and evening.title == "Evening"
    assert "evening" in catalog.names()
    assert "yours" in run("list").output
    assert "exists already" in refused("new", "evening")
    assert "comes with Lichtbild" in refused("new", "chrome")
    assert "small letters" in refused("new", "..")
    assert "is not a folder" in refused("new", "dusk", "--folder", tmp_path / "gone")
    assert run("new", "dusk", "--folder", tmp_path).exit_code == 0 and (tmp_path / "dusk" / "look.toml").is_file()
    assert "--from" in refused("new", "dawn", "a.jpg")
    assert "--lut" in refused("new", "dawn", "--lut")
    assert not (made.parent / "dawn").exists()


def test_check_names_the_line_and_what_is_odd(tmp_path: Path) -> None:
    folder = tmp_path / "odd"
    folder.mkdir()
    (folder / "look.toml").write_text('format = 2\ntitle = "Odd"\n\n[tone]\ncontrast = 9.0\n')
    told = refused("check", folder)
    assert f"{folder}" in told and ":5:" in told and "1.0 to 1.6" in told
    torn = "[[hue]]\nat = 55\nwidth = 40\nrotate = 30\n[[hue]]\nat = 90\nwidth = 40\nrotate = -30\n"
    (folder / "look.toml").write_text(f'format = 2\ntitle = "Odd"\n{torn}')
    result = run("check", folder)
    assert result.exit_code == 0 and "warning: skin hue" in result.output and "warning: hue order" in result.output
    assert "notes.md" in result.output and (folder / "swatch.png").is_file()
    assert "sound" in run("check", "natural").output
    installed = catalog.LOOKS / "natural" / "swatch.png"
    before = installed.stat().st_mtime_ns if installed.exists() else None
    run("check", str(installed.parent))
    assert before == (installed.stat().st_mtime_ns if installed.exists() else None)


def test_natural_is_its_own_measure() -> None:
    for found in findings(look.load("natural")):
        assert not found.bad and abs(found.value - (found.name in ("banding", "hue breaks"))) < 0.02, found
    assert findings(look.load("linear")) == []


def test_a_swatch_is_small_and_shows_the_greys_at_the_bottom() -> None:
    drawn = swatch.draw(look.load("natural"))
    assert drawn.shape == (swatch.HEIGHT, swatch.WIDTH, 3) and len(swatch.png(look.load("natural"))) < 4000
    ramp = drawn[-1, ::10].astype(int)
    assert np.ptp(ramp, axis=1).max() <= 1 and (np.diff(ramp[:, 1]) > 0).all()


def test_preview_of_raw_and_finished_pictures(shot: Path, tmp_path: Path) -> None:
    from lichtbild import api

    picture = tmp_path / "finished.png"
    api.develop(api.read(shot), depth="8", hdr="off").save(picture)
    out = tmp_path / "sheet.png"
    result = run("preview", shot, picture, tmp_path / "gone.dng", "-o", out, "--looks", "natural,mono", "--tile", "160")
    assert result.exit_code == 0, result.exception
    page = imread(str(out))
    columns = sheet.columns_for(2, 2)
    assert page.shape[1] == 2 * sheet.MARGIN + columns * 160 + (columns - 1) * sheet.GAP
    block = sheet.HEADING + 120 * (2 // columns) + (sheet.LABEL + sheet.GAP) * (2 // columns)
    first = page[sheet.MARGIN + sheet.HEADING :][:120, sheet.MARGIN :][:, :160].astype(int)
    again = page[sheet.MARGIN + block + sheet.HEADING :][:120, sheet.MARGIN :][:, :160].astype(int)
    # the finished picture in natural is itself: as the raw frame is in natural, but for sharpening
    assert np.abs(first - again).mean() < 3
    assert (page[sheet.MARGIN : sheet.MARGIN + 20, sheet.MARGIN : 200] > 150).any()  # its name stands above it


def test_preview_refuses(shot: Path, tmp_path: Path) -> None:
    assert "exists already" in refused("preview", shot, "-o", swatch_file(tmp_path))
    assert "one of the photographs" in refused("preview", shot, "-o", shot, "--overwrite")
    assert "does not exist" in refused("preview", tmp_path / "gone.dng", "-o", tmp_path / "a.jpg")
    assert "no look is named" in refused("preview", shot, "-o", tmp_path / "a.jpg", "--looks", ",")
    assert "is not one of" in refused("preview", shot, "-o", tmp_path / "a.jpg", "--looks", "nothing")
    assert "too large" in refused("preview", *[shot] * 200, "-o", tmp_path / "a.jpg", "--tile", "2000")
    assert not (tmp_path / "a.jpg").exists()


def swatch_file(folder: Path) -> Path:
    path = folder / "there.png"
    path.write_bytes(png_encode(np.zeros((2, 2, 3), np.uint8)))
    return path


def test_export(tmp_path: Path) -> None:
    out = tmp_path / "a.cube"
    result = run("export", "authentic", "-o", out, "--size", "9")
    assert result.exit_code == 0 and "not in it: vignette" in result.output
    assert out.read_text().count("\n") == 9**3 + 6
    assert "exists already" in refused("export", "authentic", "-o", out)
    assert ".cube" in refused("export", "authentic", "-o", tmp_path / "a.jpg")


def test_a_fit_from_files(shot: Path, tmp_path: Path) -> None:
    from lichtbild import api

    work = tmp_path / "work"
    work.mkdir()
    (work / "one.dng").write_bytes(shot.read_bytes())
    api.develop(api.read(shot), look="authentic", depth="8", hdr="off").save(work / "one.png")
    result = run("new", "found", "--folder", tmp_path, "--from", work, "--lut")
    assert result.exit_code == 0, result.exception
    assert "1 pair" in result.output and "held out" in result.output and "table" in result.output
    folder = tmp_path / "found"
    assert {p.name for p in folder.iterdir()} == {"look.toml", "notes.md", "swatch.png", "residual.cube"}
    assert (
        look.load(str(folder)).lut is not None and "Fitted to 1 finished picture" in (folder / "notes.md").read_text()
    )
    assert "no pairs" in refused("new", "other", "--folder", tmp_path, "--from", folder)
    assert not (tmp_path / "other").exists()
