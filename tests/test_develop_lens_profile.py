"""Lens profiles: what lensfun itself would do, as opcodes; no profile where there is a doubt."""

from __future__ import annotations

import numpy as np
import pytest

from lichtbild.carriers import Metadata
from lichtbild.develop.lens_map import Grid, field_of
from lichtbild.develop.lens_profile import LensProfile, find_lens_profile
from lichtbild.raw.opcodes import GainMap, WarpRectilinear2
from lichtbild.report import Report

lensfunpy = pytest.importorskip("lensfunpy", reason="lens profiles need the extra `lens`")

SHAPE = (400, 600)
WHOLE = (0, 0, *SHAPE)
CANON = Metadata(
    make="Canon", model="Canon EOS 5D Mark II", lens="EF24-105mm f/4L IS USM", focal_length=24.0, f_number=4.0
)
LENSES = [
    CANON,
    Metadata(make="SONY", model="ILCE-7M3", lens="FE 24-105mm F4 G OSS", focal_length=35.0, f_number=4.0),
    Metadata(make="FUJIFILM", model="X-T3", lens="XF18-55mmF2.8-4 R LM OIS", focal_length=18.0, f_number=2.8),
    Metadata(make="Panasonic", model="DMC-GX8", lens="LUMIX G VARIO 12-35/F2.8", focal_length=12.0, f_number=2.8),
]


def profile_of(metadata: Metadata, crop: tuple[int, int, int, int] = WHOLE) -> LensProfile:
    found = find_lens_profile(metadata, SHAPE, crop)
    assert found is not None
    return found


def modifier(metadata: Metadata, name: str, flags: int) -> tuple[object, float]:
    """lensfun's own for the same picture."""
    database = lensfunpy.Database()
    camera = database.find_cameras(metadata.make, metadata.model)[0]
    (lens,) = [x for x in database.find_lenses(camera, None, metadata.lens) if x.model == name]
    made = lensfunpy.Modifier(lens, camera.crop_factor, SHAPE[1], SHAPE[0])
    settings = {"scale": 1.0, "targeom": lens.type, "pixel_format": np.float32, "flags": flags}
    made.initialize(metadata.focal_length, metadata.f_number, 1000.0, **settings)
    return made


@pytest.mark.parametrize("metadata", LENSES, ids=lambda m: m.lens)
def test_the_map_is_lensfun_s_own(metadata: Metadata, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("lichtbild.develop.lens_profile._filling", lambda series, *_: series)
    profile = profile_of(metadata)
    warps = [o for o in profile.opcodes if isinstance(o, WarpRectilinear2)]
    assert warps
    field, done = field_of(warps, SHAPE, Grid.of(WHOLE), Report())
    assert len(done) == len(warps)
    flags = lensfunpy.ModifyFlags
    expected = modifier(metadata, profile.name, flags.DISTORTION | flags.TCA).apply_subpixel_geometry_distortion()
    y, x = np.mgrid[: SHAPE[0], : SHAPE[1]]
    down, right = (a[:, : SHAPE[0], : SHAPE[1]] for a in (field.down, field.right))
    ours = np.stack([x + right, y + down], -1)
    expected = expected.transpose(2, 0, 1, 3)
    assert np.abs(ours - expected).max() < 0.12  # of 600 pixels; its vector code has 12-bit reciprocals
    assert np.abs(right).max() > 1


@pytest.mark.parametrize("metadata", LENSES[:3], ids=lambda m: m.lens)
def test_the_light_is_lensfun_s_own(metadata: Metadata) -> None:
    profile = profile_of(metadata)
    (light,) = [o for o in profile.opcodes if isinstance(o, GainMap)]
    field, _ = field_of([light], SHAPE, Grid.of(WHOLE), Report())
    picture = np.ones((*SHAPE, 3), np.float32)
    modifier(metadata, profile.name, lensfunpy.ModifyFlags.VIGNETTING).apply_color_modification(picture)
    assert picture.max() > 1.2
    # The steepest corners are known at the nodes of the map alone.
    np.testing.assert_allclose(field.gain[0, : SHAPE[0], : SHAPE[1]], picture[..., 1], rtol=0.015)


def test_the_picture_is_filled() -> None:
    for crop in (WHOLE, (10, 20, 360, 540)):
        warps = [o for o in profile_of(CANON, crop).opcodes if isinstance(o, WarpRectilinear2)]
        field, _ = field_of(warps[-1:], SHAPE, Grid.of(crop), Report())
        top, left, height, width = crop
        y, x = np.mgrid[top : top + height, left : left + width]
        down, right = y + field.down[0, :height, :width], x + field.right[0, :height, :width]
        assert min(down.min() - top, right.min() - left) == pytest.approx(0, abs=0.6)
        assert max(down.max() - (top + height - 1), right.max() - (left + width - 1)) == pytest.approx(0, abs=0.6)


@pytest.mark.parametrize(
    "metadata",
    [
        Metadata(make="Canon", model="Canon EOS 5D Mark II", lens="EF24-105mm f/4L IS USM"),
        Metadata(make="Canon", model="Canon EOS 5D Mark II", lens="EF24-105mm f/4L IS USM", focal_length=300.0),
        Metadata(make="NIKON CORPORATION", model="NIKON D500", lens="24.0-70.0 mm f/2.8", focal_length=70.0),
        Metadata(make="NIKON CORPORATION", model="NIKON D5000", focal_length=24.0),
        Metadata(make="NIKON CORPORATION", model="NIKON D5000", lens="18-55mm f/3.5-5.6", focal_length=24.0),
        Metadata(make="Nobody", model="Nothing", lens="24mm f/2", focal_length=24.0),
        Metadata(),
    ],
)
def test_a_doubt_is_no_profile(metadata: Metadata) -> None:
    assert find_lens_profile(metadata, SHAPE, WHOLE) is None
