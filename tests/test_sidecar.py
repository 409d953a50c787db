"""Files beside the raw frames: words and settings are taken over, and a broken one never costs the photograph."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

import lichtbild as lb
from lichtbild.metadata import sidecar
from lichtbild.metadata.xmp import text
from lichtbild.raw.read import probe
from lichtbild.recipe import load
from test_made import run, shots  # noqa: F401 - fixtures
from test_metadata import LAUGHS, OUTSIDE, packet
from test_output_save import exiftool

Run = Callable[..., str]
DARKTABLE = packet(
    "<dc:subject><rdf:Bag><rdf:li>Hafen</rdf:li></rdf:Bag></dc:subject>"
    "<darktable:history xmlns:darktable='http://darktable.sf.net/'><rdf:Seq/></darktable:history>",
    'xmp:Rating="3" tiff:Orientation="8" exif:GPSLatitude="53,32.5N" exif:GPSLongitude="9,58E"',
)
LIGHTROOM = packet(
    "<dc:description><rdf:Alt><rdf:li xml:lang='x-default'>At sea</rdf:li></rdf:Alt></dc:description>"
    "<dc:rights><rdf:Alt><rdf:li xml:lang='x-default'>(c) Ida</rdf:li></rdf:Alt></dc:rights>",
    'xmp:Rating="5" tiff:Orientation="6" photoshop:SidecarForExtension="DNG" photoshop:City="Kiel" '
    'xmlns:crs="http://ns.adobe.com/camera-raw-settings/1.0/" crs:Exposure2012="+1.50"',
)


@pytest.fixture
def frame(shots: list[Path], tmp_path: Path) -> Path:  # noqa: F811
    path = tmp_path / "shot.dng"
    shutil.copy(shots[0], path)
    return path


def test_words_beside_the_frame_are_in_the_photograph(frame: Path, run: Run) -> None:  # noqa: F811
    (frame.parent / "shot.xmp").write_bytes(LIGHTROOM)
    assert run("develop", frame, "-o", frame.with_suffix(".jpg"), "--report", frame.with_suffix(".json")) == ""
    found = exiftool(frame.with_suffix(".jpg"), "-G1")
    assert found["IFD0:ImageDescription"] == found["XMP-dc:Description"] == "At sea"
    assert found["IFD0:Copyright"] == "(c) Ida" and found["IFD0:Rating"] == found["XMP-xmp:Rating"] == 5
    assert found["XMP-photoshop:City"] == "Kiel" and not [k for k in found if "XMP-crs" in k]
    assert (found["File:ImageWidth"], found["File:ImageHeight"]) == (300, 400)  # turned by hand
    assert json.loads(frame.with_suffix(".json").read_text())["decided"]["metadata"] == {"sidecar": "shot.xmp"}


def test_the_exact_name_goes_before_and_its_place_becomes_gps(frame: Path, run: Run) -> None:  # noqa: F811
    (frame.parent / "shot.xmp").write_bytes(LIGHTROOM)
    (frame.parent / "shot.dng.xmp").write_bytes(DARKTABLE)
    assert run("develop", frame, "-o", frame.with_suffix(".tif")) == ""
    found = exiftool(frame.with_suffix(".tif"), "-G1")
    assert found["GPS:GPSLatitude"] == pytest.approx(53.541667) and found["GPS:GPSLongitude"] == pytest.approx(9.966667)
    assert found["XMP-dc:Subject"] == "Hafen" and found["IFD0:Rating"] == 3 and "XMP-dc:Rights" not in found
    assert found["IFD0:ImageWidth"] == 400  # only Adobe's programs keep the orientation up to date
    run("develop", frame, "-o", frame.with_name("merged.dng"))
    meta = probe(frame.with_name("merged.dng")).metadata
    assert meta.exif["GPS"][1] == (2, "N") and b"Hafen" in meta.xmp
    run("develop", frame, "-o", frame.with_name("bare.dng"), "--strip-location")
    assert "GPS" not in probe(frame.with_name("bare.dng")).metadata.exif
    assert b"exif:GPS" not in frame.with_name("bare.dng").read_bytes()


def test_no_sidecar_is_read_where_none_is_wanted(frame: Path, run: Run) -> None:  # noqa: F811
    plain = frame.with_name("plain.jpg")
    run("develop", frame, "-o", plain, "--no-sidecar")
    (frame.parent / "shot.xmp").write_bytes(LIGHTROOM)
    (frame.parent / "shot.lichtbild.json").write_text('{"ev": 2}')
    assert run("develop", frame, "-o", frame.with_name("again.jpg"), "--no-sidecar") == ""
    assert frame.with_name("again.jpg").read_bytes() == plain.read_bytes()


def test_a_sidecar_of_the_jpeg_is_not_the_raws(frame: Path) -> None:
    (frame.parent / "shot.xmp").write_bytes(LIGHTROOM.replace(b'"DNG"', b'"JPG"'))
    assert sidecar.words([frame], pytest.fail) is None
    (frame.parent / "shot.XMP").write_bytes(LIGHTROOM)
    found = sidecar.words([frame], pytest.fail)
    assert found and found[0].name == "shot.XMP" and text(found[1]["photoshop:City"]) == "Kiel"


def test_the_reference_is_asked_before_the_other_frames(shots: list[Path], tmp_path: Path, run: Run) -> None:  # noqa: F811
    mine = [Path(shutil.copy(s, tmp_path)) for s in shots]
    for path, rating in zip(mine, "123", strict=True):
        path.with_suffix(".xmp").write_bytes(packet("", f'xmp:Rating="{rating}"'))
    run("develop", *mine, "-o", tmp_path / "a.jpg", "--reference", "2")
    assert exiftool(tmp_path / "a.jpg")["Rating"] == 2
    mine[1].with_suffix(".xmp").unlink()
    run("develop", *mine, "-o", tmp_path / "b.jpg", "--reference", "2")
    assert exiftool(tmp_path / "b.jpg")["Rating"] == 1


def test_settings_beside_the_frame_are_followed_and_told(frame: Path, run: Run) -> None:  # noqa: F811
    (frame.parent / "shot.lichtbild.json").write_text('{"look": "mono", "ev": 0.5}')
    told = run("develop", frame, "-o", frame.with_suffix(".jpg"), "--ev", "-1")
    assert "shot.lichtbild.json" in told and told.count("\n") == 1
    recipe = load(frame.with_suffix(".jpg"))
    assert (recipe.look, recipe.ev) == ("mono", -1)
    picture = lb.develop(lb.read(frame))
    assert (picture.recipe["settings"]["look"], picture.recipe["settings"]["ev"]) == ("mono", 0.5)
    assert lb.develop(lb.read(frame), sidecar=False).recipe["settings"]["look"] == "natural"
    assert lb.develop(lb.read(frame), lb.Recipe()).recipe["settings"]["look"] == "natural"
    run("develop", frame, "-o", frame.with_name("again.jpg"), "--recipe", frame.with_suffix(".jpg"))
    assert frame.with_name("again.jpg").read_bytes() == frame.with_suffix(".jpg").read_bytes()


def test_an_xmp_sidecar_with_our_recipe_is_followed(frame: Path, run: Run) -> None:  # noqa: F811
    settings = packet("", "lichtbild:Settings='{\"ev\": 0.75}' xmp:Rating='2'")
    (frame.parent / "shot.dng.xmp").write_bytes(settings)
    run("develop", frame, "-o", frame.with_suffix(".jpg"))
    assert load(frame.with_suffix(".jpg")).ev == 0.75 and exiftool(frame.with_suffix(".jpg"))["Rating"] == 2


@pytest.mark.parametrize(
    ("name", "content", "words"),
    [
        ("shot.xmp", b"<x:xmpmeta", "shot.xmp: cannot be read as a sidecar (line 1"),
        ("shot.xmp", b"", "shot.xmp: cannot be read as a sidecar"),
        ("shot.dng.xmp", LAUGHS, "declares a document type"),
        ("shot.dng.xmp", OUTSIDE, "declares a document type"),
        ("shot.xmp", b" " * (17 << 20), "larger than 16 MB"),
        ("shot.lichtbild.json", b"{", "shot.lichtbild.json:1: is not JSON"),
        ("shot.lichtbild.json", b"\xff\xfe\0", "shot.lichtbild.json"),
        ("shot.lichtbild.json", b'{"ev": 99}', "outside -5"),
        ("shot.lichtbild.json", b'{"no": 1}', "no setting is named no"),
        ("shot.lichtbild.json", b" " * (2 << 20), "larger than 1 MB"),
        ("shot.lichtbild.json", b'{"settings": {"ev": 1}, "software": "Lichtbild 99"}', "newer"),
    ],
    ids=range(11),
)
def test_a_broken_sidecar_is_named_and_the_photograph_is_made(
    frame: Path,
    run: Run,  # noqa: F811
    name: str,
    content: bytes,
    words: str,
) -> None:
    (frame.parent / name).write_bytes(content)
    told = run("develop", frame, "-o", frame.with_suffix(".jpg"))
    assert told.startswith("warning: ") and told.count("\n") == 1 and name in told and words in told
    assert load(frame.with_suffix(".jpg")).ev == 0
