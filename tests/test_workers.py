"""One function over many items, on all processors."""

from __future__ import annotations

import threading
import time

import pytest

from lichtbild.workers import ahead, in_turn, on_all_processors


def test_results_are_in_order_and_threads_share_the_work() -> None:
    seen: set[int] = set()
    both = threading.Barrier(2, timeout=5)

    def work(i: int) -> int:
        seen.add(threading.get_ident())
        if i < 2:
            both.wait()  # two are at work at the same time, or this breaks
        return i * i

    assert on_all_processors(work, range(50), most=2) == [i * i for i in range(50)]
    assert len(seen) == 2
    assert threading.get_ident() in seen
    assert on_all_processors(work, []) == []


def test_the_first_items_error_is_raised_and_nothing_further_begun() -> None:
    begun: list[int] = []

    def work(i: int) -> None:
        begun.append(i)
        if i == 0:
            time.sleep(0.05)
        raise ValueError(str(i))

    with pytest.raises(ValueError, match="0"):
        on_all_processors(work, range(100), most=2)
    assert len(begun) <= 3


def test_an_interrupt_reaches_the_caller() -> None:
    def work(_: int) -> None:
        if threading.current_thread() is threading.main_thread():
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        on_all_processors(work, range(4), most=1)


def test_fewer_threads_than_asked_for_do_it_all(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(_self: threading.Thread) -> None:
        raise RuntimeError("can't start new thread")

    monkeypatch.setattr(threading.Thread, "start", refuse)
    assert on_all_processors(str, range(5), most=4) == ["0", "1", "2", "3", "4"]


def test_work_ahead_gives_its_result_or_its_error_as_often_as_asked() -> None:
    began, go = threading.Event(), threading.Event()

    def work() -> int:
        began.set()
        assert go.wait(10)
        return 7

    result = ahead(work)
    assert began.wait(10)  # it runs before anybody asks
    go.set()
    assert (result(), result()) == (7, 7)
    failing = ahead(lambda: int("seven"))
    for _ in range(2):
        with pytest.raises(ValueError, match="seven"):
            failing()


def test_work_ahead_is_done_without_a_thread_where_there_is_none(monkeypatch: pytest.MonkeyPatch) -> None:
    def none(self: threading.Thread) -> None:
        raise RuntimeError("can't start new thread")

    monkeypatch.setattr(threading.Thread, "start", none)
    done: list[int] = []
    result = ahead(lambda: done.append(1) or len(done))
    assert not done and result() == 1 and result() == 1


def test_in_turn_begins_no_more_than_asked_for_and_keeps_the_order() -> None:
    begun: list[int] = []
    first = threading.Event()

    def work(i: int) -> int:
        begun.append(i)
        if i == 0:
            assert first.wait(5)  # until the next one has begun, beside it
        if i == 1:
            first.set()
        if i == 3:
            raise ValueError("three")
        return 10 * i

    results = in_turn(work, iter(range(9)), most=2)
    assert next(results) == 0
    assert sorted(begun) == [0, 1]
    assert [next(results), next(results)] == [10, 20]
    with pytest.raises(ValueError, match="three"):
        next(results)
    assert max(begun) <= 4
    assert list(in_turn(work, [])) == []


def test_what_is_begun_in_turn_is_waited_for_when_the_caller_ends() -> None:
    done: list[int] = []

    def work(i: int) -> int:
        time.sleep(0.05 * i)
        done.append(i)
        return i

    results = in_turn(work, range(5))
    assert next(results) == 0
    results.close()  # type: ignore[attr-defined]
    assert done == [0, 1]
