"""A camera's colour from raw shots of a 24-patch chart: matrices for each light, and a correction where it is earned.

The light on the chart is seldom even, and a little of it is scattered onto all patches by lens and air. Both are found
with the matrix, in turns: what the patches' brightness deviates by smoothly over the chart is the light's, and what all
have in common is glare. The forward matrix is that of least CIEDE2000-like error with white exact (`correction.py`);
beyond it there is a table where the patches warrant one (`chart_correction.py`).
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from lichtbild import __version__, color
from lichtbild.calibrate import correction
from lichtbild.calibrate.chart_correction import earned, error_of
from lichtbild.calibrate.chart_shot import ChartShot
from lichtbild.calibrate.sensitivities import matrix, rendered
from lichtbild.color import Chromaticity, Floats
from lichtbild.devices.profile import ILLUMINANTS, DeviceProfile, Light
from lichtbild.errors import DeviceError
from lichtbild.measure.chart_values import xyz_from_lab
from lichtbild.record import record, replace

GREYS = slice(18, 23)  # all but black
ROUNDS = 12
BENT = 0.02  # ridge on the light's curvature over the chart
LEAST_GLARE, MOST_GLARE = 0.005, 0.1  # of white
BAD = 6.0  # mean CIEDE2000: then it is another chart, or another light than was said
NAMED: dict[str, Chromaticity] = {
    "A": (0.44757, 0.40745),
    "D50": color.D50,
    "D55": (0.33242, 0.34743),
    "D65": color.D65,
    "D75": (0.29902, 0.31485),
}


@record
class Fit:
    """One light. camera: (n, 3) patches as an even light without glare would give them, balanced by `neutral`.

    neutral: camera RGB of white, max 1.   evenness: EV over each chart, as it was.   glare: of white, mean of R, G, B.
    drift: by how much red or blue changes along the row of greys against green, as a share, at the most of all shots.
    matrix_error, error: (24,) CIEDE2000 by the matrix, and by all of the profile; means over the shots.
    left_out: mean CIEDE2000 of patches left out, by matrix and by correction.
    """

    light: Light
    camera: Floats
    neutral: Floats
    evenness: tuple[float, ...]
    glare: float
    matrix_error: Floats
    error: Floats
    left_out: tuple[float, float]
    drift: float = 0.0


def calibrate(shots: Sequence[ChartShot], lights: Sequence[str], wanted: Floats) -> tuple[DeviceProfile, list[Fit]]:
    """The profile of the camera that made the shots, each under the light of that name, and how good each fit is.

    wanted: (24, 3) Lab under D50 of the patches. Several shots under one light are taken together. Raises
    `DeviceError`.
    """
    first = shots[0]
    for shot in shots[1:]:
        if (shot.make, shot.model) != (first.make, first.model):
            raise DeviceError(f"{shot.name}: is from another camera than {first.name}; calibrate one camera at a time")
    fits = []
    for name in dict.fromkeys(lights):
        of_light = [shot for shot, light in zip(shots, lights, strict=True) if light == name]
        fits.append(fit_light(of_light, name, wanted))
    fits.sort(key=lambda f: f.light.kelvin)
    accuracy = {f.light.illuminant: _figures(f) for f in fits}
    names = ", ".join(dict.fromkeys(shot.name for shot in shots))
    profile = DeviceProfile(
        make=first.make,
        model=first.model,
        unique_camera_model=first.unique_camera_model,
        source=f"24-patch chart in {names}"[:500],
        lights=tuple(f.light for f in fits),
        accuracy=accuracy,
    )
    return profile, fits


def _figures(f: Fit) -> dict[str, float]:
    found = {"chart mean": float(f.error.mean()), "chart worst": float(f.error.max())}
    if f.light.hue_sat_map is not None:
        found |= {"matrix chart mean": float(f.matrix_error.mean()), "matrix chart worst": float(f.matrix_error.max())}
    return found


def fit_light(shots: Sequence[ChartShot], name: str, wanted: Floats) -> Fit:
    """The colour of a camera under one light. Raises `DeviceError` when chart and shots do not go together."""
    target = xyz_from_lab(wanted)
    parts, evenness, glares = [], [], []
    neutral, forward = _first_neutral(shots[0].camera, target), np.eye(3)
    for shot in shots:
        camera, forward, neutral, even, glare = _evened(shot.camera, target, neutral)
        parts.append(camera * (target[GREYS, 1] @ target[GREYS, 1]) / (camera[GREYS, 1] @ target[GREYS, 1]))
        evenness.append(even)
        glares.append(glare)
    camera = np.concatenate(parts)
    truth = np.tile(target, (len(shots), 1))
    weight = np.ones(len(truth))
    forward = correction.best_matrix(camera, truth, weight)
    by_matrix = error_of(camera @ forward.T, truth)
    if by_matrix.mean() > BAD:
        raise DeviceError(
            f"{shots[0].name}: the chart's colours differ by {by_matrix.mean():.1f} (CIEDE2000) from what they should "
            "be; check that it is evenly lit by one light, free of glare, and named right with --reference"
        )
    xy = white_of(name)
    to_camera = neutral[:, None] * np.linalg.inv(forward) @ color.adaptation(xy, color.D50)
    source = f"24-patch chart in {', '.join(s.name for s in shots)}"[:300] + f", Lichtbild {__version__}"
    light = Light(name, matrix(to_camera), matrix(forward), source=source)
    table, left_out = earned(camera, truth, neutral, light)
    error = by_matrix
    if table is not None:
        light = replace(light, hue_sat_map=replace(table, source=f"beyond the matrix, {source}"))
        error = error_of(rendered(light, camera), truth)

    def by_patch(values: Floats) -> Floats:
        return np.asarray(values.reshape(len(shots), 24).mean(0))

    back = target @ np.linalg.inv(forward).T
    drift = max(_drift(part, back) for part in parts)
    errors = by_patch(by_matrix), by_patch(error)
    return Fit(light, camera, neutral, tuple(evenness), float(np.mean(glares)), *errors, left_out, drift)


def _drift(camera: Floats, back: Floats) -> float:
    """Slope of the balanced greys' tint from white to neutral 3.5, which stand in a row; `back` is what they should be.

    A second light from the side does this. What a sensor makes of the greys' own tints is 0.025 at most.
    """
    tint = np.log(np.maximum(camera[GREYS], 1e-5) / np.maximum(back[GREYS], 1e-5))
    slopes = np.polyfit(np.arange(5), tint - tint[:, 1:2], 1)[0]
    return float(4 * np.abs(slopes).max())


def white_of(name: str) -> Chromaticity:
    """Chromaticity of an illuminant by its name in device.toml. Raises `DeviceError`."""
    if name in NAMED:
        return NAMED[name]
    from lichtbild.develop.camera_color import ILLUMINANT_KELVIN

    kelvin = ILLUMINANT_KELVIN.get(ILLUMINANTS.get(name, 0), 0.0)
    if not kelvin:
        raise DeviceError(f"illuminants: {name!r} is not one of {', '.join(n for n in ILLUMINANTS if n != 'other')}")
    return color.daylight_xy(kelvin) if kelvin > 4000 else color.xy_from_temperature(kelvin)


def nearest_light(shot: ChartShot) -> str:
    """A, D50 or D65 by the shot's own white balance. Raises `DeviceError` where it has none."""
    kelvin = shot.kelvin
    if kelvin is None:
        raise DeviceError(f"{shot.name}: does not say in which light it was shot; name it with --illuminants")
    mired = {name: 1e6 / color.temperature_from_xy(NAMED[name])[0] for name in ("A", "D50", "D65")}
    return min(mired, key=lambda name: abs(mired[name] - 1e6 / kelvin))


def _first_neutral(camera: Floats, target: Floats) -> Floats:
    neutral = (camera[GREYS] / target[GREYS, 1:2]).mean(0)
    return np.asarray(neutral / neutral.max())


def _evened(camera: Floats, target: Floats, neutral: Floats) -> tuple[Floats, Floats, Floats, float, Floats]:
    """(balanced patches in even light, forward matrix, neutral, EV over the chart, glare) of one shot."""
    number = np.arange(24)
    u, v = (number % 6 - 2.5) / 2.5, (number // 6 - 1.5) / 1.5
    design = np.stack([np.ones(24), u, v, u * v, u * u - 0.47, v * v - 0.56], axis=1)
    ridge = np.diag([0.0, 0.0, 0.0, 1.0, 1.0, 1.0]) * BENT * 24
    weight = np.sqrt(target[:, 1])  # dark patches say little about the light
    light, glare = np.ones(24), np.zeros(3)
    level = float(np.median(camera[GREYS, 1] / target[GREYS, 1]))
    forward = np.eye(3)
    for _ in range(ROUNDS):
        even = np.maximum(camera / level / neutral * neutral[1] - glare, 1e-5) / light[:, None]
        forward = correction.best_matrix(even, target, np.ones(24))
        back = target @ np.linalg.inv(forward).T  # what the balanced camera should see
        # Neutral and level follow the greys; their own slight tints are in the published colours.
        ratio = (even[GREYS] * back[GREYS]).sum(0) / (back[GREYS] ** 2).sum(0)
        neutral = neutral * ratio / ratio[1]
        level *= ratio[1]
        glare = _glare(camera / level / neutral * neutral[1] / light[:, None], back)
        seen = camera / level / neutral * neutral[1]
        brightness = np.maximum(seen - glare, 1e-5) @ forward[1] / np.maximum(target[:, 1], 1e-4)
        log = np.log(np.maximum(brightness, 1e-4))
        w = weight / (
            1 + (np.abs(log - np.log(light)) / 0.1) ** 2
        )  # a patch whose colour the matrix misses counts less
        surface = np.linalg.solve((design * w[:, None]).T @ design + ridge * w.mean(), (design * w[:, None]).T @ log)
        light = np.exp(design @ (surface * np.array([0, 1, 1, 1, 1, 1])))
    even = np.maximum(camera / level / neutral * neutral[1] - glare, 1e-5) / light[:, None]
    evenness = float(np.log2(light.max() / light.min()))
    return even, forward, neutral / neutral.max(), evenness, glare


def _glare(seen: Floats, back: Floats) -> Floats:
    """(3,) what all patches have in common beyond their colour, of white: the line through the six greys at 0, each
    counting by its relative error. It has the colour of the surroundings; an error of the black level adds to it."""
    found = []
    for c in range(3):
        x, y = back[18:24, c], seen[18:24, c]
        weight = 1 / np.maximum(x, 0.01) ** 2
        mx, my = weight @ x / weight.sum(), weight @ y / weight.sum()
        slope = (weight * (x - mx)) @ (y - my) / ((weight * (x - mx)) @ (x - mx))
        found.append(my - slope * mx)
    return np.asarray(np.clip(np.array(found), -LEAST_GLARE, MOST_GLARE))
