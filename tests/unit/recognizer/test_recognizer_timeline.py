from __future__ import annotations

import itertools
from pathlib import Path

import numpy as np
import pytest

from emovox.audio import write_audio
from emovox.emotions import EMOTIONS
from emovox.errors import AudioError, EmptyAudioError, NotAudioError, ParameterError
from emovox.recognizer import (
    SEGMENT_COLUMNS,
    Recognizer,
    Segment,
    Stream,
    find_segments,
    make_flat_segment_row,
    make_segment_row,
)
from emovox.recognizer.segments import SegmentMerger
from emovox.testing import make_recording
from emovox.types import Decision

RATE = 16000


def _speak(seconds: float, peak: float) -> np.ndarray:
    voice = make_recording("neutral").samples[2000:18000]
    voice = np.resize(voice, round(seconds * RATE))
    return (peak / np.abs(voice).max() * voice).astype(np.float32)


@pytest.fixture
def loud_silent_quiet() -> np.ndarray:
    """Six seconds of a loud voice, six of silence, six of a quiet voice."""
    return np.concatenate([_speak(6, 0.9), np.zeros(6 * RATE, np.float32), _speak(6, 0.03)])


def test_segments_follow_the_voice(
    voice_recognizer: Recognizer, loud_silent_quiet: np.ndarray
) -> None:
    # With windows as short as hops each second is decided by itself.
    segments = list(voice_recognizer.timeline((loud_silent_quiet, RATE), window_s=1, hop_s=1))
    assert [(s.start_s, s.end_s, s.reason) for s in segments] == [
        (0, 6, ""),
        (6, 12, "silent"),
        (12, 18, ""),
    ]
    assert [segments[0].emotion, segments[2].emotion] == ["angry", "sad"]
    assert [s.accepted for s in segments] == [True, False, True]
    assert tuple(segments[0].probabilities) == EMOTIONS
    # A mean of float32 probabilities.
    assert sum(segments[0].probabilities.values()) == pytest.approx(1, abs=1e-6)


def test_each_hop_is_decided_by_the_window_around_it(
    voice_recognizer: Recognizer, loud_silent_quiet: np.ndarray
) -> None:
    # Silence is found where all three seconds of a window are silent.
    segments = list(voice_recognizer.timeline((loud_silent_quiet, RATE)))
    (silent,) = (s for s in segments if s.reason == "silent")
    assert (silent.start_s, silent.end_s) == (7, 11)


def test_a_recording_shorter_than_a_window_is_one_segment(voice_recognizer: Recognizer) -> None:
    samples = _speak(1.5, 0.9)
    (segment,) = voice_recognizer.timeline((samples, RATE))
    decision = voice_recognizer.recognize((samples, RATE))
    assert (segment.start_s, segment.end_s) == (0, 1.5)
    # The mean over hops of 1 s and 0.5 s of one and the same value.
    assert segment.confidence == pytest.approx(decision.confidence, rel=1e-12)
    assert segment.emotion == decision.emotion


def test_the_ends_hear_full_windows(voice_recognizer: Recognizer) -> None:
    heard = []

    class Spy:
        metadata = voice_recognizer.metadata

        def recognize(self, source: tuple[np.ndarray, int]) -> Decision:
            heard.append(source[0])
            return voice_recognizer.recognize(source)

    samples = np.arange(5.2 * RATE, dtype=np.float32) / (6 * RATE)
    list(find_segments(Spy(), (samples, RATE)))  # type: ignore[arg-type]
    assert [len(window) for window in heard] == [3 * RATE] * 4
    assert [round(6 * float(window[0]), 3) for window in heard] == [0, 1, 2, 2.2]


def test_a_timeline_knows_the_voice(voice_recognizer: Recognizer) -> None:
    quiet = (_speak(4, 0.05), RATE)
    (plain,) = voice_recognizer.timeline(quiet)
    (adapted,) = voice_recognizer.adapt([quiet] * 20).timeline(quiet)
    assert plain.emotion == "sad"
    assert adapted.probabilities["sad"] < plain.probabilities["sad"]


def test_files_are_read_as_segments_are_asked_for(
    voice_recognizer: Recognizer,
    loud_silent_quiet: np.ndarray,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("emovox.audio.decoder._PIECE_SAMPLES", 4 * RATE)
    path = tmp_path / "long.flac"
    write_audio(path, np.tile(loud_silent_quiet, 4), RATE)
    path.write_bytes(path.read_bytes()[:-2000])
    segments = voice_recognizer.timeline(path)
    assert next(segments).emotion == "angry"
    with pytest.raises(AudioError):
        list(segments)


def test_bad_sources_raise(voice_recognizer: Recognizer) -> None:
    with pytest.raises(NotAudioError):
        list(voice_recognizer.timeline(b"this is no audio, whatever its name may say" * 10))
    with pytest.raises(EmptyAudioError):
        list(voice_recognizer.timeline((np.zeros(0, np.float32), RATE)))


@pytest.mark.parametrize(
    ("window_s", "hop_s"), [(1, 2), (3, 0), (3, -1), (0, 0), (3, 1e-6), (np.nan, 1), (np.inf, 1)]
)
def test_windows_that_make_no_sense_are_refused_at_once(
    voice_recognizer: Recognizer, window_s: float, hop_s: float
) -> None:
    with pytest.raises(ParameterError, match="hop_s must be above 0 and at most window_s"):
        voice_recognizer.timeline((_speak(1, 0.5), RATE), window_s=window_s, hop_s=hop_s)


def test_a_stream_shows_the_segment_that_still_grows(voice_recognizer: Recognizer) -> None:
    stream = Stream(voice_recognizer)
    assert stream.current is None
    assert stream.push(_speak(2, 0.9)) == []
    assert stream.current is None  # no window is full yet
    assert stream.push(_speak(3, 0.9)) == []
    assert stream.current is not None
    assert (stream.current.start_s, stream.current.end_s) == (0, 4)
    (segment,) = stream.finish()
    assert (segment.start_s, segment.end_s, segment.emotion) == (0, 5, "angry")
    assert stream.current is None


def test_a_stream_takes_integers_and_channels(voice_recognizer: Recognizer) -> None:
    voice = np.round(32767 * _speak(4, 0.9)).astype(np.int16)
    expected = list(voice_recognizer.timeline((voice / np.float32(32768), RATE)))
    for samples in (voice, np.stack([voice, voice], axis=1)):
        stream = Stream(voice_recognizer)
        assert stream.push(samples) + stream.finish() == expected


def test_a_stream_holds_little(voice_recognizer: Recognizer) -> None:
    stream = Stream(voice_recognizer, window_s=1, hop_s=0.5)
    for piece in itertools.repeat(_speak(0.25, 0.5), 40):
        stream.push(piece)
        # A window before the next hop, less than one after it.
        assert len(stream._held) < 2 * RATE


def test_a_stream_without_samples_has_no_segments(voice_recognizer: Recognizer) -> None:
    stream = Stream(voice_recognizer, sampling_rate=48000)
    assert stream.push(np.zeros(0, np.float32)) == []
    assert stream.finish() == []


def test_a_stream_that_ended_takes_nothing_more(voice_recognizer: Recognizer) -> None:
    stream = Stream(voice_recognizer)
    stream.finish()
    with pytest.raises(ParameterError, match="has ended"):
        stream.push(np.zeros(10, np.float32))
    with pytest.raises(ParameterError, match="has ended"):
        stream.finish()


def test_bad_samples_are_refused_and_the_stream_goes_on(voice_recognizer: Recognizer) -> None:
    stream = Stream(voice_recognizer)
    with pytest.raises(AudioError, match="no sound"):
        stream.push(np.full(100, np.nan, np.float32))
    with pytest.raises(ParameterError, match="shape"):
        stream.push(np.zeros((2, 2, 2), np.float32))
    stream.push(_speak(1, 0.5))
    assert stream.finish()[0].end_s == 1


def _decide(emotion: str, confidence: float, reason: str = "") -> Decision:
    rest = (1 - confidence) / 7
    probabilities = {e: confidence if e == emotion else rest for e in EMOTIONS}
    return Decision(emotion, confidence, probabilities, not reason, reason, 1.0, "")


def test_neighbours_that_say_the_same_are_one() -> None:
    merger = SegmentMerger()
    ended = [
        merger.add(1, _decide("happy", 0.9)),
        merger.add(3, _decide("happy", 0.6)),
        merger.add(4, _decide("sad", 0.3, "low_confidence")),
        merger.add(5, _decide("fear", 0.4, "low_confidence")),
        merger.add(6, _decide("fear", 0.4)),
    ]
    assert [segment is not None for segment in ended] == [False, False, True, False, True]
    happy, doubtful, fear = ended[2], ended[4], merger.open
    assert happy is not None
    assert doubtful is not None
    assert fear is not None
    assert (happy.start_s, happy.end_s, happy.accepted) == (0, 3, True)
    # One second at 0.9, two at 0.6; float64.
    assert happy.confidence == pytest.approx(0.7)
    assert (doubtful.start_s, doubtful.end_s, doubtful.emotion) == (3, 5, "fear")
    assert doubtful.reason == "low_confidence"
    assert (fear.start_s, fear.end_s, fear.accepted) == (5, 6, True)


def test_rows() -> None:
    probabilities = dict.fromkeys(EMOTIONS, 0.125)
    segment = Segment(0.0, 1.23456789, "sad", 0.125, probabilities, False, "low_confidence")
    row = make_segment_row(segment)
    assert row["end_s"] == 1.234568
    assert row["probabilities"] == probabilities
    flat = make_flat_segment_row(segment)
    assert tuple(flat) == SEGMENT_COLUMNS
    assert flat["p_sad"] == 0.125
