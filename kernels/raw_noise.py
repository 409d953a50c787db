"""What is needed to see noise apart from texture: DCT energies of small blocks of one colour.

After N. Ponomarenko et al. (2007) and M. Colom, A. Buades, "Analysis and Extension of the Ponomarenko et al. Method"
(IPOL 2013): in a block without texture the low and high frequencies of white noise are independent and of equal
energy, so that one may choose blocks by the low ones and measure in the high ones.
"""

from __future__ import annotations

import halide as hl
import numpy as np

from kernel import kernel

N = 8  # sites of one colour along a block's side: 16 mosaic pixels
LOW, HIGH = 9, 9  # coefficient (k, m) is low when 0 < k + m < LOW, high when k + m >= HIGH


def dct_matrix() -> np.ndarray:
    """The orthonormal DCT-II of N values, row k is frequency k."""
    k, n = np.mgrid[:N, :N]
    return (np.cos(np.pi * (2 * n + 1) * k / (2 * N)) * np.where(k == 0, np.sqrt(1 / N), np.sqrt(2 / N))).astype("f4")


@kernel("raw_noise_blocks")
def raw_noise_blocks() -> tuple[hl.Pipeline, list[object]]:
    """mosaic (h, w) uint16 of any strides, step_y, step_x (mosaic pixels, even, between blocks) ->
    (4, blocks_y, blocks_x, 5) float32 per CFA site: mean, smallest, largest value; mean energy of a low and of a high
    coefficient, all in digital numbers.
    """
    mosaic = hl.ImageParam(hl.UInt(16), 2, "mosaic")
    mosaic.dim(0).set_stride(hl.Expr())
    step_y, step_x = hl.Param(hl.Int(32), "step_y"), hl.Param(hl.Int(32), "step_x")
    c = dct_matrix()
    frequency = np.add.outer(np.arange(N), np.arange(N))
    low = ((frequency > 0) & (frequency < LOW)).astype("f4")
    high = (frequency >= HIGH).astype("f4")
    cos = hl.Buffer(np.ascontiguousarray(c.T), name="cos")  # cos[frequency, sample]

    k, m, j, f, bx, by, site = (hl.Var(v) for v in ("k", "m", "j", "f", "bx", "by", "site"))
    i = hl.RDom([(0, N)], "i")
    left, top = bx * step_x + site % 2, by * step_y + site / 2
    # The first value is taken off, so that the mean does not drown the high frequencies in float32.
    base = hl.f32(mosaic[left, top])
    down = hl.Func("down")  # frequency k along y, of column j
    down[k, j, bx, by, site] = hl.f32(0)
    down[k, j, bx, by, site] += cos[k, i] * (hl.f32(mosaic[left + 2 * j, top + 2 * i]) - base)
    both = hl.Func("both")  # frequency k along y, m along x
    both[k, m, bx, by, site] = hl.f32(0)
    both[k, m, bx, by, site] += cos[m, i] * down[k, i, bx, by, site]

    weights = [hl.Buffer(np.ascontiguousarray(w.T / w.sum()), name=n) for n, w in (("low", low), ("high", high))]
    energies = []
    for name, weight in zip(("low_k", "high_k"), weights, strict=True):
        per_k = hl.Func(name)
        per_k[k, bx, by, site] = hl.f32(0)
        value = both[k, i, bx, by, site]
        per_k[k, bx, by, site] += weight[k, i] * value * value
        energies.append(per_k)
    extremes = []
    for name, pick, start in (("smallest", hl.min, 65535), ("largest", hl.max, 0)):
        per_j = hl.Func(name)
        per_j[j, bx, by, site] = hl.u16(start)
        per_j[j, bx, by, site] = pick(per_j[j, bx, by, site], mosaic[left + 2 * j, top + 2 * i])
        extremes.append(per_j)

    def over(func: hl.Func, combine: object) -> hl.Expr:
        total = func[0, bx, by, site]
        for n in range(1, N):
            total = combine(total, func[n, bx, by, site])
        return hl.f32(total)

    def plus(a: hl.Expr, b: hl.Expr) -> hl.Expr:
        return a + b

    results = [
        both[0, 0, bx, by, site] / N + base,
        over(extremes[0], hl.min),
        over(extremes[1], hl.max),
        over(energies[0], plus),
        over(energies[1], plus),
    ]
    out = hl.Func("lichtbild_raw_noise_blocks")
    out[f, bx, by, site] = hl.mux(f, results)
    out.bound(f, 0, 5).unroll(f).reorder(f, bx, by, site).parallel(by).parallel(site)
    for func in (down, both):
        func.compute_at(out, bx).vectorize(k, N).unroll(func.args()[1])
        func.update().reorder(k, i, func.args()[1]).vectorize(k, N).unroll(i).unroll(func.args()[1])
    for func in energies:
        func.compute_at(out, bx).vectorize(k, N)
        func.update().vectorize(k, N).unroll(i)
    for func in extremes:
        func.compute_at(out, bx).unroll(j)
        func.update().unroll(j).unroll(i)
    return hl.Pipeline([out]), [mosaic, step_y, step_x]
