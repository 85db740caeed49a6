"""Metrics of decisions between classes.

Conventions
-----------
``truth`` and ``prediction``, in that order, are integer arrays of shape (n,) with values in
0 .. n_classes - 1: indices into ``emovox.emotions.EMOTIONS``. ``weights``, shape (n,), counts
clip i ``weights[i]`` times. A confusion matrix has the truth in its rows. Everything is computed
from the confusion matrix, so each metric also takes a stack of them, shape (..., c, c).
All are in [0, 1], higher is better; no smoothing, no correction for chance.

Metrics
-------
* `compute_confusion`: counts.
* `compute_accuracy`: share of clips decided rightly (WA).
* `compute_recalls`: the same, class by class; NaN for a class that does not occur.
* `compute_uar`: mean recall over the classes that occur in the truth (UA, balanced accuracy).
* `compute_macro_f1`: mean F1 over the classes that occur in the truth or the prediction.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import ArrayLike, NDArray

from emovox.emotions import EMOTIONS
from emovox.errors import ParameterError

Float64Array: TypeAlias = NDArray[np.float64]

N_CLASSES = len(EMOTIONS)


def validate_labels(
    truth: ArrayLike, prediction: ArrayLike, *, n_classes: int = N_CLASSES
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Return both as int64 arrays, or say what is wrong with them.

    Raises
    ------
    ParameterError
        If they are empty, not one-dimensional, of different length, not integers, or hold a value
        outside 0 .. n_classes - 1.
    """
    arrays = []
    for name, values in (("truth", truth), ("prediction", prediction)):
        array = np.asarray(values)
        if array.ndim != 1:
            raise ParameterError(f"{name} has the shape {array.shape}; (n,) is needed.")
        if array.size == 0:
            raise ParameterError(f"{name} is empty: there is nothing to score.")
        if not np.issubdtype(array.dtype, np.integer):
            raise ParameterError(f"{name} is of type {array.dtype}; integers are needed.")
        if array.min() < 0 or array.max() >= n_classes:
            raise ParameterError(
                f"{name} holds values from {array.min()} to {array.max()}; "
                f"0 to {n_classes - 1} are allowed."
            )
        arrays.append(array.astype(np.int64))
    if len(arrays[0]) != len(arrays[1]):
        raise ParameterError(f"truth has {len(arrays[0])} values, prediction {len(arrays[1])}.")
    return arrays[0], arrays[1]


def compute_confusion(
    truth: ArrayLike,
    prediction: ArrayLike,
    *,
    n_classes: int = N_CLASSES,
    weights: ArrayLike | None = None,
) -> Float64Array:
    """Return how often each class was taken for each.

    Parameters
    ----------
    truth, prediction : array_like of int, shape (n,)
        Labels.
    n_classes : int, default=8
        Rows and columns.
    weights : array_like of float, shape (n,), optional
        How often each clip counts. Not negative, and not all 0.

    Returns
    -------
    ndarray of float64, shape (n_classes, n_classes)
        Truth in the rows, prediction in the columns.

    Raises
    ------
    ParameterError
        As `validate_labels`; or if the weights are of another length or not allowed.

    Examples
    --------
    >>> compute_confusion([0, 0, 1], [0, 1, 1], n_classes=2)
    array([[1., 1.],
           [0., 1.]])
    """
    truth, prediction = validate_labels(truth, prediction, n_classes=n_classes)
    counts = None if weights is None else np.asarray(weights, dtype=np.float64)
    if counts is not None:
        if counts.shape != truth.shape:
            raise ParameterError(f"weights has the shape {counts.shape}, truth {truth.shape}.")
        if not (np.isfinite(counts).all() and counts.min() >= 0 and counts.max() > 0):
            raise ParameterError("weights must be finite, 0 or more, and not all 0.")
    cells = np.bincount(truth * n_classes + prediction, counts, minlength=n_classes**2)
    return cells.reshape(n_classes, n_classes).astype(np.float64)


def compute_accuracy(
    truth: ArrayLike, prediction: ArrayLike, *, weights: ArrayLike | None = None
) -> float:
    """Return the share of clips decided rightly.

    Raises
    ------
    ParameterError
        As `compute_confusion`.

    Examples
    --------
    >>> compute_accuracy([0, 0, 0, 1], [0, 0, 1, 1])
    0.75
    """
    return float(accuracy_of(compute_confusion(truth, prediction, weights=weights)))


def compute_recalls(
    truth: ArrayLike,
    prediction: ArrayLike,
    *,
    n_classes: int = N_CLASSES,
    weights: ArrayLike | None = None,
) -> Float64Array:
    """Return the recall of each class, shape (n_classes,); NaN where the truth has none of it.

    Raises
    ------
    ParameterError
        As `compute_confusion`.
    """
    return recalls_of(compute_confusion(truth, prediction, n_classes=n_classes, weights=weights))


def compute_uar(
    truth: ArrayLike, prediction: ArrayLike, *, weights: ArrayLike | None = None
) -> float:
    """Return the mean recall over the classes that occur in the truth.

    Raises
    ------
    ParameterError
        As `compute_confusion`.

    Examples
    --------
    >>> compute_uar([0, 0, 0, 1], [0, 0, 1, 1])
    0.8333333333333333
    """
    return float(uar_of(compute_confusion(truth, prediction, weights=weights)))


def compute_macro_f1(
    truth: ArrayLike, prediction: ArrayLike, *, weights: ArrayLike | None = None
) -> float:
    """Return the mean F1 over the classes that occur in the truth or the prediction.

    Raises
    ------
    ParameterError
        As `compute_confusion`.
    """
    return float(macro_f1_of(compute_confusion(truth, prediction, weights=weights)))


def accuracy_of(confusion: Float64Array) -> Float64Array:
    """Return the accuracy of confusion matrices, (..., c, c) -> (...)."""
    right = np.trace(confusion, axis1=-2, axis2=-1)
    share: Float64Array = right / confusion.sum(axis=(-2, -1))
    return share


def recalls_of(confusion: Float64Array) -> Float64Array:
    """Return the recalls of confusion matrices, (..., c, c) -> (..., c)."""
    return _divide(np.diagonal(confusion, axis1=-2, axis2=-1), confusion.sum(axis=-1))


def uar_of(confusion: Float64Array) -> Float64Array:
    """Return the UAR of confusion matrices, (..., c, c) -> (...)."""
    mean: Float64Array = np.nanmean(recalls_of(confusion), axis=-1)
    return mean


def macro_f1_of(confusion: Float64Array) -> Float64Array:
    """Return the macro F1 of confusion matrices, (..., c, c) -> (...)."""
    right = np.diagonal(confusion, axis1=-2, axis2=-1)
    occurring = confusion.sum(axis=-1) + confusion.sum(axis=-2)
    mean: Float64Array = np.nanmean(_divide(2 * right, occurring), axis=-1)
    return mean


def _divide(part: Float64Array, whole: Float64Array) -> Float64Array:
    """Return part / whole, NaN where whole is 0."""
    ratio = np.full_like(whole, np.nan)
    np.divide(part, whole, out=ratio, where=whole > 0)
    return ratio


METRICS: Mapping[str, Callable[[Float64Array], Float64Array]] = MappingProxyType(
    {"uar": uar_of, "accuracy": accuracy_of, "macro_f1": macro_f1_of}
)
"""Name -> the function of confusion matrices; for everything that resamples."""


def evaluate_decisions(truth: ArrayLike, prediction: ArrayLike) -> dict[str, Any]:
    """Return all metrics of this module.

    Returns
    -------
    dict
        ``n``, ``uar``, ``accuracy``, ``macro_f1``, ``recalls`` (emotion -> recall, of those that
        occur), ``confusion`` (a list of rows of counts): plain values, ready for JSON.
    """
    confusion = compute_confusion(truth, prediction)
    recalls = zip(EMOTIONS, recalls_of(confusion).tolist(), strict=True)
    return {
        "n": int(confusion.sum()),
        **{name: float(metric(confusion)) for name, metric in METRICS.items()},
        "recalls": {emotion: recall for emotion, recall in recalls if recall == recall},
        "confusion": confusion.astype(int).tolist(),
    }
