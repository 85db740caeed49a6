from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import torch

from emovox.errors import ParameterError
from emovox.features import FeatureSet, get_feature_set
from emovox.testing import make_recording
from emovox.training.frontend import FrontEnd

RATE = 16000


def _make_clips() -> list[np.ndarray]:
    """Return clips that differ in length and level, some of them awkward."""
    rng = np.random.default_rng(0)
    voice = make_recording("angry").samples
    return [
        voice,
        0.001 * make_recording("sad", speaker=1).samples,
        (0.1 * rng.normal(size=2 * RATE)).astype(np.float32),
        np.concatenate([np.zeros(9000, np.float32), voice[:4000], np.zeros(9000, np.float32)]),
        # What a resampler leaves of digital silence.
        np.concatenate([(1e-13 * rng.normal(size=RATE)).astype(np.float32), voice[:8000]]),
        voice[3000:3700],  # shorter than a window
        voice[5000:5001],
        np.zeros(RATE, np.float32),
    ]


def _pad(clips: list[np.ndarray], filling: float = 0.0) -> tuple[torch.Tensor, torch.Tensor]:
    lengths = [len(clip) for clip in clips]
    batch = np.full((len(clips), max(lengths)), filling, dtype=np.float32)
    for row, clip in zip(batch, clips, strict=True):
        row[: len(clip)] = clip
    return torch.from_numpy(batch), torch.tensor(lengths)


def _compare(feature_set: FeatureSet, clips: list[np.ndarray], filling: float = 0.0) -> None:
    frames, n_frames, states = FrontEnd(feature_set)(*_pad(clips, filling))
    for row, clip in enumerate(clips):
        expected = feature_set.compute_frames(clip, RATE)
        assert n_frames[row] == len(expected)
        # Columns differ in size by many orders. A cepstral coefficient is a sum of decibels down
        # to -100, so its rounding does not shrink with its value.
        floor = [1.0 if name.startswith("mfcc") else 1e-6 for name in feature_set.frame_names]
        scale = np.maximum(floor, np.abs(expected).max(axis=0))
        error = np.abs(frames[row, : len(expected)].numpy() - expected) / scale
        # Two float32 Fourier transforms differ by 1e-6 of a frame's strongest bin, and by more
        # of the weaker ones; 1.5e-5 was measured.
        assert error.max() < 1e-4
        # Means even it out.
        means = expected.mean(axis=0)
        np.testing.assert_allclose(
            states[row].numpy(), means, rtol=1e-4, atol=1e-4 * np.abs(means).max()
        )


@pytest.mark.parametrize("name", ["notebook-16k", "frames"])
def test_a_padded_batch_equals_clips_one_by_one(name: str) -> None:
    _compare(get_feature_set(name), _make_clips())


@pytest.mark.parametrize("clip", range(len(_make_clips())))
def test_single_clips_equal_numpy(clip: int) -> None:
    _compare(get_feature_set("notebook-16k"), [_make_clips()[clip]])


@pytest.mark.parametrize("filling", [0.9, float("nan"), float("inf")])
def test_padding_does_not_count_whatever_it_holds(filling: float) -> None:
    _compare(get_feature_set("notebook-16k"), _make_clips(), filling)


def test_an_offset_can_be_removed() -> None:
    base = get_feature_set("notebook-16k")
    feature_set = replace(base, config=replace(base.config, remove_offset=True))
    _compare(feature_set, [clip + np.float32(0.04) for clip in _make_clips()[:3]])


def test_a_loud_neighbour_does_not_move_the_floor_of_a_quiet_clip() -> None:
    loud, quiet = _make_clips()[:2]
    front_end = FrontEnd(get_feature_set("notebook-16k"))
    together = front_end(*_pad([loud, quiet]))[2][1]
    alone = front_end(*_pad([quiet]))[2][0]
    torch.testing.assert_close(together, alone, rtol=1e-5, atol=1e-5)  # float32 sums


@pytest.mark.parametrize("name", ["notebook", "full"])
def test_sets_that_need_more_than_the_clip_are_refused(name: str) -> None:
    with pytest.raises(ParameterError, match=f"'{name}' cannot be part of an artefact"):
        FrontEnd(get_feature_set(name))
