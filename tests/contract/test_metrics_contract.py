"""What every metric promises: invariances over a list. A new metric is added to the list."""

from __future__ import annotations

import numpy as np
import pytest

from emovox import metrics
from emovox.errors import ParameterError

SCORES = {
    "accuracy": metrics.compute_accuracy,
    "uar": metrics.compute_uar,
    "macro_f1": metrics.compute_macro_f1,
}
score = pytest.mark.parametrize("metric", SCORES.values(), ids=SCORES)

RNG = np.random.default_rng(7)
N = 200
# Class 4 is never true, class 6 is never decided: both rarities are in every check.
TRUTH = RNG.choice([0, 1, 2, 3, 5, 6, 7], N)
PREDICTION = np.where(RNG.random(N) < 0.5, np.where(TRUTH == 6, 0, TRUTH), RNG.integers(0, 6, N))
PROBABILITIES = RNG.dirichlet(np.ones(8), N)
SPEAKERS = np.array([f"s{n}" for n in RNG.integers(0, 6, N)])
ORDER = RNG.permutation(N)
LABELS = RNG.permutation(8)
# Sums of the same numbers in another order.
ROUNDING = {"rel": 1e-13}


def test_every_public_metric_is_in_a_list():
    # Matrices, vectors, calibration and refusal have tests of their own below.
    others = {
        metrics.compute_confusion,
        metrics.compute_recalls,
        metrics.compute_ece,
        metrics.compute_reliability,
        metrics.compute_risk_coverage,
        metrics.compute_aurc,
    }
    listed = others.union(SCORES.values())
    public = {getattr(metrics, name) for name in metrics.__all__ if name.startswith("compute_")}
    assert public == listed


@score
def test_scores_are_between_0_and_1(metric):
    assert 0 < metric(TRUTH, PREDICTION) < 1
    assert isinstance(metric(TRUTH, PREDICTION), float)


@score
def test_the_order_of_the_clips_does_not_matter(metric):
    assert metric(TRUTH[ORDER], PREDICTION[ORDER]) == metric(TRUTH, PREDICTION)


@score
def test_the_names_of_the_labels_do_not_matter(metric):
    renamed = metric(LABELS[TRUTH], LABELS[PREDICTION])
    assert renamed == pytest.approx(metric(TRUTH, PREDICTION), **ROUNDING)


@score
def test_weights_count_clips(metric):
    times = RNG.integers(0, 4, N)
    repeated = metric(np.repeat(TRUTH, times), np.repeat(PREDICTION, times))
    assert metric(TRUTH, PREDICTION, weights=times) == repeated


@score
def test_only_the_proportions_of_weights_matter(metric):
    weights = RNG.random(N)
    scaled = metric(TRUTH, PREDICTION, weights=1000 * weights)
    assert scaled == pytest.approx(metric(TRUTH, PREDICTION, weights=weights), **ROUNDING)


@score
def test_lists_and_small_integers_are_taken(metric):
    expected = metric(TRUTH, PREDICTION)
    assert metric(TRUTH.tolist(), PREDICTION.tolist()) == expected
    assert metric(TRUTH.astype(np.int8), PREDICTION.astype(np.uint8)) == expected


# Not macro F1: it averages over the classes decided, of which a better decision may bring one more.
@pytest.mark.parametrize("metric", [metrics.compute_accuracy, metrics.compute_uar])
def test_a_better_decision_never_lowers_it(metric):
    wrong = np.flatnonzero(TRUTH != PREDICTION)
    mended = PREDICTION.copy()
    last = metric(TRUTH, mended)
    for number in wrong[:20]:
        mended[number] = TRUTH[number]
        assert metric(TRUTH, mended) >= last
        last = metric(TRUTH, mended)


def test_matrices_follow_the_labels():
    confusion = metrics.compute_confusion(TRUTH, PREDICTION)
    renamed = metrics.compute_confusion(LABELS[TRUTH], LABELS[PREDICTION])
    assert (renamed[np.ix_(LABELS, LABELS)] == confusion).all()
    np.testing.assert_array_equal(
        metrics.compute_recalls(LABELS[TRUTH], LABELS[PREDICTION])[LABELS],
        metrics.compute_recalls(TRUTH, PREDICTION),
    )


@pytest.mark.parametrize("metric", [metrics.compute_ece, metrics.compute_aurc])
def test_metrics_of_probabilities_do_not_depend_on_order_or_labels(metric):
    expected = metric(TRUTH, PROBABILITIES)
    assert 0 < expected < 1
    shuffled = metric(TRUTH[ORDER], PROBABILITIES[ORDER])
    assert shuffled == pytest.approx(expected, **ROUNDING)
    columns = np.empty_like(PROBABILITIES)
    columns[:, LABELS] = PROBABILITIES
    assert metric(LABELS[TRUTH], columns) == pytest.approx(expected, **ROUNDING)


def test_calibration_error_is_the_gap_of_the_bins():
    bins = metrics.compute_reliability(TRUTH, PROBABILITIES)
    assert bins.n_clips.sum() == N
    gaps = np.nan_to_num(np.abs(bins.accuracy - bins.confidence))
    expected = (gaps * bins.n_clips).sum() / N
    assert metrics.compute_ece(TRUTH, PROBABILITIES) == pytest.approx(expected, **ROUNDING)


def test_risk_coverage_ends_at_the_error_of_all():
    curve = metrics.compute_risk_coverage(TRUTH, PROBABILITIES)
    assert curve.coverage[-1] == 1
    accuracy = metrics.compute_accuracy(TRUTH, PROBABILITIES.argmax(axis=1))
    assert curve.risk[-1] == pytest.approx(1 - accuracy, **ROUNDING)
    assert (np.diff(curve.coverage) > 0).all()
    assert (np.diff(curve.threshold) < 0).all()


@pytest.mark.parametrize(
    ("resample", "n_predictions"), [(metrics.estimate_interval, 1), (metrics.compare_paired, 2)]
)
def test_resampling_does_not_depend_on_order_or_on_what_speakers_are_called(
    resample, n_predictions
):
    labels = (TRUTH, PREDICTION, np.roll(TRUTH, 1))[: 1 + n_predictions]
    expected = resample(*labels, SPEAKERS)
    assert resample(*(values[ORDER] for values in labels), SPEAKERS[ORDER]) == expected
    assert resample(*labels, np.char.add("person ", SPEAKERS)) == expected


@pytest.mark.parametrize(
    "call",
    [
        *(lambda metric=metric: metric([], []) for metric in SCORES.values()),
        lambda: metrics.compute_confusion([], []),
        lambda: metrics.compute_recalls([], []),
        lambda: metrics.compute_ece([], np.empty((0, 8))),
        lambda: metrics.compute_reliability([], np.empty((0, 8))),
        lambda: metrics.compute_risk_coverage([], np.empty((0, 8))),
        lambda: metrics.compute_aurc([], np.empty((0, 8))),
        lambda: metrics.fit_threshold([], np.empty((0, 8)), error_rate=0.1),
        lambda: metrics.estimate_interval([], [], []),
        lambda: metrics.compare_paired([], [], [], []),
        lambda: metrics.correct_pvalues([]),
        lambda: metrics.evaluate([], []),
    ],
)
def test_nothing_to_score_is_an_error(call):
    with pytest.raises(ParameterError, match=r"empty|n > 0"):
        call()
