"""Whole processes, timed side by side: wall seconds and peak memory as the operating system counts them."""

from __future__ import annotations

import statistics
from collections.abc import Sequence
from dataclasses import dataclass, field

from lichtbild.measure.process import run_program


@dataclass
class Runs:
    """Wall seconds and peak resident megabytes of each run of one command."""

    name: str
    command: Sequence[str]
    seconds: list[float] = field(default_factory=list)
    megabytes: list[float] = field(default_factory=list)
    failed: str = ""

    @property
    def median(self) -> float:
        return statistics.median(self.seconds) if self.seconds else float("nan")

    @property
    def peak(self) -> float:
        return max(self.megabytes, default=float("nan"))


def run_once(runs: Runs, *, count: bool = True) -> None:
    """Run the command once; its output is thrown away, a failure is remembered."""
    run = run_program(runs.command)
    if run.failed:
        runs.failed = run.failed
    elif count:
        runs.seconds.append(run.seconds)
        runs.megabytes.append(run.megabytes)


def side_by_side(commands: dict[str, Sequence[str]], rounds: int = 5) -> list[Runs]:
    """Run the commands in turn, round after round, after one warm-up each."""
    table = [Runs(name, command) for name, command in commands.items()]
    for runs in table:
        run_once(runs, count=False)
    for _ in range(rounds):
        for runs in table:
            if not runs.failed:
                run_once(runs)
    return table


def ratio(a: Runs, b: Runs) -> float:
    """Median of a's time over b's, pair by pair."""
    pairs = [x / y for x, y in zip(a.seconds, b.seconds, strict=False)]
    return statistics.median(pairs) if pairs else float("nan")


def show(title: str, table: list[Runs], note: str = "") -> str:
    """A text table; ratios are each row's time over the first row's."""
    lines = [f"\n{title}", f"  {'':34} {'seconds':>9} {'min':>7} {'max':>7} {'MB':>6} {'x first':>8}"]
    for runs in table:
        if runs.failed:
            lines.append(f"  {runs.name:34} {runs.failed[:60]}")
            continue
        lines.append(
            f"  {runs.name:34} {runs.median:9.3f} {min(runs.seconds):7.3f} {max(runs.seconds):7.3f} "
            f"{runs.peak:6.0f} {ratio(runs, table[0]):8.2f}"
        )
    return "\n".join([*lines, f"  {note}" if note else ""]).rstrip()
