"""One band of the denoiser: overlapping windows of 8 x 8, each shrunk in the domain of its cosine transform.

After Yu and Sapiro, *DCT Image Denoising* (IPOL 2011), at several scales as Pierazzo and Facciolo, *Multi-Scale DCT
Denoising* (IPOL 2017). What stays of a coefficient is told by `develop_denoise_gains.py`. Windows that kept little are
smooth, and count more where windows overlap: so noise does not stay beside edges.

Transforms are separable: columns are transformed once for all windows that share them, and windows are put together
along rows before columns are transformed back.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import halide as hl

from cosines import SIDE, backward, forward
from develop_denoise import PLANE, kept, unending
from develop_denoise_gains import Energies, Gains, guided_gains, k, lane, noise_at, own_gains, p, q, r
from kernel import kernel
from taps import sum_of

LANES = 16
TILE = (252, 64)  # columns, rows; 63 windows and the one before them fill four vectors


@kernel("denoise_band")
def denoise_band() -> tuple[hl.Pipeline, list[Any]]:
    """Windows every 4 quads, gains from their own energy. Arguments: see `build`; no guide."""
    return build("denoise_band", 4, guided=False)


@kernel("denoise_band_guided")
def denoise_band_guided() -> tuple[hl.Pipeline, list[Any]]:
    """Windows every 2 quads, gains from the energy of a first result (Wiener's rule). Arguments: see `build`."""
    return build("denoise_band_guided", 2, guided=True)


x, y, c, h = (hl.Var(n) for n in ("x", "y", "c", "h"))  # h: hop along a row, of which r is the column within


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


def enlarged(f: hl.ImageParam) -> tuple[hl.Func, hl.Func, hl.Func]:
    """Burt and Adelson's expansion, [1 4 6 4 1] / 8 between zeros: the plane without end, along rows, down columns."""
    wide, tall = hl.Func(f"{f.name()}_wide"), hl.Func(f"{f.name()}_tall")
    g = unending(f)
    before, left, right = (hl.f32(g[x / 2 + i, y, c]) for i in (-1, 0, 1))
    even = 0.125 * before + 0.75 * left + 0.125 * right
    wide[x, y, c] = hl.select(x % 2 == 0, even, 0.5 * (left + right))
    up, below = wide[x, y / 2, c], wide[x, y / 2 + 1, c]
    centre = 0.125 * wide[x, y / 2 - 1, c] + 0.75 * up + 0.125 * below
    tall[x, y, c] = hl.select(y % 2 == 0, centre, 0.5 * (up + below))
    return g, wide, tall


def frequencies(f: hl.Func, base: hl.Func, hop: int) -> tuple[hl.Func, hl.Func, hl.Func, hl.Func]:
    """The band of f above `base`, the same by hops, its columns (for a row of windows), its coefficients."""
    plain, band, column, wave = (hl.Func(f"{f.name()}_{n}") for n in ("plain", "band", "column", "wave"))
    back = SIDE - hop  # window 0 begins so far before column 0
    plain[x, y, c] = hl.f32(f[x, y, c]) - base[x, y, c]
    band[h, r, y, c] = plain[h * hop + r, y, c]
    column[h, r, q, c] = hl.Tuple(forward([hl.Expr(band[h, r, q * hop - back + i, c]) for i in range(SIDE)]))
    columns = [column[p + (j - back) // hop, j % hop, q, c] for j in range(SIDE)]
    wave[p, q, k, c] = hl.Tuple(forward([hl.mux(k, [column[i] for i in range(SIDE)]) for column in columns]))
    return plain, band, column, wave


def weight_of(gains: Gains, share: hl.ImageParam) -> hl.Func:
    """How much a window counts where windows overlap, by kind: the more, the less of its noise is kept."""
    stays, weight = hl.Func("stays"), hl.Func("weight")
    gain = [hl.mux(c, [f[p, q, k][j] for f in gains.of]) for j in range(SIDE)]
    stays[p, q, k, c] = sum_of(share[j, k] * (g * g) for j, g in enumerate(gain))
    gate = hl.mux(c, gains.opened)
    share_kept = sum_of(stays[p, q, i, c] for i in range(SIDE)) * (gate * gate)
    weight[p, q, c] = 1.0 / ((hl.f32(0.1) + share_kept) * gains.local[p, q])
    return weight


def band_of(inputs: Inputs, octave: hl.Expr, hop: int) -> Band:
    """The algorithm; windows every `hop`."""
    coarse, coarse_wide, coarse_tall = enlarged(inputs.coarse)
    clean, clean_wide, clean_tall = enlarged(inputs.clean)
    bordered, made = [coarse, clean], [frequencies(inputs.fine, coarse_tall, hop)]
    if inputs.guide:
        bordered.append(unending(inputs.guide))
        made.append(frequencies(bordered[-1], clean_tall, hop))
    wave, known = made[0][3], made[-1][3]
    local = noise_at(inputs.excess, octave, hop)
    energies = Energies(known, inputs.take, guided=inputs.guide is not None)
    gains = guided_gains(energies, local) if inputs.guide else own_gains(energies, local, inputs.share, inputs.rich)
    weight = weight_of(gains, inputs.share)

    # Back: windows of a row, put together along it, then columns, then rows of windows. The ninth number is the weight.
    kind = hl.select(c == 0, 0, hl.select(c == 3, 2, 1))
    back, overlap = SIDE - hop, SIDE // hop
    names = ("shrunk", "window", "joined", "strip", "weights", "total")
    shrunk, window, joined, strip, weights, total = (hl.Func(n) for n in names)
    heavy = weight[p, q, kind]
    much = heavy * hl.mux(kind, gains.opened)
    shrunk[p, q, k, c] = hl.Tuple(
        [wave[p, q, k, c][j] * (hl.mux(kind, [f[p, q, k][j] for f in gains.of]) * much) for j in range(SIDE)]
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
    again = (weight, shrunk, window, strip, weights, total)
    grown = [(coarse_wide, coarse_tall), (clean_wide, clean_tall)]
    return Band(value, hop, bordered, grown, made, gains.taken, gains.tables, gains.told, *again)
