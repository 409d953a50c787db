"""The virtual camera's optics: a scene, moved by the hand, seen through the lens and one colour filter per pixel.

The image is a continuous function: the sum over the scene's samples of a smooth point spread function (a Gaussian
under a biweight window). Every frame samples that one function, so motion between frames is exact at any sub-pixel
offset, and no frame is blurrier than another.
"""

from __future__ import annotations

from typing import Any

import halide as hl

from kernel import kernel

TAPS = 6  # scene samples along each axis that a pixel sees


class Optics:
    """The scalar arguments that both kernels share, in call order, and what a pixel sees through them.

    place: scene x of a mosaic position = place[0] x + place[1] y + place[2], scene y with the other three.
    sharpness: 1 / (2 sigma^2) of the point spread function, in scene samples.   red: place of a red site, 0 or 1.
    """

    def __init__(self) -> None:
        self.place = [hl.Param(hl.Float(32), n) for n in ("sx_x", "sx_y", "sx_0", "sy_x", "sy_y", "sy_0")]
        self.sharpness = hl.Param(hl.Float(32), "sharpness")
        self.red = [hl.Param(hl.Int(32), n) for n in ("red_y", "red_x")]
        self.exposure = hl.Param(hl.Float(32), "exposure")
        self.arguments = [*self.place, self.sharpness, *self.red, self.exposure]

    def plane(self, x: Any, y: Any) -> hl.Expr:
        """0, 1, 2 for a red, green or blue site, by its steps from red."""
        return ((y ^ self.red[0]) & 1) + ((x ^ self.red[1]) & 1)

    def seen(self, scene: hl.ImageParam, x: hl.Var, y: hl.Var, offset: list[Any], planes: list[Any]) -> hl.Func:
        """What of each plane of the scene falls on the mosaic at (x, y) + offset, and last the sum of all weights.

        Past its edge the scene stands still. The rows of the point spread function are a loop, so the code stays small.
        """
        a = self.place
        px, py = hl.f32(x + offset[0]), hl.f32(y + offset[1])
        sx = a[0] * px + a[1] * py + a[2]
        sy = a[3] * px + a[4] * py + a[5]
        first_x, first_y = hl.floor(sx) - (TAPS // 2 - 1), hl.floor(sy) - (TAPS // 2 - 1)
        across = [self._weight(first_x - sx + i) for i in range(TAPS)]
        # Clamped once for all taps: the caller leaves a margin, this only keeps reads inside.
        ix = hl.clamp(hl.i32(first_x), 0, scene.width() - TAPS)
        iy = hl.clamp(hl.i32(first_y), 0, scene.height() - TAPS)
        found = hl.Func("seen")
        found[x, y] = tuple(hl.f32(0) for _ in (*planes, None))
        row = hl.RDom([(0, TAPS)], "row")
        down = self._weight(first_y - sy + hl.f32(row.x))
        sums = [_sum([w * _half(scene[ix + i, iy + row.x, p]) for i, w in enumerate(across)]) for p in planes]
        before = found[x, y]
        found[x, y] = tuple(before[n] + down * v for n, v in enumerate([*sums, _sum(across)]))
        found.update().reorder(x, row.x, y)
        return found

    def _weight(self, distance: hl.Expr) -> hl.Expr:
        window = hl.max(0.0, 1.0 - distance * distance * hl.f32(4.0 / TAPS**2))
        return hl.fast_exp(-distance * distance * self.sharpness) * window * window


def _half(bits: hl.Expr) -> hl.Expr:
    """The value of a float16 that is not negative, from its bits; no processor feature is needed for it."""
    return hl.reinterpret(hl.Float(32), hl.u32(bits) << 13) * hl.f32(2.0**112)


def _sum(terms: list[hl.Expr]) -> hl.Expr:
    total = terms[0]
    for term in terms[1:]:
        total = total + term
    return total


@kernel("virtual_light", baseline=True)
def virtual_light() -> tuple[hl.Pipeline, list[object]]:
    """(3, H, W) bits of a float16 scene in camera colour -> (h, w) float32 light on the mosaic, 1.0 = white."""
    scene, optics = hl.ImageParam(hl.UInt(16), 3, "scene"), Optics()
    x, y = hl.Var("x"), hl.Var("y")
    light = hl.Func("lichtbild_virtual_light")
    seen = optics.seen(scene, x, y, [0, 0], [optics.plane(x, y)])
    light[x, y] = optics.exposure * seen[x, y][0] / seen[x, y][1]
    light.parallel(y, 8).vectorize(x, 16)
    seen.compute_at(light, x).vectorize(x, 16)
    seen.update().vectorize(x, 16)
    return hl.Pipeline([light]), [scene, *optics.arguments]


@kernel("virtual_layer", baseline=True)
def virtual_layer() -> tuple[hl.Pipeline, list[object]]:
    """One moving thing put before the light in a window of the mosaic.

    thing: (4, H, W) bits of float16: camera colour times cover, cover; bare at its edges.
    before: (h, w) float32, the window's light.   left, top: where the window lies in the mosaic.
    -> (2, h, w) float32: the new light; how much is covered.
    """
    thing, optics = hl.ImageParam(hl.UInt(16), 3, "thing"), Optics()
    before = hl.ImageParam(hl.Float(32), 2, "before")
    left, top = hl.Param(hl.Int(32), "left"), hl.Param(hl.Int(32), "top")
    x, y, c = hl.Var("x"), hl.Var("y"), hl.Var("c")
    out = hl.Func("lichtbild_virtual_layer")
    seen = optics.seen(thing, x, y, [left, top], [optics.plane(x + left, y + top), 3])
    light, cover = (seen[x, y][n] / seen[x, y][2] for n in (0, 1))
    cover = hl.clamp(cover, 0.0, 1.0)
    out[x, y, c] = hl.select(c == 0, before[x, y] * (1.0 - cover) + optics.exposure * light, cover)
    guard = hl.TailStrategy.GuardWithIf
    out.bound(c, 0, 2).reorder(c, x, y).unroll(c).parallel(y, 8).vectorize(x, 16, guard)
    seen.compute_at(out, x).vectorize(x, 16, guard)
    seen.update().vectorize(x, 16, guard)
    return hl.Pipeline([out]), [thing, before, left, top, *optics.arguments]
