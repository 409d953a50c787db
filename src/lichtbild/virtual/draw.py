"""A sheet to paint on and the shapes for it, as signed distances (negative inside), with smooth edges.

Shapes follow the standard closed forms for distances to boxes, segments and circles (Hart 1996).
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from lichtbild.virtual.field import Field

Box = tuple[float, float, float, float]  # top, left, bottom, right
Shade = Callable[[Field, Field], tuple[Field, "Field | tuple[float, ...]"]]


class Sheet:
    """A band of a picture while it is painted; layers are laid over each other from the back to the front.

    y (n, 1), x (1, m): places.   pixel: distance between them.   light: (n, m, 3) float32.
    cover: (n, m) float32 when the sheet is a mover's, of which the ground shows through; None for a scene.
    """

    def __init__(self, y: Field, x: Field, pixel: float, *, bare: bool = False) -> None:
        self.y, self.x, self.pixel = y, x, pixel
        shape = (y.shape[0], x.shape[1])
        self.light = np.zeros((*shape, 3), np.float32)
        self.cover = np.zeros(shape, np.float32) if bare else None

    def window(self, box: Box) -> tuple[slice, slice] | None:
        """The part of the sheet inside a box; None when there is none."""
        margin = 2 * self.pixel
        y0, y1 = np.searchsorted(self.y[:, 0], (box[0] - margin, box[2] + margin))
        x0, x1 = np.searchsorted(self.x[0], (box[1] - margin, box[3] + margin))
        return (slice(int(y0), int(y1)), slice(int(x0), int(x1))) if y0 < y1 and x0 < x1 else None

    def lay(self, box: Box, shade: Shade) -> None:
        """Paint over a box: `shade(y, x)` gives cover 0..1 and light, of the window or one colour."""
        found = self.window(box)
        if found is None:
            return
        rows, columns = found
        cover, light = shade(self.y[rows], self.x[:, columns])
        part = self.light[found]
        part += cover[..., None] * (np.asarray(light, np.float32) - part)
        if self.cover is not None:
            self.cover[found] += cover * (1 - self.cover[found])

    def glow(self, box: Box, shade: Callable[[Field, Field], Field]) -> None:
        """Add light (n, m, 3) in a box."""
        found = self.window(box)
        if found is not None:
            self.light[found] += shade(self.y[found[0]], self.x[:, found[1]])

    def fill(self, box: Box, distance: Callable[[Field, Field], Field], light: tuple[float, ...]) -> None:
        """Paint a shape in one colour."""
        self.lay(box, lambda y, x: (inside(distance(y, x), self.pixel), light))

    def finished(self) -> Field:
        """(n, m, 3), or for a mover (n, m, 4) with the cover."""
        return self.light if self.cover is None else np.concatenate([self.light, self.cover[..., None]], -1)


def inside(distance: Field, pixel: Field | float) -> Field:
    """Cover of a shape whose edge runs through a pixel."""
    return np.asarray(np.clip(0.5 - distance / pixel, 0.0, 1.0), np.float32)


def smooth(low: float, high: float, value: Field) -> Field:
    """0 below `low`, 1 above `high`, a smooth step between (also downwards, when low > high)."""
    t = np.clip((value - low) / (high - low), 0.0, 1.0)
    return np.asarray(t * t * (3 - 2 * t), np.float32)


def mix(a: Field | float, b: Field | float, t: Field) -> Field:
    """a where t is 0, b where it is 1; t (n, m) also mixes colours (..., 3)."""
    a, b = np.asarray(a, np.float32), np.asarray(b, np.float32)
    if (a.ndim and a.shape[-1] == 3) or (b.ndim and b.shape[-1] == 3):
        t = t[..., None]
    return np.asarray(a + t * (b - a), np.float32)


def circle(y: Field, x: Field, cy: float, cx: float, radius: float) -> Field:
    """Signed distance from a circle, negative inside."""
    return np.asarray(np.hypot(y - cy, x - cx) - radius, np.float32)


def rectangle(y: Field, x: Field, box: Box, corner: float = 0.0) -> Field:
    """A box with rounded corners."""
    dy = np.abs(y - (box[0] + box[2]) / 2) - (box[2] - box[0]) / 2 + corner
    dx = np.abs(x - (box[1] + box[3]) / 2) - (box[3] - box[1]) / 2 + corner
    outside = np.hypot(np.maximum(dy, 0), np.maximum(dx, 0))
    return np.asarray(outside + np.minimum(np.maximum(dy, dx), 0) - corner, np.float32)


def segment(y: Field, x: Field, a: tuple[float, float], b: tuple[float, float]) -> Field:
    """Distance to the line from a to b, both (y, x)."""
    ey, ex = b[0] - a[0], b[1] - a[1]
    dy, dx = y - a[0], x - a[1]
    t = np.clip((dy * ey + dx * ex) / max(ey * ey + ex * ex, 1e-12), 0, 1)
    return np.asarray(np.hypot(dy - t * ey, dx - t * ex), np.float32)


def polygon(y: Field, x: Field, points: list[tuple[float, float]]) -> Field:
    """A closed polygon of (y, x) corners, by the even-odd rule."""
    y, x = np.broadcast_arrays(y, x)
    near = np.full(y.shape, np.inf, np.float32)
    within = np.zeros(y.shape, np.bool_)
    for a, b in zip(points, [*points[1:], points[0]], strict=True):
        near = np.minimum(near, segment(y, x, a, b))
        crosses = (y < a[0]) != (y < b[0])
        if a[0] != b[0]:
            within ^= crosses & (x < a[1] + (y - a[0]) * ((b[1] - a[1]) / (b[0] - a[0])))
    return np.asarray(np.where(within, -near, near), np.float32)


def rgb(code: str, strength: float = 1.0) -> tuple[float, float, float]:
    """Light of an sRGB colour code "#d0a080", in linear Rec. 2020."""
    from lichtbild import color

    encoded = [int(code[i : i + 2], 16) / 255 for i in (1, 3, 5)]
    linear = color.convert("srgb", "rec2020") @ color.decode_srgb(encoded) * strength
    return float(linear[0]), float(linear[1]), float(linear[2])
