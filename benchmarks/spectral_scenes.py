"""Scenes rendered spectrally through measured cameras: content x light x camera, with the true neutral.

Content: photographs (their colours turned into smooth reflectances), heaps of measured reflectances, scenes with one
large surface (skin, foliage, a red wall, sky, wood), and the virtual camera's scenes. Cameras: the measured
sensitivities of the shared data; their matrices for A and D65 are least squares over the training reflectances, as a
raw file would state them. Lights: `colour-science`'s tables (extra `calibrate`).
"""

from __future__ import annotations

import functools
import json
import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from lichtbild import color
from lichtbild.carriers import CameraColor
from lichtbild.develop.camera_color import CameraModel
from lichtbild.develop.illuminant.samples import Samples

ROOT = Path(__file__).parent.parent
SHARED = Path(os.environ.get("LICHTBILD_DATA", ROOT.parent / "shared"))
WAVELENGTHS = np.arange(380, 781, 5)
Array = np.ndarray[Any, np.dtype[np.float64]]
BLOCKS = (64, 96)  # of a scene, as many as matter


@dataclass(frozen=True)
class Light:
    """spectrum: (81,). low, high: light values (EV at ISO 100) at which one photographs in it."""

    name: str
    kind: str
    spectrum: Array
    low: float
    high: float


@dataclass(frozen=True)
class Case:
    """One rendered scene. neutrals: (k, 3) true neutrals of its lights, the main one first; shares of the picture."""

    content: str
    light: str
    camera: str
    samples: Samples
    model: CameraModel
    neutrals: Array
    shares: tuple[float, ...] = (1.0,)


def planck(kelvin: float) -> Array:
    w = WAVELENGTHS * 1e-9
    return w**-5 / np.expm1(1.4388e-2 / w / kelvin) / (560e-9**-5 / np.expm1(1.4388e-2 / 560e-9 / kelvin))


@functools.cache
def lights() -> dict[str, Light]:
    import colour

    def table(name: str) -> Array:
        shape = colour.SpectralShape(380, 780, 5)
        return np.asarray(colour.SDS_ILLUMINANTS[name].copy().align(shape).values)

    def day(kelvin: float) -> Array:
        xy = np.array(color.daylight_xy(kelvin))
        shape = colour.SpectralShape(380, 780, 5)
        return np.asarray(colour.sd_CIE_illuminant_D_series(xy, shape=shape).values)

    found = [Light("A", "tungsten", planck(2856), 3, 8), Light("halogen", "tungsten", planck(3100), 4, 8)]
    found += [
        Light("candle", "tungsten", planck(2000), 0, 4),
        Light("sunset", "sunset", 0.9 * planck(2600) + 0.1 * day(9000) / 100, 7, 10),
    ]
    found += [Light(f"D{k}", "daylight", day(k * 100.0), 11, 15) for k in (50, 55, 65, 75)]
    found += [Light("shade", "shade", day(8500.0), 9, 12), Light("blue shade", "shade", day(10500.0), 8, 11)]
    found += [
        Light(n, "fluorescent", table(n), 5, 9) for n in ("FL1", "FL2", "FL3", "FL4", "FL7", "FL8", "FL11", "FL12")
    ]
    found += [
        Light(n, "LED", table(n), 4, 9) for n in ("LED-B1", "LED-B3", "LED-B4", "LED-B5", "LED-BH1", "LED-V1", "LED-V2")
    ]
    found += [Light("HP1", "sodium", table("HP1"), 0, 4), Light("HP2", "sodium", table("HP2"), 0, 4)]
    return {light.name: light for light in found}


@functools.cache
def training() -> Array:
    """(190, 81) reflectances."""
    data = json.loads((SHARED / "ssf/data/training/training_spectral.json").read_text())["spectral_data"]["data"][
        "main"
    ]
    return np.array([data[str(w)] for w in WAVELENGTHS]).T


@functools.cache
def samples_99() -> Array:
    """(99, 81) reflectances of the colour evaluation samples of ANSI/IES TM-30."""
    import colour
    from colour.quality.cfi2017 import load_TCS_CIE2017
    from colour.quality.datasets.tcs import INDEXES_TO_NAMES_TCS  # noqa: F401 - tells early that it is there

    sds = load_TCS_CIE2017(colour.SpectralShape(380, 780, 5))
    return np.asarray(sds.values).T


@functools.cache
def observer() -> Array:
    data = json.loads((SHARED / "ssf/data/cmf/cmf_1931.json").read_text())["spectral_data"]["data"]["main"]
    return np.array([data[str(w)] for w in WAVELENGTHS])


@functools.cache
def camera_names() -> tuple[str, ...]:
    return tuple(sorted(p.name.removesuffix("_380_780_5.json") for p in (SHARED / "ssf/data/camera").glob("*.json")))


@functools.cache
def sensitivities(name: str) -> Array:
    """(81, 3)"""
    data = json.loads((SHARED / f"ssf/data/camera/{name}_380_780_5.json").read_text())["spectral_data"]["data"]["main"]
    s = np.array([data[str(w)] for w in WAVELENGTHS])
    return np.asarray(s / (s.T @ lights()["D55"].spectrum).max())


@functools.cache
def model_of(name: str) -> CameraModel:
    """The camera as a file's tags describe it."""
    matrices = []
    for light in ("A", "D65"):
        spectrum = lights()[light].spectrum
        seen, xyz = (training() * spectrum) @ sensitivities(name), (training() * spectrum) @ observer()
        white_xyz, white = spectrum @ observer(), spectrum @ sensitivities(name)
        # White exact, the rest by least squares: rows m with m @ white_xyz = white.
        a, y = xyz / white_xyz[1], seen / white.max()
        rows = []
        for c in range(3):
            kkt = np.block(
                [[a.T @ a, white_xyz[:, None] / white_xyz[1]], [white_xyz[None] / white_xyz[1], np.zeros((1, 1))]]
            )
            rows.append(np.linalg.solve(kkt, np.append(a.T @ y[:, c], (white / white.max())[c]))[:3])
        matrices.append(tuple(tuple(float(v) for v in row) for row in rows))
    return CameraModel.of(
        CameraColor(
            color_matrix_1=matrices[0],
            color_matrix_2=matrices[1],
            calibration_illuminant_1=17,
            calibration_illuminant_2=21,
        )
    )


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


def render(
    content: Array,
    spectra: list[Array],
    mask: Array | None,
    camera: str,
    rng: np.random.Generator,
    light_value: float,
    noise: float,
) -> Samples:
    """What the camera's blocks hold. mask: (h, w, k) how much of each light falls where."""
    s = sensitivities(camera)
    seen = []
    for spectrum in spectra:
        response = spectrum[:, None] * s
        matrix = response if content.shape[-1] == 81 else smooth_reflectance().T @ response
        seen.append(np.maximum(content @ matrix, 0) / response.sum(0)[1])
    total = (
        seen[0] if mask is None else sum(m[..., None] * v for m, v in zip(np.moveaxis(mask, -1, 0), seen, strict=True))
    )
    assert isinstance(total, np.ndarray)
    total = total / max(float(np.quantile(total.max(-1), rng.uniform(0.93, 0.995))), 1e-9) * 0.9
    # A 12 MP frame's blocks are means of 64 pixels a colour; these here stand for several of them.
    scale, offset = 1e-3 * noise**2, 4e-6 * noise**2
    measured = (
        total + rng.normal(0, 1, total.shape) * np.sqrt((scale * total + offset) / 64) + rng.normal(0, 1e-4, 3) * noise
    )
    clipped = total.max(-1) > 1.0
    return Samples.of_grid(measured, ~clipped, (scale,) * 3, (offset,) * 3, light_value)


def cases(seed: int, per_light: int = 40, kinds: tuple[str, ...] = (), noise: float = 1.0) -> Iterator[Case]:
    """Content under one light, each time through another camera."""
    rng = np.random.default_rng(seed)
    everything = contents(seed)
    names = list(everything)
    for light in lights().values():
        if kinds and light.kind not in kinds:
            continue
        chosen = rng.permutation(len(names))
        for n in range(per_light):
            name = names[chosen[n % len(names)]]
            if (name.startswith("blue sky") or "daylight" in name) and light.kind not in ("daylight", "shade"):
                continue
            camera = camera_names()[int(rng.integers(len(camera_names())))]
            spectrum = light.spectrum / light.spectrum.mean()
            samples = render(
                everything[name], [spectrum], None, camera, rng, float(rng.uniform(light.low, light.high)), noise
            )
            neutral = spectrum @ sensitivities(camera)
            yield Case(name, light.name, camera, samples, model_of(camera), neutral[None] / neutral.max())


def mixed(seed: int, count: int = 120) -> Iterator[Case]:
    """Two lights, each on its part of the scene, with a soft border between."""
    rng = np.random.default_rng(seed)
    everything = contents(seed)
    names = [n for n in everything if not n.startswith("blue sky")]
    pairs = (("A", "D65"), ("A", "shade"), ("LED-B1", "D55"), ("FL11", "D65"), ("halogen", "D75"), ("HP1", "LED-B4"))
    for n in range(count):
        one, two = (lights()[k] for k in pairs[n % len(pairs)])
        if rng.random() < 0.5:
            one, two = two, one
        name = names[int(rng.integers(len(names)))]
        share, angle = rng.uniform(0.5, 0.75), rng.uniform(0, 2 * np.pi)
        shape = everything[name].shape[:2]
        y, x = np.meshgrid(np.linspace(-0.5, 0.5, shape[0]), np.linspace(-0.5, 0.5, shape[1]), indexing="ij")
        along = x * np.cos(angle) + y * np.sin(angle)
        border = np.quantile(along, share)
        part = 1 / (1 + np.exp((along - border) / 0.03))
        mask = np.stack([part, (1 - part) * rng.uniform(0.6, 1.4)], -1)
        camera = camera_names()[int(rng.integers(len(camera_names())))]
        spectra = [light.spectrum / light.spectrum.mean() for light in (one, two)]
        samples = render(everything[name], spectra, mask, camera, rng, float(rng.uniform(5, 9)), 1.0)
        neutrals = np.stack([v @ sensitivities(camera) for v in spectra])
        yield Case(
            name,
            f"{one.name}+{two.name}",
            camera,
            samples,
            model_of(camera),
            neutrals / neutrals.max(1, keepdims=True),
            (share, 1 - share),
        )


def angle(a: Array, b: Array) -> float:
    """Degrees between two neutrals (recovery error; Hordley and Finlayson 2004)."""
    return float(np.degrees(np.arccos(np.clip(a @ b / np.linalg.norm(a) / np.linalg.norm(b), -1, 1))))
