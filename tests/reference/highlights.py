"""Highlights in numpy, as `kernels/develop_highlights.py` and `develop_highlight_statistics.py` state them."""

import numpy as np

PAIRS = ((1, 0), (1, 2), (2, 0))


def recover(rgb, clip, local, deep, doubt, onset, full):
    """(3, h, w) white-balanced camera RGB with clipped channels estimated; all arguments broadcast over (h, w)."""
    rgb = np.minimum(rgb, clip)
    v = np.maximum(rgb, 1e-3)
    part = v / clip
    w = np.clip((part - onset) / (full - onset), 0, 1)
    w = w * w * (3 - 2 * w)
    spread = (local**2).sum(0)
    trust = np.ones_like(v[0])
    for (a, b), t in zip(PAIRS, local, strict=True):
        beyond = (v[a] - v[b]) - t * (v[a] + v[b])
        beyond = beyond * (1 - np.where(beyond > 0, w[b], w[a]))
        ease = 0.01 + spread * (1 - np.maximum(w[a], w[b]))
        trust = np.minimum(trust, 1 + t * beyond / ((v[a] + v[b]) * (t * t + ease)))
    last = np.clip((part.min(0) - 0.7) / (full - 0.7), 0, 1)
    trust = np.maximum(trust, 0) * (1 - last * doubt)
    ratio = {}
    for (a, b), t in zip(PAIRS, local, strict=True):
        ratio[a, b] = (1 + trust * t) / (1 - trust * t)
        ratio[b, a] = 1 / ratio[a, b]
    others = ((1, 2), (2, 0), (0, 1))
    first = np.stack(
        [v[c] + w[c] * np.maximum(np.max([ratio[c, o] * v[o] for o in others[c]], axis=0) - v[c], 0) for c in range(3)]
    )
    certain = (v / first) ** 4
    out = []
    for c, (a, b) in enumerate(others):
        wa, wb = certain[a] * ratio[a, c], certain[b] * ratio[b, c]
        estimate = (wa * first[a] + wb * first[b]) / (wa * ratio[a, c] + wb * ratio[b, c])
        out.append(rgb[c] + w[c] * np.clip(estimate - v[c], 0, 8 * clip[c]))
    out = np.stack(out)
    return out + deep * w.min(0) * (out.max(0) - out)


def statistics(mean, top, low, onset, full):
    """(17, h/4, w/4) from (3, h, w) means, maxima and minima of cells in parts of clip."""
    planes = []
    for a, b in PAIRS:
        s = np.clip((np.maximum(mean[a], mean[b]) - 0.6) / 0.35, 0, 1) ** 3
        s = np.where(np.maximum(top[a], top[b]) < full, s, 0)
        planes += [s * np.maximum(mean[a], 0), s * np.maximum(mean[b], 0), s]
    planes += [mean.min(0) >= full, mean.max(0) >= full, top.max(0) >= onset, top.max(0) >= full]
    rim = np.where(low.min(0) < full, np.clip((top.max(0) - 0.6) / 0.35, 0, 1) ** 3, 0)
    span = ((top - low) / (np.maximum(top, low) + 0.05)).max(0)
    planes += [rim, rim / (1 + (span / 0.35) ** 4)]
    known = (top.max(0) < onset) & (mean[1] > 2e-3)
    least = [np.where(known, mean[c] / np.where(known, mean[1], 1), 1e3) for c in (0, 2)]
    blocks = np.stack([np.asarray(p, float) for p in planes])
    n, h, w = blocks.shape
    least = np.stack(least).reshape(2, h // 4, 4, w // 4, 4).min((2, 4))
    return np.concatenate([blocks.reshape(n, h // 4, 4, w // 4, 4).mean((2, 4)), least])


def lift(light, clip, green, onset, full):
    """(h, w) white-balanced samples with clipped ones lifted; clip: (h, w) their clip. green: parity of green sites."""
    h, w = light.shape
    out = light.copy()
    padded = np.pad(light, 1, mode="reflect")
    for y in range(h):
        for x in range(w):
            near = padded[y : y + 3, x : x + 3]

            def count(values):
                return 0.5 * np.mean(values) + 0.5 * np.max(values)

            beside, above = count([near[1, 0], near[1, 2]]), count([near[0, 1], near[2, 1]])
            diagonal = count(near[::2, ::2])
            other = min(beside, above) if (x + y) % 2 == green else min((beside + above) / 2, diagonal)
            part = np.clip((light[y, x] / clip[y, x] - onset) / (full - onset), 0, 1)
            out[y, x] += part * max(other - light[y, x], 0)
    return out
