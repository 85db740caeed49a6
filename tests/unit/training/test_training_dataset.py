from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from emovox.audio import write_audio
from emovox.augment import get_policy
from emovox.emotions import EMOTIONS
from emovox.errors import ParameterError
from emovox.features import (
    ExtractionOptions,
    FeatureJob,
    FeatureStore,
    extract_features,
    get_feature_set,
)
from emovox.files import hash_file
from emovox.testing import make_recording
from emovox.training import build_rows
from emovox.types import Clip


@pytest.fixture(scope="module")
def clips(tmp_path_factory: pytest.TempPathFactory) -> tuple[Clip, ...]:
    folder = tmp_path_factory.mktemp("clips")
    made = []
    for number, emotion in enumerate(("sad", "angry", "sad")):
        path = folder / f"{number}.wav"
        recording = make_recording(emotion, seed=number)
        write_audio(path, recording.samples, recording.sampling_rate)
        made.append(Clip(path=str(path), emotion=emotion, sha256=hash_file(path)))
    return tuple(made)


def test_rows_are_laid_out_by_clip_and_variant(clips: tuple[Clip, ...]) -> None:
    feature_set, policy = get_feature_set("notebook-16k"), get_policy("notebook")

    table = build_rows(clips, feature_set, policy, seed=4)

    assert table.values.shape == (3, 3, 162)
    assert table.valid.all()
    assert [EMOTIONS[i] for i in table.labels] == ["sad", "angry", "sad"]
    for i, clip in enumerate(clips):
        for j, alteration in enumerate((None, *policy.draw(clip.sha256, 4))):
            one = extract_features([FeatureJob(clip.path, alteration=alteration)], feature_set)
            np.testing.assert_array_equal(table.values[i, j], one.values[0])


def test_take_says_where_rows_come_from(clips: tuple[Clip, ...]) -> None:
    table = build_rows(clips, get_feature_set("notebook-16k"), get_policy("notebook"))

    rows = table.take(np.array([2, 0]), np.array([1, 0]))

    np.testing.assert_array_equal(rows.clip_index, [2, 0])
    np.testing.assert_array_equal(rows.variant, [1, 0])
    np.testing.assert_array_equal(rows.values, [table.values[2, 1], table.values[0, 0]])
    assert rows.lengths is None


def test_frames_are_padded_to_the_longest(clips: tuple[Clip, ...], tmp_path: Path) -> None:
    feature_set = get_feature_set("frames")
    options = ExtractionOptions(store=FeatureStore(tmp_path), kind="frames")

    table = build_rows(clips, feature_set, get_policy("none"), options=options)

    assert table.lengths is not None
    assert table.values.shape == (3, 1, table.lengths.max(), len(feature_set.frame_names))
    for i in range(3):
        n_frames = table.lengths[i, 0]
        assert (table.values[i, 0, n_frames:] == 0).all()
        assert table.values[i, 0, :n_frames].any(axis=1).all()
    assert table.take(np.array([1]), np.array([0])).lengths == table.lengths[1]


@pytest.mark.parametrize("kind", ["statistics", "frames"])
def test_a_broken_clip_is_reported_and_left_out(
    clips: tuple[Clip, ...], tmp_path: Path, kind: str
) -> None:
    broken = tmp_path / "broken.wav"
    broken.write_bytes(b"not audio at all")
    feature_set = get_feature_set("notebook-16k" if kind == "statistics" else "frames")
    clips = (clips[0], Clip(path=str(broken), emotion="happy"), clips[1])

    table = build_rows(clips, feature_set, get_policy("none"), options=ExtractionOptions(kind=kind))
    rows = table.take(np.arange(3), np.zeros(3, np.int64))

    assert set(table.errors) == {(1, 0)}
    np.testing.assert_array_equal(table.valid[:, 0], [True, False, True])
    np.testing.assert_array_equal(rows.clip_index, [0, 2])
    rows.validate(kind)


def test_refuses_clips_without_emotion(clips: tuple[Clip, ...]) -> None:
    feature_set, policy = get_feature_set("notebook-16k"), get_policy("none")

    with pytest.raises(ParameterError, match=r"0\.wav has the emotion ''"):
        build_rows([replace(clips[0], emotion="")], feature_set, policy)
    with pytest.raises(ParameterError, match="no clips"):
        build_rows([], feature_set, policy)
