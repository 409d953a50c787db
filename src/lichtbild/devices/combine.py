"""A profile made of two: what was measured now goes before what was known."""

from __future__ import annotations

from typing import Any

from lichtbild.devices.profile import DeviceProfile
from lichtbild.errors import DeviceError
from lichtbild.record import replace


def combined(old: DeviceProfile, new: DeviceProfile) -> DeviceProfile:
    """`old` with all that `new` has: colour as a whole, with its look and accuracy; noise by ISO; shading by lens.

    Names stay as they were, where there were any. Raises `DeviceError` when they are of different cameras.
    """
    from lichtbild.devices.catalog import fits

    if new.model and (old.model or old.unique_camera_model) and not fits(old, new.make, new.model):
        raise DeviceError(
            f"{old.path or 'the profile'}: is of {old.title}, and what is to be added of {new.title}; "
            "write a profile of its own, or name the camera with --make and --model"
        )
    noise = {n.iso: n for n in (*old.noise, *new.noise)}
    shading = {s.lens: s for s in (*old.lens_shading, *new.lens_shading)}
    changes: dict[str, Any] = {
        "make": old.make or new.make,
        "model": old.model or new.model,
        "unique_camera_model": old.unique_camera_model or new.unique_camera_model,
        "name": old.name or new.name,
        "copyright": new.copyright or old.copyright,
        "source": old.source if old.source == new.source or not new.source else joined(old.source, new.source),
        "black_level": new.black_level or old.black_level,
        "noise": tuple(sorted(noise.values(), key=lambda n: n.iso)),
        "defects": new.defects or old.defects,
        "lens_shading": tuple(shading.values()),
    }
    if new.lights:
        changes |= {
            "lights": new.lights,
            "look_table": new.look_table,
            "tone_curve": new.tone_curve,
            "baseline_exposure": new.baseline_exposure,
            "accuracy": new.accuracy,
        }
    return replace(old, **changes)


def joined(old: str, new: str) -> str:
    """Both sources, each once."""
    return new if not old else old if new in old else f"{old}; {new}"[:1000]
