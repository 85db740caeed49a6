from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest

from emovox.cli.app import run
from emovox.corpora import SyntheticOptions, make_synthetic_corpus, read_manifest, write_manifest


@pytest.fixture(scope="module")
def clean(tmp_path_factory) -> Path:
    options = SyntheticOptions(n_speakers=5, n_per_emotion=1)
    return make_synthetic_corpus(tmp_path_factory.mktemp("voices"), options)


def test_a_clean_manifest_exits_with_0(clean, capsys):
    assert run(["audit", str(clean)]) == 0
    out = capsys.readouterr().out
    assert "40 clips of 5 speakers" in out
    assert "WARNING shared-sentence [speaker, folds 1, 2, 3, 4, 5]" in out
    assert "looked for: speakers, copies by content, copies by sound, sentences" in out
    assert out.endswith("0 leaks, 1 warnings\n")


def test_a_leak_exits_with_9_and_is_named(clean, tmp_path, capsys):
    clips = [
        replace(clip, extra={"split": ("test", "train")[number % 2]})
        for number, clip in enumerate(read_manifest(clean))
    ]
    manifest = tmp_path / "leaky.csv"
    write_manifest(manifest, clips)
    assert run(["audit", str(manifest), "--no-sound"]) == 9
    out = capsys.readouterr().out
    assert "LEAK    shared-speaker [given, fold 1]" in out
    assert "synthetic-S01" in out
    assert "... and 2 more (--json)" in out
    assert "-> Divide by speaker" in out
    assert run(["audit", str(manifest), "--no-sound", "--protocol", "speaker"]) == 0
    capsys.readouterr()
    assert run(["audit", str(manifest), "--no-sound", "--json"]) == 9
    table = json.loads(capsys.readouterr().out)
    assert table["ok"] is False
    assert table["findings"][0]["code"] == "shared-speaker"
    assert len(table["findings"][0]["names"]) == 5


def test_the_notebooks_protocol_exits_with_9(clean, capsys):
    command = ["audit", str(clean), "--no-sound", "--protocol", "notebook",
               "--augmentation", "notebook"]  # fmt: skip
    assert run(command) == 9
    assert "sister-rows" in capsys.readouterr().out


def test_a_study_file_is_audited(tmp_path, capsys):
    study = tmp_path / "one.toml"
    study.write_text(
        '[study]\nname = "one"\ncorpora = ["synthetic"]\nprotocols = ["speaker"]\n'
        "[synthetic]\nn_speakers = 4\nn_per_emotion = 1\n"
        '[experiments.linear]\nmodel = "logistic"\n'
    )
    assert run(["audit", str(study), "--no-sound"]) == 0
    assert "32 clips of 4 speakers" in capsys.readouterr().out


def test_a_folder_without_runs_exits_with_7(tmp_path, capsys):
    assert run(["audit", str(tmp_path)]) == 7
    assert "holds no finished run" in capsys.readouterr().err


def test_an_unknown_protocol_exits_with_2(clean, capsys):
    assert run(["audit", str(clean), "--protocol", "speakers"]) == 2
    assert "Did you mean 'speaker'?" in capsys.readouterr().err


def test_the_ladder_is_a_table(clean, tmp_path, capfd):
    command = ["audit", str(clean), "--ladder", "--out", str(tmp_path / "ladder")]
    assert run(command) == 0
    out = capfd.readouterr().out
    assert "chance is 12.5" in out
    for protocol in ("notebook", "random", "speaker", "speaker-sentence"):
        assert f"\n{protocol} " in out
    assert "corpus                -  cannot be climbed" in out
    assert run([*command, "--json"]) == 0
    rungs = json.loads(capfd.readouterr().out)
    assert [rung["protocol"] for rung in rungs][:2] == ["notebook", "random"]
    assert run(["audit", str(clean), "--ladder"]) == 2
    assert "--ladder needs --out" in capfd.readouterr().err
