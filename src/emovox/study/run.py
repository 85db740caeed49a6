"""A whole study: recordings, plan, features, runs, figures. Every step goes on where it was."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Mapping, Sequence
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any, Protocol

from emovox.corpora import read_manifest, write_manifest
from emovox.errors import EmovoxError, WorkerError
from emovox.features import ExtractionOptions, FeatureStore
from emovox.files import write_text
from emovox.study.data import SYNTHETIC, LeftOutRow, gather_clips, write_left_out
from emovox.study.evidence import EvidencePlace, gather_evidence
from emovox.study.execute import MANIFEST_NAME, Source, extract_rows
from emovox.study.logs import log_finished, plan_logs, write_log_plan
from emovox.study.places import STUDY_NAME, StudyOptions, write_call
from emovox.study.plan import StudyPlan, read_study
from emovox.study.pool import run_tasks
from emovox.study.report import write_report
from emovox.study.runs import Run, expand_plan
from emovox.training import get_model_spec, validate_logs
from emovox.types import Clip, Progress

_SOURCE_NAME = "source.json"


class Watcher(Protocol):
    """Who is told what goes on."""

    def stage(self, label: str) -> AbstractContextManager[Progress | None]:
        """Give a progress callback, or None, while something is done."""
        ...

    def show_plan(self, runs: Sequence[Run], pending: Sequence[Run]) -> None:
        """Tell which runs there are, and which of them are still to do."""
        ...

    def show_event(self, run: Run, event: Mapping[str, Any]) -> None:
        """Tell of an epoch (``event["event"]`` = ``epoch``) or an end (``done``, ``failed``).

        An epoch has the values of an `EpochRecord` and ``n_epochs``; ``done`` what
        ``summary.json`` has; ``failed`` has ``error``, ``message``, ``hint``.
        """
        ...


def run_study(plan: StudyPlan, options: StudyOptions, watcher: Watcher) -> Path:
    """Run a study, or what is left of it, and write its report.

    Parameters
    ----------
    plan : StudyPlan
        What is compared.
    options : StudyOptions
        Where and how.
    watcher : Watcher
        Told of progress.

    Returns
    -------
    Path
        ``results.json``.

    Raises
    ------
    WorkerError
        If a run failed; all others are finished and reported.
    MissingExtraError
        If a log needs an extra that is not installed.
    EmovoxError
        Whatever the rooms below raise.
    """
    root = options.root
    validate_logs(options.logs)
    root.mkdir(parents=True, exist_ok=True)
    write_call(plan, options)
    source = _describe_source(plan, options)
    clips = _recall_clips(root, source)
    if clips is None:
        clips, left_out = gather_clips(plan, options.data, root, watcher.stage)
        watcher.show_plan(*_list_runs(plan, clips, root))
        clips, unreadable = _extract_all(plan, clips, options, watcher)
        write_left_out(root / "left_out.csv", left_out + unreadable)
        clips = _keep_clips(root, source, clips)
        runs, pending = _list_runs(plan, clips, root)
    else:
        runs, pending = _list_runs(plan, clips, root)
        watcher.show_plan(runs, pending)
    finished = [run for run in runs if run.is_finished(root)]
    log_finished(finished, plan.study.name, options.logs, root)
    failures = _perform(pending, plan, options, watcher) if pending else []
    place = EvidencePlace(
        root=root,
        store=_get_store(plan, options),
        n_jobs=options.get_n_jobs(),
        stage=watcher.stage,
    )
    gather_evidence(plan, clips, runs, place)
    with watcher.stage("evaluating"):
        results = write_report(plan, clips, runs, root)
    if failures:
        run, event = failures[0]
        raise WorkerError(
            f"{len(failures)} of {len(pending)} runs failed; first {run.label} "
            f"({run.get_folder(root)}) with {event['error']}: {event['message']}",
            hint=event["hint"] or "Its run.log says more; the same command tries again.",
        )
    return results


def plan_study(
    plan: StudyPlan, options: StudyOptions, watcher: Watcher
) -> tuple[tuple[Run, ...], list[Run]]:
    """Find out what a study would do, without doing it.

    Recordings are found, or made where they are synthetic; nothing is computed of them.

    Parameters
    ----------
    plan : StudyPlan
        What is compared.
    options : StudyOptions
        Where; runs finished there are not done again.
    watcher : Watcher
        Told of progress.

    Returns
    -------
    tuple of Run
        All of the study.
    list of Run
        Those to do.

    Raises
    ------
    EmovoxError
        If recordings are missing, or a protocol cannot split them.
    """
    root = options.root
    clips = _recall_clips(root, _describe_source(plan, options))
    if clips is None:
        clips, _ = gather_clips(plan, options.data, root, watcher.stage)
    return _list_runs(plan, clips, root)


def report_study(root: Path, *, links: bool = True) -> Path:
    """Compute figures and report again from what a run folder holds, and nothing else.

    Parameters
    ----------
    root : Path
        Folder of the study.
    links : bool, default=True
        Whether the page links to recordings.

    Returns
    -------
    Path
        ``results.json``.

    Raises
    ------
    ConfigError, ManifestError
        If the folder holds no study.
    """
    plan = read_study(root / STUDY_NAME)
    clips = read_manifest(root / MANIFEST_NAME)
    return write_report(plan, clips, expand_plan(plan, clips), root, links=links)


def _recall_clips(root: Path, source: Mapping[str, Any]) -> tuple[Clip, ...] | None:
    """Return the clips that an earlier call found in the same data, features extracted."""
    memo, manifest = root / _SOURCE_NAME, root / MANIFEST_NAME
    if not (memo.is_file() and manifest.is_file()):
        return None
    same = json.loads(memo.read_text(encoding="utf-8")) == source
    return read_manifest(manifest) if same else None


def _keep_clips(root: Path, source: Mapping[str, Any], clips: Sequence[Clip]) -> tuple[Clip, ...]:
    memo, manifest = root / _SOURCE_NAME, root / MANIFEST_NAME
    memo.unlink(missing_ok=True)  # it never speaks of another manifest
    write_manifest(manifest, clips)
    write_text(memo, json.dumps(source, indent=2))
    return read_manifest(manifest)


def _describe_source(plan: StudyPlan, options: StudyOptions) -> dict[str, Any]:
    """Return what the manifest depends on, as JSON gives it back."""
    source = {
        "data": None if options.data is None else str(options.data.resolve()),
        "corpora": plan.study.corpora,
        "synthetic": dataclasses.asdict(plan.synthetic) if SYNTHETIC in plan.study.corpora else {},
        "clips": plan.fast_settings.clips if plan.study.fast else None,
        "store": str(_get_store(plan, options)),
        "rows": [dataclasses.astuple(source) for source in _list_sources(plan)],
    }
    if plan.study.emotions:
        source["emotions"] = plan.study.emotions
    result: dict[str, Any] = json.loads(json.dumps(source))
    return result


def _list_sources(plan: StudyPlan) -> list[Source]:
    """Return what rows the runs of a study read, each once."""
    sources = {
        Source(e.features, e.augmentation, get_model_spec(e.model).input, seed): None
        for e in plan.experiments
        for seed in plan.study.seeds
    }
    return list(sources)


def _extract_all(
    plan: StudyPlan, clips: tuple[Clip, ...], options: StudyOptions, watcher: Watcher
) -> tuple[tuple[Clip, ...], list[LeftOutRow]]:
    """Fill the store; return the clips that have all their rows, and why others have not."""
    store = FeatureStore(_get_store(plan, options))
    extraction = ExtractionOptions(store=store, n_jobs=options.get_n_jobs())
    bad: dict[int, EmovoxError] = {}
    for source in _list_sources(plan):
        altered = "" if source.augmentation == "none" else f", augmented ({source.augmentation})"
        with watcher.stage(f"features {source.features!r}{altered}") as progress:
            table = extract_rows(clips, source, extraction, progress)
        for (clip, _), error in table.errors.items():
            bad.setdefault(clip, error)
    unreadable = [
        (clips[i].corpus, clips[i].path, error.code, error.message)
        for i, error in sorted(bad.items())
    ]
    return tuple(clip for i, clip in enumerate(clips) if i not in bad), unreadable


def _get_store(plan: StudyPlan, options: StudyOptions) -> Path:
    named = options.store or plan.study.store
    return Path(named) if named else options.root / "store"


def _perform(
    runs: Sequence[Run], plan: StudyPlan, options: StudyOptions, watcher: Watcher
) -> list[tuple[Run, Mapping[str, Any]]]:
    """Perform runs in worker processes; return those that failed, and how."""
    place = {"root": str(options.root), "store": str(_get_store(plan, options))}
    tasks = [
        {
            "config": run.config.to_dict(),
            "logs": write_log_plan(plan_logs(run, plan.study.name, options.logs)),
            **place,
        }
        for run in runs
    ]
    failures: list[tuple[Run, Mapping[str, Any]]] = []

    def on_event(number: int, event: Mapping[str, Any]) -> None:
        if event["event"] == "failed":
            failures.append((runs[number], event))
        watcher.show_event(runs[number], event)

    # One thread each, whatever the machine has: the same study, the same figures.
    run_tasks(tasks, n_jobs=options.get_n_jobs(), n_threads=1, on_event=on_event)
    return failures


def _list_runs(
    plan: StudyPlan, clips: Sequence[Clip], root: Path
) -> tuple[tuple[Run, ...], list[Run]]:
    """Return all runs, and those to do, each configuration once: experiments may share them."""
    runs = expand_plan(plan, clips)
    pending = {run.config.id: run for run in runs if not run.is_finished(root)}
    return runs, list(pending.values())
