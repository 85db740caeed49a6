from __future__ import annotations

import json
from pathlib import Path

import pytest

from emovox.cli.app import run
from emovox.corpora import make_synthetic_corpus
from emovox.corpora.synthetic import SyntheticOptions
from emovox.study.tables import read_table


@pytest.fixture
def folder(tmp_path: Path, monkeypatch) -> Path:
    """Current folder with the voices of four speakers and a store."""
    monkeypatch.chdir(tmp_path)
    make_synthetic_corpus("voices", SyntheticOptions(n_speakers=4, n_per_emotion=2))
    return tmp_path


COMMON = ["statistics", "voices/manifest.csv", "--store", "store", "--jobs", "1"]


def test_writes_the_folder(folder, capsys):
    assert run([*COMMON, "--out", "out"]) == 0
    assert capsys.readouterr().out == f"{Path('out', 'report.md')}\n"
    results = json.loads(Path("out/statistics.json").read_text())
    assert results["features"] == "full"
    assert (results["n_clips"], results["n_speakers"], results["n_emotions"]) == (64, 4, 8)
    assert len(read_table("out/statistics.csv")["feature"]) == 535
    assert len(results["parts"]) == 3
    names = {"kinds", "best", "shortcuts", "separability", "readings", "sizes", "redundancy"}
    assert {path.stem for path in Path("out/figures").glob("*.svg")} == names | {"dynamics"}
    assert "synthetic voices" in Path("out/report.md").read_text()


def test_synthetic_emotion_is_found_where_it_was_put(folder):
    # The synthesizer makes the angry loud and high, the sad soft and low; women speak higher.
    assert run([*COMMON, "--out", "out"]) == 0
    rows = {row["feature"]: row for row in
            json.loads(Path("out/statistics.json").read_text())["rows"]}  # fmt: skip
    assert rows["rms_mean"]["emotion"] > 0.3
    assert rows["pitch_mean"]["emotion"] > 0.3
    assert rows["pitch_mean"]["sex"] > 0.2
    assert rows["rms_mean"]["sex"] < 0.2


def test_prints_the_report_without_pictures(folder, capsys):
    assert run([*COMMON, "--features", "notebook-16k"]) == 0
    out = capsys.readouterr().out
    assert out.startswith("# What the features carry: `notebook-16k`")
    assert "## Advice" in out
    assert "![" not in out


def test_scores_the_advice(folder, capsys):
    row = {"experiment": "e", "model": "logistic", "features": "notebook-16k",
           "augmentation": "none", "protocol": "speaker", "leaky": False, "corpus": "all",
           "fold": "all", "seed": 0, "uar": 0.4, "train_uar": 0.9, "fast": False}  # fmt: skip
    leak = {**row, "protocol": "notebook", "leaky": True, "uar": 0.95}
    Path("results.json").write_text(json.dumps([row, leak]))
    arguments = [*COMMON, "--features", "notebook-16k", "--results", "results.json"]
    assert run([*arguments, "--out", "out"]) == 0
    verdicts = {one["topic"]: one for one in
                json.loads(Path("out/statistics.json").read_text())["verdicts"]}  # fmt: skip
    assert verdicts["leak"]["measured"] == pytest.approx(0.55)
    assert verdicts["voices"]["measured"] == pytest.approx(0.5)
    assert "## Was it right?" in Path("out/report.md").read_text()


def test_a_clip_that_cannot_be_read_is_reported_and_left_out(folder, capsys):
    Path("voices/S01/S01_angry_01.wav").write_bytes(b"no audio")
    manifest = Path("voices/manifest.csv")
    lines = manifest.read_text().splitlines()
    # Without the hash the file's own content counts.
    cut = [",".join([*line.split(",")[:-1], ""]) if n else line for n, line in enumerate(lines)]
    manifest.write_text("\n".join(cut) + "\n")
    assert run([*COMMON, "--features", "notebook-16k"]) == 3
    captured = capsys.readouterr()
    assert "S01_angry_01.wav" in captured.err
    assert "1 more clips are left out" in captured.out


@pytest.mark.parametrize(
    ("arguments", "code", "message"),
    [
        (["gone.csv"], 6, "no manifest at gone.csv"),
        (["voices/manifest.csv", "--features", "ful"], 2, "Did you mean 'full'?"),
        (["voices/manifest.csv", "--results", "gone.json"], 6, "cannot be read as results"),
    ],
)
def test_errors_say_what_is_wrong(folder, capsys, arguments, code, message):
    assert run(["statistics", *arguments]) == code
    assert message in capsys.readouterr().err
