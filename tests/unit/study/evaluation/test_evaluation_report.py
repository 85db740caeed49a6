from __future__ import annotations

import json
import re
from dataclasses import replace

import pytest
from matplotlib.figure import Figure

from emovox.study.evaluation import (
    Acquaintance,
    Pass,
    format_evaluation,
    score_outcome,
    write_evaluation,
)
from emovox.study.evaluation.conditions import ROBUSTNESS
from emovox.study.evaluation.plot_curves import draw_reliability, draw_risk_coverage
from emovox.study.evaluation.plot_dots import draw_adaptation, draw_groups, draw_robustness

KNOWN = (Pass(), Pass(acquaintance=Acquaintance(2)), Pass(acquaintance=Acquaintance(None)))
HARD = tuple(Pass(condition) for condition in (ROBUSTNESS[0], ROBUSTNESS[-1]))


@pytest.fixture(scope="module")
def results(evaluated) -> dict:
    _, outcome = evaluated
    judged = dict(outcome.judged) | {one.name: outcome.judged["adapt-2"] for one in HARD}
    return score_outcome(replace(outcome, judged=judged), (*KNOWN, *HARD))


def read_texts(figure: Figure) -> list[str]:
    figure.draw_without_rendering()
    texts = [t.get_text() for axes in figure.axes for t in axes.texts]
    for axes in figure.axes:
        texts += [axes.get_title(loc="left"), *(t.get_text() for t in axes.get_yticklabels())]
    return texts


def test_results_hold_everything(results):
    assert results["model"] == "tiny.testing"
    assert (results["n_clips"], results["n_speakers"]) == (32, 4)
    assert [row["pass"] for row in results["adaptation"]] == ["clean", "adapt-2", "adapt-all"]
    assert [row["pass"] for row in results["robustness"]] == ["clean", "noise-20", "opus-32"]
    assert sum(map(sum, results["confusion"])) == 32


def test_report_and_figures_are_written(results, tmp_path):
    report = write_evaluation(results, tmp_path)
    assert json.loads((tmp_path / "results.json").read_text()) == results
    shown = set(re.findall(r"!\[.*?\]\((.*?)\)", report.read_text()))
    drawn = {f"figures/{path.name}" for path in (tmp_path / "figures").glob("*.png")}
    assert shown == drawn
    assert len(drawn) == 6


def test_report_says_what_was_asked_and_no_more(evaluated):
    _, outcome = evaluated
    text = format_evaluation(score_outcome(outcome, KNOWN[:1]))
    assert "32 clips of 4 speakers" in text
    assert "## How well" in text
    assert "left out" not in text
    assert "voice it knows" not in text
    assert "Outside the studio" not in text
    left = replace(outcome, failed=("no a.wav", "no b.wav"), n_unlabelled=1)
    text = format_evaluation(score_outcome(left, KNOWN[:1]))
    assert "3 more clips are left out: 2 could not be read, 1 have no emotion" in text


def test_report_tells_the_least_steady_small_change(results):
    least = next(row for row in results["robustness"] if row["pass"] == "opus-32")
    text = format_evaluation(results)
    expected = f"Small changes leave {100 * least['agreement']:.1f} % or more"
    assert expected in text
    assert "(least: Opus, 32 kbit/s)" in text


def test_reliability_has_a_panel_for_each_corpus(results):
    rows = results["calibration"]["reliability"]
    figure = draw_reliability("A title", [{**rows[0], "corpus": name} for name in ("all", *"abcd")])
    titles = [text for text in read_texts(figure) if "ECE" in text]
    assert [title.split("  ")[0] for title in titles] == ["all corpora", *"abcd"]


@pytest.mark.parametrize("risk", [0.1, None])
def test_risk_coverage_marks_where_the_model_is(results, risk):
    point = {"threshold": 0.5, "coverage": 0.25 if risk else 0.0, "risk": risk}
    figure = draw_risk_coverage("A title", results["calibration"] | {"operating_point": point})
    marked = [text for text in read_texts(figure) if "accepted from" in text]
    assert marked == (["accepted from 50% confidence:\n25 % decided, 10.0 % wrong"] if risk else [])


def test_groups_are_blocks(results):
    texts = read_texts(draw_groups("A title", results["groups"]))
    assert {" sex", "female", "male", "synthetic"} <= set(texts)


def test_voices_are_lines(results):
    texts = read_texts(draw_adaptation("A title", results["adaptation"]))
    assert {"nothing known of the voice", "2 clips of the speaker"} <= set(texts)


def test_robustness_has_a_line_for_each_condition(results):
    texts = read_texts(draw_robustness("A title", results["robustness"]))
    assert {" white noise", "20 dB", " small changes", "Opus, 32 kbit/s"} <= set(texts)
