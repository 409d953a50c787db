"""Ultra HDR files, as a parser of our own and libultrahdr read them."""

from __future__ import annotations

import struct
from dataclasses import replace
from fractions import Fraction
from pathlib import Path
from typing import Any

import imagecodecs
import numpy as np
import pytest
from PIL import Image

from chromium import screenshot
from lichtbild.carriers import GainMap, Picture
from lichtbild.look.spaces import TRANSFER
from lichtbild.output.save import save_picture
from reference import headroom as plain
from test_output_save import META, RECIPE, exiftool

STOPS = 2.375


def lit(height: int = 122, width: int = 166, space: str = "srgb") -> Picture:
    """Smooth colours, and a smooth gain around two bright places."""
    y, x = np.mgrid[0:height, 0:width] / width
    image = np.stack([0.3 + 0.6 * x, 0.5 + 0.3 * np.sin(3 * y), 0.8 - 0.5 * x * y], -1)
    my, mx = (np.mgrid[0 : -(-height // 2), 0 : -(-width // 2)] + 0.5) * 2 / width
    bright = np.exp(-((my - 0.3) ** 2 + (mx - 0.3) ** 2) * 40) + 0.7 * np.exp(-((my - 0.5) ** 2 + (mx - 0.8) ** 2) * 90)
    gain_map = GainMap((np.clip(bright, 0, 1) * 255).astype(np.uint8), STOPS)
    return Picture((image * 255 + 0.5).astype(np.uint8), space, META, RECIPE, gain_map)


def segments(data: bytes) -> list[tuple[int, bytes, int]]:
    """(marker, payload, where the payload begins) up to the scan."""
    found, at = [], 2
    while data[at + 1] != 0xDA:
        size = struct.unpack_from(">H", data, at + 2)[0]
        found.append((data[at + 1], data[at + 4 : at + 2 + size], at + 4))
        at += 2 + size
    return found


def pictures(data: bytes) -> tuple[bytes, bytes]:
    """The two JPEGs, cut where the multi-picture index (CIPA DC-007) says."""
    payload, start = next((p, at) for m, p, at in segments(data) if m == 0xE2 and p[:4] == b"MPF\0")
    tiff = payload[4:]
    assert tiff[:8] == b"II*\0\x08\0\0\0" and struct.unpack_from("<H", tiff, 8) == (3,)
    fields = {struct.unpack_from("<H", tiff, 10 + 12 * i)[0]: tiff[10 + 12 * i + 2 :][:10] for i in range(3)}
    assert fields[0xB000][6:] == b"0100" and struct.unpack_from("<I", fields[0xB001], 6) == (2,)
    entries = struct.unpack_from("<I", fields[0xB002], 6)[0]
    (kind, size, offset), (_, second, at) = (struct.unpack_from("<3I", tiff, entries + 16 * i) for i in range(2))
    assert kind & 0xFFFFFF == 0x030000 and offset == 0
    assert size + second == len(data) and start + 4 + at == size
    return data[:size], data[size:]


def iso_fields(blob: bytes) -> dict[str, Any]:
    """ISO 21496-1, annex C: versions, flags, then fractions."""
    least, writer, flags = struct.unpack_from(">HHB", blob)
    assert (least, writer) == (0, 0) and flags & 0x3F == 0
    names = ["base_headroom", "alternate_headroom", "min", "max", "gamma", "base_offset", "alternate_offset"]
    kinds = [">II", ">II", ">iI", ">iI", ">II", ">iI", ">iI"]
    assert len(blob) == 5 + 8 * len(names)
    read = (Fraction(*struct.unpack_from(kind, blob, 5 + 8 * i)) for i, kind in enumerate(kinds))
    return dict(zip(names, read, strict=True)) | {
        "channels": 3 if flags & 0x80 else 1,
        "base_space": bool(flags & 0x40),
    }


def saved(tmp_path: Path, picture: Picture, quality: int = 96) -> bytes:
    save_picture(picture, tmp_path / "a.jpg", quality=quality, overwrite=True)
    return (tmp_path / "a.jpg").read_bytes()


def reconstructed(picture: Picture) -> np.ndarray:
    """The HDR rendition that picture and map stand for, 1.0 is white."""
    assert picture.gain_map is not None
    spaces = (picture.space, picture.space)
    return plain.light(
        picture.image / 255, TRANSFER[picture.space], spaces, picture.gain_map.image, picture.gain_map.stops
    )


def test_the_metadata_of_iso_21496_1(tmp_path: Path) -> None:
    first, second = pictures(saved(tmp_path, lit()))
    mark = b"urn:iso:std:iso:ts:21496:-1\0"
    (version,) = [p for m, p, _ in segments(first) if m == 0xE2 and p.startswith(mark)]
    assert version[len(mark) :] == bytes(4)
    (blob,) = [p for m, p, _ in segments(second) if m == 0xE2 and p.startswith(mark)]
    assert iso_fields(blob[len(mark) :]) == {
        "base_headroom": 0,
        "alternate_headroom": Fraction(19, 8),
        "min": 0,
        "max": Fraction(19, 8),
        "gamma": 1,
        "base_offset": 0,
        "alternate_offset": 0,
        "channels": 1,
        "base_space": True,
    }


def test_the_metadata_in_xmp(tmp_path: Path) -> None:
    _, second = pictures(saved(tmp_path, lit()))
    found = exiftool(tmp_path / "a.jpg", "-G1", "-struct")
    assert found["XMP-hdrgm:Version"] == 1 and "Warning" not in str(found.keys())
    items = [entry["Item"] for entry in found["XMP-Container:Directory"]]
    assert items == [
        {"Mime": "image/jpeg", "Semantic": "Primary"},
        {"Length": len(second), "Mime": "image/jpeg", "Semantic": "GainMap"},
    ]
    assert found["MPF0:NumberOfImages"] == 2 and found["MPImage2:MPImageLength"] == len(second)
    (tmp_path / "map.jpg").write_bytes(second)
    found = exiftool(tmp_path / "map.jpg", "-G1")
    told = {key.partition(":")[2]: value for key, value in found.items() if key.startswith("XMP-hdrgm")}
    assert told == {
        "Version": 1,
        "BaseRenditionIsHDR": False,
        "GainMapMin": 0,
        "GainMapMax": STOPS,
        "Gamma": 1,
        "OffsetSDR": 0,
        "OffsetHDR": 0,
        "HDRCapacityMin": 0,
        "HDRCapacityMax": STOPS,
    }


def test_the_first_picture_is_the_one_without_a_map(tmp_path: Path) -> None:
    first, _ = pictures(saved(tmp_path, lit()))
    bare = saved(tmp_path, replace(lit(), gain_map=None))
    np.testing.assert_array_equal(imagecodecs.jpeg8_decode(first), imagecodecs.jpeg8_decode(bare))
    assert first[first.index(b"\xff\xdb") :] == bare[bare.index(b"\xff\xdb") :]
    assert b"hdrgm" not in bare and b"MPF\0" not in bare
    with Image.open(tmp_path / "a.jpg") as opened:
        assert opened.size == (166, 122)


@pytest.mark.parametrize("known", ["both", "iso", "xmp"])
def test_libultrahdr_makes_the_rendition_of_it(tmp_path: Path, known: str) -> None:
    picture = lit()
    data = saved(tmp_path, picture)
    if known == "iso":
        data = data.replace(b"ns.adobe.com/hdr-gain-map", b"ns.adobe.com/something-el")
    if known == "xmp":
        data = data.replace(b"iso:ts:21496:-1", b"iso:ts:99999:-1")
    read = imagecodecs.ultrahdr_decode(data)[..., :3].astype(np.float64)
    wanted = reconstructed(picture)
    assert wanted.max() > 2.5
    error = np.abs(np.log2((read + 0.01) / (wanted + 0.01)))
    assert error.mean() < 0.03 and np.percentile(error, 99) < 0.12  # of a stop; JPEG is in it
    assert 10 * np.log10(wanted.max() ** 2 / np.mean((read - wanted) ** 2)) > 40


@pytest.mark.parametrize(("height", "width"), [(1, 1), (3, 5), (17, 16), (121, 83)])
def test_odd_sizes(tmp_path: Path, height: int, width: int) -> None:
    picture = lit(height, width)
    first, second = pictures(saved(tmp_path, picture))
    assert imagecodecs.jpeg8_decode(first).shape == (height, width, 3)
    assert imagecodecs.jpeg8_decode(second).shape == (-(-height // 2), -(-width // 2))


def test_a_long_recipe_leaves_the_directory_in_the_first_packet(tmp_path: Path) -> None:
    long = {**RECIPE, "decided": {"burst": {"shifts": [[i, i / 7] for i in range(9000)]}}}
    first, _ = pictures(saved(tmp_path, replace(lit(), recipe=long)))
    packet = next(p for m, p, _ in segments(first) if p.startswith(b"http://ns.adobe.com/xap/1.0/\0"))
    assert b"Container:Directory" in packet and b"hdrgm:Version" in packet


def test_chromium_shows_the_first_picture(tmp_path: Path) -> None:
    picture = lit(240, 320)
    saved(tmp_path, picture)
    page = tmp_path / "a.html"
    page.write_text('<body style="margin:0;background:#000"><img src="a.jpg" style="display:block">')
    shot = screenshot(page, (320, 240))
    with Image.open(shot) as opened:
        seen = np.asarray(opened.convert("RGB"), int)[:240, :320]
    assert np.abs(seen - picture.image).mean() < 2.0 and np.percentile(np.abs(seen - picture.image), 99) < 12
