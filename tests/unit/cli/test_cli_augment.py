from __future__ import annotations

import json

import numpy as np
import pytest

from emovox.audio import write_audio
from emovox.augment import list_transforms
from emovox.cli.app import run


@pytest.fixture
def voice(tmp_path):
    path = tmp_path / "voice.wav"
    time = np.arange(8000) / 16000
    write_audio(path, (0.3 * np.sin(2000 * time)).astype(np.float32), 16000)
    return path


def read_names(folder):
    record = json.loads((folder / "parameters.json").read_text())
    return [one["alteration"]["name"] for one in record["altered"]]


def test_writes_every_transform_and_the_pictures(voice, tmp_path, capsys):
    assert run(["augment", str(voice), "--out", str(tmp_path / "out")]) == 0
    assert read_names(tmp_path / "out") == list(list_transforms())
    written = {path.name for path in (tmp_path / "out").iterdir()}
    assert {"00-original.wav", "01-noise.wav", "before-after.png", "before-after.svg"} <= written
    assert "noise (snr " in capsys.readouterr().out


def test_same_seed_gives_the_same_bytes_and_another_does_not(voice, tmp_path):
    def make(folder, seed):
        arguments = ["augment", str(voice), "--no-figure", "--seed", seed, "--transform", "noise"]
        assert run([*arguments, "--out", str(tmp_path / folder)]) == 0
        return (tmp_path / folder / "01-noise.wav").read_bytes()

    assert make("a", "1") == make("b", "1")
    assert make("a", "1") != make("c", "2")


def test_parameters_make_the_same_again(voice, tmp_path):
    first, second = tmp_path / "first", tmp_path / "second"
    arguments = ["augment", str(voice), "--no-figure", "--out"]
    assert run([*arguments, str(first), "--policy", "standard", "--seed", "5"]) == 0
    assert run([*arguments, str(second), "--parameters", str(first / "parameters.json")]) == 0
    for path in first.iterdir():
        assert (second / path.name).read_bytes() == path.read_bytes()


def test_transforms_come_in_the_order_asked_for(voice, tmp_path):
    arguments = ["augment", str(voice), "--no-figure", "--out", str(tmp_path / "out")]
    assert run([*arguments, "--transform", "gain", "--transform", "shift"]) == 0
    assert read_names(tmp_path / "out") == ["gain", "shift"]


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (["--transform", "pich"], "Did you mean 'pitch'"),
        (["--policy", "nothing"], "no augmentation policy 'nothing'"),
        (["--policy", "none", "--transform", "gain"], "only one of"),
        (["--parameters", "nowhere.json"], "cannot be read"),
        (["--seed", "-1"], "seed is -1"),
    ],
)
def test_wrong_usage_exits_with_2_and_writes_nothing(voice, tmp_path, capsys, options, message):
    assert run(["augment", str(voice), "--no-figure", "--out", str(tmp_path / "o"), *options]) == 2
    assert message in capsys.readouterr().err
    assert not (tmp_path / "o").exists()


def test_what_is_no_recording_exits_with_3(tmp_path, capsys):
    (tmp_path / "text.wav").write_text("no sound in here, only words")
    arguments = ["augment", str(tmp_path / "text.wav"), "--no-figure"]
    assert run([*arguments, "--out", str(tmp_path / "out")]) == 3
    assert "Error:" in capsys.readouterr().err
