"""A look fitted to finished pictures: its numbers are sought by rendering, so that all that a look does counts.

Damped Gauss-Newton steps (Marquardt 1963) on differences weighed as CIEDE2000 weighs them, reweighted after Huber
(1964) so that what a photographer retouched in places does not count; each number is drawn a little to that of
`natural`, so that what the pictures do not show stays as it is. How bright each picture was made apart from the others
is a number of its own, which the look does not keep.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from lichtbild.authoring import fixed
from lichtbild.authoring.fit_numbers import NUMBERS, Number, of_look, pruned, to_look
from lichtbild.color import D65, delta_e_2000, lab_from_xyz, rgb_to_xyz
from lichtbild.look.look import Look
from lichtbild.look.render import render_picture
from lichtbild.recipe import Recipe
from lichtbild.record import record, replace
from lichtbild.report import Report

Floats = npt.NDArray[np.float64]
BLOCK = 4  # pixels of a side of the squares that are compared
ROUNDS = 14
STEP = 0.04  # of a number's prior deviation, for derivatives
ROBUST = 2.5  # dE at which a difference begins to count less
PRIOR = 0.35  # dE that a whole prior deviation costs, over all squares of a picture
EV_PRIOR = 0.4  # EV by which one picture may be brighter than the others
EDGE = 3.0  # L* of unevenness at which a square counts half: there a shift would show


@record
class Pair:
    """A scene, and the finished picture of it: (rows, columns, 3) linear sRGB means of squares of `BLOCK` pixels.

    finished: the scene is a finished picture taken back to light; it is not exposed anew.
    """

    name: str
    scene: Any
    finished: bool
    target: Floats
    weight: Floats  # (rows, columns): 0 is not compared


@record
class Score:
    """CIEDE2000 between rendered and finished pictures."""

    mean: float
    p95: float

    def __str__(self) -> str:
        return f"mean {self.mean:.2f}, p95 {self.p95:.2f}"


@record
class Fit:
    """A fitted look, and how far pictures are off before and after: those it was fitted to, and those held out."""

    look: Look
    ev: tuple[float, ...]  # of each pair that was fitted, beyond the look's own
    before: Score
    after: Score
    held_before: Score | None
    held_after: Score | None


def blocks(image: npt.NDArray[Any]) -> Floats:
    """Means of squares of `BLOCK` pixels."""
    rows, columns = (n // BLOCK for n in image.shape[:2])
    cut = np.asarray(image[: rows * BLOCK, : columns * BLOCK], np.float64)
    return np.asarray(cut.reshape(rows, BLOCK, columns, BLOCK, -1).mean((1, 3)))


def rendered(pair: Pair, look: Look, ev: float = 0.0) -> Floats:
    """(rows, columns, 3) linear sRGB of the pair's scene in a look."""
    recipe = Recipe(hdr="off", sharpen=0.0, depth="32f", space="srgb", ev=float(np.clip(ev, -5, 5)))
    bare = replace(look, grain=type(look.grain)())
    if pair.finished:
        kept = replace(bare.local, shadows=0.0, highlights=0.0)
        picture = fixed.render(pair.scene, replace(bare, local=kept), recipe)
    else:
        picture = render_picture(pair.scene, recipe, Report(), bare)
    return np.clip(blocks(picture.image), 0.0, 1.0)


def lab(linear: Floats) -> Floats:
    """CIE Lab under D65 of linear sRGB (..., 3)."""
    return lab_from_xyz(linear @ rgb_to_xyz("srgb").T, D65)


def score(pairs: Sequence[Pair], look: Look, evs: Sequence[float] | None = None) -> Score:
    """How far the finished pictures are from the look's; squares without weight do not count."""
    found = []
    for pair, ev in zip(pairs, evs or [0.0] * len(pairs), strict=True):
        used = pair.weight > 0
        found.append(delta_e_2000(lab(rendered(pair, look, ev)[used]), lab(pair.target[used])))
    d = np.concatenate(found)
    return Score(float(d.mean()), float(np.percentile(d, 95)))


class _Differences:
    """Weighed differences of all squares as one vector, of the numbers and a brightness of each pair."""

    def __init__(self, pairs: Sequence[Pair], base: Look, numbers: Sequence[Number]) -> None:
        self.pairs, self.base, self.numbers = pairs, base, numbers
        self.used = [pair.weight > 0 for pair in pairs]
        self.targets = [lab(pair.target[used]) for pair, used in zip(pairs, self.used, strict=True)]
        self.turns = [_axes(target) for target in self.targets]
        self.weights = [np.sqrt(p.weight[u] / p.weight[u].mean()) for p, u in zip(pairs, self.used, strict=True)]

    def of_pair(self, i: int, x: Floats, ev: float) -> Floats:
        """(n, 3) differences in lightness, chroma and hue, in units of CIEDE2000."""
        look = to_look(self.base, self.numbers, x)
        away = lab(rendered(self.pairs[i], look, ev)[self.used[i]]) - self.targets[i]
        return np.asarray(np.einsum("nij,nj->ni", self.turns[i], away))


def fit(
    pairs: Sequence[Pair],
    base: Look,
    held: Sequence[Pair] = (),
    progress: Callable[[float], None] = lambda _: None,
) -> Fit:
    """The look whose pictures are nearest to the finished ones, begun at `base`. held: pairs that are only scored."""
    mono = _is_mono(pairs)
    base = replace(base, mono=base.mono or (type_mono() if mono else None)) if mono else replace(base, mono=None)
    numbers = [n for n in NUMBERS if n.applies(mono, all(p.finished for p in pairs))]
    differences = _Differences(pairs, base, numbers)
    count = len(numbers)
    free_ev = len(pairs) > 1
    x, evs = of_look(base, numbers), np.zeros(len(pairs))
    rest = np.array([n.rest for n in numbers])
    damping, best = 1e-2, np.inf
    errors = [differences.of_pair(i, x, 0.0) for i in range(len(pairs))]
    cost = _cost(differences, errors, x - rest, evs)
    for step in range(ROUNDS):
        progress(step / ROUNDS)
        normal, gradient = np.zeros((count + len(pairs),) * 2), np.zeros(count + len(pairs))
        for i in range(len(pairs)):
            jacobian = _jacobian(differences, i, x, evs[i], errors[i], free_ev)
            w = _robust(errors[i]) * differences.weights[i] ** 2 / len(errors[i])
            own = [*range(count), count + i]
            normal[np.ix_(own, own)] += np.einsum("nki,n,nkj->ij", jacobian, w, jacobian)
            gradient[own] += np.einsum("nki,n,nk->i", jacobian, w, errors[i])
        prior = np.concatenate([np.full(count, PRIOR**2 * 0.05), np.full(len(pairs), (PRIOR / EV_PRIOR) ** 2)])
        normal += np.diag(prior)
        gradient += prior * np.concatenate([x - rest, evs])
        for _ in range(5):
            move = np.linalg.solve(normal + damping * np.diag(np.diag(normal) + 1e-4), -gradient)
            tried = np.clip(
                x + np.clip(move[:count], -1.5, 1.5), [n.lowest for n in numbers], [n.highest for n in numbers]
            )
            tried_ev = np.clip(evs + move[count:], -2, 2) if free_ev else evs
            now = [differences.of_pair(i, tried, tried_ev[i]) for i in range(len(pairs))]
            new = _cost(differences, now, tried - rest, tried_ev)
            if new < cost:
                x, evs, errors, damping = tried, tried_ev, now, max(damping * 0.3, 1e-6)
                break
            damping *= 5.0
        else:
            break
        best, cost = cost, new
        if best - cost < 5e-4 * best:
            break
    shift = float(np.median(evs)) if free_ev else 0.0
    found = pruned(to_look(base, numbers, x))
    found = replace(found, exposure=replace(found.exposure, bias=found.exposure.bias + shift))
    evs = evs - shift
    start = replace(base, mono=None)
    return Fit(
        found,
        tuple(float(v) for v in evs),
        score(pairs, start),
        score(pairs, found, [float(v) for v in evs]),
        score(held, start) if held else None,
        score(held, found, [brightness(pair, found) if free_ev else 0.0 for pair in held]) if held else None,
    )


def brightness(pair: Pair, look: Look) -> float:
    """EV by which a picture was made brighter than the look makes it: golden section search (Kiefer 1953)."""

    def off(ev: float) -> float:
        return score([pair], look, [ev]).mean

    low, high, ratio = -2.0, 2.0, (5**0.5 - 1) / 2
    a, b = high - ratio * (high - low), low + ratio * (high - low)
    at_a, at_b = off(a), off(b)
    for _ in range(10):
        if at_a < at_b:
            high, b, at_b = b, a, at_a
            a = high - ratio * (high - low)
            at_a = off(a)
        else:
            low, a, at_a = a, b, at_b
            b = low + ratio * (high - low)
            at_b = off(b)
    return 0.5 * (low + high)


def _cost(differences: _Differences, errors: Sequence[Floats], away: Floats, evs: Floats) -> float:
    total = PRIOR**2 * 0.05 * float(away @ away) + (PRIOR / EV_PRIOR) ** 2 * float(evs @ evs)
    for error, weight in zip(errors, differences.weights, strict=True):
        size = np.sqrt((error**2).sum(1))
        huber = np.where(size < ROBUST, size**2, ROBUST * (2 * size - ROBUST))
        total += float((weight**2 * huber).mean())
    return total


def _jacobian(differences: _Differences, i: int, x: Floats, ev: float, error: Floats, free_ev: bool) -> Floats:
    """(n, 3, numbers + 1): by each number, and by the brightness of that picture."""
    columns = []
    for k, number in enumerate(differences.numbers):
        moved = x.copy()
        step = STEP if x[k] + STEP <= number.highest else -STEP
        moved[k] += step
        columns.append((differences.of_pair(i, moved, ev) - error) / step)
    by_ev = (differences.of_pair(i, x, ev + STEP) - error) / STEP if free_ev else np.zeros_like(error)
    return np.stack([*columns, by_ev], axis=-1)


def _robust(error: Floats) -> Floats:
    size = np.sqrt((error**2).sum(1))
    return np.asarray(np.minimum(1.0, ROBUST / np.maximum(size, 1e-9)))


def _axes(target: Floats) -> Floats:
    """(n, 3, 3): Lab differences to those of lightness, chroma and hue, divided by CIEDE2000's weights."""
    light, chroma = target[:, 0], np.hypot(target[:, 1], target[:, 2])
    hue = np.arctan2(target[:, 2], target[:, 1])
    sl = 1 + 0.015 * (light - 50) ** 2 / np.sqrt(20 + (light - 50) ** 2)
    sc, sh = 1 + 0.045 * chroma, 1 + 0.015 * chroma
    zero, one = np.zeros_like(hue), np.ones_like(hue)
    rows = [
        np.stack([one / sl, zero, zero], -1),
        np.stack([zero, np.cos(hue) / sc, np.sin(hue) / sc], -1),
        np.stack([zero, -np.sin(hue) / sh, np.cos(hue) / sh], -1),
    ]
    return np.stack(rows, axis=1)


def type_mono() -> Any:
    from lichtbild.look.numbers import Mono

    return Mono()


def _is_mono(pairs: Sequence[Pair]) -> bool:
    """True where the pictures have one colour for each lightness: black and white, toned or not."""
    colour = np.concatenate([lab(pair.target[pair.weight > 0]) for pair in pairs])
    if len(colour) < 32:
        return False
    order = np.argsort(colour[:, 0])
    spread = [np.median(np.abs(part - np.median(part, 0)), 0) for part in np.array_split(colour[order, 1:], 12)]
    return bool(np.max(spread) < 1.0)


def checkerboard(pairs: Sequence[Pair], cells: int = 8) -> tuple[list[Pair], list[Pair]]:
    """Few pairs, each split in two: squares that are fitted, and a quarter of the picture that is held out."""
    kept, held = [], []
    for pair in pairs:
        y, x = (np.arange(n) * cells // max(n, 1) for n in pair.weight.shape)
        out = (y[:, None] % 2 == 0) & (x[None] % 2 == 0)
        kept.append(replace(pair, weight=np.where(out, 0.0, pair.weight)))
        held.append(replace(pair, weight=np.where(out, pair.weight, 0.0)))
    return kept, held
