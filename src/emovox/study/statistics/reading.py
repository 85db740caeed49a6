"""What a linear classifier reads from features, of speakers it never heard."""

from __future__ import annotations

from typing import Any

import numpy as np

from emovox.metrics import (
    Interval,
    ResamplingOptions,
    compare_paired,
    estimate_components,
    estimate_interval,
)
from emovox.metrics.design import Design
from emovox.study.statistics.describe import correlate, order_without_repeats, rank_features
from emovox.study.statistics.probe import Probe, Table, compute_recall
from emovox.study.statistics.sample import (
    OTHER,
    Sample,
    StatisticsOptions,
    compute_skewness,
    find_statistic,
    to_number,
)
from emovox.types import IntArray

Row = dict[str, Any]

SKEWED = 2.0
"""Skewness from which logarithms are tried."""

UNHEARD, MIXED = "unheard speakers", "clips at random"
"""How clips were split."""

_STEPS = (1, 2, 5, 10, 20, 30, 40, 60, 80, 120, 160, 240, 320, 480, 640)
_N_DRAWS = 1000

# What is computed of frames, by what of their order it can see.
_PARTS = {
    "means": ("mean",),
    "means and spread": ("mean", "deviation", "p10", "p50", "p90"),
    "also what depends on order": ("mean", "deviation", "p10", "p50", "p90", "delta_mean",
                                  "delta_deviation", OTHER),
}  # fmt: skip


class Readings:
    """All that the linear classifier says of a sample; probes are made once and used again.

    Parameters
    ----------
    sample : Sample
        Clips and features.
    options : StatisticsOptions
        What is redundant; seed.
    """

    def __init__(self, sample: Sample, options: StatisticsOptions) -> None:
        self._sample, self._options = sample, options
        self._plain = Probe(sample.values, sample.emotion, sample.folds)
        self._normalized = Probe(sample.normalized, sample.emotion, sample.folds)
        self._found = {False: self._plain.predict(), True: self._normalized.predict()}

    def read_labels(self) -> list[Row]:
        """Return how well emotion, sex, corpus and speaker are read off the features."""
        sample = self._sample
        rows = [
            {"what": "emotion", "split": UNHEARD, **self._score(self._found[False])},
            {
                "what": "emotion, each speaker normalized",
                "split": UNHEARD,
                **self._score(self._found[True]),
            },
            {
                "what": "emotion",
                "split": MIXED,
                **self._score(Probe(sample.values, sample.emotion, sample.mixed).predict()),
            },
        ]
        chance = 1 / len(np.unique(sample.emotion))
        rows = [{**row, "chance": to_number(chance)} for row in rows]
        for what, name, values in (
            ("sex", "sex", sample.values),
            ("corpus", "corpus", sample.values),
            ("corpus, each speaker normalized", "corpus", sample.normalized),
            ("speaker", "speaker", sample.values),
        ):
            classes = getattr(sample.design, name)
            n_classes = int(classes.max()) + 1
            if n_classes > 1:
                split = MIXED if name == "speaker" else UNHEARD
                folds = sample.mixed if name == "speaker" else sample.folds
                recall = compute_recall(classes, Probe(values, classes, folds).predict())
                rows.append({"what": what, "split": split, "uar": to_number(recall), "low": None,
                             "high": None, "chance": to_number(1 / n_classes)})  # fmt: skip
        return rows

    def read_corpora(self) -> list[Row]:
        """Return the UAR in each corpus alone, over its own emotions, as it is and normalized."""
        corpora = np.array([clip.corpus for clip in self._sample.clips])
        rows = []
        for corpus in dict.fromkeys(corpora.tolist()):
            own = corpora == corpus
            truth = self._sample.emotion[own]
            plain, normalized = (compute_recall(truth, self._found[k][own]) for k in (False, True))
            rows.append(
                {
                    "corpus": corpus,
                    "chance": to_number(1 / len(np.unique(truth))),
                    "uar": to_number(plain),
                    "uar_normalized": to_number(normalized),
                }
            )
        return rows

    def guess_from_labels(self) -> list[Row]:
        """Return how well emotion is guessed from labels alone, no feature being heard."""
        sample = self._sample
        rows = []
        for name in ("corpus", "sex", "sentence"):
            levels = getattr(sample.design, name)
            if levels.max() == 0:
                continue
            found = guess_emotion(levels, sample.emotion, sample.folds)
            rows.append({"label": name, "n_levels": int(levels.max()) + 1, **self._score(found)})
        return rows

    def compare_normalized(self) -> Row:
        """Return what each speaker's normalization changes, paired over speakers."""
        found = compare_paired(
            self._sample.emotion,
            self._found[True],
            self._found[False],
            self._sample.speakers,
            self._resampling,
        )
        return {**_to_row(found.difference), "p_value": to_number(found.p_value)}

    def compare_logs(self) -> Row | None:
        """Return what logarithms of skewed positive features change; None where there is none."""
        sample = self._sample
        skewed = (compute_skewness(sample.values) > SKEWED) & (sample.values >= 0).all(axis=0)
        if not skewed.any():
            return None
        found = Probe(take_logs(sample.values, skewed), sample.emotion, sample.folds).predict()
        compared = compare_paired(
            sample.emotion, found, self._found[False], sample.speakers, self._resampling
        )
        return {"n_skewed": int(skewed.sum()), **_to_row(compared.difference)}

    def compare_parts(self) -> list[Row]:
        """Return what means, spread and order bring, each added to those before.

        Empty where the set has means alone.
        """
        sample = self._sample
        kinds = np.array([find_statistic(name, sample.feature_set) for name in sample.names])
        rows: list[Row] = []
        last: tuple[IntArray, IntArray] | None = None
        for part, statistics in _PARTS.items():
            columns = np.flatnonzero(np.isin(kinds, statistics))
            if not len(columns) or (last and len(last[0]) == len(columns)):
                continue
            found = self._plain.predict(columns)
            row = {"part": part, "n_features": len(columns), **self._score(found)}
            normalized = self._normalized.predict(columns)
            row["uar_normalized"] = to_number(compute_recall(sample.emotion, normalized))
            row |= {"gain": None, "gain_low": None, "gain_high": None}
            if last is not None:
                gain = compare_paired(
                    sample.emotion, found, last[1], sample.speakers, self._resampling
                ).difference
                row["gain"], row["gain_low"], row["gain_high"] = map(
                    to_number, (gain.value, gain.low, gain.high)
                )
            rows.append(row)
            last = columns, found
        return rows if len(rows) > 1 else []

    def try_selections(self) -> list[Row]:
        """Return the UAR with ever more features: chosen by rank, on training speakers alone."""
        sample = self._sample
        orders = [self._rank(sample.folds != fold) for fold in range(self._plain.n_folds)]
        n_features = len(sample.names)
        rows = []
        for n_kept in (*(step for step in _STEPS if step < n_features), n_features):
            columns = [order[:n_kept] for order in orders]
            plain, normalized = self._plain.predict(columns), self._normalized.predict(columns)
            rows.append(
                {
                    "n_kept": n_kept,
                    "uar": to_number(compute_recall(sample.emotion, plain)),
                    "uar_normalized": to_number(compute_recall(sample.emotion, normalized)),
                }
            )
        return rows

    def _rank(self, train: Any) -> IntArray:
        values, design = self._sample.values[train], self._sample.design
        own = Design(*(getattr(design, name)[train] for name in Design.__slots__))
        order = rank_features(estimate_components(values, own).shares)
        return order_without_repeats(correlate(values), order, self._options.redundant)

    def vary_voices(self) -> list[Row]:
        """Return the UAR on heard and on unheard speakers, by the number of training speakers."""
        sample, n_folds = self._sample, self._plain.n_folds
        owner = dict(zip(sample.speakers, sample.folds.tolist(), strict=True))
        sizes = np.bincount(list(owner.values()), minlength=n_folds)
        rows = []
        for n_train in sorted({1, 2, 4, n_folds - 1} & set(range(1, n_folds))):
            voices = [sizes[self._plain.list_train(fold, n_train)].sum() for fold in range(n_folds)]
            row: Row = {"n_speakers": to_number(float(np.mean(voices)))}
            for suffix, probe in (("", self._plain), ("_normalized", self._normalized)):
                found = probe.predict(n_train=n_train)
                row[f"uar{suffix}"] = to_number(compute_recall(sample.emotion, found))
                row[f"train_uar{suffix}"] = to_number(probe.score_train(n_train))
            rows.append(row)
        return rows

    @property
    def _resampling(self) -> ResamplingOptions:
        return ResamplingOptions(
            level=self._options.level, n_draws=_N_DRAWS, seed=self._options.seed
        )

    def _score(self, found: IntArray) -> Row:
        sample = self._sample
        row = _to_row(estimate_interval(sample.emotion, found, sample.speakers, self._resampling))
        return {"uar": row["value"], "low": row["low"], "high": row["high"]}


def _to_row(interval: Interval) -> Row:
    return {name: to_number(getattr(interval, name)) for name in ("value", "low", "high")}


def take_logs(values: Table, columns: Any) -> Table:
    """Return the values with these columns as logarithms, above a millionth of their mean."""
    changed = values.copy()
    least = 1e-6 * values[:, columns].mean(axis=0) + np.finfo(np.float64).tiny
    changed[:, columns] = np.log(values[:, columns] + least)
    return changed


def guess_emotion(levels: IntArray, emotion: IntArray, folds: IntArray) -> IntArray:
    """Guess each clip's emotion from a label: the one most typical of it in the other folds.

    Emotions count alike, however many clips they have. A level never seen is guessed as the
    first emotion.
    """
    found = np.zeros(len(emotion), dtype=np.int64)
    shape = (int(levels.max()) + 1, int(emotion.max()) + 1)
    for fold in np.unique(folds):
        train = folds != fold
        counts = np.zeros(shape)
        np.add.at(counts, (levels[train], emotion[train]), 1)
        typical = counts / np.maximum(counts.sum(axis=0), 1)
        found[~train] = typical.argmax(axis=1)[levels[~train]]
    return found
