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

from borders import mirrored
from burst_align import sum_of
from kernel import kernel

SIDE = 8
LANES = 16
TILE = (256, 64)  # columns, rows
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


def gain_of(energy: hl.Expr, noise: hl.Expr, guided: bool) -> hl.Expr:
    """What to keep where `energy` is the picture's (guided), or the picture's and the noise's.

    Of pictures, whose weak frequencies are many and whose strong ones few, the best gain at each measured energy runs
    like the square's: it never drops to nothing, and neighbours differ little.
    """
    if not guided:
        energy, noise = energy * energy, noise * noise
    return energy * hl.fast_inverse(energy + noise)


x, y, c, k = hl.Var("x"), hl.Var("y"), hl.Var("c"), hl.Var("k")
lane, p, q, r = (
    hl.Var("lane"),
    hl.Var("p"),
    hl.Var("q"),
    hl.Var("r"),
)  # window along a row, row of windows, column within a hop


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
        coarse, clean, take = (hl.ImageParam(hl.Float(32), 3, n) for n in ("coarse", "clean", "take"))
        share, excess = hl.ImageParam(hl.Float(32), 2, "share"), hl.ImageParam(hl.Float(32), 2, "excess")
        guide = hl.ImageParam(hl.Float(32), 3, "guide") if guided else None
        return cls(fine, coarse, clean, take, share, excess, hl.Param(hl.Float(32), "rich"), guide)

    def arguments(self) -> list[Any]:
        first = [] if self.guide else [self.rich]
        return [self.coarse, self.clean, self.take, self.share, self.excess, *first]


def unending(f: hl.ImageParam) -> hl.Func:
    """A plane mirrored at its borders. Were these held, the last samples would weigh more, and so would their noise."""
    out = hl.Func(f"{f.name()}_unending")
    out[x, y, c] = f[mirrored(x, f.width()), mirrored(y, f.height()), c]
    return out


def build(name: str, hop: int, *, guided: bool) -> tuple[hl.Pipeline, list[Any]]:
    """fine (4, h, w), coarse and clean (4, h/2, w/2) float32 -> (4, h, w): `clean` enlarged, and the band on it.

    The band is what `fine` has beyond `coarse`, which is `fine` halved. Sides are multiples of `TILE`; planes are luma,
    two colour differences, and the greens' difference. take: (3, 8, 8) energy taken from the coefficients of each kind;
    share: (8, 8) of the noise's energy that each coefficient has, its mean 1; excess: (h', w') noise over the rest's in
    cells of 4 quads, of which the first and the last are those of windows that reach over the border; rich, where there
    is no guide: how much less is taken from luma where all of a window stays; octave: how often `fine` was halved;
    guide, the last where there is one: a first result.
    """
    fine, octave = hl.ImageParam(hl.Float(32), 3, "fine"), hl.Param(hl.Int(32), "octave")
    inputs = Inputs.named(unending(fine), guided=guided)
    band = band_of(inputs, octave, hop)
    out = hl.Func(f"lichtbild_{name}")
    out[x, y, c] = band.value

    # Tiles; in each, rows of windows from top to bottom, what overlaps is kept.
    xo, yo, xi, yi, ys, xa, xr = (hl.Var(n) for n in ("xo", "yo", "xi", "yi", "ys", "xa", "xr"))
    for buffer in (fine, out.output_buffer(), *([inputs.guide] if inputs.guide else [])):
        buffer.dim(0).set_bounds(0, (buffer.width() / TILE[0]) * TILE[0])
        buffer.dim(1).set_bounds(0, (buffer.height() / TILE[1]) * TILE[1])
        buffer.dim(2).set_bounds(0, 4)
    out.bound(c, 0, 4).tile(x, y, xo, yo, xi, yi, TILE[0], TILE[1], hl.TailStrategy.RoundUp)
    out.split(yi, ys, yi, hop).split(xi, xa, xr, hop).split(xa, xa, xi, LANES)
    out.reorder(xr, xi, xa, yi, c, ys, xo, yo).unroll(xr).vectorize(xi).unroll(yi).parallel(yo)
    out.never_partition_all()  # borders are met in what loads only, or all the code would be there nine times
    band.schedule(out, xo, ys)
    return hl.Pipeline([out]), [fine, *inputs.arguments(), octave, *([inputs.guide] if inputs.guide else [])]


@dataclass
class Band:
    """The cleaned planes at (x, y, c), and the stages behind them."""

    value: hl.Expr
    hop: int
    enlarged: list[tuple[hl.Func, hl.Func]]  # coarse, then clean: along rows, then down columns
    known: list[tuple[hl.Func, hl.Func, hl.Func]]  # of the picture, then of the guide: band, columns, coefficients
    gains: list[hl.Func]
    gates: list[hl.Func]
    weight: hl.Func
    shrunk: hl.Func
    window: hl.Func
    strip: hl.Func
    weights: hl.Func
    total: hl.Func

    def schedule(self, out: hl.Func, xo: hl.Var, ys: hl.Var) -> None:
        """In a column of tiles `xo` of `out`, of which a step of `ys` is a row of windows."""
        (coarse_wide, coarse_tall), (clean_wide, clean_tall) = self.enlarged
        guided, overlap = len(self.known) > 1, SIDE // self.hop
        for f in (coarse_wide, clean_wide):
            f.store_at(out, xo).compute_at(out, ys).vectorize(x, LANES).align_bounds(x, 2)
        clean_tall.compute_at(out, ys).vectorize(x, LANES).align_bounds(x, 2)
        for band, column, _ in self.known:
            band.store_at(out, xo).compute_at(out, ys).split(x, x, lane, LANES).vectorize(lane)
            band.align_bounds(x, 2).align_bounds(y, 2)
            column.compute_at(out, ys).vectorize(x, LANES)
        coarse_tall.compute_at(self.known[0][0], x).vectorize(x, LANES)
        if guided:
            clean_tall.store_at(out, xo).align_bounds(y, 2)
        strip, weights, window = self.strip, self.weights, self.window
        strip.store_at(out, xo).compute_at(out, ys).bound(r, 0, self.hop).unroll(r).vectorize(p, LANES)
        strip.reorder(p, r, c, q).fold_storage(q, overlap)
        weights.store_at(out, xo).compute_at(out, ys).vectorize(p, LANES).fold_storage(q, overlap)
        self.total.compute_at(out, ys).vectorize(p, LANES)
        po, pi = hl.Var("po"), hl.Var("pi")
        window.compute_at(out, ys).bound(k, 0, SIDE).bound(c, 0, 4).split(p, po, pi, LANES)
        window.reorder(pi, k, c, po, q).vectorize(pi).never_partition_all()
        # Kept in memory, or the compiler would multiply all terms of the transform by their gains.
        self.shrunk.compute_at(window, c).vectorize(p, LANES).bound(k, 0, SIDE)
        self.weight.compute_at(window, po).bound(c, 0, 3).vectorize(p, LANES).unroll(c)
        for _, _, wave in self.known:  # each of its k takes another number of `column`
            wave.compute_at(window, po).vectorize(p, LANES).bound(k, 0, SIDE).unroll(k)
        for f in self.gains:
            f.compute_at(window, po).vectorize(p, LANES).bound(k, 0, SIDE)
        for f in self.gates:
            f.compute_at(window, po).vectorize(p, LANES)
            if f.dimensions() == 3:
                f.bound(k, 0, SIDE)


def band_of(inputs: Inputs, octave: hl.Expr, hop: int) -> Band:
    """The algorithm; windows every `hop`."""
    guided = inputs.guide is not None
    take, share, excess = inputs.take, inputs.share, inputs.excess
    back = SIDE - hop  # window 0 begins so far before column 0

    def enlarge(f: hl.ImageParam) -> tuple[hl.Func, hl.Func]:
        """Burt and Adelson's expansion: [1 4 6 4 1] / 8 between zeros."""
        wide, tall = hl.Func(f"{f.name()}_wide"), hl.Func(f"{f.name()}_tall")
        g = unending(f)
        left, right = g[x / 2, y, c], g[x / 2 + 1, y, c]
        even = 0.125 * g[x / 2 - 1, y, c] + 0.75 * left + 0.125 * right
        wide[x, y, c] = hl.select(x % 2 == 0, even, 0.5 * (left + right))
        up, below = wide[x, y / 2, c], wide[x, y / 2 + 1, c]
        centre = 0.125 * wide[x, y / 2 - 1, c] + 0.75 * up + 0.125 * below
        tall[x, y, c] = hl.select(y % 2 == 0, centre, 0.5 * (up + below))
        return wide, tall

    coarse_wide, coarse_tall = enlarge(inputs.coarse)
    clean_wide, clean_tall = enlarge(inputs.clean)

    def frequencies(f: hl.Func, base: hl.Func) -> tuple[hl.Func, hl.Func, hl.Func]:
        """The band of f above `base`, its columns (of the row of windows q), its windows' coefficients."""
        band, column, wave = (hl.Func(f"{f.name()}_{n}") for n in ("band", "column", "wave"))
        band[x, y, c] = f[x, y, c] - base[x, y, c]
        column[x, q, c] = hl.Tuple(forward([hl.Expr(band[x, q * hop - back + i, c]) for i in range(SIDE)]))
        rows = [hl.mux(k, [column[p * hop - back + j, q, c][i] for i in range(SIDE)]) for j in range(SIDE)]
        wave[p, q, k, c] = hl.Tuple(forward(rows))
        return band, column, wave

    band, column, wave = frequencies(inputs.fine, coarse_tall)
    made = [(band, column, wave)]
    if inputs.guide:
        made.append(frequencies(unending(inputs.guide), clean_tall))
    known = made[-1][2]

    # How much of each coefficient stays.
    luma, chroma, greens, local = (hl.Func(n) for n in ("luma", "chroma", "greens", "local"))
    cell_x, cell_y = (((v * hop) << octave) / 4 for v in (p, q))
    local[p, q] = excess[hl.clamp(cell_x, 0, excess.width() - 1), hl.clamp(cell_y, 0, excess.height() - 1)]
    power = [[known[p, q, k, i][j] * known[p, q, k, i][j] for j in range(SIDE)] for i in range(4)]
    gates: list[hl.Func] = []
    rows_pooled: list[hl.Func] = []

    def pooled(power: list[hl.Expr], taps: tuple[int, ...]) -> list[hl.Expr]:
        """Energy around each frequency of the window."""
        across, reach, unit = hl.Func(f"across_{len(rows_pooled)}"), len(taps) // 2, 1.0 / sum(taps) ** 2
        weigh = [(hl.f32(t), i - reach) for i, t in enumerate(taps)]
        across[p, q, k] = hl.Tuple(
            [sum_of(w * power[min(max(j + i, 0), SIDE - 1)] for w, i in weigh) * hl.f32(unit) for j in range(SIDE)]
        )
        rows_pooled.append(across)
        rows = [(w, across[p, q, hl.clamp(k + i, 0, SIDE - 1)]) for w, i in weigh]
        return [sum_of(w * row[j] for w, row in rows) for j in range(SIDE)]

    def decide(gain: hl.Func, power: list[hl.Expr], noise: list[hl.Expr], opened: hl.Expr | None) -> None:
        """The gains of one kind. Without a guide a window counts as flat where not one of them stands out."""
        own = [gain_of(power[j], noise[j], guided) for j in range(SIDE)]
        if guided:
            gain[p, q, k] = hl.Tuple(own)
            return
        alone, gate = hl.Func(f"{gain.name()}_alone"), hl.Func(f"{gain.name()}_gate")
        alone[p, q, k] = hl.Tuple(own)
        peak = hl.max(*(alone[p, q, i][j] for i in range(SIDE) for j in range(SIDE)))
        sure = hl.clamp((peak - hl.f32(FLAT)) * hl.f32(1 / (FULL - FLAT)), 0.0, 1.0)
        gate[p, q] = sure if opened is None else hl.max(sure, opened)
        gates.extend((alone, gate))
        kept = [hl.Expr(alone[p, q, k][j]) for j in range(SIDE)]
        if opened is None:
            # Texture is where much of the window stays, and what is weak there is more likely texture, too.
            doubt = hl.Func("luma_doubt")
            stays = sum_of(share[j, i] * alone[p, q, i][j] for i in range(SIDE) for j in range(SIDE))
            doubt[p, q] = 1.0 - stays * inputs.rich * hl.f32(1 / SIDE**2)
            gates.append(doubt)
            kept = [g * hl.fast_inverse(g + (1.0 - g) * doubt[p, q] * doubt[p, q]) for g in kept]
        gain[p, q, k] = hl.Tuple([g * gate[p, q] for g in kept])

    decide(luma, pooled(power[0], NEAR if guided else WIDE), [take[j, k, 0] * local[p, q] for j in range(SIDE)], None)
    trust = hl.f32(0.0 if guided else TRUST)  # a guide has its colours already
    doubt = [(1.0 - trust * luma[p, q, k][j]) * local[p, q] for j in range(SIDE)]
    opened = None if guided else hl.Expr(gates[1][p, q])
    both = [(a + b) * 0.5 for a, b in zip(power[1], power[2], strict=True)]
    decide(chroma, both if guided else pooled(both, NEAR), [take[j, k, 1] * doubt[j] for j in range(SIDE)], opened)
    decide(
        greens, power[3] if guided else pooled(power[3], NEAR), [take[j, k, 2] * doubt[j] for j in range(SIDE)], opened
    )

    kept = hl.Func("kept")
    kept_of = [[hl.Expr(f[p, q, k][j]) for f in (luma, chroma, greens)] for j in range(SIDE)]
    kept[p, q, k, c] = sum_of(share[j, k] * hl.mux(c, [g * g for g in kept_of[j]]) for j in range(SIDE))
    weight = hl.Func("weight")
    weight[p, q, c] = 1.0 / ((hl.f32(0.1) + sum_of(kept[p, q, i, c] for i in range(SIDE))) * local[p, q])

    # Back: windows of a row, put together along it, then columns, then rows of windows. The ninth number is the weight.
    kind = hl.select(c == 0, 0, hl.select(c == 3, 2, 1))
    overlap = SIDE // hop
    names = ("shrunk", "window", "joined", "strip", "weights", "total")
    shrunk, window, joined, strip, weights, total = (hl.Func(n) for n in names)
    heavy = weight[p, q, kind]
    shrunk[p, q, k, c] = hl.Tuple([wave[p, q, k, c][j] * (hl.mux(kind, kept_of[j]) * heavy) for j in range(SIDE)])
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
    gains = [luma, chroma, greens, *rows_pooled]
    enlarged = [(coarse_wide, coarse_tall), (clean_wide, clean_tall)]
    return Band(value, hop, enlarged, made, gains, gates, weight, shrunk, window, strip, weights, total)
