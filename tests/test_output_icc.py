"""ICC profiles: exact colorants, and a colour engine that agrees with them."""

from __future__ import annotations

import io
import struct
from pathlib import Path

import imagecodecs
import numpy as np
import pytest
from imagecodecs import cms_transform
from PIL import ImageCms

from chromium import screenshot
from lichtbild.carriers import Metadata, Picture
from lichtbild.color import convert, decode_srgb
from lichtbild.output import attachments, avif, heif_items, icc

# Colorants under D50 as published: sRGB by the ICC (sRGB v4), Display P3 by its makers, Rec. 2020 by colour engines.
PUBLISHED = {
    "srgb": ((0.4360, 0.3851, 0.1431), (0.2225, 0.7169, 0.0606), (0.0139, 0.0971, 0.7141)),
    "p3": ((0.5151, 0.2920, 0.1571), (0.2412, 0.6922, 0.0666), (-0.0011, 0.0419, 0.7841)),
    "rec2020": ((0.6734, 0.1656, 0.1251), (0.2790, 0.6753, 0.0456), (-0.0019, 0.0300, 0.7969)),
}

RGB = {"colorspace": "rgb", "outcolorspace": "rgb"}


def tags(data: bytes) -> dict[bytes, bytes]:
    (count,) = struct.unpack_from(">I", data, 128)
    rows = (struct.unpack_from(">4sII", data, 132 + 12 * i) for i in range(count))
    return {key: data[start : start + size] for key, start, size in rows}


@pytest.mark.parametrize("space", ["srgb", "p3", "rec2020"])
@pytest.mark.parametrize("linear", [False, True])
def test_colorants_are_the_published_ones_and_sum_to_the_white(space: str, linear: bool) -> None:
    data = icc.profile(space, linear)
    assert struct.unpack_from(">I", data)[0] == len(data) < 700
    found = tags(data)
    columns = np.array([struct.unpack(">3i", found[key][8:20]) for key in (b"rXYZ", b"gXYZ", b"bXYZ")]).T
    np.testing.assert_allclose(columns / 65536, PUBLISHED[space], atol=0.0004)
    assert tuple(columns.sum(axis=1)) == struct.unpack(">3i", found[b"wtpt"][8:20]) == (63190, 65536, 54061)


def test_a_colour_engine_opens_every_profile_and_names_it() -> None:
    for space, name in (("srgb", "sRGB"), ("p3", "Display P3"), ("rec2020", "Rec. 2020")):
        opened = ImageCms.getOpenProfile(io.BytesIO(icc.profile(space)))
        assert opened.profile.profile_description.startswith(name)
        assert opened.profile.is_matrix_shaper and opened.profile.version == 4.3


@pytest.mark.parametrize("space", ["p3", "rec2020"])
def test_a_colour_engine_converts_as_the_definitions_do(space: str) -> None:
    colors = np.random.default_rng(3).uniform(0.2, 0.6, (1, 500, 3)).astype(np.float32)
    linear = np.float32(
        cms_transform(colors, icc.profile("srgb"), icc.profile(space, linear=True), outdtype="float32", **RGB)
    )
    expected = decode_srgb(colors) @ convert("srgb", space).T
    np.testing.assert_allclose(linear, expected, atol=3e-4)


@pytest.mark.parametrize("space", ["srgb", "p3", "rec2020"])
def test_the_curve_undoes_what_the_look_leg_encodes(space: str) -> None:
    linear = np.repeat(np.linspace(0, 1, 501)[None, :, None], 3, axis=2)
    spaces = pytest.importorskip("lichtbild.look.spaces")
    encoded = np.float32(spaces.TRANSFER[space].encode(linear))
    out = cms_transform(encoded, icc.profile(space), icc.profile(space, linear=True), outdtype="float32", **RGB)
    np.testing.assert_allclose(out, linear, atol=1e-4)


def test_grey_stays_grey_through_the_curve() -> None:
    gray = np.repeat(np.linspace(0, 1, 256, dtype=np.float32)[None, :, None], 3, axis=2)
    out = cms_transform(gray, icc.profile("p3"), icc.profile("srgb", linear=True), outdtype="float32", **RGB)
    np.testing.assert_allclose(out, decode_srgb(gray), atol=2e-4)


def test_the_bytes_are_the_same_every_time() -> None:
    first = icc.profile("p3")
    icc.profile.cache_clear()
    assert icc.profile("p3") == first


@pytest.mark.parametrize(("kind", "code", "white"), [("pq", 16, 0.5806), ("hlg", 18, 0.75)])
def test_profiles_of_pq_and_hlg_say_so_and_have_a_curve(kind: str, code: int, white: float) -> None:
    data = icc.television(kind)
    found = tags(data)
    assert found[b"cicp"] == b"cicp\0\0\0\0" + bytes((9, code, 0, 1)) and data[8:10] == b"\x04\x40"
    assert ImageCms.getProfileDescription(ImageCms.getOpenProfile(io.BytesIO(data))).strip().endswith("(Lichtbild)")
    curve = np.frombuffer(found[b"rTRC"][12:], ">u2") / 65535
    assert (np.diff(curve) >= 0).all() and curve[0] == 0 and 0.9 < curve[-1] < 1
    # White is three quarters; a fifth of it, 40.6 cd/m2 (0.4207 in PQ), is exact.
    assert np.interp(white, np.linspace(0, 1, len(curve)), curve) == pytest.approx(0.75, abs=2e-3)
    if kind == "pq":
        assert np.interp(0.42067, np.linspace(0, 1, len(curve)), curve) == pytest.approx(0.2, abs=1e-3)


def test_chromium_shows_pq_by_its_profile_as_by_its_code_points(tmp_path: Path) -> None:
    """It goes by the profile where there is one; a plain one of Rec. 2020 would be shown wrongly."""
    levels = np.repeat(np.array([0.2983, 0.5081, 0.5806, 0.7518]), 64)  # 10, 100, 203 and 1000 cd/m2
    image = np.broadcast_to((levels * 1023).round().astype(np.uint16)[None, :, None], (64, 256, 3))
    bare = avif.encode(np.ascontiguousarray(image), 10, "rec2020", "pq", 98, "quick")
    (tmp_path / "bare.avif").write_bytes(bare)
    picture = Picture(np.zeros((64, 256, 3), np.uint8), "rec2020", Metadata(), {})
    for name, data in (("told", icc.television("pq")), ("plain", icc.profile("rec2020"))):
        chunks = heif_items.with_metadata(bare, attachments.of(picture, icc=data))
        (tmp_path / f"{name}.avif").write_bytes(b"".join(bytes(c) for c in chunks))
    page = tmp_path / "a.html"
    images = "".join(f'<img src="{name}.avif" style="display:block">' for name in ("bare", "told", "plain"))
    page.write_text(f'<body style="margin:0;background:#000">{images}')
    shot = screenshot(page, (256, 300))
    seen = imagecodecs.imread(shot)[..., :3].astype(int)
    assert np.ptp(seen[32, 32:256:64, 1]) > 100
    np.testing.assert_allclose(seen[64:128], seen[:64], atol=1)
    assert np.abs(seen[128:192] - seen[:64]).max() > 20
