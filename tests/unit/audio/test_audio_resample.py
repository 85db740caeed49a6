from __future__ import annotations

import numpy as np
import pytest

from emovox.audio import StreamResampler, resample
from emovox.errors import ParameterError


@pytest.mark.parametrize(
    ("source_rate", "target_rate", "n_samples"),
    [(48000, 16000, 10667), (16000, 48000, 96000), (44100, 22050, 16000), (1.25, 1.0, 25600)],
)
def test_the_length_follows_the_ratio(tone, source_rate, target_rate, n_samples):
    out = resample(tone, source_rate, target_rate)
    assert out.shape == (n_samples,)
    assert out.dtype == np.float32


def test_a_tone_stays_a_tone():
    time_s = np.arange(48000) / 48000
    out = resample(np.sin(2 * np.pi * 1000 * time_s).astype(np.float32), 48000, 16000)
    expected = np.sin(2 * np.pi * 1000 * np.arange(16000) / 16000)
    # The filter's passband ripple; away from the ends.
    np.testing.assert_allclose(out[500:-500], expected[500:-500], atol=1e-4)


def test_what_is_above_half_the_new_rate_is_gone():
    time_s = np.arange(48000) / 48000
    out = resample(np.sin(2 * np.pi * 9000 * time_s).astype(np.float32), 48000, 16000)
    # The stop band of soxr's HQ is below -100 dB.
    assert np.abs(out[500:-500]).max() < 1e-5


def test_equal_rates_change_nothing(tone):
    assert resample(tone, 16000, 16000) is tone


def test_nothing_stays_nothing(tone):
    assert resample(tone[:0], 48000, 16000).shape == (0,)


def test_a_view_with_steps_is_resampled_like_its_copy(tone):
    view = tone[::2]
    np.testing.assert_array_equal(resample(view, 8000, 16000), resample(view.copy(), 8000, 16000))


@pytest.mark.parametrize("rate", [0, -1, float("nan"), float("inf")])
def test_rates_without_meaning_are_refused(tone, rate):
    with pytest.raises(ParameterError, match="above 0"):
        resample(tone, rate, 16000)
    with pytest.raises(ParameterError, match="above 0"):
        StreamResampler(16000, rate)


def test_only_mono_is_resampled(tone):
    with pytest.raises(ParameterError, match="shape"):
        resample(np.stack([tone, tone]), 48000, 16000)
