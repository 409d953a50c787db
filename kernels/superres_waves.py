"""The blur of lens and pixels undone, and noise taken away, in overlapping windows of 8 x 8 fine pixels.

Wiener's filter in the domain of the cosine transform (Yu and Sapiro, *DCT Image Denoising*, IPOL 2011): what noise is
left after gathering is known for each frequency. Two pictures are joined: the merged one, denoised already, and the
same with all that the frames say beyond it. Where the energy around a frequency exceeds the noise's, the second is
believed and raised by what blur took, else the first; where nothing stands out, the merged picture stays. Windows
count least at their edges, beyond which they know nothing.
"""

from __future__ import annotations

from math import pi, sin

import halide as hl

from burst_align import sum_of
from develop_denoise_band import SIDE, backward, forward
from superres_detail import Fine, Stage

HOP, DOWN = 4, 2  # fine pixels between windows, across and down
BACK, ABOVE = SIDE - HOP, SIDE - DOWN  # window 0 begins so far before column 0 and row 0
LANES = 8
NEVER = hl.f32(1e-20)  # energy of nothing
FLAT, FULL = 0.6, 0.8  # greatest share in a window below which nothing stands out, and from which on something does
FADE = 0.2  # of windows' weight, what is left at their edges, where what lies beyond them is not known
SOFT = [hl.f32((FADE + sin(pi * (n + 0.5) / SIDE) ** 2) / (1 + 2 * FADE)) for n in range(SIDE)]


def restored(fine: Fine, full: Stage, base: Stage, left: Stage, take: hl.ImageParam, join: hl.ImageParam) -> Stage:
    """`full`, without noise and blur, where that stands out from noise, and else `base`.

    left: variance of the noise of `full`; take: (8, 8) how much of that each frequency is measured against, 0 for the
    mean; join: (3, 8, 8) gains of each frequency: of `full` and of `base` where it is far above the noise, and of
    `base` where it is not.
    """
    x, y = fine.x, fine.y
    p, q, r, k = (hl.Var(n) for n in ("p", "q", "r", "k"))
    i, po, xo, xi, yi = (hl.Var(n) for n in ("i", "po", "xo", "xi", "yi"))
    inside = ("column", "wave", "across", "noise", "share", "gate", "shrunk", "window", "joined", "strip")
    column, wave, across, noise, share, gate, shrunk, window, joined, strip = (hl.Func(n) for n in inside)
    columns, windows, rows, out = (hl.Func(n) for n in ("columns", "windows", "rows", "restored"))

    # Waves 0 to 7 down of `full`, then those of `base`.
    down = [forward([each(at=(x, q * DOWN - ABOVE + n))[0] for n in range(SIDE)]) for each in (full, base)]
    column[x, q] = hl.Tuple(down[0] + down[1])
    columns[x, q, k] = hl.mux(k, [column[x, q][n] for n in range(2 * SIDE)])
    wave[p, q, k] = hl.Tuple(forward([hl.Expr(columns[p * HOP - BACK + j, q, k]) for j in range(SIDE)]))

    # Energies around each frequency of the window, along rows, then down; the mean is none.
    power = [wave[p, q, k][j] * wave[p, q, k][j] for j in range(SIDE)]
    power[0] = hl.select(k == 0, 0.0, power[0])
    near = [(power[max(j - 1, 0)], power[min(j + 1, SIDE - 1)]) for j in range(SIDE)]
    across[p, q, k] = hl.Tuple([(a + b) * 0.25 + power[j] * 0.5 for j, (a, b) in enumerate(near)])
    above, below = hl.max(k - 1, 0), hl.min(k + 1, SIDE - 1)
    energy = [(across[p, q, above][j] + across[p, q, below][j]) * 0.25 + across[p, q, k][j] * 0.5 for j in range(SIDE)]
    middle = [left(n - 1, m - 1, at=(p * HOP, q * DOWN - ABOVE + HOP))[0] for n in (0, 1) for m in (0, 1)]
    noise[p, q] = sum_of(middle) * 0.25
    kept = []
    for j in range(SIDE):
        square, unwanted = energy[j] * energy[j] + NEVER, noise[p, q] * take[j, k]
        kept.append(square * hl.fast_inverse(square + unwanted * unwanted))
    share[p, q, k] = hl.Tuple(kept)
    peak = hl.max(*(share[p, q, n][j] for n in range(SIDE) for j in range(SIDE) if n + j))
    gate[p, q] = hl.clamp((peak - hl.f32(FLAT)) * hl.f32(1 / (FULL - FLAT)), 0.0, 1.0)
    both = []
    for j in range(SIDE):
        found, known = wave[p, q, k][j], wave[p, q, k + SIDE][j]
        told = share[p, q, k][j] * (join[j, k, 0] * found + (join[j, k, 1] - join[j, k, 2]) * known)
        both.append(known + gate[p, q] * (told + (join[j, k, 2] - 1.0) * known))
    shrunk[p, q, k] = hl.Tuple(both)

    # Back: windows of a row, put together along it, then columns, then rows of windows.
    across_again = backward([shrunk[p, q, k][j] for j in range(SIDE)])
    window[p, q, k] = hl.Tuple([value * SOFT[n] for n, value in enumerate(across_again)])
    windows[p, q, k, i] = hl.mux(i, [window[p, q, k][n] for n in range(SIDE)])
    joined[p, q, r, k] = hl.mux(r, [windows[p, q, k, n + BACK] + windows[p + 1, q, k, n] for n in range(HOP)])
    strip[p, q, r] = hl.Tuple(backward([hl.Expr(joined[p, q, r, n]) for n in range(SIDE)]))
    rows[p, q, r, i] = hl.mux(i, [strip[p, q, r][n] * (SOFT[n] * hl.f32(DOWN / HOP)) for n in range(SIDE)])
    at, part, over = (x / HOP, y / DOWN), x % HOP, range(SIDE // DOWN)
    out[x, y] = hl.mux(
        y % DOWN, [sum_of(rows[at[0], at[1] + m, part, n + ABOVE - m * DOWN] for m in over) for n in range(DOWN)]
    )

    # What is computed in inner loops is of known size and needs no memory of its own.
    out.align_bounds(x, HOP * LANES).align_bounds(y, DOWN).split(x, xo, x, HOP).split(xo, xo, xi, LANES)
    out.split(y, y, yi, DOWN).reorder(x, xi, yi, xo, y).unroll(x).vectorize(xi).unroll(yi)
    rows.bound(r, 0, HOP).bound(i, 0, SIDE).split(p, po, p, LANES).reorder(p, i, r, po, q).unroll(i).vectorize(p)
    strip.compute_at(rows, r).vectorize(p, LANES)
    joined.compute_at(rows, po).bound(r, 0, HOP).bound(k, 0, SIDE).reorder(r, p, k).unroll(r).vectorize(p, LANES)
    windows.bound(k, 0, SIDE).bound(i, 0, SIDE).split(p, po, p, LANES).reorder(p, i, k, po, q)
    windows.unroll(i).vectorize(p)
    window.compute_at(windows, k).vectorize(p, LANES)
    for func, count in ((wave, 2 * SIDE), (across, SIDE), (share, SIDE), (shrunk, SIDE)):
        func.compute_at(windows, po).bound(k, 0, count).reorder(p, k).vectorize(p, LANES)
    for func in (noise, gate):
        func.compute_at(windows, po).vectorize(p, LANES)
    columns.bound(k, 0, 2 * SIDE).split(x, xo, x, LANES).reorder(x, k, xo, q).unroll(k).vectorize(x)
    column.compute_at(columns, xo).vectorize(x, LANES)
    fine.scheduled += [out, rows, windows, columns]
    fine.inner += [strip, joined, window, shrunk, gate, share, noise, across, wave, column]
    return lambda dx=0, dy=0: [out[x + dx, y + dy]]
