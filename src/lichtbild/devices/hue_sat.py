"""Tables of hue, saturation and value in linear ProPhoto RGB: looked up, sampled and interpolated (DNG 1.7, chapter 6).

For single colours, in float64: calibration and checks. Pixels of a photograph go through the kernel `develop_hue_sat`.
Beyond the specification, which knows colours from 0 to 1 only, nothing is cut off: a colour outside ProPhoto RGB or
above white is treated as the nearest entry of the table says, and black and what is below it keep their sign.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import numpy.typing as npt

from lichtbild import color
from lichtbild.color import Floats
from lichtbild.devices.profile import HueSatMap, Table
from lichtbild.record import replace

SOFT = 12.0  # sharpness of a soft minimum
BESIDE, SMOOTHED = 16, 400  # degrees beside hues that come too near, and how often shifts are smoothed at the most
NO_END = 1.2  # reach of a hue of which all colours are known, so that the soft minimum leaves 1 alone
# ROMM RGB (ISO 22028-2), the primaries of ProPhoto RGB, white D50.
PRIMARIES = ((0.734699, 0.265301), (0.159597, 0.840403), (0.036598, 0.000105))


def _to_xyz() -> Floats:
    columns = np.stack([color.xyz_from_xy(p) for p in PRIMARIES], axis=1)
    return np.asarray(columns * np.linalg.solve(columns, color.xyz_from_xy(color.D50)), np.float64)


PROPHOTO_TO_XYZ: Floats = _to_xyz()  # XYZ of D50
XYZ_TO_PROPHOTO: Floats = np.asarray(np.linalg.inv(PROPHOTO_TO_XYZ), np.float64)


def working_to_prophoto() -> Floats:
    """Linear Rec. 2020 (D65) to linear ProPhoto RGB (D50), white to white."""
    matrix = XYZ_TO_PROPHOTO @ color.adaptation(color.D65, color.D50) @ color.rgb_to_xyz("rec2020")
    return np.asarray(matrix / matrix.sum(axis=1, keepdims=True), np.float64)


def split(rgb: npt.ArrayLike) -> tuple[Floats, Floats, Floats]:
    """Hue (0 to 6), chroma (largest less smallest) and value (the largest) of (..., 3) colours."""
    rgb = np.asarray(rgb, np.float64)
    r, g, b = rgb[..., 0], rgb[..., 1], rgb[..., 2]
    value = rgb.max(axis=-1)
    chroma = value - rgb.min(axis=-1)
    safe = np.where(chroma > 0, chroma, 1.0)
    hue = np.where(value == r, (g - b) / safe, np.where(value == g, 2 + (b - r) / safe, 4 + (r - g) / safe))
    return np.where(chroma > 0, hue % 6, 0.0), chroma, value


def join(hue: Floats, chroma: Floats, value: Floats) -> Floats:
    """(..., 3) colours of hue (any number of sixths of a turn), chroma and value."""
    k = np.stack([hue % 6, (hue + 4) % 6, (hue + 2) % 6], axis=-1)
    part = np.clip(np.minimum(k, 6 - k) - 1, 0, 1)  # how far each channel is below the largest
    return np.asarray(value[..., None] - chroma[..., None] * part)


def look_up(table: Table, hue: Floats, saturation: Floats, value: Floats) -> Floats:
    """(..., 3) entries at hue (0 to 6), saturation and value (0 to 1, ends repeated), interpolated linearly."""
    values, hues, saturations = table.shape[:3]
    h = hue * hues / 6 if hues > 1 else np.zeros_like(hue)
    h0 = np.minimum(h.astype(int), hues - 1)
    s = np.clip(saturation, 0, 1) * (saturations - 1)
    s0 = np.minimum(s.astype(int), saturations - 2)
    v = np.clip(value, 0, 1) * (values - 1)
    v0 = np.clip(v.astype(int), 0, max(values - 2, 0))
    h1, s1, v1 = (h0 + 1) % hues, s0 + 1, np.minimum(v0 + 1, values - 1)
    fh, fs, fv = (np.asarray(x - x0)[..., None] for x, x0 in ((h, h0), (s, s0), (v, v0)))
    t = table.astype(np.float64)

    def plane(at: npt.NDArray[np.int_]) -> Floats:
        low = (1 - fs) * t[at, h0, s0] + fs * t[at, h0, s1]
        high = (1 - fs) * t[at, h1, s0] + fs * t[at, h1, s1]
        return np.asarray((1 - fh) * low + fh * high)

    return np.asarray((1 - fv) * plane(v0) + fv * plane(v1)) if values > 1 else plane(v0)


def apply(found: HueSatMap, prophoto: npt.ArrayLike) -> Floats:
    """(..., 3) linear ProPhoto RGB through the table."""
    hue, chroma, value = split(prophoto)
    with np.errstate(divide="ignore", invalid="ignore"):
        saturation = np.where(chroma > 0, np.minimum(chroma / np.abs(value), 1.0), 0.0)
    # Below black the value stays as it is: the curve's straight part goes on.
    encoded = np.where(value > 0, color.encode_srgb(value), 12.92 * value) if found.srgb_value else value
    entry = look_up(found.table, hue, saturation, encoded)
    scaled = encoded * entry[..., 2]
    result = np.where(value > 0, color.decode_srgb(scaled), scaled / 12.92) if found.srgb_value else scaled
    # Saturation is chroma by value; so it is chroma that is scaled, which also holds where value is 0 or below.
    gain = np.where(np.abs(value) > 1e-9, result / np.where(value == 0, 1, value), entry[..., 2])
    stretched = chroma * gain * entry[..., 1]
    inside = (chroma <= value) & (value > 0)
    stretched = np.where(inside, np.minimum(stretched, np.maximum(result, 0)), stretched)
    return join(hue + entry[..., 0] / 60, stretched, result)


def sample(function: Callable[[Floats], Floats], hues: int, saturations: int, reach: Floats | None = None) -> Table:
    """The table that does to ProPhoto RGB what `function` does, for a function that does not depend on exposure.

    function: (n, 3) to (n, 3). Neutral stays neutral, and of its value, whatever the function says.
    reach: (hues,) saturation up to which the function can be believed; beyond, the last entry holds.
    """
    hue = np.arange(hues) * 6.0 / hues
    saturation = np.linspace(0, 1, saturations)
    saturation[0] = 0.25 * saturation[1]  # for the direction in which hues turn beside neutral
    h, s = np.meshgrid(hue, saturation, indexing="ij")
    if reach is not None:  # a soft minimum, so that entries come to rest smoothly
        s = (s**-SOFT + np.maximum(reach[:, None], 0.05) ** -SOFT) ** (-1 / SOFT)
    value = np.full_like(h, 0.5)
    new_hue, new_chroma, new_value = split(function(join(h, s * value, value).reshape(-1, 3)).reshape(*h.shape, 3))
    shift = ((new_hue - h + 3) % 6 - 3) * 60
    new_value = np.maximum(new_value, 1e-6)
    scale = np.clip(new_chroma / new_value, 0, 1) / s
    table = np.stack([shift, scale, new_value / value], axis=-1)
    table[:, 0, 2] = 1.0
    return np.asarray(table[None], np.float32)


def mixed(low: HueSatMap, high: HueSatMap, weight: float) -> HueSatMap:
    """The table between two, `weight` (0 to 1) of the first; of two sizes, the finer one's."""
    if low.table.shape != high.table.shape:
        shape = tuple(max(a, b) for a, b in zip(low.table.shape[:3], high.table.shape[:3], strict=True))
        low, high = resized(low, shape), resized(high, shape)
    table = np.float32(weight) * low.table + np.float32(1 - weight) * high.table
    return replace(low, table=np.asarray(table, np.float32))


def resized(found: HueSatMap, shape: tuple[int, ...]) -> HueSatMap:
    """The same table with (values, hues, saturations) divisions."""
    values, hues, saturations = shape
    v, h, s = np.meshgrid(
        np.linspace(0, 1, values), np.arange(hues) * 6.0 / hues, np.linspace(0, 1, saturations), indexing="ij"
    )
    return replace(found, table=np.asarray(look_up(found.table, h, s, v), np.float32))


IDENTITY = HueSatMap(np.tile(np.array([0, 1, 1], np.float32), (1, 6, 2, 1)), source="identity")


def between(tables: tuple[HueSatMap | None, ...], weights: tuple[float, ...]) -> HueSatMap | None:
    """The table of a mixture of lights; a light without a table counts as one that changes nothing."""
    present = [(t, w) for t, w in zip(tables, weights, strict=True) if w > 0]
    if all(t is None for t, _ in present):
        return None
    encoded = next(t for t, _ in present if t is not None).srgb_value
    total, found = 0.0, IDENTITY
    for t, w in present:
        table = t if t is not None else replace(IDENTITY, srgb_value=encoded)
        total += w
        found = table if total == w else mixed(table, found, w / total)
    return found


def hue_slope(table: Table) -> Floats:
    """(values, hues, saturations - 1) how fast new hues follow old ones; 1 is unchanged, below 0 they run backwards."""
    shift = table[..., 1:, 0].astype(np.float64)
    turn = (np.roll(shift, -1, axis=1) - shift + 180) % 360 - 180
    return np.asarray(1 + turn * table.shape[1] / 360)


def reach_of(prophoto: Floats, hues: int, near: float) -> Floats:
    """(hues,) saturation up to which colours of each hue have a neighbour among (n, 3) known ones: within `near` in the
    chromaticities r and b of linear ProPhoto RGB. Smooth along the hues."""
    hue = np.arange(hues) * 6.0 / hues
    steps = np.linspace(0, 1, 41)[1:]
    h, s = np.meshgrid(hue, steps, indexing="ij")
    place = chromaticity(join(h, s, np.ones_like(s)).reshape(-1, 3))
    known = chromaticity(prophoto[prophoto.sum(axis=1) > 1e-6])
    closest = np.concatenate([((p[:, None] - known) ** 2).sum(axis=-1).min(axis=1) for p in np.array_split(place, 20)])
    alone = (closest > near**2).reshape(hues, -1)
    first = np.where(alone.any(axis=1), alone.argmax(axis=1), len(steps) - 1)
    limit = np.where(alone.any(axis=1), steps[first], NO_END)
    width = max(1, hues // 36)
    limit = np.min([np.roll(limit, i) for i in range(-width, width + 1)], axis=0)
    for _ in range(2 * width**2):
        limit = (np.roll(limit, 1) + 2 * limit + np.roll(limit, -1)) / 4
    return np.asarray(limit)


def unfolded(table: Table, flattest: float) -> Table:
    """The table with its shifts of hue smoothed along the hues, where new hues follow old ones slower than `flattest`
    (below 1), and within `BESIDE` degrees of there; elsewhere as it was. No hues fold then."""
    table = table.copy()
    reach = int(BESIDE * table.shape[1] / 360)
    for _ in range(SMOOTHED):
        flat = hue_slope(table) < flattest
        if not flat.any():
            break
        near = np.zeros(flat.shape)
        for away in range(-reach, reach + 1):
            near = np.maximum(near, np.roll(flat, away, axis=1) * np.cos(np.pi / 2 * away / (reach + 1)) ** 2)
        near = np.concatenate([near[..., :1], near], axis=2)
        shift = table[..., 0]
        middle = (np.roll(shift, 1, axis=1) + np.roll(shift, -1, axis=1)) / 2
        table[..., 0] += 0.5 * near * (middle - shift)
    return table


def chromaticity(rgb: Floats) -> Floats:
    """(n, 2) shares of red and blue."""
    return np.asarray(rgb[:, ::2] / rgb.sum(axis=1, keepdims=True))
