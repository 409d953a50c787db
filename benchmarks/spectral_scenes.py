"""Scenes rendered spectrally through measured cameras: content x light x camera, with the true neutral.

Content: photographs (their colours turned into smooth reflectances), heaps of measured reflectances, scenes with one
large surface (skin, foliage, a red wall, sky, wood), the virtual camera's scenes, and a surface that fills the frame.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from lichtbild.develop.camera_color import CameraModel
from lichtbild.develop.illuminant.samples import Samples
from spectral_content import alone, contents, smooth_reflectance
from spectral_data import Array, Light, camera_names, lights, model_of, sensitivities


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
            yield one_light(name, everything[name], light, rng, noise)


def one_light(name: str, content: Array, light: Light, rng: np.random.Generator, noise: float = 1.0) -> Case:
    """A scene in one light, through a camera drawn by chance."""
    camera = camera_names()[int(rng.integers(len(camera_names())))]
    spectrum = light.spectrum / light.spectrum.mean()
    light_value = float(rng.uniform(light.low, light.high))
    samples = render(content, [spectrum], None, camera, rng, light_value, noise)
    neutral = spectrum @ sensitivities(camera)
    return Case(name, light.name, camera, samples, model_of(camera), neutral[None] / neutral.max())


def filled(seed: int, name: str, count: int = 78) -> Iterator[Case]:
    """One surface and nothing else, in all lights in turn."""
    rng = np.random.default_rng(seed)
    every = list(lights().values())
    for n in range(count):
        yield one_light(name, alone(rng, name), every[n % len(every)], rng)


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
