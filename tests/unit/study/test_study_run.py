"""The tiny study from end to end: complete, resumable, killable, and evaluated from disk."""

from __future__ import annotations

import csv
import json
import os
import shutil
import signal
import subprocess
import sys
import time
import tomllib
from pathlib import Path
from typing import Any

import pytest

from emovox.corpora import read_manifest
from emovox.emotions import EMOTIONS
from emovox.errors import WorkerError
from emovox.study import RESULT_FIELDS, StudyOptions, read_study, report_study, run_study
from emovox.study.places import read_call
from emovox.study.tables import read_table

RUN_FILES = {
    "config.toml",
    "environment.json",
    "folds.csv",
    "metrics.jsonl",
    "predictions.parquet",
    "predictions_seen.parquet",
    "run.log",
    "summary.json",
    "scaler.json",
}


def read_results(root: Path) -> list[dict[str, Any]]:
    """Read results without the times, which no two runs share."""
    rows = json.loads((root / "results.json").read_text())
    return [{name: value for name, value in row.items() if name != "seconds"} for row in rows]


def test_results_are_complete(tiny_root):
    rows = json.loads((tiny_root / "results.json").read_text())
    assert all(list(row) == list(RESULT_FIELDS) for row in rows)
    places = {(r["experiment"], r["protocol"], r["corpus"], r["fold"]) for r in rows}
    folds = {"notebook": [1, "all"], "speaker": [1, 2, 3, 4, 5, "all"]}
    assert places == {
        (experiment, protocol, corpus, fold)
        for experiment in ("network", "linear")
        for protocol in folds
        for corpus in ("all", "synthetic")
        for fold in folds[protocol]
    }
    assert len(rows) == len(places)
    assert not any(row["fast"] for row in rows)
    assert {row["leaky"] for row in rows if row["protocol"] == "notebook"} == {True}
    for row in rows:
        assert 0 <= row["uar"] <= 1
        assert 0 <= row["accuracy"] <= 1
        assert row["n_test"] > 0
        assert (row["epochs"] == 0) == (row["experiment"] == "linear")


def test_the_notebook_protocol_counts_altered_rows_and_the_speaker_protocol_has_none(tiny_root):
    rows = json.loads((tiny_root / "results.json").read_text())
    pooled = {
        (r["experiment"], r["protocol"]): r
        for r in rows
        if r["fold"] == "all" and r["corpus"] == "all"
    }
    assert pooled["network", "notebook"]["n_train"] + pooled["network", "notebook"]["n_test"] == 120
    assert 0 < pooled["network", "notebook"]["n_test_clean"] < 30
    assert pooled["linear", "notebook"]["n_test"] == 10
    for experiment in ("network", "linear"):
        row = pooled[experiment, "speaker"]
        assert row["n_test"] == row["n_test_clean"] == 40  # every clip is tested once
        assert row["n_speakers"] == 5
        assert row["uar_low"] <= row["uar"] <= row["uar_high"]


def test_a_run_folder_holds_what_the_run_was(tiny_root):
    folders = sorted((tiny_root / "runs").iterdir())
    assert len(folders) == 12
    clips = read_manifest(tiny_root / "manifest.csv")
    for folder in folders:
        config = tomllib.loads((folder / "config.toml").read_text())
        files = {path.name for path in folder.iterdir()}
        assert files == RUN_FILES | ({"checkpoint.pt"} if config["model"] != "logistic" else set())
        assert json.loads((folder / "environment.json").read_text())["numpy"]
        with (folder / "folds.csv").open(newline="") as stream:
            split_of = {row["path"]: row["clean"] for row in csv.DictReader(stream)}
        table = read_table(folder / "predictions.parquet")
        assert set(table["split"]) == {"test"}
        for clip, path, variant in zip(table["clip"], table["path"], table["variant"], strict=True):
            assert clips[clip].path == path
            assert variant > 0 or split_of[path] == "test"
        total = sum(table[f"p_{emotion}"] for emotion in EMOTIONS)
        assert abs(total - 1).max() < 1e-5  # float32 shares of eight


def test_under_the_honest_protocol_no_test_speaker_was_seen(tiny_root):
    clips = read_manifest(tiny_root / "manifest.csv")
    n_checked = 0
    for folder in (tiny_root / "runs").iterdir():
        if tomllib.loads((folder / "config.toml").read_text())["protocol"] != "speaker":
            continue
        tables = [read_table(folder / f"{name}.parquet") for name in ("predictions_seen",
                                                                     "predictions")]  # fmt: skip
        seen, tested = ({clips[i].speaker_id for i in table["clip"]} for table in tables)
        assert seen.isdisjoint(tested)
        n_checked += 1
    assert n_checked == 10


def test_figures_and_report_are_there(tiny_root):
    names = {path.name for path in (tiny_root / "figures").iterdir()}
    stems = ("comparison", "confusion-network", "confusion-linear", "learning-network")
    assert names == {f"{stem}.{kind}" for stem in stems for kind in ("svg", "png")}
    report = (tiny_root / "report.md").read_text()
    assert "A tiny study" in report
    assert "synthetic voices" in report
    for name in names:
        if name.endswith(".svg"):
            assert f"(figures/{name})" in report


def test_evaluation_needs_predictions_and_manifest_only(tiny_root, tmp_path):
    copy = tmp_path / "copy"
    shutil.copytree(tiny_root, copy)
    before = (copy / "results.json").read_text()
    (copy / "results.json").unlink()
    for path in [*copy.glob("runs/*/checkpoint.pt"), *copy.glob("runs/*/folds.csv")]:
        path.unlink()
    shutil.rmtree(copy / "store")
    shutil.rmtree(copy / "data")
    report_study(copy)
    assert (copy / "results.json").read_text() == before


def test_finished_runs_are_never_done_again(tiny_study, tiny_root, watch, tmp_path):
    copy = tmp_path / "copy"
    shutil.copytree(tiny_root, copy)
    options = StudyOptions(root=copy, store=tiny_root / "store", n_jobs=1)
    before = {path: path.stat().st_mtime_ns for path in copy.glob("runs/*/*")}
    run_study(read_study(tiny_study), options, watch)
    assert len(watch.runs) == 12
    assert watch.pending == []
    assert watch.events == []
    assert {path: path.stat().st_mtime_ns for path in copy.glob("runs/*/*")} == before
    assert read_results(copy) == read_results(tiny_root)


def test_a_run_that_fails_stops_no_other_and_is_tried_again(tiny_study, tiny_root, watch, tmp_path):
    copy = tmp_path / "copy"
    shutil.copytree(tiny_root, copy)
    plan = read_study(tiny_study, overrides=['study.experiments=["linear"]'])
    options = StudyOptions(root=copy, n_jobs=1)
    broken, other = (copy / "runs" / run_id for run_id in find_runs(tiny_root, "logistic")[:2])
    for folder in (broken, other):
        (folder / "summary.json").unlink()
    (broken / "config.toml").unlink()
    (broken / "config.toml").mkdir()  # where the run wants to write a file
    with pytest.raises(WorkerError, match=r"1 of 2 runs failed; first linear, .* \(.*\) with"):
        run_study(plan, options, watch)
    assert (other / "summary.json").is_file()
    (broken / "config.toml").rmdir()
    run_study(plan, options, watch)
    wanted = [row for row in read_results(tiny_root) if row["experiment"] == "linear"]
    assert read_results(copy) == wanted


def find_runs(root: Path, model: str) -> list[str]:
    folders = sorted((root / "runs").iterdir())
    return [
        folder.name
        for folder in folders
        if tomllib.loads((folder / "config.toml").read_text())["model"] == model
    ]


def test_a_clip_that_cannot_be_read_is_left_out_and_named(tiny_study, tmp_path, watch):
    overrides = ['study.experiments=["linear"]', 'study.protocols=["notebook"]']
    plan = read_study(tiny_study, overrides=overrides)
    from emovox.corpora import make_synthetic_corpus

    manifest = make_synthetic_corpus(tmp_path / "data", plan.synthetic)
    victim = sorted((tmp_path / "data").rglob("*.wav"))[3]
    victim.write_bytes(b"no audio at all")
    options = StudyOptions(root=tmp_path / "run", data=manifest, n_jobs=1)
    run_study(plan, options, watch)
    with (tmp_path / "run" / "left_out.csv").open(newline="") as stream:
        (row,) = csv.DictReader(stream)
    assert row["path"] == str(victim)
    assert row["reason"] == "not-audio"
    assert len(read_manifest(tmp_path / "run" / "manifest.csv")) == 39


def test_killed_in_the_middle_the_same_command_ends_with_the_same_figures(
    tiny_study, tiny_root, tmp_path, read_events
):
    root = tmp_path / "killed"
    # Two runs are enough: one that is finished when the kill comes, one in its middle.
    command = [sys.executable, "-c", "from emovox.cli import main; main()", "study", "run",
               str(tiny_study), "--out", str(root), "--jobs", "1", "--log", "tensorboard",
               "--set", 'study.experiments=["linear", "network"]',
               "--set", 'study.protocols=["notebook"]']  # fmt: skip
    with (tmp_path / "log").open("w") as log:
        first = subprocess.Popen(command, stdout=log, stderr=log, start_new_session=True)
        wait_until(lambda: count_epochs(root) in (1, 2) or first.poll() is not None)
        first.send_signal(signal.SIGKILL)
        assert first.wait() == -signal.SIGKILL, (tmp_path / "log").read_text()
        # The worker was not killed; it must leave by itself, not go on in the background.
        wait_until(lambda: not is_alive(first.pid))
    finished = {path: path.stat().st_mtime_ns for path in root.glob("runs/*/summary.json")}
    assert len(finished) == 1
    assert not (root / "results.json").exists()
    subprocess.run(command, check=True, capture_output=True)
    summaries = [json.loads(path.read_text()) for path in root.glob("runs/*/summary.json")]
    assert max(summary["resumed_at"] for summary in summaries) in (1, 2)
    whole = [row for row in read_results(tiny_root) if row["protocol"] == "notebook"]
    assert sorted(read_results(root), key=str) == sorted(whole, key=str)
    assert {path: path.stat().st_mtime_ns for path in finished} == finished
    curves = {path.parent.name: read_events(path) for path in root.glob("runs/*/*/events*")}
    steps = {name: [step for step, _ in events] for name, events in curves.items()}
    assert steps == {"network, notebook 1, seed 0": [1, 2, 3], "linear, notebook 1, seed 0": [1]}


def test_logs_can_be_had_of_runs_that_are_finished(
    tiny_root, tiny_study, tmp_path, read_events, watch
):
    root = shutil.copytree(tiny_root, tmp_path / "copy")
    plan = read_study(tiny_study)
    options = StudyOptions(root=root, n_jobs=1, logs=("tensorboard",))
    run_study(plan, options, watch)
    run_study(*read_call(root, n_jobs=1), watch)  # the folder remembers that logs are wanted
    curves = {path.parent.name: read_events(path) for path in root.glob("runs/*/*/events*")}
    assert len(curves) == 12
    assert [step for step, _ in curves["network, speaker 5, seed 0"]] == [1, 2, 3]


def count_epochs(root: Path) -> int:
    """Count the epochs that the network has done."""
    for path in root.glob("runs/*/metrics.jsonl"):
        if 'model = "notebook_cnn"' in path.with_name("config.toml").read_text():
            return len(path.read_text().splitlines())
    return 0


def is_alive(group: int) -> bool:
    try:
        os.killpg(group, 0)
    except ProcessLookupError:
        return False
    return True


def wait_until(condition: Any) -> None:
    """Wait for a condition; a study that hangs shall not hang the tests."""
    for _ in range(6000):
        if condition():
            return
        time.sleep(0.02)
    raise AssertionError("waited for two minutes")
