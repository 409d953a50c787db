"""What a profile knows of a sensor, on the numbers of one frame: black level, noise, defects, lens shading.

It goes before what the file says, for it was measured; but where it cannot hold, as in another size of raw, the file's
own is left alone.
"""

from __future__ import annotations

import math

import numpy as np

from lichtbild.carriers import NoiseProfile, Triple
from lichtbild.devices.profile import DeviceProfile, LensShading
from lichtbild.raw.defects import mended
from lichtbild.raw.sensor import Sensor
from lichtbild.record import replace

FARTHEST_ISO = 2.0  # stops between a frame and the nearest ISO that was measured
FARTHEST_BLACK = 0.02  # of white: the most that a measured black level may be beside the file's
HIGHEST_BLACK, BELOW_BLACK = 0.15, 0.01  # of white: where the file has none; how far noise reaches below it


def with_device(sensor: Sensor, profile: DeviceProfile) -> tuple[Sensor, list[str]]:
    """The sensor's numbers as the profile knows them better, and the names of what was taken from it."""
    changes: dict[str, object] = {}
    meta, is_mosaic = sensor.metadata, sensor.pixels.ndim == 2
    if is_mosaic and profile.black_level is not None:
        black = tuple(profile.black_level.values[i] for i in site_order(sensor.cfa))
        if _can_be_black(black, sensor):
            changes["black_level"] = black
    if meta.iso and (noise := noise_at(profile, meta.iso)) is not None:
        changes["noise_tag"] = noise
    if is_mosaic and profile.defects is not None and profile.defects.size == sensor.pixels.shape[:2]:
        changes["pixels"] = mended(sensor.pixels, profile.defects.points.astype(np.int64))
    if is_mosaic and sensor.shading is None and (shading := shading_for(profile, meta.lens)) is not None:
        changes["shading"] = np.ascontiguousarray(shading.gains[..., site_order(sensor.cfa)])
    words = {"noise_tag": "noise", "pixels": "defects"}
    return replace(sensor, **changes), [words.get(k, k) for k in changes]  # type: ignore[arg-type]


def _can_be_black(black: tuple[float, ...], sensor: Sensor) -> bool:
    """False for a black level of another scale than the file's numbers, and where pixels lie below it: a converter has
    taken black away already. A file that says 0 may just not know it."""
    white = sensor.white_level
    apart = max(abs(a - b) for a, b in zip(black, sensor.black_level, strict=True))
    if apart <= FARTHEST_BLACK * white and max(sensor.black_level) > 0:
        return True
    if max(sensor.black_level) > 0 or max(black) > HIGHEST_BLACK * white:
        return False
    for i, own in enumerate(black):
        site = sensor.pixels[i // 2 :: 6, i % 2 :: 6]
        if site.size and float(np.quantile(site, 0.01)) < own - BELOW_BLACK * white - 1:
            return False
    return True


def site_order(cfa: str) -> list[int]:
    """For each of the four sites in reading order, which of R, G beside R, G beside B, B it is."""
    rows = (cfa[:2], cfa[2:])
    return [0 if c == "R" else 3 if c == "B" else 1 if "R" in row else 2 for row in rows for c in row]


def noise_at(profile: DeviceProfile, iso: float) -> NoiseProfile | None:
    """The noise at an ISO: between measured ones by a power of it, beyond them by its usual course (the variance of
    photons grows with it, that of the rest with its square). None where nothing near was measured."""
    if not profile.noise:
        return None
    nearest = min(profile.noise, key=lambda n: abs(math.log2(n.iso / iso)))
    if abs(math.log2(nearest.iso / iso)) > FARTHEST_ISO:
        return None
    below = [n for n in profile.noise if n.iso <= iso]
    above = [n for n in profile.noise if n.iso >= iso]
    if below and above:
        low, high = below[-1], above[0]
        t = 0.0 if high.iso == low.iso else math.log(iso / low.iso) / math.log(high.iso / low.iso)
        scale = tuple(_between(a, b, t) for a, b in zip(low.scale, high.scale, strict=True))
        offset = tuple(_between(a, b, t) for a, b in zip(low.offset, high.offset, strict=True))
    else:
        ratio = iso / nearest.iso
        scale = tuple(v * ratio for v in nearest.scale)
        offset = tuple(v * ratio**2 for v in nearest.offset)
    return NoiseProfile(_triple(scale), _triple(offset), "device")


def _between(low: float, high: float, t: float) -> float:
    return low ** (1 - t) * high**t if low > 0 and high > 0 else (1 - t) * low + t * high


def _triple(values: tuple[float, ...]) -> Triple:
    return values[0], values[1], values[2]


def shading_for(profile: DeviceProfile, lens: str) -> LensShading | None:
    """The shading of that lens, or of a camera whose lens cannot be changed."""
    return next((s for s in profile.lens_shading if s.lens.casefold() in ("", lens.casefold())), None)
