"""Highlight reconstruction: hue and gradient above clip, and nothing where nothing clips."""

from dataclasses import replace

import numpy as np
import pytest
from tests.reference import highlights as reference
from tests.reference.half import HALF, kept

from lichtbild import color, native
from lichtbild.carriers import CameraColor, Frame, Metadata, NoiseProfile
from lichtbild.develop import highlights, scene
from lichtbild.recipe import Recipe
from lichtbild.report import Report

NEUTRAL = np.array((0.5, 1.0, 0.66))
CLIP = 1 / NEUTRAL
BLACK, WHITE = 512, 16383
# White-balanced camera RGB to linear Rec. 2020, as of a typical sensor.
MATRIX = np.array([[1.45, -0.35, -0.10], [-0.18, 1.42, -0.24], [0.02, -0.38, 1.36]])
NOISE = NoiseProfile((1e-5,) * 3, (1e-8,) * 3)


def frame_of(rgb: np.ndarray, cfa: str = "RGGB", seed: int = 0) -> Frame:
    """A sensor's frame of (h, w, 3) white-balanced camera RGB, which it clips at 1 / NEUTRAL."""
    light = rgb * NEUTRAL
    if cfa != "RGB":
        samples = np.empty(rgb.shape[:2])
        for i, c in enumerate(cfa):
            samples[i // 2 :: 2, i % 2 :: 2] = light[i // 2 :: 2, i % 2 :: 2, "RGB".index(c)]
        light = samples
    variance = NOISE.scale[0] * np.maximum(light, 0) + NOISE.offset[0]
    light = light + np.random.default_rng(seed).standard_normal(light.shape) * np.sqrt(variance)
    mosaic = np.clip((np.clip(light, 0, 1) * (WHITE - BLACK) + BLACK).round(), 0, WHITE).astype(np.uint16)
    color_tags = CameraColor(as_shot_neutral=(0.5, 1.0, 0.66))
    return Frame(mosaic, cfa, (BLACK,) * 4, WHITE, WHITE, NOISE, Metadata(color=color_tags))


def recover(planes: np.ndarray, frame: Frame, crop: tuple[int, int, int, int]) -> None:
    plan = highlights.decide(frame, crop, NEUTRAL)
    if plan is not None:
        highlights.recover_highlights(planes, plan, MATRIX)


def recovered(rgb: np.ndarray, frame: Frame | None = None) -> np.ndarray:
    """(h, w, 3) camera RGB after reconstruction; colours are perfectly interpolated before."""
    image = np.minimum(rgb, CLIP) @ MATRIX.T
    planes = np.ascontiguousarray(image.transpose(2, 0, 1), np.float16)
    crop = (0, 0, *rgb.shape[:2])
    recover(planes, frame or frame_of(rgb), crop)
    return planes.transpose(1, 2, 0) @ np.linalg.inv(MATRIX).T


def stored(rgb: np.ndarray) -> np.ndarray:
    """(h, w, 3) camera RGB as half floats of the working space keep it."""
    return kept(rgb @ MATRIX.T) @ np.linalg.inv(MATRIX).T


def lab(rgb: np.ndarray) -> np.ndarray:
    """Lab of camera RGB where 2 is white."""
    xyz = np.maximum(rgb @ MATRIX.T, 1e-4) / 2 @ color.rgb_to_xyz("rec2020").T
    return color.lab_from_xyz(xyz, color.D65)


def partly_clipped(rgb: np.ndarray) -> np.ndarray:
    clipped = rgb > CLIP
    return clipped.any(-1) & ~clipped.all(-1)


def grid(h: int = 192, w: int = 256) -> tuple[np.ndarray, np.ndarray]:
    y, x = np.mgrid[0:h, 0:w]
    return y / h, x / w


def sky(hue: tuple[float, float, float], highest: float = 1.9) -> np.ndarray:
    y, x = grid()
    light = 0.4 * (highest / 0.4) ** x
    mix = (0.4 * y)[..., None]
    return light[..., None] * (np.array(hue) * (1 - mix) + np.array((1.0, 0.95, 0.88)) * mix)


def lamps() -> np.ndarray:
    y, x = grid()
    out = np.full((*y.shape, 3), 0.04)
    for cy, cx, size, peak in ((0.3, 0.25, 0.10, 2.2), (0.7, 0.6, 0.2, 2.0), (0.3, 0.8, 0.03, 2.0)):
        d = ((y - cy) ** 2 + (x - cx) ** 2) / size**2
        out += (peak * np.exp(-d) + 0.1 * peak / (1 + d))[..., None] * np.array((1.0, 0.78, 0.45))
    return out


def skin() -> np.ndarray:
    y, x = grid()
    light = 0.25 + 1.4 * np.clip(1 - ((x - 0.5) / 0.45) ** 2, 0, 1) * (0.6 + 0.4 * y)
    return light[..., None] * np.array((1.0, 0.74, 0.58))


def signs() -> np.ndarray:
    y, x = grid()
    out = np.full((*y.shape, 3), 0.02)
    for cx, hue in ((0.2, (1.0, 0.14, 0.1)), (0.5, (0.12, 0.25, 1.0)), (0.8, (1.0, 0.5, 0.08))):
        d = ((y - 0.5) ** 2 + (x - cx) ** 2) / 0.1**2
        out += (3.5 * np.exp(-d))[..., None] * np.array(hue)
    return out


def clouds() -> np.ndarray:
    y, x = grid()
    part = np.clip(0.5 + 0.5 * np.sin(9 * x + 3 * np.sin(7 * y)) * np.cos(8 * y - 2 * np.sin(5 * x)), 0, 1)[..., None]
    return (1 - part) * np.array((0.35, 0.58, 0.9)) + part * np.array((1.9, 1.88, 1.85))


SCENES = {
    "blue sky": lambda: sky((0.5, 0.75, 1.0)),
    "pale sky": lambda: sky((0.8, 0.92, 1.0)),
    "dusk": lambda: sky((1.0, 0.62, 0.5)),
    "pink sky": lambda: sky((1.0, 0.75, 0.9)),
    "lamps": lamps,
    "skin": skin,
    "signs": signs,
    "clouds": clouds,
}


@pytest.mark.parametrize("name", SCENES)
def test_partly_clipped_highlights_are_far_nearer_to_the_truth(name: str) -> None:
    truth = SCENES[name]()
    where = partly_clipped(truth)
    assert where.mean() > 0.01
    wanted = lab(truth[where])
    plain = color.delta_e_2000(lab(np.minimum(truth, 1.0)[where]), wanted).mean()
    magenta = color.delta_e_2000(lab(np.minimum(truth, CLIP)[where]), wanted).mean()
    found = color.delta_e_2000(lab(recovered(truth)[where]), wanted).mean()
    assert found < 0.5 * min(plain, magenta)
    assert found < {"clouds": 5.0, "signs": 6.0}.get(name, 3.0)


def test_a_mean_of_noisy_exposures_is_recovered_from_where_their_noise_was_cut_off() -> None:
    g, n = np.random.default_rng(5), 32
    captured = NoiseProfile((0.004,) * 3, (1e-5,) * 3)
    errors: dict[str, list[float]] = {}
    for name, make in SCENES.items():
        truth = make()
        deviation = np.sqrt(0.004 * truth / NEUTRAL)
        mean = np.mean([np.minimum(truth + deviation * g.standard_normal(truth.shape), CLIP) for _ in range(n)], axis=0)
        frame = replace(frame_of(mean), noise_profile=captured.divided_by(n))
        where = partly_clipped(truth * 1.15)
        for known in (None, captured):
            planes = np.ascontiguousarray((mean @ MATRIX.T).transpose(2, 0, 1), np.float16)
            plan = highlights.decide(frame, (0, 0, *truth.shape[:2]), NEUTRAL, known)
            assert plan is not None
            highlights.recover_highlights(planes, plan, MATRIX)
            found = planes.transpose(1, 2, 0) @ np.linalg.inv(MATRIX).T
            error = color.delta_e_2000(lab(found[where]), lab(truth[where])).mean()
            errors.setdefault(name, []).append(float(error))
    ratios = {name: known / unknown for name, (unknown, known) in errors.items()}
    assert np.median(list(ratios.values())) < 0.93
    assert max(ratios.values()) < 1.12, ratios


@pytest.mark.parametrize("shape", [(96, 128), (100, 75), (17, 5)])
def test_the_kernel_follows_its_reference(shape: tuple[int, int]) -> None:
    g = np.random.default_rng(2)
    image = (g.random((3, *shape)) ** 2 * 4).astype(np.float16)
    blocks = np.ascontiguousarray(np.argwhere(np.ones([-(-n // 16) for n in shape])), np.int32)
    size = [-(-n // 16) + 1 for n in shape]
    clip = np.array((2.0, 1.0, 1.5))[:, None, None] * (1 + 0.3 * g.random((3, *size)))
    nodes = np.concatenate([clip, g.random((3, *size)) * 1.4 - 0.7, g.random((2, *size))]).astype(np.float32)
    inverse = np.linalg.inv(MATRIX)
    out = image.copy()
    native.call(
        "highlights", out, blocks, nodes, inverse.astype(np.float32), MATRIX.astype(np.float32), 0.95, 0.985, out
    )
    f = highlights.sample(nodes.astype(np.float64), np.arange(shape[0]) / 16, np.arange(shape[1]) / 16)
    camera = np.einsum("ij,jyx->iyx", inverse, image.astype(np.float64))
    wanted = reference.recover(camera, f[:3], f[3:6], f[6], f[7], 0.95, 0.985)
    np.testing.assert_allclose(out, np.einsum("ij,jyx->iyx", MATRIX, wanted), rtol=HALF, atol=1e-4)
    assert np.abs(out - image).max() > 1


@pytest.mark.parametrize("cfa", ["RGGB", "BGGR", "GRBG", "GBRG", "RGB"])
@pytest.mark.parametrize("shape", [(192, 256), (75, 101), (17, 5)])
def test_statistics_follow_their_reference_at_every_phase(cfa: str, shape: tuple[int, int]) -> None:
    g = np.random.default_rng(3)
    frame = frame_of(g.random((*shape, 3)) ** 0.5 * 2.2, cfa)
    frame = replace(frame, black_level=(500.0, 510.0, 520.0, 530.0))
    whole = tuple(n // 16 * 16 for n in shape)
    samples = frame.mosaic[: whole[0], : whole[1]].astype(np.float64)
    found = []
    for colour in "RGB":
        parts = []
        if cfa == "RGB":
            i = "RGB".index(colour)
            level = (samples[..., i] - frame.black_level[i]) / (WHITE - frame.black_level[i])
            parts.append(level.reshape(whole[0] // 4, 4, whole[1] // 4, 4))
        for i in (i for i in range(len(cfa) % 4 or 4) if cfa != "RGB" and cfa[i] == colour):
            level = (samples[i // 2 :: 2, i % 2 :: 2] - frame.black_level[i]) / (WHITE - frame.black_level[i])
            parts.append(level.reshape(whole[0] // 4, 2, whole[1] // 4, 2))
        means = np.mean([part.mean((1, 3)) for part in parts], axis=0)
        found.append((means, np.max([q.max((1, 3)) for q in parts], 0), np.min([q.min((1, 3)) for q in parts], 0)))
    mean, top, low = (np.stack(values) for values in zip(*found, strict=True))
    wanted = reference.statistics(mean, top, low, 0.95, 0.985)
    out = highlights.statistics(frame, 0.95, 0.985)
    assert out.shape == (17, -(-shape[0] // 16), -(-shape[1] // 16))
    assert np.isfinite(out).all()
    np.testing.assert_allclose(out[:, : wanted.shape[1], : wanted.shape[2]], wanted, atol=2e-4, rtol=1e-3)


def test_nothing_happens_where_nothing_clips() -> None:
    rgb = sky((0.8, 0.92, 1.0), highest=0.9)
    frame = frame_of(rgb)
    assert highlights.decide(frame, (0, 0, *rgb.shape[:2]), NEUTRAL) is None
    planes = np.ascontiguousarray(rgb.transpose(2, 0, 1), np.float16)
    before = planes.copy()
    recover(planes, frame, (0, 0, *rgb.shape[:2]))
    np.testing.assert_array_equal(planes, before)
    report = Report()
    scene.develop_scene(frame, Recipe(), report)
    assert report.decided["develop"]["highlights"] == 0


@pytest.mark.parametrize("name", SCENES)
def test_never_darker_than_measured_and_untouched_below_clip(name: str) -> None:
    truth = SCENES[name]()
    out = recovered(truth)
    rounding = HALF * np.abs(out).max(-1, keepdims=True)
    assert (out + rounding - stored(np.minimum(truth, CLIP))).min() > -1e-3
    below = (truth < 0.94 * CLIP).all(-1)
    np.testing.assert_array_equal(out[below], stored(truth)[below])


@pytest.mark.parametrize(
    "hue", [(1.0, 1.0, 1.0), (0.75, 0.9, 1.0), (1.0, 0.85, 0.7), (1.0, 0.7, 0.55), (0.6, 0.8, 1.0)]
)
def test_a_ramp_of_one_hue_keeps_hue_and_order(hue: tuple[float, float, float]) -> None:
    truth = np.geomspace(0.2, 6.0, 512)[None, :, None] * np.array(hue) * np.ones((64, 1, 1))
    out = recovered(truth)[32]
    luminance = out @ (MATRIX.T @ color.luminance("rec2020"))
    assert (np.diff(luminance) > -0.004 * luminance[:-1]).all()
    assert np.abs(np.diff(out, axis=0)).max() < 0.2  # no rim
    partly = partly_clipped(truth)[32]
    chroma = out / out.sum(-1, keepdims=True)
    assert np.abs(chroma - np.array(hue) / sum(hue))[partly].max() < 0.02
    white = out[(truth[32] > CLIP).all(-1)]
    assert (white[:, 1] > 0.8 * np.minimum(white[:, 0], white[:, 2])).all()  # never magenta


def test_blown_white_is_white_even_beside_colour() -> None:
    _, x = grid()
    white = 1 / (1 + np.exp((0.5 - x) * 600))[..., None]
    out = recovered((1 - white) * np.array((0.9, 0.25, 0.2)) + white * 4.0)
    blown = out[:, 150:]
    assert np.abs(blown / blown.mean(-1, keepdims=True) - 1).max() < 0.1
    assert blown.min() > 0.95 * CLIP.max()


def test_a_bracket_clips_where_it_clips() -> None:
    truth = sky((0.8, 0.92, 1.0), highest=3.8)
    frame = frame_of(truth / 2)
    white = BLACK + (WHITE - BLACK) / 2  # the merge holds one stop more than its reference
    frame = replace(frame, white_level=white)
    planes = np.ascontiguousarray((np.minimum(truth, 2 * CLIP) @ MATRIX.T).transpose(2, 0, 1), np.float16)
    recover(planes, frame, (0, 0, *truth.shape[:2]))
    out = planes.transpose(1, 2, 0) @ np.linalg.inv(MATRIX).T
    where = partly_clipped(truth / 2)
    assert np.abs(out / truth - 1)[where].mean() < 0.03
    np.testing.assert_array_equal(out[:, :64], stored(truth)[:, :64])


def test_lens_shading_moves_clip_and_a_crop_moves_the_map() -> None:
    truth = sky((0.8, 0.92, 1.0), highest=3.4)
    lens = np.linspace(1, 1.8, truth.shape[1])[None, :, None]
    frame = replace(frame_of(truth / lens), shading=np.tile(np.array([1.0, 1.8], np.float32)[None, :, None], (2, 1, 4)))
    clip = CLIP * lens
    top, left, height, width = crop = (21, 37, 150, 200)
    part = np.s_[top : top + height, left : left + width]
    planes = np.ascontiguousarray((np.minimum(truth, clip) @ MATRIX.T)[part].transpose(2, 0, 1), np.float16)
    recover(planes, frame, crop)
    out = planes.transpose(1, 2, 0) @ np.linalg.inv(MATRIX).T
    where = ((truth > clip).any(-1) & ~(truth > clip).all(-1))[part]
    assert where.mean() > 0.01
    assert np.abs(out / truth[part] - 1)[where].mean() < 0.03


def test_linear_raw_is_recovered_too() -> None:
    truth = skin()
    where = partly_clipped(truth)
    out = recovered(truth, frame_of(truth, "RGB"))
    assert np.abs(out / truth - 1)[where].mean() < 0.03
