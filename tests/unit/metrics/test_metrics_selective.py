"""Refusing, worked by hand."""

from __future__ import annotations

import numpy as np
import pytest

from emovox.errors import ParameterError
from emovox.metrics import (
    apply_threshold,
    compute_aurc,
    compute_reliability,
    compute_risk_coverage,
    fit_threshold,
)

ROUNDING = 1e-12  # a few sums and quotients of numbers below 1
TRUTH = [0, 1, 0, 0, 1]
CONFIDENCES = (0.95, 0.9, 0.8, 0.8, 0.6)
"""Right, wrong, right, right, wrong: all decide for class 0."""


def sure(*confidences: float) -> list[list[float]]:
    return [[confidence, 1 - confidence] for confidence in confidences]


def test_curve_has_a_point_for_each_confidence():
    curve = compute_risk_coverage(TRUTH, sure(*CONFIDENCES))
    np.testing.assert_allclose(curve.threshold, [0.95, 0.9, 0.8, 0.6], atol=ROUNDING)
    np.testing.assert_allclose(curve.coverage, [0.2, 0.4, 0.8, 1.0], atol=ROUNDING)
    np.testing.assert_allclose(curve.risk, [0, 1 / 2, 1 / 4, 2 / 5], atol=ROUNDING)


def test_area_is_the_mean_risk_over_coverage():
    expected = 0.2 * 0 + 0.2 / 2 + 0.4 / 4 + 0.2 * 2 / 5
    assert compute_aurc(TRUTH, sure(*CONFIDENCES)) == pytest.approx(expected, abs=ROUNDING)


@pytest.mark.parametrize(
    ("error_rate", "threshold", "coverage", "risk"),
    [
        (0.0, 0.925, 0.2, 0.0),
        (0.25, 0.7, 0.8, 0.25),
        (0.3, 0.7, 0.8, 0.25),
        (0.4, 0.0, 1.0, 0.4),
        (1.0, 0.0, 1.0, 0.4),
    ],
)
def test_threshold_lets_as_many_through_as_the_error_rate_allows(
    error_rate, threshold, coverage, risk
):
    point = fit_threshold(TRUTH, sure(*CONFIDENCES), error_rate=error_rate)
    assert point.threshold == pytest.approx(threshold, abs=ROUNDING)
    assert point.coverage == pytest.approx(coverage, abs=ROUNDING)
    assert point.risk == pytest.approx(risk, abs=ROUNDING)
    assert apply_threshold(TRUTH, sure(*CONFIDENCES), point.threshold) == point


def test_threshold_that_cannot_be_had_refuses_all():
    point = fit_threshold([1, 0], sure(0.9, 0.8), error_rate=0.1)
    assert (point.threshold, point.coverage) == (1.0, 0.0)
    assert np.isnan(point.risk)


def test_threshold_holds_for_its_own_rows_whatever_they_are():
    rng = np.random.default_rng(3)
    probabilities = rng.dirichlet(np.full(8, 0.3), 500)
    truth = np.array([rng.choice(8, p=row) for row in probabilities])
    for error_rate in (0.05, 0.1, 0.2, 0.3):
        point = fit_threshold(truth, probabilities, error_rate=error_rate)
        assert point.risk <= error_rate
        # One step lower and too many would be wrong, there and everywhere below.
        curve = compute_risk_coverage(truth, probabilities)
        assert (curve.risk[curve.threshold < point.threshold] > error_rate).all()


@pytest.mark.parametrize("error_rate", [-0.1, 1.1, float("nan")])
def test_error_rate_is_a_share(error_rate):
    with pytest.raises(ParameterError, match="error_rate is"):
        fit_threshold(TRUTH, sure(*CONFIDENCES), error_rate=error_rate)


def test_reliability_by_bins():
    bins = compute_reliability(TRUTH, sure(*CONFIDENCES), n_bins=5)
    assert bins.n_clips.tolist() == [0, 0, 1, 2, 2]
    np.testing.assert_allclose(bins.confidence[2:], [0.6, 0.8, 0.925], atol=ROUNDING)
    np.testing.assert_allclose(bins.accuracy[2:], [0, 1, 0.5], atol=ROUNDING)
    assert np.isnan(bins.accuracy[:2]).all()
    np.testing.assert_allclose(bins.edges, [0, 0.2, 0.4, 0.6, 0.8, 1], atol=ROUNDING)
