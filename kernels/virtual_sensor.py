"""The virtual sensor: light becomes digital numbers with the noise of photons and electronics.

Random numbers are a hash of the pixel's number and the frame's key, so a frame is the same on every run whatever the
threads do. Photon noise: exact inversion of the Poisson distribution up to a mean of 12 electrons, above that
the Cornish-Fisher expansion of second order (right mean, variance and skewness).
"""

from __future__ import annotations

import math
from typing import Any

import halide as hl

from kernel import kernel

FEW = 12.0  # electrons up to which the distribution is inverted step by step
STEPS = 40  # P(more than 40 | mean 12) < 1e-10


def scrambled(number: Any) -> hl.Expr:
    """A 32-bit hash with good avalanche (multiply and xor-shift, the "lowbias32" constants)."""
    h = number ^ (number >> 16)
    h = h * hl.u32(0x7FEB352D)
    h = h ^ (h >> 15)
    h = h * hl.u32(0x846CA68B)
    return h ^ (h >> 16)


def uniform(number: hl.Expr) -> hl.Expr:
    """The upper 24 bits as a number inside (0, 1), neither end included."""
    return (hl.f32(number >> 8) + 0.5) * (1.0 / 2**24)


@kernel("virtual_sensor", baseline=True)
def virtual_sensor() -> tuple[hl.Pipeline, list[object]]:
    """(h, w) float32 light, 1.0 = white -> (h, w) uint16 digital numbers.

    shading: (4, h', w') float32 gains per CFA site, spanning first to last pixel centre: the light is divided by them.
    electrons: at white.   read: deviation of the read noise, in parts of white.   black, white: levels.
    key: of the frame's noise.   defect_key, defects: of the sensor; share of pixels that are hot.
    """
    light = hl.ImageParam(hl.Float(32), 2, "light")
    shading = hl.ImageParam(hl.Float(32), 3, "shading")
    electrons, read, black, white, defects = (
        hl.Param(hl.Float(32), n) for n in ("electrons", "read", "black", "white", "defects")
    )
    key, defect_key = hl.Param(hl.UInt(32), "key"), hl.Param(hl.UInt(32), "defect_key")
    x, y = hl.Var("x"), hl.Var("y")

    def grid(position: Any, pixels: hl.Expr, points: hl.Expr) -> tuple[hl.Expr, hl.Expr]:
        """Grid cell and part of the way through it."""
        g = hl.f32(position) * (hl.f32(points - 1) / hl.f32(hl.max(pixels - 1, 1)))
        cell = hl.clamp(hl.i32(g), 0, hl.max(points - 2, 0))
        return cell, g - hl.f32(cell)

    rows, columns = shading.dim(1).extent(), shading.dim(0).extent()
    (cy, fy), (cx, fx) = grid(y, light.height(), rows), grid(x, light.width(), columns)
    ny, nx = hl.min(cy + 1, rows - 1), hl.min(cx + 1, columns - 1)
    site = (y & 1) * 2 + (x & 1)
    gain = hl.lerp(
        hl.lerp(shading[cx, cy, site], shading[nx, cy, site], fx),
        hl.lerp(shading[cx, ny, site], shading[nx, ny, site], fx),
        fy,
    )
    fallen = hl.Func("fallen")
    fallen[x, y] = hl.max(light[x, y], 0.0) / gain

    number = hl.u32(y) * hl.u32(light.width()) + hl.u32(x)
    first = scrambled(scrambled(number) + key)
    second = scrambled(first ^ hl.u32(0x9E3779B9))
    third = scrambled(second ^ hl.u32(0x85EBCA6B))
    radius, angle = hl.sqrt(-2.0 * hl.log(uniform(first))), uniform(second) * hl.f32(2 * math.pi)
    normal, other_normal = radius * hl.cos(angle), radius * hl.sin(angle)

    mean = fallen[x, y] * electrons
    low = hl.min(mean, FEW)
    p = hl.exp(-low)
    reached, count, chance = p, hl.f32(0.0), uniform(third)
    for k in range(1, STEPS + 1):
        count = count + hl.select(chance > reached, 1.0, 0.0)
        p = p * (low * hl.f32(1.0 / k))
        reached = reached + p
    # x = mean + sqrt(v) z + (z^2 - 1) / 6; v leaves room for the variance 1/18 of the last term.
    many = mean + hl.sqrt(hl.max(mean - hl.f32(1 / 18), 0.0)) * normal + (normal * normal - 1.0) * hl.f32(1 / 6)
    photons = hl.select(mean < FEW, count, many) / electrons

    fate = scrambled(number ^ defect_key)
    hot = hl.select(uniform(fate) < defects, hl.f32(0.02) + uniform(scrambled(fate ^ hl.u32(0xC2B2AE35))), 0.0)
    value = black + (photons + hot + read * other_normal) * (white - black)
    out = hl.Func("lichtbild_virtual_sensor")
    out[x, y] = hl.u16(hl.clamp(hl.floor(value + 0.5), 0.0, white))
    out.parallel(y, 16).vectorize(x, 16)
    return hl.Pipeline([out]), [light, shading, electrons, read, black, white, key, defect_key, defects]
