"""Pairs of files for a fit: a raw frame (or a finished picture) and the finished picture of the same frame.

Two files are a pair, the first as it was. Of more files, or of a folder, those of the same name but for the ending are
pairs, wherever in the folder they lie; `shot.dng` also goes with `shot-edited.jpg`. A pair must show the same frame:
what is cropped or turned is refused, a shift of a few pixels is found and undone.
"""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import numpy.typing as npt

from lichtbild.authoring.finished import finished_light, photograph
from lichtbild.authoring.fit import BLOCK, EDGE, Pair, blocks, lab, rendered
from lichtbild.authoring.fixed import scene_of
from lichtbild.carriers import Scene
from lichtbild.errors import LichtbildError, RecipeError
from lichtbild.look import resize
from lichtbild.look.look import load
from lichtbild.record import replace
from lichtbild.report import Report

LONG_EDGE = 288  # pixels: enough to see what a look does, small enough to render thousands of times
PICTURES = (".jpg", ".jpeg", ".png", ".tif", ".tiff")
MOST_FILES, MOST_PAIRS = 5000, 16
SHIFT = 6  # pixels of the small picture that a pair may be displaced
LIKE = 0.5  # correlation of lightness below which two pictures do not show the same frame
LIKE_IN_DETAIL, DETAIL = 0.4, 1.5  # the same within 5 x 5 squares, where there is as much detail, in L*


def matched(given: Sequence[Path]) -> list[tuple[Path, Path]]:
    """(before, after) of files and folders. Raises `RecipeError` when there are none."""
    files: list[Path] = []
    for path in given:
        if path.is_dir():
            files += sorted(p for p in itertools.islice(path.rglob("*"), MOST_FILES + 1) if p.is_file())
        elif path.is_file():
            files.append(path)
        else:
            raise RecipeError(f"{path}: does not exist; name pictures, or a folder of them")
        if len(files) > MOST_FILES:
            raise RecipeError(f"{path}: more than {MOST_FILES} files; name a folder with fewer")
    if len(given) == len(files) == 2:
        return [(files[0], files[1])]
    after = [p for p in files if p.suffix.lower() in PICTURES]
    before = [p for p in files if p.suffix.lower() not in PICTURES and _may_be_raw(p)]
    pairs = []
    for raw in before:
        same = [p for p in after if p.stem.lower() == raw.stem.lower()]
        same = same or [p for p in after if p.stem.lower().startswith((raw.stem.lower() + "-", raw.stem.lower() + "_"))]
        if same:
            pairs.append((raw, same[0]))
    if not pairs:
        what = ", ".join(str(p) for p in given[:3])
        raise RecipeError(
            f"{what}: no pairs; a raw frame and its finished picture have the same name but for the ending"
        )
    return pairs


def _may_be_raw(path: Path) -> bool:
    return path.suffix.lower() not in (".xmp", ".txt", ".json", ".toml", ".md", ".html", ".cube", "")


def read_pairs(pairs: Sequence[tuple[Path, Path]], report: Report) -> list[Pair]:
    """The pairs made small and laid on each other; `MOST_PAIRS` of them, evenly chosen. One that cannot be used is left
    out with a notice. Raises `LichtbildError` when none can."""
    if len(pairs) > MOST_PAIRS:
        report.notice(f"{len(pairs)} pairs; {MOST_PAIRS} of them, evenly chosen, are used")
        pairs = [pairs[i * len(pairs) // MOST_PAIRS] for i in range(MOST_PAIRS)]
    found, error = [], None
    for i, (before, after) in enumerate(pairs):
        report.progress("frames", i / len(pairs))
        try:
            found.append(read_pair(before, after, report))
        except LichtbildError as failed:
            error = error or failed
            if len(pairs) > 1:
                report.notice(f"{failed}; left out")
    report.progress("frames", 1.0)
    if not found:
        raise error or RecipeError("no pair of pictures to fit a look to")
    return found


def read_pair(before: Path, after: Path, report: Report) -> Pair:
    """Raises `LichtbildError`."""
    shot = photograph(before, LONG_EDGE, report)
    return paired(shot.name, shot.scene, shot.finished, finished_light(after, LONG_EDGE * 2, report), after)


def paired(name: str, scene: Scene, finished: bool, target: npt.NDArray[np.float32], after: Path) -> Pair:
    """A pair of a scene and the linear sRGB of its finished picture, of any size. Raises `RecipeError`."""
    pair = Pair(name, scene, finished, np.zeros((1, 1, 3)), np.ones((1, 1)))
    look = load("natural")
    ours = rendered(pair, look)
    rows, columns = ours.shape[:2]
    height, width = target.shape[:2]
    if abs(np.log((width / height) / (columns / rows))) > np.log(1 + 1.5 / min(rows, columns) + 0.02):
        raise RecipeError(
            f"{after}: {width} x {height} is cropped or turned otherwise than {name}; give the whole frame"
        )
    small = np.asarray(resize.smaller(scene_of(target), max(scene.image.shape[:2])).image, np.float32)
    h, w = rows * BLOCK, columns * BLOCK
    small = small[:h, :w] if small.shape[0] >= h and small.shape[1] >= w else _stretched(target, h, w)
    pair = replace(pair, target=ours, weight=np.ones((rows, columns)))
    dy, dx, likeness = _shift(np.asarray(lab(ours)[..., 0]), _light(small), small.shape[:2])
    if likeness < LIKE:
        raise RecipeError(f"{after}: does not show what {name} shows; pairs are of the same frame")
    moved = np.roll(small, (-dy, -dx), (0, 1))
    theirs, seen = (_detail(np.asarray(lab(image)[..., 0])) for image in (blocks(moved), ours))
    if seen.size and seen.std() > DETAIL and _alike(seen, theirs) < LIKE_IN_DETAIL:
        raise RecipeError(f"{after}: is cropped, turned or mirrored otherwise than {name}; give the whole frame")
    goal = np.clip(blocks(moved), 0, 1)
    weight = _evenness(moved)
    margin = max(abs(dy), abs(dx)) // BLOCK + 1
    weight[:margin], weight[-margin:], weight[:, :margin], weight[:, -margin:] = 0, 0, 0, 0
    return replace(pair, target=goal, weight=weight)


def _stretched(target: npt.NDArray[np.float32], height: int, width: int) -> npt.NDArray[np.float32]:
    """The picture in a size that is nearly its own proportions: the nearest pixels of a smaller copy."""
    y = np.minimum(np.arange(height) * target.shape[0] // height, target.shape[0] - 1)
    x = np.minimum(np.arange(width) * target.shape[1] // width, target.shape[1] - 1)
    return np.asarray(target[y[:, None], x[None]])


def _light(linear: npt.NDArray[np.float32]) -> npt.NDArray[np.float64]:
    return np.asarray(lab(np.asarray(linear, np.float64))[..., 0])


def _shift(
    ours: npt.NDArray[np.float64], theirs: npt.NDArray[np.float64], shape: tuple[int, int]
) -> tuple[int, int, float]:
    """(dy, dx) in pixels by which the finished picture is displaced, and how alike the two are, -1 to 1."""
    inner = (slice(2, -2), slice(2, -2))
    best = (-2.0, 0, 0)
    for dy in range(-SHIFT, SHIFT + 1, 1):
        for dx in range(-SHIFT, SHIFT + 1, 1):
            moved = np.roll(theirs, (-dy, -dx), (0, 1))
            mean = blocks(moved[..., None])[..., 0]
            # of equal likeness the smaller shift
            best = max(best, (_alike(ours[inner], mean[inner]) - 1e-4 * (abs(dy) + abs(dx)), dy, dx))
    return best[1], best[2], best[0]


def _alike(a: npt.NDArray[np.float64], b: npt.NDArray[np.float64]) -> float:
    """Their correlation."""
    a, b = a - a.mean(), b - b.mean()
    return float((a * b).sum() / np.sqrt((a * a).sum() * (b * b).sum() + 1e-9))


def _detail(light: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    """What squares have beyond the mean of the 5 x 5 around them: skies above grounds are alike in many pictures."""
    if min(light.shape) < 5:
        return np.zeros((0, 0))
    views = np.lib.stride_tricks.sliding_window_view(light, (5, 5))
    return np.asarray(light[2:-2, 2:-2] - views.mean(axis=(-2, -1)))


def _evenness(linear: npt.NDArray[np.float32]) -> npt.NDArray[np.float64]:
    """(rows, columns) 1 where a square and its neighbours are even, less where a shift would show."""
    light = _light(linear)
    mean = blocks(light[..., None])[..., 0]
    inside = np.sqrt(np.maximum(blocks(light[..., None] ** 2)[..., 0] - mean**2, 0))
    return np.asarray(1 / (1 + (inside / EDGE) ** 2))
