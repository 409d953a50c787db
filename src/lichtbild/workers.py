"""One function over many items on all processors, or ahead of its use; for code that lets others run while it works."""

from __future__ import annotations

import functools
import os
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from contextlib import suppress
from threading import Lock, Thread
from typing import TypeVar

_In = TypeVar("_In")
_Out = TypeVar("_Out")


def on_all_processors(work: Callable[[_In], _Out], items: Iterable[_In], most: int | None = None) -> list[_Out]:
    """`work` of each item, in order; by the calling thread and as many more as there are processors, or `most` in all.

    The first item's error is raised, once the items that are being worked on are done; no further ones are begun.
    (The standard library's pools take longer to import than a photograph takes to be encoded.)
    """
    waiting = list(enumerate(items))
    waiting.reverse()
    done: list[_Out | None] = [None] * len(waiting)
    failed: dict[int, BaseException] = {}
    lock = Lock()

    def run() -> None:
        while True:
            with lock:
                if not waiting or failed:
                    return
                i, item = waiting.pop()
            try:
                done[i] = work(item)
            except BaseException as error:
                failed[i] = error

    count = min(len(waiting), most or len(os.sched_getaffinity(0)))
    others = [Thread(target=run, daemon=True) for _ in range(count - 1)]
    try:
        with suppress(RuntimeError):  # the system gives no further thread: those that there are do it
            for thread in others:
                thread.start()
        run()
        for thread in others:
            if thread.ident:
                thread.join()
    except BaseException:  # Ctrl-C
        waiting.clear()
        raise
    if failed:
        raise failed[min(failed)]
    return done  # type: ignore[return-value]


def ahead(work: Callable[[], _Out]) -> Callable[[], _Out]:
    """Begin `work` in a thread of its own. What comes back waits for its result, or raises its error."""
    done: list[tuple[_Out | None, BaseException | None]] = []

    def run() -> None:
        try:
            done.append((work(), None))
        except BaseException as error:
            done.append((None, error))

    thread = Thread(target=run, daemon=True)
    with suppress(RuntimeError):  # the system gives no further thread: it is done when it is asked for
        thread.start()

    def result() -> _Out:
        if thread.ident:
            thread.join()
        elif not done:
            run()
        value, error = done[0]
        if error:
            raise error
        return value  # type: ignore[return-value]

    return result


def in_turn(work: Callable[[_In], _Out], items: Iterable[_In], most: int = 2) -> Iterator[_Out]:
    """`work` of each item, in order, `most` at a time: while the caller uses one result, those after it are made.

    Items are taken one by one, and neither they nor results are kept. An item's error is raised in its turn; what has
    been begun is waited for when the caller ends early.
    """
    left, coming = iter(items), deque[Callable[[], _Out]]()
    try:
        while True:
            for item in left:
                coming.append(ahead(functools.partial(work, item)))
                del item
                if len(coming) == most:
                    break
            if not coming:
                return
            yield coming.popleft()()
    finally:
        for result in coming:
            with suppress(Exception):
                result()
