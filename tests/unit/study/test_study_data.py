from __future__ import annotations

import csv
from collections import Counter
from contextlib import nullcontext
from pathlib import Path

import pytest

from emovox.corpora import SyntheticOptions, make_synthetic_corpus
from emovox.errors import CorpusError
from emovox.study import read_study
from emovox.study.data import gather_clips, thin_out, write_left_out
from emovox.types import Clip


def stage(label: str) -> nullcontext[None]:
    return nullcontext()


def make_clips() -> list[Clip]:
    """Two speakers and four emotions in a large corpus, four speakers in a small one."""
    clips = []
    for corpus, n_speakers, n_takes in (("large", 2, 30), ("small", 4, 3)):
        for speaker in range(n_speakers):
            for emotion in ("neutral", "happy", "sad", "angry"):
                for take in range(n_takes):
                    name = f"{corpus}-{speaker}-{emotion}-{take}"
                    clips.append(
                        Clip(
                            path=f"{name}.wav",
                            corpus=corpus,
                            speaker_id=f"{corpus}-{speaker}",
                            emotion=emotion,
                            sha256=f"sha of {name}",
                        )
                    )
    return clips


def test_thinning_keeps_shares_speakers_emotions_and_order():
    clips = make_clips()  # 240 and 48
    kept = thin_out(clips, 72)
    assert len(kept) == 72
    assert Counter(clip.corpus for clip in kept) == {"large": 60, "small": 12}
    groups = Counter((c.speaker_id, c.emotion) for c in kept if c.corpus == "large")
    assert len(groups) == 8
    assert set(groups.values()) <= {7, 8}
    assert [clip for clip in clips if clip in kept] == kept
    assert thin_out(clips, 72) == kept


def test_thinning_does_not_take_the_first_of_each_speaker():
    takes = {clip.path.split("-")[3] for clip in thin_out(make_clips(), 72)}
    assert len(takes) > 15  # of 30; by name it would be 8


def test_thinning_to_more_than_there_is_keeps_all():
    clips = make_clips()
    assert thin_out(clips, 1000) == clips


@pytest.fixture(scope="module")
def corpus(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("data")
    make_synthetic_corpus(folder / "synthetic", SyntheticOptions(n_speakers=1, n_per_emotion=1))
    return folder


def test_a_folder_of_corpora_and_a_manifest_give_the_same_clips(tiny_study, corpus, tmp_path):
    plan = read_study(tiny_study)
    by_folder, left_out = gather_clips(plan, corpus, tmp_path, stage)
    by_manifest, _ = gather_clips(plan, corpus / "synthetic" / "manifest.csv", tmp_path, stage)
    assert by_folder == by_manifest
    assert len(by_folder) == 8
    assert left_out == []
    assert not (tmp_path / "data").exists()


def test_synthetic_voices_are_made_where_none_are_given(tiny_study, tmp_path):
    plan = read_study(tiny_study, overrides=["synthetic.n_speakers=1"])
    clips, _ = gather_clips(plan, None, tmp_path, stage)
    assert len(clips) == 8
    assert all(Path(clip.path).is_relative_to(tmp_path / "data") for clip in clips)


def test_recordings_that_are_not_given_are_asked_for(tiny_study, tmp_path):
    plan = read_study(tiny_study, overrides=['study.corpora=["savee"]'])
    with pytest.raises(CorpusError, match="needs recordings of 'savee'"):
        gather_clips(plan, None, tmp_path, stage)


def test_a_manifest_without_the_corpus_is_refused(tiny_study, corpus, tmp_path):
    plan = read_study(tiny_study, overrides=['study.corpora=["savee"]'])
    with pytest.raises(CorpusError, match="no labelled clip of 'savee'"):
        gather_clips(plan, corpus / "synthetic" / "manifest.csv", tmp_path, stage)


def test_the_folder_of_a_corpus_may_be_spelt_otherwise(tiny_study, tmp_path):
    make_synthetic_corpus(tmp_path / "x", SyntheticOptions(n_speakers=1, n_per_emotion=1))
    folder = tmp_path / "Crema_D" / "AudioWAV"
    folder.mkdir(parents=True)
    source = next((tmp_path / "x").rglob("*.wav"))
    source.rename(folder / "1001_DFA_ANG_XX.wav")
    (folder / "notes.txt").write_text("x")
    plan = read_study(tiny_study, overrides=['study.corpora=["crema-d"]'])
    clips, left_out = gather_clips(plan, tmp_path, tmp_path / "out", stage)
    assert [(clip.corpus, clip.emotion) for clip in clips] == [("crema-d", "angry")]
    assert [row[:2] for row in left_out] == [("crema-d", "AudioWAV/notes.txt")]


def test_what_was_left_out_is_written_with_reasons(tmp_path):
    path = tmp_path / "left_out.csv"
    write_left_out(path, [("tess", "a, b.wav", "silent", "holds only zeros")])
    with path.open(newline="") as stream:
        rows = list(csv.DictReader(stream))
    assert rows == [
        {"corpus": "tess", "path": "a, b.wav", "reason": "silent", "message": "holds only zeros"}
    ]
