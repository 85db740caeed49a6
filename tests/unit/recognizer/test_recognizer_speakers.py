from __future__ import annotations

from pathlib import Path

import pytest

from emovox.audio import write_audio
from emovox.errors import ParameterError
from emovox.recognizer import Failure, Recognizer, adapt_to_speakers, recognize_speakers
from emovox.testing import make_recording, make_tiny_metadata, write_tiny_artefact
from emovox.types import Clip, Decision

_PEAKS = {"x-loud": 0.9, "x-quiet": 0.06, "": 0.9}


@pytest.fixture
def clips(tmp_path: Path) -> list[Clip]:
    """Four clips of each speaker, mixed, and four of nobody in particular."""
    clips = []
    for seed in range(4):
        for speaker_id, peak in _PEAKS.items():
            recording = make_recording("neutral", seed=seed, peak=peak)
            path = tmp_path / f"{speaker_id or 'nobody'}-{seed}.wav"
            write_audio(path, recording.samples, recording.sampling_rate)
            clips.append(Clip(str(path), speaker_id=speaker_id))
    return clips


@pytest.mark.parametrize("n_jobs", [1, 3])
def test_each_speaker_is_a_voice(
    voice_recognizer: Recognizer, clips: list[Clip], n_jobs: int
) -> None:
    plain = {c.path: d for c, d in zip(clips, _recognize(voice_recognizer, clips), strict=True)}
    adapted = adapt_to_speakers(voice_recognizer, clips, n_jobs=n_jobs)
    outcomes = list(recognize_speakers(adapted, clips, n_jobs=n_jobs))
    assert [outcome.path for outcome in outcomes] == [clip.path for clip in clips]
    for clip, outcome in zip(clips, outcomes, strict=True):
        assert isinstance(outcome, Decision)
        before = plain[clip.path].emotion
        assert before == ("sad" if clip.speaker_id == "x-quiet" else "angry")
        # Each is as always, but nobody is known of those without a name.
        assert outcome.emotion == ("neutral" if clip.speaker_id else "angry")


def _recognize(recognizer: Recognizer, clips: list[Clip]) -> list[Decision]:
    return [recognizer.recognize(clip.path) for clip in clips]


def test_voices_are_those_of_adapt(voice_recognizer: Recognizer, clips: list[Clip]) -> None:
    adapted = adapt_to_speakers(voice_recognizer, clips)
    assert set(adapted) == set(_PEAKS)
    assert adapted[""] is voice_recognizer
    own = [clip.path for clip in clips if clip.speaker_id == "x-loud"]
    expected = voice_recognizer.adapt(own).recognize(own[0])
    assert adapted["x-loud"].recognize(own[0]) == expected


def test_a_clip_that_cannot_be_read_is_a_failure(
    voice_recognizer: Recognizer, clips: list[Clip], tmp_path: Path
) -> None:
    clips.insert(1, Clip(str(tmp_path / "none.wav"), speaker_id="x-loud"))
    adapted = adapt_to_speakers(voice_recognizer, clips)
    outcomes = list(recognize_speakers(adapted, clips))
    assert [place for place, one in enumerate(outcomes) if isinstance(one, Failure)] == [1]


def test_progress_ends_at_the_total(voice_recognizer: Recognizer, clips: list[Clip]) -> None:
    calls: list[tuple[int, int]] = []
    adapt_to_speakers(voice_recognizer, clips, progress=lambda *call: calls.append(call))
    # Those of nobody in particular need not be listened to.
    assert calls == [(done, 12) for done in range(5, 13)]


def test_a_model_that_cannot_adapt_says_so(tmp_path: Path) -> None:
    write_tiny_artefact(tmp_path / "m.onnx", make_tiny_metadata(adaptation=None))
    with pytest.raises(ParameterError, match="cannot adapt"):
        adapt_to_speakers(Recognizer(tmp_path / "m.onnx"), [Clip("a.wav", speaker_id="x")])
