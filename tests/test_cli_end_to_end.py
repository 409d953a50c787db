"""The whole program: a burst of the virtual camera becomes a photograph, and bad input becomes one clear line."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import imagecodecs
import numpy as np
import pytest
import tifffile
from PIL import Image

import lichtbild as lb
from lichtbild.output.dng import write_dng
from lichtbild.raw.read import read_frame
from lichtbild.recipe import load
from whole_program import fails, lichtbild


@pytest.fixture(scope="module")
def shots(tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    folder = tmp_path_factory.mktemp("burst")
    done = lichtbild("simulate", "resolution-chart", "-o", folder, "--frames", "3", "--size", "480x320", "--iso", "800")
    assert done.returncode == 0 and done.stdout.startswith(f"{folder}: 3 frames of 480 x 320, "), done
    return sorted(folder.glob("shot_*.dng"))


@pytest.fixture(scope="module")
def photo(shots: list[Path], tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("photo") / "photo.jpg"
    done = lichtbild("develop", *shots, "-o", path, "--report", path.with_suffix(".json"))
    assert done.returncode == 0 and "480 x 320" in done.stdout and "3 of 3 frames" in done.stdout, done
    return path


def test_a_burst_becomes_a_photograph(photo: Path) -> None:
    image = imagecodecs.imread(photo)
    assert image.shape == (320, 480, 3) and image.std() > 20
    report = json.loads(photo.with_suffix(".json").read_text())
    assert {"raw", "burst", "develop", "look"} <= set(report["decided"])
    assert {"probe", "read", "merge", "develop", "look", "output"} <= set(report["seconds"])


def test_camera_lens_and_exposure_are_kept(photo: Path, shots: list[Path]) -> None:
    raw = read_frame(shots[0], lb.Report()).metadata
    with Image.open(photo) as opened:
        top, exif = opened.getexif(), opened.getexif().get_ifd(34665)
    assert (top[271], top[272], top[274]) == (raw.make, raw.model, 1)
    assert (exif[34855], float(exif[33434])) == (raw.iso, pytest.approx(raw.exposure_time))
    assert exif[36867] == raw.capture_time[:19] and (exif[40962], exif[40963]) == (480, 320)


def test_the_same_run_gives_the_same_bytes(photo: Path, shots: list[Path], tmp_path: Path) -> None:
    assert lichtbild("develop", *reversed(shots), "-o", tmp_path / "again.jpg").returncode == 0
    assert (tmp_path / "again.jpg").read_bytes() == photo.read_bytes()
    made = lichtbild("develop", *shots, "-o", tmp_path / "from_photo.jpg", "--recipe", photo)
    assert made.returncode == 0 and (tmp_path / "from_photo.jpg").read_bytes() == photo.read_bytes()


def test_python_makes_the_same_picture(photo: Path, shots: list[Path], tmp_path: Path) -> None:
    picture = lb.develop(lb.read(*shots))
    picture.save(tmp_path / "a.jpg")
    picture.save(tmp_path / "a.tif")
    assert load(tmp_path / "a.jpg").with_changes(depth="8") == load(photo)
    assert tifffile.imread(tmp_path / "a.tif").dtype == np.uint16
    difference = imagecodecs.imread(tmp_path / "a.jpg").astype(int) - imagecodecs.imread(photo)
    assert np.abs(difference).mean() < 0.5


@pytest.mark.parametrize(
    ("name", "options", "dtype"),
    [
        ("a.png", (), "uint8"),
        ("a.png", ("--depth", "16", "--space", "p3"), "uint16"),
        ("a.tif", ("--space", "rec2020", "--wb", "4000,5"), "uint16"),
        ("a.tiff", ("--depth", "32f", "--look", "linear"), "float32"),
        ("a.jpeg", ("--look", "mono", "--quality", "97", "--reference", "2"), "uint8"),
        ("a.jpg", ("--wb", "auto", "--look", "authentic", "--ev", "+0.5", "--denoise", "0", "--sharpen", "0"), "uint8"),
    ],
)
def test_every_format_and_setting(
    name: str, options: tuple[str, ...], dtype: str, shots: list[Path], tmp_path: Path
) -> None:
    done = lichtbild("develop", *shots, "-o", tmp_path / name, *options)
    assert done.returncode == 0 and done.stderr == "", done
    image = imagecodecs.imread(tmp_path / name)
    assert image.shape == (320, 480, 3) and image.dtype == dtype and image.std() > 0
    if "mono" in options:
        assert np.ptp(image.astype(int), axis=2).max() <= 2


def test_size_sets_the_long_edge(shots: list[Path], tmp_path: Path) -> None:
    assert "240 x 160" in lichtbild("develop", *shots, "-o", tmp_path / "a.jpg", "--size", "240").stdout
    assert imagecodecs.imread(tmp_path / "a.jpg").shape == (160, 240, 3)
    assert "480 x 320" in lichtbild("develop", *shots, "-o", tmp_path / "b.jpg", "--size", "5000").stdout


def test_a_merged_dng_is_developed_like_the_burst(photo: Path, shots: list[Path], tmp_path: Path) -> None:
    assert lichtbild("develop", *shots, "-o", tmp_path / "m.dng").returncode == 0
    frame = read_frame(tmp_path / "m.dng", lb.Report())
    single = read_frame(shots[0], lb.Report())
    assert frame.mosaic.shape == single.mosaic.shape and frame.cfa == single.cfa
    assert lichtbild("develop", tmp_path / "m.dng", "-o", tmp_path / "m.jpg").returncode == 0
    difference = imagecodecs.imread(tmp_path / "m.jpg").astype(float) - imagecodecs.imread(photo)
    assert np.abs(difference).mean() < 3
    assert json.loads((lichtbild("info", "--json", tmp_path / "m.dng")).stdout)["white_level"] > 0


def test_place_and_words_are_kept_and_a_turned_frame_is_turned_upright(shots: list[Path], tmp_path: Path) -> None:
    frame = read_frame(shots[0], lb.Report())
    exif = {
        **frame.metadata.exif,
        "Image": {**frame.metadata.exif["Image"], 315: (2, "Jana Müller"), 33432: (2, "J. M.")},
        "GPS": {1: (2, "N"), 2: (5, ((48, 1), (8, 1), (15, 1))), 3: (2, "E"), 4: (5, ((11, 1), (34, 1), (30, 1)))},
    }
    turned = replace(frame, metadata=replace(frame.metadata, orientation=6, exif=exif))
    write_dng(turned, tmp_path / "turned.dng")
    assert "320 x 480" in lichtbild("develop", tmp_path / "turned.dng", "-o", tmp_path / "p.jpg").stdout
    assert "480 x 320" in lichtbild("develop", tmp_path / "turned.dng", "-o", tmp_path / "m.dng").stdout
    with Image.open(tmp_path / "p.jpg") as opened:
        top = opened.getexif()
        place = top.get_ifd(34853)
    assert (opened.size, top[274], top[33432]) == ((320, 480), 1, "J. M.")
    assert (place[1], tuple(map(float, place[2])), place[3]) == ("N", (48, 8, 15), "E")
    kept = read_frame(tmp_path / "m.dng", lb.Report()).metadata
    assert kept.orientation == 6 and kept.exif["GPS"][2] == exif["GPS"][2]
    upright, made = (lb.develop(lb.read(p), depth=16).image.astype(int) for p in (shots[0], tmp_path / "turned.dng"))
    np.testing.assert_allclose(made, np.rot90(upright, -1), atol=64)


def test_info_for_people_and_for_programs(shots: list[Path]) -> None:
    told = lichtbild("info", *shots[:2]).stdout
    assert told.count("480 x 320") == 2 and "ISO 800" in told and "RGGB" in told and "GainMap" in told
    found = json.loads(lichtbild("info", "--json", shots[0]).stdout)
    assert (found["width"], found["height"], found["iso"], found["cfa"]) == (480, 320, 800, "RGGB")
    assert len(json.loads(lichtbild("info", "--json", *shots).stdout)) == 3


def test_info_goes_on_after_a_bad_file(shots: list[Path], tmp_path: Path) -> None:
    (tmp_path / "bad.dng").touch()
    done = lichtbild("info", tmp_path / "bad.dng", shots[0])
    assert done.returncode == 2 and "480 x 320" in done.stdout
    assert done.stderr.startswith(f"error: {tmp_path / 'bad.dng'}: ") and done.stderr.count("\n") == 1
    assert len(json.loads(lichtbild("info", "--json", tmp_path / "bad.dng", shots[0]).stdout)) == 1


def not_a_raw(folder: Path, shot: Path) -> Path:
    (folder / "text.dng").write_text("Dear diary, " * 1000)
    return folder / "text.dng"


def empty(folder: Path, shot: Path) -> Path:
    (folder / "empty.dng").touch()
    return folder / "empty.dng"


def a_folder(folder: Path, shot: Path) -> Path:
    (folder / "folder.dng").mkdir()
    return folder / "folder.dng"


def missing(folder: Path, shot: Path) -> Path:
    return folder / "missing.dng"


def a_photograph(folder: Path, shot: Path) -> Path:
    Image.new("RGB", (64, 64)).save(folder / "finished.jpg")
    return folder / "finished.jpg"


def cut_short(folder: Path, shot: Path) -> Path:
    (folder / "cut.dng").write_bytes(shot.read_bytes()[:20_000])
    return folder / "cut.dng"


def a_fifo(folder: Path, shot: Path) -> Path:
    os.mkfifo(folder / "fifo.dng")
    return folder / "fifo.dng"


def a_circle_of_links(folder: Path, shot: Path) -> Path:
    (folder / "circle.dng").symlink_to("circle.dng")
    return folder / "circle.dng"


def a_long_name(folder: Path, shot: Path) -> Path:
    return folder / ("x" * 300 + ".dng")


BAD = [not_a_raw, empty, a_folder, missing, a_photograph, cut_short, a_fifo, a_circle_of_links, a_long_name]


@pytest.mark.parametrize("make", BAD)
def test_a_bad_file_alone_is_one_line(make: Callable[[Path, Path], Path], shots: list[Path], tmp_path: Path) -> None:
    bad = make(tmp_path, shots[0])
    fails(lichtbild("develop", bad, "-o", tmp_path / "p.jpg"), bad.name, ";")
    fails(lichtbild("info", bad), bad.name, ";")
    assert not [p for p in tmp_path.iterdir() if p != bad]


@pytest.mark.parametrize("make", BAD)
def test_a_bad_file_in_a_burst_is_left_out(
    make: Callable[[Path, Path], Path], shots: list[Path], tmp_path: Path
) -> None:
    bad = make(tmp_path, shots[0])
    done = lichtbild("develop", bad, *shots, "-o", tmp_path / "p.jpg")
    assert done.returncode == 0 and "3 of 4 frames" in done.stdout, done
    assert [bad.name in line for line in done.stderr.splitlines()] == [True], done.stderr


def test_another_cameras_frame_is_left_out(shots: list[Path], tmp_path: Path) -> None:
    other = tmp_path / "shot_99.dng"
    done = lichtbild(
        "simulate", "resolution-chart", "-o", tmp_path, "--frames", "1", "--size", "480x320", "--camera", "system"
    )
    assert done.returncode == 0, done
    (tmp_path / "shot_01.dng").rename(other)
    done = lichtbild("develop", *shots, other, "-o", tmp_path / "p.jpg", "--reference", "1")
    names = [line for line in done.stderr.splitlines() if line.startswith("warning: ")]
    assert done.returncode == 0 and "3 of 4 frames" in done.stdout and len(names) == 1, done
    assert "shot_" in names[0] and "camera" in names[0]


def test_another_size_is_left_out(shots: list[Path], tmp_path: Path) -> None:
    lichtbild("simulate", "resolution-chart", "-o", tmp_path, "--frames", "1", "--size", "320x240")
    done = lichtbild("develop", *shots, tmp_path / "shot_01.dng", "-o", tmp_path / "p.jpg", "--reference", "1")
    assert done.returncode == 0 and "3 of 4 frames" in done.stdout and done.stderr.startswith("warning: "), done


def test_the_same_frame_twice_counts_once(shots: list[Path], tmp_path: Path) -> None:
    copy = tmp_path / "link.dng"
    copy.symlink_to(shots[0])
    done = lichtbild("develop", shots[0], copy, shots[0], "-o", tmp_path / "p.jpg")
    assert done.returncode == 0 and "1 frame," in done.stdout


def test_kernels_that_are_missing_are_one_line(shots: list[Path], tmp_path: Path) -> None:
    package = Path(lb.__file__).parent
    bare = tmp_path / "lichtbild"
    shutil.copytree(package, bare, ignore=shutil.ignore_patterns("*.so", "__pycache__"))
    # Without `site`, so that an editable installation's import hooks cannot find the whole package again.
    command = [sys.executable, "-S", "-m", "lichtbild", "develop", str(shots[0]), "-o", str(tmp_path / "p.jpg")]
    packages = str(Path(imagecodecs.__file__).parent.parent)
    env = {**os.environ, "PYTHONPATH": os.pathsep.join([str(tmp_path), packages])}
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, env=env, check=False)
    fails(done, "libkernels.so", "make kernels")


@pytest.mark.parametrize("after", [0.0, 0.05, 0.1, 0.2, 0.3, 0.5])
def test_ctrl_c_at_any_time(after: float, shots: list[Path], tmp_path: Path) -> None:
    out = tmp_path / "p.tif"
    start = (  # ready is what `main` has begun with: before, Python itself answers
        "from lichtbild.cli import main\n"
        "first = main._open_streams\n"
        "main._open_streams = lambda: (first(), print('ready', flush=True))\n"
        "main.main()"
    )
    command = [sys.executable, "-c", start, "develop", *map(str, shots), "-o", str(out)]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    assert process.stdout and process.stdout.readline() == "ready\n"
    time.sleep(after)
    process.send_signal(signal.SIGINT)
    told, errors = process.communicate(timeout=60)
    assert process.returncode in (0, 130) and "Traceback" not in errors and "Exception" not in errors
    assert (process.returncode == 0) == out.exists() == bool(told)
    assert [p.name for p in tmp_path.iterdir()] == ([out.name] if out.exists() else [])
