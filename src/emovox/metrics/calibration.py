"""Metrics of probabilities: whether a stated confidence may be believed.

Conventions
-----------
``truth`` is an integer array of shape (n,); ``probabilities`` is of shape (n, n_classes), rows
adding up to 1. The decision is the most probable class (the first of equals), the confidence its
probability. Lower is better.

Metrics
-------
* `compute_reliability`: accuracy and mean confidence of bins of confidence.
* `compute_ece`: expected calibration error, in [0, 1].
* `estimate_ece`: the same, and its interval by resampling speakers.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from emovox.errors import ParameterError
from emovox.metrics.classification import Float64Array, validate_labels
from emovox.metrics.speakers import (
    Interval,
    ResamplingOptions,
    bootstrap_speakers,
    number_speakers,
)


def validate_probabilities(
    truth: ArrayLike, probabilities: ArrayLike
) -> tuple[NDArray[np.int64], Float64Array]:
    """Return both as arrays, or say what is wrong with them.

    Raises
    ------
    ParameterError
        If ``truth`` is not as `validate_labels` wants it, or ``probabilities`` is not of shape
        (n, n_classes), not finite, outside [0, 1], or its rows do not add up to 1.
    """
    array = np.asarray(probabilities, dtype=np.float64)
    if array.ndim != 2 or array.shape[1] == 0:
        raise ParameterError(
            f"probabilities has the shape {array.shape}; (n, n_classes) is needed."
        )
    labels = validate_labels(truth, truth, n_classes=array.shape[1])[0]
    if len(labels) != len(array):
        raise ParameterError(f"truth has {len(labels)} values, probabilities {len(array)} rows.")
    # 1e-3: probabilities may come as bfloat16 or rounded from a file.
    if not (np.isfinite(array).all() and array.min() >= 0 and array.max() <= 1 + 1e-3):
        raise ParameterError("probabilities must be finite and in [0, 1].")
    worst = np.abs(array.sum(axis=1) - 1).argmax()
    if abs(array[worst].sum() - 1) > 1e-3:
        raise ParameterError(f"row {worst} of probabilities adds up to {array[worst].sum():.4f}.")
    return labels, array


@dataclass(frozen=True, slots=True, eq=False)
class Reliability:
    """What came true, bin by bin of confidence.

    Attributes
    ----------
    edges : ndarray of float64, shape (n_bins + 1,)
        From 0 to 1, evenly spaced. Bins are open below and closed above.
    n_clips : ndarray of int64, shape (n_bins,)
        How many fall into each.
    confidence, accuracy : ndarray of float64, shape (n_bins,)
        Mean confidence and share of right decisions; NaN where a bin is empty.
    """

    edges: Float64Array
    n_clips: NDArray[np.int64]
    confidence: Float64Array
    accuracy: Float64Array


def compute_reliability(
    truth: ArrayLike, probabilities: ArrayLike, *, n_bins: int = 15
) -> Reliability:
    """Return the share of right decisions beside the stated confidence, for bins of confidence.

    Parameters
    ----------
    truth : array_like of int, shape (n,)
        Labels.
    probabilities : array_like of float, shape (n, n_classes)
        As given by a model.
    n_bins : int, default=15
        Bins over (0, 1], of equal width.

    Raises
    ------
    ParameterError
        As `validate_probabilities`, or if ``n_bins`` < 1.

    References
    ----------
    Guo, Pleiss, Sun, Weinberger: On calibration of modern neural networks, ICML 2017, section 2.
    """
    if n_bins < 1:
        raise ParameterError(f"n_bins is {n_bins}; it must be at least 1.")
    labels, array = validate_probabilities(truth, probabilities)
    confidence = array.max(axis=1)
    bins = _find_bins(confidence, n_bins)
    n_clips = np.bincount(bins, minlength=n_bins)
    sums = (
        np.bincount(bins, weights, minlength=n_bins)
        for weights in (confidence, array.argmax(axis=1) == labels)
    )
    means = [np.where(n_clips > 0, total / np.maximum(n_clips, 1), np.nan) for total in sums]
    return Reliability(np.linspace(0.0, 1.0, n_bins + 1), n_clips, *means)


def compute_ece(truth: ArrayLike, probabilities: ArrayLike, *, n_bins: int = 15) -> float:
    """Return the expected calibration error.

    The mean over clips of ``|accuracy - mean confidence|`` of the bin that the clip's confidence
    falls into. Bins are of equal width, open below and closed above; the estimate is biased upwards
    where bins hold few clips.

    Parameters
    ----------
    truth : array_like of int, shape (n,)
        Labels.
    probabilities : array_like of float, shape (n, n_classes)
        As given by a model.
    n_bins : int, default=15
        Bins over (0, 1].

    Returns
    -------
    float
        In [0, 1].

    Raises
    ------
    ParameterError
        As `validate_probabilities`, or if ``n_bins`` < 1.

    References
    ----------
    Guo, Pleiss, Sun, Weinberger: On calibration of modern neural networks, ICML 2017, equation 3.

    Examples
    --------
    >>> compute_ece([0, 1], [[0.75, 0.25], [0.75, 0.25]])
    0.25
    """
    bins = compute_reliability(truth, probabilities, n_bins=n_bins)
    gaps = np.abs(bins.accuracy - bins.confidence)
    return float(np.nansum(gaps * bins.n_clips) / bins.n_clips.sum())


def estimate_ece(
    truth: ArrayLike,
    probabilities: ArrayLike,
    speakers: Sequence[str],
    options: ResamplingOptions | None = None,
    *,
    n_bins: int = 15,
) -> Interval:
    """Return the expected calibration error and its percentile bootstrap interval over speakers.

    A draw of speakers differs from the truth by chance in every bin, and the error counts that:
    the interval lies higher than the value, the more so the fewer speakers there are.

    Parameters
    ----------
    truth : array_like of int, shape (n,)
        Labels.
    probabilities : array_like of float, shape (n, n_classes)
        As given by a model.
    speakers : sequence of str, shape (n,)
        Who speaks.
    options : ResamplingOptions, optional
        Level, draws, seed; its metric does not matter.
    n_bins : int, default=15
        As in `compute_ece`.

    Raises
    ------
    ParameterError
        As `compute_ece`; or if ``speakers`` is of another length or has an empty name.
    """
    value = compute_ece(truth, probabilities, n_bins=n_bins)  # checks what it is given
    labels, array = validate_probabilities(truth, probabilities)
    number = number_speakers(speakers, len(labels))
    confidence = array.max(axis=1)
    n_speakers = int(number.max()) + 1
    cell = number * n_bins + _find_bins(confidence, n_bins)
    surplus = np.bincount(
        cell, confidence - (array.argmax(axis=1) == labels), minlength=n_speakers * n_bins
    ).reshape(n_speakers, n_bins)
    n_clips = np.bincount(number)

    def score(counts: Float64Array) -> Float64Array:
        error: Float64Array = np.abs(counts @ surplus).sum(axis=1) / (counts @ n_clips)
        return error

    found = bootstrap_speakers(score, n_speakers, options or ResamplingOptions())
    return Interval(value, found.low, found.high, found.level, found.n_speakers)


def _find_bins(confidence: Float64Array, n_bins: int) -> NDArray[np.int64]:
    return np.clip(np.ceil(confidence * n_bins).astype(np.int64) - 1, 0, n_bins - 1)
