"""The blur of lens and pixels undone, and noise taken away, in overlapping windows of 8 x 8 fine pixels.

Wiener's filter in the domain of the cosine transform (Yu and Sapiro, *DCT Image Denoising*, IPOL 2011): what noise is
left after gathering, and how much blur took, are both known for each frequency. A frequency is kept by as much as the
energy around it exceeds the noise's, and is raised by what the blur took from it. The merged picture, denoised already,
and what the frames say beyond it are one here; where nothing stands out, the merged picture stays.
"""

from __future__ import annotations

import halide as hl

from burst_align import sum_of
from develop_denoise_band import FLAT, FULL, SIDE, backward, forward
from superres_detail import Fine, Stage

HOP = 4  # fine pixels between windows
BACK = SIDE - HOP  # window 0 begins so far before column 0
LANES = 8
NEVER = hl.f32(1e-20)  # energy of nothing


def restored(fine: Fine, full: Stage, base: Stage, left: Stage, take: hl.ImageParam, more: hl.ImageParam) -> Stage:
    """`full`, without noise and blur, and `base` in windows where nothing stands out.

    left: variance of the noise of `full`; take: (8, 8) how much of that each frequency is measured against, 0 for the
    mean; more: (8, 8) gain of each.
    """
    x, y = fine.x, fine.y
    p, q, r, k = (hl.Var(n) for n in ("p", "q", "r", "k"))
    i, po, xo, xi, yi = (hl.Var(n) for n in ("i", "po", "xo", "xi", "yi"))
    inside = ("column", "wave", "across", "noise", "share", "gate", "shrunk", "window", "joined", "strip")
    column, wave, across, noise, share, gate, shrunk, window, joined, strip = (hl.Func(n) for n in inside)
    columns, windows, rows, out = (hl.Func(n) for n in ("columns", "windows", "rows", "restored"))

    column[x, q] = hl.Tuple(forward([full(at=(x, q * HOP - BACK + n))[0] for n in range(SIDE)]))
    columns[x, q, k] = hl.mux(k, [column[x, q][n] for n in range(SIDE)])
    wave[p, q, k] = hl.Tuple(forward([hl.Expr(columns[p * HOP - BACK + j, q, k]) for j in range(SIDE)]))

    # Energies around each frequency of the window, along rows, then down; the mean is none.
    power = [wave[p, q, k][j] * wave[p, q, k][j] for j in range(SIDE)]
    power[0] = hl.select(k == 0, 0.0, power[0])
    near = [(power[max(j - 1, 0)], power[min(j + 1, SIDE - 1)]) for j in range(SIDE)]
    across[p, q, k] = hl.Tuple([(a + b) * 0.25 + power[j] * 0.5 for j, (a, b) in enumerate(near)])
    above, below = hl.max(k - 1, 0), hl.min(k + 1, SIDE - 1)
    energy = [(across[p, q, above][j] + across[p, q, below][j]) * 0.25 + across[p, q, k][j] * 0.5 for j in range(SIDE)]
    middle = [left(n - 1, m - 1, at=(p * HOP, q * HOP))[0] for n in (0, 1) for m in (0, 1)]
    noise[p, q] = sum_of(middle) * 0.25
    kept = []
    for j in range(SIDE):
        square, unwanted = energy[j] * energy[j] + NEVER, noise[p, q] * take[j, k]
        kept.append(square * hl.fast_inverse(square + unwanted * unwanted))
    share[p, q, k] = hl.Tuple(kept)
    peak = hl.max(*(share[p, q, n][j] for n in range(SIDE) for j in range(SIDE) if n + j))
    gate[p, q] = hl.clamp((peak - hl.f32(FLAT)) * hl.f32(1 / (FULL - FLAT)), 0.0, 1.0)
    shrunk[p, q, k] = hl.Tuple([wave[p, q, k][j] * (share[p, q, k][j] * more[j, k] * gate[p, q]) for j in range(SIDE)])

    # Back: windows of a row, put together along it, then columns, then rows of windows. The ninth number is the gate.
    window[p, q, k] = hl.Tuple(backward([shrunk[p, q, k][j] for j in range(SIDE)]))
    windows[p, q, k, i] = hl.mux(i, [*(window[p, q, k][n] for n in range(SIDE)), gate[p, q]])
    joined[p, q, r, k] = hl.mux(r, [windows[p, q, k, n + BACK] + windows[p + 1, q, k, n] for n in range(HOP)])
    strip[p, q, r] = hl.Tuple(backward([hl.Expr(joined[p, q, r, n]) for n in range(SIDE)]))
    rows[p, q, r, i] = hl.mux(i, [strip[p, q, r][n] for n in range(SIDE)])
    at, part = (x / HOP, y / HOP), x % HOP
    both = [rows[at[0], at[1], part, n + BACK] + rows[at[0], at[1] + 1, part, n] for n in range(HOP)]
    gates = sum_of(windows[at[0] + n, at[1] + m, 0, SIDE] for n in (0, 1) for m in (0, 1))
    out[x, y] = (hl.mux(y % HOP, both) + base()[0] * (4.0 - gates)) * 0.25

    # What is computed in inner loops is of known size and needs no memory of its own.
    out.align_bounds(x, HOP * LANES).align_bounds(y, HOP).split(x, xo, x, HOP).split(xo, xo, xi, LANES)
    out.split(y, y, yi, HOP).reorder(x, xi, yi, xo, y).unroll(x).vectorize(xi).unroll(yi)
    rows.bound(r, 0, HOP).bound(i, 0, SIDE).split(p, po, p, LANES).reorder(p, i, r, po, q).unroll(i).vectorize(p)
    strip.compute_at(rows, r).vectorize(p, LANES)
    joined.compute_at(rows, po).bound(r, 0, HOP).bound(k, 0, SIDE).reorder(r, p, k).unroll(r).vectorize(p, LANES)
    windows.bound(k, 0, SIDE).bound(i, 0, SIDE + 1).split(p, po, p, LANES).reorder(p, i, k, po, q)
    windows.unroll(i).vectorize(p)
    window.compute_at(windows, k).vectorize(p, LANES)
    for func in (wave, across, share, shrunk):
        func.compute_at(windows, po).bound(k, 0, SIDE).reorder(p, k).vectorize(p, LANES)
    for func in (noise, gate):
        func.compute_at(windows, po).vectorize(p, LANES)
    columns.bound(k, 0, SIDE).split(x, xo, x, LANES).reorder(x, k, xo, q).unroll(k).vectorize(x)
    column.compute_at(columns, xo).vectorize(x, LANES)
    fine.scheduled += [out, rows, windows, columns]
    fine.inner += [strip, joined, window, shrunk, gate, share, noise, across, wave, column]
    return lambda dx=0, dy=0: [out[x + dx, y + dy]]
