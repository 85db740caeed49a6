from __future__ import annotations

import json
from pathlib import Path

import pytest

from emovox.cli.app import run
from emovox.cli.study_view import format_duration

STUDY = """
[study]
name = "small"
corpora = ["synthetic"]
protocols = ["notebook", "speaker"]

[synthetic]
n_speakers = 5
n_per_emotion = 1

[experiments.linear]
model = "logistic"

[experiments.forest]
model = "random_forest"
"""


@pytest.fixture
def study(tmp_path: Path) -> Path:
    path = tmp_path / "small.toml"
    path.write_text(STUDY)
    return path


def test_a_fast_study_from_the_command_line(study, tmp_path, capfd):
    out = tmp_path / "run"
    command = ["study", "run", str(study), "--out", str(out), "--jobs", "1", "--fast",
               "--set", "fast.clips=32", "--set", 'study.experiments=["linear"]']  # fmt: skip
    assert run(command) == 0
    captured = capfd.readouterr()
    assert captured.out.strip() == str(out / "results.json")
    plan, _, rest = captured.err.partition("runs to do")
    assert "linear" in plan
    assert "logistic" in plan
    assert "2/2  linear, speaker 1, seed 0: done in" in rest
    rows = json.loads((out / "results.json").read_text())
    assert {row["experiment"] for row in rows} == {"linear"}
    assert {row["fold"] for row in rows} == {1, "all"}
    assert all(row["fast"] for row in rows)
    assert "fast trial" in (out / "report.md").read_text()

    assert run(command) == 0
    assert "0 runs to do" in capfd.readouterr().err

    (out / "results.json").unlink()
    assert run(["study", "report", str(out)]) == 0
    assert json.loads((out / "results.json").read_text()) == rows


def test_an_unknown_key_exits_with_7_and_a_suggestion(study, tmp_path, capsys):
    assert run(["study", "run", str(study), "--out", str(tmp_path / "run"),
                "--set", "study.protocol=speaker"]) == 7  # fmt: skip
    error = capsys.readouterr().err
    assert "unknown key 'protocol' in [study]" in error
    assert "Did you mean 'protocols'?" in error
    assert not (tmp_path / "run").exists()


def test_a_study_file_that_is_not_there_exits_with_7(tmp_path, capsys):
    assert run(["study", "run", str(tmp_path / "no.toml"), "--out", str(tmp_path / "run")]) == 7
    assert "no study file at" in capsys.readouterr().err


def test_recordings_that_are_missing_exit_with_6(study, tmp_path, capsys):
    assert run(["study", "run", str(study), "--out", str(tmp_path / "run"),
                "--set", 'study.corpora=["savee"]']) == 6  # fmt: skip
    assert "--data DIR" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("seconds", "text"),
    [(0.04, "0.0 s"), (9.9, "9.9 s"), (45, "45 s"), (89, "89 s"), (90, "2 min"),
     (5340, "89 min"), (5400, "1 h 30 min"), (12_000, "3 h 20 min")],
)  # fmt: skip
def test_durations_are_written_for_people(seconds, text):
    assert format_duration(seconds) == text


def test_plan_says_what_would_run_and_runs_nothing(study, tmp_path, capsys):
    assert run(["study", "plan", str(study), "--jobs", "2"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert lines[0].split()[0] == "experiment"
    assert sum(line.startswith("linear") for line in lines) == 2
    assert "12 of 12 runs to do, 2 at a time; training takes at most roughly" in lines[-1]
    out = tmp_path / "run"
    assert run(["study", "plan", str(study), "--out", str(out), "--fast"]) == 0
    assert "4 of 4 runs to do" in capsys.readouterr().out
    assert not (out / "runs").exists()


def test_a_finished_study_is_resumed_compared_and_reported_by_its_folder(study, tmp_path, capsys):
    out = tmp_path / "run"
    store = tmp_path / "elsewhere"
    command = ["study", "run", str(study), "--out", str(out), "--jobs", "1", "--store", str(store),
               "--set", "splits.speaker.n_folds=2", "--set", 'study.protocols=["speaker"]',
               "--set", "study.name=other"]  # fmt: skip
    assert run(command) == 0
    (out / "results.json").unlink()
    victim = next(out.glob("runs/*/summary.json"))
    victim.unlink()
    capsys.readouterr()

    assert run(["study", "resume", str(out), "--jobs", "1"]) == 0
    captured = capsys.readouterr()
    assert "1 runs to do" in captured.err
    assert captured.out.strip() == str(out / "results.json")
    assert victim.is_file()
    assert not (out / "store").exists()

    assert run(["study", "plan", str(study), "--out", str(out), "--store", str(store)]) == 0
    capsys.readouterr()

    assert run(["study", "compare", str(out)]) == 0
    assert "| forest | linear |" in capsys.readouterr().out
    assert run(["study", "compare", f"{out}:linear", "forest", "--metric", "accuracy"]) == 0
    assert "accuracy, protocol speaker" in capsys.readouterr().out
    assert run(["study", "compare", f"{out}:linear", "forrest"]) == 7
    assert "Did you mean 'forest'?" in capsys.readouterr().err

    assert "<audio" in (out / "report.html").read_text()
    assert run(["study", "report", str(out), "--no-links"]) == 0
    assert "report.html" in capsys.readouterr().err
    assert "<audio" not in (out / "report.html").read_text()


def test_a_folder_without_a_study_cannot_be_resumed(tmp_path, capsys):
    assert run(["study", "resume", str(tmp_path)]) == 7
    assert "no study file at" in capsys.readouterr().err
