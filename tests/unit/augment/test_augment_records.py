from __future__ import annotations

import json

import numpy as np
import pytest

from emovox.audio import read_audio
from emovox.augment import (
    DrawnGain,
    DrawnNoise,
    DrawnShift,
    format_alteration,
    get_policy,
    read_alterations,
    rebuild_alteration,
    write_altered,
)
from emovox.errors import ParameterError
from emovox.types import Recording


@pytest.fixture
def recording():
    time = np.arange(8000) / 16000
    return Recording((0.4 * np.sin(800 * time)).astype(np.float32), 16000, "voice.wav", 16000)


def test_altered_recordings_are_made_again_from_parameters(recording, tmp_path):
    drawn = (*get_policy("standard").draw("clip", 1), DrawnGain(20.0))
    written = write_altered(recording, drawn, tmp_path / "new")
    again = read_alterations(tmp_path / "new" / "parameters.json")
    assert again == drawn
    for one, alteration in zip(written, again, strict=True):
        stored = read_audio(one.path, sampling_rate=None).samples
        np.testing.assert_array_equal(stored, alteration.apply(recording.samples, 16000))


def test_files_are_numbered_and_nothing_is_clipped(recording, tmp_path):
    written = write_altered(recording, [DrawnGain(20.0), DrawnNoise(10.0, 1)], tmp_path)
    assert sorted(path.name for path in tmp_path.iterdir()) == [
        "00-original.wav",
        "01-gain.wav",
        "02-noise.wav",
        "parameters.json",
    ]
    # 20 dB are a factor of 10; 0.4 is exact to 6e-8 in float32.
    assert read_audio(written[0].path).samples.max() == pytest.approx(4.0, rel=1e-6)


def test_parameters_say_where_from_and_what(recording, tmp_path):
    write_altered(recording, [DrawnGain(3.0)], tmp_path)
    assert json.loads((tmp_path / "parameters.json").read_text()) == {
        "source": "voice.wav",
        "original": "00-original.wav",
        "sampling_rate": 16000,
        "altered": [
            {
                "file": "01-gain.wav",
                "alteration": {"name": "gain", "version": 1, "gain_db": 3.0},
            }
        ],
    }


@pytest.mark.parametrize("text", ["", "[]", "{}", '{"altered": [1]}', '{"altered": null}', "\xff"])
def test_other_files_are_refused(tmp_path, text):
    path = tmp_path / "parameters.json"
    path.write_bytes(text.encode("latin-1"))
    with pytest.raises(ParameterError, match="holds no alterations"):
        read_alterations(path)


def test_missing_file_is_refused(tmp_path):
    with pytest.raises(ParameterError, match="cannot be read: No such file"):
        read_alterations(tmp_path / "parameters.json")


@pytest.mark.parametrize(
    ("description", "message"),
    [
        ({}, "no alteration is named ''"),
        ({"name": "gian", "version": 1}, "Did you mean 'gain'"),
        ({"name": ["gain"], "version": 1}, "no alteration is named"),
        ({"name": "gain", "gain_db": 1.0}, "drawn by version None, and this is version 1"),
        ({"name": "gain", "version": 2, "gain_db": 1.0}, "drawn by version 2"),
        ({"name": "gain", "version": 1}, "not complete"),
        ({"name": "gain", "version": 1, "gain_db": 1.0, "x": 2}, "unexpected keyword"),
        ({"name": "gain", "version": 1, "gain_db": None}, "gain_db is None"),
        ({"name": "chain", "version": 1}, "chain of no alterations"),
        ({"name": "chain", "version": 1, "alterations": [1]}, "not a mapping"),
    ],
)
def test_descriptions_that_cannot_be_rebuilt_are_refused(description, message):
    with pytest.raises(ParameterError, match=message):
        rebuild_alteration(description)


def test_description_in_words_leaves_out_seeds_and_versions():
    assert format_alteration(DrawnNoise(12.5, 99).describe()) == "noise (snr 12.5 dB)"
    assert format_alteration(DrawnShift(0.1).describe()) == "shift (offset 0.1 s)"
    assert format_alteration(DrawnShift(0.1, True).describe()) == "shift (offset 0.1 s, wrap)"
    _, bent = get_policy("notebook").draw("clip", 0)
    assert format_alteration(bent.describe()) == "stretch (rate 0.8), pitch (semitones 0.7)"
