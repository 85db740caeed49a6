from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from emovox.corpora import COLUMNS, clips_to_rows, read_manifest, rows_to_clips, write_manifest
from emovox.errors import ManifestError
from emovox.types import Clip

CLIP = Clip(
    path="a.wav",
    corpus="own",
    speaker_id="own-anna",
    sex="female",
    age=51,
    emotion="sad",
    intensity="high",
    sentence="01",
    duration_s=1.25,
    sha256="0" * 64,
    extra={"room": "3"},
)


def _read(tmp_path: Path, text: str) -> tuple[Clip, ...]:
    path = tmp_path / "m.csv"
    path.write_text(text, encoding="utf-8")
    return read_manifest(path)


def test_what_is_written_is_read(tmp_path: Path) -> None:
    clip = replace(CLIP, path=str(tmp_path / "x" / "a.wav"))
    write_manifest(tmp_path / "m.csv", [clip])
    assert read_manifest(tmp_path / "m.csv") == (clip,)


def test_paths_below_the_manifest_move_with_it(tmp_path: Path) -> None:
    old, new = tmp_path / "old", tmp_path / "new"
    outside = tmp_path / "b.wav"
    write_manifest(old / "m.csv", [Clip(path=str(old / "x" / "a.wav")), Clip(path=str(outside))])
    old.rename(new)
    assert [clip.path for clip in read_manifest(new / "m.csv")] == [
        str(new / "x" / "a.wav"),
        str(outside),
    ]


def test_paths_can_be_opened_from_the_current_folder(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "data").mkdir()
    (tmp_path / "data" / "a.wav").write_bytes(b"x")
    monkeypatch.chdir(tmp_path)
    write_manifest("data/m.csv", [Clip(path=str(Path("data", "a.wav")))])
    (clip,) = read_manifest("data/m.csv")
    assert not Path(clip.path).is_absolute()
    assert Path(clip.path).read_bytes() == b"x"


def test_an_empty_manifest_has_its_header(tmp_path: Path) -> None:
    write_manifest(tmp_path / "m.csv", [])
    assert (tmp_path / "m.csv").read_text() == ",".join(COLUMNS) + "\n"
    assert read_manifest(tmp_path / "m.csv") == ()


def test_unknown_columns_are_kept_and_missing_ones_are_unknown(tmp_path: Path) -> None:
    (clip,) = _read(tmp_path, "\ufeffpath,emotion,room\na.wav,happy,3\n")
    assert clip.extra == {"room": "3"}
    assert clip.emotion == "happy"
    assert clip.age is None
    assert clip.duration_s is None
    assert clip.speaker_id == ""


def test_clips_with_other_extra_columns_share_a_table() -> None:
    rows = clips_to_rows([Clip(path="a", extra={"x": "1"}), Clip(path="b", extra={"y": "2"})])
    assert [(row["x"], row["y"]) for row in rows] == [("1", ""), ("", "2")]


def test_an_extra_column_may_not_hide_a_known_one() -> None:
    with pytest.raises(ManifestError, match="emotion"):
        clips_to_rows([Clip(path="a", extra={"emotion": "glee"})])


def test_values_from_other_tables_are_understood() -> None:
    (clip,) = rows_to_clips([{"path": "a", "age": 51.0, "duration_s": 1.5, "sex": None}])
    assert (clip.age, clip.duration_s, clip.sex) == (51, 1.5, "")
    (clip,) = rows_to_clips([{"path": "a", "age": float("nan")}])
    assert clip.age is None


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "the first line must name the columns"),
        ("emotion\nsad\n", "no column 'path'"),
        ("path\n\n,\n", "number of cells"),
        ("path,emotion\n,sad\n", "line 2: the path is empty"),
        ("path,emotion\na,glee\n", "line 2: unknown emotion 'glee'"),
        ("path,sex\na,x\n", "line 2: unknown sex 'x'"),
        ("path,age\na,old\n", "line 2: age 'old'"),
        ("path,duration_s\na,-1\n", "line 2: duration_s '-1'"),
        ("path,duration_s\na,inf\n", "line 2: duration_s 'inf'"),
        ("path,sha256\na,abc\n", "line 2: sha256 'abc'"),
        ("path\na\nb\na\n", "line 4: .*a stands in .*line 2 too"),
        ("path,sex\na\n", "line 2: the number of cells"),
        ('path\n"a\n', "not a CSV table"),
    ],
)
def test_a_bad_manifest_says_where(tmp_path: Path, text: str, message: str) -> None:
    with pytest.raises(ManifestError, match=message):
        _read(tmp_path, text)


def test_a_near_word_is_suggested(tmp_path: Path) -> None:
    with pytest.raises(ManifestError) as caught:
        _read(tmp_path, "path,emotion\na,hapy\n")
    assert "Did you mean 'happy'?" in caught.value.hint


def test_what_is_no_manifest_is_told(tmp_path: Path) -> None:
    with pytest.raises(ManifestError, match="no manifest at"):
        read_manifest(tmp_path / "none.csv")
    with pytest.raises(ManifestError, match="is a folder"):
        read_manifest(tmp_path)
    (tmp_path / "m.parquet").write_bytes(b"PAR1....PAR1")
    with pytest.raises(ManifestError, match="Parquet"):
        read_manifest(tmp_path / "m.parquet")
    (tmp_path / "m.csv").write_bytes(b"path\n\xff\xfe\n")
    with pytest.raises(ManifestError, match="UTF-8"):
        read_manifest(tmp_path / "m.csv")


def test_errors_name_the_file_and_the_line_as_an_editor_counts(tmp_path: Path) -> None:
    text = 'path,emotion,sentence\na.wav,sad,"two\nlines"\n\n\nb.wav,clam,\n'
    with pytest.raises(ManifestError, match=r"m\.csv, line 6: unknown emotion 'clam'"):
        _read(tmp_path, text)


def test_a_column_may_stand_there_once(tmp_path: Path) -> None:
    with pytest.raises(ManifestError, match="the column 'emotion' stands there twice"):
        _read(tmp_path, "path,emotion,emotion\na.wav,sad,angry\n")


def test_what_cannot_be_opened_is_told(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(ManifestError, match="cannot be read: Not a directory"):
        read_manifest(tmp_path / "file" / "m.csv")
