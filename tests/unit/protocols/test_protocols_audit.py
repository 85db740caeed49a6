"""The audit finds every kind of leak, and names it."""

from __future__ import annotations

import numpy as np
import pytest

from emovox.errors import ProtocolError
from emovox.protocols import DEV, TEST, TRAIN, UNUSED, Fold, check_fold, validate_fold
from emovox.types import Clip


def make_clip(number: int, speaker: str, **fields: str) -> Clip:
    return Clip(f"{number}.wav", "c", f"c-{speaker}" if speaker else "", **fields)


def make_fold(*splits: int | list[int], **fields: object) -> Fold:
    rows = [[row] if isinstance(row, int) else row for row in splits]
    return Fold("mine", 1, np.array(rows, dtype=np.int8), **fields)


CLIPS = [make_clip(0, "a"), make_clip(1, "b"), make_clip(2, "c")]


def test_disjoint_speakers_pass():
    fold = make_fold(TRAIN, DEV, TEST)
    validate_fold(fold, CLIPS)
    report = check_fold(fold, CLIPS)
    assert report.ok
    assert str(report) == "nothing leaks"


@pytest.mark.parametrize("splits", [(TRAIN, TEST), (TRAIN, DEV), (DEV, TEST)])
def test_a_shared_speaker_is_named(splits):
    clips = [make_clip(0, "anna"), make_clip(1, "anna")]
    with pytest.raises(ProtocolError, match=r"1 speakers are in more than one split \(c-anna\)"):
        validate_fold(make_fold(*splits), clips)


def test_unused_clips_do_not_count():
    clips = [make_clip(0, "a"), make_clip(1, "a"), make_clip(2, "", sha256="x")]
    validate_fold(make_fold(TRAIN, UNUSED, UNUSED), clips)


def test_same_bytes_in_two_splits_are_named():
    clips = [make_clip(0, "a", sha256="x"), make_clip(1, "b", sha256="x")]
    with pytest.raises(ProtocolError, match=r"same bytes .*\(0\.wav = 1\.wav\)"):
        validate_fold(make_fold(TRAIN, TEST), clips)
    validate_fold(make_fold(TRAIN, TRAIN), clips)


def test_a_clip_listed_twice_is_found():
    clips = [make_clip(0, "a"), make_clip(0, "b")]
    assert check_fold(make_fold(TRAIN, TEST), clips).clips == ("0.wav",)


def test_long_lists_are_cut():
    clips = [make_clip(n, f"s{n // 2}") for n in range(20)]
    with pytest.raises(ProtocolError, match=r"c-s4 and 5 more\)"):
        validate_fold(make_fold(*[TRAIN, TEST] * 10), clips)


def test_a_divided_speaker_may_be_in_train_and_dev_but_not_with_one_sentence():
    clips = [make_clip(n, "a", sentence=s) for n, s in enumerate(("one", "two", "two"))]
    divided = frozenset({"c-a"})
    validate_fold(make_fold(TRAIN, DEV, DEV, divided=divided), clips)
    with pytest.raises(ProtocolError, match="c-a: two"):
        validate_fold(make_fold(TRAIN, TRAIN, DEV, divided=divided), clips)
    with pytest.raises(ProtocolError, match="1 speakers are"):
        validate_fold(make_fold(TRAIN, TEST, TEST, divided=divided), clips)


def test_a_used_clip_without_speaker_is_refused():
    clips = [make_clip(0, "a"), make_clip(1, "")]
    for split, name in ((TEST, "test"), (DEV, "dev"), (TRAIN, "train")):
        with pytest.raises(ProtocolError, match=rf"1 clips have no .*'1\.wav' in {name}"):
            validate_fold(make_fold(TRAIN, split), clips)


def test_a_leaky_fold_passes_only_by_name():
    fold = make_fold([TRAIN, TEST], [TEST, DEV], [TRAIN, TRAIN], leaky=True)
    report = check_fold(fold, CLIPS)
    assert report.n_altered == 2
    assert report.clips == ("0.wav", "1.wav")
    assert report.speakers == ("c-a", "c-b")
    with pytest.raises(ProtocolError, match="2 altered copies are in dev or test"):
        validate_fold(fold, CLIPS)
    validate_fold(fold, CLIPS, leaky_allowed=True)


def test_leaks_of_a_fold_that_claims_honesty_are_never_allowed():
    clips = [make_clip(0, "a"), make_clip(1, "a")]
    with pytest.raises(ProtocolError, match="leaks"):
        validate_fold(make_fold(TRAIN, TEST), clips, leaky_allowed=True)


def test_a_fold_for_another_list_is_refused():
    with pytest.raises(ProtocolError, match="made for 1 clips, but 3"):
        validate_fold(make_fold(TRAIN), CLIPS)
