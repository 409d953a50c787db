"""Each kernel's time, the bytes that it must move, and how far from the limit of memory that is.

    python benchmarks/kernels.py [--rounds N] [--size 4000x3000] [--frames 8]

A hand-held burst is developed again and again in one process; of each kernel the best call of each kind counts. Bytes
are those of the arrays that go in and come out, each once. The limit is what two threads that copy memory reach in the
same run: a kernel at 1.0 could only be made faster by moving less.
"""

from __future__ import annotations

import argparse
import os
import time
from collections import defaultdict
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import numpy as np

import lichtbild as lb
from lichtbild import native
from speed import burst


def bandwidth() -> float:
    """Bytes per second, read and written, of plain copies on all processors."""
    threads = len(os.sched_getaffinity(0))
    source = [np.ones(1 << 23, np.float64) for _ in range(threads)]
    target = [np.empty_like(a) for a in source]
    best = np.inf
    with ThreadPoolExecutor(threads) as pool:
        for _ in range(8):
            start = time.perf_counter()
            list(pool.map(np.copyto, target, source))
            best = min(best, time.perf_counter() - start)
    return 2 * sum(a.nbytes for a in source) / best


def measure(files: list[str], rounds: int) -> dict[str, tuple[int, float, float]]:
    """For each kernel: calls in one photograph, and the sums over them of best seconds and of bytes."""
    calls: dict[str, list[tuple[float, int]]] = defaultdict(list)
    run = native.Kernel.__call__

    def timed(self: native.Kernel, *args: Any) -> None:
        start = time.perf_counter()
        run(self, *args)
        moved = sum(a.nbytes for a in args if isinstance(a, np.ndarray))
        calls[self.name].append((time.perf_counter() - start, moved))

    found: dict[str, list[list[tuple[float, int]]]] = defaultdict(list)
    native.Kernel.__call__ = timed  # type: ignore[method-assign]
    try:
        for _ in range(rounds + 1):
            calls.clear()
            lb.develop(lb.read(*files), depth="8")
            for name, rows in calls.items():
                found[name].append(rows)
    finally:
        native.Kernel.__call__ = run  # type: ignore[method-assign]
    out = {}
    for name, runs in found.items():
        kept = runs[1:] or runs  # the first one also touches new memory
        count = min(len(rows) for rows in kept)
        best = sum(min(rows[i][0] for rows in kept) for i in range(count))
        out[name] = (count, best, sum(moved for _, moved in kept[0][:count]))
    return out


def rows(size: str, frames: int, rounds: int) -> list[tuple[str, int, float, float, float]]:
    """(kernel, calls, milliseconds and megabytes of one call, time over the memory limit), the longest first."""
    limit = bandwidth()
    found = measure(burst(frames, size), rounds)
    table = [
        (name, n, 1e3 * seconds / n, moved / n / 1e6, seconds * limit / max(moved, 1))
        for name, (n, seconds, moved) in found.items()
    ]
    return sorted(table, key=lambda row: -row[1] * row[2])


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--size", default="4000x3000")
    parser.add_argument("--frames", type=int, default=8)
    args = parser.parse_args()
    print(f"\n{'kernel':24} {'calls':>5} {'ms each':>8} {'MB each':>8} {'x memory limit':>15}")
    for name, n, each, moved, ratio in rows(args.size, args.frames, args.rounds):
        print(f"{name:24} {n:5d} {each:8.2f} {moved:8.1f} {ratio:15.1f}", flush=True)


if __name__ == "__main__":
    main()
