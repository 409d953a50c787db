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

    def seen(self, scene: hl.ImageParam, x: Any, y: Any, planes: list[Any]) -> list[hl.Expr]:
        """What of each of the scene's planes falls on the mosaic at (x, y); past its edge the scene stands still."""
        a = self.place
        sx = a[0] * hl.f32(x) + a[1] * hl.f32(y) + a[2]
        sy = a[3] * hl.f32(x) + a[4] * hl.f32(y) + a[5]
        first_x, first_y = hl.floor(sx) - (TAPS // 2 - 1), hl.floor(sy) - (TAPS // 2 - 1)
        wx, wy = self._weights(first_x - sx), self._weights(first_y - sy)
        # Clamped once for all taps: the caller leaves a margin, this only keeps reads inside.
        ix = hl.clamp(hl.i32(first_x), 0, scene.width() - TAPS)
        iy = hl.clamp(hl.i32(first_y), 0, scene.height() - TAPS)
        whole = _sum(wx) * _sum(wy)
        return [
            _sum(
                [wy[j] * _sum([wx[i] * _half(scene[ix + i, iy + j, plane]) for i in range(TAPS)]) for j in range(TAPS)]
            )
            / whole
            for plane in planes
        ]

    def _weights(self, first: hl.Expr) -> list[hl.Expr]:
        found = []
        for i in range(TAPS):
            d = first + i
            window = hl.max(0.0, 1.0 - d * d * hl.f32(4.0 / TAPS**2))
            found.append(hl.fast_exp(-d * d * self.sharpness) * window * window)
        return found


def _half(bits: hl.Expr) -> hl.Expr:
    """The value of a float16 that is not negative, from its bits; no processor feature is needed for it."""
    return hl.reinterpret(hl.Float(32), hl.u32(bits) << 13) * hl.f32(2.0**112)


def _sum(terms: list[hl.Expr]) -> hl.Expr:
    total = terms[0]
    for term in terms[1:]:
        total = total + term
    return total


@kernel("virtual_light")
def virtual_light() -> tuple[hl.Pipeline, list[object]]:
    """(3, H, W) bits of a float16 scene in camera colour -> (h, w) float32 light on the mosaic, 1.0 = white."""
    scene, optics = hl.ImageParam(hl.UInt(16), 3, "scene"), Optics()
    x, y = hl.Var("x"), hl.Var("y")
    light = hl.Func("lichtbild_virtual_light")
    light[x, y] = optics.exposure * optics.seen(scene, x, y, [optics.plane(x, y)])[0]
    light.parallel(y, 8).vectorize(x, 8)
    return hl.Pipeline([light]), [scene, *optics.arguments]


@kernel("virtual_layer")
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
    seen, out = hl.Func("seen"), hl.Func("lichtbild_virtual_layer")
    seen[x, y] = tuple(optics.seen(thing, x + left, y + top, [optics.plane(x + left, y + top), 3]))
    cover = hl.clamp(seen[x, y][1], 0.0, 1.0)
    out[x, y, c] = hl.select(c == 0, before[x, y] * (1.0 - cover) + optics.exposure * seen[x, y][0], cover)
    out.bound(c, 0, 2).reorder(c, x, y).unroll(c).parallel(y, 8).vectorize(x, 8, hl.TailStrategy.GuardWithIf)
    seen.compute_at(out, x).vectorize(x, 8, hl.TailStrategy.GuardWithIf)
    return hl.Pipeline([out]), [thing, before, left, top, *optics.arguments]
