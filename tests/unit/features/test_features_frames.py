import numpy as np
import pytest

from emovox.errors import AudioError, EmptyAudioError, ParameterError
from emovox.features import (
    compute_chroma,
    compute_log_mel,
    compute_mel,
    compute_mfcc,
    compute_rms,
    compute_spectrum,
    compute_zcr,
    frame_samples,
)
from emovox.features.bases import chroma_basis, dct_basis, mel_bands, mel_basis
from emovox.features.spectrum import validate_samples

RATE = 22050


def make_tone(frequency_hz: float, *, amplitude: float = 0.5, seconds: float = 1.0) -> np.ndarray:
    times = np.arange(round(RATE * seconds)) / RATE
    return (amplitude * np.sin(2 * np.pi * frequency_hz * times)).astype(np.float32)


class TestFraming:
    @pytest.mark.parametrize("n_samples", [1, 511, 512, 513, 55125])
    def test_centred_frames_are_counted_by_hops(self, n_samples):
        frames = frame_samples(np.ones(n_samples, np.float32))
        assert frames.shape == (1 + n_samples // 512, 2048)

    def test_first_frame_is_centred_on_the_first_sample(self):
        samples = np.arange(1, 5001, dtype=np.float32)
        first = frame_samples(samples)[0]
        assert first[1024] == 1
        assert not first[:1024].any()

    def test_uncentred_frames_start_at_their_hop_and_short_signals_are_filled_up(self):
        samples = np.arange(1, 5001, dtype=np.float32)
        assert frame_samples(samples, center=False)[2][0] == samples[2 * 512]
        np.testing.assert_array_equal(
            frame_samples(samples[:3], center=False), [[1, 2, 3] + [0] * 2045]
        )

    @pytest.mark.parametrize("pad_mode", ["edge", "reflect"])
    def test_ends_are_continued_as_asked(self, pad_mode):
        samples = np.arange(1, 5001, dtype=np.float32)
        expected = np.pad(samples, 1024, mode=pad_mode)[:2048]
        np.testing.assert_array_equal(frame_samples(samples, pad_mode=pad_mode)[0], expected)

    def test_long_signals_are_transformed_in_blocks_that_do_not_show(self):
        samples = np.random.default_rng(0).normal(size=100 * 512).astype(np.float32)
        whole = compute_spectrum(samples, center=False)
        for index in (0, 15, 16, 17, len(whole) - 1):
            alone = compute_spectrum(samples[index * 512 : index * 512 + 2048], center=False)
            np.testing.assert_array_equal(alone[0], whole[index])


class TestValidation:
    def test_no_samples(self):
        with pytest.raises(EmptyAudioError, match="no samples"):
            validate_samples(np.empty(0, np.float32))

    @pytest.mark.parametrize("bad", [np.zeros((2, 5), np.float32), np.zeros(5, np.int16)])
    def test_shape_and_type(self, bad):
        with pytest.raises(ParameterError, match="vector of floats"):
            validate_samples(bad)

    @pytest.mark.parametrize("value", [np.nan, np.inf])
    def test_all_samples_are_finite(self, value):
        with pytest.raises(AudioError, match="finite"):
            validate_samples(np.array([0, value, 0], np.float32))


class TestTones:
    def test_zcr_is_twice_the_frequency_over_the_rate(self):
        zcr = compute_zcr(make_tone(441))[10:-10]
        # A window of 2048 samples holds 81.92 crossings: 81 or 82.
        np.testing.assert_allclose(zcr, 2 * 441 / RATE, atol=1 / 2048)

    def test_zcr_takes_tiny_values_as_positive(self):
        samples = np.array([1e-11, -1e-11] * 2000, np.float32)
        assert not compute_zcr(samples).any()

    def test_rms_of_a_sine_is_its_amplitude_over_root_two(self):
        rms = compute_rms(make_tone(441, amplitude=0.5))[10:-10]
        # Up to half a period of the 41 in a window is cut off.
        np.testing.assert_allclose(rms, 0.5 / np.sqrt(2), rtol=0.01)

    @pytest.mark.parametrize("frequency_hz", [261.63, 440.0, 523.25, 987.77])
    def test_strongest_pitch_class_is_the_tone_s(self, frequency_hz):
        chroma = compute_chroma(compute_spectrum(make_tone(frequency_hz)))
        expected = round(12 * np.log2(frequency_hz / 261.63)) % 12
        assert (chroma.argmax(axis=1)[3:-3] == expected).all()
        np.testing.assert_array_equal(chroma.max(axis=1), 1)

    def test_tuning_moves_the_classes(self):
        sharp = compute_spectrum(make_tone(440 * 2 ** (0.4 / 12)))
        tuned = compute_chroma(sharp, tuning=0.4)[10]
        plain = compute_chroma(compute_spectrum(make_tone(440)))[10]
        # The bins of the transform lie elsewhere relative to the classes.
        np.testing.assert_allclose(tuned, plain, atol=0.1)

    @pytest.mark.parametrize("frequency_hz", [300.0, 1000.0, 4000.0])
    def test_loudest_mel_band_is_where_the_tone_is(self, frequency_hz):
        mel = compute_mel(compute_spectrum(make_tone(frequency_hz)) ** 2)
        basis = mel_basis(RATE, 2048, 128, 0.0, None)
        bin_of_tone = round(frequency_hz * 2048 / RATE)
        assert abs(int(mel[10].argmax()) - int(basis[bin_of_tone].argmax())) <= 1

    def test_spectrum_obeys_parseval(self):
        samples = np.random.default_rng(0).normal(size=2048).astype(np.float32)
        power = compute_spectrum(samples, center=False)[0].astype(float) ** 2
        window = 0.5 - 0.5 * np.cos(2 * np.pi * np.arange(2048) / 2048)
        energy = 2 * power.sum() - power[0] - power[-1]
        # Single precision output.
        np.testing.assert_allclose(energy / 2048, ((samples * window) ** 2).sum(), rtol=1e-6)


class TestDecibels:
    def test_silence_is_a_hundred_decibels_down_and_finite(self):
        silent = np.zeros(22050, np.float32)
        spectrum = compute_spectrum(silent)
        log_mel = compute_log_mel(compute_mel(spectrum))
        np.testing.assert_allclose(log_mel, -100, rtol=1e-6)  # single precision
        assert not compute_chroma(spectrum).any()

    def test_range_is_limited_below_the_loudest(self):
        mel = np.array([[1.0, 1e-3, 1e-12]], np.float32)
        # Single precision logarithm.
        np.testing.assert_allclose(compute_log_mel(mel, top_db=20.0), [[0, -20, -20]], atol=1e-5)
        np.testing.assert_allclose(compute_log_mel(mel, top_db=90.0), [[0, -30, -90]], atol=1e-5)

    def test_cepstrum_of_a_flat_spectrum_is_its_level_alone(self):
        mfcc = compute_mfcc(np.full((3, 128), -30, np.float32), n_mfcc=5)
        # Rounding of a sum of 128 values of 30.
        np.testing.assert_allclose(mfcc, [[-30 * np.sqrt(128), 0, 0, 0, 0]] * 3, atol=1e-3)


class TestBases:
    def test_dct_is_orthonormal(self):
        basis = dct_basis(40, 40).astype(float)
        # Single precision entries.
        np.testing.assert_allclose(basis.T @ basis, np.eye(40), atol=1e-6)

    def test_bands_hold_the_whole_mel_basis(self):
        for settings in ((RATE, 2048, 128, 0.0, None), (16000, 1024, 40, 100.0, 7000.0)):
            basis = mel_basis(*settings)
            joined = np.zeros_like(basis)
            for bins, filters, weights in mel_bands(*settings):
                joined[bins, filters] = weights
            np.testing.assert_array_equal(joined, basis)

    def test_filters_narrower_than_a_bin_are_allowed(self):
        mel = compute_mel(np.ones((2, 33), np.float32), sampling_rate=16000, n_mels=128)
        assert mel.shape == (2, 128)
        assert np.isfinite(mel).all()

    def test_bases_cannot_be_changed_by_a_caller(self):
        for basis in (mel_basis(RATE, 2048, 128, 0.0, None), chroma_basis(RATE, 2048, 12, 0.0)):
            with pytest.raises(ValueError, match="read-only"):
                basis[0, 0] = 1
