"""`--look profile`: look table and tone curve of a camera profile, beside a plain twin."""

from __future__ import annotations

import numpy as np
import pytest

from lichtbild.carriers import CameraColor, Metadata, NoiseProfile, Scene
from lichtbild.devices import hue_sat
from lichtbild.devices.profile import DeviceProfile, HueSatMap, ToneCurve
from lichtbild.look import profile_look
from lichtbild.look.render import render_picture
from lichtbild.recipe import Recipe
from lichtbild.report import Report
from reference import hue_sat as reference
from reference.half import HALF

CURVE = ToneCurve(np.array([[0, 0], [0.1, 0.16], [0.3, 0.5], [0.6, 0.82], [1, 1]], np.float32))


def table() -> HueSatMap:
    rng = np.random.default_rng(0)
    size = (6, 12, 5)
    made = np.stack([rng.uniform(-15, 15, size), *rng.uniform(0.8, 1.2, (2, *size))], axis=-1)
    made[:, :, 0, 1] = 1
    return HueSatMap(made.astype(np.float32), True)


def scene(rgb: np.ndarray, **parts: object) -> Scene:
    """rgb: (h, w, 3) linear ProPhoto."""
    image = rgb @ np.linalg.inv(hue_sat.working_to_prophoto()).T
    profile = DeviceProfile("a", "b", **parts)  # type: ignore[arg-type]
    planar = np.ascontiguousarray(np.moveaxis(image, 2, 0), np.float16)
    noise = NoiseProfile((1e-5,) * 3, (1e-8,) * 3)
    color = CameraColor(baseline_exposure=0.25)
    return Scene(
        np.moveaxis(planar, 0, 2), noise, (1.0,) * 3, (0.3127, 0.329), 1.0, Metadata(color=color), profile=profile
    )


def toned(rgb: list[float], curve: np.ndarray) -> np.ndarray:
    """DNG's tone curve on one colour: ends through the curve, the middle in proportion."""
    order = np.argsort(rgb)
    low, middle, high = (min(max(rgb[i], 0), 1) for i in order)
    x = np.linspace(0, 1, len(curve))
    bottom, top = np.interp([low, high], x, curve)
    out = np.empty(3)
    out[order] = bottom, bottom + (top - bottom) * ((middle - low) / (high - low) if high > low else 0), top
    return out


@pytest.mark.parametrize("has_table", [True, False])
def test_as_the_specification_says(has_table: bool) -> None:
    rgb = np.random.default_rng(1).uniform(0.02, 0.7, (5, 21, 3))
    found = table() if has_table else None
    made = scene(rgb, look_table=found, tone_curve=CURVE, baseline_exposure=-0.5)
    shown = profile_look.shown(made, Recipe(look="profile", ev=0.5), Report())
    assert shown is not None
    seen = shown.image.astype(float) @ hue_sat.working_to_prophoto().T
    curve = profile_look.samples(CURVE)
    rgb = made.image.astype(float) @ hue_sat.working_to_prophoto().T
    for got, source in zip(seen.reshape(-1, 3), rgb.reshape(-1, 3), strict=True):
        light = source * 2**0.25  # 0.25 of the file, -0.5 of the profile, +0.5 of the recipe
        if found is not None:
            light = reference.through(found.table, tuple(light), srgb=True)
        np.testing.assert_allclose(got, toned(list(light), curve), rtol=HALF, atol=2e-4)


def test_the_scene_itself_is_left_alone() -> None:
    made = scene(np.full((4, 4, 3), 0.2), tone_curve=CURVE)
    before = made.image.copy()
    profile_look.shown(made, Recipe(look="profile"), Report())
    np.testing.assert_array_equal(made.image, before)


def test_curves() -> None:
    points = CURVE.points.astype(float)
    np.testing.assert_allclose(profile_look.through(points, points[:, 0]), points[:, 1], atol=1e-9)
    straight = np.array([[0, 0], [0.3, 0.3], [1, 1]])
    np.testing.assert_allclose(profile_look.through(straight, np.linspace(0, 1, 9)), np.linspace(0, 1, 9), atol=1e-12)
    own = profile_look.samples(None)
    assert own[0] == 0
    assert own[-1] == pytest.approx(1, abs=1e-3)
    assert (np.diff(own) >= 0).all()


def test_picture_and_fallback() -> None:
    report = Report()
    grey = scene(np.full((40, 60, 3), 0.3), tone_curve=CURVE)
    picture = render_picture(grey, Recipe(look="profile", depth="32f"), report)
    curve = profile_look.samples(CURVE)
    level = np.interp(0.3 * 2**0.25, np.linspace(0, 1, len(curve)), curve)
    np.testing.assert_allclose(picture.image, level, rtol=HALF, atol=2e-4)
    assert report.decided["look"]["look"] == "profile"
    plain, told = scene(np.full((40, 60, 3), 0.3)), Report()
    render_picture(plain, Recipe(look="profile"), told)
    assert told.decided["look"]["look"] == "natural"
    assert "no camera profile with a look is at hand" in told.notices[0]
