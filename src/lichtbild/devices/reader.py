"""Reads device.toml (TOML 1.0). The file may come from a stranger: sizes are bounded, every number is checked, and what
cannot be is refused in one line with file, key and what is allowed."""

from __future__ import annotations

import math
import tomllib
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from lichtbild.carriers import Matrix
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
from lichtbild.errors import DeviceError

FORMAT = 1
LARGEST = 16 << 20  # bytes of a file
ENTRIES = 1 << 18  # of a table
DIVISIONS = (360, 256, 256)  # hues, saturations, values, at most
POINTS = 4096  # of a tone curve
DEFECTS = 200_000
GRID = 256  # rows or columns of lens shading
TEXT = 1000  # characters
HUE, FACTOR = 180.0, 100.0  # the most a table may turn and scale


def read(path: Path) -> DeviceProfile:
    """Read and check a device.toml. Raises `DeviceError`."""
    try:
        with path.open("rb") as file:
            content = file.read(LARGEST + 1)
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or error
        raise DeviceError(f"{path}: cannot be read ({reason}); name a device.toml that exists") from None
    if len(content) > LARGEST:
        raise DeviceError(f"{path}: is larger than {LARGEST >> 20} MB; that is no device profile")
    try:
        data = tomllib.loads(content.decode("utf-8"))
    except (ValueError, RecursionError) as error:
        text = str(error).splitlines()[0] if str(error) else "nested too deeply"
        raise DeviceError(f"{path}: not readable as TOML ({text}); mend it, or calibrate anew") from None
    return parse(data, path)


def parse(data: dict[str, Any], path: Path) -> DeviceProfile:
    """A profile from what TOML says. path: for messages."""
    top = _Section(str(path), "", data)
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


class _Section:
    """One table of the file; remembers which keys were asked for, so that unknown ones are refused."""

    def __init__(self, file: str, name: str, data: dict[str, Any]) -> None:
        self.file, self.name, self.data = file, name, data
        self.known: list[str] = []

    def fail(self, key: str, why: str) -> DeviceError:
        return DeviceError(f"{self.file}: {f'{self.name}.' if self.name else ''}{key} {why}")

    def get(self, key: str) -> Any:
        self.known.append(key)
        return self.data.get(key)

    def finish(self) -> None:
        for key in self.data:
            if key not in self.known:
                shown = key if len(key) < 60 and key.isprintable() else "a key"
                raise self.fail(shown, f"is not known; allowed are {', '.join(self.known)}")

    def text(self, key: str) -> str:
        value = self.get(key)
        if value is None:
            return ""
        if not isinstance(value, str) or len(value) > TEXT or not value.replace("\n", "").isprintable():
            raise self.fail(key, f"must be text of at most {TEXT} characters in quotes")
        return value

    def texts(self, key: str, most: int) -> tuple[str, ...]:
        value = self.get(key)
        if value is None:
            return ()
        if not isinstance(value, list) or len(value) > most:
            raise self.fail(key, f"must be a list of at most {most} names")
        if not all(isinstance(v, str) and len(v) <= TEXT and v.isprintable() for v in value):
            raise self.fail(key, "must be a list of names in quotes")
        return tuple(value)

    def flag(self, key: str) -> bool:
        value = self.get(key)
        if value is not None and not isinstance(value, bool):
            raise self.fail(key, "must be true or false")
        return bool(value)

    def integer(self, key: str, low: int, high: int, default: int) -> int:
        value = self.get(key)
        if value is None:
            return default
        if not isinstance(value, int) or isinstance(value, bool) or not low <= value <= high:
            raise self.fail(key, f"must be a whole number from {low} to {high}")
        return value

    def number(self, key: str, low: float, high: float, default: float | None = None) -> float:
        value = self.get(key)
        if value is None and default is not None:
            return default
        if not _is_number(value) or not low <= value <= high:
            raise self.fail(key, f"must be a number from {low:g} to {high:g}")
        return float(value)

    def numbers(self, key: str, count: int, low: float, high: float) -> tuple[float, ...] | None:
        value = self.get(key)
        if value is None:
            return None
        if not isinstance(value, list) or len(value) != count or not all(_is_number(v) for v in value):
            raise self.fail(key, f"must be a list of {count} numbers")
        if not all(low <= v <= high for v in value):
            raise self.fail(key, f"must be numbers from {low:g} to {high:g}")
        return tuple(float(v) for v in value)

    def needed(self, key: str, count: int, low: float, high: float) -> tuple[float, ...]:
        values = self.numbers(key, count, low, high)
        if values is None:
            raise self.fail(key, "is missing")
        return values

    def whole(self, key: str, count: int, low: int, high: int) -> tuple[int, ...]:
        values = self.needed(key, count, low, high)
        if not all(v.is_integer() for v in values):
            raise self.fail(key, "must be whole numbers")
        return tuple(int(v) for v in values)

    def matrix(self, key: str) -> Matrix | None:
        value = self.get(key)
        if value is None:
            return None
        rows = isinstance(value, list) and len(value) == 3 and all(isinstance(r, list) and len(r) == 3 for r in value)
        if not rows or not all(_is_number(v) and abs(v) <= 100 for row in value for v in row):
            raise self.fail(key, "must be three rows of three numbers from -100 to 100")
        if np.linalg.cond(np.array(value, np.float64)) > 1e3:
            raise self.fail(key, "cannot be inverted; two of its rows are nearly the same")
        a, b, c = ((float(r[0]), float(r[1]), float(r[2])) for r in value)
        return a, b, c

    def block(self, key: str, count: int, low: float, high: float) -> npt.NDArray[np.float64]:
        """Many numbers, as a block of text with any white space between them."""
        value = self.get(key)
        if not isinstance(value, str):
            raise self.fail(key, "must be numbers in a block of text, between three quotes")
        try:
            numbers = np.array(value.split(), np.float64)
        except ValueError:
            raise self.fail(key, "must hold numbers alone, with white space between them") from None
        if len(numbers) != count:
            raise self.fail(key, f"must hold {count} numbers, and holds {len(numbers)}")
        if not ((numbers >= low) & (numbers <= high)).all():  # also refuses NaN
            raise self.fail(key, f"must be numbers from {low:g} to {high:g}")
        return numbers

    def section(self, key: str) -> _Section | None:
        value = self.get(key)
        if value is None:
            return None
        if not isinstance(value, dict):
            raise self.fail(key, "must be a table of settings")
        return _Section(self.file, f"{self.name}.{key}".lstrip("."), value)

    def sections(self, key: str, most: int) -> list[_Section]:
        value = self.get(key)
        if value is None:
            return []
        if not isinstance(value, list) or not all(isinstance(v, dict) for v in value):
            raise self.fail(key, f"must be written as [[{key}]]")
        if len(value) > most:
            raise self.fail(key, f"may be there {most} times at most")
        return [_Section(self.file, f"{key} {i + 1}", v) for i, v in enumerate(value)]


def _is_number(value: Any) -> bool:
    return isinstance(value, (int, float)) and not isinstance(value, bool) and math.isfinite(value)


def _light(s: _Section) -> Light:
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


def _table(s: _Section | None) -> HueSatMap | None:
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


def _curve(s: _Section | None) -> ToneCurve | None:
    if s is None:
        return None
    count = s.integer("count", 2, POINTS, 0)
    points = s.block("points", 2 * count, 0.0, 1.0).reshape(-1, 2)
    if count < 2 or (np.diff(points[:, 0]) <= 0).any() or points[0, 0] != 0 or points[-1, 0] != 1:
        raise s.fail("points", "must rise in their first number from 0 to 1")
    curve = ToneCurve(np.asarray(points, np.float32), s.text("source"))
    s.finish()
    return curve


def _black(s: _Section | None) -> BlackLevel | None:
    if s is None:
        return None
    a, b, c, d = s.needed("values", 4, 0, 65535)
    level = BlackLevel((a, b, c, d), s.text("source"))
    s.finish()
    return level


def _noise(s: _Section) -> Noise:
    iso = s.number("iso", 1, 1e8)
    scale, offset = s.needed("scale", 3, 0, 1), s.needed("offset", 3, 0, 1)
    noise = Noise(iso, (scale[0], scale[1], scale[2]), (offset[0], offset[1], offset[2]), s.text("source"))
    s.finish()
    return noise


def _defects(s: _Section | None) -> Defects | None:
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


def _shading(s: _Section) -> LensShading:
    rows, columns = s.whole("size", 2, 1, GRID)
    sites = [s.block(key, rows * columns, 0.01, 100) for key in ("red", "green_1", "green_2", "blue")]
    gains = np.stack(sites, axis=-1).reshape(rows, columns, 4)
    shading = LensShading(np.asarray(gains, np.float32), s.text("lens"), s.text("source"))
    s.finish()
    return shading


def _accuracy(top: _Section) -> dict[str, dict[str, float]]:
    data = top.get("accuracy")
    if data is None:
        return {}
    kept: dict[str, dict[str, float]] = {}
    if not isinstance(data, dict) or len(data) > 20:
        raise top.fail("accuracy", "must hold a table of figures for each light")
    for key, figures in data.items():
        if not isinstance(figures, dict) or len(figures) > 50 or not all(_is_number(v) for v in figures.values()):
            raise top.fail("accuracy", "must hold a table of figures for each light")
        kept[key[:TEXT]] = {k[:TEXT]: float(v) for k, v in figures.items()}
    return kept
