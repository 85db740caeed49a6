"""What a report holds besides scores: the audit of the runs, and the statistics of features.

Both are computed once, after the runs, and kept in the folder of the study; a report is written
from what is kept there.
"""

from __future__ import annotations

import dataclasses
import hashlib
import json
import shutil
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeAlias

import numpy as np

from emovox.features import ExtractionOptions, FeatureStore, get_feature_set
from emovox.files import write_text
from emovox.study.data import Stage
from emovox.study.execute import Source, extract_rows
from emovox.study.plan import StudyPlan
from emovox.study.runs import Run, hash_clips
from emovox.types import Clip

AUDIT_NAME = "audit.json"
STATISTICS_NAME = "statistics"
_DATA_NAME = "data.txt"

Record: TypeAlias = Mapping[str, Any]


@dataclass(frozen=True, slots=True, eq=False)
class Evidence:
    """What was found besides scores.

    Attributes
    ----------
    audit : mapping or None
        What `AuditReport.to_dict` gives.
    statistics : tuple of mapping
        What ``statistics.json`` holds, one a feature set.
    """

    audit: Record | None = None
    statistics: tuple[Record, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class EvidencePlace:
    """Where evidence is found and kept.

    Attributes
    ----------
    root : Path
        Folder of the study.
    store : Path
        Folder of the feature store.
    n_jobs : int
        Processes.
    stage : callable
        Told what is being done.
    """

    root: Path
    store: Path
    n_jobs: int
    stage: Stage


def gather_evidence(
    plan: StudyPlan, clips: Sequence[Clip], runs: Sequence[Run], place: EvidencePlace
) -> None:
    """Compute what ``[report]`` asks for, unless it is there and of the same data.

    Parameters
    ----------
    plan : StudyPlan
        Its table ``[report]`` says what.
    clips : sequence of Clip
        The manifest of the study.
    runs : sequence of Run
        Those finished are audited.
    place : EvidencePlace
        Where.

    Raises
    ------
    EmovoxError
        Whatever statistics or audit raise.
    """
    data = hash_clips(clips)
    for name in plan.report.statistics:
        _measure_features(name, clips, data, place)
    finished = sorted({run.config.id for run in runs if run.is_finished(place.root)})
    if plan.report.audit and finished:
        _audit_runs(_hash([data, *finished]), place)


def read_evidence(plan: StudyPlan, root: Path) -> Evidence:
    """Return what is kept of what ``[report]`` asks for."""
    path = root / AUDIT_NAME
    known = plan.report.audit and path.is_file()
    statistics = (
        root / STATISTICS_NAME / name / "statistics.json" for name in plan.report.statistics
    )
    return Evidence(
        audit=json.loads(path.read_text(encoding="utf-8")) if known else None,
        statistics=tuple(
            json.loads(one.read_text(encoding="utf-8")) for one in statistics if one.is_file()
        ),
    )


def _measure_features(name: str, clips: Sequence[Clip], data: str, place: EvidencePlace) -> None:
    # Its figures need matplotlib, which takes a second.
    from emovox.study.statistics import (  # noqa: PLC0415
        give_advice,
        measure_statistics,
        write_statistics,
    )

    folder = place.root / STATISTICS_NAME / name
    memo = folder / _DATA_NAME
    if memo.is_file() and memo.read_text(encoding="utf-8") == data:
        return
    extraction = ExtractionOptions(store=FeatureStore(place.store), n_jobs=place.n_jobs)
    with place.stage(f"statistics of {name!r}") as progress:
        source = Source(name, "none", "statistics", seed=0)
        table = extract_rows(clips, source, extraction, progress)
        # A clip without features must not count as one whose features are all 0.
        values = np.where(table.valid[:, :1], table.values[:, 0], np.nan)
        statistics = measure_statistics(clips, values, get_feature_set(name))
        shutil.rmtree(folder, ignore_errors=True)
        write_statistics(statistics, folder, give_advice(statistics.results))
    write_text(memo, data)


def _audit_runs(state: str, place: EvidencePlace) -> None:
    # The audit can run studies itself, so it stands above this module.
    from emovox.study.audit import AuditOptions, audit_runs  # noqa: PLC0415

    path = place.root / AUDIT_NAME
    if path.is_file() and json.loads(path.read_text(encoding="utf-8"))["state"] == state:
        return
    options = AuditOptions(n_jobs=place.n_jobs, store=place.store, stage=place.stage)
    report = dataclasses.replace(audit_runs(place.root, options), target="the runs of this study")
    write_text(path, json.dumps({**report.to_dict(), "state": state}, indent=1))


def _hash(parts: Sequence[str]) -> str:
    return hashlib.sha256(json.dumps(parts).encode()).hexdigest()[:16]
