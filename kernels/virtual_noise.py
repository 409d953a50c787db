"""The painter's textures: fractal noise and cells at any places, filtered by how finely they are sampled.

Noise: gradient noise (Perlin 2002), octaves turned against each other so that the lattice does not show. Cells: the
two nearest of points scattered one per square (Worley 1996).
"""

from __future__ import annotations

import math
from typing import Any

import halide as hl

from kernel import kernel
from virtual_sensor import scrambled

TURN = math.radians(37.0)


def _lattice(ix: Any, iy: Any, seed: Any) -> hl.Expr:
    """Hash of a lattice point."""
    return scrambled(hl.u32(ix) * hl.u32(0x8DA6B343) ^ hl.u32(iy) * hl.u32(0xD8163841) ^ seed)


def _gradient(ix: Any, iy: Any, dx: Any, dy: Any, seed: Any) -> hl.Expr:
    """One of 16 bit-chosen slopes at a lattice point times the way from it."""
    h = _lattice(ix, iy, seed)
    a = hl.f32(hl.i32(h & 0xFF)) * hl.f32(2 / 255) - 1.0
    b = hl.f32(hl.i32((h >> 8) & 0xFF)) * hl.f32(2 / 255) - 1.0
    return a * dx + b * dy


def _quintic(t: Any) -> hl.Expr:
    return t * t * t * (t * (t * 6.0 - 15.0) + 10.0)


@kernel("virtual_noise", baseline=True)
def virtual_noise() -> tuple[hl.Pipeline, list[object]]:
    """Places u, v and sampling distances step, all (h, w) float32 -> (h, w) float32 noise of about -1..1, mean 0.

    octaves: their number; each is twice as fine and `gain` times as strong, and fades out before it would alias.
    ridged: 0 gives smooth noise, 1 folds each octave into crests.
    """
    u, v, step = (hl.ImageParam(hl.Float(32), 2, n) for n in ("u", "v", "step"))
    octaves, seed = hl.Param(hl.Int(32), "octaves"), hl.Param(hl.UInt(32), "seed")
    gain, ridged = hl.Param(hl.Float(32), "gain"), hl.Param(hl.Float(32), "ridged")
    x, y = hl.Var("x"), hl.Var("y")
    out, state = hl.Func("lichtbild_virtual_noise"), hl.Func("state")
    # sum, strength, fineness, u, v
    state[x, y] = (hl.f32(0), hl.f32(1), hl.f32(1), u[x, y], v[x, y])
    k = hl.RDom([(0, octaves)], "octave")
    total, strength, fineness, pu, pv = (state[x, y][i] for i in range(5))
    fu, fv = hl.floor(pu), hl.floor(pv)
    iu, iv, du, dv = hl.i32(fu), hl.i32(fv), pu - fu, pv - fv
    salt = seed + hl.u32(k.x) * hl.u32(0x9E3779B9)
    corners = [_gradient(iu + i, iv + j, du - i, dv - j, salt) for j in (0, 1) for i in (0, 1)]
    su, sv = _quintic(du), _quintic(dv)
    value = hl.lerp(hl.lerp(corners[0], corners[1], su), hl.lerp(corners[2], corners[3], su), sv) * hl.f32(1.7)
    crest = hl.f32(0.7) - 2.0 * hl.abs(value)
    value = hl.lerp(value, crest, ridged)
    visible = hl.clamp(2.0 - 4.0 * fineness * step[x, y], 0.0, 1.0)
    c, s = hl.f32(2 * math.cos(TURN)), hl.f32(2 * math.sin(TURN))
    state[x, y] = (
        total + value * strength * visible,
        strength * gain + 0.0 * hl.f32(k.x),
        fineness * 2.0,
        pu * c - pv * s + hl.f32(17.3),
        pu * s + pv * c + hl.f32(5.7),
    )
    out[x, y] = state[x, y][0]
    out.vectorize(x, 16, hl.TailStrategy.GuardWithIf)
    state.compute_at(out, x).vectorize(x, 16, hl.TailStrategy.GuardWithIf)
    state.update().reorder(x, k.x, y).vectorize(x, 16, hl.TailStrategy.GuardWithIf)
    return hl.Pipeline([out]), [u, v, step, octaves, gain, ridged, seed]


@kernel("virtual_cells", baseline=True)
def virtual_cells() -> tuple[hl.Pipeline, list[object]]:
    """Places u, v, (h, w) float32 -> (5, h, w) float32: distance to the nearest point, to the second nearest,
    a random number 0..1 of the nearest, and the way (du, dv) from it.

    scatter: 0 puts the points at the squares' centres, 1 anywhere in them.
    """
    u, v = (hl.ImageParam(hl.Float(32), 2, n) for n in ("u", "v"))
    scatter, seed = hl.Param(hl.Float(32), "scatter"), hl.Param(hl.UInt(32), "seed")
    x, y, c = hl.Var("x"), hl.Var("y"), hl.Var("c")
    fu, fv = hl.floor(u[x, y]), hl.floor(v[x, y])
    state, out = hl.Func("found"), hl.Func("lichtbild_virtual_cells")
    state[x, y] = (hl.f32(9), hl.f32(9), hl.f32(0), hl.f32(0), hl.f32(0))
    r = hl.RDom([(-1, 3), (-1, 3)], "around")
    h = _lattice(hl.i32(fu) + r.x, hl.i32(fv) + r.y, seed)
    place = [hl.f32(hl.i32((h >> n) & 0x3FF)) * hl.f32(1 / 1023) - 0.5 for n in (0, 10)]
    du = u[x, y] - fu - hl.f32(r.x) - 0.5 - scatter * place[0]
    dv = v[x, y] - fv - hl.f32(r.y) - 0.5 - scatter * place[1]
    distance = hl.sqrt(du * du + dv * dv)
    number = hl.f32(hl.i32(scrambled(h) >> 8)) * hl.f32(1 / 2**24)
    first, second = state[x, y][0], state[x, y][1]
    nearer = distance < first
    state[x, y] = (
        hl.min(first, distance),
        hl.select(nearer, first, hl.min(second, distance)),
        hl.select(nearer, number, state[x, y][2]),
        hl.select(nearer, du, state[x, y][3]),
        hl.select(nearer, dv, state[x, y][4]),
    )
    out[x, y, c] = hl.mux(c, [state[x, y][i] for i in range(5)])
    out.bound(c, 0, 5).reorder(c, x, y).unroll(c).vectorize(x, 16, hl.TailStrategy.GuardWithIf)
    state.compute_at(out, x).vectorize(x, 16, hl.TailStrategy.GuardWithIf)
    state.update().reorder(x, r.x, r.y, y).vectorize(x, 16, hl.TailStrategy.GuardWithIf)
    return hl.Pipeline([out]), [u, v, scatter, seed]
