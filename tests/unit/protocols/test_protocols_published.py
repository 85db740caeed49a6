"""The published protocols: who they test, and what becomes of other corpora."""

from __future__ import annotations

import pytest

from emovox.errors import ParameterError, ProtocolError
from emovox.protocols import (
    DEV,
    TEST,
    TRAIN,
    UNUSED,
    combine_folds,
    get_protocol,
    list_protocols,
    validate_fold,
)
from emovox.types import Clip


def make_clips(corpus: str, *names: str) -> list[Clip]:
    return [
        Clip(f"{corpus}/{name}/{sentence}.wav", corpus, f"{corpus}-{name}", sentence=str(sentence))
        for name in names
        for sentence in range(3)
    ]


RAVDESS = make_clips("ravdess", *(f"{actor:02d}" for actor in range(1, 25)))
CREMA_D = make_clips("crema-d", *(str(actor) for actor in range(1001, 1092)))
SAVEE = make_clips("savee", "DC", "JE", "JK", "KL")
TESS = make_clips("tess", "OAF", "YAF")


def names(fold, clips, split):
    return {clips[number].speaker_id.split("-")[-1] for number in fold.clips(split)}


def test_emobox_tests_the_published_actors():
    folds = get_protocol("ravdess-emobox").folds(RAVDESS)
    assert [fold.index for fold in folds] == [1, 2, 3, 4, 5, 6]
    assert [sorted(names(fold, RAVDESS, TEST)) for fold in folds] == [
        ["01", "11", "20", "21"],
        ["04", "10", "12", "14"],
        ["08", "09", "19", "23"],
        ["03", "05", "07", "24"],
        ["02", "15", "16", "18"],
        ["06", "13", "17", "22"],
    ]


def test_luna_jimenez_uses_the_published_dev_actors():
    folds = get_protocol("ravdess-luna-jimenez").folds(RAVDESS)
    assert [sorted(names(fold, RAVDESS, TEST)) for fold in folds] == [
        ["02", "05", "14", "15", "16"],
        ["03", "06", "07", "13", "18"],
        ["10", "11", "12", "19", "20"],
        ["08", "17", "21", "23", "24"],
        ["01", "04", "09", "22"],
    ]
    assert [sorted(names(fold, RAVDESS, DEV)) for fold in folds] == [
        ["03", "06"],
        ["10", "11"],
        ["08", "17"],
        ["01", "14"],
        ["02", "05"],
    ]


def test_savee_leaves_one_speaker_out():
    folds = get_protocol("savee-loso").folds(SAVEE)
    assert [names(fold, SAVEE, TEST) for fold in folds] == [{"JE"}, {"KL"}, {"DC"}, {"JK"}]
    assert all(len(names(fold, SAVEE, TRAIN)) == 2 for fold in folds)


def test_crema_d_has_56_18_17_speakers():
    (fold,) = get_protocol("crema-d-audeering").folds(CREMA_D)
    assert [len(names(fold, CREMA_D, split)) for split in (TRAIN, DEV, TEST)] == [56, 18, 17]
    assert {"1049", "1085"} <= names(fold, CREMA_D, DEV)
    assert {"1048", "1091"} <= names(fold, CREMA_D, TEST)


def test_crema_d_evar_has_63_9_19_speakers():
    (fold,) = get_protocol("crema-d-evar").folds(CREMA_D)
    assert [len(names(fold, CREMA_D, split)) for split in (TRAIN, DEV, TEST)] == [63, 9, 19]


def test_testing_on_dev_leaves_the_published_test_speakers_alone():
    (published,) = get_protocol("crema-d-audeering").folds(CREMA_D)
    (fold,) = get_protocol("crema-d-audeering-dev").folds(CREMA_D)
    assert names(fold, CREMA_D, TEST) == names(published, CREMA_D, DEV)
    assert names(fold, CREMA_D, UNUSED) == names(published, CREMA_D, TEST)
    assert fold.reserved == set(published.clips(TEST).tolist())
    assert names(fold, CREMA_D, DEV) < names(published, CREMA_D, TRAIN)


def test_dev_speakers_are_drawn_anew_for_each_fold():
    clips = make_clips("nemo", "EB0", "IC0", "KD0", "KS0", "MK0", "MP0", "SM0", "TP0", "WR0")
    drawn = {
        name for fold in get_protocol("nemo-loso").folds(clips) for name in names(fold, clips, DEV)
    }
    assert len(drawn) > 2


def test_absent_test_speakers_leave_the_only_fold_without_test():
    clips = [clip for clip in CREMA_D if clip.speaker_id < "crema-d-1048"]
    (fold,) = get_protocol("crema-d-audeering").folds(clips)
    assert not len(fold.clips(TEST))
    assert len(fold.clips(DEV))  # drawn: all published dev speakers are absent too


def test_tess_divides_the_other_actress_by_sentence():
    clips = [
        Clip(f"{name}/{n}.wav", "tess", f"tess-{name}", sentence=str(n % 10))
        for name in ("OAF", "YAF")
        for n in range(20)
    ]
    first, second = get_protocol("tess-by-actress").folds(clips)
    assert names(first, clips, TEST) == {"OAF"}
    assert names(second, clips, TEST) == {"YAF"}
    assert first.divided == {"tess-YAF"}
    train, dev = ({clips[n].sentence for n in first.clips(split)} for split in (TRAIN, DEV))
    assert not train & dev
    assert len(dev) == 2  # 15 % of 10 sentences, rounded


def test_a_fold_without_its_test_speakers_is_left_out():
    clips = [clip for clip in RAVDESS if clip.speaker_id in ("ravdess-01", "ravdess-04")]
    folds = get_protocol("ravdess-emobox").folds(clips)
    assert [fold.index for fold in folds] == [1, 2]


def test_other_corpora_are_unused_train_or_refused():
    clips = [*SAVEE, *TESS]
    unused = get_protocol("savee-loso").folds(clips)[0]
    assert names(unused, clips, UNUSED) == {"OAF", "YAF"}
    train = get_protocol("savee-loso", others="train").folds(clips)[0]
    assert {"OAF", "YAF"} < names(train, clips, TRAIN)
    assert names(train, clips, TEST) == {"JE"}
    with pytest.raises(ProtocolError, match="6 clips are of other corpora than 'savee'"):
        get_protocol("savee-loso", others="refuse").folds(clips)


@pytest.mark.parametrize("seed", range(4))
def test_a_held_out_speaker_of_another_corpus_never_trains(seed):
    # The same people sing: a singer who is in dev or test must not come in by the other door.
    song = [Clip(f"song/{clip.path}", "song", clip.speaker_id) for clip in RAVDESS]
    clips = [*RAVDESS, *song]
    for fold in get_protocol("ravdess-emobox", others="train").folds(clips, seed=seed):
        held_out = names(fold, RAVDESS, TEST) | names(fold, RAVDESS, DEV)
        assert len(held_out) == 7
        assert not names(fold, clips, TRAIN) & held_out
        assert len(fold.clips(TRAIN)) == 2 * 17 * 3
        assert {clips[number].corpus for number in fold.reserved} == {"song"}


def test_many_held_out_at_once():
    clips = [*RAVDESS, *CREMA_D, *SAVEE, *TESS, *make_clips("own", "me")]
    parts = ("ravdess-emobox", "savee-loso", "tess-by-actress", "crema-d-audeering-dev")
    folds = [get_protocol(part, others="train").folds(clips, n_variants=1)[0] for part in parts]
    fold = combine_folds(*folds)
    validate_fold(fold, clips)
    assert fold.protocol.startswith("ravdess-emobox:1+savee-loso:1+")
    assert names(fold, clips, TEST) == {"01", "11", "20", "21", "JE", "OAF"} | names(
        folds[-1], clips, TEST
    )
    # The 17 published test speakers of CREMA-D stay unheard, although three parts would train.
    assert len(names(fold, clips, UNUSED)) == 17
    assert "me" in names(fold, clips, TRAIN)


def test_errors_say_what_is_wrong():
    with pytest.raises(ProtocolError, match="divides 'ravdess', of which there is no clip"):
        get_protocol("ravdess-emobox").folds(SAVEE)
    with pytest.raises(ProtocolError, match="'ravdess-99', whom protocol 'ravdess-emobox'"):
        get_protocol("ravdess-emobox").folds(make_clips("ravdess", "01", "99"))
    with pytest.raises(ProtocolError, match=r"fold 1 .* has no clip to train on"):
        get_protocol("savee-loso").folds(make_clips("savee", "JE"))
    with pytest.raises(ParameterError, match="unknown value 'tarin' of 'others'") as caught:
        get_protocol("savee-loso", others="tarin")
    assert "Did you mean 'train'?" in caught.value.hint


def test_the_registry_names_what_it_knows():
    with pytest.raises(ParameterError, match="unknown protocol 'speakr'") as caught:
        get_protocol("speakr")
    assert "Did you mean 'speaker'?" in caught.value.hint
    with pytest.raises(ParameterError, match="has no option 'fold'"):
        get_protocol("speaker", fold=3)
    with pytest.raises(ParameterError, match="has no option 'others'") as caught:
        get_protocol("notebook", others="train")
    assert caught.value.hint == "It has no options."
    with pytest.raises(ParameterError, match="has no option 'name'"):
        get_protocol("speaker", name="x")
    assert len(list_protocols()) == 16
