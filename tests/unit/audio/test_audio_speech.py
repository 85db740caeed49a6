from __future__ import annotations

import numpy as np
import pytest

from emovox.audio import measure_speech, resample
from emovox.emotions import EMOTIONS
from emovox.testing import make_recording

RATE = 16000
TIME_S = np.arange(3 * RATE) / RATE
# The gate's own limit.
LIMIT = 0.1


def _measure(samples, rate=RATE):
    return measure_speech(np.asarray(samples, dtype=np.float32), rate)


def _make_noise(seed=0, slope=0.0):
    """Make noise whose power falls with frequency to the power of ``slope``."""
    noise = np.random.default_rng(seed).normal(size=len(TIME_S))
    frequency = np.fft.rfftfreq(len(noise), 1 / RATE)
    coloured = np.fft.irfft(np.fft.rfft(noise) * np.maximum(frequency, 20) ** (-slope / 2))
    return 0.1 * coloured / coloured.std()


def _make_hum():
    return sum(0.2 / k * np.sin(2 * np.pi * 50 * k * TIME_S) for k in range(1, 12))


def _make_tone(frequency):
    return 0.3 * np.sin(2 * np.pi * frequency * TIME_S)


def _switch(period_s):
    """Make a gate that is open for the first half of each period, with soft edges."""
    return np.clip(20 * np.sin(2 * np.pi * TIME_S / period_s), 0, 1)


def _make_notes(intervals, n_harmonics):
    """Make a note, or a chord, each 0.3 s, that decays as a plucked string does."""
    out = np.zeros(len(TIME_S))
    for number in range(10):
        part = slice(number * 4800, (number + 1) * 4800)
        local = TIME_S[:4800]
        for interval in intervals[number % len(intervals)]:
            pitch = 220 * 2 ** (interval / 12)
            for k in range(1, n_harmonics + 1):
                note = np.exp(-local / 0.4) * np.sin(2 * np.pi * pitch * k * local) / k
                out[part] += 0.1 * note
    return out


def _make_clicks(*places):
    out = 1e-4 * np.random.default_rng(0).normal(size=len(TIME_S))
    out[list(places)] = 0.9
    return out


NO_SPEECH = {
    "white": _make_noise(),
    "pink": _make_noise(slope=1.0),
    "brown": _make_noise(slope=2.0),
    "faint": 0.005 * _make_noise(),
    "bursts of noise": _make_noise() * _switch(0.4),
    "waves": _make_noise(slope=1.0) * (1 + 0.8 * np.sin(2 * np.pi * 0.7 * TIME_S)),
    "hum": _make_hum(),
    "hum and noise": _make_hum() + 0.1 * _make_noise(),
    "tone": _make_tone(440),
    "low tone": _make_tone(110),
    "one beep": _make_tone(1000) * (TIME_S < 0.3),
    "beeps": _make_tone(1000) * _switch(0.6),
    "beeps in noise": _make_tone(1000) * _switch(1.0) + 0.01 * _make_noise(),
    "siren": 0.3 * np.sin(2 * np.pi * 800 * TIME_S + 80 * np.sin(2 * np.pi * 0.8 * TIME_S)),
    "melody": _make_notes([(0,), (4,), (7,), (12,), (5,)], 6),
    "chords": _make_notes([(0, 4, 7), (5, 9, 12), (7, 11, 14)], 6),
    "dial tone": _make_tone(350) + _make_tone(440),
    "click": _make_clicks(20000),
    "clicks": _make_clicks(*range(3000, 48000, 5000)),
    "buzz": _make_clicks(*range(0, 48000, 200)),
    "zeros": np.zeros(len(TIME_S)),
    "offset": np.full(len(TIME_S), 0.3),
}


@pytest.mark.parametrize("samples", NO_SPEECH.values(), ids=NO_SPEECH)
def test_other_sounds_are_not_speech(samples):
    assert _measure(samples) < LIMIT


@pytest.mark.parametrize("samples", NO_SPEECH.values(), ids=NO_SPEECH)
def test_a_sentence_among_other_sounds_is_heard(samples):
    # The sound is as loud as a quiet room is beside a voice.
    voice = make_recording("neutral").samples
    level = samples.std() or 1.0
    mixed = voice + 0.03 * voice.std() * np.resize(samples / level, len(voice))
    assert _measure(mixed) > LIMIT


@pytest.mark.parametrize("speaker", range(4))
@pytest.mark.parametrize("emotion", EMOTIONS)
def test_voices_are_speech(emotion, speaker):
    assert _measure(make_recording(emotion, speaker=speaker).samples) > 2 * LIMIT


def test_a_whisper_is_speech():
    """Noise through the moving resonances of a voice has no pitch."""
    voice = make_recording("neutral").samples
    frames = np.lib.stride_tricks.sliding_window_view(np.pad(voice, 256), 512)[::256]
    window = np.hanning(513)[:-1]
    spectra = np.abs(np.fft.rfft(frames * window))
    smooth = np.apply_along_axis(np.convolve, 1, spectra, np.ones(13) / 13, mode="same")
    phases = np.random.default_rng(0).uniform(0, 2 * np.pi, smooth.shape)
    pieces = np.fft.irfft(smooth * np.exp(1j * phases)) * window
    whisper = np.zeros(len(pieces) * 256 + 256)
    for number, piece in enumerate(pieces):
        whisper[number * 256 : number * 256 + 512] += piece
    assert _measure(whisper) > 2 * LIMIT


@pytest.mark.parametrize("snr_db", [20, 10, 5])
def test_noise_does_not_hide_a_voice(snr_db):
    voice = make_recording("happy").samples
    noise = _make_noise()[: len(voice)]
    noisy = voice + noise * voice.std() / noise.std() * 10 ** (-snr_db / 20)
    assert _measure(noisy) > LIMIT


def test_level_and_offset_do_not_matter():
    voice = make_recording("sad").samples
    share = _measure(voice)
    # Frames at a limit may fall to the other side by rounding: two of about a hundred.
    for changed in (0.003 * voice, 100 * voice, voice + 0.1):
        assert _measure(changed) == pytest.approx(share, abs=0.02)


@pytest.mark.parametrize("rate", [8000, 22050, 48000])
def test_other_rates(rate):
    voice = make_recording("angry").samples
    assert _measure(resample(voice, RATE, rate), rate) > 2 * LIMIT
    assert _measure(resample(_make_noise().astype(np.float32), RATE, rate), rate) < LIMIT


def test_speech_after_a_melody_is_heard():
    voice = make_recording("neutral").samples
    melody = NO_SPEECH["melody"]
    share = _measure(np.concatenate([melody * voice.std() / melody.std(), voice]))
    assert LIMIT < share < _measure(voice)


def test_pieces_that_are_looked_at_together_leave_no_seam(monkeypatch):
    voice = make_recording("neutral").samples
    share = _measure(voice)
    for n_frames in (5, 32, 33):
        monkeypatch.setattr("emovox.audio.speech._CHUNK", n_frames)
        # Sums of another order: a frame or two at a limit.
        assert _measure(voice) == pytest.approx(share, abs=0.02)


@pytest.mark.parametrize("n_samples", [0, 1, 639, 640, 700, 3200])
def test_the_shortest(n_samples):
    voice = make_recording("neutral").samples[8000:]
    assert 0 <= _measure(voice[:n_samples]) <= 1
