"""Contents of spectral scenes, as reflectances: photographs, heaps of measured surfaces, one large surface, walls.

The colours of photographs, and of the virtual camera's scenes, become smooth reflectances.
"""

from __future__ import annotations

import functools

import numpy as np

from lichtbild import color
from spectral_data import SHARED, WAVELENGTHS, Array, lights, observer, samples_99, training

BLOCKS = (64, 96)  # of a scene, as many as matter


@functools.cache
def smooth_reflectance() -> Array:
    """(81, 3): linear Rec. 2020 to a smooth reflectance, most likely by the training set; grey is exactly flat."""
    to_xyz = (observer().T * lights()["D65"].spectrum) / (lights()["D65"].spectrum @ observer()[:, 1])
    grey = training().mean(1, keepdims=True)
    spread = np.cov((training() - grey).T) + 1e-5 * np.eye(81)
    spread = spread - 0
    project = spread @ to_xyz.T @ np.linalg.inv(to_xyz @ spread @ to_xyz.T + 1e-9 * np.eye(3))
    from_rgb = color.rgb_to_xyz("rec2020")
    y = from_rgb[1][None]  # (1, 3)
    white = to_xyz.sum(1)[:, None]
    return np.asarray(np.ones((81, 1)) @ y + project @ (from_rgb - white @ y))


def photographs() -> dict[str, Array]:
    """Linear Rec. 2020 blocks of the shared photographs."""
    import imagecodecs

    found = {}
    for path in sorted((SHARED / "bench/kodak24").glob("*.png")):
        image = color.decode_srgb(np.asarray(imagecodecs.png_decode(path.read_bytes()))[..., :3] / 255)
        image = image @ color.convert("srgb", "rec2020").T
        h, w = (n // 8 for n in image.shape[:2])
        found[path.stem] = image[: h * 8, : w * 8].reshape(h, 8, w, 8, 3).mean((1, 3))
    return found


def virtual_scenes() -> dict[str, Array]:
    from lichtbild.virtual.scenes.catalogue import find_scene

    found = {}
    h, w = BLOCKS
    y = ((np.arange(2 * h) + 0.5) / (2 * h) - 0.5).astype(np.float32)[:, None]
    x = (((np.arange(2 * w) + 0.5) / (2 * w) - 0.5) * 4 / 3).astype(np.float32)[None]
    for name in ("street-night", "still-life", "daylight-landscape"):
        light = np.asarray(find_scene(name).paint(y, x, 1 / (2 * h)), np.float64)
        light = light.reshape(h, 2, w, 2, 3).mean((1, 3))
        found[name] = np.minimum(light / np.quantile(light, 0.97), 4.0)
    return found


def heap(rng: np.random.Generator, dominant: str = "") -> Array:
    """(h, w, 81) reflectance: upright rectangles of measured surfaces; `dominant` fills two thirds."""
    pool = np.concatenate([training(), samples_99()])
    h, w = BLOCKS
    out = np.empty((h, w, 81))
    out[:] = pool[rng.integers(len(pool))]
    for _ in range(rng.integers(25, 70)):
        top, left = rng.integers(h), rng.integers(w)
        height, width = (1 + rng.pareto(1.3, 2) * 4).astype(int)
        surface = pool[rng.integers(len(pool))]
        if rng.random() < 0.2:  # what people make is often grey
            surface = np.full(81, rng.uniform(0.03, 0.9)) * (1 + rng.normal(0, 0.03) * (WAVELENGTHS - 560) / 200)
        out[top : top + height, left : left + width] = surface
    if dominant:
        surface, (top, left) = dominant_surface(dominant), (rng.integers(h // 4), rng.integers(w // 4))
        out[top : top + int(h * 0.8), left : left + int(w * 0.85)] = surface
    shade = rng.uniform(0.35, 1.0, (5, 7))
    rows, columns = np.linspace(0, 3.99, h), np.linspace(0, 5.99, w)
    i, j = rows.astype(int), columns.astype(int)
    fy, fx = (rows - i)[:, None], (columns - j)[None]
    smooth = (shade[i][:, j] * (1 - fy) + shade[i + 1][:, j] * fy) * (1 - fx) + (
        shade[i][:, j + 1] * (1 - fy) + shade[i + 1][:, j + 1] * fy
    ) * fx
    return out * smooth[..., None]


def dominant_surface(name: str) -> Array:
    """Reflectances by their known shapes: chlorophyll's green bump and red edge, blood's dips, and so on."""
    w = WAVELENGTHS.astype(float)

    def edge(at: float, width: float) -> Array:
        return np.asarray(1 / (1 + np.exp(-(w - at) / width)))

    def bump(at: float, width: float) -> Array:
        return np.asarray(np.exp(-0.5 * ((w - at) / width) ** 2))

    if name == "foliage":
        return np.asarray(0.04 + 0.09 * bump(552, 32) + 0.38 * edge(708, 10))
    if name == "skin":
        return np.asarray(
            0.16 + 0.16 * edge(480, 40) + 0.28 * edge(597, 12) - 0.05 * bump(545, 10) - 0.05 * bump(577, 9)
        )
    if name == "dark skin":
        return np.asarray(0.045 + 0.14 * edge(610, 45))
    if name == "red wall":
        return np.asarray(0.05 + 0.5 * edge(600, 14))
    if name == "brick":
        return np.asarray(0.08 + 0.25 * edge(585, 22))
    if name == "wood":
        return np.asarray(0.09 + 0.4 * edge(570, 55))
    if name == "blue sky":
        return np.asarray(0.25 + 0.45 * (1 - edge(500, 45)))
    return np.asarray(0.06 + 0.3 * bump(470, 45))  # blue wall


DOMINANT = ("skin", "dark skin", "foliage", "red wall", "brick", "wood", "blue sky", "blue wall")


def contents(seed: int, heaps: int = 12) -> dict[str, Array]:
    """Reflectance-like content by name: (h, w, 81), or (h, w, 3) linear Rec. 2020."""
    rng = np.random.default_rng(seed)
    found: dict[str, Array] = {f"photo {k}": v for k, v in photographs().items()}
    found |= {f"virtual {k}": v for k, v in virtual_scenes().items()}
    found |= {f"heap {i}": heap(rng) for i in range(heaps)}
    found |= {f"{name} {i}": heap(rng, name) for name in DOMINANT for i in range(2)}
    return found


def alone(rng: np.random.Generator, name: str) -> Array:
    """(h, w, 81) one surface that fills the frame in uneven light: "wall", white to beige, or a dominant one."""
    if name == "wall":
        surface = rng.uniform(0.3, 0.85) * (1 + rng.uniform(0.0, 0.4) * np.clip((WAVELENGTHS - 560) / 180, -1, 1))
    else:
        surface = dominant_surface(name) * np.exp(rng.normal(0, 0.04) * (WAVELENGTHS - 560) / 100)
    h, w = BLOCKS
    shade = np.linspace(rng.uniform(0.4, 1), 1, h)[:, None] * np.linspace(rng.uniform(0.4, 1), 1, w)[None]
    return np.asarray(surface * shade[..., None])
