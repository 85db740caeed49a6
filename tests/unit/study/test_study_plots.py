from __future__ import annotations

import numpy as np
import pytest

from emovox.study.plot_style import save_figure
from emovox.study.plots import draw_comparison, draw_confusions, draw_learning_curves
from emovox.training import EpochRecord, Scores


def make_history(n_epochs: int, *, evaluated: bool = True) -> list[EpochRecord]:
    return [
        EpochRecord(
            epoch=epoch,
            train=Scores(loss=2 / epoch, accuracy=0.1 * epoch, uar=0.1 * epoch),
            train_eval=Scores(1 / epoch, 0.1 * epoch, 0.1 * epoch) if evaluated else None,
            watch=Scores(3 / epoch, 0.05 * epoch, 0.05 * epoch),
        )
        for epoch in range(1, n_epochs + 1)
    ]


def make_row(experiment: str, protocol: str, corpus: str, **changes):
    row = {
        "experiment": experiment, "protocol": protocol, "corpus": corpus, "uar": 0.5,
        "leaky": protocol == "notebook", "uar_low": 0.4, "uar_high": 0.6,
        "n_test": 30, "n_test_clean": 30, "uar_clean": 0.5,
    }  # fmt: skip
    return {**row, **changes}


def test_the_mean_curve_goes_as_far_as_the_shortest_fold():
    figure = draw_learning_curves("t", {"speaker": [make_history(3), make_history(5)]})
    lines = figure.axes[0].get_lines()
    assert sorted(len(line.get_xdata()) for line in lines) == [3, 3, 3, 3, 3, 3, 5, 5, 5]
    watched = next(line for line in lines if "watched" in str(line.get_label()))
    np.testing.assert_allclose(watched.get_ydata(), [5, 10, 15])


def test_curves_without_dropout_may_be_missing():
    figure = draw_learning_curves("t", {"notebook": [make_history(3, evaluated=False)]})
    assert len(figure.axes[0].get_lines()) == 2


def test_curves_say_what_is_watched():
    curves = {"notebook": [make_history(2)], "speaker": [make_history(2)]}
    figure = draw_learning_curves("t", curves, leaky=["notebook"])
    titles = [axes.get_title(loc="left") for axes in figure.axes[:2]]
    assert "watched: test rows" in titles[0]
    assert "watched: dev speakers" in titles[1]


def test_a_fold_that_runs_away_does_not_flatten_the_others():
    wild = [EpochRecord(epoch=1, train=Scores(1, 0, 0), watch=Scores(99.0, 0, 0))]
    tame = [EpochRecord(epoch=1, train=Scores(1, 0, 0), watch=Scores(1.0, 0, 0))]
    figure = draw_learning_curves("t", {"speaker": [wild] + [tame] * 9})
    assert figure.axes[1].get_ylim()[1] < 20


def test_a_confusion_matrix_shows_shares_and_counts_of_the_classes_there_are():
    counts = np.zeros((8, 8), dtype=np.int64)
    counts[2, 2], counts[2, 3], counts[3, 3] = 3, 1, 1234
    figure = draw_confusions("t", {"heading": counts})
    axes = figure.axes[0]
    assert [label.get_text() for label in axes.get_yticklabels()] == ["happy", "sad"]
    texts = [text.get_text() for text in axes.texts]
    assert texts == ["75", "3", "25", "1", "100", "1,234"]


def test_a_comparison_has_a_panel_a_corpus_and_chance_in_it():
    rows = [make_row("a", p, c) for p in ("notebook", "speaker") for c in ("all", "x", "y")]
    figure = draw_comparison(rows, {"a": "Idea A"}, {"all": 0.125, "x": 0.25, "y": 0.5})
    assert [axes.get_title() for axes in figure.axes] == ["all corpora", "x", "y"]
    assert [axes.get_lines()[0].get_xdata()[0] for axes in figure.axes] == [12.5, 25, 50]


def test_the_only_corpus_is_not_drawn_twice():
    rows = [make_row("a", "speaker", c) for c in ("all", "x")]
    figure = draw_comparison(rows, {"a": "Idea A"}, {"all": 0.125, "x": 0.125})
    assert [axes.get_title() for axes in figure.axes] == ["x"]


@pytest.mark.parametrize(
    ("changes", "n_lines"),
    [({}, 3), ({"uar_low": None, "uar_high": None}, 2), ({"n_test_clean": 10}, 4)],
)
def test_marks_of_a_row(changes, n_lines):
    rows = [make_row("a", "notebook", "x", **changes)]
    figure = draw_comparison(rows, {"a": "Idea A"}, {"x": 0.125})
    assert len(figure.axes[0].get_lines()) == n_lines  # chance, interval, mark, clean mark


def test_figures_are_written_twice_with_text_as_text_and_are_the_same_each_time(tmp_path):
    for name in ("one", "two"):
        figure = draw_learning_curves("A title", {"speaker": [make_history(2)]})
        save_figure(figure, tmp_path / name / "figure")
    first, second = (tmp_path / name / "figure.svg" for name in ("one", "two"))
    assert "A title" in first.read_text()
    assert first.read_bytes() == second.read_bytes()
    assert (tmp_path / "one" / "figure.png").read_bytes().startswith(b"\x89PNG")
