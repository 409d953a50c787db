"""Reads device.toml (TOML 1.0). The file may come from a stranger: sizes are bounded, every number is checked, and what
cannot be is refused in one line with file, key and what is allowed."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

from lichtbild import toml_text
from lichtbild.devices.profile import (
    ILLUMINANTS,
    BlackLevel,
    Defects,
    DeviceProfile,
    HueSatMap,
    LensShading,
    Light,
    Noise,
    ToneCurve,
)
from lichtbild.devices.section import TEXT, Section, is_number
from lichtbild.errors import DeviceError
from lichtbild.plain_file import open_plain

FORMAT = 1
LARGEST = 16 << 20  # bytes of a file
ENTRIES = 1 << 18  # of a table
DIVISIONS = (360, 256, 256)  # hues, saturations, values, at most
POINTS = 4096  # of a tone curve
DEFECTS = 200_000
GRID = 256  # rows or columns of lens shading
HUE, FACTOR = 180.0, 100.0  # the most a table may turn and scale


def read(path: Path) -> DeviceProfile:
    """Read and check a device.toml; or a DCP, which says of colour what one does. Raises `DeviceError`."""
    try:
        with open_plain(path) as file:
            content = file.read(LARGEST + 1)
    except OSError as error:
        raise DeviceError(f"{path}: cannot be read ({error.strerror}); name a device.toml that exists") from None
    if content[:4] in (b"IIRC", b"MMCR"):
        from lichtbild.devices.dcp import read_dcp

        return read_dcp(path)
    if content[:4] in (b"II*\0", b"MM\0*"):
        raise DeviceError(f"{path}: is a picture; lichtbild calibrate dcp makes a device.toml of the profile in a DNG")
    if len(content) > LARGEST:
        raise DeviceError(f"{path}: is larger than {LARGEST >> 20} MB; that is no device profile")
    try:
        data = toml_text.parse(content.decode("utf-8"))
    except (ValueError, RecursionError) as error:
        text = str(error).splitlines()[0] if str(error) else "nested too deeply"
        raise DeviceError(f"{path}: not readable as TOML ({text}); mend it, or calibrate anew") from None
    return parse(data, path)


def parse(data: dict[str, Any], path: Path) -> DeviceProfile:
    """A profile from what TOML says. path: for messages."""
    top = Section(str(path), "", data)
    format_ = top.integer("format", 1, 1_000_000, FORMAT)
    if format_ > FORMAT:
        raise DeviceError(f"{path}: is of format {format_}, and this version knows up to {FORMAT}; update Lichtbild")
    lights = [_light(s) for s in top.sections("light", 3)]
    if len({light.kelvin for light in lights}) < len(lights) or (len(lights) > 1 and not all(x.kelvin for x in lights)):
        raise DeviceError(f"{path}: light: the illuminants must be of different colour temperatures")
    profile = DeviceProfile(
        make=top.text("make"),
        model=top.text("model"),
        unique_camera_model=top.text("unique_camera_model"),
        aliases=top.texts("aliases", 100),
        name=top.text("name"),
        copyright=top.text("copyright"),
        source=top.text("source"),
        lights=tuple(sorted(lights, key=lambda x: x.kelvin)),
        look_table=_table(top.section("look_table")),
        tone_curve=_curve(top.section("tone_curve")),
        baseline_exposure=top.number("baseline_exposure", -10.0, 10.0, 0.0),
        black_level=_black(top.section("black_level")),
        noise=tuple(sorted((_noise(s) for s in top.sections("noise", 1000)), key=lambda n: n.iso)),
        defects=_defects(top.section("defects")),
        lens_shading=tuple(_shading(s) for s in top.sections("lens_shading", 100)),
        accuracy=_accuracy(top),
        path=path,
    )
    top.finish()
    if not (profile.make or profile.model or profile.unique_camera_model):
        raise DeviceError(f"{path}: model is missing; a profile says for which camera it is")
    if len({n.iso for n in profile.noise}) < len(profile.noise):
        raise DeviceError(f"{path}: noise: the same iso is there twice; keep one")
    return profile


def _light(s: Section) -> Light:
    illuminant = s.text("illuminant")
    if illuminant not in ILLUMINANTS:
        raise s.fail("illuminant", f"must be one of {', '.join(ILLUMINANTS)}")
    matrix = s.matrix("color_matrix")
    if matrix is None:
        raise s.fail("color_matrix", "is missing")
    xy = s.numbers("white_xy", 2, 0.05, 0.9)
    if xy is not None and sum(xy) >= 1:
        raise s.fail("white_xy", "must be a chromaticity: x + y is below 1")
    if illuminant == "other" and xy is None:
        raise s.fail("white_xy", "is missing; an illuminant without a name needs its chromaticity")
    light = Light(
        illuminant=illuminant,
        color_matrix=matrix,
        forward_matrix=s.matrix("forward_matrix"),
        hue_sat_map=_table(s.section("hue_sat_map")),
        camera_calibration=s.matrix("camera_calibration"),
        white_xy=None if xy is None else (xy[0], xy[1]),
        source=s.text("source"),
    )
    s.finish()
    return light


def _table(s: Section | None) -> HueSatMap | None:
    if s is None:
        return None
    hues, saturations, values = s.whole("dims", 3, 1, max(DIVISIONS))
    if hues > DIVISIONS[0] or saturations < 2 or hues * saturations * values > ENTRIES:
        raise s.fail("dims", f"must be hues (1 to {DIVISIONS[0]}), saturations (2 to 256) and values (1 to 256)")
    encoding = s.text("value_encoding") or "linear"
    if encoding not in ("linear", "srgb"):
        raise s.fail("value_encoding", "must be linear or srgb")
    count = hues * saturations * values
    table = np.stack(
        [
            s.block("hue_shift", count, -HUE, HUE),
            s.block("sat_scale", count, 0.0, FACTOR),
            s.block("val_scale", count, 0.0, FACTOR),
        ],
        axis=-1,
    ).reshape(values, hues, saturations, 3)
    found = HueSatMap(np.asarray(table, np.float32), encoding == "srgb", s.text("source"))
    s.finish()
    return found


def _curve(s: Section | None) -> ToneCurve | None:
    if s is None:
        return None
    count = s.integer("count", 2, POINTS, 0)
    points = s.block("points", 2 * count, 0.0, 1.0).reshape(-1, 2)
    if count < 2 or (np.diff(points[:, 0]) <= 0).any() or points[0, 0] != 0 or points[-1, 0] != 1:
        raise s.fail("points", "must rise in their first number from 0 to 1")
    curve = ToneCurve(np.asarray(points, np.float32), s.text("source"))
    s.finish()
    return curve


def _black(s: Section | None) -> BlackLevel | None:
    if s is None:
        return None
    a, b, c, d = s.needed("values", 4, 0, 65535)
    level = BlackLevel((a, b, c, d), s.text("source"))
    s.finish()
    return level


def _noise(s: Section) -> Noise:
    iso = s.number("iso", 1, 1e8)
    scale, offset = s.needed("scale", 3, 0, 1), s.needed("offset", 3, 0, 1)
    noise = Noise(iso, (scale[0], scale[1], scale[2]), (offset[0], offset[1], offset[2]), s.text("source"))
    s.finish()
    return noise


def _defects(s: Section | None) -> Defects | None:
    if s is None:
        return None
    height, width = s.whole("size", 2, 1, 65535)
    count = s.integer("count", 0, DEFECTS, 0)
    points = s.block("points", 2 * count, 0, 65535).reshape(-1, 2)
    if len(points) and ((points % 1).any() or (points.max(axis=0) >= (height, width)).any()):
        raise s.fail("points", "must be whole numbers y x inside the size")
    defects = Defects((height, width), np.asarray(points, np.int32), s.text("source"))
    s.finish()
    return defects


def _shading(s: Section) -> LensShading:
    rows, columns = s.whole("size", 2, 1, GRID)
    sites = [s.block(key, rows * columns, 0.01, 100) for key in ("red", "green_1", "green_2", "blue")]
    gains = np.stack(sites, axis=-1).reshape(rows, columns, 4)
    shading = LensShading(np.asarray(gains, np.float32), s.text("lens"), s.text("source"))
    s.finish()
    return shading


def _accuracy(top: Section) -> dict[str, dict[str, float]]:
    data = top.get("accuracy")
    if data is None:
        return {}
    kept: dict[str, dict[str, float]] = {}
    if not isinstance(data, dict) or len(data) > 20:
        raise top.fail("accuracy", "must hold a table of figures for each light")
    for key, figures in data.items():
        if not isinstance(figures, dict) or len(figures) > 50 or not all(is_number(v) for v in figures.values()):
            raise top.fail("accuracy", "must hold a table of figures for each light")
        kept[key[:TEXT]] = {k[:TEXT]: float(v) for k, v in figures.items()}
    return kept
