"""What a raw file says is in the file of every format, as exiftool reads it; and no place where none is wanted."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from lichtbild.carriers import Metadata
from lichtbild.metadata.unite import stripped, united
from lichtbild.output import exif
from lichtbild.output.dng import write_dng
from lichtbild.raw.read import probe
from lichtbild.recipe import load
from test_metadata import WORDS, iptc, packet
from test_output_save import EXIF, META, RECIPE, exiftool, picture

NIKKOR = "Nikon AF-S DX VR Zoom-Nikkor 18-55mm f/3.5-5.6G"
HERO = "C32213DVT14025"
FORMATS = ["jpg", "png", "tif", "avif", "jxl", "heic", "exr"]


def raw_words() -> Metadata:
    """What the reference frame of a burst says, with a place in EXIF, XMP and IPTC."""
    image = {**EXIF["Image"], 34858: (8, (2,)), 50735: (2, "S-77"), 50736: (5, ((24, 1), (70, 1), (28, 10), (0, 0)))}
    own = {k: v for k, v in EXIF["Exif"].items() if k != 42034}
    exif = {"Image": image, "Exif": {**own, 36880: (2, "+09:00"), 37396: (3, (10, 20))}, "GPS": EXIF["GPS"]}
    more = 'xmp:Rating="4" photoshop:City="Köln" photoshop:Instructions="none"'
    meta = replace(META, exif=exif, xmp=packet(WORDS, more), iptc=iptc((25, b"Wald"), (90, b"Bonn"), (15, b"SPO")))
    return united(meta)[0]


def write(path: Path, metadata: Metadata) -> None:
    if path.suffix == ".heic":
        pytest.importorskip("pillow_heif")
    wide = path.suffix in (".png", ".tif", ".jxl")
    dtype: Any = np.float32 if path.suffix == ".exr" else np.uint16 if wide else np.uint8
    settings = {**RECIPE["settings"], "depth": {np.float32: "16f", np.uint16: "16", np.uint8: "8"}[dtype]}
    picture(dtype, metadata=metadata, recipe={**RECIPE, "settings": settings}).save(path)


@pytest.mark.parametrize("ending", FORMATS[:-1])
def test_words_are_in_every_format(tmp_path: Path, ending: str) -> None:
    path = tmp_path / f"a.{ending}"
    write(path, raw_words())
    found = exiftool(path, "-G1", "-a")
    expected = {
        "IFD0:ImageDescription": "Oil & <sea>",
        "IFD0:Artist": "Jana Müller",
        "IFD0:Copyright": "J. M.",
        "IFD0:Rating": 4,
        "IFD0:RatingPercent": 75,
        "IFD0:Orientation": 1,
        "IFD0:ModifyDate": "2026:01:31 12:00:00",
        "ExifIFD:OffsetTime": "+09:00",
        "ExifIFD:OffsetTimeOriginal": "+09:00",
        "ExifIFD:SerialNumber": "S-77",
        "ExifIFD:LensModel": "24-70 f/2.8",
        "GPS:GPSLatitude": pytest.approx(48.1375),
        "GPS:GPSLongitude": pytest.approx(11.575),
        "XMP-dc:Description": "Oil & <sea>",
        "XMP-dc:Description-de": "Öl",
        "XMP-dc:Subject": ["Wald", "海"],
        "XMP-dc:Creator": "Jana Müller",
        "XMP-dc:Rights": "J. M.",
        "XMP-xmp:Rating": 4,
        "XMP-xmp:CreateDate": "2026:01:31 12:00:00.25+09:00",
        "XMP-xmp:ModifyDate": "2026:01:31 12:00:00+09:00",
        "XMP-photoshop:City": "Köln",
        "XMP-photoshop:Instructions": "none",
        "XMP-iptcCore:CreatorWorkEmail": "a@b.c",
        "XMP-iptcExt:LocationCreatedCity": "Köln",
        "XMP-xmpRights:WebStatement": "https://example.org",
    }
    assert {key: found.get(key) for key in expected} == expected
    lens = found["ExifIFD:LensInfo"].split()  # the aperture at 70 mm is not known
    assert lens[:3] == ["24", "70", "2.8"] and lens[3] in ("undef", "inf")
    assert not [k for k in found if "ToneCurve" in k or "SubjectArea" in k or "MakerNote" in k]
    if ending in ("jpg", "png", "tif"):
        told = {k: found.get(f"IPTC:{k}") for k in ("Keywords", "City", "Caption-Abstract", "SubjectReference")}
        assert told["Keywords"] == ["Wald", "海"] and told["City"] == "Köln"
        assert told["Caption-Abstract"] == "Oil & <sea>" and found["IPTC:Category"] == "SPO"


@pytest.mark.parametrize("ending", [*FORMATS, "dng"])
def test_no_place_is_in_any_format(tmp_path: Path, ending: str) -> None:
    path = tmp_path / f"a.{ending}"
    if ending == "dng":
        from test_dng import a_frame

        frame = a_frame()
        write_dng(replace(frame, metadata=replace(stripped(raw_words()), color=frame.metadata.color)), path)
    else:
        write(path, stripped(raw_words()))
    told = str(exiftool(path, "-G1", "-a", "-u"))
    for word in ("GPS", "Köln", "Bonn", "CountryCode", "Latitude", "latitude", "LocationCreated"):
        assert word not in told, word
    data = path.read_bytes()
    for word in ("Köln".encode(), "Köln".encode("latin-1"), "Köln".encode("utf-16-le"), b"Bonn", b"exif:GPS"):
        assert word not in data
    if ending != "exr":
        assert "Oil & <sea>" in told or ending == "dng"


def test_a_merged_dng_says_the_same(tmp_path: Path) -> None:
    from test_dng import a_frame

    frame = a_frame()
    words = replace(raw_words(), color=frame.metadata.color)
    write_dng(replace(frame, metadata=words), tmp_path / "a.dng", xmp=words.xmp)
    kept = probe(tmp_path / "a.dng").metadata
    assert kept.exif["Image"][270] == (2, "Oil & <sea>") and kept.exif["GPS"][2] == EXIF["GPS"][2]
    assert kept.xmp == words.xmp and kept.iptc == words.iptc
    assert united(kept)[0].xmp == words.xmp


@pytest.mark.parametrize("ending", ["jpg", "png", "tif", "avif", "jxl"])
def test_words_of_any_length_are_kept(tmp_path: Path, ending: str) -> None:
    keywords = "".join(f"<rdf:li>{i} {'ü' * 60}</rdf:li>" for i in range(900))
    story = "x" * 70_000
    long = packet(
        f"<dc:subject><rdf:Bag>{keywords}</rdf:Bag></dc:subject>"
        f"<photoshop:Instructions>{story}</photoshop:Instructions><photoshop:City>Ulm</photoshop:City>"
    )
    write(tmp_path / f"a.{ending}", united(replace(META, xmp=long))[0])
    found = exiftool(tmp_path / f"a.{ending}", "-G1")
    assert found["XMP-dc:Subject"] == [f"{i} {'ü' * 60}" for i in range(900)]
    assert found["XMP-photoshop:Instructions"] == story and found["XMP-photoshop:City"] == "Ulm"
    assert found["IFD0:Make"] == "Optik" and "ExifTool:Warning" not in found
    assert load(tmp_path / f"a.{ending}").look == "authentic"


def test_what_is_not_known_is_not_said(tmp_path: Path) -> None:
    """As Magic Lantern writes it: zeros and empty words."""
    image = {306: (2, ""), 315: (2, " "), 33432: (2, "")}
    own = {33434: (5, ((0, 1),)), 33437: (5, ((0, 1),)), 34855: (3, (0,)), 36867: (2, "    :  :     :  :  ")}
    own |= {37386: (5, ((0, 1),)), 41989: (3, (0,)), 37521: (2, ""), 37380: (10, ((0, 1),)), 37378: (5, ((0, 0),))}
    meta = united(Metadata(make="M", exif={"Image": image, "Exif": own, "GPS": {1: (2, "N"), 2: (5, ((1, 0),) * 3)}}))[
        0
    ]
    write(tmp_path / "a.jpg", meta)
    found = exiftool(tmp_path / "a.jpg", "-G1")
    for name in ("ExposureTime", "FNumber", "ISO", "DateTimeOriginal", "FocalLength", "SubSecTimeOriginal"):
        assert f"ExifIFD:{name}" not in found
    assert not [k for k in found if k.startswith("GPS") or k in ("IFD0:Artist", "IFD0:ModifyDate", "IFD0:Copyright")]
    assert found["ExifIFD:ExposureCompensation"] == 0 and "ExifIFD:ApertureValue" not in found


def test_the_moment_of_the_file_is_the_capture_or_what_the_environment_says(monkeypatch: pytest.MonkeyPatch) -> None:
    assert exif.modified(raw_words()) == ("2026:01:31 12:00:00", "+09:00")
    other = replace(raw_words(), capture_time="2025:12:24 18:00:00")  # the offset is that of another moment
    assert exif.modified(other) == ("2025:12:24 18:00:00", "+02:00")
    monkeypatch.setenv("SOURCE_DATE_EPOCH", "86400")
    assert exif.modified(raw_words()) == ("1970:01:02 00:00:00", "+00:00")
    monkeypatch.setenv("SOURCE_DATE_EPOCH", "soon")
    assert exif.modified(raw_words())[0] == "2026:01:31 12:00:00"


def test_a_white_balance_by_hand_is_said(tmp_path: Path) -> None:
    for wb, expected in (("as-shot", None), ("auto", 0), ("5200", 1)):
        made = picture(recipe={**RECIPE, "settings": {**RECIPE["settings"], "wb": wb}})
        tags = {t.id: t.value for t in exif.fields_of(made).exif}
        assert tags.get(41987) == expected


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        (
            "hdrmerge/sample1.dng",
            {"XMP-aux:Lens": "Nikon AF-S DX VR Zoom-Nikkor 18-55mm f/3.5-5.6G", "ExifIFD:OffsetTime": "+01:00"},
        ),
        (
            "gopro/Hero6_GOPR0024.dng",
            {"GPS:GPSAltitude": 14.287, "IFD0:Orientation": 1, "ExifIFD:SerialNumber": "C32213DVT14025"},
        ),
        ("tinydng/colorchart.dng", {"IFD0:Model": "Canon EOS Kiss X4"}),
        ("edge/nikon_d500_linear.dng", {"ExifIFD:LensInfo": "24 70 2.8 2.8", "XMP-aux:LensID": 147}),
        ("edge/iphone12pro_proraw_skeleton.dng", {"ExifIFD:OffsetTimeOriginal": "-05:00", "ExifIFD:LensMake": "Apple"}),
    ],
)
def test_real_files_pass_through(tmp_path: Path, shared_data: Any, name: str, expected: dict[str, Any]) -> None:
    source = shared_data(f"raws/{name}")
    made = united(probe(source).metadata)[0]
    write(tmp_path / "a.jpg", made)
    write(tmp_path / "a.avif", made)
    before = exiftool(source, "-G1", "-ExifIFD:all", "-GPS:all", "-IFD0:all")
    for path in (tmp_path / "a.jpg", tmp_path / "a.avif"):
        found = exiftool(path, "-G1")
        assert {k: found.get(k) for k in expected} == expected
        for tag in ("ExposureTime", "FNumber", "ISO", "FocalLength", "Flash", "MeteringMode", "DateTimeOriginal"):
            if before.get(f"ExifIFD:{tag}"):
                assert found[f"ExifIFD:{tag}"] == before[f"ExifIFD:{tag}"], tag
        for tag in (k for k in before if k.startswith("GPS:") and k != "GPS:GPSVersionID"):
            assert found[tag] == before[tag]
        assert exiftool(path, "-validate")["Validate"].startswith("0 0")


def test_xmp_of_formats_that_are_no_tiff(tmp_path: Path) -> None:
    from lichtbild.output.tiff import Directory, Tag, Type, to_bytes

    def box(kind: bytes, inside: bytes) -> bytes:
        return (8 + len(inside)).to_bytes(4) + kind + inside

    words = packet("", 'xmp:Rating="3"')
    tiff = to_bytes([Directory([Tag(271, Type.ASCII, "Maker")])])
    moov = box(b"moov", box(b"CMT1", tiff) + box(b"CMT2", tiff) + bytes(70_000))
    uuid = bytes.fromhex("be7acfcb97a942e89c71999491e3afac")
    canon = box(b"ftyp", b"crx \0\0\0\1crx isom") + moov + box(b"uuid", uuid + words) + b"\0\0\0\1mdat"
    exif = b"Exif\0\0" + tiff
    mark = b"http://ns.adobe.com/xap/1.0/\0" + words
    segments = b"".join(b"\xff\xe1" + (2 + len(s)).to_bytes(2) + s for s in (exif, mark))
    fuji = b"FUJIFILMCCD-RAW ".ljust(84, b"0") + (100).to_bytes(4) + bytes(12) + b"\xff\xd8" + segments + b"\xff\xdb"
    for name, data in (("a.cr3", canon), ("a.raf", fuji)):
        for cut in (len(data), len(data) - 300, 120):
            (tmp_path / name).write_bytes(data[:cut].ljust(600, b"\0"))
            meta = probe(tmp_path / name).metadata
            if cut == len(data):
                assert meta.make == "Maker" and meta.xmp.strip(b"\0") == words
                assert united(meta)[0].exif["Image"][18246] == (3, (3,))
