"""Calibration: a temperature, fitted on dev rows."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from emovox.types import FloatArray, IntArray

LOWEST, HIGHEST = 0.1, 10.0
_GOLDEN = (np.sqrt(5.0) - 1.0) / 2.0


def fit_temperature(
    probabilities: FloatArray, labels: IntArray, *, share: NDArray[np.float64] | None = None
) -> float:
    """Return the temperature by which logits should be divided to be believable.

    It minimizes the mean cross-entropy of dev rows; which emotion is most probable stays as
    it is. Above 1: the model was too sure of itself.

    Parameters
    ----------
    probabilities : ndarray of float32, shape (n, 8)
        Of dev rows; never of test rows.
    labels : ndarray of int64, shape (n,)
        Rows whose emotion has probability 0 throughout do not count.
    share : ndarray of float64, shape (n,), optional
        In [0, 1]: the logits of a row are divided by the temperature to this power. Default: 1.

    Returns
    -------
    float
        From 0.1 to 10; 1 where no row counts.

    References
    ----------
    Guo et al., "On Calibration of Modern Neural Networks", ICML 2017, section 4.2.
    """
    there = np.asarray(probabilities.any(axis=0))
    known = there[labels]
    if not known.any():
        return 1.0
    # An emotion that training lacked stays at nothing at any temperature.
    floor = np.finfo(np.float32).tiny
    logits = np.log(np.maximum(probabilities[known].astype(np.float64), floor))
    logits[:, ~there] = -np.inf
    power = np.ones(len(logits)) if share is None else share[known]
    return float(np.exp(-_minimize(logits, labels[known], power)))


def _minimize(logits: NDArray[np.float64], labels: IntArray, power: NDArray[np.float64]) -> float:
    """Return the logarithm of the best inverse temperature, by golden section.

    The cross-entropy is convex in the inverse temperature, so it has one valley; with powers that
    differ it has one in practice.
    """

    def compute_loss(inverse: float) -> float:
        return _compute_loss(logits * np.exp(inverse * power)[:, None], labels)

    low, high = -np.log(HIGHEST), -np.log(LOWEST)
    # 40 steps leave 2e-8 of the interval.
    for _ in range(40):
        step = _GOLDEN * (high - low)
        if compute_loss(high - step) < compute_loss(low + step):
            high = low + step
        else:
            low = high - step
    return float((low + high) / 2)


def _compute_loss(logits: NDArray[np.float64], labels: IntArray) -> float:
    highest = logits.max(axis=1)
    total = highest + np.log(np.exp(logits - highest[:, None]).sum(axis=1))
    return float((total - logits[np.arange(len(labels)), labels]).mean())
