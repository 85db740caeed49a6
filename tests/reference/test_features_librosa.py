"""Features against librosa 0.11, every parameter of which is given here."""

import os
from dataclasses import replace

import numpy as np
import pytest

from emovox.features import compute_deltas, compute_pitch, compute_spectrum, get_feature_set
from emovox.features import read_part as read_clip
from emovox.features.bases import build_mel_filters, chroma_basis

pytestmark = pytest.mark.reference

RTOL = 1e-4
"""Of every value. Measured: at most 1e-6, but for cepstral coefficients near zero."""

MFCC_ATOL = 1e-4
"""In dB. The coefficients are sums in single precision of 128 values of up to 100 dB, whose own
rounding is 1e-5 dB each; where they cancel to nearly nothing, librosa is no nearer the truth."""

MFCC_FRAME_ATOL = 1e-3
"""The same before it is averaged over frames."""

N_REAL = 100


@pytest.fixture(scope="module")
def librosa():
    if not os.environ.get("CI"):
        pytest.importorskip("librosa")
    import librosa

    return librosa


def compute_reference(librosa, samples, feature_set):
    """Frames of each group, time first."""
    c = feature_set.config
    framing = {"hop_length": c.hop_length, "center": c.center}
    window = {"n_fft": c.n_fft, "win_length": c.n_fft, "window": "hann", "pad_mode": c.pad_mode}
    magnitudes = np.abs(librosa.stft(samples, **framing, **window))
    mel = librosa.feature.melspectrogram(
        y=samples,
        sr=c.sampling_rate,
        power=2.0,
        n_mels=c.n_mels,
        fmin=0.0,
        fmax=c.sampling_rate / 2,
        htk=False,
        norm="slaney",
        **framing,
        **window,
    )
    decibels = librosa.power_to_db(mel, ref=1.0, amin=1e-10, top_db=80.0)
    groups = {
        "zcr": librosa.feature.zero_crossing_rate(y=samples, frame_length=c.n_fft, **framing),
        "chroma": librosa.feature.chroma_stft(
            S=magnitudes,
            sr=c.sampling_rate,
            n_fft=c.n_fft,
            norm=np.inf,
            tuning=0.0,
            n_chroma=12,
            ctroct=5.0,
            octwidth=2,
            base_c=True,
        ),
        "mfcc": librosa.feature.mfcc(S=decibels, n_mfcc=20, dct_type=2, norm="ortho", lifter=0),
        "rms": librosa.feature.rms(y=samples, frame_length=c.n_fft, pad_mode="constant", **framing),
        "mel": mel,
        "logmel": decibels,
    }
    return {group: groups[group].T for group in feature_set.groups}


def assert_equal(feature_set, samples, reference):
    rate = feature_set.config.sampling_rate
    frames = feature_set.compute_frames(samples, rate)
    means = feature_set.compute(samples, rate)
    last = 0
    for group, expected in reference.items():
        columns = slice(last, last + expected.shape[1])
        last = columns.stop
        frame_atol = MFCC_FRAME_ATOL if group == "mfcc" else 0
        atol = MFCC_ATOL if group == "mfcc" else 0
        np.testing.assert_allclose(frames[:, columns], expected, RTOL, frame_atol, err_msg=group)
        # Averaged in double precision: the notebook's own sum over frames is not exact to 1e-4
        # where coefficients of both signs cancel.
        mean = expected.mean(axis=0, dtype=np.float64)
        np.testing.assert_allclose(means[columns], mean, RTOL, atol, err_msg=group)
    assert last == len(means)


def make_signals(rate):
    rng = np.random.default_rng(7)
    times = np.arange(2 * rate) / rate
    voice = sum(np.sin(2 * np.pi * 130 * k * times) / k for k in range(1, 30)) * 0.1
    click = np.zeros(rate)
    click[rate // 2] = 1
    return {
        "noise": rng.normal(size=2 * rate) * 0.1,
        "tone": 0.5 * np.sin(2 * np.pi * 440 * times),
        "voice": voice,
        "voice_in_digital_silence": np.concatenate((np.zeros(rate), voice, np.zeros(rate))),
        "very_quiet": rng.normal(size=rate) * 1e-5,
        "clipped": np.clip(rng.normal(size=rate) * 2, -1, 1),
        "offset": rng.normal(size=rate) * 0.01 + 0.04,
        "click": click,
        "silence": np.zeros(rate),
        "what_a_resampler_leaves_of_silence": rng.normal(size=rate) * 1e-34,
        "shorter_than_a_window": rng.normal(size=700) * 0.1,
        "one_sample": np.array([0.5]),
    }


# librosa says so of signals shorter than a window, and goes on.
@pytest.mark.filterwarnings("ignore:n_fft=:UserWarning")
@pytest.mark.parametrize("signal", make_signals(8000))
@pytest.mark.parametrize("name", ["notebook", "notebook-16k", "frames"])
def test_synthetic_signals(librosa, name, signal):
    feature_set = get_feature_set(name)
    feature_set = replace(feature_set, config=replace(feature_set.config, chroma_floor=0.0))
    samples = make_signals(feature_set.config.sampling_rate)[signal].astype(np.float32)
    assert_equal(feature_set, samples, compute_reference(librosa, samples, feature_set))


def find_clips(shared):
    suffixes = {".opus", ".wav", ".mp3", ".flac", ".ogg"}
    folders = (f for f in sorted((shared / "corpora").iterdir()) if f.is_dir())
    found = {f.name: sorted(p for p in f.rglob("*") if p.suffix in suffixes) for f in folders}
    del found["originals"]  # among them are the faulty ones
    return found


@pytest.mark.real
def test_a_hundred_real_clips(librosa, shared):
    clips = find_clips(shared)
    rng = np.random.default_rng(20261123)
    # Corpus by corpus in turn, so that small ones are heard too.
    order = [rng.permutation(len(paths)) for paths in clips.values()]
    turns = [
        paths[places[turn]]
        for turn in range(N_REAL)
        for paths, places in zip(clips.values(), order, strict=True)
        if turn < len(places)
    ]
    feature_set = get_feature_set("notebook")
    for path in turns[:N_REAL]:
        samples = read_clip(str(path), feature_set)
        assert_equal(feature_set, samples, compute_reference(librosa, samples, feature_set))


def test_pinned_parameters_are_the_ones_the_notebook_left_out(librosa):
    """The notebook names no parameter but the rate; ``tuning`` alone it leaves to a guess."""
    feature_set = get_feature_set("notebook")
    samples = make_signals(22050)["voice"].astype(np.float32)
    magnitudes = np.abs(librosa.stft(samples))
    plain = {
        "zcr": librosa.feature.zero_crossing_rate(y=samples),
        "chroma": librosa.feature.chroma_stft(S=magnitudes, sr=22050, tuning=0.0),
        "mfcc": librosa.feature.mfcc(y=samples, sr=22050),
        "rms": librosa.feature.rms(y=samples),
        "mel": librosa.feature.melspectrogram(y=samples, sr=22050),
    }
    pinned = compute_reference(librosa, samples, feature_set)
    assert list(plain) == list(pinned)
    for group, expected in plain.items():
        np.testing.assert_array_equal(pinned[group], expected.T, err_msg=group)


@pytest.mark.parametrize(("rate", "n_fft", "n_mels"), [(22050, 2048, 128), (16000, 1024, 40)])
def test_filter_banks(librosa, rate, n_fft, n_mels):
    mel = librosa.filters.mel(
        sr=rate, n_fft=n_fft, n_mels=n_mels, fmin=50.0, fmax=7000.0, htk=False, norm="slaney"
    )
    # Single precision.
    ours = build_mel_filters(
        sampling_rate=rate, n_fft=n_fft, n_mels=n_mels, f_min=50.0, f_max=7000.0
    )
    np.testing.assert_allclose(ours, mel, 1e-6, 1e-9)
    chroma = librosa.filters.chroma(
        sr=rate, n_fft=n_fft, n_chroma=12, tuning=0.3, ctroct=5.0, octwidth=2, norm=2, base_c=True
    )
    np.testing.assert_allclose(chroma_basis(rate, n_fft, 12, 0.3), chroma.T, 1e-6, 1e-9)


def test_deltas(librosa):
    frames = np.random.default_rng(0).normal(size=(50, 4)).astype(np.float32)
    expected = librosa.feature.delta(frames, width=5, order=1, axis=0, mode="nearest")
    # Single precision. librosa fits a line at the ends; we repeat the end values.
    np.testing.assert_allclose(compute_deltas(frames), expected, rtol=1e-4, atol=1e-6)


def test_pitch_of_a_voice(librosa):
    rate = 16000
    rng = np.random.default_rng(0)
    contour = np.interp(np.arange(2 * rate), [0, rate, 2 * rate], [110, 230, 150])
    phase = 2 * np.pi * np.cumsum(contour) / rate
    voice = (
        sum(np.sin(k * phase) / k for k in range(1, 20)) * 0.1 + rng.normal(size=2 * rate) * 0.01
    )
    samples = voice.astype(np.float32)
    spectrum = compute_spectrum(samples, n_fft=1024, hop_length=256)
    found = compute_pitch(spectrum**2, sampling_rate=rate)[4:-4, 0]
    expected = librosa.yin(
        samples, fmin=60, fmax=500, sr=rate, frame_length=1024, hop_length=256, center=True
    )[4:-4]
    # YIN looks at the first half of a window, which the voice crosses in 32 ms: up to 4 Hz.
    np.testing.assert_allclose(found, expected, rtol=0.04)
