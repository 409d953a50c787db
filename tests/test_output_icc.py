"""ICC profiles: exact colorants, and a colour engine that agrees with them."""

from __future__ import annotations

import io
import struct

import numpy as np
import pytest
from imagecodecs import cms_transform
from PIL import ImageCms

from lichtbild.color import convert, decode_srgb
from lichtbild.output import icc

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
