"""What level and position do to features."""

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from emovox.features import (
    compute_chroma,
    compute_log_mel,
    compute_mel,
    compute_mfcc,
    compute_pitch,
    compute_rms,
    compute_spectrum,
    compute_zcr,
    frame_samples,
)

RATE = 16000
SIZES = {"n_fft": 1024, "hop_length": 256}

signals = st.builds(
    lambda seed, n_samples: (
        np.random.default_rng(seed).normal(size=n_samples).astype(np.float32) * 0.1
    ),
    st.integers(0, 2**31),
    st.integers(1, 6000),
)
# Powers of two: multiplying by them rounds nothing, so that what must be equal is equal.
gains = st.integers(-8, 3).map(lambda exponent: np.float32(2.0**exponent))


@given(signals, gains)
@settings(max_examples=40, deadline=None)
def test_gain(samples, gain):
    plain = compute_spectrum(samples, **SIZES)
    louder = compute_spectrum(samples * gain, **SIZES)
    np.testing.assert_array_equal(louder, plain * gain)
    np.testing.assert_array_equal(compute_zcr(samples * gain), compute_zcr(samples))
    np.testing.assert_array_equal(
        compute_rms(samples * gain, **SIZES), compute_rms(samples, **SIZES) * gain
    )
    mel, mel_louder = (compute_mel(s**2, sampling_rate=RATE, n_mels=40) for s in (plain, louder))
    np.testing.assert_array_equal(mel_louder, mel * gain**2)
    chroma, chroma_louder = (compute_chroma(s, sampling_rate=RATE) for s in (plain, louder))
    # A division by another maximum.
    np.testing.assert_allclose(chroma_louder, chroma, rtol=1e-6)


@given(signals, gains)
@settings(max_examples=40, deadline=None)
def test_gain_moves_the_zeroth_cepstral_coefficient_alone(samples, gain):
    # Louder than the absolute floor of -100 dB, 80 dB below the loudest band included.
    samples = samples + np.float32(1)
    mfcc, louder = (
        compute_mfcc(compute_log_mel(compute_mel(compute_spectrum(s) ** 2), top_db=60.0))
        for s in (samples, samples * gain)
    )
    # Single precision at values of up to 1000.
    np.testing.assert_allclose(louder[:, 1:], mfcc[:, 1:], atol=2e-3)
    step = 20 * np.log10(gain) * np.sqrt(128)
    np.testing.assert_allclose(louder[:, 0], mfcc[:, 0] + step, atol=2e-3)


@given(st.integers(0, 2**31), gains)
@settings(max_examples=20, deadline=None)
def test_gain_leaves_pitch_and_voicing(seed, gain):
    rng = np.random.default_rng(seed)
    phase = 2 * np.pi * np.cumsum(rng.uniform(80, 300) + np.zeros(6000)) / RATE
    voice = sum(np.sin(k * phase) / k for k in range(1, 9)) + rng.normal(size=6000) * 0.1
    spectra = (
        compute_spectrum((voice * factor).astype(np.float32), **SIZES)
        for factor in (0.1, 0.1 * gain)
    )
    plain, louder = (compute_pitch(spectrum**2, sampling_rate=RATE) for spectrum in spectra)
    # Rounding of the samples: voice times 0.1 times the gain.
    np.testing.assert_allclose(louder, plain, rtol=1e-4, atol=1e-4)


@given(signals, st.integers(1, 12))
@settings(max_examples=40, deadline=None)
def test_shift_by_whole_hops_shifts_the_frames(samples, n_hops):
    delayed = np.concatenate((np.zeros(n_hops * 256, np.float32), samples))
    for compute in (compute_spectrum, compute_rms):
        plain, later = (compute(s, **SIZES) for s in (samples, delayed))
        np.testing.assert_array_equal(later[n_hops:], plain)
    # The first sample may differ in sign from the silence before it.
    plain, later = (compute_zcr(s, **SIZES) for s in (samples, delayed))
    assert (np.abs(later[n_hops:] - plain) <= 1 / 1024 + 1e-6).all()


@given(signals, st.sampled_from([(64, 16), (1024, 256), (400, 160)]), st.booleans())
@settings(max_examples=40, deadline=None)
def test_all_frame_features_have_as_many_frames(samples, sizes, center):
    framing = {"n_fft": sizes[0], "hop_length": sizes[1], "center": center}
    n_frames = len(frame_samples(samples, **framing))
    for compute in (compute_spectrum, compute_rms, compute_zcr):
        values = compute(samples, **framing)
        assert len(values) == n_frames
        assert np.isfinite(values).all()


@given(signals)
@settings(max_examples=40, deadline=None)
def test_ranges(samples):
    spectrum = compute_spectrum(samples, **SIZES)
    assert (spectrum >= 0).all()
    zcr = compute_zcr(samples, **SIZES)
    assert (zcr >= 0).all()
    assert (zcr <= 1).all()
    chroma = compute_chroma(spectrum, sampling_rate=RATE)
    assert (chroma >= 0).all()
    assert (chroma <= 1).all()
    frequency, voicing = compute_pitch(spectrum**2, sampling_rate=RATE).T
    assert (voicing >= 0).all()
    assert (voicing <= 1).all()
    assert ((frequency == 0) | ((frequency > 59) & (frequency < 510))).all()
