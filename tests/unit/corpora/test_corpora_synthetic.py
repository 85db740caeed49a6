"""Synthetic voices: deterministic, labelled, and shaped by their emotion."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from emovox.audio import probe_audio
from emovox.corpora import (
    SyntheticOptions,
    make_synthetic_corpus,
    make_voice,
    read_manifest,
    synthesize_clip,
)
from emovox.corpora.synthetic_style import STYLES
from emovox.corpora.synthetic_text import PHONES, SENTENCES
from emovox.corpora.synthetic_voice import SAMPLING_RATE
from emovox.emotions import EMOTIONS
from emovox.errors import ParameterError
from emovox.files import hash_file

SMALL = SyntheticOptions(n_speakers=2, n_per_emotion=2, emotions=("neutral", "angry"))


def _speak(emotion: str, voice: int = 1, take: int = 0, sentence: str = "01") -> np.ndarray:
    rng = np.random.default_rng(take)
    return synthesize_clip(emotion, make_voice(voice), rng, sentence=sentence)


def _measure_pitch_hz(samples: np.ndarray) -> float:
    """Median over frames of the autocorrelation's highest peak between 70 and 600 Hz."""
    shortest, longest = SAMPLING_RATE // 600, SAMPLING_RATE // 70
    frames = np.lib.stride_tricks.sliding_window_view(samples, 1024)[::400]
    loud = frames[frames.std(axis=1) > 0.5 * samples.std()]
    spectra = np.abs(np.fft.rfft(loud * np.hanning(1024), 2048)) ** 2
    lags = np.fft.irfft(spectra)[:, shortest:longest].argmax(axis=1) + shortest
    return float(SAMPLING_RATE / np.median(lags))


def test_the_corpus_is_made_as_asked(tmp_path: Path) -> None:
    steps: list[tuple[int, int]] = []
    manifest = make_synthetic_corpus(
        tmp_path, SMALL, progress=lambda done, total: steps.append((done, total))
    )
    clips = read_manifest(manifest)
    assert len(clips) == 8
    assert steps == [(n, 8) for n in range(1, 9)]
    assert {clip.corpus for clip in clips} == {"synthetic"}
    assert [clip.speaker_id for clip in clips[::4]] == ["synthetic-S01", "synthetic-S02"]
    assert [clip.sex for clip in clips[::4]] == ["female", "male"]
    assert {clip.emotion for clip in clips} == {"neutral", "angry"}
    for clip in clips:
        info = probe_audio(clip.path)
        assert (info.sampling_rate, info.n_channels) == (16000, 1)
        # Written to the microsecond.
        assert clip.duration_s == pytest.approx(info.duration_s, abs=1e-6)
        assert clip.sha256 == hash_file(clip.path)


def test_the_same_seed_gives_the_same_bytes(tmp_path: Path) -> None:
    first, second, other = (
        read_manifest(
            make_synthetic_corpus(
                tmp_path / name,
                SyntheticOptions(n_speakers=1, n_per_emotion=1, seed=seed, emotions=("sad",)),
            )
        )[0].sha256
        for name, seed in (("a", 0), ("b", 0), ("c", 1))
    )
    assert first == second != other


def test_a_speaker_stays_the_same_in_a_larger_corpus(tmp_path: Path) -> None:
    small = read_manifest(make_synthetic_corpus(tmp_path / "a", SMALL))
    larger = SyntheticOptions(n_speakers=3, n_per_emotion=3, emotions=("angry", "fear", "neutral"))
    large = read_manifest(make_synthetic_corpus(tmp_path / "b", larger))
    assert {clip.sha256 for clip in small} <= {clip.sha256 for clip in large}


@pytest.mark.parametrize("emotion", EMOTIONS)
def test_a_clip_is_a_sound_recording(emotion: str) -> None:
    for voice in range(2):
        samples = _speak(emotion, voice)
        assert samples.dtype == np.float32
        assert np.isfinite(samples).all()
        # 0.98 is where the synthesizer holds the peak.
        assert 0.005 < np.abs(samples).max() <= 0.981
        assert 1.0 < len(samples) / SAMPLING_RATE < 4.0


def test_the_pitch_is_the_voice_s() -> None:
    man, woman = make_voice(1), make_voice(0)
    assert man.pitch_hz < woman.pitch_hz
    for number, voice in ((1, man), (0, woman)):
        # Accents, declination and the speaker's habits move the median by up to 4 semitones.
        measured = _measure_pitch_hz(_speak("neutral", number))
        assert abs(12 * np.log2(measured / voice.pitch_hz)) < 4


def test_emotions_have_their_directions() -> None:
    def average(measure, emotion: str) -> float:
        return float(
            np.mean([measure(_speak(emotion, voice, take)) for voice in (0, 1) for take in (0, 1)])
        )

    def brightness(samples: np.ndarray) -> float:
        power = np.abs(np.fft.rfft(samples)) ** 2
        at_1_khz = len(power) * 1000 // (SAMPLING_RATE // 2)
        return float(np.log(power[at_1_khz:].sum() / power[:at_1_khz].sum()))

    assert average(np.std, "angry") > average(np.std, "neutral") > average(np.std, "sad")
    assert average(len, "sad") > average(len, "fear")
    assert average(brightness, "angry") > average(brightness, "sad")
    assert average(_measure_pitch_hz, "fear") > average(_measure_pitch_hz, "neutral")


def test_sentences_are_made_of_known_phones() -> None:
    assert {letter for text in SENTENCES.values() for letter in text} <= {*PHONES, " "}
    assert tuple(STYLES) == EMOTIONS


@pytest.mark.parametrize(
    "wrong", [{"n_speakers": 0}, {"n_per_emotion": 0}, {"emotions": ("glee",)}]
)
def test_wrong_options_are_refused(wrong: dict[str, object]) -> None:
    with pytest.raises(ParameterError):
        SyntheticOptions(**wrong)  # type: ignore[arg-type]


def test_other_recordings_keep_their_manifest(tmp_path: Path) -> None:
    small = SyntheticOptions(n_speakers=1, n_per_emotion=1, emotions=("sad",))
    manifest = make_synthetic_corpus(tmp_path, small)
    assert make_synthetic_corpus(tmp_path, small) == manifest  # its own is made anew
    manifest.write_text("path,corpus\na.wav,mine\n")
    with pytest.raises(ParameterError, match="is of other recordings"):
        make_synthetic_corpus(tmp_path, small)
    assert "mine" in manifest.read_text()


def test_a_seed_below_zero_is_refused() -> None:
    with pytest.raises(ParameterError, match="the seed is -1"):
        SyntheticOptions(seed=-1)
