from __future__ import annotations

import itertools
import threading

import pytest

from emovox.errors import ParameterError
from emovox.recognizer.parallel import map_in_order


@pytest.mark.parametrize("n_jobs", [1, 2, 5])
@pytest.mark.parametrize("n_items", [0, 1, 30])
def test_results_come_in_the_order_of_the_items(n_items: int, n_jobs: int) -> None:
    assert list(map_in_order(lambda x: x * x, range(n_items), n_jobs)) == [
        x * x for x in range(n_items)
    ]


def test_a_slow_item_does_not_lose_its_place() -> None:
    gate = threading.Event()

    def work(item: int) -> int:
        if item == 0:
            gate.wait(10)
        if item == 3:
            gate.set()  # by another thread, after the first item was begun
        return item

    assert list(map_in_order(work, range(6), 2)) == list(range(6))


@pytest.mark.parametrize("n_jobs", [1, 3])
def test_items_are_taken_only_a_few_ahead(n_jobs: int) -> None:
    endless = itertools.count()
    results = map_in_order(str, endless, n_jobs)
    assert list(itertools.islice(results, 10)) == [str(x) for x in range(10)]
    assert next(endless) <= 10 + 2 * n_jobs


@pytest.mark.parametrize("n_jobs", [1, 3])
def test_an_error_is_raised_in_its_place(n_jobs: int) -> None:
    results = map_in_order(lambda x: 1 // x, [1, 1, 0, 1], n_jobs)
    assert [next(results), next(results)] == [1, 1]
    with pytest.raises(ZeroDivisionError):
        next(results)


def test_threads_end_when_nobody_asks_any_more() -> None:
    before = set(threading.enumerate())
    results = map_in_order(str, itertools.count(), 3)
    next(results)
    assert set(threading.enumerate()) - before
    results.close()  # type: ignore[attr-defined]
    assert not set(threading.enumerate()) - before


def test_no_thread_at_all_is_refused() -> None:
    with pytest.raises(ParameterError, match="n_jobs is 0"):
        map_in_order(str, [], 0)
