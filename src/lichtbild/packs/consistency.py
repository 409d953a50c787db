"""How much a pack's looks differ between devices: one sheet of patches, taken by each, developed in each look.

With measured sensitivities the sheet is spectral: each sensor sees reflectances in its own way, and its profile,
calibrated without these patches, makes colours of that. What is left differs as finished photographs would. Profiles
alone say nothing of a sensor's errors: then each device is taken to see the chart as its matrices say, which shows
whether a look keeps what the path of light promises it, and no more.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

from lichtbild import color
from lichtbild.carriers import CameraColor, Frame
from lichtbild.devices import catalog
from lichtbild.devices.profile import DeviceProfile
from lichtbild.errors import DeviceError, PackError
from lichtbild.measure.sameness import compare, shoot
from lichtbild.packs.pack import Pack
from lichtbild.record import record, replace

MOST = 20  # devices, unless told otherwise
WANTED_MEAN, WANTED_P95 = 1.5, 4.0  # CIEDE2000 between devices


@record
class Result:
    """Of one look in one light: mean, 95th percentile and largest CIEDE2000 between the pictures of all devices."""

    look: str
    light: str
    devices: int
    mean: float
    p95: float
    largest: float

    @property
    def ok(self) -> bool:
        """Whether the pictures of the devices are as alike as is wanted."""
        return self.mean <= WANTED_MEAN and self.p95 <= WANTED_P95


def by_profiles(most: int = MOST) -> tuple[list[str], dict[str, dict[str, Frame]]]:
    """Names of the patches, and by light, each known device's frame of the chart, by its profile alone."""
    from lichtbild.develop.camera_color import CameraModel
    from lichtbild.measure.chart_values import NAMES, reference, xyz_from_lab

    # Rec. 2020 of the chart in daylight; beyond it no sensor is asked to see.
    linear = xyz_from_lab(reference()) @ (color.xyz_to_rgb("rec2020") @ color.adaptation(color.D50, color.D65)).T
    frames: dict[str, Frame] = {}
    for listed in _spread(catalog.entries(), most):
        try:
            profile = DeviceProfile.read(listed.path)
        except DeviceError:
            continue  # lichtbild devices check tells of it
        if not profile.lights:
            continue
        plain = replace(profile, lights=tuple(replace(light, hue_sat_map=None) for light in profile.lights))
        model = CameraModel.of(CameraColor(), plain)
        neutral = model.neutral_from_xy(color.D65)
        to_camera = np.linalg.inv(model.white_balanced_to_rec2020(neutral, color.D65))
        seen = np.maximum(linear @ to_camera.T, 0.0) * neutral
        frames[f"{profile.make} {profile.model}"] = _frame(seen, neutral, plain, len(frames))
    return list(NAMES), {"D65": frames} if frames else {}


def by_sensitivities(
    folder: Path, most: int = MOST, progress: Callable[[float], None] = lambda _: None
) -> tuple[list[str], dict[str, dict[str, Frame]]]:
    """The same for the sensitivities in the files (.json, .csv) of a folder, in daylight and tungsten light.

    A device that has a profile is developed with it; for any other one is calibrated here. Needs the extra `calibrate`.
    """
    from lichtbild.calibrate import sensitivities, spectra_file, spectral

    files = sorted(p for p in folder.glob("*") if p.suffix.lower() in (".json", ".csv")) if folder.is_dir() else []
    if not files:
        raise PackError(f"{folder}: no sensitivities are there; name a folder with .json or .csv files of cameras")
    sheets = [spectral.reflectances(name) for name in ("chart", "ces")]
    reflectance = np.concatenate([values for values, _ in sheets])
    found: dict[str, dict[str, Frame]] = {"D65": {}, "A": {}}
    chosen = _spread(files, most)
    for i, file in enumerate(chosen):
        progress(i / len(chosen))
        spectra = spectra_file.read_sensitivities(file)
        profile = catalog.find(spectra.make, spectra.model) or sensitivities.calibrate(spectra, test=False)
        for light, frames in found.items():
            power = spectral.light(light)
            seen, white = spectral.seen(spectra.values, power, reflectance), spectral.seen(spectra.values, power)
            frames[file.stem] = _frame(seen, white, profile, i)
    progress(1.0)
    return [name for _, names in sheets for name in names], found


def _frame(seen: color.Floats, white: color.Floats, profile: DeviceProfile, number: int) -> Frame:
    """The raw frame, of a name that no profile is for, with its profile in it."""
    return shoot(seen, np.ravel(white), CameraColor(profile=profile), f"Lichtbild check-{number}")


def _spread(items: list[Any], most: int) -> list[Any]:
    """At most that many of them, evenly from the first to the last."""
    if len(items) <= most:
        return items
    return [items[i * len(items) // most] for i in range(most)]


def measure(
    pack: Pack,
    patches: list[str],
    by_light: dict[str, dict[str, Frame]],
    progress: Callable[[float], None] = lambda _: None,
) -> list[Result]:
    """Each look of the pack in each light. Nothing that differs from place to place of a picture is compared."""
    results = []
    looks = pack.items("looks")
    for i, look in enumerate(looks):
        for light, frames in by_light.items():
            progress(i / len(looks))
            same, _ = compare(frames, patches, look=str(pack.root / "looks" / look), space="srgb")
            pairs = same.to_dict()["pairs"] if len(frames) > 1 else {"mean": 0.0, "p95": 0.0, "largest": 0.0}
            results.append(Result(look, light, len(frames), pairs["mean"], pairs["p95"], pairs["largest"]))
    progress(1.0)
    return results
