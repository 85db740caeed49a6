"""One-way analyses and moments against SciPy; separation, readings, correlations: scikit-learn."""

from __future__ import annotations

import importlib
import os
from types import ModuleType

import numpy as np
import pytest

from emovox.metrics import analyze_one_way
from emovox.study.statistics.describe import correlate
from emovox.study.statistics.probe import SHRINKAGE, Probe
from emovox.study.statistics.sample import compute_skewness

pytestmark = pytest.mark.reference

RNG = np.random.default_rng(3)
N, N_FEATURES = 400, 12
CLASSES = RNG.integers(0, 5, N)
FOLDS = RNG.integers(0, 4, N)
VALUES = RNG.standard_normal((N, N_FEATURES)) @ RNG.standard_normal((N_FEATURES, N_FEATURES))
VALUES += RNG.standard_normal((5, N_FEATURES))[CLASSES]
VALUES[:, 0] = np.exp(VALUES[:, 0])


def need(name: str) -> ModuleType:
    """Import a reference; absent, it is skipped on a laptop and fails in CI."""
    return importlib.import_module(name) if os.environ.get("CI") else pytest.importorskip(name)


def test_f_is_that_of_scipy_and_of_scikit_learn():
    found = analyze_one_way(VALUES, CLASSES).f
    labels = CLASSES
    parts = [VALUES[labels == number] for number in range(5)]
    # Sums of the same squares in another order.
    np.testing.assert_allclose(found, need("scipy.stats").f_oneway(*parts).statistic, rtol=1e-10)
    selection = need("sklearn.feature_selection")
    np.testing.assert_allclose(found, selection.f_classif(VALUES, CLASSES)[0], rtol=1e-10)


def test_epsilon_squared_is_the_adjusted_share_of_a_regression():
    # Kelley's epsilon squared is the adjusted R squared of dummy variables.
    linear = need("sklearn.linear_model").LinearRegression()
    dummies = np.eye(5)[CLASSES][:, 1:]
    for column in range(N_FEATURES):
        share = linear.fit(dummies, VALUES[:, column]).score(dummies, VALUES[:, column])
        adjusted = 1 - (1 - share) * (N - 1) / (N - 5)
        found = analyze_one_way(VALUES[:, [column]], CLASSES).epsilon2[0]
        assert found == pytest.approx(adjusted, rel=1e-10)


def test_skewness_and_correlations():
    expected = need("scipy.stats").skew(VALUES, axis=0)
    np.testing.assert_allclose(compute_skewness(VALUES), expected, rtol=1e-10)
    np.testing.assert_allclose(correlate(VALUES), np.corrcoef(VALUES.T), atol=1e-12)


def test_the_classifier_is_the_linear_discriminant_of_scikit_learn():
    # Its shrinkage blends towards a multiple of the identity; on whitened diagonals that is ours,
    # so a diagonal of ones is made first: features are divided by their deviation within classes.
    analysis = need("sklearn.discriminant_analysis")
    labels = CLASSES
    centred = VALUES - np.stack([VALUES[labels == k].mean(axis=0) for k in range(5)])[CLASSES]
    values = VALUES / np.sqrt((centred**2).mean(axis=0))
    reference = analysis.LinearDiscriminantAnalysis(
        solver="lsqr", shrinkage=SHRINKAGE, priors=np.full(5, 0.2)
    )
    # Classes of one size: its covariance weighs classes by their priors, ours by their clips.
    rows = np.concatenate([np.flatnonzero(labels == k)[:60] for k in range(5)])
    probe = Probe(values[rows], CLASSES[rows], FOLDS[rows])
    expected = reference.fit(probe.values, CLASSES[rows]).predict(probe.values)
    found = probe.fit(range(4)).predict(probe.values)
    # Clips on a border may fall either way, since the diagonals differ in the second digit.
    assert (found == expected).mean() > 0.98
