"""What a running study shows: the plan first, then how far each run is.

On a terminal a bar for each run that goes on; elsewhere a line now and then.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager
from typing import TYPE_CHECKING, Any

import click

from emovox.cli.progress import progress_bar
from emovox.study import CostModel, Run, StudyOptions, expect_features
from emovox.types import Progress

if TYPE_CHECKING:
    from rich.progress import Progress as Bars
    from rich.progress import TaskID

_LINE_EVERY_S = 60.0


class StudyView:
    """Shows the plan, stages and runs of a study on standard error.

    Parameters
    ----------
    options : StudyOptions
        Of the study.
    bars : rich.progress.Progress or None
        None where standard error is no terminal.
    """

    def __init__(self, options: StudyOptions, bars: Bars | None) -> None:
        self._n_jobs = options.get_n_jobs()
        self._cost = CostModel.of_folder(options.root, typical=True)
        self._bars = bars
        self._tasks: dict[str, TaskID] = {}
        self._pending: dict[str, Run] = {}
        self._n_runs = 0
        self._last_line = time.monotonic()

    def stage(self, label: str) -> AbstractContextManager[Progress | None]:
        """Name what is being done, and give a bar for it."""
        if self._bars is not None:
            self._bars.stop()  # there can be only one live display
        click.echo(f"{label} ...", err=True)
        return progress_bar(label)

    def show_plan(self, runs: Sequence[Run], pending: Sequence[Run]) -> None:
        """Print a line for each experiment under each protocol, and the time it may take."""
        self._pending = {run.config.id: run for run in pending}
        self._n_runs = len(pending)
        for line in format_plan(runs, pending, self._cost):
            click.echo(line, err=True)
        click.echo(
            f"{len(pending)} runs to do, {self._n_jobs} at a time; {self._expect()}\n", err=True
        )

    def show_event(self, run: Run, event: Mapping[str, Any]) -> None:
        """Show an epoch, or the end of a run."""
        if self._bars is not None and not self._tasks:
            self._bars.start()
            self._tasks[""] = self._bars.add_task("all runs", total=self._n_runs, note="")
        if event["event"] == "epoch":
            if run.is_network:
                self._cost.learn(run.config, run.n_train, 1, event["seconds"])
            self._show_epoch(run, event)
            return
        self._pending.pop(run.config.id, None)
        if event["event"] == "done" and not run.is_network:
            self._cost.learn(run.config, run.n_train, 0, event["seconds"])
        n_done = self._n_runs - len(self._pending)
        self._say(f"{n_done}/{self._n_runs}  {run.label}: {_describe_end(event)}; {self._expect()}")
        if self._bars is not None:
            self._bars.update(self._tasks[""], completed=n_done, note=self._expect())
            if run.config.id in self._tasks:
                self._bars.remove_task(self._tasks.pop(run.config.id))

    def _show_epoch(self, run: Run, event: Mapping[str, Any]) -> None:
        note = f"train {_percent(event['train'])}  watched {_percent(event['watch'])} UAR"
        if self._bars is not None:
            name, total = run.config.id, event["n_epochs"]
            if name not in self._tasks:
                self._tasks[name] = self._bars.add_task(run.label, total=total, note="")
            self._bars.update(self._tasks[name], completed=event["epoch"], note=note)
        elif time.monotonic() - self._last_line > _LINE_EVERY_S:
            self._say(f"      {run.label}: epoch {event['epoch']}/{event['n_epochs']}, {note}")

    def _say(self, line: str) -> None:
        self._last_line = time.monotonic()
        if self._bars is not None:
            self._bars.console.print(line, markup=False, highlight=False)
        else:
            click.echo(line, err=True)

    def _expect(self) -> str:
        pending = list(self._pending.values())
        seconds, n_unknown = self._cost.expect_all(pending, self._n_jobs)
        if pending and n_unknown == len(pending):
            return "time unknown yet"
        rest = f" + {n_unknown} unknown" if n_unknown else ""
        roughly = "" if self._cost.has_seen(pending) else "roughly "
        return f"at most {roughly}{format_duration(seconds)}{rest}"


@contextmanager
def watch_study(options: StudyOptions) -> Iterator[StudyView]:
    """Give a view of a study while it runs."""
    if not sys.stderr.isatty():
        yield StudyView(options, None)
        return
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, TextColumn
    from rich.progress import Progress as RichProgress

    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TextColumn("{task.fields[note]}"),
    )
    bars = RichProgress(*columns, console=Console(stderr=True), transient=True)
    try:
        yield StudyView(options, bars)
    finally:
        bars.stop()


def format_plan(runs: Sequence[Run], pending: Sequence[Run], cost: CostModel) -> list[str]:
    """Return the plan as lines of text: a row for each experiment under each protocol."""
    left = {run.config.id for run in pending}
    groups: dict[tuple[str, str], list[Run]] = {}
    for run in runs:
        groups.setdefault((run.experiment.name, run.config.protocol), []).append(run)
    table = [("experiment", "model", "augmentation", "protocol", "runs", "done", "train", "test",
              "at most")]  # fmt: skip
    for (experiment, protocol), group in groups.items():
        todo = [run for run in group if run.config.id in left]
        seconds, n_unknown = cost.expect_all(todo)
        table.append(
            (
                experiment,
                group[0].config.model,
                group[0].config.augmentation,
                protocol,
                str(len(group)),
                str(len(group) - len(todo)),
                f"{round(sum(run.n_train for run in group) / len(group)):,}",
                f"{round(sum(run.n_test for run in group) / len(group)):,}",
                "?" if n_unknown else format_duration(seconds),
            )
        )
    widths = [max(map(len, column)) for column in zip(*table, strict=True)]
    return [
        "  ".join(
            cell.ljust(width) if number < 4 else cell.rjust(width)
            for number, (cell, width) in enumerate(zip(row, widths, strict=True))
        ).rstrip()
        for row in table
    ]


def format_whole_plan(
    runs: Sequence[Run], pending: Sequence[Run], options: StudyOptions
) -> list[str]:
    """Return the plan, and below it what all of it takes."""
    cost = CostModel.of_folder(options.root, typical=True)
    n_jobs = options.get_n_jobs()
    seconds, n_unknown = cost.expect_all(pending, n_jobs)
    total = f"{len(pending)} of {len(runs)} runs to do, {n_jobs} at a time"
    if pending and n_unknown < len(pending):
        roughly = "" if cost.has_seen(pending) else "roughly "
        total += f"; training takes at most {roughly}{format_duration(seconds)}"
        features = format_duration(expect_features(runs, n_jobs))
        total += f", features before it about {features} where none is stored yet"
    if n_unknown:
        total += f"; of {n_unknown} runs the time is unknown"
    return [*format_plan(runs, pending, cost), total]


def format_duration(seconds: float) -> str:
    """Return such as ``0.3 s``, ``45 s``, ``12 min``, ``3 h 20 min``."""
    if seconds < 10:
        return f"{seconds:.1f} s"
    if seconds < 90:
        return f"{seconds:.0f} s"
    minutes = round(seconds / 60)
    return f"{minutes} min" if minutes < 90 else f"{minutes // 60} h {minutes % 60:02d} min"


def _percent(scores: Mapping[str, float] | None) -> str:
    return "-" if scores is None else f"{100 * scores['uar']:.1f}"


def _describe_end(event: Mapping[str, Any]) -> str:
    if event["event"] == "failed":
        return f"failed, {event['error']}: {event['message']}"
    epochs = f", {event['epochs']} epochs" if event["epochs"] else ""
    return f"done in {format_duration(event['seconds'])}{epochs}"
