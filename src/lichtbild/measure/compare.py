"""One picture against another, or two against the truth: PSNR, SSIM, colour, texture, halos, ghosts.

Each figure's module names what it follows. Pictures are compared as encoded sRGB; CIEDE2000 in Lab under D50.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from lichtbild.color import D50, D65, adaptation, decode_srgb, delta_e_2000, lab_from_xyz, rgb_to_xyz
from lichtbild.errors import MeasureError
from lichtbild.measure.filters import Plane, luma
from lichtbild.measure.ghost import Ghost, ghost_index, motion_mask
from lichtbild.measure.halo import Halo, halo_at_edges
from lichtbild.measure.image import MeasuredImage, load
from lichtbild.measure.shift import picture_shift
from lichtbild.measure.similarity import psnr, ssim_map
from lichtbild.measure.texture import Octave, texture_kept
from lichtbild.record import field, record, replace
from lichtbild.report import Report

_SHIFTED = 0.4  # pixels between whole pictures, from which it is told
MOST_COLOURS = 1_500_000  # pixels whose colour difference is computed: of larger pictures every second or third
_TO_XYZ = adaptation(D65, D50) @ rgb_to_xyz("srgb")
Source = str | Path | npt.NDArray[Any] | MeasuredImage


@record
class Likeness:
    """One picture against its truth. delta_e: CIEDE2000 mean, delta_e_p95: its 95th percentile.

    brightness: EV by which the picture is brighter, median.   ghost: None where nothing moved.
    delta_e_map, ssim_map: arrays for maps, not part of the JSON.
    """

    name: str
    against: str
    psnr: float
    psnr_luma: float
    ssim: float
    delta_e: float
    delta_e_p95: float
    brightness: float
    texture: tuple[Octave, ...]
    halo: Halo
    ghost: Ghost | None
    delta_e_map: npt.NDArray[np.float32] = field(repr=False, metadata={"json": False})
    ssim_map: Plane = field(repr=False, metadata={"json": False})


@record
class Comparison:
    """width, height of all pictures.   likenesses: B against A; or A and B against the truth.   moving: share of the
    picture in the motion mask, and where that came from."""

    width: int
    height: int
    likenesses: tuple[Likeness, ...]
    moving: float
    mask_source: str


def compare_pictures(
    a: Source,
    b: Source,
    truth: Source | None = None,
    mask: npt.NDArray[np.bool_] | None = None,
    report: Report | None = None,
) -> Comparison:
    """Compare B with A, or A and B with the truth.

    mask: (h, w) where things move; left out, where A and B differ by structure. Raises `MeasureError` for pictures
    of different sizes.
    """
    sources = [s for s in (a, b, truth) if s is not None]
    images = [load(s, report) for s in sources]
    if len({i.name for i in images}) < len(images):  # files of one name in different folders
        images = [
            replace(i, name=str(s)) if isinstance(s, (str, Path)) else i for i, s in zip(images, sources, strict=True)
        ]
    first = images[0]
    for other in images[1:]:
        if other.shape != first.shape:
            sizes = " and ".join(f"{i.shape[1]} x {i.shape[0]}" for i in (first, other))
            raise MeasureError(
                f"{other.name}: the pictures have different sizes ({sizes}); bring them to one size first"
            )
    if min(first.shape) < 32:
        raise MeasureError(f"{first.name}: is too small to compare (32 pixels a side at least)")
    height, width = first.shape
    if mask is not None and mask.shape != first.shape:
        raise MeasureError(
            f"the motion mask is {mask.shape[1]} x {mask.shape[0]}, the pictures are {width} x {height}; "
            "give a mask of their size"
        )
    encoded = [i.srgb for i in images]
    source = "given"
    if mask is None:
        mask, source = motion_mask(luma(encoded[0]), luma(encoded[1])), "where A and B differ by structure"
    pairs = [(0, 2), (1, 2)] if truth is not None else [(1, 0)]
    for i, j in pairs:
        shift = picture_shift(luma(encoded[i]), luma(encoded[j]))
        if report is not None and shift > _SHIFTED:
            report.notice(
                f"{images[i].name}: lies {shift:.1f} pixels beside {images[j].name}, which all figures but brightness "
                "count as differences; bring the pictures into line first"
            )
    found = [_likeness(encoded[i], encoded[j], mask, images[i].name, images[j].name) for i, j in pairs]
    return Comparison(width, height, tuple(found), float(mask.mean()), source)


def _likeness(
    image: npt.NDArray[np.float32],
    truth: npt.NDArray[np.float32],
    mask: npt.NDArray[np.bool_],
    name: str,
    against: str,
) -> Likeness:
    y, true = luma(image), luma(truth)
    similar = ssim_map(y, true)
    colour = delta_e_map(image, truth)
    lights = [np.median(decode_srgb(p[::4, ::4]) + 1e-4) for p in (y, true)]
    moves = 200 < np.count_nonzero(mask) < mask.size
    return Likeness(
        name=name,
        against=against,
        psnr=psnr(image, truth),
        psnr_luma=psnr(y, true),
        ssim=float(similar.mean(dtype=np.float64)),
        delta_e=float(colour.mean(dtype=np.float64)),
        delta_e_p95=float(np.percentile(colour, 95)),
        brightness=float(np.log2(lights[0] / lights[1])),
        texture=texture_kept(y, true),
        halo=halo_at_edges(y, true),
        ghost=ghost_index(y, true, mask) if moves else None,
        delta_e_map=colour,
        ssim_map=similar,
    )


def delta_e_map(image: npt.NDArray[np.float32], truth: npt.NDArray[np.float32]) -> npt.NDArray[np.float32]:
    """(h', w') CIEDE2000 of encoded sRGB pictures, of every pixel or, of large ones, every second or third."""
    step = 1
    while image.shape[0] // step * (image.shape[1] // step) > MOST_COLOURS:
        step += 1
    a, b = image[::step, ::step], truth[::step, ::step]
    out = np.empty(a.shape[:2], np.float32)
    for top in range(0, len(a), 64):
        labs = [lab_from_xyz(decode_srgb(p[top : top + 64]) @ _TO_XYZ.T) for p in (a, b)]
        out[top : top + 64] = delta_e_2000(*labs)
    return out


def load_mask(path: str | Path) -> npt.NDArray[np.bool_]:
    """(h, w) true where the picture at a path is light: as the virtual camera writes where things move."""
    return np.asarray(load(path, Report()).samples[..., 1] > 0, np.bool_)
