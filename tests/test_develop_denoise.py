"""Noise reduction: the kernel against numpy, what it leaves, and what it must not touch."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from tests.reference import denoise as reference

from lichtbild import native
from lichtbild.carriers import Frame, Metadata, NoiseProfile
from lichtbild.develop.denoise import LEFT, denoise
from lichtbild.develop.denoise_plan import decide, noise_of_waves
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


def picture(shape: tuple[int, int], seed: int = 1) -> np.ndarray:
    """(4, h, w): smooth parts, edges and points, with noise of deviation 1."""
    rng = np.random.default_rng(seed)
    y, x = np.mgrid[0 : shape[0], 0 : shape[1]]
    planes = np.stack([20 + 0.1 * x, 0.05 * y, -0.03 * x, 0 * x]).astype(float)
    planes[:2] += 12.0 * (x + 0.4 * y > 0.6 * shape[1])
    planes[0] += 6.0 * (rng.random(shape) > 0.98)
    return (planes + rng.normal(size=planes.shape)).astype(np.float32)


STEP = 1 / 128


def in_steps(planes: np.ndarray) -> np.ndarray:
    return np.ascontiguousarray(np.rint(planes / STEP), np.int16)


def test_planes_of_a_mosaic_are_as_numpy_makes_them_and_lead_back() -> None:
    rng = np.random.default_rng(1)
    ramp = np.linspace(0.0, 1.0, 192)[None, :] * np.linspace(0.2, 1, 128)[:, None]
    frame = make(np.minimum(noisy(ramp + 0.1 * (rng.random((128, 192)) > 0.98)), 1.0))
    plan = decide(frame, NEUTRAL, 1.0)
    ends = plan.ends.copy()
    ends[3], ends[4] = 0.003, 80.0  # as if darkness had been cut
    x = light(frame)
    quads = np.stack([x[0::2, 0::2], x[0::2, 1::2], x[1::2, 0::2], x[1::2, 1::2]])
    assert reference.beyond_white(quads, ends).max() > 0.3
    scale, offset = np.full(4, 1e-3, np.float32), np.full(4, 1e-6, np.float32)
    step = 1 / 64
    sites = (np.full(4, 6000, np.float32), scale, offset, plan.basis, plan.lean, 2e-5, step, ends)
    planes = np.empty((4, 72, 112), np.int16)
    native.call("denoise_split", frame.mosaic, *sites, planes)
    known = [a.astype(float) for a in (scale, offset, plan.basis, plan.lean)]
    want = reference.split(quads, *known, ends.astype(float))
    inside = (slice(None), slice(0, 63), slice(0, 95))  # the last slopes are those of what is mirrored
    np.testing.assert_allclose((planes * step)[inside], want[inside], atol=0.5 * step + 2e-3)
    half = np.empty((4, 40, 64), np.int16)
    native.call("denoise_halve", planes, half)
    np.testing.assert_allclose(half, reference.halve(planes.astype(float), (40, 64)), atol=0.501)
    out = np.empty((128, 192), np.uint16)
    native.call("denoise_join", frame.mosaic, *sites, planes, 0.5, 2048.0, 50000.0, out)
    back = reference.join(planes * step, *known, 0.5, ends.astype(float))[:, :64, :96]
    back += reference.beyond_white(quads, ends)
    mine = (np.stack([out[0::2, 0::2], out[0::2, 1::2], out[1::2, 0::2], out[1::2, 1::2]]) - 2048.0) / 50000
    np.testing.assert_allclose(mine, back, atol=3e-5)


def test_a_grey_edge_has_luma_alone() -> None:
    across, down = np.meshgrid(np.arange(256), np.arange(128))
    soft = 0.1 + 0.6 / (1 + np.exp((down - 64 + 0.4 * (across - 128)) / 4))
    frame = make(grey(1.0, soft.shape) * soft)
    plan = decide(frame, NEUTRAL, 1.0)
    sites = (np.full(4, 6000, np.float32), *(np.full(4, v, np.float32) for v in (1e-3, 1e-6)), plan.basis)
    energy = []
    for lean in (0 * plan.lean, plan.lean):
        planes = np.empty((4, 72, 144), np.int16)
        native.call("denoise_split", frame.mosaic, *sites, lean, 2e-5, STEP, plan.ends, planes)
        energy.append((planes[:, 4:-12, 4:-20].astype(float) ** 2).mean(axis=(1, 2)))
    assert energy[1][0] == energy[0][0]
    assert np.all(energy[1][[1, 3]] < 0.05 * energy[0][[1, 3]])


@pytest.mark.parametrize("guided", [False, True])
def test_a_band_is_as_numpy_makes_it(guided: bool) -> None:
    fine = in_steps(picture((64, 252)))
    coarse = in_steps(reference.halve(fine * STEP, (64, 252)))  # padded to a tile
    clean = in_steps(coarse * STEP + 0.3)
    plan = decide(make(grey(0.3, (128, 512)), scale=0.02), NEUTRAL, 1.0)
    assert plan.again is not None
    take, share = (plan.again if guided else plan.take)[0] / np.float32(STEP**2), plan.share[0]
    excess = np.random.default_rng(4).uniform(0.5, 2.5, (17, 65)).astype(np.float32)
    guide = in_steps(picture((64, 252), seed=1) * 0.8) if guided else None
    out = np.empty_like(fine)
    name, more = ("denoise_band_guided", (guide,)) if guided else ("denoise_band", ())
    native.call(name, fine, coarse, clean, take, share, excess, *(() if guided else (0.7,)), 0, *more, out)
    double = [a.astype(float) for a in (fine, coarse, clean, take, share, excess)]
    want = reference.band(*double, None if guide is None else guide.astype(float))
    np.testing.assert_allclose(out, want, atol=0.51)


@pytest.mark.parametrize("shape", [(250, 1026), (127, 511), (6, 9)])
def test_the_finest_band_is_the_same_without_planes_in_memory(shape: tuple[int, int]) -> None:
    rng = np.random.default_rng(2)
    ramp = np.linspace(0.0, 1.0, shape[1])[None, :] * np.linspace(0.2, 1, shape[0])[:, None]
    frame = make(np.minimum(noisy(ramp + 0.1 * (rng.random(shape) > 0.98)), 1.0))
    plan = decide(frame, NEUTRAL, 1.0)
    sites = (
        np.full(4, 6000, np.float32),
        *(np.full(4, v, np.float32) for v in (1e-3, 1e-6)),
        plan.basis,
        plan.lean,
        2e-5,
    )
    sites = (*sites, STEP, plan.ends)
    rooms = [n // (2 * t) * t + t for n, t in zip(shape, (64, 252), strict=True)]
    fine = np.empty((4, *rooms), np.int16)
    native.call("denoise_split", frame.mosaic, *sites, fine)
    coarse, straight = (np.empty((4, 64, 504), np.int16) for _ in range(2))
    native.call("denoise_halve", fine, coarse)
    native.call("denoise_halve_mosaic", frame.mosaic, *sites, straight)
    rows, columns = (max(1, -(-n // 4) - 1) for n in shape)  # behind the picture only one has whole quads
    np.testing.assert_allclose(straight[:, :rows, :columns], coarse[:, :rows, :columns], atol=1)
    given = (coarse, coarse + np.int16(38), plan.take[0] / np.float32(STEP**2), plan.share[0], plan.excess, 0.7)
    clean = np.empty_like(fine)
    native.call("denoise_band", fine, *given, 0, clean)
    want = np.empty([2 * n for n in rooms], np.uint16)
    out = np.empty([-(-n // t) * t for n, t in zip(shape, (256, 1000), strict=True)], np.uint16)
    native.call("denoise_join", frame.mosaic, *sites, clean, 0.5, 2048.0, 50000.0, want)
    native.call("denoise_finest", frame.mosaic, *sites, *given, 0.5, 2048.0, 50000.0, out)
    apart = np.abs(out[: shape[0], : shape[1]].astype(int) - want[: shape[0], : shape[1]])
    assert apart[:-16, :-16].max(initial=0) <= 32  # of up to 1600, the noise's deviation: planes are kept in steps
    assert np.median(apart) <= 1


def test_noise_of_coefficients_is_what_white_noise_has() -> None:
    noise = np.random.default_rng(3).normal(size=(1, 768, 768))
    told = noise_of_waves()
    for octave in range(3):
        half = reference.halve(noise, (noise.shape[1] // 2, noise.shape[2] // 2))
        band = noise - reference.enlarge(half, np.arange(noise.shape[1]), np.arange(noise.shape[2]))
        tiles = band[0, 32:-32, 32:-32]
        n = tiles.shape[0] // 8
        tiles = tiles[: 8 * n, : 8 * n].reshape(n, 8, n, 8).transpose(0, 2, 1, 3)
        found = ((reference.WAVES @ tiles @ reference.WAVES.T) ** 2).mean((0, 1))
        np.testing.assert_allclose(found.mean(), told[octave].mean(), rtol=0.03)
        low = (found[:3, :3].sum(), told[octave][:3, :3].sum())
        assert low[0] == pytest.approx(low[1], rel=0.15)
        noise = half


@pytest.mark.parametrize("level", [0.002, 0.05, 0.4])
def test_flat_grey_becomes_clean_and_keeps_its_level(level: float) -> None:
    x = grey(level, (256, 384))
    frame = make(noisy(x))
    error = (light(denoise(frame, NEUTRAL, 1.0, Report())) - x)[16:-16, 16:-16]
    before = (light(frame) - x)[16:-16, 16:-16]
    assert error.var() < LEFT * before.var()
    assert abs(error.mean()) < 0.04 * before.std()


@pytest.mark.parametrize("scale", [8e-6, 1e-6])
def test_little_noise_is_noise_too(scale: float) -> None:
    """A large sensor at its lowest sensitivity, or a burst of a small one: where shadows are opened it shows."""
    x = grey(0.02, (256, 384))
    frame = make(noisy(x, scale=scale, offset=1e-8), scale=scale, offset=1e-8)
    inside = np.s_[16:-16, 16:-16]
    left = (light(denoise(frame, NEUTRAL, 1.0, Report())) - x)[inside].var()
    assert left < 1.2 * LEFT * (light(frame) - x)[inside].var()


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


@pytest.mark.parametrize("scale", [1e-3, 2e-2])
def test_no_screen_is_left_in_flat_parts(scale: float) -> None:
    """What alternates from site to site falls as much as all other noise does, over each part of the field."""
    x = grey(0.3, (512, 512))
    frame = make(noisy(x, scale=scale), scale=scale)
    neutral = 1 / grey(1.0, x.shape)  # sites of a grey alike, as demosaicing sees them

    def energies(frame: Frame) -> dict[str, float]:
        field = (light(frame) * neutral - 0.3)[64:-64, 64:-64]
        spectrum = np.abs(np.fft.fft2(field)) ** 2
        near, n = 24, field.shape[0] // 2
        bands = {
            "diagonal": (slice(n - near, n + near), slice(n - near, n + near)),
            "columns": (np.r_[-near:near][:, None], np.r_[n - near : n + near][None]),
            "rows": (np.r_[n - near : n + near][:, None], np.r_[-near:near][None]),
        }
        return {name: float(spectrum[part].mean()) for name, part in bands.items()}

    before, after = energies(frame), energies(denoise(frame, NEUTRAL, 1.0, Report()))
    for name in before:
        assert after[name] < 0.03 * before[name], name


@pytest.mark.parametrize("scale", [1e-3, 2e-2])
def test_edges_keep_no_noise_beside_them(scale: float) -> None:
    x = grey(0.05, (256, 256)) * np.where(np.arange(256) < 128, 1.0, 14.0)
    frame = make(noisy(x, scale=scale), scale=scale)
    beside = (slice(32, -32), slice(104, 120))  # 8 to 24 pixels away
    before = (light(frame) - x)[beside].var()
    after = (light(denoise(frame, NEUTRAL, 1.0, Report())) - x)[beside].var()
    assert after < 0.15 * before


@pytest.mark.parametrize(("scale", "left"), [(1e-3, 0.16), (2e-2, 0.115)])
def test_a_strong_pattern_keeps_its_own_frequencies_alone(scale: float, left: float) -> None:
    """A fence: one wave far above the noise. It must not vouch for those near to it, which are noise."""
    x = grey(0.3, (256, 256)) * (1 + 0.8 * np.cos(2 * np.pi * np.arange(256) / 8))
    error = light(denoise(make(noisy(x, scale=scale), scale=scale), NEUTRAL, 1.0, Report())) - x
    inside = (slice(24, -24),) * 2
    assert (error**2 / (scale * x + 1e-6))[inside].mean() < left


def test_texture_is_kept_and_its_surroundings_are_clean() -> None:
    """A weave as strong as the noise: at least half of it stays."""
    y, x = np.mgrid[0:256, 0:256]
    weave = 0.02 * (np.sin(x * 0.9) + np.sin(y * 0.9)) * (x < 128)
    truth = grey(0.4, (256, 256)) * (1 + weave / 0.4)
    frame = make(noisy(truth, scale=1e-3), scale=1e-3)
    clean = light(denoise(frame, NEUTRAL, 1.0, Report()))
    part, true = (a[24:-24, 24:104] - grey(0.4, (256, 256))[24:-24, 24:104] for a in (clean, truth))
    assert (part * true).sum() / (true**2).sum() > 0.5
    error = (clean - truth)[24:-24, 160:-24]
    assert error.var() < LEFT * (light(frame) - truth)[24:-24, 160:-24].var()


@pytest.mark.parametrize(("scale", "shape"), [(1e-3, (512, 512)), (1e-3, (510, 518)), (0.02, (512, 512))])
def test_borders_are_as_clean_as_the_middle(scale: float, shape: tuple[int, int]) -> None:
    """Beyond a border samples are mirrored, and noise meets itself there; it must not be taken for texture."""
    frames = (make(noisy(grey(0.3, shape), seed, scale), scale=scale) for seed in range(4))
    x = np.stack([light(denoise(frame, NEUTRAL, 1.0, Report())) for frame in frames]) / grey(0.3, shape) - 1
    quads = np.stack([x[:, i::2, j::2] for i in (0, 1) for j in (0, 1)])
    luma, color = quads.mean(0), quads[0] - quads[3]
    for plane in (luma, color):
        ends = plane[:, :4], plane[:, -4:], plane[:, :, :4].swapaxes(1, 2), plane[:, :, -4:].swapaxes(1, 2)
        middle = plane[:, 32:-32, 32:-32].std()
        assert np.mean([end[:, :, 32:-32].var() for end in ends]) < 1.6**2 * middle**2


def test_rough_texture_as_strong_as_the_noise_is_kept_in_part() -> None:
    """Of a surface without any order, about as strong as the noise in the band looked at (both variances are alike)."""
    rng, n = np.random.default_rng(4), 256
    wave = np.hypot(np.fft.fftfreq(n)[:, None], np.fft.fftfreq(n)[None])
    rough = np.fft.ifft2(np.fft.fft2(rng.normal(size=(n, n))) / np.maximum(wave, 0.02) ** 0.7).real
    truth = grey(0.4, (n, n)) * (1 + 0.0625 * rough / rough.std())
    frame = make(noisy(truth))

    def fine(field: np.ndarray) -> np.ndarray:
        spectrum = np.fft.fft2(field / grey(1.0, (n, n))) * ((wave > 0.15) & (wave < 0.4))
        return np.fft.ifft2(spectrum).real[24:-24, 24:-24]

    before = fine(light(frame) - truth)
    true, left = fine(truth), fine(light(denoise(frame, NEUTRAL, 1.0, Report())))
    assert (left * true).sum() / (true**2).sum() > 0.42
    assert (left - true).var() < 0.63 * before.var()  # all of it gone: 1.1


@pytest.mark.parametrize("scale", [1e-3, 2e-2])
def test_constant_stays_constant(scale: float) -> None:
    frame = make(grey(0.25, (200, 300)), scale=scale)
    clean = light(denoise(frame, NEUTRAL, 1.0, Report()))
    sites = [(clean - grey(0.25, (200, 300)))[i // 2 :: 2, i % 2 :: 2] for i in range(4)]
    assert max(float(np.ptp(s)) for s in sites) < 1e-4
    # what is given back for the root of noise, which is not there, is all that may be missing
    assert max(float(np.abs(s).max()) for s in sites) < 0.27 * scale


def test_a_second_step_is_made_where_there_is_much_noise() -> None:
    assert decide(make(grey(0.3, (64, 64)), scale=1e-3), NEUTRAL, 1.0).again is None
    noisy_plan = decide(make(grey(0.3, (64, 64)), scale=2e-2), NEUTRAL, 1.0)
    assert noisy_plan.again is not None
    half = decide(make(grey(0.3, (64, 64)), scale=2e-2), NEUTRAL, 0.5)
    np.testing.assert_allclose(half.take * 2, noisy_plan.take, rtol=1e-6)


@pytest.mark.parametrize("read_noise", [0.3, 1.5, 5.0])
@pytest.mark.parametrize("photons", [0.3, 1.0, 3.0, 20.0])
def test_deep_shadows_keep_their_level_and_so_their_colour(photons: float, read_noise: float) -> None:
    """Light of a few photons for each site: what the root takes off must be given back, and no more."""
    scale, shape = 0.012, (256, 384)
    rng = np.random.default_rng(5)
    counts = rng.poisson(np.full(shape, photons)) + rng.normal(0, read_noise, shape)
    frame = make(scale * counts, scale=scale, offset=scale**2 * read_noise**2)
    clean = light(denoise(frame, np.ones(3), 1.0, Report())) / scale
    assert clean.mean() == pytest.approx(photons, abs=0.09)


def test_a_burnt_lamp_does_not_colour_what_is_around_it() -> None:
    """All colours clip at one number, which is no white: it must not bleed. The lamp itself stays as it was read."""
    y, x = np.mgrid[0:512, 0:512]
    radius, scale, offset = np.hypot(y - 256, x - 256), 3e-2, 3e-4
    sites = np.array([0.45, 1.0, 0.45])
    white = np.tile(sites[["RGB".index(c) for c in "RGGB"]].reshape(2, 2), (256, 256))
    truth = np.where(radius < 12, 1.0, 0.03 * white)
    frame = make(np.where(radius < 12, 1.0, np.minimum(noisy(truth, 0, scale, offset), 1.0)), "RGGB", scale, offset)
    clean = light(denoise(frame, sites, 1.0, Report()))
    assert np.abs(clean[radius < 9] - 1.0).max() < 0.1
    error = np.where((radius > 20) & (radius < 80), clean - truth, np.nan)
    red, green, blue = (np.nanmean(error[y::2, x::2]) for y, x in ((0, 0), (0, 1), (1, 1)))
    assert abs((red + blue) / 0.9 - green) < 0.0022


@pytest.mark.parametrize(("depth", "allowed"), [(0.0, 0.14), (1.0, 0.05), (1.5, 0.04)])
def test_noise_that_a_file_cuts_off_below_black_does_not_brighten_shadows(depth: float, allowed: float) -> None:
    """depth: deviations of read noise between black and the lowest number; the mean is off by up to 0.4 deviations."""
    scale, offset, shape = 2e-2, 1e-3, (256, 384)
    deviation = offset**0.5
    for level in (0.0, 0.01, 0.03):
        x = np.full(shape, level)
        cut = np.maximum(noisy(x, scale=scale, offset=offset), -depth * deviation)
        frame = make(cut, scale=scale, offset=offset)
        lowest = 6000 - 50000 * depth * deviation
        mosaic = (frame.mosaic - np.floor(lowest)).astype(np.uint16)
        black = 6000.0 - float(np.floor(lowest))
        frame = replace(frame, mosaic=mosaic, black_level=(black,) * 4, white_level=black + 5e4, clip_level=black + 5e4)
        clean = light(denoise(frame, np.ones(3), 1.0, Report()))
        assert abs(clean.mean() - level) < allowed * deviation


def test_a_grey_that_becomes_brighter_in_the_dark_changes_its_luma_alone() -> None:
    """There noise is of reading, and sites move by how they see white, not by its root."""
    frame = make(grey(0.04, (64, 64)), scale=2e-2, offset=2e-3)
    plan = decide(frame, NEUTRAL, 1.0)
    known = (np.full(4, 2e-2), np.full(4, 2e-3), plan.basis.astype(float), plan.lean, plan.ends.astype(float))
    dark, bright = (reference.split(grey(v, (2, 2)).reshape(4, 1, 1), *known)[:, 0, 0] for v in (0.03, 0.05))
    assert abs(bright - dark)[0] > 0.3
    assert abs(bright - dark)[1:].max() < 0.02 * abs(bright - dark)[0]
