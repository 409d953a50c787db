"""The most likely light, by what surfaces are like: Bayesian colour constancy without training data.

After Brainard and Freeman (1997) and Gehler et al. (2008): each light is scored by how usual the colours of the scene
would be, were it the light. Usual means, in log ratios: much of the world is nearly grey, more is muted and leans to
the warm side (skin, wood, earth, brick), leaves are yellow-green, and few things are saturated, or magenta. A light
that makes a wall grey and everything else purple is thus refused, which a count of grey pixels cannot do. The camera's
own matrices carry its colours to those of a standard one, so that this holds for cameras never seen.

Surfaces and not pixels are counted: samples of one colour and brightness stand together for a small power of their
number, and all of them for no more than `EVIDENCE` independent surfaces, as the parts of a scene resemble each other;
for fewer still where there is hardly more than one colour: a wall that fills the frame tells little of the light.
The means of the well-known estimators are further, weak witnesses. So is what the camera had chosen, as far as a camera
that chooses for itself can be told from one that was set to another light: a light near it gains, all others are as
they were. The answer is the mean of the lights by their
probability, which moves smoothly with the scene, so that frames of one scene are balanced alike.
"""

from __future__ import annotations

import numpy as np

from lichtbild import color
from lichtbild.color import Floats
from lichtbild.develop.camera_color import FALLBACK_MATRIX, CameraModel
from lichtbild.develop.illuminant.classic import grey_edge, shades_of_grey, white_patch
from lichtbild.develop.illuminant.lights import Lights, candidates
from lichtbild.develop.illuminant.samples import Samples
from lichtbild.record import record

LEVEL = np.array([0.25, 0.5, 0.25])
CROWD = 0.2  # power of the number of alike samples with which they count
EVIDENCE, FINE_EVIDENCE = 4.0, 10.0  # independent surfaces that a scene stands for; and once the light is nearly known
FEW, WIDE = 2.5, 0.1  # different colours of a scene that give half of that; deviation of log ratios of one colour
FINE = 0.06  # deviation of log ratios within which it then is
WITNESSES, DOUBT = (shades_of_grey, grey_edge, white_patch), 0.5  # deviation of log ratios with which they are believed
AS_SHOT, UNSET = 0.15, 0.1  # the same of what the camera chose, and how little any other light is against that
ALIKE = 0.06  # of log ratios: samples that are nearer are of one kind
DARK = 0.1  # with which the darkest kinds count
NEAR = 0.15  # of log ratios: lights farther from the best one are other lights
DAYLIGHT = (0.33242, 0.34743)
STEP, SIZE = 0.025, 256  # of the maps over log(R/G) and log(B/G)
FARTHEST = 1.9  # log ratio from daylight, of the most saturated surface that is told from others
# Bells of log(R/G), log(B/G) in the balanced standard camera: share, middle, deviations, correlation.
SURFACES = (
    (0.20, (0.00, 0.00), (0.045, 0.055), -0.3),  # grey: walls, roads, clouds, fabrics, metal
    (0.30, (0.03, -0.06), (0.13, 0.17), -0.5),  # muted
    (0.20, (0.18, -0.32), (0.18, 0.26), -0.6),  # skin, wood, earth, brick
    (0.06, (-0.10, -0.45), (0.13, 0.22), 0.3),  # leaves
    (0.05, (-0.28, 0.22), (0.16, 0.17), -0.7),  # sky, blue things
    (0.05, (0.05, -0.20), (0.55, 0.60), -0.2),  # all others
)
FLOOR = 1e-4  # of the density
BRIGHT_GREY = 0.6  # what the brightest surfaces have more of grey
Kinds = tuple[Floats, Floats, Floats]  # see `kinds`


@record
class Posterior:
    """probability: (n,) of `lights`, which sum to 1.   scores: (n,) mean log likelihood of a surface."""

    lights: Lights
    probability: Floats
    scores: Floats


def most_likely(samples: Samples, model: CameraModel) -> Floats:
    """Neutral of the mean light by its probability. A scene without a usable sample gives the most usual light."""
    return neutral_of(posterior(samples, model))


def posterior(samples: Samples, model: CameraModel) -> Posterior:
    """The probability of each light: roughly by all witnesses, then finely by the surfaces near that."""
    lights = candidates(model, samples.light_value)
    found = kinds(samples)
    scores, share = scores_of(found, lights, model), evidence_share(found)
    logs = np.log(lights.neutrals[:, [0, 2]])
    total = EVIDENCE * share * scores + lights.log_prior
    if len(samples.weights):
        for witness in WITNESSES:
            total = total - 0.5 * share * ((logs - _ratios(witness(samples, model))) ** 2).sum(1) / DOUBT**2
    chosen = np.zeros(len(scores))
    if samples.as_shot is not None:
        away = ((logs - _ratios(samples.as_shot)) ** 2).sum(1)
        chosen = np.log(np.exp(-0.5 * away / AS_SHOT**2) + UNSET)
    rough = _ratios(neutral_of(Posterior(lights, _normalised(total + chosen), scores)))
    fine = FINE_EVIDENCE * share * scores + lights.log_prior + chosen - 0.5 * ((logs - rough) ** 2).sum(1) / FINE**2
    return Posterior(lights, _normalised(fine), scores)


def evidence_share(found: Kinds) -> float:
    """Of the evidence, how much a scene gives: little where all of it is of one colour. How many colours there are is
    told by the area that they spread over."""
    ratio, _, weight = found
    if not len(weight):
        return 0.0
    weight = weight / weight.sum()
    away = ratio - weight @ ratio
    number2 = float(np.linalg.det((away * weight[:, None]).T @ away / WIDE**2 + np.eye(2)))
    return number2 / (number2 + FEW**2)


def _normalised(total: Floats) -> Floats:
    probability = np.exp(total - total.max())
    return np.asarray(probability / probability.sum())


def _ratios(neutral: Floats) -> Floats:
    return np.asarray(np.log(neutral[[0, 2]] / neutral[1]))


def neutral_of(found: Posterior) -> Floats:
    """The mean of the lights in log ratios, around the most likely one: of two lights far apart, not what lies
    between."""
    logs = np.log(found.lights.neutrals[:, [0, 2]])
    centre = logs[int(np.argmax(found.probability))]
    for _ in range(8):
        near = found.probability * np.exp(-0.5 * ((logs - centre) ** 2).sum(1) / NEAR**2)
        centre = near @ logs / near.sum()
    neutral = np.array([np.exp(centre[0]), 1.0, np.exp(centre[1])])
    return np.asarray(neutral / neutral.max())


def scores_of(found: Kinds, lights: Lights, model: CameraModel) -> Floats:
    """(n,) mean log likelihood of the scene's surfaces under each light. A light shifts all log ratios
    alike, so the scores of all shifts are correlations of the scene's histogram with the log density of surfaces."""
    ratio, bright, weight = found
    if not len(weight):
        return np.zeros(len(lights.mired))
    weight = weight / max(float(weight.sum()), 1.0)
    daylight = model.neutral_from_xy(DAYLIGHT)
    origin = np.log(daylight[[0, 2]] / daylight[1])
    plain, grey = log_densities(model)
    total = np.zeros((SIZE, SIZE))
    for part, table in ((1 - bright, plain), (bright, grey)):
        histogram = _splatted(ratio - origin, weight * part)
        total += np.fft.irfft2(np.fft.rfft2(histogram) * np.conj(np.fft.rfft2(table)), s=(SIZE, SIZE))
    return sampled(total, np.log(lights.neutrals[:, [0, 2]]) - origin)


def log_densities(model: CameraModel) -> tuple[Floats, Floats]:
    """(SIZE, SIZE) over the balanced camera's log ratios, from 0 on and wrapped: log density of surfaces, and of the
    brightest ones, of which more are grey."""
    to_standard = _to_standard(model)
    axis = np.fft.fftfreq(SIZE) * SIZE * STEP
    red, blue = np.exp(axis)[:, None], np.exp(axis)[None]
    r, g, b = (m[0] * red + m[1] + m[2] * blue for m in to_standard)
    least = 0.02 * (red + 1 + blue)
    g = np.maximum(g, least)
    x, y = np.log(np.maximum(r, least) / g), np.log(np.maximum(b, least) / g)
    density, grey = np.full((SIZE, SIZE), FLOOR), np.zeros((SIZE, SIZE))
    for i, (share, (mx, my), (sx, sy), c) in enumerate(SURFACES):
        u, v = (x - mx) / sx, (y - my) / sy
        bell = np.exp(-0.5 * (u * u - 2 * c * u * v + v * v) / (1 - c * c)) / (2 * np.pi * sx * sy * np.sqrt(1 - c * c))
        density += share * bell
        if i == 0:
            grey = bell
    return np.log(density), np.log(density + BRIGHT_GREY * grey)


def _to_standard(model: CameraModel) -> Floats:
    """Balanced camera RGB to that of a standard camera, white kept: by the matrices for daylight."""
    standard = np.asarray(FALLBACK_MATRIX) @ np.linalg.inv(model.xyz_to_camera(color.D65))
    white = model.xyz_to_camera(color.D65) @ color.xyz_from_xy(color.D65)
    matrix = standard * white
    return np.asarray(matrix / matrix.sum(axis=1, keepdims=True))


def _splatted(ratio: Floats, weight: Floats) -> Floats:
    """(SIZE, SIZE) wrapped histogram; each kind is shared among its four nearest cells."""
    at = np.clip(ratio, -FARTHEST, FARTHEST) / STEP
    low = np.floor(at).astype(np.intp)
    part = at - low
    out = np.zeros(SIZE * SIZE)
    for dx in (0, 1):
        for dy in (0, 1):
            share = np.abs(1 - dx - part[:, 0]) * np.abs(1 - dy - part[:, 1])
            cell = ((low[:, 0] + dx) % SIZE) * SIZE + (low[:, 1] + dy) % SIZE
            out += np.bincount(cell, share * weight, SIZE * SIZE)
    return out.reshape(SIZE, SIZE)


def sampled(table: Floats, at: Floats) -> Floats:
    """(n,) bilinear values of a wrapped map at (n, 2) log ratios."""
    at = np.clip(at / STEP, -SIZE / 2 + 1, SIZE / 2 - 2)
    low = np.floor(at).astype(np.intp)
    part = at - low
    out = np.zeros(len(at))
    for dx in (0, 1):
        for dy in (0, 1):
            share = np.abs(1 - dx - part[:, 0]) * np.abs(1 - dy - part[:, 1])
            out += share * table[(low[:, 0] + dx) % SIZE, (low[:, 1] + dy) % SIZE]
    return out


def kinds(samples: Samples) -> Kinds:
    """Samples of nearly one colour and brightness put together: mean log ratios of red and blue to green (m, 2), how
    bright (m,) 0..1, and with which weight (m,) they count."""
    colours, weights = samples.colours, samples.weights
    if not len(colours):
        return np.zeros((0, 2)), np.zeros(0), np.zeros(0)
    level = colours @ LEVEL
    ratio = np.log(colours[:, [0, 2]] / colours[:, 1:2])
    red, blue = np.clip(np.floor(ratio / ALIKE), -500, 499).astype(np.int64).T
    stop = np.clip(np.floor(np.log2(level)), -100, 99).astype(np.int64)
    _, kind = np.unique((stop * 1000 + red) * 1000 + blue, return_inverse=True)
    count = np.bincount(kind, weights)
    mean = np.stack([np.bincount(kind, weights * v) / count for v in ratio.T], axis=1)
    bright = np.clip(np.bincount(kind, weights * level) / count / np.quantile(level, 0.97), 0.0, 1.0)
    return mean, np.maximum(2 * bright - 1, 0), count**CROWD * (DARK + (1 - DARK) * bright**0.5)
