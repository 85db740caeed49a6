"""Metrics against scikit-learn, intervals and p-values against SciPy."""

from __future__ import annotations

import importlib
import os
import warnings
from types import ModuleType

import numpy as np
import pytest

from emovox.metrics import (
    ResamplingOptions,
    compare_paired,
    compute_accuracy,
    compute_confusion,
    compute_macro_f1,
    compute_recalls,
    compute_uar,
    correct_pvalues,
    estimate_interval,
)
from emovox.metrics.classification import METRICS

pytestmark = pytest.mark.reference

SCORES = {"accuracy": compute_accuracy, "uar": compute_uar, "macro_f1": compute_macro_f1}
# Both sum a few fractions in float64, in another order.
ROUNDING = {"rel": 1e-12, "abs": 1e-15}


def need(name: str) -> ModuleType:
    """Import a reference; absent, it is skipped on a laptop and fails in CI."""
    return importlib.import_module(name) if os.environ.get("CI") else pytest.importorskip(name)


def draw_labels(n: int, seed: int) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(seed)
    truth = rng.integers(0, 8, n)
    return truth, np.where(rng.random(n) < 0.4, truth, rng.integers(0, 8, n))


@pytest.mark.parametrize("n", [1, 2, 3, 4, 5, 30, 2000])
@pytest.mark.parametrize("seed", range(5))
@pytest.mark.parametrize("weighted", [False, True])
def test_classification(n, seed, weighted):
    reference = need("sklearn.metrics")
    truth, prediction = draw_labels(n, seed)
    weights = np.random.default_rng(seed).random(n) + 0.1 if weighted else None
    expected = {
        "accuracy": reference.accuracy_score(truth, prediction, sample_weight=weights),
        # Classes that occur or are decided are averaged, as in ours; 0 / 0 cannot arise.
        "macro_f1": reference.f1_score(
            truth, prediction, average="macro", sample_weight=weights, zero_division=0
        ),
    }
    with warnings.catch_warnings():
        # It warns of decided classes that do not occur (ours leaves them out as well) and of a
        # single class.
        warnings.filterwarnings("ignore", "y_pred contains classes not in y_true")
        warnings.filterwarnings("ignore", "A single label was found")
        expected["uar"] = reference.balanced_accuracy_score(
            truth, prediction, sample_weight=weights
        )
    for name, value in expected.items():
        assert SCORES[name](truth, prediction, weights=weights) == pytest.approx(value, **ROUNDING)
    np.testing.assert_allclose(
        compute_confusion(truth, prediction, weights=weights),
        reference.confusion_matrix(truth, prediction, labels=range(8), sample_weight=weights),
        rtol=1e-12,
    )
    occurring = np.unique(truth)
    np.testing.assert_allclose(
        compute_recalls(truth, prediction, weights=weights)[occurring],
        reference.recall_score(
            truth, prediction, labels=occurring, average=None, sample_weight=weights
        ),
        rtol=1e-12,
    )


def draw_study(n_speakers: int, seed: int) -> tuple[np.ndarray, np.ndarray, np.ndarray, list[str]]:
    """Return truth, two predictions and the speakers: 16 clips each, two of every class."""
    rng = np.random.default_rng(seed)
    truth = np.tile(np.arange(8), 2 * n_speakers)
    ability = np.repeat(rng.uniform(0.2, 0.9, n_speakers), 16)
    a, b = (
        np.where(rng.random(len(truth)) < ability * skill, truth, rng.integers(0, 8, len(truth)))
        for skill in (1.0, 0.7)
    )
    return truth, a, b, [f"s{n:02d}" for n in range(n_speakers) for _ in range(16)]


def score_speakers(truth, prediction, metric):
    """Return a function of speaker numbers: the metric of their pooled clips."""
    matrices = [
        compute_confusion(truth[n : n + 16], prediction[n : n + 16])
        for n in range(0, len(truth), 16)
    ]

    def score(numbers):
        return float(METRICS[metric](sum(matrices[number] for number in numbers)))

    return score


@pytest.mark.parametrize("n_speakers", [2, 3, 5, 12])
@pytest.mark.parametrize("metric", METRICS)
def test_bootstrap(n_speakers, metric):
    stats = need("scipy.stats")
    truth, prediction, _, speakers = draw_study(n_speakers, seed=n_speakers)
    options = ResamplingOptions(metric=metric, n_draws=400, level=0.9, seed=3)
    interval = estimate_interval(truth, prediction, speakers, options)
    # SciPy draws the same way from the same generator, so this is not a matter of chance.
    expected = stats.bootstrap(
        (np.arange(n_speakers),),
        score_speakers(truth, prediction, metric),
        n_resamples=400,
        confidence_level=0.9,
        method="percentile",
        vectorized=False,
        rng=np.random.default_rng(3),
    ).confidence_interval
    assert (interval.low, interval.high) == pytest.approx(tuple(expected), **ROUNDING)


@pytest.mark.parametrize("n_speakers", [2, 3, 4, 5, 9])
@pytest.mark.parametrize("metric", METRICS)
def test_exact_exchange(n_speakers, metric):
    stats = need("scipy.stats")
    truth, a, b, speakers = draw_study(n_speakers, seed=n_speakers)
    comparison = compare_paired(truth, a, b, speakers, ResamplingOptions(metric=metric))
    both = [
        [
            compute_confusion(truth[n : n + 16], prediction[n : n + 16])
            for n in range(0, len(truth), 16)
        ]
        for prediction in (a, b)
    ]

    def difference(first, second):
        # An element is the number of a matrix: below n_speakers of model a, above of model b.
        matrices = both[0] + both[1]
        totals = [sum(matrices[int(number)] for number in side) for side in (first, second)]
        return float(METRICS[metric](totals[0]) - METRICS[metric](totals[1]))

    numbers = np.arange(2 * n_speakers)
    expected = stats.permutation_test(
        (numbers[:n_speakers], numbers[n_speakers:]),
        difference,
        permutation_type="samples",
        vectorized=False,
        n_resamples=np.inf,
        alternative="two-sided",
    )
    assert comparison.difference.value == pytest.approx(expected.statistic, **ROUNDING)
    assert comparison.p_value == pytest.approx(expected.pvalue, **ROUNDING)


def test_sampled_exchange():
    stats = need("scipy.stats")
    # With as many clips each, the accuracy differs as the speakers' means do.
    truth, a, b, speakers = draw_study(14, seed=2)
    b = np.where(np.arange(len(b)) % 3 == 0, b, a)  # nearer to each other
    options = ResamplingOptions(metric="accuracy", n_draws=8000)
    comparison = compare_paired(truth, a, b, speakers, options)
    means = ((a == truth).astype(float) - (b == truth)).reshape(14, 16).mean(axis=1)
    expected = stats.permutation_test(
        (means,),
        np.mean,
        permutation_type="samples",
        vectorized=False,
        n_resamples=np.inf,
        alternative="two-sided",
    )
    # 8,000 draws: a standard error of at most 0.0056; four of them.
    assert comparison.p_value == pytest.approx(expected.pvalue, abs=0.023)
    assert comparison.difference.value == pytest.approx(expected.statistic, **ROUNDING)


def test_holm_lies_between_benjamini_hochberg_and_bonferroni():
    stats = need("scipy.stats")
    # SciPy has no Holm, but it is stricter than Benjamini-Hochberg, which SciPy has.
    values = np.random.default_rng(0).random(20) ** 3
    corrected = correct_pvalues(values)
    assert (corrected >= stats.false_discovery_control(values, method="bh") - 1e-15).all()
    assert (corrected <= np.minimum(1, 20 * values)).all()
    assert (np.diff(corrected[np.argsort(values)]) >= 0).all()
