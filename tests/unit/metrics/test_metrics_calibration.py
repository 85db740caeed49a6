"""Expected calibration error, worked by hand."""

from __future__ import annotations

import itertools

import numpy as np
import pytest

from emovox.errors import ParameterError
from emovox.metrics import ResamplingOptions, compute_ece, estimate_ece, validate_probabilities

ROUNDING = 1e-15  # a few additions of numbers below 1


def sure(*confidences: float) -> list[list[float]]:
    """Return two-class rows that decide for class 0 with these confidences."""
    return [[confidence, 1 - confidence] for confidence in confidences]


def test_two_bins():
    # Bin (0.5, 0.6]: 0 of 1 right at 0.6; bin (0.8, 0.9]: 2 of 3 right at 0.9.
    truth = [1, 0, 0, 1]
    expected = (1 * abs(0 - 0.6) + 3 * abs(2 / 3 - 0.9)) / 4
    got = compute_ece(truth, sure(0.6, 0.9, 0.9, 0.9), n_bins=10)
    assert got == pytest.approx(expected, abs=ROUNDING)


def test_in_one_bin_only_the_means_count():
    assert compute_ece([0, 1], sure(0.9, 0.6), n_bins=1) == pytest.approx(0.25, abs=ROUNDING)


def test_bins_are_closed_above():
    # 0.5 ends the first of two bins; 0.75 is in the second: they do not cancel.
    truth, rows = [0, 1], sure(0.5, 0.75)
    assert compute_ece(truth, rows, n_bins=2) == (0.5 + 0.75) / 2
    assert compute_ece(truth, rows, n_bins=1) == abs(1 - 1.25) / 2


def test_certain_and_right_is_0_certain_and_wrong_is_1():
    assert compute_ece([0, 1], np.eye(2)) == 0
    assert compute_ece([1, 0], np.eye(2)) == 1


def test_even_rows_are_calibrated_when_as_often_right():
    assert compute_ece([0, 1, 2, 3], np.full((4, 4), 0.25)) == 0


@pytest.mark.parametrize(
    ("truth", "probabilities", "message"),
    [
        ([0], [0.5, 0.5], r"shape \(2,\)"),
        ([], np.empty((0, 2)), "truth is empty"),
        ([0, 1], [[0.5, 0.5]], "truth has 2 values, probabilities 1 rows"),
        ([2], [[0.5, 0.5]], "0 to 1 are allowed"),
        ([0], [[np.nan, 0.5]], "finite"),
        ([0], [[1.5, -0.5]], "finite and in"),
        ([0, 1], [[0.5, 0.5], [0.5, 0.4]], "row 1 of probabilities adds up to 0.9000"),
    ],
)
def test_bad_probabilities_are_explained(truth, probabilities, message):
    with pytest.raises(ParameterError, match=message):
        validate_probabilities(truth, probabilities)


def test_bad_bins_are_explained():
    with pytest.raises(ParameterError, match="n_bins is 0"):
        compute_ece([0], [[1.0]], n_bins=0)


def test_interval_of_the_error_is_that_of_drawn_speakers() -> None:
    rng = np.random.default_rng(0)
    rows = rng.dirichlet(np.ones(8), size=60)
    truth = rng.integers(0, 8, 60)
    names = np.repeat(list("abc"), 20)
    found = estimate_ece(truth, rows, names.tolist(), ResamplingOptions(n_draws=400))
    assert found.value == pytest.approx(compute_ece(truth, rows), abs=ROUNDING)
    assert found.n_speakers == 3
    # Every draw of three of three speakers, by hand.
    own = {name: np.flatnonzero(names == name) for name in "abc"}
    draws = [np.concatenate([own[n] for n in some]) for some in itertools.product("abc", repeat=3)]
    errors = [compute_ece(truth[rows_], rows[rows_]) for rows_ in draws]
    assert min(errors) - ROUNDING <= found.low < found.high <= max(errors) + ROUNDING
    with pytest.raises(ParameterError, match="no speaker"):
        estimate_ece(truth, rows, [""] * 60)
    assert np.isnan(estimate_ece(truth, rows, ["a"] * 60).low)
