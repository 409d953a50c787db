"""Lens corrections from lensfun's database, for files that name camera and lens and bring no corrections themselves.

lensfun's models (Hugin's polynomials, http://lensfun.github.io) are sampled along the radius and become the opcodes
that a DNG would hold: WarpRectilinear2 for distortion and lateral chromatic aberration, a GainMap for light.
The database and its reader are the optional package `lensfunpy`.
"""

from __future__ import annotations

import re
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from lichtbild.carriers import Metadata
from lichtbild.develop.lens_map import center_of, middle_of, radius_about
from lichtbild.raw.opcodes import Area, GainMap, Opcode, WarpRectilinear2
from lichtbild.record import record

Floats = npt.NDArray[np.float64]
PARTS = np.linspace(0, 1.05, 26)[1:]  # of the half diagonal, where lensfun's models are sampled
DEGREE = 6  # of the polynomial in the radius; lensfun's own have 4 at most
ERROR = 2e-5  # of the radius that the polynomial may be off
NODES = 129  # of the map of gains, each way
MOST_LIGHT = 8.0  # gain, for the corners of lenses beyond their circle
DISTANCE = 1000.0  # metres; files hardly ever tell


@record
class LensProfile:
    """name: the lens as the database calls it. opcodes: what corrects it, in the order in which they act."""

    name: str
    opcodes: list[Opcode]


def find_lens_profile(
    metadata: Metadata, shape: tuple[int, int], crop: tuple[int, int, int, int]
) -> LensProfile | None:
    """The profile of the lens that took the picture; None when the database, the lens or its focal length is unknown.

    shape: (height, width) of the active area that the opcodes are for. crop: the part of it, (y, x, height, width),
    that the maker calls the picture; its middle is taken for the optical centre.
    """
    if not (metadata.make and metadata.model and metadata.focal_length):
        return None
    files = _files(metadata)
    if not files:
        return None
    import lensfunpy

    database = lensfunpy.Database(paths=files, load_common=False, load_bundled=False)
    cameras = database.find_cameras(metadata.make, metadata.model)
    lens = _lens(database, cameras[0], metadata.lens) if cameras else None
    if lens is None or not (0.97 * lens.min_focal <= metadata.focal_length <= 1.03 * lens.max_focal):
        return None
    aperture = metadata.f_number or lens.min_aperture or 8.0
    return LensProfile(
        lens.model, _opcodes(lensfunpy, lens, cameras[0].crop_factor, metadata.focal_length, aperture, shape, crop)
    )


def _words(name: str) -> set[str]:
    """The numbers and words in a lens's name, without marks and units: "EF24-105mm f/4L" is {ef, 24, 105, 4, l}."""
    plain = re.sub(r"(?<=\d)\.0\b", "", name.lower())
    return set(re.findall(r"[^\W\d_]+|\d+(?:\.\d+)?", plain)) - {"mm", "f"}


def _files(metadata: Metadata) -> list[str]:
    """The parts of the database that know the camera, or the numbers of the lens; none where none knows the camera.

    The reader takes 0.1 s to load and all of the database 0.15 s, so that files are searched for names first.
    """
    spec = find_spec("lensfunpy")
    if spec is None or not spec.origin:
        return []
    model = metadata.model.lower().encode()
    focal = re.search(r"\d[\d.]*(-\d[\d.]*)?\s*mm", metadata.lens or "")
    numbers = re.sub(r"\.0\b|\s", "", focal[0]).encode() if focal else model
    found: list[tuple[bool, Path]] = []
    for path in sorted((Path(spec.origin).parent / "db_files").glob("*.xml")):
        text = path.read_bytes().lower()  # one at a time: memory for all of them costs as much as to search them
        if model in text or numbers in text:
            found.append((model in text, path))
    return [str(path) for _, path in found] if any(knows for knows, _ in found) else []


def _lens(database: Any, camera: Any, name: str | None) -> Any:
    """The lens of that name on that camera, the only lens of a camera that has one; None where there is a doubt."""
    if not name:
        lenses = database.find_lenses(camera) if camera.mount[:1].islower() else []
        return lenses[0] if len(lenses) == 1 else None
    wanted = _words(name)
    extras: list[tuple[int, int]] = []
    found = database.find_lenses(camera, None, name)
    for i, lens in enumerate(found):
        have, makers = _words(lens.model), _words(lens.maker) | _words(camera.maker)
        more = have - wanted - makers
        if wanted <= have | makers and not any(w[0].isdigit() for w in more):
            extras.append((len(more), i))
    if len(extras) > 1 and all(w[0].isdigit() for w in wanted):  # zooms of one range are many
        return None
    return found[min(extras)[1]] if extras else None


def _opcodes(
    lensfunpy: Any,
    lens: Any,
    crop_factor: float,
    focal: float,
    aperture: float,
    shape: tuple[int, int],
    crop: tuple[int, int, int, int],
) -> list[Opcode]:
    """What corrects the lens at that setting: light, then colours, then shape."""
    height, width = crop[2:]
    middle = middle_of(crop)
    center, farthest = center_of(middle, shape), radius_about(middle, shape)
    corner = float(np.hypot(height - 1, width - 1)) / 2 / farthest  # of the picture, where DNG's radius is 1
    flags = lensfunpy.ModifyFlags

    def way(flag: int, apply: str) -> Floats | None:
        """(planes, samples) where lensfun goes from points along the half diagonal, over where they are."""
        modifier = lensfunpy.Modifier(lens, crop_factor, width, height)
        modifier.initialize(focal, aperture, DISTANCE, scale=1.0, targeom=lens.type, flags=flag)
        half = np.array([(width - 1) / 2, (height - 1) / 2])
        out = []
        for t in PARTS:
            x, y = half * (1 + t)
            found = getattr(modifier, apply)(float(x), float(y), 1, 1)
            if found is None:
                return None
            moved = np.asarray(found, np.float64).reshape(-1, 2) - half
            out.append(moved @ half / (half @ half) / t)
        return np.stack(out, axis=1)

    opcodes: list[Opcode] = []
    light = lens.interpolate_vignetting(focal, aperture, DISTANCE)
    if light is not None and any(light.terms):
        # r is 1 in the corner of the sensor that the lens was measured on.
        unit = float(np.hypot(height - 1, width - 1)) / 2 * crop_factor / lens.crop_factor
        y, x = (np.linspace(0, n - 1, NODES) - m for n, m in zip(shape, middle, strict=True))
        rr = (y[:, None] ** 2 + x**2) / unit**2
        falloff = np.polynomial.polynomial.polyval(rr, (1.0, *light.terms))
        gains = (1 / np.clip(falloff, 1 / MOST_LIGHT, None)).astype(np.float32)[..., None]
        area = Area(0, 0, *shape, 0, 3, 1, 1)
        first = tuple(0.5 / n for n in shape)
        spacing = tuple((n - 1) / n / (NODES - 1) for n in shape)
        opcodes.append(GainMap(True, False, area, (first[0], first[1]), (spacing[0], spacing[1]), gains))
    color = way(flags.TCA, "apply_subpixel_distortion")
    if color is not None:
        opcodes.append(_warp([_series(PARTS * corner, plane) for plane in color], center))
    shape_of = way(flags.DISTORTION, "apply_geometry_distortion")
    if shape_of is not None:
        series = _series(PARTS * corner, shape_of[0])
        opcodes.append(_warp([_filling(series, crop, farthest)], center))
    return opcodes


def _series(r: Floats, factor: Floats) -> Floats:
    """The shortest polynomial in r that follows the factor."""
    degree = 2
    while True:
        series = np.asarray(np.polynomial.polynomial.polyfit(r, factor, degree), np.float64)
        if degree == DEGREE or np.abs(np.polynomial.polynomial.polyval(r, series) - factor).max() < ERROR:
            return series
        degree += 1


def _filling(series: Floats, crop: tuple[int, int, int, int], farthest: float) -> Floats:
    """The series of the largest view in which no border of the picture shows what lies outside of it."""
    half = np.array([crop[2] - 1, crop[3] - 1]) / 2 / farthest
    t = np.linspace(-1, 1, 65)
    border = np.concatenate([np.stack([np.ones(65), t], 1), np.stack([t, np.ones(65)], 1)]) * half
    low, high = 0.5, 2.0
    for _ in range(30):
        zoom = (low + high) / 2
        r = np.hypot(*border.T) * zoom
        source = np.abs(border * (zoom * np.polynomial.polynomial.polyval(r, series))[:, None])
        if (source <= half * (1 + 1e-6)).all():
            low = zoom
        else:
            high = zoom
    return np.asarray(low * series * low ** np.arange(len(series)))


def _warp(planes: list[Floats], center: tuple[float, float]) -> WarpRectilinear2:
    rows = tuple((*(float(v) for v in p), *(0.0,) * (17 - len(p))) for p in planes)
    return WarpRectilinear2(True, False, rows, center, ((0.0, 1.0),) * len(rows), False)
