"""What a photographer would see: hue, halos, local contrast, noise, ringing."""

from __future__ import annotations

import colorsys
import math
from dataclasses import replace

import numpy as np
import pytest

from lichtbild.carriers import Scene
from lichtbild.color import convert
from lichtbild.look import oklab
from lichtbild.look.render import render_picture
from lichtbild.recipe import Recipe
from lichtbild.report import Report
from test_look_kernels import scene_of

COLOURED = ("natural", "authentic", "vibrant")


def linear(scene: Scene, **settings: object) -> np.ndarray:
    """The finished picture in linear light of its space."""
    return render_picture(scene, Recipe(**{"depth": "32f", **settings}), Report()).image.astype(np.float64)


def ramp(rgb: np.ndarray, stops: tuple[float, float] = (-5.0, 6.0), width: int = 220) -> np.ndarray:
    """Light of that colour (linear Rec. 2020) from dark to very bright, beside a grey that holds the exposure."""
    light = 0.18 * 2.0 ** np.linspace(*stops, width)
    image = np.full((120, width, 3), 0.18)
    image[:24] = light[None, :, None] * rgb
    return image


def angle(lab: np.ndarray) -> np.ndarray:
    return np.degrees(np.arctan2(lab[..., 2], lab[..., 1]))


@pytest.mark.parametrize("space", ["srgb", "p3"])
def test_no_colour_changes_its_hue_on_the_way_to_white(space: str) -> None:
    """Sunsets stay orange, neon stays pink and skies blue: at most 3 degrees in Oklab, at any brightness."""
    for hue in np.arange(0, 360, 20):
        colour = convert("srgb", "rec2020") @ np.array(colorsys.hsv_to_rgb(hue / 360, 0.85, 1.0))
        out = linear(scene_of(ramp(colour), 1e-9), space=space, sharpen=0.0)[4:20].mean(0)
        lab = oklab.lab_from_rgb(np.maximum(out, 0), space)
        seen = np.hypot(lab[:, 1], lab[:, 2]) > 0.02
        wanted = angle(oklab.lab_from_rgb(colour, "rec2020"))
        drift = (angle(lab[seen]) - wanted + 180) % 360 - 180
        assert seen.sum() > 60 and np.abs(drift).max() < 3.0, (hue, np.abs(drift).max())


def test_brighter_light_is_never_darker_and_ends_in_white() -> None:
    for hue in np.arange(0, 360, 20):
        colour = convert("srgb", "rec2020") @ np.array(colorsys.hsv_to_rgb(hue / 360, 0.95, 1.0))
        out = linear(scene_of(ramp(colour, (-5.0, 11.0)), 1e-9), sharpen=0.0)[10]
        light = out @ np.array([0.2126, 0.7152, 0.0722])
        assert (np.diff(light) > -2e-3).all(), hue
        assert out[-1].min() > 0.8, (hue, out[-1])


def test_bright_colours_stay_colours() -> None:
    """Paint in a lit window, two to three stops above middle grey, keeps its chroma; film would make it white."""
    kept = []
    for hue in np.arange(0, 360, 20):
        colour = convert("srgb", "rec2020") @ np.array(colorsys.hsv_to_rgb(hue / 360, 0.7, 1.0))
        colour = colour / (convert("rec2020", "srgb") @ colour @ np.array([0.2126, 0.7152, 0.0722]))
        out = linear(scene_of(ramp(colour, (-1.0, 5.0)), 1e-9), sharpen=0.0)[10]
        lab = oklab.lab_from_rgb(np.maximum(out, 0), "srgb")
        stops = np.linspace(-1.0, 5.0, len(lab))
        kept.append([np.hypot(lab[i, 1], lab[i, 2]) for i in (np.argmin(np.abs(stops - s)) for s in (2.0, 3.0))])
    assert np.mean(kept, axis=0)[0] > 0.095 and np.mean(kept, axis=0)[1] > 0.068, np.mean(kept, axis=0)
    assert np.min(kept, axis=0)[1] > 0.035


def test_a_blue_diode_stays_blue() -> None:
    """Beyond any display's colours, with negative parts as camera matrices give them: no grey, no purple, no cyan."""
    out = linear(scene_of(ramp(np.array([-0.15, -0.05, 1.0]), (-1.0, 3.0)), 1e-9))[10]
    lab = oklab.lab_from_rgb(np.maximum(out, 0), "srgb")
    assert (np.hypot(lab[:, 1], lab[:, 2]).max() > 0.2) and (np.abs(angle(lab) + 95) < 15).all()


def test_the_output_space_is_filled_without_flat_patches() -> None:
    """Colours from grey to far outside come out ever more colourful, smoothly, and not all the same."""
    for hue in np.arange(0, 360, 30):
        colour = np.array(colorsys.hsv_to_rgb(hue / 360, 1.0, 1.0))
        share = np.linspace(0, 1, 128)[None, :, None]
        image = 0.18 * ((1 - share) + share * colour / (colour @ [0.2627, 0.678, 0.0593])) * np.ones((40, 1, 1))
        out = linear(scene_of(image, 1e-9), sharpen=0.0)[20]
        lab = oklab.lab_from_rgb(np.maximum(out, 0), "srgb")
        chroma = np.hypot(lab[:, 1], lab[:, 2])
        assert (np.diff(chroma) > -2e-3).all() and out.min() >= 0 and out.max() <= 1, hue


def test_local_tone_leaves_no_halo_at_an_edge_of_ten_stops() -> None:
    y, x = np.mgrid[:600, :800]
    bright = np.where(x + 0.3 * y < 480, 0.0, 1.0)
    image = (0.9 * 2.0 ** (-10 * (1 - bright)))[..., None].repeat(3, 2)
    scene = scene_of(image, 1e-7)
    report = Report()
    out = render_picture(scene, Recipe(depth="32f"), report).image[..., 1].astype(np.float64)
    shown = np.cbrt(out)  # Oklab lightness of grey
    assert report.decided["look"]["highlights_held"] > 0.04  # local tone has work to do here
    for side in (bright == 0, bright == 1):
        flat = np.median(shown[side])
        near = np.abs(shown[side] - flat).max()
        assert near < 0.01, near


def test_modelling_survives_where_the_range_is_reduced() -> None:
    """A face lit from a window: the room's range shrinks, the face's own does not."""
    y, x = np.mgrid[:480, :640].astype(float)
    face = np.hypot((x - 200) / 110, (y - 250) / 150)
    modelling = 0.25 * np.cos(x / 30) * np.cos(y / 37)
    stops = np.where(x > 420, 2.6, -3.5) + np.where(face < 1, 1.9, 0) + modelling
    scene = scene_of((0.18 * 2.0**stops)[..., None].repeat(3, 2), 1e-8)
    out = np.log2(linear(scene, sharpen=0.0)[..., 1])
    room, window = (x < 380) & (face > 1.2), x > 460
    inner = face < 0.8
    assert (out[window].mean() - out[room].mean()) < 0.95 * 6.1
    gain = np.polyfit(stops[inner], out[inner], 1)[0]
    assert 1.0 < gain < 1.8, gain


def test_shadows_are_opened_less_where_they_drown_in_noise() -> None:
    x = np.mgrid[:300, :400][1]
    light = np.where(x < 200, 0.18 * 2.0**-6, 0.5)[..., None].repeat(3, 2)
    clean, noisy = (linear(scene_of(light, noise), sharpen=0.0)[:, :150].mean() for noise in (1e-9, 3e-3))
    assert noisy < 0.93 * clean


@pytest.mark.parametrize("look", [*COLOURED, "mono"])
def test_sharpening_never_rings(look: str) -> None:
    """A soft edge gets steeper; nothing becomes darker or brighter than it was, but for a trace."""
    x = np.arange(200)
    edge = 0.08 + 0.3 / (1 + np.exp(-(x - 100) / 1.2))
    scene = scene_of(np.broadcast_to(edge[None, :, None], (120, 200, 3)), 1e-9)
    soft, crisp = (np.cbrt(linear(scene, look=look, sharpen=s, space="srgb")[60, 20:180, 1]) for s in (0.0, 2.0))
    height = soft.max() - soft.min()
    assert np.abs(np.diff(crisp)).max() > 1.12 * np.abs(np.diff(soft)).max()
    if look != "authentic":  # which darkens the corners, so its plains are not flat
        assert crisp.max() < soft.max() + 0.02 * height and crisp.min() > soft.min() - 0.02 * height


@pytest.mark.parametrize("look", [*COLOURED, "mono"])
@pytest.mark.parametrize("blur", [0.5, 0.65, 0.8, 1.0])
def test_sharpening_restores_what_the_optics_blur(look: str, blur: float) -> None:
    """At a slanted edge (ISO 12233) half of the contrast is kept to a frequency that is higher by a fifth at least, and
    by up to two thirds where the blur is what it is taken for; overshoot stays below 3 %."""
    y, x = np.mgrid[:100, :160]
    place = (x - 80) * np.cos(np.radians(5)) + (y - 50) * np.sin(np.radians(5))
    share = np.array([0.5 * (1 + math.erf(p / (blur * 2**0.5))) for p in np.arange(-120, 120, 0.01)])
    near = np.abs(place) < 30

    def response(sharpen: float, contrast: float) -> tuple[float, float]:
        edge = 0.2 + contrast * (np.interp(place, np.arange(-120, 120, 0.01), share) - 0.5)
        out = np.cbrt(linear(scene_of(edge[..., None].repeat(3, 2), 1e-9), look=look, sharpen=sharpen)[..., 1])
        bins = np.round(place[near] * 8).astype(int) + 240
        profile = np.bincount(bins, out[near]) / np.bincount(bins)
        dark, bright = profile[120:180].mean(), profile[300:360].mean()
        spread = np.abs(np.fft.rfft(np.diff(profile[100:380]) * np.hanning(279), 8192))
        first = np.argmax(spread < 0.5 * spread[0])
        beyond = max(dark - profile[120:360].min(), profile[120:360].max() - bright) / (bright - dark)
        return float(first), float(beyond)

    for contrast in (0.08, 0.3):
        soft, before = response(0.0, contrast)
        crisp, after = response(1.0, contrast)
        assert crisp > (1.4 if blur <= 0.65 else 1.2) * soft, (soft, crisp)
        assert after - before < 0.03, (before, after)  # local tone leaves a slope of its own


def test_sharpening_does_not_raise_noise() -> None:
    noise = 4e-4
    clean = np.full((200, 300, 3), 0.2)
    sigma = np.sqrt(noise * 0.2 + noise / 100)
    scene = scene_of(clean + np.random.default_rng(0).normal(0, sigma, clean.shape), noise)
    flat, sharp = (linear(scene, sharpen=s)[..., 1].std() for s in (0.0, 1.0))
    assert sharp < 1.06 * flat
    unaware = replace(scene, noise_profile=scene_of(clean, 1e-9).noise_profile)
    assert linear(unaware, sharpen=1.0)[..., 1].std() > 1.09 * flat


def test_dark_noise_is_not_tinted() -> None:
    """Black with the noise of a warm light's white balance, whose red and blue are amplified: no magenta."""
    rng = np.random.default_rng(1)
    sigma = np.array([0.012, 0.006, 0.02])
    for mean, strength, most in ((0.004, 1.0, 0.03), (0.004, 0.3, 0.022), (0.02, 0.3, 0.006)):
        image = mean + strength * rng.normal(0, 1, (300, 400, 3)) * sigma
        image[:, 300:] = 0.4
        scene = scene_of(image, 1e-6)
        scene = replace(scene, noise_profile=replace(scene.noise_profile, offset=tuple((strength * sigma) ** 2)))
        lab = oklab.lab_from_rgb(linear(scene)[:, :250].mean((0, 1)), "srgb")
        assert np.hypot(lab[1], lab[2]) < most, (mean, strength, lab)


def test_outdoor_colours_stay_believable() -> None:
    """Sky, grass and skin (linear sRGB of a ColorChecker under daylight): a little richer, no more."""
    patches = {"skin": (0.54, 0.31, 0.23), "sky": (0.12, 0.19, 0.33), "foliage": (0.10, 0.15, 0.05)}
    for name, rgb in patches.items():
        image = np.full((120, 160, 3), 0.18)
        image[30:90, 40:120] = convert("srgb", "rec2020") @ np.array(rgb)
        out = linear(scene_of(image, 1e-8), sharpen=0.0)
        lab = oklab.lab_from_rgb(out[60, 80], "srgb")
        was = oklab.lab_from_rgb(np.array(rgb), "srgb")
        saturation = (np.hypot(*lab[1:]) / lab[0]) / (np.hypot(*was[1:]) / was[0])
        assert 0.8 < saturation < 1.3, (name, saturation)


def test_looks_differ_as_they_say() -> None:
    rng = np.random.default_rng(5)
    base = np.repeat(np.repeat(rng.lognormal(-2.2, 1.0, (12, 16, 3)), 30, 0), 30, 1)
    pictures = {look: linear(scene_of(base, 1e-7), look=look) for look in (*COLOURED, "mono")}
    labs = {look: oklab.lab_from_rgb(np.maximum(p, 0), "srgb") for look, p in pictures.items()}
    chroma = {look: np.hypot(v[..., 1], v[..., 2]).mean() for look, v in labs.items()}
    assert chroma["authentic"] < chroma["natural"] < chroma["vibrant"] and chroma["mono"] < 1e-3
    light = {look: v[..., 0].mean() for look, v in labs.items()}
    assert light["authentic"] < light["natural"] < light["vibrant"]
    deep = {look: np.percentile(v[..., 0], 3) for look, v in labs.items()}
    assert deep["authentic"] < deep["natural"]
    corner = {k: v[:20, :20, 0].mean() / v[170:190, 230:250, 0].mean() for k, v in labs.items()}
    assert corner["authentic"] < 0.97 * corner["natural"]
