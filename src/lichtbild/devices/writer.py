"""Writes a profile as device.toml: readable, each value with its source, and read back as the same numbers."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from lichtbild.atomic_file import write_atomically
from lichtbild.devices.profile import DeviceProfile, HueSatMap, Light
from lichtbild.devices.reader import FORMAT

Array = npt.NDArray[np.generic]


def write(profile: DeviceProfile, path: Path, *, overwrite: bool = False) -> None:
    """Write the profile to `path`, whole or not at all. Raises `OutputError`."""
    write_atomically(path, [to_toml(profile).encode("utf-8")], overwrite=overwrite)


def to_toml(profile: DeviceProfile) -> str:
    """The text of the file."""
    return "\n".join(_lines(profile)) + "\n"


def _lines(p: DeviceProfile) -> Iterator[str]:
    yield "# A device profile of Lichtbild; docs/devices.md explains every key."
    yield f"format = {FORMAT}"
    yield f"make = {_text(p.make)}"
    yield f"model = {_text(p.model)}"
    for key in ("unique_camera_model", "name", "copyright", "source"):
        if value := getattr(p, key):
            yield f"{key} = {_text(value)}"
    if p.aliases:
        yield f"aliases = [{', '.join(_text(a) for a in p.aliases)}]"
    if p.baseline_exposure:
        yield f"baseline_exposure = {_number(p.baseline_exposure)}"
    for light in p.lights:
        yield from _light(light)
    if p.look_table is not None:
        yield from _table("look_table", p.look_table)
    if p.tone_curve is not None:
        yield from ("", "[tone_curve]", *_source(p.tone_curve.source), f"count = {len(p.tone_curve.points)}")
        yield from _block("points", p.tone_curve.points, 7)
    if p.black_level is not None:
        yield from ("", "[black_level]", *_source(p.black_level.source))
        yield f"values = {_list(p.black_level.values)}  # R, G beside R, G beside B, B"
    for noise in p.noise:
        yield from ("", "[[noise]]", f"iso = {_number(float(noise.iso))}", *_source(noise.source))
        yield from (f"scale = {_list(noise.scale)}", f"offset = {_list(noise.offset)}")
    if p.defects is not None:
        yield from ("", "[defects]", *_source(p.defects.source), f"size = {_list(p.defects.size)}")
        yield f"count = {len(p.defects.points)}"
        yield from _block("points", p.defects.points, 0)
    for shading in p.lens_shading:
        yield from ("", "[[lens_shading]]", *_source(shading.source))
        if shading.lens:
            yield f"lens = {_text(shading.lens)}"
        yield f"size = {_list(shading.gains.shape[:2])}"
        for i, key in enumerate(("red", "green_1", "green_2", "blue")):
            yield from _block(key, shading.gains[..., i], 5)
    for name, figures in p.accuracy.items():
        yield from ("", f"[accuracy.{_text(name)}]")
        yield from (f"{_text(key)} = {_number(round(value, 4))}" for key, value in figures.items())


def _light(light: Light) -> Iterator[str]:
    yield from ("", "[[light]]", f"illuminant = {_text(light.illuminant)}", *_source(light.source))
    if light.white_xy is not None:
        yield f"white_xy = {_list(light.white_xy)}"
    for key in ("color_matrix", "forward_matrix", "camera_calibration"):
        if (matrix := getattr(light, key)) is not None:
            yield f"{key} = ["
            yield from (f"  {_list(row)}," for row in matrix)
            yield "]"
    if light.hue_sat_map is not None:
        yield from _table("light.hue_sat_map", light.hue_sat_map)


def _table(name: str, found: HueSatMap) -> Iterator[str]:
    values, hues, saturations = found.table.shape[:3]
    yield from ("", f"[{name}]  # a row is a hue, a column a saturation", *_source(found.source))
    yield f"dims = [{hues}, {saturations}, {values}]"
    if found.srgb_value:
        yield 'value_encoding = "srgb"'
    for i, (key, digits) in enumerate((("hue_shift", 4), ("sat_scale", 5), ("val_scale", 5))):
        yield from _block(key, found.table[..., i].reshape(-1, saturations), digits)


def _block(key: str, rows: Array, digits: int) -> Iterator[str]:
    yield f'{key} = """'
    for row in rows:
        yield " ".join(_short(v, digits) for v in row.tolist())
    yield '"""'


def _short(value: float, digits: int) -> str:
    text = f"{value:.{digits}f}"
    if digits:
        text = text.rstrip("0").rstrip(".")
    return "0" if text in ("-0", "") else text


def _source(text: str) -> tuple[str, ...]:
    return (f"source = {_text(text)}",) if text else ()


def _list(values: Iterable[Any]) -> str:
    return f"[{', '.join(_number(v) for v in values)}]"


def _number(value: Any) -> str:
    """A number that TOML reads back as the same one."""
    if isinstance(value, (int, np.integer)):
        return str(int(value))
    return repr(float(value))


def _text(value: str) -> str:
    """A TOML basic string; JSON escapes in the same way, but for DEL."""
    return json.dumps(value, ensure_ascii=False).replace("\x7f", "\\u007f")
