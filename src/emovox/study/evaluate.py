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
from numpy.typing import NDArray

from emovox.emotions import EMOTIONS, encode_emotions
from emovox.errors import ManifestError
from emovox.metrics import (
    ResamplingOptions,
    compute_accuracy,
    compute_confusion,
    compute_uar,
    estimate_interval,
)
from emovox.protocols import get_protocol
from emovox.study.execute import PREDICTIONS_NAME, SEEN_NAME
from emovox.study.runs import SUMMARY_NAME, Run
from emovox.study.tables import read_table
from emovox.types import Clip, IntArray

ALL = "all"
"""In ``corpus``: all corpora together. In ``fold``: all folds together."""

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
    "fold": "number of the fold, or 'all': test rows of all folds pooled",
    "seed": "of folds, augmentation and training",
    "n_train": "training rows of that corpus; pooled: mean over folds",
    "n_test": "test rows of that corpus",
    "n_speakers": "speakers among the test rows",
    "accuracy": "share of test rows that are right",
    "uar": "mean over emotions of the share that is right",
    "accuracy_low": "lower end of the 95 % interval, speakers resampled; pooled rows only",
    "accuracy_high": "upper end",
    "uar_low": "lower end of the 95 % interval, speakers resampled; pooled rows only",
    "uar_high": "upper end",
    "train_uar": "UAR on the training rows, by the finished model; pooled: mean over folds",
    "n_test_clean": "test rows that are recordings as published, not altered copies",
    "accuracy_clean": "accuracy on those alone",
    "uar_clean": "UAR on those alone",
    "epochs": "trained, 0 for classical models; pooled: mean over folds",
    "selected_epoch": "whose weights were tested, 0 for classical models; pooled: mean",
    "seconds": "of training; pooled: sum over folds",
    "run": "name of the run folder; null where pooled",
    "fast": "true for the small version of the study, whose figures mean little",
}


@dataclass(frozen=True, slots=True, eq=False)
class Labels:
    """What the manifest says of each clip, as arrays of shape (n_clips,)."""

    truth: IntArray
    corpus: NDArray[np.str_]
    speaker: NDArray[np.str_]

    @classmethod
    def of(cls, clips: Sequence[Clip]) -> Labels:
        """Read them off clips."""
        return cls(
            encode_emotions([clip.emotion for clip in clips]),
            np.array([clip.corpus for clip in clips]),
            np.array([clip.speaker_id for clip in clips]),
        )


@dataclass(frozen=True, slots=True, eq=False)
class Scored:
    """Predictions beside the truth, one element a row.

    Attributes
    ----------
    truth, prediction : ndarray of int64, shape (n,)
        Indices into ``EMOTIONS``.
    clean : ndarray of bool, shape (n,)
        False for altered copies.
    corpus, speaker : ndarray of str, shape (n,)
        Of the clip.
    """

    truth: IntArray
    prediction: IntArray
    clean: NDArray[np.bool_]
    corpus: NDArray[np.str_]
    speaker: NDArray[np.str_]

    def __len__(self) -> int:
        return len(self.truth)

    def take(self, mask: NDArray[np.bool_]) -> Scored:
        """Return the rows where ``mask`` is true."""
        return Scored(*(getattr(self, name)[mask] for name in self.__slots__))

    def of_corpus(self, corpus: str) -> Scored:
        """Return the rows of one corpus, or all."""
        return self if corpus == ALL else self.take(self.corpus == corpus)

    @classmethod
    def join(cls, parts: Sequence[Scored]) -> Scored:
        """Put rows one after the other."""
        return cls(*(np.concatenate([getattr(p, n) for p in parts]) for n in cls.__slots__))


@dataclass(frozen=True, slots=True, eq=False)
class Evaluation:
    """All figures of a study.

    Attributes
    ----------
    rows : tuple of dict
        What ``results.json`` holds.
    confusions : mapping of (experiment, protocol) to ndarray of int64, shape (8, 8)
        Counts of test rows, truth by prediction; folds and seeds added up.
    """

    rows: tuple[Row, ...]
    confusions: Mapping[tuple[str, str], IntArray]


@dataclass(frozen=True, slots=True, eq=False)
class _Outcome:
    run: Run
    test: Scored
    train: Scored
    summary: Mapping[str, Any]


def evaluate_runs(runs: Sequence[Run], clips: Sequence[Clip], root: Path) -> Evaluation:
    """Compute all figures of the finished runs of a study.

    Parameters
    ----------
    runs : sequence of Run
        Those not finished are passed over.
    clips : sequence of Clip
        The manifest of the study.
    root : Path
        Folder of the study.

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
    for (experiment, protocol, _), outcomes in groups.items():
        rows += _score_group(outcomes)
        test = Scored.join([outcome.test for outcome in outcomes])
        counts = compute_confusion(test.truth, test.prediction).astype(np.int64)
        confusions[experiment, protocol] = counts + confusions.get((experiment, protocol), 0)
    return Evaluation(tuple(rows), confusions)


def _read_outcome(run: Run, labels: Labels, root: Path) -> _Outcome:
    folder = run.get_folder(root)
    seen, is_train = read_scored(folder / SEEN_NAME, labels)
    return _Outcome(
        run=run,
        test=read_scored(folder / PREDICTIONS_NAME, labels)[0],
        train=seen.take(is_train),
        summary=json.loads((folder / SUMMARY_NAME).read_text(encoding="utf-8")),
    )


def read_scored(path: Path, labels: Labels) -> tuple[Scored, NDArray[np.bool_]]:
    """Read stored predictions and put the truth beside them.

    Returns
    -------
    Scored
        One element a row.
    ndarray of bool, shape (n,)
        Which are training rows.
    """
    columns = read_table(path)
    clip = np.asarray(columns["clip"], dtype=np.int64)
    if len(clip) and clip.max() >= len(labels.truth):
        raise ManifestError(
            f"{path} predicts clip {clip.max()}, but the manifest has {len(labels.truth)} clips."
        )
    probabilities = np.stack([np.asarray(columns[f"p_{name}"]) for name in EMOTIONS], axis=1)
    scored = Scored(
        truth=labels.truth[clip],
        prediction=probabilities.argmax(axis=1).astype(np.int64),
        clean=np.asarray(columns["variant"]) == 0,
        corpus=labels.corpus[clip],
        speaker=labels.speaker[clip],
    )
    return scored, np.asarray(columns["split"]) == "train"


def _score_group(outcomes: Sequence[_Outcome]) -> Iterator[Row]:
    """Yield the rows of one experiment under one protocol with one seed."""
    corpora = sorted({name for outcome in outcomes for name in np.unique(outcome.test.corpus)})
    for corpus in (ALL, *corpora):
        folds = [(o, o.test.of_corpus(corpus)) for o in outcomes]
        folds = [(outcome, test) for outcome, test in folds if len(test)]
        single = [_score_fold(outcome, test, corpus) for outcome, test in folds]
        yield from single
        yield _pool_folds(single, Scored.join([test for _, test in folds]))


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
        "fold": config.fold,
        "seed": config.seed,
        "n_train": len(train),
        **_score_rows(test),
        **dict.fromkeys(("accuracy_low", "accuracy_high", "uar_low", "uar_high")),
        "train_uar": compute_uar(train.truth, train.prediction) if len(train) else None,
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
        "n_test": len(test),
        "n_speakers": len(np.unique(test.speaker)),
        "accuracy": compute_accuracy(test.truth, test.prediction),
        "uar": compute_uar(test.truth, test.prediction),
        "n_test_clean": len(clean),
        "accuracy_clean": compute_accuracy(clean.truth, clean.prediction) if len(clean) else None,
        "uar_clean": compute_uar(clean.truth, clean.prediction) if len(clean) else None,
    }


def _pool_folds(folds: Sequence[Row], test: Scored) -> Row:
    trained = [row["train_uar"] for row in folds if row["train_uar"] is not None]
    row = folds[0] | {
        **_score_rows(test),
        "fold": ALL,
        "run": None,
        "n_train": round(float(np.mean([row["n_train"] for row in folds]))),
        "train_uar": float(np.mean(trained)) if trained else None,
        "epochs": round(float(np.mean([row["epochs"] for row in folds])), 1),
        "selected_epoch": round(float(np.mean([row["selected_epoch"] for row in folds])), 1),
        "seconds": round(sum(row["seconds"] for row in folds), 3),
    }
    # One speaker alone, or clips whose speaker nobody knows, allow no interval.
    if row["n_speakers"] > 1 and "" not in test.speaker:
        for metric in ("accuracy", "uar"):
            interval = estimate_interval(
                test.truth, test.prediction, test.speaker.tolist(), ResamplingOptions(metric=metric)
            )
            row[f"{metric}_low"], row[f"{metric}_high"] = interval.low, interval.high
    return row
