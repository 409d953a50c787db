"""A report as one HTML file that needs nothing else: tables, plots, pictures; for the screen, light or dark, and for
paper."""

from __future__ import annotations

import base64
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from html import escape
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

_NAMED = [*((str(i), f"c{i}") for i in range(8)), *((c, c) for c in ("red", "green", "blue", "ink"))]


def style() -> str:
    """The style sheet, with the colours of the palette for the elements of plots."""
    sheet = Path(__file__).with_name("page.css").read_text(encoding="utf-8")
    return sheet + "".join(
        f"polyline.c-{n}{{stroke:var(--{v})}}circle.c-{n},rect.c-{n}{{fill:var(--{v})}}i.c-{n}{{background:var(--{v})}}"
        for n, v in _NAMED
    )


@dataclass
class Page:
    """Collects the parts of a report; `html` is the file."""

    title: str
    subtitle: str = ""
    parts: list[str] = field(default_factory=list)

    def heading(self, text: str) -> None:
        """Begin a part of the report."""
        self.parts.append(f"<h2>{escape(text)}</h2>")

    def text(self, text: str, soft: bool = False) -> None:
        """A paragraph; soft: in small grey letters."""
        self.parts.append(f"<p{' class=soft' if soft else ''}>{escape(text)}</p>")

    def table(self, head: Sequence[str], rows: Iterable[Sequence[str]]) -> None:
        """A table of words; without any heading, pairs of a name and a value."""
        lines = "".join("<tr>" + "".join(f"<td>{escape(c)}</td>" for c in row) + "</tr>" for row in rows)
        top = "".join(f"<th>{escape(c)}</th>" for c in head)
        kind = " class=pairs" if not any(head) else ""
        self.parts.append(
            f'<div class="wide"><table{kind}><thead><tr>{top}</tr></thead><tbody>{lines}</tbody></table></div>'
        )

    def figures(self, figures: Iterable[tuple[str, str]]) -> None:
        """(content, caption) side by side where there is room."""
        items = "".join(
            f"<figure>{body}<figcaption>{escape(caption)}</figcaption></figure>" for body, caption in figures
        )
        self.parts.append(f'<div class="plots">{items}</div>')

    def shots(self, pictures: Iterable[tuple[str, str]]) -> None:
        """Crops side by side: (img element, caption)."""
        items = "".join(
            f"<figure>{body}<figcaption>{escape(caption)}</figcaption></figure>" for body, caption in pictures
        )
        self.parts.append(f'<div class="shots">{items}</div>')

    def swatches(self, pairs: Iterable[tuple[str, str, str]]) -> None:
        """Pairs of CSS colours, measured above, wanted below, with a note."""
        items = "".join(
            f'<div><b style="background:{a}"></b><b style="background:{b}"></b><span>{escape(note)}</span></div>'
            for a, b, note in pairs
        )
        self.parts.append(f'<div class="swatches">{items}</div>')

    @property
    def html(self) -> str:
        """The whole file, which needs no other."""
        from lichtbild import __version__

        return (
            f'<!doctype html><html lang="en"><head><meta charset="utf-8"><meta name="viewport" '
            f'content="width=device-width,initial-scale=1"><title>{escape(self.title)}</title><style>{style()}</style></head>'
            f'<body><h1>{escape(self.title)}</h1><p class="soft">{escape(self.subtitle)}</p>{"".join(self.parts)}'
            f'<p class="soft">Made by Lichtbild {escape(__version__)}.</p></body></html>\n'
        )


def picture(image: npt.NDArray[Any], alt: str, *, lossless: bool = False) -> str:
    """An img element that holds the (h, w, 3) sRGB picture itself: float 0..1 or uint8."""
    import imagecodecs

    if image.dtype != np.uint8:
        image = (np.clip(image, 0, 1) * 255 + 0.5).astype(np.uint8)
    image = np.ascontiguousarray(image)
    if lossless:
        kind, data = "png", imagecodecs.png_encode(image, level=6)
    else:
        kind, data = "jpeg", imagecodecs.jpeg8_encode(image, level=92, subsampling="444")
    height, width = image.shape[:2]
    text = base64.b64encode(bytes(data)).decode()
    return f'<img src="data:image/{kind};base64,{text}" width="{width}" height="{height}" alt="{escape(alt)}">'
