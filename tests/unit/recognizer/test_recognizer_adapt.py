from __future__ import annotations

import io
from pathlib import Path

import numpy as np
import pytest

from emovox.audio import write_audio
from emovox.errors import AudioError, NotAudioError, ParameterError
from emovox.recognizer import Recognizer, estimate_voice
from emovox.recognizer.listening import CLIP_S, cut_recording
from emovox.testing import make_recording, make_tiny_metadata, write_tiny_artefact
from emovox.types import Recording

Waveform = tuple[np.ndarray, int]


def _speak(peak: float, *, seed: int = 0) -> Waveform:
    recording = make_recording("neutral", seed=seed, peak=peak)
    return recording.samples, recording.sampling_rate


@pytest.fixture(scope="module")
def loud() -> list[Waveform]:
    """Somebody who is always loud."""
    return [_speak(0.9, seed=seed) for seed in range(6)]


def test_who_is_always_loud_is_not_angry(
    voice_recognizer: Recognizer, loud: list[Waveform]
) -> None:
    adapted = voice_recognizer.adapt(loud)
    assert voice_recognizer.recognize(_speak(0.9, seed=9)).emotion == "angry"
    assert adapted.recognize(_speak(0.9, seed=9)).emotion == "neutral"
    assert adapted.recognize(_speak(0.1, seed=9)).emotion == "sad"


def test_the_recognizer_itself_stays_as_it_is(
    voice_recognizer: Recognizer, loud: list[Waveform]
) -> None:
    before = voice_recognizer.recognize(loud[0])
    adapted = voice_recognizer.adapt(loud)
    assert voice_recognizer.recognize(loud[0]) == before
    assert voice_recognizer.voice is None
    assert adapted.voice is not None
    assert adapted.voice.n_clips == len(loud)


def test_the_order_of_clips_does_not_matter(
    voice_recognizer: Recognizer, loud: list[Waveform]
) -> None:
    clips = [*loud, _speak(0.1)]
    forth, back = voice_recognizer.adapt(clips), voice_recognizer.adapt(clips[::-1])
    decisions = [one.recognize(loud[0]).confidence for one in (forth, back)]
    assert decisions[0] == pytest.approx(decisions[1], rel=1e-5)  # float32 statistics


def test_adapting_twice_is_adapting_to_all(
    voice_recognizer: Recognizer, loud: list[Waveform]
) -> None:
    twice = voice_recognizer.adapt(loud[:2]).adapt(loud[2:])
    once = voice_recognizer.adapt(loud)
    assert twice.voice is not None
    assert twice.voice.n_clips == len(loud)
    assert twice.recognize(loud[0]).confidence == pytest.approx(
        once.recognize(loud[0]).confidence,
        rel=1e-5,  # float32 statistics
    )


def test_no_clip_changes_nothing(voice_recognizer: Recognizer, loud: list[Waveform]) -> None:
    assert voice_recognizer.adapt([]).recognize(loud[0]) == voice_recognizer.recognize(loud[0])


def test_what_the_gate_refuses_says_nothing_of_a_voice(
    voice_recognizer: Recognizer, loud: list[Waveform]
) -> None:
    silence = (np.zeros(32000, np.float32), 16000)
    short = (loud[0][0][:1600], 16000)
    voice = voice_recognizer.estimate_voice([silence, *loud, short])
    assert voice.n_clips == len(loud)
    np.testing.assert_allclose(voice.mean, voice_recognizer.estimate_voice(loud).mean)


def test_a_voice_is_made_of_the_states_of_its_clips(
    voice_recognizer: Recognizer, loud: list[Waveform]
) -> None:
    # The tiny model's states are root mean square and peak.
    states = [[np.sqrt(np.square(samples).mean()), np.abs(samples).max()] for samples, _ in loud]
    expected = estimate_voice(np.float32(states), voice_recognizer.metadata)
    voice = voice_recognizer.estimate_voice(loud)
    np.testing.assert_allclose(voice.mean, expected.mean, rtol=1e-5)  # float32
    # Differences of float32 numbers, squared.
    np.testing.assert_allclose(voice.variance, expected.variance, rtol=1e-3, atol=1e-10)


def test_a_long_recording_counts_as_many_clips(
    voice_recognizer: Recognizer, loud: list[Waveform]
) -> None:
    long = np.concatenate([samples for samples, _ in loud] * 3)
    seconds = len(long) / 16000
    assert seconds > 20
    assert voice_recognizer.estimate_voice([(long, 16000)]).n_clips == round(seconds / CLIP_S)
    hours = np.tile(long, 1 + int(610 / seconds))  # longer than is read at once
    n_clips = voice_recognizer.estimate_voice([(hours, 16000)]).n_clips
    assert n_clips == pytest.approx(len(hours) / 16000 / CLIP_S, abs=1)


@pytest.mark.parametrize(
    ("seconds", "n_clips"), [(0.1, 1), (5.0, 1), (7.4, 1), (7.6, 2), (12.0, 2), (60.0, 12)]
)
def test_recordings_are_cut_into_equal_clips(seconds: float, n_clips: int) -> None:
    samples = np.arange(round(seconds * 1000), dtype=np.float32)
    clips = cut_recording(Recording(samples, 1000, "r"))
    assert len(clips) == n_clips
    np.testing.assert_array_equal(np.concatenate([clip.samples for clip in clips]), samples)
    assert max(len(c.samples) for c in clips) - min(len(c.samples) for c in clips) <= 1
    assert {(clip.sampling_rate, clip.name) for clip in clips} == {(1000, "r")}


def test_every_kind_of_source_does(
    voice_recognizer: Recognizer, loud: list[Waveform], tmp_path: Path
) -> None:
    path = tmp_path / "a.wav"
    write_audio(path, *loud[0])
    voice = voice_recognizer.estimate_voice(
        [path, str(path), path.read_bytes(), io.BytesIO(path.read_bytes())]
    )
    assert voice.n_clips == 4
    np.testing.assert_allclose(voice.variance, 0, atol=1e-15)  # rounding in float64


def test_a_clip_that_cannot_be_read_raises_unless_passed_over(
    voice_recognizer: Recognizer, loud: list[Waveform]
) -> None:
    clips = [loud[0], b"this is no audio, whatever its name may say", loud[1]]
    with pytest.raises(NotAudioError):
        voice_recognizer.adapt(clips)
    assert voice_recognizer.estimate_voice(clips, skip_unreadable=True).n_clips == 2


def test_threads_hear_the_same(voice_recognizer: Recognizer, loud: list[Waveform]) -> None:
    one, four = (voice_recognizer.estimate_voice(loud, n_jobs=n) for n in (1, 4))
    np.testing.assert_array_equal(one.mean, four.mean)
    np.testing.assert_array_equal(one.variance, four.variance)


@pytest.mark.parametrize("clips", ["a.wav", b"RIFF", Path("a.wav")], ids=["str", "bytes", "path"])
def test_one_recording_is_not_a_list_of_them(
    voice_recognizer: Recognizer, clips: str | bytes | Path
) -> None:
    with pytest.raises(ParameterError, match="must be a list"):
        voice_recognizer.adapt(clips)  # type: ignore[arg-type]


def test_a_model_that_cannot_adapt_says_so_before_it_reads(tmp_path: Path) -> None:
    write_tiny_artefact(tmp_path / "m.onnx", make_tiny_metadata(adaptation=None))
    with pytest.raises(ParameterError, match="cannot adapt to a voice"):
        Recognizer(tmp_path / "m.onnx").adapt([tmp_path / "none.wav"])


def test_the_voice_of_another_model_is_refused(
    voice_recognizer: Recognizer, loud: list[Waveform], tmp_path: Path
) -> None:
    write_tiny_artefact(tmp_path / "other.onnx")
    other = Recognizer(tmp_path / "other.onnx")
    with pytest.raises(ParameterError, match=r"heard by the model 'tiny\.testing'"):
        other.with_voice(voice_recognizer.estimate_voice(loud[:1]))


def test_an_error_in_a_thread_is_the_callers(voice_recognizer: Recognizer, tmp_path: Path) -> None:
    with pytest.raises(AudioError, match="there is no file"):
        voice_recognizer.estimate_voice([tmp_path / "none.wav"] * 3, n_jobs=2)
