"""Whole programs, measured from outside: wall seconds and peak memory as the operating system counts them.

A small process of its own starts the program: a program's peak memory counts from that of the process that starts it.
"""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path

from lichtbild.record import record

_STARTER = """
import json, os, subprocess, sys, time
start = time.perf_counter()
try:
    p = subprocess.Popen(sys.argv[1:], stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL)
except OSError as error:
    print(json.dumps([0, 0, 0, "cannot be started (" + (error.strerror or "?") + ")"]))
else:
    _, status, usage = os.wait4(p.pid, 0)
    print(json.dumps([time.perf_counter() - start, usage.ru_maxrss / 1024, os.waitstatus_to_exitcode(status), ""]))
"""


@record
class Run:
    """One run. seconds: of the wall clock.   megabytes: peak resident memory.   failed: the last line that the program
    said when it ended with an error; empty when all went well."""

    seconds: float
    megabytes: float
    failed: str = ""


def run_program(command: Sequence[str], folder: Path | None = None, longest: float = 900.0) -> Run:
    """Run a program to its end, or to `longest` seconds; what it says on standard output is thrown away."""
    starter = [sys.executable, "-S", "-E", "-c", _STARTER, *map(str, command)]
    with tempfile.TemporaryFile() as errors:
        process = subprocess.Popen(
            starter,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=errors,
            cwd=folder,
            start_new_session=True,  # so that the program ends with it
        )
        try:
            told, _ = process.communicate(timeout=longest)
        except BaseException as error:  # also Ctrl-C: the program must not go on alone
            with suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)
            process.communicate()
            if isinstance(error, subprocess.TimeoutExpired):
                return Run(longest, 0.0, f"took longer than {longest:g} s")
            raise
        try:
            seconds, megabytes, code, failed = json.loads(told)
        except ValueError:
            return Run(0.0, 0.0, "ended before it could be measured")
        if code and not failed:
            errors.seek(0)
            lines = errors.read()[-4096:].decode(errors="replace").strip().splitlines()
            # ImageMagick says first what it lacks, and then that there is no picture; most programs say last.
            said = next((line for line in lines if "delegate" in line), lines[-1] if lines else "")
            failed = said or f"ended with code {code}"
        return Run(float(seconds), float(megabytes), str(failed))
