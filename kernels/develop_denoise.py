"""To and from the planes in which a mosaic is denoised: noise of variance 1 everywhere, brightness apart from colour.

The four sites of each quad are stabilised (generalised Anscombe transform, Starck, Murtagh and Bijaoui 1998) and
turned into one luma and three colour differences by an orthonormal matrix that sends grey to luma alone. The planes are
halved as Burt and Adelson (1983) do; `develop_denoise_band.py` cleans what each size has beyond the next.

The sites of a quad lie beside each other, so that every slope of brightness makes a difference between them, which is
no colour. What luma's slope tells of it is taken off the other planes, and put back from the cleaned luma: a step of
lifting (Sweldens 1996), which loses nothing.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import halide as hl

from borders import mirrored
from kernel import kernel
from taps import sum_of

LANES = 16
DARK, LIGHT = 0.8, 2.2  # roots of photons from where on, and above which, the root is bent all through the noise


PLANE = hl.Int(16)  # what planes are kept in, in steps of a part of the noise's deviation


def kept(value: hl.Expr) -> hl.Expr:
    """As a plane keeps it."""
    return hl.saturating_cast(PLANE, hl.i32(hl.round(value)))


def bend(scale: hl.ImageParam, offset: hl.ImageParam, c: Any) -> hl.Expr:
    """Below this the root goes on as a straight line, so that noise below black is not cut off."""
    return 1.5 * scale[c] * scale[c] + 0.25 * offset[c]


x, y, c = hl.Var("x"), hl.Var("y"), hl.Var("c")


@dataclass
class Sites:
    """What is known of the four sites of a quad: black, scale, offset (4,); basis (4, 4), a row for each plane;
    lean (4, 2): how much of each plane follows luma's difference of the next and the last quad, along a row and down a
    column; unit: 1 / (white - black); step: what planes count in, in deviations of the noise; ends (7, 4): where the
    range ends, see `develop/ends.py`."""

    black: Any
    scale: Any
    offset: Any
    basis: Any
    lean: Any
    unit: Any
    step: Any
    ends: Any

    @classmethod
    def named(cls) -> Sites:
        black, scale, offset = (hl.ImageParam(hl.Float(32), 1, n) for n in ("black", "scale", "offset"))
        basis, lean, ends = (hl.ImageParam(hl.Float(32), 2, n) for n in ("basis", "lean", "ends"))
        unit, step = (hl.Param(hl.Float(32), n) for n in ("unit", "step"))
        return cls(black, scale, offset, basis, lean, unit, step, ends)

    def arguments(self) -> list[Any]:
        return [self.black, self.scale, self.offset, self.basis, self.lean, self.unit, self.step, self.ends]

    def light(self, mosaic: hl.Func) -> tuple[hl.Func, hl.Expr, hl.Expr]:
        """How far the strongest colour has clipped in quad (x, y); the light of site c; how much of it is above white.

        Where all colours clip, a lamp has the colour of the filters. In planes it would be a strong colour, which
        noise reduction smears over the surroundings: there it is white, and what is beyond is put back at the end. Of
        a site that has not clipped itself nothing is cut: its noise would be put back, too.
        """
        burnt = hl.Func("burnt")
        black, unit, ends = self.black, self.unit, self.ends

        def at(i: Any, factor: Any, start: Any) -> hl.Expr:
            """factor * light + start, in one step."""
            row = i // 2 if isinstance(i, int) else i / 2
            return hl.f32(mosaic[2 * x + i % 2, 2 * y + row]) * (unit * factor) + (start - black[i] * (unit * factor))

        burnt[x, y] = hl.clamp(hl.min(*(at(i, ends[i, 1], ends[i, 2]) for i in range(4))), 0.0, 1.0)
        own = hl.clamp(at(c, ends[c, 5], ends[c, 6]), 0.0, 1.0)
        return burnt, at(c, 1.0, 0.0), hl.max(at(c, 1.0, -ends[c, 0]), 0.0) * (burnt[x, y] * own)

    def root(self, light: Any, c: Any) -> hl.Expr:
        """Of the light of site c, bent."""
        scale, knee = self.scale[c], bend(self.scale, self.offset, c)
        level = light * scale + (0.375 * scale * scale + self.offset[c])
        return hl.sqrt(hl.max(level, knee)) + hl.min(level - knee, 0.0) * (0.5 / hl.sqrt(knee))

    def planes(self, mosaic: hl.Func) -> Planes:
        """Of a mosaic."""
        stable, turned, slope = hl.Func("stable"), hl.Func("turned"), hl.Func("slope")
        burnt, value, beyond = self.light(mosaic)
        root = self.root(value - beyond, c) - self.root(0.0, c)
        stable[x, y, c] = root * (2.0 / (self.scale[c] * self.step))
        turned[x, y, c] = sum_of(self.basis[i, c] * stable[x, y, i] for i in range(4))
        # Before the first quad slopes are mirrored, and sites are not.
        along, down = (hl.select(v < 0, hl.f32(-1.0), hl.f32(1.0)) for v in (x, y))
        slope[x, y] = hl.Tuple(
            [(turned[x + 1, y, 0] - turned[x - 1, y, 0]) * along, (turned[x, y + 1, 0] - turned[x, y - 1, 0]) * down]
        )
        level = turned[x, y, c] - (self.lean[0, c] * slope[x, y][0] + self.lean[1, c] * slope[x, y][1])
        return Planes(burnt, stable, turned, slope, level)

    def tilt(self, axis: int) -> hl.Expr:
        """How much site c follows luma's slope."""
        return sum_of(self.basis[c, i] * self.lean[axis, i] for i in range(4))


@dataclass
class Planes:
    """burnt: how far the strongest colour of quad (x, y) has clipped; stable: stabilised sites (x, y, c) above black;
    turned: plane c of them; slope: of luma; level: plane c without what follows luma's slope."""

    burnt: hl.Func
    stable: hl.Func
    turned: hl.Func
    slope: hl.Func
    level: hl.Expr


def unbounded(mosaic: hl.ImageParam) -> hl.Func:
    """Mirrored at the first quads, as planes are, and behind the last pixels."""
    out = hl.Func("held")
    out[x, y] = mosaic[mirrored(x, mosaic.width(), quads=True), mirrored(y, mosaic.height(), quads=True)]
    return out


def unending(f: hl.ImageParam) -> hl.Func:
    """A plane mirrored at its borders. Were these held, the last samples would weigh more, and so would their noise."""
    out = hl.Func(f"{f.name()}_unending")
    out[x, y, c] = f[mirrored(x, f.width()), mirrored(y, f.height()), c]
    return out


def light_of(planes: Any, slope: hl.Func, sites: Sites, removed: Any) -> hl.Expr:
    """0..1 of white at site c of quad (x, y): back from planes and luma's slope. removed: share of the variance that
    is gone."""
    scale, offset, basis, ends = sites.scale, sites.offset, sites.basis, sites.ends
    turned = sum_of(basis[c, i] * hl.f32(planes[x, y, i]) for i in range(4))
    turned += sites.tilt(0) * slope[x, y][0] + sites.tilt(1) * slope[x, y][1]
    t = turned * (0.5 * scale[c] * sites.step) + sites.root(0.0, c)
    knee = bend(scale, offset, c)
    below = hl.min(t - hl.sqrt(knee), 0.0)
    level = t * t - below * below  # a line where the root was one
    # The root of noisy light is too small on average; what noise was removed must be given back: a quarter of a photon
    # in the light, nothing in the dark, where the line is straight (by numerical integration, within 0.04 photons, for
    # any read noise; compare Makitalo and Foi 2013).
    rise = hl.f32(1 / (LIGHT - DARK)) / scale[c]  # t / scale: the root of the number of photons
    part = hl.clamp(t * rise - hl.f32(DARK / (LIGHT - DARK)), 0.0, 1.0)
    back = 0.25 * removed * scale[c]
    none = 0.375 * scale[c] + offset[c] * (1.0 / scale[c])
    light = level * (1.0 / scale[c]) - (none - part * part * (3.0 * back - part * (2.0 * back)))
    # Noise that a file cannot hold below its lowest number made the mean of what is dark too bright.
    dark = hl.clamp((1.0 + ends[c, 3] * ends[c, 4]) - light * ends[c, 4], 0.0, 1.0)
    return light - dark * dark * (dark * ends[c, 3])


@kernel("denoise_split", rare=True)
def denoise_split() -> tuple[hl.Pipeline, list[Any]]:
    """mosaic (h, w) uint16 -> (4, h', w') int16, luma and three colour differences of each quad, in steps.

    h', w': a multiple of 8, and 16 or more, more than h / 2 and w / 2, since the last have no slope that `denoise_join`
    could know; beyond the borders the mosaic is mirrored.
    black, scale, offset: (4,) black level and noise of each site; basis: (4, 4), a row for each plane; lean: (4, 2);
    unit: 1 / (white - black); step: in deviations of the noise.
    """
    mosaic = hl.ImageParam(hl.UInt(16), 2, "mosaic")
    sites = Sites.named()
    held = unbounded(mosaic)
    made = sites.planes(held)
    out = hl.Func("lichtbild_denoise_split")
    out[x, y, c] = kept(made.level)

    yo, yi, xo, xi = hl.Var("yo"), hl.Var("yi"), hl.Var("xo"), hl.Var("xi")
    buffer = out.output_buffer()
    buffer.dim(1).set_bounds(0, (buffer.height() / 8) * 8)
    out.bound(c, 0, 4).split(y, yo, yi, 16, hl.TailStrategy.ShiftInwards).split(x, xo, xi, LANES)
    out.reorder(xi, xo, c, yi, yo).vectorize(xi).parallel(yo).never_partition_all()
    held.store_at(out, yo).compute_at(out, yi).vectorize(x, 2 * LANES).never_partition_all()
    made.slope.compute_at(out, yi).vectorize(x, LANES).never_partition_all()
    made.turned.store_at(out, yo).compute_at(out, yi).reorder(x, c, y).vectorize(x, LANES).never_partition_all()
    made.burnt.compute_at(made.turned, y).vectorize(x, LANES).never_partition_all()
    made.stable.compute_at(made.turned, y).bound(c, 0, 4).vectorize(x, LANES).never_partition_all()
    return hl.Pipeline([out]), [mosaic, *sites.arguments()]


def halved(fine: hl.Func) -> tuple[hl.Func, hl.Expr]:
    """Every second of the samples, smoothed by [1 4 6 4 1] / 16: down the columns, then along the rows at (x, y, c)."""
    five, down = (1 / 16, 4 / 16, 6 / 16, 4 / 16, 1 / 16), hl.Func("down")
    down[x, y, c] = sum_of(hl.f32(k) * hl.f32(fine[x, 2 * y + i - 2, c]) for i, k in enumerate(five))
    return down, sum_of(hl.f32(k) * down[2 * x + i - 2, y, c] for i, k in enumerate(five))


@kernel("denoise_halve", rare=True)  # memory is its limit
def denoise_halve() -> tuple[hl.Pipeline, list[Any]]:
    """(4, h, w) int16 -> (4, h', w') int16 of half the size, smoothed by [1 4 6 4 1] / 16; mirrored at the borders.

    h', w': as of `denoise_split`.
    """
    fine = hl.ImageParam(PLANE, 3, "fine")
    beyond, out = hl.Func("beyond"), hl.Func("lichtbild_denoise_halve")
    beyond[x, y, c] = fine[mirrored(x, fine.width()), mirrored(y, fine.height()), c]
    down, half = halved(beyond)
    out[x, y, c] = kept(half)

    yo, yi = hl.Var("yo"), hl.Var("yi")
    buffer = out.output_buffer()
    buffer.dim(1).set_bounds(0, (buffer.height() / 8) * 8)
    out.bound(c, 0, 4).split(y, yo, yi, 8).reorder(x, yi, c, yo).vectorize(x, LANES).parallel(yo)
    out.never_partition([yo, yi])
    down.compute_at(out, yi).vectorize(x, LANES)
    return hl.Pipeline([out]), [fine]


@kernel("denoise_join", rare=True)
def denoise_join() -> tuple[hl.Pipeline, list[Any]]:
    """mosaic (h, w) uint16, (4, h', w') int16 planes -> (2 h', 2 w') uint16 mosaic = black_out + x * scale_out.

    h', w', mosaic and what is known of its sites: as of `denoise_split`; removed: share of the variance that is gone.
    """
    mosaic, sites = hl.ImageParam(hl.UInt(16), 2, "mosaic"), Sites.named()
    clean = hl.ImageParam(PLANE, 3, "clean")
    removed, black_out, scale_out = (hl.Param(hl.Float(32), n) for n in ("removed", "black_out", "scale_out"))
    held, beyond = unbounded(mosaic), unending(clean)
    burnt, slope, site, out = joined("denoise_join", held, beyond, sites, (removed, black_out, scale_out))

    yo, yi, xo, xi = hl.Var("yo"), hl.Var("yi"), hl.Var("xo"), hl.Var("xi")
    buffer = out.output_buffer()
    buffer.dim(0).set_bounds(0, (buffer.width() / 2) * 2)
    buffer.dim(1).set_bounds(0, (buffer.height() / 16) * 16)
    out.split(y, yo, yi, 16).split(yi, yi, y, 2)
    out.split(x, xo, x, 2).split(xo, xo, xi, LANES).reorder(x, xi, y, xo, yi, yo)
    out.unroll(x).vectorize(xi).unroll(y).parallel(yo).never_partition_all()
    held.compute_at(out, yi).vectorize(x, 2 * LANES).never_partition_all()
    beyond.store_at(out, yo).compute_at(out, yi).vectorize(x, LANES).never_partition_all()
    burnt.compute_at(out, yi).vectorize(x, LANES).never_partition_all()
    slope.compute_at(out, yi).vectorize(x, LANES).never_partition_all()
    site.compute_at(out, yi).bound(c, 0, 4).vectorize(x, LANES).never_partition_all()
    return hl.Pipeline([out]), [mosaic, *sites.arguments(), clean, removed, black_out, scale_out]


def joined(name: str, mosaic: hl.Func, planes: Any, sites: Sites, back: tuple[Any, Any, Any]) -> tuple[hl.Func, ...]:
    """What is burnt, luma's slope, the sites (x, y, c) of a cleaned mosaic, and the mosaic.

    planes: (x, y, c), from one quad before those that are asked for to one after. back: removed, black_out, scale_out.
    """
    removed, black_out, scale_out = back
    slope, site, out = hl.Func("slope_back"), hl.Func("site"), hl.Func(f"lichtbild_{name}")
    burnt, _, beyond = sites.light(mosaic)
    # At the first quad planes are mirrored.
    along, down = (hl.select(v > 0, hl.f32(1.0), hl.f32(0.0)) for v in (x, y))
    slope[x, y] = hl.Tuple(
        [
            (hl.f32(planes[x + 1, y, 0]) - hl.f32(planes[x - 1, y, 0])) * along,
            (hl.f32(planes[x, y + 1, 0]) - hl.f32(planes[x, y - 1, 0])) * down,
        ]
    )
    light = light_of(planes, slope, sites, removed) + beyond
    level = hl.max(light * scale_out + hl.strict_float(black_out + 0.5), 0.0)
    site[x, y, c] = hl.saturating_cast(hl.UInt(16), hl.i32(level))
    out[x, y] = hl.mux(x % 2 + 2 * (y % 2), [site[x / 2, y / 2, i] for i in range(4)])
    return burnt, slope, site, out
