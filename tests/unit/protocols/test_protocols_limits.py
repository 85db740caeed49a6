from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest

from emovox.errors import ParameterError
from emovox.protocols import DEV, TEST, TRAIN, Limits, get_protocol, limit_fold
from emovox.types import Clip

CLIPS = tuple(
    Clip(
        path=f"{corpus}-{speaker}-{emotion}.wav",
        corpus=corpus,
        speaker_id=f"{corpus}-{speaker}",
        sex=("female", "male")[speaker % 2],
        emotion=emotion,
        sha256=f"{corpus}{speaker}{emotion}",
    )
    for corpus, n_speakers in (("a", 20), ("b", 4), ("c", 3))
    for speaker in range(n_speakers)
    for emotion in ("happy", "sad", "angry")
)
FOLD = get_protocol("speaker", n_folds=3).folds(CLIPS, n_variants=2)[0]


def list_speakers(fold, split=TRAIN):
    return {CLIPS[number].speaker_id for number in fold.clips(split)}


def test_fewer_training_speakers_are_among_the_more_and_begin_with_each_corpus():
    sizes = [3, 5, 8, 12]
    several = [list_speakers(limit_fold(FOLD, CLIPS, Limits(train_speakers=n))) for n in sizes]
    assert [len(one) for one in several] == sizes
    assert all(few < many for few, many in pairwise(several))
    assert all(one < list_speakers(FOLD) for one in several)
    assert {name[0] for name in several[0]} == {"a", "b", "c"}
    sexes = {clip.speaker_id: clip.sex for clip in CLIPS}
    assert {sexes[name] for name in several[1] if name[0] == "a"} == {"female", "male"}


def test_dev_and_test_stay_and_copies_go_with_their_recording():
    fold = limit_fold(FOLD, CLIPS, Limits(train_speakers=4))
    for split in (DEV, TEST):
        np.testing.assert_array_equal(fold.clips(split), FOLD.clips(split))
    assert len(fold.rows(TRAIN)[0]) == 3 * len(fold.clips(TRAIN))


def test_more_speakers_than_there_are_is_no_limit():
    fold = limit_fold(FOLD, CLIPS, Limits(train_speakers=99))
    np.testing.assert_array_equal(fold.splits, FOLD.splits)


def test_only_clips_of_the_emotions_are_used():
    fold = limit_fold(FOLD, CLIPS, Limits(emotions=("happy", "sad")))
    for split in (TRAIN, DEV, TEST):
        assert {CLIPS[n].emotion for n in fold.clips(split)} == {"happy", "sad"}
        assert len(fold.clips(split)) == len(FOLD.clips(split)) * 2 // 3


def test_a_negative_number_of_speakers_is_refused():
    with pytest.raises(ParameterError, match="train_speakers is -1"):
        limit_fold(FOLD, CLIPS, Limits(train_speakers=-1))
