"""Halos at strong edges: how far the picture leaves its own level near an edge, where the truth does not.

Profiles across the strongest straight edges of the truth. What the picture has more of than the truth, near the edge
against far from it, is in per cent of the edge's height: over on the bright side and under on the dark side.
`ringing` looks at 1 to 4 pixels, where sharpening shows; `halo` at 4 to 32, where local tone mapping does.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from lichtbild.measure.filters import Plane, blurred
from lichtbild.record import record

REACH = 48  # pixels of a profile on each side
NEAR, MIDDLE, FAR = (1.0, 4.0), (4.0, 32.0), (36.0, 48.0)
_STEP = 0.15  # of encoded range: the least height of a strong edge
_MOST = 1500  # profiles
_EVEN = 0.25  # of the step, the most by which a side of the truth may vary
_CLIPPED = 0.995


@record
class Halo:
    """In per cent of the edge's height; positive where the bright side is lifted and the dark side pressed.

    ringing, halo: medians over the profiles.   profiles: their number; with none all are NaN.
    curve: (pixels across the edge, median difference from the truth in per cent), for the plot.
    """

    ringing: float
    halo: float
    profiles: int
    curve: tuple[tuple[float, float], ...]


def halo_at_edges(image: Plane, truth: Plane) -> Halo:
    """Of luma planes 0..1 of one size."""
    nothing = Halo(float("nan"), float("nan"), 0, ())
    places = _strong_edges(truth)
    if not len(places):
        return nothing
    t = np.arange(-REACH, REACH + 1, dtype=np.float64)
    y, x, ny, nx = (places[:, i, None] for i in range(4))
    at = y + t * ny, x + t * nx
    true, seen = _sampled(truth, *at), _sampled(image, *at)
    dark_far, bright_far = (np.abs(t + s * 42) <= 6 for s in (1, -1))
    low, high = true[:, dark_far].mean(1), true[:, bright_far].mean(1)
    step = high - low
    dark, bright = (t < -3), (t > 3)
    spread = [np.ptp(np.quantile(true[:, side], [0.1, 0.9], axis=1), axis=0) for side in (dark, bright)]
    good = (step > _STEP) & (np.maximum(*spread) < _EVEN * np.maximum(step, 1e-6)) & (true[:, bright].max(1) < _CLIPPED)
    if good.sum() < 10:
        return nothing
    # In the picture's own contrast: a curve may have made the edge higher or lower.
    own = seen[good][:, bright_far].mean(1) - seen[good][:, dark_far].mean(1)
    usable = own > 0.25 * step[good]
    if usable.sum() < 10:
        return nothing
    own = own[usable, None]
    normal = (seen[good][usable] - seen[good][usable][:, dark_far].mean(1)[:, None]) / own
    wanted = ((true[good] - low[good, None]) / step[good, None])[usable]
    away = normal - wanted
    curve = 100 * np.median(away, axis=0)

    def index(span: tuple[float, float]) -> float:
        over = away[:, (t >= span[0]) & (t <= span[1])]
        under = -away[:, (t <= -span[0]) & (t >= -span[1])]
        # Along a halo all goes one way, so means tell it from noise; ringing is its peak of the median profile.
        return float(50 * (np.median(over.mean(1)) + np.median(under.mean(1))))

    peaks = [
        float(curve[(t >= NEAR[0]) & (t <= NEAR[1])].max()),
        float(-curve[(t <= -NEAR[0]) & (t >= -NEAR[1])].min()),
    ]
    points = tuple((float(a), float(b)) for a, b in zip(t, curve, strict=True))
    return Halo(max(0.0, float(np.mean(peaks))), index(MIDDLE), int(usable.sum()), points)


def _strong_edges(truth: Plane) -> npt.NDArray[np.float64]:
    """(n, 4) y, x and the normal towards the bright side, of ridges of the gradient of the softened truth."""
    soft = blurred(truth, 1.5)
    gy, gx = np.zeros_like(soft), np.zeros_like(soft)
    gy[1:-1], gx[:, 1:-1] = (soft[2:] - soft[:-2]) / 2, (soft[:, 2:] - soft[:, :-2]) / 2
    size = np.hypot(gy, gx)
    size[:REACH], size[-REACH:], size[:, :REACH], size[:, -REACH:] = 0, 0, 0, 0
    if min(truth.shape) <= 2 * REACH + 2:
        return np.zeros((0, 4))
    strong = size > _STEP / 5
    ridge = strong & (size >= np.roll(size, 1, 1)) & (size >= np.roll(size, -1, 1)) & (np.abs(gx) >= np.abs(gy))
    ridge |= strong & (size >= np.roll(size, 1, 0)) & (size >= np.roll(size, -1, 0)) & (np.abs(gy) > np.abs(gx))
    places = np.argwhere(ridge)
    places = places[:: max(1, len(places) // (4 * _MOST))]
    y, x = places.T
    length = size[y, x]
    return np.stack([y, x, gy[y, x] / length, gx[y, x] / length], 1).astype(np.float64)


def _sampled(plane: Plane, y: npt.NDArray[np.float64], x: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    """Bilinear samples; places outside are brought to the border."""
    h, w = plane.shape
    y, x = np.clip(y, 0, h - 1.001), np.clip(x, 0, w - 1.001)
    i, j = y.astype(int), x.astype(int)
    fy, fx = y - i, x - j
    top = plane[i, j] * (1 - fx) + plane[i, j + 1] * fx
    bottom = plane[i + 1, j] * (1 - fx) + plane[i + 1, j + 1] * fx
    return np.asarray(top * (1 - fy) + bottom * fy, np.float64)
