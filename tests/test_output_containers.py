"""EXIF, XMP and ICC in AVIF, HEIC and JPEG XL, and OpenEXR's attributes, as other programs read them."""

from __future__ import annotations

import io
import json
import struct
from dataclasses import replace
from pathlib import Path
from typing import Any

import imagecodecs
import numpy as np
import pytest
from PIL import Image

from lichtbild.atomic_file import write_atomically
from lichtbild.errors import OutputError
from lichtbild.output import attachments, exr_attributes, heif_items, icc, jxl_boxes
from lichtbild.output.attachments import Attachments
from test_output_save import RECIPE, exiftool, picture


def attached(**changes: Any) -> Attachments:
    return attachments.of(picture(**changes), icc=icc.profile("p3"))


def heic(image: np.ndarray) -> bytes:
    pillow_heif = pytest.importorskip("pillow_heif")
    out = io.BytesIO()
    pillow_heif.from_pillow(Image.fromarray(image)).save(out)
    return out.getvalue()


def encoded(kind: str, image: np.ndarray) -> bytes:
    if kind == "avif":
        return bytes(imagecodecs.avif_encode(image))
    if kind == "heic":
        return heic(image)
    return bytes(imagecodecs.jpegxl_encode(image, usecontainer=kind == "container.jxl"))


def joined(chunks: list[Any]) -> bytes:
    return b"".join(bytes(c) for c in chunks)


def with_metadata(kind: str, bare: bytes, its: Attachments) -> bytes:
    writer = jxl_boxes if kind.endswith("jxl") else heif_items
    return joined(writer.with_metadata(bare, its))


@pytest.mark.parametrize("kind", ["avif", "heic", "jxl", "container.jxl"])
def test_another_program_reads_exif_xmp_and_profile(tmp_path: Path, kind: str) -> None:
    path = tmp_path / f"a.{kind}"
    made = picture()
    bare = encoded(kind, made.image)
    write_atomically(path, [with_metadata(kind, bare, attached())])
    found = exiftool(path, "-G1", "-a")
    assert found["IFD0:Make"] == "Optik" and found["IFD0:Orientation"] == 1
    assert found["ExifIFD:ExifImageWidth"] == 83 and found["ExifIFD:LensModel"] == "24-70 f/2.8"
    assert found["GPS:GPSLatitude"] == pytest.approx(48.1375)
    assert json.loads(found["XMP-lichtbild:Settings"]) == RECIPE["settings"]
    assert exiftool(path, "-validate")["Validate"] == "0 0 0"
    if not kind.endswith("jxl"):
        assert found["ICC_Profile:ProfileDescription"] == "Display P3 (Lichtbild)"


@pytest.mark.parametrize("kind", ["avif", "heic", "jxl", "container.jxl"])
def test_pixels_stay_the_encoders(tmp_path: Path, kind: str) -> None:
    y, x = np.mgrid[:130, :97]
    image = np.stack([(x * 3 + y) % 256, (x + y) % 256, (x * y) % 256], axis=-1).astype(np.uint8)
    bare = encoded(kind, image)
    whole = with_metadata(kind, bare, attached())
    if kind.endswith("jxl"):
        np.testing.assert_array_equal(imagecodecs.jpegxl_decode(whole), imagecodecs.jpegxl_decode(bare))
        return
    if kind == "heic":
        pytest.importorskip("pillow_heif").register_heif_opener()
    with Image.open(io.BytesIO(whole)) as opened, Image.open(io.BytesIO(bare)) as before:
        opened.load()
        np.testing.assert_array_equal(np.asarray(opened), np.asarray(before))
        assert opened.info["icc_profile"] == icc.profile("p3")
        assert opened.getexif()[271] == "Optik"
        packet = opened.info["xmp"]
        assert (packet if isinstance(packet, bytes) else packet.encode()) == attached().xmp


def test_a_picture_of_several_items_keeps_them_all() -> None:
    pillow_heif = pytest.importorskip("pillow_heif")
    image = np.random.default_rng(3).integers(0, 256, (160, 200, 3), dtype=np.uint8)
    out = io.BytesIO()
    pillow_heif.from_pillow(Image.fromarray(image)).save(out, thumbnails=[64])
    whole = with_metadata("heic", out.getvalue(), attached())
    before, after = (pillow_heif.open_heif(io.BytesIO(data)) for data in (out.getvalue(), whole))
    assert after.info["thumbnails"] == before.info["thumbnails"] == [64]
    np.testing.assert_array_equal(np.asarray(after), np.asarray(before))


def test_a_packet_of_any_length_fits() -> None:
    long = attached(recipe={**RECIPE, "decided": {"burst": {"shifts": [[i, i / 7] for i in range(90_000)]}}})
    image = picture().image
    for kind in ("avif", "jxl"):
        whole = with_metadata(kind, encoded(kind, image), long)
        assert long.xmp in whole and len(whole) > 1_000_000
        decode = imagecodecs.avif_decode if kind == "avif" else imagecodecs.jpegxl_decode
        assert decode(whole).shape == image.shape


def test_another_structure_is_refused() -> None:
    whole = encoded("avif", picture().image)
    for broken in (b"", b"\0" * 40, whole[:40], whole.replace(b"iloc", b"skip"), whole.replace(b"meta", b"moov")):
        with pytest.raises(OutputError, match=r"AVIF"):
            heif_items.with_metadata(broken, attached())
    with pytest.raises(OutputError, match="JPEG XL"):
        jxl_boxes.with_metadata(whole, attached())


def test_attributes_of_openexr() -> None:
    found = {name: (kind, data) for name, kind, data in exr_attributes.attributes(attached())}
    assert found["cameraMake"] == ("string", b"Optik") and found["owner"] == ("string", b"J. M.")
    assert found["capDate"] == ("string", b"2026:01:31 12:00:00")
    assert found["xmp"][1] == attached().xmp
    numbers = {name: struct.unpack("<f", data)[0] for name, (kind, data) in found.items() if kind == "float"}
    expected = {
        "expTime": 1 / 160,
        "aperture": 2.8,
        "isoSpeed": 400,
        "nominalFocalLength": 35,
        "latitude": 48.1375,
        "longitude": 11.575,
    }
    assert numbers == pytest.approx(expected)
    assert list(found) == sorted(found)


def test_attributes_of_openexr_leave_out_what_is_no_number() -> None:
    made = picture()
    gps = {
        1: (2, "S"),
        2: (5, ((48, 1), (8, 1), (15, 1))),
        3: (2, "W"),
        4: (5, ((11, 1), (30, 1), (0, 1))),
        6: (5, ((3, 0),)),
    }
    odd = replace(made.metadata, exif={"GPS": gps, "Exif": {33434: (5, ((1, 0),)), 36881: (2, "+01:00")}})
    found = {n: data for n, _, data in exr_attributes.attributes(attached(metadata=odd))}
    assert "expTime" not in found and "altitude" not in found
    assert struct.unpack("<f", found["latitude"])[0] == pytest.approx(-48.1375)
    assert struct.unpack("<f", found["longitude"])[0] == pytest.approx(-11.5)
    assert struct.unpack("<f", found["utcOffset"])[0] == -3600
