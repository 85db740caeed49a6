"""Learning curves: read from run folders, and read at the epoch that is tested."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TypeAlias

from emovox.study.runs import Run
from emovox.training import EpochRecord
from emovox.training.history import METRICS_NAME

Curves: TypeAlias = Mapping[str, Sequence[Sequence[EpochRecord]]]
"""Protocol -> the histories of its runs."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CurveSummary:
    """The histories of one idea under one protocol, in a few numbers.

    Attributes
    ----------
    n_runs, n_epochs : int
        Histories, and epochs of all of them.
    seen, off, watched : float or None
        UAR at the epoch that is tested, mean over runs: of training rows as seen in training, of
        training rows with dropout off, of watched rows. None where nothing was recorded.
    n_above_seen, n_above_off : int
        Epochs in which watched rows score above training rows as seen, and with dropout off.
    """

    n_runs: int
    n_epochs: int
    seen: float | None
    off: float | None
    watched: float | None
    n_above_seen: int
    n_above_off: int

    @property
    def gap(self) -> float | None:
        """Training rows, dropout off, minus watched rows."""
        return None if self.off is None or self.watched is None else self.off - self.watched


def read_curves(experiment: str, runs: Sequence[Run], root: Path) -> Curves:
    """Return protocol -> histories of the networks of one experiment."""
    curves: dict[str, list[list[EpochRecord]]] = {}
    for run in runs:
        if run.experiment.name == experiment and run.is_network:
            lines = (run.get_folder(root) / METRICS_NAME).read_text(encoding="utf-8").splitlines()
            records = [EpochRecord.from_dict(json.loads(line)) for line in lines]
            curves.setdefault(run.config.protocol, []).append(records)
    return curves


def summarize_curves(histories: Sequence[Sequence[EpochRecord]], *, selected: bool) -> CurveSummary:
    """Read histories at the epoch that is tested, and count where watched rows lead.

    Parameters
    ----------
    histories : sequence of sequence of EpochRecord
        One a run.
    selected : bool
        Whether the best epoch on the watched rows is tested; the last one otherwise.
    """
    tested: list[tuple[float, float, float]] = []
    n_above_seen = n_above_off = n_epochs = 0
    for records in histories:
        triples = [
            (record.train.uar, (record.train_eval or record.train).uar, record.watch.uar)
            for record in records
            if record.train is not None and record.watch is not None
        ]
        if not triples:
            continue
        tested.append(max(triples, key=lambda triple: triple[2]) if selected else triples[-1])
        n_epochs += len(triples)
        n_above_seen += sum(watched > seen for seen, _, watched in triples)
        n_above_off += sum(watched > off for _, off, watched in triples)
    seen, off, watched = (
        sum(triple[i] for triple in tested) / len(tested) if tested else None for i in range(3)
    )
    return CurveSummary(
        n_runs=len(histories),
        n_epochs=n_epochs,
        seen=seen,
        off=off,
        watched=watched,
        n_above_seen=n_above_seen,
        n_above_off=n_above_off,
    )
