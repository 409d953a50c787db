"""Colour from raw shots of a chart: what was put in comes out, through perspective, falling light, glare and noise."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from chart_shot import write_shot
from lichtbild import color
from lichtbild.calibrate import chart_doubts
from lichtbild.calibrate.chart import calibrate, fit_light, nearest_light
from lichtbild.calibrate.chart_shot import read_chart_shot
from lichtbild.calibrate.sensitivities import rendered
from lichtbild.devices.profile import DeviceProfile
from lichtbild.errors import DeviceError
from lichtbild.measure.chart_values import reference, xyz_from_lab
from lichtbild.record import replace
from lichtbild.report import Report
from whole_program import fails, lichtbild

CLASSIC = reference("classic")
FORWARD = np.array([[0.62, 0.22, 0.1242], [0.24, 0.84, -0.08], [0.02, -0.14, 0.9451]])
FORWARD = FORWARD * (color.xyz_from_xy(color.D50) / FORWARD.sum(1))[:, None]
NEUTRAL = np.array([0.48, 1.0, 0.62])


def patches(lab: np.ndarray = CLASSIC, forward: np.ndarray = FORWARD, neutral: np.ndarray = NEUTRAL) -> np.ndarray:
    """(24, 3) camera RGB of a camera that is exactly linear, half a stop below clipping."""
    return np.asarray(xyz_from_lab(lab) @ np.linalg.inv(forward).T * neutral * 0.7)


def test_an_exact_camera_is_found_exactly(tmp_path: Path) -> None:
    path = write_shot(tmp_path / "a.dng", patches(), slope=(0.5, -0.3))
    shot = read_chart_shot(path, Report())
    profile, (fit,) = calibrate([shot], ["D65"], CLASSIC)
    assert fit.matrix_error.mean() < 0.6 and fit.matrix_error.max() < 2.0
    assert fit.light.hue_sat_map is None  # nothing is left to correct
    assert 0.4 < fit.evenness[0] < 1.0
    np.testing.assert_allclose(fit.light.forward_matrix, FORWARD, atol=0.03)
    np.testing.assert_allclose(fit.neutral, NEUTRAL, rtol=0.01)
    # The colour matrix maps the light's own white to the neutral, and agrees with the forward matrix.
    white = np.array(fit.light.color_matrix) @ color.xyz_from_xy(color.D65)
    np.testing.assert_allclose(white / white.max(), NEUTRAL, rtol=0.01)
    np.testing.assert_allclose(np.array(fit.light.forward_matrix).sum(1), color.xyz_from_xy(color.D50), atol=1e-5)
    assert (profile.make, profile.model) == ("Maker", "Maker One")
    assert profile.accuracy["D65"]["chart mean"] == pytest.approx(fit.error.mean())


def test_uneven_light_and_glare_are_undone(tmp_path: Path) -> None:
    plain = read_chart_shot(write_shot(tmp_path / "plain.dng", patches()), Report())
    hazy = write_shot(tmp_path / "hazy.dng", patches(), slope=(1.0, 0.6), glare=(0.004, 0.008, 0.006))
    fits = [fit_light([shot], "D50", CLASSIC) for shot in (plain, read_chart_shot(hazy, Report()))]
    assert fits[0].glare < 1e-3 < fits[1].glare
    assert fits[1].matrix_error.mean() < 0.8
    np.testing.assert_allclose(fits[0].light.forward_matrix, fits[1].light.forward_matrix, atol=0.03)


def test_much_glare_of_one_colour_is_undone(tmp_path: Path) -> None:
    """A twentieth of white in blue and red: lamps beside the lens. Blacks were off by 10."""
    shot = read_chart_shot(write_shot(tmp_path / "glare.dng", patches(), glare=(0.02, 0.02, 0.02)), Report())
    fit = fit_light([shot], "D50", CLASSIC)
    assert fit.glare == pytest.approx(0.02 / 0.7 * (1 / 0.48 + 1 + 1 / 0.62) / 3, rel=0.15)
    assert fit.matrix_error[18:].max() < 1.5 and fit.matrix_error.mean() < 0.8


def test_shadows_and_lights_called_wrongly_are_told(tmp_path: Path) -> None:
    shots, fits = [], []
    for name, shade, which in (("even", 1.0, [5]), ("one", 0.3, [5]), ("half", 0.45, [2, 3, 4, 5, 9, 10, 11, 16, 17])):
        dimmed = patches() * np.where(np.isin(np.arange(24), which), shade, 1.0)[:, None]
        shots.append(read_chart_shot(write_shot(tmp_path / f"{name}.dng", dimmed), Report()))
        fits.append(fit_light(shots[-1:], "D50", CLASSIC))
    even, one, half = map(chart_doubts.of_fit, fits)
    assert not even
    assert one == ["D50: bluish green lies far off beside the others: is there a shadow or a reflection on it?"]
    assert len(half) == 1 and "shadow" in half[0]
    known = replace(shots[0], light_kelvin=6400.0)
    assert not chart_doubts.of_lights([known] * 3, ["D65", "D50", "flash"])
    (told,) = chart_doubts.of_lights([known, replace(known, light_kelvin=2900.0)], ["A", "A"])
    assert told.startswith("even.dng: its white looks like light of 6400 K, not like A")


def test_a_second_light_from_the_side_is_told(tmp_path: Path) -> None:
    """A fifth of lamplight at the right side of the chart: each patch alone is well within what sensors do."""
    lamp = NEUTRAL * (1.7, 1.0, 0.5)
    doubts = []
    for k, share in enumerate((0.0, 0.2)):
        part = share * (np.arange(24) % 6 / 5)[:, None]
        lit = patches() * (1 - part) + patches(neutral=lamp) * part
        shot = read_chart_shot(write_shot(tmp_path / f"{k}.dng", lit), Report())
        doubts.append(chart_doubts.of_fit(fit_light([shot], "D50", CLASSIC)))
    assert doubts == [
        [],
        ["D50: the greys change colour from left to right: do lights of two colours reach the chart?"],
    ]


@pytest.mark.parametrize("turn", [1, 2, 3])
def test_a_turned_chart_is_read_in_its_own_order(turn: int, tmp_path: Path) -> None:
    lying, upright = ((120, 90), (560, 110), (600, 450), (100, 410)), ((220, 30), (530, 40), (550, 500), (200, 490))
    corners = lying if turn == 2 else upright
    corners = corners[turn:] + corners[:turn]
    shot = read_chart_shot(write_shot(tmp_path / "t.dng", patches(), corners=corners), Report())
    np.testing.assert_allclose(shot.camera, patches(), rtol=0.03, atol=2e-3)


def test_two_lights_and_several_shots_of_one(tmp_path: Path) -> None:
    warm = NEUTRAL * (1.7, 1.0, 0.5)
    warm = warm / warm.max()
    shots = [
        read_chart_shot(write_shot(tmp_path / "d1.dng", patches(), seed=1), Report()),
        read_chart_shot(write_shot(tmp_path / "d2.dng", patches() * 0.7, seed=2, slope=(0.4, 0)), Report()),
        read_chart_shot(write_shot(tmp_path / "a.dng", patches(neutral=warm), seed=3), Report()),
    ]
    profile, fits = calibrate(shots, ["D65", "D65", "A"], CLASSIC)
    assert [light.illuminant for light in profile.lights] == ["A", "D65"]  # from warm to cold
    assert len(fits[1].camera) == 48 and len(fits[1].error) == 24
    np.testing.assert_allclose(fits[0].neutral, warm, rtol=0.015)
    assert max(f.error.mean() for f in fits) < 0.8


def test_a_table_is_made_only_where_it_helps_patches_left_out(tmp_path: Path) -> None:
    """A camera that turns hues smoothly, as no matrix can: the table earns its place, and the chart becomes truer."""
    lab = CLASSIC.copy()
    chroma = np.hypot(lab[:, 1], lab[:, 2])
    hue = np.arctan2(lab[:, 2], lab[:, 1])
    hue = hue + 0.25 * np.exp(-(((hue - 0.8) / 0.9) ** 2)) * np.minimum(chroma / 40, 1)  # reds and yellows
    bent = np.stack([lab[:, 0], chroma * np.cos(hue), chroma * np.sin(hue)], 1)
    shot = read_chart_shot(write_shot(tmp_path / "bent.dng", np.maximum(patches(bent), 1e-3)), Report())
    fit = fit_light([shot], "D50", CLASSIC)
    assert fit.matrix_error.mean() > 1.0
    assert fit.light.hue_sat_map is not None
    assert fit.left_out[1] < 0.92 * fit.left_out[0]
    assert fit.error.mean() < 0.8 * fit.matrix_error.mean()
    grey = rendered(fit.light, np.array([[0.1, 0.1, 0.1], [1.0, 1.0, 1.0]]))
    np.testing.assert_allclose(grey, np.outer([0.1, 1.0], color.xyz_from_xy(color.D50)), atol=1e-6)
    colours = np.random.default_rng(0).uniform(0.05, 0.9, (50, 3))
    np.testing.assert_allclose(rendered(fit.light, colours / 4) * 4, rendered(fit.light, colours), atol=1e-6)


def test_a_clipped_dark_missing_or_wrong_chart_is_refused(tmp_path: Path) -> None:
    cases = {
        "clipped": (patches() * 1.6, "clipped (white"),
        "dark": (patches() * 0.01, "dark"),
        "wrong": (patches()[::-1] * 0.0 + patches()[20], "no 24-patch chart"),
    }
    for name, (values, said) in cases.items():
        path = write_shot(tmp_path / f"{name}.dng", values)
        with pytest.raises(DeviceError) as error:
            read_chart_shot(path, Report())
        text = str(error.value)
        assert "\n" not in text and name in text and (said in text or "no 24-patch chart" in text)
    shot = read_chart_shot(write_shot(tmp_path / "other.dng", patches(), model="Maker Two"), Report())
    first = read_chart_shot(write_shot(tmp_path / "first.dng", patches()), Report())
    with pytest.raises(DeviceError, match="another camera"):
        calibrate([first, shot], ["D50", "D65"], CLASSIC)
    assert nearest_light(first) in ("A", "D50", "D65")


def test_command_writes_adds_and_refuses(tmp_path: Path) -> None:
    path = write_shot(tmp_path / "chart.dng", patches())
    out = tmp_path / "device.toml"
    arguments = ["calibrate", "chart", path, "--illuminants", "D65", "-o", out]
    done = lichtbild(*arguments)
    assert done.returncode == 0, done.stderr
    assert "dark skin" in done.stdout and "mean" in done.stdout and "worst" in done.stdout
    profile = DeviceProfile.read(out)
    assert profile.lights[0].illuminant == "D65" and "chart.dng" in profile.lights[0].source
    fails(lichtbild(*arguments), "exists already", "--add")
    warm = write_shot(tmp_path / "warm.dng", patches(neutral=np.array([0.9, 1.0, 0.35])))
    assert lichtbild("calibrate", "chart", warm, "--illuminants", "A", "-o", out, "--add").returncode == 0
    assert [light.illuminant for light in DeviceProfile.read(out).lights] == ["A", "D65"]
    for wrong in ("D65,A", "candle"):
        fails(lichtbild("calibrate", "chart", path, "--illuminants", wrong, "-o", out, "--overwrite"), "illuminants")
