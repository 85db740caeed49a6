"""Worker processes, one run at a time each, that die with their parent.

A worker gets tasks as JSON lines on its standard input and answers with events as JSON lines.
When the parent dies, even by ``kill -9``, the worker's input ends and it leaves at once: no
orphan goes on writing into a run folder that the next call works on.
"""

from __future__ import annotations

import contextlib
import json
import os
import queue
import subprocess
import sys
import threading
from collections.abc import Callable, Mapping, Sequence
from typing import Any

TaskEvent = Callable[[int, Mapping[str, Any]], None]
"""Called with the number of the task and an event; ``event["event"]`` is its kind."""

FINAL_EVENTS = ("done", "failed")
"""The kinds that end a task."""

_COMMAND = (sys.executable, "-m", "emovox.study.worker")


def run_tasks(
    tasks: Sequence[Mapping[str, Any]], *, n_jobs: int, n_threads: int, on_event: TaskEvent
) -> None:
    """Run tasks in worker processes and return when all have ended.

    Parameters
    ----------
    tasks : sequence of mapping
        What `emovox.study.worker` understands, each JSON-serializable.
    n_jobs : int
        How many workers side by side.
    n_threads : int
        How many threads the numerical libraries of each worker use. The figures of a run may
        depend on it in their last digits, so it is fixed by the study, not by the machine.
    on_event : callable
        Called in this thread. A task ends with exactly one of ``FINAL_EVENTS``.
    """
    pending: queue.SimpleQueue[tuple[int, Mapping[str, Any]]] = queue.SimpleQueue()
    events: queue.SimpleQueue[tuple[int, Mapping[str, Any]]] = queue.SimpleQueue()
    for item in enumerate(tasks):
        pending.put(item)
    workers = [_Worker(n_threads) for _ in range(min(n_jobs, len(tasks)))]
    for worker in workers:
        threading.Thread(target=worker.serve, args=(pending, events), daemon=True).start()
    try:
        n_left = len(tasks)
        while n_left:
            number, event = events.get()
            n_left -= event["event"] in FINAL_EVENTS
            on_event(number, event)
    finally:
        with contextlib.suppress(queue.Empty):  # after Ctrl-C nothing new shall start
            while True:
                pending.get_nowait()
        for worker in workers:
            worker.kill()


class _Worker:
    """One process and the pipes to it."""

    def __init__(self, n_threads: int) -> None:
        self._n_threads = n_threads
        self._process = self._start()

    def _start(self) -> subprocess.Popen[str]:
        threads = dict.fromkeys(
            ("OMP_NUM_THREADS", "MKL_NUM_THREADS", "OPENBLAS_NUM_THREADS"), str(self._n_threads)
        )
        return subprocess.Popen(
            _COMMAND,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            env={**os.environ, **threads},
            text=True,
            encoding="utf-8",
        )

    def serve(
        self,
        pending: queue.SimpleQueue[tuple[int, Mapping[str, Any]]],
        events: queue.SimpleQueue[tuple[int, Mapping[str, Any]]],
    ) -> None:
        """Do tasks until none is pending."""
        while True:
            try:
                number, task = pending.get_nowait()
            except queue.Empty:
                return
            if self._process.poll() is not None:
                self.kill()
                self._process = self._start()
            for event in self._perform(task):
                events.put((number, event))

    def _perform(self, task: Mapping[str, Any]) -> Any:
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        try:
            self._process.stdin.write(json.dumps(task) + "\n")
            self._process.stdin.flush()
            for line in self._process.stdout:
                event = json.loads(line)
                yield event
                if event["event"] in FINAL_EVENTS:
                    return
        except (OSError, ValueError):
            pass  # a pipe broke: told below
        code = self._process.wait()
        yield {
            "event": "failed",
            "error": "WorkerError",
            "message": f"the worker process ended with code {code}.",
            "hint": "Out of memory? The same command goes on where it was; try --jobs 1.",
        }

    def kill(self) -> None:
        """End the process, whatever it does, and close the pipes to it."""
        self._process.kill()
        self._process.wait()
        for pipe in (self._process.stdin, self._process.stdout):
            if pipe is not None:
                with contextlib.suppress(OSError):  # the other end is gone
                    pipe.close()
