"""Leg 3: a raw frame becomes a scene in linear light."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from lichtbild.carriers import Frame, HalfImage, NoiseProfile, Scene
from lichtbild.color import Floats
from lichtbild.develop import highlights
from lichtbild.develop.camera_color import CameraModel
from lichtbild.develop.demosaic import develop_mosaic
from lichtbild.develop.denoise import denoise
from lichtbild.develop.lens import decide_lens, look_up
from lichtbild.develop.white_balance import decide_white_balance
from lichtbild.devices import catalog
from lichtbild.raw.opcode_list import parse_opcodes
from lichtbild.raw.opcodes import Opcode
from lichtbild.recipe import Recipe
from lichtbild.record import replace
from lichtbild.report import Report

if TYPE_CHECKING:
    from lichtbild.develop.illuminant.samples import Samples
    from lichtbild.devices.profile import DeviceProfile


def develop_scene(frame: Frame, recipe: Recipe, report: Report) -> Scene:
    """White balance, demosaicing and camera colour: `Frame` to linear Rec. 2020, cut to the default crop.

    1.0 is the raw white of the channel that sees white best (green, as a rule); the others are brought up to it.
    """
    lens: Sequence[Opcode] = parse_opcodes(frame.metadata.opcode_list_3)
    known = look_up(frame, lens, crop_of(frame)) if recipe.lens == "auto" else None
    profile = device_of(frame, recipe, report)
    model = CameraModel.of(frame.metadata.color, profile)
    if model.is_fallback:
        report.notice("the file has no usable colour matrix; colours are those of a typical camera")
    balance = decide_white_balance(recipe.wb, frame.metadata.color, model, lambda: samples_of(frame), report)
    matrix = model.white_balanced_to_rec2020(balance.neutral, balance.xy)
    captured = frame.noise_profile
    given, frame = frame.mosaic, denoise(frame, balance.neutral, recipe.denoise, report)
    if known:
        lens = decide_lens(frame, lens, crop_of(frame), report, known)
    part = replace(frame, default_crop=None) if lens else frame
    clipped = highlights.decide(part, crop_of(part), balance.neutral, captured.divided_by(1 / frame.frame_count))
    report.decide("develop", highlights=0.0 if clipped is None else round(clipped.share, 6))
    if clipped is not None:
        from lichtbild.develop.lift import lift

        part = lift(part, crop_of(part), clipped, balance.neutral, in_place=frame.mosaic is not given)
    image = _develop(part, balance.neutral, matrix)
    if clipped is not None:
        from lichtbild.develop import defringe

        highlights.recover_highlights(image, clipped, matrix)
        rims = defringe.decide(clipped, frame.noise_profile, balance.neutral)
        if rims is not None:
            defringe.defringe(image, rims, matrix)
    if lens:
        from lichtbild.develop.optics import correct_optics

        image = correct_optics(image, lens, crop_of(frame), report, matrix)
    table = model.hue_sat_map(balance.xy)
    if table is not None:
        from lichtbild.develop.hue_sat import apply_hue_sat

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


def samples_of(frame: Frame) -> Samples:
    """What an estimator of the light looks at."""
    from lichtbild.develop.illuminant.samples import Samples

    return Samples.of_frame(frame)


def device_of(frame: Frame, recipe: Recipe, report: Report) -> DeviceProfile | None:
    """The profile that the recipe asks for, else the one that is embedded in the file, else None."""
    meta = frame.metadata
    if recipe.device == "none":
        return None
    profile = catalog.choose(recipe.device, meta.make, meta.model, meta.unique_camera_model)
    if profile is None:
        for fault in catalog.faults():  # one of these may be meant for this camera
            report.notice(fault)
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


def working_noise(profile: NoiseProfile, neutral: Floats, matrix: Floats) -> NoiseProfile:
    """The noise of camera channels, white-balanced and mixed by `matrix`, for a grey of the working space."""
    scale = (matrix**2) @ (np.asarray(profile.scale) / neutral)
    offset = (matrix**2) @ (np.asarray(profile.offset) / neutral**2)
    return replace(
        profile,
        scale=(float(scale[0]), float(scale[1]), float(scale[2])),
        offset=(float(offset[0]), float(offset[1]), float(offset[2])),
    )


def _develop(frame: Frame, neutral: Floats, matrix: Floats) -> HalfImage:
    if frame.is_linear:
        from lichtbild.develop.linear import develop_linear

        return develop_linear(frame, crop_of(frame), neutral, matrix)
    return develop_mosaic(frame, crop_of(frame), neutral, matrix)
