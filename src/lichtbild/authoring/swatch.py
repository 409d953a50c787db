"""A look's swatch: a small picture of scene colours as the look shows them, for lists and menus.

Flat fields, so that the file stays below two kilobytes: a sky and hills, five skins, twelve hues in light and in shade,
and a ramp of greys.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from lichtbild.authoring.check import SKIN
from lichtbild.authoring.fixed import shown
from lichtbild.color import encode_srgb
from lichtbild.look import oklab
from lichtbild.look.look import Look

WIDTH, HEIGHT = 120, 80  # pixels
SKY = ((0.62, 0.10, 252.0), (0.70, 0.08, 246.0), (0.78, 0.06, 238.0), (0.86, 0.04, 220.0), (0.92, 0.03, 95.0))
HILLS = ((0.55, 0.05, 200.0), (0.48, 0.08, 135.0), (0.40, 0.09, 128.0))


def fields() -> tuple[npt.NDArray[np.intp], npt.NDArray[np.float64]]:
    """(HEIGHT, WIDTH) index of each pixel's field, and (n, 3) linear Rec. 2020 of the fields."""
    index = np.zeros((HEIGHT, WIDTH), np.intp)
    lab: list[tuple[float, float, float]] = []

    def paint(rows: slice, columns: slice, colour: tuple[float, float, float]) -> None:
        index[rows, columns] = len(lab)
        lab.append(colour)

    for i, colour in enumerate(SKY):
        paint(slice(6 * i, 6 * i + 6), slice(0, WIDTH), colour)
    x, y = np.arange(WIDTH), np.arange(HEIGHT)[:, None]
    for base, wave, colour in zip((22, 28, 34), ((7, 17.0), (5, 11.0), (3, 23.0)), HILLS, strict=True):
        ridge = base - wave[0] * np.sin(x / wave[1] + base)
        index[(y >= ridge) & (y < 40)] = len(lab)
        lab.append(colour)
    for i, colour in enumerate(SKIN):
        paint(slice(40, 56), slice(24 * i, 24 * i + 24), colour)
    for i in range(12):
        for j, (light, chroma) in enumerate(((0.72, 0.11), (0.45, 0.09))):
            paint(slice(56 + 6 * j, 62 + 6 * j), slice(10 * i, 10 * i + 10), (light, chroma, 30.0 * i + 10))
        paint(slice(68, HEIGHT), slice(10 * i, 10 * i + 10), (0.06 + 0.085 * i, 0.0, 0.0))
    light, chroma, hue = np.array(lab).T
    polar = np.stack([light, chroma * np.cos(np.radians(hue)), chroma * np.sin(np.radians(hue))], -1)
    return index, np.maximum(oklab.rgb_from_lab(polar, "rec2020"), 1e-5)


def draw(look: Look) -> npt.NDArray[np.uint8]:
    """(HEIGHT, WIDTH, 3) sRGB."""
    index, colours = fields()
    encoded = encode_srgb(shown(look, colours))
    return np.asarray(encoded * 255 + 0.5, np.uint8)[index]


def png(look: Look) -> bytes:
    """The swatch as a PNG file."""
    from imagecodecs import png_encode

    return bytes(png_encode(draw(look), level=9))
