"""How sure a figure is, and whether two differ: speakers are drawn, not clips.

Conventions
-----------
``speakers`` names the speaker of each clip, shape (n,). The recordings of one person are alike,
so they stay together: what is resampled is persons, and a clip that appears several times (by
several seeds) appears with its person. Every draw pools the clips of the drawn speakers and
computes the metric of the pool, over the classes that occur in it.

Metrics
-------
* `estimate_interval`: percentile bootstrap over speakers.
* `compare_paired`: difference of two models on the same clips; its interval by the same bootstrap,
  its p-value by exchanging the two models speaker by speaker.
* `correct_pvalues`: Holm's step-down correction.

With few speakers (below ten, say) the percentile interval is too narrow, and the smallest p-value
there can be is 2 / 2 ** n_speakers: two speakers never prove anything.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from emovox.errors import ParameterError, suggest
from emovox.metrics.classification import (
    METRICS,
    N_CLASSES,
    Float64Array,
    compute_confusion,
    validate_labels,
)

_SAME = 1e-9
"""Differences nearer than this are equal: they are sums of the same counts in another order."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ResamplingOptions:
    """How to draw.

    Attributes
    ----------
    metric : str
        ``uar``, ``accuracy`` or ``macro_f1``.
    level : float
        Of the interval, in (0, 1).
    n_draws : int
        Draws of the bootstrap, and of the exchange where not all ``2 ** n_speakers`` are tried.
    seed : int
        Of the draws.
    """

    metric: str = "uar"
    level: float = 0.95
    n_draws: int = 5000
    seed: int = 0

    def __post_init__(self) -> None:
        if self.metric not in METRICS:
            raise ParameterError(
                f"unknown metric {self.metric!r}.", hint=suggest(self.metric, METRICS)
            )
        if not 0 < self.level < 1:
            raise ParameterError(f"level is {self.level}; it must be above 0 and below 1.")
        if self.n_draws < 1 or self.seed < 0:
            raise ParameterError("n_draws must be at least 1, and seed 0 or more.")


@dataclass(frozen=True, slots=True)
class Interval:
    """A figure and how sure it is.

    Attributes
    ----------
    value : float
        The metric over all clips.
    low, high : float
        Bounds; NaN where there is only one speaker, for then nothing can be said.
    level : float
        Such as 0.95.
    n_speakers : int
        Who were resampled.
    """

    value: float
    low: float
    high: float
    level: float
    n_speakers: int


@dataclass(frozen=True, slots=True)
class Comparison:
    """Two models on the same clips.

    Attributes
    ----------
    difference : Interval
        Metric of model a minus metric of model b.
    p_value : float
        Two-sided: how often a difference at least as large arises if the models are exchanged at
        random, speaker by speaker. 1 where there is only one speaker.
    """

    difference: Interval
    p_value: float


def estimate_interval(
    truth: ArrayLike,
    prediction: ArrayLike,
    speakers: Sequence[str],
    options: ResamplingOptions | None = None,
) -> Interval:
    """Return a metric and its percentile bootstrap interval over speakers.

    Parameters
    ----------
    truth, prediction : array_like of int, shape (n,)
        Labels.
    speakers : sequence of str, shape (n,)
        Who speaks.
    options : ResamplingOptions, optional
        Metric, level, draws, seed.

    Raises
    ------
    ParameterError
        As `compute_confusion`; or if ``speakers`` is of another length or has an empty name.
    """
    options = options or ResamplingOptions()
    own = _count_by_speaker(truth, prediction, speakers)
    return _bootstrap((own,), options)


def compare_paired(
    truth: ArrayLike,
    prediction_a: ArrayLike,
    prediction_b: ArrayLike,
    speakers: Sequence[str],
    options: ResamplingOptions | None = None,
) -> Comparison:
    """Compare two models on the same clips.

    Parameters
    ----------
    truth, prediction_a, prediction_b : array_like of int, shape (n,)
        Labels.
    speakers : sequence of str, shape (n,)
        Who speaks.
    options : ResamplingOptions, optional
        Metric, level, draws, seed.

    Returns
    -------
    Comparison
        The p-value is exact where ``2 ** n_speakers`` <= ``n_draws``; else it is
        (1 + hits) / (1 + n_draws), which is never 0.

    Raises
    ------
    ParameterError
        As `estimate_interval`.
    """
    options = options or ResamplingOptions()
    a = _count_by_speaker(truth, prediction_a, speakers)
    b = _count_by_speaker(truth, prediction_b, speakers)
    difference = _bootstrap((a, b), options)
    return Comparison(difference, _exchange(a, b, difference.value, options))


def correct_pvalues(pvalues: ArrayLike) -> Float64Array:
    """Return Holm's corrected p-values: reject where one is below the level of the whole family.

    Parameters
    ----------
    pvalues : array_like of float, shape (n,)
        Of all comparisons that were made, not of the promising ones.

    Returns
    -------
    ndarray of float64, shape (n,)
        In the same order, never smaller, at most 1.

    Raises
    ------
    ParameterError
        If there is none, or one is outside [0, 1].

    References
    ----------
    Holm: A simple sequentially rejective multiple test procedure, Scand. J. Statist. 6, 1979.

    Examples
    --------
    >>> correct_pvalues([0.01, 0.04, 0.03]).tolist()
    [0.03, 0.06, 0.06]
    """
    values = np.asarray(pvalues, dtype=np.float64)
    if values.ndim != 1 or values.size == 0:
        raise ParameterError(f"pvalues has the shape {values.shape}; (n,), n > 0, is needed.")
    if not ((values >= 0) & (values <= 1)).all():
        raise ParameterError("p-values must be in [0, 1].")
    order = np.argsort(values, kind="stable")
    steps = values[order] * np.arange(len(values), 0, -1)
    corrected = np.empty_like(values)
    corrected[order] = np.minimum(1, np.maximum.accumulate(steps))
    return corrected


def _count_by_speaker(
    truth: ArrayLike, prediction: ArrayLike, speakers: Sequence[str]
) -> Float64Array:
    """Return the confusion matrix of each speaker, by name: (n_speakers, c, c)."""
    truth, prediction = validate_labels(truth, prediction)
    number = number_speakers(speakers, len(truth))
    matrices = [
        compute_confusion(truth[number == n], prediction[number == n])
        for n in range(number.max() + 1)
    ]
    return np.stack(matrices)


def number_speakers(speakers: Sequence[str], n_clips: int) -> NDArray[np.int64]:
    """Return the number of each clip's speaker, from 0, by name; shape (n_clips,)."""
    who = np.asarray(speakers, dtype=np.str_)
    if who.shape != (n_clips,):
        raise ParameterError(f"speakers has the shape {who.shape}, truth {(n_clips,)}.")
    if (who == "").any():
        raise ParameterError(
            "a clip has no speaker.", hint="Without speakers no interval can be given."
        )
    return np.unique(who, return_inverse=True)[1].astype(np.int64)


def _bootstrap(models: tuple[Float64Array, ...], options: ResamplingOptions) -> Interval:
    """Return the metric of the first model (minus that of the second) and its interval."""
    metric = METRICS[options.metric]

    def score(counts: Float64Array) -> Float64Array:
        first, *second = (
            metric(np.tensordot(counts, own, axes=1).reshape(-1, N_CLASSES, N_CLASSES))
            for own in models
        )
        return first - second[0] if second else first

    return bootstrap_speakers(score, len(models[0]), options)


def bootstrap_speakers(
    score: Callable[[Float64Array], Float64Array], n_speakers: int, options: ResamplingOptions
) -> Interval:
    """Return a figure and its percentile interval.

    Parameters
    ----------
    score : callable
        From how often each speaker counts, shape (n_draws, n_speakers), to figures, (n_draws,).
    n_speakers : int
    options : ResamplingOptions
        Its metric does not matter.
    """
    value = float(score(np.ones((1, n_speakers)))[0])
    if n_speakers == 1:
        return Interval(value, float("nan"), float("nan"), options.level, n_speakers)
    rng = np.random.default_rng(options.seed)
    drawn = rng.integers(0, n_speakers, (options.n_draws, n_speakers))
    cells = drawn + n_speakers * np.arange(options.n_draws)[:, None]
    counts = np.bincount(cells.ravel(), minlength=drawn.size).reshape(drawn.shape).astype(float)
    tail = (1 - options.level) / 2
    low, high = np.quantile(score(counts), (tail, 1 - tail))
    return Interval(value, float(low), float(high), options.level, n_speakers)


def _exchange(
    a: Float64Array, b: Float64Array, difference: float, options: ResamplingOptions
) -> float:
    """Return the two-sided p-value of exchanging the models speaker by speaker."""
    n_speakers = len(a)
    exact = 2**n_speakers <= options.n_draws
    swaps: NDArray[np.bool_]
    if exact:
        swaps = np.arange(2**n_speakers)[:, None] >> np.arange(n_speakers) & 1 == 1
    else:
        rng = np.random.default_rng(np.random.SeedSequence(options.seed, spawn_key=(1,)))
        swaps = rng.random((options.n_draws, n_speakers)) < 0.5
    metric = METRICS[options.metric]
    moved = np.tensordot(swaps.astype(np.float64), a - b, axes=1)
    drawn = metric(a.sum(axis=0) - moved) - metric(b.sum(axis=0) + moved)
    hits = int((np.abs(drawn) >= abs(difference) - _SAME).sum())
    return hits / len(swaps) if exact else (1 + hits) / (1 + len(swaps))
