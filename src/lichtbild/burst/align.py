"""Where each part of the reference is found in another frame.

Coarse-to-fine tile matching (Hasinoff et al. 2016) on noise-normalised grey pyramids, refined below a pixel by
Lucas-Kanade steps, and steadied by a robust fit of one camera motion: a tile keeps a motion of its own only if
that explains its pixels clearly better than the camera's does.
"""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import numpy.typing as npt

from lichtbild import native
from lichtbild.carriers import FloatImage, Frame
from lichtbild.record import record

TILE = 16  # grey pixels; 32 mosaic pixels
PAD = 32  # as in kernels/burst_align.py
REACH = (1, 2, 2, 2, 2)  # pixels searched at each level, finest first, around what the coarser level found
LEVELS = 6  # of a pyramid, at most
SHAKE = 120  # mosaic pixels that the coarsest level searches in each direction
NOISE_GRADIENT = 0.117  # mean squared gradient of a grey level that holds nothing but noise of variance 1 per quad
STEPS = 2  # in which all tiles refine the camera's motion together
UNSURE = 0.02  # squared error of a tile's motion, in grey pixels, where its gradient is as strong as the noise
DETAILED = 1.3 * NOISE_GRADIENT  # what noise alone hardly ever reaches in a tile (its deviation is 0.15 of it)


@record
class GrayScale:
    """How digital numbers become grey: x = (value - black) * gain in the reference's 0..1, capped, then
    stretch * sqrt(x + shift), whose noise has a standard deviation near 1 for a quad of the reference."""

    cap: float
    shift: float
    stretch: float


def gray_scale(frame: Frame, cap: float = 1.0) -> GrayScale:
    """The variance-stabilising scale of the reference's noise profile, averaged over a quad."""
    scale = (frame.noise_profile.scale[0] + 2 * frame.noise_profile.scale[1] + frame.noise_profile.scale[2]) / 4
    offset = (frame.noise_profile.offset[0] + 2 * frame.noise_profile.offset[1] + frame.noise_profile.offset[2]) / 4
    scale, offset = max(scale, 1e-8), max(offset, 1e-12)
    # A quad's mean has a quarter of the variance; d sqrt(x + s) = dx / (2 sqrt(x + s)).
    return GrayScale(cap=cap, shift=offset / scale, stretch=4.0 / scale**0.5)


def _empty_pyramid(height: int, width: int) -> list[FloatImage]:
    levels = [np.empty((height + 2 * PAD, width + 2 * PAD), np.float32)]
    while min(height, width) >= 4 * TILE and len(levels) < LEVELS:
        height, width = height // 2, width // 2
        levels.append(np.empty((height + 2 * PAD, width + 2 * PAD), np.float32))
    return levels


def pyramid(
    frame: Frame, scale: GrayScale, light: float | FloatImage = 1.0, memory: list[FloatImage] | None = None
) -> list[FloatImage]:
    """Padded grey levels, finest (half size) first. `light` brings the frame, or each of its rows of quads, to the
    reference's exposure; memory: the levels of another frame of this size, which are overwritten."""
    height, width = frame.mosaic.shape[0] // 2, frame.mosaic.shape[1] // 2
    black = sum(frame.black_level) / 4
    levels = memory or _empty_pyramid(height, width)
    native.call(
        "align_gray",
        frame.mosaic[: 2 * height, : 2 * width],
        black,
        np.broadcast_to(np.float32(light) / np.float32(frame.white_level - black), height).astype(np.float32),
        scale.cap,
        scale.shift,
        scale.stretch,
        levels[0],
    )
    for fine, coarse in pairwise(levels):
        native.call("align_halve", fine, coarse.shape[1] - 2 * PAD, coarse.shape[0] - 2 * PAD, coarse)
    return levels


def tile_grid(level: FloatImage) -> tuple[int, int]:
    """Rows and columns of tiles that cover a padded level; the last ones reach into the padding."""
    return -(-(level.shape[0] - 2 * PAD) // TILE), -(-(level.shape[1] - 2 * PAD) // TILE)


@record
class Alignment:
    """flow: (2, rows, columns) float32, (dy, dx) in mosaic pixels at the centre of each 32-pixel tile.

    camera: 2x3 affine part of it that the camera's motion explains: (dy, dx) = camera @ (1, y, x), with y and x in
        mosaic pixels from the centre of the frame.
    own: (rows, columns) bool, tiles that keep a motion of their own.
    similarity: share of the tiles with detail that show the same in both frames, 0..1.
    """

    flow: FloatImage
    camera: npt.NDArray[np.float64]
    own: npt.NDArray[np.bool_]
    similarity: float

    def beside_camera(self) -> FloatImage:
        """(2, rows, columns): what the flow is beside the camera's motion."""
        return self.flow - 2 * _camera_flow(self.camera * [0.5, 1.0, 1.0], self.flow.shape[1:])


def align(reference: list[FloatImage], alternate: list[FloatImage]) -> Alignment:
    """Align two pyramids of equal shape."""
    coarse = np.zeros((2, 1, 1), np.int32)
    guess = (0, 0)
    for n in reversed(range(len(reference))):
        rows, columns = tile_grid(reference[n])
        moves = np.empty((2, rows, columns), np.int32)
        reach = REACH[n] if n < len(reference) - 1 else max(-(-SHAKE // 2 ** (n + 1)), 4)
        native.call("align_tiles", reference[n], alternate[n], coarse, reach, *guess, moves)
        coarse = moves
        guess = (2 * int(np.median(moves[0])), 2 * int(np.median(moves[1])))
    flow = coarse.astype(np.float32)
    for step in range(2):
        flow, error, detail = _refine(reference[0], alternate[0], flow, damping=0.25 if step else 1.0)
    camera = _fit_camera(flow, error, detail)
    for _ in range(STEPS):
        steady = _camera_flow(camera, flow.shape[1:])
        stepped, steady_error, _ = _refine(reference[0], alternate[0], steady, damping=0.1)
        camera = _fit_camera(stepped, steady_error, detail)
    steady = _camera_flow(camera, flow.shape[1:])
    if _few_hold(detail):  # then it must be clearly better than no motion at all
        still = np.zeros_like(flow)
        _, still_error, _ = _refine(reference[0], alternate[0], still, damping=1.0)
        if float(np.mean(still_error - steady_error)) < 0.05:  # interpolation, which smooths, wins less than that
            camera, steady, steady_error = np.zeros_like(camera), still, still_error
    flow, own = _choose(flow, error, steady, steady_error, detail)
    scale = 2.0  # grey to mosaic pixels
    affine = camera * np.array([scale, 1.0, 1.0])
    return Alignment(flow * np.float32(scale), affine, own, _similarity(reference, alternate, camera))


def _refine(
    reference: FloatImage, alternate: FloatImage, flow: FloatImage, damping: float
) -> tuple[FloatImage, FloatImage, FloatImage]:
    out = np.empty((4, *flow.shape[1:]), np.float32)
    native.call("align_refine", reference, alternate, np.ascontiguousarray(flow), damping, out)
    return out[:2], out[2], out[3]


def _few_hold(detail: FloatImage) -> bool:
    """True when hardly any tile has something to hold on to."""
    above = np.maximum(detail - DETAILED, 0.0)
    return float(np.sum(above / (above + 1.0))) < max(1.0, 0.005 * detail.size)


def _centres(shape: tuple[int, ...]) -> npt.NDArray[np.float64]:
    """(3, rows * columns): 1, y, x of the tile centres in grey pixels from the centre of the grid."""
    y, x = np.mgrid[0 : shape[0], 0 : shape[1]].astype(np.float64)
    y, x = (y - (shape[0] - 1) / 2) * TILE, (x - (shape[1] - 1) / 2) * TILE
    return np.stack([np.ones(y.size), y.ravel(), x.ravel()])


def _camera_flow(camera: npt.NDArray[np.float64], shape: tuple[int, ...]) -> FloatImage:
    return (camera @ _centres(shape)).reshape(2, *shape).astype(np.float32)


def _fit_camera(flow: FloatImage, error: FloatImage, detail: FloatImage) -> npt.NDArray[np.float64]:
    """Affine motion of most tiles: iteratively reweighted least squares with Geman-McClure weights, each tile with as
    much error as its detail allows."""
    basis = _centres(flow.shape[1:])
    moves = flow.reshape(2, -1).astype(np.float64)
    detail = np.maximum(detail - NOISE_GRADIENT, 1e-6)
    trust = (detail / (detail + 8.0) / (1.0 + error)).ravel().astype(np.float64)
    centre = np.array([_weighted_median(moves[0], trust), _weighted_median(moves[1], trust)])
    left = moves - centre[:, None]
    unsure = UNSURE / detail.ravel().astype(np.float64)
    known, least = np.concatenate([basis, moves]), np.diag([1e-9, 1e-3, 1e-3])
    camera = np.zeros((2, 3))
    for width in (16.0, 4.0, 1.0, 0.25, 0.1, 0.1):
        near = width**2 + unsure
        share = near / (near + left[0] * left[0] + left[1] * left[1])
        sums = (basis * (trust * share * share)) @ known.T
        camera = np.linalg.solve(sums[:, :3] + least, sums[:, 3:]).T
        left = moves - camera @ basis
    return camera


def _weighted_median(values: npt.NDArray[np.float64], weights: npt.NDArray[np.float64]) -> float:
    order = np.argsort(values)
    total = np.cumsum(weights[order])
    return float(values[order[min(np.searchsorted(total, total[-1] / 2), len(order) - 1)]])


def _choose(
    flow: FloatImage, error: FloatImage, steady: FloatImage, steady_error: FloatImage, detail: FloatImage
) -> tuple[FloatImage, npt.NDArray[np.bool_]]:
    """The camera's motion, except where a tile's own motion fits clearly better than noise can explain."""
    noise = 0.35 + 0.15 * steady_error  # of a mean squared difference over a tile, in units of the noise
    own = (steady_error - error) > noise
    return np.where(own[None], flow, steady), own


def _similarity(reference: list[FloatImage], alternate: list[FloatImage], camera: npt.NDArray[np.float64]) -> float:
    """Share of the detailed tiles of a coarse level, where blur and noise count little, that match."""
    shapes = [tile_grid(level) for level in reference[:3]]
    n = max(i for i, shape in enumerate(shapes) if i == 0 or shape[0] * shape[1] >= 20)
    shape = shapes[n]
    flow = _camera_flow(camera * np.array([0.5**n, 1.0, 1.0]), shape)
    _, error, detail = _refine(reference[n], alternate[n], flow, damping=1.0)
    textured = detail >= np.median(detail)
    return float(np.mean(error[textured] < 0.5 + detail[textured]))
