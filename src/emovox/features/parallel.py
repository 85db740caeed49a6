"""Many small pieces of work over processes, in order, in bounded memory."""

from __future__ import annotations

import multiprocessing
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from typing import TypeVar

from emovox.errors import WorkerError
from emovox.features.extraction import start_worker

Task = TypeVar("Task")
Answer = TypeVar("Answer")

_TASKS_AHEAD = 3


def map_parallel(
    function: Callable[[Task], Answer], tasks: Iterable[Task], n_jobs: int
) -> Iterator[Answer]:
    """Yield ``function(task)`` of each task, in their order.

    Parameters
    ----------
    function : callable
        Of a module, so that another process can import it.
    tasks : iterable
        Large enough that sending one costs little beside it.
    n_jobs : int
        Processes; 1 works in this one.

    Raises
    ------
    WorkerError
        If a process died.
    """
    if n_jobs == 1:
        yield from map(function, tasks)
        return
    # Spawned processes share no locks, threads or random state with this one, on any system.
    context = multiprocessing.get_context("spawn")
    pool = ProcessPoolExecutor(n_jobs, mp_context=context, initializer=start_worker)
    waiting: deque[Future[Answer]] = deque()
    try:
        for task in tasks:
            waiting.append(pool.submit(function, task))
            if len(waiting) >= _TASKS_AHEAD * n_jobs:
                yield waiting.popleft().result()
        while waiting:
            yield waiting.popleft().result()
    except BrokenProcessPool as error:
        raise WorkerError(
            "a worker process died, killed or out of memory.",
            hint="Run the same command again, with fewer jobs.",
        ) from error
    finally:
        pool.shutdown(cancel_futures=True)
