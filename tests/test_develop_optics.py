"""Lens corrections of opcode list 3 against the specification's formulas, one pixel at a time."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from lichtbild import native
from lichtbild.develop import optics
from lichtbild.develop.optics import correct_optics
from lichtbild.raw.opcodes import (
    Area,
    FixVignetteRadial,
    GainMap,
    MapPolynomial,
    Opcode,
    Unknown,
    WarpFisheye,
    WarpRectilinear,
    WarpRectilinear2,
)
from lichtbild.report import Report
from reference import optics as reference
from reference.half import HALF

MATRIX = np.array([[1.4, -0.3, -0.1], [-0.2, 1.5, -0.3], [0.05, -0.4, 1.35]])


def warp(*planes: tuple[float, ...], center: tuple[float, float] = (0.5, 0.5)) -> WarpRectilinear:
    return WarpRectilinear(True, False, tuple((*p, *[0.0] * (6 - len(p))) for p in planes), center)


def vignette(*k: float, center: tuple[float, float] = (0.5, 0.5)) -> FixVignetteRadial:
    k = (*k, *[0.0] * (5 - len(k)))
    return FixVignetteRadial(True, False, (k[0], k[1], k[2], k[3], k[4]), center)


def gain_map(gains: np.ndarray, shape: tuple[int, int], plane: int = 0, planes: int = 3) -> GainMap:
    """Gains (v, h, planes) on a grid from border to border."""
    spacing = 1 / (gains.shape[0] - 1), 1 / (gains.shape[1] - 1)
    return GainMap(True, False, Area(0, 0, *shape, plane, planes, 1, 1), (0.0, 0.0), spacing, gains.astype(np.float32))


def corrected(image: np.ndarray, *opcodes: Opcode, crop: tuple[int, int, int, int] | None = None) -> np.ndarray:
    report = Report()
    out = correct_optics(image, opcodes, crop or (0, 0, *image.shape[1:]), report)
    assert not report.notices
    return out


def smooth(h: int, w: int) -> np.ndarray:
    """(3, h, w): waves that are well above two pixels long."""
    y, x = np.mgrid[:h, :w]
    waves = [np.cos(y / 3.1 + x / 9), np.sin(x / 2.7 - y / 11), np.cos(x / 4.3) * np.cos(y / 3.7)]
    return (0.5 + 0.4 * np.stack(waves)).astype(np.float16)


LISTS = {
    "mild": (warp((1.0, -0.02, 0.004)),),
    "colours": (warp((1.0006, 0.0004), (1.0, 0.0), (0.9994, -0.0004)),),
    "drone": (warp((1.01, -0.07, 0.012, -0.001)), vignette(0.4, 0.1, -0.05)),
    "wide": (warp((1.0, -0.1, 0.01), (1.001, -0.1, 0.01), (1.0, -0.1, 0.01)),),
    "strong and tangential": (warp((0.98, -0.16, 0.03, 0.001, 0.004, -0.003), center=(0.46, 0.55)),),
    "fisheye": (WarpFisheye(True, False, ((1.0, -0.05, 0.01, 0.0),), (0.5, 0.5)),),
    "newer": (
        WarpRectilinear2(
            True,
            False,
            tuple((k, 0.01, 0.02, -0.01, 0.004, *[0.0] * 9, 0.001, 0.002, -0.001) for k in (1.0, 1.001, 0.999)),
            (0.5, 0.48),
            ((0.0, 1.0), (0.1, 1.0), (0.0, 1.0)),
            reciprocal=True,
        ),
    ),
    "many": (
        vignette(0.3, center=(0.4, 0.6)),
        warp((1.0, 0.02, 0.0, 0.0, 0.001, 0.0), (1.001, 0.02), (0.999, 0.019)),
        warp((1.0, -0.015)),
        vignette(0.1, 0.05),
    ),
}


@pytest.mark.parametrize("name", LISTS)
@pytest.mark.parametrize("shape", [(509, 643), (97, 131), (9, 14)])
def test_pixels_are_those_of_the_specification(name: str, shape: tuple[int, int]) -> None:
    image = smooth(*shape)
    out = corrected(image, *LISTS[name])
    np.testing.assert_allclose(out, reference.corrected(image, LISTS[name], (0, 0, *shape)), atol=3e-3)


@pytest.mark.parametrize("crop", [(7, 13, 491, 599), (30, 41, 60, 77), (0, 0, 508, 1), (507, 3, 1, 600)])
def test_a_crop_is_a_part_of_the_whole(crop: tuple[int, int, int, int]) -> None:
    image = smooth(509, 643)
    top, left, height, width = crop
    for opcodes in LISTS.values():
        whole = corrected(image, *opcodes)[:, top : top + height, left : left + width]
        out = corrected(image, *opcodes, crop=crop)
        assert out.shape == (3, height, width)
        assert out.flags.c_contiguous
        np.testing.assert_allclose(out, whole, atol=3e-3)


@pytest.mark.parametrize(
    ("name", "quickest"),
    [("mild", 0), ("colours", 1), ("drone", 0), ("many", 1), ("wide", 2), ("strong and tangential", 2), ("fisheye", 3)],
)
def test_every_kernel_gives_the_same(name: str, quickest: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """Each list goes to the quickest kernel that is able; the others that are do the same."""
    shape, kernels = (520, 660), optics.KERNELS
    grid = optics.Grid.of((0, 0, *shape))
    field, _ = optics.field_of(LISTS[name], shape, grid, Report())
    assert optics.kernel_for(field, grid)[0] == kernels[quickest][0]
    expected = reference.corrected(smooth(*shape), LISTS[name], (0, 0, *shape))
    for i in range(quickest, len(kernels)):
        monkeypatch.setattr(optics, "KERNELS", kernels[i:])
        np.testing.assert_allclose(corrected(smooth(*shape), *LISTS[name]), expected, atol=3e-3)


@pytest.mark.parametrize("name", ["mild", "drone", "strong and tangential", "fisheye"])
@pytest.mark.parametrize("shape", [(3000, 4000), (480, 640), (513, 515), (60, 4000)])
def test_positions_are_true_to_a_fiftieth_of_a_pixel(name: str, shape: tuple[int, int]) -> None:
    """Of waves whose phase tells where a pixel is from, on rows and columns taken from all over the picture."""
    h, w = shape
    turn = 2 * np.pi / 32
    warps = tuple(o for o in LISTS[name] if not isinstance(o, FixVignetteRadial))
    rows, columns = np.arange(0, h, 7)[:, None], np.arange(0, w, 11)[None]
    true_y, true_x, _ = reference.positions(warps, 0, rows, columns, shape)
    inside = (true_y > 1) & (true_y < h - 2) & (true_x > 1) & (true_x < w - 2)
    assert inside.mean() > 0.6
    for at, true in ((np.arange(h)[:, None], true_y), (np.arange(w)[None], true_x)):
        waves = np.stack([np.cos(turn * at), np.sin(turn * at), 0 * at]).astype(np.float16)
        cosine, sine, _ = corrected(np.ascontiguousarray(np.broadcast_to(waves, (3, h, w))), *warps)[:, rows, columns]
        away = np.angle((cosine.astype(float) + 1j * sine.astype(float)) * np.exp(-1j * turn * true)) / turn
        assert np.abs(away)[inside].max() < 0.02


def dots(places: np.ndarray, shape: tuple[int, int], width: float = 1.6) -> np.ndarray:
    y, x = np.mgrid[: shape[0], : shape[1]]
    out = np.zeros(shape)
    for py, px in places:
        out += np.exp(-((y - py) ** 2 + (x - px) ** 2) / (2 * width**2))
    return out


def centroid(plane: np.ndarray, py: float, px: float, reach: int = 8) -> np.ndarray:
    y, x = round(py), round(px)
    part = plane[y - reach : y + reach + 1, x - reach : x + reach + 1].astype(float)
    at = np.mgrid[-reach : reach + 1, -reach : reach + 1] + np.array([y, x])[:, None, None]
    return np.asarray((at * part).sum(axis=(1, 2)) / part.sum())


def test_dots_move_to_where_the_model_says_and_colours_meet() -> None:
    """Dots that a lens has moved, each colour elsewhere, come back; the picture is not in the camera's colours."""
    shape = (520, 660)
    opcodes = (
        warp((1.002, -0.055, 0.006, 0, 0.001, 0), (1.0, -0.05, 0.006), (0.997, -0.046, 0.006), center=(0.48, 0.5)),
    )
    true = np.array([(y, x) for y in range(60, 480, 64) for x in range(60, 620, 73)], float)
    camera = []
    for plane in range(3):
        sy, sx, _ = reference.positions(opcodes, plane, true[:, 0], true[:, 1], shape)
        camera.append(dots(np.stack([sy, sx], axis=1), shape))
    assert np.abs(camera[0] - camera[2]).max() > 0.2
    image = np.einsum("ij,jyx->iyx", MATRIX, np.stack(camera)).astype(np.float16)
    out = correct_optics(image, opcodes, (0, 0, *shape), Report(), MATRIX)
    back = np.einsum("ij,jyx->iyx", np.linalg.inv(MATRIX), out)
    for plane in back:
        for place in true:
            assert np.abs(centroid(plane, *place) - place).max() < 0.05
    np.testing.assert_allclose(out, reference.corrected(image, opcodes, (0, 0, *shape), MATRIX), atol=2e-3)


def test_a_vignette_follows_its_polynomial() -> None:
    h, w = 521, 633
    k, center = (0.31, 0.22, -0.1, 0.05, 0.02), (0.45, 0.52)
    out = corrected(np.full((3, h, w), 0.25, np.float16), vignette(*k, center=center))
    y, x = np.mgrid[:h, :w]
    cy, cx = center[1] * (h - 1), center[0] * (w - 1)
    r2 = ((y - cy) ** 2 + (x - cx) ** 2) / (max(cy, h - 1 - cy) ** 2 + max(cx, w - 1 - cx) ** 2)
    expected = 0.25 * (1 + k[0] * r2 + k[1] * r2**2 + k[2] * r2**3 + k[3] * r2**4 + k[4] * r2**5)
    np.testing.assert_allclose(out, np.broadcast_to(expected, out.shape), rtol=HALF, atol=1e-5)


def test_order_counts() -> None:
    """A gain before the warp belongs to the picture as taken, a gain after it to the corrected one."""
    flat = np.ones((3, 520, 660), np.float16)
    lens, fall = warp((1.0, -0.2)), vignette(1.0)
    first, last = corrected(flat, fall, lens)[0], corrected(flat, lens, fall)[0]
    assert last[0, 0] == pytest.approx(2.0, rel=HALF)
    assert first[0, 0] == pytest.approx(1 + 0.8**2, rel=HALF)


@pytest.mark.parametrize("shape", [(520, 660), (50, 60)])
def test_a_gain_map_is_interpolated_for_its_planes(shape: tuple[int, int]) -> None:
    v, h = np.mgrid[-1:1:13j, -1:1:17j]
    gains = np.stack([1 + 0.6 * (v**2 + h**2), 1.5 + 0.4 * v * h - 0.2 * h], axis=2)
    opcode = gain_map(gains, shape, plane=1, planes=2)
    out = corrected(np.ones((3, *shape), np.float16), opcode)
    assert (out[0] == 1).all()
    y, x = np.mgrid[: shape[0], : shape[1]].astype(float)
    for plane in (1, 2):
        expected = reference.gain(opcode, plane, y, x, shape)
        np.testing.assert_allclose(out[plane], expected, rtol=1e-2 if shape[0] > 100 else HALF)


def test_a_gain_alone_leaves_every_pixel_where_it_is() -> None:
    noise = np.random.default_rng(1).random((3, 520, 660)).astype(np.float16)
    np.testing.assert_array_equal(corrected(noise, gain_map(np.full((2, 2, 1), 2.0), (520, 660))), 2 * noise)


def test_what_asks_for_nothing_changes_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    noise = np.random.default_rng(1).random((3, 40, 50)).astype(np.float16)
    monkeypatch.setattr(native, "call", None)
    identity = (warp((1.0,)), vignette(0.0), warp((1.0,), (1.0,), (1.0,)), gain_map(np.ones((2, 2, 1)), (40, 50)))
    for opcodes in (identity, ()):
        out = corrected(noise, *opcodes)
        assert np.shares_memory(out, noise)
        np.testing.assert_array_equal(out, noise)
    np.testing.assert_array_equal(corrected(noise, *identity, crop=(3, 4, 20, 30)), noise[:, 3:23, 4:34])


IMPOSSIBLE: list[Opcode] = [
    warp((float("nan"),)),
    warp((1.0, float("inf"))),
    warp((1e9, 1e9)),
    warp((1.0, 0.0, 0.0, 1e300)),
    warp((0.0,)),
    warp((-1.0,)),
    warp((1.0, -0.9)),
    warp((1.0,), center=(float("nan"), 0.5)),
    warp((1.0, 0.1), center=(1e6, 0.5)),
    vignette(float("nan")),
    vignette(-3.0),
    vignette(1e30),
    WarpFisheye(True, False, ((1e6, 0.0, 0.0, 0.0),), (0.5, 0.5)),
    gain_map(np.zeros((2, 2, 1)), (509, 643)),
    Unknown(True, False, 99),
    WarpRectilinear2(True, False, ((1.0, *[1e200] * 16),), (0.5, 0.5), ((0.0, 1.0),), reciprocal=False),
    WarpRectilinear2(True, False, ((0.0,) * 17,), (0.5, 0.5), ((0.0, 1.0),), reciprocal=True),
    Unknown(False, False, 1, damaged=True),
    Unknown(False, False, 6),
    MapPolynomial(False, False, Area(0, 0, 9, 9, 0, 3, 1, 1), (0.0, 1.0)),
    GainMap(False, False, Area(0, 0, 40, 40, 0, 3, 1, 1), (0, 0), (1, 1), np.ones((2, 2, 1), np.float32)),
]


@pytest.mark.parametrize("opcode", IMPOSSIBLE, ids=[f"{i}-{type(o).__name__}" for i, o in enumerate(IMPOSSIBLE)])
@pytest.mark.parametrize("shape", [(509, 643), (41, 57)])
def test_what_makes_no_sense_is_left_out_and_told(opcode: Opcode, shape: tuple[int, int]) -> None:
    image, report, crop = smooth(*shape), Report(), (0, 0, *shape)
    if isinstance(opcode, GainMap) and opcode.area.bottom == 40 and shape[0] < 50:
        opcode = replace(opcode, area=replace(opcode.area, bottom=20))
    good = vignette(0.3)
    out = correct_optics(image, (opcode, good), crop, report)
    assert len(report.notices) == 1
    assert "left out" in report.notices[0]
    assert report.decided["develop"]["lens_corrections"] == ["FixVignetteRadial"]
    np.testing.assert_array_equal(out, corrected(image, good))


@pytest.mark.parametrize("shape", [(1, 1), (1, 7), (6, 1), (2, 2), (3, 5), (33, 65), (8, 40000)])
def test_tiny_and_thin_pictures(shape: tuple[int, int]) -> None:
    for opcodes in LISTS.values():
        out = correct_optics(np.full((3, *shape), 0.5, np.float16), opcodes, (0, 0, *shape), Report())
        assert out.shape == (3, *shape)
        assert np.isfinite(out).all()


@pytest.mark.parametrize("shape", [(520, 640), (40, 50)])
def test_outside_of_the_image_its_edge_is_repeated(shape: tuple[int, int]) -> None:
    image = np.zeros((3, *shape), np.float16)
    image[:, :, 0], image[:, :, -1] = 1.0, 2.0
    out = corrected(image, warp((1.5,)))
    third = shape[1] // 8
    np.testing.assert_allclose(out[:, :, :third], 1.0, atol=1e-5)
    np.testing.assert_allclose(out[:, :, -third:], 2.0, atol=1e-5)
