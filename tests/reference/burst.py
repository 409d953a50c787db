"""kernels/burst_*.py in plain numpy, as their docstrings say it, in double precision."""

from __future__ import annotations

import numpy as np

TILE, PAD, PULL = 16, 32, 2.0  # of grey levels
MARGIN, PEDESTAL, UNIT = 16, 4096.0, 56000.0  # of planes
AROUND = 24  # pixels outside a frame that blocks may read which show a pixel of it
RISE = 12288.0  # of planes of spline coefficients
BLOCK_Y, BLOCK_X = 8, 16


def at(a: np.ndarray, rows: np.ndarray, columns: np.ndarray) -> np.ndarray:
    """Samples at rows x columns, the last ones repeated outside."""
    return a[np.clip(rows, 0, a.shape[0] - 1)[:, None], np.clip(columns, 0, a.shape[1] - 1)[None]]


def filtered(a: np.ndarray, taps: list[float]) -> np.ndarray:
    """Odd taps along both axes, edges repeated."""
    r = len(taps) // 2
    rows, columns = np.arange(a.shape[0]), np.arange(a.shape[1])
    a = sum(t * at(a, rows + i - r, columns) for i, t in enumerate(taps))
    return sum(t * at(a, rows, columns + i - r) for i, t in enumerate(taps))


def align_gray(
    mosaic: np.ndarray, black: float, gains: np.ndarray, cap: float, shift: float, stretch: float
) -> np.ndarray:
    quads = mosaic.astype(float).reshape(mosaic.shape[0] // 2, 2, mosaic.shape[1] // 2, 2).mean((1, 3))
    level = np.sqrt(np.clip((quads - black) * gains[:, None], 0, cap) + shift) * stretch
    return np.pad(filtered(level, [0.25, 0.5, 0.25]), PAD, mode="edge")


def align_halve(fine: np.ndarray, width: int, height: int) -> np.ndarray:
    rows, columns = (np.arange(n) * 2 + PAD for n in (height, width))
    taps = [0.125, 0.375, 0.375, 0.125]
    wide = np.arange(fine.shape[1])
    down = sum(t * at(fine, rows + i - 1, wide) for i, t in enumerate(taps))
    return np.pad(sum(t * down[:, columns + i - 1] for i, t in enumerate(taps)), PAD, mode="edge")


def _tile(alt: np.ndarray, row: int, column: int, dy: int, dx: int) -> np.ndarray:
    """A displaced tile, held inside the padding."""
    y = min(max(row * TILE + PAD + dy, 0), alt.shape[0] - TILE)
    x = min(max(column * TILE + PAD + dx, 0), alt.shape[1] - TILE)
    return alt[y : y + TILE, x : x + TILE]


def align_tiles(
    ref: np.ndarray, alt: np.ndarray, coarse: np.ndarray, reach: int, guess: tuple[int, int], shape: tuple[int, int]
) -> np.ndarray:
    ref, alt = ref.astype(float), alt.astype(float)
    out = np.empty((2, *shape), int)
    for row, column in np.ndindex(*shape):
        here = _tile(ref, row, column, 0, 0)

        def cost(dy: int, dx: int, row: int = row, column: int = column, here: np.ndarray = here) -> float:
            return float(np.abs(_tile(alt, row, column, dy, dx) - here).sum())

        nearest = [
            (row // 2 + i * (row % 2 * 2 - 1), column // 2 + j * (column % 2 * 2 - 1)) for i in (0, 1) for j in (0, 1)
        ]
        last = np.array(coarse.shape[1:]) - 1
        candidates = [tuple(2 * coarse[:, *np.clip(n, 0, last)]) for n in nearest] + [guess]
        start = min(candidates, key=lambda move: cost(*move))
        steps = [(j, i) for j in range(-reach, reach + 1) for i in range(-reach, reach + 1)]
        prices = [cost(start[0] + j, start[1] + i) + PULL * (abs(i) + abs(j)) for j, i in steps]
        best = steps[int(np.argmin(prices))]
        out[:, row, column] = start[0] + best[0], start[1] + best[1]
    return out


def catmull_rom(t: np.ndarray) -> np.ndarray:
    """(4, ...) weights of the samples at -1, 0, 1, 2: the cubic that meets the samples with central slopes."""
    t = np.asarray(t, float)
    h00, h01 = 2 * t**3 - 3 * t**2 + 1, 3 * t**2 - 2 * t**3  # Hermite's basis
    h10, h11 = t**3 - 2 * t**2 + t, t**3 - t**2
    return np.stack([-h10 / 2, h00 - h11 / 2, h01 + h10 / 2, h11 / 2])


def align_refine(ref: np.ndarray, alt: np.ndarray, flow: np.ndarray, damping: float) -> np.ndarray:
    ref, alt = ref.astype(float), alt.astype(float)
    out = np.empty((4, *flow.shape[1:]))
    gy_all, gx_all = np.gradient(ref)
    for row, column in np.ndindex(*flow.shape[1:]):
        move = flow[:, row, column].astype(float)
        whole = np.floor(move).astype(int)
        y = min(max(row * TILE + PAD + whole[0], 1), alt.shape[0] - TILE - 2)
        x = min(max(column * TILE + PAD + whole[1], 1), alt.shape[1] - TILE - 2)
        patch = alt[y - 1 : y + TILE + 2, x - 1 : x + TILE + 2]
        down, along = catmull_rom(move[0] - whole[0]), catmull_rom(move[1] - whole[1])
        warped = sum(down[j] * along[i] * patch[j : j + TILE, i : i + TILE] for j in range(4) for i in range(4))
        here = np.s_[row * TILE + PAD : (row + 1) * TILE + PAD, column * TILE + PAD : (column + 1) * TILE + PAD]
        gx, gy, dt = gx_all[here], gy_all[here], warped - ref[here]
        normal = np.array([[(gy * gy).mean(), (gx * gy).mean()], [(gx * gy).mean(), (gx * gx).mean()]])
        right = np.array([(gy * dt).mean(), (gx * dt).mean()])
        step = np.clip(-np.linalg.solve(normal + damping * np.eye(2), right), -1, 1)
        out[:, row, column] = *(move + step), (dt * dt).mean(), np.trace(normal)
    return out


def burst_planes(
    mosaic: np.ndarray,
    black: np.ndarray,
    balance: np.ndarray,
    unit: float,
    phase: tuple[int, int],
) -> np.ndarray:
    """Colours at all pixels, and at AROUND ones on each side; far is the support of all steps together."""
    far = 8
    m = np.pad(mosaic.astype(float), AROUND + far, mode="reflect")
    y, x = np.mgrid[0 : m.shape[0], 0 : m.shape[1]] - (AROUND + far)
    red_row, red_column = (y - phase[0]) % 2 == 0, (x - phase[1]) % 2 == 0
    green = red_row != red_column
    m = (m - np.asarray(black, float)[y % 2 * 2 + x % 2]) * unit
    m *= np.where(green, balance[1], np.where(red_row, balance[0], balance[2]))

    def moved(a: np.ndarray, dy: int, dx: int) -> np.ndarray:
        return np.roll(a, (-dy, -dx), (0, 1))

    lows, varies = [], []
    for dy, dx in ((0, 1), (1, 0)):
        near, beyond = (moved(m, n * dy, n * dx) + moved(m, -n * dy, -n * dx) for n in (1, 2))
        raw = np.where(green, -1, 1) * (near / 2 - m / 2 - beyond / 4)
        lows.append((moved(raw, -dy, -dx) + 2 * raw + moved(raw, dy, dx)) / 4)
        vary = sum(np.abs(raw - moved(raw, n * dy, n * dx)) for n in (1, 2))
        varies.append(sum(moved(vary, j, i) for j in (-1, 0, 1) for i in (-1, 0, 1)))
    a, b = varies[1] ** 2 + 1e-7, varies[0] ** 2 + 1e-7
    g = m + np.where(green, 0, (a * lows[0] + b * lows[1]) / (a + b))
    chroma = g - m
    cross_x, cross_y = ((moved(chroma, j, i) + moved(chroma, -j, -i)) / 2 for j, i in ((0, 1), (1, 0)))
    diagonal = sum(moved(chroma, j, i) for j in (-1, 1) for i in (-1, 1)) / 4
    own = np.where(green, cross_x, chroma)  # green minus this row's colour
    other = np.where(green, cross_y, diagonal)
    red, blue = g - np.where(red_row, own, other), g - np.where(red_row, other, own)
    planes = np.stack([red / balance[0], g / balance[1], blue / balance[2]])
    return np.clip(planes[:, far:-far, far:-far] * UNIT + PEDESTAL, 1, 65535)


def burst_shown(
    mosaic: np.ndarray,
    black: np.ndarray,
    balance: np.ndarray,
    unit: float,
    phase: tuple[int, int],
    blocks: np.ndarray,
    shape: tuple[int, int],
) -> np.ndarray:
    """What the colours of all pixels, as 16 bits hold them, show from displaced ones."""
    planes = np.rint(burst_planes(mosaic, black, balance, unit, phase))
    return burst_warp(planes, blocks, phase, mosaic.shape, shape, margin=AROUND)


def burst_blocks(flow: np.ndarray, shape: tuple[int, int]) -> np.ndarray:
    out = np.empty((2, *shape))
    for row, column in np.ndindex(*shape):
        y = (row * BLOCK_Y + (BLOCK_Y - 1) / 2 - 15.5) / 32
        x = (column * BLOCK_X + (BLOCK_X - 1) / 2 - 15.5) / 32
        i, j = int(np.floor(y)), int(np.floor(x))
        four = np.stack([at(plane, np.array([i, i + 1]), np.array([j, j + 1])) for plane in flow.astype(float)])
        ty, tx = y - i, x - j
        if np.ptp(four, axis=(1, 2)).max() < 1.5:
            out[:, row, column] = four @ [1 - tx, tx] @ [1 - ty, ty]
        else:
            out[:, row, column] = four[:, int(ty >= 0.5), int(tx >= 0.5)]
    return out


def cubic_spline(t: float) -> np.ndarray:
    return np.array([(1 - t) ** 3, 3 * t**3 - 6 * t**2 + 4, 1 + 3 * t + 3 * t**2 - 3 * t**3, t**3]) / 6


def burst_warp(
    planes: np.ndarray,
    blocks: np.ndarray,
    phase: tuple[int, int],
    source: tuple[int, int],
    shape: tuple[int, int],
    spline: bool = False,
    margin: int = MARGIN,
) -> np.ndarray:
    planes, blocks = planes.astype(float), blocks.astype(float)
    out = np.empty(shape)
    for y, x in np.ndindex(*shape):
        move = blocks[:, y // BLOCK_Y, x // BLOCK_X]
        if not all(-0.5 < p + d < n - 0.5 for p, d, n in zip((y, x), move, source, strict=True)):
            out[y, x] = 0
            continue
        whole = np.floor(move).astype(int)
        first_y, first_x = y - y % BLOCK_Y, x - x % BLOCK_X
        sy = min(max(first_y + margin + whole[0], 1), planes.shape[1] - BLOCK_Y - 2) + y % BLOCK_Y
        sx = min(max(first_x + margin + whole[1], 1), planes.shape[2] - BLOCK_X - 2) + x % BLOCK_X
        red_row, red_column = (y - phase[0]) % 2 == 0, (x - phase[1]) % 2 == 0
        c = 1 if red_row != red_column else 0 if red_row else 2
        down, along = (cubic_spline(t) if spline else catmull_rom(t) for t in move - whole)
        value = down @ planes[c, sy - 1 : sy + 3, sx - 1 : sx + 3] @ along
        out[y, x] = np.clip(value - RISE * spline, 1, 65535)
    return out


def quads(mosaic: np.ndarray) -> np.ndarray:
    """(4, h, w) of the sites of (2h, 2w)."""
    return np.stack([mosaic[i // 2 :: 2, i % 2 :: 2] for i in range(4)]).astype(float)


def kinds_of(green: int) -> list[list[int]]:
    """The sites of a quad that are red, green and blue."""
    return [[1], [0, 3], [2]] if green == 0 else [[0], [1, 2], [3]]


def between(cells: np.ndarray, shape: tuple[int, int], size: int = 8) -> np.ndarray:
    """Bordered cells of `size` at places (h, w), bilinear."""
    for axis, n in enumerate(shape):
        place = (np.arange(n) + 0.5) / size + 0.5
        first = np.floor(place).astype(int)
        part = np.expand_dims(place - first, 1 - axis)
        cells = cells.take(first, axis) * (1 - part) + cells.take(first + 1, axis) * part
    return np.asarray(cells, float)


def burst_evidence(
    mosaic: np.ndarray,
    alternate: np.ndarray,
    black: np.ndarray,
    rows: np.ndarray,
    noise: np.ndarray,
    green: int,
    unit: float,
    pedestal: float,
    gain: float,
    limit: float,
) -> np.ndarray:
    r = (quads(mosaic) - np.reshape(black, (4, 1, 1))) * unit
    a = (quads(alternate) - pedestal) * gain * rows.astype(float)[:, None]
    light, apart = (a + r) / 2, a - r
    variance = (noise[:, :1, None] * np.maximum(light, 0) + noise[:, 1:, None]).sum(0)
    plain = np.maximum((apart**2).sum(0) / variance - 2, 0)
    counts = ((quads(alternate) > 0) & (np.maximum(a, r) < limit)).all(0) / (1 + plain**2)
    kinds = kinds_of(green)
    planes = [values[kind].sum(0) for values in (apart, light) for kind in kinds] + [np.ones_like(counts)]
    height, width = (n // 8 for n in counts.shape)
    cut = (np.stack(planes) * counts)[:, : height * 8, : width * 8]
    return cut.reshape(7, height, 8, width, 8).sum((2, 4))


def burst_trust(
    sums: np.ndarray,
    windows: np.ndarray,
    noise: np.ndarray,
    tone: float,
    slip: float,
    allowed: float,
    steep: float,
) -> np.ndarray:
    far = 12  # room for all windows
    sums = np.pad(sums.astype(float), [(0, 0), (far, far), (far, far)], mode="edge")
    trust, sites = np.ones(sums.shape[1:]), np.array([1, 2, 1])[:, None, None]
    for half in windows.astype(float):
        taps = np.concatenate([half[:0:-1], half])
        pooled = sums * trust
        for axis in (1, 2):
            pooled = sum(t * np.roll(pooled, len(half) - 1 - i, axis) for i, t in enumerate(taps))
        light = pooled[3:6] / (sites * pooled[6] + 1e-4)
        gradient = sum(((np.roll(light, -1, axis) - np.roll(light, 1, axis)) / 2) ** 2 for axis in (1, 2))
        count, level = sites * pooled[6], np.maximum(pooled[3:6], 0)
        variance = (taps**2).sum() ** 2 * (noise[:, :1, None] * level + noise[:, 1:, None] * count)
        allowance = (tone * level) ** 2 + (slip * count) ** 2 * gradient
        beyond = np.maximum((pooled[:3] ** 2 / (variance + allowance + 1e-20)).sum(0) - allowed, 0)
        trust = np.minimum(trust, 1 / (1 + steep * beyond**2))
    return trust[far:-far, far:-far]


def burst_accumulate(
    reference: np.ndarray,
    warped: np.ndarray,
    sums: np.ndarray,
    black: np.ndarray,
    noise: np.ndarray,
    noise_alt: np.ndarray,
    rows: np.ndarray,
    trust: np.ndarray,
    unit: float,
    ratio: float,
    clip: float,
    clip_ref: float,
    strictness: float,
) -> np.ndarray:
    r = (quads(reference) - np.reshape(black, (4, 1, 1))) * unit
    a = (quads(warped) - PEDESTAL) * ratio / UNIT * rows.astype(float)[:, None]
    present = (quads(warped) > 0).all(0)
    light = rows.astype(float)[:, None]
    ceiling = np.minimum(clip * light, clip_ref)
    difference = np.minimum(a, ceiling) - np.minimum(r, ceiling)
    below = [np.clip((level - x) / (0.04 * level), 0, 1) for x, level in ((r, clip_ref), (a, clip * light))]
    difference = difference * np.where(difference > 0, *below)
    mean = np.maximum((a + r).mean(0) / 2, 0)
    own, its = (n[:, :1, None] * mean + n[:, 1:, None] for n in (noise.astype(float), noise_alt.astype(float)))
    top = a.max(0) / light
    if ratio < 0.8:  # beside the clipped pixels of a longer exposure: the highest of 5x5 quads
        padded = np.pad(top, 2, mode="edge")
        top = np.lib.stride_tricks.sliding_window_view(padded, (5, 5)).max((2, 3))
    usable = np.clip((clip - top) / (0.02 * clip), 0, 1) * present
    square = np.where(present, (difference**2 / (own + its)).mean(0), 1)
    shift = np.where(present, (difference / np.sqrt(own + its)).mean(0), 0)
    square, shift = (filtered(a, [0.25, 0.5, 0.25]) for a in (square, shift))
    misfit = np.maximum(square - 1.35, 0) + 4 * np.maximum(shift**2 - 0.15, 0)
    weight = usable * (own / its).mean(0) / (1 + strictness * misfit**2) * between(trust, square.shape)
    return sums + weight * np.concatenate([a, np.ones((1, *weight.shape))])


def burst_finish(
    reference: np.ndarray,
    sums: np.ndarray,
    black: np.ndarray,
    trust: np.ndarray,
    unit: float,
    clip_ref: float,
    highest: float,
    black_out: float,
    scale_out: float,
    yields: bool,
) -> np.ndarray:
    """In digital numbers, before they are rounded."""
    own = (quads(reference) - np.reshape(black, (4, 1, 1))) * unit
    below = np.clip((clip_ref - own) / (0.04 * clip_ref), 0, 1)
    sums = sums * between(trust, sums.shape[1:])
    told = sums[4] > 1e-6
    mine = np.where(told, below, 1) if yields else np.ones_like(own)
    value = (mine * own + sums[:4]) / (mine + sums[4])
    if yields:
        value = np.where(own >= clip_ref, np.maximum(value, own), value)
    if yields:  # quads that clip and that no other frame tells of
        value += np.where(told, 0, 1 - below.max(0)) * np.maximum(highest - value, 0)
    out = np.empty(reference.shape)
    for i in range(4):
        out[i // 2 :: 2, i % 2 :: 2] = value[i]
    return np.clip(out * scale_out + black_out, 0, 65535)


def burst_confidence(sums: np.ndarray) -> np.ndarray:
    height, width = (-(-n // 4) * 4 for n in sums.shape[1:])
    weight = 1 + at(sums[4].astype(float), np.arange(height), np.arange(width))
    return 1 / (1 / weight).reshape(height // 4, 4, width // 4, 4).mean((1, 3))


def burst_lines_seen(
    mosaic: np.ndarray,
    merged: np.ndarray,
    black: np.ndarray,
    noise: np.ndarray,
    green: int,
    unit: float,
    pedestal: float,
    gain: float,
    limit: float,
    tone: float,
    slip: float,
) -> np.ndarray:
    mine = (quads(mosaic) - np.reshape(black, (4, 1, 1))) * unit
    its = (quads(merged) - pedestal) * gain
    told = (np.maximum(mine, its).max(0) < limit).astype(float)
    kinds = kinds_of(green)
    rows, columns = (side // 2 for side in told.shape)

    def cells(a: np.ndarray) -> np.ndarray:
        return (a * told)[: 2 * rows, : 2 * columns].reshape(rows, 2, columns, 2).sum((1, 3))

    out = []
    for k, kind in enumerate(kinds):
        apart, light = (cells(a[kind].sum(0)) for a in (its - mine, its))
        wide = np.pad(light, 1, mode="edge")
        across, down = wide[1:-1, 2:] - wide[1:-1, :-2], wide[2:, 1:-1] - wide[:-2, 1:-1]
        level = np.maximum(light, 0)
        off = (tone * level) ** 2 + (slip / 2) ** 2 * (across**2 + down**2)
        variance = noise[k, 0] * level + noise[k, 1] * len(kind) * cells(np.ones_like(told)) + 4 * off
        out.append(np.clip(apart / np.sqrt(variance + 1e-20), -6, 6))
    return np.stack(out)


LINES = (((2, 0), 2), ((0, 2), 2), ((1, 1), 3), ((1, -1), 3), ((2, 1), 2), ((1, 2), 2), ((2, -1), 2), ((1, -2), 2))


def burst_lines(seen: np.ndarray, allowed: float, plain: float) -> np.ndarray:
    wide = np.pad(seen, ((0, 0), (9, 9), (9, 9)), mode="edge")
    rows, columns = (side - 16 for side in wide.shape[1:])  # with one cell around them
    soft = np.stack([filtered(plane, [0.25, 0.5, 0.25]) for plane in wide])
    best, means = np.zeros((rows, columns)), np.zeros((3, rows, columns))
    for (sx, sy), reach in LINES:
        steps = range(-reach, reach + 1)
        single = np.zeros((23, 23))
        for t in steps:
            single[11 + t * sy, 11 + t * sx] = 1
        weights = filtered(single, [0.25, 0.5, 0.25])
        along = sum(soft[:, 8 + t * sy : 8 + t * sy + rows, 8 + t * sx : 8 + t * sx + columns] for t in steps)
        chi = (along**2).sum(0) / (weights**2).sum()
        means = np.where(chi > best, along / len(steps), means)
        best = np.maximum(best, chi)
    share = np.clip((best - allowed) / (plain - allowed), 0, 1)
    lost = np.max([share[i : i + rows - 2, j : j + columns - 2] for i in range(3) for j in range(3)], axis=0)
    return means[:, 1:-1, 1:-1] * lost


def burst_restore(
    mosaic: np.ndarray, lost: np.ndarray, noise: np.ndarray, green: int, pedestal: float, gain: float
) -> np.ndarray:
    """In digital numbers, before they are rounded."""
    out = mosaic.astype(float)
    for i, kind in enumerate((1, 0, 2, 1) if green == 0 else (0, 1, 1, 2)):
        at = np.s_[i // 2 :: 2, i % 2 :: 2]
        variance = noise[i, 0] * np.maximum((mosaic[at] - pedestal) * gain, 0) + noise[i, 1]
        back = between(lost[kind], out[at].shape, 2)
        out[at] -= back * np.sqrt(variance / (8 if kind == 1 else 4)) / gain
    return out
