"""All metrics of one set of predictions at once.

Conventions
-----------
As in `classification` and `calibration`.

Metrics
-------
* `evaluate`: those of both.
"""

from __future__ import annotations

from typing import Any

from numpy.typing import ArrayLike

from emovox.metrics.calibration import compute_ece
from emovox.metrics.classification import evaluate_decisions


def evaluate(
    truth: ArrayLike, prediction: ArrayLike, probabilities: ArrayLike | None = None
) -> dict[str, Any]:
    """Return every metric of these predictions, as plain values.

    Parameters
    ----------
    truth, prediction : array_like of int, shape (n,)
        Labels.
    probabilities : array_like of float, shape (n, 8), optional
        With them, the calibration error comes too.

    Returns
    -------
    dict
        ``n``, ``uar``, ``accuracy``, ``macro_f1``, ``recalls``, ``confusion``, and ``ece`` where
        probabilities are given. Intervals need speakers: see `estimate_interval`.

    Raises
    ------
    ParameterError
        If there is nothing to score, or shapes or values are wrong.
    """
    scores = evaluate_decisions(truth, prediction)
    if probabilities is not None:
        scores["ece"] = compute_ece(truth, probabilities)
    return scores
