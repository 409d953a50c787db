"""The pictures of the documentation: shot by the virtual camera, developed, and laid out side by side.

Each function of `PICTURES` makes one picture. Places are given in pixels of a 4000 x 3000 frame. The same version gives
the same pictures. A scene is painted once as long as pictures of it follow each other.
"""

from __future__ import annotations

import functools
import io
import shutil
import tempfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from unittest.mock import patch

import numpy as np
import numpy.typing as npt
from PIL import Image, ImageDraw, ImageFont

import lichtbild as lb
from lichtbild.packs.new import begin
from lichtbild.packs.store import install
from lichtbild.virtual.simulate import simulate

ROOT = Path(__file__).resolve().parent.parent
OUT = ROOT / "docs" / "pictures"
SHOTS = ROOT / "build" / "docs"
LONGEST, LARGEST = 1600, 350_000  # pixels, bytes
LABEL, GAP, INK, PAPER = 30, 6, (40, 40, 40), (255, 255, 255)
Pixels = npt.NDArray[np.uint8]
Box = tuple[int, int, int, int]  # left, top, width, height

_kept: set[Path] = set()  # folders of frames that were shot before and are taken as they are


@functools.cache
def shots(scene: str, **settings: Any) -> tuple[Path, ...]:
    """Files of a burst, the same for the same settings."""
    name = "-".join([scene, *(f"{k}{v}" for k, v in sorted(settings.items()))])
    folder = SHOTS / name
    files = sorted(folder.glob("shot_*.dng"))
    if folder not in _kept or not files:
        shutil.rmtree(folder, ignore_errors=True)
        files = simulate(scene, folder, **settings)
    return tuple(files)


def truth(files: Sequence[Path]) -> Path:
    """The first frame as it would be without noise."""
    return files[0].parent / "truth" / f"truth_{files[0].stem.split('_')[1]}.dng"


@functools.lru_cache(maxsize=4)
def developed(files: tuple[Path, ...], **settings: Any) -> Pixels:
    """(h, w, 3) sRGB; the first frame gives the framing, so that pictures of one burst lie on each other."""
    first = {"reference": 1} if len(files) > 1 else {}
    image: Pixels = lb.develop(lb.read(*files), depth="8", space="srgb", **first, **settings).image
    return image


def crop(image: Pixels, box: Box, enlarge: int = 1) -> Image.Image:
    """A part of a picture; whole pixels are repeated where it is enlarged."""
    left, top, width, height = box
    part = Image.fromarray(image[top : top + height, left : left + width])
    return part.resize((width * enlarge, height * enlarge), Image.Resampling.NEAREST) if enlarge > 1 else part


def fitted(image: Pixels, width: int) -> Image.Image:
    """The whole picture in that width."""
    height = round(image.shape[0] * width / image.shape[1])
    return Image.fromarray(image).resize((width, height), Image.Resampling.LANCZOS)


def labelled(image: Image.Image, text: str) -> Image.Image:
    """The picture with a line of text above it."""
    sheet = Image.new("RGB", (image.width, image.height + LABEL), PAPER)
    sheet.paste(image, (0, LABEL))
    ImageDraw.Draw(sheet).text((2, 2), text, INK, ImageFont.load_default(20))
    return sheet


def sheet(rows: Sequence[Sequence[Image.Image]]) -> Image.Image:
    """Pictures in rows, with a gap between them."""
    width = max(sum(i.width for i in row) + GAP * (len(row) - 1) for row in rows)
    height = sum(max(i.height for i in row) for row in rows) + GAP * (len(rows) - 1)
    page = Image.new("RGB", (width, height), PAPER)
    y = 0
    for row in rows:
        x = 0
        for image in row:
            page.paste(image, (x, y))
            x += image.width + GAP
        y += max(i.height for i in row) + GAP
    return page


def save(image: Image.Image, name: str) -> None:
    """A JPEG of the best quality that stays within `LARGEST` bytes."""
    if max(image.size) > LONGEST:
        raise ValueError(f"{name}: {image.size} is larger than {LONGEST}")
    for quality in range(92, 40, -3):
        stream = io.BytesIO()
        image.save(stream, "JPEG", quality=quality, optimize=True, progressive=True)
        if stream.tell() <= LARGEST:
            break
    OUT.mkdir(parents=True, exist_ok=True)
    (OUT / f"{name}.jpg").write_bytes(stream.getvalue())
    print(f"  {name}.jpg: {image.width} x {image.height}, {stream.tell() / 1000:.0f} kB, quality {quality}", flush=True)


def comparison(columns: dict[str, Pixels], boxes: Sequence[Box], enlarge: int = 1) -> Image.Image:
    """One column for each picture, labelled; one row for each part of it."""
    rows = [[crop(image, box, enlarge) for image in columns.values()] for box in boxes]
    rows[0] = [labelled(image, text) for image, text in zip(rows[0], columns, strict=True)]
    return sheet(rows)


@contextmanager
def stacked() -> Iterator[None]:
    """Merge as plain stacking does: frames are aligned as a whole, and averaged without asking whether they fit."""
    from lichtbild.burst import align, merger

    def camera_only(flow: Any, error: Any, steady: Any, *_: Any) -> Any:
        return steady, np.zeros(steady.shape[1:], np.bool_)

    with patch.object(align, "_choose", camera_only), patch.object(merger, "STRICTNESS", 0.0):
        yield


def street_night() -> None:
    """The README's picture."""
    files = shots("street-night", iso=1600)
    save(fitted(developed(files), LONGEST), "street-night")


def one_frame_against_burst() -> None:
    files = shots("street-night", iso=6400)
    columns = {
        "one frame, ISO 6400": developed(files[:1]),
        "burst of 8": developed(files),
        "the truth: no noise at all": developed((truth(files),)),
    }
    save(comparison(columns, [(120, 1230, 528, 330), (1720, 830, 528, 420)]), "one-frame-against-burst")


def motion() -> None:
    files = shots("street-night", iso=6400)
    with stacked():
        averaged = developed.__wrapped__(files)
    columns = {
        "one frame, ISO 6400": developed(files[:1]),
        "8 frames, plainly averaged": averaged,
        "8 frames, merged": developed(files),
    }
    save(comparison(columns, [(1240, 1470, 528, 330), (2440, 1490, 528, 420)]), "motion")


def denoise() -> None:
    files = shots("still-life", iso=6400)[:1]
    columns = {f"one frame, --denoise {n}": developed(files, denoise=float(n)) for n in (0, 1, 2)}
    save(comparison(columns, [(2080, 660, 528, 360), (3080, 2000, 528, 360)]), "denoise")


def in_looks(files: tuple[Path, ...], columns: int, width: int) -> list[list[Image.Image]]:
    """A photograph in all looks that come with Lichtbild, but for `linear`, in rows."""
    from lichtbild.look.catalog import built_in, names

    shown = [name for name in names() if name in built_in() and name != "linear"]
    tiles = [labelled(fitted(developed(files, look=name, size=2 * width), width), name) for name in shown]
    return [tiles[i : i + columns] for i in range(0, len(tiles), columns)]


def looks() -> None:
    save(sheet(in_looks(shots("still-life", iso=100, frames=1, size="2000x1500"), 4, 395)), "looks")


def looks_scenes() -> None:
    """A landscape, and a street at night."""
    rows = in_looks(shots("daylight-landscape", iso=100, frames=1, size="1600x1200"), 6, 261)
    save(sheet([*rows, *in_looks(shots("street-night", iso=800, frames=1, size="1600x1200"), 6, 261)]), "looks-scenes")


def bracket() -> None:
    files = shots("street-night", iso=800, frames=3, bracket="0,-3,3", motion=0.0)
    names = ("0 EV", "-3 EV", "+3 EV")
    sides = [labelled(fitted(developed((f,), look="linear"), 375), n) for f, n in zip(files, names, strict=True)]
    whole = labelled(fitted(developed(files), LONGEST - 375 - GAP), "one photograph of the three")
    save(sheet([[sheet([[side] for side in sides]), whole]]), "bracket")


def stages() -> None:
    """The same part of the picture after each leg, each pixel three times as large."""
    from lichtbild.raw.read import read_frame

    files = shots("street-night", iso=6400)
    box = (560, 1650, 130, 130)
    tiles = {
        "1 read: a mosaic of one frame": mosaic(read_frame(files[0], lb.Report()), box),
        "2 burst: a mosaic of eight": mosaic(lb.merge(lb.read(*files), reference=1), box),
        "3 develop: the scene in linear light": crop(developed(files, look="linear"), box, 3),
        "4 look: the picture": crop(developed(files), box, 3),
    }
    save(sheet([[labelled(image, text) for text, image in tiles.items()]]), "stages")


def mosaic(frame: lb.Frame, box: Box) -> Image.Image:
    """Part of a mosaic, each pixel in the colour of its filter."""
    left, top, width, height = (n // 2 * 2 for n in box)
    part = frame.mosaic[top : top + height, left : left + width].astype(np.float64)
    light = (part - frame.black_level[0]) / (frame.white_level - frame.black_level[0])
    neutral = frame.metadata.color.as_shot_neutral or (1.0, 1.0, 1.0)
    light /= np.quantile(light, 0.98)
    shown = np.zeros((height, width, 3), np.uint8)
    for site, color in enumerate(frame.cfa):
        y, x = divmod(site, 2)
        plane = "RGB".index(color)
        shown[y::2, x::2, plane] = np.rint(255 * np.clip(light[y::2, x::2] / neutral[plane], 0, 1) ** (1 / 2.2))
    return crop(shown, (0, 0, width, height), 3)


def scenes() -> None:
    """What the virtual camera can shoot."""
    names = ("street-night", "still-life", "daylight-landscape", "resolution-chart")
    tiles = [labelled(fitted(developed(shots(n, iso=100, frames=1), size=1600), 797), n) for n in names]
    save(sheet([tiles[:2], tiles[2:]]), "scenes")


def frames() -> None:
    """One photograph in all frames, with the mark of the pack that `lichtbild packs new` begins."""
    from lichtbild.frame import catalog

    SHOTS.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as place, patch.dict("os.environ", {"LICHTBILD_PACKS": f"{place}/store"}):
        begin(Path(place) / "alpenglow", "Studio Alpenglow")
        install(Path(place) / "alpenglow")
        files = shots("daylight-landscape", iso=100, frames=1)
        settings: dict[str, Any] = {"look": "alpenglow/evening", "size": 1200}
        made = [developed.__wrapped__(files, frame=name, **settings) for name in catalog.names()]
    ground = Image.new("RGB", (LONGEST, 1330), (203, 201, 197))
    across, gap = 3, 34
    width = (LONGEST - (across + 1) * gap) // across
    top = gap
    for row in range(0, len(made), across):
        small = [fitted(image, width) for image in made[row : row + across]]
        tallest = max(image.height for image in small)
        for i, image in enumerate(small):
            ground.paste(image, (gap + i * (width + gap), top + (tallest - image.height) // 2))
        top += tallest + gap
    save(ground.crop((0, 0, LONGEST, top)), "frames")


PICTURES: dict[str, Callable[[], None]] = {
    "street-night": street_night,
    "one-frame-against-burst": one_frame_against_burst,
    "motion": motion,
    "stages": stages,
    "bracket": bracket,
    "denoise": denoise,
    "looks": looks,
    "looks-scenes": looks_scenes,
    "frames": frames,
    "scenes": scenes,
}


def make(names: Sequence[str] = (), *, keep: bool = False) -> None:
    """Make the pictures of these names; all of them where none is named."""
    _kept.update(SHOTS.glob("*") if keep else ())
    for name in names or PICTURES:
        PICTURES[name]()
