"""Packs and frames on the path of light: what is named is used, written down, and made again."""

from __future__ import annotations

import json
import subprocess
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

import lichtbild as lb
from lichtbild.color import D50, D65, adaptation, rgb_to_xyz
from lichtbild.devices.profile import DeviceProfile, Light
from lichtbild.errors import LichtbildError
from lichtbild.packs import consistency, lens, store
from lichtbild.packs.new import begin
from lichtbild.report import Report
from lichtbild.virtual.simulate import simulate


@pytest.fixture(scope="module")
def shot(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return simulate("still-life", tmp_path_factory.mktemp("burst"), size="480x360", frames=1, truth="none")[0]


@pytest.fixture(autouse=True)
def alpenglow(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("LICHTBILD_PACKS", str(tmp_path / "store"))
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "config"))
    folder = tmp_path / "alpenglow"
    begin(folder, "Studio Alpenglow")
    store.install(folder)
    return folder


def test_the_photograph_names_pack_look_and_version(shot: Path, tmp_path: Path) -> None:
    report = Report()
    picture = lb.develop(lb.read(shot), look="alpenglow/evening", depth="8", report=report)
    assert picture.recipe["settings"]["look"] == "alpenglow/evening@0.1.0"
    said = picture.recipe["decided"]["packs"]["look"]
    assert (said["name"], said["version"], said["maker"]) == ("alpenglow", "0.1.0", "Studio Alpenglow")
    assert len(said["digest"]) == 64
    assert not np.array_equal(picture.image, lb.develop(lb.read(shot), depth="8").image)
    photo = tmp_path / "photo.jpg"
    picture.save(photo)
    written = subprocess.run(["exiftool", "-b", "-XMP-lichtbild:Settings", photo], capture_output=True, check=False)
    if written.returncode == 0:
        assert json.loads(written.stdout)["look"] == "alpenglow/evening@0.1.0"
    store.remove("alpenglow", "0.1.0")
    with pytest.raises(LichtbildError, match="the pack alpenglow is not installed; install it"):
        lb.develop(lb.read(shot), photo)


def test_a_framed_photograph_is_made_again_bit_for_bit(shot: Path, tmp_path: Path) -> None:
    pytest.importorskip("PIL", reason="the extra frames is not installed")
    pytest.importorskip("font_source_sans_pro", reason="the extra frames is not installed")
    plain = lb.develop(lb.read(shot), look="alpenglow/evening", depth="8")
    report = Report()
    framed = lb.develop(lb.read(shot), look="alpenglow/evening", frame="alpenglow/card", depth="8", report=report)
    top, right, bottom, left = report.decided["frame"]["border"]
    height, width = framed.image.shape[:2]
    assert np.array_equal(framed.image[top : height - bottom, left : width - right], plain.image)
    photo = tmp_path / "photo.png"
    framed.save(photo)
    again = lb.develop(lb.read(shot), photo, depth="8")
    assert np.array_equal(again.image, framed.image)
    assert again.recipe["settings"]["frame"] == "alpenglow/card@0.1.0"


def test_every_orientation_has_its_caption_below(shot: Path) -> None:
    pytest.importorskip("PIL", reason="the extra frames is not installed")
    pytest.importorskip("font_source_sans_pro", reason="the extra frames is not installed")
    frame = lb.merge(lb.read(shot))
    for orientation in (1, 3, 6, 8):
        turned = replace(frame, metadata=replace(frame.metadata, orientation=orientation))
        framed = lb.develop(lb.read(turned), frame="bar", depth="8")
        upright = (360, 480) if orientation in (1, 3) else (480, 360)
        assert framed.image.shape[1] == upright[1]
        bar = framed.image[upright[0] :]
        assert (bar[0] == 255).all()
        assert (bar < 100).any()


def test_a_mode_is_what_its_settings_are(shot: Path) -> None:
    by_mode = lb.develop(lb.read(shot), mode="alpenglow/evening", depth="8")
    by_hand = lb.develop(lb.read(shot), look="alpenglow/evening", rendering="alpenglow/old-glass", ev=0.2, depth="8")
    assert np.array_equal(by_mode.image, by_hand.image)
    recipe = lb.Recipe(mode="alpenglow/evening", sharpen=0.5)
    made = lb.develop(lb.read(shot), recipe, depth="8").recipe["settings"]
    assert (made["look"], made["ev"], made["sharpen"]) == ("alpenglow/evening@0.1.0", 0.2, 0.5)


def test_a_lens_draws_its_falloff_in_linear_light(shot: Path) -> None:
    numbers = lens.Falloff(angle=30.0, barrel=0.5, start=0.5)
    at = lens.falloff(numbers, [0.0, 0.5, 1.0])
    assert at[0] == 0.0
    assert at[1] == pytest.approx(4 * np.log2(np.cos(np.arctan(0.5 * np.tan(np.radians(30))))))
    assert at[2] == pytest.approx(4 * np.log2(np.cos(np.radians(30))) - 0.5)
    cells = lens.falloff_map(numbers, (300, 400), 10, (30, 40))
    assert cells.shape == (30, 40)
    np.testing.assert_allclose(cells, cells[::-1, ::-1], atol=1e-6)
    plain = lb.develop(lb.read(shot), depth="16").image.astype(float)
    drawn = lb.develop(lb.read(shot), rendering="alpenglow/old-glass", depth="16").image.astype(float)
    corner, middle = (slice(0, 60), slice(0, 80)), (slice(150, 210), slice(200, 280))
    assert drawn[corner].mean() < 0.9 * plain[corner].mean()
    assert drawn[middle].mean() > 0.97 * plain[middle].mean()


def test_a_lens_draws_its_glow(tmp_path: Path) -> None:
    shot = simulate("street-night", tmp_path / "night", size="320x240", frames=1, truth="none")[0]
    images = []
    for strength in (0.0, 0.5):
        file = tmp_path / "alpenglow/lenses/old-glass/lens.toml"
        file.write_text(f"[glow]\nstrength = {strength}\nradius = 3\n", encoding="utf-8")
        store.install(tmp_path / "alpenglow", overwrite=True)
        made = lb.develop(lb.read(shot), rendering="alpenglow/old-glass", depth="16", hdr="off")
        images.append(made.image.astype(float).mean(axis=2))
    bright = images[0] > 60000
    near = np.zeros_like(bright)
    for shift in (-6, 6):
        near |= np.roll(bright, shift, axis=0) | np.roll(bright, shift, axis=1)
    near &= images[0] < 20000
    assert near.sum() > 50
    assert images[1][near].mean() > 1.1 * images[0][near].mean()


def test_looks_are_compared_on_all_device_profiles(tmp_path: Path) -> None:
    folder = tmp_path / "config" / "lichtbild" / "devices"
    folder.mkdir(parents=True)
    to_xyz = rgb_to_xyz("rec2020")
    for i, mixed in enumerate((0.0, 0.15, 0.3)):
        sensor = (1 - mixed) * np.eye(3) + mixed / 3  # primaries that see more and more of each other
        matrix = sensor @ np.linalg.inv(adaptation(D65, D50) @ to_xyz) @ adaptation(D65, D50)
        rows = tuple(tuple(float(v) for v in row) for row in matrix)
        DeviceProfile("Maker", f"M{i}", lights=(Light("D65", rows),)).write(folder / f"m{i}.toml")  # type: ignore[arg-type]
    patches, frames = consistency.by_profiles()
    assert len(patches) == 24
    assert len(frames["D65"]) == 3
    (result,) = consistency.measure(store.open_pack(tmp_path / "store/alpenglow/0.1.0"), patches, frames)
    assert (result.look, result.devices) == ("evening", 3)
    assert 0 < result.mean < 0.5
    assert result.ok


def test_looks_are_compared_through_real_sensitivities(shared_data: object, tmp_path: Path) -> None:
    pytest.importorskip("colour", reason="the extra calibrate is not installed")
    folder = tmp_path / "ssf"
    folder.mkdir()
    for file in sorted(shared_data("ssf/data/camera").glob("*.json"))[3:30:15]:  # type: ignore[operator]
        (folder / file.name).write_bytes(file.read_bytes())
    patches, frames = consistency.by_sensitivities(folder)
    (result, _) = consistency.measure(store.open_pack(tmp_path / "store/alpenglow/0.1.0"), patches[:24], frames)
    assert result.devices == 2
    assert 0.1 < result.mean < consistency.WANTED_MEAN
