"""Super-resolution, last part: from the merged picture and the gathered differences to a larger linear raw.

What the differences say beyond the picture is added; then the blur of optics and pixels is undone as far as noise
allows (`superres_waves`), and kept near the range of the neighbours. Colour differences follow brightness where they
did so around, and are cleared of what is but false colour.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import halide as hl

from half import half_image
from kernel import kernel
from superres_detail import AROUND, BLUR, FLOOR, NEAR, THIRD, Fine, Stage
from superres_waves import clear, restored
from taps import catmull_rom, sum_of

TILE = 256, 128
SIDE, DOWN = 16, 4  # fine pixels of a window of grey, and between windows, down
TEXTURE = hl.f32(0.115), hl.f32(4.0)  # of the range around, by which an edge departs from its blur; more is texture
SPARSE = hl.f32(1.0)  # square of the weight of samples at which sharpening is halved
STEEP = hl.f32(1.0)  # how much more is undone beside a lone edge, where neighbours limit it
LONE = 0.5, 0.9  # share of the range farther around that is the edge's: it is not alone, it is
FAR = "lowest", "highest"
DARK = hl.f32(0.5)  # of the darkest around, what sharpening may not fall below: a dark rim shows beside a lamp
LONELY = hl.f32(0.6)  # weight of samples of which half is believed, where noise keeps detail out
APART = hl.f32(1.5)  # share of what colours say apart that makes a maze of what they share
FLAT = hl.f32(1e-5)  # variance of brightness that says nothing of colour
CHANCE = hl.f32(0.1)  # share of the variance of colour that a line explains by chance
RICHER = hl.f32(1.1)  # times as saturated as before, at most, that sharpening makes a colour
ALIASED = hl.f32(0.08)  # energy of false colour, of that of sharpening


def chroma(beyond: list[Any]) -> Any:
    """Size of what red and blue have beyond brightness, and with them green."""
    return hl.abs(beyond[0]) + hl.abs(beyond[1]) + hl.abs(beyond[0] + beyond[1])


def extremes(stage: Any, source: Stage, which: Any, name: str, offsets: range) -> Stage:
    """The least or greatest of the values at these offsets, down and across."""

    def over(get: Callable[[int], Any]) -> Any:
        found = get(offsets[0])
        for offset in offsets[1:]:
            found = which(found, get(offset))
        return found

    down = stage(f"{name}_down", over(lambda o: source(0, o)[0]))
    made: Stage = stage(name, over(lambda o: down(o, 0)[0]))
    return made


def lines(fine: Fine, light: Stage, power: Any) -> tuple[list[Any], list[Any], Any]:
    """Slopes and offsets of red and blue beyond brightness over brightness, as in He, Sun and Tang (Guided image
    filtering, 2013), and the share of the rest that is kept."""
    gray, red, blue = light()
    squares = gray * gray, gray * red, gray * blue, red * red + blue * blue + (red + blue) * (red + blue)
    mean = fine.means(NEAR, "near", gray, red, blue, *squares)
    spread = hl.max(mean[3] - mean[0] * mean[0], 0.0) + FLAT
    steep = [(mean[4 + i] - mean[0] * mean[1 + i]) / spread for i in range(2)]
    total = hl.max(mean[6] - sum_of(m * m for m in [*mean[1:3], mean[1] + mean[2]]), hl.f32(1e-9))
    told = hl.min(sum_of(a * a for a in [*steep, steep[0] + steep[1]]) * spread / total, 1.0)
    sure = told / (told + CHANCE)
    hues = [mean[1 + i] / hl.max(mean[0], hl.f32(1e-4)) for i in range(2)]  # where nothing is sure, hue stays
    slopes = [hue + (a - hue) * sure for hue, a in zip(hues, steep, strict=True)]
    offsets = [mean[1 + i] - slopes[i] * mean[0] for i in range(2)]
    soft = fine.means(NEAR, "lines", *slopes, *offsets, total * (1.0 - told) * THIRD)
    return soft[:2], soft[2:4], hl.max(1.0 - ALIASED * power / hl.max(soft[4], hl.f32(1e-12)), 0.0)


def tinted(
    fine: Fine,
    base: Stage,
    detail: Stage,
    told: Stage,
    colors: Stage,
    noise: hl.ImageParam,
    take: hl.ImageParam,
) -> list[Any]:
    """What windows of frequencies change of red and blue beyond grey (`colors`), on a grid half as fine: colour has
    its noise, and what is known of it, in lower frequencies than grey."""
    x, y, c = fine.x, fine.y, hl.Var("c")
    four = [(2 * x + i, 2 * y + j) for j in (0, 1) for i in (0, 1)]

    def mean(of: Stage, *which: int) -> list[Any]:
        return [sum_of(of(at=at)[n] for at in four) * 0.25 for n in which]

    light, weights = mean(base, 0, 1, 2), mean(told, 3, 5, 7)
    gray = sum_of(light) * THIRD
    said = [light[n] - gray + more for n, more in zip((0, 2), mean(detail, 1, 3), strict=True)]
    own = [
        (noise[0, n] * hl.max(light[n], 0.0) + noise[1, n]) / (2.0 * weights[n] + FLOOR) * hl.f32(1 / 9)
        for n in range(3)
    ]
    left = [sum_of(own) + 3.0 * own[n] for n in (0, 2)]
    fine.stage("half", *said, *mean(colors, 0, 1), *left)
    half, change, down, out = fine.made[-1], hl.Func("change"), hl.Func("tint_down"), hl.Func("tint")
    told_colors = restored(fine, "color", 2, *(lambda x, y, c, n=n: half[x, y, n + c] for n in (0, 2, 4)), take)
    change[x, y, c] = told_colors[x, y, c] - half[x, y, 2 + c]

    def between(of: Any, v: hl.Var) -> Any:
        return hl.mux(v % 2, [0.75 * of(v / 2) + 0.25 * of(v / 2 + side) for side in (-1, 1)])

    down[x, y, c] = between(lambda v: change[x, v, c], y)
    out[x, y, c] = between(lambda v: down[v, y, c], x)
    for func in (change, down, out):
        func.bound(c, 0, 2)
    xi = hl.Var("xi")
    down.align_bounds(y, 2).split(y, y, yi := hl.Var("yi"), 2).reorder(x, yi, y, c).unroll(yi).vectorize(x, 8)
    out.align_bounds(x, 2).split(x, x, xi, 2).reorder(xi, x, y, c).unroll(xi).vectorize(x, 8)
    change.vectorize(x, 8)
    fine.scheduled += [change, down, out]
    return [out[x, y, n] for n in range(2)]


@kernel("superres_finish", rare=True)
def superres_finish() -> tuple[hl.Pipeline, list[Any]]:
    """image (3, h, w) float16, the merged picture in balanced colour, and sums as from superres_gather ->
    (H, W, 3) uint16 = black + x * scale of camera colour.

    step: mosaic pixels between fine ones; phases: P; windows: (6, RADIUS + 1) half windows, each of sum 1, of the
    kernels for green, red and blue, of the energies, of the blur, of the lines of colour; doubt: (2,) weights of no
    difference, shared and of a colour; noise: (3, 2) scale and offset of the frames' noise; shrink: (2,) how many
    times the noise is taken from the energy of differences, of grey and of colours; neutral: (3,) camera colour of
    white; take, join: as of `restored`, of grey; take_color: of colours; overshoot: beyond the neighbours' range, in
    parts of it.
    """
    image = half_image("image")
    sums = hl.ImageParam(hl.UInt(16), 5, "sums")
    windows = hl.ImageParam(hl.Float(32), 2, "windows")
    noise = hl.ImageParam(hl.Float(32), 2, "noise")
    doubt, shrink, neutral = (hl.ImageParam(hl.Float(32), 1, n) for n in ("doubt", "shrink", "neutral"))
    take, take_color = (hl.ImageParam(hl.Float(32), 2, n) for n in ("take", "take_color"))
    join = hl.ImageParam(hl.Float(32), 3, "join")
    step, overshoot, black, scale = (hl.Param(hl.Float(32), n) for n in ("step", "overshoot", "black", "scale"))
    phases = hl.Param(hl.Int(32), "phases")
    width, height = hl.Param(hl.Int(32), "width"), hl.Param(hl.Int(32), "height")
    c, k = hl.Var("c"), hl.Var("k")
    fine = Fine(windows)
    x, y, stage, window = fine.x, fine.y, fine.stage, fine.window

    # The merged picture at the fine pixels, by Catmull-Rom interpolation, rows first.
    def place(v: hl.Var) -> tuple[hl.Expr, hl.Expr]:
        at = (hl.f32(v) + 0.5) * step - 0.5
        whole = hl.floor(at)
        return hl.i32(whole), at - whole

    (iy, ty), (ix, tx) = place(y), place(x)
    line = hl.Func("line")
    edge = hl.BoundaryConditions.repeat_edge(image, [(0, image.width())])
    rows = [hl.clamp(iy + m - 1, 0, image.height() - 1) for m in range(4)]
    line[k, y] = hl.Tuple(
        [sum_of(catmull_rom(ty, m) * hl.f32(edge[k, rows[m], color]) for m in range(4)) for color in range(3)]
    )
    columns = [hl.clamp(ix + m - 1, -1, image.width()) for m in range(4)]
    across = [catmull_rom(tx, m) for m in range(4)]
    base = stage(
        "base",
        *(sum_of(across[m] * line[columns[m], y][n] for m in range(4)) for n in range(3)),
    )

    told = fine.told(sums, phases, width, height)
    v, detail = told(), fine.detail(told, doubt)
    d = detail()
    variance = [noise[0, n] * hl.max(base()[n], 0.0) + noise[1, n] for n in range(3)]
    *keep, left = fine.kept(detail, told, variance, shrink, APART)
    known = stage("known", sum_of(base()) * THIRD)
    gray = stage("gray", known()[0] + keep[0] * d[0])
    colors = stage("colors", *(base()[n] - known()[0] + keep[1] * d[1 + n] for n in (0, 2)))
    change = tinted(fine, base, detail, told, colors, noise, take_color)
    light = stage("light", gray()[0], *(c + more for c, more in zip(colors(), change, strict=True)))

    # The blur undone, of brightness, in windows of frequencies; near the range of what local energies let through.
    rest = gray()[0] - window(gray, BLUR, "blurred")()[0]
    full = stage("full", known()[0] + d[0] * v[1] / (v[1] + (1.0 - keep[0]) * LONELY))
    pictures = [lambda x, y, c, of=of: of(at=(x, y))[0] for of in (full, known, left)]
    sharp = restored(fine, "sharp", 1, *pictures, take, join, SIDE, DOWN)
    added = stage("added", sharp[x, y, 0] - gray()[0])
    power = window(stage("powers", added()[0] * added()[0]), AROUND, "power")()[0]
    # Where few samples speak, demosaicing guessed, and its errors would be sharpened.
    amount = v[1] * v[1] / (v[1] * v[1] + SPARSE)
    near = [extremes(stage, gray, which, name, range(-2, 3)) for which, name in ((hl.min, "low"), (hl.max, "high"))]
    far = [extremes(stage, n, w, name, range(-4, 5, 4)) for n, w, name in zip(near, (hl.min, hl.max), FAR, strict=True)]
    low, high = (n()[0] for n in near)
    span = high - low
    texture = hl.max(hl.abs(rest) - span * TEXTURE[0], 0.0)
    slack = span * overshoot + TEXTURE[1] * texture
    some = hl.max(span, hl.f32(1e-4))
    alone = clear(span / hl.max(far[1]()[0] - far[0]()[0], some), *LONE)
    alone *= span * span / hl.max(span * span + left()[0], hl.f32(1e-12))  # no edge is less than the noise
    steep = 1.0 + STEEP * alone * hl.max(1.0 - 20.0 * texture / some, 0.0)
    least = hl.max(low - slack, hl.min(low, low * DARK))
    finer = hl.clamp(gray()[0] + amount * steep * added()[0], least, high + slack)

    # Colour follows brightness, by a line fitted around each pixel; what departs from the line stays as far as it is
    # more than false colour, which is a share of the brightness that the frames could not hold.
    slope, offset, share = lines(fine, light, power)
    old = gray()[0]
    before = [s * old + o + share * (c - s * old - o) for s, o, c in zip(slope, offset, light()[1:], strict=True)]
    finer, old, *both = stage("parts", finer, old, *before, *slope)()
    before, slope = both[:2], both[2:]
    beyond = [b + s * (finer - old) for b, s in zip(before, slope, strict=True)]
    # What gets darker must not get more colourful.
    most = RICHER * chroma(before) * hl.max(finer, 0.0) / hl.max(old, hl.f32(1e-4))
    held = hl.min(most / hl.max(chroma(beyond), hl.f32(1e-6)), 1.0)
    beyond = [b * held for b in beyond]
    colors = [finer + beyond[0], finer - beyond[0] - beyond[1], finer + beyond[1]]
    result = [colors[n] * neutral[n] * scale + (black + 0.5) for n in range(3)]
    final = stage("final", *(hl.u16(hl.clamp(r, 0.0, 65535.0)) for r in result))
    out = hl.Func("lichtbild_superres_finish")
    out[c, x, y] = hl.mux(c, final())

    xi, yi, xo, yo = (hl.Var(n) for n in ("xi", "yi", "xo", "yo"))
    out.bound(c, 0, 3).tile(x, y, xo, yo, xi, yi, *TILE, hl.TailStrategy.GuardWithIf)
    out.reorder(c, xi, yi, xo, yo).unroll(c).vectorize(xi, 8, hl.TailStrategy.GuardWithIf).parallel(yo)
    out.never_partition_all()
    line.compute_at(out, xo).vectorize(k, 8).never_partition_all()
    for func in fine.made:
        func.vectorize(x, 8)
    for func in fine.made + fine.scheduled:
        func.compute_at(out, xo)
    for func in fine.made + fine.scheduled + fine.inner:
        func.never_partition_all()
    return hl.Pipeline([out]), [
        image, sums, windows, noise, doubt, shrink, neutral, take, join, take_color, step, overshoot, black,
        scale, phases, width, height,
    ]  # fmt: skip
