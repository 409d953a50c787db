"""Is a profile sound? What a machine can see of it: white that stays white, hues that do not fold."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from lichtbild import color
from lichtbild.devices.hue_sat import hue_slope
from lichtbild.devices.profile import DeviceProfile, HueSatMap, Light

WHITE_OFF = 1e-3  # XYZ of white through a forward matrix, beside D50
STEEPEST = 2.0  # degrees of new hue by degree of old, or its inverse
STRONGEST = 3.0  # times the saturation


def findings(profile: DeviceProfile) -> list[str]:
    """What is wrong or doubtful with it, each in a line; empty for a sound profile."""
    found = [text for light in profile.lights for text in _light(light)]
    if profile.look_table is not None:
        found += [f"look table: {text}" for text in _table(profile.look_table)]
    if profile.tone_curve is not None and (np.diff(profile.tone_curve.points[:, 1]) < 0).any():
        found.append("tone curve: falls, so that what is brighter becomes darker")
    for noise in profile.noise:
        if max(noise.scale) == 0 and max(noise.offset) == 0:
            found.append(f"noise: none at all at ISO {noise.iso:g}")
    if profile.black_level is not None and max(profile.black_level.values) - min(profile.black_level.values) > 256:
        found.append("black level: differs by more than 256 between the sites")
    for shading in profile.lens_shading:
        if shading.gains.max() > 20:
            found.append("lens shading: brightens more than twentyfold")
    has_data = profile.lights or profile.noise or profile.black_level or profile.defects or profile.lens_shading
    return found if has_data else [*found, "nothing is in it but names"]


def _light(light: Light) -> Iterator[str]:
    name = f"light {light.illuminant}"
    if light.kelvin == 0:
        yield f"{name}: of unknown temperature, so it cannot be mixed with another"
    xy = light.white_xy or (color.xy_from_temperature(light.kelvin) if light.kelvin else color.D50)
    neutral = np.asarray(light.color_matrix) @ color.xyz_from_xy(xy)
    if (neutral <= 0.01).any():
        yield f"{name}: the colour matrix sees white as negative or black in a channel"
    if light.forward_matrix is not None:
        off = np.abs(np.asarray(light.forward_matrix).sum(axis=1) - color.xyz_from_xy(color.D50)).max()
        if off > WHITE_OFF:
            yield f"{name}: the forward matrix tints white (by {off:.4f}); it is corrected when it is used"
    if light.hue_sat_map is not None:
        for text in _table(light.hue_sat_map):
            yield f"{name}: {text}"


def _table(found: HueSatMap) -> Iterator[str]:
    _, saturation, value = np.moveaxis(found.table.astype(np.float64), -1, 0)
    hues = found.table.shape[1]
    if np.abs(value[:, :, 0] - 1).max() > 1e-4:
        yield "the table changes the brightness of neutral colours"
    if hues > 1:
        slope = hue_slope(found.table)
        if slope.min() <= 0:
            yield "the table turns neighbouring hues past each other"
        elif slope.max() > STEEPEST or slope.min() < 1 / STEEPEST:
            yield f"the table spreads hues up to {max(slope.max(), 1 / slope.min()):.1f}-fold; gradients may band"
    if saturation[:, :, 1:].max() > STRONGEST:
        yield f"the table raises saturation {saturation.max():.1f}-fold, and noise with it"
    if value.max() > 4 or value.min() < 0.25:
        yield "the table changes brightness by more than two stops"
