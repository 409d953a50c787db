"""DCP files and the profiles of DNGs: read safely, written as other programs read them, applied by the standard."""

from __future__ import annotations

import json
import shutil
import struct
import subprocess
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from click.testing import CliRunner

import lichtbild as lb
from lichtbild import color
from lichtbild.calibrate import spectral
from lichtbild.carriers import CameraColor, Frame, Metadata, NoiseProfile
from lichtbild.cli.root import root
from lichtbild.develop.camera_color import CameraModel
from lichtbild.devices import hue_sat, illuminant_data
from lichtbild.devices.dcp import read_dcp
from lichtbild.devices.dcp_write import write_dcp
from lichtbild.devices.profile import DeviceProfile, HueSatMap, Light, ToneCurve
from lichtbild.errors import DeviceError
from lichtbild.output.dng import write_dng
from lichtbild.raw.read import read_frame
from lichtbild.report import Report

MATRIX = ((0.9, -0.2, -0.1), (-0.4, 1.2, 0.2), (-0.1, 0.2, 0.6))
WARM = ((1.0, -0.3, -0.1), (-0.4, 1.3, 0.2), (-0.1, 0.2, 0.5))
PLACES = (0.44, 0.4), (0.32, 0.34)  # of lights without a name
NEUTRAL = np.array(MATRIX) @ color.xyz_from_xy(color.D65)
NEUTRAL /= NEUTRAL.max()


def table(strength: float, values: int = 1, seed: int = 0) -> np.ndarray:
    rng = np.random.default_rng(seed)
    size = (values, 12, 5)
    made = np.stack([rng.uniform(-15, 15, size), *(rng.uniform(0.8, 1.2, (2, *size)))], axis=-1)
    made[..., 1:] = 1 + strength * (made[..., 1:] - 1)
    made[..., 0] *= strength
    made[:, :, 0, 2] = 1
    return made.astype(np.float32)


def profile(**changes: object) -> DeviceProfile:
    lights = (
        Light("A", WARM, hue_sat_map=HueSatMap(table(1.0))),
        Light("D65", MATRIX, hue_sat_map=HueSatMap(table(1.0, seed=3))),
    )
    made = DeviceProfile("Some", "Camera", name="A name", copyright="None", lights=lights)
    return replace(made, **changes)  # type: ignore[arg-type]


def look() -> dict[str, object]:
    curve = np.array([[0, 0], [0.1, 0.2], [0.5, 0.8], [1, 1]], np.float32)
    return {"look_table": HueSatMap(table(1.0, 3), True), "tone_curve": ToneCurve(curve), "baseline_exposure": -0.5}


def patches(rgb: np.ndarray, color_tags: CameraColor | None = None) -> Frame:
    """A mosaic of flat patches, 32 wide, of these camera RGBs (n, 3) of 0..1, not white-balanced."""
    image = np.repeat(np.repeat(rgb.reshape(1, -1, 3), 128, 0), 32, 1)
    mosaic = np.empty(image.shape[:2])
    for i, (dy, dx) in enumerate(((0, 0), (0, 1), (1, 0), (1, 1))):
        mosaic[dy::2, dx::2] = image[dy::2, dx::2, (0, 1, 1, 2)[i]]
    tags = color_tags or CameraColor(
        color_matrix_1=MATRIX, calibration_illuminant_1=21, as_shot_neutral=tuple(float(v) for v in NEUTRAL)
    )
    return Frame(
        mosaic=np.rint(mosaic * 60000 + 1000).astype(np.uint16),
        cfa="RGGB",
        black_level=(1000.0,) * 4,
        white_level=61000.0,
        clip_level=61000.0,
        noise_profile=NoiseProfile((1e-8,) * 3, (1e-10,) * 3),
        metadata=Metadata(make="Some", model="Camera", iso=100, color=tags),
    )


def colours(count: int = 12) -> np.ndarray:
    """Camera RGBs that are not clipped."""
    return np.random.default_rng(5).uniform(0.1, 0.6, (count, 3)) * NEUTRAL


def developed(source: Frame | Path, **settings: object) -> np.ndarray:
    """(n, 3) linear Rec. 2020 of the patches."""
    burst = lb.read(source)
    image = lb.develop(burst, look="linear", depth="32f", space="rec2020", denoise=0, lens="file", **settings).image
    return image.reshape(image.shape[0], -1, 32, 3)[8:24, :, 8:24].mean(axis=(0, 2))


def expected(rgb: np.ndarray, found: HueSatMap | None) -> np.ndarray:
    """The same colours by formula."""
    xyz = rgb @ np.linalg.inv(np.array(MATRIX)).T @ color.adaptation(color.D65, color.D50).T
    white = NEUTRAL @ np.linalg.inv(np.array(MATRIX)).T @ color.adaptation(color.D65, color.D50).T
    prophoto = xyz @ hue_sat.XYZ_TO_PROPHOTO.T / (white @ hue_sat.XYZ_TO_PROPHOTO.T)
    if found is not None:
        prophoto = hue_sat.apply(found, prophoto)
    return prophoto @ np.linalg.inv(hue_sat.working_to_prophoto()).T


def test_written_and_read_back(tmp_path: Path) -> None:
    path = tmp_path / "profile.dcp"
    made = profile(**look())
    write_dcp(made, path)
    found = read_dcp(path)
    assert (found.title, found.make, found.model, found.name, found.copyright) == (
        ("Some Camera", "Some", "Camera", "A name", "None")
    )
    assert found.baseline_exposure == -0.5
    for a, b in zip(found.lights, made.lights, strict=True):
        assert a.illuminant == b.illuminant
        np.testing.assert_allclose(a.color_matrix, b.color_matrix, atol=1e-7)
        assert a.hue_sat_map is not None
        assert b.hue_sat_map is not None
        np.testing.assert_allclose(a.hue_sat_map.table, b.hue_sat_map.table, atol=1e-4)
    assert found.look_table is not None
    assert found.look_table.srgb_value
    np.testing.assert_array_equal(found.tone_curve.points, made.tone_curve.points)  # type: ignore[union-attr]


def test_three_lights_and_a_light_of_its_own(tmp_path: Path) -> None:
    path = tmp_path / "profile.dcp"
    middle = Light("other", MATRIX, white_xy=(0.38, 0.37), hue_sat_map=HueSatMap(table(0.5)))
    first, last = profile().lights
    write_dcp(profile(lights=(first, middle, last)), path)
    found = read_dcp(path)
    assert [x.illuminant for x in found.lights] == ["A", "other", "D65"]
    assert found.lights[1].white_xy == pytest.approx((0.38, 0.37))


@pytest.mark.skipif(shutil.which("exiftool") is None, reason="exiftool is not installed")
def test_a_light_by_its_spectrum(tmp_path: Path) -> None:
    """IlluminantData of type 1, as rationals; the observer in closed form is near the tabulated one."""
    for name, order in (("D65", "<"), ("A", ">")):
        power = spectral.light(name)
        numbers = [(380, 1), (5, 1), *((round(1000 * v / power.max()), 1000) for v in power)]
        data = struct.pack(f"{order}HI{2 * len(numbers)}I", 1, len(power), *(v for pair in numbers for v in pair))
        found = illuminant_data.chromaticity(data, order)
        np.testing.assert_allclose(found, spectral.white_xy(power), atol=0.002)
        for broken in (data[:40], data[:2], data[:2] + b"\xff" * 4 + data[6:], b"\7" + data[1:]):
            assert illuminant_data.chromaticity(broken, order) is None
    assert illuminant_data.chromaticity(struct.pack(">HIIII", 0, 3457, 10000, 3585, 10000), ">") == (0.3457, 0.3585)


def test_a_table_for_the_first_light_alone_holds_for_all(tmp_path: Path) -> None:
    path = tmp_path / "one.dcp"
    write_dcp(profile(), path)
    path.write_bytes(path.read_bytes().replace(struct.pack("<HH", 50939, 11), struct.pack("<HH", 65000, 11)))
    first, second = read_dcp(path).lights
    assert first.hue_sat_map is not None and second.hue_sat_map is first.hue_sat_map


def test_neutrals_of_three_lights_are_those_of_each_place() -> None:
    """Automatic white balance asks for many at once; of three lights it was given the first one's for all."""
    middle = Light("other", ((0.93, -0.23, -0.1), (-0.4, 1.25, 0.2), (-0.1, 0.2, 0.55)), white_xy=(0.38, 0.377))
    lights = (profile().lights[0], middle, profile().lights[1])
    model = CameraModel.of(CameraColor(analog_balance=(1.1, 1.0, 0.9)), profile(lights=lights))
    kelvin = np.array([2300.0, 2900, 3500, 4200, 5500, 9000])
    places = np.array([color.xy_from_temperature(k) for k in kelvin])
    one_by_one = [model.neutral_from_xy((x, y)) for x, y in places.tolist()]
    temperatures = np.array([color.temperature_from_xy((x, y))[0] for x, y in places.tolist()])
    np.testing.assert_allclose(model.neutrals_from_xy(places, temperatures), one_by_one, atol=1e-9)


def test_exiftool_reads_it(tmp_path: Path) -> None:
    path = tmp_path / "profile.dcp"
    write_dcp(profile(**look()), path)
    asked = ["-validate", "-ProfileHueSatMapData2", "-all"]
    out = subprocess.run(["exiftool", "-json", "-n", "-m", "-b", *asked, path], capture_output=True, check=True)
    tags = json.loads(out.stdout)[0]
    assert tags["UniqueCameraModel"] == "Some Camera"
    assert tags["ProfileName"] == "A name"
    assert tags["ProfileHueSatMapDims"] == "12 5 1"
    assert tags["ProfileLookTableEncoding"] == 1
    np.testing.assert_allclose(np.array(tags["ColorMatrix2"].split(), float).reshape(3, 3), MATRIX, atol=1e-6)
    stored = np.array(tags["ProfileHueSatMapData2"].split(), float).reshape(1, 12, 5, 3)
    np.testing.assert_allclose(stored, table(1.0, seed=3), rtol=1e-5, atol=1e-4)
    assert not str(tags.get("Validate", "0")).startswith("1 ")


@pytest.mark.skipif(shutil.which("rawtherapee-cli") is None, reason="RawTherapee is not installed")
def test_rawtherapee_makes_the_same_colours_of_it(tmp_path: Path) -> None:
    """The table as another program applies it, beside ours."""
    import tifffile

    gentle = HueSatMap(table(0.5))
    light = Light("D65", MATRIX, hue_sat_map=gentle)
    write_dcp(profile(lights=(light,)), tmp_path / "profile.dcp")
    rgb = 0.2 * NEUTRAL + 0.4 * colours()  # inside every gamut
    write_dng(patches(rgb), tmp_path / "shot.dng")
    (tmp_path / "rt.pp3").write_text(
        "[Version]\nAppVersion=5.9\nVersion=346\n[White Balance]\nSetting=Camera\n[Color Management]\n"
        f"InputProfile=file:{tmp_path / 'profile.dcp'}\nToneCurve=false\nApplyLookTable=false\n"
        "ApplyBaselineExposureOffset=false\nApplyHueSatMap=true\nOutputProfile=RTv4_Rec2020\nWorkingProfile=ProPhoto\n"
    )
    command = ["rawtherapee-cli", "-o", tmp_path / "rt.tif", "-t", "-p", tmp_path / "rt.pp3", "-Y", "-c"]
    said = subprocess.run([*command, tmp_path / "shot.dng"], capture_output=True, check=False, text=True)
    if not (tmp_path / "rt.tif").exists():
        pytest.skip(f"RawTherapee does not work here: {said.stderr[:100]}")
    image = color.decode_srgb(tifffile.imread(tmp_path / "rt.tif") / 65535.0)
    seen = np.stack([image[8:-8, 32 * i + 4 : 32 * i + 12].mean(axis=(0, 1)) for i in range(1, len(rgb) - 1)])
    want = expected(rgb, gentle)[1:-1]
    plain = expected(rgb, None)[1:-1]
    seen *= np.median(want[:, 1] / seen[:, 1])

    def away(a: np.ndarray) -> float:
        lab = [color.lab_from_xyz(v @ color.rgb_to_xyz("rec2020").T, color.D65) for v in (a, want)]
        return float(color.delta_e_2000(*lab).mean())

    assert away(plain) > 1  # it does something
    assert away(seen) < 0.5, (away(plain), away(seen))


def test_a_device_is_applied_before_all_else(tmp_path: Path) -> None:
    rgb = colours()
    made = profile()
    made.write(tmp_path / "device.toml")
    found = made.lights[1].hue_sat_map
    np.testing.assert_allclose(developed(patches(rgb)), expected(rgb, None), atol=2e-3)
    np.testing.assert_allclose(
        developed(patches(rgb), device=str(tmp_path / "device.toml")), expected(rgb, found), atol=3e-3
    )
    dark = developed(patches(rgb / 4), device=str(tmp_path / "device.toml"))
    np.testing.assert_allclose(4 * dark, expected(rgb, found), atol=4e-3)


def test_a_dcp_is_a_device_itself(tmp_path: Path) -> None:
    rgb, made, path = colours(), profile(), tmp_path / "some.dcp"
    write_dcp(made, path)
    found = made.lights[1].hue_sat_map
    np.testing.assert_allclose(developed(patches(rgb), device=str(path)), expected(rgb, found), atol=3e-3)
    (tmp_path / "shot.dng").write_bytes(b"II*\0" + bytes(100))
    with pytest.raises(DeviceError, match="is a picture; lichtbild calibrate dcp"):
        DeviceProfile.read(tmp_path / "shot.dng")


def test_the_look_of_a_profile_that_has_none_is_natural(tmp_path: Path) -> None:
    """All the way: what is written down of the look is asked for as well."""
    report = Report()
    lb.develop(lb.read(patches(colours(4))), report=report, look="profile")
    assert report.decided["look"]["look"] == "natural"
    assert any("no camera profile with a look is at hand" in notice for notice in report.notices)


def test_a_device_is_found_by_make_and_model(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path))
    folder = tmp_path / "lichtbild" / "devices"
    folder.mkdir(parents=True)
    profile().write(folder / "some.toml")
    rgb, report = colours(4), Report()
    lb.develop(lb.read(patches(rgb)), report=report, look="linear")
    assert report.decided["develop"]["device"] == "Some Camera (some.toml)"
    np.testing.assert_allclose(developed(patches(rgb), device="none"), expected(rgb, None), atol=2e-3)


def test_the_profile_of_a_dng_is_applied_and_kept(tmp_path: Path) -> None:
    rgb = colours()
    made = profile(**look())
    tags = CameraColor(
        color_matrix_1=WARM,
        color_matrix_2=MATRIX,
        calibration_illuminant_1=17,
        calibration_illuminant_2=21,
        as_shot_neutral=tuple(float(v) for v in NEUTRAL),
        profile=made,
    )
    path = tmp_path / "shot.dng"
    write_dng(patches(rgb, tags), path)
    read = read_frame(path, Report())
    assert read.metadata.color.profile is not None
    assert read.metadata.color.profile.tone_curve is not None
    assert (read.metadata.color.baseline_exposure, read.metadata.color.profile.baseline_exposure) == (-0.5, 0.0)
    want = expected(rgb, made.lights[1].hue_sat_map)
    np.testing.assert_allclose(developed(path), want, atol=3e-3)
    merged = tmp_path / "merged.dng"
    write_dng(read, merged)
    np.testing.assert_allclose(developed(merged), want, atol=3e-3)
    told = CliRunner().invoke(root, ["info", str(path)])
    assert "light D65 (6500 K): colour matrix, table of 12 hues x 5 saturations; look table of" in told.output
    imported = read_dcp(path)
    assert len(imported.lights) == 2
    np.testing.assert_allclose(imported.lights[0].color_matrix, WARM, atol=1e-7)


def test_a_profile_is_kept_whatever_the_order_of_its_lights(tmp_path: Path) -> None:
    """Phones name daylight first. In merged DNGs the tables were then those of the other light, and lights without a
    name were left out."""
    rgb = colours()
    tags = CameraColor(
        color_matrix_1=MATRIX,
        color_matrix_2=WARM,
        calibration_illuminant_1=21,
        calibration_illuminant_2=17,
        as_shot_neutral=tuple(float(v) for v in NEUTRAL),
    )
    unnamed = tuple(replace(x, illuminant="other", white_xy=xy) for x, xy in zip(profile().lights, PLACES, strict=True))
    for made in (profile(), profile(lights=unnamed)):
        path = tmp_path / "merged.dng"
        write_dng(patches(rgb, replace(tags, profile=made)), path, overwrite=True)
        kept = read_frame(path, Report()).metadata.color.profile
        assert kept is not None and len(kept.lights) == 2
        for found, light in zip(kept.lights, made.lights, strict=True):
            assert (found.illuminant, found.white_xy) == (light.illuminant, light.white_xy)
            np.testing.assert_allclose(found.color_matrix, light.color_matrix, atol=1e-6)
            np.testing.assert_allclose(found.hue_sat_map.table, light.hue_sat_map.table, atol=1e-4)


def test_command(tmp_path: Path) -> None:
    write_dcp(profile(**look()), tmp_path / "in.dcp")
    run, target = CliRunner(), tmp_path / "device.toml"
    done = run.invoke(root, ["calibrate", "dcp", str(tmp_path / "in.dcp"), "-o", str(target)])
    assert done.exit_code == 0, done.output
    assert "look table of 12 hues x 5 saturations x 3 values" in done.output
    out = tmp_path / "out.dcp"
    assert run.invoke(root, ["devices", "export", str(target), "--dcp", str(out)]).exit_code == 0
    assert read_dcp(out).title == "Some Camera"
    tags = tmp_path / "tags.json"
    assert run.invoke(root, ["devices", "export", str(target), "--json", str(tags)]).exit_code == 0
    assert len(json.loads(tags.read_text())["ProfileHueSatMapData1"]) == 12 * 5 * 3


def test_damaged_files_are_refused_in_a_line(tmp_path: Path) -> None:
    good = tmp_path / "good.dcp"
    write_dcp(profile(**look()), good)
    data = good.read_bytes()
    path = tmp_path / "bad.dcp"
    rng = np.random.default_rng(0)
    refused = 0
    for i in range(200):
        bad = bytearray(data)
        if i % 4 == 0:
            bad = bad[: int(rng.integers(0, len(bad)))]
        else:
            for at in rng.integers(0, min(len(bad), 400), 4):
                bad[at] = int(rng.integers(0, 256))
        path.write_bytes(bad)
        try:
            read_dcp(path)
        except DeviceError as error:
            refused += 1
            assert "\n" not in str(error)
            assert str(path) in str(error)
    assert refused > 20
    for length in range(8, len(data) - 1, len(data) // 50):  # tables of a file cut short were left out without a word
        path.write_bytes(data[:length])
        with pytest.raises(DeviceError, match=r"cut short|neither"):
            read_dcp(path)
    for content in (b"", b"II", b"IIRC\xff\xff\xff\xff", b"not one"):
        path.write_bytes(content)
        with pytest.raises(DeviceError, match="neither a DCP nor a DNG"):
            read_dcp(path)


def test_numbers_that_cannot_be_are_refused(tmp_path: Path) -> None:
    nan = table(1.0)
    nan[0, 3, 2, 1] = np.nan
    path = tmp_path / "bad.dcp"
    write_dcp(profile(lights=(Light("D65", MATRIX, hue_sat_map=HueSatMap(nan)),)), path)
    with pytest.raises(DeviceError, match="holds what cannot be"):
        read_dcp(path)
    write_dcp(profile(), path, overwrite=True)
    data = bytearray(path.read_bytes())
    at = data.index(struct.pack("<III", 12, 5, 1))
    data[at : at + 4] = struct.pack("<I", 1 << 30)
    path.write_bytes(data)
    with pytest.raises(DeviceError, match="impossible size"):
        read_dcp(path)
