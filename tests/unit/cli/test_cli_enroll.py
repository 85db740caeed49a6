from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from emovox.audio import write_audio
from emovox.cli.app import run
from emovox.testing import make_recording, write_tiny_artefact

Captured = pytest.CaptureFixture[str]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Hold three clips and a model beside them."""
    for seed in range(3):
        recording = make_recording(seed=seed)
        write_audio(tmp_path / "clips" / f"{seed}.wav", recording.samples, recording.sampling_rate)
    write_tiny_artefact(tmp_path / "model.onnx")
    return tmp_path


def _enroll(folder: Path, *arguments: str | Path) -> int:
    rest = ["--model", folder / "model.onnx", "--voices", folder / "voices"]
    return run(["enroll", *map(str, arguments), *map(str, rest)])


def test_a_voice_is_enrolled_listed_and_removed(folder: Path, capsys: Captured) -> None:
    assert _enroll(folder, "anna", folder / "clips") == 0
    assert capsys.readouterr().out == "anna: 3 clips, heard by tiny.testing\n"
    assert _enroll(folder, "bob", folder / "clips" / "0.wav", folder / "clips" / "1.wav") == 0
    capsys.readouterr()
    assert _enroll(folder, "--list") == 0
    listed = [line.split() for line in capsys.readouterr().out.splitlines()]
    assert listed == [["anna", "3", "clips", "tiny.testing"], ["bob", "2", "clips", "tiny.testing"]]
    assert _enroll(folder, "--remove", "anna") == 0
    capsys.readouterr()
    assert _enroll(folder, "--list") == 0
    assert capsys.readouterr().out.split()[0] == "bob"


def test_add_adds(folder: Path, capsys: Captured) -> None:
    for _ in range(2):
        assert _enroll(folder, "anna", folder / "clips") == 0
    assert _enroll(folder, "anna", folder / "clips" / "0.wav", "--add") == 0
    shown = capsys.readouterr().out.splitlines()
    assert [line.split()[1] for line in shown] == ["3", "3", "4"]


def test_nobody_to_add_to(folder: Path, capsys: Captured) -> None:
    assert _enroll(folder, "anna", folder / "clips", "--add") == 2
    assert "no voice 'anna' is enrolled" in capsys.readouterr().err


@pytest.mark.parametrize(
    "arguments",
    [(), ("anna",), ("--remove",), ("anna", "a.wav", "--remove"), ("anna", "a.wav", "--list")],
)
def test_usage_errors(folder: Path, capsys: Captured, arguments: tuple[str, ...]) -> None:
    assert _enroll(folder, *arguments) == 2
    assert "give NAME and FILES" in capsys.readouterr().err


def test_a_name_that_is_a_path_is_refused(folder: Path, capsys: Captured) -> None:
    assert _enroll(folder, str(folder / "clips"), folder / "clips" / "0.wav") == 2
    assert "a voice cannot be called" in capsys.readouterr().err


def test_recordings_without_a_voice(folder: Path, capsys: Captured) -> None:
    write_audio(folder / "silence.wav", np.zeros(32000, np.float32), 16000)
    assert _enroll(folder, "anna", folder / "silence.wav") == 3
    assert _enroll(folder, "anna", folder / "clips", folder / "none.wav") == 3
    assert "none of the recordings has speech" in capsys.readouterr().err
    assert _enroll(folder, "--list") == 0
    assert capsys.readouterr().out == ""


def test_removing_nobody(folder: Path, capsys: Captured) -> None:
    assert _enroll(folder, "--remove", "anna") == 2
    assert "no voice 'anna' is enrolled" in capsys.readouterr().err
