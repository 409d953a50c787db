"""The colour of a profile as DNG tags by name, for other programs and for the eye."""

from __future__ import annotations

from typing import Any

from lichtbild.devices.dcp import (
    COPYRIGHT,
    EXPOSURE_OFFSET,
    LOOK_DATA,
    LOOK_DIMS,
    LOOK_ENCODING,
    MAP_DIMS,
    MAP_ENCODING,
    NAME,
    SETS,
    TONE_CURVE,
    UNIQUE_CAMERA_MODEL,
)
from lichtbild.devices.dcp_write import color_tags, look_tags
from lichtbild.devices.profile import DeviceProfile

_KINDS = ("ColorMatrix", "ForwardMatrix", "CameraCalibration", "CalibrationIlluminant", "IlluminantData")
NAMES = {tag: f"{kind}{i + 1}" for i, numbers in enumerate(SETS) for tag, kind in zip(numbers, _KINDS, strict=False)}
NAMES |= {numbers[5]: f"ProfileHueSatMapData{i + 1}" for i, numbers in enumerate(SETS)}
NAMES |= {
    UNIQUE_CAMERA_MODEL: "UniqueCameraModel",
    NAME: "ProfileName",
    COPYRIGHT: "ProfileCopyright",
    MAP_DIMS: "ProfileHueSatMapDims",
    MAP_ENCODING: "ProfileHueSatMapEncoding",
    LOOK_DIMS: "ProfileLookTableDims",
    LOOK_DATA: "ProfileLookTableData",
    LOOK_ENCODING: "ProfileLookTableEncoding",
    TONE_CURVE: "ProfileToneCurve",
    EXPOSURE_OFFSET: "BaselineExposureOffset",
}


def tag_list(profile: DeviceProfile) -> dict[str, Any]:
    """Tag names of DNG 1.7 with their values, in the order of a file."""
    tags = sorted([*color_tags(profile), *look_tags(profile)], key=lambda t: t.id)
    found = {"UniqueCameraModel": profile.title, **{NAMES[t.id]: t.value for t in tags}}
    for iso in profile.noise[:1]:
        found["NoiseProfile"] = [v for pair in zip(iso.scale, iso.offset, strict=True) for v in pair]
    if profile.black_level is not None:
        found["BlackLevel"] = list(profile.black_level.values)
    return found


def as_text(profile: DeviceProfile) -> str:
    """One tag in a line; long ones are only counted."""
    lines = []
    for name, value in tag_list(profile).items():
        values = value if isinstance(value, (list, tuple)) else [value]
        if len(values) > 18:
            shown = f"({len(values)} numbers)"
        else:
            shown = " ".join(f"{v:.7g}" if isinstance(v, float) else str(v) for v in values)
        lines.append(f"{name}: {shown}")
    return "\n".join(lines)
