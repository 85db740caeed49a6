import json
from dataclasses import replace

import numpy as np
import pytest

from emovox.errors import ParameterError
from emovox.features import get_feature_set, list_feature_sets

NOTEBOOK = get_feature_set("notebook")


def test_names_of_the_sets():
    assert list_feature_sets() == ("notebook", "notebook-16k", "full", "frames")


def test_unknown_set_names_the_nearest():
    with pytest.raises(ParameterError, match=r"Did you mean 'notebook'\?.*frames, full"):
        get_feature_set("notebok")


def test_notebook_order():
    names = NOTEBOOK.names
    assert len(names) == 162
    assert names[0] == "zcr"
    assert names[1:13] == tuple(f"chroma_{i:02d}" for i in range(12))
    assert names[13:33] == tuple(f"mfcc_{i:02d}" for i in range(20))
    assert names[33] == "rms"
    assert names[34:] == tuple(f"mel_{i:03d}" for i in range(128))
    assert get_feature_set("notebook-16k").names == names


def test_16k_differs_in_rate_cut_and_silence_alone():
    config = get_feature_set("notebook-16k").config
    changed = replace(NOTEBOOK.config, sampling_rate=16000, offset_s=0.0, duration_s=None)
    assert config == replace(changed, chroma_floor=config.chroma_floor)


def test_what_a_resampler_leaves_of_silence_is_silence_at_16k():
    rests = np.random.default_rng(0).normal(size=16000).astype(np.float32) * np.float32(1e-34)
    for name in ("notebook-16k", "frames"):
        feature_set = get_feature_set(name)
        frames = feature_set.compute_frames(rests, 16000)
        assert not frames[:, feature_set.frame_names.index("chroma_00")].any()


def test_full_names_are_readable():
    names = get_feature_set("full").names
    for name in (
        "mfcc_00_mean",
        "logmel_39_p90",
        "zcr_delta_deviation",
        "voicing_deviation",
        "pitch_p50",
        "voiced_share",
    ):
        assert name in names


def test_full_statistics_are_those_of_its_frames():
    feature_set = get_feature_set("full")
    samples = np.random.default_rng(0).normal(size=16000).astype(np.float32) * 0.1
    values = dict(zip(feature_set.names, feature_set.compute(samples, 16000), strict=True))
    frames = feature_set.compute_frames(samples, 16000)
    column = frames[:, feature_set.frame_names.index("mfcc_03")]
    for name, expected in {
        "mfcc_03_mean": column.mean(),
        "mfcc_03_deviation": column.std(),
        "mfcc_03_p10": np.percentile(column, 10),
    }.items():
        np.testing.assert_allclose(values[name], expected, rtol=1e-5)  # single precision sums


def test_full_ignores_an_offset():
    feature_set = get_feature_set("full")
    samples = np.random.default_rng(0).normal(size=16000).astype(np.float32) * 0.1
    plain, moved = (feature_set.compute(s, 16000) for s in (samples, samples + np.float32(0.04)))
    # Rounding of the shifted samples is far below the noise.
    np.testing.assert_allclose(moved, plain, rtol=1e-2, atol=1e-3)


def test_key_holds_every_setting_and_nothing_else():
    content = json.loads(NOTEBOOK.key)
    assert content["config"]["n_fft"] == 2048
    assert "\n" not in NOTEBOOK.key
    assert replace(NOTEBOOK, name="other", description="").key == NOTEBOOK.key
    other = replace(NOTEBOOK, config=replace(NOTEBOOK.config, hop_length=256))
    assert other.key != NOTEBOOK.key


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"groups": ("zcr", "mell")}, "no group 'mell'.*Did you mean 'mel'"),
        ({"groups": ("voicing",)}, "no group 'voicing'"),
        ({"statistics": ("median",)}, "no statistic 'median'"),
    ],
)
def test_sets_of_one_s_own_are_checked(change, message):
    with pytest.raises(ParameterError, match=message):
        replace(NOTEBOOK, **change)


class TestCut:
    def test_offset_and_duration(self):
        samples = np.arange(5 * 22050, dtype=np.float32)
        part = NOTEBOOK.cut(samples)
        assert part[0] == 0.6 * 22050
        assert len(part) == 2.5 * 22050

    @pytest.mark.parametrize(("n_samples", "first"), [(13230 + 2048, 13230), (13230 + 2047, 0)])
    def test_offset_gives_way_where_less_than_a_window_would_remain(self, n_samples, first):
        assert NOTEBOOK.cut(np.arange(n_samples, dtype=np.float32))[0] == first

    def test_whole_recordings_stay_whole(self):
        samples = np.arange(100000, dtype=np.float32)
        assert len(get_feature_set("frames").cut(samples)) == 100000


def test_another_rate_is_refused_and_the_right_one_named():
    with pytest.raises(ParameterError, match=r"16000 Hz.*'notebook' needs 22050 Hz") as caught:
        NOTEBOOK.compute(np.zeros(100, np.float32), 16000)
    assert "sampling_rate=22050" in caught.value.hint
