"""A mosaic as quads (X, Y) of four pixels, in stages that slide down tiles: dense vectors, and nothing twice."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

import halide as hl

R, GR, GB, B = 0, 1, 2, 3  # the pixel at (2 X + kind % 2, 2 Y + kind // 2)
LANES = 16
X, Y = hl.Var("X"), hl.Var("Y")


@dataclass
class Stage:
    """Values at some of the kinds of pixels of each quad; `first` of those of its Func is the one of the first kind."""

    func: hl.Func
    kinds: tuple[int, ...]
    first: int
    reads: list[tuple[str, int]]  # of the stage that is being written: what it reads, how many quad rows below

    def at(self, kind: int, dx: int = 0, dy: int = 0) -> hl.Expr:
        """The value at the pixel (dx, dy) away from the quad's pixel of that kind."""
        px, py = kind % 2 + dx, kind // 2 + dy
        self.reads.append((self.func.name(), py // 2))
        return self.func[X + px // 2, Y + py // 2][self.first + self.kinds.index(2 * (py % 2) + px % 2)]

    def along(self, kind: int, step: tuple[int, int], n: int) -> hl.Expr:
        return self.at(kind, n * step[0], n * step[1])

    def near(self, kind: int, step: tuple[int, int], n: int) -> hl.Expr:
        """The sum of both values n pixels away."""
        return self.along(kind, step, n) + self.along(kind, step, -n)


@dataclass
class Stages:
    """All stages of a demosaicing, in the order in which they are computed, for the schedule."""

    made: list[tuple[hl.Func, list[tuple[str, int]]]] = field(default_factory=list)  # and what each reads
    reads: list[tuple[str, int]] = field(default_factory=list)  # by what is being written

    def add(self, name: str, kinds: tuple[int, ...], *values: Callable[[int], hl.Expr]) -> list[Stage]:
        """Stages that are computed together, one for each of `values`, which tell what it is at a kind."""
        func = hl.Func(name)
        func[X, Y] = hl.Tuple([value(k) for value in values for k in kinds])
        self.made.append((func, list(self.reads)))
        self.reads.clear()
        return [Stage(func, kinds, i * len(kinds), self.reads) for i in range(len(values))]

    def rows_kept(self) -> list[int]:
        """How many quad rows of each stage are read again, while all slide down, each as far ahead as others need."""
        newest: dict[str, int] = {}
        oldest: dict[str, int] = {}
        for reader, reads in [("", self.reads), *((func.name(), reads) for func, reads in reversed(self.made))]:
            for name, below in reads:
                row = newest.get(reader, 0) + below
                newest[name], oldest[name] = max(newest.get(name, row), row), min(oldest.get(name, row), row)
        return [newest[func.name()] - oldest[func.name()] + 1 for func, _ in self.made]


def schedule(
    out: hl.Func,
    x: hl.Var,
    y: hl.Var,
    c: hl.Var,
    quad: hl.Func,
    stages: Stages,
    tile_height: hl.Expr,
    tile_width: hl.Expr,
) -> tuple[hl.Var, hl.Var, hl.Var]:
    """Tiles of quads; inside a tile the stages slide down quad row by quad row, each keeping only what is read again.

    Tails must be whole, else Halide does not let the stages slide; loops are not partitioned, else it compiles for
    minutes. Returns the variables of the tile, of its quad rows and of the vectors in them.
    """
    strip, column, xo, xi, row, r = (hl.Var(n) for n in ("strip", "column", "xo", "xi", "row", "r"))
    whole = hl.TailStrategy.RoundUp
    for axis in (0, 1):
        out.output_buffer().dim(axis).set_min(0)
    out.bound(c, 0, 3).split(y, row, r, 2, whole).split(row, strip, row, tile_height, whole)
    out.split(x, column, xo, 2 * LANES * tile_width, whole).split(xo, xo, xi, 2 * LANES, whole)
    out.reorder(xi, c, r, xo, row, column, strip).vectorize(xi).unroll(c).unroll(r)
    out.parallel(strip).parallel(column).never_partition_all()
    quad.compute_at(out, xo).vectorize(X)
    for (func, _), kept in zip(stages.made, stages.rows_kept(), strict=True):
        func.store_at(out, column).compute_at(out, row).vectorize(X, LANES).fold_storage(Y, kept)
    for func, _ in stages.made[1:]:
        func.never_partition_all()
    return column, row, xo
