"""What differences say, shrunk frequency by frequency in overlapping windows of 8 x 8 pixels.

After Yu and Sapiro, *DCT Image Denoising* (IPOL 2011). The energy around each frequency of a window is compared with
what the noise of gathered samples has there; what exceeds it stays, and is raised by what the gathering kernel took.
Windows where nothing stands out keep nothing.
"""

from __future__ import annotations

import halide as hl

from burst_align import sum_of
from develop_denoise_band import SIDE, backward, forward
from superres_detail import Fine, Stage

HOP = 4  # pixels between windows
BACK = SIDE - HOP  # window 0 begins so far before column 0
LANES = 8
AROUND = 0.4, 0.2, 0.1  # shares of the energies of a frequency, of the next ones, and of those after them
FLAT, FULL = 1.6, 2.3  # times the noise, the largest energy of a window without structure, and of one with for sure
NEVER = 1e-20  # energy of nothing


def kept(fine: Fine, planes: int, parts: hl.Func, left: hl.Func, worth: hl.ImageParam, more: hl.ImageParam) -> Stage:
    """Each of the planes of `parts` (x, y, c), as far as it exceeds the noise.

    left: (x, y, c) variances of their noise; worth: (planes, 8, 8) one over the share of it that each frequency is
    measured against; more: (planes, 8, 8) gain of each.
    """
    x, y, c = fine.x, fine.y, hl.Var("c")
    p, q, r, k, i = (hl.Var(n) for n in ("p", "q", "r", "k", "i"))
    po, xo, xi, yi = (hl.Var(n) for n in ("po", "xo", "xi", "yi"))
    inside = ("column", "wave", "across", "energy", "gate", "shrunk", "window", "joined", "strip")
    column, wave, across, energy, gate, shrunk, window, joined, strip = (hl.Func(f"kept_{n}") for n in inside)
    noise, columns, windows, rows, out = (hl.Func(f"kept_{n}") for n in ("noise", "columns", "windows", "rows", "all"))

    column[x, q, c] = hl.Tuple(forward([hl.Expr(parts[x, q * HOP - BACK + n, c]) for n in range(SIDE)]))
    columns[x, q, k, c] = hl.mux(k, [column[x, q, c][n] for n in range(SIDE)])
    wave[p, q, k, c] = hl.Tuple(forward([hl.Expr(columns[p * HOP - BACK + j, q, k, c]) for j in range(SIDE)]))
    power = [wave[p, q, k, c][j] * wave[p, q, k, c][j] * worth[j, k, c] for j in range(SIDE)]

    def near(values: list[hl.Expr]) -> hl.Expr:
        """Of five in a row."""
        return sum_of(values[2 + n] * hl.f32(AROUND[abs(n)]) for n in range(-2, 3))

    across[p, q, k, c] = hl.Tuple(
        [near([power[min(max(j + n, 0), SIDE - 1)] for n in range(-2, 3)]) for j in range(SIDE)]
    )
    down = [across[p, q, hl.clamp(k + n, 0, SIDE - 1), c] for n in range(-2, 3)]
    energy[p, q, k, c] = hl.Tuple([near([row[j] for row in down]) for j in range(SIDE)])
    middle = [left[p * HOP + n - 1, q * HOP + m - 1, c] for n in (0, 1) for m in (0, 1)]
    noise[p, q, c] = sum_of(middle) * 0.25
    peak = hl.max(*(energy[p, q, n, c][j] for n in range(SIDE) for j in range(SIDE)))
    gate[p, q, c] = hl.clamp((peak / noise[p, q, c] - hl.f32(FLAT)) * hl.f32(1 / (FULL - FLAT)), 0.0, 1.0)
    stays = []
    for j in range(SIDE):
        share = noise[p, q, c] * hl.fast_inverse(energy[p, q, k, c][j] + hl.f32(NEVER))
        stays.append(hl.max(1.0 - share * share, 0.0) * more[j, k, c] * gate[p, q, c])
    shrunk[p, q, k, c] = hl.Tuple([wave[p, q, k, c][j] * stays[j] for j in range(SIDE)])

    # Back: windows of a row, put together along it, then columns, then rows of windows.
    window[p, q, k, c] = hl.Tuple(backward([shrunk[p, q, k, c][j] for j in range(SIDE)]))
    windows[p, q, k, i, c] = hl.mux(i, [window[p, q, k, c][n] for n in range(SIDE)])
    joined[p, q, r, k, c] = hl.mux(r, [windows[p, q, k, n + BACK, c] + windows[p + 1, q, k, n, c] for n in range(HOP)])
    strip[p, q, r, c] = hl.Tuple(backward([hl.Expr(joined[p, q, r, n, c]) for n in range(SIDE)]))
    rows[p, q, r, i, c] = hl.mux(i, [strip[p, q, r, c][n] for n in range(SIDE)])
    at = x / HOP, y / HOP, x % HOP
    both = [rows[at[0], at[1], at[2], n + BACK, c] + rows[at[0], at[1] + 1, at[2], n, c] for n in range(HOP)]
    out[x, y, c] = hl.mux(y % HOP, both) * 0.25

    # One plane after the other. What is computed in inner loops is of known size and needs no memory of its own.
    out.bound(c, 0, planes).align_bounds(x, HOP * LANES).align_bounds(y, HOP).split(x, xo, x, HOP)
    out.split(xo, xo, xi, LANES).split(y, y, yi, HOP).reorder(x, xi, yi, xo, y, c)
    out.unroll(x).vectorize(xi).unroll(yi)
    rows.compute_at(out, c).bound(r, 0, HOP).bound(i, 0, SIDE).split(p, po, p, LANES).reorder(p, i, r, po, q)
    rows.unroll(i).vectorize(p)
    strip.compute_at(rows, r).vectorize(p, LANES)
    joined.compute_at(rows, po).bound(r, 0, HOP).bound(k, 0, SIDE).reorder(r, p, k).unroll(r).vectorize(p, LANES)
    windows.compute_at(out, c).bound(k, 0, SIDE).bound(i, 0, SIDE).split(p, po, p, LANES).reorder(p, i, k, po, q)
    windows.unroll(i).vectorize(p)
    window.compute_at(windows, k).vectorize(p, LANES)
    for func in (wave, across, energy, shrunk):
        func.compute_at(windows, po).bound(k, 0, SIDE).reorder(p, k).vectorize(p, LANES)
    for func in (noise, gate):
        func.compute_at(windows, po).vectorize(p, LANES)
    columns.compute_at(out, c).bound(k, 0, SIDE).split(x, xo, x, LANES).reorder(x, k, xo, q).unroll(k).vectorize(x)
    column.compute_at(columns, xo).vectorize(x, LANES)
    fine.scheduled.append(out)
    fine.inner += [columns, windows, rows, strip, joined, window, shrunk, gate, noise, energy, across, wave, column]
    return lambda dx=0, dy=0: [out[x + dx, y + dy, n] for n in range(planes)]
