"""How much of a feature's variance a grouping explains, alone: one-way analysis of variance."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from emovox.errors import ParameterError
from emovox.metrics.classification import Float64Array
from emovox.types import IntArray


@dataclass(frozen=True, slots=True, eq=False)
class OneWay:
    """One-way analyses of variance of many features, arrays of shape (n_features,).

    With k groups, n clips, and sums of squares between groups, within groups and in total:

    Attributes
    ----------
    f : ndarray of float64
        (between / (k - 1)) / (within / (n - k)): Fisher's F.
    eta2 : ndarray of float64
        between / total. Too high: k groups of noise alone reach (k - 1) / (n - 1).
    omega2 : ndarray of float64
        (between - (k - 1) m) / (total + m), with m = within / (n - k).
    epsilon2 : ndarray of float64
        (between - (k - 1) m) / total: 0 on average where there is nothing, and so at times
        below 0. The least biased of the three (Okada 2013).

    NaN where a feature is constant.
    """

    f: Float64Array
    eta2: Float64Array
    omega2: Float64Array
    epsilon2: Float64Array


def analyze_one_way(values: ArrayLike, groups: ArrayLike) -> OneWay:
    """Compare the variance between groups with that within them, feature by feature.

    Says what a grouping explains alone, with all that is tied to it: the speaker's figure holds
    the corpus's. `estimate_components` takes them apart.

    Parameters
    ----------
    values : array_like of float, shape (n, n_features)
        Finite.
    groups : array_like, shape (n,)
        Whatever tells groups apart: at least 2 of them, fewer than clips.

    Raises
    ------
    ParameterError
        If the shapes do not fit, a value is not finite, or there are too few groups or clips.

    References
    ----------
    Kelley: An unbiased correlation ratio measure, PNAS 21, 1935. Hays: Statistics for
    Psychologists, 1963 (omega squared). Okada: Is omega squared less biased?, Behaviormetrika
    40, 2013.

    Examples
    --------
    >>> analyze_one_way([[1.0], [3.0], [5.0], [7.0]], ["a", "a", "b", "b"]).f.tolist()
    [8.0]
    """
    table = validate_table(values)
    numbers, n_groups = number_groups(groups, len(table))
    n = len(table)
    if not 1 < n_groups < n:
        raise ParameterError(f"{n_groups} groups of {n} clips: at least 2, and fewer than clips.")
    centred = table - table.mean(axis=0)
    counts = np.bincount(numbers, minlength=n_groups)
    between = (sum_groups(centred, numbers, n_groups) ** 2 / counts[:, None]).sum(axis=0)
    total = (centred**2).sum(axis=0)
    constant = total <= n * (1e-12 * np.abs(table).max(axis=0)) ** 2
    total[constant] = np.nan
    error = np.maximum(0, total - between) / (n - n_groups)
    excess = between - (n_groups - 1) * error
    with np.errstate(divide="ignore"):
        f = between / (n_groups - 1) / error
    return OneWay(f, between / total, excess / (total + error), excess / total)


def validate_table(values: ArrayLike) -> Float64Array:
    """Return features as float64, shape (n, n_features), or raise ParameterError."""
    table = np.asarray(values, dtype=np.float64)
    if table.ndim != 2 or 0 in table.shape:
        raise ParameterError(
            f"values have the shape {table.shape}; (n, n_features) is needed, neither of them 0."
        )
    if not np.isfinite(table).all():
        raise ParameterError("a value is NaN or infinite; leave such clips out.")
    return table


def number_groups(groups: ArrayLike, n: int) -> tuple[IntArray, int]:
    """Return groups as numbers from 0 in sorted order, and how many there are."""
    labels = np.asarray(groups)
    if labels.shape != (n,):
        raise ParameterError(f"groups have the shape {labels.shape}; ({n},) is needed.")
    names, numbers = np.unique(labels, return_inverse=True)
    return numbers.astype(np.int64), len(names)


def sum_groups(table: Float64Array, numbers: IntArray, n_groups: int) -> Float64Array:
    """Return the sums of rows by group, shape (n_groups, n_features)."""
    sums = np.zeros((n_groups, table.shape[1]))
    order = np.argsort(numbers, kind="stable")
    ordered = numbers[order]
    starts = np.flatnonzero(np.r_[True, ordered[1:] != ordered[:-1]])
    sums[ordered[starts]] = np.add.reduceat(table[order], starts, axis=0)
    return sums
