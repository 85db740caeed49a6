from __future__ import annotations

import subprocess
import sys
from typing import Any

from emovox.study import pool
from emovox.study.pool import FINAL_EVENTS, run_tasks
from emovox.study.worker import perform_task

BAD_TASK = {"config": {"training": {}}, "root": "nowhere", "store": "nowhere"}


def test_every_task_ends_with_one_final_event():
    ends: list[tuple[int, Any]] = []

    def on_event(number, event):
        if event["event"] in FINAL_EVENTS:
            ends.append((number, event))

    run_tasks([BAD_TASK] * 3, n_jobs=2, n_threads=1, on_event=on_event)
    assert sorted(number for number, _ in ends) == [0, 1, 2]
    assert {event["event"] for _, event in ends} == {"failed"}


def test_a_worker_that_dies_fails_its_task_and_the_next_gets_a_new_one(monkeypatch):
    dying = (sys.executable, "-c", "import sys; sys.stdin.readline(); sys.exit(9)")
    monkeypatch.setattr(pool, "_COMMAND", dying)
    ends: list[Any] = []
    run_tasks([BAD_TASK] * 2, n_jobs=1, n_threads=1, on_event=lambda n, event: ends.append(event))
    assert [event["error"] for event in ends] == ["WorkerError", "WorkerError"]
    assert "ended with code 9" in ends[0]["message"]
    assert "--jobs 1" in ends[0]["hint"]


def test_errors_become_events_with_hints():
    sent: list[Any] = []
    perform_task({**BAD_TASK, "config": {"training": {"epochs": 1}}}, sent.append)
    assert sent[0]["event"] == "failed"
    assert sent[0]["error"] == "TypeError"


def test_a_worker_leaves_when_its_parent_is_gone():
    worker = subprocess.Popen(
        [sys.executable, "-m", "emovox.study.worker"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
    )
    assert worker.stdin is not None
    worker.stdin.close()
    assert worker.wait(timeout=60) == 0
    assert worker.stdout is not None
    worker.stdout.close()
