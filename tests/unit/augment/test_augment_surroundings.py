"""Other voices, rooms, bands, codecs, silence, cuts."""

from __future__ import annotations

import numpy as np
import pytest

from emovox.augment import (
    Babble,
    Band,
    Codec,
    Cut,
    DrawnBabble,
    DrawnBand,
    DrawnCodec,
    DrawnCut,
    DrawnReverberation,
    DrawnSilence,
    Reverberation,
    Silence,
)
from emovox.errors import ParameterError
from emovox.testing import make_recording

RATE = 16000


@pytest.fixture(scope="module")
def speech() -> np.ndarray:
    return make_recording("neutral").samples


def measure_power(samples: np.ndarray, low_hz: float, high_hz: float) -> float:
    spectrum = np.abs(np.fft.rfft(samples)) ** 2
    frequency = np.fft.rfftfreq(len(samples), 1 / RATE)
    return float(spectrum[(frequency >= low_hz) & (frequency < high_hz)].sum())


@pytest.mark.parametrize("snr_db", [0.0, 10.0, 20.0])
def test_babble_has_the_stated_ratio(speech, snr_db):
    babble = DrawnBabble(snr_db, 6, seed=1).apply(speech, RATE) - speech
    measured = 10 * np.log10(np.var(speech) / np.mean(babble**2))
    # Subtracting in float32 leaves an error of 1e-7 of full scale.
    assert measured == pytest.approx(snr_db, abs=1e-3)


def test_babble_sounds_where_speech_does(speech):
    long = np.tile(speech, 8)
    babble = DrawnBabble(0.0, 6, seed=2).apply(long, RATE) - long
    total = measure_power(babble, 0, RATE / 2)
    # Long-term spectra of talk have nine tenths of their power below 1.5 kHz and some at 3 kHz.
    assert 0.8 < measure_power(babble, 80, 1500) / total < 0.99
    assert 1e-4 < measure_power(babble, 2500, 4000) / total < 0.05


def test_single_voice_comes_and_goes_more_than_many(speech):
    long = np.tile(speech, 8)

    def measure_swing(n_voices: int) -> float:
        babble = DrawnBabble(0.0, n_voices, seed=3).apply(long, RATE) - long
        levels = np.sqrt(np.mean(babble[: len(babble) // 800 * 800].reshape(-1, 800) ** 2, axis=1))
        return float(np.std(levels) / np.mean(levels))

    assert measure_swing(1) > 1.5 * measure_swing(12)


def test_echo_has_the_stated_energy_and_decay():
    click = np.zeros(2 * RATE, dtype=np.float32)
    click[0] = 1.0
    heard = DrawnReverberation(decay_s=0.5, direct_db=6.0, seed=4).apply(click, RATE)
    # What dulls the echo has no phase, so it rings a little before its first 5 ms.
    assert heard[0] == pytest.approx(1.0, abs=1e-3)
    assert np.abs(heard[1:60]).max() < 0.02
    energy = np.sum(heard[1:].astype(np.float64) ** 2)
    # float32 keeps the sum of 8000 squares to 1e-4.
    assert 10 * np.log10(energy) == pytest.approx(-6.0, abs=0.01)
    early, late = (np.mean(heard[s : s + 800] ** 2) for s in (200, 200 + RATE // 4))
    # 30 dB in half the decay time; powers of 800 noise samples deviate by 5 %, 0.2 dB, each.
    assert 10 * np.log10(early / late) == pytest.approx(30.0, abs=1.5)


def test_band_leaves_the_middle_and_takes_the_rest():
    noise = np.random.default_rng(0).standard_normal(2 * RATE).astype(np.float32)
    band = DrawnBand(300.0, 3400.0).apply(noise, RATE)
    for low, high, share in ((0, 250, 0.0), (350, 2900, 1.0), (3900, 8000, 0.0)):
        measured = measure_power(band, low, high) / measure_power(noise, low, high)
        # The ends of the recording are cut through the ringing of the edges.
        assert measured == pytest.approx(share, abs=0.01)


def test_band_as_wide_as_the_recording_changes_nothing(speech):
    # There and back through the FFT in double precision.
    np.testing.assert_allclose(DrawnBand(0.0, 8000.0).apply(speech, RATE), speech, atol=1e-7)


def test_codec_loses_something_and_keeps_the_length(speech):
    coded = DrawnCodec("opus", 12.0).apply(speech, RATE)
    assert len(coded) == len(speech)
    assert not np.array_equal(coded, speech)


def test_silence_is_put_around():
    altered = DrawnSilence(0.001, 0.002).apply(np.ones(10, dtype=np.float32), 1000)
    np.testing.assert_array_equal(altered, [0, *[1] * 10, 0, 0])


@pytest.mark.parametrize(
    ("place", "expected"), [(0.0, [0, 1, 2]), (0.5, [4, 5, 6]), (1.0, [7, 8, 9])]
)
def test_cut_leaves_a_part(place, expected):
    altered = DrawnCut(0.03, place).apply(np.arange(10, dtype=np.float32), 100)
    np.testing.assert_array_equal(altered, expected)


def test_cut_leaves_short_recordings_whole():
    samples = np.arange(10, dtype=np.float32)
    np.testing.assert_array_equal(DrawnCut(1.0, 0.5).apply(samples, 1000), samples)


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: DrawnBabble(10.0, 0, 1), "n_voices is 0"),
        (lambda: Babble(n_voices=51), "n_voices is 51"),
        (lambda: Babble((9.0, 3.0)), "first must not exceed"),
        (lambda: DrawnReverberation(0.0, 3.0, 1), "decay_s is 0.0"),
        (lambda: Reverberation(direct_db=(0.0, float("nan"))), "direct_db is nan"),
        (lambda: DrawnBand(600.0, 550.0), "must lie below"),
        (lambda: Band((50.0, 900.0), (800.0, 900.0)), "must lie below"),
        (lambda: DrawnCodec("opos", 16.0), "Did you mean 'opus'"),
        (lambda: Codec("mp3", (1.0, 16.0)), "bit_rate_kbps is 1.0"),
        (lambda: Silence((0.0, 61.0)), "before_s is 61.0"),
        (lambda: DrawnSilence(0.0, -1.0), "after_s is -1.0"),
        (lambda: Cut(place=(0.0, 2.0)), "place is 2.0"),
        (lambda: DrawnCut(0.0, 0.5), "duration_s is 0.0"),
    ],
)
def test_values_that_make_no_sense_are_refused(make, message):
    with pytest.raises(ParameterError, match=message):
        make()
