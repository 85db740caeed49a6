"""A plain classifier as a measuring rod: what can be read from features, of unheard speakers.

Linear discriminant analysis with a shrunk covariance (Fisher 1936; Friedman: Regularized
discriminant analysis, JASA 84, 1989). It is fitted from sums over folds, in closed form: a
fold is left out, features are picked, and training speakers are taken away by adding and picking
sums, so that hundreds of fits take seconds. It does not care how features are scaled.

It is linear: networks and trees may do better. What it is for is differences.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from emovox.types import IntArray

Table = NDArray[np.float64]

SHRINKAGE = 0.1
"""Weight of the diagonal in the covariance within classes."""

_LEAST_DEVIATION = 1e-6
"""A speaker's deviation below this share of everybody's is rounding."""


@dataclass(frozen=True, slots=True, eq=False)
class Linear:
    """A linear classifier: scores are ``values @ weights + offsets``."""

    weights: Table
    offsets: Table

    def predict(self, values: Table) -> IntArray:
        """Return the class of each row."""
        found: IntArray = (values @ self.weights + self.offsets).argmax(axis=1)
        return found


class Probe:
    """Features, classes and folds, added up so that fits cost little.

    Parameters
    ----------
    values : ndarray of float64, shape (n, n_features)
        Features.
    classes : ndarray of int64, shape (n,)
        From 0.
    folds : ndarray of int64, shape (n,)
        From 0. Folds of speakers make the figures figures of unheard speakers.
    """

    def __init__(self, values: Table, classes: IntArray, folds: IntArray) -> None:
        scale = values.std(axis=0)
        self.values = (values - values.mean(axis=0)) / np.where(scale > 0, scale, 1)
        self.classes, self.folds = classes, folds
        self.n_folds, n_classes = int(folds.max()) + 1, int(classes.max()) + 1
        n_features = values.shape[1]
        self._counts = np.zeros((self.n_folds, n_classes))
        self._sums = np.zeros((self.n_folds, n_classes, n_features))
        self._grams = np.zeros((self.n_folds, n_features, n_features))
        for fold in range(self.n_folds):
            rows = np.flatnonzero(folds == fold)
            members = np.eye(n_classes)[classes[rows]]
            part = self.values[rows]
            self._counts[fold] = members.sum(axis=0)
            self._sums[fold] = members.T @ part
            self._grams[fold] = part.T @ part

    def fit(self, train: Sequence[int], columns: IntArray | None = None) -> Linear:
        """Fit on some folds and features; classes count alike, however many clips they have."""
        picked = np.arange(self.values.shape[1]) if columns is None else columns
        counts = self._counts[list(train)].sum(axis=0)
        sums = self._sums[list(train)].sum(axis=0)[:, picked]
        gram = self._grams[list(train)].sum(axis=0)[np.ix_(picked, picked)]
        means = sums / np.maximum(counts, 1)[:, None]
        within = (gram - means.T @ sums) / max(1.0, counts.sum() - (counts > 0).sum())
        diagonal = np.maximum(within.diagonal(), 1e-12)
        within = (1 - SHRINKAGE) * within + SHRINKAGE * np.diag(diagonal)
        weights = np.linalg.solve(within, means.T)
        offsets = np.where(counts > 0, -0.5 * (means * weights.T).sum(axis=1), -np.inf)
        return Linear(weights, offsets)

    def predict(
        self,
        columns: Sequence[IntArray] | IntArray | None = None,
        *,
        n_train: int | None = None,
    ) -> IntArray:
        """Predict every clip by a classifier that was not fitted on its fold.

        Parameters
        ----------
        columns : ndarray of int64, or a sequence with one for each fold, optional
            Which features; all by default. With one for each fold, they may have been chosen on
            the other folds.
        n_train : int, optional
            Fit on so many of the other folds, those that follow; all by default.
        """
        found = np.empty(len(self.classes), dtype=np.int64)
        for fold in range(self.n_folds):
            picked = columns[fold] if isinstance(columns, Sequence) else columns
            rows = np.flatnonzero(self.folds == fold)
            model = self.fit(self.list_train(fold, n_train), picked)
            found[rows] = model.predict(self._take(rows, picked))
        return found

    def score_train(self, n_train: int | None = None) -> float:
        """Return the mean recall on the clips fitted on; mean over folds."""
        scores = []
        for fold in range(self.n_folds):
            train = self.list_train(fold, n_train)
            rows = np.flatnonzero(np.isin(self.folds, train))
            found = self.fit(train).predict(self._take(rows, None))
            scores.append(compute_recall(self.classes[rows], found))
        return float(np.mean(scores))

    def list_train(self, fold: int, n_train: int | None = None) -> list[int]:
        """Return the folds that are trained on where one is tested."""
        n_train = self.n_folds - 1 if n_train is None else n_train
        return [(fold + step) % self.n_folds for step in range(1, n_train + 1)]

    def _take(self, rows: IntArray, columns: IntArray | None) -> Table:
        taken: Table = self.values[rows] if columns is None else self.values[np.ix_(rows, columns)]
        return taken


def compute_recall(truth: IntArray, prediction: IntArray) -> float:
    """Return the mean over classes of the share that is right, for any number of classes."""
    counts = np.bincount(truth)
    hits = np.bincount(truth[truth == prediction], minlength=len(counts))
    there = counts > 0
    return float((hits[there] / counts[there]).mean())


def normalize_speakers(values: Table, speaker: IntArray) -> Table:
    """Give every speaker mean 0 and deviation 1 in every feature, without any label.

    All clips of a speaker are used, so this is the best that knowing a voice can do; a feature
    that never changes within a speaker becomes 0.
    """
    normalized = np.zeros_like(values)
    least = _LEAST_DEVIATION * values.std(axis=0)
    for number in np.unique(speaker):
        rows = np.flatnonzero(speaker == number)
        own = values[rows] - values[rows].mean(axis=0)
        deviation = own.std(axis=0)
        normalized[rows] = np.divide(own, deviation, out=own * 0, where=deviation > least)
    return normalized
