"""Where each idea stands under each protocol: seeds and folds put together."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TypeAlias

import numpy as np

from emovox.metrics import (
    Interval,
    ResamplingOptions,
    compute_accuracy,
    compute_confusion,
    compute_macro_f1,
    compute_recalls,
    compute_uar,
    estimate_interval,
)
from emovox.protocols import get_protocol
from emovox.study.evaluate import ALL, Evaluation
from emovox.study.scored import Scored
from emovox.types import IntArray

METRICS = ("uar", "accuracy", "macro_f1")
_COMPUTE = dict(zip(METRICS, (compute_uar, compute_accuracy, compute_macro_f1), strict=True))


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Standing:
    """What one idea scores under one protocol.

    Attributes
    ----------
    experiment, protocol : str
        Which.
    leaky : bool
        Whether the protocol is faulty on purpose.
    scores : mapping of str to Interval
        ``uar``, ``accuracy``, ``macro_f1`` with 95 % intervals; bounds are NaN where there are
        none (one speaker, or speakers unknown).
    spread : float or None
        Standard deviation of UAR over seeds; None with one seed.
    uar_clean : float or None
        UAR on recordings as published, where altered copies are among the test rows.
    train_uar : float or None
        UAR on the training rows, by the finished model, mean over folds and seeds.
    recalls : tuple of float or None
        Of the eight emotions in their order; None where there are no such rows.
    confusion : ndarray of int64, shape (8, 8)
        Counts, truth by prediction.
    n_rows, n_speakers, n_seeds : int
        Test rows (a clip counts once a seed), their speakers, seeds.
    """

    experiment: str
    protocol: str
    leaky: bool
    scores: Mapping[str, Interval]
    spread: float | None
    uar_clean: float | None
    train_uar: float | None
    recalls: tuple[float | None, ...]
    confusion: IntArray
    n_rows: int
    n_speakers: int
    n_seeds: int

    @property
    def uar(self) -> float:
        """From 0 to 1."""
        return self.scores["uar"].value

    @property
    def n_emotions(self) -> int:
        """Of the test rows."""
        return sum(recall is not None for recall in self.recalls)


Standings: TypeAlias = Mapping[tuple[str, str], Standing]
"""(experiment, protocol) -> where it stands, in the order of the study."""


def rank_standings(evaluation: Evaluation) -> dict[tuple[str, str], Standing]:
    """Return where each idea stands under each protocol.

    Parameters
    ----------
    evaluation : Evaluation
        Of a study.

    Returns
    -------
    dict of (experiment, protocol) to Standing
    """
    groups: dict[tuple[str, str], list[Scored]] = {}
    for (experiment, protocol, _), rows in evaluation.tests.items():
        groups.setdefault((experiment, protocol), []).append(rows)
    return {key: _stand(key, seeds, evaluation) for key, seeds in groups.items()}


def _stand(key: tuple[str, str], seeds: Sequence[Scored], evaluation: Evaluation) -> Standing:
    test = Scored.join(seeds)
    clean = test.take(test.clean)
    rows = [
        row
        for row in evaluation.rows
        if (row["experiment"], row["protocol"]) == key and row["corpus"] == row["fold"] == ALL
    ]
    trained = [row["train_uar"] for row in rows if row["train_uar"] is not None]
    recalls = compute_recalls(test.truth, test.prediction).tolist()
    return Standing(
        experiment=key[0],
        protocol=key[1],
        leaky=get_protocol(key[1]).leaky,
        scores={metric: _estimate(test, metric) for metric in METRICS},
        spread=float(np.std([row["uar"] for row in rows], ddof=1)) if len(rows) > 1 else None,
        uar_clean=(
            compute_uar(clean.truth, clean.prediction) if 0 < len(clean) < len(test) else None
        ),
        train_uar=float(np.mean(trained)) if trained else None,
        recalls=tuple(recall if recall == recall else None for recall in recalls),
        confusion=compute_confusion(test.truth, test.prediction).astype(np.int64),
        n_rows=len(test),
        n_speakers=len(np.unique(test.speaker)),
        n_seeds=len(seeds),
    )


def _estimate(test: Scored, metric: str) -> Interval:
    if "" in test.speaker:
        value = _COMPUTE[metric](test.truth, test.prediction)
        return Interval(value, float("nan"), float("nan"), 0.95, 0)
    return estimate_interval(
        test.truth, test.prediction, test.speaker.tolist(), ResamplingOptions(metric=metric)
    )
