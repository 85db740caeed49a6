from __future__ import annotations

import numpy as np
import pytest

from emovox.audio import GateOptions, inspect_recording, remove_offset
from emovox.errors import ParameterError
from emovox.testing import make_recording
from emovox.types import Recording


@pytest.fixture
def voice():
    """Two seconds of a synthetic voice at 16 kHz, peak 0.5."""
    samples = np.resize(make_recording("neutral").samples[2000:18000], 32000)
    return (0.5 / np.abs(samples).max() * samples).astype(np.float32)


def _inspect(samples, options=None):
    recording = Recording(np.asarray(samples, dtype=np.float32), 16000, "clip.wav")
    return inspect_recording(recording, options) if options else inspect_recording(recording)


def test_a_voice_passes(voice):
    report = _inspect(voice)
    assert report.problems == ()
    assert report.reason == ""


@pytest.mark.parametrize("gain_db", [-50, -40, -20, 0])
def test_quiet_is_not_silent(voice, gain_db):
    # The quietest actors of RAVDESS peak near -47 dB, the loudest moment of one clip at -55 dB.
    assert _inspect(voice * 10 ** (gain_db / 20)).reason == ""


@pytest.mark.parametrize(
    "samples",
    [
        np.zeros(16000),
        # The noise of rounding to 16 bit.
        np.random.default_rng(0).integers(-1, 2, 16000) / 32768,
        # An offset is no voice.
        np.full(16000, 0.04),
    ],
    ids=["zeros", "dither", "offset"],
)
def test_silence_is_found(samples):
    report = _inspect(samples)
    assert report.reason == "silent"
    assert "clip.wav is silent" in report.problems[0].message


def test_one_word_in_long_silence_is_not_silent(voice):
    assert _inspect(np.concatenate([np.zeros(160000), voice[:4000], np.zeros(160000)])).reason == ""


def test_too_short_is_found(voice):
    report = _inspect(voice[:1600])
    assert report.reason == "too_short"
    assert "0.100 s long; at least 0.2 s" in report.problems[0].message


def test_nothing_is_too_short_and_silent():
    assert [problem.code for problem in _inspect([]).problems] == ["too_short", "silent"]


def test_clipping_is_found(voice):
    report = _inspect(np.clip(voice * 30, -1, 1))
    assert report.reason == "clipped"
    assert "are at full scale" in report.problems[0].message


def test_clipping_is_found_after_resampling(voice):
    from emovox.audio import read_audio, resample

    clipped = np.clip(resample(voice, 16000, 44100) * 30, -1, 1)
    assert inspect_recording(read_audio((clipped, 44100))).reason == "clipped"


def test_a_loud_voice_is_not_refused(voice):
    # As much clipping as the worst clips of the corpora have, and more.
    loud = np.clip(voice * 4, -1, 1)
    assert 0.01 < np.mean(np.abs(loud) == 1) < 0.1
    assert _inspect(loud).reason == ""


def test_the_limit_of_clipping():
    voice = make_recording("neutral").samples[:20000]
    options = GateOptions(max_clipped_share=0.001)
    voice[:20] = 1.0  # 0.1 %
    assert _inspect(voice, options).reason == ""
    voice[:21] = 1.0
    assert _inspect(voice, options).reason == "clipped"


def test_no_speech_is_found():
    noise = 0.1 * np.random.default_rng(0).normal(size=32000)
    report = _inspect(noise)
    assert report.reason == "no_speech"
    assert "clip.wav holds no speech: 0% of what can be heard" in report.problems[0].message
    assert _inspect(noise, GateOptions(min_speech_share=0)).reason == ""


def test_the_gravest_problem_comes_first():
    tone = np.clip(30 * np.sin(np.arange(32000) / 10), -1, 1)
    assert [p.code for p in _inspect(tone).problems] == ["no_speech", "clipped"]
    # Of a moment or of silence nothing is said of speech.
    assert [p.code for p in _inspect(tone[:100]).problems] == ["too_short", "clipped"]
    assert [p.code for p in _inspect(np.zeros(32000)).problems] == ["silent"]


def test_the_limits_can_be_moved(voice):
    assert _inspect(voice, GateOptions(min_duration_s=2.5)).reason == "too_short"
    assert _inspect(voice, GateOptions(min_level_db=0.0)).reason == "silent"
    assert _inspect(np.sign(voice), GateOptions(max_clipped_share=1.0)).reason == ""


@pytest.mark.parametrize(
    "options",
    [
        {"min_duration_s": -1.0},
        {"clip_level": 0.0},
        {"max_clipped_share": 2.0},
        {"min_speech_share": -0.1},
    ],
)
def test_limits_without_meaning_are_refused(options):
    with pytest.raises(ParameterError, match=next(iter(options))):
        GateOptions(**options)


def test_the_offset_is_removed(voice):
    centred = remove_offset(voice + np.float32(0.04))
    assert centred.dtype == np.float32
    # The mean of float32 samples below 1: their rounding, 6e-8.
    assert abs(centred.mean(dtype=np.float64)) < 1e-7
    np.testing.assert_allclose(centred, voice - voice.mean(), atol=1e-6)


def test_removing_the_offset_of_nothing():
    assert remove_offset(np.zeros(0, dtype=np.float32)).shape == (0,)
