"""Lateral chromatic aberration, found in the picture itself: how much larger or smaller red and blue lie than green.

Each block of the mosaic says how far red and blue are displaced along the radius, and how surely (kernel
`lateral_color`); a robust fit over all blocks gives the displacement as an odd polynomial of the radius, which becomes
a WarpRectilinear opcode. Compare Kang, "Automatic removal of chromatic aberration from a single image" (CVPR 2007).
"""

from __future__ import annotations

from typing import TypeAlias

import numpy as np
import numpy.typing as npt

from lichtbild import native
from lichtbild.carriers import Frame
from lichtbild.develop.lens_map import center_of, middle_of, radius_about
from lichtbild.raw.opcodes import WarpRectilinear

Floats: TypeAlias = npt.NDArray[np.float64]
SUMS, BLOCK = 14, 32  # as in kernels/develop_fringes.py
ENOUGH = 1000  # blocks to look at
FEWEST = 40  # blocks with detail
LEAST, MOST = 0.4, 4.0  # pixels at the corner of the picture that are worth a correction, and that a lens may have
SURE = 5.0  # standard errors
SECTORS = 8  # around the centre
OFF_SITE = (-0.5, 0.5)  # pixels, down and right alike: where red and blue are sampled, seen from the mean of the greens
SHARED = 0.5  # squared correlation of a colour's detail with green's, from where on a block is heard


def find_lateral_color(frame: Frame, crop: tuple[int, int, int, int]) -> WarpRectilinear | None:
    """The opcode that brings red and blue onto green, or None where there is nothing to mend or nothing to tell it by.

    crop: (y, x, height, width) of the picture, whose middle is taken for the optical centre.
    """
    if frame.is_linear or min(crop[2:]) < 8 * BLOCK:
        return None
    shape = frame.mosaic.shape[0], frame.mosaic.shape[1]
    middle = middle_of(crop)
    farthest = radius_about(middle, shape)
    corner = float(np.hypot(crop[2] - 1, crop[3] - 1)) / 2 / farthest
    dy, dx = frame.color_phase
    sums, every = _sums(frame)
    rows, columns = (np.arange(n, dtype=np.float64) for n in sums.shape[1:])
    v = (2 * BLOCK * (every * rows + 0.5) + dy - 0.5 - middle[0])[:, None] / farthest
    h = (2 * BLOCK * (columns + 0.5) + dx - 0.5 - middle[1])[None, :] / farthest
    planes = []
    for plane in (0, 1):
        fit = fit_displacement(sums, plane, v, h, corner)
        planes.append((1.0 + fit[0] / farthest, fit[1] / farthest, 0.0, 0.0, 0.0, 0.0))
    still = (1.0, 0.0, 0.0, 0.0, 0.0, 0.0)
    if planes == [still, still]:
        return None
    return WarpRectilinear(True, False, (planes[0], still, planes[1]), center_of(middle, shape))


def _sums(frame: Frame) -> tuple[Floats, int]:
    """The kernel's sums, of one row of blocks in so many."""
    dy, dx = frame.color_phase
    quads = [(n - p) // 2 for n, p in zip(frame.mosaic.shape, (dy, dx), strict=True)]
    down, right = (n // BLOCK for n in quads)
    every = max(-(-down * right // ENOUGH), 1)
    out = np.empty((SUMS, -(-down // every), right), np.float32)
    levels = dict(zip(frame.cfa, frame.black_level, strict=True))
    black = np.array([levels[color] for color in "RGB"], np.float32)
    if out.size:
        native.call("lateral_color", frame.mosaic, black, dy, dx, min(round(frame.clip_level), 65535), every, out)
    return out.astype(np.float64), every


def fit_displacement(sums: Floats, plane: int, v: Floats, h: Floats, corner: float) -> tuple[float, float]:
    """(a, b): red (plane 0) or blue (1) lies a r + b r^3 pixels farther out than green; zeros where nobody can tell, or
    where it is not worth a correction.

    sums: (14, rows, columns) of kernel `lateral_color`. v, h: where the blocks are, down and right of the centre, in
    units of the radius, of which the corner of the picture is so many away.
    """
    gg, gy, gx, yy, yx, xx = sums[:6]
    cg, cy, cx = sums[6 + 3 * plane : 9 + 3 * plane]
    cc = sums[12 + plane]
    usable = (gg > 0) & (cc > 0) & (cg > 0) & (cg * cg > SHARED * gg * cc)
    r = np.hypot(v, h) * np.ones_like(gg)
    usable &= r > 0.1
    if usable.sum() < FEWEST:
        return 0.0, 0.0
    off = OFF_SITE[plane]
    k = np.where(usable, cg / np.where(gg > 0, gg, 1), 0)
    down, right = np.divide(v, r, where=r > 0, out=0 * r), np.divide(h, r, where=r > 0, out=0 * r)
    # Along the radius: energy of the derivative, and how it goes with what k g and the site's place leave over.
    energy = k * k * (down * down * yy + 2 * down * right * yx + right * right * xx)
    left_y = cy - k * gy - k * off * (yy + yx)
    left_x = cx - k * gx - k * off * (yx + xx)
    product = k * (down * left_y + right * left_x)
    left = np.maximum(cc - 2 * k * cg + k * k * gg, 1e-9)  # variance that is not explained, times the number of quads
    usable &= energy > 0
    e, p, radius = energy[usable], product[usable], r[usable]
    # For a wave of frequency w the ratio is tan(w d) / w: what a longer way takes from k g, it adds to it.
    frequency = np.sqrt(e / (k * k * gg)[usable])
    p = np.arctan(frequency * p / e) / frequency * e
    weight = BLOCK * BLOCK / left[usable]
    sector = (np.arctan2(v + 0 * r, h + 0 * r)[usable] * (SECTORS / (2 * np.pi))).round().astype(int) % SECTORS
    fit = robust_fit(e, p, weight, radius)
    if not LEAST < max(abs(fit[0] * r + fit[1] * r**3) for r in (0.7 * corner, corner)) < MOST:
        return 0.0, 0.0
    # A lens is round: what only one part of the picture says is of the scene. The jackknife over sectors tells.
    others = np.array([robust_fit(*(a[sector != i] for a in (e, p, weight, radius))) for i in range(SECTORS)])
    spread = float(np.sqrt((SECTORS - 1) * np.var(others.sum(1))))
    if not np.isfinite(others).all() or abs(fit.sum()) < SURE * spread:
        return 0.0, 0.0
    return -float(fit[0]), -float(fit[1])  # red shows at x what green shows at x + d: it lies d farther in


def robust_fit(energy: Floats, product: Floats, weight: Floats, radius: Floats) -> Floats:
    """(a, b) of d = a r + b r^3 with least squares of energy d - product, blocks far from the fit counting less.

    What counts less depends on where one begins: with all blocks by their energy, or with one vote for each. The end
    that is nearer to half of the blocks is the true one.
    """
    basis = np.stack([radius, radius**3])
    starts = (weight, 1 / energy)
    return min((_reweighted(basis, energy, product, weight, first) for first in starts), key=lambda end: end[1])[0]


def _reweighted(basis: Floats, energy: Floats, product: Floats, weight: Floats, heard: Floats) -> tuple[Floats, float]:
    """The fit that iterations from the weights `heard` lead to, and the median of how far blocks are from it."""
    fit: Floats = np.zeros(2)
    scale = 1e-9
    for _ in range(8):
        (first, mixed), (_, second) = ((basis * (heard * energy)) @ basis.T).tolist()
        ridge = 1e-9 * (first + second + 1e-30)
        first, second = first + ridge, second + ridge
        one, other = (basis @ (heard * product)).tolist()
        fit = np.array([second * one - mixed * other, first * other - mixed * one]) / (first * second - mixed * mixed)
        # Blocks whose own displacement is far from the fit see something else: coloured edges, reflections, depth.
        miss = np.abs(product / energy - fit @ basis) * np.sqrt(energy * weight)
        scale = max(1.5 * float(np.sort(miss)[len(miss) // 2]), 1e-9) if len(miss) else 1.0
        heard = weight / (1 + (miss / scale) ** 2) / max(scale, 1.0) ** 2
    return fit, scale
