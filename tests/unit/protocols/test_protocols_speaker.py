"""The notebook and speaker protocols, and the voices they divide."""

from __future__ import annotations

from collections import Counter

import numpy as np
import pytest

from emovox.errors import ParameterError, ProtocolError
from emovox.protocols import DEV, TEST, TRAIN, get_protocol
from emovox.protocols.voices import collect_voices, hold_out_dev, order_evenly
from emovox.types import Clip

FEMALE, MALE = "female", "male"


def make_clips(corpus: str, sexes: str, sentences: int = 4) -> list[Clip]:
    """Make a corpus with a speaker for each letter (f, m), each saying every sentence."""
    return [
        Clip(
            f"{corpus}/{number}/{sentence}.wav",
            corpus,
            f"{corpus}-{number}",
            {"f": FEMALE, "m": MALE, "?": ""}[letter],
            sentence=str(sentence),
        )
        for number, letter in enumerate(sexes)
        for sentence in range(sentences)
    ]


def speakers(fold, clips, split):
    return {clips[number].speaker_id for number in fold.clips(split)}


POOL = [
    *make_clips("big", "fm" * 12),
    *make_clips("four", "mmmm"),
    *make_clips("two", "ff"),
]


def test_two_and_four_speakers_stay_in_training_as_far_as_they_can():
    for seed in range(5):
        folds = get_protocol("speaker").folds(POOL, seed=seed)
        assert len(folds) == 5
        for fold in folds:
            train = Counter(name.split("-")[0] for name in speakers(fold, POOL, TRAIN))
            assert train["two"] >= 1
            assert train["four"] >= 2
            dev = Counter(name.split("-")[0] for name in speakers(fold, POOL, DEV))
            # 15 % of the 19 or 20 that are left; one of three or four; none of two.
            assert dev == {"big": 3, "four": 1}


def test_sexes_and_corpora_are_dealt_evenly():
    folds = get_protocol("speaker").folds(POOL, seed=3)
    sex_of = {clip.speaker_id: clip.sex for clip in POOL}
    for corpus, sex, n in (("big", FEMALE, 12), ("big", MALE, 12), ("four", MALE, 4)):
        counts = [
            sum(name.startswith(corpus) and sex_of[name] == sex for name in speakers(f, POOL, TEST))
            for f in folds
        ]
        assert sum(counts) == n
        assert max(counts) - min(counts) <= 1


def test_another_seed_gives_other_folds():
    first, second = (
        [speakers(fold, POOL, TEST) for fold in get_protocol("speaker").folds(POOL, seed=seed)]
        for seed in (0, 1)
    )
    assert first != second


def test_fewer_speakers_than_folds_give_one_fold_each():
    clips = make_clips("four", "mmmm")
    assert len(get_protocol("speaker").folds(clips)) == 4
    assert len(get_protocol("speaker", n_folds=2).folds(clips)) == 2


def test_two_speakers_alone_divide_the_other_for_dev_by_sentence():
    clips = make_clips("two", "ff", sentences=20)
    for fold in get_protocol("speaker").folds(clips):
        (other,) = speakers(fold, clips, TRAIN)
        assert fold.divided == {other}
        assert speakers(fold, clips, DEV) == {other}
        assert len(fold.clips(DEV)) == 3  # 15 % of 20 sentences
        assert len(fold.clips(TEST)) == 20


def test_three_speakers_alone_give_one_to_dev():
    clips = make_clips("three", "fmf")
    for fold in get_protocol("speaker").folds(clips):
        assert [len(speakers(fold, clips, split)) for split in (TRAIN, DEV, TEST)] == [1, 1, 1]
        assert not fold.divided


def test_sentences_that_share_a_file_are_not_divided():
    clips = [
        Clip(
            f"{speaker}{n}.wav",
            "two",
            f"two-{speaker}",
            sentence=str(n),
            sha256=f"{speaker}{n // 3}",
        )
        for speaker in "ab"
        for n in range(6)
    ]
    for fold in get_protocol("speaker").folds(clips):
        assert len(fold.clips(DEV)) == 3
        assert len(fold.clips(TRAIN)) == 3


def test_unknown_sentences_go_on_training():
    clips = [
        Clip(f"{speaker}{n}.wav", "two", f"two-{speaker}", sentence="same" if n == 3 else "")
        for speaker in "ab"
        for n in range(4)
    ]
    for seed in range(8):
        for fold in get_protocol("speaker").folds(clips, seed=seed):
            assert [clips[number].sentence for number in fold.clips(DEV)] == ["same"]


def test_no_dev_where_none_is_wanted_or_nothing_can_be_divided():
    (first, *_) = get_protocol("speaker", dev_share=0).folds(make_clips("big", "fmfm"))
    assert not len(first.clips(DEV))
    nameless = [Clip(f"{n}.wav", "two", f"two-{n}") for n in range(2)]
    (first, *_) = get_protocol("speaker").folds(nameless)
    assert not len(first.clips(DEV))
    assert not first.divided


def test_speakers_who_share_a_file_stay_together():
    clips = [
        Clip("a.wav", "c", "c-a", sha256="1"),
        Clip("b.wav", "c", "c-b", sha256="1"),
        Clip("b2.wav", "c", "c-b", sha256="2"),
        Clip("d.wav", "c", "c-d", sha256="2"),
        Clip("e.wav", "c", "c-e"),
        Clip("f.wav", "c", "c-f"),
    ]
    voices = collect_voices(clips)
    assert [voice.speakers for voice in voices] == [("c-a", "c-b", "c-d"), ("c-e",), ("c-f",)]
    assert voices[0].clips == (0, 1, 2, 3)
    for fold in get_protocol("speaker").folds(clips):
        assert len(set(fold.splits[:4, 0].tolist())) == 1


def test_a_speaker_of_two_corpora_stays_together():
    clips = [*make_clips("speech", "fmfm"), Clip("song.wav", "song", "speech-0")]
    for fold in get_protocol("speaker").folds(clips):
        assert fold.splits[0, 0] == fold.splits[-1, 0]


def test_a_voice_takes_the_sex_that_is_known():
    clips = [Clip("0.wav", "c", "c-a"), Clip("1.wav", "c", "c-a", FEMALE)]
    assert collect_voices(clips)[0].sex == FEMALE


def test_every_beginning_of_an_even_order_has_the_mix_of_all():
    voices = collect_voices(make_clips("c", "ffffffffmmmm"))  # two women to a man
    for seed in range(10):
        order = order_evenly(voices, np.random.default_rng(seed))
        assert sorted(order, key=lambda voice: voice.speakers) == sorted(
            voices, key=lambda voice: voice.speakers
        )
        for n in (3, 6, 9, 12):
            assert sum(voice.sex == MALE for voice in order[:n]) == n // 3


def test_holding_out_leaves_the_given_array_alone():
    clips = make_clips("c", "fmfm")
    clean = np.zeros(len(clips), dtype=np.int8)
    held, _ = hold_out_dev(clips, clean, np.random.default_rng(0), share=0.25)
    assert not clean.any()
    assert (held == DEV).sum() == 4


def test_errors_say_what_is_wrong():
    protocol = get_protocol("speaker")
    with pytest.raises(ProtocolError, match=r"'x\.wav' has no speaker_id"):
        protocol.folds([Clip("x.wav"), *POOL])
    with pytest.raises(ProtocolError, match="at least 2 speakers"):
        protocol.folds(make_clips("one", "f"))
    with pytest.raises(ParameterError, match="n_folds is 1"):
        get_protocol("speaker", n_folds=1)
    with pytest.raises(ParameterError, match="dev_share is 1"):
        get_protocol("speaker", dev_share=1)


@pytest.mark.parametrize(("n_variants", "n_test"), [(0, 30), (2, 90)])
def test_the_notebook_shuffles_rows_with_their_copies(n_variants, n_test):
    # 120 clips: a quarter of the rows, whatever clip they come from.
    (fold,) = get_protocol("notebook").folds(POOL, seed=0, n_variants=n_variants)
    assert fold.leaky
    assert len(fold.rows(TEST)[0]) == n_test
    assert len(fold.rows(TRAIN)[0]) == len(POOL) * (n_variants + 1) - n_test
    assert not len(fold.rows(DEV)[0])
    assert speakers(fold, POOL, TEST) & speakers(fold, POOL, TRAIN)


def test_the_notebook_rounds_the_test_part_up():
    (fold,) = get_protocol("notebook").folds(POOL[:5])
    assert len(fold.rows(TEST)[0]) == 2
