from __future__ import annotations

import numpy as np
import pytest

from emovox.errors import ParameterError
from emovox.study.evaluation.conditions import CLEAN, ROBUSTNESS, SMALL, Acquaintance, Pass
from emovox.testing import make_recording
from emovox.types import Clip

CLIPS = [
    Clip(f"{i}.wav", speaker_id="s", emotion="angry" if i % 2 else "sad", sha256=f"{i:064x}")
    for i in range(8)
]


def test_conditions_have_names_of_their_own():
    names = [Pass(condition).name for condition in (CLEAN, *ROBUSTNESS)]
    assert len(set(names)) == len(names)
    titles = [(condition.family, condition.title) for condition in ROBUSTNESS]
    assert len(set(titles)) == len(titles)
    assert sum(condition.family == SMALL for condition in ROBUSTNESS) == 6


@pytest.mark.parametrize("condition", ROBUSTNESS, ids=lambda condition: condition.name)
def test_condition_changes_the_recording_the_same_way_each_time(condition):
    samples = np.tile(make_recording().samples, 2)  # longer than any cut leaves
    first = condition.draw(CLIPS[0], 1).apply(samples, 16000)
    assert not np.array_equal(first, samples)
    np.testing.assert_array_equal(condition.draw(CLIPS[0], 1).apply(samples, 16000), first)


def test_noise_is_another_for_another_clip_and_seed():
    noise = next(condition for condition in ROBUSTNESS if condition.name == "noise-10")
    keys = {noise.draw(clip, seed).key for clip in CLIPS[:2] for seed in (0, 1)}
    assert len(keys) == 4


def test_clean_changes_nothing():
    assert CLEAN.draw(CLIPS[0], 0) is None


@pytest.mark.parametrize(
    ("text", "expected", "name", "title"),
    [
        ("1", Acquaintance(1), "adapt-1", "1 clip of the speaker"),
        ("10", Acquaintance(10), "adapt-10", "10 clips of the speaker"),
        ("all", Acquaintance(None), "adapt-all", "all clips of the speaker"),
        ("3:sad", Acquaintance(3, "sad"), "adapt-3-sad", "3 sad clips of the speaker"),
    ],
)
def test_acquaintances_are_read(text, expected, name, title):
    found = Acquaintance.parse(text)
    assert found == expected
    assert (found.name, found.title) == (name, title)
    assert Pass(acquaintance=found).name == name


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("many", "no number of clips"),
        ("-1", "no number"),
        ("0", "at least 1"),
        ("2:cross", "cross"),
    ],
)
def test_acquaintances_that_make_no_sense_are_refused(text, message):
    with pytest.raises(ParameterError, match=message):
        Acquaintance.parse(text)


def test_others_are_drawn_and_never_the_judged_one():
    for index in range(len(CLIPS)):
        chosen = Acquaintance(3).choose(CLIPS, index, seed=1)
        assert len(set(chosen)) == 3
        assert index not in chosen
    draws = {tuple(Acquaintance(3).choose(CLIPS, 0, seed)) for seed in range(10)}
    assert len(draws) > 1


def test_draw_does_not_hang_on_where_clips_lie():
    moved = [
        Clip(f"/else/{c.path}", speaker_id="s", emotion=c.emotion, sha256=c.sha256) for c in CLIPS
    ]
    assert Acquaintance(3).choose(moved, 2, 5) == Acquaintance(3).choose(CLIPS, 2, 5)


def test_fewer_are_taken_where_there_are_fewer():
    assert Acquaintance(99).choose(CLIPS, 4, 0) == [0, 1, 2, 3, 5, 6, 7]
    assert Acquaintance(2).choose(CLIPS[:1], 0, 0) == []


def test_only_one_emotion_where_asked():
    assert Acquaintance(99, "angry").choose(CLIPS, 1, 0) == [3, 5, 7]
    assert Acquaintance(None, "sad").choose(CLIPS, 0, 0) == [0, 2, 4, 6]
    assert Acquaintance(None).choose(CLIPS, 0, 0) == list(range(8))
