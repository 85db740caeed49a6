from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from emovox.audio import write_audio
from emovox.cli.app import run
from emovox.corpora import list_corpora, read_manifest


def _write(folder: Path, *names: str) -> None:
    for number, name in enumerate(names):
        samples = np.random.default_rng(number).uniform(-0.3, 0.3, 4000).astype(np.float32)
        write_audio(folder / name, samples, 16000)


def test_list_names_every_corpus(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["corpora", "list"]) == 0
    shown = capsys.readouterr().out
    for name in list_corpora():
        assert f"\n{name} " in shown


@pytest.mark.parametrize("name", list_corpora())
def test_list_tells_all_about_one(name: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["corpora", "list", name]) == 0
    shown = capsys.readouterr().out
    for word in ("Licence: ", "Please cite: ", "How to get it: "):
        assert word in shown


def test_an_unknown_corpus_is_a_usage_error(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["corpora", "list", "ravdes"]) == 2
    assert "Did you mean 'ravdess'?" in capsys.readouterr().err


def test_index_writes_a_manifest_and_tells_what_is_left_out(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    _write(tmp_path, *(f"x/DC_a{n:02d}.wav" for n in range(1, 4)), "x/strange.wav")
    for number in range(5):
        (tmp_path / "x" / f"{number}.txt").write_text("x")
    manifest = tmp_path / "m.csv"
    assert run(["corpora", "index", str(tmp_path / "x"), "--out", str(manifest)]) == 0
    assert len(read_manifest(manifest)) == 3
    printed = capsys.readouterr()
    assert printed.out == ""
    assert "savee: 3 clips of 1 speakers: 3 angry" in printed.err
    assert "strange.wav has no name of a known corpus" in printed.err
    assert "left out (not-a-recording): 5" in printed.err
    assert "... and 2 more (--details)" in printed.err
    assert run(["corpora", "index", str(tmp_path / "x"), "--out", str(manifest), "--details"]) == 0
    assert "more (--details)" not in capsys.readouterr().err


def test_index_takes_tables_and_folders(tmp_path: Path) -> None:
    _write(tmp_path, "wut/a.wav", "sad/anna/b.wav")
    manifest = tmp_path / "m.csv"
    index = ["corpora", "index", "--out", str(manifest), "--emotion", "wut=angry"]
    assert run([*index, "--folders", str(tmp_path)]) == 0
    assert [clip.emotion for clip in read_manifest(manifest)] == ["sad", "angry"]
    table = tmp_path / "t.csv"
    table.write_text("file,label\nwut/a.wav,wut\n")
    assert run([*index, str(table)]) == 0
    assert [clip.emotion for clip in read_manifest(manifest)] == ["angry"]
    assert run(["corpora", "index", "--out", str(manifest), str(table)]) == 6
    assert run([*index, "--emotion", "wut", str(table)]) == 2


def test_index_reads_and_writes_parquet(tmp_path: Path) -> None:
    pytest.importorskip("pyarrow")
    from emovox.study.tables import read_clips, write_table

    _write(tmp_path, "a.wav")
    table, manifest = tmp_path / "t.parquet", tmp_path / "m.parquet"
    write_table(table, {"path": ["a.wav"], "emotion": ["sad"], "speaker": ["anna"], "age": [51]})
    assert run(["corpora", "index", str(table), "--out", str(manifest)]) == 0
    (clip,) = read_clips(manifest)
    assert (clip.emotion, clip.speaker_id, clip.age) == ("sad", "t-anna", 51)
    assert Path(clip.path) == tmp_path / "a.wav"


def test_index_of_nothing_is_a_corpus_error(tmp_path: Path) -> None:
    assert run(["corpora", "index", str(tmp_path), "--out", str(tmp_path / "m.csv")]) == 6
    assert not (tmp_path / "m.csv").exists()


def test_check_counts_and_fails_where_files_differ(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    _write(tmp_path, "DC_a01.wav", "other.wav")
    (tmp_path / "DC_a02.mp3").write_bytes(b"in another encoding")
    assert run(["corpora", "check", str(tmp_path), "--details"]) == 6
    shown = capsys.readouterr().out
    for line in ("1 changed", "1 in another encoding", "478 missing", "    DC_a01.wav"):
        assert line in shown


def test_fetch_shows_the_licence_and_asks(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def answer(question: str, **_: object) -> bool:
        return False

    monkeypatch.setattr("click.confirm", answer)
    assert run(["corpora", "fetch", "ravdess", "--to", str(tmp_path)]) == 6
    shown = capsys.readouterr().err
    assert "CC BY-NC-SA 4.0" in shown
    assert "Please cite" in shown
    assert "--accept-licence" in shown


def test_fetch_says_how_where_it_cannot(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["corpora", "fetch", "savee", "--to", str(tmp_path)]) == 6
    assert "register" in capsys.readouterr().err


def test_synthesize_makes_a_corpus(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    arguments = ["--speakers", "1", "--per-emotion", "1", "--out", str(tmp_path)]
    assert run(["corpora", "synthesize", *arguments]) == 0
    assert len(read_manifest(tmp_path / "manifest.csv")) == 8
    assert "synthetic" in capsys.readouterr().err
    assert run(["corpora", "synthesize", "--speakers", "0", "--out", str(tmp_path)]) == 2


def test_tables_of_others_come_in_and_go_out(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    _write(tmp_path, "a.wav", "b.wav")
    table, manifest, out = tmp_path / "t.csv", tmp_path / "m.csv", tmp_path / "out.csv"
    table.write_text("file,start,end,speaker,emotion\na.wav,0.05,0.2,1,anger\nb.wav,0,,2,fear\n")
    index = ["corpora", "index", str(table), "--out", str(manifest)]
    assert run(index) == 6
    assert "--segments" in capsys.readouterr().err
    assert run([*index, "--segments", str(tmp_path / "parts")]) == 0
    # 2,400 and 4,000 samples at 16 kHz.
    assert [clip.duration_s for clip in read_manifest(manifest)] == [0.15, 0.25]
    assert (
        run(["corpora", "export", str(manifest), "--format", "audformat", "--out", str(out)]) == 0
    )
    assert run(["corpora", "index", str(out), "--out", str(tmp_path / "again.csv")]) == 0
    assert read_manifest(tmp_path / "again.csv") == read_manifest(manifest)


def test_segments_are_for_tables(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    call = ["corpora", "index", str(tmp_path), "--out", str(tmp_path / "m.csv"), "--segments", "x"]
    assert run(call) == 2
    assert "--segments is for tables" in capsys.readouterr().err
