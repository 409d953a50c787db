"""The chart finder and its figures, on charts whose place and colours are known."""

from __future__ import annotations

import math
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from lichtbild.color import delta_e_2000, encode_srgb
from lichtbild.errors import MeasureError
from lichtbild.measure.chart import measure_chart
from lichtbild.measure.chart_finder import find_chart
from lichtbild.measure.chart_grid import apply, fit_homography
from lichtbild.measure.chart_values import CLASSIC, linear_srgb, reference
from lichtbild.measure.components import label
from lichtbild.measure.image import MeasuredImage, from_array, load
from lichtbild.virtual.scenes.still_life.chart import corners

WANTED = linear_srgb(reference())
PLACES = np.array([(k % 6, k // 6) for k in range(24)], float)


def chart_picture(
    shape: tuple[int, int], corner: list[tuple[float, float]], gap: float = 0.13, ground: float | np.ndarray = 0.25
) -> tuple[np.ndarray, np.ndarray]:
    """((h, w, 3) linear sRGB, homography): the chart's outer patch centres 1, 6, 24, 19 at these (x, y)."""
    h, w = shape
    rows = []
    for (u, v), (x, y) in zip([(0, 0), (5, 0), (5, 3), (0, 3)], corner, strict=True):
        rows += [[u, v, 1, 0, 0, 0, -x * u, -x * v, -x], [0, 0, 0, u, v, 1, -y * u, -y * v, -y]]
    homography = np.linalg.svd(np.array(rows, float))[2][-1].reshape(3, 3)
    k = 3
    y, x = ((np.arange(n * k) + 0.5) / k - 0.5 for n in (h, w))
    q = apply(np.linalg.inv(homography), np.stack(np.meshgrid(x, y), -1))
    c = np.rint(q).astype(int)
    inside = (c >= 0).all(-1) & (c < (6, 4)).all(-1)
    patch = inside & (np.abs(q - c).max(-1) < 0.5 - gap / 2)
    card = (np.abs(q - (2.5, 1.5)) < (3.3, 2.3)).all(-1)
    colour = WANTED[np.clip(c[..., 1] * 6 + c[..., 0], 0, 23)]
    ground = np.broadcast_to(np.asarray(ground, float)[..., None], (h, w, 3)).repeat(k, 0).repeat(k, 1)
    big = np.where(patch[..., None], colour, np.where(card[..., None], 0.03, ground))
    return big.reshape(h, k, w, k, 3).mean((1, 3)), homography


def turned(angle: float, width: float, centre: tuple[float, float], lean: float = 0.1) -> list[tuple[float, float]]:
    """Corners of a chart that is turned by degrees and leans, so that its far side is shorter."""
    p, t = width / 6, math.radians(angle)
    base = np.array([(-2.5, -1.5), (2.5, -1.5), (2.5, 1.5), (-2.5, 1.5)]) * p
    base[:2, 0] *= 1 - lean
    turn = np.array([[math.cos(t), -math.sin(t)], [math.sin(t), math.cos(t)]])
    return [(float(x), float(y)) for x, y in base @ turn.T + centre]


def encoded(linear: np.ndarray) -> MeasuredImage:
    return from_array(np.rint(encode_srgb(np.clip(linear, 0, 1)) * 255).astype(np.uint8))


def misses(image: MeasuredImage, homography: np.ndarray) -> float:
    """The largest distance of a patch from its place, in patches."""
    found = np.array([p.centre for p in find_chart(image).patches])
    true = apply(homography, PLACES)
    pitch = np.hypot(*(true[1] - true[0]))
    return float(np.hypot(*(found - true).T).max() / pitch)


@pytest.mark.parametrize("angle", [0, 45, 90, 133, 180, 211, 300])
def test_at_any_angle(angle: float) -> None:
    picture, homography = chart_picture((420, 560), turned(angle, 300, (280, 205)))
    assert misses(encoded(picture), homography) < 0.12


@pytest.mark.parametrize(("width", "gap"), [(75, 0.12), (130, 0.2), (390, 0.07)])
def test_small_and_large(width: float, gap: float) -> None:
    picture, homography = chart_picture((420, 560), turned(17, width, (260, 210)), gap)
    assert misses(encoded(picture), homography) < 0.15


def test_noise_cast_and_wrong_exposure() -> None:
    rng = np.random.default_rng(1)
    ground = 0.2 + 0.15 * rng.random((420, 560))
    picture, homography = chart_picture((420, 560), turned(-28, 320, (290, 210)), ground=ground)
    picture = picture * (0.5, 0.3, 0.6)
    picture += (
        rng.normal(0, 0.004, picture.shape) + rng.normal(0, 0.05, picture.shape) * np.sqrt(np.maximum(picture, 0)) * 0.5
    )
    assert misses(encoded(picture), homography) < 0.15


@pytest.mark.parametrize("noise", [0.02, 0.04])
def test_in_a_small_raw_frame_of_high_sensitivity(noise: float) -> None:
    """Linear light, of which each pixel may miss the patch's by more than any threshold lets a patch vary."""
    picture, homography = chart_picture((600, 800), turned(8, 330, (300, 290)))
    rng = np.random.default_rng(6)
    deviation = noise * np.sqrt(np.maximum(picture, 0) + 0.01)
    noisy = 0.4 * picture + rng.normal(size=picture.shape) * deviation
    assert misses(from_array(noisy.astype(np.float32), linear=True), homography) < 0.1


@pytest.mark.parametrize("soft", [3.0, 60.0])
def test_partly_in_shade(soft: float) -> None:
    picture, homography = chart_picture((420, 560), turned(12, 330, (280, 210)))
    x = np.arange(560)
    shade = 0.2 + 0.8 / (1 + np.exp(-(x - 270) / soft))
    assert misses(encoded(picture * shade[None, :, None]), homography) < 0.15


def test_figures_of_a_perfect_picture() -> None:
    picture, _ = chart_picture((420, 560), turned(5, 360, (280, 210)))
    found = measure_chart(from_array(picture, linear=True))
    assert found.as_is.largest < 1e-3 and found.matched.largest < 1e-3 and found.clipped == ()
    assert abs(found.exposure) < 1e-6 and found.white_balance.angle < 1e-3
    assert found.white_balance.kelvin == pytest.approx(6504, abs=5) and abs(found.white_balance.tint) < 0.1
    assert found.names[12] == "blue" and found.evenness < 1e-5
    assert found.lab[12] == pytest.approx(CLASSIC[12], abs=1e-3)


def test_exposure_and_white_balance_errors() -> None:
    picture, _ = chart_picture((420, 560), turned(5, 360, (280, 210)))
    under = measure_chart(from_array(picture * 0.5, linear=True))
    assert under.exposure == pytest.approx(-1.0, abs=1e-3)
    assert under.matched.mean < 0.01 and under.as_is.mean > 10
    plain = measure_chart(from_array(picture, linear=True)).white_balance
    warm = measure_chart(from_array(picture * (1.12, 1.0, 0.85), linear=True)).white_balance
    assert warm.kelvin < plain.kelvin - 600 and warm.mired > plain.mired + 20 and warm.delta_e > plain.delta_e + 4
    cosine = (1.12 + 1 + 0.85) / math.sqrt(3 * (1.12**2 + 1 + 0.85**2))
    assert warm.angle == pytest.approx(math.degrees(math.acos(cosine)), abs=0.01)
    green = measure_chart(from_array(picture * (1.0, 1.1, 1.0), linear=True)).white_balance
    assert green.tint > plain.tint + 10
    ramp = 2.0 ** np.linspace(-0.5, 0.5, 560)
    uneven = measure_chart(from_array(picture * ramp[None, :, None], linear=True))
    assert uneven.evenness == pytest.approx(5 / 6 * 360 / 560, rel=0.15)


def test_colour_profiles_are_understood() -> None:
    from lichtbild.color import convert
    from lichtbild.measure.profile import standard

    picture, _ = chart_picture((420, 560), turned(5, 360, (280, 210)))
    wide = MeasuredImage((picture @ convert("srgb", "rec2020").T).astype(np.float32), standard("rec2020", linear=True))
    assert measure_chart(wide).as_is.largest < 0.01
    assert measure_chart(encoded(picture)).as_is.mean < 0.5  # 8 bits, and cyan outside of sRGB


def test_the_virtual_cameras_chart(tmp_path: Path) -> None:
    import lichtbild as lb
    from lichtbild.virtual.simulate import simulate

    files = simulate("still-life", tmp_path, frames=1, iso=100, size="1200x900", shake=0, rotation=0, truth="none")
    lb.develop(lb.read(*files)).save(tmp_path / "p.jpg")
    for path in (files[0], tmp_path / "p.jpg"):
        chart = find_chart(load(path))
        card = np.array([(x * 900 + 600, y * 900 + 450) for y, x in corners()])
        middle = np.mean(chart.corners, axis=0)
        assert np.hypot(*(middle - card.mean(0))) < 0.06 * np.ptp(card[:, 0])
        assert chart.likeness > 0.9
    found = measure_chart(files[0], values="srgb")
    assert found.matched.mean < 4


def test_a_real_chart(shared_data: Callable[[str], Path]) -> None:
    chart = find_chart(load(shared_data("raws/tinydng/colorchart.dng")))
    assert chart.likeness > 0.9
    wanted = [(664, 579), (1304, 564), (1315, 973), (645, 985)]  # read off by eye, in the half-size picture
    size = 2 if max(c[0] for c in chart.corners) > 2000 else 1
    np.testing.assert_allclose(np.array(chart.corners) / size, wanted, atol=25)


def test_pictures_without_a_chart() -> None:
    rng = np.random.default_rng(0)
    flat = from_array(np.full((300, 400, 3), 0.5))
    noise = from_array(rng.random((300, 400, 3)))
    checks = np.kron(rng.random((8, 10, 3)), np.ones((40, 40, 1)))  # squares of random colours
    for image in (flat, noise, from_array(checks)):
        with pytest.raises(MeasureError, match="no 24-patch chart is found"):
            find_chart(image)


def test_reference_sets(tmp_path: Path) -> None:
    own = tmp_path / "chart.txt"
    own.write_text("# mine\n" + "\n".join(f"{i + 1} {a:.2f}; {b:.2f}; {c:.2f}" for i, (a, b, c) in enumerate(CLASSIC)))
    np.testing.assert_allclose(reference(str(own)), CLASSIC, atol=0.006)
    for name, apart in (("2014", 1.5), ("srgb", 2.0)):
        assert 0 < np.mean(delta_e_2000(reference(name), np.array(CLASSIC))) < apart
    own.write_text("1 2 3\n" * 23)
    with pytest.raises(MeasureError, match="23 colours"):
        reference(str(own))
    with pytest.raises(MeasureError, match="neither a file"):
        reference("unknown")


def test_homographies_and_labels() -> None:
    rng = np.random.default_rng(3)
    true = np.array([[30.0, 4.0, 100.0], [-5.0, 28.0, 50.0], [0.002, 0.01, 1.0]])
    points = rng.uniform(0, 6, (12, 2))
    np.testing.assert_allclose(fit_homography(points, apply(true, points)), true, rtol=1e-6)
    mask = rng.random((41, 57)) < 0.55
    numbers, _ = label(mask)
    seen: dict[int, int] = {}
    for y, x in np.argwhere(mask):  # a plain flood fill says the same
        if numbers[y, x] in seen:
            continue
        queue, part = [(y, x)], set()
        while queue:
            p = queue.pop()
            if p in part or not (0 <= p[0] < 41 and 0 <= p[1] < 57) or not mask[p]:
                continue
            part.add(p)
            queue += [(p[0] + 1, p[1]), (p[0] - 1, p[1]), (p[0], p[1] + 1), (p[0], p[1] - 1)]
        assert {numbers[p] for p in part} == {numbers[y, x]}
        assert np.count_nonzero(numbers == numbers[y, x]) == len(part)
        seen[numbers[y, x]] = len(part)
    assert (numbers == 0).sum() == (~mask).sum()


@pytest.mark.parametrize(("far", "near", "bottom"), [(182, 300, 470), (125, 250, 400), (125, 250, 360)])
def test_a_strongly_tilted_chart(far: float, near: float, bottom: float) -> None:
    # Its far side is about half as wide: a grid without perspective fits its middle, and misses the corners by a patch.
    corner = [(380 - far, 90), (380 + far, 90), (380 + near, bottom), (380 - near, bottom)]
    picture, homography = chart_picture((540, 760), corner)
    image = from_array(picture, linear=True)
    assert misses(image, homography) < 0.4  # of the far side's pitch
    assert measure_chart(image).as_is.largest < 0.01


def test_a_chart_that_fills_the_picture() -> None:
    picture, _ = chart_picture((330, 490), [(42, 44), (448, 44), (448, 286), (42, 286)])
    found = measure_chart(from_array(picture, linear=True))
    assert found.as_is.largest < 1e-3


def test_one_wrong_patch_is_that_patch() -> None:
    picture, homography = chart_picture((420, 560), turned(5, 360, (280, 210)))
    x, y = apply(homography, PLACES[14])
    picture[int(y) - 18 : int(y) + 18, int(x) - 18 : int(x) + 18] *= (1.3, 1.0, 1.0)
    found = np.array(measure_chart(from_array(picture, linear=True)).as_is.patches)
    assert found.argmax() == 14 and found[14] > 4 and np.delete(found, 14).max() < 0.01
