"""Whether a stored scaler was fitted on training rows, or saw others too.

A scaler is mean and deviation of rows that anyone can measure again. Whose they are is seen by
comparing them with those of the training rows, of all rows, and of what lies between: figures of
the same rows agree to rounding, those of others differ by a thousand times as much.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from emovox.protocols import DEV, TEST, TRAIN, UNUSED, Finding, Fold
from emovox.study.execute import SCALER_NAME
from emovox.training import RowTable, StandardScaler
from emovox.types import FloatArray

_SAME = 1e-4
"""Largest difference, in deviations of a feature, that rounding explains. Leaving out one of ten
thousand rows moves a mean by more, somewhere among a hundred features."""

_PARTS: Mapping[str, tuple[int, ...]] = {
    "training rows": (TRAIN,),
    "training and dev rows": (TRAIN, DEV),
    "training and test rows": (TRAIN, TEST),
    "training, dev and test rows": (TRAIN, DEV, TEST),
    "test rows": (TEST,),
    "all rows, used or not": (UNUSED, TRAIN, DEV, TEST),
}


@dataclass(frozen=True, slots=True, eq=False)
class Statistics:
    """Mean and deviation of every feature, each of shape (n_features,)."""

    mean: FloatArray
    deviation: FloatArray

    def differ(self, other: Statistics) -> float:
        """Return by how much, at most, in deviations of a feature; infinite for other features."""
        if self.mean.shape != other.mean.shape:
            return float("inf")
        scale = np.maximum(np.abs(other.deviation), 1e-12)
        # A feature that never changes has mean m and deviation 1: compare it with its own size.
        scale = np.maximum(scale, 1e-3 * np.abs(other.mean))
        means = np.abs(self.mean - other.mean) / scale
        deviations = np.abs(self.deviation - other.deviation) / scale
        return float(max(means.max(), deviations.max()))


def read_scaler(folder: Path) -> Statistics | None:
    """Read the scaler of a run, if it stored one."""
    path = folder / SCALER_NAME
    if not path.is_file():
        return None
    table = json.loads(path.read_text(encoding="utf-8"))
    return Statistics(*(np.array(table[name], dtype=np.float32) for name in ("mean", "deviation")))


def identify_rows(stored: Statistics, table: RowTable, fold: Fold) -> str:
    """Return whose statistics these are: one of a few names of rows, or empty.

    Parameters
    ----------
    stored : Statistics
        Of a scaler.
    table : RowTable
        Features of all clips and their altered copies.
    fold : Fold
        Who is in train, dev and test.
    """
    for name, statistics in _measure_parts(table, fold):
        if stored.differ(statistics) < _SAME:
            return name
    return ""


def _measure_parts(table: RowTable, fold: Fold) -> Iterator[tuple[str, Statistics]]:
    measured: set[bytes] = set()
    n_columns = fold.splits.shape[1]
    for name, splits in _PARTS.items():
        # Of unused altered copies nobody fits anything; those of dev and test clips are unused.
        for columns in {n_columns, 1}:
            mask = np.isin(fold.splits[:, :columns], splits)
            if not mask.any() or mask.tobytes() in measured:
                continue
            measured.add(mask.tobytes())
            rows = table.take(*(index.astype(np.int64) for index in np.nonzero(mask)))
            fitted = StandardScaler.fit(rows.values, rows.lengths)
            yield name, Statistics(fitted.mean, fitted.deviation)


def judge_scaler(
    stored: Statistics, table: RowTable, folds: Iterable[Fold], where: str
) -> Finding | None:
    """Return what is wrong with a scaler, None if it is that of the training rows of a fold."""
    found = {identify_rows(stored, table, fold) for fold in folds}
    if "training rows" in found:
        return None
    guilty = sorted(found - {""})
    if not guilty:
        return Finding.of("unknown-scaler", (), where)
    return Finding.of("test-fitted-scaler", (), where, rows=guilty[0])
