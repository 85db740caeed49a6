"""The ladder on synthetic voices that pretend to be of two corpora."""

from __future__ import annotations

from dataclasses import replace

import pytest

from emovox.errors import ProtocolError
from emovox.study import StudyOptions
from emovox.study.audit import LadderOptions, climb_ladder

QUICK = LadderOptions(n_folds=2, augmentation="notebook")


def pretend(voices, *corpora):
    """Give the speakers to several corpora in turn."""
    return [
        replace(clip, corpus=corpus, speaker_id=f"{corpus}-{clip.speaker_id}")
        for clip in voices
        for corpus in [corpora[int(clip.speaker_id[-1]) % len(corpora)]]
    ]


def test_every_rung_is_measured(voices, write, tmp_path, watch):
    manifest = write(pretend(voices, "savee", "tess"))
    place = StudyOptions(root=tmp_path / "ladder", n_jobs=1)
    rungs = climb_ladder(manifest, QUICK, place, watch)
    assert [rung.protocol for rung in rungs] == [
        "notebook", "random", "speaker", "speaker-sentence", "corpus",
    ]  # fmt: skip
    for rung in rungs:
        assert not rung.problem
        assert 0 <= rung.low <= rung.uar <= rung.high <= 1
        assert len(rung.emotions) == 8
    notebook, random, speaker, sentence, corpus = rungs
    assert notebook.uar != notebook.uar_clean
    assert random.uar == random.uar_clean
    assert (speaker.n_folds, corpus.n_folds) == (2, 2)
    assert speaker.n_speakers == corpus.n_speakers == 6
    assert sentence.n_test < speaker.n_test == corpus.n_test == 96
    # Climbed again nothing is trained again.
    assert climb_ladder(manifest, QUICK, place, watch) == rungs
    assert watch.pending == []


def test_only_emotions_of_all_corpora_are_used(voices, write, tmp_path, watch):
    clips = [
        clip
        for clip in pretend(voices, "savee", "tess")
        if clip.corpus == "tess" or clip.emotion in ("sad", "happy", "angry")
    ]
    place = StudyOptions(root=tmp_path / "ladder", n_jobs=1)
    options = replace(QUICK, augmentation="none")
    rungs = climb_ladder(write(clips), options, place, watch)
    assert {rung.emotions for rung in rungs} == {("happy", "sad", "angry")}


def test_rungs_that_cannot_be_climbed_say_why(voices, write, tmp_path, watch):
    clips = [replace(clip, sentence="") for clip in voices]
    place = StudyOptions(root=tmp_path / "ladder", n_jobs=1)
    options = replace(QUICK, augmentation="none", sample=60)
    rungs = {r.protocol: r for r in climb_ladder(write(clips), options, place, watch)}
    assert "has no sentence" in rungs["speaker-sentence"].problem
    assert "at least 2 corpora" in rungs["corpus"].problem
    assert rungs["corpus"].uar is None
    assert rungs["speaker"].n_test < 96


def test_corpora_without_two_common_emotions_have_no_ladder(voices, write, tmp_path, watch):
    clips = [
        clip
        for clip in pretend(voices, "savee", "tess")
        if (clip.corpus == "tess") == (clip.emotion in ("sad", "happy"))
    ]
    with pytest.raises(ProtocolError, match="share 0 emotions"):
        climb_ladder(write(clips), QUICK, StudyOptions(root=tmp_path / "x"), watch)
