from __future__ import annotations

import csv
import io
import json
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from emovox.audio import write_audio
from emovox.cli.app import run
from emovox.emotions import EMOTIONS
from emovox.models import DEFAULT_MODEL, Calibration, Population
from emovox.testing import make_recording, make_tiny_metadata, write_tiny_artefact

Captured = pytest.CaptureFixture[str]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Hold loud.wav, quiet.wav and a model beside them."""
    for name, peak in (("loud", 0.9), ("quiet", 0.05)):
        samples = make_recording("neutral", peak=peak).samples
        write_audio(tmp_path / "clips" / f"{name}.wav", samples, 16000)
    population = Population(mean=(0.06, 0.3), deviation=(0.03, 0.1))
    write_tiny_artefact(tmp_path / "model.onnx", make_tiny_metadata(population=population))
    return tmp_path


def _predict(folder: Path, *arguments: str | Path) -> int:
    return run(["predict", *map(str, arguments), "--model", str(folder / "model.onnx")])


def _read_lines(text: str) -> list[dict[str, object]]:
    return [json.loads(line) for line in text.splitlines()]


def test_table(folder: Path, capsys: Captured) -> None:
    assert _predict(folder, folder / "clips" / "loud.wav") == 0
    heading, row = capsys.readouterr().out.splitlines()
    assert heading.split() == ["emotion", "confidence", "doubt", "recording"]
    emotion, confidence, path = row.split()
    assert emotion == "angry"
    assert confidence.endswith("%")
    assert path == str(folder / "clips" / "loud.wav")


def test_json_lines_of_a_folder(folder: Path, capsys: Captured) -> None:
    assert _predict(folder, folder / "clips", "--format", "json") == 0
    loud, quiet = _read_lines(capsys.readouterr().out)
    assert loud["path"] == str(folder / "clips" / "loud.wav")
    assert (loud["emotion"], quiet["emotion"]) == ("angry", "sad")
    assert tuple(loud["probabilities"]) == EMOTIONS  # type: ignore[arg-type]


def test_csv(folder: Path, capsys: Captured) -> None:
    assert _predict(folder, folder / "clips", folder / "none.wav", "--format", "csv") == 3
    rows = list(csv.DictReader(io.StringIO(capsys.readouterr().out)))
    assert [row["emotion"] for row in rows] == ["angry", "sad", ""]
    assert float(rows[0]["p_angry"]) == float(rows[0]["confidence"])
    assert rows[2]["error_type"] == "audio"


@pytest.mark.parametrize("layout", ["table", "json", "csv"])
def test_after_a_bad_recording_the_others_follow(
    folder: Path, capsys: Captured, layout: str
) -> None:
    (folder / "clips" / "middle.wav").write_text("this is text, not a recording, at some length")
    assert _predict(folder, folder / "clips", "--format", layout) == 3
    output = capsys.readouterr()
    assert all(name in output.out for name in ("loud.wav", "middle.wav", "quiet.wav"))
    assert "not-audio" in output.out
    assert "1 of 3 recordings could not be read" in output.err


def test_a_missing_path_says_so(folder: Path, capsys: Captured) -> None:
    assert _predict(folder, folder / "none.wav") == 3
    assert "there is no file" in capsys.readouterr().err


def test_a_folder_without_recordings_says_so(folder: Path, capsys: Captured) -> None:
    (folder / "empty").mkdir()
    assert _predict(folder, folder / "empty", "--format", "json") == 3
    (row,) = _read_lines(capsys.readouterr().out)
    assert row["path"] == str(folder / "empty")
    assert "folder" in str(row["error"])


def test_strict_refuses_what_is_not_accepted(folder: Path, capsys: Captured) -> None:
    write_tiny_artefact(
        folder / "model.onnx", make_tiny_metadata(calibration=Calibration(threshold=1.0))
    )
    assert _predict(folder, folder / "clips", "--format", "json") == 0
    assert [row["reason"] for row in _read_lines(capsys.readouterr().out)] == ["low_confidence"] * 2
    assert _predict(folder, folder / "clips", "--format", "json", "--strict") == 4
    output = capsys.readouterr()
    assert len(_read_lines(output.out)) == 2
    assert "2 of 2 decisions are not accepted" in output.err


def test_strict_accepts_what_is_accepted(folder: Path) -> None:
    assert _predict(folder, folder / "clips", "--strict") == 0


def test_a_bad_recording_weighs_more_than_a_refused_one(folder: Path) -> None:
    write_audio(folder / "clips" / "silent.wav", np.zeros(16000, np.float32), 16000)
    assert _predict(folder, folder / "clips", folder / "none.wav", "--strict") == 3


def test_an_unknown_model_is_said_before_anything_is_read(folder: Path, capsys: Captured) -> None:
    (folder / "model.onnx").unlink()
    assert _predict(folder, folder / "none.wav") == 5
    output = capsys.readouterr()
    assert "no model can be read" in output.err
    assert output.out == ""


def test_a_damaged_model_is_refused(folder: Path, capsys: Captured) -> None:
    path = folder / "model.onnx"
    path.write_bytes(path.read_bytes()[:-100])
    assert _predict(folder, folder / "clips") == 5
    assert "damaged" in capsys.readouterr().err


def test_usage_errors(folder: Path, capsys: Captured) -> None:
    assert _predict(folder) == 2
    assert _predict(folder, "a.wav", "--manifest", "m.csv") == 2
    assert "recordings, or a manifest" in capsys.readouterr().err
    assert _predict(folder, "a.wav", "--adapt", "--speaker", "anna") == 2
    assert "only one of --adapt and --speaker" in capsys.readouterr().err
    assert _predict(folder, "a.wav", "--format", "xml") == 2
    assert _predict(folder, "a.wav", "--jobs", "0") == 2


def test_without_a_model_named_the_default_is_used(
    folder: Path, capsys: Captured, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("emovox.models.registry._PACKAGED", folder / "data")
    assert run(["predict", str(folder / "clips")]) == 5
    assert "no model 'emovox-small': none comes with" in capsys.readouterr().err
    write_tiny_artefact(folder / "data" / f"{DEFAULT_MODEL}.onnx")
    assert run(["predict", str(folder / "clips")]) == 0
    by_default = capsys.readouterr().out
    assert run(["predict", str(folder / "clips"), "--model", DEFAULT_MODEL]) == 0
    assert capsys.readouterr().out == by_default
    assert run(["predict", str(folder / "clips"), "--model", "emovox-smal"]) == 5
    assert "Did you mean 'emovox-small'?" in capsys.readouterr().err


def test_help_names_the_default(capsys: Captured) -> None:
    assert run(["predict", "--help"]) == 0
    assert DEFAULT_MODEL in capsys.readouterr().out


@pytest.fixture
def voices(tmp_path: Path) -> Path:
    """Hold a model, and m.csv: four clips each of a loud speaker, a quiet one, of nobody known."""
    rows = ["path,speaker_id"]
    for speaker, peak in (("x-loud", 0.9), ("x-quiet", 0.06), ("", 0.9)):
        for seed in range(4):
            recording = make_recording("neutral", seed=seed, peak=peak)
            name = f"{speaker or 'nobody'}/{seed}.wav"
            write_audio(tmp_path / name, recording.samples, recording.sampling_rate)
            rows.append(f"{name},{speaker}")
    (tmp_path / "m.csv").write_text("\n".join(rows))
    population = Population(mean=(0.06, 0.3), deviation=(0.03, 0.1))
    write_tiny_artefact(tmp_path / "model.onnx", make_tiny_metadata(population=population))
    return tmp_path


def _emotions(text: str) -> list[object]:
    return [row["emotion"] for row in _read_lines(text)]


def test_a_manifest_names_the_recordings(voices: Path, capsys: Captured) -> None:
    assert _predict(voices, "--manifest", voices / "m.csv", "--format", "json") == 0
    rows = _read_lines(capsys.readouterr().out)
    assert rows[0]["path"] == str(voices / "x-loud" / "0.wav")
    assert [row["emotion"] for row in rows] == ["angry"] * 4 + ["sad"] * 4 + ["angry"] * 4


def test_adapted_to_a_manifest_each_speaker_is_a_voice(voices: Path, capsys: Captured) -> None:
    assert _predict(voices, "--adapt", "--manifest", voices / "m.csv", "--format", "json") == 0
    assert _emotions(capsys.readouterr().out) == ["neutral"] * 8 + ["angry"] * 4


def test_adapted_to_paths_all_are_one_voice(voices: Path, capsys: Captured) -> None:
    assert _predict(voices, "--adapt", voices / "x-loud", "--format", "json", "--jobs", "1") == 0
    one_thread = capsys.readouterr().out
    assert _emotions(one_thread) == ["neutral"] * 4
    assert _predict(voices, "--adapt", voices / "x-loud", "--format", "json", "--jobs", "3") == 0
    assert capsys.readouterr().out == one_thread


def test_adapting_goes_on_after_a_bad_recording(voices: Path, capsys: Captured) -> None:
    (voices / "x-loud" / "2.wav").write_text("this is text, not a recording, at some length")
    assert _predict(voices, "--adapt", voices / "x-loud", "--format", "csv") == 3
    rows = list(csv.DictReader(io.StringIO(capsys.readouterr().out)))
    assert [row["emotion"] for row in rows] == ["neutral", "neutral", "", "neutral"]


def test_an_enrolled_voice(voices: Path, capsys: Captured) -> None:
    model, known = str(voices / "model.onnx"), str(voices / "known")
    clips = str(voices / "x-loud")
    assert run(["enroll", "anna", clips, "--model", model, "--voices", known]) == 0
    capsys.readouterr()
    arguments = (clips, "--voices", known, "--format", "json", "--speaker")
    assert _predict(voices, *arguments, "anna") == 0
    assert _emotions(capsys.readouterr().out) == ["neutral"] * 4
    assert _predict(voices, *arguments, "ana") == 2
    assert "Did you mean 'anna'?" in capsys.readouterr().err


def test_a_model_that_cannot_adapt_says_so(voices: Path, capsys: Captured) -> None:
    write_tiny_artefact(voices / "model.onnx", make_tiny_metadata(adaptation=None))
    assert _predict(voices, "--adapt", voices / "x-loud") == 2
    output = capsys.readouterr()
    assert "cannot adapt to a voice" in output.err
    assert output.out == ""


def _run_process(folder: Path, *arguments: str | bytes) -> subprocess.CompletedProcess[bytes]:
    code = "from emovox.cli import main; main()"
    command = [sys.executable, "-c", code, "predict", "--model", folder / "model.onnx", *arguments]
    return subprocess.run(command, capture_output=True, check=False)


def test_names_that_are_not_ascii(folder: Path) -> None:
    target = folder / "clips" / "größer 声 loud.wav"
    (folder / "clips" / "loud.wav").rename(target)
    for layout in ("json", "csv", "table"):
        result = _run_process(folder, str(target), "--format", layout)
        assert result.returncode == 0
        assert str(target) in result.stdout.decode("utf-8")


@pytest.mark.skipif(sys.platform != "linux", reason="other systems have no such names")
def test_names_that_are_not_text(folder: Path) -> None:
    target = os.fsencode(folder / "clips") + b"/\xff.wav"
    os.rename(os.fsencode(folder / "clips" / "loud.wav"), target)  # noqa: PTH104 - bytes
    for layout in ("json", "csv", "table"):
        result = _run_process(folder, target, "--format", layout)
        assert result.returncode == 0, result.stderr
        assert b"\\udcff.wav" in result.stdout
    (row,) = _read_lines(_run_process(folder, target, "--format", "json").stdout.decode())
    assert os.fsencode(str(row["path"])) == target
