from __future__ import annotations

from pathlib import Path

from emovox.recognizer import find_recordings


def _touch(*paths: Path) -> None:
    for path in paths:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.touch()


def test_folders_are_searched_in_order(tmp_path: Path) -> None:
    wanted = [tmp_path / "a.wav", tmp_path / "b" / "ä ö.FLAC", tmp_path / "b" / "c" / "d.opus"]
    _touch(*reversed(wanted))
    _touch(tmp_path / "notes.txt", tmp_path / "._a.wav", tmp_path / ".cache" / "e.wav")
    assert list(find_recordings([tmp_path])) == list(map(str, wanted))


def test_what_is_named_outright_is_taken_whatever_its_name(tmp_path: Path) -> None:
    _touch(tmp_path / ".hidden", tmp_path / "x.data")
    named = [tmp_path / "x.data", tmp_path / ".hidden", tmp_path / "missing.wav"]
    assert list(find_recordings(named)) == list(map(str, named))


def test_an_empty_folder_is_not_passed_over_in_silence(tmp_path: Path) -> None:
    _touch(tmp_path / "notes.txt")
    assert list(find_recordings([tmp_path])) == [str(tmp_path)]
