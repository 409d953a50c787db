"""A raw shot of a 24-patch chart with known truth: perspective, uneven light, glare and noise."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np

from lichtbild.carriers import CameraColor, Frame, Metadata, NoiseProfile
from lichtbild.output.dng import write_dng

BLACK, WHITE = 256.0, 4095.0


def shot_of(
    patches: np.ndarray,
    *,
    corners: tuple[tuple[float, float], ...] = ((120, 90), (640, 70), (670, 470), (100, 430)),
    size: tuple[int, int] = (540, 760),
    slope: tuple[float, float] = (0.0, 0.0),
    glare: tuple[float, float, float] = (0.0, 0.0, 0.0),
    electrons: float = 40_000.0,
    seed: int = 0,
    model: str = "Maker One",
    card: float = 0.02,
    surround: float = 0.25,
) -> Frame:
    """(24, 3) camera RGB of the patches, 1.0 = white, as an RGGB mosaic. corners: (x, y) of the outline of the card,
    top left first.   slope: EV by which the light changes from left to right and from top to bottom of the card."""
    h, w = size
    unit = np.array([(0, 0), (1, 0), (1, 1), (0, 1)], float)
    rows = []
    for (u, v), (x, y) in zip(unit, corners, strict=True):
        rows.append([x, y, 1, 0, 0, 0, -u * x, -u * y, -u])
        rows.append([0, 0, 0, x, y, 1, -v * x, -v * y, -v])
    m = np.linalg.svd(np.array(rows))[2][-1].reshape(3, 3)
    y, x = np.mgrid[0:h, 0:w].astype(float)
    p = np.stack([x, y, np.ones_like(x)], -1) @ m.T
    u, v = p[..., 0] / p[..., 2], p[..., 1] / p[..., 2]
    light = 2.0 ** (slope[0] * (u - 0.5) + slope[1] * (v - 0.5))
    neutral = patches[20] / patches[20].max()
    image = np.broadcast_to(neutral * surround, (h, w, 3)).copy()
    inside = (u > 0) & (u < 1) & (v > 0) & (v < 1)
    image[inside] = neutral * card
    column, row = np.floor((u - 0.03) / 0.157), np.floor((v - 0.04) / 0.23)
    s, t = (u - 0.03) / 0.157 - column - 0.5, (v - 0.04) / 0.23 - row - 0.5
    there = inside & (column >= 0) & (column < 6) & (row >= 0) & (row < 4) & (np.maximum(abs(s), abs(t)) < 0.43)
    image[there] = patches[(row * 6 + column).astype(int)[there]]
    image = image * light[..., None] + np.array(glare)
    site = np.where(y % 2 == 0, np.where(x % 2 == 0, 0, 1), np.where(x % 2 == 0, 1, 2)).astype(int)
    mosaic = np.take_along_axis(image, site[..., None], 2)[..., 0]
    rng = np.random.default_rng(seed)
    mosaic = mosaic + rng.normal(0, 1, (h, w)) * np.sqrt(np.maximum(mosaic, 0) / electrons + 1e-7)
    numbers = np.clip(np.rint(BLACK + mosaic * (WHITE - BLACK)), 0, WHITE).astype(np.uint16)
    color = CameraColor(
        color_matrix_1=((0.6, -0.1, -0.05), (-0.5, 1.2, 0.25), (-0.1, 0.2, 0.6)), calibration_illuminant_1=21
    )
    n = tuple(float(v) for v in neutral)
    metadata = Metadata(
        make="Maker",
        model=model,
        iso=100.0,
        exposure_time=0.01,
        color=replace(color, as_shot_neutral=(n[0], n[1], n[2])),
    )
    return Frame(
        mosaic=numbers,
        cfa="RGGB",
        black_level=(BLACK,) * 4,
        white_level=WHITE,
        clip_level=WHITE,
        noise_profile=NoiseProfile((1 / electrons,) * 3, (1e-7,) * 3),
        metadata=metadata,
    )


def write_shot(path: Path, patches: np.ndarray, **kwargs: object) -> Path:
    write_dng(shot_of(patches, **kwargs), path, overwrite=True)  # type: ignore[arg-type]
    return path
