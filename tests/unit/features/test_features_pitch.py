import numpy as np
import pytest

from emovox.errors import ParameterError
from emovox.features import compute_pitch, compute_spectrum

RATE = 16000


def find_pitch(samples: np.ndarray) -> np.ndarray:
    spectrum = compute_spectrum(samples.astype(np.float32), n_fft=1024, hop_length=256)
    return compute_pitch(spectrum**2, sampling_rate=RATE)


def make_voice(frequency_hz: np.ndarray, *, n_harmonics: int = 12) -> np.ndarray:
    phase = 2 * np.pi * np.cumsum(frequency_hz) / RATE
    return sum(np.sin(k * phase) / k for k in range(1, n_harmonics + 1)) * 0.1


@pytest.mark.parametrize("frequency_hz", [70.0, 110.0, 196.3, 261.6, 333.3, 470.0])
def test_steady_voice(frequency_hz):
    found = find_pitch(make_voice(np.full(RATE, frequency_hz)))[4:-4]
    # The parabola through three lags is off by less than a tenth of a lag.
    np.testing.assert_allclose(found[:, 0], frequency_hz, rtol=0.1 * frequency_hz / RATE + 1e-3)
    assert (found[:, 1] > 0.9).all()


def test_missing_fundamental_is_heard():
    times = np.arange(RATE) / RATE
    samples = sum(np.sin(2 * np.pi * 150 * k * times) for k in (3, 4, 5, 6)) * 0.1
    np.testing.assert_allclose(find_pitch(samples)[4:-4, 0], 150, rtol=0.01)


def test_glide_is_followed():
    frequency_hz = np.linspace(120, 240, RATE)
    found = find_pitch(make_voice(frequency_hz))[4:-4, 0]
    centres = frequency_hz[4 * 256 :: 256][: len(found)]
    # Within a window of 64 ms the voice moves by 8 Hz.
    np.testing.assert_allclose(found, centres, atol=4)


def test_offset_and_level_do_not_matter():
    voice = make_voice(np.full(RATE, 180.0))
    plain = find_pitch(voice)
    # Rounding: the offset is as loud as the voice.
    np.testing.assert_allclose(find_pitch(voice * 1e-3)[4:-4], plain[4:-4], rtol=1e-3)
    np.testing.assert_allclose(find_pitch(voice + 0.1)[4:-4], plain[4:-4], rtol=1e-2)


def test_noise_and_silence_are_unvoiced():
    noise = np.random.default_rng(0).normal(size=RATE) * 0.1
    assert (find_pitch(noise)[:, 0] > 0).mean() < 0.05
    assert not find_pitch(np.zeros(RATE)).any()


def test_what_lies_far_below_the_voice_is_unvoiced():
    voice = make_voice(np.full(2 * RATE, 150.0))
    voice[RATE:] *= 1e-3
    found = find_pitch(voice)[:, 0]
    assert (found[4:55] > 0).all()
    assert not found[70:].any()


def test_pitch_below_the_window_s_reach_is_refused():
    spectrum = np.ones((1, 257), np.float32)
    with pytest.raises(ParameterError, match=r"at least 62\.5 Hz"):
        compute_pitch(spectrum**2, sampling_rate=RATE, f_min=60.0)
