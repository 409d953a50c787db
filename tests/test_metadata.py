"""XMP, IPTC-IIM and GPS: read, made one, kept, left out; and nothing from strangers is trusted."""

from __future__ import annotations

import time
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from lichtbild.carriers import Metadata
from lichtbild.metadata import gps, iim
from lichtbild.metadata.keep import kept, without_location
from lichtbild.metadata.moment import is_date, is_moment
from lichtbild.metadata.unite import as_packet, stripped, united
from lichtbild.metadata.xml import XmlError, parse
from lichtbild.metadata.xmp import SPACES, Array, Value, properties, text, texts

RDF = "http://www.w3.org/1999/02/22-rdf-syntax-ns#"
EVERY = "".join(f' xmlns:{prefix}="{uri}"' for prefix, uri in SPACES.items())


def packet(inside: str, attributes: str = "") -> bytes:
    return (
        '<?xpacket begin="\ufeff" id="W5M0MpCehiHzreSzNTczkc9d"?><x:xmpmeta xmlns:x="adobe:ns:meta/">'
        f'<rdf:RDF xmlns:rdf="{RDF}"><rdf:Description rdf:about=""{EVERY} {attributes}>{inside}</rdf:Description>'
        "</rdf:RDF></x:xmpmeta><?xpacket end='w'?>"
    ).encode()


WORDS = """
<dc:description><rdf:Alt><rdf:li xml:lang="de">Öl</rdf:li><rdf:li xml:lang="x-default">Oil &amp; &lt;sea&gt;</rdf:li>
</rdf:Alt></dc:description>
<dc:subject><rdf:Bag><rdf:li>Wald</rdf:li><rdf:li>海</rdf:li></rdf:Bag></dc:subject>
<Iptc4xmpExt:LocationCreated><rdf:Bag><rdf:li rdf:parseType="Resource"><Iptc4xmpExt:City>Köln</Iptc4xmpExt:City>
<exif:GPSLatitude>50,56N</exif:GPSLatitude></rdf:li></rdf:Bag></Iptc4xmpExt:LocationCreated>
<Iptc4xmpCore:CreatorContactInfo><rdf:Description Iptc4xmpCore:CiEmailWork="a@b.c"/></Iptc4xmpCore:CreatorContactInfo>
<xmpRights:WebStatement rdf:resource="https://example.org"/>
<crs:ToneCurve xmlns:crs="http://ns.adobe.com/camera-raw-settings/1.0/"><rdf:Seq><rdf:li>0, 0</rdf:li></rdf:Seq>
</crs:ToneCurve>"""


def test_every_form_of_a_value_is_read() -> None:
    found = properties(packet(WORDS, 'xmp:Rating="3" photoshop:City="Köln"'))
    assert found["dc:description"] == Array("Alt", ("Öl", "Oil & <sea>"), ("de", "x-default"))
    assert text(found["dc:description"]) == "Oil & <sea>" and texts(found["dc:subject"]) == ["Wald", "海"]
    place = found["Iptc4xmpExt:LocationCreated"]
    assert isinstance(place, Array) and place.items[0] == {"Iptc4xmpExt:City": "Köln", "exif:GPSLatitude": "50,56N"}
    assert found["Iptc4xmpCore:CreatorContactInfo"] == {"Iptc4xmpCore:CiEmailWork": "a@b.c"}
    assert found["xmpRights:WebStatement"] == "https://example.org"
    assert (found["xmp:Rating"], found["photoshop:City"]) == ("3", "Köln")


def test_a_packet_says_the_same_after_it_was_written() -> None:
    found = kept(properties(packet(WORDS, 'xmp:Rating="3"')))
    assert kept(properties(as_packet(found))) == found
    assert kept(properties(as_packet({"dc:title": "a\0b\x1f\ud800c\uffff<&>"}))) == {"dc:title": "abc<&>"}


def test_other_developers_settings_and_what_describes_the_file_go() -> None:
    stale = (
        'dc:format="image/x-nikon-nef" tiff:ImageWidth="9" exif:FNumber="2/1" photoshop:ICCProfile="x" xmp:Label="red"'
    )
    found = kept(properties(packet(WORDS, stale)))
    assert set(found) == {
        "dc:description",
        "dc:subject",
        "Iptc4xmpExt:LocationCreated",
        "Iptc4xmpCore:CreatorContactInfo",
        "xmpRights:WebStatement",
        "xmp:Label",
    }


def test_no_place_is_left() -> None:
    places = 'photoshop:City="Köln" photoshop:State="NRW" photoshop:Country="D" Iptc4xmpCore:Location="Dom"'
    found = without_location(
        properties(packet(WORDS, f'{places} Iptc4xmpCore:CountryCode="DE" exif:GPSLatitude="1,2N"'))
    )
    assert "Köln" not in str(found) and "GPS" not in str(found) and "Dom" not in str(found)
    assert set(kept(found)) == {
        "dc:description",
        "dc:subject",
        "Iptc4xmpCore:CreatorContactInfo",
        "xmpRights:WebStatement",
    }


LAUGHS = b'<!DOCTYPE x [<!ENTITY a "ha"><!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;&a;&a;">]><x>&b;</x>'
OUTSIDE = b'<!DOCTYPE x [<!ENTITY f SYSTEM "file:///etc/passwd">]><x>&f;</x>'


@pytest.mark.parametrize(
    "hostile",
    [
        LAUGHS,
        OUTSIDE,
        b'<!DOCTYPE x SYSTEM "http://127.0.0.1/x.dtd"><x/>',
        b"<a>" * 100 + b"</a>" * 100,
        b"<x>" + b"<y/>" * 300_000 + b"</x>",
        b"<x" + b"".join(b" a%d=''" % i for i in range(250_000)) + b"/>",
        b"<x>&undefined;</x>",
        b'<?xml version="1.0" encoding="no-such"?><x/>',
        b"<x>",
        b"",
        b"\xff\xfe\x00",
        b"<x/>" + b" " * (17 << 20) + b"x",
    ],
    ids=range(12),
)
def test_hostile_xml_is_refused_at_once(hostile: bytes) -> None:
    start = time.process_time()
    with pytest.raises(XmlError):
        parse(hostile)
    assert time.process_time() - start < 2


def test_no_xmp_is_told() -> None:
    with pytest.raises(XmlError, match="no XMP"):
        properties(b"<html/>")


def iptc(*sets: tuple[int, bytes], utf_8: bool = False) -> bytes:
    return iim.serialise([*([iim.UTF_8] if utf_8 else []), *((2, n, d) for n, d in sets)])


def test_data_sets_are_read_in_either_order_of_bytes() -> None:
    data = iptc((25, b"Wald"), (90, "Köln".encode("latin-1")), (120, b"See"))
    data += bytes(-len(data) % 4)
    swapped = b"".join(data[i : i + 4][::-1] for i in range(0, len(data), 4))
    for stored in (data, swapped):
        found = iim.to_properties(iim.parse(stored))
        assert found["dc:subject"] == Array("Bag", ("Wald",)) and found["photoshop:City"] == "Köln"
    assert iim.parse(b"\x1c\2\x19\xff\xff abc") == [] and iim.parse(b"") == []
    block = b"8BIM\x04\x25\0\0\0\0\0\2xx" + b"8BIM\x04\x04\0\0" + len(data).to_bytes(4) + data
    assert iim.in_resources(block) == data and iim.in_resources(b"8BIM\x04") == b""


def test_data_sets_say_what_the_properties_say() -> None:
    sets = iim.parse(iptc((15, b"SPO"), (25, b"Wald"), (80, "Jörg".encode("latin-1")), (103, "Ünit".encode("latin-1"))))
    said: dict[str, Value] = {"dc:subject": Array("Bag", ("Öl", "x" * 70)), "photoshop:TransmissionReference": "Ünit"}
    new = iim.restated(sets, said)
    assert [d for r, n, d in new if n == 25] == ["Öl".encode(), b"x" * 64]
    assert (2, 15, b"SPO") in new and iim.UTF_8 in new and (2, 103, "Ünit".encode()) in new
    assert not [d for r, n, d in new if n == 80]
    assert iim.restated(new, said) == new
    cut = iim.restated(new, {"dc:creator": Array("Seq", ("ä" * 20,))})
    assert next(d for r, n, d in cut if n == 80).decode() == "ä" * 16


@pytest.mark.parametrize(
    ("latitude", "longitude", "expected"),
    [
        ("50,56.25N", "6,57.6E", (50.9375, 6.96)),
        ("33,52,10.5S", "151,12,30W", (-33.869583, -151.208333)),
        ("50.9375", "-6.96", (50.9375, -6.96)),
    ],
)
def test_a_place_in_xmp_becomes_exif(latitude: str, longitude: str, expected: tuple[float, float]) -> None:
    fields = gps.from_xmp({"exif:GPSLatitude": latitude, "exif:GPSLongitude": longitude, "exif:GPSAltitude": "520/4"})
    signs = (-1 if fields[1][1] == "S" else 1), (-1 if fields[3][1] == "W" else 1)
    degrees = gps.degrees_of(fields[2][1]), gps.degrees_of(fields[4][1])
    assert degrees[0] is not None and degrees[1] is not None
    assert (signs[0] * degrees[0], signs[1] * degrees[1]) == pytest.approx(expected, abs=1e-6)
    assert fields[6] == (5, ((130_000, 1000),)) and fields[5] == (1, b"\0")
    assert gps.sound(fields) == fields


@pytest.mark.parametrize("words", ["", "north", "91,0N", "50,56", "1e9", "50,56.25X", "٣,1N", "50,56.25N\n"])
def test_a_place_that_is_none_is_left_out(words: str) -> None:
    found = gps.from_xmp({"exif:GPSLatitude": words, "exif:GPSLongitude": "6,57E"})
    assert found == {} or words == "50,56.25N\n"  # blanks around it do no harm


def test_a_coordinate_over_zero_takes_the_other_with_it() -> None:
    fields: dict[int, tuple[int, Any]] = {
        0: (1, b"\2\3\0\0"),
        1: (2, "N"),
        2: (5, ((50, 1), (0, 0), (0, 1))),
        3: (2, "E"),
        4: (5, ((6, 1), (57, 1), (0, 1))),
        29: (2, "2026:01:31"),
    }
    assert set(gps.sound(fields)) == {0, 29}
    assert gps.sound({k: v for k, v in fields.items() if k < 5}) == {}


def test_the_sidecar_is_heard_first_then_xmp_then_iim_then_exif() -> None:
    exif = {"Image": {270: (2, "exif"), 315: (2, "A; B"), 33432: (2, "©"), 18246: (3, (2,)), 40091: (1, b"x\0")}}
    meta = Metadata(
        exif=exif,
        iptc=iptc((120, b"iim"), (105, b"headline"), (90, b"Bonn")),
        xmp=packet(
            "<photoshop:City>Essen</photoshop:City>", 'photoshop:Headline="xmp" xmp:Rating="5" exif:FNumber="9/1"'
        ),
    )
    alone, wrong = united(meta)
    said = properties(alone.xmp)
    assert wrong == "" and text(said["dc:description"]) == "iim" and text(said["photoshop:Headline"]) == "xmp"
    assert texts(said["dc:creator"]) == ["A", "B"] and alone.exif["Image"][315] == (2, "A; B")
    assert alone.exif["Image"][270] == (2, "iim") and alone.exif["Image"][18246] == (3, (5,))
    assert alone.exif["Image"][18249] == (3, (99,)) and 40091 in alone.exif["Image"]
    assert "exif:FNumber" not in said
    sets = iim.parse(alone.iptc)
    assert (2, 90, b"Essen") in sets and (2, 105, b"xmp") in sets and (2, 116, "©".encode()) in sets
    sidecar: dict[str, Value] = {"dc:description": "mine", "xmp:Rating": "-1", "dc:title": "T", "tiff:Orientation": "6"}
    beside, _ = united(meta, sidecar)
    assert beside.exif["Image"][270] == (2, "mine") and 18246 not in beside.exif["Image"]
    assert text(properties(beside.xmp)["xmp:Rating"]) == "-1" and beside.orientation == 6
    assert 40091 not in beside.exif["Image"]  # Windows' title would say something else
    assert united(beside)[0].xmp == beside.xmp


def test_a_rating_is_one_or_none() -> None:
    for words, expected in (("3", "3"), ("4.0", "4"), ("9", ""), ("five", ""), ("nan", ""), ("-1", "-1")):
        made, _ = united(Metadata(xmp=packet("", f'xmp:Rating="{words}"')))
        assert text(properties(made.xmp)["xmp:Rating"] if made.xmp else "") == expected


def test_a_damaged_packet_is_told_and_left_out() -> None:
    made, wrong = united(Metadata(xmp=b"<x:xmpmeta>", exif={"Image": {270: (2, "kept")}}))
    assert "line 1" in wrong and made.exif["Image"][270] == (2, "kept")


def test_stripped_metadata_holds_no_place() -> None:
    meta = Metadata(
        exif={"Image": {270: (2, "words")}, "GPS": {1: (2, "N"), 2: (5, ((50, 1), (56, 1), (15, 1)))}},
        iptc=iptc((90, b"Essen"), (101, b"D"), (120, b"words")),
        xmp=packet(WORDS, 'photoshop:City="Essen"'),
    )
    keywords = "<rdf:li>Essen</rdf:li><rdf:li>Essen am Tisch</rdf:li><rdf:li> NRW</rdf:li>"
    tree = "<rdf:li>Orte|Essen|Zeche</rdf:li><rdf:li>Tiere|Hund</rdf:li>"
    more = f"<dc:subject><rdf:Bag>{keywords}</rdf:Bag></dc:subject>"
    more += f"<lr:hierarchicalSubject><rdf:Bag>{tree}</rdf:Bag></lr:hierarchicalSubject>"
    named = replace(meta, xmp=packet(more, 'photoshop:City="Essen" photoshop:State="nrw"'))
    left = properties(stripped(united(named)[0]).xmp)
    assert texts(left["dc:subject"]) == ["Essen am Tisch"] and texts(left["lr:hierarchicalSubject"]) == ["Tiere|Hund"]
    both = stripped(united(replace(named, iptc=iptc((25, b"x"), (92, b"x"))))[0])
    assert b"Essen\x1c" not in both.iptc and b"Essen am Tisch" in both.iptc
    bare = stripped(united(meta)[0])
    assert "GPS" not in bare.exif and b"Essen" not in bare.xmp + bare.iptc and b"Oil &amp; " in bare.xmp
    assert b"GPS" not in bare.xmp.partition(b"<rdf:Description")[2].partition(b">")[2]
    assert stripped(bare) == bare and stripped(replace(bare, xmp=b"<", path=Path("x"))).xmp == b""


def test_moments_have_the_form_of_exif_and_dates_are_in_the_calendar() -> None:
    known = ["2014:03:09 13:25:51", "2024:12:31 23:59:59", "0000:01:01 00:00:00"]
    no_dates = ["2014:00:09 13:25:51", "2014:13:09 13:25:51", "2014:03:00 13:25:51", "2014:03:32 13:25:51"]
    no_dates += ["2014:03:09 24:00:00", "2014:03:09 13:60:51", "2014:03:09 13:25:60"]
    nothing = [
        "",
        "    :  :     :  :  ",
        "2014-03-09 13:25:51",
        "2014:03:09T13:25:51",
        "2014:03:09 13:25",
        "١٢٣٤:03:09 13:25:51",
    ]
    nothing += [
        "2014:03:09 13:25:51 ",
        "2014:03:09 13:25:5:",
        "2014:03: 9 13:25:51",
        "14:03:09 13:25:51",
        "+014:03:09 13:25:51",
    ]
    assert all(is_moment(m) and is_date(m) for m in known)
    assert all(is_moment(m) and not is_date(m) for m in no_dates)
    assert not any(is_moment(m) or is_date(m) for m in nothing)


def test_a_lens_that_only_the_xmp_names_is_the_photographs_lens() -> None:
    """Converters name it there, from the maker's note; EXIF's own name goes before."""
    lens = "System 18-55mm f/3.5-5.6G VR"
    words = packet("", f'aux:Lens="{lens}"')
    told, _ = united(Metadata(lens="18-55 mm f/3.5-5.6", xmp=words))
    assert told.lens == lens and told.exif["Exif"][42036] == (2, lens)
    own, _ = united(Metadata(lens="Own", exif={"Exif": {42036: (2, "Own")}}, xmp=words))
    assert own.lens == "Own" and own.exif["Exif"][42036] == (2, "Own")
