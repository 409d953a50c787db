"""Leg 3: a raw frame becomes a scene in linear light."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from lichtbild import native
from lichtbild.carriers import FloatImage, Frame, NoiseProfile, Scene
from lichtbild.color import Floats
from lichtbild.develop import defringe, highlights
from lichtbild.develop.camera_color import CameraModel
from lichtbild.develop.demosaic import develop_mosaic
from lichtbild.develop.denoise import denoise
from lichtbild.develop.hue_sat import apply_hue_sat
from lichtbild.develop.lens import decide_lens
from lichtbild.develop.lift import lift
from lichtbild.develop.linear import develop_linear
from lichtbild.develop.optics import correct_optics
from lichtbild.develop.white_balance import decide_white_balance
from lichtbild.devices import catalog
from lichtbild.devices.profile import DeviceProfile
from lichtbild.raw.opcodes import Opcode, parse_opcodes
from lichtbild.recipe import Recipe
from lichtbild.report import Report


def develop_scene(frame: Frame, recipe: Recipe, report: Report) -> Scene:
    """White balance, demosaicing and camera colour: `Frame` to linear Rec. 2020, cut to the default crop.

    1.0 is the raw white of the channel that sees white best (green, as a rule); the others are brought up to it.
    """
    profile = device_of(frame, recipe, report)
    model = CameraModel.of(frame.metadata.color, profile)
    if model.is_fallback:
        report.notice("the file has no usable colour matrix; colours are those of a typical camera")
    balance = decide_white_balance(recipe.wb, frame.metadata.color, model, lambda: sample_colours(frame))
    matrix = model.white_balanced_to_rec2020(balance.neutral, balance.xy)
    captured = frame.noise_profile
    frame = denoise(frame, balance.neutral, recipe.denoise, report)
    lens: Sequence[Opcode] = parse_opcodes(frame.metadata.opcode_list_3)
    if recipe.lens == "auto":
        lens = decide_lens(frame, lens, crop_of(frame), report)
    part = replace(frame, default_crop=None) if lens else frame
    clipped = highlights.decide(part, crop_of(part), balance.neutral)
    report.decide("develop", highlights=0.0 if clipped is None else round(clipped.share, 6))
    if clipped is not None:
        part = lift(part, crop_of(part), clipped, balance.neutral)
    image = _develop(part, balance.neutral, matrix)
    if clipped is not None:
        highlights.recover_highlights(image, clipped, matrix)
        rims = defringe.decide(clipped, frame.noise_profile, balance.neutral)
        if rims is not None:
            defringe.defringe(image, rims, matrix)
    if lens:
        image = correct_optics(image, lens, crop_of(frame), report, matrix)
    table = model.hue_sat_map(balance.xy)
    if table is not None:
        apply_hue_sat(image, table)
    report.decide(
        "develop",
        device=None if profile is None else profile.source_line,
        hue_sat_map=None if table is None else table.source or "unnamed",
        white_balance=balance.source,
        neutral=[round(float(v), 6) for v in balance.neutral],
        white_xy=[round(v, 6) for v in balance.xy],
        kelvin=round(balance.kelvin),
        tint=round(balance.tint, 1),
        camera_to_rec2020=[[round(float(v), 6) for v in row] for row in matrix],
    )
    return Scene(
        image=image.transpose(1, 2, 0),
        noise_profile=working_noise(frame.noise_profile, balance.neutral, matrix),
        neutral=(float(balance.neutral[0]), float(balance.neutral[1]), float(balance.neutral[2])),
        white_xy=balance.xy,
        clip=(frame.clip_level - min(frame.black_level))
        / (frame.white_level - min(frame.black_level))
        / float(np.min(balance.neutral)),
        metadata=replace(frame.metadata, opcode_list_1=b"", opcode_list_2=b"", opcode_list_3=b""),
        captured_noise=working_noise(captured, balance.neutral, matrix),
        profile=profile,
    )


def device_of(frame: Frame, recipe: Recipe, report: Report) -> DeviceProfile | None:
    """The profile that the recipe asks for, else the one that is embedded in the file, else None."""
    meta = frame.metadata
    if recipe.device == "none":
        return None
    profile = catalog.choose(recipe.device, meta.make, meta.model, meta.unique_camera_model)
    if profile is not None and recipe.device != "auto" and not catalog.fits(profile, meta.make, meta.model):
        report.notice(f"the profile of {profile.title} is used for a frame of {meta.unique_camera_model or 'another'}")
    return profile or meta.color.profile


def crop_of(frame: Frame) -> tuple[int, int, int, int]:
    """The default crop inside the mosaic, all of it where there is none or it makes no sense."""
    h, w = frame.mosaic.shape[:2]
    if frame.default_crop is not None:
        y, x, height, width = frame.default_crop
        if 0 <= y < y + height <= h and 0 <= x < x + width <= w:
            return y, x, height, width
    return 0, 0, h, w


def site_order(frame: Frame) -> list[int]:
    """Positions, in the frame's own 2x2 order, of R, the green in its row, the green in blue's row, B."""
    dy, dx = frame.color_phase
    return [2 * ((dy + j) % 2) + (dx + i) % 2 for j in (0, 1) for i in (0, 1)]


def sample_colours(frame: Frame) -> Floats:
    """(n, 3) linear camera RGB of blocks of 16x16 pixels that are neither clipped nor lost in noise."""
    black = np.array(frame.black_level)
    if frame.is_linear:
        h, w = (n // 8 * 8 for n in frame.mosaic.shape[:2])
        blocks = frame.mosaic[:h, :w].reshape(h // 8, 8, w // 8, 8, 3)
        mean = (blocks.mean(axis=(1, 3)) - black[:3]) / (frame.white_level - black[:3])
        clipped = (blocks >= frame.clip_level).any(axis=(1, 3, 4))
        return np.asarray(mean[~clipped & (mean.min(axis=-1) > 0)], np.float64)
    h, w = frame.mosaic.shape
    statistics = np.empty((8, h // 16, w // 16), np.float32)
    if statistics.size:
        native.call("mosaic_statistics", frame.mosaic, min(round(frame.clip_level), 65535), statistics)
    order = site_order(frame)
    mean = (statistics[order] - black[order, None, None]) / (frame.white_level - black[order, None, None])
    if frame.shading is not None:
        gh, gw = frame.shading.shape[:2]
        rows = np.linspace(0, gh - 1, mean.shape[1]).round().astype(int)
        columns = np.linspace(0, gw - 1, mean.shape[2]).round().astype(int)
        mean = mean * frame.shading[rows[:, None], columns[None]].transpose(2, 0, 1)[order]
    rgb = np.stack([mean[0], (mean[1] + mean[2]) / 2, mean[3]], axis=-1)
    usable = (statistics[4:].max(axis=0) < 0.02) & (rgb.min(axis=-1) > 0.002)
    return np.asarray(rgb[usable], np.float64)


def working_noise(profile: NoiseProfile, neutral: Floats, matrix: Floats) -> NoiseProfile:
    """The noise of camera channels, white-balanced and mixed by `matrix`, for a grey of the working space."""
    scale = (matrix**2) @ (np.asarray(profile.scale) / neutral)
    offset = (matrix**2) @ (np.asarray(profile.offset) / neutral**2)
    return replace(
        profile,
        scale=(float(scale[0]), float(scale[1]), float(scale[2])),
        offset=(float(offset[0]), float(offset[1]), float(offset[2])),
    )


def _develop(frame: Frame, neutral: Floats, matrix: Floats) -> FloatImage:
    if frame.is_linear:
        return develop_linear(frame, crop_of(frame), neutral, matrix)
    return develop_mosaic(frame, crop_of(frame), neutral, matrix)
