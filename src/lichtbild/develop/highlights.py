"""Highlight reconstruction: what clipped is decided on blocks of the raw, and applied to the developed image.

After white balance the channels clip at different levels: white light turns magenta first and then stays flat. The
kernel estimates clipped channels from the others and from the local colour of highlights; here that colour is found.
It is gathered in blocks where light is bright and just not clipped, and carried into clipped ones through a pyramid
(pull and push: Gortler et al., "The lumigraph", 1996). Where all channels clip over a large area there is no evidence
of colour: it fades to white, at the level of the brightest channel.
"""

from __future__ import annotations

import math

import numpy as np

from lichtbild import native
from lichtbild.carriers import FloatImage, Frame, HalfImage, NoiseProfile
from lichtbild.color import Floats
from lichtbild.develop import candidates
from lichtbild.develop.block_fields import BLOCK, on_image, pull_push, sample, smooth, widest
from lichtbild.record import record

PAIRS = ((1, 0), (1, 2), (2, 0))  # channels whose ratio is a plane of the local colour
ONSET, FULL = 0.95, 0.985  # of clip: where a channel begins to count as clipped, and is
NOISE = 4.0, 1.5  # standard deviations below clip, where noise needs more
SCARCE = 0.006  # share of a block that is half enough to know its colour
WIDEST = 16.0  # ratio of channels
ABRUPT = 0.5  # how much areas without any measurement speak against the colour found at their edge
EDGES = 0.4, 0.9  # share of the rim that is soft: its colour ends there; goes on where all channels clip
NEAR, FAR = 2, 6  # passes of smoothing, each about a block wide
MILD = 0.6  # stops above the level of neutral to which a colour may lift an area without measurement
DOUBT = 10.0
VIVID = 1.0  # log ratio of channels from which light is that of a sign and not of a sky
UNSURE = 0.01  # squared log ratio below which pairs are not compared


@record
class HighlightPlan:
    """What is decided before pixels are touched; see `kernels/develop_highlights.py`.

    blocks: (n, 2) int32, (y, x) of blocks of the image. nodes: (8, h', w') at their corners: clip of R, G, B, local
    colour, depth in areas without measurement, doubt. share: of the picture in which some channel clips. cells: what
    `statistics` says of the blocks of the frame. clip: (3, h/16, w/16) white-balanced clip at their centres. origin:
    (y, x) of the image in the frame.
    """

    blocks: np.ndarray[tuple[int, ...], np.dtype[np.int32]]
    nodes: FloatImage
    onset: float
    full: float
    share: float
    cells: FloatImage
    clip: FloatImage
    origin: tuple[int, int]


def recover_highlights(image: HalfImage, plan: HighlightPlan, matrix: Floats) -> None:
    """Recover clipped highlights of a developed image, in place; values above 1 come into being.

    image: (3, h, w) contiguous planes in the working space, the part of the frame for which `plan` was decided; it is
    made by `matrix` from white-balanced camera RGB.
    """
    to_camera, from_camera = np.linalg.inv(matrix).astype(np.float32), matrix.astype(np.float32)
    blocks = candidates.clipping(image, plan.blocks, plan.nodes[:3], plan.onset, to_camera)
    if len(blocks):
        native.call(
            "highlights", image, blocks, plan.nodes, to_camera, from_camera, plan.onset, plan.full, image
        )  # fmt: skip


def decide(
    frame: Frame, crop: tuple[int, int, int, int], neutral: Floats, captured: NoiseProfile | None = None
) -> HighlightPlan | None:
    """Which blocks clip and what the local colour is there; None where nothing clips.

    captured: the noise of the exposures as they were clipped, where less is left in the frame.
    """
    height, width = frame.mosaic.shape[:2]
    if min(height, width) < 4:
        return None
    onset, full = clip_range(frame, captured)
    cells = statistics(frame, onset, full)
    if not cells[12].any():
        return None
    top, left, h, w = crop
    rows, columns = (np.arange(-(-n // BLOCK) + 1, dtype=np.float64) * BLOCK + o for n, o in ((h, top), (w, left)))
    centres = [np.arange(n, dtype=np.float64) * BLOCK + (BLOCK - 1) / 2 for n in cells.shape[1:]]
    clip_of_cells = clip_at(frame, neutral, centres[0], centres[1])
    clip = clip_at(frame, neutral, rows, columns)
    fields = local_colour(cells, clip_of_cells)
    at = sample(fields, (rows - (BLOCK - 1) / 2) / BLOCK, (columns - (BLOCK - 1) / 2) / BLOCK)
    at[4] = 1 - at[4] * (1 - improbable(at[:3], clip))
    nodes = np.concatenate([clip, at]).astype(np.float32)

    # Demosaicing carries what clips a few pixels into the next block.
    blocks = np.argwhere(on_image(widest(cells[11] > 0, 1), rows, columns)).astype(np.int32)
    return HighlightPlan(
        np.ascontiguousarray(blocks),
        nodes,
        onset,
        full,
        float(cells[10].mean()),
        cells,
        clip_of_cells,
        (top, left),
    )


def clip_range(frame: Frame, captured: NoiseProfile | None = None) -> tuple[float, float]:
    """Parts of clip between which a channel begins to count as clipped: just below it, or as far as noise reaches.

    A mean of noise that was cut off at clip lies below the light: where that begins is a matter of the noise that was
    `captured`, and where it ends of what is left.
    """
    black = min(frame.black_level)
    clip = (frame.clip_level - black) / (frame.white_level - black)

    def deviation(profile: NoiseProfile) -> float:
        variance = max(s * clip + o for s, o in zip(profile.scale, profile.offset, strict=True))
        return min(math.sqrt(max(variance, 0.0)) / clip, 0.1)

    onset, full = (deviation(profile) for profile in (captured or frame.noise_profile, frame.noise_profile))
    return min(ONSET, 1 - NOISE[0] * onset), min(FULL, 1 - NOISE[1] * full)


def statistics(frame: Frame, onset: float, full: float) -> FloatImage:
    """(17, h/16, w/16) of the kernel `highlight_statistics`."""
    height, width = frame.mosaic.shape[:2]
    out = np.empty((17, -(-height // BLOCK), -(-width // BLOCK)), np.float32)
    if frame.is_linear:
        black = np.array(frame.black_level[:3], np.float32)
        native.call("highlight_statistics_rgb", frame.mosaic, black, frame.clip_level, onset, full, out)
        return out
    dy, dx = frame.color_phase
    order = [2 * ((dy + j) % 2) + (dx + i) % 2 for j in (0, 1) for i in (0, 1)]
    black = np.array(frame.black_level, np.float32)[order]
    native.call("highlight_statistics", frame.mosaic, black, frame.clip_level, dy, dx, onset, full, out)
    return out


def clip_at(frame: Frame, neutral: Floats, rows: Floats, columns: Floats) -> FloatImage:
    """(3, rows, columns) level at which R, G, B clip after lens shading and white balance, at mosaic pixels."""
    black = np.array(frame.black_level)
    level = (frame.clip_level - black) / (frame.white_level - black)
    if frame.is_linear:
        level = level[:3] / neutral
    else:
        level = np.array([level[[s for s in range(4) if frame.cfa[s] == c]].mean() for c in "RGB"]) / neutral
    clip = np.broadcast_to(level[:, None, None], (3, len(rows), len(columns))).astype(np.float32)
    if frame.shading is None or frame.is_linear:
        return clip
    gains = np.stack([frame.shading[:, :, [s for s in range(4) if frame.cfa[s] == c]].mean(axis=2) for c in "RGB"])
    scale = [(n - 1) / max(m - 1, 1) for n, m in zip(gains.shape[1:], frame.mosaic.shape, strict=True)]
    return np.asarray(clip * sample(gains.astype(np.float32), rows * scale[0], columns * scale[1]), np.float32)


def local_colour(cells: FloatImage, clip: FloatImage) -> FloatImage:
    """(5, h, w): tanh of half the log ratio of each pair in the local colour of highlights, depth 0..1 in areas where
    all channels clip, and how far such areas may be of the colour of their rim, 0..1."""
    everything, anything, rim, graded = cells[9], cells[10], cells[13], cells[14]
    border = ((2 * FAR, 2 * FAR),) * 2  # what lies beyond the border is not known to clip
    inner = smooth(np.pad(everything, border), FAR)[2 * FAR : -2 * FAR, 2 * FAR : -2 * FAR]
    depth = np.clip((inner - 0.6) / 0.4, 0, 1)
    known = np.minimum(1, cells[2:9:3].mean(axis=0))
    near = smooth(anything - everything + 0.3 * known, NEAR)
    trust = near / (near + ABRUPT * smooth(everything, NEAR) + np.float32(1e-6))
    sums = smooth(cells[:9], 1)
    first, second, weight = sums[0::3], sums[1::3], sums[2::3]
    gain = np.stack([clip[a] / clip[b] for a, b in PAIRS])
    limit = np.float32(np.log(WIDEST))
    ratio: FloatImage = np.log(np.maximum(first * gain, 1e-9) / np.maximum(second, 1e-9))
    # Beyond a sharp edge begins another thing, of another colour.
    rim, graded = smooth(np.stack([rim, graded]), NEAR)
    values = np.concatenate([np.clip(ratio, -limit, limit) * trust, (graded / (rim + np.float32(1e-6)))[None]])
    amount = np.concatenate([weight, rim[None]])
    filled = pull_push(values, np.asarray(amount / (amount + SCARCE), np.float32))
    ratio, soft = closed(filled[:3], int(np.argmin(clip.mean(axis=(1, 2))))), filled[3:]
    soft = np.clip((soft - EDGES[0]) / (EDGES[1] - EDGES[0]), 0, 1)
    # The hyperbolic tangent of a half, by the exponential that numpy has quickly.
    return np.concatenate([1 - 2 / (np.exp(ratio) + 1), (depth * depth * (3 - 2 * depth))[None], soft])


def closed(ratio: FloatImage, first: int) -> FloatImage:
    """Log ratios of the pairs that do not contradict each other.

    first: the channel that clips first. Brighter light, in which it has clipped, tells of the other two alone, and is
    less coloured as a rule (a cloud before the sky): the first channel's ratios follow, as far as theirs is smaller.
    The light of signs, of vivid colours, does not.
    """
    a, b = (c for c in range(3) if c != first)

    def pair(x: int, y: int) -> tuple[int, float]:
        return (PAIRS.index((x, y)), 1.0) if (x, y) in PAIRS else (PAIRS.index((y, x)), -1.0)

    (to_a, sign_a), (to_b, sign_b), (others, sign) = pair(first, a), pair(first, b), pair(b, a)
    implied = sign_a * ratio[to_a] - sign_b * ratio[to_b]
    excess = (implied - sign * ratio[others]) * implied / (implied * implied + np.float32(UNSURE))
    out = ratio.copy()
    vivid = np.square(implied / VIVID)  # a fourth power by two squares: numpy's own takes most of the time here
    out[[to_a, to_b]] *= 1 - np.clip(excess, 0, 1) / (1 + vivid * vivid)
    return out


def improbable(colour: FloatImage, clip: FloatImage) -> FloatImage:
    """Doubt, 0..1, in a local colour where all channels clip: light of it would have to be far above clip."""
    level = clip.copy()
    for (a, b), t in zip(PAIRS, colour, strict=True):
        ratio = (1 + t) / (1 - t)
        level[a] = np.maximum(level[a], clip[b] * ratio)
        level[b] = np.maximum(level[b], clip[a] / ratio)
    stops = np.maximum(np.log2(level.max(axis=0) / clip.max(axis=0)) - MILD, 0)
    return np.asarray(1 - 1 / (1 + DOUBT * stops**2), np.float32)
