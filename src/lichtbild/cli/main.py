"""The entry point: runs a command and turns whatever goes wrong into one line and an exit code.

0: done. 2: an error, in one line that names the file and the mend. 130: stopped with Ctrl-C. 143: told to
terminate. `LICHTBILD_DEBUG=1` shows the traceback as well.
"""

from __future__ import annotations

import ctypes
import gc
import os
import signal
import sys
from contextlib import suppress
from io import TextIOWrapper
from typing import TYPE_CHECKING, NoReturn

from lichtbild.cli.say import complain

if TYPE_CHECKING:
    from types import FrameType

AGAIN = 0.01  # seconds
# Bytes: free memory at the heap's end that is kept, what is taken more than asked for, and blocks that are not of the
# heap (M_TRIM_THRESHOLD, M_TOP_PAD and M_MMAP_THRESHOLD of <malloc.h>).
KEPT = {-1: 64 << 20, -2: 8 << 20, -3: 16 << 20}


class Terminated(BaseException):
    """SIGTERM or SIGHUP came; unfinished files are removed on the way out."""


def main() -> NoReturn:
    """Run the command line in `sys.argv` and end the process."""
    code = 0
    try:
        _open_streams()
        os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")  # numpy's matrices are small; its threads would only spin
        gc.set_threshold(50_000)  # of the few cycles of one short job hardly any is worth a search
        _keep_memory()
        for number in (signal.SIGTERM, signal.SIGHUP):
            signal.signal(number, _terminate)
        signal.signal(signal.SIGALRM, signal.default_int_handler)
        sys.unraisablehook = _unheard
        if isinstance(sys.stdout, TextIOWrapper):  # any name of a file can be told
            sys.stdout.reconfigure(errors="backslashreplace")
        from lichtbild.cli.root import root

        with root.make_context("lichtbild", sys.argv[1:]) as context:
            root.invoke(context)
        sys.stdout.flush()
        _heed_no_signals()  # all is done: a late Ctrl-C has nothing left to stop
    except BaseException as error:
        _heed_no_signals()  # a second Ctrl-C must not turn the first one into a traceback
        code = _explain(error)
    _leave_now(code)


def _open_streams() -> None:
    """What a service or a script has closed goes nowhere, and no file that is opened takes its number."""
    for number in range(3):
        try:
            os.fstat(number)
        except OSError:
            os.open(os.devnull, os.O_RDWR)  # gets the lowest number that is free
    for name in ("stdout", "stderr"):
        if getattr(sys, name) is None:
            setattr(sys, name, open(os.devnull, "w", encoding="utf-8"))  # noqa: PTH123, SIM115


def _keep_memory() -> None:
    """Make glibc's `malloc` keep what is freed: to take it anew page by page costs more than many a step."""
    mallopt = getattr(ctypes.CDLL(None), "mallopt", None)
    if mallopt is not None:
        for option, size in KEPT.items():
            mallopt(option, size)


def _heed_no_signals() -> None:
    signal.setitimer(signal.ITIMER_REAL, 0)
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP, signal.SIGALRM):
        signal.signal(number, signal.SIG_IGN)


def _unheard(dropped: sys.UnraisableHookArgs) -> None:
    """Python drops an exception that comes while it calls back, as in the middle of an import: Ctrl-C comes again."""
    if issubclass(dropped.exc_type, (KeyboardInterrupt, Terminated)):
        signal.setitimer(signal.ITIMER_REAL, AGAIN)
    else:
        sys.__unraisablehook__(dropped)


def _terminate(_number: int, _frame: FrameType | None) -> None:
    raise Terminated


def _explain(error: BaseException) -> int:
    """Say in one line what went wrong; returns the exit code."""
    from lichtbild.errors import KernelError, LichtbildError

    debug = os.environ.get("LICHTBILD_DEBUG", "0") not in ("", "0")
    if debug and not isinstance(error, SystemExit):
        import traceback

        traceback.print_exception(error)
    if isinstance(error, SystemExit):
        return error.code if isinstance(error.code, int) else 2
    if isinstance(error, (KeyboardInterrupt, Terminated)):
        complain("stopped; no unfinished file is left")
        return 143 if isinstance(error, Terminated) else 130
    if isinstance(error, BrokenPipeError):
        _close_stdout()
        return 141
    if isinstance(error, OSError):  # files are dealt with where they are read and written
        _close_stdout()
        where = error.filename or "standard output"
        complain(f"error: {where}: {error.strerror or error}; free some space, or choose another place")
    elif isinstance(error, KernelError) and str(error).startswith("kernel "):
        complain(f"error: {error}; please report this, with what LICHTBILD_DEBUG=1 shows")
    elif isinstance(error, LichtbildError):
        complain(f"error: {error}")
    elif isinstance(error, MemoryError):
        complain("error: not enough memory for frames of this size; close other programs, or develop fewer frames")
    elif type(error).__module__.startswith("click"):
        return _explain_usage(error)
    else:
        what = f"{type(error).__name__}: {error}" if str(error) else type(error).__name__
        complain(f"error: unexpected {what}; please report this fault, with what LICHTBILD_DEBUG=1 shows")
    return 2


def _explain_usage(error: BaseException) -> int:
    import click

    if isinstance(error, click.exceptions.NoArgsIsHelpError):  # `lichtbild` alone
        click.echo(error.format_message())
        return 0
    if isinstance(error, click.exceptions.Exit):
        return error.exit_code
    if isinstance(error, click.ClickException):
        context = getattr(error, "ctx", None)
        command = context.command_path if context else "lichtbild"
        message = error.format_message().rstrip(".")
        complain(f"error: {message[:1].lower()}{message[1:]}; see {command} --help")
    return 2


def _close_stdout() -> None:
    """Keep the interpreter from complaining about a reader that went away."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def _leave_now(code: int) -> NoReturn:
    """End at once: no wait for threads that still run a kernel, nor for memory that the system takes back anyway.

    Files were put away already.
    """
    for stream in (sys.stdout, sys.stderr):
        with suppress(OSError, ValueError):
            stream.flush()
    os._exit(code)
