from __future__ import annotations

import os
from pathlib import Path

import pytest

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


def test_what_nobody_may_look_into_is_not_passed_over_in_silence(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    _touch(tmp_path / "a.wav", tmp_path / "locked" / "b.wav")
    scan = os.scandir

    def refuse(path: str) -> object:
        if Path(path).name == "locked":
            raise PermissionError(13, "Permission denied", str(path))
        return scan(path)

    monkeypatch.setattr(os, "scandir", refuse)
    found = [str(tmp_path / "a.wav"), str(tmp_path / "locked")]
    assert list(find_recordings([tmp_path])) == found
    assert list(find_recordings(["x" * 5000])) == ["x" * 5000]  # no file has such a name
