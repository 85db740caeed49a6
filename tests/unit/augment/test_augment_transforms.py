from __future__ import annotations

import numpy as np
import pytest

from emovox.augment import (
    DrawnGain,
    DrawnNoise,
    DrawnNotebookNoise,
    DrawnPitch,
    DrawnShift,
    DrawnSpeed,
    DrawnStretch,
    Noise,
    NotebookNoise,
    Pitch,
    Stretch,
)
from emovox.errors import ParameterError

RATE = 16000


def make_tone(frequency: float, n_samples: int = RATE) -> np.ndarray:
    return (0.5 * np.sin(2 * np.pi * frequency * np.arange(n_samples) / RATE)).astype(np.float32)


def find_peak_hz(samples: np.ndarray) -> float:
    inner = samples[len(samples) // 4 : -len(samples) // 4]
    spectrum = np.abs(np.fft.rfft(inner * np.hanning(len(inner)), 2**18))
    return spectrum.argmax() * RATE / 2**18


@pytest.mark.parametrize("snr_db", [-5.0, 0.0, 12.5, 40.0])
def test_noise_has_the_stated_ratio(snr_db):
    samples = make_tone(200)
    noise = DrawnNoise(snr_db, seed=1).apply(samples, RATE) - samples
    measured = 10 * np.log10(np.var(samples) / np.mean(noise**2))
    # Subtracting in float32 leaves an error of 1e-7 of full scale, 1e-5 of the quietest noise.
    assert measured == pytest.approx(snr_db, abs=1e-3)


def test_noise_does_not_count_a_constant_offset_as_signal():
    samples = make_tone(200)
    noise = DrawnNoise(20.0, seed=1).apply(samples, RATE) - samples
    offset = samples + np.float32(0.25)
    # float32 near 0.75 is exact to 6e-8.
    np.testing.assert_allclose(
        DrawnNoise(20.0, seed=1).apply(offset, RATE) - offset, noise, atol=2e-7
    )


def test_noise_is_white():
    noise = DrawnNoise(0.0, seed=3).apply(make_tone(100, 2**16), RATE) - make_tone(100, 2**16)
    power = (np.abs(np.fft.rfft(noise)) ** 2)[: 2**15].reshape(8, -1).mean(axis=1)
    # The mean of 4096 squared normal pairs deviates by 1 / 64 = 1.6 %; 6 of these deviations.
    np.testing.assert_allclose(power / power.mean(), 1.0, atol=0.1)


def test_notebook_noise_is_the_notebooks_formula():
    samples = make_tone(200) - np.float32(0.3)
    drawn = DrawnNotebookNoise(amount=0.02, seed=9)
    normal = np.random.default_rng(9).standard_normal(len(samples), dtype=np.float32)
    # One rounding of float32 at full scale.
    np.testing.assert_allclose(
        drawn.apply(samples, RATE), samples + 0.02 * samples.max() * normal, atol=1e-7
    )


def test_notebook_noise_draws_as_the_notebook_does():
    rng = np.random.default_rng(0)
    amounts = [NotebookNoise().draw(rng).amount for _ in range(2000)]
    assert min(amounts) >= 0
    assert max(amounts) <= 0.035
    # The mean of 2000 evenly drawn numbers deviates by 0.035 / sqrt(12 * 2000); 5 of these.
    assert np.mean(amounts) == pytest.approx(0.0175, abs=5 * 0.035 / np.sqrt(24000))


@pytest.mark.parametrize(("gain_db", "factor"), [(0.0, 1.0), (20.0, 10.0), (-6.0206, 0.5)])
def test_gain_multiplies(gain_db, factor):
    samples = make_tone(200)
    # The gain is given to 4 decimal places of a dB, 1e-5.
    np.testing.assert_allclose(DrawnGain(gain_db).apply(samples, RATE), samples * factor, rtol=1e-5)


def test_shift_moves_later_and_earlier_into_silence():
    samples = np.arange(1, 11, dtype=np.float32)
    later = DrawnShift(0.003).apply(samples, 1000)
    earlier = DrawnShift(-0.003).apply(samples, 1000)
    np.testing.assert_array_equal(later, [0, 0, 0, 1, 2, 3, 4, 5, 6, 7])
    np.testing.assert_array_equal(earlier, [4, 5, 6, 7, 8, 9, 10, 0, 0, 0])


def test_shift_wraps_like_roll():
    samples = np.arange(10, dtype=np.float32)
    wrapped = DrawnShift(0.003, wrap=True).apply(samples, 1000)
    np.testing.assert_array_equal(wrapped, np.roll(samples, 3))


@pytest.mark.parametrize("offset_s", [1.0, -1.0])
def test_shift_beyond_the_end_leaves_silence(offset_s):
    assert not DrawnShift(offset_s).apply(np.ones(10, dtype=np.float32), 16000).any()


@pytest.mark.parametrize("rate", [0.8, 0.9123, 1.0, 1.1, 2.0])
def test_speed_changes_length_and_pitch(rate):
    altered = DrawnSpeed(rate).apply(make_tone(400), RATE)
    assert len(altered) == round(RATE / rate)
    # A bin of the measurement is 0.06 Hz.
    assert find_peak_hz(altered) == pytest.approx(400 * rate, abs=0.2)


@pytest.mark.parametrize("rate", [0.5, 0.8, 1.0, 1.25, 2.0])
def test_stretch_changes_length_and_keeps_pitch(rate):
    altered = DrawnStretch(rate).apply(make_tone(400), RATE)
    assert len(altered) == round(RATE / rate)
    assert find_peak_hz(altered) == pytest.approx(400, abs=0.2)


@pytest.mark.parametrize("semitones", [-12.0, -2.0, 0.0, 0.7, 12.0])
def test_pitch_keeps_length_and_changes_pitch(semitones):
    altered = DrawnPitch(semitones).apply(make_tone(400), RATE)
    assert len(altered) == RATE
    assert find_peak_hz(altered) == pytest.approx(400 * 2 ** (semitones / 12), abs=0.2)


def test_stretch_by_one_gives_the_recording_back():
    samples = make_tone(400)
    # Phases pass through 30 products in float32; the last frame is cut by the end.
    np.testing.assert_allclose(DrawnStretch(1.0).apply(samples, RATE), samples, atol=1e-5)


def test_stretch_keeps_its_level_in_a_long_recording():
    samples = make_tone(400, 120 * RATE)
    altered = DrawnStretch(0.8).apply(samples, RATE)
    start, end = altered[RATE : 2 * RATE], altered[-2 * RATE : -RATE]
    # A tone between two bins swings by about a per cent from frame to frame.
    assert np.std(end) == pytest.approx(np.std(start), rel=0.02)


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: DrawnStretch(0.0), "rate is 0.0; it must be a number from 0.1 to 10"),
        (lambda: DrawnStretch(float("nan")), "rate is nan"),
        (lambda: DrawnSpeed(-1.0), "rate is -1.0"),
        (lambda: DrawnPitch(99.0), "semitones is 99.0"),
        (lambda: DrawnNoise(float("inf"), 0), "snr_db is inf"),
        (lambda: DrawnNoise(10.0, -1), "seed is -1"),
        (lambda: DrawnNotebookNoise(-0.1, 0), "amount is -0.1"),
        (lambda: DrawnShift(1e9), "offset_s is 1000000000.0"),
        (lambda: DrawnGain("loud"), "gain_db is 'loud'"),
        (lambda: Noise((20.0, 10.0)), "first must not exceed"),
        (lambda: Stretch((0.0, 1.0)), "rate is 0.0"),
        (lambda: Pitch(2.0), "must be a pair"),
    ],
)
def test_values_that_make_no_sense_are_refused(make, message):
    with pytest.raises(ParameterError, match=message):
        make()
