"""The plain numpy twin of `kernels/superres_gather.py`: every sample of every frame, by its distance."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import numpy.typing as npt

Array = npt.NDArray[np.float64]


def gathered(
    values: Array,
    trust: Array,
    moves: Array,
    scale: float,
    cfa: str,
    deviations: tuple[float, float, float],
    worth: tuple[float, float, float],
) -> tuple[Array, Array]:
    """(4, H, W) means and weights: shared, R, G, B.

    values, trust: (n, h, w) of the frames' samples, the values trusted already; moves: (n, 2) displacement (dy, dx);
    deviations: of the kernels, in mosaic pixels: shared, green, red and blue; worth: of R, G and B in the shared part.
    The 3x3 samples around a pixel count.
    """
    count, h, w = values.shape
    rows, columns = int(h * scale), int(w * scale)
    totals, weights = np.zeros((4, rows, columns)), np.zeros((4, rows, columns))
    for n in range(count):
        for y in range(rows):
            for x in range(columns):
                at = (y + 0.5) / scale - 0.5 + moves[n, 0], (x + 0.5) / scale - 0.5 + moves[n, 1]
                near = int(np.floor(at[0] + 0.5)), int(np.floor(at[1] + 0.5))
                for j in range(near[0] - 1, near[0] + 2):
                    for i in range(near[1] - 1, near[1] + 2):
                        if not (0 <= j < h and 0 <= i < w):
                            continue
                        color = "RGB".index(cfa[2 * (j % 2) + i % 2])
                        away = (j - at[0]) ** 2 + (i - at[1]) ** 2
                        for plane, deviation in ((0, deviations[0]), (1 + color, deviations[1 if color == 1 else 2])):
                            weight = np.exp(-away / (2 * deviation**2)) * (1.0 if plane else worth[color])
                            totals[plane, y, x] += weight * values[n, j, i]
                            weights[plane, y, x] += weight * trust[n, j, i]
    return totals / np.maximum(weights, 1e-9), weights


def smooth(a: Array) -> Array:
    """Binomial mean of 3x3 over the first two axes, edges repeated."""
    for axis in (0, 1):
        pad = [(0, 0)] * a.ndim
        pad[axis] = (1, 1)
        p = np.moveaxis(np.pad(a, pad, mode="edge"), axis, 0)
        a = np.moveaxis(p[:-2] / 4 + p[1:-1] / 2 + p[2:] / 4, 0, axis)
    return a


def samples(
    light: Array,
    expected: Array,
    fits: npt.NDArray[np.bool_],
    noise: Array,
    tolerance: Array,
    worth: float,
    still: Array,
) -> Array:
    """(5, h, w) trusted differences of the four sites of each quad, and the trust.

    light, expected, fits: (h, w, 4) of the sites: what the frame measured, what it should have, whether both are
    known. noise: (4, 2) scale and offset. tolerance, worth: as of the kernel; still: (h, w).
    """
    usable = fits.all(-1)
    r = light - expected
    mean, level = r.mean(-1), expected.mean(-1)
    variance = (noise[:, 0] * np.maximum(expected, 0) + noise[:, 1]).sum(-1)
    local = [mean, mean**2, level, level**2, (r**2).sum(-1), (expected**2).sum(-1), *np.moveaxis(expected, -1, 0)]
    sums = smooth(np.stack([*local, variance, np.ones_like(mean)], -1) * usable[..., None])
    m = np.moveaxis(sums[..., :-1] / np.maximum(sums[..., -1:], 1e-3), -1, 0)
    gray_spread = np.maximum(m[3] - m[2] ** 2, 0)
    spread = np.maximum(m[5] - (m[6:10] ** 2).sum(0), 0)
    m[10] = np.maximum(m[10], 1e-12)
    quad = m[10] / 16
    within = np.maximum(spread / 4 - gray_spread, 0) * still
    misfit = np.maximum(m[0] ** 2 / (0.2 * quad + tolerance[0] * gray_spread + tolerance[4] * within) / 2 - 1, 0)
    misfit += np.maximum(m[1] / (quad + tolerance[1] * gray_spread + tolerance[5] * within) - tolerance[3], 0)
    misfit += np.maximum(m[4] / (m[10] + 4 * (tolerance[2] * spread + tolerance[6] * within)) - tolerance[3], 0)
    trust = usable * worth / (1 + 4 * misfit**2)
    return np.concatenate([np.moveaxis(r * trust[..., None], -1, 0), trust[None]])


def windowed(a: Array, half: Array) -> Array:
    """Means over a separable window of the last two axes, given by its half; the picture repeats beyond its edges."""
    for axis in (-2, -1):
        total = a * half[0]
        for d in range(1, len(half)):
            total = total + (np.roll(a, d, axis) + np.roll(a, -d, axis)) * half[d]
        a = total
    return a


def wiener(power: Array, unwanted: Array, times: float) -> Array:
    return np.maximum(1 - (times * unwanted / np.maximum(power, 1e-12)) ** 2, 0)


def said(mean: Array, weight: Array, windows: Array, doubt: tuple[float, float]) -> Array:
    """(3, h, w) of R, G, B that the differences say."""
    shared = mean[0] * weight[0] / (weight[0] + doubt[0])
    soft = {c: windowed(shared, windows[1 if c == 1 else 2]) for c in range(3)}
    return np.stack([shared + (mean[1 + c] - soft[c]) * weight[1 + c] / (weight[1 + c] + doubt[1]) for c in range(3)])


def beyond_noise(
    mean: Array,
    weight: Array,
    windows: Array,
    variance: Array,
    doubt: tuple[float, float],
    times: tuple[float, float],
    apart: float,
) -> tuple[Array, Array, tuple[Array, Array]]:
    """(3, h, w) of R, G, B that the differences say, the noise that is left in grey, and the shares of grey and of
    colours that are kept."""
    beyond = said(mean, weight, windows, doubt)
    gray = beyond.mean(0)
    colour = beyond - gray
    left = variance.mean(0) / (2 * weight[0] + 0.2)
    left_colour = (variance / (2 * weight[1:] + 0.2)).mean(0)
    energy = windowed((colour**2).mean(0), windows[3])
    left = left + apart * np.maximum(energy - left_colour, 0) / (weight[0] + 0.2)
    keep = wiener(windowed(gray**2, windows[3]), left, times[0]), wiener(energy, left_colour, times[1])
    return beyond, left, keep


def refined(
    light: Array,
    cfa: str,
    mean: Array,
    weight: Array,
    windows: Array,
    noise: Array,
    doubt: tuple[float, float],
    waves: tuple[Array, Array],
) -> Array:
    """(h, w) balanced light of a mosaic with what its frames say beyond it. waves: `worth` and `more`."""
    light, mean, weight = (
        np.pad(a, [*[(0, 0)] * (a.ndim - 2), (PAD, PAD), (PAD, PAD)], mode="edge") for a in (light, mean, weight)
    )
    variance = noise[:, 0, None, None] * np.maximum(light, 0) + noise[:, 1, None, None]
    beyond = said(mean, weight, windows, doubt)
    share = np.array([0.25, 0.5, 0.25])
    gray = np.tensordot(share, beyond, 1)
    own = variance / (2 * weight[1:] + 0.2)
    parts = gray, beyond[1] - gray, (beyond[0] - beyond[2]) / 2
    left = np.tensordot(share, variance, 1) / (2 * weight[0] + 0.2), own[1], (own[0] + own[2]) / 4
    gray, green, apart = (kept(*each) for each in zip(parts, left, *waves, strict=True))
    more = gray + np.stack([apart - green, green, -apart - green])
    out = light.copy()
    for i, color in enumerate(cfa):
        site = np.s_[i // 2 :: 2, i % 2 :: 2]  # PAD is even
        out[site] += more["RGB".index(color)][site]
    return out[PAD:-PAD, PAD:-PAD]


def cosines(side: int = 8) -> Array:
    """(side, side) of the orthonormal transform."""
    out = np.cos((2 * np.arange(side) + 1) * np.arange(side)[:, None] * np.pi / (2 * side)) * (2 / side) ** 0.5
    out[0] = side**-0.5
    return np.asarray(out)


def pooled(energy: Array) -> Array:
    """Energies of each frequency of a window and of those around it."""
    side = len(energy)
    energy = np.pad(energy, 2, mode="edge")
    for _ in range(2):
        near = [energy[n : n + side] * f for n, f in enumerate((0.1, 0.2, 0.4, 0.2, 0.1))]
        energy = sum(near[1:], near[0]).T
    return energy


def kept(part: Array, left: Array, worth: Array, more: Array) -> Array:
    """What of a plane exceeds its noise, in windows of 8 x 8 every 4 from the first pixel on."""
    soft = 0.2 + np.sin(np.pi * (np.arange(8) + 0.5) / 8) ** 2
    soft = np.outer(soft, soft)
    total, count = np.zeros_like(part), np.zeros_like(part)
    for y in range(0, part.shape[0] - 7, 4):
        for x in range(0, part.shape[1] - 7, 4):
            wave = cosines() @ part[y : y + 8, x : x + 8] @ cosines().T
            ratio = pooled(wave**2 * worth.T) / left[y + 3 : y + 5, x + 3 : x + 5].mean()
            gate = np.clip((ratio.max() - 1.6) / 0.7, 0, 1)
            share = np.maximum(1 - ratio**-2.0, 0) * gate * more.T
            total[y : y + 8, x : x + 8] += soft * (cosines().T @ (wave * share) @ cosines())
            count[y : y + 8, x : x + 8] += soft
    return total / np.maximum(count, 1e-9)


PAD = 40  # fine pixels beyond the picture that its windows reach


def finished(
    image: Array,
    mean: Array,
    weight: Array,
    windows: Array,
    noise: Array,
    doubt: tuple[float, float],
    shrink: tuple[float, float],
    neutral: Array,
    waves: tuple[Array, Array],
    color_take: Array,
    scale: float,
    overshoot: float,
) -> Array:
    """(H, W, 3) camera colour of the larger picture.

    image: (3, h, w) merged picture; mean, weight: (4, H, W) of the differences: shared, R, G, B; waves: `take` and
    `join` of grey; color_take: of colours; the others as of the kernel `superres_finish`.
    """
    rows, columns = mean.shape[1:]
    base = np.stack([enlarged(plane, scale, (rows, columns)) for plane in image])
    mean, weight = (np.pad(a, [(0, 0), (PAD, PAD), (PAD, PAD)], mode="edge") for a in (mean, weight))
    variance = noise[:, 0, None, None] * np.maximum(base, 0) + noise[:, 1, None, None]
    beyond, left, keep = beyond_noise(mean, weight, windows, variance, doubt, shrink, 1.5)
    light = base.mean(0) + keep[0] * beyond.mean(0)
    colour = base - base.mean(0) + keep[1] * (beyond - beyond.mean(0))
    colour = tinted(colour, base, beyond, weight, noise, color_take)
    rest = np.abs(light - windowed(light, windows[4]))
    detail = beyond.mean(0) * weight[0] / (weight[0] + 0.6 * (1 - keep[0]))
    added = restored(base.mean(0) + detail, base.mean(0), left, *waves, weighed=True) - light
    power = windowed(added**2, windows[3])
    near = [extreme(light, which, (-2, -1, 0, 1, 2)) for which in (np.min, np.max)]
    far = [extreme(n, which, (-4, 0, 4)) for n, which in zip(near, (np.min, np.max), strict=True)]
    span = near[1] - near[0]
    low, high, some = *near, np.maximum(span, 1e-4)
    texture = np.maximum(rest - span * 0.115, 0)
    slack = span * overshoot + 4 * texture
    alone = np.clip((span / np.maximum(far[1] - far[0], some) - 0.5) / 0.4, 0, 1)
    alone = alone * span**2 / np.maximum(span**2 + left, 1e-12)
    steep = 1 + alone * np.maximum(1 - 20 * texture / some, 0)
    least = np.maximum(low - slack, np.minimum(low, 0.5 * low))
    finer = np.clip(light + added * steep * weight[0] ** 2 / (weight[0] ** 2 + 1.0), least, high + slack)
    slope, offset, share = lines(light, colour, power, windows[5])
    before = slope * light + offset + share * (colour - slope * light - offset)
    beyond = before + slope * (finer - light)
    most = 1.1 * np.abs(before).sum(0) * np.maximum(finer, 0) / np.maximum(light, 1e-4)
    out = finer + beyond * np.minimum(most / np.maximum(np.abs(beyond).sum(0), 1e-6), 1)
    return np.moveaxis(out[:, PAD:-PAD, PAD:-PAD], 0, -1) * neutral


def tinted(colour: Array, base: Array, beyond: Array, weight: Array, noise: Array, take: Array) -> Array:
    """(3, h, w) of R, G, B beyond grey, those of red and blue changed by windows on a grid half as fine."""

    def half(a: Array) -> Array:
        a = np.pad(a, [(0, 0), (0, a.shape[-2] % 2), (0, a.shape[-1] % 2)], mode="edge")
        return np.asarray((a[..., ::2, ::2] + a[..., 1::2, ::2] + a[..., ::2, 1::2] + a[..., 1::2, 1::2]) / 4)

    light, weights = half(base), half(weight[1:])
    own = (noise[:, 0, None, None] * np.maximum(light, 0) + noise[:, 1, None, None]) / (2 * weights + 0.2) / 9
    left, known = own.sum(0) + 3 * own, half(colour)
    said = light - light.mean(0) + half(beyond - beyond.mean(0))
    out, join = colour.copy(), np.ones((3, 8, 8)) * np.array([1, 0, 1])[:, None, None]
    for c in (0, 2):
        more = doubled(restored(said[c], known[c], left[c], take, join, weighed=False) - known[c])
        out[c] += more[: out.shape[1], : out.shape[2]]
    out[1] = -out[0] - out[2]
    return out


def doubled(a: Array) -> Array:
    """Twice as many rows and columns, interpolated."""
    for axis in (0, 1):
        a = np.moveaxis(a, axis, 0)
        before, after = np.concatenate([a[:1], a[:-1]]), np.concatenate([a[1:], a[-1:]])
        a = np.stack([0.75 * a + 0.25 * before, 0.75 * a + 0.25 * after], axis=1).reshape(-1, *a.shape[1:])
        a = np.moveaxis(a, 0, axis)
    return a


def extreme(a: Array, which: Callable[..., Array], offsets: tuple[int, ...]) -> Array:
    """The least or greatest value at these offsets, down and across."""
    return which([np.roll(a, (j, i), (0, 1)) for j in offsets for i in offsets], axis=0)


def restored(full: Array, base: Array, left: Array, take: Array, join: Array, *, weighed: bool) -> Array:
    """Windows as large as `take`, every half of that to the right and every 4 rows from the first pixel on; `PAD`
    leaves them the kernel's. weighed: those that keep little count more."""
    side, hop = len(take), len(take) // 2
    soft = 0.2 + np.sin(np.pi * (np.arange(side) + 0.5) / side) ** 2
    soft, waves = np.outer(soft, soft), cosines(side)
    total, count = np.zeros_like(full), np.zeros_like(full)
    for y in range(0, full.shape[0] - side + 1, 4):
        for x in range(0, full.shape[1] - side + 1, hop):
            at = np.s_[y : y + side, x : x + side]
            wave, known = (waves @ each[at] @ waves.T for each in (full, base))
            energy = wave**2
            energy[0, 0] = 0
            energy = pooled(energy)
            unwanted = left[at][hop - 1 : hop + 1, hop - 1 : hop + 1].mean() * take.T
            kept = (energy**2 + 1e-20) / (energy**2 + unwanted**2 + 1e-20)
            gate = np.clip((kept.ravel()[1:].max() - 0.6) / 0.2, 0, 1)
            told = kept * (join[0] * wave + join[1] * known) + (1 - kept) * join[2] * known
            heavy = 1 / (0.03 + gate**2 * (kept.ravel()[1:] ** 2).sum() / side**2) if weighed else 1.0
            total[at] += heavy * soft * (waves.T @ (gate * told + (1 - gate) * known) @ waves)
            count[at] += heavy * soft
    return total / np.maximum(count, 1e-9)


def lines(light: Array, colour: Array, power: Array, half: Array) -> tuple[Array, Array, Array]:
    """(3, h, w) slopes and offsets of what colours have beyond light, over light, and the share of the rest to keep."""
    middle, means = windowed(light, half), windowed(colour, half)
    spread = np.maximum(windowed(light**2, half) - middle**2, 0) + 1e-5
    slope = (windowed(light * colour, half) - middle * means) / spread
    total = np.maximum((windowed(colour**2, half) - means**2).sum(0), 1e-9)
    told = np.minimum((slope**2).sum(0) * spread / total, 1)
    hue = means / np.maximum(middle, 1e-4)
    slope = hue + (slope - hue) * (told / (told + 0.1))
    share = np.maximum(1 - 0.08 * power / np.maximum(windowed(total * (1 - told) / 3, half), 1e-12), 0)
    return windowed(slope, half), windowed(means - slope * middle, half), share


def enlarged(plane: Array, scale: float, shape: tuple[int, int]) -> Array:
    """Catmull-Rom interpolation at the fine pixels and `PAD` beyond, edges repeated."""
    for axis, n in ((0, shape[0]), (1, shape[1])):
        at = (np.arange(-PAD, n + PAD) + 0.5) / scale - 0.5
        whole = np.floor(at).astype(int)
        t = at - whole
        weights = [
            (-t + 2 * t**2 - t**3) / 2,
            (2 - 5 * t**2 + 3 * t**3) / 2,
            (t + 4 * t**2 - 3 * t**3) / 2,
            (t**3 - t**2) / 2,
        ]
        lines = np.moveaxis(plane, axis, -1)
        taken = [lines[..., np.clip(whole + m - 1, 0, lines.shape[-1] - 1)] * w for m, w in enumerate(weights)]
        plane = np.moveaxis(sum(taken[1:], taken[0]), -1, axis)
    return plane
