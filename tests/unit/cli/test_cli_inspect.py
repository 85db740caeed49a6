from __future__ import annotations

import numpy as np
import pytest

from emovox.audio import write_audio
from emovox.cli.app import run


@pytest.fixture
def tone(tmp_path):
    path = tmp_path / "tone.wav"
    time = np.arange(24000) / 16000
    write_audio(path, (0.5 * np.sin(2 * np.pi * 440 * time)).astype(np.float32), 16000)
    return path


def read_facts(text):
    return {line.split()[0]: line.split(maxsplit=1)[1] for line in text.splitlines()}


def test_states_the_facts_of_a_recording(tone, capsys):
    assert run(["inspect", str(tone), "--no-figure"]) == 0
    facts = read_facts(capsys.readouterr().out)
    assert facts["duration"] == "1.500 s"
    assert facts["rate"] == "16,000 Hz"
    assert facts["peak"] == "-6.0 dBFS"
    assert facts["level"].startswith("-9.0 dBFS")  # a sine is 3 dB below its peak
    assert facts["gate"].startswith("no_speech")
    assert "picture" not in facts


@pytest.mark.parametrize(("suffix", "head"), [(".png", b"\x89PNG"), (".svg", b"<?xml")])
def test_draws_before_and_after(tone, tmp_path, capsys, suffix, head):
    out = tmp_path / f"views{suffix}"
    arguments = ["inspect", str(tone), "--augment", "noise", "--augment", "shift", "--out"]
    assert run([*arguments, str(out)]) == 0
    assert read_facts(capsys.readouterr().out)["picture"] == str(out)
    assert out.read_bytes().startswith(head)
    first = out.read_bytes()
    assert run([*arguments, str(out)]) == 0
    assert out.read_bytes() == first


def test_the_picture_is_named_after_the_recording(tone, tmp_path, monkeypatch, capsys):
    folder = tmp_path / "here"
    folder.mkdir()
    monkeypatch.chdir(folder)
    assert run(["inspect", str(tone)]) == 0
    assert [path.name for path in folder.iterdir()] == ["tone-views.png"]


def test_mistakes_are_told_before_any_work(tone, tmp_path, capsys):
    assert run(["inspect", str(tone), "--out", str(tmp_path / "a.pdf")]) == 2
    assert "must end in .png or .svg" in capsys.readouterr().err
    assert run(["inspect", str(tone), "--augment", "noize", "--out", str(tmp_path / "a.png")]) == 2
    assert "Did you mean 'noise'?" in capsys.readouterr().err
    assert run(["inspect", str(tmp_path / "none.wav")]) == 3
