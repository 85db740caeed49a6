"""From stored predictions and the manifest to figures: no model is loaded, nothing is trained.

Figures of one fold stand beside figures pooled over folds (``fold`` = ``all``), which carry
95 % intervals by resampling speakers: the recordings of one person are one vote.
"""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from emovox.emotions import EMOTIONS
from emovox.metrics import (
    ResamplingOptions,
    compute_accuracy,
    compute_confusion,
    compute_macro_f1,
    compute_recalls,
    compute_uar,
    estimate_interval,
)
from emovox.protocols import get_protocol
from emovox.study.execute import PREDICTIONS_NAME, SEEN_NAME
from emovox.study.runs import SUMMARY_NAME, Run
from emovox.study.scored import ALL, Labels, Scored, read_scored
from emovox.types import Clip, IntArray

__all__ = ["ALL", "RESULT_FIELDS", "Evaluation", "Row", "evaluate_runs"]

_CROSS = ("corpus", "corpus-pairs")

METRICS = ("accuracy", "uar", "macro_f1")
"""Those that have intervals."""

Row = dict[str, Any]
"""A row of ``results.json``; `RESULT_FIELDS` says what is in it."""

RESULT_FIELDS: Mapping[str, str] = {
    "experiment": "name of the idea in the study file",
    "model": "its model",
    "features": "its feature set",
    "augmentation": "its augmentation policy",
    "normalize": "'speaker' where each speaker's mean and deviation were taken out, else 'none'",
    "protocol": "who is in train and test",
    "leaky": "true where the protocol is faulty on purpose",
    "corpus": "corpus of the rows scored, or 'all'; training is always on all corpora",
    "train_corpora": "corpora trained on",
    "emotions": "emotions among the test rows; chance is one over their number",
    "fold": "number of the fold, or 'all': test rows of all folds pooled",
    "seed": "of folds, augmentation and training",
    "n_train_speakers": "speakers trained on; pooled: mean over folds",
    "n_train": "training rows of that corpus; pooled: mean over folds",
    "n_test": "test rows of that corpus",
    "n_speakers": "speakers among the test rows",
    "accuracy": "share of test rows that are right",
    "uar": "mean over emotions of the share that is right",
    "macro_f1": "mean over emotions of F1",
    "accuracy_low": "lower end of the 95 % interval, by speaker; pooled, or across corpora",
    "accuracy_high": "upper end",
    "uar_low": "lower end of the 95 % interval, by speaker; pooled, or across corpora",
    "uar_high": "upper end",
    "macro_f1_low": "lower end of the 95 % interval, by speaker; pooled, or across corpora",
    "macro_f1_high": "upper end",
    **{f"recall_{name}": f"share of {name} rows that are right; null if none" for name in EMOTIONS},
    "train_uar": "UAR on the training rows, by the finished model; pooled: mean over folds",
    "n_test_clean": "test rows that are recordings as published, not altered copies",
    "accuracy_clean": "accuracy on those alone",
    "uar_clean": "UAR on those alone",
    "n_parameters": "of the network; 0 for classical models",
    "epochs": "trained, 0 for classical models; pooled: mean over folds",
    "selected_epoch": "whose weights were tested, 0 for classical models; pooled: mean",
    "seconds": "of training; pooled: sum over folds",
    "run": "name of the run folder; null where pooled",
    "fast": "true for the small version of the study, whose figures mean little",
}


@dataclass(frozen=True, slots=True, eq=False)
class Evaluation:
    """All figures of a study.

    Attributes
    ----------
    rows : tuple of dict
        What ``results.json`` holds.
    confusions : mapping of (experiment, protocol) to ndarray of int64, shape (8, 8)
        Counts of test rows, truth by prediction; folds and seeds added up.
    tests : mapping of (experiment, protocol, seed) to Scored
        All test rows, fold after fold.
    """

    rows: tuple[Row, ...]
    confusions: Mapping[tuple[str, str], IntArray]
    tests: Mapping[tuple[str, str, int], Scored]


@dataclass(frozen=True, slots=True, eq=False)
class _Outcome:
    run: Run
    test: Scored
    train: Scored
    summary: Mapping[str, Any]


def evaluate_runs(
    runs: Sequence[Run], clips: Sequence[Clip], root: Path, *, intervals: bool = True
) -> Evaluation:
    """Compute all figures of the finished runs of a study.

    Parameters
    ----------
    runs : sequence of Run
        Those not finished are passed over.
    clips : sequence of Clip
        The manifest of the study.
    root : Path
        Folder of the study.
    intervals : bool, default=True
        Whether speakers are resampled, which takes most of the time.

    Returns
    -------
    Evaluation

    Raises
    ------
    ManifestError
        If predictions speak of clips that the manifest does not have.
    """
    labels = Labels.of(clips)
    groups: dict[tuple[str, str, int], list[_Outcome]] = defaultdict(list)
    for run in runs:
        if run.is_finished(root):
            key = (run.experiment.name, run.config.protocol, run.config.seed)
            groups[key].append(_read_outcome(run, labels, root))
    rows: list[Row] = []
    confusions: dict[tuple[str, str], IntArray] = {}
    tests: dict[tuple[str, str, int], Scored] = {}
    for (experiment, protocol, seed), outcomes in groups.items():
        rows += _score_group(outcomes, intervals)
        test = Scored.join([outcome.test for outcome in outcomes])
        tests[experiment, protocol, seed] = test
        counts = compute_confusion(test.truth, test.prediction).astype(np.int64)
        confusions[experiment, protocol] = counts + confusions.get((experiment, protocol), 0)
    return Evaluation(tuple(rows), confusions, tests)


def _read_outcome(run: Run, labels: Labels, root: Path) -> _Outcome:
    folder = run.get_folder(root)
    seen, is_train = read_scored(folder / SEEN_NAME, labels)
    return _Outcome(
        run=run,
        test=read_scored(folder / PREDICTIONS_NAME, labels)[0],
        train=seen.take(is_train),
        summary=json.loads((folder / SUMMARY_NAME).read_text(encoding="utf-8")),
    )


def _score_group(outcomes: Sequence[_Outcome], intervals: bool) -> Iterator[Row]:
    """Yield the rows of one experiment under one protocol with one seed."""
    corpora = sorted({name for outcome in outcomes for name in np.unique(outcome.test.corpus)})
    for corpus in (ALL, *corpora):
        folds = [(o, o.test.of_corpus(corpus)) for o in outcomes]
        folds = [(outcome, test) for outcome, test in folds if len(test)]
        single = [_score_fold(outcome, test, corpus) for outcome, test in folds]
        if intervals and corpus == ALL and outcomes[0].run.config.protocol in _CROSS:
            # Each fold is a question of its own: from these corpora to that one.
            for row, (_, test) in zip(single, folds, strict=True):
                _add_intervals(row, test)
        yield from single
        yield _pool_folds(single, Scored.join([test for _, test in folds]), intervals)


def _score_fold(outcome: _Outcome, test: Scored, corpus: str) -> Row:
    config = outcome.run.config
    train = outcome.train.of_corpus(corpus)
    row = {
        "experiment": outcome.run.experiment.name,
        "model": config.model,
        "features": config.features,
        "augmentation": config.augmentation,
        "normalize": config.normalize,
        "protocol": config.protocol,
        "leaky": get_protocol(config.protocol).leaky,
        "corpus": corpus,
        "train_corpora": np.unique(outcome.train.corpus).tolist(),
        "fold": config.fold,
        "seed": config.seed,
        "n_train_speakers": len(np.unique(outcome.train.speaker)),
        "n_train": len(train),
        **_score_rows(test),
        **dict.fromkeys(f"{metric}_{end}" for metric in METRICS for end in ("low", "high")),
        "train_uar": compute_uar(train.truth, train.prediction) if len(train) else None,
        "n_parameters": outcome.summary.get("n_parameters", 0),
        "epochs": outcome.summary["epochs"],
        "selected_epoch": outcome.summary["selected_epoch"],
        "seconds": outcome.summary["seconds"],
        "run": config.id,
        "fast": config.fast,
    }
    return {name: row[name] for name in RESULT_FIELDS}


def _score_rows(test: Scored) -> Row:
    clean = test.take(test.clean)
    return {
        "emotions": [EMOTIONS[index] for index in np.unique(test.truth)],
        "n_test": len(test),
        "n_speakers": len(np.unique(test.speaker)),
        "accuracy": compute_accuracy(test.truth, test.prediction),
        "uar": compute_uar(test.truth, test.prediction),
        "macro_f1": compute_macro_f1(test.truth, test.prediction),
        **{
            f"recall_{emotion}": recall if recall == recall else None  # NaN: no such rows
            for emotion, recall in zip(
                EMOTIONS, compute_recalls(test.truth, test.prediction).tolist(), strict=True
            )
        },
        "n_test_clean": len(clean),
        "accuracy_clean": compute_accuracy(clean.truth, clean.prediction) if len(clean) else None,
        "uar_clean": compute_uar(clean.truth, clean.prediction) if len(clean) else None,
    }


def _pool_folds(folds: Sequence[Row], test: Scored, intervals: bool) -> Row:
    trained = [row["train_uar"] for row in folds if row["train_uar"] is not None]
    row = folds[0] | {
        **_score_rows(test),
        "fold": ALL,
        "run": None,
        "train_corpora": sorted({name for row in folds for name in row["train_corpora"]}),
        **{
            name: round(float(np.mean([row[name] for row in folds])))
            for name in ("n_train", "n_train_speakers")
        },
        "train_uar": float(np.mean(trained)) if trained else None,
        "epochs": round(float(np.mean([row["epochs"] for row in folds])), 1),
        "selected_epoch": round(float(np.mean([row["selected_epoch"] for row in folds])), 1),
        "seconds": round(sum(row["seconds"] for row in folds), 3),
    }
    if intervals:
        _add_intervals(row, test)
    return row


def _add_intervals(row: Row, test: Scored) -> None:
    # One speaker alone, or clips whose speaker nobody knows, allow no interval.
    if row["n_speakers"] < 2 or "" in test.speaker:
        return
    for metric in METRICS:
        interval = estimate_interval(
            test.truth, test.prediction, test.speaker.tolist(), ResamplingOptions(metric=metric)
        )
        row[f"{metric}_low"], row[f"{metric}_high"] = interval.low, interval.high
