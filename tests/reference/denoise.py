"""kernels/develop_denoise.py, develop_denoise_band.py and develop_denoise_gains.py in plain numpy, window by window."""

from __future__ import annotations

import numpy as np

FIVE = np.array([1, 4, 6, 4, 1]) / 16
WAVES = np.array([np.cos((2 * np.arange(8) + 1) * k * np.pi / 16) for k in range(8)]) / 2
WAVES[0] = 8**-0.5


def mirrored(a: np.ndarray, rows: np.ndarray, columns: np.ndarray) -> np.ndarray:
    """a at rows and columns that may lie outside: mirrored at the first and the last."""
    height, width = (np.pad(np.arange(n), 512, mode="reflect") for n in a.shape[1:])
    return a[:, height[rows + 512][:, None], width[columns + 512][None]]


def beyond_white(quads: np.ndarray, ends: np.ndarray) -> np.ndarray:
    """(4, h, w): what each site has beyond white where the strongest colour has clipped."""
    cap, slope, start, _, _, own_slope, own_start = (row[:, None, None] for row in ends)
    burnt, own = (quads * slope + start).min(0), quads * own_slope + own_start
    return np.maximum(quads - cap, 0) * np.clip(burnt, 0, 1) * np.clip(own, 0, 1)


def root(light: np.ndarray, s: np.ndarray, o: np.ndarray) -> np.ndarray:
    bend = 1.5 * s * s + 0.25 * o
    level = s * light + 0.375 * s * s + o
    return np.sqrt(np.maximum(level, bend)) + np.minimum(level - bend, 0) * 0.5 / np.sqrt(bend)


def leaning(luma: np.ndarray, lean: np.ndarray) -> np.ndarray:
    """(h, w), (4, 2) -> (4, h, w): what follows luma's difference of the next and last quad; none at borders."""
    along, down = np.zeros((2, *luma.shape))
    along[:, 1:-1] = luma[:, 2:] - luma[:, :-2]
    down[1:-1] = luma[2:] - luma[:-2]
    return lean[:, :1, None] * along + lean[:, 1:, None] * down


def split(
    quads: np.ndarray, scale: np.ndarray, offset: np.ndarray, basis: np.ndarray, lean: np.ndarray, ends: np.ndarray
) -> np.ndarray:
    """quads: (4, h, w) of the four sites, x in 0..1 -> (4, h, w) of which the noise has variance 1, black at 0."""
    quads = quads - beyond_white(quads, ends)
    s, o = scale[:, None, None], offset[:, None, None]
    planes = np.tensordot(basis, (root(quads, s, o) - root(0 * s, s, o)) * 2 / s, 1)
    return planes - leaning(planes[0], lean)


def join(
    planes: np.ndarray,
    scale: np.ndarray,
    offset: np.ndarray,
    basis: np.ndarray,
    lean: np.ndarray,
    removed: float,
    ends: np.ndarray,
) -> np.ndarray:
    """Without what is beyond white."""
    s, o = scale[:, None, None], offset[:, None, None]
    bend = 1.5 * s * s + 0.25 * o
    t = np.tensordot(basis.T, planes + leaning(planes[0], lean), 1) * s / 2 + root(0 * s, s, o)
    straight = t < np.sqrt(bend)
    level = np.where(straight, bend + (t - np.sqrt(bend)) * 2 * np.sqrt(bend), t * t)
    part = np.clip((t / s - 0.8) / 1.4, 0, 1)
    light = (level - o) / s - (0.375 - 0.25 * removed * part**2 * (3 - 2 * part)) * s
    foot, rate = (row[:, None, None] for row in ends[3:5])
    return light - foot * np.clip(1 + (foot - light) * rate, 0, 1) ** 3


def halve(a: np.ndarray, shape: tuple[int, int]) -> np.ndarray:
    """(c, h, w) -> (c, *shape), every second of the smoothed samples."""
    rows, columns = (np.arange(n) * 2 for n in shape)
    wide = sum(k * mirrored(a, np.arange(a.shape[1]), columns + i - 2) for i, k in enumerate(FIVE))
    return sum(k * mirrored(wide, rows + i - 2, np.arange(wide.shape[2])) for i, k in enumerate(FIVE))


def enlarge(a: np.ndarray, rows: np.ndarray, columns: np.ndarray) -> np.ndarray:
    """The samples at `rows` and `columns` of twice the size, which may lie outside."""

    def along(at: np.ndarray, pick: object) -> np.ndarray:
        i = at // 2
        even = 0.125 * pick(i - 1) + 0.75 * pick(i) + 0.125 * pick(i + 1)
        return even, 0.5 * (pick(i) + pick(i + 1)), at % 2 == 0

    even, odd, mask = along(columns, lambda i: mirrored(a, np.arange(a.shape[1]), i))
    wide = np.where(mask[None, None], even, odd)
    even, odd, mask = along(rows, lambda i: mirrored(wide, i, np.arange(wide.shape[2])))
    return np.where(mask[None, :, None], even, odd)


def around(energy: np.ndarray, weights: tuple[int, ...], most: np.ndarray) -> np.ndarray:
    """Energy of each frequency and its neighbours both ways, the borders held; what is beyond `most` is its own."""
    reach = len(weights) // 2
    e = np.minimum(energy, most)
    for axis in (0, 1):
        p = np.pad(e, [(reach, reach) if a == axis else (0, 0) for a in (0, 1)], mode="edge")
        e = sum(w * np.take(p, np.arange(8) + i, axis) for i, w in enumerate(weights)) / sum(weights)
    return e + np.maximum(energy - most, 0)


def gains(waves: np.ndarray, take: np.ndarray, share: np.ndarray, local: float, guided: bool) -> np.ndarray:
    """(4, 8, 8) coefficients of one window -> (3, 8, 8) gains of luma, colour differences and greens."""
    power = waves**2
    found = np.empty((3, 8, 8))
    gates: list[float] = []
    for kind, energy in enumerate([power[0], (power[1] + power[2]) / 2, power[3]]):
        noise = take[kind] * local * (1 if guided or kind == 0 else 1 - 0.6 * found[0])
        if guided:
            energy = around(energy, (1, 2, 1), 4 * take[0]) if kind == 0 else energy
            found[kind] = energy / (energy + noise)
        else:
            energy = around(energy, (1, 2, 1), 2 * take[kind]) if kind else around(energy, (1, 4, 6, 4, 1), 4 * take[0])
            found[kind] = energy**2 / (energy**2 + noise**2)
            gates.append(float(np.clip((found[kind].max() - 0.4) / 0.2, 0, 1)))
            if kind == 0:
                doubt = 1 - 0.7 * (share * found[0]).mean()
                found[0] = energy**2 / (energy**2 + (noise * doubt) ** 2)
            found[kind] *= max(gates[0], gates[-1])
    return found


def band(
    fine: np.ndarray,
    coarse: np.ndarray,
    clean: np.ndarray,
    take: np.ndarray,
    share: np.ndarray,
    excess: np.ndarray,
    guide: np.ndarray | None = None,
) -> np.ndarray:
    """(4, h, w), and two of half the size -> (4, h, w), the finest band. Windows every 4, with a guide every 2."""
    hop = 4 if guide is None else 2
    _, h, w = fine.shape
    rows, columns = (np.arange(-8, n + 8) for n in (h, w))
    beyond = mirrored(fine, rows, columns) - enlarge(coarse, rows, columns)
    known = beyond if guide is None else mirrored(guide, rows, columns) - enlarge(clean, rows, columns)
    total, weights = np.zeros_like(beyond), np.zeros_like(beyond)
    kind = [0, 1, 1, 2]
    for top in range(hop, h + 8, hop):
        for left in range(hop, w + 8, hop):
            place = (slice(None), slice(top, top + 8), slice(left, left + 8))
            if beyond[place].shape != (4, 8, 8):
                continue
            waves, source = (WAVES @ b[place] @ WAVES.T for b in (beyond, known))
            cell = (min((i - hop) // 4, n - 1) for i, n in zip((top, left), excess.shape, strict=True))
            local = excess[tuple(cell)]
            found = gains(source, take, share, local, guide is not None)
            weight = 1 / ((0.1 + (share * found**2).sum((1, 2))) * local)
            total[place] += (WAVES.T @ (waves * found[kind]) @ WAVES) * weight[kind][:, None, None]
            weights[place] += weight[kind][:, None, None]
    inside = (slice(None), slice(8, 8 + h), slice(8, 8 + w))
    return enlarge(clean, np.arange(h), np.arange(w)) + total[inside] / weights[inside]
