"""Find a chart of 24 patches (6 x 4, on a dark card) anywhere in a picture: turned, tilted, upside down, in half shade.

Even parts of the picture are gathered at several thresholds and sizes (`components`), put into grids (`chart_grid`),
and every 6 x 4 window of a grid is compared with the chart's colours in all orientations. Colours are compared by how
they vary over the chart, so that neither exposure nor white balance matter.
"""

from __future__ import annotations

import math
from itertools import product

import numpy as np
import numpy.typing as npt

from lichtbild.carriers import FloatImage
from lichtbild.color import Floats
from lichtbild.errors import MeasureError
from lichtbild.measure.chart_grid import Grid, apply, fit_homography, grids
from lichtbild.measure.chart_likeness import likeness
from lichtbild.measure.chart_values import CENTRES, COLUMNS, ROWS, linear_srgb, reference
from lichtbild.measure.components import Parts, patches
from lichtbild.measure.image import MeasuredImage
from lichtbild.record import field, record

LONG_EDGES = (900, 1800, 4000, 500, 330, 200)  # sizes of the picture that are searched, one by one; the last for noise
THRESHOLDS = (0.025, 0.05, 0.09, 0.15)  # of encoded light, by which a patch may vary over three pixels
_WORTH, _SAME = 0.01, 0.002  # likeness that a change of place must bring, and that says nothing
INNER = 0.5  # of a patch's width, its part that is measured
_CERTAIN, _SURE, _LIKELY = 0.94, 0.85, 0.72  # likeness at which the search ends at once, soon, and that counts at all
_GRIDS = 12  # that are tried at each threshold
_SIDES = ((-0.5, -0.5), (COLUMNS - 0.5, -0.5), (COLUMNS - 0.5, ROWS - 0.5), (-0.5, ROWS - 0.5))


@record
class Patch:
    """number: 1 (dark skin) to 24 (black).   centre: (x, y) pixels.   linear: mean linear RGB of its middle, in the
    picture's own primaries.   deviation: of its pixels.   clipped: share of pixels with a channel at white."""

    number: int
    centre: tuple[float, float]
    linear: tuple[float, float, float]
    deviation: tuple[float, float, float]
    clipped: float


@record
class Chart:
    """corners: (x, y) of the outline of the 24 patches: top left (at dark skin), top right, bottom right (at black),
    bottom left, as one reads the chart.   likeness: 0 to 1, of its colours with the chart's.   homography: (3, 3),
    (column, row) of a patch to (x, y)."""

    corners: tuple[tuple[float, float], ...]
    patches: tuple[Patch, ...]
    likeness: float
    homography: Floats = field(repr=False, metadata={"json": False})

    @property
    def linear(self) -> Floats:
        """(24, 3) linear RGB of the patches."""
        return np.array([p.linear for p in self.patches])


def find_chart(image: MeasuredImage) -> Chart:
    """The chart in a picture, with its patches measured. Raises `MeasureError` where none is found."""
    wanted = linear_srgb(reference())
    best: tuple[float, Floats] | None = None
    encoded = image.srgb
    tried = set()
    for edge in LONG_EDGES:
        factor = max(1, round(max(image.shape) / edge))
        if factor in tried:
            continue
        tried.add(factor)
        small = _reduced(encoded, factor)
        found = _best_window(small, wanted)
        if found and (best is None or found[0] > best[0]):
            # Pixel centres of the reduced picture in the full one.
            up = np.array([[factor, 0, (factor - 1) / 2], [0, factor, (factor - 1) / 2], [0, 0, 1.0]])
            best = found[0], up @ found[1]
        if best and best[0] > _SURE:
            break
    if best is None or best[0] < _LIKELY:
        raise MeasureError(
            f"{image.name}: no 24-patch chart is found; show the whole chart sharp and evenly lit, "
            "a tenth of the picture's width at least"
        )
    return read_chart(image, best[1], best[0])


def read_chart(image: MeasuredImage, homography: Floats, likeness: float = 1.0) -> Chart:
    """The patches of a chart whose place is known. homography: (column, row) of patch centres to pixels (x, y)."""
    corners = apply(homography, np.array(_SIDES))
    places = apply(homography, CENTRES)
    found = []
    top = 0.998
    for k, centre in enumerate(places):
        pixels = _middle(image.linear, homography, CENTRES[k])
        order = np.sort(pixels, axis=0)
        cut = len(order) // 10
        kept = order[cut : len(order) - cut] if len(order) > 20 else order
        mean, deviation = kept.mean(0, dtype=np.float64), pixels.std(0, dtype=np.float64)
        red, green, blue = (float(v) for v in mean)
        dr, dg, db = (float(v) for v in deviation)
        clipped = float((pixels >= top).any(1).mean())
        found.append(Patch(k + 1, (float(centre[0]), float(centre[1])), (red, green, blue), (dr, dg, db), clipped))
    return Chart(tuple((float(x), float(y)) for x, y in corners), tuple(found), likeness, homography)


def _middle(linear: FloatImage, homography: Floats, centre: Floats) -> npt.NDArray[np.float32]:
    """(n, 3) pixels of the middle of a patch."""
    corner = apply(homography, centre + np.array([(-0.5, -0.5), (0.5, -0.5), (-0.5, 0.5)]) * INNER * 0.87)
    across, down = (float(np.hypot(*(corner[i] - corner[0]))) for i in (1, 2))
    steps = [np.linspace(-0.5, 0.5, min(max(3, round(n)), 80)) * INNER * 0.87 for n in (across, down)]
    grid = centre + np.stack(np.meshgrid(*steps), -1).reshape(-1, 2)
    at = np.rint(apply(homography, grid)).astype(int)
    h, w = linear.shape[:2]
    return np.asarray(linear[np.clip(at[:, 1], 0, h - 1), np.clip(at[:, 0], 0, w - 1)], np.float32)


def _reduced(encoded: FloatImage, factor: int) -> FloatImage:
    """Means of factor x factor pixels."""
    if factor == 1:
        return encoded
    h, w = (n // factor for n in encoded.shape[:2])
    cut = encoded[: h * factor, : w * factor]
    rows = sum(cut[i::factor] for i in range(factor))
    columns: FloatImage = sum(np.asarray(rows)[:, i::factor] for i in range(factor))  # type: ignore[assignment]
    return np.asarray(columns / np.float32(factor * factor), np.float32)


def variation(encoded: FloatImage) -> FloatImage:
    """(h, w) how much the strongest channel varies over 3 x 3 pixels."""
    out = np.zeros(encoded.shape[:2], np.float32)
    for c in range(3):
        plane = np.pad(encoded[..., c], 1, mode="edge")
        high, low = (f(f(plane[:, :-2], plane[:, 1:-1]), plane[:, 2:]) for f in (np.maximum, np.minimum))
        high = np.maximum(np.maximum(high[:-2], high[1:-1]), high[2:])
        low = np.minimum(np.minimum(low[:-2], low[1:-1]), low[2:])
        np.maximum(out, high - low, out=out)
    return out


def _best_window(small: FloatImage, wanted: Floats) -> tuple[float, Floats] | None:
    """(likeness, homography) of the best window of all grids in a reduced picture."""
    h, w = small.shape[:2]
    most = 0.05 * h * w  # a chart that fills the picture has patches of 0.04
    best: tuple[float, Floats] | None = None
    pool: list[Parts] = []
    rough = variation(small)
    thresholds = THRESHOLDS if max(h, w) <= LONG_EDGES[1] * 1.3 else THRESHOLDS[1:3]  # in full size it takes seconds
    for threshold in thresholds:
        parts = patches(rough < threshold, 12, most)
        pool.append(parts)
        for candidates in [parts] if len(pool) < len(thresholds) else [parts, _joined(pool)]:
            if not 6 <= len(candidates.area) <= 2000:
                continue
            for n, grid in enumerate(grids(candidates)):
                found = _likest(small, grid, wanted)
                if found and (best is None or found[0] > best[0]):
                    best = found
                if n + 1 >= _GRIDS or (best and best[0] > _CERTAIN):
                    break
        if best and best[0] > _SURE:
            break
    return _refined(small, best, pool, wanted) if best else None


def _refined(small: FloatImage, found: tuple[float, Floats], pool: list[Parts], wanted: Floats) -> tuple[float, Floats]:
    """The window with the perspective of all patches that lie at its places, where that makes its colours likelier:
    grids of a strongly tilted chart begin without perspective, and may end so."""
    parts = _joined(pool)
    first, homography = found
    known = 0
    for _ in range(8):
        try:
            q = apply(np.linalg.inv(homography).astype(np.float64), parts.centre)
        except np.linalg.LinAlgError:
            break
        at = np.rint(q)
        miss = np.abs(q - at).max(1)
        near = np.nonzero((at >= 0).all(1) & (at < (COLUMNS, ROWS)).all(1) & (miss < 0.4))[0]
        taken: dict[tuple[int, int], int] = {}
        for n in near[np.argsort(miss[near])]:
            taken.setdefault((int(at[n, 0]), int(at[n, 1])), int(n))
        if len(taken) < max(8, known):
            break
        known = len(taken)
        homography = fit_homography(np.array(list(taken)), parts.centre[list(taken.values())])
        score = likeness(small, homography, wanted)
        if score is not None and score > max(first + _WORTH, found[0] - _SAME):
            found = score, homography
    return found


def _joined(pool: list[Parts]) -> Parts:
    """Patches of all thresholds, each once: of those with one centre the largest."""
    centre, area, covariance = (np.concatenate([getattr(p, n) for p in pool]) for n in ("centre", "area", "covariance"))
    kept: list[int] = []
    for i in np.argsort(-area):
        near = kept and np.min(np.hypot(*(centre[kept] - centre[i]).T)) < 0.35 * math.sqrt(area[i])
        if not near:
            kept.append(int(i))
        if len(kept) > 1500:
            break
    return Parts(centre[kept], area[kept], covariance[kept])


def _likest(small: FloatImage, grid: Grid, wanted: Floats) -> tuple[float, Floats] | None:
    """The window and orientation of a grid whose colours are most like the chart's."""
    low, high = grid.places.min(0), grid.places.max(0)
    taken = {(int(a), int(b)) for a, b in grid.places}
    best: tuple[float, Floats] | None = None
    for across, down in ((COLUMNS, ROWS), (ROWS, COLUMNS)):
        starts = [range(int(low[i]) - n + 3, int(high[i]) - 1) for i, n in ((0, across), (1, down))]
        for left, top in product(*starts):
            inside = sum((left + i, top + j) in taken for i in range(across) for j in range(down))
            if inside < max(6, 0.6 * len(taken)):
                continue
            for move in _orientations(left, top, across, down):
                homography = grid.homography @ move
                score = likeness(small, homography, wanted)
                if score is not None and (best is None or score > best[0]):
                    best = score, homography
    return best


def _orientations(left: int, top: int, across: int, down: int) -> list[Floats]:
    """Maps from the chart's (column, row) to the grid's, for a window and all ways to lay the chart on it."""
    moves = []
    for sx, sy in product((1, -1), (1, -1)):
        x0 = left if sx > 0 else left + across - 1
        y0 = top if sy > 0 else top + down - 1
        if across == COLUMNS:
            moves.append(np.array([[sx, 0, x0], [0, sy, y0], [0, 0, 1.0]]))
        else:
            moves.append(np.array([[0, sx, x0], [sy, 0, y0], [0, 0, 1.0]]))
    return moves
