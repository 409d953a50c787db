"""Every format from the command line: a night with lamps becomes each of them, and what one costs is told."""

from __future__ import annotations

import json
import re
from pathlib import Path

import imagecodecs
import numpy as np
import pytest

from lichtbild.recipe import load
from whole_program import fails, lichtbild


@pytest.fixture(scope="module")
def night(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("night")
    done = lichtbild("simulate", "street-night", "-o", folder, "--frames", "1", "--size", "480x360", "--iso", "400")
    assert done.returncode == 0, done
    return folder / "shot_01.dng"


def test_a_night_becomes_ultra_hdr_by_itself(night: Path, tmp_path: Path) -> None:
    for hdr in ("auto", "off"):
        path = tmp_path / f"{hdr}.jpg"
        done = lichtbild("develop", night, "-o", path, "--hdr", hdr, "--report", path.with_suffix(".json"))
        assert done.returncode == 0, done
    bright, plain = ((tmp_path / f"{hdr}.jpg").read_bytes() for hdr in ("auto", "off"))
    assert b"urn:iso:std:iso:ts:21496:-1" in bright and b"hdrgm" in bright and b"hdrgm" not in plain
    np.testing.assert_array_equal(imagecodecs.jpeg8_decode(bright), imagecodecs.jpeg8_decode(plain))
    told = json.loads((tmp_path / "auto.json").read_text())["decided"]["look"]
    assert told["hdr"] and told["highlights_share"] > 0.0005 and 1.0 < told["headroom"] < 4.0
    rendition = imagecodecs.ultrahdr_decode(bright)[..., :3]
    assert 1.5 < float(rendition.max()) <= 2 ** told["headroom"] * 1.05
    assert load(tmp_path / "auto.jpg").hdr == "auto"


def test_paper_becomes_a_plain_jpeg(tmp_path: Path) -> None:
    done = lichtbild(
        "simulate", "resolution-chart", "-o", tmp_path, "--frames", "1", "--size", "320x240", "--iso", "100"
    )
    assert done.returncode == 0, done
    saved = []
    for hdr in ("auto", "off"):
        done = lichtbild("develop", tmp_path / "shot_01.dng", "-o", tmp_path / f"{hdr}.jpg", "--hdr", hdr)
        assert done.returncode == 0, done
        saved.append((tmp_path / f"{hdr}.jpg").read_bytes())
    body = [data[data.index(b"\xff\xdb") :] for data in saved]
    assert body[0] == body[1] and all(b"hdrgm" not in data and b"MPF\0" not in data for data in saved)


@pytest.mark.parametrize("ending", ["avif", "jxl", "heic", "png", "exr"])
def test_each_format_is_the_same_picture(night: Path, tmp_path: Path, ending: str) -> None:
    if ending == "heic":
        pytest.importorskip("pillow_heif")
    path = tmp_path / f"a.{ending}"
    done = lichtbild("develop", night, "-o", path, "--quality", "99")
    assert done.returncode == 0 and not done.stderr, done
    cost = re.search(r", of which [0-9.]+ s for the (AVIF|JPEG XL|HEIC)$", done.stdout.strip())
    assert bool(cost) == (ending in ("avif", "jxl", "heic"))
    assert lichtbild("develop", night, "-o", tmp_path / "a.tif").returncode == 0
    wanted = imagecodecs.imread(tmp_path / "a.tif") / 65535
    if ending in ("avif", "jxl", "png"):
        read = imagecodecs.imread(path).astype(np.float64)
        read /= 1023 if ending == "avif" else 255 if ending == "png" else 65535
        assert np.sqrt(np.mean((read - wanted) ** 2)) < 0.012


def test_what_a_format_cannot_do_is_told(night: Path, tmp_path: Path) -> None:
    done = lichtbild("develop", night, "-o", tmp_path / "a.png", "--hdr", "on")
    assert done.returncode == 0 and "a PNG holds no light above white" in done.stderr
    for name, options, words in (
        ("a.avif", ("--depth", "16"), "an AVIF cannot hold 16 bits"),
        ("a.exr", ("--depth", "8"), "an OpenEXR cannot hold 8 bits"),
        ("a.jxl", ("--quality", "0"), "quality"),
        ("a.webp", (), "says no known format"),
    ):
        fails(lichtbild("develop", night, "-o", tmp_path / name, *options), words)
    assert sorted(p.name for p in tmp_path.iterdir()) == ["a.png"]
