"""Gain maps in AVIF, HEIC and JPEG XL: the picture as it is without, and the map beside it."""

from __future__ import annotations

import io
import struct
from dataclasses import replace
from pathlib import Path

import imagecodecs
import numpy as np
import pytest

from lichtbild.errors import OutputError
from lichtbild.output import heif_gain
from lichtbild.output.heif_items import boxes_in, read_places
from test_output_codecs import run, saved, wide
from test_output_ultrahdr import STOPS, iso_fields


def contents(data: bytes, start: int = 0, end: int | None = None) -> dict[bytes, bytes]:
    """Content of each box, by kind."""
    return {kind: data[a:b] for kind, _, a, b in boxes_in(data, start, len(data) if end is None else end)}


def items(data: bytes) -> dict[int, tuple[bytes, int, bytes]]:
    """(type, flags, data) of each item of an AVIF or HEIC."""
    meta = contents(data)[b"meta"]
    parts = contents(meta, 4)
    found = {}
    places = {place.item: place.extents for place in read_places(parts[b"iloc"])}
    for kind, _, body, _ in boxes_in(parts[b"iinf"], 6, len(parts[b"iinf"])):
        assert kind == b"infe"
        flags, number, _, sort = struct.unpack_from(">IHH4s", parts[b"iinf"], body)
        found[number] = (sort, flags & 1, b"".join(data[at : at + size] for at, size in places[number]))
    return found


def alone(data: bytes) -> bytes:
    """The map of an AVIF as an AVIF of its own: what is displayed first becomes the map."""
    at = data.index(b"pitm") + 8
    return data[:at] + b"\0\3" + data[at + 2 :]


@pytest.mark.parametrize(("name", "kind"), [("a.avif", b"av01"), ("a.heic", b"hvc1")])
def test_a_tone_mapped_item_beside_the_picture(tmp_path: Path, name: str, kind: bytes) -> None:
    if name == "a.heic":
        pytest.importorskip("pillow_heif")
    data = saved(tmp_path, name, wide("p3"))
    assert b"tmap" in contents(data)[b"ftyp"][8:]
    parts = contents(contents(data)[b"meta"], 4)
    assert parts[b"pitm"][-2:] == b"\0\1"
    found = items(data)
    assert found[1][:2] == (kind, 0) and found[3][:2] == (kind, 1)  # the map is hidden
    sort, flags, told = found[2]
    assert (sort, flags, told[0]) == (b"tmap", 0, 0)
    fields = iso_fields(told[1:])
    assert fields["max"] == fields["alternate_headroom"] == STOPS and fields["base_headroom"] == 0
    references = contents(parts[b"iref"], 4)
    assert references[b"dimg"] == struct.pack(">HHHH", 2, 2, 1, 3)
    assert contents(parts[b"grpl"])[b"altr"][-8:] == struct.pack(">II", 2, 1)  # the better one first
    bare = saved(tmp_path, name, replace(wide("p3"), gain_map=None))
    assert items(bare)[1][2] == found[1][2]  # the picture is the one without


def test_libavif_reads_picture_and_map(tmp_path: Path) -> None:
    picture = wide("p3")
    data = saved(tmp_path, "a.avif", picture)
    assert picture.gain_map is not None
    read = imagecodecs.avif_decode(data) / 1023
    np.testing.assert_allclose(read, picture.image / 65535, atol=0.05)
    assert "Color Primaries: 12\n" in run("avifdec", "--info", tmp_path / "a.avif")
    gains = imagecodecs.avif_decode(alone(data))
    assert gains.shape[:2] == picture.gain_map.image.shape
    assert np.abs(gains.reshape(picture.gain_map.image.shape) - picture.gain_map.image.astype(int)).mean() < 1.5


def test_libheif_reads_the_picture(tmp_path: Path) -> None:
    heif = pytest.importorskip("pillow_heif")
    data = saved(tmp_path, "a.heic", wide("p3"))
    opened = heif.open_heif(io.BytesIO(data), convert_hdr_to_8bit=False)
    assert opened.size == (166, 122) and len(opened) == 1 and opened.info["exif"]


def test_a_box_in_jpeg_xl(tmp_path: Path) -> None:
    picture = wide("p3")
    assert picture.gain_map is not None
    data = saved(tmp_path, "a.jxl", picture)
    told = contents(data)[b"jhgm"]
    assert told[0] == 0
    size = struct.unpack_from(">H", told, 1)[0]
    assert iso_fields(told[3 : 3 + size])["max"] == STOPS
    assert told[3 + size : 8 + size] == bytes(5)  # colours of the other rendition: those of the picture
    gains = imagecodecs.jpegxl_decode(told[8 + size :])
    assert np.abs(gains.reshape(picture.gain_map.image.shape) - picture.gain_map.image.astype(int)).mean() < 1.5
    bare = saved(tmp_path, "a.jxl", replace(picture, gain_map=None))
    assert contents(bare)[b"jxlc"] == contents(data)[b"jxlc"] and b"jhgm" not in contents(bare)
    assert "P3 primaries" in run("jxlinfo", "-v", tmp_path / "a.jxl")


def test_files_of_another_structure_are_refused() -> None:
    plain = bytes(imagecodecs.avif_encode(np.zeros((8, 8), np.uint8), 80))
    gain_map = wide().gain_map
    assert gain_map is not None
    for broken in (b"", b"nothing at all", plain[:40], plain.replace(b"ispe", b"xxxx")):
        with pytest.raises(OutputError, match="encoder gave"):
            heif_gain.joined(broken, plain, gain_map, 1, 6)
