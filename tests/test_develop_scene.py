"""Leg 3 as a whole: phases, crops, shading, neutrality."""

from dataclasses import replace

import numpy as np
import pytest

from lichtbild import color
from lichtbild.carriers import CameraColor, Frame, Metadata, NoiseProfile
from lichtbild.develop.camera_color import CameraModel
from lichtbild.develop.scene import develop_scene
from lichtbild.recipe import Recipe
from lichtbild.report import Report

MATRIX = ((0.82, -0.25, -0.09), (-0.46, 1.27, 0.21), (-0.12, 0.23, 0.55))
NEUTRAL = (0.5, 1.0, 0.625)
QUIET = NoiseProfile((1e-9,) * 3, (1e-12,) * 3)
BLACK, WHITE = 256, 4096


def mosaic_of(rgb: np.ndarray, cfa: str) -> np.ndarray:
    """(h, w) samples of (h, w, 3) colours."""
    out = np.empty(rgb.shape[:2])
    for i, colour in enumerate(cfa):
        y, x = i // 2, i % 2
        out[y::2, x::2] = rgb[y::2, x::2, "RGB".index(colour)]
    return out


def frame_of(rgb: np.ndarray, cfa: str = "RGGB") -> Frame:
    """A frame of camera RGB in 0..1."""
    samples = mosaic_of(rgb, cfa) * (WHITE - BLACK) + BLACK
    return Frame(
        mosaic=np.clip(samples.round(), 0, WHITE).astype(np.uint16),
        cfa=cfa,
        black_level=(BLACK,) * 4,
        white_level=WHITE,
        clip_level=WHITE,
        noise_profile=QUIET,
        metadata=Metadata(
            color=CameraColor(color_matrix_1=MATRIX, calibration_illuminant_1=21, as_shot_neutral=NEUTRAL)
        ),
    )


def develop(frame: Frame, **settings: object) -> np.ndarray:
    return np.asarray(develop_scene(frame, Recipe(look="linear", **settings), Report()).image)


@pytest.mark.parametrize("cfa", ["RGGB", "BGGR", "GRBG", "GBRG"])
@pytest.mark.parametrize("shape", [(64, 96), (37, 51), (3, 5), (2, 2), (1, 7), (1, 1)])
def test_a_grey_card_is_grey_at_every_phase_and_size(cfa: str, shape: tuple[int, int]) -> None:
    out = develop(frame_of(np.broadcast_to(0.32 * np.array(NEUTRAL), (*shape, 3)), cfa))
    assert out.shape == (*shape, 3)
    assert np.isfinite(out).all()
    if min(shape) > 1:
        np.testing.assert_allclose(out, 0.32, atol=1.5e-3)


def test_memory_is_planar_and_metadata_is_true() -> None:
    frame = frame_of(np.broadcast_to(0.3 * np.array(NEUTRAL), (32, 48, 3)))
    report = Report()
    scene = develop_scene(frame, Recipe(), report)
    assert scene.image.shape == (32, 48, 3)
    assert scene.image.strides[1] == 2  # rows are contiguous, and planes apart
    assert scene.image.strides[2] >= 32 * scene.image.strides[0]
    assert scene.image.dtype == np.float16
    assert scene.clip == pytest.approx(1.0 / min(NEUTRAL))
    assert report.decided["develop"]["white_balance"] == "as-shot"
    assert not report.notices
    model = CameraModel.of(frame.metadata.color)
    assert scene.white_xy == pytest.approx(model.xy_from_neutral(np.array(NEUTRAL)))


def test_a_flat_colour_gets_the_cameras_matrix() -> None:
    seen = np.array([0.3, 0.25, 0.1])
    model = CameraModel.of(frame_of(np.ones((2, 2, 3))).metadata.color)
    neutral = np.array(NEUTRAL)
    expected = model.white_balanced_to_rec2020(neutral, model.xy_from_neutral(neutral)) @ (seen / neutral)
    out = develop(frame_of(np.broadcast_to(seen, (40, 40, 3)), "GBRG"))
    np.testing.assert_allclose(out, np.broadcast_to(expected, out.shape), atol=3e-3)


def test_the_default_crop_is_a_cut_of_the_whole() -> None:
    rng = np.random.default_rng(3)
    frame = frame_of(rng.uniform(0.1, 0.4, (60, 70, 3)), "GRBG")
    whole = develop(frame)
    cut = develop(replace(frame, default_crop=(7, 12, 41, 50)))
    np.testing.assert_allclose(cut, whole[7:48, 12:62], atol=1e-6)


def test_lens_shading_is_undone() -> None:
    h, w = 48, 80
    gains = 1 + np.linspace(0, 1, 5)[:, None, None] * np.ones((5, 9, 4)) + np.arange(4) * 0.1
    rows, columns = np.linspace(0, 4, h), np.linspace(0, 8, w)
    full = np.stack(
        [
            np.stack([np.interp(rows, range(5), gains[:, j, c]) for j in range(9)], axis=1)[:, columns.astype(int)]
            for c in range(4)
        ],
        axis=-1,
    )
    flat = np.broadcast_to(0.4 * np.array(NEUTRAL), (h, w, 3))
    frame = frame_of(flat, "BGGR")
    samples = mosaic_of(flat, "BGGR")
    for i in range(4):
        samples[i // 2 :: 2, i % 2 :: 2] /= full[i // 2 :: 2, i % 2 :: 2, i]
    frame = replace(
        frame,
        mosaic=(samples * (WHITE - BLACK) + BLACK).round().astype(np.uint16),
        shading=gains.astype(np.float32),
    )
    np.testing.assert_allclose(develop(frame), 0.4, atol=2e-3)


def test_missing_colour_is_told_once_and_still_gives_a_picture() -> None:
    frame = replace(frame_of(np.full((32, 32, 3), 0.3)), metadata=Metadata())
    report = Report()
    scene = develop_scene(frame, Recipe(), report)
    assert len(report.notices) == 1
    assert np.isfinite(scene.image).all()
    assert report.decided["develop"]["white_balance"] == "auto"


def test_linear_raw_goes_straight_to_the_working_space() -> None:
    rng = np.random.default_rng(5)
    rgb = rng.uniform(0.05, 0.4, (33, 47, 3))
    frame = frame_of(rgb)
    frame = replace(frame, mosaic=(rgb * (WHITE - BLACK) + BLACK).round().astype(np.uint16), cfa="RGB")
    model = CameraModel.of(frame.metadata.color)
    matrix = model.white_balanced_to_rec2020(np.array(NEUTRAL), model.xy_from_neutral(np.array(NEUTRAL)))
    out = develop(frame)
    np.testing.assert_allclose(out, rgb / NEUTRAL @ matrix.T, atol=2e-3)
    assert color.luminance("rec2020") @ out[0, 0] > 0
