"""Noise reduction: the kernel against numpy, what it leaves, and what it must not touch."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from tests.reference import denoise as reference

from lichtbild.carriers import Frame, Metadata, NoiseProfile
from lichtbild.develop.denoise import LEFT, apply, decide, denoise
from lichtbild.report import Report

NEUTRAL = np.array([0.55, 1.0, 0.65])


def make(x: np.ndarray, cfa: str = "RGGB", scale: float = 1e-3, offset: float = 1e-6) -> Frame:
    """A 16-bit frame whose pixels are x in 0..1."""
    mosaic = np.clip(np.rint(x * 50000 + 6000), 0, 65535).astype(np.uint16)
    profile = NoiseProfile((scale,) * 3, (offset,) * 3)
    return Frame(mosaic, cfa, (6000.0,) * 4, 56000.0, 56000.0, profile, Metadata())


def light(frame: Frame) -> np.ndarray:
    return (frame.mosaic - np.float64(frame.black_level[0])) / (frame.white_level - frame.black_level[0])


def grey(level: float, shape: tuple[int, int], cfa: str = "RGGB") -> np.ndarray:
    sites = NEUTRAL[["RGB".index(c) for c in cfa]].reshape(2, 2)
    return level * np.tile(sites, (-(-shape[0] // 2), -(-shape[1] // 2)))[: shape[0], : shape[1]]


def noisy(x: np.ndarray, seed: int = 0, scale: float = 1e-3, offset: float = 1e-6) -> np.ndarray:
    return x + np.random.default_rng(seed).normal(size=x.shape) * np.sqrt(scale * x + offset)


def test_the_kernel_does_what_numpy_does() -> None:
    rng = np.random.default_rng(1)
    ramp = np.linspace(0.0, 0.8, 192)[None, :] * np.linspace(0.2, 1, 128)[:, None]
    frame = make(noisy(ramp + 0.1 * (rng.random((128, 192)) > 0.98)))
    plan = decide(frame, NEUTRAL, 1.0)
    got = light(apply(frame, plan, 1.0))
    x = light(frame)
    quads = np.stack([x[0::2, 0::2], x[0::2, 1::2], x[1::2, 0::2], x[1::2, 1::2]])
    want = reference.denoise(
        quads, np.full(4, 1e-3), np.full(4, 1e-6), plan.basis.astype(float), np.stack([plan.luma, plan.chroma])
    )
    mine = np.stack([got[0::2, 0::2], got[0::2, 1::2], got[1::2, 0::2], got[1::2, 1::2]])
    inner = (slice(None), slice(20, -20), slice(20, -20))  # the mosaic is mirrored at its borders, quads are not
    np.testing.assert_allclose(mine[inner], want[inner], atol=2e-4)


@pytest.mark.parametrize("level", [0.002, 0.05, 0.4])
def test_flat_grey_becomes_clean_and_keeps_its_level(level: float) -> None:
    x = grey(level, (256, 384))
    frame = make(noisy(x))
    error = (light(denoise(frame, NEUTRAL, 1.0, Report())) - x)[16:-16, 16:-16]
    before = (light(frame) - x)[16:-16, 16:-16]
    assert error.var() < LEFT * before.var()
    assert abs(error.mean()) < 0.04 * before.std()


def test_the_profile_of_the_result_is_smaller() -> None:
    frame = make(noisy(grey(0.3, (64, 64))))
    clean = denoise(frame, NEUTRAL, 1.0, Report())
    assert clean.noise_profile.scale[0] == pytest.approx(LEFT * frame.noise_profile.scale[0])
    assert clean.cfa == frame.cfa
    assert clean.mosaic.shape == frame.mosaic.shape


def test_texture_well_above_the_noise_stays() -> None:
    y, x = np.mgrid[0:256, 0:256]
    texture = grey(0.3, (256, 256)) * (1 + 0.4 * np.sin(x * 1.1 + y * 0.4))
    frame = make(noisy(texture))
    before = (light(frame) - texture)[16:-16, 16:-16]
    error = (light(denoise(frame, NEUTRAL, 1.0, Report())) - texture)[16:-16, 16:-16]
    assert error.var() < 1.05 * before.var()


def test_without_strength_or_noise_nothing_happens() -> None:
    frame = make(noisy(grey(0.3, (64, 64))))
    assert denoise(frame, NEUTRAL, 0.0, Report()) is frame
    silent = replace(frame, noise_profile=NoiseProfile((1e-7,) * 3, (1e-9,) * 3))
    assert denoise(silent, NEUTRAL, 1.0, Report()) is silent


@pytest.mark.parametrize("shape", [(1, 1), (1, 7), (2, 3), (33, 17), (65, 130)])
def test_any_size(shape: tuple[int, int]) -> None:
    clean = denoise(make(noisy(grey(0.3, shape))), NEUTRAL, 1.0, Report())
    assert clean.mosaic.shape == shape
    assert np.abs(light(clean) - grey(0.3, shape)).max() < 0.1


def test_a_turned_frame_gives_a_turned_picture() -> None:
    x = noisy(grey(0.3, (130, 130)) + 0.1 * (np.mgrid[0:130, 0:130][0] > 70))
    whole = light(denoise(make(x), NEUTRAL, 1.0, Report()))
    turned = make(x[::-1, ::-1].copy(), cfa="BGGR")
    back = light(denoise(turned, NEUTRAL, 1.0, Report()))[::-1, ::-1]
    np.testing.assert_allclose(back[40:90, 40:90], whole[40:90, 40:90], atol=0.02)


def test_where_a_merge_could_use_fewer_frames_more_is_taken() -> None:
    x = grey(0.3, (256, 256))
    frame = make(noisy(x, scale=2e-3))  # twice the variance that the profile says
    confidence = np.full((32, 32), 8.0, np.float32)
    confidence[:, 16:] = 4.0
    merged = replace(frame, confidence=confidence)
    clean = light(denoise(merged, NEUTRAL, 1.0, Report())) - x
    assert clean[16:-16, 140:-16].var() < 0.5 * clean[16:-16, 16:116].var()
