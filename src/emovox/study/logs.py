"""Curves of a study's runs in TensorBoard and MLflow."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from emovox.study.runs import Run
from emovox.training import LogPlan, open_logs, read_records


def plan_logs(run: Run, study: str, names: Sequence[str]) -> LogPlan:
    """Return what the logs of a run are called: it by its label, its group by the study."""
    return LogPlan(names=tuple(names), group=study, title=run.label)


def write_log_plan(plan: LogPlan) -> dict[str, Any]:
    """Return a plan as values that JSON can hold."""
    return dataclasses.asdict(plan)


def read_log_plan(values: Mapping[str, Any]) -> LogPlan:
    """Make a plan of what ``write_log_plan`` returned."""
    return LogPlan(**{**values, "names": tuple(values["names"])})


def log_finished(runs: Sequence[Run], study: str, names: Sequence[str], root: Path) -> None:
    """Give runs that were finished before the logs they lack, from the figures they left."""
    if not names:
        return
    for run in {run.config.id: run for run in runs}.values():
        folder = run.get_folder(root)
        with open_logs(plan_logs(run, study, names), folder, run.config.to_dict()) as logs:
            for log in logs:
                log.start(read_records(folder))
