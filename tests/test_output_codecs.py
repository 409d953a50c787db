"""AVIF, JPEG XL, HEIC and OpenEXR: pixels, colours and depths, as programs that we did not write read them."""

from __future__ import annotations

import io
import shutil
import struct
import subprocess
from dataclasses import replace
from pathlib import Path
from typing import Any

import imagecodecs
import numpy as np
import pytest
from PIL import Image, ImageCms

from lichtbild.carriers import Picture
from lichtbild.color import convert
from lichtbild.errors import OutputError
from lichtbild.look.spaces import TRANSFER
from lichtbild.output import avif, formats, jxl
from lichtbild.output.icc import profile, television
from lichtbild.output.save import save_picture
from reference import headroom as plain
from test_output_save import RECIPE, exiftool
from test_output_ultrahdr import lit, reconstructed


def wide(space: str = "srgb", height: int = 122, width: int = 166, **settings: Any) -> Picture:
    """16 bits, and a gain map of 2.4 stops."""
    made = lit(height, width, space)
    recipe = {**RECIPE, "settings": {**RECIPE["settings"], **settings}}
    return replace(made, image=made.image.astype(np.uint16) * 257, recipe=recipe)


def run(*command: str | Path) -> str:
    if not shutil.which(str(command[0])):
        pytest.skip(f"{command[0]} is not installed")
    return subprocess.run(command, capture_output=True, text=True, check=True).stdout


def saved(tmp_path: Path, name: str, picture: Picture, quality: int = 97) -> bytes:
    save_picture(picture, tmp_path / name, quality=quality, overwrite=True)
    return (tmp_path / name).read_bytes()


def rms(a: np.ndarray, b: np.ndarray) -> float:
    return float(np.sqrt(np.mean((np.asarray(a, np.float64) - b) ** 2)))


@pytest.mark.parametrize(("depth", "bits"), [("8", 8), (None, 10), ("12", 12)])
@pytest.mark.parametrize("space", ["srgb", "p3", "rec2020"])
def test_avif(tmp_path: Path, space: str, depth: str | None, bits: int) -> None:
    picture = wide(space, depth=depth)
    data = saved(tmp_path, "a.avif", picture)
    read = imagecodecs.avif_decode(data)
    assert read.dtype == (np.uint8 if bits == 8 else np.uint16)
    assert rms(read / (2**bits - 1), picture.image / 65535) < 0.006
    told = run("avifdec", "--info", tmp_path / "a.avif")
    codes = {"srgb": (1, 13, 6), "p3": (12, 13, 6), "rec2020": (9, 14, 9)}[space]
    for words, value in zip(("Color Primaries", "Transfer Char. ", "Matrix Coeffs. "), codes, strict=True):
        assert f"{words}: {value}\n" in told
    assert f"Bit Depth      : {bits}\n" in told and "ICC Profile    : Present" in told
    assert profile(space) in data


def decoded_jxl(path: Path, bits: int) -> np.ndarray:
    """By the djxl of the system, as PNG; version 0.7 writes what has 10 bits wrongly unless asked for 16."""
    run("djxl", path, path.with_suffix(".png"), *(["--bits_per_sample=16"] if bits > 8 else []))
    read = imagecodecs.imread(path.with_suffix(".png"))
    return np.asarray(read, np.float64) / np.iinfo(read.dtype).max


@pytest.mark.parametrize("depth", ["8", None, "10"])
@pytest.mark.parametrize("space", ["srgb", "p3", "rec2020"])
def test_jpeg_xl(tmp_path: Path, space: str, depth: str | None) -> None:
    picture = wide(space, depth=depth)
    data = saved(tmp_path, "a.jxl", picture)
    read = imagecodecs.jpegxl_decode(data)
    top = {"8": 255, "10": 1023}.get(str(depth), 65535)
    assert rms(read / (top if read.max() <= top else 65535), picture.image / 65535) < 0.008
    told = run("jxlinfo", "-v", tmp_path / "a.jxl")
    words = {"srgb": "sRGB primaries, sRGB", "p3": "P3 primaries, sRGB", "rec2020": "Rec.2100 primaries, 709"}[space]
    assert words in told and f"{depth or 16}-bit RGB" in told and "Orientation: 1" in told
    assert rms(decoded_jxl(tmp_path / "a.jxl", int(depth or 16)), picture.image / 65535) < 0.008


@pytest.mark.parametrize(("hdr", "code"), [("on", 16), ("hlg", 18)])
def test_avif_above_white(tmp_path: Path, hdr: str, code: int) -> None:
    picture = wide("p3", hdr=hdr)
    data = saved(tmp_path, "a.avif", picture)
    nits = reconstructed(replace(picture, image=picture.image // 257)) @ convert("p3", "rec2020").T * 203
    read = imagecodecs.avif_decode(data) / 1023
    if hdr == "on":
        assert rms(read, plain.pq(nits)) < 0.008
    else:
        np.testing.assert_allclose(plain.hlg_display(read).mean(), np.minimum(nits, 1000).mean(), rtol=0.02)
    told = run("avifdec", "--info", tmp_path / "a.avif")
    assert "Color Primaries: 9\n" in told and f"Transfer Char. : {code}\n" in told and "Matrix Coeffs. : 9\n" in told
    assert "Bit Depth      : 10\n" in told and "ICC Profile    : Present" in told
    assert television({"on": "pq", "hlg": "hlg"}[hdr]) in data


@pytest.mark.parametrize(("hdr", "words"), [("on", "PQ"), ("hlg", "HLG")])
def test_jpeg_xl_above_white(tmp_path: Path, hdr: str, words: str) -> None:
    picture = wide("p3", hdr=hdr)
    data = saved(tmp_path, "a.jxl", picture)
    told = run("jxlinfo", "-v", tmp_path / "a.jxl")
    assert f"Rec.2100 primaries, {words} transfer" in told and "10-bit RGB" in told
    if hdr == "on":
        nits = reconstructed(replace(picture, image=picture.image // 257)) @ convert("p3", "rec2020").T * 203
        assert rms(imagecodecs.jpegxl_decode(data) / 1023, plain.pq(nits)) < 0.01
        assert rms(decoded_jxl(tmp_path / "a.jxl", 10), plain.pq(nits)) < 0.01
        assert f"intensity_target: {203 * 2**2.375:.0f}"[:-2] in told


def embedded(png: Path) -> bytes:
    return bytes(Image.open(io.BytesIO(png.read_bytes())).info["icc_profile"])


def profile_of(png: Path) -> dict[str, np.ndarray]:
    """Colorants, and a curve if it is a table, of the ICC profile that a PNG embeds."""
    data = embedded(png)
    tags = {}
    for i in range(struct.unpack_from(">I", data, 128)[0]):
        name, at, size = struct.unpack_from(">4sII", data, 132 + 12 * i)
        body = data[at : at + size]
        if body[:4] == b"XYZ ":
            tags[name.decode()] = np.frombuffer(body, ">i4", 3, 8) / 65536
        elif body[:4] == b"curv":
            tags[name.decode()] = np.frombuffer(body, ">u2", (size - 12) // 2, 12) / 65535
    return tags


@pytest.mark.parametrize("space", ["srgb", "p3", "rec2020"])
def test_a_decoder_makes_the_profile_of_a_jpeg_xl_from_its_code_points(tmp_path: Path, space: str) -> None:
    """What djxl embeds into its PNG gives the same colours as the profile that the other formats embed."""
    saved(tmp_path, "a.jxl", wide(space))
    decoded_jxl(tmp_path / "a.jxl", 16)
    theirs = embedded(tmp_path / "a.png")
    colors = Image.fromarray(np.random.default_rng(4).integers(0, 256, (32, 32, 3), np.uint8))
    lab = [
        np.asarray(
            ImageCms.profileToProfile(
                colors, ImageCms.ImageCmsProfile(io.BytesIO(icc)), ImageCms.createProfile("LAB"), outputMode="LAB"
            ),
            np.int64,
        )
        for icc in (theirs, profile(space))
    ]
    apart = np.abs((lab[0] - lab[1] + 128) % 256 - 128)
    assert apart.max() <= 1 and apart.mean() < 0.1
    red = {"srgb": (0.436, 0.2225, 0.0139), "p3": (0.5151, 0.2412, -0.0011), "rec2020": (0.6735, 0.279, -0.0019)}
    assert profile_of(tmp_path / "a.png")["rXYZ"] == pytest.approx(red[space], abs=5e-4)


def test_a_decoder_makes_the_profile_of_a_jpeg_xl_in_pq(tmp_path: Path) -> None:
    saved(tmp_path, "a.jxl", wide("p3", hdr="on"))
    decoded_jxl(tmp_path / "a.jxl", 10)
    told = profile_of(tmp_path / "a.png")
    assert told["gXYZ"] == pytest.approx((0.1657, 0.6753, 0.03), abs=5e-4)
    curve = told["gTRC"]
    bright = np.linspace(0, 1, len(curve)) > 0.3  # below, 16 bits of linear light are coarse
    assert plain.pq(curve * 10000)[bright] == pytest.approx(np.linspace(0, 1, len(curve))[bright], abs=2e-3)


@pytest.mark.parametrize("depth", ["8", None])
def test_heic(tmp_path: Path, depth: str | None) -> None:
    heif = pytest.importorskip("pillow_heif")
    picture = wide("p3", depth=depth)
    data = saved(tmp_path, "a.heic", picture)
    opened = heif.open_heif(io.BytesIO(data), convert_hdr_to_8bit=False)
    assert opened.size == (166, 122) and opened.info["bit_depth"] == int(depth or 10)
    read = np.asarray(opened)
    assert rms(read / (65535 if read.dtype == np.uint16 else 255), picture.image / 65535) < 0.01
    assert b"colrnclx\0\x0c\0\x0d\0\x06\x80" in data and opened.info["icc_profile"] == profile("p3")
    data = saved(tmp_path, "b.heic", wide("p3", hdr="on"))
    bright = heif.open_heif(io.BytesIO(data), convert_hdr_to_8bit=False)
    assert b"colrnclx\0\x09\0\x10\0\x09\x80" in data and bright.info["icc_profile"] == television("pq")


@pytest.mark.parametrize("effort", ["quick", "small"])
def test_openexr(tmp_path: Path, effort: str) -> None:
    reader = pytest.importorskip("OpenEXR")
    picture = wide("p3", 45, 67, effort=effort)
    saved(tmp_path, "a.exr", picture)
    opened = reader.File(str(tmp_path / "a.exr"))
    read = opened.channels()["RGB"].pixels.astype(np.float64)
    wanted = reconstructed(replace(picture, image=picture.image // 257))
    np.testing.assert_allclose(read, wanted, rtol=2e-3, atol=2e-4)
    assert read.max() > 2.0
    np.testing.assert_allclose(opened.header()["chromaticities"][:2], (0.680, 0.320), atol=1e-6)
    noise = np.random.default_rng(0).uniform(0, 4, (33, 21, 3)).astype(np.float32)
    floats = Picture(noise, "rec2020", picture.metadata, {"settings": {"depth": "16f"}})
    saved(tmp_path, "b.exr", floats)
    read = reader.File(str(tmp_path / "b.exr")).channels()["RGB"].pixels
    np.testing.assert_array_equal(read, noise.astype(np.float16))
    grey = replace(picture, image=np.full((45, 67, 3), 90, np.uint8), gain_map=None)
    saved(tmp_path, "c.exr", grey)
    read = reader.File(str(tmp_path / "c.exr")).channels()["RGB"].pixels
    np.testing.assert_allclose(read, plain.decoded(np.array(90 / 255), TRANSFER["p3"]), rtol=2e-3)


@pytest.mark.parametrize("name", ["a.avif", "a.jxl", "a.exr", "a.png"])
@pytest.mark.parametrize("size", [(1, 1), (3, 5), (17, 130)])
def test_any_size(tmp_path: Path, name: str, size: tuple[int, int]) -> None:
    for settings in ({}, {"hdr": "on"}):
        data = saved(tmp_path, name, wide("p3", *size, **settings))
        if not name.endswith(".exr"):
            assert imagecodecs.imread(tmp_path / name).shape == (*size, 3)
        assert saved(tmp_path, name, wide("p3", *size, **settings)) == data  # the same on every run


def test_png_says_its_colours_twice(tmp_path: Path) -> None:
    for space, codes in {"srgb": (1, 13), "p3": (12, 13), "rec2020": (9, 14)}.items():
        data = saved(tmp_path, "a.png", wide(space, depth="16"))
        at = data.index(b"cICP") + 4
        assert tuple(data[at : at + 4]) == (*codes, 0, 1) and at < data.index(b"IDAT")
        np.testing.assert_array_equal(imagecodecs.imread(tmp_path / "a.png"), wide(space).image)
        assert "Warning" not in exiftool(tmp_path / "a.png")


def test_quality_means_about_the_same(tmp_path: Path) -> None:
    """A better quality has a smaller error, in each format; tables in the formats' modules grow with it."""
    for table, rising in ((avif.LIKE_JPEG, True), (jxl.LIKE_JPEG, False)):
        values = [avif.interpolated(table, q) for q in range(1, 101)]
        steps = np.diff(values)
        assert (steps > 0).all() if rising else (steps < 0).all()
    noisy = wide()
    rng = np.random.default_rng(0)
    image = noisy.image.astype(float) + rng.normal(0, 2500, noisy.image.shape)
    noisy = replace(noisy, image=np.clip(image, 0, 65535).astype(np.uint16), gain_map=None)
    for name in ("a.jpg", "a.avif", "a.jxl"):
        sizes = [len(saved(tmp_path, name, noisy, quality)) for quality in (30, 80, 92, 100)]
        assert sizes == sorted(sizes) and sizes[-1] > 3 * sizes[0]


def test_what_is_missing_is_named_before_any_work(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(formats, "find_spec", lambda name: None)
    with pytest.raises(OutputError, match=r"a\.heic: a HEIC needs .* pip install lichtbild\[heif\]"):
        formats.depth_for(Path("a.heic"), None)
    assert formats.depth_for(Path("a.avif"), None) == "10"
    with pytest.raises(OutputError, match="16384 px"):
        monkeypatch.undo()
        pytest.importorskip("pillow_heif")
        save_picture(replace(wide(), image=np.zeros((1, 16_385, 3), np.uint16), gain_map=None), tmp_path / "a.heic")


def test_a_codec_that_fails_leaves_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def fails(*_: Any, **__: Any) -> bytes:
        raise RuntimeError("avifEncoder\nfailed")

    monkeypatch.setattr(imagecodecs, "avif_encode", fails)
    with pytest.raises(OutputError, match=r"a\.avif: the AVIF encoder failed \(avifEncoder failed\)"):
        save_picture(wide(), tmp_path / "a.avif")
    monkeypatch.setattr(imagecodecs, "avif_encode", lambda *_, **__: (_ for _ in ()).throw(ImportError("no libaom")))
    with pytest.raises(OutputError, match="pip install -U imagecodecs"):
        save_picture(wide(), tmp_path / "a.avif")
    assert not list(tmp_path.iterdir())


def test_a_codestream_of_another_kind_is_refused() -> None:
    integers = imagecodecs.jpegxl_encode(np.zeros((8, 8, 3), np.uint8), usecontainer=False)
    for data in (bytes(integers), b"\xff\x0a", b"nothing", bytes(integers)[:6]):
        with pytest.raises(OutputError, match="JPEG XL"):
            jxl.restated(data, "p3", "p3", 16)
