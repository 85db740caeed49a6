"""What holds for alterations whatever the recording and the parameters."""

from __future__ import annotations

import json

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from emovox.augment import (
    DrawnGain,
    DrawnNoise,
    DrawnPitch,
    DrawnShift,
    DrawnSpeed,
    DrawnStretch,
    rebuild_alteration,
)

RATE = 16000
lengths = st.integers(1, 6000)
rates = st.floats(0.1, 10.0)


def make_noise(n_samples: int) -> np.ndarray:
    return np.random.default_rng(n_samples).uniform(-1, 1, n_samples).astype(np.float32)


@given(lengths, rates)
@settings(max_examples=60, deadline=None)
def test_stretch_and_speed_keep_to_their_length_rule(n_samples, rate):
    for alteration in (DrawnStretch(rate), DrawnSpeed(rate)):
        altered = alteration.apply(make_noise(n_samples), RATE)
        assert len(altered) == max(1, round(n_samples / rate))
        assert np.isfinite(altered).all()


@given(lengths, st.floats(-24.0, 24.0))
@settings(max_examples=60, deadline=None)
def test_pitch_keeps_the_length(n_samples, semitones):
    altered = DrawnPitch(semitones).apply(make_noise(n_samples), RATE)
    assert len(altered) == n_samples
    assert np.isfinite(altered).all()


@given(lengths, st.floats(-0.5, 0.5))
@settings(deadline=None)
def test_shift_there_and_back_loses_only_what_left(n_samples, offset_s):
    samples = make_noise(n_samples)
    back = DrawnShift(-offset_s).apply(DrawnShift(offset_s).apply(samples, RATE), RATE)
    kept = back != 0
    np.testing.assert_array_equal(back[kept], samples[kept])
    lost = min(abs(round(offset_s * RATE)), n_samples)
    assert np.count_nonzero(kept) == np.count_nonzero(samples) - np.count_nonzero(
        samples[n_samples - lost :] if offset_s > 0 else samples[:lost]
    )


@given(st.floats(-80.0, 80.0), st.floats(-40.0, 120.0), st.integers(0, 2**32 - 1))
def test_any_drawn_value_survives_json(gain_db, snr_db, seed):
    for alteration in (DrawnGain(gain_db), DrawnNoise(snr_db, seed)):
        assert rebuild_alteration(json.loads(alteration.key)) == alteration


@given(lengths, st.floats(0.01, 100.0))
@settings(max_examples=30, deadline=None)
def test_noise_goes_with_the_level(n_samples, factor):
    samples = make_noise(n_samples)
    scaled = (samples * np.float32(factor)).astype(np.float32)
    one = DrawnNoise(10.0, 1).apply(samples, RATE)
    # Three roundings of float32 on either side.
    np.testing.assert_allclose(
        DrawnNoise(10.0, 1).apply(scaled, RATE), one * factor, rtol=1e-5, atol=1e-6 * factor
    )
