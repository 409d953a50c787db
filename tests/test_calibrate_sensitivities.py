"""Calibration from spectral sensitivities: how true its colours are, on surfaces that were not learnt from."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from click.testing import CliRunner

pytest.importorskip("colour", reason="colour-science (extra calibrate) is not installed")

from lichtbild import color
from lichtbild.calibrate import correction, sensitivities, spectra_file, spectral, surfaces
from lichtbild.calibrate.spectra_file import WAVELENGTHS, Spectra
from lichtbild.cli.root import root
from lichtbild.devices import hue_sat, wanted
from lichtbild.devices.profile import DeviceProfile
from lichtbild.errors import DeviceError

Shared = Callable[[str], Path]


def camera(shift: float = 0.0) -> Spectra:
    """A camera of plausible curves: filters that overlap, a red one with a second rise in the blue."""

    def bell(at: float, width: float) -> np.ndarray:
        return np.exp(-0.5 * ((WAVELENGTHS - at) / width) ** 2)

    red = bell(600 + shift, 32) + 0.06 * bell(430, 25) + 0.12 * bell(540, 25)
    green, blue = bell(530, 38), 0.85 * bell(460 - shift, 28) + 0.08 * bell(530, 30)
    return Spectra(("R", "G", "B"), np.stack([red, green, blue], axis=1), "Some", "Camera")


@pytest.fixture(scope="module")
def made() -> DeviceProfile:
    return sensitivities.calibrate(camera())


def test_lights_and_observer() -> None:
    for name, xy in (("A", (0.44758, 0.40745)), ("D50", (0.34567, 0.35850)), ("D65", (0.31272, 0.32903))):
        assert spectral.white_xy(spectral.light(name)) == pytest.approx(xy, abs=3e-5)  # CIE 15, table T.3
    assert spectral.white_xy(spectral.light("6504K")) == pytest.approx((0.3127, 0.3290), abs=3e-4)
    assert color.temperature_from_xy(spectral.white_xy(spectral.light("3000K")))[0] == pytest.approx(3000, rel=2e-3)
    np.testing.assert_allclose(spectral.xyz(spectral.light("D65"), np.ones((1, 81)))[0, 1], 1)
    with pytest.raises(DeviceError, match="is not known"):
        spectral.light("moon")


def test_white_and_grey_are_exact(made: DeviceProfile) -> None:
    for light in made.lights:
        np.testing.assert_allclose(np.sum(light.forward_matrix, axis=1), color.xyz_from_xy(color.D50), atol=2e-6)
        grey = np.linspace(0.01, 1, 9)[:, None] * np.ones(3)
        np.testing.assert_allclose(
            sensitivities.rendered(light, grey), grey[:, :1] * color.xyz_from_xy(color.D50), atol=1e-6
        )
        neutral = np.asarray(light.color_matrix) @ color.xyz_from_xy(
            spectral.white_xy(spectral.light(light.illuminant))
        )
        seen = spectral.seen(camera().values, spectral.light(light.illuminant))
        np.testing.assert_allclose(neutral / neutral.max(), seen / seen.max(), atol=1e-5)


def test_better_than_the_best_matrix_and_hardly_noisier(made: DeviceProfile) -> None:
    for name, figures in made.accuracy.items():
        for key in ("chart mean", "ces mean"):
            assert figures[key] < 0.85 * figures[f"matrix {key}"], (name, key)
        assert figures["noise mean"] < 1.02
        assert figures["noise worst"] <= 1.1


def test_noise_is_bounded_at_colours_that_no_test_has(made: DeviceProfile) -> None:
    """Through the table, at mixtures that were not learnt from, at colours of all depths."""
    measured = np.clip(spectral.reflectances("training")[0], 0, 1)
    unseen = surfaces.mixed(measured, 1000, seed=7)
    for light in made.lights:
        for refl in (unseen, unseen**2):
            rgb, _, neutral = sensitivities.simulated(camera().values, spectral.light(light.illuminant), refl)
            gain = sensitivities.noise_gain(light, rgb, neutral)
            assert np.quantile(gain, 0.998) <= 1.1
            assert gain.max() < 1.25
            assert gain.mean() < 1.02


def test_no_hues_fold_and_no_chroma_falls(made: DeviceProfile) -> None:
    for light in made.lights:
        assert light.hue_sat_map is not None
        table = light.hue_sat_map.table[0]
        assert hue_sat.hue_slope(light.hue_sat_map.table).min() > 0.5
        assert (np.diff(table[..., 1] * np.linspace(0, 1, table.shape[1]), axis=1) > 0).all()


def test_tinted_greys_have_no_more_noise(made: DeviceProfile) -> None:
    """Close to neutral the correction is fine; there noise would be seen first."""
    for light in made.lights:
        neutral = sensitivities.simulated(camera().values, spectral.light(light.illuminant), np.ones((1, 81)))[2]
        rng = np.random.default_rng(3)
        greys = 0.2 * (1 + rng.uniform(-0.15, 0.15, (500, 3)))
        gain = sensitivities.noise_gain(light, greys, neutral)
        assert gain.max() <= 1.1
        assert gain.mean() < 1.03


def test_pale_surfaces_are_truer_for_bumps_beside_neutral(monkeypatch: pytest.MonkeyPatch) -> None:
    """Real pale surfaces have a tint of their own in a sensor's eyes; white, which has none, is exact nevertheless."""
    light, (refl, weight) = spectral.light("D65"), sensitivities.learnt(None)
    unseen = surfaces.mixed(np.clip(spectral.reflectances("training")[0], 0, 1), 3000, seed=5)
    rgb, xyz, neutral = sensitivities.simulated(camera().values, light, refl)
    seen, true, _ = sensitivities.simulated(camera().values, light, unseen)
    lab = color.lab_from_xyz(true)
    pale = np.hypot(lab[:, 1], lab[:, 2]) < 12
    assert pale.sum() > 100
    coarse = correction.WIDTHS > correction.FINE

    def mean() -> float:
        found = correction.fit(rgb, xyz, weight, neutral)
        return float(color.delta_e_2000(lab, color.lab_from_xyz(found(seen)))[pale].mean())

    fine = mean()
    monkeypatch.setattr(correction, "CENTRES", correction.CENTRES[coarse])
    monkeypatch.setattr(correction, "WIDTHS", correction.WIDTHS[coarse])
    assert fine < 0.97 * mean()


def test_skin_is_told_by_the_blood_in_it() -> None:
    """Light and dark skin, by absorption of pigment and blood; not what only has its colour."""
    at = WAVELENGTHS

    def bell(middle: float, width: float) -> np.ndarray:
        return np.exp(-0.5 * ((at - middle) / width) ** 2)

    blood = 1.5 * bell(415, 18) + 0.35 * bell(542, 14) + 0.36 * bell(576, 12) + 0.1 * bell(560, 30)
    for pigment, amount in ((0.3, 0.5), (1.2, 0.6)):
        skin = 0.6 * np.exp(-pigment * (500 / at) ** 2.5 - amount * blood)
        assert surfaces.is_skin(skin[None]).all()
        assert surfaces.is_skin(0.5 * skin[None]).all()
    steep = 0.05 + 0.6 / (1 + np.exp(-(at - 590) / 10))
    ramp = np.interp(at, [400, 700], [0.1, 0.7])
    assert not surfaces.is_skin(np.stack([steep, ramp, np.full(81, 0.5)])).any()


def test_skin_is_truer_where_skins_are_learnt_from() -> None:
    """Skins that are left out, learnt from the others, under tungsten, where they are off most."""
    measured = np.clip(spectral.reflectances("training")[0], 0, 1)
    skin = np.flatnonzero(surfaces.is_skin(measured))
    assert 5 <= len(skin) <= 20
    light = spectral.light("A")
    errors: dict[bool, list[float]] = {True: [], False: []}
    for out in (skin[::2], skin[1::2]):
        refl, weight = sensitivities.learnt(None)
        same = np.abs(refl[:, None] - measured[out]).max(axis=-1).min(axis=1) < 1e-9
        refl, weight = refl[~same][: -sensitivities.SKINS], weight[~same][: -sensitivities.SKINS]
        others = surfaces.mixed(measured[np.setdiff1d(skin, out)], 100)
        share = np.full(100, sensitivities.SKIN_SHARE * weight.sum() / 100)
        for more in errors:
            both = (np.concatenate([refl, others]), np.concatenate([weight, share])) if more else (refl, weight)
            rgb, xyz, neutral = sensitivities.simulated(camera().values, light, both[0])
            found = correction.fit(rgb, xyz, both[1], neutral)
            rgb, xyz, _ = sensitivities.simulated(camera().values, light, measured[out])
            off = color.delta_e_2000(color.lab_from_xyz(xyz), color.lab_from_xyz(found(rgb)))
            errors[more] += off.tolist()
    assert np.mean(errors[True]) < 0.92 * np.mean(errors[False])


def test_what_is_learnt_from_is_not_what_is_tested() -> None:
    """The surfaces are in range, the same on every run, and none is one of the test; own ones are added, once each."""
    refl, weight = sensitivities.learnt(None)
    np.testing.assert_array_equal(refl, sensitivities.learnt(None)[0])
    assert refl.min() >= 0
    mixed, measured, skins = np.split(weight, [sensitivities.MIXED, len(weight) - sensitivities.SKINS])
    assert mixed.sum() == pytest.approx(measured.sum())
    assert skins.sum() == pytest.approx(sensitivities.SKIN_SHARE * (mixed.sum() + measured.sum()))
    measured = spectral.reflectances("training")[0]
    assert measured.shape == (190, 81)
    for name in ("chart", "ces"):
        test = spectral.reflectances(name)[0]
        assert np.sqrt(((refl[:, None] - test) ** 2).mean(axis=-1)).min() > 1e-4
    own = np.concatenate([measured[:5], np.full((1, 81), 0.123), np.zeros((1, 81))])
    assert len(sensitivities.learnt(own)[0]) == len(refl) + 1


def test_matrix_alone_where_a_matrix_is_enough() -> None:
    """A sensor whose curves are those of the eye needs no correction."""
    eye = spectral.observer() @ np.linalg.inv(color.BRADFORD).T
    found = sensitivities.calibrate(Spectra(("R", "G", "B"), eye @ color.BRADFORD.T), test=False)
    for light in found.lights:
        camera_rgb, xyz, _ = sensitivities.simulated(
            eye @ color.BRADFORD.T, spectral.light(light.illuminant), spectral.reflectances("ces")[0]
        )
        off = color.delta_e_2000(color.lab_from_xyz(xyz), color.lab_from_xyz(sensitivities.rendered(light, camera_rgb)))
        assert off.max() < 0.1


def test_noise_is_what_simulated_noise_is() -> None:
    """The figure of noise, against noise that is drawn."""
    light = sensitivities.calibrate(camera(), test=False).lights[-1]
    rgb, _, neutral = sensitivities.simulated(camera().values, spectral.light("D65"), spectral.reflectances("chart")[0])
    rng = np.random.default_rng(0)
    noisy = rgb[:, None] + 0.02 * np.sqrt(rgb / neutral)[:, None] * rng.normal(size=(len(rgb), 2000, 3))
    matrix = np.asarray(light.forward_matrix)
    measure = correction.metric(np.maximum(rgb @ matrix.T, 1e-3))

    def spread(xyz: np.ndarray) -> np.ndarray:
        return np.sqrt((np.einsum("nij,nkj->nki", measure, xyz).std(axis=1) ** 2).sum(axis=-1))

    after = spread(sensitivities.rendered(light, noisy.reshape(-1, 3)).reshape(noisy.shape))
    ratio = after / spread(noisy @ matrix.T)
    assert ratio.mean() < 1.05
    assert ratio.max() < 1.15
    np.testing.assert_allclose(ratio, sensitivities.noise_gain(light, rgb, neutral), atol=0.06)


CAMERAS = ("Sony_ILCE-7SM2", "Nikon_D5100", "Hasselblad_L2D-20c", "Arashi_Vision_Insta360_X5")


@pytest.mark.parametrize("name", CAMERAS)
def test_real_cameras_reach_the_figures(name: str, shared_data: Shared) -> None:
    measured = spectra_file.read_sensitivities(shared_data(f"ssf/data/camera/{name}_380_780_5.json"))
    found = sensitivities.calibrate(measured).accuracy
    for light, chart, ces in (("D65", 0.8, 1.2), ("A", 1.2, 1.6)):
        assert found[light]["chart mean"] <= chart
        assert found[light]["ces mean"] <= ces
        assert found[light]["chart worst"] <= 3
        assert found[light]["noise worst"] <= 1.1
    assert list(wanted.lines(found)) == []


def test_a_camera_that_cannot_tells_why(shared_data: Shared) -> None:
    """The hardest of the measured ones: what it misses is told, beside what is left when the set itself is learnt."""
    measured = spectra_file.read_sensitivities(shared_data("ssf/data/camera/Canon_PowerShot_S90_380_780_5.json"))
    found = sensitivities.calibrate(measured, lights=("D65",)).accuracy
    assert found["D65"]["chart mean"] <= 0.8
    assert found["D65"]["ces mean"] <= 1.5
    assert found["D65"]["ces mean known"] > 1.4
    (line,) = wanted.lines(found)
    assert line.startswith("light D65: mean CIEDE2000 of the 99 samples is 1.4")
    assert line.endswith("the sensor cannot tell these colours apart (metamerism)")


def test_what_is_missed_is_told() -> None:
    figures = {"chart mean": 0.8, "chart worst": 3.2, "chart worst known": 2.1, "ces mean": 1.1, "noise worst": 1.12}
    first, second = wanted.lines({"D65": figures, "D50": {"chart mean": 9.0}})
    assert first == (
        "light D65: CIEDE2000 of the chart's worst patch is 3.20, wanted is 3; "
        "learnt from the other samples of the same set it would be 2.10"
    )
    assert second == "light D65: noise beside that of the matrix is 1.12, wanted is 1.1"


@pytest.mark.parametrize("step", [1, 10, 0])
def test_csv_of_any_step(step: int, tmp_path: Path) -> None:
    at = np.arange(380, 781, step) if step else np.array([380.0, 400, *range(420, 700, 7), 720, 780])
    values = np.stack([np.interp(at, WAVELENGTHS, v) for v in camera().values.T], axis=1)
    text = "wavelength,r,g,b\n" + "\n".join(
        f"{w},{r:.6f},{g:.6f},{b:.6f}" for w, (r, g, b) in zip(at, values, strict=True)
    )
    path = tmp_path / "camera.csv"
    path.write_text(text)
    found = spectra_file.read_sensitivities(path)
    np.testing.assert_allclose(found.values, camera().values / camera().values.max(), atol=0.03)
    path.write_text(text.replace(",", ";").replace(".", ","))
    np.testing.assert_allclose(spectra_file.read_sensitivities(path).values, found.values)


def test_wide_steps_are_rounded(tmp_path: Path) -> None:
    """Lines between points 20 nm apart cut peaks off: three times the error."""
    path, values = tmp_path / "camera.csv", camera().values / camera().values.max()
    path.write_text(
        "\n".join(",".join(map(str, (w, *row))) for w, row in zip(WAVELENGTHS[::4], values[::4], strict=True))
    )
    found = spectra_file.read_sensitivities(path).values
    lines = np.stack([np.interp(WAVELENGTHS, WAVELENGTHS[::4], v) for v in values[::4].T], axis=1)
    assert np.abs(found - values).mean() < 0.35 * np.abs(lines - values).mean()
    assert found.min() >= 0
    np.testing.assert_allclose(found[::4], values[::4] / values[::4].max() * found[::4].max(), atol=1e-9)


def _sheet(form: str) -> bytes:
    """The camera's sensitivities as some laboratory or spreadsheet would write them."""
    values = camera().values / camera().values.max()
    cells = [[f"{w:g}", *(f"{v:.6f}" for v in row)] for w, row in zip(WAVELENGTHS, values, strict=True)]
    head, mark = ["wavelength", "r", "g", "b"], ","
    if form == "titles, units, blue first":
        cells = [[w, b, g, r] for w, r, g, b in cells]
        return "\n".join(
            ["Sensitivity of a camera,,,", "nm,camera_b,camera_g,camera_r", ",%,%,%", *map(",".join, cells)]
        ).encode()
    if form == "two greens":
        head, cells = ["nm", "R", "G1", "G2", "B"], [[w, r, g, g, b] for w, r, g, b in cells]
    if form in ("tabs and decimal commas", "UTF-16"):
        mark, cells = "\t", [[c.replace(".", ",") for c in row] for row in cells]
    if form == "quoted decimal commas":
        cells = [[f'"{c.replace(".", ",")}"' for c in row] for row in cells]
    if form == "nothing where there is nothing":
        cells = [[w, *("" if float(c) < 5e-6 else c for c in rgb)] for w, *rgb in cells]
    if form == "lines are numbered":
        head, cells = ["", *head], [[str(i), *row] for i, row in enumerate(cells)]
    if form == "spectra in lines":
        return "\n".join(";".join(c).replace(".", ",") for c in zip(head, *cells, strict=True)).encode()
    if form == "units in the cells":
        cells = [[f"{w} nm", *(f"{100 * float(v):.4f}%" for v in rgb)] for w, *rgb in cells]
    text = "\n".join(mark.join(row) for row in [head, *cells])
    if form == "UTF-16":
        return text.encode("utf-16")
    return f"# für alle\n{text}".encode("latin-1" if form == "letters of an older page" else "utf-8-sig")


@pytest.mark.parametrize(
    "form",
    ["plain", "titles, units, blue first", "two greens", "tabs and decimal commas", "quoted decimal commas",
     "nothing where there is nothing", "lines are numbered", "spectra in lines",
     "units in the cells", "UTF-16", "letters of an older page"],
)  # fmt: skip
def test_csv_as_others_write_it(form: str, tmp_path: Path) -> None:
    path = tmp_path / "camera.csv"
    path.write_bytes(_sheet(form))
    found = spectra_file.read_sensitivities(path)
    np.testing.assert_allclose(found.values, camera().values / camera().values.max(), atol=1e-5)


def test_sensitivities_that_are_cut_off_are_told(tmp_path: Path) -> None:
    """Of 430 to 650 nm the 99 samples come out 0.5 worse; of 400 to 720 nm, as many are measured, by nothing."""
    path = tmp_path / "camera.csv"
    for first, last, told in (
        (380, 780, []),
        (400, 720, []),
        (430, 650, ["begin at 430 nm, where blue", "end at 650"]),
    ):
        at = (first <= WAVELENGTHS) & (last >= WAVELENGTHS)
        rows = zip(WAVELENGTHS[at], camera().values[at], strict=True)
        path.write_text("\n".join(",".join(f"{v:.5f}" for v in (w, *row)) for w, row in rows))
        doubts = spectra_file.read_sensitivities(path).doubts
        assert len(doubts) == len(told) and all(t in d for t, d in zip(told, doubts, strict=True))


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("", "holds no spectra"),
        ("{", "is not JSON of spectra"),
        ("380,1,2,3\n390,1,2", "line 2 has 3 numbers"),
        ("380,1,2,3\nx,1,2,3", "line 2 is not of numbers"),
        ("\n".join(f"{w},1,nan,3" for w in range(380, 790, 10)), "one of the three sensitivities is zero"),
        ("\n".join(f"{w},1,inf,3" for w in range(380, 790, 10)), "not finite"),
        ("\n".join(f"{w},1,2" for w in range(380, 790, 10)), "holds 2 spectra"),
        ("\n".join(f"{w},1,2,3" for w in range(500, 790, 10)), "must reach from 430"),
        ("\n".join(f"{w},1,2,3" for w in range(380000, 790000, 10000)), "must be in nm"),
        ("\n".join(f"{w},{w},{700 - abs(w - 550)},{900 - w}" for w in range(790, 380, -10)).replace("790,", "780,", 1),
         "a wavelength is there twice"),
        ("\n".join(f"{w},{900 - w},1,{w}" for w in range(380, 790, 10)), "put the columns in order"),
        ("\n".join(f"{w},{w},0,{900 - w}" for w in range(380, 790, 10)), "one of the three sensitivities is zero"),
        ("\n".join(f"{w},{w},{700 - abs(w - 550)},{900 - w}" for w in [*range(380, 530, 10), *range(600, 790, 10)]),
         "nothing is said between 520 and 600 nm"),
        ("\n".join(f"{w},{w - 450},{700 - abs(w - 550)},{900 - w}" for w in range(380, 790, 10)), "none is below 0"),
        ("nm,r,g,b\n380,0,0,0\n390,x,0.1,0.2", "line 3 is not of numbers"),
        ("nm,r,g,b\n" + "\n".join(f"{w},{900 - w if w % 50 else ''},2,3" for w in range(380, 790, 10)), "missing"),
    ],
)  # fmt: skip
def test_spectra_that_are_refused(text: str, told: str, tmp_path: Path) -> None:
    path = tmp_path / "camera.csv"
    path.write_text(text)
    with pytest.raises(DeviceError, match=told) as caught:
        spectra_file.read_sensitivities(path)
    assert str(path) in str(caught.value)


def test_command(tmp_path: Path) -> None:
    source, target = tmp_path / "camera.csv", tmp_path / "device.toml"
    rows = (",".join(f"{v:.5f}" for v in (w, *row)) for w, row in zip(WAVELENGTHS, camera().values, strict=True))
    source.write_text("\n".join(rows))
    run = CliRunner()
    arguments = ["calibrate", "sensitivities", str(source), "-o", str(target)]
    unnamed = run.invoke(root, [*arguments, "--lights", "D65"])
    assert unnamed.exit_code == 0
    assert "is called camera, --make and --model name it" in unnamed.stderr
    assert DeviceProfile.read(target).model == "camera"
    refused = run.invoke(root, arguments)
    assert "exists already" in str(refused.exception)
    done = run.invoke(root, [*arguments, "--overwrite", "--make", "Some", "--model", "Camera", "--lights", "A,D50,D65"])
    assert done.exit_code == 0, done.output
    assert "D65, matrix alone" in done.output
    found = DeviceProfile.read(target)
    assert [x.illuminant for x in found.lights] == ["A", "D50", "D65"]
    assert found.accuracy["D65"]["chart mean"] < 1
    assert "camera.csv" in found.lights[0].source
    shown = run.invoke(root, ["devices", "show", str(target)])
    assert "Some Camera" in shown.output
    assert run.invoke(root, ["devices", "check", str(target)]).exit_code == 0
    tags = run.invoke(root, ["devices", "export", str(target)])
    assert "CalibrationIlluminant3: 21" in tags.output
