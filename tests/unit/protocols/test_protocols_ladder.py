"""The protocols of the ladder: by chance, by sentence, by corpus, and as given."""

from __future__ import annotations

from collections import Counter

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from emovox.errors import ParameterError, ProtocolError
from emovox.protocols import DEV, TEST, TRAIN, UNUSED, check_fold, get_protocol
from emovox.types import Clip

FOUR = ("neutral", "happy", "sad", "angry")


def make_clips(corpora=("a", "b", "c"), n_speakers=6, n_sentences=4, emotions=FOUR):
    return [
        Clip(
            f"{corpus}/{speaker}/{sentence}/{emotion}",
            corpus,
            f"{corpus}-{speaker}",
            ("female", "male")[speaker % 2],
            emotion=emotion,
            sentence=f"s{sentence}",
            sha256=f"{corpus}{speaker}{sentence}{emotion}",
        )
        for corpus in corpora
        for speaker in range(n_speakers)
        for sentence in range(n_sentences)
        for emotion in emotions
    ]


def said(clips, fold, *splits):
    return {(clips[n].corpus, clips[n].sentence) for split in splits for n in fold.clips(split)}


def heard(clips, fold, *splits):
    return {clips[n].speaker_id for split in splits for n in fold.clips(split)}


def corpora(clips, fold, *splits):
    return {clips[n].corpus for split in splits for n in fold.clips(split)}


def test_random_keeps_copies_with_training_and_nothing_else():
    clips = make_clips()
    (fold,) = get_protocol("random").folds(clips, n_variants=2)
    assert fold.leaky
    assert Counter(fold.splits[:, 0].tolist()) == {TRAIN: 216, TEST: 72}
    assert set(fold.splits[fold.splits[:, 0] == TEST, 1:].ravel().tolist()) == {UNUSED}
    report = check_fold(fold, clips)
    assert report.speakers
    assert not report.clips
    assert not report.n_altered


def test_test_sentences_and_speakers_are_both_new():
    clips = make_clips()
    folds = get_protocol("speaker-sentence", n_folds=3).folds(clips, seed=1)
    assert len(folds) == 3
    for fold in folds:
        assert not said(clips, fold, TRAIN, DEV) & said(clips, fold, TEST)
        assert not heard(clips, fold, TRAIN, DEV) & heard(clips, fold, TEST)
        assert {clips[n].emotion for n in fold.clips(TEST)} == set(FOUR)
        assert len(fold.clips(UNUSED))
    tested = set().union(*(said(clips, fold, TEST) for fold in folds))
    assert tested == {(clip.corpus, clip.sentence) for clip in clips}


def test_a_corpus_of_two_sentences_is_tested_on_each_in_turn():
    clips = make_clips(("a",), n_speakers=6, n_sentences=2)
    folds = get_protocol("speaker-sentence", n_folds=4).folds(clips)
    assert [len(said(clips, fold, TEST)) for fold in folds] == [1, 1, 1, 1]
    assert len(set().union(*(said(clips, fold, TEST) for fold in folds))) == 2


def test_sentences_of_one_emotion_each_are_dealt_emotion_by_emotion():
    # As in SAVEE: a sentence belongs to an emotion.
    clips = [
        Clip(f"{s}{e}{n}", "a", f"a-{s}", emotion=e, sentence=f"{e}{n}", sha256=f"{s}{e}{n}")
        for s in range(4)
        for e in FOUR
        for n in range(4)
    ]
    for fold in get_protocol("speaker-sentence", n_folds=4).folds(clips):
        counts = Counter(clips[n].emotion for n in fold.clips(TEST))
        assert counts == dict.fromkeys(FOUR, 1)


def test_sentences_that_share_a_file_stay_together():
    clips = make_clips(("a",))
    clips += [Clip("twin", "a", "a-0", emotion="sad", sentence="s1", sha256=clips[0].sha256)]
    for fold in get_protocol("speaker-sentence", n_folds=3).folds(clips):
        tested = said(clips, fold, TEST)
        assert (("a", "s0") in tested) == (("a", "s1") in tested)


@pytest.mark.parametrize(
    ("clips", "message"),
    [
        ([*make_clips(), Clip("x", "a", "a-1")], "has no sentence"),
        (make_clips(n_sentences=1), "one sentence only"),
        (make_clips(("a",), n_speakers=1), "at least 2 speakers"),
    ],
)
def test_what_cannot_be_divided_by_sentence_is_refused(clips, message):
    with pytest.raises(ProtocolError, match=message):
        get_protocol("speaker-sentence").folds(clips)


@settings(deadline=None, max_examples=30)
@given(st.integers(2, 7), st.integers(2, 7), st.integers(2, 5), st.integers(0, 99))
def test_whatever_the_numbers_nothing_tested_was_heard(n_speakers, n_sentences, n_folds, seed):
    clips = make_clips(("a", "b"), n_speakers, n_sentences)
    tested = Counter()
    for fold in get_protocol("speaker-sentence", n_folds=n_folds).folds(clips, seed=seed):
        assert not said(clips, fold, TRAIN, DEV) & said(clips, fold, TEST)
        assert len(fold.clips(TRAIN))
        tested.update(heard(clips, fold, TEST))
    assert set(tested.values()) == {1}
    assert set(tested) == {clip.speaker_id for clip in clips}


def test_each_corpus_is_tested_by_all_others():
    clips = make_clips()
    folds = get_protocol("corpus").folds(clips, n_variants=1)
    assert [corpora(clips, fold, TEST) for fold in folds] == [{"a"}, {"b"}, {"c"}]
    for fold in folds:
        assert corpora(clips, fold, TRAIN) == {"a", "b", "c"} - corpora(clips, fold, TEST)
        assert corpora(clips, fold, DEV) == corpora(clips, fold, TRAIN)
        assert fold.emotions == ()


def test_only_shared_emotions_are_used_and_named():
    clips = make_clips(("a",)) + make_clips(("b",), emotions=("neutral", "sad", "fear"))
    for fold in get_protocol("corpus").folds(clips):
        assert fold.emotions == ("neutral", "sad")
        assert {clips[n].emotion for n in range(len(clips)) if fold.splits[n, 0] != UNUSED} == {
            "neutral",
            "sad",
        }


def test_classes_of_all_corpora_make_folds_comparable():
    clips = make_clips(("a", "b")) + make_clips(("c",), emotions=("neutral", "sad"))
    by_fold = {f.index: f.emotions for f in get_protocol("corpus-pairs").folds(clips)}
    assert by_fold[1] == ()  # a -> b share all they have
    assert by_fold[2] == ("neutral", "sad")  # a -> c
    for fold in get_protocol("corpus-pairs", classes="all").folds(clips):
        assert fold.emotions == ("neutral", "sad")


def test_pairs_train_on_one_corpus_and_test_on_another():
    clips = make_clips()
    folds = get_protocol("corpus-pairs").folds(clips)
    pairs = [(min(corpora(clips, fold, TRAIN)), min(corpora(clips, fold, TEST))) for fold in folds]
    assert pairs == [("a", "b"), ("a", "c"), ("b", "a"), ("b", "c"), ("c", "a"), ("c", "b")]
    for fold in folds:
        assert len(corpora(clips, fold, TRAIN, DEV)) == 1


def test_corpora_of_the_same_people_stay_together():
    clips = make_clips()
    # The song corpus of the speakers of a.
    song = [Clip(f"song/{n}", "song", f"a-{n}", emotion="sad", sha256=f"song{n}") for n in range(6)]
    folds = get_protocol("corpus").folds([*clips, *song])
    assert len(folds) == 3
    assert corpora([*clips, *song], folds[0], TEST) == {"a", "song"}
    with pytest.raises(ProtocolError, match="at least 2 corpora"):
        get_protocol("corpus").folds([*make_clips(("a",)), *song])


def test_corpora_without_a_common_emotion_are_refused():
    clips = make_clips(("a",), emotions=("sad",)) + make_clips(("b",), emotions=("happy",))
    with pytest.raises(ProtocolError, match="no emotion in common"):
        get_protocol("corpus").folds(clips)
    with pytest.raises(ParameterError, match="classes"):
        get_protocol("corpus", classes="some")


def give(*names):
    return [
        Clip(f"{n}", "a", f"a-{n}", extra={"split": name} if name else {})
        for n, name in enumerate(names)
    ]


def test_a_given_split_is_taken_as_it_is():
    clips = give("Training", "validation", "test", "", "unused", "train")
    (fold,) = get_protocol("given").folds(clips, n_variants=1)
    np.testing.assert_array_equal(fold.splits[:, 0], [TRAIN, DEV, TEST, UNUSED, UNUSED, TRAIN])
    assert fold.splits[:, 1].tolist() == [TRAIN, *[UNUSED] * 4, TRAIN]


@pytest.mark.parametrize(
    ("names", "message"),
    [
        ((None, None), "no column 'split'"),
        (("train", "tset"), "has the split 'tset'"),
        (("train", "dev"), "is in test"),
        (("test", "dev"), "is in train"),
    ],
)
def test_a_given_split_that_makes_no_sense_is_refused(names, message):
    with pytest.raises(ProtocolError, match=message):
        get_protocol("given").folds(give(*names))


def test_a_given_split_that_leaks_is_refused():
    clips = [Clip(f"{n}", "a", "a-1", extra={"split": s}) for n, s in enumerate(("train", "test"))]
    with pytest.raises(ProtocolError, match="a-1"):
        get_protocol("given").folds(clips)
