"""Figures from made-up predictions, small enough to be counted by hand."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from emovox.emotions import EMOTIONS
from emovox.errors import ManifestError
from emovox.study import RESULT_FIELDS, Experiment, Run, RunConfig, evaluate_runs
from emovox.study.execute import PREDICTIONS_NAME, SEEN_NAME
from emovox.study.tables import write_table
from emovox.training import TrainingOptions
from emovox.types import Clip

# Two corpora with two speakers each; every speaker is happy once and sad twice.
CLIPS = tuple(
    Clip(path=f"{corpus}{speaker}{take}", corpus=corpus, speaker_id=f"{corpus}-{speaker}",
         emotion=emotion)
    for corpus in ("a", "b")
    for speaker in (1, 2)
    for take, emotion in enumerate(("happy", "sad", "sad"))
)  # fmt: skip


def make_run(fold: int, protocol: str = "speaker") -> Run:
    config = RunConfig(
        model="notebook_cnn",
        features="notebook",
        augmentation="none",
        protocol=protocol,
        fold=fold,
        seed=0,
        training=TrainingOptions(),
        data="x",
    )
    return Run(Experiment("idea", "notebook_cnn"), config, n_train=6, n_test=6)


def write_run(root: Path, run: Run, test: list, seen: list) -> None:
    """Write predictions: (clip, variant, split, emotion said) each."""
    folder = run.get_folder(root)
    for name, rows in ((PREDICTIONS_NAME, test), (SEEN_NAME, seen)):
        columns = {
            "clip": [row[0] for row in rows],
            "variant": [row[1] for row in rows],
            "split": [row[2] for row in rows],
        }
        for emotion in EMOTIONS:
            columns[f"p_{emotion}"] = [0.93 if row[3] == emotion else 0.01 for row in rows]
        write_table(folder / name, columns)
    summary = {"epochs": 4, "selected_epoch": 3, "seconds": 1.5}
    (folder / "summary.json").write_text(json.dumps(summary))


def find(rows, **wanted):
    found = [row for row in rows if all(row[k] == v for k, v in wanted.items())]
    assert len(found) == 1
    return found[0]


@pytest.fixture
def two_folds(tmp_path) -> tuple[tuple[Run, ...], Path]:
    """Fold 1 tests speaker 1 of both corpora, fold 2 speaker 2 of corpus a alone."""
    runs = (make_run(1), make_run(2))
    # Clips 0, 1, 2 are a-1; 3, 4, 5 a-2; 6, 7, 8 b-1.
    write_run(
        tmp_path, runs[0],
        test=[(0, 0, "test", "happy"), (1, 0, "test", "sad"), (2, 0, "test", "happy"),
              (6, 0, "test", "angry"), (7, 0, "test", "sad"), (8, 0, "test", "sad")],
        seen=[(3, 0, "train", "happy"), (4, 0, "train", "happy"), (9, 0, "dev", "sad")],
    )  # fmt: skip
    write_run(
        tmp_path, runs[1],
        test=[(3, 0, "test", "sad"), (4, 0, "test", "sad"), (5, 0, "test", "sad")],
        seen=[(0, 0, "train", "happy"), (1, 0, "train", "sad")],
    )  # fmt: skip
    return runs, tmp_path


def test_every_row_has_every_field_in_order(two_folds):
    runs, root = two_folds
    rows = evaluate_runs(runs, CLIPS, root).rows
    assert all(tuple(row) == tuple(RESULT_FIELDS) for row in rows)
    # Fold 2 tests nobody of corpus b.
    places = [(row["corpus"], row["fold"]) for row in rows]
    assert places == [("all", 1), ("all", 2), ("all", "all"), ("a", 1), ("a", 2), ("a", "all"),
                      ("b", 1), ("b", "all")]  # fmt: skip


def test_figures_of_one_fold(two_folds):
    runs, root = two_folds
    row = find(evaluate_runs(runs, CLIPS, root).rows, corpus="all", fold=1)
    assert (row["n_test"], row["n_speakers"], row["n_train"]) == (6, 2, 2)
    assert row["accuracy"] == pytest.approx(4 / 6)
    assert row["uar"] == pytest.approx((1 / 2 + 3 / 4) / 2)  # happy 1 of 2, sad 3 of 4
    assert row["train_uar"] == pytest.approx((1 + 0) / 2)  # the dev row does not count
    assert (row["epochs"], row["selected_epoch"], row["seconds"]) == (4, 3, 1.5)
    assert row["run"] == runs[0].config.id
    assert row["uar_low"] is row["accuracy_high"] is None


def test_figures_of_one_corpus(two_folds):
    runs, root = two_folds
    rows = evaluate_runs(runs, CLIPS, root).rows
    assert find(rows, corpus="a", fold=1)["uar"] == pytest.approx((1 + 1 / 2) / 2)
    b = find(rows, corpus="b", fold=1)
    assert b["uar"] == pytest.approx((0 + 1) / 2)
    assert b["train_uar"] is None
    assert b["n_train"] == 0


def test_pooled_figures_come_from_all_test_rows_not_from_means(two_folds):
    runs, root = two_folds
    rows = evaluate_runs(runs, CLIPS, root).rows
    pooled = find(rows, corpus="all", fold="all")
    assert (pooled["n_test"], pooled["n_speakers"], pooled["seconds"]) == (9, 3, 3.0)
    assert pooled["accuracy"] == pytest.approx(6 / 9)
    assert pooled["uar"] == pytest.approx((1 / 3 + 5 / 6) / 2)
    assert pooled["train_uar"] == pytest.approx((0.5 + 1) / 2)
    assert pooled["run"] is None
    assert 0 <= pooled["uar_low"] <= pooled["uar"] <= pooled["uar_high"] <= 1


def test_one_speaker_alone_has_no_interval(two_folds):
    runs, root = two_folds
    row = find(evaluate_runs(runs, CLIPS, root).rows, corpus="b", fold="all")
    assert row["n_speakers"] == 1
    assert row["uar_low"] is None


def test_the_confusion_matrix_has_the_truth_in_its_rows(two_folds):
    runs, root = two_folds
    confusion = evaluate_runs(runs, CLIPS, root).confusions["idea", "speaker"]
    happy, sad, angry = (EMOTIONS.index(name) for name in ("happy", "sad", "angry"))
    expected = np.zeros((8, 8), dtype=int)
    expected[happy, [happy, angry, sad]] = 1, 1, 1
    expected[sad, [happy, sad]] = 1, 5
    np.testing.assert_array_equal(confusion, expected)


def test_altered_copies_count_but_clean_rows_are_also_scored_alone(tmp_path):
    run = make_run(1, protocol="notebook")
    test = [(0, 0, "test", "happy"), (0, 1, "test", "sad"), (1, 2, "test", "sad")]
    write_run(tmp_path, run, test=test, seen=[(1, 0, "train", "sad")])
    row = find(evaluate_runs([run], CLIPS, tmp_path).rows, corpus="all", fold=1)
    assert (row["n_test"], row["n_test_clean"]) == (3, 1)
    assert row["accuracy"] == pytest.approx(2 / 3)
    assert row["accuracy_clean"] == row["uar_clean"] == 1.0
    assert row["leaky"] is True


def test_runs_that_are_not_finished_are_passed_over(two_folds):
    runs, root = two_folds
    rows = evaluate_runs((*runs, make_run(3)), CLIPS, root).rows
    assert {row["fold"] for row in rows} == {1, 2, "all"}


def test_predictions_of_clips_the_manifest_lacks_are_refused(two_folds):
    runs, root = two_folds
    with pytest.raises(ManifestError, match="predicts clip 9, but the manifest has 6 clips"):
        evaluate_runs(runs, CLIPS[:6], root)


def test_across_corpora_each_fold_has_an_interval_of_its_own(tmp_path):
    run = make_run(1, "corpus-pairs")
    test = [(clip, 0, "test", "sad") for clip in range(6)]
    write_run(tmp_path, run, test=test, seen=[(6, 0, "train", "happy"), (9, 0, "train", "sad")])
    rows = evaluate_runs([run], CLIPS, tmp_path).rows
    row = find(rows, corpus="all", fold=1)
    assert row["train_corpora"] == ["b"]
    assert row["n_train_speakers"] == 2
    assert row["uar_low"] <= row["uar"] <= row["uar_high"]
    assert find(rows, corpus="a", fold=1)["uar_low"] is None
