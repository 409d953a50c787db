"""The look kernels once more, in plain numpy: slow, float64, without tricks. Arguments are those of the kernels."""

from __future__ import annotations

import numpy as np

from lichtbild.look import oklab
from lichtbild.look.hue import evaluate

TINY = 1e-9
SOFTNESS = 0.08


def reduce(image: np.ndarray, guide: np.ndarray, factor: int) -> np.ndarray:
    h, w = image.shape[:2]
    rows = np.minimum(np.arange(-(-h // factor) * factor), h - 1)
    columns = np.minimum(np.arange(-(-w // factor) * factor), w - 1)
    value = (image.astype(np.float64) @ guide[:3])[rows][:, columns]
    mean = value.reshape(len(rows) // factor, factor, len(columns) // factor, factor).mean((1, 3))
    return 0.5 * np.log2(np.maximum(mean, 0) ** 2 + guide[3] ** 2)


def histogram(coarse: np.ndarray, bins: int, lowest: float, per_stop: float) -> np.ndarray:
    h, w = coarse.shape
    u = np.clip((coarse.astype(np.float64) - lowest) * per_stop, 0, bins - 1.001)
    low = u.astype(int)
    y, x = ((2 * np.arange(n) + 1) / n - 1 for n in (h, w))
    weight = 1 - 0.1 * (x[None] ** 2 + y[:, None] ** 2)
    out = np.zeros(bins)
    np.add.at(out, low, weight * (1 - (u - low)))
    np.add.at(out, low + 1, weight * (u - low))
    return out


def local(coarse: np.ndarray, table: np.ndarray, numbers: np.ndarray, cell: int) -> np.ndarray:
    """The bilateral grid, its blur and slice, and the line through each neighbourhood's gains."""
    shift, clarity, edge, regular, scale, offset, fading = numbers.astype(np.float64)
    stops = coarse.astype(np.float64) + shift
    h, w = stops.shape
    layers = 32
    z = np.clip(stops * 1.25 + layers / 2, 0, layers - 1.001)
    low = z.astype(int)
    grid = np.zeros((-(-h // cell), -(-w // cell), layers, 2))
    y, x = np.mgrid[:h, :w] // cell
    for at, share in ((low, 1 - (z - low)), (low + 1, z - low)):
        np.add.at(grid, (y, x, at), share[..., None] * np.stack([stops, np.ones_like(stops)], -1))
    for axis, taps in ((2, [2, 4, 2]), (0, [1, 4, 6, 4, 1]), (1, [1, 4, 6, 4, 1])):
        kernel = np.array(taps) / sum(taps)
        reach = len(taps) // 2
        grid = np.apply_along_axis(lambda v, k=kernel, r=reach: np.convolve(v, k)[r : r + len(v)], axis, grid)

    def corners(n: int, extent: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        u = np.clip((np.arange(n) + 0.5) / cell - 0.5, 0, extent - 1)
        first = u.astype(int)
        return first, np.minimum(first + 1, extent - 1), u - first

    y0, y1, fy = (v[:, None] for v in corners(h, grid.shape[0]))
    x0, x1, fx = (v[None, :] for v in corners(w, grid.shape[1]))
    sliced = sum(
        (wy * wx * wz)[..., None] * grid[gy, gx, gz]
        for gy, wy in ((y0, 1 - fy), (y1, fy))
        for gx, wx in ((x0, 1 - fx), (x1, fx))
        for gz, wz in ((low, 1 - (z - low)), (low + 1, z - low))
    )
    base = sliced[..., 0] / np.maximum(sliced[..., 1], 1e-6)
    detail = stops - base
    held = np.maximum(1 - (detail / edge) ** 2, 0)
    entries = (np.arange(len(table)) - len(table) // 2) / 4
    gain = np.interp(stops + held * (base - stops), entries, table) + clarity * detail * held

    def box(v: np.ndarray, radius: int) -> np.ndarray:
        n = 2 * radius + 1
        windows = np.lib.stride_tricks.sliding_window_view(v, (n, n), (0, 1))
        return windows.mean((-2, -1))

    pad = ((3, 3), (3, 3))
    v, g = np.pad(stops, pad, "edge"), np.pad(gain, pad, "edge")
    near = np.lib.stride_tricks.sliding_window_view(np.pad(v, 1, "edge"), (3, 3))
    between = np.minimum(v - near.min((2, 3)), near.max((2, 3)) - v)
    w = 1 / (1 + (between / 0.3) ** 2)
    mv, mg, mvv, mvg = (box(w * m, 2) / box(w, 2) for m in (v, g, v * v, v * g))
    slope = (mvg - mv * mg) / (np.maximum(mvv - mv * mv, 0) + regular)
    light = 2.0 ** coarse.astype(np.float64)
    trust = 1 / (1 + fading * (scale * light + offset) / light**2)
    return np.stack([box(slope, 1), box(mg + slope * (shift - mv), 1), trust])


def gain_at(gain: np.ndarray, place: np.ndarray, shape: tuple[int, int]) -> np.ndarray:
    def cells(n: int, offset: float, extent: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        u = np.clip((np.arange(n) + 0.5 + offset) * place[0] - 0.5, 0, extent - 1)
        first = u.astype(int)
        return first, np.minimum(first + 1, extent - 1), u - first

    y0, y1, fy = (v[:, None] for v in cells(shape[0], place[2], gain.shape[1]))
    x0, x1, fx = (v[None, :] for v in cells(shape[1], place[1], gain.shape[2]))
    top = gain[:, y0, x0] * (1 - fx) + gain[:, y0, x1] * fx
    bottom = gain[:, y1, x0] * (1 - fx) + gain[:, y1, x1] * fx
    return top * (1 - fy) + bottom * fy


def tone_curve(u: np.ndarray, tone: np.ndarray) -> np.ndarray:
    toe, pivot, gain, softness, scale = tone.astype(np.float64)
    q = gain * u * (u + toe) / (u + pivot)
    return np.minimum(scale * q / (1 + softness * q**2 + q**4) ** 0.25, 1)


def render(
    image: np.ndarray,
    gain: np.ndarray,
    place: np.ndarray,
    guide: np.ndarray,
    to_primaries: np.ndarray,
    to_cones: np.ndarray,
    to_out: np.ndarray,
    tone: np.ndarray,
    hue: np.ndarray,
    color: np.ndarray,
    sharpen: np.ndarray,
    gamut: np.ndarray,
) -> np.ndarray:
    """Linear output RGB, 0..1."""
    rgb = image.astype(np.float64)
    light = np.maximum(rgb @ guide[:3], guide[3])
    noise = (guide[4] * light + guide[5]) / light**2
    lightness, chroma, angle = toned(rgb, light, gain, place, to_primaries, to_cones, tone, hue, color)
    turn = evaluate(hue[0], angle)
    a, b = chroma * np.cos(angle + turn), chroma * np.sin(angle + turn)
    return in_gamut(np.clip(sharpened(lightness, noise, sharpen), 0, 1), a, b, to_out, gamut)


def toned(
    rgb: np.ndarray,
    light: np.ndarray,
    gain: np.ndarray,
    place: np.ndarray,
    to_primaries: np.ndarray,
    to_cones: np.ndarray,
    tone: np.ndarray,
    hue: np.ndarray,
    color: np.ndarray,
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Lightness, chroma and hue angle in the scene. light: the guide luminance."""
    light = light[..., None]
    slope, offset, trust = gain_at(gain.astype(np.float64), place, rgb.shape[:2])
    primaries = light + (rgb @ to_primaries.T - light) * trust[..., None]
    brightest = np.maximum(primaries.max(-1, keepdims=True), TINY)
    primaries, most = np.maximum(primaries, -brightest), SOFTNESS * brightest
    primaries = (primaries + np.hypot(primaries, most)) / (1 + np.hypot(1, SOFTNESS))
    log_gain = slope[..., None] * np.log2(light) + offset[..., None]
    roots = np.cbrt(np.maximum(primaries @ to_cones.T, TINY)) * 2 ** (log_gain / 3)

    scene, film = roots @ oklab.CONES_TO_LAB.T, tone_curve(roots, tone) @ oklab.CONES_TO_LAB.T
    lightness = film[..., 0]
    angle = np.arctan2(scene[..., 2], scene[..., 1])
    kept = np.hypot(scene[..., 1], scene[..., 2]) * lightness / scene[..., 0]
    faded = film[..., 1] * np.cos(angle) + film[..., 2] * np.sin(angle)
    chroma = kept + color[1] * (faded - kept)
    muted = np.maximum(1 - chroma * color[0], 0) ** 2
    most_chroma, more_chroma, light_change = (evaluate(row, angle) for row in hue[1:])
    chroma = chroma * np.maximum(most_chroma + more_chroma * muted, 0)
    dense = color[2] * np.maximum(faded, 0) * lightness**3
    return lightness * (1 + light_change * np.minimum(chroma, 0.3)) - dense, chroma, angle


def sharpened(lightness: np.ndarray, noise: np.ndarray, sharpen: np.ndarray) -> np.ndarray:
    padded = np.pad(lightness, 1, "edge")
    near = np.lib.stride_tricks.sliding_window_view(padded, (3, 3))
    binomial = np.array([1, 2, 1]) / 4
    detail = lightness - np.einsum("yxij,i,j->yx", near, binomial, binomial)
    core = noise * lightness**2 * sharpen[2]
    detail *= detail**2 / (detail**2 + core + TINY)
    low, high = near.min((-2, -1)), near.max((-2, -1))
    allowance = np.minimum((high - low) * sharpen[1], 0.008)
    return np.clip(lightness + sharpen[0] * detail, low - allowance, high + allowance)


def in_gamut(L: np.ndarray, a: np.ndarray, b: np.ndarray, to_out: np.ndarray, gamut: np.ndarray) -> np.ndarray:
    """Chroma held back along the hue line, by one secant step like the kernel."""
    to_roots = np.linalg.inv(oklab.CONES_TO_LAB)
    grey = L**3

    def at(t: np.ndarray) -> np.ndarray:
        return (np.stack([L, t * a, t * b], -1) @ to_roots.T) ** 3 @ to_out.T

    def reach(rgb: np.ndarray) -> np.ndarray:
        return np.maximum((grey - rgb.min(-1)) / (grey + 1e-6), (rgb.max(-1) - grey) / (1 - grey + 1e-4))

    full = reach(at(np.ones_like(L)))
    over = np.maximum(full - gamut[0], 0)
    wanted = full - over + over / (1 + over * gamut[1])
    t0 = wanted / np.maximum(full, TINY)
    t0[over == 0] = 1
    first = reach(at(t0))
    upwards = t0 + (wanted - first) * (1 - t0) / np.maximum(full - first, TINY)
    downwards = t0 * wanted / np.maximum(first, TINY)
    t = np.where(first < wanted, upwards, downwards)
    return np.clip(at(np.clip(t, 0, 1)), 0, 1)
