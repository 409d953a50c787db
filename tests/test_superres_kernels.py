"""The kernels of super-resolution against numpy, and linear raw on its way to the working space."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from lichtbild import native
from lichtbild.burst.interpolate import MARGIN, PEDESTAL
from lichtbild.carriers import Frame
from lichtbild.develop import refine
from lichtbild.develop.fine_waves import joined_waves, waves_of_color, waves_of_noise
from lichtbild.develop.gather import PAD_X, PAD_Y, empty
from lichtbild.develop.linear import develop_linear
from lichtbild.develop.predict import inverse
from lichtbild.develop.superres import windows
from reference import superres as reference
from reference.burst import between
from reference.half import HALF
from reference.superres import gathered
from test_burst_scene import Camera

SHAPE = (22, 38)
DEVIATIONS = (0.3, 0.45, 0.6)
WORTH = (0.5, 1.4, 0.7)


def frame_of(cfa: str) -> Frame:
    return Camera(100, cfa=cfa).shoot(np.full(SHAPE, 0.2), None)


@pytest.mark.parametrize(
    ("scale", "cfa"), [(2.0, "RGGB"), (2.0, "GBRG"), (1.5, "GRBG"), (2.5, "BGGR"), (3.0, "GRBG"), (1.0, "RGGB")]
)
def test_gathering_is_what_numpy_makes_of_it(scale: float, cfa: str) -> None:
    rng = np.random.default_rng(1)
    frame, count = frame_of(cfa), 3
    moves = rng.uniform(-3, 3, (count, 2))
    rows, columns = (n // 2 for n in SHAPE)
    trust = rng.uniform(0.2, 1, (count, rows, columns))
    values = rng.uniform(-0.5, 0.5, (count, *SHAPE)) * trust.repeat(2, 1).repeat(2, 2)
    samples = np.zeros((count, 5, rows + 2 * PAD_Y, columns + 2 * PAD_X), np.int16)
    inside = samples[:, :, PAD_Y : PAD_Y + rows, PAD_X : PAD_X + columns]
    for site in range(4):
        inside[:, site] = np.rint(values[:, site // 2 :: 2, site % 2 :: 2] * 16384)
    inside[:, 4] = np.rint(trust * 16384)
    sums = empty(frame, scale)
    blocks = np.empty((count, 2, -(-rows // 4), -(-columns // 8)), np.float32)
    blocks[:] = moves[:, :, None, None]
    sharpness = np.array([0.5 / d**2 for d in DEVIATIONS], np.float32)
    for part in (slice(0, 1), slice(1, 3)):  # two calls add up to one
        native.call(
            "superres_gather", samples[part], blocks[part], sums, sharpness, np.array(WORTH, np.float32), 1 / scale,
            *frame.color_phase, sums,
        )  # fmt: skip
    wanted, weights = gathered(values, trust.repeat(2, 1).repeat(2, 2), moves, scale, cfa, DEVIATIONS, WORTH)
    height, width = wanted.shape[1:]
    _, phases, _, quads_y, quads_x = sums.shape
    fine = sums.transpose(0, 3, 1, 4, 2).reshape(8, quads_y * phases, quads_x * phases)[:, :height, :width]
    np.testing.assert_allclose(fine[1::2] / 1024, weights, atol=2e-3)
    known = weights > 0.02
    np.testing.assert_allclose(((fine[0::2] - 32768.0) / 16384)[known], wanted[known], atol=3e-3)


def test_flow_back_and_forth_is_still() -> None:
    y, x = np.mgrid[0:9, 0:12].astype(np.float32)
    flow = np.stack([3.0 + 0.02 * x - 0.01 * y, -5.0 - 0.02 * y + 0.015 * x])
    back = inverse(flow)
    # A point of the frame lies back[...] from where it came from; forth from there it must return.
    at = np.stack([y, x]) + back / 32
    forth = np.stack([3.0 + 0.02 * at[1] - 0.01 * at[0], -5.0 - 0.02 * at[0] + 0.015 * at[1]])
    np.testing.assert_allclose((forth + back)[:, 1:-1, 1:-1], 0, atol=1e-3)


def test_windows_are_means() -> None:
    for half in (windows(2.0), refine.windows()):
        np.testing.assert_allclose(2 * half.sum(axis=1) - half[:, 0], 1, rtol=1e-6)


@pytest.mark.parametrize("shape", [(140, 530), (13, 21)])
def test_splines_go_through_the_picture(shape: tuple[int, int]) -> None:
    image = np.random.default_rng(8).uniform(0.4, 0.6, (3, *shape)).astype(np.float16)
    out = np.empty((3, max(shape[0] + 2 * MARGIN, 128), max(shape[1] + 2 * MARGIN, 512)), np.uint16)
    native.call("superres_splines", image, 12000.0, refine.coefficients(), out)
    part = out[:, MARGIN - 1 : MARGIN + shape[0] + 1, MARGIN - 1 : MARGIN + shape[1] + 1].astype(float)
    for axis in (1, 2):
        lines = np.moveaxis(part, axis, 0)
        part = np.moveaxis((lines[:-2] + 4 * lines[1:-1] + lines[2:]) / 6, 0, axis)
    away = (part - PEDESTAL - refine.RISE) / 12000 - image
    assert np.abs(away).max() < 1e-3


@pytest.mark.parametrize("crop", [(0, 0, 13, 21), (2, 3, 9, 17), (5, 4, 1, 1)])
def test_linear_raw_is_developed_in_one_pass(crop: tuple[int, int, int, int]) -> None:
    rng = np.random.default_rng(2)
    frame = frame_of("RGGB")
    image = rng.integers(100, 60000, (13, 21, 3), dtype=np.uint16)
    gains = rng.uniform(1, 2, (3, 4, 4)).astype(np.float32)
    frame = replace(frame, mosaic=image, cfa="RGB", black_level=(100.0, 110.0, 120.0, 120.0), shading=gains)
    neutral, matrix = np.array([0.5, 1.0, 0.7]), rng.uniform(-0.5, 1, (3, 3))
    out = develop_linear(frame, crop, neutral, matrix)
    y, x = np.linspace(0, 2, 13)[:, None, None], np.linspace(0, 3, 21)[None, :, None]
    iy, ix = np.minimum(y.astype(int), 1), np.minimum(x.astype(int), 2)
    ty, tx = y - iy, x - ix

    def at(dy: int, dx: int) -> np.ndarray:
        return gains[(iy + dy)[..., 0], (ix + dx)[..., 0], :3]

    lens = (at(0, 0) * (1 - tx) + at(0, 1) * tx) * (1 - ty) + (at(1, 0) * (1 - tx) + at(1, 1) * tx) * ty
    black = np.array(frame.black_level[:3])
    wanted = (image - black) / (frame.white_level - black) / neutral * lens @ matrix.T
    top, left, height, width = crop
    part = wanted[top : top + height, left : left + width].transpose(2, 0, 1)
    np.testing.assert_allclose(out, part, rtol=HALF, atol=1e-6)


def test_planes_hold_the_picture_and_its_repeated_edge() -> None:
    image = np.random.default_rng(3).uniform(-0.1, 1.2, (3, 13, 21)).astype(np.float16)
    out = np.empty((3, 13 + 2 * MARGIN, 21 + 2 * MARGIN), np.uint16)
    native.call("superres_planes", image, 30000.0, out)
    wanted = np.pad(image.astype(float), [(0, 0), (MARGIN, MARGIN), (MARGIN, MARGIN)], mode="edge") * 30000 + PEDESTAL
    assert np.abs(out - wanted).max() <= 1


@pytest.mark.parametrize("shape", [(9, 13), (5, 40), (1, 8)])
def test_samples_are_trusted_as_numpy_does(shape: tuple[int, int]) -> None:
    rng = np.random.default_rng(4)
    h, w = shape
    unit = 40000.0
    light = rng.uniform(0.1, 0.6, (2 * h, 2 * w))
    expected = np.rint(np.clip(light + rng.normal(0, 0.01, light.shape), 0, 1) * unit + PEDESTAL).astype(np.uint16)
    expected[:, -2:] += np.uint16(6000)  # something else is seen there
    expected[0, 0] = 0
    black, gain = np.array([500.0, 510, 520, 530]), np.array([1.0, 1.1, 0.9, 1.05]) / 10000
    sites = [np.s_[i // 2 :: 2, i % 2 :: 2] for i in range(4)]
    mosaic = np.empty(light.shape, np.uint16)
    for i, site in enumerate(sites):
        mosaic[site] = np.rint(light[site] / gain[i] + black[i])
    limit = np.array([6000.0, 6100, 6900, 6300])
    noise = np.array([[2e-4, 1e-5], [1e-4, 2e-5], [1e-4, 1e-5], [3e-4, 1e-5]])
    tolerance = np.array([0.02, 0.05, 0.1, 1.5, 0.1, 0.3, 0.5])
    still = rng.uniform(0, 1, (-(-h // 16), -(-w // 16))).astype(np.float32)
    calm = still.repeat(16, 0).repeat(16, 1)[:h, :w].astype(np.float64)
    out = np.empty((5, h + 2 * PAD_Y, w + 2 * PAD_X), np.int16)
    single = [a.astype(np.float32) for a in (black, gain, noise, limit, tolerance)]
    native.call("superres_samples", mosaic, expected, *single, 1 / unit, 1.3, still, out)
    p = np.stack([(expected[site] - float(PEDESTAL)) / unit for site in sites], -1)
    seen = np.stack([(mosaic[site] - black[i]) * gain[i] for i, site in enumerate(sites)], -1)
    fits = np.stack([(expected[site] > 0) & (mosaic[site] < limit[i]) for i, site in enumerate(sites)], -1)
    wanted = reference.samples(seen, p, fits, noise, tolerance, 1.3, calm)
    inside = out[:, PAD_Y : PAD_Y + h, PAD_X : PAD_X + w]
    np.testing.assert_allclose(inside / 16384, wanted, atol=2e-4)
    assert np.abs(out).sum() == np.abs(inside.astype(np.int64)).sum()
    if h > 1:
        assert inside[4].max() > 0.5 * 16384 > inside[4, :, -1].max()


@pytest.mark.parametrize(("scale", "sharpen"), [(2.0, 1.0), (1.5, 0.0), (3.0, 0.7)])
def test_finishing_is_what_numpy_makes_of_it(scale: float, sharpen: float) -> None:
    rng = np.random.default_rng(5)
    frame = frame_of("RGGB")
    sums = empty(frame, scale)
    _, phases, _, quads_y, quads_x = sums.shape
    rows, columns = int(SHAPE[0] * scale), int(SHAPE[1] * scale)
    y, x = np.mgrid[0 : SHAPE[0], 0 : SHAPE[1]]
    image = np.stack([0.3 + 0.2 * np.sin(x * 0.9 + c) * np.cos(y * 0.7) for c in range(3)]).astype(np.float16)
    sums[0::2] = rng.integers(30500, 35000, sums[0::2].shape)
    sums[1::2] = rng.integers(0, 4000, sums[1::2].shape)
    fine = sums.transpose(0, 3, 1, 4, 2).reshape(8, quads_y * phases, quads_x * phases)[:, :rows, :columns]
    half = windows(scale)
    noise = np.array([[2e-4, 1e-6], [1e-4, 2e-6], [3e-4, 1e-6]], np.float32)
    neutral = np.array([0.5, 1.0, 0.7], np.float32)
    doubt, shrink = np.array([0.3, 0.5], np.float32), np.array([1.2, 2.0], np.float32)
    waves = 6 * waves_of_noise(scale, 0.3), joined_waves(scale, sharpen)
    color_take = waves_of_color(scale, 0.6, 5.0)
    out = np.empty((rows, columns, 3), np.uint16)
    native.call(
        "superres_finish", image, sums, half, noise, doubt, shrink, neutral, *waves, color_take, 1 / scale, 0.05,
        1000.0, 40000.0, phases, columns, rows, out,
    )  # fmt: skip
    wanted = reference.finished(
        image.astype(np.float64), (fine[0::2] - 32768.0) / 16384, fine[1::2] / 1024, half.astype(np.float64),
        noise.astype(np.float64), (0.3, 0.5), (1.2, 2.0), neutral.astype(np.float64), waves, color_take, scale, 0.05,
    )  # fmt: skip
    away = np.abs((out - 1000.0) / 40000 - np.clip(wanted, -1000 / 40000, None))
    assert away.max() < 2e-3
    assert away.mean() < 3e-5


@pytest.mark.parametrize("cfa", ["RGGB", "GBRG", "BGGR", "GRBG"])
def test_refining_is_what_numpy_makes_of_it(cfa: str) -> None:
    rng = np.random.default_rng(6)
    frame = frame_of(cfa)
    sums = empty(frame, 1.0)
    _, phases, _, quads_y, quads_x = sums.shape
    sums[0::2] = rng.integers(30500, 35000, sums[0::2].shape)
    sums[1::2] = rng.integers(0, 4000, sums[1::2].shape)
    fine = sums.transpose(0, 3, 1, 4, 2).reshape(8, quads_y * phases, quads_x * phases)[:, : SHAPE[0], : SHAPE[1]]
    mosaic = rng.integers(2500, 50000, SHAPE, dtype=np.uint16)
    unit = np.array([2.0, 1.0, 1.5]) / 50000
    noise = np.array([[2e-4, 1e-6], [1e-4, 2e-6], [3e-4, 1e-6]])
    out = np.empty_like(mosaic)
    single = [np.asarray(a, np.float32) for a in (refine.windows(), noise, (0.1, 0.2), unit)]
    native.call("superres_refine", mosaic, sums, *single, *refine.waves(), 2000.0, *frame.color_phase, out)
    units = np.empty(SHAPE)
    for i, color in enumerate(cfa):
        units[i // 2 :: 2, i % 2 :: 2] = unit["RGB".index(color)]
    wanted = reference.refined(
        (mosaic - 2000.0) * units, cfa, (fine[0::2] - 32768.0) / 16384, fine[1::2] / 1024,
        refine.windows().astype(np.float64), noise, (0.1, 0.2), refine.waves(),
    )  # fmt: skip
    wanted = wanted / units + 2000
    assert np.abs(out - np.clip(wanted, 0, 65535)).max() < 2
    assert np.abs(out.astype(float) - mosaic).mean() > 20
    told = rng.uniform(0, 1, [n // 8 + 6 for n in SHAPE]).astype(np.float32)
    blended = mosaic + between(told, SHAPE) * (out.astype(float) - mosaic)
    native.call("superres_blend", mosaic, out, told, out)
    assert np.abs(out - blended).max() < 0.6


@pytest.mark.parametrize("shape", [(64, 64), (67, 90)])
def test_judging_is_what_numpy_makes_of_it(shape: tuple[int, int]) -> None:
    rng = np.random.default_rng(7)
    light = rng.uniform(0.05, 1.1, shape)
    mosaic = np.clip(500 + 3500 * light, 0, 4000).astype(np.uint16)
    merged, refined = (
        np.clip(2000 + 50000 * (light + rng.normal(0, 0.02, shape)), 0, 65535).astype(np.uint16) for _ in range(2)
    )
    black = np.array([500, 505, 510, 515], np.float32)
    noise = np.array([[1e-3, 1e-4], [1.1e-3, 2e-4], [1.2e-3, 3e-4], [1.3e-3, 4e-4]], np.float32)
    out = np.empty((2, shape[0] // 8, shape[1] // 8), np.float32)
    native.call("superres_judge", mosaic, merged, refined, black, noise, 1 / 3500, 2000.0, 1 / 50000, 0.95, out)
    rows, columns = (np.arange(n) % 2 for n in shape)
    site = 2 * rows[:, None] + columns
    seen = (mosaic - black[site]) / 3500
    before, after = (merged - 2000.0) / 50000, (refined - 2000.0) / 50000
    worth = (seen < 0.95) / (noise[site, 0] * np.maximum(before, 0) + noise[site, 1])
    wanted = np.stack([((after - seen) ** 2 - (before - seen) ** 2) * worth, (after - before) ** 2 * worth])
    height, width = (n // 8 for n in shape)
    cells = wanted[:, : 8 * height, : 8 * width].reshape(2, height, 8, width, 8).sum((2, 4))
    np.testing.assert_allclose(out, cells, rtol=1e-3, atol=2e-2)
