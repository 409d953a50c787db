"""What graded looks do beyond `natural`, in plain numpy: slow, float64, without tricks."""

from __future__ import annotations

from itertools import permutations

import numpy as np

from lichtbild.look.hue import evaluate
from lichtbild.look.spaces import Transfer
from reference.look import gain_at, in_gamut, sharpened, toned


def render(image: np.ndarray, gain: np.ndarray, *arguments: np.ndarray) -> np.ndarray:
    """Linear output RGB, 0..1, before a 3D table. arguments: those of the kernel up to `apart`, without `transfer`."""
    place, guide, to_primaries, to_cones, to_out, tone, hue, color, sharpen, gamut = arguments[:10]
    glow, shade, grain, grain_gain, apart, border = arguments[10:]
    h, w = image.shape[:2]
    lit = image.astype(np.float64) + np.moveaxis(gain_at(glow.astype(np.float64), place, (h, w)), 0, -1)
    light = np.maximum(lit @ guide[:3], guide[3])
    noise = (guide[4] * light + guide[5]) / light**2
    lightness, chroma, angle = toned(lit, light, gain, place, to_primaries, to_cones, tone, hue, color)
    turn = evaluate(hue[0], angle)
    lightness = sharpened(lightness, noise, sharpen)

    entries = np.linspace(0, 1, len(shade))
    change, factor, more_a, more_b = (np.interp(np.clip(lightness, 0, 1), entries, column) for column in shade.T)
    lightness = lightness + change
    dense = np.maximum(4 * lightness * (1 - lightness), 0)
    specks = [grain[:h, border + i * apart : border + i * apart + w] * dense * grain_gain[min(i, 1)] for i in range(3)]
    a = chroma * factor * np.cos(angle + turn) + more_a + specks[1]
    b = chroma * factor * np.sin(angle + turn) + more_b + specks[2]
    return in_gamut(np.clip(lightness + specks[0], 0, 1), a, b, to_out, gamut)


def tetrahedral(nodes: np.ndarray, codes: np.ndarray) -> np.ndarray:
    """Colours of a table (n, n, n, 3; blue, green, red) at (m, 3) codes 0..1, by the definition: of the six tetrahedra
    around a cell's grey diagonal, the one whose order of coordinates is that of the place."""
    last = len(nodes) - 1
    place = np.clip(codes, 0, 1) * last
    cell = np.minimum(place.astype(int), last - 1)
    rest = place - cell
    out = np.full(codes.shape, np.nan)
    for order in permutations(range(3)):
        here = (rest[:, order[0]] >= rest[:, order[1]]) & (rest[:, order[1]] >= rest[:, order[2]])
        corner = cell[here].copy()
        total = nodes[tuple(corner.T[::-1])] * 1.0
        for axis in order:
            before = nodes[tuple(corner.T[::-1])]
            corner[:, axis] += 1
            total += rest[here, axis, None] * (nodes[tuple(corner.T[::-1])] - before)
        out[here] = total
    return out


def look_up(rgb: np.ndarray, nodes: np.ndarray, strength: float, transfer: Transfer, there: np.ndarray) -> np.ndarray:
    """Linear RGB, 0..1, by a table. there: from the picture's primaries to the table's."""
    inside = rgb @ there.T
    clipped = np.clip(inside, 0, 1)
    codes = transfer.encode(clipped)
    moved = codes + strength * (tetrahedral(nodes, codes.reshape(-1, 3)).reshape(codes.shape) - codes)
    light = transfer.decode(moved)
    kept = np.minimum(np.ptp(light, axis=-1) / np.maximum(np.ptp(clipped, axis=-1), 1e-4), 1)[..., None]
    return np.clip((light + kept * (inside - clipped)) @ np.linalg.inv(there).T, 0, 1)


def glow(image: np.ndarray, numbers: np.ndarray, factor: int, step: int) -> np.ndarray:
    """(4, rows, columns) light above white of each cell: of each primary, and what a film's base throws back."""
    gain, most, clip, unknown, *back = numbers.astype(np.float64)
    h, w = image.shape[:2]
    rows = np.minimum(np.arange(-(-h // factor) * factor), h - 1)
    columns = np.minimum(np.arange(-(-w // factor) * factor), w - 1)
    rgb = np.maximum(image.astype(np.float64), 0)[rows][:, columns] * gain
    mean = rgb.mean(-1, keepdims=True)
    above = np.maximum(np.minimum(mean, most) - 1, 0)
    share = above**2 / (above + 1) / np.maximum(mean, 1e-3)
    burnt = np.clip(mean / clip * 4 - 3, 0, 1)
    light = share * (1 + unknown * burnt**2) * rgb
    cells = light.reshape(len(rows) // factor, factor, -1, factor, 3)[:, ::step].mean((1, 3))
    return np.moveaxis(np.dstack([cells, cells @ np.array(back)]), -1, 0)


def hashed(column: np.ndarray, row: np.ndarray, seed: int) -> np.ndarray:
    """The kernel's number of a lattice node, -1 to 1."""
    with np.errstate(over="ignore"):
        h = (column.astype(np.uint32) * np.uint32(0x9E3779B1)) ^ (
            row.astype(np.uint32) * np.uint32(0x85EBCA77) + np.uint32(seed)
        )
        for shift, factor in ((15, 0x2C1B3C6D), (12, 0x297A2D39)):
            h = (h ^ (h >> np.uint32(shift))) * np.uint32(factor)
    h = h ^ (h >> np.uint32(15))
    return ((h & np.uint32(0xFFFF)).astype(np.float64) + (h >> np.uint32(16))) / 65535 - 1


def grain(rows: np.ndarray, step: int, columns: np.ndarray, seed: int, scale: np.ndarray) -> np.ndarray:
    """(h, w) grain before it is rounded."""
    first_row, first = (np.arange(weights.shape[1]) * step >> 15 for weights in (rows, columns))
    high, wide = (int(f.max()) + len(w) for f, w in ((first_row, rows), (first, columns)))
    j, i = np.mgrid[-2 : high + 2, -2 : wide + 2]
    binomial = np.array([1, 4, 6, 4, 1]) / 16
    near = np.lib.stride_tricks.sliding_window_view(hashed(i, j, seed ^ 0x5BD1E995), (5, 5))
    clumps = np.einsum("yxij,i,j->yx", near, binomial, binomial)
    nodes = scale[0] * hashed(i, j, seed)[2:-2, 2:-2] + scale[1] * clumps
    out = np.zeros((rows.shape[1], columns.shape[1]))
    for k, row in enumerate(rows):
        for m, column in enumerate(columns):
            out += row[:, None] * column * nodes[(first_row + k)[:, None], first + m]
    return out
