"""Camera profiles of Adobe's kind, in a DCP file or in a DNG: DNG 1.7, chapter 6, "Camera Profiles".

A DCP is a TIFF directory with another magic number. What lies in one may come from anybody: every count and number is
checked before it is believed.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np

from lichtbild.carriers import Matrix
from lichtbild.devices.illuminant_data import chromaticity
from lichtbild.devices.profile import NAMES_OF_ILLUMINANTS, DeviceProfile, HueSatMap, Light, ToneCurve
from lichtbild.devices.reader import DIVISIONS, ENTRIES, FACTOR, HUE, LARGEST, POINTS
from lichtbild.errors import DeviceError, RawError
from lichtbild.plain_file import open_plain
from lichtbild.raw.tags import Tags
from lichtbild.raw.tiff import Tiff
from lichtbild.record import replace

MAGIC = b"RC"  # where a TIFF has 42: "IIRC"; the other way round in "MMCR"

# Of the first, second and third light: color and forward matrix, calibration, illuminant and its data, table.
SETS = (
    (50721, 50964, 50723, 50778, 52533, 50938),
    (50722, 50965, 50724, 50779, 52534, 50939),
    (52531, 52532, 52530, 52529, 52535, 52537),
)
UNIQUE_CAMERA_MODEL, SIGNATURE, PROFILE_SIGNATURE, NAME, COPYRIGHT = 50708, 50931, 50932, 50936, 50942
MAP_DIMS, MAP_ENCODING, LOOK_DIMS, LOOK_DATA, LOOK_ENCODING, TONE_CURVE = 50937, 51107, 50981, 50982, 51108, 50940
EXPOSURE_OFFSET = 51109


def read_dcp(path: str | Path) -> DeviceProfile:
    """The profile of a DCP file, or that which a DNG holds. Raises `DeviceError`."""
    path = Path(path)
    try:
        with open_plain(path) as file:
            head = file.read(4)
            is_dcp = head[:2] in (b"II", b"MM") and head[2:4] in (MAGIC, MAGIC[::-1])
            data = head + file.read(LARGEST if is_dcp else 1 << 32)
    except OSError as error:
        raise DeviceError(f"{path}: cannot be read ({error.strerror}); name a DCP or DNG that exists") from None
    except MemoryError:
        raise DeviceError(f"{path}: is too large to be a camera profile") from None
    if is_dcp and len(data) > LARGEST:
        raise DeviceError(f"{path}: is larger than {LARGEST >> 20} MB; that is no camera profile")
    if is_dcp:
        data = data[:2] + (b"*\0" if data[:2] == b"II" else b"\0*") + data[4:]
    try:
        tiff = Tiff(memoryview(data))
    except RawError:
        raise DeviceError(f"{path}: is neither a DCP nor a DNG, or it is damaged") from None
    if is_dcp and tiff.directories[0].cut_short:  # the rest would pass for a profile without tables
        raise DeviceError(f"{path}: is cut short; copy it again from where it came")
    tags = Tags.of(tiff)
    problems: list[str] = []
    profile = profile_of(tags, path.name, problems.append)
    if problems:
        raise DeviceError(f"{path}: {problems[0]}")
    if not profile.lights:
        raise DeviceError(f"{path}: holds no colour matrix, so it is no camera profile")
    if not (profile.model or profile.unique_camera_model):
        raise DeviceError(f"{path}: does not say for which camera it is")
    return profile


def profile_of(tags: Tags, source: str, problem: Callable[[str], None]) -> DeviceProfile:
    """The profile that these tags hold. problem: told what cannot be believed, and is left out."""
    lights: list[Light] = []
    for numbers in SETS:
        light = _light(tags, numbers, source, problem)
        if light is not None and light.kelvin not in {other.kelvin for other in lights}:
            lights.append(light)
    if len(lights) > 1:
        lights = [light for light in lights if light.kelvin > 0] or lights[:1]
    first = lights[0].hue_sat_map if lights else None
    if first is not None and all(light.hue_sat_map is None for light in lights[1:]):
        # A table for the first light alone holds for all, as in the DNG SDK.
        lights = [replace(light, hue_sat_map=first) for light in lights]
    make, model, unique = tags.text(271), tags.text(272), tags.text(UNIQUE_CAMERA_MODEL)
    if not model and unique:
        make, _, model = unique.partition(" ")
        make, model = (make, model) if model else ("", unique)
    offset = tags.floats(EXPOSURE_OFFSET, 1)
    return DeviceProfile(
        make=make[:200],
        model=model[:200],
        unique_camera_model=unique[:200],
        name=tags.text(NAME)[:200],
        copyright=tags.text(COPYRIGHT)[:1000],
        source=source,
        lights=tuple(sorted(lights, key=lambda x: x.kelvin)),
        look_table=_table(tags, LOOK_DIMS, LOOK_DATA, LOOK_ENCODING, "look table", source, problem),
        tone_curve=_curve(tags, source, problem),
        baseline_exposure=offset[0] if offset and abs(offset[0]) <= 10 else 0.0,
    )


def embedded(tags: Tags, source: str, problem: Callable[[str], None]) -> DeviceProfile | None:
    """The profile of a DNG, where it goes beyond two matrices; else None."""
    profile = profile_of(tags, source, problem)
    useful = len(profile.lights) > 2 or any(x.hue_sat_map or x.white_xy for x in profile.lights)
    # Its BaselineExposureOffset is in the exposure that is read with the file's other colour tags.
    profile = replace(profile, baseline_exposure=0.0)
    return profile if useful or profile.look_table or profile.tone_curve else None


def _light(
    tags: Tags, numbers: tuple[int, int, int, int, int, int], source: str, problem: Callable[[str], None]
) -> Light | None:
    color_tag, forward_tag, calibration_tag, illuminant_tag, data_tag, map_tag = numbers
    color = _matrix(tags, color_tag, "color matrix", problem)
    if color is None:
        return None
    code = int(tags.positive(illuminant_tag) or 0)
    holder = tags.holder(data_tag) if code in (0, 255) else None
    xy = chromaticity(holder.bytes(data_tag), holder.order) if holder else None
    own = tags.text(SIGNATURE) == tags.text(PROFILE_SIGNATURE)
    return Light(
        illuminant=NAMES_OF_ILLUMINANTS.get(code, "other"),
        color_matrix=color,
        forward_matrix=_matrix(tags, forward_tag, "forward matrix", problem),
        hue_sat_map=_table(tags, MAP_DIMS, map_tag, MAP_ENCODING, "table of hue and saturation", source, problem),
        camera_calibration=_matrix(tags, calibration_tag, "calibration", problem) if own else None,
        white_xy=xy,
        source=source,
    )


def _matrix(tags: Tags, tag: int, what: str, problem: Callable[[str], None]) -> Matrix | None:
    from lichtbild.raw.color_tags import matrix_of

    values = tags.floats(tag, 9)
    if values is None:
        return None
    found = matrix_of(values)
    if found is None:
        problem(f"its {what} cannot be inverted or is not of numbers")
    return found


def _table(
    tags: Tags, dims_tag: int, data_tag: int, encoding_tag: int, what: str, source: str, problem: Callable[[str], None]
) -> HueSatMap | None:
    """ProfileHueSatMapData or ProfileLookTableData: entries of value, hue and saturation, from outer to inner."""
    holder = tags.holder(data_tag)
    if holder is None:
        return None
    dims = tags.holder(dims_tag)
    sizes = dims.integers(dims_tag) if dims else None
    if sizes is None or not 2 <= len(sizes) <= 3:
        problem(f"its {what} has no size")
        return None
    hues, saturations, values = (*sizes, 1)[:3]
    if not (1 <= hues <= DIVISIONS[0] and 2 <= saturations <= DIVISIONS[1] and 1 <= values <= DIVISIONS[2]) or (
        hues * saturations * values > ENTRIES
    ):
        problem(f"its {what} has an impossible size, {hues} x {saturations} x {values}")
        return None
    stored = holder.array(data_tag)
    count = hues * saturations * values * 3
    if stored is None or stored.ndim != 1 or stored.dtype.kind != "f" or len(stored) < count:
        problem(f"its {what} is cut short")
        return None
    with np.errstate(over="ignore"):
        table = stored[:count].astype(np.float32).reshape(values, hues, saturations, 3)
    low, high = np.array([-2 * HUE, 0, 0]), np.array([2 * HUE, FACTOR, FACTOR])
    if not ((table >= low) & (table <= high)).all():  # NaN is neither
        problem(f"its {what} holds what cannot be")
        return None
    table[..., 0] = (table[..., 0] + HUE) % (2 * HUE) - HUE
    encoding = tags.holder(encoding_tag)
    return HueSatMap(table, bool(encoding and encoding.integer(encoding_tag) == 1), source)


def _curve(tags: Tags, source: str, problem: Callable[[str], None]) -> ToneCurve | None:
    holder = tags.holder(TONE_CURVE)
    stored = holder.array(TONE_CURVE) if holder else None
    if stored is None:
        return None
    usable = stored.ndim == 1 and stored.dtype.kind == "f" and len(stored) % 2 == 0 and 4 <= len(stored) <= 2 * POINTS
    with np.errstate(over="ignore"):
        points = stored.reshape(-1, 2).astype(np.float32) if usable else np.zeros((1, 2), np.float32)
    inside = bool(((points >= 0) & (points <= 1)).all())
    if not (usable and inside and (np.diff(points[:, 0]) > 0).all() and points[0, 0] == 0 and points[-1, 0] == 1):
        problem("its tone curve does not rise from 0 to 1")
        return None
    return ToneCurve(points, source)
