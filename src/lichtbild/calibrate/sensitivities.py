"""A device profile from measured spectral sensitivities, and how true its colours are, by simulation.

For each light: a colour matrix and a forward matrix (DNG 1.7, chapter 6) and a table of hue, saturation and value that
holds the correction beyond them (`correction.py`). Everything is learnt from surfaces that are not those of the test.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from lichtbild import __version__, color
from lichtbild.calibrate import correction, spectral, surfaces
from lichtbild.calibrate.spectra_file import Spectra
from lichtbild.carriers import Matrix
from lichtbild.color import Floats
from lichtbild.devices import hue_sat, wanted
from lichtbild.devices.profile import DeviceProfile, HueSatMap, Light
from lichtbild.record import replace

LIGHTS = ("A", "D65")
HUES, SATURATIONS = 180, 30
NEAR = 0.04  # chromaticity between a colour and one that was learnt from, that still can be believed
FLATTEST = 0.52  # new hues by old ones, at the least: where hues would come too near, shifts are made smoother
MIXED = 4500  # mixtures to learn from; the measured surfaces count as much as all of them
SKINS, SKIN_SHARE = 300, 0.06  # mixtures of skins alone, and how much they count beside all else
DEEP = 10  # every so many are probes of noise, and so are colours three times as deep
SAME = 1e-4  # difference of reflectances up to which they are one, or black
FOLDS = 6  # parts of a set of samples that are left out in turn


def calibrate(
    sensitivities: Spectra, training: Floats | None = None, lights: tuple[str, ...] = LIGHTS, *, test: bool = True
) -> DeviceProfile:
    """The profile of a camera of these (81, 3) sensitivities.

    training: (n, 81) measured reflectances to learn from, beside the 190 that come with colour-science.
    lights: names of illuminants with a code of their own (A, D50, D55, D65, D75).   test: measure its accuracy.
    Needs the extra `calibrate`. Raises `DeviceError`.
    """
    refl, weight = learnt(training)
    source = f"spectral sensitivities{f' in {sensitivities.path.name}' if sensitivities.path else ''}"
    made = []
    for name in lights:
        colour, table = of_light(sensitivities.values, spectral.light(name), refl, weight)
        table = replace(table, source=f"beyond the matrix, {source}, Lichtbild {__version__}")
        made.append(replace(colour, illuminant=name, hue_sat_map=table, source=f"{source}, Lichtbild {__version__}"))
    profile = DeviceProfile(
        make=sensitivities.make,
        model=sensitivities.model,
        source=source,
        lights=tuple(sorted(made, key=lambda light: light.kelvin)),
    )
    if not test:
        return profile
    found = accuracy(profile, sensitivities.values)
    more = {name: {**f, **known(name, f, sensitivities.values, refl, weight)} for name, f in found.items()}
    return replace(profile, accuracy=more)


def learnt(training: Floats | None) -> tuple[Floats, Floats]:
    """Reflectances (n, 81) to learn from, and how much each counts (n,)."""
    measured = spectral.reflectances("training")[0]
    if training is not None:
        new = np.array([np.abs(measured - row).max(axis=1).min() > SAME for row in training], bool)
        measured = np.concatenate([measured, training[new]])
    measured = np.clip(measured[measured.max(axis=1) > SAME], 0.0, 1.5)
    refl = [surfaces.mixed(measured, MIXED), measured]
    weight = [np.ones(MIXED), np.full(len(measured), MIXED / len(measured))]
    if (skin := measured[surfaces.is_skin(measured)]).size:
        refl.append(surfaces.mixed(skin, SKINS))
        weight.append(np.full(SKINS, SKIN_SHARE * 2 * MIXED / SKINS))
    return np.concatenate(refl), np.concatenate(weight)


def of_light(sensors: Floats, light: Floats, refl: Floats, weight: Floats) -> tuple[Light, HueSatMap]:
    """Matrices and table under a light (81,), without names."""
    camera, xyz, neutral = simulated(sensors, light, refl)
    deeper = spectral.seen(sensors, light, refl[::DEEP] ** 3) / spectral.seen(sensors, light)
    found = correction.fit(camera, xyz, weight, neutral, np.concatenate([camera[::DEEP], deeper]))
    forward = found.matrix
    # A colour matrix maps XYZ under the light itself to the camera's own RGB, whose green is 1 at white.
    from_light = color.adaptation(spectral.white_xy(light), color.D50)
    to_camera = (neutral / neutral.max())[:, None] * np.linalg.inv(forward) @ from_light
    to_prophoto = hue_sat.XYZ_TO_PROPHOTO @ forward
    to_camera_balanced = np.linalg.inv(to_prophoto)

    def corrected(prophoto: Floats) -> Floats:
        return np.asarray(found(prophoto @ to_camera_balanced.T) @ hue_sat.XYZ_TO_PROPHOTO.T)

    reach = hue_sat.reach_of(camera @ to_prophoto.T, HUES, NEAR)
    table = hue_sat.unfolded(hue_sat.sample(corrected, HUES, SATURATIONS, reach), FLATTEST)
    return Light("other", matrix(to_camera), matrix(forward)), HueSatMap(table)


def simulated(sensors: Floats, light: Floats, refl: Floats) -> tuple[Floats, Floats, Floats]:
    """White-balanced camera RGB (n, 3), XYZ adapted to D50 (n, 3) by Bradford, and camera RGB of white (3,)."""
    neutral = spectral.seen(sensors, light)
    xyz = spectral.xyz(light, refl) @ color.adaptation(spectral.white_xy(light), color.D50).T
    return spectral.seen(sensors, light, refl) / neutral, xyz, neutral / neutral.max()


def accuracy(profile: DeviceProfile, sensors: Floats) -> Mapping[str, Mapping[str, float]]:
    """CIEDE2000 of the 24-patch chart and of the 99 colour evaluation samples under each light of the profile, and the
    noise beyond that of the matrix, through the profile as it will be applied."""
    tests = {"chart": spectral.reflectances("chart")[0], "ces": spectral.reflectances("ces")[0]}
    result: dict[str, dict[str, float]] = {}
    for light in profile.lights:
        figures: dict[str, float] = {}
        noise = []
        for name, refl in tests.items():
            camera, xyz, neutral = simulated(sensors, spectral.light(light.illuminant), refl)
            for kind, seen in (("", rendered(light, camera)), ("matrix ", camera @ np.asarray(light.forward_matrix).T)):
                difference = color.delta_e_2000(color.lab_from_xyz(xyz), color.lab_from_xyz(seen))
                figures[f"{kind}{name} mean"] = float(difference.mean())
                figures[f"{kind}{name} worst"] = float(difference.max())
            noise.append(noise_gain(light, camera, neutral))
        figures["noise mean"] = float(np.concatenate(noise).mean())
        figures["noise worst"] = float(np.concatenate(noise).max())
        result[light.illuminant] = figures
    return result


def known(light: str, figures: Mapping[str, float], sensors: Floats, refl: Floats, weight: Floats) -> dict[str, float]:
    """What the figures that are missed would be if the other samples of the same set were learnt from, as often as all
    else: each sixth is left out in turn. What then remains is that the sensor cannot tell colours apart."""
    result = {}
    for name in wanted.missed(light, figures):
        kind, _, what = name.partition(" ")
        if kind == "noise":
            continue
        test = spectral.reflectances(kind)[0]
        fold, errors = np.arange(len(test)) % FOLDS, np.zeros(len(test))
        for out in range(FOLDS):
            others = test[fold != out]
            both = np.concatenate([refl, others])
            counts = np.concatenate([weight, np.full(len(others), weight.sum() / len(others))])
            camera, xyz, neutral = simulated(sensors, spectral.light(light), both)
            found = correction.fit(camera, xyz, counts, neutral)
            camera, xyz, _ = simulated(sensors, spectral.light(light), test[fold == out])
            errors[fold == out] = color.delta_e_2000(color.lab_from_xyz(xyz), color.lab_from_xyz(found(camera)))
        result[name + wanted.KNOWN] = float(errors.mean() if what == "mean" else errors.max())
    return result


def rendered(light: Light, camera: Floats) -> Floats:
    """White-balanced camera RGB (n, 3) through a light's forward matrix and table: XYZ of D50 (n, 3)."""
    xyz = camera @ np.asarray(light.forward_matrix).T
    if light.hue_sat_map is None:
        return np.asarray(xyz)
    return np.asarray(hue_sat.apply(light.hue_sat_map, xyz @ hue_sat.XYZ_TO_PROPHOTO.T) @ hue_sat.PROPHOTO_TO_XYZ.T)


def noise_gain(light: Light, camera: Floats, neutral: Floats, eps: float = 0.02) -> Floats:
    """(n,) noise of photons behind matrix and table, as many times that behind the matrix alone.

    eps: size of the noise, as a share of the brightest channel; a smaller one sees single cells of the table.
    """
    measure = correction.metric(np.maximum(camera @ np.asarray(light.forward_matrix).T, 1e-3))
    variance = camera / neutral
    step = eps * camera.max(axis=1, keepdims=True)
    slopes = [(rendered(light, camera + e * step) - rendered(light, camera - e * step)) / (2 * step) for e in np.eye(3)]
    after = ((measure @ np.stack(slopes, axis=2)) ** 2 * variance[:, None]).sum(axis=(1, 2))
    before = ((measure @ np.asarray(light.forward_matrix)) ** 2 * variance[:, None]).sum(axis=(1, 2))
    return np.asarray(np.sqrt(after / before))


def matrix(values: Floats) -> Matrix:
    """As nested tuples, rounded to seven digits behind the point; a forward matrix keeps white."""
    a, b, c = ((round(float(r[0]), 7), round(float(r[1]), 7), round(float(r[2]), 7)) for r in values)
    return a, b, c
