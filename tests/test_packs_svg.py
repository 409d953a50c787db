"""Marks: outlines of SVG, and how much of each pixel they cover."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from lichtbild.frame.fill import coverage
from lichtbild.packs import svg

FROM_AN_EDITOR = """<?xml version="1.0" encoding="UTF-8" standalone="no"?>
<!-- made elsewhere -->
<svg xmlns="http://www.w3.org/2000/svg" xmlns:e="http://editor.example/ns" version="1.1" x="0px" y="0px"
     viewBox="10 20 40 20" xml:space="preserve" e:version="9" class="mark">
  <defs id="d1"/><metadata><e:note>words</e:note></metadata><e:view zoom="2"/>
  <g transform="translate(10,20)" style="fill:#0a0;fill-rule:evenodd;stroke:none;stroke-width:2">
    <path d="M0,0 H20 V20 H0 Z M5,5 h10 v10 h-10 z" opacity="1"/>
    <g fill="currentColor"><circle cx="30" cy="10" r="10"/></g>
  </g>
</svg>"""


def read(tmp_path: Path, text: str) -> svg.Mark:
    path = tmp_path / "mark.svg"
    path.write_text(text, encoding="utf-8")
    return svg.read(path)


def area(tmp_path: Path, inside: str, size: int = 100) -> float:
    """Area of shapes on a square of 100 units, drawn in `size` pixels."""
    mark = read(tmp_path, f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 100 100">{inside}</svg>')
    scale = size / 100
    covers = [coverage([o * scale for o in s.outlines], (size, size), even_odd=s.even_odd) for s in mark.shapes]
    return float(sum(c.sum() for c in covers)) / scale**2


def test_what_editors_write_is_read(tmp_path: Path) -> None:
    mark = read(tmp_path, FROM_AN_EDITOR)
    assert (mark.width, mark.height) == (40, 20)
    square, circle = mark.shapes
    assert (square.fill, square.even_odd, circle.fill) == ("#00aa00", True, "")
    cover = coverage(square.outlines, (20, 40), even_odd=True)
    assert cover[10, 10] == 0
    assert cover.sum() == 300
    assert coverage(circle.outlines, (20, 40), even_odd=False).sum() == pytest.approx(100 * np.pi, rel=2e-3)


@pytest.mark.parametrize(
    ("shape", "wanted"),
    [
        ('<rect x="10" y="10" width="30.5" height="20.25"/>', 30.5 * 20.25),
        ('<rect x="10" y="10" width="60" height="40" rx="10"/>', 2400 - (4 - np.pi) * 100),
        ('<ellipse cx="50" cy="50" rx="40" ry="20"/>', np.pi * 800),
        ('<polygon points="10,10 90,10 10,90"/>', 3200.0),
        ('<path d="M10 10L90 10L10 90"/>', 3200.0),
        ('<path d="m10,10 80,0 -80,80z"/>', 3200.0),
        ('<path d="M50 10A40 40 0 0 1 50 90A40 40 0 0 1 50 10z"/>', np.pi * 1600),
        ('<path d="M10 50a40 40 0 1180 0 40 40 0 11-80 0"/>', np.pi * 1600),  # flags without spaces between
        ('<path d="M0 100Q50 0 100 100z"/>', 2 / 3 * 100 * 50),
        ('<path d="M0 100C0 50 100 50 100 100z"/>', 3 / 5 * 100 * 50),
        ('<path d="M0 50C0 0 50 0 50 50S100 100 100 50V50z"/>', 2 * 3 / 5 * 50 * 50),
        ('<path d="M0 50Q25 0 50 50T100 50z"/>', 2 * 2 / 3 * 50 * 25),
        ('<path d="M10 10h40v40h-40z M20 20v20h20v-20z"/>', 1200.0),  # a hole by its direction
        ('<path d="M10 10h40v40h-40z M20 20h20v20h-20z"/>', 1600.0),
        ('<path fill-rule="evenodd" d="M10 10h40v40h-40z M20 20h20v20h-20z"/>', 1200.0),
        ('<rect width="10" height="10" transform="translate(50 50) rotate(45) scale(2 3)"/>', 600.0),
        ('<rect width="10" height="10" transform="matrix(0 1 -1 0 50 50)"/>', 100.0),
        ('<rect x="80" y="-50" width="400" height="100"/>', 1000.0),  # beyond the paper
    ],
)
@pytest.mark.parametrize("size", [50, 173])
def test_areas_are_exact(tmp_path: Path, shape: str, wanted: float, size: int) -> None:
    assert area(tmp_path, shape, size) == pytest.approx(wanted, rel=6e-3)


def test_an_upright_edge_within_a_pixel() -> None:
    square = np.array([[1.25, 0.5], [3.75, 0.5], [3.75, 2.0], [1.25, 2.0]])
    cover = coverage([square], (3, 5), even_odd=False)
    np.testing.assert_allclose(cover, np.outer([0.5, 1, 0], [0, 0.75, 1, 0.75, 0]), atol=1e-6)


def test_many_crossings_are_taken_in_parts() -> None:
    rng = np.random.default_rng(3)
    tangle = rng.uniform(0, 200, (4000, 2))
    whole = coverage([tangle], (200, 200), even_odd=True)
    assert whole.shape == (200, 200)
    assert 0.3 < whole.mean() < 0.7
