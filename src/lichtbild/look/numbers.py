"""Every number of a look, section by section, with its unit, range and default.

The sections of a `look.toml`, its documentation and its checks are made from these. Each default is what
`natural` does.
"""

from __future__ import annotations

from typing import Any

from lichtbild.record import record
from lichtbild.setting import setting

Point = tuple[float, float]
# Share of red, green and blue light (Rec. 2020) that a glass of the usual strength lets through: cut-offs at about 480
# nm (yellow), 540 nm (orange) and 590 nm (red), pass bands of 100 nm for green and blue.
FILTERS: dict[str, tuple[float, float, float]] = {
    "none": (1.0, 1.0, 1.0),
    "yellow": (1.0, 0.90, 0.18),
    "yellow-green": (0.62, 1.0, 0.22),
    "orange": (1.0, 0.50, 0.04),
    "red": (1.0, 0.07, 0.01),
    "green": (0.16, 1.0, 0.20),
    "blue": (0.02, 0.22, 1.0),
}
HUES = "29 red, 70 orange, 110 yellow, 142 green, 195 cyan, 264 blue, 328 magenta"


@record
class Exposure:
    """Where the scene is placed, beside the automatic exposure."""

    bias: float = setting(0.0, "Brighter or darker than the automatic exposure.", unit="EV", low=-3.0, high=3.0)
    mood: float = setting(
        1.0, "How far a dark scene is left dark, and a dazzling one bright; 0 shows all alike.", low=0.0, high=2.0
    )


@record
class Local:
    """Light that is given to shadows, held back in highlights, and modelling between."""

    shadows: float = setting(0.6, "How far deep shadows are opened; 0 leaves them, 1 is all.", low=0.0, high=1.0)
    highlights: float = setting(
        0.8, "How far bright parts are held back, and white is fitted to them; 0 is not at all.", low=0.0, high=1.0
    )
    clarity: float = setting(0.08, "Gain of local modelling; 0 keeps it as it is.", low=-0.5, high=1.0)


@record
class Tone:
    """The filmic curve from scene to display, and a drawn one on top."""

    contrast: float = setting(1.28, "Slope at middle grey.", low=1.0, high=1.6)
    toe: float = setting(5.0, "Where shadows turn linear, below middle grey.", unit="EV", low=1.0, high=12.0)
    shoulder: float = setting(0.5, "Softness of the shoulder; 0 is firm.", low=0.0, high=4.0)
    white: float = setting(5.0, "Display white, above middle grey, at most.", unit="EV", low=3.0, high=10.0)
    points: tuple[Point, ...] = setting(
        (),
        "Points [in, out] of a smooth curve on top, both as codes of sRGB; the ends are 0 and 1 where none is given.",
        low=0.0,
        high=1.0,
        most=16,
    )


@record
class Color:
    """How strong colours are, by how muted, how bright and whose they are."""

    saturation: float = setting(1.0, "Chroma of all colours.", low=0.0, high=2.0)
    vibrance: float = setting(0.1, "Extra chroma of muted colours.", low=-1.0, high=2.0)
    skin: float = setting(0.7, "How far skin is kept out of vibrance.", low=0.0, high=1.0)
    bleach: float = setting(0.4, "How much bright colours run into white; 1 is as on film.", low=0.0, high=1.0)
    density: float = setting(
        0.9, "How much darker bright colours are shown, so that they stay colours.", low=0.0, high=1.5
    )
    shadows: float = setting(0.0, "Change of chroma in shadows, 0.1 is 10 % more.", low=-1.0, high=1.0)
    middle: float = setting(0.0, "Change of chroma in middle tones.", low=-1.0, high=1.0)
    highlights: float = setting(0.0, "Change of chroma in highlights.", low=-1.0, high=1.0)


@record
class HueMove:
    """A smooth move of the colours around one hue; the others stay."""

    at: float = setting(0.0, f"Hue in Oklab: {HUES}.", unit="°", low=0.0, high=360.0)
    width: float = setting(60.0, "Full width of the move at half its strength.", unit="°", low=40.0, high=180.0)
    rotate: float = setting(0.0, "Turn of the hue, + against the clock.", unit="°", low=-30.0, high=30.0)
    chroma: float = setting(0.0, "Change of chroma, 0.1 is 10 % more.", low=-0.8, high=0.8)
    light: float = setting(0.0, "Change of lightness at full chroma, 0.1 is 10 % lighter.", low=-0.5, high=0.5)


@record
class Toning:
    """Split toning: a tint of its own for dark, middle and bright parts, also of a black-and-white picture."""

    shadows_hue: float = setting(264.0, "Hue of the shadows' tint, in Oklab.", unit="°", low=0.0, high=360.0)
    shadows: float = setting(0.0, "Strength of the shadows' tint; 0.3 is sepia, 1 is a dye.", low=0.0, high=1.0)
    middle_hue: float = setting(70.0, "Hue of the middle tones' tint.", unit="°", low=0.0, high=360.0)
    middle: float = setting(0.0, "Strength of the middle tones' tint.", low=0.0, high=1.0)
    highlights_hue: float = setting(85.0, "Hue of the highlights' tint.", unit="°", low=0.0, high=360.0)
    highlights: float = setting(0.0, "Strength of the highlights' tint.", low=0.0, high=1.0)
    balance: float = setting(0.0, "Where shadows end: + gives more to the highlights' tint.", low=-1.0, high=1.0)


@record
class Mono:
    """Black and white: what grey is made of."""

    red: float = setting(0.30, "Share of red light.", low=-1.0, high=2.0)
    green: float = setting(0.55, "Share of green light.", low=-1.0, high=2.0)
    blue: float = setting(0.15, "Share of blue light.", low=-1.0, high=2.0)
    filter: str = setting("none", "Glass before the lens.", choices=tuple(FILTERS))
    filter_strength: float = setting(1.0, "How much of the filter: 0.5 is half as dense a glass.", low=0.0, high=2.0)

    def through_filter(self) -> tuple[float, float, float]:
        """Shares of red, green and blue light after the filter."""
        glass = FILTERS[self.filter]
        film = self.red, self.green, self.blue
        r, g, b = (s * t**self.filter_strength for s, t in zip(film, glass, strict=True))
        return r, g, b

    def share_through_filter(self) -> float:
        """How much of white passes film and filter; grey is divided by it."""
        return sum(self.through_filter())

    def weights(self) -> tuple[float, float, float]:
        """What grey is made of: shares of scene-linear red, green and blue (Rec. 2020), which add up to 1."""
        total = self.share_through_filter()
        r, g, b = (share / total for share in self.through_filter())
        return r, g, b


@record
class Lut:
    """A three-dimensional table of colours."""

    file: str = setting("", "A table of colours in the look's folder: .cube, or HaldCLUT as .png or .tif.")
    space: str = setting("srgb", "Encoded colours that the table takes and gives.", choices=("srgb", "p3", "rec2020"))
    strength: float = setting(1.0, "How far colours move to those of the table.", low=0.0, high=1.0)
    neutral: str = setting("table", "Greys: as the table has them, or kept neutral.", choices=("table", "keep"))


@record
class Sharpen:
    """The character of sharpening."""

    amount: float = setting(0.9, "How much of the optics' blur is undone at sharpen 1; 1 is all.", low=-1.0, high=3.0)
    overshoot: float = setting(0.025, "How far an edge may leave its neighbours' range.", low=0.0, high=0.5)
    noise: float = setting(
        2.5, "Care with noise: the higher, the less is sharpened of what it may have made.", low=0.5, high=10.0
    )


@record
class Halation:
    """Light that goes through the film, is thrown back by its base, and glows red around what is brighter than
    white."""

    strength: float = setting(0.0, "Share of the light above white that comes back.", low=0.0, high=1.0)
    radius: float = setting(0.6, "Reach of the glow in the picture's diagonal.", unit="%", low=0.1, high=3.0)
    hue: float = setting(45.0, "Hue of the glow in Oklab.", unit="°", low=0.0, high=360.0)


@record
class Bloom:
    """Light that a mist filter or an old lens scatters, in its own colour."""

    strength: float = setting(0.0, "Scattering of the light above white; 1 is a strong mist.", low=0.0, high=1.0)
    radius: float = setting(2.0, "Reach of the glow in the picture's diagonal.", unit="%", low=0.2, high=10.0)


@record
class Grain:
    """Grain as of film: strongest in middle densities, of one size in the picture whatever its pixels."""

    strength: float = setting(0.0, "Grain in middle densities: 0.2 is fine film, 0.5 is fast film.", low=0.0, high=1.0)
    size: float = setting(
        0.08, "Size of a grain, as a share of the picture's short side.", unit="%", low=0.03, high=0.5
    )
    roughness: float = setting(0.4, "How far grains clump together.", low=0.0, high=1.0)
    color: float = setting(0.0, "How far the dyes' grains differ; 0 is grey.", low=0.0, high=1.0)


@record
class Vignette:
    """Corners that are darker than the middle."""

    strength: float = setting(0.0, "Darkening of the corners.", unit="EV", low=0.0, high=2.0)
    start: float = setting(0.3, "Where it begins, as a share of the half diagonal.", low=0.0, high=0.9)


# In the order in which they act; a `look.toml` may hold each once.
SECTIONS: dict[str, type[Any]] = {
    "exposure": Exposure,
    "halation": Halation,
    "bloom": Bloom,
    "vignette": Vignette,
    "local": Local,
    "mono": Mono,
    "tone": Tone,
    "color": Color,
    "toning": Toning,
    "sharpen": Sharpen,
    "grain": Grain,
    "lut": Lut,
}
