"""Noise taken away, and blur undone, wave by wave in the windows of `superres_windows.py`: Wiener's filter.

What noise is left after gathering is known for each frequency. The energy around a frequency is compared with it.
`restored` joins two pictures: the merged one, denoised already, and the same with all that the frames say beyond it;
`kept` shrinks what they say alone.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import halide as hl

from superres_detail import Fine
from superres_windows import SIDE, Windows
from taps import sum_of

Expr = Any
NEVER = hl.f32(1e-20)  # energy of nothing
FLAT, FULL = 0.6, 0.8  # greatest share in a window below which nothing stands out, and from which on something does
AROUND = 0.4, 0.2, 0.1  # shares of the energies of a frequency, of the next ones, and of those after them
LIGHT = hl.f32(0.03)  # of all shares, squared; windows that keep no more count most
PLAIN, CLEAR = 1.6, 2.3  # times the noise, the largest energy of a window without structure, and of one with for sure


def clear(value: Expr, low: float, high: float) -> Expr:
    """0 up to `low`, 1 from `high` on."""
    return hl.clamp((value - hl.f32(low)) * hl.f32(1 / (high - low)), 0.0, 1.0)


def near(values: list[Expr], taps: tuple[float, ...]) -> list[Expr]:
    """Each of a row, pooled with its neighbours."""
    last, reach = len(values) - 1, range(1 - len(taps), len(taps))
    return [sum_of(values[min(max(j + n, 0), last)] * hl.f32(taps[abs(n)]) for n in reach) for j in range(last + 1)]


def pooled(of: Windows, power: list[Expr], taps: tuple[float, ...] = AROUND) -> list[Expr]:
    """Energies of each frequency with those around it, along rows, then down."""
    across = of.each("across", near(power, taps))
    rows = [across(hl.clamp(of.k + n, 0, of.side - 1)) for n in range(1 - len(taps), len(taps))]
    return [near([row[j] for row in rows], taps)[len(taps) - 1] for j in range(of.side)]


def restored(
    fine: Fine,
    name: str,
    planes: int,
    full: Callable[..., Expr],
    base: Callable[..., Expr],
    left: Callable[..., Expr],
    take: hl.ImageParam,
    join: hl.ImageParam | None = None,
    side: int = SIDE,
    down: int = SIDE // 2,
) -> hl.Func:
    """`full` (x, y, c), without noise and blur, where that stands out from noise, and else `base`.

    Where the energy around a frequency exceeds the noise's, `full` is believed and raised by what blur took, else
    `base`; where nothing stands out in a window, `base` stays. Where something is joined, windows that keep little
    count more: so noise does not stay beside edges.

    left: variance of the noise of `full`; take: (side, side) how much of that each frequency is measured against, 0 for
    a mean that is to be believed; join: (3, side, side) gains of each frequency: of `full` and of `base` where it is
    far above the noise, and of `base` where it is not; without them nothing is raised. side: of windows; down: rows
    between them.
    """
    of = Windows(fine, name, planes, (full, base), side, down)
    k, over = of.k, range(side)
    power = [wave * wave for wave in of.waves()]
    power[0] = hl.select(k == 0, 0.0, power[0])  # the mean is none
    energy = pooled(of, power)
    noise = of.one("noise", of.middle(left))
    kept = []
    for j in over:
        square, unwanted = energy[j] * energy[j] + NEVER, noise * take[j, k]
        kept.append(square * hl.fast_inverse(square + unwanted * unwanted))
    share = of.each("share", kept)
    row = [hl.select(k == 0, 0.0, share(k)[0]), *share(k)[1:]]  # but for the mean
    stays = of.each("stays", [hl.max(*row), sum_of(part * part for part in row)])
    gate = of.one("gate", clear(hl.max(*(stays(n)[0] for n in over)), FLAT, FULL))
    much = sum_of(stays(n)[1] for n in over) * hl.f32(1 / side**2) * gate * gate
    heavy = of.one("heavy", 1.0 / (much + LIGHT))
    both = []
    for j, (found, known) in enumerate(zip(of.waves(), of.waves(1), strict=True)):
        if join is None:
            both.append(known + gate * share(k)[j] * (found - known))
            continue
        told = share(k)[j] * (join[j, k, 0] * found + (join[j, k, 1] - join[j, k, 2]) * known)
        both.append(known + gate * (told + (join[j, k, 2] - 1.0) * known))
    return of.back(both, far=False, heavy=None if join is None else heavy)


def kept(fine: Fine, planes: int, parts: hl.Func, left: hl.Func, worth: hl.ImageParam, more: hl.ImageParam) -> hl.Func:
    """Each of the planes of `parts` (x, y, c), as far as it exceeds the noise; windows where nothing does keep nothing.

    left: (x, y, c) variances of their noise; worth: (planes, 8, 8) one over the share of it that each frequency is
    measured against; more: (planes, 8, 8) gain of each.
    """
    of = Windows(fine, "kept", planes, (lambda *at: parts[at],))
    k, c, over = of.k, of.c, range(SIDE)
    power = [wave * wave * worth[j, k, c] for j, wave in enumerate(of.waves())]
    energy = of.each("energy", pooled(of, power))
    noise = of.one("noise", of.middle(lambda *at: left[at]))
    peak = hl.max(*(energy(n)[j] for n in over for j in over))
    gate = of.one("gate", clear(peak / noise, PLAIN, CLEAR))
    stays = []
    for j in over:
        share = noise * hl.fast_inverse(energy(k)[j] + NEVER)
        stays.append(hl.max(1.0 - share * share, 0.0) * more[j, k, c] * gate)
    return of.back([wave * stay for wave, stay in zip(of.waves(), stays, strict=True)], far=True)
