"""Metrics of a model that may refuse: how often is it wrong where it dares to decide.

Conventions
-----------
As in `calibration`. Clips are accepted in the order of their confidence; clips of equal
confidence are accepted together, so that every point of a curve can be had by a threshold.

Metrics
-------
* `compute_risk_coverage`: share of wrong decisions (risk) by share of accepted clips (coverage).
* `compute_aurc`: area under that curve, in [0, 1], lower is better.
* `fit_threshold`: the confidence from which on decisions are wrong in a stated share of cases.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from emovox.errors import ParameterError
from emovox.metrics.calibration import validate_probabilities
from emovox.metrics.classification import Float64Array


@dataclass(frozen=True, slots=True, eq=False)
class RiskCoverage:
    """A curve with one point for each confidence that occurs, the most confident first.

    Attributes
    ----------
    threshold : ndarray of float64, shape (n_points,)
        Falling. Clips at least this confident are accepted.
    coverage : ndarray of float64, shape (n_points,)
        Share of clips accepted; the last is 1.
    risk : ndarray of float64, shape (n_points,)
        Share of wrong decisions among them; the last is 1 - accuracy.
    """

    threshold: Float64Array
    coverage: Float64Array
    risk: Float64Array


@dataclass(frozen=True, slots=True)
class OperatingPoint:
    """What a threshold brings on some rows.

    Attributes
    ----------
    threshold : float
        Clips at least this confident are accepted.
    coverage : float
        Share of clips accepted.
    risk : float
        Share of wrong decisions among them; NaN where none is accepted.
    """

    threshold: float
    coverage: float
    risk: float


def compute_risk_coverage(truth: ArrayLike, probabilities: ArrayLike) -> RiskCoverage:
    """Return how the share of wrong decisions falls as the least sure ones are refused.

    Parameters
    ----------
    truth : array_like of int, shape (n,)
        Labels.
    probabilities : array_like of float, shape (n, n_classes)
        As given by a model.

    Raises
    ------
    ParameterError
        As `validate_probabilities`.

    References
    ----------
    El-Yaniv and Wiener: On the foundations of noise-free selective classification, JMLR 11, 2010.

    Examples
    --------
    >>> compute_risk_coverage([0, 1], [[0.9, 0.1], [0.6, 0.4]]).risk
    array([0. , 0.5])
    """
    labels, array = validate_probabilities(truth, probabilities)
    confidence = array.max(axis=1)
    order = np.argsort(-confidence, kind="stable")
    sorted_confidence = confidence[order]
    n_wrong = np.cumsum(array.argmax(axis=1)[order] != labels[order])
    # The last clip of each run of equals.
    ends = np.flatnonzero(np.append(np.diff(sorted_confidence) != 0, True))
    n_accepted = ends + 1
    return RiskCoverage(
        threshold=sorted_confidence[ends],
        coverage=n_accepted / len(labels),
        risk=n_wrong[ends] / n_accepted,
    )


def compute_aurc(truth: ArrayLike, probabilities: ArrayLike) -> float:
    """Return the area under the risk-coverage curve: the mean of the risk over coverages.

    It is low where the model is right, and where its confidence tells right from wrong.

    Parameters
    ----------
    truth : array_like of int, shape (n,)
        Labels.
    probabilities : array_like of float, shape (n, n_classes)
        As given by a model.

    Raises
    ------
    ParameterError
        As `validate_probabilities`.

    References
    ----------
    Geifman, Uziel, El-Yaniv: Bias-reduced uncertainty estimation for deep neural classifiers,
    ICLR 2019.
    """
    curve = compute_risk_coverage(truth, probabilities)
    return float(np.diff(curve.coverage, prepend=0.0) @ curve.risk)


def apply_threshold(truth: ArrayLike, probabilities: ArrayLike, threshold: float) -> OperatingPoint:
    """Return what a threshold brings on these rows.

    Raises
    ------
    ParameterError
        As `validate_probabilities`.
    """
    labels, array = validate_probabilities(truth, probabilities)
    accepted = array.max(axis=1) >= threshold
    wrong = array.argmax(axis=1) != labels
    risk = float(wrong[accepted].mean()) if accepted.any() else float("nan")
    return OperatingPoint(float(threshold), float(accepted.mean()), risk)


def fit_threshold(
    truth: ArrayLike, probabilities: ArrayLike, *, error_rate: float
) -> OperatingPoint:
    """Return the lowest threshold at which accepted decisions are wrong in a stated share of cases.

    Parameters
    ----------
    truth : array_like of int, shape (n,)
        Labels of dev rows; never of test rows.
    probabilities : array_like of float, shape (n, n_classes)
        As given by the model, after its temperature was fitted.
    error_rate : float
        Largest share of wrong decisions among the accepted, in [0, 1].

    Returns
    -------
    OperatingPoint
        The threshold lies in the middle between the last clip accepted and the first one
        refused; 0 where none needs to be refused. Where even the most confident clips are wrong
        too often it is 1: what is left then is in ``risk``.

    Raises
    ------
    ParameterError
        As `validate_probabilities`, or if ``error_rate`` is outside [0, 1].
    """
    if not 0 <= error_rate <= 1:
        raise ParameterError(f"error_rate is {error_rate!r}; it must be in [0, 1].")
    curve = compute_risk_coverage(truth, probabilities)
    good = np.flatnonzero(curve.risk <= error_rate)
    if not good.size:
        return apply_threshold(truth, probabilities, 1.0)
    last = int(good[-1])
    below = curve.threshold[last + 1] if last + 1 < len(curve.threshold) else None
    threshold = 0.0 if below is None else float((curve.threshold[last] + below) / 2)
    return OperatingPoint(threshold, float(curve.coverage[last]), float(curve.risk[last]))
