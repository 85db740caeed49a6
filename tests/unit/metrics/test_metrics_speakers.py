"""Intervals, paired comparison, Holm: worked by hand where that can be done."""

from __future__ import annotations

import math

import numpy as np
import pytest

from emovox.errors import ParameterError
from emovox.metrics import (
    ResamplingOptions,
    compare_paired,
    compute_uar,
    correct_pvalues,
    estimate_interval,
)

ACCURACY = ResamplingOptions(metric="accuracy")


def make_predictions(shares: list[float], n: int = 10) -> tuple[np.ndarray, np.ndarray, list[str]]:
    """Make speakers with n clips each, of whom these shares are decided rightly."""
    truth = np.zeros(len(shares) * n, dtype=int)
    prediction = np.concatenate([np.arange(n) >= round(share * n) for share in shares]).astype(int)
    return truth, prediction, [f"s{i}" for i in range(len(shares)) for _ in range(n)]


def test_the_value_is_that_of_all_clips():
    rng = np.random.default_rng(0)
    truth, prediction = rng.integers(0, 8, (2, 300))
    speakers = [f"s{n}" for n in rng.integers(0, 7, 300)]
    interval = estimate_interval(truth, prediction, speakers)
    assert interval.value == compute_uar(truth, prediction)
    assert interval.low < interval.value < interval.high
    assert (interval.level, interval.n_speakers) == (0.95, 7)


def test_speakers_are_drawn_not_clips():
    # All of one speaker right, all of the other wrong: a quarter of the draws has only one of
    # them, so the bounds are the extremes, however many clips there are.
    truth, prediction, speakers = make_predictions([1, 0], n=500)
    interval = estimate_interval(truth, prediction, speakers, ACCURACY)
    assert (interval.low, interval.value, interval.high) == (0, 0.5, 1)


def test_equal_speakers_leave_nothing_to_chance():
    truth, prediction, speakers = make_predictions([0.7] * 5)
    interval = estimate_interval(truth, prediction, speakers, ACCURACY)
    # A mean of equal numbers, rounded in another order.
    assert (interval.low, interval.high) == pytest.approx((0.7, 0.7), abs=1e-15)


def test_the_bounds_are_quantiles_of_the_drawn_values():
    # Three speakers with 0, 0 and 1: the draws have 0, 1/3, 2/3, 1 with 8, 12, 6, 1 parts of 27.
    truth, prediction, speakers = make_predictions([0, 0, 1], n=1)
    for level, expected in ((0.99, (0, 1)), (0.90, (0, 2 / 3)), (0.30, (1 / 3, 1 / 3))):
        options = ResamplingOptions(metric="accuracy", level=level)
        interval = estimate_interval(truth, prediction, speakers, options)
        # The steps lie far from the quantiles: 5,000 draws cannot miss them.
        assert (interval.low, interval.high) == pytest.approx(expected, abs=1e-15)


def test_a_higher_level_is_wider():
    truth, prediction, speakers = make_predictions([0.2, 0.5, 0.6, 0.7, 0.9, 1.0])
    widths = []
    for level in (0.5, 0.9, 0.99):
        options = ResamplingOptions(metric="accuracy", level=level)
        interval = estimate_interval(truth, prediction, speakers, options)
        widths.append(interval.high - interval.low)
    assert widths == sorted(widths)
    assert widths[0] < widths[-1]


def test_of_one_speaker_nothing_can_be_said():
    truth, prediction, speakers = make_predictions([0.5])
    interval = estimate_interval(truth, prediction, speakers, ACCURACY)
    assert interval.value == 0.5
    assert math.isnan(interval.low)
    assert math.isnan(interval.high)
    assert compare_paired(truth, prediction, truth, speakers).p_value == 1


@pytest.mark.parametrize("n_speakers", [2, 3, 5, 10])
def test_the_smallest_p_value_is_that_of_the_two_extremes(n_speakers):
    # Model a better with every speaker: only exchanging nobody or everybody is as extreme.
    truth, a, speakers = make_predictions([0.8] * n_speakers)
    _, b, _ = make_predictions([0.5] * n_speakers)
    comparison = compare_paired(truth, a, b, speakers, ACCURACY)
    assert comparison.difference.value == pytest.approx(0.3, abs=1e-15)
    assert comparison.difference.low > 0
    assert comparison.p_value == 2 / 2**n_speakers


def test_many_speakers_are_sampled_and_never_give_0():
    n_speakers = 40
    truth, a, speakers = make_predictions([0.8] * n_speakers)
    _, b, _ = make_predictions([0.5] * n_speakers)
    comparison = compare_paired(truth, a, b, speakers, ResamplingOptions(n_draws=500))
    assert comparison.p_value == 1 / 501


def test_a_model_does_not_differ_from_itself():
    truth, a, speakers = make_predictions([0.8, 0.1, 0.4])
    comparison = compare_paired(truth, a, a, speakers)
    assert comparison.p_value == 1
    assert (comparison.difference.low, comparison.difference.high) == (0, 0)


def test_the_comparison_is_antisymmetric():
    truth, a, speakers = make_predictions([0.8, 0.6, 0.9, 0.4])
    _, b, _ = make_predictions([0.5, 0.7, 0.6, 0.2])
    there = compare_paired(truth, a, b, speakers)
    back = compare_paired(truth, b, a, speakers)
    assert there.p_value == back.p_value
    assert there.difference.value == -back.difference.value
    # The same draws, mirrored; quantiles interpolate, hence the rounding.
    assert there.difference.low == pytest.approx(-back.difference.high, abs=1e-15)


def test_seeds_decide():
    truth, prediction, speakers = make_predictions([0.2, 0.5, 0.6, 0.7, 0.9, 1.0, 0.1, 0.3])
    runs = [
        estimate_interval(truth, prediction, speakers, ResamplingOptions(n_draws=50, seed=seed))
        for seed in (1, 1, 2)
    ]
    assert runs[0] == runs[1]
    assert runs[0] != runs[2]


def test_holm_by_hand():
    # Sorted 0.005, 0.01, 0.03, 0.04 times 4, 3, 2, 1; the last may not fall below the one before.
    got = correct_pvalues([0.01, 0.04, 0.03, 0.005])
    assert got == pytest.approx([0.03, 0.06, 0.06, 0.02], abs=1e-15)
    assert correct_pvalues([0.6, 0.7]).tolist() == [1, 1]
    assert correct_pvalues([0.2]).tolist() == [0.2]


@pytest.mark.parametrize("values", [[], [[0.1]], [-0.1], [1.1], [np.nan]])
def test_bad_p_values_are_refused(values):
    with pytest.raises(ParameterError):
        correct_pvalues(values)


def test_bad_requests_are_explained():
    with pytest.raises(ParameterError, match=r"speakers has the shape \(1,\), truth \(2,\)"):
        estimate_interval([0, 1], [0, 1], ["a"])
    with pytest.raises(ParameterError, match="a clip has no speaker"):
        estimate_interval([0, 1], [0, 1], ["a", ""])
    with pytest.raises(ParameterError, match="truth is empty"):
        estimate_interval([], [], [])
    with pytest.raises(ParameterError, match="unknown metric 'urar'") as caught:
        ResamplingOptions(metric="urar")
    assert "Did you mean 'uar'?" in caught.value.hint
    with pytest.raises(ParameterError, match="level is 1"):
        ResamplingOptions(level=1)
    with pytest.raises(ParameterError, match="n_draws"):
        ResamplingOptions(n_draws=0)


def test_the_defaults():
    options = ResamplingOptions()
    assert (options.metric, options.level, options.n_draws, options.seed) == ("uar", 0.95, 5000, 0)
