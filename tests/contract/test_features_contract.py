"""What every feature set must do."""

import json
import pickle
import re

import numpy as np
import pytest

from emovox.errors import AudioError, EmptyAudioError, ParameterError
from emovox.features import get_feature_set, list_feature_sets

pytestmark = pytest.mark.parametrize(
    "feature_set", [get_feature_set(name) for name in list_feature_sets()], ids=list_feature_sets()
)


def make_speech(feature_set, seconds=1.5):
    rate = feature_set.config.sampling_rate
    times = np.arange(round(rate * seconds)) / rate
    phase = 2 * np.pi * np.cumsum(140 + 40 * np.sin(2 * np.pi * 2 * times)) / rate
    voice = sum(np.sin(k * phase) / k for k in range(1, 20)) * np.clip(np.sin(9 * times), 0, 1)
    noise = np.random.default_rng(0).normal(size=len(times)) * 0.003
    return (0.1 * voice + noise).astype(np.float32), rate


def test_names_are_unique_and_readable(feature_set):
    for names in (feature_set.names, feature_set.frame_names):
        assert len(set(names)) == len(names)
        assert all(re.fullmatch(r"[a-z][a-z0-9_]*", name) for name in names)
    assert feature_set.n_features == len(feature_set.names)
    assert feature_set.description


def test_values_fit_the_names_and_are_finite(feature_set):
    samples, rate = make_speech(feature_set)
    values = feature_set.compute(samples, rate)
    assert values.shape == (feature_set.n_features,)
    assert values.dtype == np.float32
    assert np.isfinite(values).all()


def test_frames_fit_the_names_and_the_hops(feature_set):
    samples, rate = make_speech(feature_set)
    frames = feature_set.compute_frames(samples, rate)
    n_frames = 1 + len(samples) // feature_set.config.hop_length
    assert frames.shape == (n_frames, len(feature_set.frame_names))
    assert frames.dtype == np.float32
    assert np.isfinite(frames).all()


def test_the_same_samples_give_the_same_values_and_are_not_changed(feature_set):
    samples, rate = make_speech(feature_set)
    before = samples.copy()
    np.testing.assert_array_equal(
        feature_set.compute(samples, rate), feature_set.compute(samples, rate)
    )
    np.testing.assert_array_equal(samples, before)


@pytest.mark.parametrize("n_samples", [1, 2, 100, 5000, 40000])
@pytest.mark.parametrize("value", [0.0, 1.0, -0.3, 1e-12])
def test_silence_and_constants_of_any_length_give_finite_values(feature_set, n_samples, value):
    samples = np.full(n_samples, value, np.float32)
    assert np.isfinite(feature_set.compute(samples, feature_set.config.sampling_rate)).all()


@pytest.mark.parametrize("n_samples", [1, 17, 300])
def test_very_short_signals_give_finite_values(feature_set, n_samples):
    samples, rate = make_speech(feature_set)
    assert np.isfinite(feature_set.compute(samples[5000 : 5000 + n_samples], rate)).all()


def test_a_click_in_digital_silence_gives_finite_values(feature_set):
    samples = np.zeros(30000, np.float32)
    samples[15000] = 1.0
    assert np.isfinite(feature_set.compute(samples, feature_set.config.sampling_rate)).all()


def test_double_precision_and_strided_samples_are_taken(feature_set):
    samples, rate = make_speech(feature_set)
    wide = np.repeat(samples.astype(np.float64), 2)[::2]
    np.testing.assert_array_equal(
        feature_set.compute(wide, rate), feature_set.compute(samples, rate)
    )


def test_unusable_samples_are_refused(feature_set):
    rate = feature_set.config.sampling_rate
    for samples, error in (
        (np.empty(0, np.float32), EmptyAudioError),
        (np.array([0, np.nan], np.float32), AudioError),
        (np.zeros((2, 100), np.float32), ParameterError),
    ):
        with pytest.raises(error):
            feature_set.compute(samples, rate)
    with pytest.raises(ParameterError, match=f"needs {rate} Hz"):
        feature_set.compute(np.zeros(100, np.float32), rate + 1)


def test_it_crosses_process_borders(feature_set):
    assert pickle.loads(pickle.dumps(feature_set)) == feature_set


def test_key_is_one_line_of_json_of_its_own(feature_set):
    assert json.loads(feature_set.key)["config"]["n_fft"] == feature_set.config.n_fft
    others = [get_feature_set(n).key for n in list_feature_sets() if n != feature_set.name]
    assert feature_set.key not in others
