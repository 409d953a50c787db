"""Lens corrections of files: opcode lists lead to the corrected picture, and stay in a merged mosaic."""

from __future__ import annotations

import struct
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from tests.test_develop_optics import LISTS, centroid, dots, smooth, vignette, warp

from lichtbild.burst.merge import merge_burst
from lichtbild.carriers import Burst, CameraColor, Frame, Metadata, NoiseProfile
from lichtbild.develop.scene import develop_scene
from lichtbild.output.dng import write_dng
from lichtbild.raw.opcode_list import parse_opcodes
from lichtbild.raw.opcodes import (
    FixVignetteRadial,
    Opcode,
    WarpFisheye,
    WarpRectilinear,
    WarpRectilinear2,
)
from lichtbild.raw.read import read_frame
from lichtbild.recipe import Recipe
from lichtbild.report import Report
from reference import optics as reference

BLACK, WHITE = 512, 16383


def packed(*opcodes: Opcode) -> bytes:
    """An opcode list as DNG stores it."""
    body = b""
    for o in opcodes:
        if isinstance(o, WarpRectilinear):
            id_, data = 1, struct.pack(">I", len(o.coefficients))
            data += b"".join(struct.pack(">6d", *k) for k in o.coefficients) + struct.pack(">2d", *o.center)
        elif isinstance(o, WarpRectilinear2):
            id_, data = 14, struct.pack(">I", len(o.coefficients))
            data += b"".join(struct.pack(">19d", *k, *r) for k, r in zip(o.coefficients, o.valid, strict=True))
            data += struct.pack(">2dI", *o.center, o.reciprocal)
        elif isinstance(o, WarpFisheye):
            id_, data = 2, struct.pack(">I", len(o.coefficients))
            data += b"".join(struct.pack(">4d", *k) for k in o.coefficients) + struct.pack(">2d", *o.center)
        else:
            assert isinstance(o, FixVignetteRadial)
            id_, data = 3, struct.pack(">7d", *o.coefficients, *o.center)
        body += struct.pack(">4I", id_, 0x01030000, 1, len(data)) + data
    return struct.pack(">I", len(opcodes)) + body


def frame_of(camera: np.ndarray, opcodes: bytes, *, linear: bool, crop: tuple[int, int, int, int] | None) -> Frame:
    """A frame of (3, h, w) camera RGB in 0..1."""
    numbers = np.rint(np.clip(BLACK + camera * (WHITE - BLACK), 0, WHITE)).astype(np.uint16)
    mosaic = np.ascontiguousarray(numbers.transpose(1, 2, 0))
    if not linear:
        sites = numbers[1].copy()
        sites[::2, ::2], sites[1::2, 1::2] = numbers[0][::2, ::2], numbers[2][1::2, 1::2]
        mosaic = sites
    matrix = ((0.82, -0.25, -0.09), (-0.46, 1.27, 0.21), (-0.12, 0.23, 0.55))
    return Frame(
        mosaic=mosaic,
        cfa="RGB" if linear else "RGGB",
        black_level=(BLACK,) * 4,
        white_level=WHITE,
        clip_level=WHITE,
        noise_profile=NoiseProfile((1e-9,) * 3, (1e-10,) * 3),
        metadata=Metadata(
            make="Lichtbild",
            model="Optics",
            color=CameraColor(color_matrix_1=matrix, calibration_illuminant_1=21, as_shot_neutral=(0.5, 1.0, 0.6)),
            opcode_list_3=opcodes,
        ),
        default_crop=crop,
    )


def developed(frame: Frame, report: Report | None = None) -> np.ndarray:
    recipe = Recipe(look="linear", denoise=0.0)
    return np.asarray(develop_scene(frame, recipe, report or Report()).image)


@pytest.mark.parametrize("linear", [True, False])
def test_a_files_opcodes_straighten_its_picture(tmp_path: Path, linear: bool) -> None:
    shape, crop = (520, 660), (10, 14, 496, 630)
    opcodes = (warp((1.003, -0.052), (1.0, -0.05), (0.998, -0.049)), vignette(0.3, 0.1))
    true = np.array([(y, x) for y in range(70, 480, 64) for x in range(70, 620, 73)], float)
    rows, columns = np.mgrid[: shape[0], : shape[1]]
    camera = []
    for plane, neutral in enumerate((0.5, 1.0, 0.6)):
        sy, sx, _ = reference.positions(opcodes[:1], plane, true[:, 0], true[:, 1], shape)
        camera.append((0.1 + 0.5 * dots(np.stack([sy, sx], axis=1), shape, 2.5)) * neutral)
    frame = frame_of(np.stack(camera), packed(*opcodes), linear=linear, crop=crop)
    assert parse_opcodes(frame.metadata.opcode_list_3) == opcodes
    path = tmp_path / "lens.dng"
    write_dng(frame, path)
    again = read_frame(path, Report())
    assert again.metadata.opcode_list_3 == frame.metadata.opcode_list_3
    assert again.default_crop == crop
    report = Report()
    out = developed(again, report)
    assert out.shape == (*crop[2:], 3)
    assert report.decided["develop"]["lens_corrections"] == ["WarpRectilinear", "FixVignetteRadial"]
    np.testing.assert_allclose(out, developed(frame), atol=2e-3)
    gain = reference.gain(opcodes[1], 0, rows.astype(float), columns.astype(float), shape)
    gain = gain[crop[0] : crop[0] + crop[2], crop[1] : crop[1] + crop[3], None]
    flat = out / gain
    without = replace(opcodes[0], coefficients=opcodes[0].coefficients[1:2])
    coloured = developed(replace(frame, metadata=replace(frame.metadata, opcode_list_3=packed(without, opcodes[1]))))
    fringe, before = (np.sqrt(np.mean(np.ptp(a, axis=2) ** 2)) for a in (flat, coloured / gain))
    assert fringe < (0.05 if linear else 0.8) * before  # demosaicing itself mixes the colours
    for place in true - crop[:2]:
        found = centroid(flat[..., 1] - 0.1, *place, reach=10)
        assert np.abs(found - place).max() < 0.05


def test_without_opcodes_nothing_is_called(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("lichtbild.develop.optics.correct_optics", None)
    frame = frame_of(np.full((3, 40, 60), 0.3), b"", linear=False, crop=None)
    assert developed(frame).shape == (40, 60, 3)


def test_every_warp_is_read_from_bytes() -> None:
    for name in ("newer", "fisheye", "many"):
        assert parse_opcodes(packed(*LISTS[name])) == LISTS[name]


def test_a_merged_mosaic_keeps_its_lens(tmp_path: Path) -> None:
    """What a burst becomes at once, and by way of a merged DNG, has the same geometry."""
    opcodes = packed(warp((1.0, -0.05)), vignette(0.2))
    camera = 0.2 + 0.2 * smooth(128, 192) * np.array([0.5, 1.0, 0.6])[:, None, None]
    rng, frames = np.random.default_rng(3), []
    for i in range(3):
        frame = frame_of(camera + rng.normal(0, 1e-4, camera.shape), opcodes, linear=False, crop=(2, 4, 120, 180))
        frames.append(replace(frame, metadata=replace(frame.metadata, path=tmp_path / f"{i}.dng", exposure_time=0.01)))
    recipe = Recipe(look="linear", denoise=0.0)
    merged = merge_burst(Burst.of(frames), recipe, Report())
    assert merged.metadata.opcode_list_3 == opcodes
    write_dng(merged, tmp_path / "merged.dng")
    again = read_frame(tmp_path / "merged.dng", Report())
    out = developed(again)
    assert out.shape == (120, 180, 3)
    np.testing.assert_allclose(out, developed(merged), atol=2e-3)
    assert np.abs(out - developed(replace(merged, metadata=replace(merged.metadata, opcode_list_3=b"")))).max() > 0.05
