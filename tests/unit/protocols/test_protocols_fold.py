"""Fold, Assignment, combine_folds."""

from __future__ import annotations

import numpy as np
import pytest

from emovox.errors import ProtocolError
from emovox.protocols import DEV, TEST, TRAIN, UNUSED, Fold, combine_folds
from emovox.protocols.fold import Assignment


def make_fold(*clean: int, n_variants: int = 0, **fields: object) -> Fold:
    assignment = Assignment(1, np.array(clean, dtype=np.int8), **fields)
    return Fold.from_clips("p", assignment, n_variants=n_variants)


def test_copies_of_training_clips_train_and_no_others_are_used():
    fold = make_fold(TRAIN, DEV, TEST, UNUSED, n_variants=2)
    assert fold.splits.tolist() == [[0, 0, 0], [1, -1, -1], [2, -1, -1], [-1, -1, -1]]
    assert fold.splits.dtype == np.int8
    assert (fold.n_clips, fold.n_variants) == (4, 2)


@pytest.mark.parametrize("clean", [DEV, TEST, UNUSED])
@pytest.mark.parametrize("copy", [TRAIN, DEV, TEST])
def test_an_honest_fold_with_a_misplaced_copy_cannot_be_made(clean, copy):
    with pytest.raises(ProtocolError, match="altered copies belong to training"):
        Fold("p", 1, np.array([[clean, copy]], dtype=np.int8))


def test_a_copy_of_a_training_clip_cannot_be_judged():
    with pytest.raises(ProtocolError, match="altered copies belong to training"):
        Fold("p", 1, np.array([[TRAIN, TEST]], dtype=np.int8))


@pytest.mark.parametrize("shape", [(3,), (3, 0), (1, 1, 1)])
def test_a_wrong_shape_is_refused(shape):
    with pytest.raises(ProtocolError, match="shape"):
        Fold("p", 1, np.zeros(shape, dtype=np.int8))


def test_an_unknown_split_is_refused():
    with pytest.raises(ProtocolError, match="may hold"):
        Fold("p", 1, np.array([[3]], dtype=np.int8))


def test_splits_cannot_be_changed_afterwards():
    given = np.array([[TRAIN], [TEST]], dtype=np.int8)
    fold = Fold("p", 1, given)
    given[0, 0] = TEST
    assert fold.splits.tolist() == [[TRAIN], [TEST]]
    with pytest.raises(ValueError, match="read-only"):
        fold.splits[0, 0] = TEST


def test_clips_and_rows_of_a_split():
    fold = make_fold(TRAIN, TEST, UNUSED, TRAIN, n_variants=1)
    assert fold.clips(TRAIN).tolist() == [0, 3]
    assert fold.clips(TEST).tolist() == [1]
    assert fold.clips(UNUSED).tolist() == [2]
    clip_index, variant = fold.rows(TRAIN)
    assert clip_index.tolist() == [0, 0, 3, 3]
    assert variant.tolist() == [0, 1, 0, 1]


def test_combining_holds_out_what_any_fold_holds_out():
    first = make_fold(TEST, TRAIN, DEV, UNUSED, UNUSED, n_variants=1)
    second = make_fold(TRAIN, DEV, DEV, TRAIN, UNUSED, n_variants=1)
    both = combine_folds(first, second)
    assert both.splits[:, 0].tolist() == [TEST, DEV, DEV, TRAIN, UNUSED]
    assert both.splits[:, 1].tolist() == [UNUSED, UNUSED, UNUSED, TRAIN, UNUSED]
    assert both.protocol == "p:1+p:1"


def test_combining_never_trains_on_what_a_fold_reserves():
    first = make_fold(UNUSED, TRAIN, TEST, reserved=frozenset({0}))
    second = make_fold(TRAIN, TRAIN, TRAIN)
    for folds in ((first, second), (second, first)):
        both = combine_folds(*folds)
        assert both.splits[:, 0].tolist() == [UNUSED, TRAIN, TEST]
        assert both.reserved == {0}


def test_combining_keeps_divided_speakers():
    both = combine_folds(make_fold(TRAIN, divided=frozenset("a")), make_fold(DEV))
    assert both.divided == {"a"}


def test_what_cannot_be_combined():
    leaky = Fold("notebook", 1, np.array([[TRAIN]], dtype=np.int8), leaky=True)
    with pytest.raises(ProtocolError, match="no fold"):
        combine_folds()
    with pytest.raises(ProtocolError, match="leaky fold cannot be combined: notebook"):
        combine_folds(make_fold(TRAIN), leaky)
    with pytest.raises(ProtocolError, match="different lists"):
        combine_folds(make_fold(TRAIN), make_fold(TRAIN, TRAIN))
