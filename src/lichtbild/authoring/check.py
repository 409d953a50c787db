"""Whether a look is sound: greys, banding, clipping, hues in order, skin. Each finding is a number beside its limit.

A look is tried on scene colours without any place (`fixed.shown`), and compared with what `natural` makes of them.
A finding is no fault: a sepia tints greys on purpose. What a look asks for by name (toning, black and white) is taken
for granted, so what remains to be told is what an author may not have meant.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from lichtbild.authoring.fixed import shown
from lichtbild.color import D65, delta_e_2000, encode_srgb, lab_from_xyz, rgb_to_xyz
from lichtbild.look import oklab
from lichtbild.look.look import Look, load
from lichtbild.record import record

Floats = npt.NDArray[np.float64]
STOPS = np.linspace(-7, 4.5, 461)  # of the grey ramp, from middle grey
# Skin as light on the face gives it: Oklab lightness, chroma and hue of five tones from light to very dark.
SKIN = ((0.80, 0.052, 52.0), (0.72, 0.072, 54.0), (0.62, 0.078, 55.0), (0.50, 0.068, 53.0), (0.38, 0.048, 50.0))
GREY_TINT, GREY_STEP, GREY_BACK = 1.0, 3.0, 0.25
CLIPPED, HUE_STEP, SKIN_HUE, SKIN_CHROMA, SKIN_LIGHT = 0.04, 4.0, 9.0, 0.4, 12.0


@record
class Finding:
    """What was tried, what was found and how much is unsuspicious; `words` say what to look at."""

    name: str
    value: float
    limit: float
    words: str

    @property
    def bad(self) -> bool:
        """Whether the value is beyond its limit, or is no number."""
        return not self.value <= self.limit


def findings(look: Look) -> list[Finding]:
    """All that is tried of a look, sound or not; nothing for `linear`."""
    if look.linear:
        return []
    natural = load("natural")
    found = [*_greys(look, natural), *_clipping(look, natural)]
    if look.mono is None:
        found += [*_hues(look, natural), *_skin(look, natural)]
    return found


def _lab(linear: Floats) -> Floats:
    return lab_from_xyz(linear @ rgb_to_xyz("srgb").T, D65)


def _greys(look: Look, natural: Look) -> list[Finding]:
    ramp = np.repeat(0.18 * 2.0 ** STOPS[:, None], 3, axis=1)
    rgb = shown(look, ramp)
    lab = _lab(rgb)
    toned = bool(look.toning.shadows or look.toning.middle or look.toning.highlights)
    out = []
    if not toned:
        tint = float(np.hypot(lab[:, 1], lab[:, 2]).max())
        out.append(Finding("greys", tint, GREY_TINT, "greys are tinted, though no toning is asked for (dE)"))
    light, plain = lab[:, 0], _lab(shown(natural, ramp))[:, 0]
    back = float(-np.minimum(np.diff(light), 0).min())
    out.append(Finding("order", back, GREY_BACK / 10, "brighter greys get darker: the curve turns back (L*)"))
    slope = np.diff(light) / np.maximum(np.diff(plain), 0.02)
    steps = float(slope[(plain[1:] > 3) & (plain[1:] < 97)].max(initial=0.0))
    out.append(Finding("banding", steps, GREY_STEP, "tones are pulled apart this many times, which shows in skies"))
    return out


def _colours() -> Floats:
    """(n, 3) linear Rec. 2020 of surfaces as they are common, from deep shade to sunlight."""
    hue, chroma, light = np.meshgrid(np.arange(0, 360, 15), (0.03, 0.07, 0.11), (0.35, 0.5, 0.65, 0.8), indexing="ij")
    return _scene(light.ravel(), chroma.ravel(), hue.ravel())


def _scene(light: npt.ArrayLike, chroma: npt.ArrayLike, hue: npt.ArrayLike) -> Floats:
    c, h = np.asarray(chroma, np.float64), np.radians(np.asarray(hue, np.float64))
    lab = np.stack(np.broadcast_arrays(np.asarray(light, np.float64), c * np.cos(h), c * np.sin(h)), -1)
    return np.asarray(np.maximum(oklab.rgb_from_lab(lab, "rec2020"), 1e-4))


def _clipping(look: Look, natural: Look) -> list[Finding]:
    colours = _colours()
    lost = []
    for one in (look, natural):
        encoded = encode_srgb(shown(one, colours))
        lost.append(float((((encoded < 1 / 255) | (encoded > 254 / 255)).any(1)).mean()))
    return [
        Finding("clipping", lost[0] - lost[1], CLIPPED, "more colours of common surfaces clip than in natural (share)")
    ]


def _hues(look: Look, natural: Look) -> list[Finding]:
    hue = np.arange(0, 360, 1.0)
    worst_step, worst_turn = 0.0, 0.0
    for light, chroma in ((0.5, 0.07), (0.65, 0.09), (0.78, 0.07)):
        colours = _scene(np.full(hue.shape, light), np.full(hue.shape, chroma), hue)
        ours, plain = (_lab(shown(one, colours)) for one in (look, natural))
        step, usual = (delta_e_2000(lab, np.roll(lab, -1, 0)) for lab in (ours, plain))
        worst_step = max(worst_step, float(np.max(step / np.maximum(usual, 0.05))))
        angle = np.unwrap(np.arctan2(ours[:, 2], ours[:, 1]))
        chromatic = np.hypot(ours[:, 1], ours[:, 2]) > 4
        turn = np.diff(angle)[chromatic[1:] & chromatic[:-1]]
        worst_turn = max(worst_turn, float(-np.degrees(turn).min(initial=0.0)))
    return [
        Finding("hue breaks", worst_step, HUE_STEP, "neighbouring hues are torn apart this many times"),
        Finding(
            "hue order",
            worst_turn,
            0.05,
            "hues change places: moves that lie side by side pull at each other (degrees)",
        ),
    ]


def _skin(look: Look, natural: Look) -> list[Finding]:
    tones = np.array(SKIN)
    colours = _scene(*tones.T)
    ours, plain = (_lab(shown(one, colours)) for one in (look, natural))
    hue = [np.degrees(np.arctan2(lab[:, 2], lab[:, 1])) for lab in (ours, plain)]
    turn = float(np.abs((hue[0] - hue[1] + 180) % 360 - 180).max())
    chroma = [np.hypot(lab[:, 1], lab[:, 2]) for lab in (ours, plain)]
    change = float(np.abs(chroma[0] / np.maximum(chroma[1], 1e-6) - 1).max())
    light = float(np.abs(ours[:, 0] - plain[:, 0]).max())
    return [
        Finding("skin hue", turn, SKIN_HUE, "skin turns towards green or magenta (degrees in Lab)"),
        Finding("skin chroma", change, SKIN_CHROMA, "skin gains or loses colour (share)"),
        Finding("skin light", light, SKIN_LIGHT, "skin is much lighter or darker (L*)"),
    ]
