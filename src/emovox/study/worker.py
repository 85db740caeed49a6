"""The process that performs runs: tasks in as JSON lines, events out as JSON lines.

Started by `emovox.study.pool` as ``python -m emovox.study.worker``; it leaves when its input ends.
"""

from __future__ import annotations

import json
import os
import queue
import signal
import sys
import threading
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, TextIO

from emovox.errors import EmovoxError
from emovox.study.execute import RunPlace, execute_run
from emovox.study.logs import read_log_plan
from emovox.study.runs import RunConfig

Send = Callable[[Mapping[str, Any]], None]


def main() -> None:
    """Perform tasks until the parent closes the pipe or dies."""
    # Ctrl-C reaches the whole process group; the parent decides what becomes of it.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    stream = _claim_stdout()
    tasks: queue.SimpleQueue[str] = queue.SimpleQueue()
    threading.Thread(target=_read_tasks, args=(tasks,), daemon=True).start()

    def send(event: Mapping[str, Any]) -> None:
        stream.write(json.dumps(event) + "\n")
        stream.flush()

    while True:
        perform_task(json.loads(tasks.get()), send)


def perform_task(task: Mapping[str, Any], send: Send) -> None:
    """Perform one run and send its events; errors become events too."""
    try:
        summary = execute_run(
            RunConfig.from_dict(task["config"]),
            RunPlace(Path(task["root"]), Path(task["store"])),
            lambda record, n_epochs: send(
                {"event": "epoch", "n_epochs": n_epochs, **record.to_dict()}
            ),
            read_log_plan(task["logs"]),
        )
    except EmovoxError as error:
        send(
            {
                "event": "failed",
                "error": type(error).__name__,
                "message": error.message,
                "hint": error.hint,
            }
        )
    except Exception as error:  # noqa: BLE001 - one run's bug must not stop the others
        # The traceback is in the run's log.
        send({"event": "failed", "error": type(error).__name__, "message": str(error), "hint": ""})
    else:
        send({"event": "done", **summary})


def _claim_stdout() -> TextIO:
    """Keep standard output for events; whatever libraries print goes to standard error."""
    stream = os.fdopen(os.dup(sys.stdout.fileno()), "w", encoding="utf-8")
    os.dup2(sys.stderr.fileno(), sys.stdout.fileno())
    return stream


def _read_tasks(tasks: queue.SimpleQueue[str]) -> None:
    for line in sys.stdin:
        tasks.put(line)
    # The parent is gone. Leave in the middle of whatever goes on: every file is written beside
    # its place and renamed into it, and the training goes on from its checkpoint next time.
    os._exit(0)


if __name__ == "__main__":
    main()
