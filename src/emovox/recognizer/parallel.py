"""The same work on many things at once, in order, and in bounded memory."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable, Iterator
from typing import TYPE_CHECKING, TypeVar

from emovox.errors import ParameterError

if TYPE_CHECKING:
    from concurrent.futures import Future

_Item = TypeVar("_Item")
_Result = TypeVar("_Result")

_AHEAD = 2
"""So many items a thread are taken ahead, so that none waits for a slow one before it."""


def map_in_order(
    function: Callable[[_Item], _Result], items: Iterable[_Item], n_jobs: int = 1
) -> Iterator[_Result]:
    """Yield ``function(item)`` of each item, in their order.

    Threads do it: decoding and inference leave Python's lock to the others.

    Parameters
    ----------
    function : callable
        Safe to call from several threads. What it raises is raised here.
    items : iterable
        Taken a few ahead; there may be any number.
    n_jobs : int > 0, default=1
        Threads. With 1 an item is taken when its result is asked for.

    Raises
    ------
    ParameterError
        If ``n_jobs`` < 1.
    """
    if n_jobs < 1:
        raise ParameterError(f"n_jobs is {n_jobs}; it must be at least 1.")
    if n_jobs == 1:
        return map(function, items)
    return _map_in_threads(function, items, n_jobs)


def _map_in_threads(
    function: Callable[[_Item], _Result], items: Iterable[_Item], n_jobs: int
) -> Iterator[_Result]:
    from concurrent.futures import ThreadPoolExecutor  # noqa: PLC0415 - one clip is not to wait

    pool = ThreadPoolExecutor(n_jobs)
    waiting: deque[Future[_Result]] = deque()
    try:
        for item in items:
            waiting.append(pool.submit(function, item))
            if len(waiting) > _AHEAD * n_jobs:
                yield waiting.popleft().result()
        while waiting:
            yield waiting.popleft().result()
    finally:
        # Also where the caller stops asking, or presses Ctrl-C.
        pool.shutdown(cancel_futures=True)
