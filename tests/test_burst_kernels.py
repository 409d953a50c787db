"""Each kernel of leg 2 against plain numpy, on random small inputs."""

from __future__ import annotations

import numpy as np
import pytest
from tests.reference import burst as reference

from lichtbild import native
from lichtbild.burst.interpolate import rows_together, show, show_blocks
from lichtbild.carriers import CameraColor, Frame, Metadata, NoiseProfile

PHASES = [(0, 0), (0, 1), (1, 0), (1, 1)]


@pytest.fixture
def rng() -> np.random.Generator:
    return np.random.default_rng(20)


def gray_levels(rng: np.random.Generator, height: int, width: int) -> tuple[np.ndarray, np.ndarray]:
    """Two padded levels of a smooth random texture, the second displaced."""
    y, x = np.mgrid[0 : height + 2 * reference.PAD, 0 : width + 2 * reference.PAD].astype(float)
    waves = [(*rng.uniform(-0.7, 0.7, 2), rng.uniform(0, 6.3)) for _ in range(12)]

    def texture(dy: float, dx: float) -> np.ndarray:
        clean = sum(3 * np.sin(fy * (y + dy) + fx * (x + dx) + phase) for fy, fx, phase in waves)
        return (clean + rng.normal(0, 0.2, y.shape)).astype(np.float32)

    return texture(0, 0), texture(-2.3, 1.6)


@pytest.mark.parametrize("shape", [(64, 64), (66, 130), (128, 70)])
def test_align_gray(rng: np.random.Generator, shape: tuple[int, int]) -> None:
    mosaic = rng.integers(400, 4096, shape, dtype=np.uint16)
    numbers = (512.0, np.linspace(0.9, 1.1, shape[0] // 2, dtype=np.float32) / 3000, 0.8, 0.02, 70.0)
    out = np.empty((shape[0] // 2 + 64, shape[1] // 2 + 64), np.float32)
    native.call("align_gray", mosaic, *numbers, out)
    np.testing.assert_allclose(out, reference.align_gray(mosaic, *numbers), rtol=2e-6)


@pytest.mark.parametrize("shape", [(64, 64), (65, 99), (97, 64)])
def test_align_halve(rng: np.random.Generator, shape: tuple[int, int]) -> None:
    fine = np.pad(rng.uniform(0, 50, shape).astype(np.float32), 32, mode="edge")
    height, width = shape[0] // 2, shape[1] // 2
    out = np.empty((height + 64, width + 64), np.float32)
    native.call("align_halve", fine, width, height, out)
    np.testing.assert_allclose(out, reference.align_halve(fine, width, height), rtol=2e-6)


@pytest.mark.parametrize(("reach", "guess"), [(1, (0, 0)), (2, (-2, 2)), (4, (90, -200))])
def test_align_tiles(rng: np.random.Generator, reach: int, guess: tuple[int, int]) -> None:
    ref, alt = gray_levels(rng, 70, 100)
    coarse = rng.integers(-30, 30, (2, 3, 4), dtype=np.int32)
    coarse[:, :2, :2] = [[[1]], [[-1]]]
    out = np.empty((2, 5, 7), np.int32)
    native.call("align_tiles", ref, alt, coarse, reach, *guess, out)
    np.testing.assert_array_equal(out, reference.align_tiles(ref, alt, coarse, reach, guess, (5, 7)))


def test_tiles_without_anything_to_hold_on_to_do_not_move() -> None:
    same = np.full((128, 128), 7, np.float32)
    out = np.empty((2, 4, 4), np.int32)
    native.call("align_tiles", same, same, np.zeros((2, 1, 1), np.int32), 4, 0, 0, out)
    assert not out.any()


def test_align_refine(rng: np.random.Generator) -> None:
    ref, alt = gray_levels(rng, 70, 100)
    flow = rng.uniform(-4, 4, (2, 5, 7)).astype(np.float32)
    flow[:, 0, 0] = 2.3, -1.6
    flow[:, 4, 6] = 300, -300  # far out: held at the edge of the padding
    out = np.empty((4, 5, 7), np.float32)
    native.call("align_refine", ref, alt, flow, 0.25, out)
    np.testing.assert_allclose(out, reference.align_refine(ref, alt, flow, 0.25), rtol=2e-4, atol=2e-4)


def shot(mosaic: np.ndarray, phase: tuple[int, int], black: tuple[float, ...] = (500, 510, 505, 515)) -> Frame:
    """A frame of a camera with these red sites."""
    cfa = {(0, 0): "RGGB", (0, 1): "GRBG", (1, 0): "GBRG", (1, 1): "BGGR"}[phase]
    profile = NoiseProfile((1e-4,) * 3, (1e-6,) * 3)
    neutral = CameraColor(as_shot_neutral=(0.5, 1.0, 0.625))
    return Frame(mosaic, cfa, black, 4000.0, 4000.0, profile, metadata=Metadata(color=neutral))


MOTIONS = ("rotated", "apart", "whole", "far", "out")


def motion(kind: str, shape: tuple[int, int], rng: np.random.Generator) -> np.ndarray:
    """Flow of the tiles of a frame of this shape."""
    rows, columns = (-(-side // 32) for side in shape)
    y, x = np.mgrid[0:rows, 0:columns] * 32.0
    flow = {
        "rotated": np.stack([3.3 + 0.02 * x, -7.6 - 0.02 * y]),
        "apart": np.where(x > shape[1] / 2, [[[24.3]], [[-41.8]]], [[[-0.4]], [[0.7]]]),
        "whole": np.broadcast_to([[[-3.0]], [[8.0]]], (2, rows, columns)),
        "far": rng.uniform(-70, 70, (2, rows, columns)),
        "out": np.broadcast_to([[[shape[0] - 5.3]], [[7.7 - shape[1]]]], (2, rows, columns)),
    }[kind]
    return np.ascontiguousarray(flow, np.float32)


@pytest.mark.parametrize("phase", PHASES)
@pytest.mark.parametrize("shape", [(80, 66), (67, 95)])
@pytest.mark.parametrize("kind", MOTIONS)
def test_burst_shown(rng: np.random.Generator, phase: tuple[int, int], shape: tuple[int, int], kind: str) -> None:
    frame = shot(rng.integers(480, 4000, shape, dtype=np.uint16), phase)
    flow = motion(kind, shape, rng)
    out = np.empty([side + side % 2 for side in shape], np.uint16)
    show(frame, flow, out)
    blocks = reference.burst_blocks(flow, (-(-out.shape[0] // 8), -(-out.shape[1] // 16)))
    unit = 1 / (4000 - np.mean(frame.black_level))
    want = reference.burst_shown(
        frame.mosaic, frame.black_level, np.array([2, 1, 1.6]), unit, phase, blocks.astype(np.float32), out.shape
    )
    np.testing.assert_array_equal(out == 0, want == 0)
    assert np.any(want > 0)
    assert np.abs(out - want).max() < 2.1  # of 65535; where single floats round another number up
    assert np.abs(out - want).mean() < 0.3


@pytest.mark.parametrize("kind", MOTIONS)
def test_tiles_and_rows_of_them_show_what_the_whole_shows(rng: np.random.Generator, kind: str) -> None:
    """Parts of the frame's motion, in which tiles and their reach are others, give the same numbers."""
    shape = (600, 1100)  # 3 x 3 tiles, of which the last ones are small
    frame = shot(rng.integers(480, 4000, shape, dtype=np.uint16), (1, 0))
    flow = motion(kind, shape, rng)
    blocks, whole = np.empty((2, 75, 69), np.float32), np.empty(shape, np.uint16)
    native.call("burst_blocks", flow, blocks)
    show_blocks(frame, blocks, shape, whole)
    still = np.zeros_like(blocks)
    for top, left in ((0, 0), (16, 24), (40, 37)):  # in blocks
        part = still.copy()
        here = np.s_[:, top : top + 20, left : left + 16]
        part[here] = blocks[here]
        alone = np.empty(shape, np.uint16)
        show_blocks(frame, part, shape, alone)
        pixels = np.s_[8 * top : 8 * top + 160, 16 * left : 16 * left + 256]
        np.testing.assert_array_equal(alone[pixels], whole[pixels])


def test_what_moves_by_itself_costs_its_own_rows() -> None:
    span = np.array([[250, 252, 480, 470, 251, 180], [498, 498, 700, 640, 500, 500]])
    assert list(rows_together(span)) == [(0, 2), (2, 4), (4, 6)]
    assert list(rows_together(span[:, :2])) == [(0, 2)]


@pytest.mark.parametrize("phase", PHASES)
def test_what_was_measured_stays_and_grey_stays_grey(phase: tuple[int, int]) -> None:
    neutral = np.array([0.5, 1.0, 0.625])
    y, x = np.mgrid[0:64, 0:96]
    light = 0.3 + 0.2 * np.sin(y / 9) * np.cos(x / 7)

    def sites(y: np.ndarray, x: np.ndarray) -> np.ndarray:
        row, column = (y - phase[0]) % 2 == 0, (x - phase[1]) % 2 == 0
        return np.where(row != column, 1, np.where(row, 0, 2))

    mosaic = np.rint(light * neutral[sites(y, x)] * 3000 + 1000).astype(np.uint16)
    frame, out = shot(mosaic, phase, (1000.0,) * 4), np.empty((64, 96), np.uint16)
    for dy, dx in ((0, 0), (0, 1), (1, 0), (1, 1)):
        show(frame, np.broadcast_to(np.array([[[dy]], [[dx]]], np.float32), (2, 2, 3)).copy(), out)
        gray = ((out - reference.PEDESTAL) / reference.UNIT / neutral[sites(y, x)])[:-1, :-1]
        there = light[dy : 63 + dy, dx : 95 + dx]
        same = np.s_[:, :] if (dy, dx) == (0, 0) else np.s_[8:-8, 8:-8]
        np.testing.assert_allclose(gray[same], there[same], atol=5e-4 if (dy, dx) == (0, 0) else 2e-3)


def test_burst_blocks(rng: np.random.Generator) -> None:
    smooth = rng.uniform(-0.7, 0.7, (2, 3, 4)) + rng.uniform(-50, 50, (2, 1, 1))
    broken = smooth.copy()
    broken[:, 1, 2] += 8
    for flow in (smooth.astype(np.float32), broken.astype(np.float32)):
        out = np.empty((2, 11, 7), np.float32)
        native.call("burst_blocks", flow, out)
        np.testing.assert_allclose(out, reference.burst_blocks(flow, (11, 7)), atol=2e-5)


@pytest.mark.parametrize("phase", PHASES)
@pytest.mark.parametrize("shape", [(48, 64), (50, 70)])
@pytest.mark.parametrize("spline", [False, True])
def test_burst_warp(rng: np.random.Generator, phase: tuple[int, int], shape: tuple[int, int], spline: bool) -> None:
    planes = rng.integers(0, 65536, (3, 128, 512), dtype=np.uint16)
    blocks = rng.uniform(-9, 9, (2, -(-shape[0] // 8), -(-shape[1] // 16))).astype(np.float32)
    blocks[:, 2, 1] = 4.0, -3.0  # whole pixels
    out = np.empty(shape, np.uint16)
    native.call("burst_warp", planes, blocks, *phase, shape[1], shape[0], spline, out)
    want = reference.burst_warp(planes, blocks, phase, shape, shape, spline)
    np.testing.assert_array_equal(out == 0, want == 0)
    assert np.abs(out - want).max() < 0.6


@pytest.mark.parametrize("shape", [(64, 64), (66, 90), (98, 70)])
@pytest.mark.parametrize(("ratio", "clip", "clip_ref"), [(1.0, 1.0, 1.0), (0.25, 0.25, 1.0), (4.0, 4.0, 1.0)])
def test_burst_accumulate(
    rng: np.random.Generator, shape: tuple[int, int], ratio: float, clip: float, clip_ref: float
) -> None:
    light = 1.2 * min(clip, 1) * rng.uniform(0, 1, shape) ** 2
    light[:, shape[1] // 2 :] *= 0.3  # one half clips here and there, the other nowhere
    noise = np.array([[1e-3, 1e-6], [1.1e-3, 2e-6], [1.2e-3, 3e-6], [1.3e-3, 4e-6]], np.float32)
    noise_alt = noise * np.array([ratio, ratio * ratio], np.float32)
    black = np.array([500, 510, 505, 515], np.float32)
    ref = np.clip((light + rng.normal(0, np.sqrt(1e-3 * light))) * 3500 + 507, 0, 4007).astype(np.uint16)
    alt = light + rng.normal(0, np.sqrt(1e-3 * ratio * light)) + 0.1 * (rng.uniform(size=shape) > 0.98)
    alt = np.clip(alt, 0, clip) / ratio
    warped = np.clip(alt * reference.UNIT + reference.PEDESTAL, 1, 65535).astype(np.uint16)
    warped[:3, :5] = 0
    sums = rng.uniform(0, 3, (5, shape[0] // 2, shape[1] // 2)).astype(np.float32)
    rows = rng.uniform(0.98, 1.02, shape[0] // 2).astype(np.float32)
    trust = rng.uniform(0.5, 1, (shape[0] // 16 + 6, shape[1] // 16 + 6)).astype(np.float32)
    arguments = (black, noise, noise_alt, rows, trust, 1 / 3500, ratio, clip, clip_ref, 0.5)
    want = reference.burst_accumulate(ref, warped, sums, *arguments)
    taken = (want[4] - sums[4]) * ratio
    assert taken.min() < 0.1
    assert taken.max() > 0.6
    native.call("burst_accumulate", ref, warped, sums, *arguments, sums)
    np.testing.assert_allclose(sums, want, rtol=1.5e-3, atol=1e-4)  # inverse roots to 14 bits


@pytest.mark.parametrize("yields", [False, True])
@pytest.mark.parametrize("shape", [(64, 64), (66, 90), (98, 70)])
def test_burst_finish(rng: np.random.Generator, yields: bool, shape: tuple[int, int]) -> None:
    ref = rng.integers(400, 4100, shape, dtype=np.uint16)
    sums = rng.uniform(0, 3, (5, shape[0] // 2, shape[1] // 2)).astype(np.float32)
    sums[:, : shape[0] // 8] = 0  # no other frame
    ref[:8, :16] = 4095  # and clipped, too
    trust = rng.uniform(0.2, 1, (shape[0] // 16 + 6, shape[1] // 16 + 6)).astype(np.float32)
    arguments = (np.array([500, 510, 505, 515], np.float32), trust, 1 / 3500, 1.0, 4.0, 2048.0, 15000.0, yields)
    out = np.empty(shape, np.uint16)
    native.call("burst_finish", ref, sums, *arguments, out)
    assert np.abs(out - reference.burst_finish(ref, sums, *arguments)).max() < 0.6


@pytest.mark.parametrize("shape", [(1, 1), (16, 24), (17, 27), (31, 33)])
def test_burst_confidence(rng: np.random.Generator, shape: tuple[int, int]) -> None:
    sums = rng.uniform(0, 7, (5, *shape)).astype(np.float32)
    out = np.empty((-(-shape[0] // 4), -(-shape[1] // 4)), np.float32)
    native.call("burst_confidence", sums, out)
    np.testing.assert_allclose(out, reference.burst_confidence(sums), rtol=1e-5)


@pytest.mark.parametrize("light", [0.97, 1.0, 1.03])
def test_what_clips_counts_nothing_however_the_light_of_its_rows_flickers(light: float) -> None:
    mine = np.full((32, 48), 4000, np.uint16)
    its = np.full((32, 48), round(reference.PEDESTAL + reference.UNIT) + 1, np.uint16)
    noise, black = np.full((4, 2), 1e-3, np.float32), np.full(4, 500, np.float32)
    sums, rows = np.zeros((5, 16, 24), np.float32), np.full(16, light, np.float32)
    numbers = np.ones((9, 9), np.float32), 1 / 3500, 1.0, 1.0, 1.0, 4.0
    native.call("burst_accumulate", mine, its, sums, black, noise, noise, rows, *numbers, sums)
    assert not sums.any()


def evidence_of(rng: np.random.Generator, shape: tuple[int, int], green: int) -> tuple[np.ndarray, ...]:
    """Two noisy mosaics that differ in one half a little, in some quads much, and clip here and there."""
    light = (
        rng.uniform(0, 0.9, (-(-shape[0] // 24), -(-shape[1] // 24)))
        .repeat(24, 0)
        .repeat(24, 1)[: shape[0], : shape[1]]
    )
    ref, alt = (np.clip(light + rng.normal(0, 0.03, shape), 0, 1) for _ in range(2))
    alt[:, : shape[1] // 2] *= 1.02
    alt[rng.uniform(size=shape) > 0.98] += 0.3
    mosaic = np.clip(ref * 3500 + 500, 0, 4000).astype(np.uint16)
    other = np.clip(np.minimum(alt, 1) * reference.UNIT + reference.PEDESTAL, 1, 65535).astype(np.uint16)
    other[:3, :5] = 0
    noise = np.array([[1e-3, 1e-4], [1.1e-3, 2e-4], [1.2e-3, 3e-4], [1.3e-3, 4e-4]], np.float32)
    rows = rng.uniform(0.98, 1.02, shape[0] // 2).astype(np.float32)
    arguments = (
        mosaic, other, np.full(4, 500, np.float32), rows, noise,
        green, 1 / 3500, reference.PEDESTAL, 1 / reference.UNIT, 0.95,
    )  # fmt: skip
    out = np.empty((7, shape[0] // 16, shape[1] // 16), np.float32)
    native.call("burst_evidence", *arguments, out)
    return out, reference.burst_evidence(*arguments), noise


@pytest.mark.parametrize("green", [0, 1])
@pytest.mark.parametrize("shape", [(64, 64), (98, 70), (50, 320)])
def test_burst_evidence(rng: np.random.Generator, shape: tuple[int, int], green: int) -> None:
    found, want, _ = evidence_of(rng, shape, green)
    np.testing.assert_allclose(found, want, rtol=1e-4, atol=1e-4)
    assert 20 < want[6].mean() < 63


@pytest.mark.parametrize("shape", [(64, 64), (98, 70), (160, 320)])
def test_burst_trust(rng: np.random.Generator, shape: tuple[int, int]) -> None:
    sums, _, noise = evidence_of(rng, shape, 1)
    half = np.array([[0.8, 0.1, 0, 0], [0.4, 0.2, 0.08, 0.02]], np.float32)
    arguments = (sums, half, noise[[0, 1, 3]], 0.01, 0.006, 6.0, 0.05)
    trust = np.empty(sums.shape[1:], np.float32)
    native.call("burst_trust", *arguments, trust)
    want = reference.burst_trust(*arguments)
    np.testing.assert_allclose(trust, want, rtol=1e-3, atol=1e-5)
    assert want.min() < 0.5
    assert want.max() > 0.9


def lines_of(rng: np.random.Generator, shape: tuple[int, int], green: int) -> tuple[np.ndarray, np.ndarray]:
    """What cells see of two noisy mosaics, one of which has a line that the other lost; and what they should."""
    ref, alt = (np.clip(0.4 + rng.normal(0, s, shape), 0, 1) for s in (0.02, 0.004))
    ref[20:26, 10:50] += 0.05
    ref[:4, :8] = 1
    mosaic = np.clip(ref * 3500 + 500, 0, 4000).astype(np.uint16)
    merged = np.clip(alt * 20000 + 2048, 0, 65535).astype(np.uint16)
    noise = np.array([[1e-3, 1e-4], [1.1e-3, 2e-4], [1.2e-3, 3e-4]], np.float32)
    black = np.array([500, 510, 505, 515], np.float32)
    arguments = mosaic, merged, black, noise, green, 1 / 3500, 2048.0, 1 / 20000, 0.95, 0.01, 0.025
    seen = np.empty((3, shape[0] // 4, shape[1] // 4), np.float32)
    native.call("burst_lines_seen", *arguments, seen)
    return seen, reference.burst_lines_seen(*arguments)


@pytest.mark.parametrize("green", [0, 1])
@pytest.mark.parametrize("shape", [(64, 64), (98, 70), (66, 322)])
def test_burst_lines(rng: np.random.Generator, shape: tuple[int, int], green: int) -> None:
    seen, want = lines_of(rng, shape, green)
    np.testing.assert_allclose(seen, want, rtol=2e-3, atol=2e-3)  # inverse roots
    lost = np.empty_like(seen)
    native.call("burst_lines", seen, 15.0, 22.0, lost)
    np.testing.assert_allclose(lost, reference.burst_lines(seen, 15.0, 22.0), rtol=1e-3, atol=1e-4)
    assert lost[:, 5, 4:10].max() < -0.5  # the merged one is darker there
    assert (lost == 0).any()


@pytest.mark.parametrize("green", [0, 1])
@pytest.mark.parametrize("shape", [(64, 64), (98, 70), (66, 322)])
def test_burst_restore(rng: np.random.Generator, shape: tuple[int, int], green: int) -> None:
    merged = rng.integers(1800, 30000, shape, dtype=np.uint16)
    cells = rng.normal(0, 3, (3, shape[0] // 4, shape[1] // 4)).astype(np.float32)
    noise = np.array([[1e-3, 1e-4], [1.1e-3, 2e-4], [1.2e-3, 3e-4], [1.3e-3, 4e-4]], np.float32)
    arguments = np.pad(cells, ((0, 0), (1, 4), (1, 4)), "edge"), noise, green, 2048.0, 1 / 20000
    out = merged.copy()
    native.call("burst_restore", out, *arguments, out)
    want = reference.burst_restore(merged, *arguments)
    assert np.abs(out - want).max() < 0.6
    assert np.abs(want - merged).max() > 300
