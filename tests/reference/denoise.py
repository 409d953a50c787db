"""kernels/develop_denoise.py in plain numpy, band by band."""

from __future__ import annotations

import numpy as np

FIVE = np.array([1, 4, 6, 4, 1]) / 16


def held(a: np.ndarray, rows: np.ndarray, columns: np.ndarray) -> np.ndarray:
    return a[:, np.clip(rows, 0, a.shape[1] - 1)[:, None], np.clip(columns, 0, a.shape[2] - 1)[None]]


def down(a: np.ndarray) -> np.ndarray:
    """(c, h, w) -> (c, ceil(h/2), ceil(w/2))."""
    rows, columns = (np.arange(-(-n // 2)) * 2 for n in a.shape[1:])
    wide = sum(k * held(a, np.arange(a.shape[1]), columns + i - 2) for i, k in enumerate(FIVE))
    return sum(k * held(wide, rows + i - 2, np.arange(wide.shape[2])) for i, k in enumerate(FIVE))


def up(a: np.ndarray, shape: tuple[int, int]) -> np.ndarray:
    def along(n: int, pick: object) -> np.ndarray:
        i = np.arange(n) // 2
        even = 0.125 * pick(i - 1) + 0.75 * pick(i) + 0.125 * pick(i + 1)
        return even, 0.5 * (pick(i) + pick(i + 1)), np.arange(n) % 2 == 0

    every = np.arange(a.shape[1])
    even, odd, mask = along(shape[1], lambda i: held(a, every, i))
    wide = np.where(mask[None, None], even, odd)
    across = np.arange(shape[1])
    even, odd, mask = along(shape[0], lambda i: held(wide, i, across))
    return np.where(mask[None, :, None], even, odd)


def box5(a: np.ndarray) -> np.ndarray:
    """Mean over 5x5; the caller pads."""
    total = sum(a[i : a.shape[0] - 4 + i] for i in range(5))
    return sum(total[:, i : a.shape[1] - 4 + i] for i in range(5)) / 25


def denoise(
    quads: np.ndarray, scale: np.ndarray, offset: np.ndarray, basis: np.ndarray, take: np.ndarray
) -> np.ndarray:
    """quads: (4, h, w) of the four sites, x in 0..1, surrounded by enough of themselves that borders do not matter.

    take: (2, levels) variances taken from luma and colour bands. Returns (4, h, w).
    """
    s, o = scale[:, None, None], offset[:, None, None]
    bend = 2 * s * s + o
    level = s * quads + 0.375 * s * s + o
    stable = (np.sqrt(np.maximum(level, bend)) + np.minimum(level - bend, 0) * 0.5 / np.sqrt(bend)) * 2 / s
    low = [np.tensordot(basis, stable, 1)]
    for _ in range(take.shape[1]):
        low.append(down(low[-1]))
    clean = low[-1]
    for n in reversed(range(take.shape[1])):
        shape = low[n].shape[1:]
        band = low[n] - up(low[n + 1], shape)
        power = [band[0] ** 2, (band[1] ** 2 + band[2] ** 2) / 2, band[3] ** 2]
        energy = [box5(np.pad(p, 2, mode="edge")) + 1e-6 for p in power]
        luma = np.maximum(energy[0] - take[0, n], 0) / energy[0]
        trusted = take[1, n] * (1 - 0.8 * luma)
        chroma, greens = (np.maximum(e - trusted, 0) / e for e in energy[1:])
        gain = np.stack([luma, chroma, chroma, greens])
        clean = up(clean, shape) + band * gain
    removed = 1 - (gain**2).mean(0)
    t = np.tensordot(basis.T, clean, 1) * s / 2
    straight = t < np.sqrt(bend)
    level = np.where(straight, bend + (t - np.sqrt(bend)) * 2 * np.sqrt(bend), t * t)
    return (level - o) / s - np.where(straight, 0.375, 0.375 - 0.25 * removed) * s
