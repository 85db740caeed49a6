"""Confusion, accuracy, recalls, UAR, macro F1: worked by hand."""

from __future__ import annotations

import json

import numpy as np
import pytest

from emovox.emotions import EMOTIONS
from emovox.errors import ParameterError
from emovox.metrics import (
    compute_accuracy,
    compute_confusion,
    compute_macro_f1,
    compute_recalls,
    compute_uar,
    evaluate,
    validate_labels,
)

# Class 0: 3 of 4 right; class 2: 1 of 2; class 5 never occurs but is decided twice.
TRUTH = [0, 0, 0, 0, 2, 2]
PREDICTION = [0, 0, 0, 5, 2, 5]
EXACT = {"rel": 1e-15}  # sums of a few fractions


def test_confusion_has_the_truth_in_its_rows():
    confusion = compute_confusion(TRUTH, PREDICTION)
    assert confusion.shape == (8, 8)
    assert confusion.dtype == np.float64
    cells = {(0, 0): 3, (0, 5): 1, (2, 2): 1, (2, 5): 1}
    assert {tuple(cell): confusion[tuple(cell)] for cell in np.argwhere(confusion)} == cells


def test_the_metrics_of_six_clips():
    assert compute_accuracy(TRUTH, PREDICTION) == pytest.approx(4 / 6, **EXACT)
    assert compute_uar(TRUTH, PREDICTION) == pytest.approx((3 / 4 + 1 / 2) / 2, **EXACT)
    # F1 of class 0: 6 / 7, of class 2: 2 / 3, of class 5: 0, which counts as it was decided.
    assert compute_macro_f1(TRUTH, PREDICTION) == pytest.approx((6 / 7 + 2 / 3) / 3, **EXACT)


def test_recalls_of_classes_that_do_not_occur_are_nan():
    recalls = compute_recalls(TRUTH, PREDICTION)
    assert recalls[[0, 2]].tolist() == [0.75, 0.5]
    assert np.isnan(np.delete(recalls, [0, 2])).all()


@pytest.mark.parametrize("metric", [compute_accuracy, compute_uar, compute_macro_f1])
def test_right_is_1_and_wrong_is_0(metric):
    assert metric([1, 2, 7], [1, 2, 7]) == 1
    assert metric([1, 2, 7], [2, 7, 1]) == 0


def test_chance_on_unequal_classes():
    # Always the most frequent class: accuracy flatters, UAR is 1 / classes.
    truth, prediction = [0] * 9 + [1], [0] * 10
    assert compute_accuracy(truth, prediction) == 0.9
    assert compute_uar(truth, prediction) == 0.5


def test_other_numbers_of_classes():
    assert compute_confusion([0, 1], [1, 1], n_classes=2).tolist() == [[0, 1], [0, 1]]
    assert compute_recalls([0, 1], [1, 1], n_classes=2).tolist() == [0, 1]


def test_evaluate_gives_plain_values():
    scores = evaluate(TRUTH, PREDICTION)
    assert json.loads(json.dumps(scores, allow_nan=False)) == scores
    assert scores["n"] == 6
    assert scores["uar"] == compute_uar(TRUTH, PREDICTION)
    assert scores["recalls"] == {EMOTIONS[0]: 0.75, EMOTIONS[2]: 0.5}
    assert scores["confusion"] == compute_confusion(TRUTH, PREDICTION).tolist()
    assert "ece" not in scores


def test_evaluate_adds_the_calibration_error():
    probabilities = np.eye(8)[PREDICTION]
    assert evaluate(TRUTH, PREDICTION, probabilities)["ece"] == pytest.approx(2 / 6, **EXACT)


@pytest.mark.parametrize(
    ("truth", "prediction", "message"),
    [
        ([], [], "truth is empty"),
        ([0], [], "prediction is empty"),
        ([0, 1], [0], "truth has 2 values, prediction 1"),
        ([[0]], [[0]], r"truth has the shape \(1, 1\)"),
        ([0.0], [0], "truth is of type float64; integers are needed"),
        ([0], ["happy"], "prediction is of type"),
        ([-1], [0], "truth holds values from -1 to -1; 0 to 7 are allowed"),
        ([0], [8], "prediction holds values from 8 to 8"),
    ],
)
def test_bad_labels_are_explained(truth, prediction, message):
    with pytest.raises(ParameterError, match=message):
        validate_labels(truth, prediction)


@pytest.mark.parametrize(
    ("weights", "message"),
    [
        ([1.0], r"weights has the shape \(1,\), truth \(2,\)"),
        ([1.0, -1.0], "0 or more"),
        ([0.0, 0.0], "not all 0"),
        ([1.0, np.nan], "finite"),
        ([1.0, np.inf], "finite"),
    ],
)
def test_bad_weights_are_explained(weights, message):
    with pytest.raises(ParameterError, match=message):
        compute_uar([0, 1], [0, 1], weights=weights)
