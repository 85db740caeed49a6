from __future__ import annotations

import numpy as np
import pytest

from emovox.audio import CODECS, transcode
from emovox.errors import ParameterError
from emovox.testing import make_recording

RATE = 16000


@pytest.fixture(scope="module")
def speech() -> np.ndarray:
    return make_recording("angry").samples


def find_lag(before: np.ndarray, after: np.ndarray) -> int:
    n_fft = 1 << (2 * len(before)).bit_length()
    product = np.conj(np.fft.rfft(before, n_fft)) * np.fft.rfft(after, n_fft)
    lag = int(np.fft.irfft(product, n_fft).argmax())
    return lag if lag < n_fft // 2 else lag - n_fft


def measure_error_db(before: np.ndarray, after: np.ndarray) -> float:
    return 10 * np.log10(np.mean((after - before) ** 2) / np.mean(before**2))


@pytest.mark.parametrize("codec", CODECS)
@pytest.mark.parametrize("bit_rate_kbps", [8.0, 16.0, 24.0, 32.0, 48.0, 64.0, 128.0])
def test_length_and_place_are_kept(speech, codec, bit_rate_kbps):
    coded = transcode(speech, RATE, codec=codec, bit_rate_kbps=bit_rate_kbps)
    assert coded.dtype == np.float32
    assert len(coded) == len(speech)
    # Opus at its lowest rates moves single frequencies by a sample.
    assert abs(find_lag(speech, coded)) <= 1


@pytest.mark.parametrize("codec", CODECS)
def test_more_bits_leave_more(speech, codec):
    errors = [
        measure_error_db(speech, transcode(speech, RATE, codec=codec, bit_rate_kbps=rate))
        for rate in (8.0, 32.0, 128.0)
    ]
    assert errors[0] > errors[1] > errors[2]
    # At 128 kbit/s hardly anything is lost, at 8 anyone hears it.
    assert errors[2] < -20
    assert errors[0] > -18


@pytest.mark.parametrize("codec", CODECS)
@pytest.mark.parametrize("rate", [6000, 8000, 11025, 22050, 44100, 96000])
def test_rates_the_codec_does_not_know_are_resampled(codec, rate):
    tone = (0.3 * np.sin(2 * np.pi * 440 * np.arange(rate) / rate)).astype(np.float32)
    coded = transcode(tone, rate, codec=codec, bit_rate_kbps=64.0)
    assert len(coded) == rate
    inner = slice(rate // 4, -rate // 4)
    # Away from the ends a tone survives coding to within a tenth.
    assert measure_error_db(tone[inner], coded[inner]) < -20


@pytest.mark.parametrize("codec", CODECS)
def test_same_samples_give_same_bits(speech, codec):
    first = transcode(speech, RATE, codec=codec, bit_rate_kbps=16.0)
    np.testing.assert_array_equal(transcode(speech, RATE, codec=codec, bit_rate_kbps=16.0), first)


@pytest.mark.parametrize(
    ("codec", "bit_rate_kbps", "message"),
    [("opos", 16.0, "Did you mean 'opus'"), ("mp3", 0.0, "above 0"), ("mp3", np.nan, "above 0")],
)
def test_what_cannot_be_coded_is_refused(speech, codec, bit_rate_kbps, message):
    with pytest.raises(ParameterError, match=message):
        transcode(speech, RATE, codec=codec, bit_rate_kbps=bit_rate_kbps)
