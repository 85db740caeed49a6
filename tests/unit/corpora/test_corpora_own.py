"""Recordings of one's own: tables and folders."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from emovox.audio import write_audio
from emovox.corpora import index_folders, index_table
from emovox.errors import CorpusError, ManifestError, ParameterError


def _write(folder: Path, *names: str) -> None:
    for name in names:
        seed = sum(name.encode())
        samples = np.random.default_rng(seed).uniform(-0.3, 0.3, 4000).astype(np.float32)
        write_audio(folder / name, samples, 16000)


def _table(folder: Path, text: str) -> Path:
    path = folder / "mine.csv"
    path.write_text(text, encoding="utf-8")
    return path


def test_columns_are_found_by_their_usual_names(tmp_path: Path) -> None:
    _write(tmp_path, "a.wav", "b.wav")
    table = _table(
        tmp_path,
        "File Name,Label,Speaker,Gender,Age,Transcript,room\n"
        "a.wav,Happiness,anna,F,51,hello,3\nb.wav,pleasant surprise,otto,male,,bye,4\n",
    )
    first, second = index_table(table).clips
    assert (first.emotion, second.emotion) == ("happy", "surprise")
    assert (first.corpus, first.speaker_id) == ("mine", "mine-anna")
    assert (first.sex, second.sex) == ("female", "male")
    assert (first.age, second.age) == (51, None)
    assert first.sentence == "hello"
    assert first.extra == {"room": "3"}
    # 4,000 samples at 16 kHz.
    assert first.duration_s == 0.25
    assert len(first.sha256) == 64


def test_a_speaker_carries_its_corpus_once(tmp_path: Path) -> None:
    _write(tmp_path, "a.wav")
    table = _table(tmp_path, "path,emotion,corpus,speaker_id\na.wav,sad,study,study-anna\n")
    assert index_table(table).clips[0].speaker_id == "study-anna"


def test_rows_may_come_from_elsewhere(tmp_path: Path) -> None:
    _write(tmp_path, "a.wav")
    rows = [{"path": "a.wav", "emotion": "sad", "age": float("nan"), "sex": None}]
    (clip,) = index_table(tmp_path / "t.parquet", rows=rows).clips
    assert (clip.corpus, clip.age, clip.sex) == ("t", None, "")


def test_every_emotion_not_understood_is_listed(tmp_path: Path) -> None:
    table = _table(tmp_path, "path,emotion\na.wav,wut\nb.wav,sad\nc.wav,wut\nd.wav,glee\n")
    with pytest.raises(ManifestError, match=r"'glee' \(1\), 'wut' \(2\)") as caught:
        index_table(table)
    assert "--emotion" in caught.value.hint


def test_own_words_are_translated_or_left_out(tmp_path: Path) -> None:
    _write(tmp_path, "a.wav", "b.wav")
    table = _table(tmp_path, "path,emotion\na.wav,Wut\nb.wav,boredom\n")
    result = index_table(table, words={"wut": "angry", "boredom": ""})
    assert [clip.emotion for clip in result.clips] == ["angry"]
    assert [(one.path, one.reason_code) for one in result.left_out] == [("b.wav", "other-emotion")]
    with pytest.raises(ParameterError, match="glee"):
        index_table(table, words={"wut": "glee"})


def test_missing_and_equal_files_are_left_out(tmp_path: Path) -> None:
    _write(tmp_path, "a.wav")
    (tmp_path / "b.wav").write_bytes((tmp_path / "a.wav").read_bytes())
    table = _table(tmp_path, "path,emotion\na.wav,sad\nb.wav,sad\nnone.wav,sad\n")
    result = index_table(table)
    assert {one.path: one.reason_code for one in result.left_out} == {
        "b.wav": "duplicate",
        "none.wav": "missing",
    }


def test_a_file_with_two_labels_is_left_out(tmp_path: Path) -> None:
    _write(tmp_path, "a.wav", "b.wav")
    table = _table(tmp_path, "path,emotion\na.wav,sad\na.wav,happy\nb.wav,sad\n")
    result = index_table(table)
    assert len(result.clips) == 1
    assert [one.reason_code for one in result.left_out] == ["conflict", "conflict"]


def test_clips_without_a_speaker_are_noted(tmp_path: Path) -> None:
    _write(tmp_path, "a.wav")
    result = index_table(_table(tmp_path, "path,emotion\na.wav,sad\n"))
    assert result.clips[0].speaker_id == ""
    assert [note.code for note in result.notes] == ["no-speaker"]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("path,emotion\n", "no row"),
        ("path,mood\na.wav,sad\n", "no column for the emotion"),
        ("sound,emotion\na.wav,sad\n", "no column for the path"),
        ("path,emotion\n,sad\n", "line 2: the path is empty"),
        ("path,emotion,sex\na.wav,sad,x\n", "line 2: unknown sex 'x'"),
        ("path,emotion,age\na.wav,sad,old\n", "line 2: age 'old'"),
    ],
)
def test_a_bad_table_says_where(tmp_path: Path, text: str, message: str) -> None:
    with pytest.raises(ManifestError, match=message):
        index_table(_table(tmp_path, text))


def test_a_table_of_nothing_usable_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(CorpusError, match="1 missing"):
        index_table(_table(tmp_path, "path,emotion\nnone.wav,sad\n"))


def test_folders_name_emotions_and_speakers(tmp_path: Path) -> None:
    _write(tmp_path / "mine", "Happy/a.wav", "anger/anna/b.wav", "c.wav")
    result = index_folders(tmp_path / "mine")
    assert [(clip.emotion, clip.speaker_id) for clip in result.clips] == [
        ("happy", ""),
        ("angry", "mine-anna"),
    ]
    assert [(one.path, one.reason_code) for one in result.left_out] == [("c.wav", "unknown-name")]


def test_a_folder_that_is_no_emotion_is_told(tmp_path: Path) -> None:
    _write(tmp_path, "happy/a.wav", "misc/b.wav")
    with pytest.raises(ManifestError, match=r"'misc' \(1\)"):
        index_folders(tmp_path)
    assert len(index_folders(tmp_path, words={"misc": ""}).clips) == 1
