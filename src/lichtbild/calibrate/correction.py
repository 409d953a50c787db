"""The colour of a sensor made that of the eye: the best matrix, and a smooth correction beyond it.

Both map white-balanced camera RGB to XYZ of D50, both keep white exactly, and neither depends on exposure. What is
minimised is the error in CIELAB, scaled as CIEDE2000 scales it. The correction is a ridge regression on Gaussian bumps
over chromaticity, multiplied by brightness (as root polynomials are of degree one: Finlayson, Mackiewicz and Hurlbert
2015; bumps stay tame where a channel is dark), finer ones beside neutral, where pale surfaces have a tint to a sensor
that white has not. It is held smooth by a penalty on how much it adds to noise: on the
difference of its derivatives to the matrix's, in the metric of sensor noise; the penalty is raised colour by colour
until none has too much (iteratively reweighted, as Lawson 1961 finds the smallest largest error).
"""

from __future__ import annotations

import numpy as np

from lichtbild import color
from lichtbild.color import Floats
from lichtbild.record import record

WHITE = color.xyz_from_xy(color.D50)
STEP, WIDTH = 0.07, 0.085  # distance of bumps and their standard deviation, in chromaticity r / (r + g + b)
FINE, NEAR_WHITE = 0.015, 0.045  # the same beside neutral, both, and up to which chromaticity from it
RIDGE = 1e-3  # of the bumps' heights
GENTLEST, STEEP, TRIES = 10.0, 12.0, 30  # penalty on noise: the least, how it follows noise, and how often it is raised
MOST_NOISE = 1.075  # times that of the matrix
DARK = 0.02  # Y below which a colour counts no less
PROBES = 600  # colours at which noise is penalised
RINGS, ROUND, GREY = (0.0075, 0.015, 0.027, 0.045), 12, 0.2  # beside tinted greys: so far from neutral, hues, value


def metric(xyz: Floats) -> Floats:
    """(n, 3, 3) derivative of lightness, chroma and hue, scaled as CIEDE2000 scales them, by XYZ of D50 at (n, 3)."""
    lab = color.lab_from_xyz(xyz)
    chroma = np.hypot(lab[:, 1], lab[:, 2])
    safe = np.maximum(chroma, 1e-6)
    cosine, sine = np.where(chroma > 1e-6, lab[:, 1] / safe, 1.0), np.where(chroma > 1e-6, lab[:, 2] / safe, 0.0)
    off = (lab[:, 0] - 50) ** 2
    scale = np.zeros((len(xyz), 3, 3))
    scale[:, 0, 0] = 1 / (1 + 0.015 * off / np.sqrt(20 + off))
    scale[:, 1, 1], scale[:, 1, 2] = cosine / (1 + 0.045 * chroma), sine / (1 + 0.045 * chroma)
    scale[:, 2, 1], scale[:, 2, 2] = -sine / (1 + 0.015 * chroma), cosine / (1 + 0.015 * chroma)
    eps = 1e-4
    slopes = [(color.lab_from_xyz(xyz + eps * e) - color.lab_from_xyz(xyz - eps * e)) / (2 * eps) for e in np.eye(3)]
    return np.asarray(scale @ np.stack(slopes, axis=2))


def best_matrix(camera: Floats, xyz: Floats, weight: Floats) -> Floats:
    """(3, 3) from white-balanced camera RGB (n, 3) to XYZ of D50 (n, 3) of the least weighted error; white is exact."""
    measure = metric(np.maximum(xyz, 1e-4)) * np.sqrt(weight)[:, None, None]
    terms = camera[:, :2] - camera[:, 2:]
    system = np.einsum("nik,nj->nikj", measure, terms).reshape(-1, 6)
    wanted = np.einsum("nik,nk->ni", measure, xyz - camera[:, 2:] * WHITE).reshape(-1)
    columns = np.linalg.lstsq(system, wanted, rcond=None)[0].reshape(3, 2)
    return np.asarray(np.concatenate([columns, (WHITE - columns.sum(axis=1))[:, None]], axis=1), np.float64)


def _placed() -> tuple[Floats, Floats]:
    """(m, 2) centres of the bumps and (m,) their widths: coarse everywhere, fine beside neutral."""
    at = np.arange(STEP / 2, 1, STEP)
    coarse = [(a, b) for a in at for b in at if a + b < 1]
    at = np.arange(-NEAR_WHITE, NEAR_WHITE + FINE / 2, FINE)
    fine = [(a + 1 / 3, b + 1 / 3) for a in at for b in at if np.hypot(a, b) < NEAR_WHITE + FINE / 2]
    return np.array(coarse + fine), np.array([WIDTH] * len(coarse) + [FINE] * len(fine))


CENTRES, WIDTHS = _placed()


def _bumps(camera: Floats) -> Floats:
    """(n, m) bumps times brightness, 0 at neutral and for black."""
    total = camera.sum(axis=1, keepdims=True)
    place = camera[:, :2] / np.where(np.abs(total) > 1e-9, total, 1e-9)

    def at(p: Floats) -> Floats:
        return np.asarray(np.exp(-((p[:, None] - CENTRES[None]) ** 2).sum(axis=-1) / (2 * WIDTHS**2)))

    return np.asarray(total * (at(place) - at(np.full((1, 2), 1 / 3))))


def _tinted_greys() -> Floats:
    """(n, 3) white-balanced camera RGB in rings about neutral."""
    turn = 2 * np.pi * np.arange(ROUND) / ROUND
    offset = np.stack([np.cos(turn), np.cos(turn - 2 * np.pi / 3), np.cos(turn + 2 * np.pi / 3)], axis=1)
    return np.concatenate([GREY * (1 + 3 * np.sqrt(2 / 3) * radius * offset) for radius in RINGS])


def _slopes(camera: Floats, eps: float = 1e-4) -> Floats:
    """(n, 3, m) derivatives of the bumps by camera RGB."""
    step = eps * camera.sum(axis=1, keepdims=True)
    return np.stack([(_bumps(camera + e * step) - _bumps(camera - e * step)) / (2 * step) for e in np.eye(3)], axis=1)


@record(eq=False)
class Correction:
    """XYZ of D50 = matrix @ camera + heights @ bumps(camera)."""

    matrix: Floats
    heights: Floats  # (3, m)

    def __call__(self, camera: Floats) -> Floats:
        """(n, 3) white-balanced camera RGB to (n, 3) XYZ of D50."""
        return np.asarray(camera @ self.matrix.T + _bumps(camera) @ self.heights.T)


def fit(camera: Floats, xyz: Floats, weight: Floats, neutral: Floats, probes: Floats | None = None) -> Correction:
    """The correction learnt from (n, 3) white-balanced camera RGB and their true XYZ of D50.

    No colour of `probes` (camera RGB; those learnt from where left out) has more than `MOST_NOISE` times the noise that
    the best matrix leaves: the penalty on noise is raised where there is more, and there only, until it is so. Of two
    colours the brighter counts more.   neutral: camera RGB of white before white balance.
    """
    weight = weight * np.sqrt(np.maximum(xyz[:, 1], DARK))
    matrix = best_matrix(camera, xyz, weight)
    measure = metric(np.maximum(xyz, 2e-3))
    inner = np.einsum("nij,nik->njk", measure, measure)
    wanted = np.einsum("njk,nk->nj", inner, xyz - camera @ matrix.T) * weight[:, None]
    bumps = _bumps(camera)
    m, total = bumps.shape[1], weight.sum()
    target = (wanted.T @ bumps).reshape(-1)
    system = np.zeros((3, m, 3, m))
    for a in range(3):
        for b in range(a + 1):
            system[a, :, b] = (bumps * (weight * inner[:, a, b])[:, None]).T @ bumps
            system[b, :, a] = system[a, :, b].T
    flat = system.reshape(3 * m, 3 * m) + np.eye(3 * m) * RIDGE * total
    probes = camera if probes is None else probes
    probes = np.concatenate([probes[:: max(1, len(probes) // PROBES)], _tinted_greys()])
    usual, beyond = _noise_terms(matrix, probes, neutral)
    rows = beyond.reshape(-1, 3 * m)
    strength = np.full(len(usual), GENTLEST)
    for _ in range(TRIES):
        scaled = rows * np.repeat(np.sqrt(strength * total / len(usual)), 9)[:, None]
        heights = np.linalg.solve(flat + scaled.T @ scaled, target)
        noise = np.sqrt(((usual + beyond @ heights) ** 2).sum(axis=1))
        if noise.max() <= MOST_NOISE:
            break
        strength = np.maximum(strength * np.clip((noise / MOST_NOISE * 1.01) ** STEEP, 0.8, 2.0), GENTLEST)
    return Correction(matrix, heights.reshape(3, m))


def _noise_terms(matrix: Floats, camera: Floats, neutral: Floats) -> tuple[Floats, Floats]:
    """Noise of the matrix at (n, 3) colours, (n, 9) of length 1, and what heights add to it, (n, 9, 3 m)."""
    measure = metric(np.maximum(camera @ matrix.T, 1e-3))
    deviation = np.sqrt(np.maximum(camera, 0) / neutral)[:, None]
    usual = measure @ matrix * deviation
    size = np.sqrt((usual**2).sum(axis=(1, 2)))[:, None, None]
    slopes = _slopes(camera) * deviation.transpose(0, 2, 1)
    beyond = np.einsum("nab,nkm->nakbm", measure / size, slopes)
    return (usual / size).reshape(len(camera), 9), beyond.reshape(len(camera), 9, -1)
