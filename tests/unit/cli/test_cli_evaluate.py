from __future__ import annotations

import json
from pathlib import Path

import pytest

from emovox.cli.app import run
from emovox.corpora import make_synthetic_corpus
from emovox.corpora.synthetic import SyntheticOptions
from emovox.study.tables import read_table
from emovox.testing import write_tiny_artefact


@pytest.fixture
def folder(tmp_path: Path, monkeypatch) -> Path:
    """Current folder with a model and the voices of two speakers."""
    monkeypatch.chdir(tmp_path)
    write_tiny_artefact("tiny.onnx")
    make_synthetic_corpus("voices", SyntheticOptions(n_speakers=2, n_per_emotion=1))
    return tmp_path


def test_prints_the_report_and_leaves_nothing_behind(folder, capsys):
    before = sorted(folder.rglob("*"))
    assert run(["evaluate", "voices/manifest.csv", "--model", "tiny.onnx", "--sample", "8"]) == 0
    out = capsys.readouterr().out
    assert "8 clips of 2 speakers" in out
    assert "![" not in out
    assert sorted(folder.rglob("*")) == before


def test_writes_predictions_figures_and_report(folder, capsys):
    arguments = ["evaluate", "voices/manifest.csv", "--model", "tiny.onnx", "--out", "out"]
    assert run([*arguments, "--adapt", "2", "--adapt", "all:neutral"]) == 0
    assert capsys.readouterr().out == f"{Path('out', 'report.md')}\n"
    results = json.loads(Path("out/results.json").read_text())
    names = ["clean", "adapt-2", "adapt-all-neutral"]
    assert [row["pass"] for row in results["adaptation"]] == names
    for name in names:
        assert len(read_table(Path("out", "predictions", f"{name}.parquet"))["clip"]) == 16
    assert Path("out/figures/reliability.svg").is_file()


def test_robustness_runs_every_condition(folder):
    arguments = ["evaluate", "voices/manifest.csv", "--model", "tiny.onnx", "--sample", "2"]
    assert run([*arguments, "--robustness", "--out", "out"]) == 0
    results = json.loads(Path("out/results.json").read_text())
    assert len(results["robustness"]) == 27
    assert Path("out/figures/robustness.png").is_file()


@pytest.mark.parametrize(
    ("arguments", "code", "message"),
    [
        (["gone.csv", "--model", "tiny.onnx"], 6, "no manifest at gone.csv"),
        (["voices/manifest.csv", "--model", "gone.onnx"], 5, "gone.onnx"),
        (
            ["voices/manifest.csv", "--model", "tiny.onnx", "--adapt", "few"],
            2,
            "no number of clips",
        ),
        (["voices/manifest.csv", "--model", "tiny.onnx", "--jobs", "0"], 2, "jobs"),
    ],
)
def test_what_is_wrong_is_said(folder, capsys, arguments, code, message):
    assert run(["evaluate", *arguments]) == code
    assert message in capsys.readouterr().err


def test_nothing_of_the_user_is_overwritten(folder, capsys):
    own = folder / "voices" / "manifest.csv"
    mine = folder / "voices" / "clips.csv"
    mine.write_text(own.read_text())
    arguments = ["evaluate", str(mine), "--model", "tiny.onnx", "--sample", "2"]
    assert run([*arguments, "--out", "voices"]) == 2
    assert "voices holds clips.csv" in capsys.readouterr().err
    assert mine.read_text() == own.read_text()
    Path("out").mkdir()
    Path("out/evaluation.json").write_text("{")
    assert run([*arguments, "--out", "out"]) == 2
    assert "evaluation.json is damaged" in capsys.readouterr().err


def test_recordings_that_cannot_be_read_are_named(folder, capsys):
    manifest = folder / "voices" / "manifest.csv"
    with manifest.open("a") as stream:
        stream.write("gone.wav,x,x-1,,,sad,,,,\n")
    assert run(["evaluate", str(manifest), "--model", "tiny.onnx"]) == 3
    captured = capsys.readouterr()
    assert "1 could not be read" in captured.out
    assert "gone.wav" in captured.err


def test_speakers_that_nobody_named_are_not_counted(folder, capsys):
    rows = (folder / "voices" / "manifest.csv").read_text().splitlines()[1:5]
    table = ["path,emotion", *(f"{row.split(',')[0]},{row.split(',')[5]}" for row in rows)]
    (folder / "voices" / "m.csv").write_text("\n".join(table))
    assert run(["evaluate", "voices/m.csv", "--model", "tiny.onnx"]) == 0
    assert "4 clips of unknown speakers" in capsys.readouterr().out
