"""How much of each cosine coefficient of a window stays: one number between noise and picture, for each kind of plane.

A coefficient is kept by as much as the energy around it, among the frequencies of its window, exceeds the noise's (Cai
and Silverman 2001); a window where nothing stands out keeps nothing. Where luma keeps a frequency, colour is trusted
more: what noise is left there hides, and colours end where things end.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import halide as hl

from cosines import SIDE
from taps import sum_of

FLAT, FULL = 0.4, 0.6  # largest gain of a window without structure, and of one with structure for sure
TRUST = 0.6  # how much less is taken from colour where luma stays
# Frequencies whose energies are pooled, both ways; `develop/denoise_plan.py` knows it.
NEAR, WIDE = (1, 2, 1), (1, 4, 6, 4, 1)
# Energy, in those that are taken, of luma, colour and greens, beyond which it is a frequency's own: a strong edge would
# open all that is near to it, and their noise would stay beside lamps, signs and what stands before the sky.
ALONE = 4.0, 2.0, 2.0
# frequency along a column, row or column of a table, window along a row, row of windows, kind
k, r, p, q, lane = (hl.Var(n) for n in ("k", "r", "p", "q", "lane"))


@dataclass
class Gains:
    """What stays of (p, q), of the kinds luma, both colour differences, and the greens' difference."""

    of: list[hl.Func]  # of each kind (p, q, k), a tuple along the other axis
    opened: list[Any]  # whether there is structure in the window, 0 to 1
    local: hl.Func  # noise over the rest's
    taken: hl.Func
    tables: list[hl.Func] = field(default_factory=list)  # a number for each frequency of a window
    told: list[hl.Func] = field(default_factory=list)  # one for all of them


def noise_at(excess: hl.ImageParam, octave: hl.Expr, hop: int) -> hl.Func:
    """Noise over the rest's in the window (p, q), from cells of 4 quads."""
    local = hl.Func("local")
    cell_x, cell_y = (((v * hop) << octave) / 4 for v in (p, q))
    local[p, q] = excess[hl.clamp(cell_x, 0, excess.width() - 1), hl.clamp(cell_y, 0, excess.height() - 1)]
    return local


class Energies:
    """Energies of coefficients, pooled over frequencies, beside those of the noise."""

    def __init__(self, known: hl.Func, take: hl.ImageParam, *, guided: bool) -> None:
        self.guided, self.take = guided, take
        self.taps: tuple[tuple[int, ...], ...] = (NEAR, (1,), (1,)) if guided else (WIDE, NEAR, NEAR)
        power = [[known[p, q, k, i][j] * known[p, q, k, i][j] for j in range(SIDE)] for i in range(4)]
        self.power = [power[0], [a + b for a, b in zip(power[1], power[2], strict=True)], power[3]]
        # Energies are sums, not means; what is taken is as many times larger.
        count = hl.mux(lane, [hl.f32(sum(t) ** 2 * n) for t, n in zip(self.taps, (1, 2, 1), strict=True)])
        self.taken, self.across = hl.Func("taken"), list[hl.Func]()
        self.taken[r, k, lane] = (take[r, k, lane] * count) if guided else (take[r, k, lane] * count) ** 2

    def pooled(self, kind: int) -> list[hl.Expr]:
        """Energy around each frequency k of the window, as much as frequencies share, and its own beyond that."""
        if len(self.taps[kind]) == 1:
            return self.power[kind]
        row, reach = hl.Func(f"across_{kind}"), len(self.taps[kind]) // 2
        planes = 2 if kind == 1 else 1
        most = [self.take[j, k, kind] * hl.f32(ALONE[kind] * planes) for j in range(SIDE)]
        shared = [hl.min(e, m) for e, m in zip(self.power[kind], most, strict=True)]
        own = [(e - s) * hl.f32(sum(self.taps[kind]) ** 2) for e, s in zip(self.power[kind], shared, strict=True)]
        weigh = [(hl.f32(t), i - reach) for i, t in enumerate(self.taps[kind])]
        clamped = [[min(max(j + i, 0), SIDE - 1) for _, i in weigh] for j in range(SIDE)]
        row[p, q, k] = hl.Tuple(
            [sum_of(w * shared[n] for (w, _), n in zip(weigh, near, strict=True)) for near in clamped]
        )
        self.across.append(row)
        rows = [(w, row[p, q, hl.clamp(k + i, 0, SIDE - 1)]) for w, i in weigh]
        return [sum_of(w * row[j] for w, row in rows) + own[j] for j in range(SIDE)]

    def gain_of(self, kind: int, more: list[hl.Expr]) -> hl.Tuple:
        """What to keep. Of pictures, whose weak frequencies are many and whose strong ones few, the best gain at each
        measured energy runs like the square's: it never drops to nothing, and neighbours differ little. A guide's
        energy is the picture's alone (Wiener). more: by how much more noise there is than usual, or its square.
        """
        energy = [e if self.guided else e * e for e in self.pooled(kind)]
        taken = self.taken
        return hl.Tuple([e / (e + taken[j, k, kind] * m) for j, (e, m) in enumerate(zip(energy, more, strict=True))])


def gate_of(found: hl.Func) -> hl.Expr:
    """Whether there is structure in a window: it counts as flat where not one frequency stands out."""
    peak = hl.max(*(found[p, q, i][j] for i in range(SIDE) for j in range(SIDE)))
    return hl.clamp((peak - hl.f32(FLAT)) * hl.f32(1 / (FULL - FLAT)), 0.0, 1.0)


def guided_gains(energies: Energies, local: hl.Func) -> Gains:
    """By Wiener's rule from the energies of a guide, which has its colours already."""
    gains = [hl.Func(n) for n in ("luma", "chroma", "greens")]
    for kind, gain in enumerate(gains):
        gain[p, q, k] = energies.gain_of(kind, [local[p, q]] * SIDE)
    return Gains(gains, [hl.f32(1.0)] * 3, local, energies.taken, [*gains, *energies.across], [local])


def own_gains(energies: Energies, local: hl.Func, share: hl.ImageParam, rich: hl.Expr) -> Gains:
    """From the energies of the noisy coefficients themselves."""
    gains = [hl.Func(n) for n in ("luma", "chroma", "greens")]
    gates = [hl.Func(f"{f.name()}_gate") for f in gains]
    alone, rest, spread = hl.Func("luma_alone"), hl.Func("rest"), hl.Func("spread")
    alone[p, q, k] = energies.gain_of(0, [local[p, q] * local[p, q]] * SIDE)
    gates[0][p, q] = gate_of(alone)
    # Texture is where much of the window stays, and what is weak there is more likely texture, too.
    stays = sum_of(share[j, i] * alone[p, q, i][j] for i in range(SIDE) for j in range(SIDE))
    rest[p, q] = (1.0 - stays * rich * hl.f32(1 / SIDE**2)) ** 2
    own = [hl.Expr(alone[p, q, k][j]) for j in range(SIDE)]
    gains[0][p, q, k] = hl.Tuple([g / (g * (1.0 - rest[p, q]) + rest[p, q]) for g in own])
    # Where luma keeps a frequency, colour is trusted.
    trust = gates[0][p, q] * hl.f32(TRUST)
    doubt = [local[p, q] - (trust * local[p, q]) * gains[0][p, q, k][j] for j in range(SIDE)]
    spread[p, q, k] = hl.Tuple([d * d for d in doubt])
    for kind in (1, 2):
        gains[kind][p, q, k] = energies.gain_of(kind, [hl.Expr(spread[p, q, k][j]) for j in range(SIDE)])
        gates[kind][p, q] = hl.max(gate_of(gains[kind]), gates[0][p, q])
    opened = [hl.Expr(gate[p, q]) for gate in gates]
    tables = [*gains, *energies.across, spread, alone]
    return Gains(gains, opened, local, energies.taken, tables, [local, *gates, rest])
