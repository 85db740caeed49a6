from __future__ import annotations

import os
import stat
from pathlib import Path

import numpy as np
import pytest

from emovox.errors import AudioError, NotAudioError, ParameterError
from emovox.recognizer import Recognizer, VoiceStore
from emovox.testing import make_recording, write_tiny_artefact


@pytest.fixture
def store(tmp_path: Path) -> VoiceStore:
    return VoiceStore(tmp_path / "data" / "voices")


def _speak(seed: int, *, peak: float = 0.9) -> tuple[np.ndarray, int]:
    recording = make_recording("neutral", seed=seed, peak=peak)
    return recording.samples, recording.sampling_rate


def test_an_enrolled_voice_is_found_again(store: VoiceStore, voice_recognizer: Recognizer) -> None:
    clips = [_speak(seed) for seed in range(6)]
    assert store.enroll("anna", clips, voice_recognizer).n_clips == 6
    known = voice_recognizer.with_voice(VoiceStore(store.folder).read("anna"))
    assert known.recognize(_speak(9)) == voice_recognizer.adapt(clips).recognize(_speak(9))
    assert known.recognize(_speak(9)).emotion == "neutral"


def test_enrolling_again_begins_anew_or_adds(
    store: VoiceStore, voice_recognizer: Recognizer
) -> None:
    for add, n_clips in ((False, 2), (False, 2), (True, 4)):
        store.enroll("anna", [_speak(0), _speak(1)], voice_recognizer, add=add)
        assert store.read("anna").n_clips == n_clips


def test_voices_are_listed_and_removed(store: VoiceStore, voice_recognizer: Recognizer) -> None:
    assert store.names() == ()
    for name in ("zoë", "anna", "B-2_c"):
        store.enroll(name, [_speak(0)], voice_recognizer)
    assert store.names() == ("B-2_c", "anna", "zoë")
    store.remove("anna")
    assert store.names() == ("B-2_c", "zoë")
    with pytest.raises(ParameterError, match="no voice 'anna' is enrolled"):
        store.remove("anna")


def test_an_accent_written_in_two_ways_is_one_name(
    store: VoiceStore, voice_recognizer: Recognizer
) -> None:
    store.enroll("zoe\N{COMBINING DIAERESIS}", [_speak(0)], voice_recognizer)
    assert store.names() == ("zo\N{LATIN SMALL LETTER E WITH DIAERESIS}",)
    assert store.read("zo\N{LATIN SMALL LETTER E WITH DIAERESIS}").n_clips == 1


@pytest.mark.parametrize(
    "name", ["", "..", "a/b", "../a", "a\\b", ".hidden", "a b", "-a", "a\n", "a.json", "x" * 65]
)
def test_a_name_is_never_a_path(store: VoiceStore, voice_recognizer: Recognizer, name: str) -> None:
    with pytest.raises(ParameterError, match="cannot be called"):
        store.enroll(name, [b"not looked at"], voice_recognizer)
    with pytest.raises(ParameterError, match="cannot be called"):
        store.read(name)
    with pytest.raises(ParameterError, match="cannot be called"):
        store.remove(name)


def test_an_unknown_name_is_told_the_nearest(
    store: VoiceStore, voice_recognizer: Recognizer
) -> None:
    with pytest.raises(ParameterError, match="no voice 'ana' is enrolled") as info:
        store.read("ana")
    assert "emovox enroll" in info.value.hint
    store.enroll("anna", [_speak(0)], voice_recognizer)
    with pytest.raises(ParameterError) as info:
        store.read("ana")
    assert "Did you mean 'anna'?" in info.value.hint


def test_without_speech_nothing_is_enrolled(
    store: VoiceStore, voice_recognizer: Recognizer
) -> None:
    silence = (np.zeros(32000, np.float32), 16000)
    with pytest.raises(AudioError, match="none of the recordings has speech"):
        store.enroll("anna", [silence], voice_recognizer)
    with pytest.raises(NotAudioError):
        store.enroll("anna", [_speak(0), b"no audio at all, but some bytes"], voice_recognizer)
    assert store.names() == ()


def test_a_voice_is_bound_to_its_model(
    store: VoiceStore, voice_recognizer: Recognizer, tmp_path: Path
) -> None:
    store.enroll("anna", [_speak(0)], voice_recognizer)
    write_tiny_artefact(tmp_path / "other.onnx")
    other = Recognizer(tmp_path / "other.onnx")
    with pytest.raises(ParameterError, match="the voice was heard by the model"):
        other.with_voice(store.read("anna"))
    with pytest.raises(ParameterError, match="only voices of one model"):
        store.enroll("anna", [_speak(1)], other, add=True)
    assert store.read("anna").n_clips == 1


@pytest.mark.skipif(os.name == "nt", reason="other rights there")
def test_the_folder_is_its_owners_alone(store: VoiceStore, voice_recognizer: Recognizer) -> None:
    store.enroll("anna", [_speak(0)], voice_recognizer)
    assert stat.S_IMODE(store.folder.stat().st_mode) == 0o700


def test_the_users_own_folder_is_the_default(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr("platformdirs.user_data_path", lambda name: tmp_path / name)
    assert VoiceStore().folder == tmp_path / "emovox" / "voices"
