"""Alignment of two frames: noise-normalised grey pyramids, tile matching, sub-pixel refinement.

Tile matching from coarse to fine follows Hasinoff et al., Burst Photography for High Dynamic Range and
Low-Light Imaging (2016); the refinement is Lucas and Kanade (1981) on tiles, as iterated by Baker and Matthews
(2004). Grey images are padded by PAD pixels on each side, so that a tile that leaves the frame still reads
dense vectors; a tile that would leave the padding is held at its edge.
"""

from __future__ import annotations

from typing import Any

import halide as hl

from kernel import kernel
from taps import catmull_rom, sum_of

TILE = 16  # pixels of the finest grey level, i.e. 32 mosaic pixels
PAD = 32
PULL = 2.0  # absolute difference, summed over a tile in units of the noise, that a pixel of a move must win


def binomial(f: hl.Func, x: hl.Var, y: hl.Var, name: str) -> hl.Func:
    """[1 2 1] / 4 in both directions."""
    across, out = hl.Func(f"{name}_across"), hl.Func(name)
    across[x, y] = (f[x - 1, y] + 2 * f[x, y] + f[x + 1, y]) * 0.25
    out[x, y] = (across[x, y - 1] + 2 * across[x, y] + across[x, y + 1]) * 0.25
    return out


@kernel("align_gray")
def align_gray() -> tuple[hl.Pipeline, list[Any]]:
    """The finest grey level: quads averaged, smoothed once, in units of their own noise.

    mosaic (2h, 2w) uint16 -> (h + 2 PAD, w + 2 PAD) float32. `gains`, one for each of the h rows, map digital numbers
    above `black` to the reference's scale; `cap` is the level at which either frame clips. The square root (Anscombe
    1948, with the read noise of a general Poisson-Gaussian sensor folded into `shift`) makes the noise the same
    everywhere.
    """
    mosaic, gains = hl.ImageParam(hl.UInt(16), 2, "mosaic"), hl.ImageParam(hl.Float(32), 1, "gains")
    black, cap, shift, stretch = (hl.Param(hl.Float(32), n) for n in ("black", "cap", "shift", "stretch"))
    x, y = hl.Var("x"), hl.Var("y")
    w, h = mosaic.width() / 2, mosaic.height() / 2
    total, quad, out = hl.Func("total"), hl.Func("quad"), hl.Func("lichtbild_align_gray")
    total[x, y] = hl.u32(mosaic[x, 2 * y]) + hl.u32(mosaic[x, 2 * y + 1])
    value = hl.f32(total[2 * x, y] + total[2 * x + 1, y]) * 0.25
    level = hl.clamp((value - black) * gains[y], 0.0, cap)
    quad[x, y] = hl.sqrt(level + shift) * stretch
    edge = hl.BoundaryConditions.repeat_edge(quad, [(0, w), (0, h)])
    soft = binomial(edge, x, y, "soft")
    clamped = hl.BoundaryConditions.repeat_edge(soft, [(0, w), (0, h)])
    out[x, y] = clamped[x - PAD, y - PAD]
    yo, yi = hl.Var("yo"), hl.Var("yi")
    out.split(y, yo, yi, 32).parallel(yo).vectorize(x, 16)
    quad.compute_at(out, yo).vectorize(x, 16)
    soft.compute_at(out, yi).vectorize(x, 16)
    return hl.Pipeline([out]), [mosaic, black, gains, cap, shift, stretch]


@kernel("align_halve")
def align_halve() -> tuple[hl.Pipeline, list[Any]]:
    """The next coarser level, both padded: [1 3 3 1] / 8 in both directions, every second pixel."""
    fine = hl.ImageParam(hl.Float(32), 2, "fine")
    width, height = hl.Param(hl.Int(32), "width"), hl.Param(hl.Int(32), "height")  # of the coarse image, unpadded
    x, y = hl.Var("x"), hl.Var("y")
    down, half, out = hl.Func("down"), hl.Func("half"), hl.Func("lichtbild_align_halve")
    fx = hl.clamp(x, -1, width) * 2 + PAD
    fy = hl.clamp(y, -1, height) * 2 + PAD
    down[x, y] = (fine[x, fy - 1] + 3 * (fine[x, fy] + fine[x, fy + 1]) + fine[x, fy + 2]) * 0.125
    half[x, y] = (down[fx - 1, y] + 3 * (down[fx, y] + down[fx + 1, y]) + down[fx + 2, y]) * 0.125
    out[x, y] = half[hl.clamp(x - PAD, 0, width - 1), hl.clamp(y - PAD, 0, height - 1)]
    out.parallel(y, 8).vectorize(x, 16)
    down.compute_at(out, y).vectorize(x, 16)
    return hl.Pipeline([out]), [fine, width, height]


def tile_origin(base: Any, offset: Any, extent: Any) -> hl.Expr:
    """First padded pixel of a displaced tile, held inside the padding."""
    return hl.clamp(base + offset, 0, extent - TILE)


@kernel("align_tiles")
def align_tiles() -> tuple[hl.Pipeline, list[Any]]:
    """Whole-pixel displacement of each tile that costs least (sum of absolute differences).

    Candidates are the displacements of the tile's nearest coarser tiles, doubled, and `guess`; around the best of
    them `reach` pixels are searched in both directions. Each pixel of the move costs PULL as well, so that noise alone
    moves nothing. coarse, result: (2, rows, columns) int32.
    """
    ref, alt = hl.ImageParam(hl.Float(32), 2, "ref"), hl.ImageParam(hl.Float(32), 2, "alt")
    coarse = hl.ImageParam(hl.Int(32), 3, "coarse")
    reach = hl.Param(hl.Int(32), "reach")
    guess_y, guess_x = hl.Param(hl.Int(32), "guess_y"), hl.Param(hl.Int(32), "guess_x")
    tx, ty, k, c = hl.Var("tx"), hl.Var("ty"), hl.Var("k"), hl.Var("c")
    area = hl.RDom([(0, TILE), (0, TILE)])

    def cost(dx: hl.Expr, dy: hl.Expr, name: str, variables: list[hl.Var]) -> hl.Func:
        f = hl.Func(name)
        ax = tile_origin(tx * TILE + PAD, dx, alt.width()) + area.x
        ay = tile_origin(ty * TILE + PAD, dy, alt.height()) + area.y
        f[variables] = 0.0
        f[variables] += hl.abs(alt[ax, ay] - ref[tx * TILE + PAD + area.x, ty * TILE + PAD + area.y])
        return f

    # The four coarse tiles around this one's centre, and the guess.
    px, py = tx / 2, ty / 2
    qx, qy = px + (tx % 2) * 2 - 1, py + (ty % 2) * 2 - 1
    columns, rows = coarse.dim(0).extent(), coarse.dim(1).extent()
    candidate = hl.Func("candidate")
    cx = hl.clamp(hl.select(k % 2 == 0, px, qx), 0, columns - 1)
    cy = hl.clamp(hl.select(k / 2 == 0, py, qy), 0, rows - 1)
    candidate[c, k, tx, ty] = hl.select(k == 4, hl.select(c == 0, guess_y, guess_x), coarse[cx, cy, c] * 2)
    first = cost(candidate[1, k, tx, ty], candidate[0, k, tx, ty], "first", [k, tx, ty])
    r = hl.RDom([(0, 5)])
    best, start = hl.Func("best"), hl.Func("start")
    price = first[r.x, tx, ty]
    best[tx, ty] = (hl.i32(0), hl.f32(1e30))
    best[tx, ty] = (
        hl.select(price < best[tx, ty][1], r.x, best[tx, ty][0]),
        hl.min(price, best[tx, ty][1]),
    )
    start[c, tx, ty] = candidate[c, hl.clamp(best[tx, ty][0], 0, 4), tx, ty]

    i, j = hl.Var("i"), hl.Var("j")
    search = hl.RDom([(-reach, 2 * reach + 1), (-reach, 2 * reach + 1)])
    around = cost(start[1, tx, ty] + i, start[0, tx, ty] + j, "around", [i, j, tx, ty])
    pull = hl.f32(PULL) * hl.f32(hl.abs(search.x) + hl.abs(search.y))
    found = hl.Func("found")
    price = around[search.x, search.y, tx, ty] + pull
    found[tx, ty] = (hl.i32(0), hl.i32(0), hl.f32(1e30))
    better = price < found[tx, ty][2]
    found[tx, ty] = (
        hl.select(better, search.x, found[tx, ty][0]),
        hl.select(better, search.y, found[tx, ty][1]),
        hl.min(price, found[tx, ty][2]),
    )
    out = hl.Func("lichtbild_align_tiles")
    out[tx, ty, c] = start[c, tx, ty] + hl.select(c == 0, found[tx, ty][1], found[tx, ty][0])

    out.bound(c, 0, 2).reorder(c, tx, ty).unroll(c).parallel(ty)
    for f in (first, around):
        f.compute_at(out, tx)
        f.update().atomic().vectorize(area.x, 16)
    candidate.compute_at(out, tx)
    best.compute_at(out, tx)
    start.compute_at(out, tx)
    found.compute_at(out, tx)
    return hl.Pipeline([out]), [ref, alt, coarse, reach, guess_y, guess_x]


@kernel("align_refine")
def align_refine() -> tuple[hl.Pipeline, list[Any]]:
    """One Lucas-Kanade step for each tile, and how well the tile fits.

    flow (2, rows, columns) float32 (dy, dx) -> (4, rows, columns): new dy, new dx, mean squared difference before the
    step, mean squared gradient. The alternate is sampled by Catmull-Rom interpolation; the step is held to one pixel
    and damped by `damping` (mean squared gradient that counts as noise).
    """
    ref, alt = hl.ImageParam(hl.Float(32), 2, "ref"), hl.ImageParam(hl.Float(32), 2, "alt")
    flow = hl.ImageParam(hl.Float(32), 3, "flow")
    damping = hl.Param(hl.Float(32), "damping")
    tx, ty, c, u, v = hl.Var("tx"), hl.Var("ty"), hl.Var("c"), hl.Var("u"), hl.Var("v")

    whole, part = hl.Func("whole"), hl.Func("part")
    whole[tx, ty, c] = hl.i32(hl.floor(flow[tx, ty, c]))
    part[tx, ty, c] = flow[tx, ty, c] - hl.f32(whole[tx, ty, c])
    weight = hl.Func("weight")
    weight[tx, ty, c, u] = catmull_rom(part[tx, ty, c], u)
    ax = hl.clamp(tx * TILE + PAD + whole[tx, ty, 1], 1, alt.width() - TILE - 2)
    ay = hl.clamp(ty * TILE + PAD + whole[tx, ty, 0], 1, alt.height() - TILE - 2)
    across, warped = hl.Func("across"), hl.Func("warped")
    across[u, v, tx, ty] = sum_of(weight[tx, ty, 1, i] * alt[ax + u + i - 1, ay + v - 1] for i in range(4))
    warped[u, v, tx, ty] = sum_of(weight[tx, ty, 0, i] * across[u, v + i, tx, ty] for i in range(4))

    area = hl.RDom([(0, TILE), (0, TILE)])
    rx, ry = tx * TILE + PAD + area.x, ty * TILE + PAD + area.y
    gx = (ref[rx + 1, ry] - ref[rx - 1, ry]) * 0.5
    gy = (ref[rx, ry + 1] - ref[rx, ry - 1]) * 0.5
    dt = warped[area.x, area.y, tx, ty] - ref[rx, ry]
    terms = [gx * gx, gx * gy, gy * gy, gx * dt, gy * dt, dt * dt]
    parts = []
    for n, term in enumerate(terms):
        f = hl.Func(f"sum{n}")
        f[tx, ty] = 0.0
        f[tx, ty] += term
        parts.append(f)
    n = float(TILE * TILE)
    gxx, gxy, gyy, gxt, gyt, dtt = (f[tx, ty] / n for f in parts)
    a, b = gxx + damping, gyy + damping
    det = hl.max(a * b - gxy * gxy, hl.f32(1e-12))
    sx = hl.clamp(-(b * gxt - gxy * gyt) / det, -1.0, 1.0)
    sy = hl.clamp(-(a * gyt - gxy * gxt) / det, -1.0, 1.0)
    out = hl.Func("lichtbild_align_refine")
    out[tx, ty, c] = hl.mux(c, [flow[tx, ty, 0] + sy, flow[tx, ty, 1] + sx, dtt, gxx + gyy])
    out.bound(c, 0, 4).reorder(c, tx, ty).unroll(c).parallel(ty)
    weight.compute_at(out, tx).bound(c, 0, 2).bound(u, 0, 4)
    across.compute_at(out, tx).vectorize(u, 16)
    warped.compute_at(out, tx).vectorize(u, 16)
    whole.compute_at(out, tx)
    for f in parts:
        f.compute_at(out, tx)
        f.update().atomic().vectorize(area.x, 16)
    return hl.Pipeline([out]), [ref, alt, flow, damping]
