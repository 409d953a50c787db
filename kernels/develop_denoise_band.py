"""One band of the denoiser: overlapping windows of 8 x 8, each shrunk in the domain of its cosine transform.

After Yu and Sapiro, *DCT Image Denoising* (IPOL 2011), at several scales as Pierazzo and Facciolo, *Multi-Scale DCT
Denoising* (IPOL 2017). A coefficient is kept by as much as the energy around it, among the frequencies of its window,
exceeds the noise's (Cai and Silverman 2001); a window where nothing stands out keeps nothing. Where luma keeps a
frequency, colour is trusted more: what noise is left there hides, and colours end where things end. Windows that kept
little are smooth, and count more where windows overlap: so noise does not stay beside edges.

Transforms are separable: columns are transformed once for all windows that share them, and windows are put together
along rows before columns are transformed back.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import halide as hl
import numpy as np

from burst_align import sum_of
from develop_denoise import PLANE, kept, unending
from kernel import kernel

SIDE = 8
LANES = 16
TILE = (252, 64)  # columns, rows; 63 windows and the one before them fill four vectors
FLAT, FULL = 0.4, 0.6  # largest gain of a window without structure, and of one with structure for sure
TRUST = 0.6  # how much less is taken from colour where luma stays
NEAR, WIDE = (
    (1, 2, 1),
    (1, 4, 6, 4, 1),
)  # frequencies whose energies are pooled, both ways; `develop/denoise.py` knows it
_COS = [[np.cos((2 * i + 1) * k * np.pi / 16) for i in range(8)] for k in range(8)]


def forward(x: list[hl.Expr]) -> list[hl.Expr]:
    """Orthonormal DCT-II of eight numbers, even and odd frequencies apart."""
    total = [x[i] + x[7 - i] for i in range(4)]
    diff = [x[i] - x[7 - i] for i in range(4)]
    a, b = [total[0] + total[3], total[1] + total[2]], [total[0] - total[3], total[1] - total[2]]
    out: list[Any] = [None] * 8
    out[0], out[4] = (a[0] + a[1]) * hl.f32(8**-0.5), (a[0] - a[1]) * hl.f32(8**-0.5)
    out[2] = b[0] * hl.f32(0.5 * _COS[2][0]) + b[1] * hl.f32(0.5 * _COS[2][1])
    out[6] = b[0] * hl.f32(0.5 * _COS[6][0]) + b[1] * hl.f32(0.5 * _COS[6][1])
    for k in (1, 3, 5, 7):
        out[k] = sum_of(diff[i] * hl.f32(0.5 * _COS[k][i]) for i in range(4))
    return out


def backward(c: list[hl.Expr]) -> list[hl.Expr]:
    """The inverse of `forward`."""
    plus, minus = (c[0] + c[4]) * hl.f32(8**-0.5), (c[0] - c[4]) * hl.f32(8**-0.5)
    b = [sum_of(c[k] * hl.f32(0.5 * _COS[k][i]) for k in (2, 6)) for i in (0, 1)]
    even = [plus + b[0], minus + b[1], minus - b[1], plus - b[0]]
    odd = [sum_of(c[k] * hl.f32(0.5 * _COS[k][i]) for k in (1, 3, 5, 7)) for i in range(4)]
    return [even[i] + odd[i] for i in range(4)] + [even[3 - i] - odd[3 - i] for i in range(4)]


@kernel("denoise_band")
def denoise_band() -> tuple[hl.Pipeline, list[Any]]:
    """Windows every 4 quads, gains from their own energy. Arguments: see `build`; no guide."""
    return build("denoise_band", 4, guided=False)


@kernel("denoise_band_guided")
def denoise_band_guided() -> tuple[hl.Pipeline, list[Any]]:
    """Windows every 2 quads, gains from the energy of a first result (Wiener's rule). Arguments: see `build`."""
    return build("denoise_band_guided", 2, guided=True)


x, y, c, k = hl.Var("x"), hl.Var("y"), hl.Var("c"), hl.Var("k")
# hop along a row, column within a hop, window along a row, row of windows
h, r, p, q, lane = (hl.Var(n) for n in ("h", "r", "p", "q", "lane"))


@dataclass
class Inputs:
    """What a band is made of; see `build`."""

    fine: hl.Func  # (x, y, c), anywhere
    coarse: hl.ImageParam
    clean: hl.ImageParam
    take: hl.ImageParam
    share: hl.ImageParam
    excess: hl.ImageParam
    rich: hl.Param
    guide: hl.ImageParam | None = None

    @classmethod
    def named(cls, fine: hl.Func, *, guided: bool) -> Inputs:
        coarse, clean = (hl.ImageParam(PLANE, 3, n) for n in ("coarse", "clean"))
        take = hl.ImageParam(hl.Float(32), 3, "take")
        share, excess = hl.ImageParam(hl.Float(32), 2, "share"), hl.ImageParam(hl.Float(32), 2, "excess")
        guide = hl.ImageParam(PLANE, 3, "guide") if guided else None
        return cls(fine, coarse, clean, take, share, excess, hl.Param(hl.Float(32), "rich"), guide)

    def arguments(self) -> list[Any]:
        first = [] if self.guide else [self.rich]
        return [self.coarse, self.clean, self.take, self.share, self.excess, *first]


def build(name: str, hop: int, *, guided: bool) -> tuple[hl.Pipeline, list[Any]]:
    """fine (4, h, w), coarse and clean (4, h/2, w/2) int16 -> (4, h, w) int16: `clean` enlarged, and the band on it.

    The band is what `fine` has beyond `coarse`, which is `fine` halved. Sides are multiples of `TILE`; planes are luma,
    two colour differences, and the greens' difference. take: (3, 8, 8) energy, in squared steps, taken from the
    coefficients of each kind; share: (8, 8) of the noise's energy that each coefficient has, its mean 1; excess: (h',
    w') noise over the rest's in cells of 4 quads, of which the first and the last are those of windows that reach over
    the border; rich, where there is no guide: how much less is taken from luma where all of a window stays; octave: how
    often `fine` was halved; guide, the last where there is one: a first result.
    """
    fine, octave = hl.ImageParam(PLANE, 3, "fine"), hl.Param(hl.Int(32), "octave")
    inputs = Inputs.named(unending(fine), guided=guided)
    band = band_of(inputs, octave, hop)
    band.bordered.append(inputs.fine)
    out = hl.Func(f"lichtbild_{name}")
    out[x, y, c] = kept(band.value)

    # Tiles; in each, rows of windows from top to bottom, what overlaps is kept.
    xo, yo, xi, yi, ys, xa, xr = (hl.Var(n) for n in ("xo", "yo", "xi", "yi", "ys", "xa", "xr"))
    for buffer in (fine, out.output_buffer(), *([inputs.guide] if inputs.guide else [])):
        buffer.dim(0).set_bounds(0, (buffer.width() / TILE[0]) * TILE[0])
        buffer.dim(1).set_bounds(0, (buffer.height() / TILE[1]) * TILE[1])
        buffer.dim(2).set_bounds(0, 4)
    out.bound(c, 0, 4).tile(x, y, xo, yo, xi, yi, TILE[0], TILE[1], hl.TailStrategy.RoundUp)
    out.split(yi, ys, yi, hop).split(xi, xa, xr, hop).split(xa, xa, xi, LANES, hl.TailStrategy.ShiftInwards)
    out.reorder(xr, xi, xa, yi, c, ys, xo, yo).unroll(xr).vectorize(xi).unroll(yi).parallel(yo)
    out.never_partition_all()  # borders are met in what loads only, or all the code would be there nine times
    band.schedule(out, xo, ys)
    return hl.Pipeline([out]), [fine, *inputs.arguments(), octave, *([inputs.guide] if inputs.guide else [])]


@dataclass
class Band:
    """The cleaned planes at (x, y, c), and the stages behind them."""

    value: hl.Expr
    hop: int
    bordered: list[hl.Func]  # what comes from memory
    enlarged: list[tuple[hl.Func, hl.Func]]  # coarse, then clean: along rows, then down columns
    known: list[tuple[hl.Func, ...]]  # of the picture, then of the guide: band, the same by hops, columns, coefficients
    taken: hl.Func
    tables: list[hl.Func]  # a number for each frequency of a window
    told: list[hl.Func]  # one for all of them
    weight: hl.Func
    shrunk: hl.Func
    window: hl.Func
    strip: hl.Func
    weights: hl.Func
    total: hl.Func

    def schedule(self, out: hl.Func, xo: hl.Var, ys: hl.Var, of: hl.Func | None = None) -> None:
        """Kept in a column of tiles `xo` of `out`; a step of `ys`, of `out` or what is told, is a row of windows."""
        steps = of or out
        (coarse_wide, _), (clean_wide, clean_tall) = self.enlarged
        guided, overlap = len(self.known) > 1, SIDE // self.hop
        for f in self.bordered:  # apart, so that borders are met in one place
            f.store_at(out, xo).compute_at(steps, ys).vectorize(x, LANES)
        for f in (coarse_wide, clean_wide):
            f.store_at(out, xo).compute_at(steps, ys).vectorize(x, LANES).align_bounds(x, 2)
        clean_tall.compute_at(steps, ys).vectorize(x, LANES).align_bounds(x, 2)
        for plain, band, column, _ in self.known:
            band.store_at(out, xo).compute_at(steps, ys).bound(r, 0, self.hop).split(h, h, lane, LANES)
            band.reorder(lane, r, h, c, y).vectorize(lane).unroll(r).align_bounds(y, 2)
            plain.compute_at(band, h).vectorize(x, LANES).align_bounds(x, 2).unroll(x, self.hop)
            column.compute_at(steps, ys).bound(r, 0, self.hop).vectorize(h, LANES).store_in(hl.MemoryType.Stack)
        if guided:
            clean_tall.store_at(out, xo).align_bounds(y, 2)
        strip, weights, window = self.strip, self.weights, self.window
        shift = hl.TailStrategy.ShiftInwards
        strip.store_at(out, xo).compute_at(steps, ys).bound(r, 0, self.hop).unroll(r).vectorize(p, LANES, shift)
        strip.reorder(p, r, c, q).fold_storage(q, overlap)
        weights.store_at(out, xo).compute_at(steps, ys).vectorize(p, LANES, shift).fold_storage(q, overlap)
        self.total.compute_at(steps, ys).vectorize(p, LANES, shift)
        po, pi = hl.Var("po"), hl.Var("pi")
        window.store_in(hl.MemoryType.Stack).compute_at(steps, ys).bound(k, 0, SIDE).bound(c, 0, 4)
        window.split(p, po, pi, LANES, shift).reorder(pi, k, c, po, q)
        window.vectorize(pi).unroll(c).never_partition_all()
        # Kept in memory, or the compiler would multiply all terms of the transform by their gains.
        self.shrunk.compute_at(window, c).vectorize(p, LANES).bound(k, 0, SIDE)
        self.weight.compute_at(window, po).bound(c, 0, 3).vectorize(p, LANES).unroll(c)
        self.taken.compute_root().bound(r, 0, SIDE).bound(k, 0, SIDE).bound(lane, 0, 3)
        for *_, wave in self.known:  # each of its k takes another number of `column`
            wave.compute_at(window, po).vectorize(p, LANES).bound(k, 0, SIDE).unroll(k)
        for f in self.tables:
            f.compute_at(window, po).vectorize(p, LANES).bound(k, 0, SIDE)
        for f in self.told:
            f.compute_at(window, po).vectorize(p, LANES)


def band_of(inputs: Inputs, octave: hl.Expr, hop: int) -> Band:
    """The algorithm; windows every `hop`."""
    guided = inputs.guide is not None
    take, share, excess = inputs.take, inputs.share, inputs.excess
    back = SIDE - hop  # window 0 begins so far before column 0

    bordered: list[hl.Func] = []

    def enlarge(f: hl.ImageParam) -> tuple[hl.Func, hl.Func]:
        """Burt and Adelson's expansion: [1 4 6 4 1] / 8 between zeros."""
        wide, tall = hl.Func(f"{f.name()}_wide"), hl.Func(f"{f.name()}_tall")
        g = unending(f)
        bordered.append(g)
        before, left, right = (hl.f32(g[x / 2 + i, y, c]) for i in (-1, 0, 1))
        even = 0.125 * before + 0.75 * left + 0.125 * right
        wide[x, y, c] = hl.select(x % 2 == 0, even, 0.5 * (left + right))
        up, below = wide[x, y / 2, c], wide[x, y / 2 + 1, c]
        centre = 0.125 * wide[x, y / 2 - 1, c] + 0.75 * up + 0.125 * below
        tall[x, y, c] = hl.select(y % 2 == 0, centre, 0.5 * (up + below))
        return wide, tall

    coarse_wide, coarse_tall = enlarge(inputs.coarse)
    clean_wide, clean_tall = enlarge(inputs.clean)

    def frequencies(f: hl.Func, base: hl.Func) -> tuple[hl.Func, hl.Func, hl.Func, hl.Func]:
        """The band of f above `base`, the same by hops, its columns (for a row of windows), its coefficients."""
        plain, band, column, wave = (hl.Func(f"{f.name()}_{n}") for n in ("plain", "band", "column", "wave"))
        plain[x, y, c] = hl.f32(f[x, y, c]) - base[x, y, c]
        band[h, r, y, c] = plain[h * hop + r, y, c]
        column[h, r, q, c] = hl.Tuple(forward([hl.Expr(band[h, r, q * hop - back + i, c]) for i in range(SIDE)]))
        columns = [column[p + (j - back) // hop, j % hop, q, c] for j in range(SIDE)]
        wave[p, q, k, c] = hl.Tuple(forward([hl.mux(k, [column[i] for i in range(SIDE)]) for column in columns]))
        return plain, band, column, wave

    made = [frequencies(inputs.fine, coarse_tall)]
    wave = made[0][3]
    if inputs.guide:
        bordered.append(unending(inputs.guide))
        made.append(frequencies(bordered[-1], clean_tall))
    known = made[-1][3]

    # How much of each coefficient stays, for each kind: luma, both colour differences, the greens' difference.
    gains = [hl.Func(n) for n in ("luma", "chroma", "greens")]
    local, taken = hl.Func("local"), hl.Func("taken")
    cell_x, cell_y = (((v * hop) << octave) / 4 for v in (p, q))
    local[p, q] = excess[hl.clamp(cell_x, 0, excess.width() - 1), hl.clamp(cell_y, 0, excess.height() - 1)]
    taps: tuple[tuple[int, ...], ...] = (NEAR, (1,), (1,)) if guided else (WIDE, NEAR, NEAR)
    power = [[known[p, q, k, i][j] * known[p, q, k, i][j] for j in range(SIDE)] for i in range(4)]
    power = [power[0], [a + b for a, b in zip(power[1], power[2], strict=True)], power[3]]
    # Energies are sums, not means; what is taken is as many times larger.
    count = hl.mux(lane, [hl.f32(sum(t) ** 2 * n) for t, n in zip(taps, (1, 2, 1), strict=True)])
    taken[r, k, lane] = (take[r, k, lane] * count) if guided else (take[r, k, lane] * count) ** 2
    across: list[hl.Func] = []
    gates: list[hl.Func] = []

    def pooled(kind: int) -> list[hl.Expr]:
        """Energy around each frequency k of the window."""
        if len(taps[kind]) == 1:
            return power[kind]
        row, reach = hl.Func(f"across_{kind}"), len(taps[kind]) // 2
        weigh = [(hl.f32(t), i - reach) for i, t in enumerate(taps[kind])]
        clamped = [[min(max(j + i, 0), SIDE - 1) for _, i in weigh] for j in range(SIDE)]
        row[p, q, k] = hl.Tuple(
            [sum_of(w * power[kind][n] for (w, _), n in zip(weigh, near, strict=True)) for near in clamped]
        )
        across.append(row)
        rows = [(w, row[p, q, hl.clamp(k + i, 0, SIDE - 1)]) for w, i in weigh]
        return [sum_of(w * row[j] for w, row in rows) for j in range(SIDE)]

    def gain_of(kind: int, more: list[hl.Expr]) -> list[hl.Expr]:
        """What to keep. Of pictures, whose weak frequencies are many and whose strong ones few, the best gain at each
        measured energy runs like the square's: it never drops to nothing, and neighbours differ little. A guide's
        energy is the picture's alone (Wiener). more: by how much more noise there is than usual, or its square.
        """
        energy = [e if guided else e * e for e in pooled(kind)]
        return [e / (e + taken[j, k, kind] * m) for j, (e, m) in enumerate(zip(energy, more, strict=True))]

    def gate_of(kind: int, found: hl.Func) -> hl.Expr:
        """Whether there is structure in a window: it counts as flat where not one frequency stands out."""
        peak = hl.max(*(found[p, q, i][j] for i in range(SIDE) for j in range(SIDE)))
        return hl.clamp((peak - hl.f32(FLAT)) * hl.f32(1 / (FULL - FLAT)), 0.0, 1.0)

    if guided:  # a guide has its colours already
        for kind, gain in enumerate(gains):
            gain[p, q, k] = hl.Tuple(gain_of(kind, [local[p, q]] * SIDE))
        opened: list[Any] = [hl.f32(1.0)] * 3
    else:
        alone, rest, spread = hl.Func("luma_alone"), hl.Func("rest"), hl.Func("spread")
        alone[p, q, k] = hl.Tuple(gain_of(0, [local[p, q] * local[p, q]] * SIDE))
        gates = [hl.Func(f"{f.name()}_gate") for f in gains]
        gates[0][p, q] = gate_of(0, alone)
        # Texture is where much of the window stays, and what is weak there is more likely texture, too.
        stays = sum_of(share[j, i] * alone[p, q, i][j] for i in range(SIDE) for j in range(SIDE))
        rest[p, q] = (1.0 - stays * inputs.rich * hl.f32(1 / SIDE**2)) ** 2
        own = [hl.Expr(alone[p, q, k][j]) for j in range(SIDE)]
        gains[0][p, q, k] = hl.Tuple([g / (g * (1.0 - rest[p, q]) + rest[p, q]) for g in own])
        # Where luma keeps a frequency, colour is trusted.
        trust = gates[0][p, q] * hl.f32(TRUST)
        doubt = [local[p, q] - (trust * local[p, q]) * gains[0][p, q, k][j] for j in range(SIDE)]
        spread[p, q, k] = hl.Tuple([d * d for d in doubt])
        across.append(spread)
        for kind in (1, 2):
            gains[kind][p, q, k] = hl.Tuple(gain_of(kind, [hl.Expr(spread[p, q, k][j]) for j in range(SIDE)]))
            gates[kind][p, q] = hl.max(gate_of(kind, gains[kind]), gates[0][p, q])
        opened = [hl.Expr(gate[p, q]) for gate in gates]
        gates.append(rest)
        across.append(alone)

    stays_of, weight = hl.Func("stays"), hl.Func("weight")
    gain = [hl.mux(c, [f[p, q, k][j] for f in gains]) for j in range(SIDE)]
    stays_of[p, q, k, c] = sum_of(share[j, k] * (g * g) for j, g in enumerate(gain))
    gate = hl.mux(c, opened)
    share_kept = sum_of(stays_of[p, q, i, c] for i in range(SIDE)) * (gate * gate)
    weight[p, q, c] = 1.0 / ((hl.f32(0.1) + share_kept) * local[p, q])

    # Back: windows of a row, put together along it, then columns, then rows of windows. The ninth number is the weight.
    kind = hl.select(c == 0, 0, hl.select(c == 3, 2, 1))
    overlap = SIDE // hop
    names = ("shrunk", "window", "joined", "strip", "weights", "total")
    shrunk, window, joined, strip, weights, total = (hl.Func(n) for n in names)
    heavy = weight[p, q, kind]
    much = heavy * hl.mux(kind, opened)
    shrunk[p, q, k, c] = hl.Tuple(
        [wave[p, q, k, c][j] * (hl.mux(kind, [f[p, q, k][j] for f in gains]) * much) for j in range(SIDE)]
    )
    window[p, q, k, c] = hl.Tuple([*backward([shrunk[p, q, k, c][j] for j in range(SIDE)]), hl.Expr(heavy)])

    def place(i: int, n: int) -> hl.Expr:
        """The n-th coefficient of column i of hop p."""
        return sum_of(window[p + m, q, n, c][i + back - hop * m] for m in range(overlap))

    joined[p, r, q, c] = hl.Tuple([hl.mux(r, [place(i, n) for i in range(hop)]) for n in range(SIDE)])
    strip[p, r, q, c] = hl.Tuple(backward([joined[p, r, q, c][n] for n in range(SIDE)]))
    weights[p, q, c] = sum_of(window[p + m, q, 0, c][SIDE] for m in range(overlap))
    total[p, q, c] = 1.0 / sum_of(weights[p, q + m, c] for m in range(overlap))
    rows = [
        sum_of(strip[x / hop, x % hop, y / hop + m, c][i + back - hop * m] for m in range(overlap)) for i in range(hop)
    ]
    value = clean_tall[x, y, c] + hl.mux(y % hop, rows) * total[x / hop, y / hop, c]
    enlarged = [(coarse_wide, coarse_tall), (clean_wide, clean_tall)]
    tables, told = [*gains, *across], [local, *gates]
    again = (weight, shrunk, window, strip, weights, total)
    return Band(value, hop, bordered, enlarged, made, taken, tables, told, *again)
