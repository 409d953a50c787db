"""A profile as DNG tags: in a DCP file of its own, or inside a DNG."""

from __future__ import annotations

import struct
from pathlib import Path

from lichtbild.atomic_file import write_atomically
from lichtbild.carriers import Matrix
from lichtbild.devices.dcp import (
    COPYRIGHT,
    EXPOSURE_OFFSET,
    LOOK_DATA,
    LOOK_DIMS,
    LOOK_ENCODING,
    MAGIC,
    MAP_DIMS,
    MAP_ENCODING,
    NAME,
    SETS,
    TONE_CURVE,
    UNIQUE_CAMERA_MODEL,
)
from lichtbild.devices.hue_sat import IDENTITY, resized
from lichtbild.devices.profile import ILLUMINANTS, DeviceProfile, HueSatMap
from lichtbild.errors import DeviceError
from lichtbild.output.tiff import Directory, Tag, Type, to_bytes

_EMBED_POLICY = 50941
_ALLOW_COPYING = 0


def write_dcp(profile: DeviceProfile, path: Path, *, overwrite: bool = False) -> None:
    """Write the colour of a profile as a DCP file. Raises `DeviceError` where it has none, and `OutputError`."""
    if not profile.lights:
        raise DeviceError(f"{profile.path or profile.title}: has no colour, so there is nothing to export")
    tags = [
        Tag(UNIQUE_CAMERA_MODEL, Type.ASCII, profile.title or "Unknown"),
        Tag(_EMBED_POLICY, Type.LONG, _ALLOW_COPYING),
        *color_tags(profile),
        *look_tags(profile),
    ]
    data = bytearray(to_bytes([Directory(tags)]))
    data[2:4] = MAGIC
    write_atomically(path, [data], overwrite=overwrite)


def color_tags(profile: DeviceProfile) -> list[Tag]:
    """Matrices and illuminants of a profile."""
    tags = []
    for light, (color, forward, calibration, illuminant, data, _) in zip(profile.lights, SETS, strict=False):
        tags.append(Tag(color, Type.SRATIONAL, _flat(light.color_matrix)))
        tags.append(Tag(illuminant, Type.SHORT, ILLUMINANTS[light.illuminant]))
        if light.forward_matrix is not None:
            tags.append(Tag(forward, Type.SRATIONAL, _flat(light.forward_matrix)))
        if light.camera_calibration is not None:
            tags.append(Tag(calibration, Type.SRATIONAL, _flat(light.camera_calibration)))
        if light.white_xy is not None and light.illuminant == "other":
            x, y = (round(v * 10**6) for v in light.white_xy)
            tags.append(Tag(data, Type.UNDEFINED, struct.pack("<HIIII", 0, x, 10**6, y, 10**6)))
    return tags


def look_tags(profile: DeviceProfile) -> list[Tag]:
    """What a profile has beyond matrices: tables, tone curve, name."""
    tags = [Tag(NAME, Type.ASCII, profile.name or "Lichtbild")]
    if profile.copyright:
        tags.append(Tag(COPYRIGHT, Type.ASCII, profile.copyright))
    maps = [light.hue_sat_map for light in profile.lights[: len(SETS)]]
    present = [m for m in maps if m is not None]
    if present:
        # All tables of a file have one size; a light without one gets a table that changes nothing.
        values, hues, saturations = (max(m.table.shape[i] for m in present) for i in range(3))
        tags.append(Tag(MAP_DIMS, Type.LONG, (hues, saturations, values)))
        if any(m.srgb_value for m in present):
            tags.append(Tag(MAP_ENCODING, Type.LONG, 1))
        for found, numbers in zip(maps, SETS, strict=False):
            table = resized(found or IDENTITY, (values, hues, saturations))
            tags.append(Tag(numbers[5], Type.FLOAT, _entries(table)))
    if profile.look_table is not None:
        values, hues, saturations = profile.look_table.table.shape[:3]
        tags.append(Tag(LOOK_DIMS, Type.LONG, (hues, saturations, values)))
        tags.append(Tag(LOOK_DATA, Type.FLOAT, _entries(profile.look_table)))
        if profile.look_table.srgb_value:
            tags.append(Tag(LOOK_ENCODING, Type.LONG, 1))
    if profile.tone_curve is not None:
        tags.append(Tag(TONE_CURVE, Type.FLOAT, profile.tone_curve.points.ravel().tolist()))
    if profile.baseline_exposure:
        tags.append(Tag(EXPOSURE_OFFSET, Type.SRATIONAL, float(profile.baseline_exposure)))
    return tags


def _entries(found: HueSatMap) -> list[float]:
    values: list[float] = found.table.ravel().tolist()
    return values


def _flat(matrix: Matrix) -> list[float]:
    return [float(v) for row in matrix for v in row]
