"""Device profiles in words and figures, for the terminal."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from lichtbild.devices.profile import DeviceProfile, HueSatMap

_HEAD = ("CIEDE2000", "chart mean", "worst", "CES mean", "worst", "noise")


def accuracy_table(profile: DeviceProfile) -> str:
    """What calibration reached by simulation, beside the best matrix."""
    from lichtbild.measure.table import table

    rows = []
    for light, figures in profile.accuracy.items():
        if "chart mean" not in figures:
            continue
        for kind, title in (("", f"{light}, corrected"), ("matrix ", f"{light}, matrix alone")):
            keys = ("chart mean", "chart worst", "ces mean", "ces worst")
            values = [figures.get(kind + key) for key in keys]
            cells = ["-" if v is None else f"{v:.2f}" for v in values]
            noise = "1.00" if kind else f"{figures.get('noise mean', 1.0):.2f}"
            rows.append((title, *cells, noise))
    return table(_HEAD, rows)


def colour_lines(profile: DeviceProfile) -> Iterator[str]:
    """A line on each part of its colour."""
    for light in profile.lights:
        parts = ["colour matrix"]
        if light.forward_matrix is not None:
            parts.append("forward matrix")
        if light.hue_sat_map is not None:
            parts.append(f"table of {_size(light.hue_sat_map)}")
        temperature = f" ({light.kelvin:.0f} K)" if light.kelvin else ""
        yield f"light {light.illuminant}{temperature}: {', '.join(parts)}{_source(light.source)}"
    if profile.look_table is not None:
        yield f"look table of {_size(profile.look_table)}{_source(profile.look_table.source)}"
    if profile.tone_curve is not None:
        yield f"tone curve of {len(profile.tone_curve.points)} points{_source(profile.tone_curve.source)}"
    if profile.baseline_exposure:
        yield f"exposure {profile.baseline_exposure:+.2f} EV"


def sensor_lines(profile: DeviceProfile) -> Iterator[str]:
    """A line on each part that is not colour."""
    if profile.black_level is not None:
        values = ", ".join(f"{v:g}" for v in profile.black_level.values)
        yield f"black level {values}{_source(profile.black_level.source)}"
    for noise in profile.noise:
        numbers = [f"{sum(v) / 3:.3g}" for v in (noise.scale, noise.offset)]
        yield f"noise at ISO {noise.iso:g}: scale {numbers[0]}, offset {numbers[1]}{_source(noise.source)}"
    if profile.defects is not None:
        yield f"{len(profile.defects.points)} defective pixels{_source(profile.defects.source)}"
    for shading in profile.lens_shading:
        rows, columns = shading.gains.shape[:2]
        lens = f" of {shading.lens}" if shading.lens else ""
        yield f"lens shading{lens}: {rows} x {columns}, up to {shading.gains.max():.2f}{_source(shading.source)}"


def _size(found: HueSatMap) -> str:
    values, hues, saturations = found.table.shape[:3]
    text = f"{hues} hues x {saturations} saturations"
    return text + (f" x {values} values" if values > 1 else "")


def _source(text: str) -> str:
    return f" [{text}]" if text else ""
