"""Pictures as files: pixels, colour profile, EXIF and the recipe, as other programs read them."""

from __future__ import annotations

import io
import json
import shutil
import subprocess
from dataclasses import replace
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import imagecodecs
import numpy as np
import pytest
import tifffile
from PIL import Image

from lichtbild.carriers import Metadata, Picture
from lichtbild.errors import OutputError
from lichtbild.output import exif, icc, jpeg, xmp
from lichtbild.output.save import save_picture

EXIF = {
    "Image": {
        270: (2, "A street at <night> & rain"),
        306: (2, "2026:01:31 12:00:00"),
        315: (2, "Jana Müller"),
        274: (3, 6),
        256: (4, 99),
        33432: (2, "J. M."),
        50706: (1, (1, 4, 0, 0)),
    },
    "Exif": {
        33434: (5, (1, 160)),
        33437: (5, (28, 10)),
        34855: (3, 400),
        36867: (2, "2026:01:31 12:00:00"),
        37500: (7, b"maker's own" * 10),
        37386: (5, (35, 1)),
        40961: (3, 2),
        40962: (4, 99),
        40963: (4, 98),
        42034: (5, ((24, 1), (70, 1), (28, 10), (28, 10))),
    },
    "GPS": {1: (2, "N"), 2: (5, ((48, 1), (8, 1), (15, 1))), 3: (2, "E"), 4: (5, ((11, 1), (34, 1), (30, 1)))},
}
META = Metadata(
    make="Optik", model="O-1", lens="24-70 f/2.8", capture_time="2026:01:31 12:00:00.25", orientation=1, exif=EXIF
)
RECIPE: dict[str, Any] = {
    "software": "Lichtbild",
    "frames": ["shot_1.dng", "schöne <2>.dng"],
    "settings": {"look": "authentic", "ev": 0.5, "depth": None},
    "decided": {"burst": {"reference": 2, "frames": 8, "used": 7}, "look": {"ev": np.float32(0.25)}},
}


def smooth(height: int = 61, width: int = 83) -> np.ndarray:
    """A smooth colourful image in 0..1, kind to JPEG."""
    y, x = np.mgrid[0:height, 0:width] / max(height, width)
    return np.stack([0.2 + 0.6 * x, 0.5 + 0.3 * np.sin(3 * y), 0.8 - 0.5 * x * y], axis=-1)


def picture(dtype: Any = np.uint8, space: str = "srgb", **changes: Any) -> Picture:
    scale = 1 if dtype is np.float32 else np.iinfo(dtype).max
    image = (smooth() * scale).astype(dtype)
    return replace(Picture(image, space, META, RECIPE), **changes)


def with_depth(depth: str | None) -> dict[str, Any]:
    return {**RECIPE, "settings": {**RECIPE["settings"], "depth": depth}}


def exiftool(path: Path, *options: str) -> dict[str, Any]:
    if not shutil.which("exiftool"):
        pytest.skip("exiftool is not installed")
    told = subprocess.run(["exiftool", "-j", "-n", *options, path], capture_output=True, text=True, check=True)
    found: dict[str, Any] = json.loads(told.stdout)[0]
    return found


def recipe_in(packet: bytes) -> dict[str, Any]:
    root = ElementTree.fromstring(packet.decode().split("?>", 1)[1].rsplit("<?", 1)[0])
    return {
        e.tag.partition("}")[2].lower(): json.loads(e.text or "")
        for e in root.iter()
        if e.tag.startswith(f"{{{xmp.NAMESPACE}}}")
    }


@pytest.mark.parametrize("name", ["a.jpg", "a.png", "a.tif"])
def test_what_other_programs_read(tmp_path: Path, name: str) -> None:
    path = tmp_path / name
    save_picture(picture(np.uint16), path)
    found = exiftool(path, "-G1")
    for key, value in {
        "IFD0:Make": "Optik",
        "IFD0:Model": "O-1",
        "IFD0:Orientation": 1,
        "IFD0:Artist": "Jana Müller",
        "IFD0:Copyright": "J. M.",
        "IFD0:ImageDescription": "A street at <night> & rain",
        "ExifIFD:ExposureTime": 1 / 160,
        "ExifIFD:FNumber": 2.8,
        "ExifIFD:ISO": 400,
        "ExifIFD:FocalLength": 35,
        "ExifIFD:DateTimeOriginal": "2026:01:31 12:00:00",
        "ExifIFD:SubSecTimeOriginal": 25,
        "ExifIFD:LensModel": "24-70 f/2.8",
        "ExifIFD:LensInfo": "24 70 2.8 2.8",
        "ExifIFD:ColorSpace": 1,
        "ExifIFD:CompositeImage": 3,
        "ExifIFD:CompositeImageCount": "8 7",
        "GPS:GPSLatitudeRef": "N",
        "XMP-tiff:Orientation": 1,
        "XMP-xmp:CreateDate": "2026:01:31 12:00:00.25",
        "ICC_Profile:ProfileDescription": "sRGB (Lichtbild)",
    }.items():
        assert found[key] == pytest.approx(value), key
    if name != "a.tif":
        assert (found["ExifIFD:ExifImageWidth"], found["ExifIFD:ExifImageHeight"]) == (83, 61)
    assert found["IFD0:Software"].startswith("Lichtbild ")
    assert found["XMP-xmp:CreatorTool"] == found["IFD0:Software"]
    assert found["GPS:GPSLatitude"] == pytest.approx(48.1375)
    assert not [key for key in found if "MakerNote" in key or "Thumbnail" in key or "DNG" in key]
    assert json.loads(found["XMP-lichtbild:Settings"])["look"] == "authentic"


@pytest.mark.parametrize(("name", "dtype"), [("a.jpg", np.uint8), ("a.png", np.uint16), ("a.tif", np.float32)])
def test_a_strict_reader_has_nothing_to_complain(tmp_path: Path, name: str, dtype: Any) -> None:
    depth = {np.uint8: "8", np.uint16: "16", np.float32: "32f"}[dtype]
    without_place = replace(META, exif={key: value for key, value in EXIF.items() if key != "GPS"})
    save_picture(picture(dtype, recipe=with_depth(depth), metadata=without_place), tmp_path / name)
    found = exiftool(tmp_path / name, "-validate", "-warning", "-error", "-a")
    assert found.get("Validate") in (None, "0 0 0") and "Warning" not in found and "Error" not in found


@pytest.mark.parametrize(("dtype", "depth"), [(np.uint8, "8"), (np.uint16, "16"), (np.float32, "32f")])
def test_tiff_keeps_every_bit(tmp_path: Path, dtype: Any, depth: str) -> None:
    made = picture(dtype, "rec2020", recipe=with_depth(depth))
    save_picture(made, tmp_path / "a.tif")
    np.testing.assert_array_equal(tifffile.imread(tmp_path / "a.tif"), made.image)
    with tifffile.TiffFile(tmp_path / "a.tif") as file:
        tags = file.pages.first.tags
        assert tags[34675].value == icc.profile("rec2020", linear=depth == "32f")
        assert recipe_in(bytes(tags[700].value))["settings"]["depth"] == depth


@pytest.mark.parametrize(("dtype", "depth"), [(np.uint8, "8"), (np.uint16, "16")])
def test_png_keeps_every_bit(tmp_path: Path, dtype: Any, depth: str) -> None:
    made = picture(dtype, "p3", recipe=with_depth(depth))
    save_picture(made, tmp_path / "a.png")
    np.testing.assert_array_equal(imagecodecs.imread(tmp_path / "a.png"), made.image)
    with Image.open(tmp_path / "a.png") as opened:
        opened.load()
        assert opened.info["icc_profile"] == icc.profile("p3")
        assert opened.getexif()[271] == "Optik"
        assert recipe_in(opened.info["XML:com.adobe.xmp"].encode())["frames"] == RECIPE["frames"]


def test_jpeg_is_close_and_carries_profile_exif_and_recipe(tmp_path: Path) -> None:
    made = picture(space="p3")
    save_picture(made, tmp_path / "a.jpg", quality=92)
    with Image.open(tmp_path / "a.jpg") as opened:
        assert opened.info["icc_profile"] == icc.profile("p3")
        assert opened.getexif()[274] == 1
        assert recipe_in(opened.info["xmp"])["decided"]["look"]["ev"] == 0.25
        error = np.asarray(opened, float) - made.image
    assert np.sqrt(np.mean(error**2)) < 1.2


def test_chroma_is_kept_whole_at_high_quality(tmp_path: Path) -> None:
    for quality, sampling in ((94, "YCbCr4:2:0 (2 2)"), (95, "YCbCr4:4:4 (1 1)")):
        save_picture(picture(), tmp_path / "a.jpg", quality=quality, overwrite=True)
        data = (tmp_path / "a.jpg").read_bytes()
        frame = data.index(b"\xff\xc0")
        assert (data[frame + 11] == 0x22) is (quality < 95), sampling
        assert data[:4] == b"\xff\xd8\xff\xe1" and b"JFIF" not in data


@pytest.mark.parametrize("shape", [(1, 1), (16, 16), (97, 130), (1601, 1303), (40, 65_500)])
@pytest.mark.parametrize("quality", [90, 97])
def test_strips_decode_to_what_one_piece_does(
    monkeypatch: pytest.MonkeyPatch, shape: tuple[int, int], quality: int
) -> None:
    monkeypatch.setattr(jpeg, "_STRIP_PIXELS", 40_000)
    y, x = np.mgrid[: shape[0], : shape[1]]
    image = np.stack([(x * 3 + y) % 256, (x + y * y // 7) % 256, (x ^ y) % 256], axis=-1).astype(np.uint8)
    whole = imagecodecs.jpeg8_encode(image, quality, subsampling="420" if quality < 95 else "444")
    joined = jpeg.encode(image, quality)
    assert (b"\xff\xdd" in joined) is (shape[0] > 97 or shape[1] > 5000)
    np.testing.assert_array_equal(imagecodecs.jpeg8_decode(joined), imagecodecs.jpeg8_decode(whole))
    with Image.open(io.BytesIO(joined)) as opened:
        assert opened.size == shape[::-1]
        np.testing.assert_array_equal(np.asarray(opened), imagecodecs.jpeg8_decode(whole))


def test_one_picture_is_saved_in_what_suits_each_format(tmp_path: Path) -> None:
    made = picture(np.uint16)  # as from `lb.develop(burst)`: depth left out
    for name, dtype in (("a.png", np.uint8), ("a.tif", np.uint16)):
        made.save(tmp_path / name)
        image = imagecodecs.imread(tmp_path / name)
        assert image.dtype == dtype
        np.testing.assert_allclose(image / np.iinfo(dtype).max, made.image / 65535, atol=1 / np.iinfo(dtype).max)


def test_sixteen_bits_narrow_to_eight_without_steps(tmp_path: Path) -> None:
    values = np.arange(65536, dtype=np.uint16).reshape(64, 1024, 1)
    save_picture(picture(image=np.repeat(values, 3, axis=2)), tmp_path / "a.png")
    narrow = imagecodecs.imread(tmp_path / "a.png").astype(int)
    assert np.all(np.abs(narrow - values / 257) < 1)
    assert np.all(narrow[values[..., 0] % 257 == 0] == values[values % 257 == 0][:, None] // 257)
    np.testing.assert_array_equal(narrow, narrow[..., :1].repeat(3, axis=2))
    for level in (100.25, 17.5, 3.9):
        flat = np.full((61, 83, 3), round(level * 257), np.uint16)
        save_picture(picture(image=flat), tmp_path / "b.png", overwrite=True)
        assert imagecodecs.imread(tmp_path / "b.png").mean() == pytest.approx(level, abs=0.01)


@pytest.mark.parametrize(
    ("name", "dtype", "depth", "mend"),
    [
        ("a.jpg", np.uint16, "16", ".png or .tif"),
        ("a.jpg", np.float32, "32f", ".tif"),
        ("a.png", np.float32, None, ".tif"),
        ("a.tif", np.uint8, "16", "develop it with depth 16"),
        ("a.dng", np.uint16, None, ".jpg"),
    ],
)
def test_a_depth_that_the_file_cannot_hold_is_refused(
    tmp_path: Path, name: str, dtype: Any, depth: str | None, mend: str
) -> None:
    with pytest.raises(OutputError, match=mend):
        save_picture(picture(dtype, recipe=with_depth(depth)), tmp_path / name)
    assert not list(tmp_path.iterdir())


def test_a_picture_without_recipe_or_metadata_is_written_as_it_is(tmp_path: Path) -> None:
    bare = Picture((smooth(3, 5) * 255).astype(np.uint8), "srgb", Metadata())
    for name in ("a.jpg", "a.png", "a.tif"):
        bare.save(tmp_path / name)
        assert imagecodecs.imread(tmp_path / name).shape == (3, 5, 3)


def test_a_recipe_too_long_for_a_segment_goes_into_extended_xmp(tmp_path: Path) -> None:
    long = {**RECIPE, "decided": {"burst": {"shifts": [[i, i / 7] for i in range(9000)]}}}
    save_picture(picture(recipe=long), tmp_path / "a.jpg")
    found = exiftool(tmp_path / "a.jpg", "-G1", "-b")
    assert json.loads(found["XMP-lichtbild:Decided"])["burst"]["shifts"][8999] == [8999, 8999 / 7]
    assert json.loads(found["XMP-lichtbild:Settings"])["look"] == "authentic"
    assert "Warning" not in found
    with Image.open(tmp_path / "a.jpg") as opened:
        opened.load()


def test_long_words_do_not_break_a_jpeg(tmp_path: Path) -> None:
    wordy = {**EXIF, "Exif": {**EXIF["Exif"], 37510: (7, b"ASCII\0\0\0" + b"x" * 70_000)}}
    block = exif.fields_of(picture(metadata=replace(META, exif=wordy))).block(limit=65_000)
    assert len(block) < 2000 and b"Optik" in block
    frames = {**RECIPE, "frames": [f"{i}{'n' * 200}.dng" for i in range(600)]}
    save_picture(picture(metadata=replace(META, exif=wordy), recipe=frames), tmp_path / "a.jpg")
    found = exiftool(tmp_path / "a.jpg")
    assert found["Make"] == "Optik" and "Warning" not in found


def test_nonsense_in_the_metadata_is_left_out(tmp_path: Path) -> None:
    odd = {
        "Image": {315: (2, 5), 70000: (2, "x")},
        "Exif": {33434: (5, (1, 0)), 33437: (5, float("nan")), 37386: (99, "?")},
    }
    meta = Metadata(make="A\0B", iso=float("nan"), exposure_time=0.0, f_number=float("inf"), capture_time="x", exif=odd)
    for name in ("a.jpg", "a.png", "a.tif"):
        save_picture(picture(metadata=meta, recipe={"decided": {"x": {"y": float("nan")}}}), tmp_path / name)
        assert imagecodecs.imread(tmp_path / name).shape == (61, 83, 3)


def test_the_same_picture_gives_the_same_bytes(tmp_path: Path) -> None:
    for name in ("a.jpg", "a.png", "a.tif"):
        picture().save(tmp_path / name)
        first = (tmp_path / name).read_bytes()
        picture().save(tmp_path / name, overwrite=True)
        assert (tmp_path / name).read_bytes() == first


def test_quality_is_the_recipes_unless_told(tmp_path: Path) -> None:
    grain = np.random.default_rng(5).integers(0, 256, (61, 83, 3), dtype=np.uint8)
    low = picture(image=grain, recipe={**RECIPE, "settings": {**RECIPE["settings"], "quality": 20}})
    low.save(tmp_path / "low.jpg")
    low.save(tmp_path / "high.jpg", quality=90)
    assert (tmp_path / "low.jpg").stat().st_size < 0.8 * (tmp_path / "high.jpg").stat().st_size
    with pytest.raises(OutputError, match="1 to 100"):
        low.save(tmp_path / "x.jpg", quality=0)


def test_an_existing_file_is_kept_unless_told(tmp_path: Path) -> None:
    (tmp_path / "a.jpg").write_text("mine")
    with pytest.raises(OutputError, match="exists"):
        picture().save(tmp_path / "a.jpg")
    assert (tmp_path / "a.jpg").read_text() == "mine"


def test_a_jpeg_cannot_be_larger_than_the_standard_allows(tmp_path: Path) -> None:
    wide = picture(image=np.zeros((1, 65_501, 3), np.uint8))
    with pytest.raises(OutputError, match=r"65500 px.*\.tif"):
        wide.save(tmp_path / "a.jpg")
    wide.save(tmp_path / "a.png")
