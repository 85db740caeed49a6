from __future__ import annotations

import itertools
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from emovox.audio import write_audio
from emovox.emotions import EMOTIONS
from emovox.errors import NotAudioError, UnknownModelError
from emovox.models import DEFAULT_MODEL, Adaptation, Calibration
from emovox.recognizer import Failure, Recognizer
from emovox.testing import make_recording, make_tiny_metadata, write_tiny_artefact
from emovox.types import Decision


@pytest.fixture
def model(tmp_path: Path) -> Path:
    write_tiny_artefact(tmp_path / "model.onnx")
    return tmp_path / "model.onnx"


@pytest.fixture
def recognizer(model: Path) -> Recognizer:
    return Recognizer(model)


def _make_tone(level: float, *, seconds: float = 1.0) -> np.ndarray:
    place = np.arange(round(16000 * seconds))
    return (level * np.sin(2 * np.pi * 200 * place / 16000)).astype(np.float32)


def test_a_decision_names_the_most_probable_emotion(voice_recognizer: Recognizer) -> None:
    voice = make_recording("neutral", peak=0.9)
    decision = voice_recognizer.recognize((voice.samples[:16000], 16000))
    assert decision.emotion == "angry"  # what the tiny model calls loud
    assert tuple(decision.probabilities) == EMOTIONS
    assert decision.confidence == max(decision.probabilities.values())
    assert sum(decision.probabilities.values()) == pytest.approx(1, abs=1e-6)  # float32
    assert decision.accepted
    assert decision.reason == ""
    assert decision.duration_s == 1.0


def test_a_voice_is_recognized(recognizer: Recognizer) -> None:
    voice = make_recording("sad")
    decision = recognizer.recognize((voice.samples, voice.sampling_rate))
    assert decision.accepted
    assert decision.duration_s == pytest.approx(voice.duration_s)


@pytest.mark.parametrize(
    ("samples", "reason"),
    [
        (np.zeros(16000, np.float32), "silent"),
        (_make_tone(0.3, seconds=0.1), "too_short"),
        (_make_tone(0.3), "no_speech"),
        (np.clip(30 * make_recording("sad").samples, -1, 1), "clipped"),
    ],
    ids=["silent", "too_short", "no_speech", "clipped"],
)
def test_the_gate_gives_the_reason_not_to_believe(
    recognizer: Recognizer, samples: np.ndarray, reason: str
) -> None:
    decision = recognizer.recognize((samples, 16000))
    assert decision.emotion in EMOTIONS
    assert not decision.accepted
    assert decision.reason == reason


def test_a_decision_below_the_threshold_is_not_accepted(tmp_path: Path) -> None:
    calibration = Calibration(threshold=0.99, temperature=3.0)
    write_tiny_artefact(tmp_path / "m.onnx", make_tiny_metadata(calibration=calibration))
    recognizer = Recognizer(tmp_path / "m.onnx")
    decision = recognizer.recognize((make_recording("sad").samples, 16000))
    assert decision.confidence < 0.99
    assert not decision.accepted
    assert decision.reason == "low_confidence"
    # What is wrong with the recording comes before what is wrong with the decision.
    assert recognizer.recognize((np.zeros(16000, np.float32), 16000)).reason == "silent"


def test_confidence_follows_what_is_known_of_the_voice(tmp_path: Path) -> None:
    made = {}
    for name, known in (("same", None), ("surer", 0.2)):
        calibration = Calibration(temperature=1.0, known_temperature=known)
        metadata = make_tiny_metadata(calibration=calibration, adaptation=Adaptation(1.0, 1.0))
        write_tiny_artefact(tmp_path / f"{name}.onnx", metadata)
        recognizer = Recognizer(tmp_path / f"{name}.onnx")
        clip = (make_recording("sad").samples, 16000)
        adapted = recognizer.adapt([clip, (make_recording("angry").samples, 16000)])
        made[name] = [one.recognize(clip).probabilities for one in (recognizer, adapted)]
    assert made["same"][0] == made["surer"][0]  # unknown voices
    # Two clips of three: the logits are divided by 0.2 ** (2 / 3).
    powers = np.array(list(made["same"][1].values())) ** (0.2 ** (-2 / 3))
    found = list(made["surer"][1].values())
    np.testing.assert_allclose(found, powers / powers.sum(), rtol=1e-4)  # float32


def test_every_kind_of_source_gives_the_same_decision(
    recognizer: Recognizer, tmp_path: Path
) -> None:
    path = tmp_path / "tone.wav"
    write_audio(path, _make_tone(0.5), 16000)
    content = path.read_bytes()
    with path.open("rb") as stream:
        decisions = [recognizer.recognize(source) for source in (path, str(path), content, stream)]
    assert len({decision.confidence for decision in decisions}) == 1
    assert decisions[0].path == str(path)


def test_other_sampling_rates_are_resampled(recognizer: Recognizer) -> None:
    place = np.arange(44100)
    tone = (0.5 * np.sin(2 * np.pi * 200 * place / 44100)).astype(np.float32)
    decision = recognizer.recognize((tone, 44100))
    expected = recognizer.recognize((_make_tone(0.5), 16000))
    assert decision.duration_s == pytest.approx(1.0, abs=1e-3)
    # The resampler rings a little at both ends.
    assert decision.confidence == pytest.approx(expected.confidence, abs=0.02)


def test_bad_recordings_raise(recognizer: Recognizer) -> None:
    with pytest.raises(NotAudioError):
        recognizer.recognize(b"this is no audio, whatever its name may say" * 10)


def test_many_go_on_after_a_bad_one(recognizer: Recognizer, tmp_path: Path) -> None:
    good, bad = tmp_path / "good.wav", tmp_path / "bad.wav"
    write_audio(good, _make_tone(0.5), 16000)
    bad.write_text("no audio at all, but long enough to be looked at")
    outcomes = list(recognizer.recognize_many([good, bad, tmp_path / "none.wav", good]))
    assert [type(outcome) for outcome in outcomes] == [Decision, Failure, Failure, Decision]
    assert [outcome.path for outcome in outcomes[1:3]] == [str(bad), str(tmp_path / "none.wav")]
    assert isinstance(outcomes[1], Failure)
    assert isinstance(outcomes[1].error, NotAudioError)
    assert outcomes[0] == outcomes[3]


def test_many_are_read_when_they_are_asked_for(recognizer: Recognizer, tmp_path: Path) -> None:
    path = tmp_path / "tone.wav"
    write_audio(path, _make_tone(0.5), 16000)
    # Without end: a list of them, or of their samples, could not be made.
    stream = recognizer.recognize_many(itertools.repeat(path))
    assert len(list(itertools.islice(stream, 3))) == 3


def test_several_at_once_are_the_same_in_the_same_order(
    recognizer: Recognizer, tmp_path: Path
) -> None:
    paths = [tmp_path / f"{number}.wav" for number in range(7)]
    for path, level in zip(paths, np.linspace(0.05, 0.9, 7), strict=True):
        write_audio(path, _make_tone(level), 16000)
    paths[3].write_text("no audio at all, but long enough to be looked at")
    one, three = (list(recognizer.recognize_many(paths, n_jobs=n)) for n in (1, 3))
    assert [outcome.path for outcome in three] == list(map(str, paths))
    assert isinstance(three[3], Failure)
    assert one[:3] + one[4:] == three[:3] + three[4:]


def test_a_model_is_found_by_name_or_by_default(
    model: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("emovox.models.registry._PACKAGED", model.parent)
    model.rename(model.parent / f"{DEFAULT_MODEL}.onnx")
    assert Recognizer().metadata == Recognizer(DEFAULT_MODEL).metadata
    with pytest.raises(UnknownModelError, match="Did you mean"):
        Recognizer("emovox-smal")


def test_a_missing_model_is_said_at_once(tmp_path: Path) -> None:
    with pytest.raises(UnknownModelError):
        Recognizer(tmp_path / "none.onnx")


def test_recognition_needs_no_training_library(model: Path) -> None:
    code = (
        "import sys, numpy as np; from emovox.recognizer import Recognizer; "
        f"Recognizer({str(model)!r}).recognize((np.ones(9999, np.float32) / 9, 16000)); "
        "print(*sys.modules)"
    )
    result = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True
    )
    heavy = {"torch", "sklearn", "scipy", "pandas", "pyarrow", "matplotlib", "librosa", "onnx"}
    assert not heavy & set(result.stdout.split())
