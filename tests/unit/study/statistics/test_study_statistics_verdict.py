from __future__ import annotations

import pytest

from emovox.errors import ParameterError
from emovox.study.statistics import Advice, score_advice
from emovox.study.statistics.verdict import judge


def make_row(uar: float, **changes):
    row = {
        "experiment": "e", "model": "logistic", "features": "notebook", "augmentation": "none",
        "protocol": "speaker", "leaky": False, "corpus": "all", "fold": "all", "seed": 0,
        "uar": uar, "train_uar": 0.6, "fast": False,
    }  # fmt: skip
    return row | changes


def make_advice(topic: str, expected: float | None, **changes) -> Advice:
    changes = {"features": "notebook"} | changes
    return Advice(topic=topic, text="", evidence="", expected=expected, **changes)


@pytest.mark.parametrize(
    ("expected", "measured", "at_least", "verdict"),
    [
        (0.10, 0.12, False, "held"),
        (0.10, 0.05, False, "held"),
        (0.10, 0.03, False, "weaker"),
        (0.10, 0.005, False, "failed"),
        (0.10, -0.05, False, "failed"),
        (-0.10, -0.08, False, "held"),
        (-0.10, 0.08, False, "failed"),
        (0.10, 0.08, True, "weaker"),
        (0.10, 0.30, True, "held"),
        (0.002, -0.004, False, "held"),
        (0.002, 0.05, False, "failed"),
        (0.002, 0.05, True, "held"),
        (0.10, None, False, "not measured"),
        (None, 0.10, False, "not measured"),
    ],
)
def test_judgement(expected, measured, at_least, verdict):
    assert judge(make_advice("leak", expected, at_least=at_least), measured) == verdict


def test_a_leak_is_measured_by_the_same_model_under_two_protocols():
    rows = [
        make_row(0.60, protocol="notebook", leaky=True),
        make_row(0.45),
        make_row(0.90, protocol="notebook", leaky=True, experiment="other"),
        make_row(0.20, features="full"),
        make_row(0.99, features="full", protocol="notebook", leaky=True),
        make_row(0.20, fold=1),
        make_row(0.20, corpus="savee"),
    ]
    (verdict,) = score_advice([make_advice("leak", 0.1, at_least=True)], rows)
    assert (verdict.verdict, len(verdict.measurements)) == ("held", 1)
    assert verdict.measured == pytest.approx(0.15)
    assert verdict.measurements[0].of == "e: notebook, against speaker"


def test_the_gap_between_voices_is_taken_from_honest_protocols():
    rows = [make_row(0.4), make_row(0.5, train_uar=0.9), make_row(0.9, leaky=True)]
    (verdict,) = score_advice([make_advice("voices", 0.3, at_least=True)], rows)
    assert [m.difference for m in verdict.measurements] == pytest.approx([0.2, 0.4])
    assert verdict.verdict == "held"


def test_statistics_are_compared_with_means_of_the_same_model():
    rows = [
        make_row(0.40, experiment="a", features="notebook-16k"),
        make_row(0.52, experiment="b", features="full"),
        make_row(0.30, experiment="c", features="full", model="svm"),
    ]
    (verdict,) = score_advice([make_advice("summary", 0.1, features="full")], rows)
    assert verdict.measurements[0].of == "logistic: full, against notebook-16k"
    assert verdict.measured == pytest.approx(0.12)


def test_the_best_sequence_model_is_compared_with_the_best_on_means():
    rows = [
        make_row(0.40, experiment="a"),
        make_row(0.42, experiment="b", model="svm"),
        make_row(0.50, experiment="c", model="lstm", features="frames"),
        make_row(0.45, experiment="d", model="lstm", features="frames"),
        make_row(0.99, experiment="e", model="lstm", protocol="notebook", leaky=True),
    ]
    (verdict,) = score_advice([make_advice("order", 0.05, at_least=True)], rows)
    assert verdict.measured == pytest.approx(0.08)
    assert verdict.verdict == "held"


def test_what_an_evaluation_says_of_known_voices_bears_on_normalization():
    row = {"corpus": "all", "pass": "adapt-all", "title": "all clips", "change": 0.06}
    evaluation = {"adaptation": [{**row, "pass": "clean", "change": None}, row]}
    normalize, leak = score_advice(
        [make_advice("normalize", 0.08), make_advice("leak", 0.1)], evaluation
    )
    assert (normalize.verdict, normalize.measured) == ("held", 0.06)
    assert leak.verdict == "not measured"


def test_normalized_speakers_are_compared_with_the_same_model_without():
    rows = [
        make_row(0.40, experiment="a", normalize="none"),
        make_row(0.46, experiment="b", normalize="speaker"),
        make_row(0.30, experiment="c", normalize="none", features="full"),
        make_row(0.70, experiment="c", normalize="speaker", features="full"),
        make_row(0.90, experiment="d", normalize="speaker", protocol="notebook", leaky=True),
    ]
    (verdict,) = score_advice([make_advice("normalize", 0.08)], rows)
    assert verdict.measurements[0].of == "logistic on notebook: each speaker normalized, or not"
    assert (len(verdict.measurements), verdict.verdict) == (1, "held")
    # Results of before there was a choice: nothing was normalized then.
    old = [{k: v for k, v in rows[0].items() if k != "normalize"}, rows[1]]
    assert score_advice([make_advice("normalize", 0.08)], old)[0].measured == pytest.approx(0.06)


def test_a_study_that_does_not_bear_on_it_leaves_it_open():
    verdicts = score_advice(
        [make_advice(topic, 0.1) for topic in ("normalize", "keep", "logs", "leak", "order")],
        [make_row(0.4)],
    )
    assert {one.verdict for one in verdicts} == {"not measured"}


@pytest.mark.parametrize("measured", [{}, [1, 2], [{"uar": 0.5}], "text"])
def test_other_files_are_refused(measured):
    with pytest.raises(ParameterError, match="neither a study nor an evaluation"):
        score_advice([], measured)
