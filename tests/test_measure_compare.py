"""Comparing pictures: published definitions, closed forms, and pictures whose faults are known."""

from __future__ import annotations

import math
from pathlib import Path

import numpy as np
import pytest

from lichtbild.color import encode_srgb
from lichtbild.errors import MeasureError
from lichtbild.measure.compare import compare_pictures
from lichtbild.measure.filters import blurred, blurred_inside, halved, weights
from lichtbild.measure.ghost import ghost_index, motion_mask
from lichtbild.measure.halo import halo_at_edges
from lichtbild.measure.image import from_array
from lichtbild.measure.similarity import psnr, ssim, ssim_map
from lichtbild.measure.texture import texture_kept


def textured(shape: tuple[int, int], seed: int = 0, deviation: float = 0.05) -> np.ndarray:
    """Even grey with fine texture of all octaves."""
    rng = np.random.default_rng(seed)
    out = np.zeros(shape, np.float32)
    for sigma in (0.5, 1.0, 2.0, 4.0, 8.0):
        layer = blurred(rng.normal(0, 1, shape).astype(np.float32), sigma)
        out += layer / layer.std()
    return (0.5 + deviation * out / out.std()).astype(np.float32)


def test_psnr() -> None:
    a = np.full((40, 50, 3), 0.5, np.float32)
    assert psnr(a, a) == math.inf
    assert psnr(a, a + np.float32(0.1)) == pytest.approx(20, abs=1e-4)
    rng = np.random.default_rng(0)
    noise = rng.normal(0, 0.02, (700, 300, 3))
    assert psnr(a[0, 0, 0] + noise, np.full(noise.shape, 0.5)) == pytest.approx(-20 * math.log10(0.02), abs=0.02)


def test_ssim_is_the_published_one() -> None:
    rng = np.random.default_rng(1)
    x = textured((61, 73)).astype(np.float64)
    y = np.clip(x + rng.normal(0, 0.05, x.shape), 0, 1)
    w = np.outer(*[weights(1.5, 5).astype(np.float64)] * 2)
    assert w.sum() == pytest.approx(1) and w.shape == (11, 11)
    found = ssim_map(x.astype(np.float32), y.astype(np.float32))
    assert found.shape == (51, 63)
    for i, j in ((0, 0), (17, 40), (50, 62)):  # by the formula, at a few places
        a, b = x[i : i + 11, j : j + 11], y[i : i + 11, j : j + 11]
        ma, mb = (w * a).sum(), (w * b).sum()
        va, vb, ab = (w * a * a).sum() - ma**2, (w * b * b).sum() - mb**2, (w * a * b).sum() - ma * mb
        wanted = (2 * ma * mb + 1e-4) * (2 * ab + 9e-4) / ((ma**2 + mb**2 + 1e-4) * (va + vb + 9e-4))
        assert found[i, j] == pytest.approx(wanted, abs=2e-4)
    assert ssim(x.astype(np.float32), x.astype(np.float32)) == pytest.approx(1, abs=1e-6)
    flat = np.full((40, 40), 0.5, np.float32)
    light = (2 * 0.5 * 0.6 + 1e-4) / (0.25 + 0.36 + 1e-4)
    assert ssim(flat, flat + np.float32(0.1)) == pytest.approx(light, abs=1e-5)


def test_filters() -> None:
    point = np.zeros((41, 43), np.float32)
    point[20, 21] = 1
    w = weights(2.0, 6)
    np.testing.assert_allclose(blurred(point, 2.0)[14:27, 15:28], np.outer(w, w), atol=1e-7)
    assert blurred_inside(point, 2.0, 6).shape == (29, 31)
    ramp = np.add.outer(np.arange(30), 2 * np.arange(41)).astype(np.float32)
    np.testing.assert_allclose(halved(ramp)[1:-1, 1:-1], (ramp[:30:2, :40:2] + 1.5)[1:-1, 1:-1], atol=1e-4)


def test_texture_kept_and_added() -> None:
    truth = textured((640, 720))
    same = texture_kept(truth, truth)
    assert [o.kept for o in same] == pytest.approx([1] * 5) and max(o.added for o in same) < 1e-6
    assert (same[0].low, same[0].high, same[4].high) == (0.25, 0.5, 0.5 / 16)
    soft = texture_kept(blurred(truth, 1.0), truth)
    assert soft[0].kept < 0.4 < soft[1].kept < soft[2].kept < 1 and soft[4].kept > 0.97
    half = texture_kept((0.5 + 0.5 * (truth - 0.5)).astype(np.float32), truth)
    assert [o.kept for o in half] == pytest.approx([0.5] * 5, abs=1e-3)
    assert [o.ratio for o in half] == pytest.approx([0.25] * 5, abs=1e-3)
    noise = np.random.default_rng(5).normal(0, 0.03, truth.shape).astype(np.float32)
    noisy = texture_kept(truth + noise, truth)
    assert [o.kept for o in noisy] == pytest.approx([1] * 5, abs=0.05)
    assert noisy[0].added > 4 * noisy[2].added > 0.02


def steps(low: float = 0.2, high: float = 0.8) -> np.ndarray:
    """A bright slab on dark ground, its edges a little soft."""
    plane = np.full((320, 420), low, np.float32)
    plane[:, 150:290] = high
    return blurred(plane, 0.8)


def test_halos() -> None:
    truth = steps()
    assert halo_at_edges(truth, truth).halo == pytest.approx(0, abs=1e-4)
    assert halo_at_edges(truth, truth).ringing == pytest.approx(0, abs=1e-4)
    assert halo_at_edges(truth * 0.8 + 0.05, truth).halo == pytest.approx(0, abs=1e-3)  # another contrast is no halo
    glow = truth - 0.1 * (blurred(truth, 12.0) - truth)  # a wide unsharp mask lifts the bright side near the edge
    wide = halo_at_edges(glow, truth)
    assert 1.0 < wide.halo < 4.0 and wide.profiles > 200
    sharp = truth + 1.0 * (truth - blurred(truth, 1.0))
    narrow = halo_at_edges(sharp, truth)
    away = 100 * float((sharp - truth)[:, 150:160].max()) / 0.6
    assert narrow.ringing == pytest.approx(away, rel=0.35) and abs(narrow.halo) < 0.2
    soft = halo_at_edges(truth + 0.1 * (blurred(truth, 12.0) - truth), truth)
    assert soft.halo < -1.0  # the reverse is negative
    assert math.isnan(halo_at_edges(textured((200, 200)), textured((200, 200))).halo)


def test_ghosts() -> None:
    truth = textured((300, 400), 1)
    truth[120:180, 180:240] = textured((60, 60), 2, 0.12)
    mask = np.zeros(truth.shape, bool)
    mask[100:200, 160:300] = True
    rng = np.random.default_rng(0)
    noise = rng.normal(0, 0.02, truth.shape).astype(np.float32)
    clean = ghost_index(truth + noise, truth, mask)
    assert clean.index < 1.5
    moved = truth.copy()
    moved[120:180, 180:240], moved[120:180, 196:256] = 0.5, truth[120:180, 180:240]
    double = ((truth + moved) / 2 + noise).astype(np.float32)
    assert 15 < ghost_index(double, truth, mask).index < 60
    assert ghost_index(double, truth, mask).index > 10 * ghost_index(truth + noise, truth, mask).inside
    found = motion_mask(truth + noise, moved + noise)
    assert found[130:170, 190:245].mean() > 0.8 and found[:80].mean() < 0.02 and found[230:].mean() < 0.02


def test_a_whole_comparison(tmp_path: Path) -> None:
    plane = textured((240, 320))
    truth = np.stack([plane, plane * 0.8, plane * 0.6], -1)
    rng = np.random.default_rng(3)
    a, b = (np.clip(truth + rng.normal(0, s, truth.shape), 0, 1).astype(np.float32) for s in (0.01, 0.04))
    found = compare_pictures(*(from_array((i * 255).round().astype(np.uint8)) for i in (a, b, truth)))
    first, second = found.likenesses
    assert first.psnr == pytest.approx(40, abs=0.3) and second.psnr == pytest.approx(27.96, abs=0.3)
    assert first.ssim > second.ssim and first.delta_e < second.delta_e < second.delta_e_p95
    assert abs(first.brightness) < 0.01 and first.ghost is None and found.moving < 0.01
    alone = compare_pictures(from_array(truth), from_array(b))
    assert len(alone.likenesses) == 1 and alone.likenesses[0].psnr == pytest.approx(second.psnr, abs=0.1)
    brighter = compare_pictures(
        from_array(truth), from_array(encode_srgb(1.3 * np.clip(truth, 0, 1) ** 2.2))
    ).likenesses[0]
    assert brighter.brightness == pytest.approx(math.log2(1.3), abs=0.05)
    with pytest.raises(MeasureError, match=r"different sizes \(320 x 240 and 320 x 200\)"):
        compare_pictures(from_array(truth), from_array(truth[:200]))
    with pytest.raises(MeasureError, match="mask is 10 x 10"):
        compare_pictures(from_array(truth), from_array(b), mask=np.zeros((10, 10), bool))


def test_delta_e_of_a_known_pair() -> None:
    from lichtbild.color import D50, D65, adaptation, delta_e_2000, lab_from_xyz, rgb_to_xyz

    pair = np.array([[0.5, 0.3, 0.2], [0.52, 0.28, 0.25]], np.float32)
    images = [from_array(np.broadcast_to(encode_srgb(p), (64, 64, 3)).astype(np.float32)) for p in pair]
    lab = lab_from_xyz(pair @ (adaptation(D65, D50) @ rgb_to_xyz("srgb")).T)
    found = compare_pictures(*images).likenesses[0]
    assert found.delta_e == pytest.approx(float(delta_e_2000(lab[0], lab[1])), abs=1e-3)
    assert found.delta_e_p95 == pytest.approx(found.delta_e, abs=1e-4)


def test_pictures_that_lie_beside_each_other_are_told() -> None:
    from lichtbild.report import Report

    a = textured((300, 420))
    for moved, told in (
        (np.roll(a, (2, 3), (0, 1)), "3.6 pixels"),
        (a, ""),
        (a + np.random.default_rng(2).normal(0, 0.1, a.shape), ""),
        (blurred(a, 1.0), ""),
        (a[::-1], ""),  # another picture
    ):
        report = Report()
        compare_pictures(from_array(a), from_array(moved.astype(np.float32)), report=report)
        assert [told in n for n in report.notices] == ([True] if told else [])
