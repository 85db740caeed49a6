from __future__ import annotations

import dataclasses

import numpy as np
import pytest

from emovox.errors import ConfigError
from emovox.study.normalize import normalize_rows
from emovox.study.plan import build_plan
from emovox.study.runs import RunConfig
from emovox.training import RowTable, TrainingOptions
from emovox.types import Clip

CLIPS = [Clip(path=f"{n}.wav", speaker_id=("s-a", "s-b")[n % 2]) for n in range(40)]
LABELS = np.zeros(40, dtype=np.int64)
RNG = np.random.default_rng(0)


def test_statistics_of_each_speaker_have_mean_0_and_deviation_1():
    values = RNG.normal(3, 2, (40, 2, 5)).astype(np.float32)
    values[1::2] += 10
    values[0::2, :, 4] = 7.0  # never changes within one speaker
    table = RowTable(values, LABELS, np.ones((40, 2), dtype=bool))
    found = normalize_rows(table, CLIPS).values
    for first in (0, 1):
        clean = found[first::2, 0]
        # float32 values near 10 are right to a few 1e-6.
        np.testing.assert_allclose(clean.mean(axis=0), 0, atol=1e-5)
        expected = [1, 1, 1, 1, 1 - (first == 0)]
        np.testing.assert_allclose(clean.std(axis=0), expected, atol=1e-5)
    # Copies follow the clean rows: the same mean and deviation are taken out.
    own = values[1::2].astype(np.float64)
    expected = (own[:, 1] - own[:, 0].mean(axis=0)) / own[:, 0].std(axis=0)
    np.testing.assert_allclose(found[1::2, 1], expected, atol=1e-4)
    assert table.values[1, 0, 0] == values[1, 0, 0]  # the table itself is as it was


def test_of_frames_all_count_alike_and_padding_stays_zero():
    lengths = RNG.integers(3, 9, (40, 1))
    there = np.arange(9) < lengths[..., None]
    values = RNG.normal(5, 3, (40, 1, 9, 2)).astype(np.float32) * there[..., None]
    table = RowTable(values, LABELS, np.ones((40, 1), dtype=bool), lengths)
    found = normalize_rows(table, CLIPS).values
    assert (found[~there] == 0).all()
    frames = found[::2][there[::2]]
    np.testing.assert_allclose(frames.mean(axis=0), 0, atol=1e-5)
    np.testing.assert_allclose(frames.std(axis=0), 1, atol=1e-5)


def test_rows_without_features_stay_zero_and_teach_nothing():
    values = RNG.normal(5, 1, (40, 1, 3)).astype(np.float32)
    valid = np.ones((40, 1), dtype=bool)
    valid[0] = False
    values[0] = 0
    found = normalize_rows(RowTable(values, LABELS, valid), CLIPS).values
    assert (found[0] == 0).all()
    np.testing.assert_allclose(found[2::2, 0].mean(axis=0), 0, atol=1e-5)


def test_a_speaker_of_whom_nothing_could_be_read_does_no_harm():
    valid = np.ones((40, 1), dtype=bool)
    valid[::2] = False
    table = RowTable(np.ones((40, 1, 3), dtype=np.float32), LABELS, valid)
    assert (normalize_rows(table, CLIPS).values == 0).all()


def test_runs_without_it_keep_their_names():
    config = RunConfig(
        model="logistic", features="full", augmentation="none", protocol="speaker", fold=1,
        seed=0, training=TrainingOptions(), data="x",
    )  # fmt: skip
    known = dataclasses.replace(config, normalize="speaker")
    assert "normalize" not in config.to_dict()
    assert known.id != config.id
    assert RunConfig.from_dict(known.to_dict()) == known
    assert RunConfig.from_dict(config.to_dict()) == config


def test_a_misspelt_normalization_is_refused():
    study = {"name": "x", "corpora": ["synthetic"], "protocols": ["speaker"]}
    experiment = {"model": "logistic", "normalize": "speakers"}
    with pytest.raises(ConfigError, match="speaker"):
        build_plan({"study": study, "experiments": {"e": experiment}})
