"""Damaged files by the thousand: each is read or refused, in bounded time and memory, and nothing crashes."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

CASES, WORKERS = 2400, 2
SLOWEST = 20.0  # seconds for one case on a busy machine
HERE = Path(__file__).parent


def run(first: int, count: int) -> list[dict[str, object]]:
    paths = [str(HERE), str(HERE.parent / "src"), os.environ.get("PYTHONPATH", "")]
    done = subprocess.run(
        [sys.executable, "-W", "error", str(HERE / "fuzz_worker.py"), str(first), str(count)],
        capture_output=True,
        text=True,
        timeout=600,
        check=False,
        env={**os.environ, "PYTHONPATH": os.pathsep.join(p for p in paths if p)},
    )
    lines = [json.loads(line) for line in done.stdout.splitlines()]
    last = lines[-1] if lines else {}
    assert done.returncode == 0, f"ended with {done.returncode} in {last}\n{done.stderr[-2000:]}"
    return lines


def test_damaged_files_are_read_or_refused() -> None:
    share = CASES // WORKERS
    with ThreadPoolExecutor(WORKERS) as pool:
        lines = [line for part in pool.map(lambda i: run(i * share, share), range(WORKERS)) for line in part]
    outcomes = [line for line in lines if "outcome" in line]
    assert len(outcomes) == CASES >= 2000
    failed = [line for line in outcomes if str(line["outcome"]).startswith("FAILED")]
    assert not failed, f"{len(failed)} cases; the first: {failed[0]['case']}\n{failed[0]['outcome']}"
    slow = max(outcomes, key=lambda line: float(str(line["seconds"])))
    assert float(str(slow["seconds"])) < SLOWEST, slow
    peaks = [float(str(line["peak_mb"])) for line in lines if "peak_mb" in line]
    assert max(peaks) < 1500, peaks
    # Both ends are reached: not all files are refused at their first byte, and not all damage is overlooked.
    read = sum(line["outcome"] == "read" for line in outcomes)
    assert 0.1 * CASES < read < 0.9 * CASES
