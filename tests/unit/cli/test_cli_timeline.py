from __future__ import annotations

import csv
import io
import json
from pathlib import Path

import numpy as np
import pytest

from emovox.audio import write_audio
from emovox.cli.app import run
from emovox.models import Population
from emovox.testing import make_recording, make_tiny_metadata, write_tiny_artefact

Captured = pytest.CaptureFixture[str]


@pytest.fixture
def recording(tmp_path: Path) -> Path:
    """Hold four seconds of a loud voice, then four of silence; a model lies beside them."""
    voice = np.resize(make_recording("neutral").samples[2000:18000], 4 * 16000)
    voice = 0.9 / np.abs(voice).max() * voice
    path = tmp_path / "long.wav"
    write_audio(path, np.concatenate([voice, np.zeros(4 * 16000)]).astype(np.float32), 16000)
    population = Population(mean=(0.06, 0.3), deviation=(0.03, 0.1))
    write_tiny_artefact(tmp_path / "model.onnx", make_tiny_metadata(population=population))
    return path


def _run(recording: Path, *arguments: str) -> int:
    model = str(recording.parent / "model.onnx")
    return run(["timeline", str(recording), "--model", model, *arguments])


def test_table(recording: Path, capsys: Captured) -> None:
    assert _run(recording, "--window", "1") == 0
    heading, first, second = capsys.readouterr().out.splitlines()
    assert heading.split() == ["start", "end", "emotion", "confidence", "doubt"]
    assert first.split()[:3] == ["0:00:00.0", "0:00:04.0", "angry"]
    assert (second.split()[1], second.split()[-1]) == ("0:00:08.0", "silent")


def test_json(recording: Path, capsys: Captured) -> None:
    assert _run(recording, "--window", "1", "--hop", "0.5", "--format", "json") == 0
    rows = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert rows[0]["start_s"] == 0
    assert rows[0]["emotion"] == "angry"
    assert rows[-1]["reason"] == "silent"
    assert rows[-1]["end_s"] == 8


def test_csv(recording: Path, capsys: Captured) -> None:
    assert _run(recording, "--window", "1", "--format", "csv") == 0
    rows = list(csv.DictReader(io.StringIO(capsys.readouterr().out)))
    assert [row["accepted"] for row in rows] == ["True", "False"]
    assert float(rows[0]["p_angry"]) == float(rows[0]["confidence"])


def test_a_recording_of_one_voice_is_heard_first(recording: Path, capsys: Captured) -> None:
    assert _run(recording, "--window", "1", "--format", "json") == 0
    unknown = json.loads(capsys.readouterr().out.splitlines()[0])
    assert _run(recording, "--window", "1", "--format", "json", "--adapt") == 0
    known = json.loads(capsys.readouterr().out.splitlines()[0])
    assert known["probabilities"] != unknown["probabilities"]
    assert _run(recording, "--adapt", "--speaker", "anna") == 2
    assert "only one of --adapt and --speaker" in capsys.readouterr().err


def test_errors(recording: Path, capsys: Captured) -> None:
    assert _run(recording, "--window", "1", "--hop", "2") == 2
    assert "at most window_s" in capsys.readouterr().err
    recording.unlink()
    assert _run(recording) == 3
    assert "there is no file" in capsys.readouterr().err
    assert _run(recording, "--hop", "0") == 2
